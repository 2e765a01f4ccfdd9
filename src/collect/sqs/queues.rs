//! Queues and their policies: one answer.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesOutput;
use aws_sdk_sqs::operation::list_queues::ListQueuesOutput;
use aws_sdk_sqs::types::QueueAttributeName;

use super::SPEC;
use crate::collect::attributes::{self, Attribute, Attributes, document, flag, number, plain};
use crate::collect::shape::{set, text, token};
use crate::collect::tags::Tags;
use crate::collect::{Answer, Cx, Out, TypeSpec, json, tagged, tasks};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "sqs:ListQueues";
pub(super) const READ: &str = "sqs:GetQueueAttributes";
pub(super) const TAGS: &str = "sqs:ListQueueTags";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::SQS::Queue",
    asked: &[("QueueName", LIST), ("QueueUrl", LIST), ("Tags", TAGS), ("", READ)],
    reads: &[
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "DelaySeconds",
        "FifoQueue",
        "FifoThroughputLimit",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "QueueName",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "Tags",
        "VisibilityTimeout",
    ],
    on_demand: &["Tags"],
    calls: 2,
};

pub(super) const POLICY: TypeSpec = TypeSpec {
    name: "AWS::SQS::QueuePolicy",
    asked: &[("", READ)],
    reads: &["PolicyDocument", "Queues"],
    ..TypeSpec::LISTED
};

const ATTRIBUTES: &[Attribute] = &[
    ("ContentBasedDeduplication", flag),
    ("DeduplicationScope", plain),
    ("DelaySeconds", number),
    ("FifoQueue", flag),
    ("FifoThroughputLimit", plain),
    ("KmsDataKeyReusePeriodSeconds", number),
    ("KmsMasterKeyId", plain),
    ("MaximumMessageSize", number),
    ("MessageRetentionPeriod", number),
    ("ReceiveMessageWaitTimeSeconds", number),
    ("RedriveAllowPolicy", document),
    ("RedrivePolicy", document),
    ("SqsManagedSseEnabled", flag),
    ("VisibilityTimeout", number),
];

/// The largest page. Without a size there is one page of a thousand, and no word about the rest.
const PAGE: i32 = 1000;
/// What SQS answers about a queue that is no more: in its first protocol, which it goes on to repeat in a header, and in its second.
const GONE: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];

pub(super) async fn collect(cx: &Cx, sqs: &Client) -> Out {
    let listing = cx
        .pages(
            LIST,
            &[TYPE.name, POLICY.name],
            |start| sqs.list_queues().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let urls = listing.pages.iter().flat_map(ListQueuesOutput::queue_urls);
    let queues: Vec<(String, String)> = urls.map(|url| (url.clone(), cx.arn("sqs", name(url)))).collect();
    let url = tagged::ids(&queues);
    // The ARN of a queue names no type of resource, so the service alone is the filter.
    let mut told = cx.tags_of(TYPE.name, "sqs", &queues, |cx, arn| tags(cx, sqs.clone(), url(&arn))).await;
    let readings = queues.iter().map(|(url, arn)| {
        let (cx, sqs, url, arn) = (cx.clone(), sqs.clone(), url.clone(), arn.clone());
        let tags = tagged::take(&mut told, &arn);
        async move { Box::pin(read(&cx, &sqs, &url, &arn, tags)).await }
    });
    let mut out = Out::default();
    for queue in tasks::all(readings.collect()).await {
        out.merge(queue);
    }
    out.listed(TYPE.name, &listing.end);
    out.listed(POLICY.name, &listing.end);
    out
}

/// The last part of a queue's URL.
fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

/// A queue and its policy; nothing if it is gone.
async fn read(cx: &Cx, sqs: &Client, url: &str, arn: &str, tags: Answer<Tags>) -> Out {
    let mut out = Out::default();
    let request = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All).send();
    let told = cx.ask(READ, &[TYPE.name, POLICY.name], GONE, request).await.map(|answer| texts(&answer));
    match &told {
        Answer::Is(attributes) => out.resources.extend(policy(cx, url, attributes)),
        Answer::Absent => return out,
        Answer::Unknown(why) => out.listed(POLICY.name, &Err(why.clone())),
    }
    let mut r = cx.resource(&SPEC, TYPE.name, url, arn);
    r.set("QueueName", text(Some(name(url))));
    r.set_attribute("QueueUrl", text(Some(url)));
    r.set_attribute("Arn", text(Some(arn)));
    attributes::set(&mut r, ATTRIBUTES, &told);
    tagged::set(&mut r, Some(&tags));
    out.push(r);
    out
}

fn texts(answer: &GetQueueAttributesOutput) -> Attributes {
    answer.attributes().into_iter().flatten().map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect()
}

