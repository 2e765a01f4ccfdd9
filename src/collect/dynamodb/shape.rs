//! Parts of a table's description in the shapes of the schema.

use serde_json::Value as Json;

use super::super::json::{at, items, kind, pick, text};
use super::super::order::{all_sorted, sorted_by};
use super::super::shape::{list, map};
use crate::model::Kind;

/// Attribute definitions, sorted by name.
pub(super) fn attributes(table: &Json) -> Kind {
    sorted_by(kind(at(table, "AttributeDefinitions")), "AttributeName")
}

/// A table that was never switched to on-demand capacity has no summary of it.
pub(super) fn billing_mode(table: &Json) -> &str {
    at(table, "BillingModeSummary.BillingMode").as_str().unwrap_or("PROVISIONED")
}

/// A table that never changed its class has no summary of it.
pub(super) fn table_class(summary: &Json) -> Kind {
    Kind::Str(at(summary, "TableClass").as_str().unwrap_or("STANDARD").into())
}

/// Provisioned capacity; on-demand tables and their indexes answer zero, which nobody can provision.
pub(super) fn capacity(of: &Json) -> Kind {
    let throughput = at(of, "ProvisionedThroughput");
    if at(throughput, "ReadCapacityUnits").as_i64().unwrap_or_default() == 0 {
        return Kind::Null;
    }
    map(pick(throughput, &[("ReadCapacityUnits", "ReadCapacityUnits"), ("WriteCapacityUnits", "WriteCapacityUnits")]))
}

/// The throughput that a table or index can take at once.
pub(super) fn warm(of: &Json) -> Kind {
    map(pick(
        at(of, "WarmThroughput"),
        &[("ReadUnitsPerSecond", "ReadUnitsPerSecond"), ("WriteUnitsPerSecond", "WriteUnitsPerSecond")],
    ))
}

/// What every kind of index has.
pub(super) fn index(index: &Json) -> impl Iterator<Item = (&str, Kind)> {
    pick(index, &[("IndexName", "IndexName"), ("KeySchema", "KeySchema"), ("Projection", "Projection")])
}

/// Local indexes, sorted by name.
pub(super) fn local_indexes(table: &Json) -> Kind {
    sorted_by(list(items(table, "LocalSecondaryIndexes").iter().map(|local| map(index(local)))), "IndexName")
}

/// Vector indexes, sorted by name.
pub(super) fn vector_indexes(table: &Json) -> Kind {
    let indexes = items(table, "VectorIndexes").iter().map(|vector| {
        let own = pick(
            vector,
            &[
                ("IndexName", "IndexName"),
                ("Projection", "Projection"),
                ("VectorAttribute", "VectorAttribute"),
                ("Dimensions", "Dimensions"),
                ("DistanceFunction", "DistanceFunction"),
            ],
        );
        map(own.chain([("SearchSchema", all_sorted(kind(at(vector, "SearchSchema"))))]))
    });
    sorted_by(list(indexes), "IndexName")
}

/// Whether the table is encrypted with a key of KMS; nothing is said of the key that DynamoDB owns.
pub(super) fn is_encrypted(table: &Json) -> Option<bool> {
    let status = at(table, "SSEDescription.Status").as_str()?;
    Some(!status.starts_with("DISABL"))
}

/// Which changes a stream shows; nothing if there is no stream.
pub(super) fn stream_view(table: &Json) -> Option<&str> {
    let enabled = at(table, "StreamSpecification.StreamEnabled").as_bool() == Some(true);
    enabled.then(|| text(table, "StreamSpecification.StreamViewType"))
}
