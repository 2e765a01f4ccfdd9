//! Database clusters: Aurora and Multi-AZ.

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_db_clusters::DescribeDbClustersOutput;
use aws_sdk_rds::types::{DatabaseInsightsMode, DbCluster};

use super::{PAGE, SPEC, is_rds, secret, security_groups};
use crate::collect::shape::{flag, list, map, number, set, set_tags, text, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "rds:DescribeDBClusters";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::RDS::DBCluster",
    asked: &[("", LIST)],
    reads: &[
        "AllocatedStorage",
        "AssociatedRoles",
        "AutoMinorVersionUpgrade",
        "AvailabilityZones",
        "BacktrackWindow",
        "BackupRetentionPeriod",
        "CopyTagsToSnapshot",
        "DBClusterIdentifier",
        "DBClusterInstanceClass",
        "DBClusterParameterGroupName",
        "DBSubnetGroupName",
        "DatabaseInsightsMode",
        "DatabaseName",
        "DeletionProtection",
        "EnableCloudwatchLogsExports",
        "EnableHttpEndpoint",
        "EnableIAMDatabaseAuthentication",
        "Engine",
        "EngineLifecycleSupport",
        "EngineMode",
        "EngineVersion",
        "GlobalClusterIdentifier",
        "Iops",
        "KmsKeyId",
        "ManageMasterUserPassword",
        "MasterUserSecret",
        "MasterUsername",
        "MonitoringInterval",
        "MonitoringRoleArn",
        "NetworkType",
        "PerformanceInsightsEnabled",
        "PerformanceInsightsKmsKeyId",
        "PerformanceInsightsRetentionPeriod",
        "Port",
        "PreferredBackupWindow",
        "PreferredMaintenanceWindow",
        "PubliclyAccessible",
        "ReplicationSourceIdentifier",
        "ServerlessV2ScalingConfiguration",
        "StorageEncrypted",
        "StorageType",
        "Tags",
        "VpcSecurityGroupIds",
    ],
    ..TypeSpec::LISTED
};

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
    for (name, kind) in identity(db).into_iter().chain(operation(db)) {
        r.set(name, kind);
    }
    set_tags(&mut r, db.tag_list().iter().map(|tag| (tag.key(), tag.value())));
    r.set_attribute("Status", text(db.status()));
    r.set_attribute("MultiAZ", flag(db.multi_az()));
    r.set_attribute("Members", members(db));
    r
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

type Properties = Vec<(&'static str, Kind)>;

fn identity(db: &DbCluster) -> Properties {
    vec![
        ("DBClusterIdentifier", text(db.db_cluster_identifier())),
        ("DBClusterInstanceClass", text(db.db_cluster_instance_class())),
        ("DatabaseName", text(db.database_name())),
        ("Engine", text(db.engine())),
        ("EngineMode", text(db.engine_mode())),
        ("EngineVersion", text(db.engine_version())),
        ("EngineLifecycleSupport", text(db.engine_lifecycle_support())),
        ("GlobalClusterIdentifier", text(db.global_cluster_identifier())),
        ("ReplicationSourceIdentifier", text(db.replication_source_identifier())),
        ("AvailabilityZones", set(db.availability_zones().iter().map(String::as_str))),
        ("PubliclyAccessible", flag(db.publicly_accessible())),
        ("NetworkType", text(db.network_type())),
        ("Port", number(db.port())),
        ("DBSubnetGroupName", text(db.db_subnet_group())),
        ("VpcSecurityGroupIds", security_groups(db.vpc_security_groups())),
        ("DBClusterParameterGroupName", text(db.db_cluster_parameter_group())),
        ("MasterUsername", text(db.master_username())),
        ("MasterUserSecret", secret(db.master_user_secret())),
        ("ManageMasterUserPassword", Kind::Bool(db.master_user_secret().is_some())),
        ("EnableIAMDatabaseAuthentication", flag(db.iam_database_authentication_enabled())),
        ("EnableHttpEndpoint", flag(db.http_endpoint_enabled())),
    ]
}

fn operation(db: &DbCluster) -> Properties {
    let roles = db.associated_roles().iter();
    vec![
        ("AllocatedStorage", number(db.allocated_storage())),
        ("StorageType", text(db.storage_type())),
        ("Iops", number(db.iops())),
        ("StorageEncrypted", flag(db.storage_encrypted())),
        ("KmsKeyId", text(db.kms_key_id())),
        ("ServerlessV2ScalingConfiguration", serverless(db)),
        ("BackupRetentionPeriod", number(db.backup_retention_period())),
        ("BacktrackWindow", number(db.backtrack_window())),
        ("PreferredBackupWindow", text(db.preferred_backup_window())),
        ("PreferredMaintenanceWindow", text(db.preferred_maintenance_window())),
        ("CopyTagsToSnapshot", flag(db.copy_tags_to_snapshot())),
        ("DeletionProtection", flag(db.deletion_protection())),
        ("AutoMinorVersionUpgrade", flag(db.auto_minor_version_upgrade())),
        ("EnableCloudwatchLogsExports", set(db.enabled_cloudwatch_logs_exports().iter().map(String::as_str))),
        ("PerformanceInsightsEnabled", flag(db.performance_insights_enabled())),
        ("PerformanceInsightsKmsKeyId", text(db.performance_insights_kms_key_id())),
        ("PerformanceInsightsRetentionPeriod", number(db.performance_insights_retention_period())),
        ("DatabaseInsightsMode", text(db.database_insights_mode().map(DatabaseInsightsMode::as_str))),
        ("MonitoringInterval", number(db.monitoring_interval())),
        ("MonitoringRoleArn", text(db.monitoring_role_arn())),
        (
            "AssociatedRoles",
            list(roles.map(|r| map([("RoleArn", text(r.role_arn())), ("FeatureName", text(r.feature_name()))]))),
        ),
    ]
}

fn serverless(db: &DbCluster) -> Kind {
    db.serverless_v2_scaling_configuration().map_or(Kind::Null, |scaling| {
        let capacity = |units: Option<f64>| units.map_or(Kind::Null, Kind::Float);
        map([
            ("MinCapacity", capacity(scaling.min_capacity())),
            ("MaxCapacity", capacity(scaling.max_capacity())),
            ("SecondsUntilAutoPause", number(scaling.seconds_until_auto_pause())),
        ])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::model::Value;
    use aws_sdk_rds::types::{DbClusterMember, ServerlessV2ScalingConfigurationInfo};

    #[test]
    fn a_cluster_reads_as_cloudformation_would_declare_it_and_its_members_are_a_fact() {
        let scaling = ServerlessV2ScalingConfigurationInfo::builder().min_capacity(0.5).max_capacity(8.0).build();
        let member = DbClusterMember::builder().db_instance_identifier("ledger-1").is_cluster_writer(true).build();
        let db = DbCluster::builder()
            .db_cluster_identifier("ledger")
            .status("available")
            .port(3306)
            .serverless_v2_scaling_configuration(scaling)
            .db_cluster_members(member)
            .build();
        let r = resource(&offline("eu-west-1"), &db);
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.get("Port").value().and_then(Value::as_int), Some(3306));
        let least = r.get("ServerlessV2ScalingConfiguration.MinCapacity");
        assert_eq!(least.value().map(|v| &v.kind), Some(&Kind::Float(0.5)));
        assert_eq!(r.attribute("Members.0.DBInstanceIdentifier").as_str(), None, "facts are read by name");
        assert_eq!(r.attribute("Members").get("0.DBInstanceIdentifier").as_str(), Some("ledger-1"));
        assert!(r.get("MasterUserSecret").is_absent());
    }
}
