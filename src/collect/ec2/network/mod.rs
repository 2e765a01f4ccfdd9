//! Networks: VPCs, subnets, routes, gateways, addresses, network ACLs and flow logs.

mod acls;
mod addresses;
mod flow_logs;
mod gateways;
mod nat_gateways;
mod routes;
mod subnets;
mod vpcs;

use async_trait::async_trait;
use aws_sdk_ec2::Client;

use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec};

const VPC: &str = "AWS::EC2::VPC";
const SUBNET: &str = "AWS::EC2::Subnet";
const ROUTE_TABLE: &str = "AWS::EC2::RouteTable";
const ROUTE: &str = "AWS::EC2::Route";
const ROUTE_TABLE_ASSOCIATION: &str = "AWS::EC2::SubnetRouteTableAssociation";
const INTERNET_GATEWAY: &str = "AWS::EC2::InternetGateway";
const GATEWAY_ATTACHMENT: &str = "AWS::EC2::VPCGatewayAttachment";
const NAT_GATEWAY: &str = "AWS::EC2::NatGateway";
const EIP: &str = "AWS::EC2::EIP";
const NETWORK_ACL: &str = "AWS::EC2::NetworkAcl";
const NETWORK_ACL_ENTRY: &str = "AWS::EC2::NetworkAclEntry";
const NETWORK_ACL_ASSOCIATION: &str = "AWS::EC2::SubnetNetworkAclAssociation";
const FLOW_LOG: &str = "AWS::EC2::FlowLog";

/// The largest page of most EC2 listings.
const PAGE: i32 = 1000;

static SPEC: Spec = Spec {
    name: "ec2/network",
    reach: Reach::Regional,
    listings: 10,
    types: &[
        TypeSpec {
            name: VPC,
            asked: &[("EnableDns", "ec2:DescribeVpcAttribute"), ("", "ec2:DescribeVpcs")],
            reads: &["CidrBlock", "InstanceTenancy", "EnableDnsSupport", "EnableDnsHostnames", "Tags"],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: SUBNET,
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
        },
        TypeSpec {
            name: ROUTE_TABLE,
            asked: &[("", "ec2:DescribeRouteTables")],
            reads: &["VpcId", "Tags"],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: ROUTE,
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
        },
        TypeSpec {
            name: ROUTE_TABLE_ASSOCIATION,
            asked: &[("", "ec2:DescribeRouteTables")],
            reads: &["SubnetId", "RouteTableId"],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: INTERNET_GATEWAY,
            asked: &[("", "ec2:DescribeInternetGateways")],
            reads: &["Tags"],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: GATEWAY_ATTACHMENT,
            asked: &[("VpnGatewayId", "ec2:DescribeVpnGateways"), ("", "ec2:DescribeInternetGateways")],
            reads: &["VpcId", "InternetGatewayId", "VpnGatewayId"],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: NAT_GATEWAY,
            asked: &[("", "ec2:DescribeNatGateways")],
            reads: &[
                "SubnetId",
                "VpcId",
                "AllocationId",
                "SecondaryAllocationIds",
                "PrivateIpAddress",
                "ConnectivityType",
                "AvailabilityMode",
                "Tags",
            ],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: EIP,
            asked: &[("", "ec2:DescribeAddresses")],
            reads: &["Domain", "InstanceId", "NetworkBorderGroup", "PublicIpv4Pool", "Tags"],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: NETWORK_ACL,
            asked: &[("", "ec2:DescribeNetworkAcls")],
            reads: &["VpcId", "Tags"],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: NETWORK_ACL_ENTRY,
            asked: &[("", "ec2:DescribeNetworkAcls")],
            reads: &[
                "NetworkAclId",
                "RuleNumber",
                "Protocol",
                "RuleAction",
                "Egress",
                "CidrBlock",
                "Ipv6CidrBlock",
                "PortRange",
                "Icmp",
            ],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: NETWORK_ACL_ASSOCIATION,
            asked: &[("", "ec2:DescribeNetworkAcls")],
            reads: &["SubnetId", "NetworkAclId"],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: FLOW_LOG,
            asked: &[("", "ec2:DescribeFlowLogs")],
            reads: &[
                "ResourceId",
                "ResourceType",
                "TrafficType",
                "LogDestinationType",
                "LogDestination",
                "LogGroupName",
                "DeliverLogsPermissionArn",
                "DeliverCrossAccountRole",
                "MaxAggregationInterval",
                "LogFormat",
                "DestinationOptions",
                "Tags",
            ],
            ..TypeSpec::LISTED
        },
    ],
    actions: &[
        "ec2:DescribeAddresses",
        "ec2:DescribeFlowLogs",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNatGateways",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
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
        );
        for part in <[Out; 9]>::from(parts) {
            out.merge(part);
        }
    }
}
