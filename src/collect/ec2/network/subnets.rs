//! Subnets.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_subnets::DescribeSubnetsOutput;
use aws_sdk_ec2::types::{HostnameType, Subnet, SubnetCidrBlockStateCode};

use super::super::shape::{Fill, Shape, tags};
use super::{PAGE, SPEC};
use crate::collect::shape::token;
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::EC2::Subnet",
    asked: &[("", "ec2:DescribeSubnets")],
    reads: &[
        "VpcId",
        "CidrBlock",
        "AvailabilityZone",
        "AvailabilityZoneId",
        "MapPublicIpOnLaunch",
        "Ipv6CidrBlock",
        "AssignIpv6AddressOnCreation",
        "Ipv6Native",
        "EnableDns64",
        "EnableLniAtDeviceIndex",
        "PrivateDnsNameOptionsOnLaunch",
        "OutpostArn",
        "Tags",
    ],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            "ec2:DescribeSubnets",
            &[TYPE.name],
            |start| client.describe_subnets().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    out.listed(TYPE.name, &listing.end);
    for subnet in listing.pages.iter().flat_map(DescribeSubnetsOutput::subnets) {
        out.push(resource(cx, subnet));
    }
    out
}

fn resource(cx: &Cx, subnet: &Subnet) -> Resource {
    let id = subnet.subnet_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, &cx.arn("ec2", &format!("subnet/{id}")));
    r.property("VpcId", subnet.vpc_id());
    r.property("CidrBlock", subnet.cidr_block());
    r.property("AvailabilityZone", subnet.availability_zone());
    r.property("AvailabilityZoneId", subnet.availability_zone_id());
    r.property("MapPublicIpOnLaunch", subnet.map_public_ip_on_launch());
    r.property("Ipv6CidrBlock", ipv6(subnet));
    r.property("AssignIpv6AddressOnCreation", subnet.assign_ipv6_address_on_creation());
    r.property("Ipv6Native", subnet.ipv6_native());
    r.property("EnableDns64", subnet.enable_dns64());
    r.property("EnableLniAtDeviceIndex", subnet.enable_lni_at_device_index());
    r.property(
        "PrivateDnsNameOptionsOnLaunch",
        subnet.private_dns_name_options_on_launch().map(|options| {
            Shape::default()
                .with("HostnameType", options.hostname_type().map(HostnameType::as_str))
                .with("EnableResourceNameDnsARecord", options.enable_resource_name_dns_a_record())
                .with("EnableResourceNameDnsAAAARecord", options.enable_resource_name_dns_aaaa_record())
        }),
    );
    r.property("OutpostArn", subnet.outpost_arn());
    tags(&mut r, subnet.tags());
    r.fact("AvailableIpAddressCount", subnet.available_ip_address_count());
    r.fact("DefaultForAz", subnet.default_for_az());
    r
}

/// The IPv6 block in use: blocks that were taken away stay in the answer for a while.
fn ipv6(subnet: &Subnet) -> Option<&str> {
    let blocks = subnet.ipv6_cidr_block_association_set().iter();
    let mut used = blocks.filter(|block| {
        let state = block.ipv6_cidr_block_state().and_then(|s| s.state());
        matches!(state, Some(SubnetCidrBlockStateCode::Associated | SubnetCidrBlockStateCode::Associating))
    });
    used.next()?.ipv6_cidr_block()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{SubnetCidrBlockState, SubnetIpv6CidrBlockAssociation};

    use super::*;
    use crate::collect::testing::offline;
    use crate::model::Value;

    #[test]
    fn an_ipv6_block_counts_only_while_it_is_associated() {
        let block = |cidr: &str, state| {
            let state = SubnetCidrBlockState::builder().state(state).build();
            SubnetIpv6CidrBlockAssociation::builder().ipv6_cidr_block(cidr).ipv6_cidr_block_state(state).build()
        };
        let subnet = Subnet::builder()
            .subnet_id("subnet-1")
            .map_public_ip_on_launch(true)
            .ipv6_cidr_block_association_set(block("2001:db8:1::/64", SubnetCidrBlockStateCode::Disassociated))
            .ipv6_cidr_block_association_set(block("2001:db8:2::/64", SubnetCidrBlockStateCode::Associated))
            .build();
        let r = resource(&offline("eu-west-1"), &subnet);
        assert_eq!(r.get("Ipv6CidrBlock").as_str(), Some("2001:db8:2::/64"));
        assert_eq!(r.get("MapPublicIpOnLaunch").value().and_then(Value::as_bool), Some(true));
        assert!(r.get("OutpostArn").is_absent());
    }
}
