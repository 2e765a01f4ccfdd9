//! What becomes of an alert that cannot be delivered.

use crate::model::{Estate, Field, Items, Kind, Read, Related, Resource, Unknown, Value, from_json};
use crate::rules::answer::{any, both};
use crate::rules::readers::alarms::{is_named, says};
use crate::rules::readers::policy::{Document, Effect, Statement, matches};
use crate::rules::readers::topics::{TOPIC, deliveries, is_alert_topic};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

use super::subscriptions::topic_of;
use super::verdict;

rules! {
    /// ## Why
    /// SNS tries for a while and then drops the message. The alert that nobody got is the one that you will want to read afterwards.
    ///
    /// Judged are the subscriptions of topics that alarms call, over `https`, `http`, `lambda`, `sqs` or `firehose`. Their
    /// dead-letter queue has to keep messages for at least `min_retention_seconds` (SQS's default is 4 days), and its policy has to
    /// let SNS write to it for this topic. Subscriptions inside of a topic cannot have one, and fail.
    ///
    /// ## Fix
    /// ```yaml
    /// OnCall:
    ///   Type: AWS::SNS::Subscription
    ///   Properties:
    ///     RedrivePolicy:
    ///       deadLetterTargetArn: !GetAtt UndeliveredAlerts.Arn
    /// UndeliveredAlerts:
    ///   Type: AWS::SQS::Queue
    ///   Properties:
    ///     MessageRetentionPeriod: 1209600
    /// ```
    ///
    /// `aws sns set-subscription-attributes --subscription-arn arn:… --attribute-name RedrivePolicy --attribute-value '{"deadLetterTargetArn": "arn:…"}'`
    "sns-subscription-dead-letter-queue" => {
        title: "Alert subscriptions have a dead-letter queue that keeps failed messages long enough.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Estate,
        types: ["AWS::SNS::Subscription", "AWS::SNS::Topic"],
        reads: [
            "AWS::SNS::Subscription.RedrivePolicy",
            "AWS::SNS::Topic.Subscription",
            "AWS::SQS::Queue",
            "AWS::SQS::QueuePolicy",
            "AWS::CloudWatch::Alarm",
            "AWS::CloudWatch::CompositeAlarm",
        ],
        params: {
            min_retention_seconds: Preset::Int(1_209_600) => "how long the queue must keep a message, at least",
        },
        equivalents: [],
        check: |r, cx| if &*r.kind == TOPIC { inline(r, cx) } else { separate(r, cx) },
    }
}

/// Protocols whose failed messages a dead-letter queue can take.
const PROTOCOLS: &[&str] = &["https", "http", "lambda", "sqs", "firehose"];
const QUEUE: &str = "AWS::SQS::Queue";
/// How long a queue keeps a message unless it says otherwise: 4 days.
const DEFAULT_RETENTION: i64 = 345_600;
const EXPECTED: &str = "a dead-letter queue";

fn inline(topic: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if !is_alert_topic(cx.estate, topic) {
        return None;
    }
    let (all, _) = deliveries(cx.estate, topic);
    let judged: Vec<Verdict> = all
        .iter()
        .filter(|d| d.subscription.is_none())
        .filter_map(|d| match says(&d.protocol, |p| PROTOCOLS.contains(&p)) {
            Ok(false) => None,
            answer => {
                Some(verdict(answer.map(|_| false), &d.protocol, "a subscription of its own with a dead-letter queue"))
            }
        })
        .collect();
    (!judged.is_empty()).then(|| Verdict::all(judged))
}

fn separate(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let topic = topic_of(r, cx).filter(|topic| is_alert_topic(cx.estate, topic))?;
    let protocol = r.get("Protocol");
    let applies = says(&protocol, |p| PROTOCOLS.contains(&p));
    if applies == Ok(false) {
        return None;
    }
    let judged = redrive(r, topic, cx);
    Some(match applies {
        Err(why) if !judged.is_pass() => verdict(Err(why), &protocol, "a protocol that needs no dead-letter queue"),
        _ => judged,
    })
}

