//! Internet gateways, and what ties internet and VPN gateways to VPCs.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_internet_gateways::DescribeInternetGatewaysOutput;
use aws_sdk_ec2::types::{AttachmentStatus, GatewayType, InternetGateway, VpnGateway, VpnState};

use super::super::shape::{Fill, tags};
use super::{PAGE, SPEC};
use crate::collect::shape::token;
use crate::collect::{Answer, Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const INTERNET: TypeSpec = TypeSpec {
    name: "AWS::EC2::InternetGateway",
    asked: &[("", "ec2:DescribeInternetGateways")],
    reads: &["Tags"],
    ..TypeSpec::LISTED
};

pub(super) const VPN: TypeSpec = TypeSpec {
    name: "AWS::EC2::VPNGateway",
    asked: &[("", "ec2:DescribeVpnGateways")],
    reads: &["AmazonSideAsn", "Tags", "Type"],
    ..TypeSpec::LISTED
};

pub(super) const ATTACHMENT: TypeSpec = TypeSpec {
    name: "AWS::EC2::VPCGatewayAttachment",
    asked: &[("VpnGatewayId", "ec2:DescribeVpnGateways"), ("", "ec2:DescribeInternetGateways")],
    reads: &["VpcId", "InternetGatewayId", "VpnGatewayId"],
    ..TypeSpec::LISTED
};

/// Internet gateways and their attachments.
pub(super) async fn internet(cx: &Cx, client: &Client) -> Out {
    let types = [INTERNET.name, ATTACHMENT.name];
    let listing = cx
        .pages(
            "ec2:DescribeInternetGateways",
            &types,
            |start| client.describe_internet_gateways().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    for kind in types {
        out.listed(kind, &listing.end);
    }
    for gateway in listing.pages.iter().flat_map(DescribeInternetGatewaysOutput::internet_gateways) {
        out.push(internet_gateway(cx, gateway));
        out.resources.extend(internet_attachments(cx, gateway));
    }
    out
}

/// VPN gateways and their attachments. Not paged.
pub(super) async fn vpn(cx: &Cx, client: &Client) -> Out {
    let call = client.describe_vpn_gateways().send();
    let types = [VPN.name, ATTACHMENT.name];
    let answer = cx.ask("ec2:DescribeVpnGateways", &types, &[], call).await;
    let end = match &answer {
        Answer::Unknown(why) => Err(why.clone()),
        _ => Ok(()),
    };
    let mut out = Out::default();
    for kind in types {
        out.listed(kind, &end);
    }
    if let Answer::Is(answer) = &answer {
        for gateway in answer.vpn_gateways().iter().filter(|gateway| !is_gone(gateway)) {
            out.push(vpn_gateway(cx, gateway));
            out.resources.extend(vpn_attachments(cx, gateway));
        }
    }
    out
}

/// A deleted gateway stays in the answer for a while.
fn is_gone(gateway: &VpnGateway) -> bool {
    matches!(gateway.state(), Some(VpnState::Deleted | VpnState::Deleting))
}

fn vpn_gateway(cx: &Cx, gateway: &VpnGateway) -> Resource {
    let id = gateway.vpn_gateway_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, VPN.name, id, &cx.arn("ec2", &format!("vpn-gateway/{id}")));
    r.property("Type", gateway.r#type().map(GatewayType::as_str));
    r.property("AmazonSideAsn", gateway.amazon_side_asn());
    tags(&mut r, gateway.tags());
    r.fact("State", gateway.state().map(VpnState::as_str));
    r
}

fn internet_gateway(cx: &Cx, gateway: &InternetGateway) -> Resource {
    let id = gateway.internet_gateway_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, INTERNET.name, id, &cx.arn("ec2", &format!("internet-gateway/{id}")));
    tags(&mut r, gateway.tags());
    r
}

fn internet_attachments(cx: &Cx, gateway: &InternetGateway) -> Vec<Resource> {
    let attachments = gateway.attachments().iter().map(|a| (a.vpc_id(), a.state()));
    self::attachments(cx, "IGW", "InternetGatewayId", gateway.internet_gateway_id(), attachments)
}

fn vpn_attachments(cx: &Cx, gateway: &VpnGateway) -> Vec<Resource> {
    let attachments = gateway.vpc_attachments().iter().map(|a| (a.vpc_id(), a.state()));
    self::attachments(cx, "VGW", "VpnGatewayId", gateway.vpn_gateway_id(), attachments)
}

/// One resource per VPC that the gateway is tied to. An internet gateway's state is `available`, which is none of the
/// documented ones.
fn attachments<'a>(
    cx: &Cx,
    prefix: &str,
    property: &str,
    gateway: Option<&str>,
    attachments: impl Iterator<Item = (Option<&'a str>, Option<&'a AttachmentStatus>)>,
) -> Vec<Resource> {
    attachments
        .filter(|(_, state)| !matches!(state, Some(AttachmentStatus::Detached | AttachmentStatus::Detaching)))
        .filter_map(|(vpc, state)| Some((vpc?, state)))
        .map(|(vpc, state)| {
            let mut r = cx.resource(&SPEC, ATTACHMENT.name, &format!("{prefix}|{vpc}"), "");
            r.property("VpcId", vpc);
            r.property(property, gateway);
            r.fact("State", state.map(AttachmentStatus::as_str));
            r
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{InternetGatewayAttachment, VpcAttachment};

    use super::*;
    use crate::collect::testing::offline;

    #[test]
    fn an_attachment_is_named_by_the_kind_of_its_gateway_and_its_vpc() {
        let attachment = InternetGatewayAttachment::builder().vpc_id("vpc-1").state("available".into()).build();
        let gateway = InternetGateway::builder().internet_gateway_id("igw-1").attachments(attachment).build();
        let all = internet_attachments(&offline("eu-west-1"), &gateway);
        assert_eq!(all[0].address.physical_id.as_deref(), Some("IGW|vpc-1"));
        assert_eq!(all[0].get("InternetGatewayId").as_str(), Some("igw-1"));
        assert!(all[0].get("VpnGatewayId").is_absent());
    }

    #[test]
    fn a_detached_vpn_gateway_is_attached_to_nothing() {
        let attachment = |vpc: &str, state| VpcAttachment::builder().vpc_id(vpc).state(state).build();
        let gateway = VpnGateway::builder()
            .vpn_gateway_id("vgw-1")
            .vpc_attachments(attachment("vpc-1", AttachmentStatus::Detached))
            .vpc_attachments(attachment("vpc-2", AttachmentStatus::Attached))
            .build();
        let all = vpn_attachments(&offline("eu-west-1"), &gateway);
        let ids: Vec<_> = all.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        assert_eq!(ids, ["VGW|vpc-2"]);
    }
}
