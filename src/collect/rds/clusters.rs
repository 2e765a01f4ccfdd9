//! Database clusters: Aurora and Multi-AZ.

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_db_clusters::DescribeDbClustersOutput;
use aws_sdk_rds::types::{
    ActivityStreamStatus, DatabaseInsightsMode, DbCluster, DomainMembership, LocalWriteForwardingStatus,
    ScalingConfigurationInfo, ServerlessV2ScalingConfigurationInfo, StorageEncryptionType,
};

use super::database::{database, secret, security_groups};
use super::{PAGE, SPEC, is_rds};
use crate::collect::shape::{flag, list, map, number, number_text, set, set_tags, text, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "rds:DescribeDBClusters";

pub(super) const TYPE: TypeSpec =
    TypeSpec { name: "AWS::RDS::DBCluster", asked: &[("", LIST)], reads: READS, ..TypeSpec::LISTED };

database! { db: DbCluster,
    "AllocatedStorage" => number(db.allocated_storage()),
    "AvailabilityZones" => set(db.availability_zones().iter().map(String::as_str)),
    "BacktrackWindow" => number(db.backtrack_window()),
    "DBClusterInstanceClass" => text(db.db_cluster_instance_class()),
    "DBClusterParameterGroupName" => text(db.db_cluster_parameter_group()),
    "DBSubnetGroupName" => text(db.db_subnet_group()),
    "DatabaseName" => text(db.database_name()),
    "EnableGlobalWriteForwarding" => flag(db.global_write_forwarding_requested()),
    "EnableHttpEndpoint" => flag(db.http_endpoint_enabled()),
    "EnableLocalWriteForwarding" => db.local_write_forwarding_status().map_or(Kind::Null, forwards),
    "EngineMode" => text(db.engine_mode()),
    "GlobalClusterIdentifier" => text(db.global_cluster_identifier()),
    "PerformanceInsightsEnabled" => flag(db.performance_insights_enabled()),
    "PerformanceInsightsKmsKeyId" => text(db.performance_insights_kms_key_id()),
    "Port" => number(db.port()),
    "ReplicationSourceIdentifier" => text(db.replication_source_identifier()),
    "ScalingConfiguration" => db.scaling_configuration_info().map_or(Kind::Null, scaling),
    "ServerlessV2ScalingConfiguration" => db.serverless_v2_scaling_configuration().map_or(Kind::Null, serverless),
    "VpcSecurityGroupIds" => security_groups(db.vpc_security_groups()),
}

pub(super) async fn collect(cx: &Cx, rds: &Client) -> Out {
    let mut out = Out::default();
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| rds.describe_db_clusters().max_records(PAGE).set_marker(start).send(),
            |page| token(page.marker()),
        )
        .await;
    for db in pages.pages.iter().flat_map(DescribeDbClustersOutput::db_clusters).filter(|db| is_rds(db.engine())) {
        out.push(resource(cx, db));
    }
    out.listed(TYPE.name, &pages.end);
    out
}

fn resource(cx: &Cx, db: &DbCluster) -> Resource {
    let id = db.db_cluster_identifier().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, db.db_cluster_arn().unwrap_or_default());
    for (name, kind) in properties(db) {
        r.set(name, kind);
    }
    set_tags(&mut r, db.tag_list().iter().map(|tag| (tag.key(), tag.value())));
    for (name, kind) in facts(db) {
        r.set_attribute(name, kind);
    }
    r
}

