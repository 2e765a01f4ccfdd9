//! Elastic IP addresses.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Address, DomainType, ServiceManaged};

use super::super::shape::{Fill, tags};
use super::SPEC;
use crate::collect::{Answer, Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::EC2::EIP",
    asked: &[("", "ec2:DescribeAddresses")],
    reads: &["Domain", "InstanceId", "NetworkBorderGroup", "PublicIpv4Pool", "Tags"],
    ..TypeSpec::LISTED
};

/// Not paged: one answer holds them all.
pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let mut out = Out::default();
    match cx.ask("ec2:DescribeAddresses", &[TYPE.name], &[], client.describe_addresses().send()).await {
        Answer::Is(answer) => {
            out.listed(TYPE.name, &Ok(()));
            out.resources.extend(answer.addresses().iter().map(|address| resource(cx, address)));
        }
        Answer::Absent => out.listed(TYPE.name, &Ok(())),
        Answer::Unknown(why) => out.listed(TYPE.name, &Err(why)),
    }
    out
}

fn resource(cx: &Cx, address: &Address) -> Resource {
    let arn = address.allocation_id().map(|id| cx.arn("ec2", &format!("elastic-ip/{id}"))).unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, address.public_ip().unwrap_or_default(), &arn);
    r.property("Domain", address.domain().map(DomainType::as_str));
    r.property("InstanceId", address.instance_id());
    r.property("NetworkBorderGroup", address.network_border_group());
    r.property("PublicIpv4Pool", address.public_ipv4_pool());
    tags(&mut r, address.tags());
    r.fact("PublicIp", address.public_ip());
    r.fact("AllocationId", address.allocation_id());
    r.fact("AssociationId", address.association_id());
    r.fact("NetworkInterfaceId", address.network_interface_id());
    // The service that made it for itself: a load balancer, a regional NAT gateway.
    r.fact("ServiceManaged", address.service_managed().map(ServiceManaged::as_str));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::offline;

    #[test]
    fn an_address_is_named_by_its_public_ip() {
        let address = Address::builder().public_ip("192.0.2.7").allocation_id("eipalloc-1").build();
        let r = resource(&offline("eu-west-1"), &address);
        assert_eq!(r.address.physical_id.as_deref(), Some("192.0.2.7"));
        assert_eq!(r.attribute("AllocationId").as_str(), Some("eipalloc-1"));
        assert!(r.get("InstanceId").is_absent(), "read, and attached to nothing");
    }
}
