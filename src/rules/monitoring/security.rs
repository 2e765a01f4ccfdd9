//! Security events: what the trail records, and who is told of it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Estate, Items, Read, Resource, Unknown, Value};
use crate::rules::answer::{any, both};
use crate::rules::readers::alarms::{ALARM, ByRegion, metrics, says};
use crate::rules::readers::security_events::{FILTER, Pattern, feeds, reads_trail, words_of};
use crate::rules::readers::topics::{Action, action, deliveries};
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::{around, has_any, if_applies, verdict};

rules! {
    /// ## Why
    /// CloudTrail writes down that somebody switched it off, signed in as root or opened a security group. Nobody reads logs at night: an
    /// alarm has to.
    ///
    /// For each class of events some metric filter on the log group of a trail has to hold the class's words (the event names of the
    /// CIS benchmark), an alarm has to watch its metric, and a confirmed subscriber has to hear of it; or an enabled EventBridge rule
    /// on the same events sends them to such a topic (`accept_eventbridge`). Places without a trail that writes to CloudWatch Logs are left
    /// out, unless a template is to be held to it (`require_in_template`). A log group in another account (an organization's trail)
    /// leaves it open.
    ///
    /// ## Fix
    /// ```yaml
    /// RootUsage:
    ///   Type: AWS::Logs::MetricFilter
    ///   Properties:
    ///     LogGroupName: !Ref TrailLogs
    ///     FilterPattern: '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
    ///     MetricTransformations:
    ///       - {MetricNamespace: CloudTrailMetrics, MetricName: RootUsage, MetricValue: "1"}
    /// RootUsageAlarm:
    ///   Type: AWS::CloudWatch::Alarm
    ///   Properties:
    ///     Namespace: CloudTrailMetrics
    ///     MetricName: RootUsage
    ///     Statistic: Sum
    ///     Period: 300
    ///     EvaluationPeriods: 1
    ///     Threshold: 1
    ///     ComparisonOperator: GreaterThanOrEqualToThreshold
    ///     AlarmActions:
    ///       - !Ref SecurityTopic
    /// ```
    "alarm-security-events" => {
        title: "Metric filters and alarms watch CloudTrail for the required security events.",
        category: MonitoringAlerting,
        severity: Medium,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::CloudTrail::Trail",
            "AWS::Logs::MetricFilter",
            "AWS::Logs::LogGroup",
            "AWS::CloudWatch::Alarm",
            "AWS::CloudWatch::CompositeAlarm",
            "AWS::SNS::Topic.Subscription",
            "AWS::SNS::Subscription",
            "AWS::Events::Rule.Targets",
        ],
        params: {
            event_classes: Preset::Texts(&[
                "root_usage",
                "unauthorized_api",
                "console_signin_no_mfa",
                "iam_policy_changes",
                "cloudtrail_changes",
                "security_group_changes",
            ]) => "required classes, also console_auth_failures, network_changes, s3_policy_changes, config_changes",
            accept_eventbridge: Preset::Bool(true) => "accept EventBridge rules instead of metric filters",
            require_in_template: Preset::Bool(false) => "demand it of templates without a trail too",
        },
        equivalents: [
            "security-hub/CloudWatch.1",
            "security-hub/CloudWatch.2",
            "security-hub/CloudWatch.3",
            "security-hub/CloudWatch.4",
            "security-hub/CloudWatch.5",
            "security-hub/CloudWatch.6",
            "security-hub/CloudWatch.8",
            "security-hub/CloudWatch.9",
            "security-hub/CloudWatch.10",
            "security-hub/CloudWatch.11",
            "prowler/cloudwatch_log_metric_filter_root_usage",
            "prowler/cloudwatch_log_metric_filter_unauthorized_api_calls",
            "prowler/cloudwatch_log_metric_filter_sign_in_without_mfa",
            "prowler/cloudwatch_log_metric_filter_authentication_failures",
            "prowler/cloudwatch_log_metric_filter_policy_changes",
            "prowler/cloudwatch_log_metric_filter_and_alarm_for_cloudtrail_configuration_changes_enabled",
            "prowler/cloudwatch_log_metric_filter_security_group_changes",
            "prowler/cloudwatch_changes_to_network_acls_alarm_configured",
            "prowler/cloudwatch_log_metric_filter_for_s3_bucket_policy_changes",
            "prowler/cloudwatch_log_metric_filter_and_alarm_for_aws_config_configuration_changes_enabled",
            "cis-5.0/4.1",
            "cis-5.0/4.2",
            "cis-5.0/4.3",
            "cis-5.0/4.4",
            "cis-5.0/4.5",
            "cis-5.0/4.6",
            "cis-5.0/4.8",
            "cis-5.0/4.9",
            "cis-5.0/4.10",
            "cis-5.0/4.11",
            "pci-3.2.1/7.2.1",
        ],
        check: security_events,
    }

    /// ## Why
    /// A deleted key takes everything with it that it has encrypted. AWS waits for 7 to 30 days, which only helps if somebody notices.
    ///
    /// Judged are places with customer managed keys. A metric filter on the trail with an alarm and a subscriber, or an EventBridge rule
    /// that leads to one, has to look for `DisableKey` and `ScheduleKeyDeletion`; and a trail must not leave the events of KMS out
    /// (`ExcludeManagementEventSources`), since then nobody sees them.
    ///
    /// ## Fix
    /// ```yaml
    /// KeyInDanger:
    ///   Type: AWS::Events::Rule
    ///   Properties:
    ///     EventPattern:
    ///       source: [aws.kms]
    ///       detail-type: [AWS API Call via CloudTrail]
    ///       detail:
    ///         eventName: [DisableKey, ScheduleKeyDeletion]
    ///     Targets:
    ///       - {Id: security, Arn: !Ref SecurityTopic}
    /// ```
    "alarm-kms-key-disable-or-deletion" => {
        title: "Disabling a customer managed key or scheduling its deletion raises an alarm.",
        category: MonitoringAlerting,
        severity: Medium,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::KMS::Key",
            "AWS::CloudTrail::Trail.EventSelectors",
            "AWS::Logs::MetricFilter",
            "AWS::Logs::LogGroup",
            "AWS::CloudWatch::Alarm",
            "AWS::CloudWatch::CompositeAlarm",
            "AWS::SNS::Topic.Subscription",
            "AWS::SNS::Subscription",
            "AWS::Events::Rule.Targets",
        ],
        params: {
            require_in_template: Preset::Bool(false) => "let a template fail that says nothing of it, in a scan too",
        },
        equivalents: [
            "security-hub/CloudWatch.7",
            "prowler/cloudwatch_log_metric_filter_disable_or_scheduled_deletion_of_kms_cmk",
            "cis-5.0/4.7",
        ],
        check: key_loss,
    }
}