fn facts(db: &DbCluster) -> [(&'static str, Kind); 8] {
    [
        ("Status", text(db.status())),
        ("MultiAZ", flag(db.multi_az())),
        ("Members", members(db)),
        ("DBClusterResourceId", text(db.db_cluster_resource_id())),
        ("Endpoint", map([("Address", text(db.endpoint())), ("Port", number_text(db.port()))])),
        ("ReadEndpoint", map([("Address", text(db.reader_endpoint()))])),
        ("ActivityStreamStatus", text(db.activity_stream_status().map(ActivityStreamStatus::as_str))),
        ("StorageEncryptionType", text(db.storage_encryption_type().map(StorageEncryptionType::as_str))),
    ]
}

/// The instances of a cluster and which of them writes: no property of the cluster says so.
fn members(db: &DbCluster) -> Kind {
    list(db.db_cluster_members().iter().map(|member| {
        map([
            ("DBInstanceIdentifier", text(member.db_instance_identifier())),
            ("IsClusterWriter", flag(member.is_cluster_writer())),
        ])
    }))
}

/// Whether readers forward writes, or will when a change is done.
fn forwards(status: &LocalWriteForwardingStatus) -> Kind {
    use LocalWriteForwardingStatus::{Enabled, Enabling, Requested};
    Kind::Bool(matches!(status, Enabled | Enabling | Requested))
}

/// Capacity of the first generation of Aurora Serverless.
fn scaling(of: &ScalingConfigurationInfo) -> Kind {
    map([
        ("AutoPause", flag(of.auto_pause())),
        ("MaxCapacity", number(of.max_capacity())),
        ("MinCapacity", number(of.min_capacity())),
        ("SecondsBeforeTimeout", number(of.seconds_before_timeout())),
        ("SecondsUntilAutoPause", number(of.seconds_until_auto_pause())),
        ("TimeoutAction", text(of.timeout_action())),
    ])
}

fn serverless(of: &ServerlessV2ScalingConfigurationInfo) -> Kind {
    let capacity = |units: Option<f64>| units.map_or(Kind::Null, Kind::Float);
    map([
        ("MinCapacity", capacity(of.min_capacity())),
        ("MaxCapacity", capacity(of.max_capacity())),
        ("SecondsUntilAutoPause", number(of.seconds_until_auto_pause())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{self, claimed, cx};
    use crate::model::{Value, to_json};
    use serde_json::json;

    const CLUSTER: &str = "<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster>
        <DBClusterIdentifier>ledger</DBClusterIdentifier><Engine>aurora-mysql</Engine><Status>available</Status>
        <Endpoint>ledger.cluster-x.eu-west-1.rds.amazonaws.com</Endpoint><Port>3306</Port>
        <ReaderEndpoint>ledger.cluster-ro-x.eu-west-1.rds.amazonaws.com</ReaderEndpoint>
        <LocalWriteForwardingStatus>enabling</LocalWriteForwardingStatus>
        <ServerlessV2ScalingConfiguration><MinCapacity>0.5</MinCapacity><MaxCapacity>8.0</MaxCapacity>
        </ServerlessV2ScalingConfiguration>
        <DBClusterMembers><DBClusterMember><DBInstanceIdentifier>ledger-1</DBInstanceIdentifier>
            <IsClusterWriter>true</IsClusterWriter></DBClusterMember></DBClusterMembers>
        <AssociatedRoles><DBClusterRole><RoleArn>arn:role</RoleArn><FeatureName>s3Import</FeatureName></DBClusterRole>
        </AssociatedRoles>
        <EnabledCloudwatchLogsExports><member>slowquery</member><member>audit</member></EnabledCloudwatchLogsExports>
        <TagList><Tag><Key>team</Key><Value>money</Value></Tag></TagList>
        </DBCluster></DBClusters></DescribeDBClustersResult></DescribeDBClustersResponse>";

    #[tokio::test]
    async fn a_cluster_reads_as_cloudformation_would_declare_it_and_its_members_are_a_fact() {
        let cx = cx("eu-west-1", |_| (200, CLUSTER.into()));
        let out = collect(&cx, &Client::new(&cx.config)).await;
        let [r] = &out.resources[..] else { panic!("one cluster: {out:?}") };
        assert_eq!(testing::properties(r), claimed(&SPEC, r));
        assert_eq!(r.get("Port").value().and_then(Value::as_int), Some(3306));
        let least = r.get("ServerlessV2ScalingConfiguration.MinCapacity");
        assert_eq!(least.value().map(|v| &v.kind), Some(&Kind::Float(0.5)));
        assert_eq!(r.get("EnableLocalWriteForwarding").value().map(|v| &v.kind), Some(&Kind::Bool(true)));
        assert_eq!(r.get("EnableCloudwatchLogsExports.0").as_str(), Some("audit"), "a set is sorted");
        assert_eq!(r.get("AssociatedRoles.0.FeatureName").as_str(), Some("s3Import"));
        assert_eq!(r.tag("team").as_deref(), Some("money"));
        assert_eq!(r.attribute("Members").get("0.DBInstanceIdentifier").as_str(), Some("ledger-1"));
        assert_eq!(r.attribute("Endpoint").get("Port").as_str(), Some("3306"));
        assert!(r.get("MasterUserSecret").is_absent());
        assert!(r.get("ScalingConfiguration").is_absent());
        assert_eq!(
            to_json(&r.attributes)["ReadEndpoint"],
            json!({"Address": "ledger.cluster-ro-x.eu-west-1.rds.amazonaws.com"})
        );
    }
}
