//! Who hears of deployments: event rules and topics.

use crate::model::{Items, Read, Related, Resource, Unknown};
use crate::rules::readers::codedeploy::GROUP;
use crate::rules::readers::event_pattern::Pattern;
use crate::rules::readers::evidence::{holds, missing, once};
use crate::rules::readers::policy::names;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

use super::automation::Automation;

rules! {
    /// ## Why
    /// A deployment that fails unseen is found by customers. AWS announces every change of state; a rule turns the announcement into
    /// something that somebody, or something, acts on.
    ///
    /// Judged are places with CodeDeploy, CodePipeline or a state machine that deploys. There is a rule on the default event bus that is
    /// enabled, waits for the events of one of them, and has a target. Pipelines are read from templates only.
    ///
    /// ## Fix
    /// ```yaml
    /// DeploymentEvents:
    ///   Type: AWS::Events::Rule
    ///   Properties:
    ///     EventPattern:
    ///       source: [aws.codedeploy]
    ///       detail-type: [CodeDeploy Deployment State-change Notification]
    ///     Targets: [{Id: topic, Arn: !Ref DeploymentTopic}]
    /// ```
    "deployment-state-event-rule" => {
        title: "EventBridge rules track deployment state changes.",
        category: Deployment,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::CodeDeploy::DeploymentGroup",
            "AWS::CodePipeline::Pipeline",
            "AWS::Events::Rule.Targets",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::Role",
            "AWS::IAM::RolePolicy",
            "AWS::Lambda::Function",
            "AWS::StepFunctions::StateMachine",
        ],
        params: {
            sources: Preset::Texts(&["aws.codedeploy", "aws.codepipeline", "aws.states"]) => "sources of events that are accepted",
        },
        equivalents: [],
        check: event_rule,
    }

    /// ## Why
    /// People hear of a deployment from a topic that they subscribe to, or from the next incident.
    ///
    /// A deployment group has triggers for all of `events` that lead to a topic with a subscription; or an event rule leads the events
    /// of CodeDeploy (of CodePipeline for a pipeline) to such a topic; or a notification rule does. A topic that nobody has subscribed to
    /// does not count. Pipelines and notification rules are read from templates only.
    ///
    /// ## Fix
    /// ```yaml
    /// TriggerConfigurations:
    ///   - TriggerName: status
    ///     TriggerTargetArn: !Ref DeploymentTopic
    ///     TriggerEvents: [DeploymentSuccess, DeploymentFailure, DeploymentRollback]
    /// ```
    "deployment-notification-topic" => {
        title: "Deployment status is published to an SNS topic.",
        category: Deployment,
        severity: Low,
        scope: Estate,
        types: ["AWS::CodeDeploy::DeploymentGroup", "AWS::CodePipeline::Pipeline"],
        reads: [
            "AWS::CodeStarNotifications::NotificationRule",
            "AWS::Events::Rule.Targets",
            "AWS::SNS::Subscription",
            "AWS::SNS::Topic",
        ],
        params: {
            events: Preset::Texts(&["DeploymentSuccess", "DeploymentFailure", "DeploymentRollback"])
                => "events of a deployment that must be told",
        },
        equivalents: [],
        check: |r, cx| Some(notified(r, cx)),
    }
}

const RULE: &str = "AWS::Events::Rule";
const TOPIC: &str = "AWS::SNS::Topic";

/// What the events of a source are called, one name of which must get through.
fn detail_types(source: &str) -> &'static [&'static str] {
    match source {
        "aws.codedeploy" => &["CodeDeploy Deployment State-change Notification"],
        "aws.codepipeline" => &[
            "CodePipeline Pipeline Execution State Change",
            "CodePipeline Stage Execution State Change",
            "CodePipeline Action Execution State Change",
        ],
        "aws.states" => &["Step Functions Execution Status Change"],
        _ => &[],
    }
}

