//! Global tables, as far as one of their regions can tell: the table itself, its own replica in full, and which others there are.

use serde_json::Value as Json;

use super::tables::{self, Table};
use super::{SPEC, details, shape};
use crate::collect::json::{at, items, kind, pick, text};
use crate::collect::order::sorted_by;
use crate::collect::shape::{list, map, set_unknown};
use crate::collect::{Cx, TypeSpec};
use crate::model::{Kind, Resource, Unknown, Value};

/// The provisioned capacity of a global table is set by scaling policies, which `DynamoDB` does not tell.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::DynamoDB::GlobalTable",
    asked: &[("TimeToLiveSpecification", details::EXPIRY), ("TableName", tables::LIST), ("", tables::DESCRIBE)],
    reads: &[
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",
        "GlobalTableWitnesses",
        "KeySchema",
        "LocalSecondaryIndexes",
        "MultiRegionConsistency",
        "ReadOnDemandThroughputSettings",
        "Replicas",
        "SSESpecification",
        "StreamSpecification",
        "TableName",
        "TimeToLiveSpecification",
        "VectorIndexes",
        "WarmThroughput",
        "WriteOnDemandThroughputSettings",
    ],
    on_demand: &["TimeToLiveSpecification"],
    ..TypeSpec::LISTED
};

const NOT_TOLD: Kind = Kind::Unknown(Unknown::NotCollected);

/// What a replica in another region has, besides what the description names, only that region tells.
const OF_THE_OTHER_REGION: &[&str] = &[
    "ContributorInsightsSpecification",
    "DeletionProtectionEnabled",
    "DisassociationProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KinesisStreamSpecification",
    "PointInTimeRecoverySpecification",
    "ReadOnDemandThroughputSettings",
    "ReadProvisionedThroughputSettings",
    "ReplicaStreamSpecification",
    "ResourcePolicy",
    "Tags",
];

pub(super) fn resource(cx: &Cx, table: &Table, tags: Option<&Value>) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, &table.name, &table.arn);
    r.set("TableName", Kind::Str(table.name.as_str().into()));
    r.set("TimeToLiveSpecification", table.details.time_to_live.clone());
    match &table.described {
        Ok(described) => {
            describe(&mut r, described);
            r.set("Replicas", replicas(cx, table, described, tags));
            tables::facts(&mut r, described);
        }
        Err(why) => set_unknown(&mut r, TYPE.told_by(tables::DESCRIBE), why),
    }
    r.set_attribute("Arn", Kind::Str(table.arn.as_str().into()));
    r
}

fn describe(r: &mut Resource, table: &Json) {
    let encryption = shape::is_encrypted(table).map_or(Kind::Null, |enabled| {
        map([("SSEEnabled", Kind::Bool(enabled)), ("SSEType", kind(at(table, "SSEDescription.SSEType")))])
    });
    let stream = shape::stream_view(table).map_or(Kind::Null, |view| map([("StreamViewType", Kind::Str(view.into()))]));
    let witnesses = items(table, "GlobalTableWitnesses").iter().map(|w| map(pick(w, &[("RegionName", "Region")])));
    r.set("AttributeDefinitions", shape::attributes(table));
    r.set("BillingMode", Kind::Str(shape::billing_mode(table).into()));
    r.set("GlobalSecondaryIndexes", indexes(table));
    r.set("GlobalTableWitnesses", sorted_by(list(witnesses), "Region"));
    r.set("KeySchema", kind(at(table, "KeySchema")));
    r.set("LocalSecondaryIndexes", shape::local_indexes(table));
    r.set("MultiRegionConsistency", kind(at(table, "MultiRegionConsistency")));
    r.set("ReadOnDemandThroughputSettings", most_reads(table));
    r.set("SSESpecification", encryption);
    r.set("StreamSpecification", stream);
    r.set("VectorIndexes", shape::vector_indexes(table));
    r.set("WarmThroughput", shape::warm(table));
    r.set("WriteOnDemandThroughputSettings", most_writes(table));
}

