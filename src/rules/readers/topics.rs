//! Alerts: where the actions of alarms lead, and who gets what is published there.

use super::alarms::{ALARM, COMPOSITE};
use super::spelled;
use crate::model::{Estate, Items, Read, Related, Resource, Unknown, Value};

/// `AWS::SNS::Topic`.
pub(in crate::rules) const TOPIC: &str = "AWS::SNS::Topic";
/// `AWS::SNS::Subscription`.
pub(in crate::rules) const SUBSCRIPTION: &str = "AWS::SNS::Subscription";

/// What else an alarm may call, as resources.
const CALLED: &[&str] =
    &[TOPIC, "AWS::AutoScaling::ScalingPolicy", "AWS::ApplicationAutoScaling::ScalingPolicy", "AWS::Lambda::Function"];
/// The services whose ARNs are actions. `automate` and `swf` stop and restart instances.
const SERVICES: &[&str] =
    &["sns", "autoscaling", "lambda", "ssm", "ssm-incidents", "ssm-contacts", "automate", "swf", "aiops"];
/// The lists of actions of an alarm.
const ACTIONS: &[&str] = &["AlarmActions", "OKActions", "InsufficientDataActions"];

/// Where an action leads.
#[derive(Debug)]
pub(in crate::rules) enum Action<'a> {
    /// To a topic of the estate.
    Topic(&'a Resource),
    /// To a topic of another account, region or stack.
    TopicElsewhere,
    /// To something else that alarms can call: a scaling policy, a function.
    Other,
    /// To nothing that is there.
    Gone,
    /// To nothing that alarms can call.
    Nothing,
    /// Nobody can say.
    Unknown(Unknown),
}

/// Where an element of a list of actions leads.
pub(in crate::rules) fn action<'a>(estate: &'a Estate, read: &Read<'_>) -> Action<'a> {
    let followed = estate.follow(read, CALLED);
    if let Related::Found(found) = followed {
        return if &*found.kind == TOPIC { Action::Topic(found) } else { Action::Other };
    }
    let known = read.value().and_then(Value::text).map(|text| text.to_string());
    // The account may be filled in later: what service it is stands there all the same.
    let Some(text) = known.clone().or_else(|| spelled::text(read).map(|text| spelled::literal(&text))) else {
        return read.why_unknown().map_or(Action::Nothing, Action::Unknown);
    };
    let mut parts = text.split(':');
    let (arn, service) = (parts.next() == Some("arn"), parts.nth(1).unwrap_or_default());
    match (arn && SERVICES.contains(&service), read.why_unknown()) {
        (false, Some(why)) => return Action::Unknown(why),
        (false, None) => return Action::Nothing,
        (true, _) if service != "sns" => return Action::Other,
        (true, _) => {}
    }
    let home = &read.resource.address;
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let here = known.is_some() && *region == *home.region && *account == *home.account;
    match followed {
        Related::Missing if here => Action::Gone,
        Related::Unknown(why) if here && read.resource.is_live() => Action::Unknown(why),
        _ => Action::TopicElsewhere,
    }
}

/// Whether an alarm calls a topic.
pub(in crate::rules) fn is_alert_topic(estate: &Estate, topic: &Resource) -> bool {
    [ALARM, COMPOSITE]
        .iter()
        .any(|kind| ACTIONS.iter().any(|list| !estate.referrers(topic, kind, list).items.is_empty()))
}

/// Whether an alert topic leads to somebody: a subscription of a topic.
#[derive(Debug)]
pub(in crate::rules) struct Delivery<'a> {
    /// `email`, `https`, `sqs`…
    pub protocol: Read<'a>,
    /// Who gets it.
    pub endpoint: Read<'a>,
    /// The subscription; `None` if it is an element of the topic's own `Subscription`.
    pub subscription: Option<&'a Resource>,
}

impl Delivery<'_> {
    /// Whether it still waits for the endpoint's yes; only AWS knows.
    pub(in crate::rules) fn is_pending(&self) -> bool {
        let pending = self.subscription.map(|s| s.attribute("PendingConfirmation"));
        pending.and_then(|read| read.value().and_then(Value::as_bool)) == Some(true)
    }
}

