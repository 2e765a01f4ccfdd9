//! Route tables, their routes, and the subnets that use them: one listing.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_route_tables::DescribeRouteTablesOutput;
use aws_sdk_ec2::types::{
    Route, RouteOrigin, RouteState, RouteTable, RouteTableAssociation, RouteTableAssociationStateCode as Association,
};

use super::super::shape::{Fill, tags};
use super::SPEC;
use crate::collect::shape::token;
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const TABLE: TypeSpec = TypeSpec {
    name: "AWS::EC2::RouteTable",
    asked: &[("", "ec2:DescribeRouteTables")],
    reads: &["VpcId", "Tags"],
    ..TypeSpec::LISTED
};

pub(super) const ROUTE: TypeSpec = TypeSpec {
    name: "AWS::EC2::Route",
    asked: &[("", "ec2:DescribeRouteTables")],
    reads: &[
        "RouteTableId",
        "DestinationCidrBlock",
        "DestinationIpv6CidrBlock",
        "DestinationPrefixListId",
        "GatewayId",
        "VpcEndpointId",
        "NatGatewayId",
        "InstanceId",
        "NetworkInterfaceId",
        "TransitGatewayId",
        "VpcPeeringConnectionId",
        "EgressOnlyInternetGatewayId",
        "LocalGatewayId",
        "CarrierGatewayId",
        "CoreNetworkArn",
        "OdbNetworkArn",
    ],
    ..TypeSpec::LISTED
};

pub(super) const ASSOCIATION: TypeSpec = TypeSpec {
    name: "AWS::EC2::SubnetRouteTableAssociation",
    asked: &[("", "ec2:DescribeRouteTables")],
    reads: &["SubnetId", "RouteTableId"],
    ..TypeSpec::LISTED
};

const TYPES: &[&str] = &[TABLE.name, ROUTE.name, ASSOCIATION.name];

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            "ec2:DescribeRouteTables",
            TYPES,
            |start| client.describe_route_tables().max_results(100).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    for &kind in TYPES {
        out.listed(kind, &listing.end);
    }
    for table in listing.pages.iter().flat_map(DescribeRouteTablesOutput::route_tables) {
        convert(cx, table, &mut out);
    }
    out
}

fn convert(cx: &Cx, table: &RouteTable, out: &mut Out) {
    let id = table.route_table_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TABLE.name, id, &cx.arn("ec2", &format!("route-table/{id}")));
    r.property("VpcId", table.vpc_id());
    tags(&mut r, table.tags());
    r.fact("Main", table.associations().iter().any(|a| a.main() == Some(true)));
    out.push(r);
    for route in table.routes().iter().filter(|route| is_made(route)) {
        out.push(self::route(cx, id, route));
    }
    for association in table.associations().iter().filter(|a| a.subnet_id().is_some() && in_use(a)) {
        let association_id = association.route_table_association_id().unwrap_or_default();
        let mut r = cx.resource(&SPEC, ASSOCIATION.name, association_id, "");
        r.property("SubnetId", association.subnet_id());
        r.property("RouteTableId", id);
        out.push(r);
    }
}

/// Whether somebody made the route: `local` routes come with the table, others by propagation or from a route server.
fn is_made(route: &Route) -> bool {
    let comes_by_itself = matches!(
        route.origin(),
        Some(RouteOrigin::CreateRouteTable | RouteOrigin::EnableVgwRoutePropagation | RouteOrigin::Advertisement)
    );
    !comes_by_itself && route.gateway_id() != Some("local")
}

fn in_use(association: &RouteTableAssociation) -> bool {
    let state = association.association_state().and_then(|s| s.state());
    !matches!(state, Some(Association::Disassociating | Association::Disassociated | Association::Failed))
}

