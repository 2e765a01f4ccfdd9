//! Tables.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::list_tables::ListTablesOutput;
use serde_json::Value as Json;

use super::details::{self, Asker, Details};
use super::{GONE, SPEC, global, shape};
use crate::collect::json::{at, items, kind, text};
use crate::collect::order::sorted_by;
use crate::collect::shape::set_unknown;
use crate::collect::shape::{list, map, set, token};
use crate::collect::tagged;
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "dynamodb:ListTables";
pub(super) const DESCRIBE: &str = "dynamodb:DescribeTable";

/// `ImportSourceSpecification` is nothing that a table keeps.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::DynamoDB::Table",
    asked: &[
        ("PointInTimeRecoverySpecification", details::BACKUPS),
        ("TimeToLiveSpecification", details::EXPIRY),
        ("ContributorInsightsSpecification", details::INSIGHTS),
        ("KinesisStreamSpecification", details::KINESIS),
        ("ResourcePolicy", details::POLICY),
        ("StreamSpecification.ResourcePolicy", details::POLICY),
        ("Tags", details::TAGS),
        ("TableName", LIST),
        ("", DESCRIBE),
    ],
    reads: &[
        "AttributeDefinitions",
        "BillingMode",
        "ContributorInsightsSpecification",
        "DeletionProtectionEnabled",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "KinesisStreamSpecification",
        "LocalSecondaryIndexes",
        "OnDemandThroughput",
        "PointInTimeRecoverySpecification",
        "ProvisionedThroughput",
        "ResourcePolicy",
        "SSESpecification",
        "StreamSpecification",
        "TableClass",
        "TableName",
        "Tags",
        "TimeToLiveSpecification",
        "VectorIndexes",
        "WarmThroughput",
    ],
    on_demand: &[
        "ContributorInsightsSpecification",
        "KinesisStreamSpecification",
        "PointInTimeRecoverySpecification",
        "ResourcePolicy",
        "Tags",
        "TimeToLiveSpecification",
    ],
    calls: 8,
};

/// The largest page of a table listing.
const PAGE: i32 = 100;

/// What was read of one table.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) arn: String,
    /// The description, or why there is none.
    pub(super) described: Result<Json, Unknown>,
    pub(super) details: Details,
    /// Whether it is a replica of a global table.
    pub(super) global: bool,
}

pub(super) async fn collect(cx: &Cx) -> Out {
    let client = Client::new(&cx.config);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name, global::TYPE.name],
            |start| client.list_tables().limit(PAGE).set_exclusive_start_table_name(start).send(),
            |page| token(page.last_evaluated_table_name()),
        )
        .await;
    let mut out = Out::default();
    out.listed(TYPE.name, &pages.end);
    out.listed(global::TYPE.name, &pages.end);
    let readings = pages.pages.iter().flat_map(ListTablesOutput::table_names).map(|name| {
        let (cx, client, name) = (cx.clone(), client.clone(), name.clone());
        async move { Box::pin(read(&cx, &client, name)).await }
    });
    let tables: Vec<Table> = tasks::all(readings.collect()).await.into_iter().flatten().collect();
    let named: Vec<_> = tables.iter().map(|table| (table.name.clone(), table.arn.clone())).collect();
    let each = |cx, arn| details::tags(cx, client.clone(), arn);
    let mut tags = cx.tags_of(TYPE.name, "dynamodb:table", &named, each).await;
    for table in tables {
        if table.global
            && !tags.contains_key(&table.arn)
            && cx.wanted.wants(global::TYPE.name, &table.name, &["Replicas"])
        {
            tags.insert(table.arn.clone(), details::tags(cx.clone(), client.clone(), table.arn.clone()).await);
        }
        let mut r = resource(cx, &table);
        tagged::set(&mut r, tags.get(&table.arn));
        if table.global {
            out.push(global::resource(cx, &table, r.properties.child("Tags")));
        }
        out.push(r);
    }
    out
}

