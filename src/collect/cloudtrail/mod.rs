//! `CloudTrail`: trails, each of them once.

mod selectors;
mod trail;

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::operation::list_tags::ListTagsOutput;
use serde_json::Value as Json;

use super::json::{items, text};
use super::tags::{self, Tags};
use super::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use trail::Trail;

const LIST: &str = "cloudtrail:DescribeTrails";
const STATUS: &str = "cloudtrail:GetTrailStatus";
const TAGS: &str = "cloudtrail:ListTags";

/// What the service answers about a trail that is gone, or that it does not show to this account.
const GONE: &str = "TrailNotFoundException";

static SPEC: Spec = Spec {
    name: "cloudtrail",
    reach: Reach::Regional,
    listings: 1,
    types: &[TYPE],
    actions: &[LIST, STATUS, selectors::EVENTS, selectors::INSIGHTS, selectors::CONFIGURATION, TAGS, tags::LIST],
};

const TYPE: TypeSpec = TypeSpec {
    name: "AWS::CloudTrail::Trail",
    asked: &[
        ("IsLogging", STATUS),
        ("Latest", STATUS),
        ("StartLoggingTime", STATUS),
        ("StopLoggingTime", STATUS),
        ("EventSelectors", selectors::EVENTS),
        ("AdvancedEventSelectors", selectors::EVENTS),
        ("InsightSelectors", selectors::INSIGHTS),
        ("AggregationConfigurations", selectors::CONFIGURATION),
        ("Tags", TAGS),
        ("", LIST),
    ],
    reads: &[
        "AdvancedEventSelectors",
        "AggregationConfigurations",
        "CloudWatchLogsLogGroupArn",
        "CloudWatchLogsRoleArn",
        "EnableLogFileValidation",
        "EventSelectors",
        "IncludeGlobalServiceEvents",
        "InsightSelectors",
        "IsLogging",
        "IsMultiRegionTrail",
        "IsOrganizationTrail",
        "KMSKeyId",
        "S3BucketName",
        "S3KeyPrefix",
        "SnsTopicName",
        "Tags",
        "TrailName",
    ],
    on_demand: &["AdvancedEventSelectors", "AggregationConfigurations", "EventSelectors", "InsightSelectors", "Tags"],
    calls: 5,
};

/// Reads the trails that one region answers for.
pub struct CloudTrail;

#[async_trait]
impl Collector for CloudTrail {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        // With shadow trails: an organization's trail is nothing else in its member accounts, and a trail may live in a region that is not scanned.
        let answer = cx.ask_json(LIST, &[TYPE.name], &[], client.describe_trails().send()).await;
        if let Answer::Unknown(why) = &answer {
            out.listed(TYPE.name, &Err(why.clone()));
        } else {
            out.listed(TYPE.name, &Ok(()));
        }
        let Answer::Is(found) = answer else { return };
        let trails: Vec<Trail> =
            items(&found, "trailList").iter().filter(|t| is_read_here(cx, t)).map(|t| Trail::of(cx, t)).collect();
        let mut tags = tags(cx, &client, &trails).await;
        let readings = trails.into_iter().map(|trail| {
            let (cx, client, tags) = (cx.clone(), client.clone(), tags.remove(&trail.arn));
            async move { trail.read(&cx, &client, tags).await }
        });
        out.resources.extend(tasks::all(readings.collect()).await.into_iter().flatten());
    }
}

/// Whether this region is where a trail is read. A trail of several regions shows in each of them; it is read in its home region, or in the first
/// region of the scan if its home is not scanned.
fn is_read_here(cx: &Cx, trail: &Json) -> bool {
    let home = text(trail, "HomeRegion");
    if cx.scanned.iter().any(|region| **region == *home) {
        *home == *cx.region
    } else {
        cx.scanned.first() == Some(&cx.region)
    }
}

/// Only its own account, and there its home region, tells the tags of a trail.
async fn tags(cx: &Cx, client: &Client, trails: &[Trail]) -> HashMap<String, Answer<Tags>> {
    let here = trails.iter().filter(|trail| trail.is_own && trail.home == cx.region);
    let named: Vec<(String, String)> = here.map(|trail| (trail.id().to_owned(), trail.arn.clone())).collect();
    cx.tags_of(TYPE.name, "cloudtrail:trail", &named, |cx, arn| {
        let request = client.list_tags().resource_id_list(arn);
        async move {
            let answer = cx.ask(TAGS, &[TYPE.name], &["ResourceNotFoundException"], request.send()).await;
            answer.map(|found| pairs(&found))
        }
    })
    .await
}

