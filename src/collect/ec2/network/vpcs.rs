//! VPCs. Their two DNS settings take one call each.

use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_vpc_attribute::DescribeVpcAttributeOutput;
use aws_sdk_ec2::operation::describe_vpcs::DescribeVpcsOutput;
use aws_sdk_ec2::types::{AttributeBooleanValue, Tenancy, Vpc, VpcAttributeName};
use tokio::task::JoinSet;

use super::super::shape::{Fill, tags};
use super::{PAGE, SPEC, VPC};
use crate::collect::shape::token;
use crate::collect::{Answer, Cx, Out};
use crate::model::{Kind, Resource, Unknown};

/// `EnableDnsSupport` and `EnableDnsHostnames` of one VPC.
struct Dns {
    support: Kind,
    hostnames: Kind,
}

impl Default for Dns {
    fn default() -> Self {
        Self { support: Kind::Unknown(Unknown::NotCollected), hostnames: Kind::Unknown(Unknown::NotCollected) }
    }
}

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            "ec2:DescribeVpcs",
            &[VPC],
            |start| client.describe_vpcs().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let vpcs: Vec<&Vpc> = listing.pages.iter().flat_map(DescribeVpcsOutput::vpcs).collect();
    let mut dns = dns(cx, client, &vpcs).await;

    let mut out = Out::default();
    out.listed(VPC, &listing.end);
    for vpc in vpcs {
        let dns = dns.remove(vpc.vpc_id().unwrap_or_default()).unwrap_or_default();
        out.push(resource(cx, vpc, dns));
    }
    out
}

async fn dns(cx: &Cx, client: &Client, vpcs: &[&Vpc]) -> BTreeMap<String, Dns> {
    let mut asked = JoinSet::new();
    for id in vpcs.iter().filter_map(|vpc| vpc.vpc_id()) {
        let (cx, client, id) = (cx.clone(), client.clone(), id.to_owned());
        asked.spawn(async move {
            let (support, hostnames) = tokio::join!(
                attribute(&cx, &client, &id, VpcAttributeName::EnableDnsSupport),
                attribute(&cx, &client, &id, VpcAttributeName::EnableDnsHostnames),
            );
            let dns = Dns {
                support: support.into_kind(|answer| truth(answer.enable_dns_support())),
                hostnames: hostnames.into_kind(|answer| truth(answer.enable_dns_hostnames())),
            };
            (id, dns)
        });
    }
    let mut known = BTreeMap::new();
    while let Some(answered) = asked.join_next().await {
        known.extend(answered.ok());
    }
    known
}

async fn attribute(cx: &Cx, client: &Client, id: &str, name: VpcAttributeName) -> Answer<DescribeVpcAttributeOutput> {
    let call = client.describe_vpc_attribute().vpc_id(id).attribute(name).send();
    cx.ask("ec2:DescribeVpcAttribute", &[VPC], &[], call).await
}

fn truth(value: Option<&AttributeBooleanValue>) -> Kind {
    value.and_then(AttributeBooleanValue::value).map_or(Kind::Null, Kind::Bool)
}

fn resource(cx: &Cx, vpc: &Vpc, dns: Dns) -> Resource {
    let id = vpc.vpc_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, VPC, id, &cx.arn("ec2", &format!("vpc/{id}")));
    r.property("CidrBlock", vpc.cidr_block());
    r.property("InstanceTenancy", vpc.instance_tenancy().map(Tenancy::as_str));
    r.property("EnableDnsSupport", dns.support);
    r.property("EnableDnsHostnames", dns.hostnames);
    tags(&mut r, vpc.tags());
    r.fact("IsDefault", vpc.is_default());
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::offline;
    use crate::model::Value;

    #[test]
    fn the_default_vpc_says_so_and_a_refused_attribute_is_unknown_alone() {
        let vpc = Vpc::builder().vpc_id("vpc-1").cidr_block("172.31.0.0/16").is_default(true).build();
        let why = Unknown::Denied { action: "ec2:DescribeVpcAttribute".into() };
        let r = resource(
            &offline("eu-west-1"),
            &vpc,
            Dns { support: Kind::Bool(true), hostnames: Kind::Unknown(why.clone()) },
        );
        assert_eq!(r.address.arn.as_deref(), Some("arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1"));
        assert_eq!(r.attribute("IsDefault").value().and_then(Value::as_bool), Some(true));
        assert_eq!(r.get("EnableDnsSupport").value().and_then(Value::as_bool), Some(true));
        assert_eq!(r.get("EnableDnsHostnames").why_unknown(), Some(why));
        assert!(r.get("Tags").is_absent());
    }
}
