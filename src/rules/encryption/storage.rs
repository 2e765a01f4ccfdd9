//! Keys of volumes and databases.

use super::where_true;
use crate::model::{Items, Read, Resource, Unknown};
use crate::rules::readers::{keys, launch};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// AWS's own keys (`aws/ebs`, `aws/rds`) cannot be given a policy, shared with another account, or switched off when data has leaked.
    /// A key of your own can.
    ///
    /// Judged is storage that is encrypted; what is not encrypted at all is reported by `encrypted-volumes`,
    /// `ec2-launch-templates-ebs-volume-encrypted` and `rds-storage-encrypted`. Where no key is named AWS uses its own. A volume from a
    /// snapshot takes over the snapshot's key, which a template does not tell. An alias other than `alias/aws/…` is always of a key of
    /// yours; an ARN in a template leaves open whose key it is, and the observed side tells.
    ///
    /// ## Fix
    /// ```yaml
    /// Data:
    ///   Type: AWS::EC2::Volume
    ///   Properties:
    ///     Encrypted: true
    ///     KmsKeyId: !GetAtt StorageKey.Arn
    /// ```
    ///
    /// Neither a volume nor a database can change its key: copy a snapshot with the new key and restore from it, or let CloudFormation
    /// replace it. New volumes of a region: `aws ec2 modify-ebs-default-kms-key-id --kms-key-id alias/storage`.
    "storage-customer-managed-key" => {
        title: "EBS and RDS storage is encrypted with customer managed KMS keys.",
        category: Encryption,
        severity: Medium,
        scope: Resource,
        types: ["AWS::EC2::Volume", "AWS::EC2::LaunchTemplate", "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"],
        reads: ["AWS::KMS::Key", "AWS::KMS::Alias"],
        params: {
            types: Preset::Texts(&["ebs", "rds"]) => "what needs a key of your own: `ebs`, `rds`",
        },
        equivalents: ["checkov/CKV_AWS_189", "checkov/CKV_AWS_327"],
        check: |r, cx| {
            let wanted = |kind: &str| cx.params.texts("types").iter().any(|t| t == kind);
            match &*r.kind {
                "AWS::EC2::Volume" if wanted("ebs") => device(&Place::of(r), cx),
                "AWS::EC2::LaunchTemplate" if wanted("ebs") => template(r, cx),
                "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster" if wanted("rds") => database(r, cx),
                _ => None,
            }
        },
    }
}

/// What says how one device is encrypted.
struct Place<'a> {
    encrypted: Read<'a>,
    key: Read<'a>,
    snapshot: Read<'a>,
}

impl<'a> Place<'a> {
    fn of(volume: &'a Resource) -> Self {
        Self { encrypted: volume.get("Encrypted"), key: volume.get("KmsKeyId"), snapshot: volume.get("SnapshotId") }
    }

    fn below(ebs: &Read<'a>) -> Self {
        Self { encrypted: ebs.get("Encrypted"), key: ebs.get("KmsKeyId"), snapshot: ebs.get("SnapshotId") }
    }
}

/// One encrypted device; `None` if it is not encrypted.
fn device(place: &Place<'_>, cx: &Context<'_>) -> Option<Verdict> {
    where_true(&place.encrypted, || {
        let inherits = place.key.is_absent() && !place.snapshot.is_absent() && !place.key.resource.is_live();
        if inherits {
            let why = Unknown::Outside("the key of the snapshot".into());
            return Verdict::unknown(Evidence::unknown(&place.key, "a customer managed KMS key", &why));
        }
        keys::is_customers(cx.estate, &place.key)
    })
}

/// Every encrypted device of a launch template; `None` if there is none.
fn template(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let mut found = Vec::new();
    for list in launch::settings(r, "BlockDeviceMappings") {
        match list.items() {
            Items::Absent => {}
            Items::Unknown => found.push(check::unknown(&list, "devices that name a customer managed KMS key")),
            Items::Are(items) => {
                found.extend(items.iter().filter_map(|item| device(&Place::below(&item.get("Ebs")), cx)));
            }
        }
    }
    (!found.is_empty()).then(|| Verdict::all(found))
}

/// A member of a cluster is encrypted with the cluster's key.
fn database(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if !r.get("DBClusterIdentifier").is_absent() && &*r.kind == "AWS::RDS::DBInstance" {
        return None;
    }
    where_true(&r.get("StorageEncrypted"), || keys::is_customers(cx.estate, &r.get("KmsKeyId")))
}
