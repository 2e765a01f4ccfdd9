//! Database instances: encryption, reachability, backups, protection.

use crate::model::network::{DB_SUBNET_GROUP, Network, SUBNET};
use crate::model::{Items, Read, Resource, Unknown, Value};
use crate::rules::readers::database::standalone;
use crate::rules::readers::environments;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

use super::windows::Window;

rules! {
    /// ## Why
    /// Whoever gets hold of a snapshot, a replica's disk or a discarded drive reads an unencrypted database like a file. Encryption cannot
    /// be switched on later: the database has to be copied.
    ///
    /// Instances of a cluster are judged with their cluster. `StorageEncrypted` defaults to false. A database restored from a snapshot or
    /// copied from a source takes over what that had: unless the template says so or names a `KmsKeyId`, only AWS can tell.
    ///
    /// ## Fix
    /// ```yaml
    /// StorageEncrypted: true
    /// KmsKeyId: !GetAtt DatabaseKey.Arn
    /// ```
    "rds-storage-encrypted" => {
        title: "RDS instances and clusters are encrypted at rest.",
        category: Encryption,
        severity: Critical,
        scope: Resource,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        equivalents: [
            "aws-config/rds-storage-encrypted",
            "aws-config/rds-cluster-encrypted-at-rest",
            "security-hub/RDS.3",
            "security-hub/RDS.27",
            "prowler/rds_instance_storage_encrypted",
            "prowler/rds_cluster_storage_encrypted",
            "checkov/CKV_AWS_16",
            "checkov/CKV_AWS_96",
            "aws-guard/rds_storage_encrypted",
            "cis-5.0/2.2.1",
            "pci-4.0/3.5.1",
            "pci-4.0/8.3.2",
        ],
        check: |r, _| standalone(r, storage_encrypted(r)),
    }

    /// ## Why
    /// A Multi-AZ instance has a standby in another Availability Zone that takes over in a minute or two. A single one is down until
    /// its zone, its host or its storage comes back, and during every maintenance.
    ///
    /// Aurora and the members of a cluster are left out: their cluster spreads over zones itself. `MultiAZ` defaults to false.
    ///
    /// ## Fix
    /// ```yaml
    /// MultiAZ: !If [IsProduction, true, false]
    /// ```
    "rds-multi-az-support" => {
        title: "RDS instances are Multi-AZ in the environments that require it.",
        category: Resilience,
        severity: High,
        scope: Resource,
        types: ["AWS::RDS::DBInstance"],
        params: {
            environments: Preset::Texts(&["all"]) => "environments in which Multi-AZ is required, or `all`",
        },
        equivalents: [
            "aws-config/rds-multi-az-support",
            "security-hub/RDS.5",
            "prowler/rds_instance_multi_az",
            "checkov/CKV_AWS_157",
            "aws-guard/rds_multi_az_support",
            "cis-5.0/2.2.4",
        ],
        check: multi_az,
    }

    /// ## Why
    /// A publicly accessible database has an address on the internet: from then on its security group and its password are all that
    /// stands between it and everybody.
    ///
    /// Without `PubliclyAccessible` AWS decides by the VPC. That passes if the DB subnet group holds only subnets without a route
    /// to an internet gateway, and is left to the observed side otherwise. Aurora clusters are judged at their instances.
    ///
    /// ## Fix
    /// ```yaml
    /// PubliclyAccessible: false
    /// DBSubnetGroupName: !Ref PrivateSubnetGroup
    /// ```
    "rds-instance-public-access-check" => {
        title: "Databases are not publicly accessible.",
        category: Database,
        severity: Critical,
        scope: Resource,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        reads: [
            "AWS::EC2::Route",
            "AWS::EC2::RouteTable",
            "AWS::EC2::Subnet",
            "AWS::EC2::SubnetRouteTableAssociation",
            "AWS::EC2::VPC",
            "AWS::RDS::DBSubnetGroup",
        ],
        equivalents: [
            "aws-config/rds-instance-public-access-check",
            "security-hub/RDS.2",
            "prowler/rds_instance_no_public_access",
            "checkov/CKV_AWS_17",
            "aws-guard/rds_instance_public_access_check",
            "cis-5.0/2.2.3",
            "pci-4.0/1.2.8",
            "pci-4.0/1.3.1",
            "pci-4.0/1.3.2",
            "pci-4.0/1.4.2",
            "pci-4.0/1.5.1",
            "pci-4.0/3.5.1.3",
            "pci-4.0/10.3.2",
            "pci-4.0/A1.1.2",
            "pci-4.0/A1.1.3",
            "pci-4.0/A3.4.1",
            "pci-3.2.1/1.2.1",
            "pci-3.2.1/1.3.1",
            "pci-3.2.1/1.3.2",
            "pci-3.2.1/1.3.4",
            "pci-3.2.1/1.3.6",
            "pci-3.2.1/7.2.1",
        ],
        check: not_public,
    }

    /// ## Why
    /// Automated backups are what a point-in-time restore is made from. One day of retention, the default, does not reach back
    /// over a weekend, to before the mistake.
    ///
    /// Instances of a cluster are judged with their cluster. `BackupRetentionPeriod` defaults to one day, for a read replica to none.
    /// The windows are judged only if `require_window` or `allowed_window_utc` is set; they must not meet the maintenance window then.
    ///
    /// ## Fix
    /// ```yaml
    /// BackupRetentionPeriod: 14
    /// PreferredBackupWindow: 02:00-03:00
    /// PreferredMaintenanceWindow: sun:04:00-sun:05:00
    /// ```
    "db-instance-backup-enabled" => {
        title: "Databases keep automated backups for long enough.",
        category: Resilience,
        severity: High,
        scope: Resource,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        params: {
            min_retention_days: Preset::Int(7) => "days that backups are kept, at least",
            require_window: Preset::Bool(false) => "demand that PreferredBackupWindow is declared",
            allowed_window_utc: Preset::Nothing => "`HH:MM-HH:MM` in UTC that the backup window must lie in",
        },
        equivalents: [
            "aws-config/db-instance-backup-enabled",
            "aws-config/rds-cluster-backup-retention-check",
            "security-hub/RDS.11",
            "security-hub/RDS.50",
            "prowler/rds_instance_backup_enabled",
            "checkov/CKV_AWS_133",
            "aws-guard/db_instance_backup_enabled",
            "pci-4.0/10.3.3",
        ],
        check: |r, cx| standalone(r, retention(r, cx).and(window(r, cx))),
    }

    /// ## Why
    /// A deletion is one API call, or one line less in a template. Deletion protection makes it two deliberate ones.
    ///
    /// Instances of a cluster are judged with their cluster. `DeletionProtection` defaults to false.
    ///
    /// ## Fix
    /// ```yaml
    /// DeletionProtection: true
    /// ```
    "rds-instance-deletion-protection-enabled" => {
        title: "Databases have deletion protection.",
        category: Resilience,
        severity: High,
        scope: Resource,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        params: { production_only: Preset::Bool(false) => "judge production environments only" },
        equivalents: [
            "aws-config/rds-instance-deletion-protection-enabled",
            "aws-config/rds-cluster-deletion-protection-enabled",
            "security-hub/RDS.8",
            "security-hub/RDS.7",
            "prowler/rds_instance_deletion_protection",
            "prowler/rds_cluster_deletion_protection",
            "checkov/CKV_AWS_293",
            "checkov/CKV_AWS_139",
            "aws-guard/rds_instance_deletion_protection_enabled",
        ],
        check: |r, cx| {
            let wanted: &[&str] = if cx.params.bool("production_only") { &["production"] } else { &["all"] };
            let protected = check::is_true(&r.get("DeletionProtection"));
            standalone(r, protected).and_then(|verdict| environments::within(r, cx, wanted, verdict))
        },
    }
}

