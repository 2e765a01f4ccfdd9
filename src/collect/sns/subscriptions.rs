//! Subscriptions of this account.

use aws_sdk_sns::Client;
use aws_sdk_sns::operation::list_subscriptions::ListSubscriptionsOutput;
use aws_sdk_sns::types::Subscription;

use super::{GONE, SPEC, topics};
use crate::collect::attributes::{self, Attribute, document, flag, plain};
use crate::collect::shape::{list as list_of, map, text, token};
use crate::collect::{Answer, Cx, Out, Pages, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "sns:ListSubscriptions";
pub(super) const READ: &str = "sns:GetSubscriptionAttributes";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::SNS::Subscription",
    asked: &[("Endpoint", LIST), ("Protocol", LIST), ("TopicArn", LIST), ("PendingConfirmation", LIST), ("", READ)],
    reads: &[
        "DeliveryPolicy",
        "Endpoint",
        "FilterPolicy",
        "FilterPolicyScope",
        "Protocol",
        "RawMessageDelivery",
        "RedrivePolicy",
        "ReplayPolicy",
        "SubscriptionRoleArn",
        "TopicArn",
    ],
    on_demand: &[
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "ReplayPolicy",
        "SubscriptionRoleArn",
    ],
    calls: 1,
};

const ATTRIBUTES: &[Attribute] = &[
    ("DeliveryPolicy", document),
    ("FilterPolicy", document),
    ("FilterPolicyScope", plain),
    ("RawMessageDelivery", flag),
    ("RedrivePolicy", document),
    ("ReplayPolicy", document),
    ("SubscriptionRoleArn", plain),
];

/// What the listing shows instead of an ARN until the endpoint has confirmed.
const PENDING: &str = "PendingConfirmation";
/// What it shows for some days after a subscription ended.
const DELETED: &str = "Deleted";

pub(super) async fn list(cx: &Cx, sns: &Client) -> Pages<Subscription> {
    let Pages { pages, end } = cx
        .pages(
            LIST,
            &[TYPE.name, topics::TYPE.name],
            |start| sns.list_subscriptions().set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let all = pages.into_iter().filter_map(|page: ListSubscriptionsOutput| page.subscriptions).flatten();
    Pages { pages: all.filter(is_there).collect(), end }
}

/// Whether a listed subscription still is one.
pub(super) fn is_there(subscription: &Subscription) -> bool {
    subscription.subscription_arn() != Some(DELETED)
}

/// Subscriptions as a topic's property, sorted.
pub(super) fn inline<'a>(subscriptions: impl Iterator<Item = &'a Subscription>) -> Kind {
    let mut subscriptions: Vec<_> = subscriptions.map(|s| (s.protocol(), s.endpoint())).collect();
    subscriptions.sort_unstable();
    list_of(
        subscriptions
            .into_iter()
            .map(|(protocol, endpoint)| map([("Endpoint", text(endpoint)), ("Protocol", text(protocol))])),
    )
}

pub(super) async fn collect(cx: &Cx, sns: &Client, listing: &Pages<Subscription>) -> Out {
    let readings = listing.pages.iter().map(|subscription| {
        let (cx, sns, subscription) = (cx.clone(), sns.clone(), subscription.clone());
        async move { Box::pin(read(&cx, &sns, &subscription)).await }
    });
    let mut out =
        Out { resources: tasks::all(readings.collect()).await.into_iter().flatten().collect(), ..Out::default() };
    out.listed(TYPE.name, &listing.end);
    out
}

/// One subscription; `None` if it is gone.
async fn read(cx: &Cx, sns: &Client, subscription: &Subscription) -> Option<Resource> {
    let arn = subscription.subscription_arn().unwrap_or_default();
    let pending = arn == PENDING;
    let told = if pending {
        Answer::Unknown(Unknown::NotCollected)
    } else {
        let request = sns.get_subscription_attributes().subscription_arn(arn).send();
        cx.ask_for((TYPE.name, arn, TYPE.on_demand), READ, &[GONE], request).await
    };
    if matches!(told, Answer::Absent) {
        return None;
    }
    let mut r = if pending { unconfirmed(cx, subscription) } else { cx.resource(&SPEC, TYPE.name, arn, arn) };
    r.set("Endpoint", text(subscription.endpoint()));
    r.set("Protocol", text(subscription.protocol()));
    r.set("TopicArn", text(subscription.topic_arn()));
    attributes::set(&mut r, ATTRIBUTES, &told.map(|answer| answer.attributes.unwrap_or_default()));
    r.set_attribute("PendingConfirmation", Kind::Bool(pending));
    r.set_attribute("Owner", text(subscription.owner()));
    Some(r)
}

