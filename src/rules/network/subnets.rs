//! Subnets and their route tables.

use std::collections::{BTreeMap, BTreeSet};

use super::{unlisted, unsure};
use crate::model::network::{Network, ROUTE_TABLE, Table, Target, VPC, Zone, about};
use crate::model::{Address, Estate, Read, Related, Resource, Unknown, to_json};
use crate::rules::check::{fail, related};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// Database subnets have no default route to the internet: neither an internet gateway nor a NAT gateway,
    /// egress-only internet gateway, instance or network interface.
    ///
    /// ## Why
    ///
    /// A database has no business with the internet. Without a route, a wrong security group alone exposes nothing, and
    /// stolen data finds no way out.
    ///
    /// ## Fix
    ///
    /// Give the database subnets a route table of their own without a default route:
    ///
    /// ```yaml
    /// DatabaseRouteTable:
    ///   Type: AWS::EC2::RouteTable
    ///   Properties:
    ///     VpcId: !Ref Vpc
    /// ```
    ///
    /// Database subnets are those that an `AWS::RDS::DBSubnetGroup` lists. A subnet without an association uses the
    /// VPC's main route table; in a template that one has only the local route.
    "db-subnet-no-internet-route" => {
        title: "Database subnets have no route to the internet, direct or through NAT.",
        category: Network,
        severity: High,
        scope: Estate,
        types: ["AWS::EC2::Subnet"],
        reads: [
            "AWS::EC2::VPC", "AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::Route",
            "AWS::EC2::InternetGateway", "AWS::RDS::DBSubnetGroup",
        ],
        params: {
            allowed_default_targets: Preset::Texts(&[]) => "targets that do not count as the internet: nat-gateway, instance, network-interface, …",
        },
        equivalents: [],
        check: no_internet_route,
    }

    /// Private subnets in different Availability Zones have route tables of their own.
    ///
    /// ## Why
    ///
    /// A default route leads to one target, and a target lies in one zone. Subnets that share a route table therefore
    /// share its fate: when the zone of the target is lost, so is the way out of the healthy zones.
    ///
    /// ## Fix
    ///
    /// One `AWS::EC2::RouteTable` and one `AWS::EC2::SubnetRouteTableAssociation` for the private subnet of each zone.
    ///
    /// Subnets that are public or listed in a database subnet group are not judged, nor are those whose route table has
    /// no default route at all: nothing in it lies in a zone.
    "private-route-table-per-az" => {
        title: "Private subnets in different Availability Zones use different route tables.",
        category: Network,
        severity: Medium,
        scope: Estate,
        types: ["AWS::EC2::VPC"],
        reads: [
            "AWS::EC2::Subnet", "AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::Route",
            "AWS::EC2::InternetGateway", "AWS::RDS::DBSubnetGroup",
        ],
        params: {
            include_data_subnets: Preset::Bool(false) => "also require it of database subnets",
            include_isolated_subnets: Preset::Bool(false) => "also require it of subnets without any default route",
        },
        equivalents: [],
        check: table_per_zone,
    }

    /// Every subnet is associated with a route table of its VPC.
    ///
    /// ## Why
    ///
    /// A subnet without an association silently uses the VPC's main route table. Whoever adds a route there opens all
    /// such subnets at once, without naming them.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// PrivateSubnetRouteTable:
    ///   Type: AWS::EC2::SubnetRouteTableAssociation
    ///   Properties:
    ///     SubnetId: !Ref PrivateSubnet
    ///     RouteTableId: !Ref PrivateRouteTable
    /// ```
    "subnet-explicit-route-table-association" => {
        title: "Every subnet is explicitly associated with a route table instead of falling back to the VPC main route table.",
        category: Network,
        severity: Medium,
        scope: Estate,
        types: ["AWS::EC2::Subnet"],
        reads: ["AWS::EC2::VPC", "AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation"],
        params: {
            include_default_vpc: Preset::Bool(false) => "judge the subnets of default VPCs too",
        },
        equivalents: [],
        check: explicitly_associated,
    }
}

fn no_internet_route(subnet: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let network = Network::new(cx.estate);
    let verdict = isolated(subnet, network, cx);
    match network.is_data(subnet) {
        Ok(true) => Some(verdict),
        Ok(false) => None,
        Err(_) if verdict.is_pass() => None,
        Err(open) => Some(unsure(subnet, &open, "whether databases use the subnet")),
    }
}

