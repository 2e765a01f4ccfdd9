//! Scaling by forecast.

use aws_sdk_autoscaling::types::{
    PredefinedLoadMetricType, PredefinedMetricPairType, PredefinedScalingMetricType, PredictiveScalingConfiguration,
    PredictiveScalingMaxCapacityBreachBehavior, PredictiveScalingMetricSpecification, PredictiveScalingMode,
};

use super::metrics::{decimal, predefined, queries};
use crate::collect::shape::{list, map, number, text};
use crate::model::Kind;

/// The forecast that a group follows.
pub(super) fn predictive(configuration: &PredictiveScalingConfiguration) -> Kind {
    let breach = configuration.max_capacity_breach_behavior().map(PredictiveScalingMaxCapacityBreachBehavior::as_str);
    map([
        ("Mode", text(configuration.mode().map(PredictiveScalingMode::as_str))),
        ("SchedulingBufferTime", number(configuration.scheduling_buffer_time())),
        ("MaxCapacityBreachBehavior", text(breach)),
        ("MaxCapacityBuffer", number(configuration.max_capacity_buffer())),
        ("MetricSpecifications", list(configuration.metric_specifications().iter().map(specification))),
    ])
}

/// A metric for the load and one for the capacity; the service takes one specification only.
fn specification(metrics: &PredictiveScalingMetricSpecification) -> Kind {
    let pair = metrics.predefined_metric_pair_specification().map_or(Kind::Null, |metric| {
        predefined(metric.predefined_metric_type().map(PredefinedMetricPairType::as_str), metric.resource_label())
    });
    let scaling = metrics.predefined_scaling_metric_specification().map_or(Kind::Null, |metric| {
        predefined(metric.predefined_metric_type().map(PredefinedScalingMetricType::as_str), metric.resource_label())
    });
    let load = metrics.predefined_load_metric_specification().map_or(Kind::Null, |metric| {
        predefined(metric.predefined_metric_type().map(PredefinedLoadMetricType::as_str), metric.resource_label())
    });
    let own_scaling = metrics.customized_scaling_metric_specification();
    let own_load = metrics.customized_load_metric_specification();
    let own_capacity = metrics.customized_capacity_metric_specification();
    map([
        ("TargetValue", decimal(metrics.target_value())),
        ("PredefinedMetricPairSpecification", pair),
        ("PredefinedScalingMetricSpecification", scaling),
        ("PredefinedLoadMetricSpecification", load),
        ("CustomizedScalingMetricSpecification", own_scaling.map_or(Kind::Null, |m| queries(m.metric_data_queries()))),
        ("CustomizedLoadMetricSpecification", own_load.map_or(Kind::Null, |m| queries(m.metric_data_queries()))),
        (
            "CustomizedCapacityMetricSpecification",
            own_capacity.map_or(Kind::Null, |m| queries(m.metric_data_queries())),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Value, to_json};
    use aws_sdk_autoscaling::types::{
        Metric, MetricDataQuery, MetricStat, PredictiveScalingCustomizedLoadMetric,
        PredictiveScalingPredefinedMetricPair, PredictiveScalingPredefinedScalingMetric,
    };
    use serde_json::json;

    #[test]
    fn a_forecast_is_read_with_its_metrics() {
        let pair = PredictiveScalingPredefinedMetricPair::builder()
            .predefined_metric_type(PredefinedMetricPairType::AlbRequestCount)
            .resource_label("app/web/1/targetgroup/web/2")
            .build();
        let scaling = PredictiveScalingPredefinedScalingMetric::builder()
            .predefined_metric_type(PredefinedScalingMetricType::AsgAverageCpuUtilization)
            .build();
        let stat = MetricStat::builder().metric(Metric::builder().metric_name("M").build()).stat("Sum").unit("Count");
        let query = MetricDataQuery::builder().id("load").metric_stat(stat.build()).return_data(true).build();
        let metrics = PredictiveScalingMetricSpecification::builder()
            .target_value(40.0)
            .predefined_metric_pair_specification(pair)
            .predefined_scaling_metric_specification(scaling)
            .customized_load_metric_specification(
                PredictiveScalingCustomizedLoadMetric::builder().metric_data_queries(query).build(),
            )
            .build();
        let answer = PredictiveScalingConfiguration::builder()
            .mode(PredictiveScalingMode::ForecastAndScale)
            .max_capacity_breach_behavior(PredictiveScalingMaxCapacityBreachBehavior::IncreaseMaxCapacity)
            .max_capacity_buffer(10)
            .metric_specifications(metrics)
            .build();
        let expected = json!({
            "Mode": "ForecastAndScale", "MaxCapacityBreachBehavior": "IncreaseMaxCapacity", "MaxCapacityBuffer": 10,
            "MetricSpecifications": [{
                "TargetValue": 40.0,
                "PredefinedMetricPairSpecification": {
                    "PredefinedMetricType": "ALBRequestCount", "ResourceLabel": "app/web/1/targetgroup/web/2"},
                "PredefinedScalingMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
                "CustomizedLoadMetricSpecification": {"MetricDataQueries": [{"Id": "load", "ReturnData": true,
                    "MetricStat": {"Metric": {"MetricName": "M"}, "Stat": "Sum", "Unit": "Count"}}]},
            }],
        });
        assert_eq!(to_json(&Value::live(predictive(&answer))), expected);
    }
}
