//! Topics. The answer about one tells its policy too.

use std::collections::HashMap;

use aws_sdk_sns::Client;
use aws_sdk_sns::operation::list_subscriptions_by_topic::ListSubscriptionsByTopicOutput;
use aws_sdk_sns::operation::list_topics::ListTopicsOutput;
use aws_sdk_sns::types::{Subscription, Topic};

use super::subscriptions::{self, inline, is_there};
use super::{GONE, SPEC, policies};
use crate::collect::attributes::{self, Attribute, Attributes, document, flag, number, plain};
use crate::collect::shape::{list as list_of, map, text, token};
use crate::collect::tags::Tags;
use crate::collect::{Answer, Cx, Out, Pages, TypeSpec, json, tagged, tasks};
use crate::model::{Kind, Unknown};

pub(super) const LIST: &str = "sns:ListTopics";
pub(super) const READ: &str = "sns:GetTopicAttributes";
pub(super) const PROTECTION: &str = "sns:GetDataProtectionPolicy";
pub(super) const SUBSCRIPTIONS: &str = "sns:ListSubscriptionsByTopic";
pub(super) const TAGS: &str = "sns:ListTagsForResource";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::SNS::Topic",
    asked: &[
        ("DataProtectionPolicy", PROTECTION),
        ("SubscriptionsConfirmed", READ),
        ("SubscriptionsPending", READ),
        ("Subscription", subscriptions::LIST),
        ("Tags", TAGS),
        ("", READ),
    ],
    reads: &[
        "ArchivePolicy",
        "ContentBasedDeduplication",
        "DataProtectionPolicy",
        "DeliveryStatusLogging",
        "DisplayName",
        "FifoThroughputScope",
        "FifoTopic",
        "KmsMasterKeyId",
        "SignatureVersion",
        "Subscription",
        "Tags",
        "TopicName",
        "TracingConfig",
    ],
    on_demand: &["DataProtectionPolicy", "Subscription", "Tags"],
    calls: 4,
};

const ATTRIBUTES: &[Attribute] = &[
    ("ArchivePolicy", document),
    ("ContentBasedDeduplication", flag),
    ("DisplayName", plain),
    ("FifoThroughputScope", plain),
    ("FifoTopic", flag),
    ("KmsMasterKeyId", plain),
    ("SignatureVersion", plain),
    ("TracingConfig", plain),
];

/// What delivery status logging calls a protocol, and how its attributes begin.
const LOGGED: &[(&str, &str)] = &[
    ("application", "Application"),
    ("firehose", "Firehose"),
    ("http/s", "HTTP"),
    ("lambda", "Lambda"),
    ("sqs", "SQS"),
];

pub(super) async fn list(cx: &Cx, sns: &Client) -> Pages<ListTopicsOutput> {
    cx.pages(
        LIST,
        &[TYPE.name, policies::TYPE.name],
        |start| sns.list_topics().set_next_token(start).send(),
        |page| token(page.next_token()),
    )
    .await
}

pub(super) async fn collect(
    cx: &Cx,
    sns: &Client,
    listing: &Pages<ListTopicsOutput>,
    subscribed: &Pages<Subscription>,
) -> Out {
    let arns = || listing.pages.iter().flat_map(ListTopicsOutput::topics).filter_map(Topic::topic_arn);
    let named: Vec<(String, String)> = arns().map(|arn| (arn.to_owned(), arn.to_owned())).collect();
    // The ARN of a topic names no type of resource, so the service alone is the filter.
    let mut told = cx.tags_of(TYPE.name, "sns", &named, |cx, arn| tags(cx, sns.clone(), arn)).await;
    let mut by_topic: HashMap<&str, Vec<Subscription>> = HashMap::new();
    for subscription in &subscribed.pages {
        by_topic.entry(subscription.topic_arn().unwrap_or_default()).or_default().push(subscription.clone());
    }
    let readings = arns().map(|arn| {
        let (cx, sns, arn) = (cx.clone(), sns.clone(), arn.to_owned());
        let tags = tagged::take(&mut told, &arn);
        let own = by_topic.remove(arn.as_str()).unwrap_or_default();
        let own = subscribed.end.clone().map(|()| own);
        async move { Box::pin(read(&cx, &sns, &arn, own, tags)).await }
    });
    let mut out = Out::default();
    for topic in tasks::all(readings.collect()).await {
        out.merge(topic);
    }
    out.listed(TYPE.name, &listing.end);
    out.listed(policies::TYPE.name, &listing.end);
    out
}