fn isolated(subnet: &Resource, network: Network<'_>, cx: &Context<'_>) -> Verdict {
    let expected = "no default route to the internet";
    let table = match network.table(subnet) {
        Ok(table) => table,
        Err(open) => return unsure(subnet, &open, expected),
    };
    let allowed = cx.params.texts("allowed_default_targets");
    let routes = network.default_routes(table);
    let found = routes
        .found
        .iter()
        .filter(|route| to_internet(route.target) && !allowed.iter().any(|a| a == route.target.name()));
    let verdict = Verdict::all(found.map(|route| {
        let actual = route.read.value().map(|target| format!("{}: {target}", route.target));
        let actual = actual.or_else(|| Some(route.target.to_string()));
        Verdict::fail(Evidence { actual, ..Evidence::of(&route.read, expected) }).on(route.route.address.name())
    }));
    match routes.unsure {
        Some(open) => verdict.and(unsure(subnet, &open, expected)),
        None => verdict,
    }
}

fn to_internet(target: Target) -> bool {
    matches!(
        target,
        Target::InternetGateway
            | Target::NatGateway
            | Target::EgressOnlyInternetGateway
            | Target::Instance
            | Target::NetworkInterface
    )
}

/// Subnets that share a route table.
#[derive(Default)]
struct Sharing<'a> {
    /// Those that are judged for certain.
    surely: Vec<&'a Resource>,
    /// Those that may have to be judged, or not.
    perhaps: Vec<&'a Resource>,
    /// Why nobody knows whether to judge those.
    why: Vec<Verdict>,
}

fn table_per_zone(vpc: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let network = Network::new(cx.estate);
    let (data, isolated) = (cx.params.bool("include_data_subnets"), cx.params.bool("include_isolated_subnets"));
    let subnets = network.subnets(vpc);
    let mut tables: BTreeMap<&Address, (Table<'_>, Sharing<'_>)> = BTreeMap::new();
    let mut open: Vec<Verdict> =
        subnets.incomplete.iter().map(|why| unlisted(vpc, "Subnets", TABLE_PER_ZONE, why)).collect();
    for &subnet in &subnets.items {
        let table = match network.table(subnet) {
            Ok(table) => table,
            Err(why) => {
                open.push(unsure(vpc, &why, TABLE_PER_ZONE));
                continue;
            }
        };
        let routes = network.default_routes(table);
        let is_data = if data { Ok(false) } else { network.is_data(subnet) };
        let public = routes.found.iter().any(|route| route.target == Target::InternetGateway);
        let zoneless = !isolated && routes.found.is_empty() && routes.unsure.is_none();
        if public || zoneless || matches!(is_data, Ok(true)) {
            continue;
        }
        let sharing = &mut tables.entry(&table.resource().address).or_insert_with(|| (table, Sharing::default())).1;
        match is_data.err().or(routes.unsure) {
            None => sharing.surely.push(subnet),
            Some(why) => {
                sharing.perhaps.push(subnet);
                sharing.why.push(unsure(vpc, &why, TABLE_PER_ZONE));
            }
        }
    }
    let judged: Vec<&Resource> =
        tables.values().flat_map(|(_, s)| s.surely.iter().chain(&s.perhaps).copied()).collect();
    if open.is_empty() && one_zone(network, &judged) {
        return None;
    }
    Some(Verdict::all(tables.into_values().map(|(table, sharing)| shared(vpc, network, table, sharing)).chain(open)))
}

const TABLE_PER_ZONE: &str = "a route table of its own for each Availability Zone";

/// One route table: whether its subnets lie in one zone, whichever of the doubtful ones count.
fn shared(vpc: &Resource, network: Network<'_>, table: Table<'_>, sharing: Sharing<'_>) -> Verdict {
    let surely = apart(vpc, network, table, &sharing.surely);
    let all: Vec<&Resource> = sharing.surely.into_iter().chain(sharing.perhaps).collect();
    if surely.is_pass() && !apart(vpc, network, table, &all).is_pass() { Verdict::all(sharing.why) } else { surely }
}

