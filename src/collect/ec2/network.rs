//! Collector.

use async_trait::async_trait;

use crate::collect::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec { name: "ec2/network", reach: Reach::Regional, types: &[], actions: &[] };

/// Collector.
pub struct Network;

#[async_trait]
impl Collector for Network {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, _cx: &Cx, _out: &mut Out) {}
}
