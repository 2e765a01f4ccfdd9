//! `GuardDuty`: the detector of a region. A region where it was never switched on has none.

use async_trait::async_trait;
use aws_sdk_guardduty::Client;
use aws_sdk_guardduty::operation::list_detectors::ListDetectorsOutput;
use serde_json::Value as Json;

use super::json::{at, items, kind, text};
use super::shape::{self, list, map, set_tags, set_unknown, token};
use super::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use crate::model::{Kind, Resource};

const LIST: &str = "guardduty:ListDetectors";
const READ: &str = "guardduty:GetDetector";

static SPEC: Spec =
    Spec { name: "guardduty", reach: Reach::Regional, listings: 1, types: &[TYPE], actions: &[LIST, READ] };

const TYPE: TypeSpec = TypeSpec {
    name: "AWS::GuardDuty::Detector",
    asked: &[("", READ)],
    reads: &["DataSources", "Enable", "Features", "FindingPublishingFrequency", "Tags"],
    calls: 1,
    ..TypeSpec::LISTED
};

/// The largest page of detector ids.
const PAGE: i32 = 50;

/// How `GuardDuty` answers about a detector that is gone: it has no code for what is not found.
const GONE: &str = "BadRequestException";

/// Features that every detector has and nobody can set.
const FOUNDATIONAL: &[&str] = &["CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS"];

/// Reads the detectors of one region.
pub struct GuardDuty;

#[async_trait]
impl Collector for GuardDuty {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let pages = cx
            .pages(
                LIST,
                &[TYPE.name],
                |start| client.list_detectors().max_results(PAGE).set_next_token(start).send(),
                |page| token(page.next_token()),
            )
            .await;
        out.listed(TYPE.name, &pages.end);
        let ids = pages.pages.iter().flat_map(ListDetectorsOutput::detector_ids);
        let readings = ids.map(|id| {
            let (cx, request, id) = (cx.clone(), client.get_detector().detector_id(id), id.clone());
            async move {
                let answer = cx.ask_json(READ, &[TYPE.name], &[GONE], request.send()).await;
                detector(&cx, &id, answer)
            }
        });
        out.resources.extend(tasks::all(readings.collect()).await.into_iter().flatten());
    }
}

/// A detector; `None` if it has gone meanwhile.
fn detector(cx: &Cx, id: &str, answer: Answer<Json>) -> Option<Resource> {
    let mut r = cx.resource(&SPEC, TYPE.name, id, &cx.arn("guardduty", &format!("detector/{id}")));
    r.set_attribute("Id", shape::text(Some(id)));
    let found = match answer {
        Answer::Is(found) => found,
        Answer::Absent => return None,
        Answer::Unknown(why) => {
            set_unknown(&mut r, TYPE.reads, &why);
            r.set_attribute("Status", Kind::Unknown(why));
            return Some(r);
        }
    };
    r.set("Enable", Kind::Bool(text(&found, "status") == "ENABLED"));
    r.set("FindingPublishingFrequency", kind(at(&found, "findingPublishingFrequency")));
    r.set("DataSources", data_sources(at(&found, "dataSources")));
    r.set("Features", features(items(&found, "features")));
    let tags = at(&found, "tags").as_object().into_iter().flatten();
    set_tags(&mut r, tags.map(|(key, value)| (Some(key.as_str()), value.as_str())));
    r.set_attribute("Status", kind(at(&found, "status")));
    r.set_attribute("CreatedAt", kind(at(&found, "createdAt")));
    Some(r)
}

/// Features, or what belongs to one, sorted by name.
fn features(found: &[Json]) -> Kind {
    let mut found: Vec<&Json> = found.iter().filter(|f| !FOUNDATIONAL.contains(&text(f, "name"))).collect();
    found.sort_by_key(|feature| text(feature, "name"));
    list(found.into_iter().map(|feature| {
        map([
            ("Name", kind(at(feature, "name"))),
            ("Status", kind(at(feature, "status"))),
            ("AdditionalConfiguration", features(items(feature, "additionalConfiguration"))),
        ])
    }))
}

