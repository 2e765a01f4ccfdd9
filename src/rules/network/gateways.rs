//! NAT gateways.

use super::{unlisted, unsure};
use crate::model::network::{DefaultRoute, Known, Network, Target, Unsure, Zone, about};
use crate::model::{Read, Related, Resource, Unknown};
use crate::rules::check::fail;
use crate::rules::readers::production::production_only;
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// Every private subnet that reaches the internet through a NAT gateway does so through one in its own Availability
    /// Zone.
    ///
    /// ## Why
    ///
    /// One NAT gateway for several zones is a single point of failure: when its zone is lost, the healthy zones lose
    /// their way out as well. Traffic across zones is also charged.
    ///
    /// ## Fix
    ///
    /// A NAT gateway in a public subnet of each zone, and a route table per zone that leads to it:
    ///
    /// ```yaml
    /// PrivateRouteB:
    ///   Type: AWS::EC2::Route
    ///   Properties:
    ///     RouteTableId: !Ref PrivateRouteTableB
    ///     DestinationCidrBlock: 0.0.0.0/0
    ///     NatGatewayId: !Ref NatGatewayB   # its SubnetId is PublicSubnetB
    /// ```
    ///
    /// A regional NAT gateway (`AvailabilityMode: regional`) spans all zones and passes. A VPC without routes to NAT
    /// gateways is not judged unless `required` is set.
    "nat-gateway-per-az" => {
        title: "Each Availability Zone that has private subnets has its own NAT gateway and routes to it.",
        category: Network,
        severity: High,
        scope: Estate,
        types: ["AWS::EC2::VPC"],
        reads: [
            "AWS::EC2::Subnet", "AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::Route",
            "AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::RDS::DBSubnetGroup",
        ],
        params: {
            required: Preset::Bool(false) => "fail private subnets, database subnets excepted, that have no route to a NAT gateway",
            production_only: Preset::Bool(false) => "judge only estates that belong to a production environment",
        },
        equivalents: [],
        check: |vpc, cx| production_only(vpc, cx, || judge(vpc, cx)),
    }
}

/// What the rule says of one subnet; `None` if it does not ask for anything.
type Opinion = Option<Verdict>;

fn judge(vpc: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let network = Network::new(cx.estate);
    let subnets = network.subnets(vpc);
    let opinions: Vec<Verdict> = subnets.items.iter().filter_map(|subnet| opinion(vpc, network, subnet, cx)).collect();
    let rest = subnets.incomplete.as_ref().map(|why| unlisted(vpc, "Subnets", "subnets that can be listed", why));
    opinions.into_iter().chain(rest).reduce(Verdict::and)
}

fn opinion(vpc: &Resource, network: Network<'_>, subnet: &Resource, cx: &Context<'_>) -> Opinion {
    let expected = format!("the default route of subnet {}", subnet.address.name());
    let table = match network.table(subnet) {
        Ok(table) => table,
        Err(open) => return Some(unsure(vpc, &open, &expected)),
    };
    let routes = network.default_routes(table);
    if routes.found.iter().any(|route| route.target == Target::InternetGateway) {
        return None;
    }
    let open = routes.unsure.map(|open| unsure(vpc, &open, &expected));
    let nat = routes.found.iter().filter(|route| route.target == Target::NatGateway);
    let judged = nat.map(|route| zonal(network, cx, subnet, route)).reduce(Verdict::and);
    match (judged, open) {
        (Some(verdict), Some(open)) => Some(verdict.and(open)),
        (Some(verdict), None) | (None, Some(verdict)) => Some(verdict),
        (None, None) if cx.params.bool("required") => missing(vpc, network, subnet),
        (None, None) => None,
    }
}

fn missing(vpc: &Resource, network: Network<'_>, subnet: &Resource) -> Opinion {
    let expected = "a default route to a NAT gateway in its Availability Zone";
    match network.is_data(subnet) {
        Ok(true) => None,
        Ok(false) => Some(fail(&about(subnet, "DefaultRoute"), expected).on(subnet.address.name())),
        Err(open) => Some(unsure(vpc, &open, expected)),
    }
}

/// Whether the NAT gateway that a subnet is routed to lies in its zone.
fn zonal(network: Network<'_>, cx: &Context<'_>, subnet: &Resource, route: &DefaultRoute<'_>) -> Verdict {
    let of_subnet = format!("private subnet {}", subnet.address.name());
    let verdict = match cx.estate.follow(&route.read, &["AWS::EC2::NatGateway"]) {
        Related::Missing => fail(&route.read, &format!("a NAT gateway that exists, for {of_subnet}")),
        Related::Unknown(why) => {
            let expected = format!("a NAT gateway in the Availability Zone of {of_subnet}");
            Verdict::unknown(Evidence::unknown(&route.read, expected, &why))
        }
        Related::Found(gateway) if gateway.get("AvailabilityMode").as_str() == Some("regional") => Verdict::Pass,
        Related::Found(gateway) => {
            compare(&route.read, &of_subnet, gateway, network.zone(subnet), zone_of(network, cx, gateway))
        }
    };
    verdict.on(route.route.address.name())
}

