//! Volumes, and which instance's root device they are.

use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Volume, VolumeAttachment, VolumeAttachmentState, VolumeState, VolumeType};

use super::super::shape::{Fill, Shape, tags};
use super::instances::Instances;
use super::{SPEC, instances};
use crate::collect::shape::{list, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource, Unknown};

/// `AutoEnableIO` is not read: it would cost a call per volume.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::EC2::Volume",
    asked: &[("", "ec2:DescribeVolumes")],
    reads: &[
        "Encrypted",
        "KmsKeyId",
        "Size",
        "VolumeType",
        "Iops",
        "Throughput",
        "AvailabilityZone",
        "AvailabilityZoneId",
        "SnapshotId",
        "SourceVolumeId",
        "VolumeInitializationRate",
        "MultiAttachEnabled",
        "OutpostArn",
        "Tags",
    ],
    ..TypeSpec::LISTED
};

/// The volumes of a region by id, and whether these are all.
pub(super) struct Volumes {
    by_id: BTreeMap<String, Volume>,
    end: Result<(), Unknown>,
}

impl Volumes {
    pub(super) fn new(volumes: impl IntoIterator<Item = Volume>, end: Result<(), Unknown>) -> Self {
        let by_id = volumes.into_iter().map(|v| (v.volume_id().unwrap_or_default().to_owned(), v)).collect();
        Self { by_id, end }
    }

    /// A volume, or why nothing is known about it. One that a whole listing does not have was made or deleted meanwhile.
    pub(super) fn get(&self, id: &str) -> Result<&Volume, Unknown> {
        self.by_id.get(id).ok_or_else(|| self.end.clone().err().unwrap_or(Unknown::NotCollected))
    }
}

pub(super) async fn all(cx: &Cx, client: &Client) -> Volumes {
    // An instance's block devices are described by its volumes.
    let listing = cx
        .pages(
            "ec2:DescribeVolumes",
            &[TYPE.name, instances::TYPE.name],
            |start| client.describe_volumes().max_results(1000).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    Volumes::new(listing.pages.into_iter().flat_map(|page| page.volumes.unwrap_or_default()), listing.end)
}

/// Each answer goes as its resource comes: an account may have a hundred thousand volumes.
pub(super) fn collect(cx: &Cx, volumes: Volumes, instances: &Instances) -> Out {
    let mut out = Out::default();
    out.listed(TYPE.name, &volumes.end);
    for volume in volumes.by_id.into_values() {
        out.keep(resource(cx, &volume, instances));
    }
    out
}

fn resource(cx: &Cx, volume: &Volume, instances: &Instances) -> Resource {
    let id = volume.volume_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, &cx.arn("ec2", &format!("volume/{id}")));
    r.property("Encrypted", volume.encrypted());
    r.property("KmsKeyId", volume.kms_key_id());
    r.property("Size", volume.size());
    r.property("VolumeType", volume.volume_type().map(VolumeType::as_str));
    r.property("Iops", volume.iops());
    r.property("Throughput", volume.throughput());
    r.property("AvailabilityZone", volume.availability_zone());
    r.property("AvailabilityZoneId", volume.availability_zone_id());
    r.property("SnapshotId", volume.snapshot_id());
    r.property("SourceVolumeId", volume.source_volume_id());
    r.property("VolumeInitializationRate", volume.volume_initialization_rate());
    r.property("MultiAttachEnabled", volume.multi_attach_enabled());
    r.property("OutpostArn", volume.outpost_arn());
    tags(&mut r, volume.tags());
    let mut attachments: Vec<_> = volume.attachments().iter().collect();
    attachments.sort_by_key(|a| (a.instance_id(), a.device()));
    r.fact("State", volume.state().map(VolumeState::as_str));
    r.fact("RootOf", attachments.iter().find_map(|a| root_of(a, instances)));
    r.fact("Attachments", list(attachments.into_iter().map(|a| attachment(a).into_kind())));
    r
}

fn attachment(attachment: &VolumeAttachment) -> Shape {
    Shape::default()
        .with("InstanceId", attachment.instance_id())
        .with("Device", attachment.device())
        .with("DeleteOnTermination", attachment.delete_on_termination())
        .with("State", attachment.state().map(VolumeAttachmentState::as_str))
}

/// The instance whose root device this attachment is; unknown if the instance could not be seen.
fn root_of(attachment: &VolumeAttachment, instances: &Instances) -> Option<Kind> {
    let id = attachment.instance_id()?;
    match instances.get(id) {
        Ok(instance) => {
            let root = instance?.root_device_name()?;
            (attachment.device() == Some(root)).then(|| Kind::Str(id.into()))
        }
        Err(why) => Some(Kind::Unknown(why)),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::Instance;

    use super::*;
    use crate::collect::testing::offline;

    fn volume(device: &str) -> Volume {
        let attachment = VolumeAttachment::builder().instance_id("i-1").device(device).build();
        Volume::builder().volume_id("vol-1").encrypted(false).attachments(attachment).build()
    }

    fn instances() -> Instances {
        Instances::new([Instance::builder().instance_id("i-1").root_device_name("/dev/xvda").build()], Ok(()))
    }

    #[test]
    fn a_root_volume_knows_its_instance() {
        let root = resource(&offline("eu-west-1"), &volume("/dev/xvda"), &instances());
        assert_eq!(root.attribute("RootOf").as_str(), Some("i-1"));
        let data = resource(&offline("eu-west-1"), &volume("/dev/sdf"), &instances());
        assert!(data.attribute("RootOf").is_absent());
        assert_eq!(data.attribute("Attachments").get("0.Device").as_str(), Some("/dev/sdf"));
    }

    #[test]
    fn without_the_instances_nobody_knows_whether_it_is_a_root_volume() {
        let why = Unknown::Denied { action: "ec2:DescribeInstances".into() };
        let r = resource(&offline("eu-west-1"), &volume("/dev/xvda"), &Instances::new([], Err(why.clone())));
        assert_eq!(r.attribute("RootOf").why_unknown(), Some(why));
    }
}
