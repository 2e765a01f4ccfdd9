//! Internet gateways, and what ties internet and VPN gateways to VPCs.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_internet_gateways::DescribeInternetGatewaysOutput;
use aws_sdk_ec2::types::{AttachmentStatus, InternetGateway, VpnGateway};

use super::super::shape::{Fill, tags};
use super::{GATEWAY_ATTACHMENT, INTERNET_GATEWAY, PAGE, SPEC};
use crate::collect::shape::token;
use crate::collect::{Answer, Cx, Out};
use crate::model::Resource;

/// Internet gateways and their attachments.
pub(super) async fn internet(cx: &Cx, client: &Client) -> Out {
    let types = [INTERNET_GATEWAY, GATEWAY_ATTACHMENT];
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

/// Attachments of VPN gateways: without them, an attachment of a stack that names one would look deleted. Not paged.
pub(super) async fn vpn(cx: &Cx, client: &Client) -> Out {
    let call = client.describe_vpn_gateways().send();
    let answer = cx.ask("ec2:DescribeVpnGateways", &[GATEWAY_ATTACHMENT], &[], call).await;
    let mut out = Out::default();
    match answer {
        Answer::Is(answer) => {
            out.resources.extend(answer.vpn_gateways().iter().flat_map(|gateway| vpn_attachments(cx, gateway)));
        }
        Answer::Absent => {}
        Answer::Unknown(why) => out.listed(GATEWAY_ATTACHMENT, &Err(why)),
    }
    out
}

fn internet_gateway(cx: &Cx, gateway: &InternetGateway) -> Resource {
    let id = gateway.internet_gateway_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, INTERNET_GATEWAY, id, &cx.arn("ec2", &format!("internet-gateway/{id}")));
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
            let mut r = cx.resource(&SPEC, GATEWAY_ATTACHMENT, &format!("{prefix}|{vpc}"), "");
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
