//! Instances, their volumes, and launch templates.

mod instances;
mod launch_templates;
mod template_data;
mod volumes;

use async_trait::async_trait;
use aws_sdk_ec2::Client;

use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec};

const INSTANCE: &str = "AWS::EC2::Instance";
const VOLUME: &str = "AWS::EC2::Volume";
const LAUNCH_TEMPLATE: &str = "AWS::EC2::LaunchTemplate";

static SPEC: Spec = Spec {
    name: "ec2/compute",
    reach: Reach::Regional,
    listings: 5,
    types: &[
        TypeSpec {
            name: INSTANCE,
            asked: &[("", "ec2:DescribeInstances")],
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
                "Tags",
            ],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: VOLUME,
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
        },
        TypeSpec {
            name: LAUNCH_TEMPLATE,
            asked: &[("", "ec2:DescribeLaunchTemplateVersions")],
            reads: &["LaunchTemplateName", "LaunchTemplateData", "VersionDescription", "TagSpecifications", "Tags"],
            ..TypeSpec::LISTED
        },
    ],
    actions: &[
        "ec2:DescribeInstances",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:DescribeLaunchTemplates",
        "ec2:DescribeVolumes",
    ],
};

/// Collects instances, volumes and launch templates.
pub struct Compute;

#[async_trait]
impl Collector for Compute {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let (instances, volumes, templates) = tokio::join!(
            instances::all(cx, &client),
            volumes::all(cx, &client),
            launch_templates::collect(cx, &client),
        );
        out.listed(INSTANCE, &instances.end);
        out.resources.extend(instances.iter().map(|instance| instances::resource(cx, instance, &volumes)));
        out.listed(VOLUME, &volumes.end);
        out.resources.extend(volumes.iter().map(|volume| volumes::resource(cx, volume, &instances)));
        out.merge(templates);
    }
}
