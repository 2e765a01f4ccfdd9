//! Target groups and what is registered with them.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::operation::describe_target_groups::DescribeTargetGroupsOutput;
use aws_sdk_elasticloadbalancingv2::types::{
    ProtocolEnum, TargetDescription, TargetGroup, TargetGroupIpAddressTypeEnum, TargetHealthDescription,
    TargetHealthStateEnum, TargetTypeEnum,
};

use super::{GONE, PAGE, TARGET_GROUPS, full_name, tags};
use crate::collect::shape::{flag, list, map, number, set, tags as attributes, text, token};
use crate::collect::{Answer, Cx, Out, TypeSpec, order, tasks};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "elasticloadbalancing:DescribeTargetGroups";
pub(super) const ATTRIBUTES: &str = "elasticloadbalancing:DescribeTargetGroupAttributes";
pub(super) const HEALTH: &str = "elasticloadbalancing:DescribeTargetHealth";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ElasticLoadBalancingV2::TargetGroup",
    asked: &[("TargetGroupAttributes", ATTRIBUTES), ("Targets", HEALTH), ("Tags", tags::LIST), ("", LIST)],
    reads: &[
        "HealthCheckEnabled",
        "HealthCheckIntervalSeconds",
        "HealthCheckPath",
        "HealthCheckPort",
        "HealthCheckProtocol",
        "HealthCheckTimeoutSeconds",
        "HealthyThresholdCount",
        "IpAddressType",
        "Matcher",
        "Name",
        "Port",
        "Protocol",
        "ProtocolVersion",
        "Tags",
        "TargetControlPort",
        "TargetGroupAttributes",
        "TargetType",
        "Targets",
        "UnhealthyThresholdCount",
        "VpcId",
    ],
    on_demand: &["Tags", "TargetGroupAttributes", "Targets"],
    calls: 3,
};

pub(super) async fn collect(cx: &Cx, elb: &Client) -> Out {
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| elb.describe_target_groups().page_size(PAGE).set_marker(start).send(),
            |page| token(page.next_marker()),
        )
        .await;
    let readings = pages.pages.iter().flat_map(DescribeTargetGroupsOutput::target_groups).map(|group| {
        let (cx, elb, group) = (cx.clone(), elb.clone(), group.clone());
        async move { Box::pin(read(&cx, &elb, &group)).await }
    });
    let there = tasks::all(readings.collect()).await.into_iter().flatten().collect();
    Out::of(TYPE.name, tags::tag(cx, elb, TYPE.name, there).await, &pages.end)
}

/// One target group without its tags; `None` if it is gone.
async fn read(cx: &Cx, elb: &Client, group: &TargetGroup) -> Option<Resource> {
    let arn = group.target_group_arn().unwrap_or_default();
    let (attributes_of, health) = tokio::join!(
        cx.ask_for(
            (TYPE.name, arn, &["TargetGroupAttributes"]),
            ATTRIBUTES,
            GONE,
            elb.describe_target_group_attributes().target_group_arn(arn).send()
        ),
        cx.ask_for(
            (TYPE.name, arn, &["Targets"]),
            HEALTH,
            GONE,
            elb.describe_target_health().target_group_arn(arn).send()
        ),
    );
    if matches!(attributes_of, Answer::Absent) || matches!(health, Answer::Absent) {
        return None;
    }
    let mut r = resource(cx, group);
    r.set(
        "TargetGroupAttributes",
        attributes_of.into_kind(|of| attributes(of.attributes().iter().map(|a| (a.key(), a.value())))),
    );
    r.set("Targets", health.into_kind(|of| targets(of.target_health_descriptions())));
    Some(r)
}

/// What is registered: a target that drains has been deregistered, and only its last connections are left.
fn targets(health: &[TargetHealthDescription]) -> Kind {
    let state = |h: &TargetHealthDescription| h.target_health().and_then(|health| health.state().cloned());
    let registered = health.iter().filter(|h| state(h) != Some(TargetHealthStateEnum::Draining));
    let registered: Vec<TargetDescription> = registered.filter_map(|h| h.target().cloned()).collect();
    list(order::by(&registered, |target| (target.id.clone(), target.port)).into_iter().map(|target| {
        map([
            ("Id", text(target.id())),
            ("Port", number(target.port())),
            ("AvailabilityZone", text(target.availability_zone())),
            ("QuicServerId", text(target.quic_server_id())),
        ])
    }))
}