fn event_rule(place: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let subject = missing(place, RULE);
    let automation = Automation::around(place, cx);
    let accepted = cx.params.texts("sources");
    automation.judged(&subject, || {
        let sources: Vec<&str> =
            automation.sources.iter().copied().filter(|source| accepted.iter().any(|a| a == source)).collect();
        let expected = format!("a rule for the events of {}", sources.join(" or "));
        let verdict = check::some(&cx.estate.of(place, RULE), &subject, &expected, |rule| {
            let tracks = sources.iter().map(|source| tracks(rule, source, &[]));
            let tracks = Verdict::any(tracks, || check::fail(&rule.get("EventPattern"), &expected));
            tracks.and(holds(&rule.get("Targets"), "a target")).on(rule.address.name())
        });
        // Every other rule of the region waits for something else; only those that come close are worth telling.
        match verdict {
            Verdict::Fail(list) => {
                let mut near: Vec<Evidence> = list.into_iter().filter(|e| !e.path.contains("EventPattern")).collect();
                near.extend(Some(Evidence::of(&subject, &expected)).filter(|_| near.is_empty()));
                Verdict::Fail(near)
            }
            other => other,
        }
    })
}

/// Whether a rule is enabled and waits for the events of a source, in each of these states.
fn tracks(rule: &Resource, source: &str, states: &[&str]) -> Verdict {
    let read = rule.get("EventPattern");
    let expected = format!("the events of {source}");
    let pattern = Pattern::of(&read);
    let answer = || -> Result<bool, Unknown> {
        if read.value().is_some() && !pattern.has("source") && !pattern.has("detail-type") {
            return Ok(false);
        }
        let typed = detail_types(source).iter().map(|name| pattern.accepts("detail-type", name));
        let typed: Vec<_> = typed.collect();
        let typed = if typed.contains(&Ok(true)) { Ok(true) } else { typed.into_iter().next().unwrap_or(Ok(false)) };
        let mut all = vec![pattern.accepts("source", source), typed];
        all.extend(states.iter().map(|state| pattern.accepts("detail.state", state)));
        if all.contains(&Ok(false)) { Ok(false) } else { all.into_iter().collect::<Result<Vec<_>, _>>().map(|_| true) }
    };
    let waits = match (read.is_absent(), answer()) {
        (true, _) | (false, Ok(false)) => check::fail(&read, &expected),
        (false, Ok(true)) => Verdict::Pass,
        (false, Err(why)) => Verdict::unknown(Evidence::unknown(&read, &expected, &why)),
    };
    if matches!(waits, Verdict::Fail(_)) {
        return waits;
    }
    let enabled = check::allow_absent(&rule.get("State"), "ENABLED", |v| Some(v.as_str()?.starts_with("ENABLED")));
    // AWS sends its own events to the default bus.
    let bus = check::allow_absent(&rule.get("EventBusName"), "the default event bus", |v| {
        let name = v.as_str()?;
        Some(name == "default" || name.ends_with("/default"))
    });
    waits.and(enabled).and(bus)
}

fn notified(r: &Resource, cx: &Context<'_>) -> Verdict {
    let triggers = r.get("TriggerConfigurations");
    let by_trigger = if &*r.kind == GROUP {
        Verdict::all(cx.params.texts("events").iter().map(|event| triggered(&triggers, event, cx)))
    } else {
        check::fail(&missing(r, RULE), "an event rule or notification rule with a topic")
    };
    by_trigger.or(|| by_event_rule(r, &triggers, cx)).or(|| by_notification_rule(r, &triggers, cx))
}

/// Whether one of the triggers tells a topic of an event.
fn triggered(triggers: &Read<'_>, event: &str, cx: &Context<'_>) -> Verdict {
    let expected = format!("a trigger for {event} with a topic");
    let Items::Are(list) = triggers.items() else { return holds(triggers, &expected) };
    let each = list.iter().map(|trigger| {
        let events = trigger.get("TriggerEvents");
        match names(&events, |name| name == event) {
            Ok(true) => reaches(&trigger.get("TriggerTargetArn"), cx),
            Ok(false) => check::fail(&events, &expected),
            Err(why) => Verdict::unknown(Evidence::unknown(&events, &expected, &why)),
        }
    });
    Verdict::any(each, || check::fail(triggers, &expected))
}

