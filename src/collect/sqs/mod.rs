//! SQS: queues with their policies.

mod queues;

use async_trait::async_trait;
use aws_sdk_sqs::Client;

use super::{Collector, Cx, Out, Reach, Spec, tags};

static SPEC: Spec = Spec {
    name: "sqs",
    reach: Reach::Regional,
    // Queues, and the tags of many queues.
    listings: 2,
    types: &[queues::TYPE, queues::POLICY],
    actions: &[queues::LIST, queues::READ, queues::TAGS, tags::LIST],
};

/// Reads SQS in one region.
pub struct Sqs;

#[async_trait]
impl Collector for Sqs {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        out.merge(queues::collect(cx, &Client::new(&cx.config)).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::refused;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Sqs, "us-east-1").await.resources, []);
    }
}
