//! Encryption of EBS volumes.

use crate::model::{Items, Provenance, Read, Related, Resource, Unknown, Value, types};
use crate::rules::check::{fail, is_true, unknown};
use crate::rules::readers::launch;
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// EBS volumes, and the volumes that instances start with, are encrypted at rest.
    ///
    /// ## Why
    ///
    /// An unencrypted volume can be read by whoever gets hold of a snapshot of it. A volume cannot be encrypted
    /// afterwards: it must be copied through a snapshot.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// Data:
    ///   Type: AWS::EC2::Volume
    ///   Properties:
    ///     Encrypted: true
    /// ```
    ///
    /// On an instance, set `Encrypted: true` under `BlockDeviceMappings[].Ebs`, the root device included. For a whole
    /// region: `aws ec2 enable-ebs-encryption-by-default`.
    ///
    /// Where `Encrypted` is absent the region's default holds, or the state of the snapshot. A template tells neither,
    /// so the declared side is then unknown and the observed side decides.
    "encrypted-volumes" => {
        title: "EBS volumes are encrypted at rest.",
        category: Encryption,
        severity: High,
        scope: Resource,
        types: ["AWS::EC2::Volume", "AWS::EC2::Instance"],
        reads: ["AWS::EC2::LaunchTemplate", "Driftline::EC2::EbsEncryptionByDefault"],
        params: {
            attached_only: Preset::Bool(false) => "judge only volumes that AWS reports as attached, as the AWS Config rule does",
            require_declared: Preset::Bool(false) => "fail a template that leaves encryption to the account or the AMI",
        },
        equivalents: [
            "aws-config/encrypted-volumes", "security-hub/EC2.3", "prowler/ec2_ebs_volume_encryption", "checkov/CKV_AWS_3",
            "checkov/CKV2_AWS_2", "aws-guard/encrypted_volumes", "cis-5.0/5.1.1", "pci-4.0/3.5.1", "pci-4.0/8.3.2",
        ],
        check: |r, cx| match &*r.kind {
            "AWS::EC2::Volume" => volume(r, cx),
            _ => Some(instance(r, cx)),
        },
    }

    /// Launch templates encrypt every EBS volume that they create, the root volume included.
    ///
    /// ## Why
    ///
    /// Every instance that an Auto Scaling group starts gets its volumes from here: one missing flag is as many
    /// unencrypted volumes as there are instances.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// LaunchTemplateData:
    ///   BlockDeviceMappings:
    ///     - DeviceName: /dev/xvda
    ///       Ebs:
    ///         Encrypted: true
    /// ```
    ///
    /// Without any block device mapping the devices of the AMI are used, which neither side shows: the verdict is then
    /// unknown unless the region encrypts by default.
    "ec2-launch-templates-ebs-volume-encrypted" => {
        title: "Launch templates encrypt every EBS volume they create.",
        category: Encryption,
        severity: High,
        scope: Resource,
        types: ["AWS::EC2::LaunchTemplate"],
        reads: ["Driftline::EC2::EbsEncryptionByDefault"],
        params: {
            require_declared: Preset::Bool(false) => "fail a launch template that leaves encryption to the account or the AMI",
        },
        equivalents: [
            "aws-config/ec2-launch-templates-ebs-volume-encrypted", "aws-config/ec2-launchtemplate-ebs-encrypted",
            "security-hub/EC2.181",
        ],
        check: |r, cx| {
            let lists = launch::settings(r, "BlockDeviceMappings");
            Some(Verdict::all(lists.iter().map(|list| mappings(list, cx).unwrap_or_else(|| image(list, cx, true)))))
        },
    }
}

fn volume(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if cx.params.bool("attached_only") && r.is_live() {
        let attachments = r.attribute("Attachments");
        match attachments.items() {
            Items::Absent => return None,
            Items::Are(list) if list.is_empty() => return None,
            Items::Unknown => return Some(unknown(&attachments, "whether the volume is attached")),
            Items::Are(_) => {}
        }
    }
    Some(encrypted(&r.get("Encrypted"), &r.get("SnapshotId"), cx))
}

fn instance(r: &Resource, cx: &Context<'_>) -> Verdict {
    let own = r.get("BlockDeviceMappings");
    if let Some(verdict) = mappings(&own, cx) {
        return verdict;
    }
    if r.is_live() {
        return Verdict::Pass;
    }
    match launch::template_of(cx.estate, r) {
        Related::Found(template) => {
            let lists = launch::settings(template, "BlockDeviceMappings");
            Verdict::all(lists.iter().map(|list| mappings(list, cx).unwrap_or_else(|| image(list, cx, false))))
                .on(template.address.name())
        }
        Related::Missing => image(&own, cx, false),
        Related::Unknown(why) => Verdict::unknown(Evidence::unknown(&r.get("LaunchTemplate"), ENCRYPTED, &why)),
    }
}

const ENCRYPTED: &str = "every volume encrypted";

/// Block device mappings; `None` if there are none.
fn mappings(list: &Read<'_>, cx: &Context<'_>) -> Option<Verdict> {
    match list.items() {
        Items::Absent => None,
        Items::Unknown => Some(unknown(list, ENCRYPTED)),
        Items::Are(items) if items.is_empty() => None,
        Items::Are(items) => Some(Verdict::all(items.iter().map(|item| mapping(item, cx)))),
    }
}

