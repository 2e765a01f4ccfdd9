//! AWS Config: the recorder and its delivery channel; the rules are a collector of their own.

pub mod rules;

use async_trait::async_trait;
use aws_sdk_config::Client;
use aws_sdk_config::operation::describe_configuration_recorder_status::DescribeConfigurationRecorderStatusOutput;
use aws_sdk_config::types::{ConfigurationRecorderStatus, RecorderStatus};
use serde_json::Value as Json;

use super::json::{at, items, kind, pick, text, upper};
use super::shape::{self, time};
use super::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::{Kind, Resource};

const RECORDERS: &str = "config:DescribeConfigurationRecorders";
const RECORDER_STATUS: &str = "config:DescribeConfigurationRecorderStatus";
const CHANNELS: &str = "config:DescribeDeliveryChannels";
const CHANNEL_STATUS: &str = "config:DescribeDeliveryChannelStatus";

static SPEC: Spec = Spec {
    name: "config",
    reach: Reach::Regional,
    listings: 4,
    types: &[RECORDER, CHANNEL],
    actions: &[RECORDERS, RECORDER_STATUS, CHANNELS, CHANNEL_STATUS],
};

const RECORDER: TypeSpec = TypeSpec {
    name: "AWS::Config::ConfigurationRecorder",
    asked: &[("Recording", RECORDER_STATUS), ("Last", RECORDER_STATUS), ("", RECORDERS)],
    reads: &["Name", "RecordingGroup", "RecordingMode", "RoleARN"],
    ..TypeSpec::LISTED
};

const CHANNEL: TypeSpec = TypeSpec {
    name: "AWS::Config::DeliveryChannel",
    asked: &[("ConfigSnapshotDeliveryProperties", CHANNELS), ("Config", CHANNEL_STATUS), ("", CHANNELS)],
    reads: &["ConfigSnapshotDeliveryProperties", "Name", "S3BucketName", "S3KeyPrefix", "S3KmsKeyArn", "SnsTopicARN"],
    ..TypeSpec::LISTED
};

/// Reads what Config records in one region, and where to.
pub struct Config;

#[async_trait]
impl Collector for Config {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let config = Client::new(&cx.config);
        let (recorders, recorder_status, channels, channel_status) = tokio::join!(
            cx.ask_json(RECORDERS, &[RECORDER.name], &[], config.describe_configuration_recorders().send()),
            cx.ask(RECORDER_STATUS, &[RECORDER.name], &[], config.describe_configuration_recorder_status().send()),
            cx.ask_json(CHANNELS, &[CHANNEL.name], &[], config.describe_delivery_channels().send()),
            cx.ask_json(CHANNEL_STATUS, &[CHANNEL.name], &[], config.describe_delivery_channel_status().send()),
        );
        for recorder in listed(out, &RECORDER, &recorders, "ConfigurationRecorders") {
            out.push(self::recorder(cx, recorder, &recorder_status));
        }
        for channel in listed(out, &CHANNEL, &channels, "DeliveryChannels") {
            out.push(self::channel(cx, channel, &channel_status));
        }
    }
}

/// What an unpaged listing holds.
fn listed<'a>(out: &mut Out, of: &TypeSpec, answer: &'a Answer<Json>, member: &str) -> &'a [Json] {
    match answer {
        Answer::Is(found) => {
            out.listed(of.name, &Ok(()));
            items(found, member)
        }
        Answer::Absent => {
            out.listed(of.name, &Ok(()));
            &[]
        }
        Answer::Unknown(why) => {
            out.listed(of.name, &Err(why.clone()));
            &[]
        }
    }
}

fn recorder(cx: &Cx, recorder: &Json, status: &Answer<DescribeConfigurationRecorderStatusOutput>) -> Resource {
    let name = text(recorder, "name");
    let mut r = cx.resource(&SPEC, RECORDER.name, name, text(recorder, "arn"));
    r.set("Name", shape::text(Some(name)));
    r.set("RoleARN", kind(at(recorder, "roleARN")));
    r.set("RecordingGroup", upper(at(recorder, "recordingGroup")));
    r.set("RecordingMode", upper(at(recorder, "recordingMode")));
    r.set_attribute("ResourceARN", kind(at(recorder, "arn")));
    r.set_attribute("ServicePrincipal", kind(at(recorder, "servicePrincipal")));
    for (fact, read) in RECORDER_FACTS {
        let value = status.clone().into_kind(|found| {
            let own = found.configuration_recorders_status().iter().find(|status| status.name() == Some(name));
            own.map_or(Kind::Null, read)
        });
        r.set_attribute(fact, value);
    }
    r
}

