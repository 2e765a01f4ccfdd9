//! `CloudWatch`: alarms, on metrics and composed of other alarms. One listing knows both.

mod composite;
mod metric;
mod queries;

use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::types::{ActionConfiguration, AlarmType};

use super::shape::{flag, map, set, token};
use super::tags;
use super::{Collector, Cx, Out, Reach, Spec, tagged};
use crate::model::{Kind, Resource};

const LIST: &str = "cloudwatch:DescribeAlarms";
const TAGS: &str = "cloudwatch:ListTagsForResource";

static SPEC: Spec = Spec {
    name: "cloudwatch",
    reach: Reach::Regional,
    listings: 1,
    types: &[metric::TYPE, composite::TYPE],
    actions: &[LIST, TAGS, tags::LIST],
};

/// The largest page of alarms.
const PAGE: i32 = 100;

/// Reads the alarms of one region.
pub struct CloudWatch;

#[async_trait]
impl Collector for CloudWatch {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        // Without both types, composite alarms are left out.
        let request = client
            .describe_alarms()
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .max_records(PAGE);
        let pages = cx
            .pages(
                LIST,
                &[metric::TYPE.name, composite::TYPE.name],
                |start| request.clone().set_next_token(start).send(),
                |page| token(page.next_token()),
            )
            .await;
        let on_metrics = pages.pages.iter().flat_map(DescribeAlarmsOutput::metric_alarms);
        let composed = pages.pages.iter().flat_map(DescribeAlarmsOutput::composite_alarms);
        let (on_metrics, composed) = tokio::join!(
            tag(cx, &client, metric::TYPE.name, on_metrics.map(|alarm| metric::resource(cx, alarm)).collect()),
            tag(cx, &client, composite::TYPE.name, composed.map(|alarm| composite::resource(cx, alarm)).collect()),
        );
        out.resources.extend(on_metrics.into_iter().chain(composed));
        out.listed(metric::TYPE.name, &pages.end);
        out.listed(composite::TYPE.name, &pages.end);
    }
}

/// Puts their tags on the alarms of one type.
async fn tag(cx: &Cx, client: &Client, kind: &'static str, mut alarms: Vec<Resource>) -> Vec<Resource> {
    let named: Vec<(String, String)> =
        alarms.iter().map(|r| (owned(r.address.physical_id.as_deref()), owned(r.address.arn.as_deref()))).collect();
    let tags = cx
        .tags_of(kind, "cloudwatch:alarm", &named, |cx, arn| {
            let request = client.list_tags_for_resource().resource_arn(arn);
            async move {
                let answer = cx.ask(TAGS, &[kind], &["ResourceNotFoundException"], request.send()).await;
                answer.map(|found| found.tags().iter().map(|tag| (owned(tag.key()), owned(tag.value()))).collect())
            }
        })
        .await;
    for (r, (_, arn)) in alarms.iter_mut().zip(&named) {
        tagged::set(r, tags.get(arn));
    }
    alarms
}

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

