//! Security groups with their rules inline, and the same rules as resources of their own.

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_security_group_rules::DescribeSecurityGroupRulesOutput;
use aws_sdk_ec2::operation::describe_security_groups::DescribeSecurityGroupsOutput;
use aws_sdk_ec2::types::{IpPermission, SecurityGroup, SecurityGroupRule};

use super::shape::{Fill, Shape, tags};
use crate::collect::shape::token;
use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::{Kind, Resource, Value};

const GROUP: &str = "AWS::EC2::SecurityGroup";
const INGRESS: &str = "AWS::EC2::SecurityGroupIngress";
const EGRESS: &str = "AWS::EC2::SecurityGroupEgress";
/// The largest page of both listings.
const PAGE: i32 = 1000;

static SPEC: Spec = Spec {
    name: "ec2/security-groups",
    reach: Reach::Regional,
    listings: 2,
    types: &[
        TypeSpec {
            name: GROUP,
            asked: &[("", "ec2:DescribeSecurityGroups")],
            reads: &["GroupName", "GroupDescription", "VpcId", "SecurityGroupIngress", "SecurityGroupEgress", "Tags"],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: INGRESS,
            asked: &[("", "ec2:DescribeSecurityGroupRules")],
            reads: &[
                "GroupId",
                "IpProtocol",
                "FromPort",
                "ToPort",
                "CidrIp",
                "CidrIpv6",
                "SourceSecurityGroupId",
                "SourceSecurityGroupOwnerId",
                "SourcePrefixListId",
                "Description",
            ],
            ..TypeSpec::LISTED
        },
        TypeSpec {
            name: EGRESS,
            asked: &[("", "ec2:DescribeSecurityGroupRules")],
            reads: &[
                "GroupId",
                "IpProtocol",
                "FromPort",
                "ToPort",
                "CidrIp",
                "CidrIpv6",
                "DestinationSecurityGroupId",
                "DestinationPrefixListId",
                "Description",
            ],
            ..TypeSpec::LISTED
        },
    ],
    actions: &["ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups"],
};

/// Collects security groups.
pub struct SecurityGroups;

#[async_trait]
impl Collector for SecurityGroups {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let (groups, rules) = tokio::join!(groups(cx, &client), rules(cx, &client));
        out.merge(groups);
        out.merge(rules);
    }
}

async fn groups(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            "ec2:DescribeSecurityGroups",
            &[GROUP],
            |start| client.describe_security_groups().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    out.listed(GROUP, &listing.end);
    for group in listing.pages.iter().flat_map(DescribeSecurityGroupsOutput::security_groups) {
        out.push(group_resource(cx, group));
    }
    out
}

async fn rules(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            "ec2:DescribeSecurityGroupRules",
            &[INGRESS, EGRESS],
            |start| client.describe_security_group_rules().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    for kind in [INGRESS, EGRESS] {
        out.listed(kind, &listing.end);
    }
    for rule in listing.pages.iter().flat_map(DescribeSecurityGroupRulesOutput::security_group_rules) {
        out.push(rule_resource(cx, rule));
    }
    out
}

fn group_resource(cx: &Cx, group: &SecurityGroup) -> Resource {
    let id = group.group_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, GROUP, id, &cx.arn("ec2", &format!("security-group/{id}")));
    r.property("GroupName", group.group_name());
    r.property("GroupDescription", group.description());
    r.property("VpcId", group.vpc_id());
    r.property("SecurityGroupIngress", flat(cx, &Direction::IN, group.ip_permissions()));
    r.property("SecurityGroupEgress", flat(cx, &Direction::OUT, group.ip_permissions_egress()));
    tags(&mut r, group.tags());
    r.fact("IsDefault", group.vpc_id().is_some() && group.group_name() == Some("default"));
    r
}

fn rule_resource(cx: &Cx, rule: &SecurityGroupRule) -> Resource {
    let (kind, direction) =
        if rule.is_egress() == Some(true) { (EGRESS, Direction::OUT) } else { (INGRESS, Direction::IN) };
    let id = rule.security_group_rule_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, kind, id, &cx.arn("ec2", &format!("security-group-rule/{id}")));
    let other = rule.referenced_group_info();
    let peer = Peer {
        cidr: rule.cidr_ipv4(),
        cidr6: rule.cidr_ipv6(),
        group: other.and_then(|g| g.group_id()),
        owner: other.and_then(|g| g.user_id()),
        prefix_list: rule.prefix_list_id(),
        description: rule.description(),
    };
    let ports = Ports { protocol: rule.ip_protocol(), from: rule.from_port(), to: rule.to_port() };
    let shape = Shape::default().with("GroupId", rule.group_id());
    r.properties = Value::live(element(cx, shape, &direction, ports, &peer).into_kind());
    r
}

/// How the schema names the other side of a rule.
struct Direction {
    group: &'static str,
    owner: Option<&'static str>,
    prefix_list: &'static str,
}

impl Direction {
    const IN: Self = Self {
        group: "SourceSecurityGroupId",
        owner: Some("SourceSecurityGroupOwnerId"),
        prefix_list: "SourcePrefixListId",
    };
    const OUT: Self = Self { group: "DestinationSecurityGroupId", owner: None, prefix_list: "DestinationPrefixListId" };
}

/// What a rule lets through.
#[derive(Clone, Copy)]
struct Ports<'a> {
    protocol: Option<&'a str>,
    from: Option<i32>,
    to: Option<i32>,
}