const TRAIL: &str = "AWS::CloudTrail::Trail";
const RULE: &str = "AWS::Events::Rule";

fn security_events(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let trails = cx.estate.of(r, TRAIL);
    let delivers = |trail: &&Resource| !trail.get("CloudWatchLogsLogGroupArn").is_absent();
    let held = !r.is_live() && cx.params.bool("require_in_template");
    let applies = match trails.incomplete {
        _ if held || trails.items.iter().any(delivers) => Ok(true),
        Some(why) => Err(why),
        None => Ok(false),
    };
    if_applies(applies, r, || judge_classes(r, cx))
}

fn judge_classes(r: &Resource, cx: &Context<'_>) -> Verdict {
    let watchers = Watchers::of(r, cx, cx.params.bool("accept_eventbridge"));
    Verdict::all(cx.params.texts("event_classes").iter().map(|class| {
        let expected = format!("a metric filter for {class}, an alarm on it and a subscriber");
        let seen = match words_of(class) {
            Some(words) => watchers.see(words),
            None => Err(Unknown::Unsupported(format!("the class of events {class}").into())),
        };
        verdict(seen, &around(r, class), &expected)
    }))
}

fn key_loss(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if_applies(has_any(r, cx, &["AWS::KMS::Key"]), r, || judge_keys(r, cx))
}