/// A topic and its policy; nothing if it is gone.
async fn read(cx: &Cx, sns: &Client, arn: &str, own: Result<Vec<Subscription>, Unknown>, tags: Answer<Tags>) -> Out {
    let mut out = Out::default();
    let affects = &[TYPE.name, policies::TYPE.name];
    let answer = cx.ask(READ, affects, &[GONE], sns.get_topic_attributes().topic_arn(arn).send()).await;
    let told = answer.map(|answer| answer.attributes.unwrap_or_default());
    match &told {
        Answer::Is(attributes) => out.resources.extend(policies::resource(cx, arn, attributes)),
        Answer::Absent => return out,
        Answer::Unknown(why) => out.listed(policies::TYPE.name, &Err(why.clone())),
    }
    let mut r = cx.resource(&SPEC, TYPE.name, arn, arn);
    r.set("TopicName", text(arn.rsplit(':').next()));
    r.set_attribute("TopicArn", text(Some(arn)));
    attributes::set(&mut r, ATTRIBUTES, &told);
    for (name, kind) in counts(&told) {
        r.set_attribute(name, kind);
    }
    let (protection, subscription) =
        tokio::join!(protection(cx, sns, arn), subscription(cx, sns, arn, own, subscribers(&told)));
    r.set("Subscription", subscription);
    r.set("DataProtectionPolicy", protection);
    r.set("DeliveryStatusLogging", told.into_kind(|attributes| logging(&attributes)));
    tagged::set(&mut r, Some(&tags));
    out.push(r);
    out
}

fn counts(told: &Answer<Attributes>) -> impl Iterator<Item = (&'static str, Kind)> {
    ["SubscriptionsConfirmed", "SubscriptionsPending"].into_iter().map(|name| {
        let count = told.clone().into_kind(|told| told.get(name).map_or(Kind::Null, |count| number(count)));
        (name, count)
    })
}

/// How many subscriptions a topic has, of whatever account.
fn subscribers(told: &Answer<Attributes>) -> Option<usize> {
    counts(told).map(|(_, count)| if let Kind::Int(n) = count { usize::try_from(n).ok() } else { None }).sum()
}

