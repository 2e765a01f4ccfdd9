//! NAT gateways.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_nat_gateways::DescribeNatGatewaysOutput;
use aws_sdk_ec2::types::{AvailabilityMode, ConnectivityType, NatGateway, NatGatewayAddress, NatGatewayState};

use super::super::shape::{Fill, tags};
use super::{NAT_GATEWAY, PAGE, SPEC};
use crate::collect::shape::{set, token};
use crate::collect::{Cx, Out};
use crate::model::Resource;

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            "ec2:DescribeNatGateways",
            &[NAT_GATEWAY],
            |start| client.describe_nat_gateways().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    out.listed(NAT_GATEWAY, &listing.end);
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
    let mut r = cx.resource(&SPEC, NAT_GATEWAY, id, &cx.arn("ec2", &format!("natgateway/{id}")));
    r.property("SubnetId", gateway.subnet_id());
    r.property("VpcId", gateway.vpc_id());
    // A regional gateway has addresses per zone, none of which is its own.
    if gateway.availability_mode() != Some(&AvailabilityMode::Regional) {
        let (secondary, primary): (Vec<_>, Vec<_>) =
            gateway.nat_gateway_addresses().iter().partition(|a| a.is_primary() == Some(false));
        let primary = primary.first();
        r.property("AllocationId", primary.and_then(|a| a.allocation_id()));
        r.property("PrivateIpAddress", primary.and_then(|a| a.private_ip()));
        let secondary = secondary.into_iter().filter_map(NatGatewayAddress::allocation_id);
        r.property("SecondaryAllocationIds", set(secondary));
    }
    r.property("ConnectivityType", gateway.connectivity_type().map(ConnectivityType::as_str));
    r.property("AvailabilityMode", gateway.availability_mode().map(AvailabilityMode::as_str));
    tags(&mut r, gateway.tags());
    r.fact("State", gateway.state().map(NatGatewayState::as_str));
    r
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
