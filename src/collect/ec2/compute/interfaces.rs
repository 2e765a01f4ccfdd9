//! The network interfaces of an instance.

use aws_sdk_ec2::types::InstanceNetworkInterface;

use super::super::shape::{Shape, unread};
use crate::collect::shape::{list, number_text, set};
use crate::model::Kind;

/// All of them, in the order of their devices.
pub(super) fn interfaces(interfaces: &[InstanceNetworkInterface]) -> Kind {
    let mut interfaces: Vec<_> = interfaces.iter().collect();
    interfaces.sort_by_key(|i| {
        (
            i.attachment().and_then(aws_sdk_ec2::types::InstanceNetworkInterfaceAttachment::device_index),
            i.network_interface_id(),
        )
    });
    list(interfaces.into_iter().map(|i| interface(i).into_kind()))
}

fn interface(interface: &InstanceNetworkInterface) -> Shape {
    let attachment = interface.attachment();
    let own = interface.private_ip_addresses().iter().map(|a| {
        Shape::default().with("PrivateIpAddress", a.private_ip_address()).with("Primary", a.primary()).into_kind()
    });
    let own6 = interface.ipv6_addresses().iter();
    let own6 = own6.map(|a| Shape::default().with("Ipv6Address", a.ipv6_address()).into_kind());
    let association = interface.association();
    // An elastic IP address belongs to the account; one that came with the interface belongs to Amazon.
    let public = association.is_some_and(|a| a.ip_owner_id() == Some("amazon"));
    Shape::default()
        .with(
            "DeviceIndex",
            number_text(attachment.and_then(aws_sdk_ec2::types::InstanceNetworkInterfaceAttachment::device_index)),
        )
        .with("NetworkInterfaceId", interface.network_interface_id())
        .with("SubnetId", interface.subnet_id())
        .with("GroupSet", set(interface.groups().iter().filter_map(|g| g.group_id())))
        .with("Description", interface.description())
        .with(
            "DeleteOnTermination",
            attachment.and_then(aws_sdk_ec2::types::InstanceNetworkInterfaceAttachment::delete_on_termination),
        )
        .with("AssociatePublicIpAddress", public)
        .with("AssociateCarrierIpAddress", association.and_then(|a| a.carrier_ip()).map(|_| true))
        .with("PrivateIpAddress", interface.private_ip_address())
        .with("PrivateIpAddresses", list(own))
        .with("Ipv6Addresses", list(own6))
        .with("EnaSrdSpecification", unread(attachment.and_then(|a| a.ena_srd_specification())))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{
        GroupIdentifier, InstanceNetworkInterfaceAssociation, InstanceNetworkInterfaceAttachment,
    };

    use super::*;
    use crate::model::{Value, to_json};

    #[test]
    fn interfaces_are_in_the_order_of_their_devices_and_know_whose_their_address_is() {
        let attached = |index| InstanceNetworkInterfaceAttachment::builder().device_index(index).build();
        let owned = |by: &str| InstanceNetworkInterfaceAssociation::builder().ip_owner_id(by).build();
        let second = InstanceNetworkInterface::builder().attachment(attached(1)).association(owned("123456789012"));
        let first = InstanceNetworkInterface::builder()
            .attachment(attached(0))
            .association(owned("amazon"))
            .groups(GroupIdentifier::builder().group_id("sg-2").build())
            .groups(GroupIdentifier::builder().group_id("sg-1").build());
        let expected = serde_json::json!([
            {"DeviceIndex": "0", "AssociatePublicIpAddress": true, "GroupSet": ["sg-1", "sg-2"]},
            {"DeviceIndex": "1", "AssociatePublicIpAddress": false},
        ]);
        assert_eq!(to_json(&Value::live(interfaces(&[second.build(), first.build()]))), expected);
    }
}
