//! One trail: what the listing says, whether it logs, and what is asked for on demand.

use std::sync::Arc;

use aws_sdk_cloudtrail::Client;
use aws_smithy_types::DateTime;
use serde_json::Value as Json;

use super::{GONE, SPEC, STATUS, TYPE, selectors};
use crate::collect::json::{at, kind, pick, text};
use crate::collect::shape::{self, time};
use crate::collect::tags::Tags;
use crate::collect::{Answer, Cx, tagged};
use crate::model::{Kind, Resource, Unknown};

/// Members of the listing and the properties that they are.
const PROPERTIES: &[(&str, &str)] = &[
    ("Name", "TrailName"),
    ("S3BucketName", "S3BucketName"),
    ("S3KeyPrefix", "S3KeyPrefix"),
    ("IncludeGlobalServiceEvents", "IncludeGlobalServiceEvents"),
    ("IsMultiRegionTrail", "IsMultiRegionTrail"),
    ("IsOrganizationTrail", "IsOrganizationTrail"),
    ("LogFileValidationEnabled", "EnableLogFileValidation"),
    ("CloudWatchLogsLogGroupArn", "CloudWatchLogsLogGroupArn"),
    ("CloudWatchLogsRoleArn", "CloudWatchLogsRoleArn"),
    ("KmsKeyId", "KMSKeyId"),
];

const FACTS: &[(&str, &str)] = &[
    ("TrailARN", "Arn"),
    ("SnsTopicARN", "SnsTopicArn"),
    ("HomeRegion", "HomeRegion"),
    ("IsOrganizationTrail", "IsOrganizationTrail"),
    ("HasCustomEventSelectors", "HasCustomEventSelectors"),
    ("HasInsightSelectors", "HasInsightSelectors"),
];

/// Members of the status that are points in time.
const TIMES: &[&str] = &[
    "LatestDeliveryTime",
    "LatestDigestDeliveryTime",
    "LatestCloudWatchLogsDeliveryTime",
    "LatestNotificationTime",
    "StartLoggingTime",
    "StopLoggingTime",
];

const ERRORS: &[&str] = &[
    "LatestDeliveryError",
    "LatestDigestDeliveryError",
    "LatestCloudWatchLogsDeliveryError",
    "LatestNotificationError",
];

/// A trail as the listing shows it.
pub(super) struct Trail {
    listed: Json,
    pub(super) arn: String,
    pub(super) home: Arc<str>,
    owner: String,
    pub(super) is_own: bool,
}

impl Trail {
    pub(super) fn of(cx: &Cx, listed: &Json) -> Self {
        let arn = text(listed, "TrailARN").to_owned();
        let owner = arn.split(':').nth(4).unwrap_or_default().to_owned();
        let home = text(listed, "HomeRegion");
        let home = if home.is_empty() { Arc::clone(&cx.region) } else { home.into() };
        Self { listed: listed.clone(), is_own: owner == *cx.account, arn, home, owner }
    }

    /// The name, by which CloudFormation lists it. That of another account's trail may be the name of an own one too.
    pub(super) fn id(&self) -> &str {
        if self.is_own { text(&self.listed, "Name") } else { &self.arn }
    }

    /// Reads the rest; `None` if the trail has gone meanwhile.
    pub(super) async fn read(self, cx: &Cx, client: &Client, tags: Option<Answer<Tags>>) -> Option<Resource> {
        let at_home = Cx { region: Arc::clone(&self.home), ..cx.clone() };
        let mut r = at_home.resource(&SPEC, TYPE.name, self.id(), &self.arn);
        for (name, value) in pick(&self.listed, PROPERTIES) {
            r.set(name, value);
        }
        r.set("SnsTopicName", topic(&self.listed));
        for (name, value) in pick(&self.listed, FACTS) {
            r.set_attribute(name, value);
        }
        r.set_attribute("OwnerAccount", shape::text(Some(&self.owner)));
        tagged::set(&mut r, tags.as_ref());
        let status = cx.ask_json(STATUS, &[TYPE.name], &[GONE], client.get_trail_status().name(&self.arn).send()).await;
        set_status(&mut r, self.told(STATUS, status)?);
        let (events, insights, configuration) = tokio::join!(
            selectors::events(cx, client, self.id(), &self.arn),
            selectors::insights(cx, client, self.id(), &self.arn, at(&self.listed, "HasInsightSelectors")),
            selectors::configuration(cx, client, self.id(), &self.arn),
        );
        let events = self.told(selectors::EVENTS, events)?;
        r.set("EventSelectors", events.clone().into_kind(|found| selectors::set(&found, "EventSelectors")));
        r.set("AdvancedEventSelectors", events.into_kind(|found| selectors::set(&found, "AdvancedEventSelectors")));
        r.set("InsightSelectors", insights.into_kind(|found| selectors::set(&found, "InsightSelectors")));
        let configuration = self.told(selectors::CONFIGURATION, configuration)?;
        r.set(
            "AggregationConfigurations",
            configuration.into_kind(|found| selectors::set(&found, "AggregationConfigurations")),
        );
        Some(r)
    }

    /// What a call told about the trail; `None` if it is gone. A trail of another account is there, but the service may not tell us more about it.
    fn told<T>(&self, action: &str, answer: Answer<T>) -> Option<Answer<T>> {
        match answer {
            Answer::Absent if self.is_own => None,
            Answer::Absent => Some(Answer::Unknown(Unknown::Failed { action: action.into(), code: GONE.into() })),
            told => Some(told),
        }
    }
}

/// The name of the topic. The service says it in full only in the ARN; the name stands there if it was given so.
fn topic(listed: &Json) -> Kind {
    match kind(at(listed, "SnsTopicName")) {
        Kind::Null => shape::text(text(listed, "SnsTopicARN").rsplit(':').next()),
        name => name,
    }
}

/// Whether it logs, and how the last deliveries went.
fn set_status(r: &mut Resource, answer: Answer<Json>) {
    let (status, unknown) = match answer {
        Answer::Is(status) => (status, None),
        Answer::Absent => (Json::Null, None),
        Answer::Unknown(why) => (Json::Null, Some(why)),
    };
    let known = |value: Kind| unknown.as_ref().map_or(value, |why| Kind::Unknown(why.clone()));
    r.set("IsLogging", known(kind(at(&status, "IsLogging"))));
    for &name in TIMES {
        r.set_attribute(name, known(moment(at(&status, name))));
    }
    for &name in ERRORS {
        r.set_attribute(name, known(kind(at(&status, name))));
    }
}

/// The service writes a point in time as seconds since 1970.
fn moment(seconds: &Json) -> Kind {
    time(seconds.as_f64().map(DateTime::from_secs_f64).as_ref())
}