type Fact = (&'static str, fn(&ConfigurationRecorderStatus) -> Kind);

const RECORDER_FACTS: [Fact; 7] = [
    ("Recording", |status| Kind::Bool(status.recording())),
    ("LastStatus", |status| shape::text(status.last_status().map(RecorderStatus::as_str))),
    ("LastErrorCode", |status| shape::text(status.last_error_code())),
    ("LastErrorMessage", |status| shape::text(status.last_error_message())),
    ("LastStartTime", |status| time(status.last_start_time())),
    ("LastStopTime", |status| time(status.last_stop_time())),
    ("LastStatusChangeTime", |status| time(status.last_status_change_time())),
];

const CHANNEL_PROPERTIES: &[(&str, &str)] = &[
    ("name", "Name"),
    ("s3BucketName", "S3BucketName"),
    ("s3KeyPrefix", "S3KeyPrefix"),
    ("s3KmsKeyArn", "S3KmsKeyArn"),
    ("snsTopicARN", "SnsTopicARN"),
];

/// Deliveries of the channel, as the status names them, and the facts that they are.
const DELIVERIES: &[(&str, &str)] = &[
    ("configSnapshotDeliveryInfo", "ConfigSnapshotDeliveryInfo"),
    ("configHistoryDeliveryInfo", "ConfigHistoryDeliveryInfo"),
    ("configStreamDeliveryInfo", "ConfigStreamDeliveryInfo"),
];

const DELIVERY: &[(&str, &str)] =
    &[("lastStatus", "LastStatus"), ("lastErrorCode", "LastErrorCode"), ("lastErrorMessage", "LastErrorMessage")];

fn channel(cx: &Cx, channel: &Json, status: &Answer<Json>) -> Resource {
    let name = text(channel, "name");
    let mut r = cx.resource(&SPEC, CHANNEL.name, name, "");
    for (name, value) in pick(channel, CHANNEL_PROPERTIES) {
        r.set(name, value);
    }
    r.set("ConfigSnapshotDeliveryProperties", upper(at(channel, "configSnapshotDeliveryProperties")));
    for &(member, fact) in DELIVERIES {
        let value = status.clone().into_kind(|found| {
            let own = items(&found, "DeliveryChannelsStatus").iter().find(|status| text(status, "name") == name);
            own.map_or(Kind::Null, |own| shape::map(pick(at(own, member), DELIVERY)))
        });
        r.set_attribute(fact, value);
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, offline, properties, refused};
    use crate::model::{Unknown, to_json};
    use serde_json::json;

    /// Each call finds its own part.
    fn answer(_: &str) -> (u16, String) {
        let body = json!({
            "ConfigurationRecorders": [{
                "name": "default", "roleARN": "arn:aws:iam::123456789012:role/config", "recordingScope": "PAID",
                "arn": "arn:aws:config:eu-west-1:123456789012:configuration-recorder/default/1",
                "recordingGroup": {"allSupported": false, "includeGlobalResourceTypes": false, "resourceTypes": [],
                    "exclusionByResourceTypes": {"resourceTypes": ["AWS::EC2::Volume"]},
                    "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}},
                "recordingMode": {"recordingFrequency": "DAILY", "recordingModeOverrides": [
                    {"description": "often", "resourceTypes": ["AWS::IAM::Role"], "recordingFrequency": "CONTINUOUS"}]},
            }],
            "ConfigurationRecordersStatus": [
                {"name": "default", "recording": true, "lastStatus": "SUCCESS", "lastStartTime": 1_700_000_000.0},
            ],
            "DeliveryChannels": [{
                "name": "default", "s3BucketName": "logs", "snsTopicARN": "arn:aws:sns:eu-west-1:123456789012:config",
                "configSnapshotDeliveryProperties": {"deliveryFrequency": "Six_Hours"},
            }],
            "DeliveryChannelsStatus": [
                {"name": "default", "configHistoryDeliveryInfo": {"lastStatus": "FAILURE", "lastErrorCode": "AccessDenied"}},
            ],
        });
        (200, body.to_string())
    }

    #[tokio::test]
    async fn recorder_and_channel_read_as_cloudformation_would_declare_them_and_their_state_is_a_fact() {
        let out = collected(&Config, &cx("eu-west-1", answer)).await;
        let [recorder, channel] = &out.resources[..] else { panic!("{:?}", out.resources) };
        assert_eq!(properties(recorder), claimed(&SPEC, recorder));
        assert_eq!(properties(channel), claimed(&SPEC, channel));
        assert_eq!(
            to_json(&recorder.properties),
            json!({
                "Name": "default", "RoleARN": "arn:aws:iam::123456789012:role/config",
                "RecordingGroup": {"AllSupported": false, "IncludeGlobalResourceTypes": false,
                    "ExclusionByResourceTypes": {"ResourceTypes": ["AWS::EC2::Volume"]},
                    "RecordingStrategy": {"UseOnly": "EXCLUSION_BY_RESOURCE_TYPES"}},
                "RecordingMode": {"RecordingFrequency": "DAILY", "RecordingModeOverrides": [
                    {"Description": "often", "ResourceTypes": ["AWS::IAM::Role"], "RecordingFrequency": "CONTINUOUS"}]},
            })
        );
        assert_eq!(recorder.attribute("Recording").value().map(|v| &v.kind), Some(&Kind::Bool(true)));
        assert_eq!(recorder.attribute("LastStatus").as_str(), Some("SUCCESS"));
        assert_eq!(recorder.attribute("LastStartTime").as_str(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(channel.get("ConfigSnapshotDeliveryProperties.DeliveryFrequency").as_str(), Some("Six_Hours"));
        assert!(channel.get("S3KmsKeyArn").is_absent());
        assert_eq!(channel.attribute("ConfigHistoryDeliveryInfo").get("LastErrorCode").as_str(), Some("AccessDenied"));
    }

    #[tokio::test]
    async fn where_a_status_is_denied_nobody_says_whether_anything_is_recorded_or_delivered() {
        let out = collected(
            &Config,
            &cx("eu-west-1", |_| {
                let body =
                    r#"{"ConfigurationRecorders": [{"name": "default"}], "DeliveryChannels": [{"name": "default"}]}"#;
                (200, body.into())
            }),
        )
        .await;
        assert!(out.resources.iter().all(|r| r.attribute("Recording").is_absent()), "no status is no fact");
        let denied = || Unknown::Denied { action: RECORDER_STATUS.into() };
        let r = recorder(&offline("eu-west-1"), &json!({"name": "default"}), &Answer::Unknown(denied()));
        assert_eq!(r.attribute("Recording").why_unknown(), Some(denied()));
        assert!(r.get("RecordingMode").is_absent());
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Config, "us-east-1").await.resources, []);
    }
}