fn most_reads(of: &Json) -> Kind {
    map(pick(at(of, "OnDemandThroughput"), &[("MaxReadRequestUnits", "MaxReadRequestUnits")]))
}

fn most_writes(of: &Json) -> Kind {
    map(pick(at(of, "OnDemandThroughput"), &[("MaxWriteRequestUnits", "MaxWriteRequestUnits")]))
}

/// Unknown where capacity is provisioned; an on-demand table has none.
fn provisioned(table: &Json) -> Kind {
    if shape::billing_mode(table) == "PROVISIONED" { NOT_TOLD } else { Kind::Null }
}

fn indexes(table: &Json) -> Kind {
    let indexes = items(table, "GlobalSecondaryIndexes").iter().map(|index| {
        map(shape::index(index).chain([
            ("ReadOnDemandThroughputSettings", most_reads(index)),
            ("ReadProvisionedThroughputSettings", provisioned(table)),
            ("WarmThroughput", shape::warm(index)),
            ("WriteOnDemandThroughputSettings", most_writes(index)),
            ("WriteProvisionedThroughputSettings", provisioned(table)),
        ]))
    });
    sorted_by(list(indexes), "IndexName")
}

/// The replicas, sorted by region. The description leaves out the region that gives it.
fn replicas(cx: &Cx, table: &Table, described: &Json, tags: Option<&Value>) -> Kind {
    let others = items(described, "Replicas").iter().filter(|other| text(other, "RegionName") != &*cx.region);
    sorted_by(list(others.map(other).chain([own(cx, table, described, tags)])), "Region")
}

fn other(replica: &Json) -> Kind {
    let told = [
        ("Region", kind(at(replica, "RegionName"))),
        ("GlobalTableSettingsReplicationMode", kind(at(replica, "GlobalTableSettingsReplicationMode"))),
        ("SSESpecification", map(pick(replica, &[("KMSMasterKeyId", "KMSMasterKeyId")]))),
        ("TableClass", shape::table_class(at(replica, "ReplicaTableClassSummary"))),
    ];
    map(told.into_iter().chain(OF_THE_OTHER_REGION.iter().map(|name| (*name, NOT_TOLD))))
}

fn own(cx: &Cx, table: &Table, described: &Json, tags: Option<&Value>) -> Kind {
    let details = &table.details;
    let indexes = items(described, "GlobalSecondaryIndexes").iter().map(|index| {
        map([
            ("IndexName", kind(at(index, "IndexName"))),
            ("ContributorInsightsSpecification", details.insights(Some(text(index, "IndexName")))),
            ("ReadOnDemandThroughputSettings", most_reads(index)),
            ("ReadProvisionedThroughputSettings", provisioned(described)),
        ])
    });
    let stream = shape::stream_view(described)
        .map_or(Kind::Null, |_| map([("ResourcePolicy", details.stream_policy.clone()), ("Tags", NOT_TOLD)]));
    map([
        ("Region", Kind::Str((&*cx.region).into())),
        ("ContributorInsightsSpecification", details.insights(None)),
        ("DeletionProtectionEnabled", kind(at(described, "DeletionProtectionEnabled"))),
        ("DisassociationProtectionEnabled", kind(at(described, "DisassociationProtectionEnabled"))),
        ("GlobalSecondaryIndexes", sorted_by(list(indexes), "IndexName")),
        ("GlobalTableSettingsReplicationMode", kind(at(described, "GlobalTableSettingsReplicationMode"))),
        ("KinesisStreamSpecification", details.kinesis.clone()),
        ("PointInTimeRecoverySpecification", details.point_in_time_recovery.clone()),
        ("ReadOnDemandThroughputSettings", most_reads(described)),
        ("ReadProvisionedThroughputSettings", provisioned(described)),
        ("ReplicaStreamSpecification", stream),
        ("ResourcePolicy", details.policy.clone()),
        ("SSESpecification", map([("KMSMasterKeyId", kind(at(described, "SSEDescription.KMSMasterKeyArn")))])),
        ("TableClass", shape::table_class(at(described, "TableClassSummary"))),
        ("Tags", tags.map_or(Kind::Null, |tags| tags.kind.clone())),
    ])
}
