//! Instances. Their disks are described by the listing of volumes.

use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    HostnameType, HttpTokensState, Instance, InstanceBlockDeviceMapping, InstanceMetadataEndpointState,
    InstanceMetadataOptionsResponse, InstanceMetadataProtocolState, InstanceMetadataTagsState, InstanceStateName,
    InstanceType, MonitoringState, Tenancy, VolumeType,
};

use super::super::shape::{Fill, Shape, tags};
use super::interfaces::interfaces;
use super::volumes::Volumes;
use super::{SPEC, attributes};
use crate::collect::shape::{list, set, token};
use crate::collect::{Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

/// `SecurityGroups` (names) are the groups of `SecurityGroupIds` again. `LaunchTemplate` and `Volumes` are only how the instance was made:
/// EC2 answers the outcome, under other properties.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::EC2::Instance",
    asked: &[
        ("UserData", attributes::READ),
        ("DisableApiTermination", attributes::READ),
        ("InstanceInitiatedShutdownBehavior", attributes::READ),
        ("CreditSpecification", attributes::CREDITS),
        ("", "ec2:DescribeInstances"),
    ],
    reads: &[
        "ImageId",
        "InstanceType",
        "SubnetId",
        "VpcId",
        "SecurityGroupIds",
        "KeyName",
        "EbsOptimized",
        "Monitoring",
        "IamInstanceProfile",
        "MetadataOptions",
        "AvailabilityZone",
        "Tenancy",
        "PrivateIpAddress",
        "SourceDestCheck",
        "BlockDeviceMappings",
        "NetworkInterfaces",
        "Affinity",
        "HostId",
        "HostResourceGroupArn",
        "PlacementGroupName",
        "KernelId",
        "RamdiskId",
        "CpuOptions",
        "EnclaveOptions",
        "HibernationOptions",
        "PrivateDnsNameOptions",
        "UserData",
        "DisableApiTermination",
        "InstanceInitiatedShutdownBehavior",
        "CreditSpecification",
        "Tags",
    ],
    on_demand: &["UserData", "DisableApiTermination", "InstanceInitiatedShutdownBehavior", "CreditSpecification"],
    calls: 4,
};

/// The instances of a region by id, without those that are gone, and whether these are all.
pub(super) struct Instances {
    by_id: BTreeMap<String, Instance>,
    end: Result<(), Unknown>,
}

impl Instances {
    pub(super) fn new(instances: impl IntoIterator<Item = Instance>, end: Result<(), Unknown>) -> Self {
        let alive = instances.into_iter().filter(|i| !is_gone(i));
        Self { by_id: alive.map(|i| (i.instance_id().unwrap_or_default().to_owned(), i)).collect(), end }
    }

    fn iter(&self) -> impl Iterator<Item = &Instance> {
        self.by_id.values()
    }

    /// An instance, or why nobody knows whether it exists.
    pub(super) fn get(&self, id: &str) -> Result<Option<&Instance>, Unknown> {
        match (self.by_id.get(id), &self.end) {
            (None, Err(why)) => Err(why.clone()),
            (found, _) => Ok(found),
        }
    }
}

pub(super) async fn all(cx: &Cx, client: &Client) -> Instances {
    let listing = cx
        .pages(
            "ec2:DescribeInstances",
            &[TYPE.name],
            |start| client.describe_instances().max_results(1000).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let reservations = listing.pages.into_iter().flat_map(|page| page.reservations.unwrap_or_default());
    Instances::new(reservations.flat_map(|r| r.instances.unwrap_or_default()), listing.end)
}

/// A terminated instance stays in the answer for about an hour.
fn is_gone(instance: &Instance) -> bool {
    let state = instance.state().and_then(|s| s.name());
    matches!(state, Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown))
}

pub(super) async fn collect(cx: &Cx, client: &Client, instances: &Instances, volumes: &Volumes) -> Out {
    let readings = instances.iter().map(|instance| {
        let r = resource(cx, instance, volumes);
        attributes::with_attributes(cx.clone(), client.clone(), instance.clone(), r)
    });
    let mut out = Out::default();
    out.listed(TYPE.name, &instances.end);
    out.resources.extend(Box::pin(tasks::all(readings.collect())).await.into_iter().flatten());
    out
}