fn redrive(r: &Resource, topic: &Resource, cx: &Context<'_>) -> Verdict {
    let policy = r.get("RedrivePolicy");
    if policy.is_absent() {
        return check::fail(&policy, EXPECTED);
    }
    let held;
    let document = match policy.as_str().map(serde_json::from_str::<serde_json::Value>) {
        None => policy.clone(),
        Some(Ok(json)) => {
            held = Value { at: policy.at(), ..from_json(&json) };
            Read::new(r, policy.path.clone(), Field::of(&held))
        }
        Some(Err(_)) => return check::fail(&policy, "a redrive policy in JSON"),
    };
    let target = document.get("deadLetterTargetArn");
    match cx.estate.follow(&target, &[QUEUE]) {
        Related::Found(queue) => judge_queue(queue, topic, cx).on(queue.address.name()),
        Related::Missing => check::fail(&target, "a queue that exists"),
        Related::Unknown(why) => Verdict::unknown(Evidence::unknown(&target, EXPECTED, &why)),
    }
}

fn judge_queue(queue: &Resource, topic: &Resource, cx: &Context<'_>) -> Verdict {
    let least = cx.params.int("min_retention_seconds");
    let period = queue.get("MessageRetentionPeriod");
    let kept =
        if least <= DEFAULT_RETENTION && period.is_absent() { Verdict::Pass } else { check::at_least(&period, least) };
    let policies = cx.estate.referrers(queue, "AWS::SQS::QueuePolicy", "Queues");
    let lets =
        policies.items.iter().map(|policy| lets_in(&Document::new(policy.get("PolicyDocument")), topic, cx.estate));
    let open = policies.incomplete.clone().map(Err);
    let expected = format!("a queue policy that lets sns.amazonaws.com send for {}", topic.address.name());
    kept.and(verdict(any(lets.chain(open)), &super::around(queue, "QueuePolicy"), &expected))
}

/// Whether a queue's policy lets SNS send to it for a topic.
fn lets_in(document: &Document<'_>, topic: &Resource, estate: &Estate) -> Result<bool, Unknown> {
    let list = document.read().get("Statement");
    let Items::Are(items) = list.items() else { return list.why_unknown().map_or(Ok(false), Err) };
    any(items.into_iter().map(|read| {
        if let Some(why) = read.why_unknown() {
            return Err(why);
        }
        let statement = Statement { read };
        let allows = match statement.effect() {
            Effect::Allow => Ok(true),
            Effect::Deny | Effect::None => Ok(false),
            Effect::Unknown(why) => Err(why),
        };
        both(allows, || {
            both(statement.covers("sqs:SendMessage"), || {
                both(statement.names_service("sns.amazonaws.com"), || comes_from(&statement, topic, estate))
            })
        })
    }))
}

/// Whether a statement holds for messages of a topic only: `aws:SourceArn`.
fn comes_from(statement: &Statement<'_>, topic: &Resource, estate: &Estate) -> Result<bool, Unknown> {
    const OPERATORS: [&str; 4] = ["ArnEquals", "ArnLike", "StringEquals", "StringLike"];
    let condition = statement.read.get("Condition");
    let mut answers = vec![condition.why_unknown().map_or(Ok(false), Err)];
    for (operator, entry) in condition.value().and_then(Value::as_map).into_iter().flatten() {
        if !OPERATORS.iter().any(|o| o.eq_ignore_ascii_case(operator)) {
            continue;
        }
        for (key, entry) in entry.value.as_map().into_iter().flatten() {
            if key.eq_ignore_ascii_case("aws:SourceArn") {
                // Keys hold colons and may hold dots: the mapping is asked, not a path.
                let path = format!("{}.{operator}.{key}", condition.path);
                let values = Read::new(condition.resource, path, Field::of(&entry.value));
                if let Items::Are(items) = values.items() {
                    answers.extend(items.iter().map(|value| is_topic(value, topic, estate)));
                } else {
                    answers.extend(values.why_unknown().map(Err));
                }
            }
        }
    }
    any(answers)
}

fn is_topic(value: &Read<'_>, topic: &Resource, estate: &Estate) -> Result<bool, Unknown> {
    match value.value().map(|v| &v.kind) {
        Some(Kind::Str(pattern)) if pattern.contains('*') => {
            // In a template the topic has no ARN yet: any pattern for topics may be meant for it.
            let arn = topic.address.arn.as_deref().or(topic.address.physical_id.as_deref());
            Ok(arn.map_or_else(|| pattern.contains(":sns:"), |arn| matches(pattern, arn)))
        }
        _ => is_named(estate, value, topic),
    }
}
