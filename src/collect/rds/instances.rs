//! Database instances.

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_db_instances::DescribeDbInstancesOutput;
use aws_sdk_rds::types::{DatabaseInsightsMode, DbInstance, Endpoint, ReplicaMode};

use super::{PAGE, SPEC, is_rds, secret, security_groups};
use crate::collect::shape::{flag, list, map, number, number_text, set, set_tags, text, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "rds:DescribeDBInstances";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::RDS::DBInstance",
    asked: &[("", LIST)],
    reads: &[
        "AllocatedStorage",
        "AssociatedRoles",
        "AutoMinorVersionUpgrade",
        "AvailabilityZone",
        "BackupRetentionPeriod",
        "CACertificateIdentifier",
        "CharacterSetName",
        "CopyTagsToSnapshot",
        "DBClusterIdentifier",
        "DBInstanceClass",
        "DBInstanceIdentifier",
        "DBName",
        "DBParameterGroupName",
        "DBSubnetGroupName",
        "DatabaseInsightsMode",
        "DedicatedLogVolume",
        "DeletionProtection",
        "EnableCloudwatchLogsExports",
        "EnableIAMDatabaseAuthentication",
        "EnablePerformanceInsights",
        "Engine",
        "EngineLifecycleSupport",
        "EngineVersion",
        "Iops",
        "KmsKeyId",
        "LicenseModel",
        "ManageMasterUserPassword",
        "MasterUserSecret",
        "MasterUsername",
        "MaxAllocatedStorage",
        "MonitoringInterval",
        "MonitoringRoleArn",
        "MultiAZ",
        "NetworkType",
        "OptionGroupName",
        "PerformanceInsightsKMSKeyId",
        "PerformanceInsightsRetentionPeriod",
        "Port",
        "PreferredBackupWindow",
        "PreferredMaintenanceWindow",
        "ProcessorFeatures",
        "PromotionTier",
        "PubliclyAccessible",
        "ReplicaMode",
        "SourceDBClusterIdentifier",
        "SourceDBInstanceIdentifier",
        "StorageEncrypted",
        "StorageThroughput",
        "StorageType",
        "Tags",
        "Timezone",
        "VPCSecurityGroups",
    ],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx, rds: &Client) -> Out {
    let mut out = Out::default();
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| rds.describe_db_instances().max_records(PAGE).set_marker(start).send(),
            |page| token(page.marker()),
        )
        .await;
    for db in pages.pages.iter().flat_map(DescribeDbInstancesOutput::db_instances).filter(|db| is_rds(db.engine())) {
        out.push(resource(cx, db));
    }
    out.listed(TYPE.name, &pages.end);
    out
}

fn resource(cx: &Cx, db: &DbInstance) -> Resource {
    let id = db.db_instance_identifier().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, db.db_instance_arn().unwrap_or_default());
    for (name, kind) in identity(db).into_iter().chain(storage(db)).chain(operation(db)) {
        r.set(name, kind);
    }
    set_tags(&mut r, db.tag_list().iter().map(|tag| (tag.key(), tag.value())));
    r.set_attribute("DBInstanceStatus", text(db.db_instance_status()));
    r
}

