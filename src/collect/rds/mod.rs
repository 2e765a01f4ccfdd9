//! Collector.

use async_trait::async_trait;

use crate::collect::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec { name: "rds", reach: Reach::Regional, types: &[], actions: &[] };

/// Collector.
pub struct Rds;

#[async_trait]
impl Collector for Rds {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, _cx: &Cx, _out: &mut Out) {}
}