/// The subscriptions of a topic. Those that other accounts made are in no listing but the topic's own.
async fn subscription(
    cx: &Cx,
    sns: &Client,
    arn: &str,
    own: Result<Vec<Subscription>, Unknown>,
    all: Option<usize>,
) -> Kind {
    if let Ok(own) = &own
        && all.is_some_and(|all| all <= own.len())
    {
        return inline(own.iter());
    }
    if !cx.wanted.wants(TYPE.name, arn, &["Subscription"]) {
        return Kind::Unknown(Unknown::NotCollected);
    }
    let Pages { pages, end } = cx
        .pages(
            SUBSCRIPTIONS,
            &[TYPE.name],
            |start| sns.list_subscriptions_by_topic().topic_arn(arn).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let listed = pages.iter().flat_map(ListSubscriptionsByTopicOutput::subscriptions).filter(|s| is_there(s));
    end.map_or_else(Kind::Unknown, |()| inline(listed))
}

/// FIFO topics cannot have a data protection policy.
async fn protection(cx: &Cx, sns: &Client, arn: &str) -> Kind {
    if arn.strip_suffix(".fifo").is_some() {
        return Kind::Null;
    }
    let request = sns.get_data_protection_policy().resource_arn(arn).send();
    let answer = cx.ask_for((TYPE.name, arn, &["DataProtectionPolicy"]), PROTECTION, &[GONE], request).await;
    answer.into_kind(|found| json::document(found.data_protection_policy()))
}

fn logging(attributes: &Attributes) -> Kind {
    list_of(LOGGED.iter().filter_map(|(protocol, prefix)| {
        let attribute = |name: &str| text(attributes.get(&format!("{prefix}{name}")).map(String::as_str));
        let settings = ["FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate"]
            .map(|name| (name, attribute(name)));
        let set = settings.iter().any(|(_, kind)| *kind != Kind::Null);
        set.then(|| map([("Protocol", text(Some(protocol)))].into_iter().chain(settings)))
    }))
}

async fn tags(cx: Cx, sns: Client, arn: String) -> Answer<Tags> {
    let request = sns.list_tags_for_resource().resource_arn(arn).send();
    let answer = cx.ask(TAGS, &[TYPE.name], &["ResourceNotFound", GONE], request).await;
    answer.map(|found| found.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::collect::Wanted;
    use crate::collect::sns::Sns;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::model::{Provenance, to_json};
    use serde_json::json;

    const ARN: &str = "arn:aws:sns:us-east-1:123456789012:alerts";

    fn answer(action: &str, body: &str) -> (u16, String) {
        (200, format!("<{action}Response><{action}Result>{body}</{action}Result></{action}Response>"))
    }

    fn error(code: &str) -> (u16, String) {
        (403, format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"))
    }

    fn entries(attributes: &[(&str, &str)]) -> String {
        let entry = |(key, value): &(&str, &str)| format!("<entry><key>{key}</key><value>{value}</value></entry>");
        format!("<Attributes>{}</Attributes>", attributes.iter().map(entry).collect::<String>())
    }

    fn member(endpoint: &str) -> String {
        format!(
            "<member><SubscriptionArn>PendingConfirmation</SubscriptionArn><Protocol>email</Protocol>
             <Endpoint>{endpoint}</Endpoint><TopicArn>{ARN}</TopicArn></member>"
        )
    }

    /// A topic on the second page, with a subscription of this account and one of another.
    fn aws(asked: &str) -> (u16, String) {
        let action = asked.split("Action=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
        let body = match action {
            "ListTopics" if asked.contains("NextToken=more") => {
                format!("<Topics><member><TopicArn>{ARN}</TopicArn></member></Topics>")
            }
            "ListTopics" => "<Topics></Topics><NextToken>more</NextToken>".into(),
            "ListSubscriptions" => format!("<Subscriptions>{}</Subscriptions>", member("ops@example.com")),
            "ListSubscriptionsByTopic" => {
                format!("<Subscriptions>{}{}</Subscriptions>", member("ops@example.com"), member("audit@example.org"))
            }
            "ListTagsForResource" => "<Tags><member><Key>team</Key><Value>pay</Value></member></Tags>".into(),
            "GetDataProtectionPolicy" => r#"<DataProtectionPolicy>{"Name":"mask"}</DataProtectionPolicy>"#.into(),
            "GetTopicAttributes" => entries(&[
                ("DisplayName", "Alerts"),
                ("KmsMasterKeyId", "alias/data"),
                ("SignatureVersion", "2"),
                ("TracingConfig", "Active"),
                ("SubscriptionsConfirmed", "1"),
                ("SubscriptionsPending", "1"),
                ("SQSFailureFeedbackRoleArn", "arn:aws:iam::123456789012:role/failed"),
                ("HTTPSuccessFeedbackRoleArn", "arn:aws:iam::123456789012:role/delivered"),
                ("HTTPSuccessFeedbackSampleRate", "50"),
                ("Policy", r#"{"Version":"2012-10-17","Statement":[{"Sid":"publish"}]}"#),
            ]),
            other => panic!("{other}"),
        };
        answer(action, &body)
    }

    async fn found(aws: Aws) -> Out {
        let mut out = collected(&Sns, &cx("us-east-1", aws)).await;
        out.resources.retain(|r| &*r.kind != subscriptions::TYPE.name);
        out.resources.sort_by(|a, b| a.kind.cmp(&b.kind));
        out
    }

    #[tokio::test]
    async fn a_topic_is_read_whole_and_its_policy_is_a_resource() {
        let out = found(aws).await;
        let [topic, policy] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(topic), claimed(&SPEC, topic));
        let mut read = to_json(&topic.properties);
        read.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let expected = json!({
            "TopicName": "alerts", "DisplayName": "Alerts", "KmsMasterKeyId": "alias/data", "SignatureVersion": "2",
            "TracingConfig": "Active", "DataProtectionPolicy": {"Name": "mask"}, "Tags": [{"Key": "team", "Value": "pay"}],
            "DeliveryStatusLogging": [
                {"Protocol": "http/s", "SuccessFeedbackRoleArn": "arn:aws:iam::123456789012:role/delivered", "SuccessFeedbackSampleRate": "50"},
                {"Protocol": "sqs", "FailureFeedbackRoleArn": "arn:aws:iam::123456789012:role/failed"},
            ],
            "Subscription": [{"Protocol": "email", "Endpoint": "audit@example.org"}, {"Protocol": "email", "Endpoint": "ops@example.com"}],
        });
        assert_eq!(read, expected);
        assert_eq!((topic.address.physical_id.as_deref(), topic.address.arn.as_deref()), (Some(ARN), Some(ARN)));
        assert_eq!(topic.attribute("SubscriptionsPending").value().map(|v| &v.kind), Some(&Kind::Int(1)));

        assert_eq!(properties(policy), claimed(&SPEC, policy));
        assert_eq!(policy.get("Topics.0").as_str(), Some(ARN));
        assert_eq!(policy.get("PolicyDocument.Statement.0.Sid").as_str(), Some("publish"));
        assert_eq!(policy.provenance, Provenance::Unmanaged);
        assert!(out.listed.values().all(Result::is_ok));
    }

    #[tokio::test]
    async fn where_the_listing_has_all_subscriptions_the_topic_is_not_asked() {
        let out = found(|asked| {
            assert!(!asked.contains("ListSubscriptionsByTopic"), "{asked}");
            let (status, body) = aws(asked);
            (
                status,
                body.replace(
                    "<key>SubscriptionsConfirmed</key><value>1<",
                    "<key>SubscriptionsConfirmed</key><value>0<",
                ),
            )
        })
        .await;
        assert_eq!(out.resources[0].get("Subscription.0.Endpoint").as_str(), Some("ops@example.com"));
        assert_eq!(out.resources[0].get("Subscription.1.Endpoint").as_str(), None);
    }

    #[tokio::test]
    async fn a_topic_that_may_not_be_read_is_unknown_and_so_is_its_policy() {
        let out = found(|asked| {
            let listed = asked.contains("Action=ListTopics") || asked.contains("Action=ListSubscriptions&");
            if listed { aws(asked) } else { error("AuthorizationError") }
        })
        .await;
        let [topic] = &out.resources[..] else { panic!("{out:?}") };
        let denied = |action: &str| Unknown::Denied { action: action.into() };
        for &name in TYPE.reads.iter().filter(|name| **name != "TopicName") {
            let action = match name {
                "DataProtectionPolicy" => PROTECTION,
                "Subscription" => SUBSCRIPTIONS,
                "Tags" => TAGS,
                _ => READ,
            };
            assert_eq!(topic.get(name).why_unknown(), Some(denied(action)), "{name}");
        }
        assert_eq!(topic.get("TopicName").as_str(), Some("alerts"));
        assert_eq!(out.listed[policies::TYPE.name], Err(denied(READ)));
        assert_eq!(out.listed[TYPE.name], Ok(()));
    }

    #[tokio::test]
    async fn a_topic_that_vanishes_is_dropped() {
        let out = found(|asked| if asked.contains("GetTopicAttributes") { error(GONE) } else { aws(asked) }).await;
        assert_eq!(out.resources, []);
        assert!(out.listed.values().all(Result::is_ok));
    }

    #[tokio::test]
    async fn what_nobody_wants_is_not_asked() {
        let mut cx = cx("us-east-1", |asked| {
            let on_demand = ["GetDataProtectionPolicy", "ListTagsForResource", "ListSubscriptionsByTopic"];
            assert!(!on_demand.iter().any(|action| asked.contains(action)), "{asked}");
            aws(asked)
        });
        cx.wanted = Arc::new(Wanted::default());
        let out = collected(&Sns, &cx).await;
        let topic = out.resources.iter().find(|r| &*r.kind == TYPE.name).unwrap();
        assert!(TYPE.on_demand.iter().all(|name| topic.get(name).why_unknown() == Some(Unknown::NotCollected)));
    }
}
