//! Aurora global databases. Every region lists the same ones, so one is asked.

use async_trait::async_trait;
use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_global_clusters::DescribeGlobalClustersOutput;
use aws_sdk_rds::types::{GlobalCluster, GlobalClusterMember};

use super::{PAGE, is_rds};
use crate::collect::shape::{flag, list, map, set, set_tags, text, token};
use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::{Kind, Resource};

const LIST: &str = "rds:DescribeGlobalClusters";

/// Which cluster one was made from is not told.
const TYPE: TypeSpec = TypeSpec {
    name: "AWS::RDS::GlobalCluster",
    asked: &[("", LIST)],
    reads: &[
        "DeletionProtection",
        "Engine",
        "EngineLifecycleSupport",
        "EngineVersion",
        "GlobalClusterIdentifier",
        "StorageEncrypted",
        "Tags",
    ],
    ..TypeSpec::LISTED
};

static SPEC: Spec = Spec { name: "rds/global", reach: Reach::Global, listings: 1, types: &[TYPE], actions: &[LIST] };

/// Reads global databases.
pub struct GlobalClusters;

#[async_trait]
impl Collector for GlobalClusters {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let rds = Client::new(&cx.config);
        let pages = cx
            .pages(
                LIST,
                &[TYPE.name],
                |start| rds.describe_global_clusters().max_records(PAGE).set_marker(start).send(),
                |page| token(page.marker()),
            )
            .await;
        let clusters = pages.pages.iter().flat_map(DescribeGlobalClustersOutput::global_clusters);
        out.resources.extend(clusters.filter(|db| is_rds(db.engine())).map(|db| resource(cx, db)));
        out.listed(TYPE.name, &pages.end);
    }
}

fn resource(cx: &Cx, db: &GlobalCluster) -> Resource {
    let id = db.global_cluster_identifier().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, db.global_cluster_arn().unwrap_or_default());
    r.set("GlobalClusterIdentifier", text(Some(id)));
    r.set("Engine", text(db.engine()));
    r.set("EngineVersion", text(db.engine_version()));
    r.set("EngineLifecycleSupport", text(db.engine_lifecycle_support()));
    r.set("StorageEncrypted", flag(db.storage_encrypted()));
    r.set("DeletionProtection", flag(db.deletion_protection()));
    set_tags(&mut r, db.tag_list().iter().map(|tag| (tag.key(), tag.value())));
    r.set_attribute("Status", text(db.status()));
    r.set_attribute("GlobalEndpoint", map([("Address", text(db.endpoint()))]));
    r.set_attribute("Members", list(db.global_cluster_members().iter().map(member)));
    r
}

/// A cluster of a global database. Its ARN says in which region it is.
fn member(member: &GlobalClusterMember) -> Kind {
    map([
        ("DBClusterArn", text(member.db_cluster_arn())),
        ("IsWriter", flag(member.is_writer())),
        ("Readers", set(member.readers().iter().map(String::as_str))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::{GLOBAL, to_json};
    use serde_json::json;

    const CLUSTERS: &str = "<DescribeGlobalClustersResponse><DescribeGlobalClustersResult><GlobalClusters>
        <GlobalClusterMember><GlobalClusterIdentifier>world</GlobalClusterIdentifier>
            <GlobalClusterArn>arn:aws:rds::123456789012:global-cluster:world</GlobalClusterArn>
            <Engine>aurora-postgresql</Engine><DeletionProtection>true</DeletionProtection>
            <Endpoint>world.global-x.global.rds.amazonaws.com</Endpoint>
            <GlobalClusterMembers><GlobalClusterMember>
                <DBClusterArn>arn:aws:rds:us-east-1:123456789012:cluster:ledger</DBClusterArn><IsWriter>true</IsWriter>
                <Readers><member>arn:aws:rds:eu-west-1:123456789012:cluster:ledger-2</member></Readers>
            </GlobalClusterMember></GlobalClusterMembers>
            <TagList><Tag><Key>a</Key><Value>b</Value></Tag></TagList></GlobalClusterMember>
        <GlobalClusterMember><GlobalClusterIdentifier>graph</GlobalClusterIdentifier><Engine>neptune</Engine>
        </GlobalClusterMember></GlobalClusters></DescribeGlobalClustersResult></DescribeGlobalClustersResponse>";

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&GlobalClusters, GLOBAL).await.resources, []);
    }

    #[tokio::test]
    async fn a_global_database_is_read_once_and_its_clusters_are_a_fact() {
        let out = collected(&GlobalClusters, &cx(GLOBAL, |_| (200, CLUSTERS.into()))).await;
        let [r] = &out.resources[..] else { panic!("Neptune's are not RDS's: {out:?}") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(&*r.address.region, GLOBAL);
        assert_eq!(r.get("DeletionProtection").value().map(|v| &v.kind), Some(&Kind::Bool(true)));
        assert_eq!(
            to_json(&r.attributes)["Members"],
            json!([{
                "DBClusterArn": "arn:aws:rds:us-east-1:123456789012:cluster:ledger",
                "IsWriter": true,
                "Readers": ["arn:aws:rds:eu-west-1:123456789012:cluster:ledger-2"],
            }])
        );
    }
}
