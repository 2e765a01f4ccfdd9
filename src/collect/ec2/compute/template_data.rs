//! The data of a launch template version, as the schema of a template has it.

use aws_sdk_ec2::types::{
    AmdSevSnpSpecification, InstanceType, LaunchTemplateBlockDeviceMapping, LaunchTemplateCpuOptions,
    LaunchTemplateHttpTokensState, LaunchTemplateInstanceMetadataEndpointState, LaunchTemplateInstanceMetadataOptions,
    LaunchTemplateInstanceMetadataProtocolIpv6, LaunchTemplateInstanceMetadataTagsState,
    LaunchTemplateInstanceNetworkInterfaceSpecification, LaunchTemplatePlacement, NestedVirtualizationSpecification,
    ResourceType, ResponseLaunchTemplateData, ShutdownBehavior, Tenancy, VolumeType,
};

use super::super::shape::{Shape, tag_list, unread, unread_list};
use crate::collect::shape::{list, set};
use crate::model::Kind;

/// All of it but the user data, which may hold secrets: that there is some is said, as an unknown.
pub(super) fn data(data: &ResponseLaunchTemplateData) -> Kind {
    let profile = data.iam_instance_profile();
    let shape = Shape::default()
        .with("ImageId", data.image_id())
        .with("InstanceType", data.instance_type().map(InstanceType::as_str))
        .with("KeyName", data.key_name())
        .with("EbsOptimized", data.ebs_optimized())
        .with("KernelId", data.kernel_id())
        .with("RamDiskId", data.ram_disk_id())
        .with("DisableApiStop", data.disable_api_stop())
        .with("DisableApiTermination", data.disable_api_termination())
        .with(
            "InstanceInitiatedShutdownBehavior",
            data.instance_initiated_shutdown_behavior().map(ShutdownBehavior::as_str),
        )
        .with("IamInstanceProfile", profile.map(|p| Shape::default().with("Arn", p.arn()).with("Name", p.name())))
        .with("Monitoring", data.monitoring().map(|m| Shape::default().with("Enabled", m.enabled())))
        .with("MetadataOptions", data.metadata_options().map(metadata))
        .with("SecurityGroupIds", set(data.security_group_ids().iter().map(String::as_str)))
        .with("SecurityGroups", set(data.security_groups().iter().map(String::as_str)))
        .with("BlockDeviceMappings", list(data.block_device_mappings().iter().map(|m| mapping(m).into_kind())))
        .with("NetworkInterfaces", list(data.network_interfaces().iter().map(|i| interface(i).into_kind())))
        .with("Placement", data.placement().map(placement))
        .with("CpuOptions", data.cpu_options().map(cpu))
        .with(
            "CreditSpecification",
            data.credit_specification().map(|c| Shape::default().with("CpuCredits", c.cpu_credits())),
        )
        .with("EnclaveOptions", data.enclave_options().map(|e| Shape::default().with("Enabled", e.enabled())))
        .with(
            "HibernationOptions",
            data.hibernation_options().map(|h| Shape::default().with("Configured", h.configured())),
        )
        .with("TagSpecifications", tag_specifications(data));
    unconverted(shape, data).into_kind()
}

/// What AWS may answer and nobody converts is unknown: left out, it would read as absent.
fn unconverted(shape: Shape, data: &ResponseLaunchTemplateData) -> Shape {
    shape
        .with("UserData", unread(data.user_data().filter(|text| !text.is_empty())))
        .with("InstanceRequirements", unread(data.instance_requirements()))
        .with("InstanceMarketOptions", unread(data.instance_market_options()))
        .with("CapacityReservationSpecification", unread(data.capacity_reservation_specification()))
        .with("LicenseSpecifications", unread_list(data.license_specifications()))
        .with("MaintenanceOptions", unread(data.maintenance_options()))
        .with("PrivateDnsNameOptions", unread(data.private_dns_name_options()))
        .with("NetworkPerformanceOptions", unread(data.network_performance_options()))
}

fn metadata(options: &LaunchTemplateInstanceMetadataOptions) -> Shape {
    let endpoint = options.http_endpoint().map(LaunchTemplateInstanceMetadataEndpointState::as_str);
    let ipv6 = options.http_protocol_ipv6().map(LaunchTemplateInstanceMetadataProtocolIpv6::as_str);
    let tags = options.instance_metadata_tags().map(LaunchTemplateInstanceMetadataTagsState::as_str);
    Shape::default()
        .with("HttpTokens", options.http_tokens().map(LaunchTemplateHttpTokensState::as_str))
        .with("HttpEndpoint", endpoint)
        .with("HttpPutResponseHopLimit", options.http_put_response_hop_limit())
        .with("HttpProtocolIpv6", ipv6)
        .with("InstanceMetadataTags", tags)
}

fn mapping(mapping: &LaunchTemplateBlockDeviceMapping) -> Shape {
    let ebs = mapping.ebs().map(|ebs| {
        Shape::default()
            .with("Encrypted", ebs.encrypted())
            .with("KmsKeyId", ebs.kms_key_id())
            .with("VolumeSize", ebs.volume_size())
            .with("VolumeType", ebs.volume_type().map(VolumeType::as_str))
            .with("Iops", ebs.iops())
            .with("Throughput", ebs.throughput())
            .with("SnapshotId", ebs.snapshot_id())
            .with("DeleteOnTermination", ebs.delete_on_termination())
            .with("VolumeInitializationRate", ebs.volume_initialization_rate())
            .with("EbsCardIndex", ebs.ebs_card_index())
    });
    Shape::default()
        .with("DeviceName", mapping.device_name())
        .with("VirtualName", mapping.virtual_name())
        .with("NoDevice", mapping.no_device())
        .with("Ebs", ebs)
}