type Properties = Vec<(&'static str, Kind)>;

fn identity(db: &DbInstance) -> Properties {
    // The instance's own port; `DbInstancePort` is zero for most engines.
    let port = db.endpoint().and_then(Endpoint::port);
    vec![
        ("DBInstanceIdentifier", text(db.db_instance_identifier())),
        ("DBInstanceClass", text(db.db_instance_class())),
        ("DBClusterIdentifier", text(db.db_cluster_identifier())),
        ("DBName", text(db.db_name())),
        ("Engine", text(db.engine())),
        ("EngineVersion", text(db.engine_version())),
        ("EngineLifecycleSupport", text(db.engine_lifecycle_support())),
        ("LicenseModel", text(db.license_model())),
        ("CharacterSetName", text(db.character_set_name())),
        ("Timezone", text(db.timezone())),
        ("SourceDBInstanceIdentifier", text(db.read_replica_source_db_instance_identifier())),
        ("SourceDBClusterIdentifier", text(db.read_replica_source_db_cluster_identifier())),
        ("ReplicaMode", text(db.replica_mode().map(ReplicaMode::as_str))),
        ("PromotionTier", number(db.promotion_tier())),
        ("AvailabilityZone", text(db.availability_zone())),
        ("MultiAZ", flag(db.multi_az())),
        ("PubliclyAccessible", flag(db.publicly_accessible())),
        ("NetworkType", text(db.network_type())),
        ("Port", number_text(port)),
        ("DBSubnetGroupName", text(db.db_subnet_group().and_then(|group| group.db_subnet_group_name()))),
        ("VPCSecurityGroups", security_groups(db.vpc_security_groups())),
        ("DBParameterGroupName", text(db.db_parameter_groups().first().and_then(|g| g.db_parameter_group_name()))),
        ("OptionGroupName", text(db.option_group_memberships().first().and_then(|g| g.option_group_name()))),
        ("MasterUsername", text(db.master_username())),
        ("MasterUserSecret", secret(db.master_user_secret())),
        ("ManageMasterUserPassword", Kind::Bool(db.master_user_secret().is_some())),
        ("EnableIAMDatabaseAuthentication", flag(db.iam_database_authentication_enabled())),
        ("CACertificateIdentifier", text(db.ca_certificate_identifier())),
    ]
}

fn storage(db: &DbInstance) -> Properties {
    vec![
        ("AllocatedStorage", number_text(db.allocated_storage())),
        ("MaxAllocatedStorage", number(db.max_allocated_storage())),
        ("StorageType", text(db.storage_type())),
        ("Iops", number(db.iops())),
        ("StorageThroughput", number(db.storage_throughput())),
        ("StorageEncrypted", flag(db.storage_encrypted())),
        ("KmsKeyId", text(db.kms_key_id())),
        ("DedicatedLogVolume", flag(db.dedicated_log_volume())),
    ]
}

fn operation(db: &DbInstance) -> Properties {
    let roles = db.associated_roles().iter();
    let features = db.processor_features().iter();
    vec![
        ("BackupRetentionPeriod", number(db.backup_retention_period())),
        ("PreferredBackupWindow", text(db.preferred_backup_window())),
        ("PreferredMaintenanceWindow", text(db.preferred_maintenance_window())),
        ("CopyTagsToSnapshot", flag(db.copy_tags_to_snapshot())),
        ("DeletionProtection", flag(db.deletion_protection())),
        ("AutoMinorVersionUpgrade", flag(db.auto_minor_version_upgrade())),
        ("EnableCloudwatchLogsExports", set(db.enabled_cloudwatch_logs_exports().iter().map(String::as_str))),
        ("EnablePerformanceInsights", flag(db.performance_insights_enabled())),
        ("PerformanceInsightsKMSKeyId", text(db.performance_insights_kms_key_id())),
        ("PerformanceInsightsRetentionPeriod", number(db.performance_insights_retention_period())),
        ("DatabaseInsightsMode", text(db.database_insights_mode().map(DatabaseInsightsMode::as_str))),
        ("MonitoringInterval", number(db.monitoring_interval())),
        ("MonitoringRoleArn", text(db.monitoring_role_arn())),
        (
            "AssociatedRoles",
            list(roles.map(|r| map([("RoleArn", text(r.role_arn())), ("FeatureName", text(r.feature_name()))]))),
        ),
        ("ProcessorFeatures", list(features.map(|f| map([("Name", text(f.name())), ("Value", text(f.value()))])))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::model::Value;
    use aws_sdk_rds::types::{DbParameterGroupStatus, MasterUserSecret, VpcSecurityGroupMembership};

    #[test]
    fn an_instance_reads_as_cloudformation_would_declare_it() {
        let db = DbInstance::builder()
            .db_instance_identifier("orders")
            .db_instance_arn("arn:aws:rds:us-east-1:123456789012:db:orders")
            .db_instance_status("available")
            .allocated_storage(100)
            .endpoint(Endpoint::builder().port(5432).build())
            .vpc_security_groups(VpcSecurityGroupMembership::builder().vpc_security_group_id("sg-1").build())
            .db_parameter_groups(DbParameterGroupStatus::builder().db_parameter_group_name("tuned").build())
            .master_user_secret(MasterUserSecret::builder().secret_arn("arn:s").build())
            .storage_encrypted(false)
            .build();
        let r = resource(&offline("us-east-1"), &db);
        assert_eq!(r.address.physical_id.as_deref(), Some("orders"));
        assert_eq!(r.get("AllocatedStorage").as_str(), Some("100"), "the schema says string");
        assert_eq!(r.get("Port").as_str(), Some("5432"));
        assert_eq!(r.get("VPCSecurityGroups.0").as_str(), Some("sg-1"));
        assert_eq!(r.get("DBParameterGroupName").as_str(), Some("tuned"));
        assert_eq!(r.get("ManageMasterUserPassword").value().and_then(Value::as_bool), Some(true));
        assert_eq!(r.get("StorageEncrypted").value().and_then(Value::as_bool), Some(false));
        assert_eq!(r.attribute("DBInstanceStatus").as_str(), Some("available"));
    }

    #[test]
    fn everything_claimed_is_read_and_what_the_answer_leaves_out_is_absent() {
        let r = resource(&offline("us-east-1"), &DbInstance::builder().db_instance_identifier("bare").build());
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert!(r.get("KmsKeyId").is_absent());
        assert!(r.get("MasterUserPassword").why_unknown().is_some(), "nobody can read it");
    }
}
