//! Collector.

use async_trait::async_trait;

use crate::collect::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec { name: "ec2/compute", reach: Reach::Regional, types: &[], actions: &[] };

/// Collector.
pub struct Compute;

#[async_trait]
impl Collector for Compute {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, _cx: &Cx, _out: &mut Out) {}
}
