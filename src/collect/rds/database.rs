//! What instances and clusters have in common.

use aws_sdk_rds::types::{MasterUserSecret, VpcSecurityGroupMembership};

use crate::collect::shape::{map, set, text};
use crate::model::Kind;

/// Makes a database's properties out of what it says: `READS`, their names, and `properties`, their values. Instances and clusters have half of
/// them in common, and the answers call these the same. Tags are set apart.
macro_rules! database {
    (@all $db:ident: $type:ty, $($name:literal => $value:expr),* $(,)?) => {
        const READS: &[&str] = &["Tags", $($name),*];

        fn properties($db: &$type) -> Vec<(&'static str, crate::model::Kind)> {
            vec![$(($name, $value)),*]
        }
    };
    ($db:ident: $type:ty, $($own:tt)*) => {
        database!(@all $db: $type,
            "AssociatedRoles" => list($db.associated_roles().iter().map(|role| {
                map([("RoleArn", text(role.role_arn())), ("FeatureName", text(role.feature_name()))])
            })),
            "AutoMinorVersionUpgrade" => flag($db.auto_minor_version_upgrade()),
            "BackupRetentionPeriod" => number($db.backup_retention_period()),
            "CopyTagsToSnapshot" => flag($db.copy_tags_to_snapshot()),
            "DBClusterIdentifier" => text($db.db_cluster_identifier()),
            "DBSystemId" => text($db.db_system_id()),
            "DatabaseInsightsMode" => text($db.database_insights_mode().map(DatabaseInsightsMode::as_str)),
            "DeletionProtection" => flag($db.deletion_protection()),
            "Domain" => text($db.domain_memberships().first().and_then(DomainMembership::domain)),
            "DomainIAMRoleName" => text($db.domain_memberships().first().and_then(DomainMembership::iam_role_name)),
            "EnableCloudwatchLogsExports" => set($db.enabled_cloudwatch_logs_exports().iter().map(String::as_str)),
            "EnableIAMDatabaseAuthentication" => flag($db.iam_database_authentication_enabled()),
            "Engine" => text($db.engine()),
            "EngineLifecycleSupport" => text($db.engine_lifecycle_support()),
            "EngineVersion" => text($db.engine_version()),
            "Iops" => number($db.iops()),
            "KmsKeyId" => text($db.kms_key_id()),
            "ManageMasterUserPassword" => Kind::Bool($db.master_user_secret().is_some()),
            "MasterUserSecret" => $db.master_user_secret().map_or(Kind::Null, secret),
            "MasterUsername" => text($db.master_username()),
            "MonitoringInterval" => number($db.monitoring_interval()),
            "MonitoringRoleArn" => text($db.monitoring_role_arn()),
            "NetworkType" => text($db.network_type()),
            "PerformanceInsightsRetentionPeriod" => number($db.performance_insights_retention_period()),
            "PreferredBackupWindow" => text($db.preferred_backup_window()),
            "PreferredMaintenanceWindow" => text($db.preferred_maintenance_window()),
            "PubliclyAccessible" => flag($db.publicly_accessible()),
            "StorageEncrypted" => flag($db.storage_encrypted()),
            "StorageType" => text($db.storage_type()),
            $($own)*
        );
    };
}
pub(super) use database;

pub(super) fn security_groups(memberships: &[VpcSecurityGroupMembership]) -> Kind {
    set(memberships.iter().filter_map(VpcSecurityGroupMembership::vpc_security_group_id))
}

pub(super) fn secret(secret: &MasterUserSecret) -> Kind {
    map([("SecretArn", text(secret.secret_arn())), ("KmsKeyId", text(secret.kms_key_id()))])
}
