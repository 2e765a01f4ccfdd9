//! Collector.

use async_trait::async_trait;

use crate::collect::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec { name: "s3", reach: Reach::Global, types: &[], actions: &[] };

/// Collector.
pub struct S3;

#[async_trait]
impl Collector for S3 {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, _cx: &Cx, _out: &mut Out) {}
}