fn storage_encrypted(r: &Resource) -> Verdict {
    let encrypted = r.get("StorageEncrypted");
    // What a database can be made from, and take its encryption over from.
    let sources = [
        "DBSnapshotIdentifier",
        "SnapshotIdentifier",
        "DBClusterSnapshotIdentifier",
        "SourceDBInstanceIdentifier",
        "SourceDBClusterIdentifier",
        "SourceDbiResourceId",
        "SourceDBInstanceAutomatedBackupsArn",
        "ReplicationSourceIdentifier",
    ];
    let copied = encrypted.is_absent() && !r.is_live() && sources.iter().any(|name| !r.get(name).is_absent());
    if !copied {
        return check::is_true(&encrypted);
    }
    let key = r.get("KmsKeyId");
    if key.value().is_some() {
        return Verdict::Pass;
    }
    let why = Unknown::Outside("the encryption of the snapshot or source".into());
    Verdict::unknown(Evidence::unknown(&encrypted, "true", &why))
}

fn is_aurora(r: &Resource) -> bool {
    r.get("Engine").as_str().is_some_and(|engine| engine.to_ascii_lowercase().starts_with("aurora"))
}

fn multi_az(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if is_aurora(r) {
        return None;
    }
    let verdict = standalone(r, check::is_true(&r.get("MultiAZ")))?;
    environments::within(r, cx, cx.params.texts("environments"), verdict)
}