fn interface(interface: &LaunchTemplateInstanceNetworkInterfaceSpecification) -> Shape {
    let own = interface.private_ip_addresses().iter().map(|a| {
        Shape::default().with("PrivateIpAddress", a.private_ip_address()).with("Primary", a.primary()).into_kind()
    });
    let own6 = interface.ipv6_addresses().iter();
    let own6 = own6.map(|a| Shape::default().with("Ipv6Address", a.ipv6_address()).into_kind());
    Shape::default()
        .with("DeviceIndex", interface.device_index())
        .with("NetworkCardIndex", interface.network_card_index())
        .with("InterfaceType", interface.interface_type())
        .with("Description", interface.description())
        .with("SubnetId", interface.subnet_id())
        .with("Groups", set(interface.groups().iter().map(String::as_str)))
        .with("AssociatePublicIpAddress", interface.associate_public_ip_address())
        .with("AssociateCarrierIpAddress", interface.associate_carrier_ip_address())
        .with("DeleteOnTermination", interface.delete_on_termination())
        .with("NetworkInterfaceId", interface.network_interface_id())
        .with("PrivateIpAddress", interface.private_ip_address())
        .with("PrivateIpAddresses", list(own))
        .with("SecondaryPrivateIpAddressCount", interface.secondary_private_ip_address_count())
        .with("Ipv6AddressCount", interface.ipv6_address_count())
        .with("Ipv6Addresses", list(own6))
        .with("PrimaryIpv6", interface.primary_ipv6())
        .with("Ipv4PrefixCount", interface.ipv4_prefix_count())
        .with("Ipv6PrefixCount", interface.ipv6_prefix_count())
        .with("EnaQueueCount", interface.ena_queue_count())
        .with("Ipv4Prefixes", unread_list(interface.ipv4_prefixes()))
        .with("Ipv6Prefixes", unread_list(interface.ipv6_prefixes()))
        .with("EnaSrdSpecification", unread(interface.ena_srd_specification()))
        .with("ConnectionTrackingSpecification", unread(interface.connection_tracking_specification()))
}

fn placement(placement: &LaunchTemplatePlacement) -> Shape {
    Shape::default()
        .with("AvailabilityZone", placement.availability_zone())
        .with("Affinity", placement.affinity())
        .with("GroupId", placement.group_id())
        .with("GroupName", placement.group_name())
        .with("HostId", placement.host_id())
        .with("HostResourceGroupArn", placement.host_resource_group_arn())
        .with("PartitionNumber", placement.partition_number())
        .with("SpreadDomain", placement.spread_domain())
        .with("Tenancy", placement.tenancy().map(Tenancy::as_str))
}

fn cpu(options: &LaunchTemplateCpuOptions) -> Shape {
    Shape::default()
        .with("CoreCount", options.core_count())
        .with("ThreadsPerCore", options.threads_per_core())
        .with("AmdSevSnp", options.amd_sev_snp().map(AmdSevSnpSpecification::as_str))
        .with("NestedVirtualization", options.nested_virtualization().map(NestedVirtualizationSpecification::as_str))
}

fn tag_specifications(data: &ResponseLaunchTemplateData) -> Kind {
    list(data.tag_specifications().iter().map(|specification| {
        Shape::default()
            .with("ResourceType", specification.resource_type().map(ResourceType::as_str))
            .with("Tags", tag_list(specification.tags()))
            .into_kind()
    }))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::LaunchTemplateEbsBlockDevice;

    use super::*;
    use crate::model::{Unknown, Value, to_json};

    #[test]
    fn disks_and_metadata_options_are_in_the_schemas_words() {
        let ebs = LaunchTemplateEbsBlockDevice::builder().encrypted(true).volume_type(VolumeType::Gp3).build();
        let disk = LaunchTemplateBlockDeviceMapping::builder().device_name("/dev/xvda").ebs(ebs).build();
        let metadata = LaunchTemplateInstanceMetadataOptions::builder()
            .http_tokens(LaunchTemplateHttpTokensState::Required)
            .http_put_response_hop_limit(1)
            .build();
        let answer =
            ResponseLaunchTemplateData::builder().block_device_mappings(disk).metadata_options(metadata).build();
        let expected = serde_json::json!({
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": true, "VolumeType": "gp3"}}],
        });
        assert_eq!(to_json(&Value::live(data(&answer))), expected);
    }

    #[test]
    fn user_data_is_never_shown_and_never_called_absent() {
        let with = Value::live(data(&ResponseLaunchTemplateData::builder().user_data("c2VjcmV0").build()));
        assert_eq!(with.child("UserData").and_then(Value::why_unknown), Some(Unknown::NotCollected));
        assert!(!to_json(&with).to_string().contains("c2VjcmV0"));
        let without = Value::live(data(&ResponseLaunchTemplateData::builder().build()));
        assert_eq!(without.child("UserData"), None);
    }
}