fn mapping(item: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let ebs = item.get("Ebs");
    if ebs.why_unknown().is_some() {
        return unknown(&ebs, ENCRYPTED);
    }
    if ebs.is_absent() {
        let other = [item.get("NoDevice"), item.get("VirtualName")];
        return match other.iter().find(|read| !read.is_absent()) {
            Some(read) if read.why_unknown().is_some() => unknown(read, ENCRYPTED),
            Some(_) => Verdict::Pass,
            None => image(item, cx, false),
        };
    }
    // A volume that is not a part of the instance is judged itself.
    if let Related::Found(volume) = cx.estate.follow(&ebs.get("VolumeId"), &["AWS::EC2::Volume"])
        && !matches!(volume.provenance, Provenance::Derived { .. })
    {
        return Verdict::Pass;
    }
    encrypted(&ebs.get("Encrypted"), &ebs.get("SnapshotId"), cx)
}

/// The flag itself; where it is absent, what would decide in its place.
fn encrypted(flag: &Read<'_>, snapshot: &Read<'_>, cx: &Context<'_>) -> Verdict {
    if !flag.is_absent() {
        return is_true(flag);
    }
    let default = by_default(flag, cx);
    if matches!(default, Ok(Some(true))) {
        return Verdict::Pass;
    }
    if !snapshot.is_absent() {
        let name = snapshot.value().map_or_else(|| "a snapshot".to_owned(), Value::to_string);
        let why =
            snapshot.why_unknown().unwrap_or_else(|| Unknown::Runtime(format!("the encryption of {name}").into()));
        return Verdict::unknown(Evidence::unknown(flag, "true", &why));
    }
    let left_open = cx.params.bool("require_declared") && !flag.resource.is_live();
    match default {
        Err(why) => Verdict::unknown(Evidence::unknown(flag, "true", &why)),
        Ok(None) if !left_open => {
            let why = Unknown::Outside("the account's EBS encryption default".into());
            Verdict::unknown(Evidence::unknown(flag, "true", &why))
        }
        Ok(_) => fail(flag, "true"),
    }
}

/// Nothing is said, so the AMI's devices are used. `strict`: also the observed side is bound by `require_declared`,
/// because the object itself shows that nothing was said.
fn image(read: &Read<'_>, cx: &Context<'_>, strict: bool) -> Verdict {
    let expected = "block device mappings with Ebs.Encrypted true";
    match by_default(read, cx) {
        Ok(Some(true)) => Verdict::Pass,
        _ if cx.params.bool("require_declared") && (strict || !read.resource.is_live()) => fail(read, expected),
        Err(why) => Verdict::unknown(Evidence::unknown(read, expected, &why)),
        Ok(_) => {
            let why = Unknown::Outside("the AMI's block device mapping".into());
            Verdict::unknown(Evidence::unknown(read, expected, &why))
        }
    }
}

/// Whether the region encrypts new volumes by default; `None` if the estate does not tell, as a template never does.
fn by_default(read: &Read<'_>, cx: &Context<'_>) -> Result<Option<bool>, Unknown> {
    let Some(found) = launch::region_default(cx.estate, read.resource, types::EBS_DEFAULTS)? else {
        return Ok(None);
    };
    let read = found.get("EbsEncryptionByDefault");
    match read.why_unknown() {
        Some(why) => Err(why),
        None => Ok(read.value().and_then(Value::as_bool)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::model::{Provenance, types};
    use crate::rules::network::testing::{account, judge, observed};

    const INSTANCE: &str = "AWS::EC2::Instance";
    const VOLUME: &str = "AWS::EC2::Volume";

    #[test]
    fn an_attached_volume_is_judged_with_its_instance_unless_a_stack_declares_it() {
        let devices = json!({"BlockDeviceMappings": [
            {"DeviceName": "/dev/sdf", "Ebs": {"VolumeId": "vol-1", "Encrypted": false}},
        ]});
        let word = |provenance| {
            let mut volume = observed(VOLUME, "vol-1", &json!({"Encrypted": false}));
            volume.provenance = provenance;
            let estate = account(vec![observed(INSTANCE, "i-1", &devices), volume], &[INSTANCE, VOLUME], &[]);
            judge("encrypted-volumes", &estate, "i-1").unwrap().word()
        };
        let derived = Provenance::Derived { kind: INSTANCE.into(), physical_id: "i-1".into(), stack: "web".into() };
        assert_eq!(word(derived), "fail");
        assert_eq!(word(Provenance::Stack), "pass", "the volume itself fails");
    }

    #[test]
    fn a_default_that_may_not_be_read_leaves_it_open() {
        let template = json!({"LaunchTemplateData": {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {}}]}});
        let template = observed("AWS::EC2::LaunchTemplate", "lt-1", &template);
        let estate = account(vec![template], &[], &[types::EBS_DEFAULTS]);
        let verdict = judge("ec2-launch-templates-ebs-volume-encrypted", &estate, "lt-1").unwrap();
        assert_eq!(verdict.word(), "unknown");
        assert_eq!(verdict.evidence()[0].action.as_deref(), Some("ec2:Describe"));
    }
}
