//! Machines whose agent reports to Systems Manager, from EC2 or elsewhere.

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::describe_instance_information::DescribeInstanceInformationOutput;
use aws_sdk_ssm::types::{InstanceInformation, PingStatus, PlatformType, ResourceType};

use crate::collect::shape::{flag, text, time, token};
use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::Resource;
use crate::model::types::MANAGED_INSTANCE;

const LIST: &str = "ssm:DescribeInstanceInformation";

static SPEC: Spec = Spec {
    name: "ssm/instances",
    reach: Reach::Regional,
    listings: 1,
    types: &[TypeSpec {
        name: MANAGED_INSTANCE,
        asked: &[("", LIST)],
        reads: &["AgentVersion", "InstanceId", "LastPingDateTime", "PingStatus", "PlatformType"],
        ..TypeSpec::LISTED
    }],
    actions: &[LIST],
};

/// The largest page.
const PAGE: i32 = 50;

/// Reads the managed machines of one region.
pub struct Instances;

#[async_trait]
impl Collector for Instances {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let ssm = Client::new(&cx.config);
        let listing = cx
            .pages(
                LIST,
                &[MANAGED_INSTANCE],
                |start| ssm.describe_instance_information().max_results(PAGE).set_next_token(start).send(),
                |page| token(page.next_token()),
            )
            .await;
        for machine in listing.pages.iter().flat_map(DescribeInstanceInformationOutput::instance_information_list) {
            out.push(resource(cx, machine));
        }
        out.listed(MANAGED_INSTANCE, &listing.end);
    }
}

fn resource(cx: &Cx, machine: &InstanceInformation) -> Resource {
    let mut r = cx.resource(&SPEC, MANAGED_INSTANCE, machine.instance_id().unwrap_or_default(), "");
    r.set("InstanceId", text(machine.instance_id()));
    r.set("PingStatus", text(machine.ping_status().map(PingStatus::as_str)));
    r.set("LastPingDateTime", time(machine.last_ping_date_time()));
    r.set("AgentVersion", text(machine.agent_version()));
    r.set("PlatformType", text(machine.platform_type().map(PlatformType::as_str)));
    r.set_attribute("IsLatestVersion", flag(machine.is_latest_version()));
    r.set_attribute("PlatformName", text(machine.platform_name()));
    r.set_attribute("PlatformVersion", text(machine.platform_version()));
    r.set_attribute("ResourceType", text(machine.resource_type().map(ResourceType::as_str)));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};

    #[tokio::test]
    async fn machines_are_listed_to_the_end() {
        let cx = cx("us-east-1", |asked| {
            let machine = |id: &str, rest: &str| {
                format!(
                    r#"{{"InstanceInformationList": [{{"InstanceId": "{id}", "PingStatus": "Online", "LastPingDateTime": 1.7E9,
                        "AgentVersion": "3.3.1", "PlatformType": "Linux", "IsLatestVersion": false}}]{rest}}}"#
                )
            };
            assert!(asked.contains(r#"AmazonSSM.DescribeInstanceInformation {"MaxResults":50"#), "{asked}");
            let last = asked.contains(r#""NextToken":"more""#);
            (200, if last { machine("mi-1", "") } else { machine("i-1", r#", "NextToken": "more""#) })
        });
        let out = collected(&Instances, &cx).await;
        let ids: Vec<_> = out.resources.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        assert_eq!(ids, ["i-1", "mi-1"]);
        let machine = &out.resources[0];
        assert_eq!(properties(machine), claimed(&SPEC, machine));
        assert_eq!(machine.get("LastPingDateTime").as_str(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(machine.get("PingStatus").as_str(), Some("Online"));
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Instances, "us-east-1").await.resources, []);
    }
}
