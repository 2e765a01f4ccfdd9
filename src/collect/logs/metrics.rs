//! Metric filters: one listing for all log groups of a region.

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::Client;
use serde_json::Value as Json;

use super::{PAGE, filters};
use crate::collect::json::{at, items, pick};
use crate::collect::shape::{list, map, set, tags, token};
use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::Kind;

const LIST: &str = "logs:DescribeMetricFilters";

static SPEC: Spec =
    Spec { name: "logs/metrics", reach: Reach::Regional, listings: 1, types: &[TYPE], actions: &[LIST] };

const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Logs::MetricFilter",
    asked: &[("", LIST)],
    reads: &[
        "ApplyOnTransformedLogs",
        "EmitSystemFieldDimensions",
        "FieldSelectionCriteria",
        "FilterName",
        "FilterPattern",
        "LogGroupName",
        "MetricTransformations",
    ],
    ..TypeSpec::LISTED
};

/// Reads the metric filters of one region.
pub struct MetricFilters;

#[async_trait]
impl Collector for MetricFilters {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let logs = Client::new(&cx.config);
        let pages = cx
            .pages_json(
                LIST,
                &[TYPE.name],
                |start| logs.describe_metric_filters().limit(PAGE).set_next_token(start).send(),
                |page| token(page.next_token()),
            )
            .await;
        out.listed(TYPE.name, &pages.end);
        let found: Vec<Json> = pages.items(|page| items(&page, "metricFilters").to_vec()).collect();
        out.resources = filters::resources(cx, &SPEC, TYPE.name, &found, |r, filter| {
            let fields = items(filter, "emitSystemFieldDimensions").iter().filter_map(Json::as_str);
            r.set("EmitSystemFieldDimensions", set(fields));
            r.set("MetricTransformations", list(items(filter, "metricTransformations").iter().map(transformation)));
        });
    }
}

const TRANSFORMATION: &[(&str, &str)] = &[
    ("metricName", "MetricName"),
    ("metricNamespace", "MetricNamespace"),
    ("metricValue", "MetricValue"),
    ("defaultValue", "DefaultValue"),
    ("unit", "Unit"),
];

/// The answer has dimensions as a mapping, the schema as a list of keys and values.
fn transformation(found: &Json) -> Kind {
    let dimensions = at(found, "dimensions").as_object().into_iter().flatten();
    let dimensions = tags(dimensions.map(|(key, value)| (Some(key.as_str()), value.as_str())));
    map(pick(found, TRANSFORMATION).chain([("Dimensions", dimensions)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::{Resource, to_json};
    use serde_json::json;

    fn answer(asked: &str) -> (u16, String) {
        let first = json!({"nextToken": "page-2", "metricFilters": [
            {"filterName": "errors", "logGroupName": "/app/a", "filterPattern": "{ $.level = \"ERROR\" }", "creationTime": 1,
             "applyOnTransformedLogs": false, "emitSystemFieldDimensions": ["@aws.region", "@aws.account"],
             "metricTransformations": [{"metricName": "Errors", "metricNamespace": "App", "metricValue": "1", "defaultValue": 0.5, "unit": "Count",
                "dimensions": {"service": "$.service", "code": "$.code"}}]},
        ]});
        let second = json!({"metricFilters": [
            {"filterName": "errors", "logGroupName": "/app/b", "filterPattern": "",
             "metricTransformations": [{"metricName": "All", "metricNamespace": "App", "metricValue": "$.n"}]},
            {"filterName": "once", "logGroupName": "/app/b", "filterPattern": "x", "metricTransformations": []},
        ]});
        (200, if asked.contains("page-2") { second } else { first }.to_string())
    }

    #[tokio::test]
    async fn a_filter_reads_as_cloudformation_would_declare_it() {
        let out = collected(&MetricFilters, &cx("eu-west-1", answer)).await;
        let errors = &out.resources[0];
        assert_eq!(properties(errors), claimed(&SPEC, errors));
        assert_eq!(
            to_json(&errors.properties),
            json!({
                "FilterName": "errors", "LogGroupName": "/app/a", "FilterPattern": "{ $.level = \"ERROR\" }",
                "ApplyOnTransformedLogs": false, "FieldSelectionCriteria": null,
                "EmitSystemFieldDimensions": ["@aws.account", "@aws.region"],
                "MetricTransformations": [{"MetricName": "Errors", "MetricNamespace": "App", "MetricValue": "1", "DefaultValue": 0.5, "Unit": "Count",
                    "Dimensions": [{"Key": "code", "Value": "$.code"}, {"Key": "service", "Value": "$.service"}]}],
            })
        );
        assert_eq!(out.resources[1].get("FilterPattern").as_str(), Some(""), "which fits everything");
    }

    #[tokio::test]
    async fn a_name_that_two_groups_use_is_nobodys_id() {
        let out = collected(&MetricFilters, &cx("eu-west-1", answer)).await;
        let id = |r: &Resource| r.address.physical_id.as_deref().map(str::to_owned);
        let ids: Vec<String> = out.resources.iter().filter_map(id).collect();
        assert_eq!(ids, ["/app/a|errors", "/app/b|errors", "once"]);
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&MetricFilters, "us-east-1").await.resources, []);
    }
}