fn route(cx: &Cx, table: &str, route: &Route) -> Resource {
    let destination = route
        .destination_cidr_block()
        .or(route.destination_ipv6_cidr_block())
        .or(route.destination_prefix_list_id())
        .unwrap_or_default();
    let mut r = cx.resource(&SPEC, ROUTE.name, &format!("{table}|{destination}"), "");
    r.property("RouteTableId", table);
    r.property("DestinationCidrBlock", route.destination_cidr_block());
    r.property("DestinationIpv6CidrBlock", route.destination_ipv6_cidr_block());
    r.property("DestinationPrefixListId", route.destination_prefix_list_id());
    // DescribeRouteTables names endpoints as gateways; the schema has a property of their own for them.
    let (endpoint, gateway): (Option<&str>, Option<&str>) = match route.gateway_id() {
        Some(id) if id.starts_with("vpce-") => (Some(id), None),
        other => (None, other),
    };
    r.property("GatewayId", gateway);
    r.property("VpcEndpointId", endpoint);
    r.property("NatGatewayId", route.nat_gateway_id());
    r.property("InstanceId", route.instance_id());
    r.property("NetworkInterfaceId", route.network_interface_id());
    r.property("TransitGatewayId", route.transit_gateway_id());
    r.property("VpcPeeringConnectionId", route.vpc_peering_connection_id());
    r.property("EgressOnlyInternetGatewayId", route.egress_only_internet_gateway_id());
    r.property("LocalGatewayId", route.local_gateway_id());
    r.property("CarrierGatewayId", route.carrier_gateway_id());
    r.property("CoreNetworkArn", route.core_network_arn());
    r.property("OdbNetworkArn", route.odb_network_arn());
    r.fact("State", route.state().map(RouteState::as_str));
    r.fact("Origin", route.origin().map(RouteOrigin::as_str));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::offline;
    use crate::model::Value;

    fn made() -> aws_sdk_ec2::types::builders::RouteBuilder {
        Route::builder().origin(RouteOrigin::CreateRoute).state(RouteState::Active)
    }

    fn found(table: &RouteTable) -> Vec<Resource> {
        let mut out = Out::default();
        convert(&offline("eu-west-1"), table, &mut out);
        out.resources
    }

    #[test]
    fn an_endpoint_is_not_a_gateway() {
        let table = RouteTable::builder()
            .route_table_id("rtb-1")
            .routes(made().destination_prefix_list_id("pl-1").gateway_id("vpce-1").build())
            .routes(made().destination_cidr_block("0.0.0.0/0").gateway_id("igw-1").build())
            .build();
        let all = found(&table);
        let route = |id| all.iter().find(|r| r.address.physical_id.as_deref() == Some(id)).unwrap();
        let endpoint = route("rtb-1|pl-1");
        assert_eq!(endpoint.get("VpcEndpointId").as_str(), Some("vpce-1"));
        assert!(endpoint.get("GatewayId").is_absent());
        let default = route("rtb-1|0.0.0.0/0");
        assert_eq!(default.get("GatewayId").as_str(), Some("igw-1"));
        assert_eq!(default.attribute("Origin").as_str(), Some("CreateRoute"));
    }

    #[test]
    fn routes_that_nobody_made_are_left_out() {
        let local = Route::builder().destination_cidr_block("10.0.0.0/16").gateway_id("local");
        let propagated = Route::builder().destination_cidr_block("192.168.0.0/16").gateway_id("vgw-1");
        let table = RouteTable::builder()
            .route_table_id("rtb-1")
            .routes(local.origin(RouteOrigin::CreateRouteTable).build())
            .routes(propagated.origin(RouteOrigin::EnableVgwRoutePropagation).build())
            .build();
        assert!(found(&table).iter().all(|r| &*r.kind != ROUTE.name));
    }

    #[test]
    fn the_main_association_is_a_fact_of_the_table_and_no_association_of_a_subnet() {
        let main = RouteTableAssociation::builder().main(true).route_table_association_id("rtbassoc-1").build();
        let subnet = RouteTableAssociation::builder().subnet_id("subnet-1").route_table_association_id("rtbassoc-2");
        let table =
            RouteTable::builder().route_table_id("rtb-1").associations(main).associations(subnet.build()).build();
        let all = found(&table);
        let ids: Vec<_> = all.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        assert_eq!(ids, ["rtb-1", "rtbassoc-2"]);
        assert_eq!(all[0].attribute("Main").value().and_then(Value::as_bool), Some(true));
        assert_eq!(all[1].get("SubnetId").as_str(), Some("subnet-1"));
    }
}