/// A subscription whose ARN nobody tells: the name is what is unique, its topic, protocol and endpoint.
fn unconfirmed(cx: &Cx, subscription: &Subscription) -> Resource {
    let parts = [subscription.topic_arn(), subscription.protocol(), subscription.endpoint()];
    cx.resource(&SPEC, TYPE.name, &parts.map(Option::unwrap_or_default).join("|"), "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, claimed, cx, properties};
    use crate::model::to_json;
    use serde_json::json;

    fn member(arn: &str, protocol: &str, endpoint: &str) -> String {
        format!(
            "<member><SubscriptionArn>{arn}</SubscriptionArn><Owner>123456789012</Owner><Protocol>{protocol}</Protocol>
             <Endpoint>{endpoint}</Endpoint><TopicArn>arn:aws:sns:us-east-1:123456789012:alerts</TopicArn></member>"
        )
    }

    fn page(members: &str, next: &str) -> String {
        format!(
            "<ListSubscriptionsResponse><ListSubscriptionsResult><Subscriptions>{members}</Subscriptions>{next}
             </ListSubscriptionsResult></ListSubscriptionsResponse>"
        )
    }

    fn aws(asked: &str) -> (u16, String) {
        if asked.contains("Action=ListSubscriptions") {
            return if asked.contains("NextToken=more") {
                let (waiting, ended) =
                    (member(PENDING, "email", "ops@example.com"), member(DELETED, "email", "old@example.com"));
                (200, page(&(waiting + &ended), ""))
            } else {
                let queue = "arn:aws:sqs:us-east-1:123456789012:jobs";
                (
                    200,
                    page(
                        &member("arn:aws:sns:us-east-1:123456789012:alerts:1", "sqs", queue),
                        "<NextToken>more</NextToken>",
                    ),
                )
            };
        }
        assert!(asked.contains("Action=GetSubscriptionAttributes") && asked.contains("alerts%3A1"), "{asked}");
        let entries: String = [
            ("FilterPolicy", r#"{"severity":["high"]}"#),
            ("FilterPolicyScope", "MessageBody"),
            ("RawMessageDelivery", "true"),
            ("RedrivePolicy", r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead"}"#),
            ("PendingConfirmation", "false"),
        ]
        .map(|(key, value)| format!("<entry><key>{key}</key><value>{value}</value></entry>"))
        .concat();
        let body = format!(
            "<GetSubscriptionAttributesResponse><GetSubscriptionAttributesResult><Attributes>{entries}</Attributes>
             </GetSubscriptionAttributesResult></GetSubscriptionAttributesResponse>"
        );
        (200, body)
    }

    async fn found(aws: Aws) -> Vec<Resource> {
        let cx = cx("us-east-1", aws);
        let sns = Client::new(&cx.config);
        let mut out = collect(&cx, &sns, &list(&cx, &sns).await).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        out.resources.sort_by(|a, b| a.address.cmp(&b.address));
        out.resources
    }

    #[tokio::test]
    async fn a_subscription_is_read_whole_and_an_unconfirmed_one_as_far_as_it_is_shown() {
        let all = found(aws).await;
        let [queue, waiting] = &all[..] else { panic!("the one that ended is none: {all:?}") };
        assert_eq!(properties(queue), claimed(&SPEC, queue));
        let expected = json!({
            "TopicArn": "arn:aws:sns:us-east-1:123456789012:alerts", "Protocol": "sqs",
            "Endpoint": "arn:aws:sqs:us-east-1:123456789012:jobs", "FilterPolicy": {"severity": ["high"]},
            "FilterPolicyScope": "MessageBody", "RawMessageDelivery": true,
            "RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
            "DeliveryPolicy": null, "ReplayPolicy": null, "SubscriptionRoleArn": null,
        });
        assert_eq!(to_json(&queue.properties), expected);
        assert_eq!(queue.address.physical_id, queue.address.arn);
        let pending = |r: &Resource| r.attribute("PendingConfirmation").value().map(|v| v.kind.clone());
        assert_eq!(pending(queue), Some(Kind::Bool(false)));

        assert_eq!(pending(waiting), Some(Kind::Bool(true)));
        assert_eq!(waiting.address.arn, None);
        assert_eq!(waiting.get("Endpoint").as_str(), Some("ops@example.com"));
        assert_eq!(waiting.get("FilterPolicy").why_unknown(), Some(Unknown::NotCollected));
    }

    #[tokio::test]
    async fn a_subscription_that_may_not_be_read_is_known_as_far_as_it_is_listed() {
        let all = found(|asked| {
            let denied = "<ErrorResponse><Error><Code>AuthorizationError</Code></Error></ErrorResponse>";
            if asked.contains("GetSubscriptionAttributes") { (403, denied.into()) } else { aws(asked) }
        })
        .await;
        let denied = Some(Unknown::Denied { action: READ.into() });
        assert!(TYPE.on_demand.iter().all(|name| all[0].get(name).why_unknown() == denied));
        assert_eq!(all[0].get("Protocol").as_str(), Some("sqs"));
    }

    #[tokio::test]
    async fn a_subscription_that_vanishes_is_dropped() {
        let all = found(|asked| {
            let gone = "<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>";
            if asked.contains("GetSubscriptionAttributes") { (404, gone.into()) } else { aws(asked) }
        })
        .await;
        assert_eq!(all.len(), 1, "the unconfirmed one");
    }
}