/// The older way to say which features are on.
fn data_sources(found: &Json) -> Kind {
    let enabled = |path: &str| match at(found, path) {
        Json::Null => Kind::Null,
        status => Kind::Bool(status == "ENABLED"),
    };
    let volumes = enabled("malwareProtection.scanEc2InstanceWithFindings.ebsVolumes.status");
    map([
        ("S3Logs", map([("Enable", enabled("s3Logs.status"))])),
        ("Kubernetes", map([("AuditLogs", map([("Enable", enabled("kubernetes.auditLogs.status"))]))])),
        ("MalwareProtection", map([("ScanEc2InstanceWithFindings", map([("EbsVolumes", volumes)]))])),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties, refused};
    use crate::model::{Unknown, Value, to_json};
    use serde_json::json;

    fn answer(asked: &str) -> (u16, String) {
        let body = match asked {
            list if list.contains("/detector?") => json!({"detectorIds": ["12abc"]}),
            one => {
                assert!(one.starts_with("GET https://guardduty.eu-west-1.amazonaws.com/detector/12abc "), "{one}");
                json!({
                    "createdAt": "2024-01-01T00:00:00.000Z", "findingPublishingFrequency": "ONE_HOUR", "status": "ENABLED",
                    "serviceRole": "arn:aws:iam::123456789012:role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty",
                    "tags": {"b": "2", "a": ""},
                    "dataSources": {"cloudTrail": {"status": "ENABLED"}, "s3Logs": {"status": "ENABLED"}, "kubernetes": {"auditLogs": {"status": "DISABLED"}},
                        "malwareProtection": {"scanEc2InstanceWithFindings": {"ebsVolumes": {"status": "ENABLED"}}}},
                    "features": [
                        {"name": "FLOW_LOGS", "status": "ENABLED"},
                        {"name": "S3_DATA_EVENTS", "status": "ENABLED", "updatedAt": 1_700_000_000},
                        {"name": "RUNTIME_MONITORING", "status": "ENABLED", "additionalConfiguration": [
                            {"name": "EKS_ADDON_MANAGEMENT", "status": "ENABLED"}, {"name": "EC2_AGENT_MANAGEMENT", "status": "DISABLED"}]},
                    ],
                })
            }
        };
        (200, body.to_string())
    }

    async fn detectors(aws: Aws) -> Out {
        collected(&GuardDuty, &cx("eu-west-1", aws)).await
    }

    #[tokio::test]
    async fn a_detector_reads_as_cloudformation_would_declare_it() {
        let out = detectors(answer).await;
        let [r] = &out.resources[..] else { panic!("one detector: {:?}", out.resources) };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(r.address.arn.as_deref(), Some("arn:aws:guardduty:eu-west-1:123456789012:detector/12abc"));
        assert_eq!(
            to_json(&r.properties),
            json!({
                "Enable": true, "FindingPublishingFrequency": "ONE_HOUR",
                "DataSources": {"S3Logs": {"Enable": true}, "Kubernetes": {"AuditLogs": {"Enable": false}},
                    "MalwareProtection": {"ScanEc2InstanceWithFindings": {"EbsVolumes": true}}},
                "Features": [
                    {"Name": "RUNTIME_MONITORING", "Status": "ENABLED", "AdditionalConfiguration": [
                        {"Name": "EC2_AGENT_MANAGEMENT", "Status": "DISABLED"}, {"Name": "EKS_ADDON_MANAGEMENT", "Status": "ENABLED"}]},
                    {"Name": "S3_DATA_EVENTS", "Status": "ENABLED"},
                ],
                "Tags": [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "2"}],
            })
        );
    }

    #[tokio::test]
    async fn a_suspended_detector_is_not_enabled() {
        let out = detectors(|asked| {
            if asked.contains("/detector?") {
                answer(asked)
            } else {
                (200, r#"{"status": "DISABLED", "serviceRole": "r"}"#.into())
            }
        })
        .await;
        assert_eq!(out.resources[0].get("Enable").value().and_then(Value::as_bool), Some(false));
        assert!(out.resources[0].get("DataSources").is_absent());
    }

    #[tokio::test]
    async fn a_region_without_a_detector_has_none_and_one_that_vanishes_is_dropped() {
        for aws in [(|_| (200, r#"{"detectorIds": []}"#.into())) as Aws, |asked| {
            let gone = format!(r#"{{"__type": "{GONE}"}}"#);
            if asked.contains("/detector?") { answer(asked) } else { (400, gone) }
        }] {
            let out = detectors(aws).await;
            assert_eq!((out.resources, &out.listed[TYPE.name]), (vec![], &Ok(())));
        }
    }

    #[tokio::test]
    async fn a_detector_that_may_not_be_read_is_there_and_unknown() {
        let out = detectors(|asked| {
            let denied = r#"{"__type": "AccessDeniedException"}"#;
            if asked.contains("/detector?") { answer(asked) } else { (403, denied.into()) }
        })
        .await;
        let [r] = &out.resources[..] else { panic!("it is there: {:?}", out.resources) };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(r.get("Enable").why_unknown(), Some(Unknown::Denied { action: READ.into() }));
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&GuardDuty, "us-east-1").await.resources, []);
    }
}
