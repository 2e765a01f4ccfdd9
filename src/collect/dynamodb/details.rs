//! What costs a call of its own per table. It is asked for a table or for the global table whose replica it is.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::list_tags_of_resource::ListTagsOfResourceOutput;
use serde_json::Value as Json;

use super::{GONE, global, tables};
use crate::collect::gone::unless_gone;
use crate::collect::json::{at, document, items, pick, text};
use crate::collect::shape::{flag, map, token};
use crate::collect::tags::Tags;
use crate::collect::{Answer, Cx};
use crate::model::Kind;

pub(super) const BACKUPS: &str = "dynamodb:DescribeContinuousBackups";
pub(super) const EXPIRY: &str = "dynamodb:DescribeTimeToLive";
pub(super) const INSIGHTS: &str = "dynamodb:ListContributorInsights";
pub(super) const KINESIS: &str = "dynamodb:DescribeKinesisStreamingDestination";
pub(super) const POLICY: &str = "dynamodb:GetResourcePolicy";
pub(super) const TAGS: &str = "dynamodb:ListTagsOfResource";

/// What DynamoDB answers where no policy was ever put, and for a table or stream that has gone.
const NO_POLICY: &[&str] = &["PolicyNotFoundException", "ResourceNotFoundException"];

/// Settings of a table that its description leaves out.
pub(super) struct Details {
    pub(super) point_in_time_recovery: Kind,
    pub(super) time_to_live: Kind,
    pub(super) kinesis: Kind,
    pub(super) policy: Kind,
    pub(super) stream_policy: Kind,
    insights: Answer<Json>,
}

/// Asks for one table.
pub(super) struct Asker<'a> {
    pub(super) cx: &'a Cx,
    pub(super) client: &'a Client,
    pub(super) name: &'a str,
    pub(super) arn: &'a str,
    /// Whether it is a replica of a global table.
    pub(super) global: bool,
}

/// For whom a call is made: type, id and the properties that it fills.
type Subject<'a> = (&'static str, &'a str, &'a [&'a str]);

impl Asker<'_> {
    /// The table, unless only the global table wants it.
    fn subject<'a>(&'a self, own: &'a [&'a str], of_global: &'a [&'a str]) -> Subject<'a> {
        if self.global && !self.cx.wanted.wants(tables::TYPE.name, self.name, own) {
            (global::TYPE.name, self.name, of_global)
        } else {
            (tables::TYPE.name, self.name, own)
        }
    }

    fn of_replica<'a>(&'a self, own: &'a [&'a str]) -> Subject<'a> {
        self.subject(own, &["Replicas"])
    }

    /// The settings; `None` if the table has gone meanwhile.
    pub(super) async fn details(&self, stream: Option<&str>) -> Option<Details> {
        let (cx, client, name) = (self.cx, self.client, self.name);
        let expiry = self.subject(&["TimeToLiveSpecification"], &["TimeToLiveSpecification"]);
        let insights = self.of_replica(&["ContributorInsightsSpecification", "GlobalSecondaryIndexes"]);
        let (backups, expiry, insights, kinesis, policy, stream_policy) = tokio::join!(
            cx.ask_json_for(
                self.of_replica(&["PointInTimeRecoverySpecification"]),
                BACKUPS,
                GONE,
                client.describe_continuous_backups().table_name(name).send()
            ),
            cx.ask_json_for(expiry, EXPIRY, GONE, client.describe_time_to_live().table_name(name).send()),
            cx.ask_json_for(
                insights,
                INSIGHTS,
                GONE,
                client.list_contributor_insights().table_name(name).max_results(100).send()
            ),
            cx.ask_json_for(
                self.of_replica(&["KinesisStreamSpecification"]),
                KINESIS,
                GONE,
                client.describe_kinesis_streaming_destination().table_name(name).send()
            ),
            self.policy(&["ResourcePolicy"], Some(self.arn)),
            self.policy(&["StreamSpecification"], stream),
        );
        Some(Details {
            point_in_time_recovery: still_there(backups, point_in_time_recovery)?,
            time_to_live: still_there(expiry, time_to_live)?,
            kinesis: still_there(kinesis, destination)?,
            policy,
            stream_policy,
            insights,
        })
    }

    /// The policy of the table or of its stream; there is none where there is no stream.
    async fn policy(&self, own: &[&str], arn: Option<&str>) -> Kind {
        let Some(arn) = arn else { return Kind::Null };
        let request = self.client.get_resource_policy().resource_arn(arn);
        let answer = self.cx.ask_for(self.of_replica(own), POLICY, NO_POLICY, request.send()).await;
        answer.into_kind(|found| map([("PolicyDocument", document(found.policy()))]))
    }
}