fn compare(
    read: &Read<'_>,
    of_subnet: &str,
    gateway: &Resource,
    wanted: Known<'_, Zone>,
    found: Known<'_, Zone>,
) -> Verdict {
    let expected = match &wanted {
        Ok(zone) => format!("a NAT gateway in {zone}, the Availability Zone of {of_subnet}"),
        Err(_) => format!("a NAT gateway in the Availability Zone of {of_subnet}"),
    };
    let open = |why: &Unknown| Verdict::unknown(Evidence::unknown(read, &*expected, why));
    match (wanted, found) {
        (Err(unsure), _) | (_, Err(unsure)) => open(&unsure.why),
        (Ok(wanted), Ok(found)) => match wanted.same(&found) {
            Some(true) => Verdict::Pass,
            Some(false) => {
                let actual = Some(format!("NAT gateway {} in {found}", gateway.address.name()));
                Verdict::fail(Evidence { actual, ..Evidence::of(read, &*expected) })
            }
            None => open(&Unknown::Unsupported(format!("comparing {wanted} with {found}").into())),
        },
    }
}

/// The zone of a NAT gateway is that of its subnet.
fn zone_of<'a>(network: Network<'a>, cx: &Context<'a>, gateway: &'a Resource) -> Known<'a, Zone> {
    let read = gateway.get("SubnetId");
    match cx.estate.follow(&read, &["AWS::EC2::Subnet"]) {
        Related::Found(subnet) => network.zone(subnet),
        Related::Unknown(why) => Err(Unsure::new(read, why)),
        Related::Missing => {
            let why = Unknown::Outside("the subnet of the NAT gateway".into());
            Err(Unsure::new(read, why))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::model::{Estate, Resource};
    use crate::rules::network::testing::{account, judge, observed};

    const TYPES: [&str; 8] = [
        "AWS::EC2::VPC",
        "AWS::EC2::Subnet",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::Route",
        "AWS::EC2::NatGateway",
        "AWS::EC2::InternetGateway",
        "AWS::RDS::DBSubnetGroup",
    ];

    /// A subnet in zone b whose default route leads to a NAT gateway in zone a.
    fn single_gateway() -> Vec<Resource> {
        let default = json!({"RouteTableId": "rtb-b", "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-a"});
        vec![
            observed("AWS::EC2::VPC", "vpc-1", &json!({})),
            observed("AWS::EC2::Subnet", "public-a", &json!({"VpcId": null, "AvailabilityZone": "us-east-1a"})),
            observed("AWS::EC2::Subnet", "private-b", &json!({"VpcId": "vpc-1", "AvailabilityZone": "us-east-1b"})),
            observed("AWS::EC2::RouteTable", "rtb-b", &json!({"VpcId": "vpc-1"})),
            observed(
                "AWS::EC2::SubnetRouteTableAssociation",
                "rtbassoc-b",
                &json!({"SubnetId": "private-b", "RouteTableId": "rtb-b"}),
            ),
            observed("AWS::EC2::Route", "rtb-b|0.0.0.0/0", &default),
            observed("AWS::EC2::NatGateway", "nat-a", &json!({"SubnetId": "public-a"})),
        ]
    }

    fn estate(denied: &str) -> Estate {
        let listed: Vec<&str> = TYPES.into_iter().filter(|kind| *kind != denied).collect();
        account(single_gateway(), &listed, &[denied])
    }

    #[test]
    fn the_evidence_shows_the_single_point_of_failure() {
        let verdict = judge("nat-gateway-per-az", &estate(""), "vpc-1").unwrap();
        assert_eq!(verdict.word(), "fail");
        let [evidence] = verdict.evidence() else { panic!("{verdict:?}") };
        assert_eq!(evidence.path, "rtb-b|0.0.0.0/0/NatGatewayId");
        let expected = "a NAT gateway in us-east-1b, the Availability Zone of private subnet private-b";
        assert_eq!(evidence.expected, expected);
        assert_eq!(evidence.actual.as_deref(), Some("NAT gateway nat-a in us-east-1a"));
    }

    #[test]
    fn what_was_found_fails_even_if_there_may_be_more_and_nothing_passes_on_half_a_listing() {
        let verdict = judge("nat-gateway-per-az", &estate("AWS::EC2::Subnet"), "vpc-1").unwrap();
        assert_eq!(verdict.word(), "fail");
        let without: Vec<Resource> = single_gateway().into_iter().filter(|r| &*r.kind != "AWS::EC2::Subnet").collect();
        let verdict = judge("nat-gateway-per-az", &account(without, &[], &TYPES), "vpc-1").unwrap();
        assert_eq!(verdict.word(), "unknown");
        assert_eq!(verdict.evidence()[0].action.as_deref(), Some("ec2:Describe"));
    }

    #[test]
    fn a_route_to_a_gateway_that_is_gone_fails() {
        let without = single_gateway().into_iter().filter(|r| &*r.kind != "AWS::EC2::NatGateway").collect();
        let verdict = judge("nat-gateway-per-az", &account(without, &TYPES, &[]), "vpc-1").unwrap();
        assert_eq!(verdict.evidence()[0].expected, "a NAT gateway that exists, for private subnet private-b");
    }
}