/// The id of a policy is made up by the stack and AWS knows none, so the name is the queue's.
fn policy(cx: &Cx, url: &str, attributes: &Attributes) -> Option<Resource> {
    let document = json::document(attributes.get("Policy").map(String::as_str));
    if document == Kind::Null {
        return None;
    }
    let mut r = cx.resource(&SPEC, POLICY.name, url, "");
    r.set("PolicyDocument", document);
    r.set("Queues", set([url]));
    Some(r)
}

async fn tags(cx: Cx, sqs: Client, url: String) -> Answer<Tags> {
    let answer = cx.ask(TAGS, &[TYPE.name], GONE, sqs.list_queue_tags().queue_url(url).send()).await;
    answer.map(|found| found.tags.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::sqs::Sqs;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::model::{Unknown, to_json};
    use serde_json::json;

    const URL: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs";

    /// Two queues on two pages; only the first has a policy and a dead-letter queue.
    fn aws(asked: &str) -> (u16, String) {
        let answer = match asked {
            list if list.contains("AmazonSQS.ListQueues") => {
                assert!(list.contains(r#""MaxResults":1000"#), "{list}");
                if list.contains(r#""NextToken":"more""#) {
                    json!({"QueueUrls": [format!("{URL}-dead")]})
                } else {
                    json!({"QueueUrls": [URL], "NextToken": "more"})
                }
            }
            tags if tags.contains("AmazonSQS.ListQueueTags") => json!({"Tags": {"team": "pay"}}),
            read if read.contains("jobs-dead") => json!({"Attributes": {"VisibilityTimeout": "30"}}),
            read => {
                assert!(read.contains("AmazonSQS.GetQueueAttributes") && read.contains(r#"["All"]"#), "{read}");
                json!({"Attributes": {
                    "QueueArn": "arn:aws:sqs:us-east-1:123456789012:jobs", "ApproximateNumberOfMessages": "0",
                    "VisibilityTimeout": "60", "DelaySeconds": "0", "SqsManagedSseEnabled": "true",
                    "RedrivePolicy": r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:jobs-dead","maxReceiveCount":5}"#,
                    "Policy": r#"{"Version":"2012-10-17","Statement":[]}"#,
                }})
            }
        };
        (200, answer.to_string())
    }

    async fn found(aws: Aws) -> Out {
        let mut out = collected(&Sqs, &cx("us-east-1", aws)).await;
        out.resources.sort_by(|a, b| (&a.kind, &a.address).cmp(&(&b.kind, &b.address)));
        out
    }

    #[tokio::test]
    async fn a_queue_is_read_whole_and_its_policy_is_a_resource() {
        let out = found(aws).await;
        let [jobs, dead, policy] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(jobs), claimed(&SPEC, jobs));
        let mut read = to_json(&jobs.properties);
        read.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let expected = json!({
            "QueueName": "jobs", "VisibilityTimeout": 60, "DelaySeconds": 0, "SqsManagedSseEnabled": true,
            "RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:jobs-dead", "maxReceiveCount": 5},
            "Tags": [{"Key": "team", "Value": "pay"}],
        });
        assert_eq!(read, expected);
        assert_eq!(jobs.address.physical_id.as_deref(), Some(URL));
        assert_eq!(jobs.address.arn.as_deref(), Some("arn:aws:sqs:us-east-1:123456789012:jobs"));
        assert!(dead.get("RedrivePolicy").is_absent());

        assert_eq!(properties(policy), claimed(&SPEC, policy));
        assert_eq!(policy.get("Queues.0").as_str(), Some(URL));
        assert_eq!(policy.get("PolicyDocument.Version").as_str(), Some("2012-10-17"));
        assert!(out.listed.values().all(Result::is_ok));
    }

    #[tokio::test]
    async fn a_queue_that_may_not_be_read_is_unknown_and_so_is_whether_it_has_a_policy() {
        let out = found(|asked| {
            let denied = asked.contains("GetQueueAttributes") && !asked.contains("jobs-dead");
            if denied { (400, r#"{"__type":"AccessDeniedException"}"#.into()) } else { aws(asked) }
        })
        .await;
        let denied = Unknown::Denied { action: READ.into() };
        let [jobs, _] = &out.resources[..] else { panic!("{out:?}") };
        assert!(ATTRIBUTES.iter().all(|(name, _)| jobs.get(name).why_unknown() == Some(denied.clone())));
        assert_eq!(jobs.get("Tags.0.Value").as_str(), Some("pay"));
        assert_eq!(out.listed[TYPE.name], Ok(()));
        assert_eq!(out.listed[POLICY.name], Err(denied));
    }

    #[tokio::test]
    async fn a_queue_that_vanishes_is_dropped() {
        let out = found(|asked| {
            let gone = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}"#;
            if asked.contains("GetQueueAttributes") { (400, gone.into()) } else { aws(asked) }
        })
        .await;
        assert_eq!(out.resources, []);
        assert!(out.listed.values().all(Result::is_ok));
    }
}
