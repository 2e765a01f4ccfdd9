//! What a network may consist of.

use crate::model::network::{ASSOCIATION, ROUTE, ROUTE_TABLE, SUBNET, about};
use crate::model::{Items, Listing, Related, Resource, Unknown, Value};
use crate::rules::check::fail;
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

use super::unlisted;

rules! {
    /// A VPC has no more NAT gateways and route tables than agreed, and nothing in it is unused.
    ///
    /// ## Why
    ///
    /// NAT gateways and addresses that nobody uses cost money every hour, and route tables and network ACLs that nobody
    /// uses hide those that matter.
    ///
    /// There is no limit unless the profile sets one (`-1` is none). A NAT gateway with a value in the tag
    /// `justification_tag` is not counted. Main route tables and default network ACLs, which AWS makes, are never
    /// unused. Elastic IP addresses are judged by themselves: they belong to no VPC.
    ///
    /// ## Fix
    ///
    /// Remove what is unused, or say what it is for:
    ///
    /// ```yaml
    /// NatGateway:
    ///   Type: AWS::EC2::NatGateway
    ///   Properties:
    ///     Tags: [{Key: Justification, Value: Partner API allows one address only}]
    /// ```
    ///
    /// `aws ec2 release-address --allocation-id …`
    "network-topology-within-budget" => {
        title: "The network topology stays within the profile's NAT gateway, route table and unused-component budget.",
        category: Network,
        severity: Low,
        scope: Estate,
        types: ["AWS::EC2::VPC", "AWS::EC2::EIP"],
        reads: [
            "AWS::EC2::NatGateway", "AWS::EC2::Subnet", "AWS::EC2::RouteTable", "AWS::EC2::Route",
            "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::GatewayRouteTableAssociation", "AWS::EC2::NetworkAcl",
            "AWS::EC2::SubnetNetworkAclAssociation", "AWS::EC2::EIPAssociation",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
        ],
        params: {
            max_nat_gateways: Preset::Int(-1) => "most NAT gateways of a VPC; -1 is no limit",
            max_route_tables: Preset::Int(-1) => "most route tables of a VPC; -1 is no limit",
            justification_tag: Preset::Text("Justification") => "a NAT gateway with a value in this tag is not counted",
        },
        equivalents: [],
        check: |r, cx| {
            Some(if &*r.kind == "AWS::EC2::VPC" { of_vpc(r, cx) } else { associated(r, cx) })
        },
    }
}

const NAT: &str = "AWS::EC2::NatGateway";
const ACL: &str = "AWS::EC2::NetworkAcl";

fn of_vpc(vpc: &Resource, cx: &Context<'_>) -> Verdict {
    let tables = cx.estate.referrers(vpc, ROUTE_TABLE, "VpcId");
    let unused_tables = Verdict::all(tables.items.iter().map(|table| used_table(table, cx)));
    let acls = cx.estate.referrers(vpc, ACL, "VpcId");
    let unused_acls = Verdict::all(acls.items.iter().map(|acl| used_acl(acl, cx)));
    let open = [("RouteTables", &tables), ("NetworkAcls", &acls)]
        .into_iter()
        .filter_map(|(what, listing)| Some(unlisted(vpc, what, "no unused components", listing.incomplete.as_ref()?)));
    gateways(vpc, cx)
        .and(at_most(vpc, "RouteTables", &tables, cx.params.int("max_route_tables")))
        .and(unused_tables)
        .and(unused_acls)
        .and(Verdict::all(open))
}

/// No more than so many of something; a limit below 0 is none.
fn at_most(vpc: &Resource, what: &str, listing: &Listing<'_>, most: i64) -> Verdict {
    let expected = format!("at most {most}");
    let count = i64::try_from(listing.items.len()).unwrap_or(i64::MAX);
    if most < 0 {
        return Verdict::Pass;
    }
    if count > most {
        let names: Vec<&str> = listing.items.iter().map(|r| r.address.name()).collect();
        let actual = Some(format!("{count}: {}", names.join(", ")));
        return Verdict::fail(Evidence { actual, ..Evidence::of(&about(vpc, what), expected) });
    }
    listing.incomplete.as_ref().map_or(Verdict::Pass, |why| unlisted(vpc, what, &expected, why))
}

fn gateways(vpc: &Resource, cx: &Context<'_>) -> Verdict {
    let tag = cx.params.text("justification_tag").unwrap_or_default();
    let most = cx.params.int("max_nat_gateways");
    if most < 0 {
        return Verdict::Pass;
    }
    let all = cx.estate.of(vpc, NAT);
    let mut counted = Listing { items: Vec::new(), incomplete: all.incomplete };
    for gateway in all.items {
        if gateway.tag(tag).is_some_and(|why| !why.trim().is_empty()) {
            continue;
        }
        match lies_in(gateway, vpc, cx) {
            Ok(true) => counted.items.push(gateway),
            Ok(false) => {}
            Err(why) => counted.incomplete = Some(why),
        }
    }
    at_most(vpc, "NatGateways", &counted, most)
}