/// What the listing tells of a target group.
fn resource(cx: &Cx, group: &TargetGroup) -> Resource {
    let arn = group.target_group_arn().unwrap_or_default();
    let matcher = group.matcher().map_or(Kind::Null, |matcher| {
        map([("HttpCode", text(matcher.http_code())), ("GrpcCode", text(matcher.grpc_code()))])
    });
    let mut r = cx.resource(&TARGET_GROUPS, TYPE.name, arn, arn);
    let properties = [
        ("Name", text(group.target_group_name())),
        ("Port", number(group.port())),
        ("Protocol", text(group.protocol().map(ProtocolEnum::as_str))),
        ("ProtocolVersion", text(group.protocol_version())),
        ("TargetType", text(group.target_type().map(TargetTypeEnum::as_str))),
        ("IpAddressType", text(group.ip_address_type().map(TargetGroupIpAddressTypeEnum::as_str))),
        ("VpcId", text(group.vpc_id())),
        ("TargetControlPort", number(group.target_control_port())),
        ("HealthCheckEnabled", flag(group.health_check_enabled())),
        ("HealthCheckProtocol", text(group.health_check_protocol().map(ProtocolEnum::as_str))),
        ("HealthCheckPort", text(group.health_check_port())),
        ("HealthCheckPath", text(group.health_check_path())),
        ("HealthCheckIntervalSeconds", number(group.health_check_interval_seconds())),
        ("HealthCheckTimeoutSeconds", number(group.health_check_timeout_seconds())),
        ("HealthyThresholdCount", number(group.healthy_threshold_count())),
        ("UnhealthyThresholdCount", number(group.unhealthy_threshold_count())),
        ("Matcher", matcher),
    ];
    for (name, kind) in properties {
        r.set(name, kind);
    }
    r.set_attribute("TargetGroupArn", text(Some(arn)));
    r.set_attribute("TargetGroupName", text(group.target_group_name()));
    r.set_attribute("TargetGroupFullName", text(full_name(arn)));
    r.set_attribute("LoadBalancerArns", set(group.load_balancer_arns().iter().map(String::as_str)));
    r
}

#[cfg(test)]
mod tests {
    use super::super::TargetGroups;
    use super::*;
    use crate::collect::testing::query::{action, answer, error};
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::model::{Unknown, to_json};
    use serde_json::json;

    fn web(asked: &str) -> (u16, String) {
        match action(asked) {
            list @ "DescribeTargetGroups" => answer(
                list,
                "<TargetGroups><member>
                <TargetGroupArn>arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/1</TargetGroupArn>
                <TargetGroupName>web</TargetGroupName><Protocol>HTTPS</Protocol><Port>8443</Port><VpcId>vpc-1</VpcId>
                <HealthCheckProtocol>HTTPS</HealthCheckProtocol><HealthCheckPort>traffic-port</HealthCheckPort>
                <HealthCheckEnabled>true</HealthCheckEnabled><HealthCheckPath>/health</HealthCheckPath>
                <HealthCheckIntervalSeconds>15</HealthCheckIntervalSeconds>
                <Matcher><HttpCode>200</HttpCode></Matcher>
                <LoadBalancerArns><member>arn:lb/b</member><member>arn:lb/a</member></LoadBalancerArns>
                <TargetType>ip</TargetType><ProtocolVersion>HTTP2</ProtocolVersion><IpAddressType>ipv4</IpAddressType>
                </member></TargetGroups>",
            ),
            set @ "DescribeTargetGroupAttributes" => answer(
                set,
                "<Attributes><member><Key>stickiness.enabled</Key><Value>true</Value></member>
                <member><Key>deregistration_delay.timeout_seconds</Key><Value>30</Value></member></Attributes>",
            ),
            health @ "DescribeTargetHealth" => {
                let target = |id: &str, state: &str| {
                    format!(
                        "<member><Target><Id>{id}</Id><Port>8443</Port><AvailabilityZone>all</AvailabilityZone></Target>
                        <TargetHealth><State>{state}</State></TargetHealth></member>"
                    )
                };
                let all =
                    [target("10.0.0.2", "unhealthy"), target("10.0.0.1", "healthy"), target("10.0.0.3", "draining")];
                answer(health, &format!("<TargetHealthDescriptions>{}</TargetHealthDescriptions>", all.concat()))
            }
            other => answer(other, ""),
        }
    }

    async fn groups(aws: Aws) -> Vec<Resource> {
        let out = collected(&TargetGroups, &cx("eu-west-1", aws)).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        out.resources
    }

    #[tokio::test]
    async fn a_target_group_reads_as_cloudformation_would_declare_it() {
        let [r] = &groups(web).await[..] else { panic!("one target group") };
        assert_eq!(properties(r), claimed(&TARGET_GROUPS, r));
        let target = |id: &str| json!({"Id": id, "Port": 8443, "AvailabilityZone": "all"});
        assert_eq!(r.get("Targets").value().map(to_json), Some(json!([target("10.0.0.1"), target("10.0.0.2")])));
        assert_eq!(r.get("TargetGroupAttributes.0.Key").as_str(), Some("deregistration_delay.timeout_seconds"));
        assert_eq!(r.get("Matcher").value().map(to_json), Some(json!({"HttpCode": "200"})));
        assert!(r.get("HealthyThresholdCount").is_absent());
        assert_eq!(r.attribute("LoadBalancerArns").value().map(to_json), Some(json!(["arn:lb/a", "arn:lb/b"])));
        assert_eq!(r.attribute("TargetGroupFullName").as_str(), Some("targetgroup/web/1"));
    }

    #[tokio::test]
    async fn what_may_not_be_read_is_unknown_and_who_vanishes_is_dropped() {
        let [r] = &groups(|asked| match action(asked) {
            "DescribeTargetHealth" => error(403, "AccessDenied", ""),
            _ => web(asked),
        })
        .await[..] else {
            panic!("one target group")
        };
        assert_eq!(r.get("Targets").why_unknown(), Some(Unknown::Denied { action: HEALTH.into() }));
        assert_eq!(r.get("TargetGroupAttributes.0.Value").as_str(), Some("30"));
        let vanished: Aws = |asked| match action(asked) {
            "DescribeTargetGroups" => web(asked),
            _ => error(400, "TargetGroupNotFound", ""),
        };
        assert_eq!(groups(vanished).await, []);
    }
}
