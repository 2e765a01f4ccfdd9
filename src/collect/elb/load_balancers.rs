//! Load balancers.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancers::DescribeLoadBalancersOutput;
use aws_sdk_elasticloadbalancingv2::types::{
    AvailabilityZone, EnablePrefixForIpv6SourceNatEnum, IpAddressType, IpamPools, LoadBalancer, LoadBalancerAddress,
    LoadBalancerSchemeEnum, LoadBalancerState, LoadBalancerStateEnum, LoadBalancerTypeEnum,
    MinimumLoadBalancerCapacity,
};

use super::{GONE, PAGE, SPEC, full_name, listeners, rules, tags};
use crate::collect::shape::{list, map, number, set, tags as attributes, text, token};
use crate::collect::{Answer, Cx, Out, Pages, TypeSpec, order, tasks};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "elasticloadbalancing:DescribeLoadBalancers";
pub(super) const ATTRIBUTES: &str = "elasticloadbalancing:DescribeLoadBalancerAttributes";
pub(super) const CAPACITY: &str = "elasticloadbalancing:DescribeCapacityReservation";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ElasticLoadBalancingV2::LoadBalancer",
    asked: &[
        ("LoadBalancerAttributes", ATTRIBUTES),
        ("MinimumLoadBalancerCapacity", CAPACITY),
        ("Tags", tags::LIST),
        ("", LIST),
    ],
    reads: &[
        "EnablePrefixForIpv6SourceNat",
        "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
        "IpAddressType",
        "Ipv4IpamPoolId",
        "LoadBalancerAttributes",
        "MinimumLoadBalancerCapacity",
        "Name",
        "Scheme",
        "SecurityGroups",
        "SubnetMappings",
        "Subnets",
        "Tags",
        "Type",
    ],
    on_demand: &["LoadBalancerAttributes", "MinimumLoadBalancerCapacity", "Tags"],
    // The fourth is the listing of its listeners.
    calls: 4,
};

pub(super) async fn listing(cx: &Cx, elb: &Client) -> Pages<DescribeLoadBalancersOutput> {
    cx.pages(
        LIST,
        &[TYPE.name, listeners::TYPE.name, rules::TYPE.name],
        |start| elb.describe_load_balancers().page_size(PAGE).set_marker(start).send(),
        |page| token(page.next_marker()),
    )
    .await
}

pub(super) async fn collect(cx: &Cx, elb: &Client, balancers: &[LoadBalancer]) -> Out {
    let readings = balancers.iter().map(|balancer| {
        let (cx, elb, balancer) = (cx.clone(), elb.clone(), balancer.clone());
        async move { Box::pin(read(&cx, &elb, &balancer)).await }
    });
    let there = tasks::all(readings.collect()).await.into_iter().flatten().collect();
    Out { resources: tags::tag(cx, elb, TYPE.name, there).await, ..Out::default() }
}

/// One load balancer without its tags; `None` if it is gone.
async fn read(cx: &Cx, elb: &Client, balancer: &LoadBalancer) -> Option<Resource> {
    let arn = balancer.load_balancer_arn().unwrap_or_default();
    let (attributes_of, reserved) = tokio::join!(
        cx.ask_for(
            (TYPE.name, arn, &["LoadBalancerAttributes"]),
            ATTRIBUTES,
            GONE,
            elb.describe_load_balancer_attributes().load_balancer_arn(arn).send()
        ),
        cx.ask_for(
            (TYPE.name, arn, &["MinimumLoadBalancerCapacity"]),
            CAPACITY,
            GONE,
            elb.describe_capacity_reservation().load_balancer_arn(arn).send()
        ),
    );
    if matches!(attributes_of, Answer::Absent) || matches!(reserved, Answer::Absent) {
        return None;
    }
    let mut r = resource(cx, balancer);
    r.set(
        "LoadBalancerAttributes",
        attributes_of.into_kind(|of| attributes(of.attributes().iter().map(|a| (a.key(), a.value())))),
    );
    r.set("MinimumLoadBalancerCapacity", reserved.into_kind(|of| capacity(of.minimum_load_balancer_capacity())));
    Some(r)
}

