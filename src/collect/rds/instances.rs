//! Database instances.

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_db_instances::DescribeDbInstancesOutput;
use aws_sdk_rds::types::{
    ActivityStreamStatus, AdditionalStorageVolumeOutput, CertificateDetails, DatabaseInsightsMode, DbInstance,
    DbInstanceAutomatedBackupsReplication, DbSecurityGroupMembership, DomainMembership, Endpoint, ReplicaMode,
};

use super::database::{database, secret, security_groups};
use super::{PAGE, SPEC, is_rds};
use crate::collect::shape::{flag, list, map, number, number_text, set, set_tags, text, time, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "rds:DescribeDBInstances";

pub(super) const TYPE: TypeSpec =
    TypeSpec { name: "AWS::RDS::DBInstance", asked: &[("", LIST)], reads: READS, ..TypeSpec::LISTED };

database! { db: DbInstance,
    "AdditionalStorageVolumes" => list(db.additional_storage_volumes().iter().map(volume)),
    "AllocatedStorage" => number_text(db.allocated_storage()),
    "AutomaticBackupReplicationRegion" => text(replicated_to(db)),
    "AvailabilityZone" => text(db.availability_zone()),
    "BackupTarget" => text(db.backup_target()),
    "CACertificateIdentifier" => text(db.ca_certificate_identifier()),
    "CharacterSetName" => text(db.character_set_name()),
    "CustomIAMInstanceProfile" => text(db.custom_iam_instance_profile()),
    "DBInstanceClass" => text(db.db_instance_class()),
    "DBInstanceIdentifier" => text(db.db_instance_identifier()),
    "DBName" => text(db.db_name()),
    "DBParameterGroupName" => text(db.db_parameter_groups().first().and_then(|g| g.db_parameter_group_name())),
    "DBSecurityGroups" =>
        set(db.db_security_groups().iter().filter_map(DbSecurityGroupMembership::db_security_group_name)),
    "DBSubnetGroupName" => text(db.db_subnet_group().and_then(|group| group.db_subnet_group_name())),
    "DedicatedLogVolume" => flag(db.dedicated_log_volume()),
    "DomainAuthSecretArn" => text(db.domain_memberships().first().and_then(DomainMembership::auth_secret_arn)),
    "DomainDnsIps" => list(db.domain_memberships().iter().take(1).flat_map(aws_sdk_rds::types::DomainMembership::dns_ips).map(|ip| text(Some(ip)))),
    "DomainFqdn" => text(db.domain_memberships().first().and_then(DomainMembership::fqdn)),
    "DomainOu" => text(db.domain_memberships().first().and_then(DomainMembership::ou)),
    "EnablePerformanceInsights" => flag(db.performance_insights_enabled()),
    "LicenseModel" => text(db.license_model()),
    "MaxAllocatedStorage" => number(db.max_allocated_storage()),
    "MultiAZ" => flag(db.multi_az()),
    "NcharCharacterSetName" => text(db.nchar_character_set_name()),
    "OptionGroupName" => text(db.option_group_memberships().first().and_then(|g| g.option_group_name())),
    "PerformanceInsightsKMSKeyId" => text(db.performance_insights_kms_key_id()),
    // The instance's own port; `DbInstancePort` is zero for most engines.
    "Port" => number_text(db.endpoint().and_then(Endpoint::port)),
    "ProcessorFeatures" => list(
        db.processor_features().iter().map(|f| map([("Name", text(f.name())), ("Value", text(f.value()))])),
    ),
    "PromotionTier" => number(db.promotion_tier()),
    "ReplicaMode" => text(db.replica_mode().map(ReplicaMode::as_str)),
    "SourceDBClusterIdentifier" => text(db.read_replica_source_db_cluster_identifier()),
    "SourceDBInstanceIdentifier" => text(db.read_replica_source_db_instance_identifier()),
    "StorageThroughput" => number(db.storage_throughput()),
    "TdeCredentialArn" => text(db.tde_credential_arn()),
    "Timezone" => text(db.timezone()),
    "VPCSecurityGroups" => security_groups(db.vpc_security_groups()),
}

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
    for (name, kind) in properties(db) {
        r.set(name, kind);
    }
    set_tags(&mut r, db.tag_list().iter().map(|tag| (tag.key(), tag.value())));
    for (name, kind) in facts(db) {
        r.set_attribute(name, kind);
    }
    r
}