fn resource(cx: &Cx, instance: &Instance, volumes: &Volumes) -> Resource {
    let id = instance.instance_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, &cx.arn("ec2", &format!("instance/{id}")));
    r.property("ImageId", instance.image_id());
    r.property("InstanceType", instance.instance_type().map(InstanceType::as_str));
    r.property("SubnetId", instance.subnet_id());
    r.property("VpcId", instance.vpc_id());
    r.property("SecurityGroupIds", set(instance.security_groups().iter().filter_map(|g| g.group_id())));
    r.property("KeyName", instance.key_name());
    r.property("EbsOptimized", instance.ebs_optimized());
    r.property("Monitoring", instance.monitoring().and_then(|m| m.state()).map(is_detailed));
    r.property("IamInstanceProfile", instance.iam_instance_profile().and_then(|p| p.arn()).map(name_in_arn));
    r.property("MetadataOptions", instance.metadata_options().map(metadata));
    let placement = instance.placement();
    r.property("AvailabilityZone", placement.and_then(|p| p.availability_zone()));
    r.property("Affinity", placement.and_then(|p| p.affinity()));
    r.property("HostId", placement.and_then(|p| p.host_id()));
    r.property("HostResourceGroupArn", placement.and_then(|p| p.host_resource_group_arn()));
    r.property("PlacementGroupName", placement.and_then(|p| p.group_name()));
    r.property("Tenancy", placement.and_then(|p| p.tenancy()).map(Tenancy::as_str));
    r.property("PrivateIpAddress", instance.private_ip_address());
    r.property("SourceDestCheck", instance.source_dest_check());
    r.property("NetworkInterfaces", interfaces(instance.network_interfaces()));
    options(&mut r, instance);
    let mut mappings: Vec<_> = instance.block_device_mappings().iter().collect();
    mappings.sort_by_key(|m| m.device_name());
    r.property("BlockDeviceMappings", list(mappings.into_iter().map(|m| mapping(m, volumes).into_kind())));
    tags(&mut r, instance.tags());
    facts(&mut r, instance);
    r
}

fn options(r: &mut Resource, instance: &Instance) {
    r.property("KernelId", instance.kernel_id());
    r.property("RamdiskId", instance.ramdisk_id());
    let cpu = instance.cpu_options();
    r.property(
        "CpuOptions",
        cpu.map(|o| Shape::default().with("CoreCount", o.core_count()).with("ThreadsPerCore", o.threads_per_core())),
    );
    r.property("EnclaveOptions", instance.enclave_options().map(|o| Shape::default().with("Enabled", o.enabled())));
    let hibernation = instance.hibernation_options();
    r.property("HibernationOptions", hibernation.map(|o| Shape::default().with("Configured", o.configured())));
    r.property(
        "PrivateDnsNameOptions",
        instance.private_dns_name_options().map(|options| {
            Shape::default()
                .with("HostnameType", options.hostname_type().map(HostnameType::as_str))
                .with("EnableResourceNameDnsARecord", options.enable_resource_name_dns_a_record())
                .with("EnableResourceNameDnsAAAARecord", options.enable_resource_name_dns_aaaa_record())
        }),
    );
}

fn facts(r: &mut Resource, instance: &Instance) {
    r.fact("State", instance.state().and_then(|s| s.name()).map(InstanceStateName::as_str));
    r.fact("RootDeviceName", instance.root_device_name());
    r.fact("PrivateIp", instance.private_ip_address());
    r.fact("PrivateDnsName", instance.private_dns_name());
    r.fact("PublicIp", instance.public_ip_address());
    r.fact("PublicDnsName", instance.public_dns_name());
    let tag = |key| instance.tags().iter().find(|t| t.key() == Some(key)).and_then(|t| t.value());
    r.fact("LaunchTemplateId", tag("aws:ec2launchtemplate:id"));
    r.fact("AutoScalingGroup", tag("aws:autoscaling:groupName"));
}

/// Detailed monitoring is on, or about to be.
fn is_detailed(state: &MonitoringState) -> bool {
    matches!(state, MonitoringState::Enabled | MonitoringState::Pending)
}