/// A NAT gateway lies in the VPC of its subnet; a regional one names the VPC itself.
fn lies_in(gateway: &Resource, vpc: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    let subnet = gateway.get("SubnetId");
    let of = match cx.estate.follow(&subnet, &[SUBNET]) {
        Related::Found(subnet) => subnet.get("VpcId"),
        _ => gateway.get("VpcId"),
    };
    match cx.estate.follow(&of, &["AWS::EC2::VPC"]) {
        Related::Found(found) => Ok(found.address == vpc.address),
        Related::Unknown(why) => Err(why),
        Related::Missing => subnet.why_unknown().map_or(Ok(false), Err),
    }
}

fn used_table(table: &Resource, cx: &Context<'_>) -> Verdict {
    if table.attribute("Main").value().and_then(Value::as_bool) == Some(true) {
        return Verdict::Pass;
    }
    let subnets = cx.estate.referrers(table, ASSOCIATION, "RouteTableId");
    let gateways = cx.estate.referrers(table, "AWS::EC2::GatewayRouteTableAssociation", "RouteTableId");
    if !gateways.items.is_empty() {
        return Verdict::Pass;
    }
    // Nobody lists the tables of gateways live. Such a table sends packets to an appliance; any other has no use for one.
    let routes = cx.estate.referrers(table, ROUTE, "RouteTableId");
    let to_appliance = |r: &&&Resource| ["VpcEndpointId", "NetworkInterfaceId"].iter().any(|p| !r.get(p).is_absent());
    let perhaps = routes.incomplete.or_else(|| routes.items.iter().find(to_appliance).and(gateways.incomplete));
    let joined = Listing { incomplete: subnets.incomplete.or(perhaps), items: subnets.items };
    used(table, "Associations", "a subnet that uses it", &joined)
}

fn used_acl(acl: &Resource, cx: &Context<'_>) -> Verdict {
    if acl.attribute("IsDefault").value().and_then(Value::as_bool) == Some(true) {
        return Verdict::Pass;
    }
    let subnets = cx.estate.referrers(acl, "AWS::EC2::SubnetNetworkAclAssociation", "NetworkAclId");
    used(acl, "Associations", "a subnet that uses it", &subnets)
}

fn used(r: &Resource, what: &str, expected: &str, users: &Listing<'_>) -> Verdict {
    let verdict = match (&*users.items, &users.incomplete) {
        ([_, ..], _) => Verdict::Pass,
        ([], Some(why)) => unlisted(r, what, expected, why),
        ([], None) => fail(&about(r, what), expected),
    };
    verdict.on(r.address.name())
}

/// Something has the address. AWS tells so itself.
fn associated(address: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "something that has the address";
    let facts = ["AssociationId", "NetworkInterfaceId"].map(|fact| address.attribute(fact));
    let instance = address.get("InstanceId");
    // In a template an instance that is named is an instance, whichever it is.
    let named = instance.value().is_some() || (!instance.is_absent() && !address.is_live());
    if named || facts.iter().any(|fact| fact.as_str().is_some()) {
        return Verdict::Pass;
    }
    let mut open = None;
    for (kind, property) in [
        (NAT, "AllocationId"),
        (NAT, "SecondaryAllocationIds"),
        ("AWS::EC2::EIPAssociation", "AllocationId"),
        ("AWS::EC2::EIPAssociation", "EIP"),
    ] {
        // What AWS shows of an address is complete; only a template says it elsewhere.
        if kind != NAT && address.is_live() {
            continue;
        }
        let users = cx.estate.referrers(address, kind, property);
        if !users.items.is_empty() {
            return Verdict::Pass;
        }
        open = open.or(users.incomplete.filter(|_| !address.is_live()));
    }
    if balanced(address, cx) {
        return Verdict::Pass;
    }
    match open {
        Some(why) => unlisted(address, "Association", expected, &why),
        None => fail(&about(address, "Association"), expected),
    }
}

/// Whether a network load balancer has the address.
fn balanced(address: &Resource, cx: &Context<'_>) -> bool {
    let kind = crate::rules::readers::balancer::LOAD_BALANCER;
    cx.estate.of(address, kind).items.into_iter().any(|balancer| {
        let Items::Are(mappings) = balancer.get("SubnetMappings").items() else { return false };
        mappings.iter().any(|mapping| {
            let read = mapping.get("AllocationId");
            matches!(cx.estate.follow(&read, &["AWS::EC2::EIP"]), Related::Found(found) if found.address == address.address)
        })
    })
}
