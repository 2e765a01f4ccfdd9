//! What a resource is known by, besides its physical id: names that CloudFormation does not list as the id, or that change when a person
//! replaces a part by hand.

use std::sync::Arc;

use crate::model::{Resource, Value};

/// Properties that together name a resource of a type. A list-like property counts by each of its elements.
const NATURAL: &[(&str, &[&str])] = &[
    ("AWS::EC2::Route", &["RouteTableId", "DestinationCidrBlock|DestinationIpv6CidrBlock|DestinationPrefixListId"]),
    ("AWS::EC2::SubnetRouteTableAssociation", &["SubnetId"]),
    ("AWS::EC2::SubnetNetworkAclAssociation", &["SubnetId"]),
    ("AWS::EC2::NetworkAclEntry", &["NetworkAclId", "RuleNumber", "Egress"]),
    ("AWS::EC2::VPCGatewayAttachment", &["VpcId", "InternetGatewayId|VpnGatewayId"]),
    ("AWS::Logs::MetricFilter", &["LogGroupName", "FilterName"]),
    ("AWS::Logs::SubscriptionFilter", &["LogGroupName", "FilterName"]),
    ("AWS::Config::RemediationConfiguration", &["ConfigRuleName"]),
    ("AWS::IAM::Policy", &["PolicyName", "Roles|Users|Groups"]),
    ("AWS::SNS::Subscription", &["TopicArn", "Protocol", "Endpoint"]),
    ("AWS::SNS::TopicPolicy", &["Topics"]),
    ("AWS::SQS::QueuePolicy", &["Queues"]),
    (
        "AWS::EC2::SecurityGroupIngress",
        &["GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp|CidrIpv6|SourceSecurityGroupId|SourcePrefixListId"],
    ),
    (
        "AWS::EC2::SecurityGroupEgress",
        &[
            "GroupId",
            "IpProtocol",
            "FromPort",
            "ToPort",
            "CidrIp|CidrIpv6|DestinationSecurityGroupId|DestinationPrefixListId",
        ],
    ),
];

/// Whether resources of a type are also known by their properties.
pub(super) fn has_natural_key(kind: &str) -> bool {
    NATURAL.iter().any(|(k, _)| *k == kind)
}

/// The natural keys of a resource: none if the type has none or a part is not known.
pub(super) fn natural(resource: &Resource) -> Vec<Arc<str>> {
    let Some((kind, parts)) = NATURAL.iter().find(|(kind, _)| *kind == &*resource.kind) else { return Vec::new() };
    let mut keys = vec![format!("{kind}@{}", resource.address.account)];
    for part in *parts {
        let values = alternatives(resource, part);
        keys = keys.iter().flat_map(|key| values.iter().map(move |v| format!("{key}|{v}"))).collect();
    }
    keys.into_iter().map(Arc::from).collect()
}

/// The texts of the first of several properties that is there. An absent part is a value of its own (`FromPort` of protocol -1); an unknown one
/// leaves no key.
fn alternatives(resource: &Resource, part: &str) -> Vec<Arc<str>> {
    for name in part.split('|') {
        if let Some(value) = resource.properties.child(name) {
            let items = value.as_list().unwrap_or(std::slice::from_ref(value));
            return items.iter().filter_map(Value::text).collect();
        }
    }
    if part.contains('|') { Vec::new() } else { vec!["".into()] }
}
