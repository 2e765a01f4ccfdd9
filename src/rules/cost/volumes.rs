//! Types of EBS volumes.

use crate::model::{Items, Provenance, Read, Related, Resource, Unknown};
use crate::rules::readers::launch;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// gp3 costs a fifth less than gp2 and is as fast from the first gigabyte on; gp2 is only as fast as it is large. A volume can be changed
    /// while it is in use.
    ///
    /// Volumes, and the devices of instances, launch templates and launch configurations: `VolumeType` is one of `allowed_types`. Where it
    /// is absent a new volume is gp2. The root device takes the type of the AMI instead, and so does everything where there are no block
    /// device mappings: that leaves the verdict open, unless `require_declared` is set.
    ///
    /// ## Fix
    /// ```yaml
    /// VolumeType: gp3
    /// ```
    ///
    /// ```sh
    /// aws ec2 modify-volume --volume-id vol-0123456789abcdef0 --volume-type gp3
    /// ```
    "ebs-volume-type-gp3" => {
        title: "General purpose EBS volumes use gp3.",
        category: Cost,
        severity: Low,
        scope: Resource,
        types: [
            "AWS::AutoScaling::LaunchConfiguration",
            "AWS::EC2::Instance",
            "AWS::EC2::LaunchTemplate",
            "AWS::EC2::Volume",
        ],
        params: {
            allowed_types: Preset::Texts(&["gp3", "io1", "io2", "st1", "sc1"]) => "types of volumes that are accepted",
            require_declared: Preset::Bool(false) => "fail what leaves the type to the AMI",
        },
        equivalents: [],
        check: volume_type,
    }
}

fn volume_type(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    match &*r.kind {
        "AWS::EC2::Volume" => Some(check::one_of(&r.get("VolumeType"), cx.params.texts("allowed_types"))),
        launch::LAUNCH_TEMPLATE => {
            let lists = launch::settings(r, "BlockDeviceMappings");
            Some(Verdict::all(lists.iter().map(|list| mappings(list, cx).unwrap_or_else(|| image(list, cx)))))
        }
        "AWS::EC2::Instance" => instance(r, cx),
        _ => {
            let list = r.get("BlockDeviceMappings");
            Some(mappings(&list, cx).unwrap_or_else(|| image(&list, cx)))
        }
    }
}

fn instance(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let own = r.get("BlockDeviceMappings");
    if let Some(verdict) = mappings(&own, cx) {
        return Some(verdict);
    }
    if r.is_live() {
        return None;
    }
    match launch::template_of(cx.estate, r) {
        // The launch template is judged itself.
        Related::Found(_) => None,
        Related::Missing => Some(image(&own, cx)),
        Related::Unknown(why) => Some(Verdict::unknown(Evidence::unknown(&r.get("LaunchTemplate"), DECLARED, &why))),
    }
}

const DECLARED: &str = "block device mappings with Ebs.VolumeType";

/// Block device mappings; `None` if there are none.
fn mappings(list: &Read<'_>, cx: &Context<'_>) -> Option<Verdict> {
    match list.items() {
        Items::Absent => None,
        Items::Unknown => Some(check::unknown(list, DECLARED)),
        Items::Are(items) if items.is_empty() => None,
        Items::Are(items) => Some(Verdict::all(items.iter().map(|item| mapping(item, cx)))),
    }
}

fn mapping(item: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let ebs = item.get("Ebs");
    if ebs.why_unknown().is_some() {
        return check::unknown(&ebs, DECLARED);
    }
    if ebs.is_absent() {
        // A device that is left out, or one of the host's.
        return Verdict::Pass;
    }
    // A volume that is not a part of the instance is judged itself.
    if let Related::Found(volume) = cx.estate.follow(&ebs.get("VolumeId"), &["AWS::EC2::Volume"])
        && !matches!(volume.provenance, Provenance::Derived { .. })
    {
        return Verdict::Pass;
    }
    let read = ebs.get("VolumeType");
    if read.is_absent() && !item.resource.is_live() && is_root(&item.get("DeviceName")) {
        return image(&read, cx);
    }
    check::one_of(&read, cx.params.texts("allowed_types"))
}

/// Whether a device is the one that AMIs have as their root.
fn is_root(name: &Read<'_>) -> bool {
    name.as_str().is_none_or(|name| ["/dev/xvda", "/dev/sda1", "/dev/sda"].contains(&name))
}

/// The type is the AMI's.
fn image(read: &Read<'_>, cx: &Context<'_>) -> Verdict {
    if cx.params.bool("require_declared") {
        return check::fail(read, &cx.params.texts("allowed_types").join(" or "));
    }
    let why = Unknown::Outside("the AMI's block device mapping".into());
    Verdict::unknown(Evidence::unknown(read, DECLARED, &why))
}