fn capacity(reserved: Option<&MinimumLoadBalancerCapacity>) -> Kind {
    reserved.map_or(Kind::Null, |least| map([("CapacityUnits", number(least.capacity_units()))]))
}

/// What the listing tells of a load balancer.
fn resource(cx: &Cx, balancer: &LoadBalancer) -> Resource {
    let arn = balancer.load_balancer_arn().unwrap_or_default();
    let zones = balancer.availability_zones();
    let mut r = cx.resource(&SPEC, TYPE.name, arn, arn);
    let properties = [
        ("Name", text(balancer.load_balancer_name())),
        ("Type", text(balancer.r#type().map(LoadBalancerTypeEnum::as_str))),
        ("Scheme", text(balancer.scheme().map(LoadBalancerSchemeEnum::as_str))),
        ("IpAddressType", text(balancer.ip_address_type().map(IpAddressType::as_str))),
        ("Ipv4IpamPoolId", text(balancer.ipam_pools().and_then(IpamPools::ipv4_ipam_pool_id))),
        ("SecurityGroups", set(balancer.security_groups().iter().map(String::as_str))),
        ("Subnets", set(zones.iter().filter_map(AvailabilityZone::subnet_id))),
        ("SubnetMappings", list(order::by(zones, |zone| zone.subnet_id.clone()).into_iter().map(mapping))),
        (
            "EnablePrefixForIpv6SourceNat",
            text(balancer.enable_prefix_for_ipv6_source_nat().map(EnablePrefixForIpv6SourceNatEnum::as_str)),
        ),
        (
            "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
            text(balancer.enforce_security_group_inbound_rules_on_private_link_traffic()),
        ),
    ];
    for (name, kind) in properties {
        r.set(name, kind);
    }
    let state = balancer.state().and_then(LoadBalancerState::code);
    let facts = [
        ("LoadBalancerArn", text(Some(arn))),
        ("LoadBalancerName", text(balancer.load_balancer_name())),
        ("LoadBalancerFullName", text(full_name(arn))),
        ("DNSName", text(balancer.dns_name())),
        ("CanonicalHostedZoneID", text(balancer.canonical_hosted_zone_id())),
        ("VpcId", text(balancer.vpc_id())),
        ("AvailabilityZones", set(zones.iter().filter_map(AvailabilityZone::zone_name))),
        ("State", text(state.map(LoadBalancerStateEnum::as_str))),
    ];
    for (name, kind) in facts {
        r.set_attribute(name, kind);
    }
    r
}

/// A subnet and the addresses in it, which the answer may spread over several entries.
fn mapping(zone: &AvailabilityZone) -> Kind {
    let address = |part: fn(&LoadBalancerAddress) -> Option<&str>| {
        text(zone.load_balancer_addresses().iter().find_map(|address| part(address)))
    };
    map([
        ("SubnetId", text(zone.subnet_id())),
        ("AllocationId", address(LoadBalancerAddress::allocation_id)),
        ("PrivateIPv4Address", address(LoadBalancerAddress::private_ipv4_address)),
        ("IPv6Address", address(LoadBalancerAddress::ipv6_address)),
        ("SourceNatIpv6Prefix", text(zone.source_nat_ipv6_prefixes().first().map(String::as_str))),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::LoadBalancers;
    use super::*;
    use crate::collect::testing::query::{action, answer, error};
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::model::{Unknown, to_json};
    use serde_json::json;

    const LISTED: &str = "<LoadBalancers><member>
        <LoadBalancerArn>arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/edge/1</LoadBalancerArn>
        <DNSName>edge-1.elb.eu-west-1.amazonaws.com</DNSName>
        <CanonicalHostedZoneId>Z1</CanonicalHostedZoneId>
        <CreatedTime>2026-01-02T03:04:05.120Z</CreatedTime>
        <LoadBalancerName>edge</LoadBalancerName>
        <Scheme>internet-facing</Scheme>
        <VpcId>vpc-1</VpcId>
        <State><Code>active</Code></State>
        <Type>network</Type>
        <IpAddressType>ipv4</IpAddressType>
        <AvailabilityZones>
            <member><ZoneName>eu-west-1b</ZoneName><SubnetId>subnet-b</SubnetId><LoadBalancerAddresses/></member>
            <member><ZoneName>eu-west-1a</ZoneName><SubnetId>subnet-a</SubnetId><LoadBalancerAddresses>
                <member><IpAddress>203.0.113.1</IpAddress><AllocationId>eipalloc-1</AllocationId></member>
                </LoadBalancerAddresses></member>
        </AvailabilityZones>
        <SecurityGroups><member>sg-2</member><member>sg-1</member></SecurityGroups>
        </member></LoadBalancers>";

    const SET: &str = "<Attributes>
        <member><Key>load_balancing.cross_zone.enabled</Key><Value>true</Value></member>
        <member><Key>access_logs.s3.bucket</Key><Value></Value></member></Attributes>";

    fn edge(asked: &str) -> (u16, String) {
        match action(asked) {
            list @ "DescribeLoadBalancers" => {
                assert!(asked.contains("PageSize=400"), "{asked}");
                answer(list, LISTED)
            }
            set @ "DescribeLoadBalancerAttributes" => answer(set, SET),
            reserved @ "DescribeCapacityReservation" => answer(
                reserved,
                "<MinimumLoadBalancerCapacity><CapacityUnits>500</CapacityUnits></MinimumLoadBalancerCapacity>",
            ),
            other => answer(other, ""),
        }
    }

    async fn balancers(aws: Aws) -> Vec<Resource> {
        let out = collected(&LoadBalancers, &cx("eu-west-1", aws)).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        out.resources
    }

    #[tokio::test]
    async fn a_load_balancer_reads_as_cloudformation_would_declare_it() {
        let [r] = &balancers(edge).await[..] else { panic!("one load balancer") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        let expected = json!([{"SubnetId": "subnet-a", "AllocationId": "eipalloc-1"}, {"SubnetId": "subnet-b"}]);
        assert_eq!(r.get("SubnetMappings").value().map(to_json), Some(expected));
        assert_eq!(r.get("SecurityGroups.0").as_str(), Some("sg-1"));
        let expected = json!([{"Key": "access_logs.s3.bucket", "Value": ""},
            {"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]);
        assert_eq!(r.get("LoadBalancerAttributes").value().map(to_json), Some(expected));
        assert_eq!(r.get("MinimumLoadBalancerCapacity").value().map(to_json), Some(json!({"CapacityUnits": 500})));
        assert!(r.get("Ipv4IpamPoolId").is_absent());
        assert_eq!(r.attribute("LoadBalancerFullName").as_str(), Some("net/edge/1"));
        assert_eq!(r.attribute("State").as_str(), Some("active"));
    }

    #[tokio::test]
    async fn denied_attributes_are_unknown_and_nothing_else_is() {
        let refuse: Aws = |asked| match action(asked) {
            "DescribeLoadBalancerAttributes" => error(403, "AccessDenied", ""),
            _ => edge(asked),
        };
        let [r] = &balancers(refuse).await[..] else { panic!("one load balancer") };
        let why = Some(Unknown::Denied { action: ATTRIBUTES.into() });
        assert_eq!(r.get("LoadBalancerAttributes").why_unknown(), why);
        assert!(r.get("MinimumLoadBalancerCapacity.CapacityUnits").why_unknown().is_none());
    }

    #[tokio::test]
    async fn a_load_balancer_that_vanishes_is_dropped() {
        let vanished: Aws = |asked| match action(asked) {
            "DescribeLoadBalancers" => edge(asked),
            _ => error(400, "LoadBalancerNotFound", ""),
        };
        assert_eq!(balancers(vanished).await, []);
    }

    #[tokio::test]
    async fn what_nobody_asks_for_is_not_read() {
        let mut cx = cx("eu-west-1", |asked| match action(asked) {
            "DescribeLoadBalancers" | "DescribeListeners" => edge(asked),
            other => panic!("nobody wants {other}"),
        });
        cx.wanted = std::sync::Arc::default();
        let out = collected(&LoadBalancers, &cx).await;
        for property in TYPE.on_demand {
            assert_eq!(out.resources[0].get(property).why_unknown(), Some(Unknown::NotCollected), "{property}");
        }
    }
}