/// Whether subnets are surely all in one zone, so that nothing is asked of them.
fn one_zone(network: Network<'_>, subnets: &[&Resource]) -> bool {
    let Some((&first, rest)) = subnets.split_first() else { return true };
    let first = network.zone(first);
    rest.iter().all(|subnet| match (&first, network.zone(subnet)) {
        (Ok(first), Ok(zone)) => first.same(&zone) == Some(true),
        _ => false,
    })
}

/// The subnets of one route table lie in one zone.
fn apart(vpc: &Resource, network: Network<'_>, table: Table<'_>, subnets: &[&Resource]) -> Verdict {
    let expected = TABLE_PER_ZONE;
    let mut zones: BTreeMap<Zone, Vec<&str>> = BTreeMap::new();
    let mut open = Vec::new();
    for subnet in subnets {
        match network.zone(subnet) {
            Ok(zone) => zones.entry(zone).or_default().push(subnet.address.name()),
            Err(why) => open.push(unsure(vpc, &why, expected)),
        }
    }
    let different = zones.keys().any(|a| zones.keys().any(|b| a.same(b) == Some(false)));
    if different {
        let list = |(zone, names): (&Zone, &Vec<&str>)| format!("{} in {zone}", names.join(", "));
        let actual = zones.iter().map(list).collect::<Vec<_>>().join("; ");
        let read =
            about(table.resource(), if matches!(table, Table::Explicit(_)) { "Subnets" } else { "MainRouteTable" });
        let verdict = Verdict::fail(Evidence { actual: Some(actual), ..Evidence::of(&read, expected) });
        return if std::ptr::eq(read.resource, vpc) { verdict } else { verdict.on(read.resource.address.name()) };
    }
    if subnets.len() < 2 {
        return Verdict::Pass;
    }
    if zones.len() > 1 {
        let names: BTreeSet<String> = zones.keys().map(Zone::to_string).collect();
        let names = names.into_iter().collect::<Vec<_>>().join(" with ");
        let why = Unknown::Unsupported(format!("comparing {names}").into());
        open.push(unlisted(table.resource(), "Subnets", expected, &why).on(table.resource().address.name()));
    }
    Verdict::all(open)
}

fn explicitly_associated(subnet: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let network = Network::new(cx.estate);
    if !cx.params.bool("include_default_vpc") && network.in_default_vpc(subnet) {
        return None;
    }
    let expected = "one route table association";
    let found = network.associations(subnet);
    Some(match (&*found.items, &found.incomplete) {
        ([association], _) => in_same_vpc(association, subnet, cx.estate).on(association.address.name()),
        ([], Some(why)) => unlisted(subnet, "RouteTableAssociation", expected, why),
        ([], None) => fail(&about(subnet, "RouteTableAssociation"), expected),
        ([_, rest @ ..], _) => {
            Verdict::all(rest.iter().map(|second| fail(&second.get("SubnetId"), expected).on(second.address.name())))
        }
    })
}

fn in_same_vpc(association: &Resource, subnet: &Resource, estate: &Estate) -> Verdict {
    let expected = "a route table of the subnet's VPC";
    related(estate, &association.get("RouteTableId"), &[ROUTE_TABLE], expected, |table| {
        let (of_table, of_subnet) = (table.get("VpcId"), subnet.get("VpcId"));
        match same(estate, &of_table, &of_subnet) {
            Some(true) => Verdict::Pass,
            Some(false) => fail(&of_table, expected),
            None => Verdict::unknown(Evidence::unknown(
                &of_table,
                expected,
                &of_table.why_unknown().or_else(|| of_subnet.why_unknown()).unwrap_or(Unknown::NotCollected),
            )),
        }
    })
}

/// Whether two properties name the same VPC: the same resource, the same id, or the same expression in one template.
fn same(estate: &Estate, a: &Read<'_>, b: &Read<'_>) -> Option<bool> {
    if let (Related::Found(a), Related::Found(b)) = (estate.follow(a, &[VPC]), estate.follow(b, &[VPC])) {
        return Some(a.address == b.address);
    }
    if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
        return Some(a == b);
    }
    let written = |read: &Read<'_>| read.resource.raw.as_ref()?.child("VpcId").map(to_json);
    let equal =
        written(a).is_some() && written(a) == written(b) && a.resource.address.stack == b.resource.address.stack;
    equal.then_some(true)
}