fn not_public(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    // An Aurora cluster has no address of its own to expose: its instances have.
    if &*r.kind == "AWS::RDS::DBCluster" && is_aurora(r) {
        return None;
    }
    let public = r.get("PubliclyAccessible");
    if !public.is_absent() {
        return Some(check::not_true(&public));
    }
    if only_private_subnets(r, cx).is_pass() {
        return Some(Verdict::Pass);
    }
    let why = Unknown::Outside("the default of PubliclyAccessible in its subnets".into());
    Some(Verdict::unknown(Evidence::unknown(&public, "false", &why)))
}

/// Whether every subnet of the DB subnet group is known to have no route to an internet gateway.
fn only_private_subnets(r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "a subnet without a route to an internet gateway";
    let private = |id: &Read<'_>| {
        check::related(cx.estate, id, &[SUBNET], expected, |subnet| match Network::new(cx.estate).is_public(subnet) {
            Ok(false) => Verdict::Pass,
            Ok(true) => check::fail(id, expected),
            Err(unsure) => Verdict::unknown(Evidence::unknown(&unsure.read, expected, &unsure.why)),
        })
    };
    check::related(cx.estate, &r.get("DBSubnetGroupName"), &[DB_SUBNET_GROUP], expected, |group| {
        let subnets = group.get("SubnetIds");
        match subnets.items() {
            Items::Are(ids) if !ids.is_empty() => Verdict::all(ids.iter().map(private)),
            _ => check::unknown(&subnets, expected),
        }
    })
}

fn retention(r: &Resource, cx: &Context<'_>) -> Verdict {
    let least = cx.params.int("min_retention_days");
    let period = r.get("BackupRetentionPeriod");
    let default = i64::from(r.get("SourceDBInstanceIdentifier").is_absent());
    if period.is_absent() && default >= least { Verdict::Pass } else { check::at_least(&period, least) }
}

fn window(r: &Resource, cx: &Context<'_>) -> Verdict {
    let (required, allowed) = (cx.params.bool("require_window"), cx.params.text("allowed_window_utc"));
    if !required && allowed.is_none() {
        return Verdict::Pass;
    }
    let backup = r.get("PreferredBackupWindow");
    if backup.is_absent() {
        return if required { check::present(&backup, "a backup window") } else { Verdict::Pass };
    }
    let inside = match allowed.map(|text| (text, Window::daily(text))) {
        None => Verdict::Pass,
        Some((text, Some(outer))) => check::require(&backup, &format!("a window inside {text} UTC"), |v| {
            v.as_str().and_then(Window::daily).map(|window| window.is_inside(outer))
        }),
        Some((text, None)) => {
            let why = Unknown::Unsupported(format!("the parameter allowed_window_utc {text}").into());
            Verdict::unknown(Evidence::unknown(&backup, "a window as HH:MM-HH:MM", &why))
        }
    };
    inside.and(apart(&backup, &r.get("PreferredMaintenanceWindow")))
}

/// The backup window does not meet the maintenance window, if both are known.
fn apart(backup: &Read<'_>, maintenance: &Read<'_>) -> Verdict {
    let Some(weekly) = maintenance.as_str().and_then(Window::weekly) else {
        return match maintenance.why_unknown() {
            Some(_) => check::unknown(maintenance, "a window apart from the backup window"),
            None => Verdict::Pass,
        };
    };
    let expected = format!("a window apart from the maintenance window {}", maintenance.as_str().unwrap_or_default());
    check::require(backup, &expected, |v: &Value| v.as_str().and_then(Window::daily).map(|daily| !daily.meets(weekly)))
}
