//! Networks: VPCs, subnets, routes, gateways, addresses, network ACLs, flow logs and endpoints.

mod acls;
mod addresses;
mod endpoints;
mod flow_logs;
mod gateways;
mod nat_gateways;
mod routes;
mod subnets;
mod vpcs;

use async_trait::async_trait;
use aws_sdk_ec2::Client;

use crate::collect::{Collector, Cx, Out, Reach, Spec};

/// The largest page of most EC2 listings.
const PAGE: i32 = 1000;

static SPEC: Spec = Spec {
    name: "ec2/network",
    reach: Reach::Regional,
    listings: 10,
    types: &[
        vpcs::TYPE,
        subnets::TYPE,
        routes::TABLE,
        routes::ROUTE,
        routes::ASSOCIATION,
        gateways::INTERNET,
        gateways::ATTACHMENT,
        gateways::VPN,
        nat_gateways::TYPE,
        addresses::TYPE,
        acls::ACL,
        acls::ENTRY,
        acls::ASSOCIATION,
        flow_logs::TYPE,
        endpoints::TYPE,
    ],
    actions: &[
        "ec2:DescribeAddresses",
        "ec2:DescribeFlowLogs",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNatGateways",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSubnets",
        vpcs::ATTRIBUTE,
        endpoints::LIST,
        "ec2:DescribeVpcs",
        "ec2:DescribeVpnGateways",
    ],
};

/// Collects networks.
pub struct Network;

#[async_trait]
impl Collector for Network {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let parts = tokio::join!(
            vpcs::collect(cx, &client),
            subnets::collect(cx, &client),
            routes::collect(cx, &client),
            gateways::internet(cx, &client),
            gateways::vpn(cx, &client),
            nat_gateways::collect(cx, &client),
            addresses::collect(cx, &client),
            acls::collect(cx, &client),
            flow_logs::collect(cx, &client),
            endpoints::collect(cx, &client),
        );
        for part in <[Out; 10]>::from(parts) {
            out.merge(part);
        }
    }
}
