//! Who hears of an alarm: the topics that alarms call, and their subscriptions.

use crate::model::{Items, Related, Resource, Value, types};
use crate::rules::answer::any;
use crate::rules::readers::alarms::{ALARM, COMPOSITE, says};
use crate::rules::readers::spelled;
use crate::rules::readers::topics::{Action, Delivery, TOPIC, action, deliveries, is_alert_topic};
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::{around, has_workload, if_applies, verdict};

rules! {
    /// ## Why
    /// A topic without subscribers swallows every alert. A subscription by e-mail wakes nobody, and one that was never confirmed
    /// delivers nothing at all.
    ///
    /// Judged is each topic that an alarm calls: one of its subscriptions, inline or separate, has to be over one of `protocols`
    /// (never plain `http`), lead to an endpoint that `endpoint_pattern` matches, and be confirmed, which only AWS can tell. With
    /// `required` a place that has servers, databases or the like must have such a topic at all.
    ///
    /// ## Fix
    /// ```yaml
    /// OnCall:
    ///   Type: AWS::SNS::Subscription
    ///   Properties:
    ///     TopicArn: !Ref AlertTopic
    ///     Protocol: https
    ///     Endpoint: https://events.pagerduty.com/integration/…/enqueue
    /// ```
    ///
    /// `aws sns subscribe --topic-arn arn:… --protocol https --notification-endpoint https://…`
    "sns-alert-topic-subscribed" => {
        title: "Alerts go to an SNS topic with a subscription over an accepted protocol.",
        category: MonitoringAlerting,
        severity: Medium,
        scope: Estate,
        types: ["AWS::SNS::Topic", "Driftline::Account::Region"],
        reads: [
            "AWS::SNS::Topic.Subscription",
            "AWS::SNS::Subscription",
            "AWS::CloudWatch::Alarm",
            "AWS::CloudWatch::CompositeAlarm",
            "AWS::AutoScaling::ScalingPolicy",
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            "AWS::Lambda::Function",
            "AWS::AutoScaling::AutoScalingGroup",
            "AWS::EC2::Instance",
            "AWS::RDS::DBInstance",
            "AWS::RDS::DBCluster",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "AWS::ApiGateway::RestApi",
        ],
        params: {
            required: Preset::Bool(false) => "demand that a place with a workload has an alert topic",
            require_in_template: Preset::Bool(false) => "let a template fail that says nothing of a topic, in a scan too",
            protocols: Preset::Texts(&["email", "https", "lambda", "sqs", "sms"]) => "accepted protocols",
            endpoint_pattern: Preset::Pattern("") => "what the endpoint has to look like",
        },
        equivalents: [],
        check: subscribed,
    }

    /// ## Why
    /// Where everybody gets every alert, nobody feels meant. A filter policy sends each alert to those who can do something about it.
    ///
    /// Judged are the subscriptions of topics that alarms call, if there are several (or any, with `always`). Alarms publish no
    /// message attributes, so the filter has to look into the body: `FilterPolicyScope` is `MessageAttributes` by default.
    /// Subscriptions inside of a topic cannot have a filter, and fail.
    ///
    /// ## Fix
    /// ```yaml
    /// OnCall:
    ///   Type: AWS::SNS::Subscription
    ///   Properties:
    ///     FilterPolicyScope: MessageBody
    ///     FilterPolicy:
    ///       AlarmName:
    ///         - prefix: prod-
    /// ```
    "sns-subscription-filter-policy" => {
        title: "Alert subscriptions take what is meant for them, with a filter policy on the message body.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Resource,
        types: ["AWS::SNS::Subscription", "AWS::SNS::Topic"],
        reads: [
            "AWS::SNS::Subscription.FilterPolicy",
            "AWS::SNS::Subscription.FilterPolicyScope",
            "AWS::SNS::Topic.Subscription",
            "AWS::CloudWatch::Alarm",
            "AWS::CloudWatch::CompositeAlarm",
        ],
        params: {
            always: Preset::Bool(false) => "demand it of a single subscription too",
        },
        equivalents: [],
        check: filtered,
    }
}

fn subscribed(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if &*r.kind == types::REGION {
        return exists(r, cx);
    }
    if !is_alert_topic(cx.estate, r) {
        return None;
    }
    let (found, open) = deliveries(cx.estate, r);
    let read = around(r, "Subscription");
    let expected = format!("a confirmed subscription over {}", cx.params.texts("protocols").join(", "));
    let none = || verdict(open.clone().map_or(Ok(false), Err), &read, &expected);
    Some(Verdict::any(found.iter().map(|delivery| accepted(delivery, cx)), none).or(none))
}

