//! What an alarm looks at: metrics and expressions over them.

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, StandardUnit};

use crate::collect::shape::{flag, list, map, number, text};
use crate::model::Kind;

/// Metrics and expressions, in the order given.
pub(super) fn queries(queries: &[MetricDataQuery]) -> Kind {
    list(queries.iter().map(|query| {
        map([
            ("Id", text(query.id())),
            ("Expression", text(query.expression())),
            ("Label", text(query.label())),
            ("MetricStat", query.metric_stat().map_or(Kind::Null, statistic)),
            ("Period", number(query.period())),
            ("ReturnData", flag(query.return_data())),
            ("AccountId", text(query.account_id())),
        ])
    }))
}

fn statistic(found: &MetricStat) -> Kind {
    map([
        ("Metric", found.metric().map_or(Kind::Null, metric)),
        ("Period", number(found.period())),
        ("Stat", text(found.stat())),
        ("Unit", text(found.unit().map(StandardUnit::as_str))),
    ])
}

fn metric(metric: &Metric) -> Kind {
    map([
        ("Namespace", text(metric.namespace())),
        ("MetricName", text(metric.metric_name())),
        ("Dimensions", dimensions(metric.dimensions())),
    ])
}

/// Dimensions, sorted by name.
pub(super) fn dimensions(dimensions: &[Dimension]) -> Kind {
    let mut pairs: Vec<_> = dimensions.iter().map(|d| (d.name(), d.value())).collect();
    pairs.sort_unstable();
    list(pairs.into_iter().map(|(name, value)| map([("Name", text(name)), ("Value", text(value))])))
}