fn judge_keys(r: &Resource, cx: &Context<'_>) -> Verdict {
    let watchers = Watchers::of(r, cx, true);
    let words = words_of("kms_key_loss").unwrap_or_default();
    let expected = "an alarm with a subscriber on DisableKey and ScheduleKeyDeletion";
    let alarm = verdict(watchers.see(words), &around(r, "kms_key_loss"), expected);
    // One trail that records them is enough.
    let trails = cx.estate.of(r, TRAIL);
    if trails.items.is_empty() {
        return alarm;
    }
    let recorded = Verdict::any(trails.items.iter().map(|trail| records_kms(trail)), || Verdict::Pass);
    alarm.and(recorded)
}

/// Whether a trail records what is done to keys: no selector leaves the events of KMS out.
fn records_kms(trail: &Resource) -> Verdict {
    check::each(&trail.get("EventSelectors"), "the events of KMS", |selector| {
        let excluded = selector.get("ExcludeManagementEventSources");
        check::each(&excluded, "the events of KMS", |source| {
            check::require(source, "not kms.amazonaws.com", |v| v.as_str().map(|s| s != "kms.amazonaws.com"))
        })
    })
    .on(trail.address.name())
}

/// Everything in a place that looks for events and tells somebody.
struct Watchers {
    /// What each looks for, and whether it is on a trail and somebody hears of it.
    all: Vec<(Result<Pattern, Unknown>, Result<bool, Unknown>)>,
    /// Why there may be more.
    open: Option<Unknown>,
}

impl Watchers {
    fn of(place: &Resource, cx: &Context<'_>, events: bool) -> Self {
        let (filters, rules) = (cx.estate.of(place, FILTER), cx.estate.of(place, RULE));
        let mut all: Vec<_> = filters
            .items
            .iter()
            .map(|filter| {
                let heard = both(on_a_trail(filter, cx.estate), || has_heard_alarm(filter, cx.estate));
                (Pattern::of(&filter.get("FilterPattern")), heard)
            })
            .collect();
        let mut open = filters.incomplete.or_else(|| watched_elsewhere(place, cx.estate));
        if events {
            all.extend(
                rules
                    .items
                    .iter()
                    .filter(|rule| !rule.get("EventPattern").is_absent())
                    .map(|rule| (Pattern::of(&rule.get("EventPattern")), tells(rule, cx.estate))),
            );
            open = open.or(rules.incomplete);
        }
        Self { all, open }
    }

    /// Whether one of them looks for these words.
    fn see(&self, words: &[&str]) -> Result<bool, Unknown> {
        let one = self.all.iter().map(|(pattern, heard)| {
            let holds = pattern.as_ref().map(|pattern| pattern.holds(words)).map_err(Clone::clone);
            both(holds, || heard.clone())
        });
        any(one.chain(self.open.clone().map(Err)))
    }
}

/// A trail that writes to the log group of another account is watched there, if at all.
fn watched_elsewhere(place: &Resource, estate: &Estate) -> Option<Unknown> {
    let home = &place.address.account;
    let foreign = |trail: &Resource| {
        let arn = trail.get("CloudWatchLogsLogGroupArn");
        !home.is_empty() && arn.as_str().and_then(|arn| arn.split(':').nth(4)).is_some_and(|account| *account != **home)
    };
    let outside = estate.of(place, TRAIL).items.into_iter().any(foreign);
    outside.then(|| Unknown::Outside("the log group of the trail".into()))
}

/// Whether a metric filter reads the log group of some trail.
fn on_a_trail(filter: &Resource, estate: &Estate) -> Result<bool, Unknown> {
    let trails = estate.of(filter, TRAIL);
    let none = || trails.items.is_empty().then(|| Err(Unknown::Outside("the trail".into())));
    any(trails.items.iter().map(|trail| reads_trail(estate, filter, trail)).chain(none()))
}