/// The subscriptions of a topic, inline and separate, and why there may be more.
pub(in crate::rules) fn deliveries<'a>(
    estate: &'a Estate,
    topic: &'a Resource,
) -> (Vec<Delivery<'a>>, Option<Unknown>) {
    let mut separate = estate.referrers(topic, SUBSCRIPTION, "TopicArn");
    // The physical id of a topic is its ARN: who names it may be found by both.
    separate.items.dedup_by(|a, b| a.address == b.address);
    let mut open = separate.incomplete;
    let mut found: Vec<Delivery<'a>> = separate
        .items
        .into_iter()
        .map(|s| Delivery { protocol: s.get("Protocol"), endpoint: s.get("Endpoint"), subscription: Some(s) })
        .collect();
    let inline = topic.get("Subscription");
    match inline.items() {
        Items::Absent => {}
        // AWS shows the subscriptions there that were listed anyway.
        Items::Unknown if topic.is_live() => {}
        Items::Unknown => open = open.or_else(|| inline.why_unknown()),
        Items::Are(items) => {
            for item in items {
                let (protocol, endpoint) = (item.get("Protocol"), item.get("Endpoint"));
                let text = |read: &Read<'_>| read.value().and_then(Value::text);
                let listed = topic.is_live()
                    && found
                        .iter()
                        .any(|d| text(&d.protocol) == text(&protocol) && text(&d.endpoint) == text(&endpoint));
                if let Some(why) = item.why_unknown() {
                    open = open.or(Some(why));
                } else if !listed {
                    found.push(Delivery { protocol, endpoint, subscription: None });
                }
            }
        }
    }
    (found, open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Kind, Listed, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn live(kind: &str, id: &str, properties: &Json) -> Resource {
        let address = Address {
            account: "1".into(),
            region: "r".into(),
            physical_id: Some(id.into()),
            arn: Some(id.into()),
            ..Address::default()
        };
        let mut r = Resource::new(kind, address, World::Open { reads: &["Subscription", "TopicArn"] }, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    fn estate(resources: Vec<Resource>) -> Estate {
        let kinds = [ALARM, COMPOSITE].iter().chain(CALLED).chain([&SUBSCRIPTION]);
        let listed: Listed = kinds.map(|kind| (((*kind).into(), "1".into(), "r".into()), Ok(()))).collect();
        Estate::new(resources, Some(listed))
    }

    #[test]
    fn an_action_leads_to_a_topic_to_something_else_or_nowhere() {
        let topic = live(TOPIC, "arn:aws:sns:r:1:alerts", &json!({}));
        let estate = estate(vec![topic]);
        for (arn, expected) in [
            ("arn:aws:sns:r:1:alerts", "Topic("),
            ("arn:aws:sns:r:1:gone", "Gone"),
            ("arn:aws:sns:r:2:theirs", "TopicElsewhere"),
            ("arn:aws:automate:r:ec2:stop", "Other"),
            ("arn:aws:s3:::bucket", "Nothing"),
            ("alerts", "Nothing"),
        ] {
            let alarm = live(ALARM, "a", &json!({ "AlarmActions": [arn] }));
            let shown = format!("{:?}", action(&estate, &alarm.get("AlarmActions.0")));
            assert!(shown.starts_with(expected), "{arn}: {shown}");
        }
        let mut open = live(ALARM, "a", &json!({}));
        open.set("AlarmActions", Kind::Unknown(Unknown::NotCollected));
        assert!(matches!(action(&estate, &open.get("AlarmActions")), Action::Unknown(_)));
    }

    #[test]
    fn a_subscription_that_shows_in_both_places_counts_once() {
        let both =
            json!({"Subscription": [{"Protocol": "email", "Endpoint": "a"}, {"Protocol": "sms", "Endpoint": "1"}]});
        let topic = live(TOPIC, "t", &both);
        let mut waiting = live(SUBSCRIPTION, "s", &json!({"TopicArn": "t", "Protocol": "email", "Endpoint": "a"}));
        waiting.set_attribute("PendingConfirmation", Kind::Bool(true));
        let alarm = live(ALARM, "a", &json!({"AlarmActions": ["t"]}));
        let estate = estate(vec![topic.clone(), waiting, alarm]);
        let (found, open) = deliveries(&estate, &topic);
        assert_eq!((found.len(), open), (2, None));
        assert!(found[0].is_pending() && !found[1].is_pending());
        assert!(is_alert_topic(&estate, &topic));
    }
}