/// Which of the alarm's tags its actions carry on.
fn action_configuration(found: Option<&ActionConfiguration>) -> Kind {
    let propagation = found.and_then(ActionConfiguration::alarm_tags_propagation).map_or(Kind::Null, |propagation| {
        map([
            ("Enabled", flag(propagation.enabled())),
            ("IncludedTagKeys", set(propagation.included_tag_keys().iter().map(String::as_str))),
            ("ExcludedTagKeys", set(propagation.excluded_tag_keys().iter().map(String::as_str))),
        ])
    });
    map([("AlarmTagsPropagation", propagation)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties, refused};
    use crate::model::{Unknown, to_json};
    use serde_json::json;

    fn answer(asked: &str) -> (u16, String) {
        let (first, second) = (
            json!({"NextToken": "page-2", "MetricAlarms": [{
                "AlarmName": "cpu", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:cpu", "ActionsEnabled": true,
                "Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60, "Threshold": 80.0,
                "Dimensions": [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}], "EvaluationPeriods": 3,
                "OKActions": [], "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:b", "arn:aws:sns:eu-west-1:123456789012:a"],
                "StateValue": "OK", "EvaluationWindow": {"SlidingWindow": {}},
                "ActionConfiguration": {"AlarmTagsPropagation": {"Enabled": true, "IncludedTagKeys": ["b", "a"]}},
            }, {
                "AlarmName": "band", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:band", "ThresholdMetricId": "ad1",
                "Metrics": [{"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"}, {"Id": "m1", "ReturnData": true, "MetricStat": {
                    "Metric": {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount"}, "Period": 300, "Stat": "p90"}}],
                "EvaluationCriteria": {"PromQLCriteria": {"Query": "up == 0", "PendingPeriod": 60}},
            }]}),
            json!({"CompositeAlarms": [{
                "AlarmName": "service", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:service", "AlarmRule": "ALARM(cpu)",
                "ActionsSuppressor": "maintenance", "ActionsSuppressorWaitPeriod": 60, "StateValue": "ALARM",
            }]}),
        );
        let body = match asked {
            tags if tags.contains("ListTagsForResource") => json!({"Tags": [{"Key": "Team", "Value": "web"}]}),
            next if next.contains("page-2") => second,
            list => {
                assert!(list.contains("/operation/DescribeAlarms ") && list.contains("CompositeAlarm"), "{list}");
                first
            }
        };
        (200, body.to_string())
    }

    async fn alarms(aws: Aws) -> Vec<Resource> {
        let out = collected(&CloudWatch, &cx("eu-west-1", aws)).await;
        assert!(out.listed.values().all(Result::is_ok));
        out.resources
    }

    #[tokio::test]
    async fn alarms_of_both_types_read_as_cloudformation_would_declare_them() {
        let alarms = alarms(answer).await;
        let [cpu, band, service] = &alarms[..] else { panic!("two pages: {alarms:?}") };
        for r in &alarms {
            assert_eq!(properties(r), claimed(&SPEC, r));
            assert_eq!(r.get("Tags.0.Value").as_str(), Some("web"));
        }
        let without_nulls = |r: &Resource| {
            let mut json = to_json(&r.properties);
            json.as_object_mut().unwrap().retain(|name, value| !value.is_null() && name != "Tags");
            json
        };
        assert_eq!(
            without_nulls(cpu),
            json!({
                "AlarmName": "cpu", "ActionsEnabled": true, "Namespace": "AWS/EC2", "MetricName": "CPUUtilization",
                "Statistic": "Average", "Period": 60, "Threshold": 80, "EvaluationPeriods": 3,
                "Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}],
                "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:b", "arn:aws:sns:eu-west-1:123456789012:a"],
                "EvaluationWindow": {"SlidingWindow": {}},
                "ActionConfiguration": {"AlarmTagsPropagation": {"Enabled": true, "IncludedTagKeys": ["a", "b"]}},
            })
        );
        assert_eq!(
            without_nulls(band),
            json!({
                "AlarmName": "band", "ThresholdMetricId": "ad1",
                "Metrics": [{"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"}, {"Id": "m1", "ReturnData": true, "MetricStat": {
                    "Metric": {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount"}, "Period": 300, "Stat": "p90"}}],
                "EvaluationCriteria": {"PromQLCriteria": {"Query": "up == 0", "PendingPeriod": 60}},
            })
        );
        assert_eq!(
            without_nulls(service),
            json!({"AlarmName": "service", "AlarmRule": "ALARM(cpu)", "ActionsSuppressor": "maintenance", "ActionsSuppressorWaitPeriod": 60})
        );
        assert_eq!(service.attribute("StateValue").as_str(), Some("ALARM"));
        assert_eq!(service.attribute("Arn").as_str(), service.address.arn.as_deref());
    }

    #[tokio::test]
    async fn denied_tags_are_unknown() {
        let alarms = alarms(|asked| {
            let denied = r#"{"__type": "com.amazonaws.cloudwatch#AccessDeniedException"}"#;
            if asked.contains("ListTagsForResource") { (403, denied.into()) } else { answer(asked) }
        });
        for r in alarms.await {
            assert_eq!(r.get("Tags").why_unknown(), Some(Unknown::Denied { action: TAGS.into() }));
        }
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&CloudWatch, "us-east-1").await.resources, []);
    }
}