fn facts(db: &DbInstance) -> [(&'static str, Kind); 8] {
    let texts = |ids: &[String]| set(ids.iter().map(String::as_str));
    [
        ("DBInstanceStatus", text(db.db_instance_status())),
        ("DbiResourceId", text(db.dbi_resource_id())),
        ("Endpoint", db.endpoint().map_or(Kind::Null, endpoint)),
        ("CertificateDetails", db.certificate_details().map_or(Kind::Null, certificate)),
        ("SecondaryAvailabilityZone", text(db.secondary_availability_zone())),
        ("ReadReplicaDBInstanceIdentifiers", texts(db.read_replica_db_instance_identifiers())),
        ("ReadReplicaDBClusterIdentifiers", texts(db.read_replica_db_cluster_identifiers())),
        ("ActivityStreamStatus", text(db.activity_stream_status().map(ActivityStreamStatus::as_str))),
    ]
}

fn endpoint(of: &Endpoint) -> Kind {
    map([
        ("Address", text(of.address())),
        ("Port", number_text(of.port())),
        ("HostedZoneId", text(of.hosted_zone_id())),
    ])
}

fn certificate(of: &CertificateDetails) -> Kind {
    map([("CAIdentifier", text(of.ca_identifier())), ("ValidTill", time(of.valid_till()))])
}

fn volume(volume: &AdditionalStorageVolumeOutput) -> Kind {
    map([
        ("VolumeName", text(volume.volume_name())),
        ("AllocatedStorage", number_text(volume.allocated_storage())),
        ("Iops", number(volume.iops())),
        ("MaxAllocatedStorage", number(volume.max_allocated_storage())),
        ("StorageThroughput", number(volume.storage_throughput())),
        ("StorageType", text(volume.storage_type())),
    ])
}

/// The region that automated backups are copied to: the copies are known by their ARNs.
fn replicated_to(db: &DbInstance) -> Option<&str> {
    let copy = db.db_instance_automated_backups_replications().first();
    copy.and_then(DbInstanceAutomatedBackupsReplication::db_instance_automated_backups_arn)?.split(':').nth(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{self, claimed, offline};
    use crate::model::Value;
    use aws_sdk_rds::types::{DbParameterGroupStatus, MasterUserSecret, VpcSecurityGroupMembership};

    #[test]
    fn an_instance_reads_as_cloudformation_would_declare_it() {
        let copy = DbInstanceAutomatedBackupsReplication::builder()
            .db_instance_automated_backups_arn("arn:aws:rds:eu-west-1:123456789012:auto-backup:ab-1");
        let db = DbInstance::builder()
            .db_instance_identifier("orders")
            .db_instance_arn("arn:aws:rds:us-east-1:123456789012:db:orders")
            .db_instance_status("available")
            .allocated_storage(100)
            .endpoint(Endpoint::builder().address("orders.x.us-east-1.rds.amazonaws.com").port(5432).build())
            .vpc_security_groups(VpcSecurityGroupMembership::builder().vpc_security_group_id("sg-1").build())
            .db_parameter_groups(DbParameterGroupStatus::builder().db_parameter_group_name("tuned").build())
            .domain_memberships(
                DomainMembership::builder().domain("d-1").fqdn("corp.example").dns_ips("10.0.0.2").build(),
            )
            .additional_storage_volumes(AdditionalStorageVolumeOutput::builder().volume_name("rdsdbdata2").build())
            .db_instance_automated_backups_replications(copy.build())
            .master_user_secret(MasterUserSecret::builder().secret_arn("arn:s").build())
            .storage_encrypted(false)
            .build();
        let r = resource(&offline("us-east-1"), &db);
        assert_eq!(r.address.physical_id.as_deref(), Some("orders"));
        assert_eq!(r.get("AllocatedStorage").as_str(), Some("100"), "the schema says string");
        assert_eq!(r.get("Port").as_str(), Some("5432"));
        assert_eq!(r.get("VPCSecurityGroups.0").as_str(), Some("sg-1"));
        assert_eq!(r.get("DBParameterGroupName").as_str(), Some("tuned"));
        assert_eq!(r.get("Domain").as_str(), Some("d-1"));
        assert_eq!(r.get("DomainDnsIps.0").as_str(), Some("10.0.0.2"));
        assert_eq!(r.get("AdditionalStorageVolumes.0.VolumeName").as_str(), Some("rdsdbdata2"));
        assert_eq!(r.get("AutomaticBackupReplicationRegion").as_str(), Some("eu-west-1"));
        assert_eq!(r.get("ManageMasterUserPassword").value().and_then(Value::as_bool), Some(true));
        assert_eq!(r.get("StorageEncrypted").value().and_then(Value::as_bool), Some(false));
        assert_eq!(r.attribute("DBInstanceStatus").as_str(), Some("available"));
        assert_eq!(r.attribute("Endpoint").get("Port").as_str(), Some("5432"));
    }

    #[test]
    fn everything_claimed_is_read_and_what_the_answer_leaves_out_is_absent() {
        let r = resource(&offline("us-east-1"), &DbInstance::builder().db_instance_identifier("bare").build());
        assert_eq!(testing::properties(&r), claimed(&SPEC, &r));
        assert!(r.get("KmsKeyId").is_absent());
        assert!(r.get("MasterUserPassword").why_unknown().is_some(), "nobody can read it");
    }
}
