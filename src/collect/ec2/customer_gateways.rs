//! Customer gateways. VPN connections are left out: the only call that tells of them answers their pre-shared keys too.

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::CustomerGateway;

use super::shape::{Fill, tags};
use crate::collect::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::{Kind, Resource};

const LIST: &str = "ec2:DescribeCustomerGateways";

const TYPE: TypeSpec = TypeSpec {
    name: "AWS::EC2::CustomerGateway",
    asked: &[("", LIST)],
    reads: &["BgpAsn", "BgpAsnExtended", "CertificateArn", "DeviceName", "IpAddress", "Tags", "Type"],
    ..TypeSpec::LISTED
};

static SPEC: Spec =
    Spec { name: "ec2/customer-gateways", reach: Reach::Regional, listings: 1, types: &[TYPE], actions: &[LIST] };

/// Collects customer gateways.
pub struct CustomerGateways;

#[async_trait]
impl Collector for CustomerGateways {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    /// Not paged: one answer holds them all.
    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        match cx.ask(LIST, &[TYPE.name], &[], client.describe_customer_gateways().send()).await {
            Answer::Is(answer) => {
                out.listed(TYPE.name, &Ok(()));
                let gateways = answer.customer_gateways().iter().filter(|gateway| !is_gone(gateway));
                out.resources.extend(gateways.map(|gateway| resource(cx, gateway)));
            }
            Answer::Absent => out.listed(TYPE.name, &Ok(())),
            Answer::Unknown(why) => out.listed(TYPE.name, &Err(why)),
        }
    }
}

/// A deleted gateway stays in the answer for a while.
fn is_gone(gateway: &CustomerGateway) -> bool {
    matches!(gateway.state(), Some("deleted" | "deleting"))
}

fn resource(cx: &Cx, gateway: &CustomerGateway) -> Resource {
    let id = gateway.customer_gateway_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, &cx.arn("ec2", &format!("customer-gateway/{id}")));
    r.property("Type", gateway.r#type());
    r.property("BgpAsn", number(gateway.bgp_asn()));
    r.property("BgpAsnExtended", number(gateway.bgp_asn_extended()));
    r.property("IpAddress", gateway.ip_address());
    r.property("CertificateArn", gateway.certificate_arn());
    r.property("DeviceName", gateway.device_name());
    tags(&mut r, gateway.tags());
    r.fact("State", gateway.state());
    r
}

/// The answer has numbers as text, the schema as numbers.
fn number(text: Option<&str>) -> Option<Kind> {
    text.map(|text| text.parse().map_or_else(|_| Kind::Str(text.into()), Kind::Int))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties};

    #[tokio::test]
    async fn a_gateway_is_read_in_the_schemas_types_and_a_deleted_one_is_gone() {
        let cx = cx("eu-west-1", |_| {
            let gateway = |id: &str, state: &str| {
                format!(
                    "<item><customerGatewayId>{id}</customerGatewayId><state>{state}</state><type>ipsec.1</type>
                     <ipAddress>192.0.2.1</ipAddress><bgpAsn>65000</bgpAsn><bgpAsnExtended>4200000000</bgpAsnExtended>
                     <certificateArn>arn:c</certificateArn><deviceName>edge</deviceName>
                     <tagSet><item><key>a</key><value>1</value></item></tagSet></item>"
                )
            };
            let all = gateway("cgw-1", "available") + &gateway("cgw-2", "deleted");
            let set = format!("<customerGatewaySet>{all}</customerGatewaySet>");
            (200, format!("<DescribeCustomerGatewaysResponse>{set}</DescribeCustomerGatewaysResponse>"))
        });
        let out = collected(&CustomerGateways, &cx).await;
        let [r] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(r.get("BgpAsn").value().map(|v| &v.kind), Some(&Kind::Int(65000)));
    }
}