fn pairs(found: &ListTagsOutput) -> Tags {
    let tags = found.resource_tag_list().iter().flat_map(aws_sdk_cloudtrail::types::ResourceTag::tags_list);
    tags.map(|tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties, refused};
    use crate::model::{Kind, Resource, Unknown, Value, to_json};
    use serde_json::json;

    /// One own trail of all regions and the organization's, which another account owns.
    const TRAILS: &str = r#"{"trailList": [
        {"Name": "audit", "S3BucketName": "logs", "S3KeyPrefix": "trail", "HomeRegion": "eu-west-1", "KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1",
         "TrailARN": "arn:aws:cloudtrail:eu-west-1:123456789012:trail/audit", "SnsTopicARN": "arn:aws:sns:eu-west-1:123456789012:trails",
         "IsMultiRegionTrail": true, "IsOrganizationTrail": false, "LogFileValidationEnabled": true, "HasCustomEventSelectors": true,
         "IncludeGlobalServiceEvents": true, "HasInsightSelectors": true},
        {"Name": "audit", "S3BucketName": "central", "HomeRegion": "eu-west-1", "TrailARN": "arn:aws:cloudtrail:eu-west-1:999999999999:trail/audit",
         "IsMultiRegionTrail": true, "IsOrganizationTrail": true, "LogFileValidationEnabled": false, "HasInsightSelectors": false}
    ]}"#;

    fn answer(asked: &str) -> (u16, String) {
        let own = asked.contains(":123456789012:trail/audit");
        let body = match asked {
            gone if gone.contains(":999999999999:") => return (400, format!(r#"{{"__type": "{GONE}"}}"#)),
            status if status.contains("\"Name\"") => {
                r#"{"IsLogging": true, "LatestDeliveryTime": 1700000000.0, "LatestDeliveryError": ""}"#
            }
            tags if tags.contains("ResourceIdList") => {
                r#"{"ResourceTagList": [{"ResourceId": "audit", "TagsList": [{"Key": "b"}, {"Key": "a", "Value": "1"}]}]}"#
            }
            one if own && one.contains("TrailName") => {
                r#"{"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true, "ExcludeManagementEventSources": [],
                    "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/", "arn:aws:s3:::a/"]}]}],
                    "InsightSelectors": [{"InsightType": "ApiErrorRateInsight"}, {"InsightType": "ApiCallRateInsight"}],
                    "AggregationConfigurations": [{"EventCategory": "Data", "Templates": ["USER_ACTIONS", "API_ACTIVITY"]}]}"#
            }
            _ => TRAILS,
        };
        (200, body.into())
    }

    async fn trails(region: &str, scanned: &[&str], aws: Aws) -> Out {
        let mut cx = cx(region, aws);
        cx.scanned = scanned.iter().map(|&region| Arc::from(region)).collect();
        let mut out = collected(&CloudTrail, &cx).await;
        out.resources.sort_by(|a, b| a.address.cmp(&b.address));
        out
    }

    fn read(r: &Resource, name: &str) -> serde_json::Value {
        r.get(name).value().map(to_json).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_trail_reads_as_cloudformation_would_declare_it() {
        let out = trails("eu-west-1", &["eu-west-1"], answer).await;
        let own = out.resources.iter().find(|r| r.address.physical_id.as_deref() == Some("audit")).unwrap();
        assert_eq!(properties(own), claimed(&SPEC, own));
        assert_eq!(own.address.arn.as_deref(), Some("arn:aws:cloudtrail:eu-west-1:123456789012:trail/audit"));
        assert_eq!(own.get("SnsTopicName").as_str(), Some("trails"));
        assert_eq!(own.get("EnableLogFileValidation").value().and_then(Value::as_bool), Some(true));
        assert_eq!(own.get("IsLogging").value().and_then(Value::as_bool), Some(true));
        assert_eq!(
            read(own, "EventSelectors")[0]["DataResources"][0]["Values"],
            json!(["arn:aws:s3:::a/", "arn:aws:s3:::b/"])
        );
        assert_eq!(read(own, "InsightSelectors")[0], json!({"InsightType": "ApiCallRateInsight"}));
        assert_eq!(read(own, "AggregationConfigurations")[0]["Templates"], json!(["API_ACTIVITY", "USER_ACTIONS"]));
        assert!(own.get("AdvancedEventSelectors").is_absent());
        assert_eq!(read(own, "Tags"), json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]));
        assert_eq!(own.attribute("LatestDeliveryTime").as_str(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(own.attribute("HomeRegion").as_str(), Some("eu-west-1"));
    }

    #[tokio::test]
    async fn the_trail_of_another_account_is_not_taken_for_an_own_one_of_the_same_name() {
        let out = trails("eu-west-1", &["eu-west-1"], answer).await;
        let [theirs, _] = &out.resources[..] else { panic!("both are there: {:?}", out.resources) };
        assert_eq!(
            theirs.address.physical_id.as_deref(),
            Some("arn:aws:cloudtrail:eu-west-1:999999999999:trail/audit")
        );
        assert_eq!(theirs.attribute("OwnerAccount").as_str(), Some("999999999999"));
        let shown = theirs.attribute("IsOrganizationTrail");
        assert_eq!(shown.value().map(|v| &v.kind), Some(&Kind::Bool(true)));
        let hidden = Some(Unknown::Failed { action: STATUS.into(), code: GONE.into() });
        assert_eq!(theirs.get("IsLogging").why_unknown(), hidden, "whether it logs is not told, not untrue");
        assert_eq!(theirs.attribute("LatestDeliveryTime").why_unknown(), hidden);
        assert_eq!(theirs.get("Tags").why_unknown(), Some(Unknown::NotCollected));
        assert!(theirs.get("InsightSelectors").is_absent(), "the listing says that it has none");
    }

    #[tokio::test]
    async fn a_trail_of_all_regions_is_read_in_one_of_them() {
        for (region, scanned, read) in [
            ("eu-west-1", &["eu-central-1", "eu-west-1"][..], true),
            ("eu-central-1", &["eu-central-1", "eu-west-1"][..], false),
            ("us-east-1", &["us-east-1", "us-east-2"][..], true),
            ("us-east-2", &["us-east-1", "us-east-2"][..], false),
        ] {
            let out = trails(region, scanned, answer).await;
            assert_eq!(!out.resources.is_empty(), read, "{region} of {scanned:?}");
            assert!(out.resources.iter().all(|r| &*r.address.region == "eu-west-1"), "{region}");
        }
    }

    #[tokio::test]
    async fn a_trail_that_vanishes_is_dropped_and_a_denied_status_is_unknown() {
        let gone = trails("eu-west-1", &["eu-west-1"], |asked| {
            if asked.contains("\"Name\"") { (400, format!(r#"{{"__type": "{GONE}"}}"#)) } else { answer(asked) }
        });
        let gone = gone.await;
        assert_eq!(gone.resources.len(), 1, "the organization's stays");
        assert_eq!(gone.listed[TYPE.name], Ok(()));
        let denied = trails("eu-west-1", &["eu-west-1"], |asked| {
            let detail = asked.contains("rail/audit");
            if detail { (400, r#"{"__type": "AccessDeniedException"}"#.into()) } else { answer(asked) }
        })
        .await;
        let own = denied.resources.iter().find(|r| r.address.physical_id.as_deref() == Some("audit")).unwrap();
        let denied = |action: &str| Some(Unknown::Denied { action: action.into() });
        assert_eq!(own.get("IsLogging").why_unknown(), denied(STATUS));
        assert_eq!(own.get("EventSelectors").why_unknown(), denied(selectors::EVENTS));
        assert_eq!(own.get("InsightSelectors").why_unknown(), denied(selectors::INSIGHTS));
        assert_eq!(own.get("Tags").why_unknown(), denied(TAGS));
        assert_eq!(own.get("S3BucketName").as_str(), Some("logs"));
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&CloudTrail, "us-east-1").await.resources, []);
    }
}