/// The states of a deployment that stand for the events of a trigger; a rollback is a deployment of its own.
fn states(events: &[String]) -> Vec<&'static str> {
    let state = |event: &String| match event.as_str() {
        "DeploymentSuccess" => Some("SUCCESS"),
        "DeploymentFailure" => Some("FAILURE"),
        "DeploymentStop" => Some("STOP"),
        "DeploymentStart" => Some("START"),
        "DeploymentReady" => Some("READY"),
        _ => None,
    };
    events.iter().filter_map(state).collect()
}

fn by_event_rule(r: &Resource, triggers: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let states = states(cx.params.texts("events"));
    let (source, states) = if &*r.kind == GROUP { ("aws.codedeploy", &*states) } else { ("aws.codepipeline", &[][..]) };
    let expected = format!("a rule that leads the events of {source} to a topic");
    let found = check::some(&cx.estate.of(r, RULE), triggers, &expected, |rule| {
        let tracks = tracks(rule, source, states);
        if matches!(tracks, Verdict::Fail(_)) {
            return check::fail(triggers, &expected);
        }
        let targets = rule.get("Targets");
        let Items::Are(list) = targets.items() else {
            return tracks.and(holds(&targets, &expected)).on(rule.address.name());
        };
        let reached = list.iter().map(|target| reaches(&target.get("Arn"), cx));
        tracks.and(Verdict::any(reached, || check::fail(&targets, &expected))).on(rule.address.name())
    });
    once(found)
}

fn by_notification_rule(r: &Resource, triggers: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let prefix = if &*r.kind == GROUP { "codedeploy-application-" } else { "codepipeline-pipeline-" };
    let expected = "a notification rule with a topic";
    let kind = "AWS::CodeStarNotifications::NotificationRule";
    let mut listing = cx.estate.of(r, kind);
    // Nothing collects them; that is no reason to expect one.
    listing.incomplete = listing.incomplete.filter(|why| *why != Unknown::NotCollected);
    let found = check::some(&listing, triggers, expected, |rule| {
        let events = rule.get("EventTypeIds");
        let about = match names(&events, |name| name.starts_with(prefix)) {
            Ok(true) => Verdict::Pass,
            Ok(false) => check::fail(triggers, expected),
            Err(why) => Verdict::unknown(Evidence::unknown(&events, expected, &why)),
        };
        let status = check::allow_absent(&rule.get("Status"), "ENABLED", |v| Some(v.as_str()? == "ENABLED"));
        let targets = rule.get("Targets");
        let Items::Are(list) = targets.items() else { return about.and(holds(&targets, expected)) };
        let reached = list.iter().map(|target| reaches(&target.get("TargetAddress"), cx));
        about.and(status).and(Verdict::any(reached, || check::fail(&targets, expected)))
    });
    once(found)
}

/// Whether what is named is a topic that somebody has subscribed to.
fn reaches(arn: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let expected = "a topic with a subscription";
    if arn.as_str().is_some_and(|arn| arn.starts_with("arn:") && arn.split(':').nth(2) != Some("sns")) {
        // Fixtures and emulators may give any ARN to a topic.
        if !matches!(cx.estate.follow(arn, &[TOPIC]), Related::Found(_)) {
            return check::fail(arn, expected);
        }
    }
    check::related(cx.estate, arn, &[TOPIC], expected, |topic| {
        let own = topic.get("Subscription");
        if matches!(own.items(), Items::Are(list) if !list.is_empty()) {
            return Verdict::Pass;
        }
        let subscriptions = cx.estate.referrers(topic, "AWS::SNS::Subscription", "TopicArn");
        let none = if topic.is_live() { missing(topic, "Subscription") } else { own };
        check::some(&subscriptions, &none, expected, |_| Verdict::Pass)
    })
}
