//! VPCs. Their two DNS settings take one call each.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_vpc_attribute::DescribeVpcAttributeOutput;
use aws_sdk_ec2::operation::describe_vpcs::DescribeVpcsOutput;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, Tenancy, Vpc, VpcAttributeName, VpcCidrBlockAssociation, VpcCidrBlockState,
    VpcCidrBlockStateCode, VpcEncryptionControlMode,
};

use super::super::shape::{Fill, Shape, tags};
use super::{PAGE, SPEC};
use crate::collect::shape::{flag, set, token};
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource};

pub(super) const ATTRIBUTE: &str = "ec2:DescribeVpcAttribute";
/// How EC2 says that there is no such VPC.
const NO_SUCH_VPC: &str = "InvalidVpcID.NotFound";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::EC2::VPC",
    asked: &[("EnableDns", ATTRIBUTE), ("", "ec2:DescribeVpcs")],
    reads: &["CidrBlock", "InstanceTenancy", "EnableDnsSupport", "EnableDnsHostnames", "VpcEncryptionControl", "Tags"],
    on_demand: &["EnableDnsSupport", "EnableDnsHostnames"],
    calls: 2,
};

/// `EnableDnsSupport` and `EnableDnsHostnames` of one VPC.
struct Dns {
    support: Answer<Kind>,
    hostnames: Answer<Kind>,
}

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            "ec2:DescribeVpcs",
            &[TYPE.name],
            |start| client.describe_vpcs().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let readings = listing.pages.iter().flat_map(DescribeVpcsOutput::vpcs).map(|vpc| {
        let (cx, client, vpc) = (cx.clone(), client.clone(), vpc.clone());
        async move { resource(&cx, &vpc, dns(&cx, &client, vpc.vpc_id().unwrap_or_default()).await) }
    });
    let mut out = Out::default();
    out.listed(TYPE.name, &listing.end);
    out.resources.extend(tasks::all(readings.collect()).await.into_iter().flatten());
    out
}

async fn dns(cx: &Cx, client: &Client, id: &str) -> Dns {
    let (support, hostnames) = tokio::join!(
        attribute(cx, client, id, "EnableDnsSupport", VpcAttributeName::EnableDnsSupport),
        attribute(cx, client, id, "EnableDnsHostnames", VpcAttributeName::EnableDnsHostnames),
    );
    Dns {
        support: support.map(|answer| truth(answer.enable_dns_support())),
        hostnames: hostnames.map(|answer| truth(answer.enable_dns_hostnames())),
    }
}

async fn attribute(
    cx: &Cx,
    client: &Client,
    id: &str,
    property: &str,
    name: VpcAttributeName,
) -> Answer<DescribeVpcAttributeOutput> {
    let call = client.describe_vpc_attribute().vpc_id(id).attribute(name).send();
    cx.ask_for((TYPE.name, id, &[property]), ATTRIBUTE, &[NO_SUCH_VPC], call).await
}

fn truth(value: Option<&AttributeBooleanValue>) -> Kind {
    flag(value.and_then(AttributeBooleanValue::value))
}

/// The VPC; nothing if it has gone between the two calls.
fn resource(cx: &Cx, vpc: &Vpc, dns: Dns) -> Option<Resource> {
    if matches!(dns.support, Answer::Absent) || matches!(dns.hostnames, Answer::Absent) {
        return None;
    }
    let id = vpc.vpc_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, &cx.arn("ec2", &format!("vpc/{id}")));
    r.property("CidrBlock", vpc.cidr_block());
    r.property("InstanceTenancy", vpc.instance_tenancy().map(Tenancy::as_str));
    r.property("EnableDnsSupport", dns.support.into_kind(|kind| kind));
    r.property("EnableDnsHostnames", dns.hostnames.into_kind(|kind| kind));
    let encryption = vpc.encryption_control().and_then(|control| control.mode());
    r.property(
        "VpcEncryptionControl",
        encryption.map(|mode| Shape::default().with("Mode", VpcEncryptionControlMode::as_str(mode))),
    );
    tags(&mut r, vpc.tags());
    let blocks = vpc.cidr_block_association_set().iter().filter(|block| is_used(block.cidr_block_state()));
    r.fact("CidrBlockAssociations", set(blocks.filter_map(VpcCidrBlockAssociation::association_id)));
    let blocks = vpc.ipv6_cidr_block_association_set().iter().filter(|block| is_used(block.ipv6_cidr_block_state()));
    r.fact("Ipv6CidrBlocks", set(blocks.filter_map(|block| block.ipv6_cidr_block())));
    r.fact("IsDefault", vpc.is_default());
    Some(r)
}