/// One table; `None` if it has gone meanwhile.
async fn read(cx: &Cx, client: &Client, name: String) -> Option<Table> {
    let request = client.describe_table().table_name(&name).send();
    let described = match cx.ask_json(DESCRIBE, &[TYPE.name, global::TYPE.name], GONE, request).await {
        Answer::Is(mut answer) => Ok(answer.get_mut("Table").map(Json::take).unwrap_or_default()),
        Answer::Absent => return None,
        Answer::Unknown(why) => Err(why),
    };
    let global = cx.wanted.declares(global::TYPE.name, &name)
        || described.as_ref().is_ok_and(|table| !items(table, "Replicas").is_empty());
    let arn = cx.arn("dynamodb", &format!("table/{name}"));
    let stream = described
        .as_ref()
        .ok()
        .filter(|table| shape::stream_view(table).is_some())
        .and_then(|table| at(table, "LatestStreamArn").as_str());
    let details = Asker { cx, client, name: &name, arn: &arn, global }.details(stream).await?;
    Some(Table { name, arn, described, details, global })
}

fn resource(cx: &Cx, table: &Table) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, &table.name, &table.arn);
    r.set("TableName", Kind::Str(table.name.as_str().into()));
    match &table.described {
        Ok(described) => {
            describe(&mut r, described, &table.details);
            facts(&mut r, described);
        }
        Err(why) => set_unknown(&mut r, TYPE.told_by(DESCRIBE), why),
    }
    let details = &table.details;
    r.set("PointInTimeRecoverySpecification", details.point_in_time_recovery.clone());
    r.set("TimeToLiveSpecification", details.time_to_live.clone());
    r.set("KinesisStreamSpecification", details.kinesis.clone());
    r.set("ResourcePolicy", details.policy.clone());
    r.set("ContributorInsightsSpecification", details.insights(None));
    r.set_attribute("Arn", Kind::Str(table.arn.as_str().into()));
    r
}

fn describe(r: &mut Resource, table: &Json, details: &Details) {
    r.set("AttributeDefinitions", shape::attributes(table));
    r.set("BillingMode", Kind::Str(shape::billing_mode(table).into()));
    r.set("DeletionProtectionEnabled", kind(at(table, "DeletionProtectionEnabled")));
    r.set("GlobalSecondaryIndexes", indexes(table, details));
    r.set("KeySchema", kind(at(table, "KeySchema")));
    r.set("LocalSecondaryIndexes", shape::local_indexes(table));
    r.set("OnDemandThroughput", kind(at(table, "OnDemandThroughput")));
    r.set("ProvisionedThroughput", shape::capacity(table));
    r.set("SSESpecification", encryption(table));
    r.set("StreamSpecification", stream(table, details));
    r.set("TableClass", shape::table_class(at(table, "TableClassSummary")));
    r.set("VectorIndexes", shape::vector_indexes(table));
    r.set("WarmThroughput", shape::warm(table));
}

pub(super) fn facts(r: &mut Resource, table: &Json) {
    for (name, path) in [("StreamArn", "LatestStreamArn"), ("TableId", "TableId"), ("TableStatus", "TableStatus")] {
        r.set_attribute(name, kind(at(table, path)));
    }
    r.set_attribute("Replicas", set(items(table, "Replicas").iter().map(|replica| text(replica, "RegionName"))));
}

fn indexes(table: &Json, details: &Details) -> Kind {
    let indexes = items(table, "GlobalSecondaryIndexes").iter().map(|index| {
        map(shape::index(index).chain([
            ("ProvisionedThroughput", shape::capacity(index)),
            ("OnDemandThroughput", kind(at(index, "OnDemandThroughput"))),
            ("WarmThroughput", shape::warm(index)),
            ("ContributorInsightsSpecification", details.insights(Some(text(index, "IndexName")))),
        ]))
    });
    sorted_by(list(indexes), "IndexName")
}

fn encryption(table: &Json) -> Kind {
    let Some(enabled) = shape::is_encrypted(table) else { return Kind::Null };
    map([
        ("SSEEnabled", Kind::Bool(enabled)),
        ("SSEType", kind(at(table, "SSEDescription.SSEType"))),
        ("KMSMasterKeyId", kind(at(table, "SSEDescription.KMSMasterKeyArn"))),
    ])
}

/// No call tells the tags of a stream.
fn stream(table: &Json, details: &Details) -> Kind {
    shape::stream_view(table).map_or(Kind::Null, |view| {
        map([
            ("StreamViewType", Kind::Str(view.into())),
            ("ResourcePolicy", details.stream_policy.clone()),
            ("Tags", Kind::Unknown(Unknown::NotCollected)),
        ])
    })
}

#[cfg(test)]
mod tests;