fn accepted(delivery: &Delivery<'_>, cx: &Context<'_>) -> Verdict {
    let protocols: Vec<&String> = cx.params.texts("protocols").iter().filter(|p| *p != "http").collect();
    let mut all = check::one_of(&delivery.protocol, &protocols);
    if let Some(pattern) = cx.params.pattern("endpoint_pattern").filter(|p| !p.as_str().is_empty()) {
        let fits = match says(&delivery.endpoint, |endpoint| pattern.is_match(endpoint)) {
            Err(_) if spelled::text(&delivery.endpoint).is_some_and(|text| pattern.is_match(&text)) => Ok(true),
            answer => answer,
        };
        all = all.and(verdict(fits, &delivery.endpoint, &format!("an endpoint that matches {pattern}")));
    }
    if delivery.is_pending() {
        all = all.and(check::fail(&delivery.endpoint, "a subscription that its endpoint has confirmed"));
    }
    match delivery.subscription {
        Some(subscription) => all.on(subscription.address.name()),
        None => all,
    }
}

/// Whether a place with a workload has a topic that an alarm calls.
fn exists(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if !cx.params.bool("required") {
        return None;
    }
    let called = |alarm: &Resource| {
        let list = alarm.get("AlarmActions");
        match list.items() {
            Items::Absent => Ok(false),
            Items::Unknown => list.why_unknown().map_or(Ok(false), Err),
            Items::Are(items) => any(items.iter().map(|item| match action(cx.estate, item) {
                Action::Topic(_) | Action::TopicElsewhere => Ok(true),
                Action::Unknown(why) => Err(why),
                Action::Other | Action::Gone | Action::Nothing => Ok(false),
            })),
        }
    };
    let alarms = [ALARM, COMPOSITE].map(|kind| cx.estate.of(r, kind));
    let found = alarms.iter().flat_map(|listing| listing.items.iter().map(|alarm| called(alarm)));
    let open = alarms.iter().filter_map(|listing| listing.incomplete.clone().map(Err));
    let answer = any(found.chain(open));
    if_applies(has_workload(r, cx), r, || verdict(answer, &around(r, TOPIC), "a topic that an alarm calls"))
}

fn filtered(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let topic = if &*r.kind == TOPIC { r } else { topic_of(r, cx)? };
    if !is_alert_topic(cx.estate, topic) {
        return None;
    }
    let (all, open) = deliveries(cx.estate, topic);
    if all.len() < 2 && !cx.params.bool("always") && open.is_none() {
        return None;
    }
    let judged = if &*r.kind == TOPIC {
        let inline: Vec<&Delivery<'_>> = all.iter().filter(|d| d.subscription.is_none()).collect();
        if inline.is_empty() {
            return None;
        }
        let expected = "a subscription of its own with a filter policy";
        Verdict::all(inline.iter().map(|d| check::fail(&d.protocol, expected)))
    } else {
        let scope = check::one_of(&r.get("FilterPolicyScope"), &["MessageBody"]);
        check::require(&r.get("FilterPolicy"), "a filter policy", |v| Some(is_filter(v))).and(scope)
    };
    // Whether there are several hangs on subscriptions that are not seen.
    Some(match open {
        Some(why) if all.len() < 2 && !cx.params.bool("always") && !judged.is_pass() => {
            verdict(Err(why), &r.get("FilterPolicy"), "a filter policy, if there are several subscriptions")
        }
        _ => judged,
    })
}

/// The topic of a subscription, if it is in the estate.
pub(super) fn topic_of<'a>(subscription: &Resource, cx: &Context<'a>) -> Option<&'a Resource> {
    match cx.estate.follow(&subscription.get("TopicArn"), &[TOPIC]) {
        Related::Found(topic) => Some(topic),
        Related::Missing | Related::Unknown(_) => None,
    }
}

/// Whether a filter policy filters: a mapping that is not empty, also as JSON.
fn is_filter(value: &Value) -> bool {
    if let Some(map) = value.as_map() {
        return !map.is_empty();
    }
    let json = value.as_str().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    json.as_ref().and_then(|json| json.as_object()).is_some_and(|map| !map.is_empty())
}
