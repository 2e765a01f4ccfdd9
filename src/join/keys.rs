//! What a resource is known by, besides its physical id: names that CloudFormation does not list as the id, or that change when a person
//! replaces a part by hand.

use std::sync::Arc;

use crate::model::{Resource, Value};

/// Stands among the properties for the region: of such a type each region has one.
const REGION: &str = "@region";

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
    ("AWS::AutoScaling::LifecycleHook", &["AutoScalingGroupName", "LifecycleHookName"]),
    ("AWS::IAM::Policy", &["PolicyName", "Roles|Users|Groups"]),
    ("AWS::SNS::Subscription", &["TopicArn", "Protocol", "Endpoint"]),
    ("AWS::SNS::TopicPolicy", &["Topics"]),
    ("AWS::SQS::QueuePolicy", &["Queues"]),
    ("AWS::ApiGateway::Account", &[REGION]),
    ("AWS::ApiGateway::Method", &["RestApiId", "ResourceId", "HttpMethod"]),
    ("AWS::ApiGateway::Stage", &["RestApiId", "StageName"]),
    ("AWS::ApiGatewayV2::Stage", &["ApiId", "StageName"]),
    ("AWS::Lambda::EventInvokeConfig", &["FunctionName", "Qualifier"]),
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
        let values =
            if *part == REGION { vec![Arc::clone(&resource.address.region)] } else { alternatives(resource, part) };
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
            return items.iter().filter_map(Value::text).map(function_name).collect();
        }
    }
    if part.contains('|') { Vec::new() } else { vec!["".into()] }
}

/// A function may be named by its ARN or by its name; any other text is as it is.
fn function_name(text: Arc<str>) -> Arc<str> {
    text.rsplit_once(":function:").map_or(Arc::clone(&text), |(_, name)| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::json;

    fn keys(kind: &str, region: &str, properties: &serde_json::Value) -> Vec<Arc<str>> {
        let address = Address { account: "1".into(), region: region.into(), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        natural(&r)
    }

    #[test]
    fn a_function_is_the_same_by_name_and_by_arn() {
        let of = |function: &str| {
            keys("AWS::Lambda::EventInvokeConfig", "r", &json!({"FunctionName": function, "Qualifier": "live"}))
        };
        assert_eq!(of("orders"), of("arn:aws:lambda:eu-west-1:123456789012:function:orders"));
        assert_ne!(of("orders"), of("arn:aws:lambda:eu-west-1:123456789012:function:orders-copy"));
    }

    #[test]
    fn what_each_region_has_once_is_known_by_its_region() {
        let of = |region: &str| keys("AWS::ApiGateway::Account", region, &json!({}));
        assert_eq!(of("a").len(), 1);
        assert_ne!(of("a"), of("b"));
    }
}
