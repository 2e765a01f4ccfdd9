//! IAM.

pub mod account;

use async_trait::async_trait;

use crate::collect::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec { name: "iam", reach: Reach::Global, types: &[], actions: &[] };

/// Collector.
pub struct Iam;

#[async_trait]
impl Collector for Iam {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, _cx: &Cx, _out: &mut Out) {}
}
