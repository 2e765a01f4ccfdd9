//! Metrics that scaling policies look at.

use aws_sdk_autoscaling::types::{
    Metric, MetricDataQuery, MetricDimension, MetricStatistic, MetricType, TargetTrackingConfiguration,
    TargetTrackingMetricDataQuery,
};

use crate::collect::order;
use crate::collect::shape::{flag, list, map, number, text};
use crate::model::Kind;

/// A metric that a group is held to.
pub(super) fn tracking(tracking: &TargetTrackingConfiguration) -> Kind {
    let predefined = tracking.predefined_metric_specification().map_or(Kind::Null, |metric| {
        predefined(metric.predefined_metric_type().map(MetricType::as_str), metric.resource_label())
    });
    let customized = tracking.customized_metric_specification().map_or(Kind::Null, |metric| {
        let queries = order::by(metric.metrics(), |query| query.id.clone());
        map([
            ("Namespace", text(metric.namespace())),
            ("MetricName", text(metric.metric_name())),
            ("Dimensions", dimensions(metric.dimensions())),
            ("Statistic", text(metric.statistic().map(MetricStatistic::as_str))),
            ("Unit", text(metric.unit())),
            ("Period", number(metric.period())),
            ("Metrics", list(queries.into_iter().map(tracking_query))),
        ])
    });
    map([
        ("PredefinedMetricSpecification", predefined),
        ("CustomizedMetricSpecification", customized),
        ("TargetValue", decimal(tracking.target_value())),
        ("DisableScaleIn", flag(tracking.disable_scale_in())),
    ])
}

/// A metric that the service itself knows.
pub(super) fn predefined(kind: Option<&str>, label: Option<&str>) -> Kind {
    map([("PredefinedMetricType", text(kind)), ("ResourceLabel", text(label))])
}

/// Queries of metrics, and the one of them that is returned.
pub(super) fn queries(queries: &[MetricDataQuery]) -> Kind {
    let queries = order::by(queries, |query| query.id.clone());
    map([("MetricDataQueries", list(queries.into_iter().map(query)))])
}

/// A number that need not be whole.
pub(super) fn decimal(value: Option<f64>) -> Kind {
    value.map_or(Kind::Null, Kind::Float)
}

fn query(query: &MetricDataQuery) -> Kind {
    let stat = query.metric_stat().map_or(Kind::Null, |stat| {
        map([
            ("Metric", stat.metric().map_or(Kind::Null, metric)),
            ("Stat", text(stat.stat())),
            ("Unit", text(stat.unit())),
        ])
    });
    map([
        ("Id", text(query.id())),
        ("Expression", text(query.expression())),
        ("Label", text(query.label())),
        ("MetricStat", stat),
        ("ReturnData", flag(query.return_data())),
    ])
}

fn tracking_query(query: &TargetTrackingMetricDataQuery) -> Kind {
    let stat = query.metric_stat().map_or(Kind::Null, |stat| {
        map([
            ("Metric", stat.metric().map_or(Kind::Null, metric)),
            ("Stat", text(stat.stat())),
            ("Unit", text(stat.unit())),
            ("Period", number(stat.period())),
        ])
    });
    map([
        ("Id", text(query.id())),
        ("Expression", text(query.expression())),
        ("Label", text(query.label())),
        ("MetricStat", stat),
        ("Period", number(query.period())),
        ("ReturnData", flag(query.return_data())),
    ])
}

fn metric(metric: &Metric) -> Kind {
    map([
        ("Namespace", text(metric.namespace())),
        ("MetricName", text(metric.metric_name())),
        ("Dimensions", dimensions(metric.dimensions())),
    ])
}

fn dimensions(dimensions: &[MetricDimension]) -> Kind {
    let dimensions = order::by(dimensions, |dimension| dimension.name.clone());
    list(
        dimensions
            .into_iter()
            .map(|dimension| map([("Name", text(dimension.name())), ("Value", text(dimension.value()))])),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Value, to_json};
    use aws_sdk_autoscaling::types::{CustomizedMetricSpecification, TargetTrackingMetricStat};
    use serde_json::json;

    #[test]
    fn a_metric_of_ones_own_is_read_with_its_dimensions_and_queries_by_name() {
        let dimension = |name: &str| MetricDimension::builder().name(name).value("v").build();
        let stat = TargetTrackingMetricStat::builder()
            .metric(Metric::builder().namespace("N").metric_name("M").dimensions(dimension("Queue")).build())
            .stat("Average")
            .period(10)
            .build();
        let query = |id: &str| TargetTrackingMetricDataQuery::builder().id(id);
        let metric = CustomizedMetricSpecification::builder()
            .dimensions(dimension("b"))
            .dimensions(dimension("a"))
            .statistic(MetricStatistic::Sum)
            .period(60)
            .metrics(query("e").expression("m / 2").return_data(true).build())
            .metrics(query("a").metric_stat(stat).return_data(false).build())
            .build();
        let answer = TargetTrackingConfiguration::builder()
            .customized_metric_specification(metric)
            .target_value(7.5)
            .disable_scale_in(true)
            .build();
        let expected = json!({
            "CustomizedMetricSpecification": {
                "Dimensions": [{"Name": "a", "Value": "v"}, {"Name": "b", "Value": "v"}],
                "Statistic": "Sum", "Period": 60,
                "Metrics": [
                    {"Id": "a", "ReturnData": false, "MetricStat": {"Stat": "Average", "Period": 10, "Metric": {
                        "Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "Queue", "Value": "v"}]}}},
                    {"Id": "e", "Expression": "m / 2", "ReturnData": true},
                ],
            },
            "TargetValue": 7.5, "DisableScaleIn": true,
        });
        assert_eq!(to_json(&Value::live(tracking(&answer))), expected);
    }
}
