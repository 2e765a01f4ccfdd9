//! Launch configurations.

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::operation::describe_launch_configurations::DescribeLaunchConfigurationsOutput;
use aws_sdk_autoscaling::types::{
    BlockDeviceMapping, InstanceMetadataEndpointState, InstanceMetadataHttpTokensState, InstanceMetadataOptions,
    InstanceMonitoring, LaunchConfiguration,
};

use super::{LAUNCH_CONFIGURATIONS, PAGE};
use crate::collect::shape::{flag, list, map, number, set, text, token};
use crate::collect::{Cx, Out, TypeSpec, order};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "autoscaling:DescribeLaunchConfigurations";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::AutoScaling::LaunchConfiguration",
    asked: &[("", LIST)],
    reads: &[
        "AssociatePublicIpAddress",
        "BlockDeviceMappings",
        "ClassicLinkVPCId",
        "ClassicLinkVPCSecurityGroups",
        "EbsOptimized",
        "IamInstanceProfile",
        "ImageId",
        "InstanceMonitoring",
        "InstanceType",
        "KernelId",
        "KeyName",
        "LaunchConfigurationName",
        "MetadataOptions",
        "PlacementTenancy",
        "RamDiskId",
        "SecurityGroups",
        "SpotPrice",
        "UserData",
    ],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let request = client.describe_launch_configurations().max_records(PAGE);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| request.clone().set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let configurations = pages.pages.iter().flat_map(DescribeLaunchConfigurationsOutput::launch_configurations);
    Out::of(TYPE.name, configurations.map(|c| resource(cx, c)), &pages.end)
}

fn resource(cx: &Cx, launch: &LaunchConfiguration) -> Resource {
    let name = launch.launch_configuration_name().unwrap_or_default();
    let arn = launch.launch_configuration_arn().unwrap_or_default();
    let disks = order::by(launch.block_device_mappings(), |disk| disk.device_name.clone());
    let mut r = cx.resource(&LAUNCH_CONFIGURATIONS, TYPE.name, name, arn);
    let properties = [
        ("LaunchConfigurationName", text(Some(name))),
        ("ImageId", text(launch.image_id())),
        ("InstanceType", text(launch.instance_type())),
        ("KeyName", text(launch.key_name())),
        ("SecurityGroups", set(launch.security_groups().iter().map(String::as_str))),
        ("UserData", text(launch.user_data())),
        ("IamInstanceProfile", text(launch.iam_instance_profile())),
        ("InstanceMonitoring", flag(launch.instance_monitoring().and_then(InstanceMonitoring::enabled))),
        ("MetadataOptions", launch.metadata_options().map_or(Kind::Null, metadata)),
        ("BlockDeviceMappings", list(disks.into_iter().map(disk))),
        ("EbsOptimized", flag(launch.ebs_optimized())),
        ("AssociatePublicIpAddress", flag(launch.associate_public_ip_address())),
        ("PlacementTenancy", text(launch.placement_tenancy())),
        ("SpotPrice", text(launch.spot_price())),
        ("KernelId", text(launch.kernel_id())),
        ("RamDiskId", text(launch.ramdisk_id())),
        ("ClassicLinkVPCId", text(launch.classic_link_vpc_id())),
        ("ClassicLinkVPCSecurityGroups", set(launch.classic_link_vpc_security_groups().iter().map(String::as_str))),
    ];
    for (name, kind) in properties {
        r.set(name, kind);
    }
    r
}

fn metadata(options: &InstanceMetadataOptions) -> Kind {
    map([
        ("HttpTokens", text(options.http_tokens().map(InstanceMetadataHttpTokensState::as_str))),
        ("HttpEndpoint", text(options.http_endpoint().map(InstanceMetadataEndpointState::as_str))),
        ("HttpPutResponseHopLimit", number(options.http_put_response_hop_limit())),
    ])
}

fn disk(mapping: &BlockDeviceMapping) -> Kind {
    let ebs = mapping.ebs().map_or(Kind::Null, |ebs| {
        map([
            ("SnapshotId", text(ebs.snapshot_id())),
            ("VolumeSize", number(ebs.volume_size())),
            ("VolumeType", text(ebs.volume_type())),
            ("Iops", number(ebs.iops())),
            ("Throughput", number(ebs.throughput())),
            ("Encrypted", flag(ebs.encrypted())),
            ("DeleteOnTermination", flag(ebs.delete_on_termination())),
        ])
    });
    map([
        ("DeviceName", text(mapping.device_name())),
        ("VirtualName", text(mapping.virtual_name())),
        ("NoDevice", flag(mapping.no_device())),
        ("Ebs", ebs),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::LaunchConfigurations;
    use super::*;
    use crate::collect::testing::query::{action, answer};
    use crate::collect::testing::{claimed, collected, cx, properties};
    use crate::model::{Value, to_json};
    use serde_json::json;

    const OLD: &str = "<LaunchConfigurations><member>
        <LaunchConfigurationName>old</LaunchConfigurationName>
        <LaunchConfigurationARN>arn:aws:autoscaling:eu-west-1:1:launchConfiguration:u:launchConfigurationName/old</LaunchConfigurationARN>
        <ImageId>ami-1</ImageId><KeyName></KeyName><UserData>IyEvYmluL3No</UserData><InstanceType>t3.small</InstanceType>
        <SecurityGroups><member>sg-b</member><member>sg-a</member></SecurityGroups><KernelId></KernelId><RamdiskId></RamdiskId>
        <BlockDeviceMappings><member><DeviceName>/dev/xvda</DeviceName><Ebs><VolumeSize>20</VolumeSize><VolumeType>gp3</VolumeType>
        <Encrypted>true</Encrypted></Ebs></member></BlockDeviceMappings>
        <InstanceMonitoring><Enabled>false</Enabled></InstanceMonitoring><EbsOptimized>true</EbsOptimized>
        <MetadataOptions><HttpTokens>required</HttpTokens><HttpPutResponseHopLimit>1</HttpPutResponseHopLimit></MetadataOptions>
        </member></LaunchConfigurations>";

    #[tokio::test]
    async fn a_launch_configuration_reads_as_cloudformation_would_declare_it() {
        let cx = cx("eu-west-1", |asked| match (action(asked), asked.contains("NextToken=2")) {
            (list, false) => answer(list, &format!("{OLD}<NextToken>2</NextToken>")),
            (list, true) => answer(list, ""),
        });
        let out = collected(&LaunchConfigurations, &cx).await;
        let [r] = &out.resources[..] else { panic!("one launch configuration: {out:?}") };
        assert_eq!(properties(r), claimed(&LAUNCH_CONFIGURATIONS, r));
        assert_eq!(r.get("UserData").as_str(), Some("IyEvYmluL3No"));
        assert_eq!(r.get("InstanceMonitoring").value().and_then(Value::as_bool), Some(false));
        assert_eq!(r.get("SecurityGroups").value().map(to_json), Some(json!(["sg-a", "sg-b"])));
        assert_eq!(
            r.get("MetadataOptions").value().map(to_json),
            Some(json!({"HttpTokens": "required", "HttpPutResponseHopLimit": 1}))
        );
        let disk =
            json!({"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": true}});
        assert_eq!(r.get("BlockDeviceMappings").value().map(to_json), Some(json!([disk])));
        for empty in ["KeyName", "KernelId", "RamDiskId", "SpotPrice", "AssociatePublicIpAddress"] {
            assert!(r.get(empty).is_absent(), "{empty}");
        }
    }
}