/// Whether an alarm watches the metric of a filter and somebody hears of it.
fn has_heard_alarm(filter: &Resource, estate: &Estate) -> Result<bool, Unknown> {
    let alarms = may_be_fed(filter, estate);
    let one = alarms.iter().map(|alarm| {
        let watches = any(metrics(alarm).items.iter().map(|metric| feeds(filter, metric)));
        both(watches, || heard(&alarm.get("AlarmActions"), estate))
    });
    any(one.chain(estate.why_unlisted(ALARM, &filter.address).map(Err)))
}

/// The places of the alarms of a region by the name of a metric that they look at; `None` where that is no known text.
struct ByMetric(ByRegion<HashMap<Option<Arc<str>>, Vec<usize>>>);

impl ByMetric {
    fn of(estate: &Estate) -> Self {
        let mut all = ByRegion::<HashMap<_, Vec<usize>>>::default();
        for alarm in estate.of_type(ALARM) {
            let names = metrics(alarm).items.into_iter().map(|metric| metric.name.value().and_then(Value::text));
            for name in names {
                all.at(&alarm.address).entry(name).or_default().extend(estate.place_of(alarm));
            }
        }
        Self(all)
    }
}

/// The alarms on metrics of the name of a filter's, in order; all alarms if that is not known.
fn may_be_fed<'a>(filter: &Resource, estate: &'a Estate) -> Vec<&'a Resource> {
    let Items::Are(items) = filter.get("MetricTransformations").items() else {
        return estate.of(filter, ALARM).items;
    };
    let known = items.iter().map(|to| to.get("MetricName").value().and_then(Value::text));
    let Some(names) = known.collect::<Option<Vec<_>>>() else { return estate.of(filter, ALARM).items };
    let names: Vec<Option<Arc<str>>> = names.into_iter().map(Some).chain([None]).collect();
    let alarms = estate.digest(ByMetric::of);
    let near = alarms.0.near(&filter.address);
    let mut places: Vec<usize> =
        near.flat_map(|by| names.iter().filter_map(|n| by.get(n)).flatten()).copied().collect();
    places.sort_unstable();
    places.dedup();
    places.into_iter().filter_map(|place| estate.at_place(place)).collect()
}

/// Whether one of some actions leads to a topic that somebody has subscribed to.
fn heard(actions: &Read<'_>, estate: &Estate) -> Result<bool, Unknown> {
    match actions.items() {
        Items::Absent => Ok(false),
        Items::Unknown => actions.why_unknown().map_or(Ok(false), Err),
        Items::Are(items) => any(items.iter().map(|item| match action(estate, item) {
            Action::Topic(topic) => has_subscriber(topic, estate),
            Action::TopicElsewhere => Err(Unknown::Outside("the topic".into())),
            Action::Unknown(why) => Err(why),
            Action::Other | Action::Gone | Action::Nothing => Ok(false),
        })),
    }
}

fn has_subscriber(topic: &Resource, estate: &Estate) -> Result<bool, Unknown> {
    let (all, open) = deliveries(estate, topic);
    if all.iter().any(|delivery| !delivery.is_pending()) {
        return Ok(true);
    }
    open.map_or(Ok(false), Err)
}

/// Whether a rule of `EventBridge` is on and sends what it sees to a topic with a subscriber.
fn tells(rule: &Resource, estate: &Estate) -> Result<bool, Unknown> {
    let on = says(&rule.get("State"), |state| state.eq_ignore_ascii_case("DISABLED")).map(|off| !off);
    let targets = rule.get("Targets");
    both(on, || match targets.items() {
        Items::Absent => Ok(false),
        Items::Unknown => targets.why_unknown().map_or(Ok(false), Err),
        Items::Are(items) => any(items.iter().map(|target| heard(&target.get("Arn"), estate))),
    })
}
