//! DynamoDB: tables, and what one region can tell of the global tables that they are replicas of.

mod details;
mod global;
mod shape;
mod tables;

use async_trait::async_trait;

use super::tags;
use super::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec {
    name: "dynamodb",
    reach: Reach::Regional,
    listings: 1,
    types: &[tables::TYPE, global::TYPE],
    actions: &[
        tables::LIST,
        tables::DESCRIBE,
        details::BACKUPS,
        details::EXPIRY,
        details::INSIGHTS,
        details::KINESIS,
        details::POLICY,
        details::TAGS,
        tags::LIST,
    ],
};

/// What DynamoDB answers for a table that does not exist.
const GONE: &[&str] = &["ResourceNotFoundException", "TableNotFoundException"];

/// Reads the tables of one region.
pub struct DynamoDb;

#[async_trait]
impl Collector for DynamoDb {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        out.merge(tables::collect(cx).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::refused;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&DynamoDb, "us-east-1").await.resources, []);
    }
}
