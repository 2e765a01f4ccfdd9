//! Instances, their volumes, and launch templates.

mod attributes;
mod instances;
mod interfaces;
mod launch_templates;
mod template_data;
mod volumes;

use async_trait::async_trait;
use aws_sdk_ec2::Client;

use crate::collect::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec {
    name: "ec2/compute",
    reach: Reach::Regional,
    listings: 4,
    types: &[instances::TYPE, volumes::TYPE, launch_templates::TYPE],
    actions: &[
        attributes::READ,
        attributes::CREDITS,
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
        out.merge(instances::collect(cx, &client, &instances, &volumes).await);
        out.merge(volumes::collect(cx, volumes, &instances));
        out.merge(templates);
    }
}
