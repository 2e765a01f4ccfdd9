//! Network ACLs, their entries, and the subnets that use them: one listing.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_network_acls::DescribeNetworkAclsOutput;
use aws_sdk_ec2::types::{NetworkAcl, NetworkAclEntry, RuleAction};

use super::super::shape::{Fill, Shape, tags};
use super::{PAGE, SPEC};
use crate::collect::shape::token;
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource};

pub(super) const ACL: TypeSpec = TypeSpec {
    name: "AWS::EC2::NetworkAcl",
    asked: &[("", "ec2:DescribeNetworkAcls")],
    reads: &["VpcId", "Tags"],
    ..TypeSpec::LISTED
};

pub(super) const ENTRY: TypeSpec = TypeSpec {
    name: "AWS::EC2::NetworkAclEntry",
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
};

pub(super) const ASSOCIATION: TypeSpec = TypeSpec {
    name: "AWS::EC2::SubnetNetworkAclAssociation",
    asked: &[("", "ec2:DescribeNetworkAcls")],
    reads: &["SubnetId", "NetworkAclId"],
    ..TypeSpec::LISTED
};

const TYPES: &[&str] = &[ACL.name, ENTRY.name, ASSOCIATION.name];
/// The highest number of an entry that a user can make; the ones above (32767, 32768 for IPv6) deny the rest and cannot be
/// changed.
const LAST_OWN_RULE: i32 = 32766;

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            "ec2:DescribeNetworkAcls",
            TYPES,
            |start| client.describe_network_acls().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    for &kind in TYPES {
        out.listed(kind, &listing.end);
    }
    for acl in listing.pages.iter().flat_map(DescribeNetworkAclsOutput::network_acls) {
        convert(cx, acl, &mut out);
    }
    out
}

fn convert(cx: &Cx, acl: &NetworkAcl, out: &mut Out) {
    let id = acl.network_acl_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, ACL.name, id, &cx.arn("ec2", &format!("network-acl/{id}")));
    r.property("VpcId", acl.vpc_id());
    tags(&mut r, acl.tags());
    r.fact("IsDefault", acl.is_default());
    out.push(r);
    for entry in acl.entries().iter().filter(|e| e.rule_number().is_some_and(|n| n <= LAST_OWN_RULE)) {
        out.push(self::entry(cx, id, entry));
    }
    for association in acl.associations() {
        let association_id = association.network_acl_association_id().unwrap_or_default();
        let mut r = cx.resource(&SPEC, ASSOCIATION.name, association_id, "");
        r.property("SubnetId", association.subnet_id());
        r.property("NetworkAclId", id);
        out.push(r);
    }
}

/// An entry. Its id is made up by the stack and AWS knows none, so the name is what is unique: ACL, direction, number.
fn entry(cx: &Cx, acl: &str, entry: &NetworkAclEntry) -> Resource {
    let direction = if entry.egress() == Some(true) { "egress" } else { "ingress" };
    let name = format!("{acl}|{direction}|{}", entry.rule_number().unwrap_or_default());
    let mut r = cx.resource(&SPEC, ENTRY.name, &name, "");
    r.property("NetworkAclId", acl);
    r.property("RuleNumber", entry.rule_number());
    r.property("Protocol", entry.protocol().map(protocol));
    r.property("RuleAction", entry.rule_action().map(RuleAction::as_str));
    r.property("Egress", entry.egress());
    r.property("CidrBlock", entry.cidr_block());
    r.property("Ipv6CidrBlock", entry.ipv6_cidr_block());
    r.property(
        "PortRange",
        entry.port_range().map(|range| Shape::default().with("From", range.from()).with("To", range.to())),
    );
    r.property(
        "Icmp",
        entry.icmp_type_code().map(|icmp| Shape::default().with("Code", icmp.code()).with("Type", icmp.r#type())),
    );
    r
}

/// The answer has the protocol's number as text, the schema as a number.
fn protocol(text: &str) -> Kind {
    text.parse().map_or_else(|_| Kind::Str(text.into()), Kind::Int)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::PortRange;

    use super::*;
    use crate::collect::testing::offline;
    use crate::model::to_json;

    #[test]
    fn entries_are_in_the_schemas_types_and_the_final_deny_is_nobodys() {
        let entry = |number, egress| NetworkAclEntry::builder().rule_number(number).egress(egress).protocol("-1");
        let ssh = NetworkAclEntry::builder()
            .rule_number(100)
            .egress(false)
            .protocol("6")
            .rule_action(RuleAction::Allow)
            .cidr_block("0.0.0.0/0")
            .port_range(PortRange::builder().from(22).to(22).build());
        let acl = NetworkAcl::builder()
            .network_acl_id("acl-1")
            .is_default(true)
            .entries(ssh.build())
            .entries(entry(100, true).build())
            .entries(entry(32767, true).build())
            .entries(entry(32768, true).build())
            .build();
        let mut out = Out::default();
        convert(&offline("eu-west-1"), &acl, &mut out);
        let entries: Vec<_> = out.resources.iter().filter(|r| &*r.kind == ENTRY.name).collect();
        let names: Vec<_> = entries.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        assert_eq!(names, ["acl-1|ingress|100", "acl-1|egress|100"]);
        let expected = serde_json::json!({
            "NetworkAclId": "acl-1", "RuleNumber": 100, "Protocol": 6, "RuleAction": "allow", "Egress": false,
            "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 22, "To": 22},
        });
        assert_eq!(to_json(&entries[0].properties), expected);
    }
}
