//! The order in which resources are made, where CloudFormation cannot see it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Entry, Resource, Value};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

use super::uses::{Use, elements, uses};
use super::{fault, property, resources, section};

rules! {
    /// ## Why
    /// CloudFormation makes resources in the order of their references. Some need another one that they do not name: a public route needs
    /// the gateway to be attached, a trail the policy of its bucket. Without `DependsOn` the stack works today and fails tomorrow.
    ///
    /// Looked for are, where both are in the template: routes to an internet gateway, Elastic IPs and public NAT gateways → the
    /// attachment of the gateway; a trail, load balancer logs and a Config delivery channel → the policy of their bucket; an Auto Scaling
    /// group → the NAT routes of its subnets; an ECS service → the listener of its target group. A way over other resources is enough.
    /// References to what does not exist, and circles, are errors when the template is read. With a `table` only its pairs are looked for.
    ///
    /// ## Fix
    /// ```yaml
    /// PublicRoute:
    ///   Type: AWS::EC2::Route
    ///   DependsOn: GatewayAttachment
    ///   Properties:
    ///     RouteTableId: !Ref PublicRouteTable
    ///     DestinationCidrBlock: 0.0.0.0/0
    ///     GatewayId: !Ref InternetGateway
    /// ```
    "template-dependencies-declared" => {
        title: "An order that CloudFormation cannot infer is declared with DependsOn.",
        category: TemplateQuality,
        severity: Medium,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: { table: Preset::Texts(&[]) => "pairs of types instead of the built-in ones: `AWS::A::B > AWS::C::D`" },
        equivalents: [],
        check: |r, cx| Some(ordered(r, cx)),
    }
}

/// A resource that has to wait for one of some others.
struct Wait<'a> {
    from: &'a str,
    entry: &'a Entry,
    one_of: Vec<&'a str>,
}

/// What each resource names, by references or `DependsOn`.
type Graph<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn ordered(r: &Resource, cx: &Context<'_>) -> Verdict {
    let graph: Graph<'_> = section(r, "Resources").map(|(name, entry)| (&**name, names(entry))).collect();
    let table = cx.params.texts("table");
    let waits: Vec<Wait<'_>> = if table.is_empty() {
        [gateways(r), policies(r), nat_routes(r), listeners(r)].into_iter().flatten().collect()
    } else {
        table
            .iter()
            .filter_map(|pair| pair.split_once('>'))
            .flat_map(|(from, to)| pairs(r, from.trim(), to.trim()))
            .collect()
    };
    let hidden = r.attribute("Incomplete").why_unknown();
    Verdict::all(waits.into_iter().map(|wait| {
        if reaches(&graph, wait.from, &wait.one_of) {
            return Verdict::Pass;
        }
        let (path, expected) = (format!("Resources.{}.DependsOn", wait.from), wait.one_of.join(" or "));
        let actual = wait.entry.value.child("DependsOn").map(Value::to_string);
        match &hidden {
            Some(why) => Verdict::unknown(Evidence::unknown(&r.get(&path), expected, why)),
            None => fault(path, expected, actual.as_deref(), wait.entry.key_at),
        }
    }))
}

/// What a resource names.
fn names(entry: &Entry) -> BTreeSet<&str> {
    let depends = entry.value.child("DependsOn").map(elements).unwrap_or_default();
    let body = entry.value.as_map().into_iter().flatten().filter(|(key, _)| &***key != "Condition");
    let named = body.flat_map(|(_, part)| uses(&part.value)).filter_map(Use::target);
    depends.into_iter().filter_map(Value::as_str).chain(named).collect()
}

/// Whether a way leads from a resource to one of some others.
fn reaches(graph: &Graph<'_>, from: &str, to: &[&str]) -> bool {
    let (mut open, mut seen) = (vec![from], BTreeSet::new());
    while let Some(at) = open.pop() {
        for next in graph.get(at).into_iter().flatten() {
            if to.contains(next) {
                return true;
            }
            if seen.insert(*next) {
                open.push(next);
            }
        }
    }
    false
}

/// The resources that a property names.
fn named<'a>(entry: &'a Entry, path: &str) -> BTreeSet<&'a str> {
    property(entry, path).map(uses).unwrap_or_default().into_iter().filter_map(Use::target).collect()
}

fn text<'a>(entry: &'a Entry, path: &str) -> Option<&'a str> {
    property(entry, path).and_then(Value::as_str)
}

fn pairs<'a>(r: &'a Resource, from: &str, to: &str) -> Vec<Wait<'a>> {
    let one_of: Vec<&str> = resources(r, &[to]).map(|(name, _)| name).collect();
    if one_of.is_empty() {
        return Vec::new();
    }
    resources(r, &[from]).map(|(from, entry)| Wait { from, entry, one_of: one_of.clone() }).collect()
}