impl Details {
    /// Contributor insights of the table, or of one of its indexes.
    pub(super) fn insights(&self, index: Option<&str>) -> Kind {
        let summaries = match &self.insights {
            Answer::Is(answer) => items(answer, "ContributorInsightsSummaries"),
            Answer::Absent => &[],
            Answer::Unknown(why) => return Kind::Unknown(why.clone()),
        };
        let Some(summary) = summaries.iter().find(|s| text(s, "IndexName") == index.unwrap_or_default()) else {
            return Kind::Null;
        };
        let enabled = matches!(text(summary, "ContributorInsightsStatus"), "ENABLED" | "ENABLING");
        let mode = pick(summary, &[("ContributorInsightsMode", "Mode")]).filter(|_| enabled);
        map([("Enabled", Kind::Bool(enabled))].into_iter().chain(mode))
    }
}

/// The tags of a table, all pages of them.
pub(super) async fn tags(cx: Cx, client: Client, arn: String) -> Answer<Tags> {
    let pages = cx
        .pages(
            TAGS,
            &[tables::TYPE.name],
            |start| unless_gone(GONE, client.list_tags_of_resource().resource_arn(&arn).set_next_token(start).send()),
            |page| page.as_ref().and_then(|page| token(page.next_token())),
        )
        .await;
    if let Err(why) = pages.end {
        Answer::Unknown(why)
    } else {
        let tags = pages.pages.iter().flatten().flat_map(ListTagsOfResourceOutput::tags);
        Answer::Is(tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
    }
}

/// A setting that every table has; `None` if the table has gone.
fn still_there(answer: Answer<Json>, kind: impl FnOnce(&Json) -> Kind) -> Option<Kind> {
    match answer {
        Answer::Is(found) => Some(kind(&found)),
        Answer::Absent => None,
        Answer::Unknown(why) => Some(Kind::Unknown(why)),
    }
}

fn point_in_time_recovery(answer: &Json) -> Kind {
    let described = at(answer, "ContinuousBackupsDescription.PointInTimeRecoveryDescription");
    let enabled = text(described, "PointInTimeRecoveryStatus") == "ENABLED";
    let period = pick(described, &[("RecoveryPeriodInDays", "RecoveryPeriodInDays")]);
    map([("PointInTimeRecoveryEnabled", flag(Some(enabled)))].into_iter().chain(period))
}

fn time_to_live(answer: &Json) -> Kind {
    let described = at(answer, "TimeToLiveDescription");
    let enabled = text(described, "TimeToLiveStatus").starts_with("ENABL");
    map([("Enabled", flag(Some(enabled)))].into_iter().chain(pick(described, &[("AttributeName", "AttributeName")])))
}

/// The stream that changes go to. A destination that was disabled stays listed for a while.
fn destination(answer: &Json) -> Kind {
    let used = items(answer, "KinesisDataStreamDestinations")
        .iter()
        .find(|d| matches!(text(d, "DestinationStatus"), "ACTIVE" | "ENABLING" | "UPDATING"));
    used.map_or(Kind::Null, |d| {
        map(pick(
            d,
            &[
                ("StreamArn", "StreamArn"),
                ("ApproximateCreationDateTimePrecision", "ApproximateCreationDateTimePrecision"),
            ],
        ))
    })
}
