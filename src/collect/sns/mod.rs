//! SNS: topics with their policies, and subscriptions.

mod policies;
mod subscriptions;
mod topics;

use async_trait::async_trait;
use aws_sdk_sns::Client;

use super::{Collector, Cx, Out, Reach, Spec, tags};

static SPEC: Spec = Spec {
    name: "sns",
    reach: Reach::Regional,
    // Topics, subscriptions, and the tags of many topics.
    listings: 3,
    types: &[topics::TYPE, policies::TYPE, subscriptions::TYPE],
    actions: &[
        topics::LIST,
        topics::READ,
        topics::PROTECTION,
        topics::SUBSCRIPTIONS,
        topics::TAGS,
        subscriptions::LIST,
        subscriptions::READ,
        tags::LIST,
    ],
};

/// What SNS answers about a topic or subscription that is no more.
const GONE: &str = "NotFound";

/// Reads SNS in one region.
pub struct Sns;

#[async_trait]
impl Collector for Sns {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let sns = Client::new(&cx.config);
        let (topics, subscriptions) = tokio::join!(topics::list(cx, &sns), subscriptions::list(cx, &sns));
        let (topics, subscriptions) = tokio::join!(
            topics::collect(cx, &sns, &topics, &subscriptions),
            subscriptions::collect(cx, &sns, &subscriptions),
        );
        out.merge(topics);
        out.merge(subscriptions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::refused;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Sns, "us-east-1").await.resources, []);
    }
}