/// The schema wants the instance profile's name, the answer has its ARN: `…:instance-profile/path/name`.
fn name_in_arn(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn metadata(options: &InstanceMetadataOptionsResponse) -> Shape {
    Shape::default()
        .with("HttpTokens", options.http_tokens().map(HttpTokensState::as_str))
        .with("HttpEndpoint", options.http_endpoint().map(InstanceMetadataEndpointState::as_str))
        .with("HttpPutResponseHopLimit", options.http_put_response_hop_limit())
        .with("HttpProtocolIpv6", options.http_protocol_ipv6().map(InstanceMetadataProtocolState::as_str))
        .with("InstanceMetadataTags", options.instance_metadata_tags().map(InstanceMetadataTagsState::as_str))
}

fn mapping(mapping: &InstanceBlockDeviceMapping, volumes: &Volumes) -> Shape {
    let ebs = mapping.ebs().map(|ebs| {
        let shape =
            Shape::default().with("VolumeId", ebs.volume_id()).with("DeleteOnTermination", ebs.delete_on_termination());
        match volumes.get(ebs.volume_id().unwrap_or_default()) {
            Ok(volume) => shape
                .with("Encrypted", volume.encrypted())
                .with("VolumeType", volume.volume_type().map(VolumeType::as_str))
                .with("VolumeSize", volume.size())
                .with("Iops", volume.iops())
                .with("KmsKeyId", volume.kms_key_id())
                .with("SnapshotId", volume.snapshot_id()),
            Err(why) => ["Encrypted", "VolumeType", "VolumeSize", "Iops", "KmsKeyId", "SnapshotId"]
                .into_iter()
                .fold(shape, |shape, name| shape.with(name, Kind::Unknown(why.clone()))),
        }
    });
    Shape::default().with("DeviceName", mapping.device_name()).with("Ebs", ebs)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{EbsInstanceBlockDevice, IamInstanceProfile, InstanceState, Monitoring, Tag, Volume};

    use super::*;
    use crate::collect::testing::offline;
    use crate::model::{Value, to_json};

    fn with_disk() -> aws_sdk_ec2::types::builders::InstanceBuilder {
        let disk = EbsInstanceBlockDevice::builder().volume_id("vol-1").delete_on_termination(true).build();
        let mapping = InstanceBlockDeviceMapping::builder().device_name("/dev/xvda").ebs(disk).build();
        Instance::builder().instance_id("i-1").block_device_mappings(mapping)
    }

    #[test]
    fn a_disk_is_described_by_its_volume() {
        let volume = Volume::builder().volume_id("vol-1").encrypted(true).size(8).snapshot_id("").build();
        let r = resource(&offline("eu-west-1"), &with_disk().build(), &Volumes::new([volume], Ok(())));
        let expected = serde_json::json!([{
            "DeviceName": "/dev/xvda",
            "Ebs": {"VolumeId": "vol-1", "DeleteOnTermination": true, "Encrypted": true, "VolumeSize": 8},
        }]);
        assert_eq!(r.get("BlockDeviceMappings").value().map(to_json), Some(expected));
    }

    #[test]
    fn a_disk_whose_volume_could_not_be_listed_is_unknown_never_unencrypted() {
        let why = Unknown::Denied { action: "ec2:DescribeVolumes".into() };
        let r = resource(&offline("eu-west-1"), &with_disk().build(), &Volumes::new([], Err(why.clone())));
        assert_eq!(r.get("BlockDeviceMappings.0.Ebs.Encrypted").why_unknown(), Some(why));
        let kept = r.get("BlockDeviceMappings.0.Ebs.DeleteOnTermination");
        assert_eq!(kept.value().and_then(Value::as_bool), Some(true));
    }

    #[test]
    fn what_aws_wrote_into_the_tags_says_who_made_the_instance() {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        let profile = IamInstanceProfile::builder().arn("arn:aws:iam::123456789012:instance-profile/app/web").build();
        let instance = Instance::builder()
            .instance_id("i-1")
            .iam_instance_profile(profile)
            .monitoring(Monitoring::builder().state(MonitoringState::Disabled).build())
            .tags(tag("aws:autoscaling:groupName", "web"))
            .tags(tag("aws:ec2launchtemplate:id", "lt-1"))
            .build();
        let r = resource(&offline("eu-west-1"), &instance, &Volumes::new([], Ok(())));
        assert_eq!(r.attribute("AutoScalingGroup").as_str(), Some("web"));
        assert_eq!(r.attribute("LaunchTemplateId").as_str(), Some("lt-1"));
        assert!(r.get("Tags").is_absent());
        assert_eq!(r.get("IamInstanceProfile").as_str(), Some("web"));
        assert_eq!(r.get("Monitoring").value().and_then(Value::as_bool), Some(false));
    }

    #[test]
    fn a_terminated_instance_is_gone() {
        let state = |name| InstanceState::builder().name(name).build();
        let instance = |id: &str, name| Instance::builder().instance_id(id).state(state(name)).build();
        let all = Instances::new(
            [instance("i-1", InstanceStateName::Terminated), instance("i-2", InstanceStateName::Stopped)],
            Ok(()),
        );
        assert_eq!(all.iter().filter_map(|i| i.instance_id()).collect::<Vec<_>>(), ["i-2"]);
    }
}
