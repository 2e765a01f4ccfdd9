//! `CloudWatch` Logs: log groups and what forwards them; metric filters and the account's policies are collectors of their own.

pub mod account;
mod details;
mod filters;
mod groups;
pub mod metrics;
mod subscriptions;

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::Client;

use super::tags;
use super::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec {
    name: "logs",
    reach: Reach::Regional,
    listings: 1,
    types: &[groups::TYPE, subscriptions::TYPE],
    actions: &[
        groups::LIST,
        groups::TAGS,
        details::DATA_PROTECTION,
        details::INDEXES,
        details::RESOURCE_POLICY,
        subscriptions::LIST,
        tags::LIST,
    ],
};

/// The largest page that the describe calls give.
const PAGE: i32 = 50;

/// How the service answers about a log group that is gone.
const GONE: &str = "ResourceNotFoundException";

/// Reads log groups in one region, and their subscription filters: those cost a call per group, and are read if anything about them is wanted.
pub struct Logs;

#[async_trait]
impl Collector for Logs {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let logs = Client::new(&cx.config);
        let listing = groups::list(cx, &logs).await;
        let (groups, subscriptions) =
            tokio::join!(groups::collect(cx, &logs, &listing), subscriptions::collect(cx, &logs, &listing));
        out.merge(groups);
        out.merge(subscriptions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::refused;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Logs, "us-east-1").await.resources, []);
    }
}
