//! `EventBridge`: buses and their rules.

mod buses;
pub(in crate::collect) mod ecs;
mod rules;
mod targets;

use async_trait::async_trait;
use aws_sdk_eventbridge::Client;

use super::tags::{self, Tags};
use super::{Answer, Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec {
    name: "events",
    reach: Reach::Regional,
    listings: 1,
    types: &[buses::TYPE, rules::TYPE],
    actions: &[buses::LIST, buses::DESCRIBE, rules::LIST, rules::TARGETS, TAGS, tags::LIST],
};

const TAGS: &str = "events:ListTagsForResource";

/// The largest page that the listings give.
const PAGE: i32 = 100;

/// What `EventBridge` answers for something that does not exist.
const GONE: &[&str] = &["ResourceNotFoundException"];

/// The bus that every region has.
const DEFAULT_BUS: &str = "default";

/// Reads buses and rules of one region.
pub struct Events;

#[async_trait]
impl Collector for Events {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let (names, buses) = buses::collect(cx, &client).await;
        out.merge(buses);
        out.merge(rules::collect(cx, &client, names).await);
    }
}

/// The tags of one bus or rule.
async fn tags_of(cx: Cx, client: Client, kind: &'static str, arn: String) -> Answer<Tags> {
    let request = client.list_tags_for_resource().resource_arn(arn).send();
    let answer = cx.ask(TAGS, &[kind], GONE, request).await;
    answer.map(|found| found.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

#[cfg(test)]
mod tests;