/// Blocks that were taken away stay in the answer for a while.
fn is_used(state: Option<&VpcCidrBlockState>) -> bool {
    let state = state.and_then(VpcCidrBlockState::state);
    matches!(state, Some(VpcCidrBlockStateCode::Associated | VpcCidrBlockStateCode::Associating))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{cx, offline};
    use crate::model::{Unknown, Value};

    #[test]
    fn the_default_vpc_says_so_and_a_refused_attribute_is_unknown_alone() {
        let vpc = Vpc::builder().vpc_id("vpc-1").cidr_block("172.31.0.0/16").is_default(true).build();
        let why = Unknown::Denied { action: ATTRIBUTE.into() };
        let dns = Dns { support: Answer::Is(Kind::Bool(true)), hostnames: Answer::Unknown(why.clone()) };
        let r = resource(&offline("eu-west-1"), &vpc, dns).unwrap();
        assert_eq!(r.address.arn.as_deref(), Some("arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1"));
        assert_eq!(r.attribute("IsDefault").value().and_then(Value::as_bool), Some(true));
        assert_eq!(r.get("EnableDnsSupport").value().and_then(Value::as_bool), Some(true));
        assert_eq!(r.get("EnableDnsHostnames").why_unknown(), Some(why));
        assert!(r.get("Tags").is_absent());
    }

    fn aws(asked: &str) -> (u16, String) {
        if asked.contains("Action=DescribeVpcs") {
            let items = "<item><vpcId>vpc-1</vpcId></item><item><vpcId>vpc-2</vpcId></item>";
            return (200, format!("<DescribeVpcsResponse><vpcSet>{items}</vpcSet></DescribeVpcsResponse>"));
        }
        if asked.contains("vpc-2") {
            let error = format!("<Error><Code>{NO_SUCH_VPC}</Code><Message>no</Message></Error>");
            return (400, format!("<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>"));
        }
        let name = if asked.contains("enableDnsSupport") { "enableDnsSupport" } else { "enableDnsHostnames" };
        let value = format!("<{name}><value>true</value></{name}>");
        (200, format!("<DescribeVpcAttributeResponse><vpcId>vpc-1</vpcId>{value}</DescribeVpcAttributeResponse>"))
    }

    #[tokio::test]
    async fn a_vpc_that_vanishes_between_two_calls_is_dropped() {
        let cx = cx("eu-west-1", aws);
        let out = collect(&cx, &Client::new(&cx.config)).await;
        let [vpc] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(vpc.get("EnableDnsSupport").value().and_then(Value::as_bool), Some(true));
        assert_eq!(vpc.get("EnableDnsHostnames").value().and_then(Value::as_bool), Some(true));
        assert!(cx.calls.gaps().is_empty());
    }

    #[tokio::test]
    async fn nobody_asks_for_dns_settings_that_nobody_looks_at() {
        let mut cx = cx("eu-west-1", aws);
        cx.wanted = Wanted::default().into();
        let out = collect(&cx, &Client::new(&cx.config)).await;
        assert_eq!(out.resources.len(), 2);
        assert_eq!(out.resources[0].get("EnableDnsSupport").why_unknown(), Some(Unknown::NotCollected));
        assert!(!cx.calls.made().contains_key(ATTRIBUTE));
    }
}
