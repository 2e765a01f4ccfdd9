//! Default routes: which there are, and where they lead.

use std::fmt;

use super::{Known, ROUTE, Unsure, about};
use crate::model::{Estate, Field, Read, Related, Resource, Unknown};

const INTERNET_GATEWAY: &str = "AWS::EC2::InternetGateway";
const VPN_GATEWAY: &str = "AWS::EC2::VPNGateway";

/// What a route leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An internet gateway.
    InternetGateway,
    /// A NAT gateway.
    NatGateway,
    /// An egress-only internet gateway (IPv6).
    EgressOnlyInternetGateway,
    /// An instance, such as a NAT instance.
    Instance,
    /// A network interface, such as a firewall's.
    NetworkInterface,
    /// A transit gateway.
    TransitGateway,
    /// A peering connection.
    PeeringConnection,
    /// A gateway load balancer endpoint.
    VpcEndpoint,
    /// A virtual private gateway.
    VpnGateway,
    /// A carrier gateway.
    CarrierGateway,
    /// A local gateway.
    LocalGateway,
    /// A Cloud WAN core network.
    CoreNetwork,
}

/// The properties of `AWS::EC2::Route` that name a target. An instance comes before its network interface: AWS names
/// both.
const TARGETS: [(&str, Option<Target>); 11] = [
    ("NatGatewayId", Some(Target::NatGateway)),
    ("GatewayId", None),
    ("EgressOnlyInternetGatewayId", Some(Target::EgressOnlyInternetGateway)),
    ("InstanceId", Some(Target::Instance)),
    ("NetworkInterfaceId", Some(Target::NetworkInterface)),
    ("TransitGatewayId", Some(Target::TransitGateway)),
    ("VpcPeeringConnectionId", Some(Target::PeeringConnection)),
    ("VpcEndpointId", Some(Target::VpcEndpoint)),
    ("CarrierGatewayId", Some(Target::CarrierGateway)),
    ("LocalGatewayId", Some(Target::LocalGateway)),
    ("CoreNetworkArn", Some(Target::CoreNetwork)),
];

/// A route for everything that no other route is for.
#[derive(Clone, Debug)]
pub struct DefaultRoute<'a> {
    /// The route.
    pub route: &'a Resource,
    /// The kind of target.
    pub target: Target,
    /// The property that names the target.
    pub read: Read<'a>,
}

/// The default routes of a table.
#[derive(Clone, Debug, Default)]
pub struct Routes<'a> {
    /// Those that there are for certain.
    pub found: Vec<DefaultRoute<'a>>,
    /// Why there may be others.
    pub unsure: Option<Box<Unsure<'a>>>,
}

impl Target {
    /// Its name in parameters and evidence: `nat-gateway`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InternetGateway => "internet-gateway",
            Self::NatGateway => "nat-gateway",
            Self::EgressOnlyInternetGateway => "egress-only-internet-gateway",
            Self::Instance => "instance",
            Self::NetworkInterface => "network-interface",
            Self::TransitGateway => "transit-gateway",
            Self::PeeringConnection => "vpc-peering-connection",
            Self::VpcEndpoint => "vpc-endpoint",
            Self::VpnGateway => "vpn-gateway",
            Self::CarrierGateway => "carrier-gateway",
            Self::LocalGateway => "local-gateway",
            Self::CoreNetwork => "core-network",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<'a> Routes<'a> {
    /// The default routes of a table that is in the estate.
    pub(super) fn of(estate: &'a Estate, table: &'a Resource) -> Self {
        let listing = estate.referrers(table, ROUTE, "RouteTableId");
        let mut routes =
            Self { found: Vec::new(), unsure: listing.incomplete.map(|why| Unsure::new(about(table, "Routes"), why)) };
        for route in listing.items {
            match is_default(route) {
                Ok(false) => {}
                Ok(true) => match target(estate, route) {
                    Ok((target, read)) => routes.found.push(DefaultRoute { route, target, read }),
                    Err(unsure) => routes.unsure = Some(unsure),
                },
                Err(unsure) => routes.unsure = Some(unsure),
            }
        }
        routes
    }
}

fn is_default(route: &Resource) -> Known<'_, bool> {
    let mut unsure = Ok(false);
    for (property, everything) in [("DestinationCidrBlock", "0.0.0.0/0"), ("DestinationIpv6CidrBlock", "::/0")] {
        let read = route.get(property);
        if read.as_str() == Some(everything) {
            return Ok(true);
        }
        if let Some(why) = read.why_unknown() {
            unsure = Err(Unsure::new(read, why));
        }
    }
    unsure
}

fn target<'a>(estate: &Estate, route: &'a Resource) -> Known<'a, (Target, Read<'a>)> {
    let mut unsure = None;
    for (property, target) in TARGETS {
        let read = route.get(property);
        if is_there(&read) {
            return match target.map_or_else(|| gateway(estate, &read), Ok) {
                Ok(target) => Ok((target, read)),
                Err(why) => Err(Unsure::new(read, why)),
            };
        }
        if let Some(why) = read.why_unknown() {
            unsure = unsure.or(Some(Unsure::new(read, why)));
        }
    }
    Err(unsure.unwrap_or_else(|| {
        Unsure::new(about(route, "GatewayId"), Unknown::Unsupported("a route without a target".into()))
    }))
}

/// Whether the property is surely set, be its value known or not: the name of the property then tells the kind of
/// target.
fn is_there(read: &Read<'_>) -> bool {
    match &read.field {
        Field::Is(_) => true,
        Field::Absent { .. } => false,
        Field::Unknown { why, .. } => matches!(
            why,
            Unknown::Parameter(_)
                | Unknown::NoEcho(_)
                | Unknown::Runtime(_)
                | Unknown::Dynamic(_)
                | Unknown::Import(_)
                | Unknown::Outside(_)
        ),
    }
}

/// `GatewayId` names internet gateways, virtual private gateways and gateway endpoints alike.
fn gateway(estate: &Estate, read: &Read<'_>) -> Result<Target, Unknown> {
    if let Related::Found(found) = estate.follow(read, &[INTERNET_GATEWAY, VPN_GATEWAY]) {
        return Ok(if &*found.kind == INTERNET_GATEWAY { Target::InternetGateway } else { Target::VpnGateway });
    }
    match read.as_str().and_then(|id| id.split_once('-')).map(|(prefix, _)| prefix) {
        Some("igw") => Ok(Target::InternetGateway),
        Some("vgw") => Ok(Target::VpnGateway),
        Some("vpce") => Ok(Target::VpcEndpoint),
        Some("eigw") => Ok(Target::EgressOnlyInternetGateway),
        Some("nat") => Ok(Target::NatGateway),
        _ => Err(read.why_unknown().unwrap_or_else(|| Unknown::Unsupported("a gateway of this kind".into()))),
    }
}
