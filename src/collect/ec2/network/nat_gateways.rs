//! NAT gateways.

use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_nat_gateways::DescribeNatGatewaysOutput;
use aws_sdk_ec2::types::{
    AutoProvisionZonesState, AvailabilityMode, ConnectivityType, NatGateway, NatGatewayAddress, NatGatewayState,
};

use super::super::shape::{Fill, Shape, tags};
use super::{PAGE, SPEC};
use crate::collect::shape::{list, set, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource};

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::EC2::NatGateway",
    asked: &[("", "ec2:DescribeNatGateways")],
    reads: &[
        "SubnetId",
        "VpcId",
        "AllocationId",
        "SecondaryAllocationIds",
        "SecondaryPrivateIpAddresses",
        "AvailabilityZoneAddresses",
        "PrivateIpAddress",
        "ConnectivityType",
        "AvailabilityMode",
        "Tags",
    ],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            "ec2:DescribeNatGateways",
            &[TYPE.name],
            |start| client.describe_nat_gateways().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    out.listed(TYPE.name, &listing.end);
    for gateway in listing.pages.iter().flat_map(DescribeNatGatewaysOutput::nat_gateways).filter(|g| !is_gone(g)) {
        out.push(resource(cx, gateway));
    }
    out
}

/// A deleted gateway stays in the answer for about an hour, and one that failed to start never works.
fn is_gone(gateway: &NatGateway) -> bool {
    matches!(gateway.state(), Some(NatGatewayState::Deleted | NatGatewayState::Deleting | NatGatewayState::Failed))
}

fn resource(cx: &Cx, gateway: &NatGateway) -> Resource {
    let id = gateway.nat_gateway_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, &cx.arn("ec2", &format!("natgateway/{id}")));
    r.property("SubnetId", gateway.subnet_id());
    r.property("VpcId", gateway.vpc_id());
    // A regional gateway has addresses per zone, none of which is its own.
    if gateway.availability_mode() != Some(&AvailabilityMode::Regional) {
        let (secondary, primary): (Vec<_>, Vec<_>) =
            gateway.nat_gateway_addresses().iter().partition(|a| a.is_primary() == Some(false));
        let primary = primary.first();
        r.property("AllocationId", primary.and_then(|a| a.allocation_id()));
        r.property("PrivateIpAddress", primary.and_then(|a| a.private_ip()));
        r.property("SecondaryAllocationIds", set(secondary.iter().filter_map(|a| a.allocation_id())));
        r.property("SecondaryPrivateIpAddresses", set(secondary.iter().filter_map(|a| a.private_ip())));
    } else if gateway.auto_provision_zones() != Some(&AutoProvisionZonesState::Enabled) {
        // Where AWS chooses the zones, their addresses are nobody's choice.
        r.property("AvailabilityZoneAddresses", zones(gateway.nat_gateway_addresses()));
    }
    r.property("ConnectivityType", gateway.connectivity_type().map(ConnectivityType::as_str));
    r.property("AvailabilityMode", gateway.availability_mode().map(AvailabilityMode::as_str));
    tags(&mut r, gateway.tags());
    r.fact("RouteTableId", gateway.route_table_id());
    r.fact("State", gateway.state().map(NatGatewayState::as_str));
    r
}

/// The addresses of a regional gateway, by zone.
fn zones(addresses: &[NatGatewayAddress]) -> Kind {
    let mut zones: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for address in addresses {
        let zone = (address.availability_zone(), address.availability_zone_id());
        zones.entry(zone).or_default().extend(address.allocation_id());
    }
    list(zones.into_iter().map(|((name, id), allocations)| {
        Shape::default()
            .with("AvailabilityZone", name)
            .with("AvailabilityZoneId", id)
            .with("AllocationIds", set(allocations))
            .into_kind()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::offline;
    use crate::model::to_json;

    #[test]
    fn the_primary_address_is_the_gateways_own() {
        let address = |id: &str, primary| NatGatewayAddress::builder().allocation_id(id).is_primary(primary).build();
        let gateway = NatGateway::builder()
            .nat_gateway_id("nat-1")
            .nat_gateway_addresses(address("eipalloc-2", false))
            .nat_gateway_addresses(address("eipalloc-1", true))
            .build();
        let r = resource(&offline("eu-west-1"), &gateway);
        assert_eq!(r.get("AllocationId").as_str(), Some("eipalloc-1"));
        assert_eq!(r.get("SecondaryAllocationIds").value().map(to_json), Some(serde_json::json!(["eipalloc-2"])));
    }

    #[test]
    fn a_deleted_gateway_is_gone() {
        let gateway = |state| NatGateway::builder().state(state).build();
        assert!(is_gone(&gateway(NatGatewayState::Deleted)));
        assert!(!is_gone(&gateway(NatGatewayState::Pending)));
    }
}
