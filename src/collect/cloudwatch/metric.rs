//! Alarms on metrics.

use aws_sdk_cloudwatch::types::{
    AlarmPromQlCriteria, ComparisonOperator, EvaluationCriteria, EvaluationWindow, MetricAlarm, StandardUnit,
    StateValue, Statistic, WarmUpConfiguration,
};

use super::queries::{dimensions, queries};
use super::{LIST, SPEC, TAGS, action_configuration};
use crate::collect::shape::{flag, list, map, number, text, time};
use crate::collect::{Cx, TypeSpec};
use crate::model::{Kind, Map, Resource};

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::CloudWatch::Alarm",
    asked: &[("Tags", TAGS), ("", LIST)],
    reads: &[
        "ActionConfiguration",
        "ActionsEnabled",
        "AlarmActions",
        "AlarmDescription",
        "AlarmName",
        "ComparisonOperator",
        "DatapointsToAlarm",
        "Dimensions",
        "EvaluateLowSampleCountPercentile",
        "EvaluationCriteria",
        "EvaluationInterval",
        "EvaluationPeriods",
        "EvaluationWindow",
        "ExtendedStatistic",
        "InsufficientDataActions",
        "MetricName",
        "Metrics",
        "Namespace",
        "OKActions",
        "Period",
        "Statistic",
        "Tags",
        "Threshold",
        "ThresholdMetricId",
        "TreatMissingData",
        "Unit",
        "WarmUpConfiguration",
    ],
    on_demand: &["Tags"],
    calls: 1,
};

/// An alarm without its tags.
pub(super) fn resource(cx: &Cx, alarm: &MetricAlarm) -> Resource {
    let mut r =
        cx.resource(&SPEC, TYPE.name, alarm.alarm_name().unwrap_or_default(), alarm.alarm_arn().unwrap_or_default());
    for (name, value) in alarm_itself(alarm).into_iter().chain(metric(alarm)).chain(evaluation(alarm)) {
        r.set(name, value);
    }
    r.set_attribute("Arn", text(alarm.alarm_arn()));
    r.set_attribute("StateValue", text(alarm.state_value().map(StateValue::as_str)));
    r.set_attribute("StateUpdatedTimestamp", time(alarm.state_updated_timestamp()));
    r
}

type Properties = Vec<(&'static str, Kind)>;

fn alarm_itself(alarm: &MetricAlarm) -> Properties {
    vec![
        ("AlarmName", text(alarm.alarm_name())),
        ("AlarmDescription", text(alarm.alarm_description())),
        ("ActionsEnabled", flag(alarm.actions_enabled())),
        ("OKActions", list(alarm.ok_actions().iter().map(|arn| text(Some(arn))))),
        ("AlarmActions", list(alarm.alarm_actions().iter().map(|arn| text(Some(arn))))),
        ("InsufficientDataActions", list(alarm.insufficient_data_actions().iter().map(|arn| text(Some(arn))))),
        ("ActionConfiguration", action_configuration(alarm.action_configuration())),
    ]
}

fn metric(alarm: &MetricAlarm) -> Properties {
    vec![
        ("Namespace", text(alarm.namespace())),
        ("MetricName", text(alarm.metric_name())),
        ("Dimensions", dimensions(alarm.dimensions())),
        ("Statistic", text(alarm.statistic().map(Statistic::as_str))),
        ("ExtendedStatistic", text(alarm.extended_statistic())),
        ("Period", number(alarm.period())),
        ("Unit", text(alarm.unit().map(StandardUnit::as_str))),
        ("Metrics", queries(alarm.metrics())),
        ("EvaluationCriteria", criteria(alarm.evaluation_criteria())),
    ]
}

fn evaluation(alarm: &MetricAlarm) -> Properties {
    vec![
        ("ComparisonOperator", text(alarm.comparison_operator().map(ComparisonOperator::as_str))),
        ("Threshold", alarm.threshold().map_or(Kind::Null, decimal)),
        ("ThresholdMetricId", text(alarm.threshold_metric_id())),
        ("EvaluationPeriods", number(alarm.evaluation_periods())),
        ("DatapointsToAlarm", number(alarm.datapoints_to_alarm())),
        ("EvaluationInterval", number(alarm.evaluation_interval())),
        ("EvaluationWindow", window(alarm.evaluation_window())),
        ("TreatMissingData", text(alarm.treat_missing_data())),
        ("EvaluateLowSampleCountPercentile", text(alarm.evaluate_low_sample_count_percentile())),
        ("WarmUpConfiguration", alarm.warm_up_configuration().map_or(Kind::Null, warm_up)),
    ]
}

/// A number that the service always writes with decimals; a whole one reads as a template would write it.
fn decimal(value: f64) -> Kind {
    format!("{value}").parse().map_or(Kind::Float(value), Kind::Int)
}

fn criteria(criteria: Option<&EvaluationCriteria>) -> Kind {
    let prometheus = |criteria: &AlarmPromQlCriteria| {
        map([
            ("Query", text(criteria.query())),
            ("PendingPeriod", number(criteria.pending_period())),
            ("RecoveryPeriod", number(criteria.recovery_period())),
        ])
    };
    match criteria {
        Some(EvaluationCriteria::PromQlCriteria(criteria)) => map([("PromQLCriteria", prometheus(criteria))]),
        _ => Kind::Null,
    }
}

/// A sliding window has no settings of its own, so its mapping is empty and yet says something.
fn window(window: Option<&EvaluationWindow>) -> Kind {
    match window {
        Some(EvaluationWindow::SlidingWindow(_)) => map([("SlidingWindow", Kind::Map(Map::new()))]),
        Some(EvaluationWindow::WallClockWindow(window)) => {
            map([("WallClockWindow", map([("Timezone", text(window.timezone()))]))])
        }
        _ => Kind::Null,
    }
}

fn warm_up(warm_up: &WarmUpConfiguration) -> Kind {
    map([
        ("WarmUpPeriodDurationInMinutes", number(warm_up.warm_up_period_duration_in_minutes())),
        ("OnlyStartEvaluatingAfterWarmUpPeriodEnds", flag(warm_up.only_start_evaluating_after_warm_up_period_ends())),
    ])
}