/// Public routes, addresses and NAT gateways wait for the attachment of the internet gateway.
fn gateways(r: &Resource) -> Vec<Wait<'_>> {
    let attachments: Vec<(&str, BTreeSet<&str>)> = resources(r, &["AWS::EC2::VPCGatewayAttachment"])
        .filter(|(_, entry)| property(entry, "InternetGatewayId").is_some())
        .map(|(name, entry)| (name, named(entry, "InternetGatewayId")))
        .collect();
    let of = |gateways: Option<&BTreeSet<&str>>| -> Vec<&str> {
        let mine = |(_, attached): &&(&str, BTreeSet<&str>)| gateways.is_none_or(|g| !g.is_disjoint(attached));
        attachments.iter().filter(mine).map(|(name, _)| *name).collect()
    };
    let kinds = ["AWS::EC2::Route", "AWS::EC2::EIP", "AWS::EC2::NatGateway"];
    let waiting = resources(r, &kinds).filter_map(|(from, entry)| {
        let one_of = match super::kind(entry) {
            Some("AWS::EC2::Route") => of(Some(&named(entry, "GatewayId"))),
            Some("AWS::EC2::NatGateway") if text(entry, "ConnectivityType") == Some("private") => Vec::new(),
            _ => of(None),
        };
        (!one_of.is_empty()).then_some(Wait { from, entry, one_of })
    });
    waiting.collect()
}

/// What writes to a bucket waits for its policy, which lets it.
fn policies(r: &Resource) -> Vec<Wait<'_>> {
    let policies: Vec<(&str, BTreeSet<&str>)> =
        resources(r, &["AWS::S3::BucketPolicy"]).map(|(name, entry)| (name, named(entry, "Bucket"))).collect();
    let kinds = ["AWS::CloudTrail::Trail", "AWS::Config::DeliveryChannel", "AWS::ElasticLoadBalancingV2::LoadBalancer"];
    let waiting = resources(r, &kinds).filter_map(|(from, entry)| {
        let buckets = match super::kind(entry) {
            Some("AWS::ElasticLoadBalancingV2::LoadBalancer") => log_bucket(entry),
            _ => named(entry, "S3BucketName"),
        };
        let one_of: Vec<&str> =
            policies.iter().filter(|(_, of)| !of.is_disjoint(&buckets)).map(|(name, _)| *name).collect();
        (!one_of.is_empty()).then_some(Wait { from, entry, one_of })
    });
    waiting.collect()
}

/// The bucket of a load balancer's access logs.
fn log_bucket(entry: &Entry) -> BTreeSet<&str> {
    let attributes = property(entry, "LoadBalancerAttributes").map(elements).unwrap_or_default();
    let bucket = |a: &&Value| a.child("Key").and_then(Value::as_str) == Some("access_logs.s3.bucket");
    let values = attributes.into_iter().filter(bucket).filter_map(|a| a.child("Value"));
    values.flat_map(uses).filter_map(Use::target).collect()
}

/// Instances in private subnets start with a way out only if the NAT route is there.
fn nat_routes(r: &Resource) -> Vec<Wait<'_>> {
    let mut tables: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, entry) in resources(r, &["AWS::EC2::SubnetRouteTableAssociation"]) {
        for subnet in named(entry, "SubnetId") {
            tables.entry(subnet).or_default().extend(named(entry, "RouteTableId"));
        }
    }
    let routes: Vec<(&str, BTreeSet<&str>)> = resources(r, &["AWS::EC2::Route"])
        .filter(|(_, entry)| property(entry, "NatGatewayId").is_some())
        .map(|(name, entry)| (name, named(entry, "RouteTableId")))
        .collect();
    let groups = resources(r, &["AWS::AutoScaling::AutoScalingGroup"]);
    let waiting = groups.flat_map(|(from, entry)| {
        let mine: BTreeSet<&str> = named(entry, "VPCZoneIdentifier")
            .iter()
            .filter_map(|subnet| tables.get(subnet))
            .flatten()
            .copied()
            .collect();
        let routes = routes.iter().filter(move |(_, tables)| !tables.is_disjoint(&mine));
        routes.map(move |(route, _)| Wait { from, entry, one_of: vec![route] }).collect::<Vec<_>>()
    });
    waiting.collect()
}

/// A service cannot register with a target group that no load balancer uses yet.
fn listeners(r: &Resource) -> Vec<Wait<'_>> {
    let kinds = ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"];
    let listeners: Vec<(&str, BTreeSet<&str>)> = resources(r, &kinds)
        .map(|(name, entry)| {
            (name, named(entry, "DefaultActions").into_iter().chain(named(entry, "Actions")).collect())
        })
        .collect();
    let waiting = resources(r, &["AWS::ECS::Service"]).filter_map(|(from, entry)| {
        let groups = named(entry, "LoadBalancers");
        let one_of: Vec<&str> =
            listeners.iter().filter(|(_, to)| !to.is_disjoint(&groups)).map(|(name, _)| *name).collect();
        (!one_of.is_empty()).then_some(Wait { from, entry, one_of })
    });
    waiting.collect()
}
