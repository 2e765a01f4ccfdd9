//! RDS: instances and clusters with their tags, and the groups that they refer to. Proxies, global databases and event subscriptions have
//! collectors of their own.

mod clusters;
mod database;
pub mod events;
pub mod global;
mod instances;
mod options;
mod parameters;
pub mod proxies;
mod subnets;
mod tags;

use async_trait::async_trait;
use aws_sdk_rds::Client;

use super::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec {
    name: "rds",
    reach: Reach::Regional,
    listings: 6,
    types: &[
        instances::TYPE,
        clusters::TYPE,
        subnets::TYPE,
        parameters::OF_INSTANCES,
        parameters::OF_CLUSTERS,
        options::TYPE,
    ],
    actions: &[
        instances::LIST,
        clusters::LIST,
        subnets::LIST,
        parameters::LIST_OF_INSTANCES,
        parameters::READ_OF_INSTANCES,
        parameters::LIST_OF_CLUSTERS,
        parameters::READ_OF_CLUSTERS,
        options::LIST,
        tags::READ,
        super::tags::LIST,
    ],
};

/// The largest page that the describe calls give.
const PAGE: i32 = 100;

/// Reads RDS in one region.
pub struct Rds;

#[async_trait]
impl Collector for Rds {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let rds = Client::new(&cx.config);
        let (instances, clusters, subnets, of_instances, of_clusters, options) = tokio::join!(
            instances::collect(cx, &rds),
            clusters::collect(cx, &rds),
            subnets::collect(cx, &rds),
            parameters::of_instances(cx, &rds),
            parameters::of_clusters(cx, &rds),
            options::collect(cx, &rds),
        );
        for part in [instances, clusters, subnets, of_instances, of_clusters, options] {
            out.merge(part);
        }
    }
}

/// Whether an engine, or a parameter group family, is RDS's own: Neptune and `DocumentDB` answer through the same API
/// but have types of their own.
fn is_rds(engine: Option<&str>) -> bool {
    !engine.is_some_and(|engine| engine.starts_with("neptune") || engine.starts_with("docdb"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{collected, cx, refused};

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Rds, "us-east-1").await.resources, []);
    }

    #[tokio::test]
    async fn neptune_and_documentdb_are_left_to_their_own_types() {
        let cx = cx("us-east-1", |asked| {
            let action = asked.split("Action=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
            let clusters = ["neptune", "docdb", "aurora-mysql"].map(|engine| {
                format!("<DBCluster><DBClusterIdentifier>{engine}</DBClusterIdentifier><Engine>{engine}</Engine></DBCluster>")
            });
            let found = if action == "DescribeDBClusters" { clusters.concat() } else { String::new() };
            (
                200,
                format!(
                    "<{action}Response><{action}Result><DBClusters>{found}</DBClusters></{action}Result></{action}Response>"
                ),
            )
        });
        let out = collected(&Rds, &cx).await;
        let ids: Vec<_> = out.resources.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        assert_eq!(ids, ["aurora-mysql"]);
        assert!(out.listed.values().all(Result::is_ok), "an empty region is wholly listed: {:?}", out.listed);
    }
}