/// Where a rule lets it through from, or to: one of the four.
#[derive(Default)]
struct Peer<'a> {
    cidr: Option<&'a str>,
    cidr6: Option<&'a str>,
    group: Option<&'a str>,
    owner: Option<&'a str>,
    prefix_list: Option<&'a str>,
    description: Option<&'a str>,
}

/// One element per peer, in a stable order. Always a list: a group without egress rules lets nothing out, while one whose
/// template does not speak of egress lets everything out.
fn flat(cx: &Cx, direction: &Direction, permissions: &[IpPermission]) -> Kind {
    let mut elements: Vec<_> = permissions
        .iter()
        .flat_map(|p| {
            let ports = Ports { protocol: p.ip_protocol(), from: p.from_port(), to: p.to_port() };
            peers(p).into_iter().map(move |peer| element(cx, Shape::default(), direction, ports, &peer))
        })
        .map(|shape| Value::live(shape.into_kind()))
        .collect();
    elements.sort_by_cached_key(ToString::to_string);
    Kind::List(elements)
}

fn peers(permission: &IpPermission) -> Vec<Peer<'_>> {
    let v4 = permission.ip_ranges().iter().map(|r| Peer {
        cidr: r.cidr_ip(),
        description: r.description(),
        ..Peer::default()
    });
    let v6 = permission.ipv6_ranges().iter().map(|r| Peer {
        cidr6: r.cidr_ipv6(),
        description: r.description(),
        ..Peer::default()
    });
    let groups = permission.user_id_group_pairs().iter().map(|g| Peer {
        group: g.group_id(),
        owner: g.user_id(),
        description: g.description(),
        ..Peer::default()
    });
    let lists = permission.prefix_list_ids().iter().map(|l| Peer {
        prefix_list: l.prefix_list_id(),
        description: l.description(),
        ..Peer::default()
    });
    v4.chain(v6).chain(groups).chain(lists).collect()
}

fn element(cx: &Cx, shape: Shape, direction: &Direction, ports: Ports<'_>, peer: &Peer<'_>) -> Shape {
    // Ports mean nothing where the protocol is "all", and only one of the two listings answers them then (as -1).
    let named = |port: Option<i32>| port.filter(|_| ports.protocol != Some("-1"));
    // AWS answers the owner of every group; a template names it only where it is another account.
    let owner = peer.owner.filter(|&owner| owner != &*cx.account);
    let shape = shape
        .with("IpProtocol", ports.protocol)
        .with("FromPort", named(ports.from))
        .with("ToPort", named(ports.to))
        .with("CidrIp", peer.cidr)
        .with("CidrIpv6", peer.cidr6)
        .with(direction.group, peer.group)
        .with(direction.prefix_list, peer.prefix_list)
        .with("Description", peer.description);
    direction.owner.into_iter().fold(shape, |shape, name| shape.with(name, owner))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{IpRange, Ipv6Range, PrefixListId, ReferencedSecurityGroup, UserIdGroupPair};
    use serde_json::json;

    use super::*;
    use crate::collect::testing::offline;
    use crate::model::to_json;

    #[test]
    fn each_source_of_a_permission_is_an_element_of_its_own() {
        let ssh = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(22)
            .to_port(22)
            .ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/8").description("office").build())
            .ipv6_ranges(Ipv6Range::builder().cidr_ipv6("::/0").build())
            .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-2").user_id("123456789012").build())
            .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-3").user_id("444455556666").build())
            .prefix_list_ids(PrefixListId::builder().prefix_list_id("pl-1").build())
            .build();
        let group = SecurityGroup::builder().group_id("sg-1").ip_permissions(ssh).build();
        let r = group_resource(&offline("eu-west-1"), &group);
        let base = json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22});
        let with = |extra: serde_json::Value| {
            let mut all = base.as_object().cloned().unwrap();
            all.extend(extra.as_object().cloned().unwrap());
            serde_json::Value::Object(all)
        };
        let expected = json!([
            with(json!({"CidrIp": "10.0.0.0/8", "Description": "office"})),
            with(json!({"CidrIpv6": "::/0"})),
            with(json!({"SourcePrefixListId": "pl-1"})),
            with(json!({"SourceSecurityGroupId": "sg-2"})),
            with(json!({"SourceSecurityGroupId": "sg-3", "SourceSecurityGroupOwnerId": "444455556666"})),
        ]);
        assert_eq!(r.get("SecurityGroupIngress").value().map(to_json), Some(expected));
    }

    #[test]
    fn a_group_that_lets_nothing_out_has_an_empty_list_not_an_absent_one() {
        let group = SecurityGroup::builder().group_id("sg-1").group_name("default").vpc_id("vpc-1").build();
        let r = group_resource(&offline("eu-west-1"), &group);
        assert_eq!(r.get("SecurityGroupEgress").value().map(to_json), Some(json!([])));
        assert_eq!(r.attribute("IsDefault").value().and_then(Value::as_bool), Some(true));
    }

    #[test]
    fn a_rule_is_a_resource_and_names_its_other_side_by_direction() {
        let rule = SecurityGroupRule::builder()
            .security_group_rule_id("sgr-1")
            .group_id("sg-1")
            .is_egress(true)
            .ip_protocol("-1")
            .from_port(-1)
            .to_port(-1)
            .referenced_group_info(ReferencedSecurityGroup::builder().group_id("sg-2").build())
            .build();
        let r = rule_resource(&offline("eu-west-1"), &rule);
        assert_eq!((&*r.kind, r.address.physical_id.as_deref()), (EGRESS, Some("sgr-1")));
        let expected = json!({"GroupId": "sg-1", "IpProtocol": "-1", "DestinationSecurityGroupId": "sg-2"});
        assert_eq!(to_json(&r.properties), expected);
    }
}
