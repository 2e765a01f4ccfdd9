//! What a resource is known by, besides its physical id: names that CloudFormation does not list as the id, or that change when a person
//! replaces a part by hand.

use std::sync::Arc;

use crate::model::{GLOBAL, Kind, Resource, Value};

/// Properties that together name a resource of a type in its account and region. `A|B` is any of several; a list-like property counts by each of its
/// elements. Without properties, each region has one.
const NATURAL: &[(&str, &[&str])] = &[
    ("AWS::ApiGateway::Account", &[]),
    ("AWS::ApiGateway::Method", &["RestApiId", "ResourceId", "HttpMethod"]),
    ("AWS::ApiGateway::Stage", &["RestApiId", "StageName"]),
    ("AWS::ApiGatewayV2::Stage", &["ApiId", "StageName"]),
    ("AWS::AutoScaling::LifecycleHook", &["AutoScalingGroupName", "LifecycleHookName"]),
    ("AWS::AutoScaling::ScheduledAction", &["AutoScalingGroupName", "ScheduledActionName"]),
    ("AWS::CodeDeploy::DeploymentGroup", &["ApplicationName", "DeploymentGroupName"]),
    ("AWS::Config::RemediationConfiguration", &["ConfigRuleName"]),
    ("AWS::EC2::NetworkAclEntry", &["NetworkAclId", "RuleNumber", "Egress"]),
    ("AWS::EC2::Route", &["RouteTableId", "DestinationCidrBlock|DestinationIpv6CidrBlock|DestinationPrefixListId"]),
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
    (
        "AWS::EC2::SecurityGroupIngress",
        &["GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp|CidrIpv6|SourceSecurityGroupId|SourcePrefixListId"],
    ),
    ("AWS::EC2::SubnetNetworkAclAssociation", &["SubnetId"]),
    ("AWS::EC2::SubnetRouteTableAssociation", &["SubnetId"]),
    ("AWS::EC2::VPCGatewayAttachment", &["VpcId", "InternetGatewayId|VpnGatewayId"]),
    ("AWS::IAM::Policy", &["PolicyName", "Roles|Users|Groups"]),
    ("AWS::Lambda::EventInvokeConfig", &["FunctionName", "Qualifier"]),
    ("AWS::Logs::MetricFilter", &["LogGroupName", "FilterName"]),
    ("AWS::Logs::SubscriptionFilter", &["LogGroupName", "FilterName"]),
    ("AWS::Route53::RecordSet", &["HostedZoneId|HostedZoneName", "Name", "Type", "SetIdentifier"]),
    ("AWS::S3::BucketPolicy", &["Bucket"]),
    ("AWS::SNS::Subscription", &["TopicArn", "Protocol", "Endpoint"]),
    ("AWS::SNS::TopicPolicy", &["Topics"]),
    ("AWS::SQS::QueuePolicy", &["Queues"]),
    ("AWS::Scheduler::Schedule", &["GroupName", "Name"]),
    ("AWS::SecretsManager::Secret", &["Name"]),
    ("AWS::WAFv2::WebACLAssociation", &["ResourceArn"]),
];

/// Types whose physical id is a name within something else: two log groups may each have a filter of that name.
const NAMED_WITHIN: &[&str] = &[
    "AWS::ApiGateway::Stage",
    "AWS::ApiGatewayV2::Stage",
    "AWS::AutoScaling::LifecycleHook",
    "AWS::AutoScaling::ScheduledAction",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::SubscriptionFilter",
    "AWS::Scheduler::Schedule",
];

/// Properties that hold domain names: without case, with or without a final dot.
const DOMAINS: &[(&str, &str)] = &[("AWS::Route53::RecordSet", "HostedZoneName"), ("AWS::Route53::RecordSet", "Name")];

/// Properties that a template may leave out, and what AWS then takes.
const DEFAULTS: &[(&str, &str, &str)] = &[("AWS::Scheduler::Schedule", "GroupName", "default")];

/// Services of which an account has one, not one per region.
const GLOBAL_SERVICES: &[&str] = &["AWS::IAM::", "AWS::Route53::", "AWS::CloudFront::"];

/// Whether resources of a type are also known by their properties.
pub(super) fn has_natural_key(kind: &str) -> bool {
    NATURAL.iter().any(|(k, _)| *k == kind)
}

/// Whether the physical id of a type names a resource only together with what it belongs to.
pub(super) fn is_named_within(kind: &str) -> bool {
    NAMED_WITHIN.contains(&kind)
}

/// The natural keys of a resource: none if the type has none or a part is not known.
pub(super) fn natural(resource: &Resource) -> Vec<Arc<str>> {
    let Some((kind, parts)) = NATURAL.iter().find(|(kind, _)| *kind == &*resource.kind) else { return Vec::new() };
    let global = GLOBAL_SERVICES.iter().any(|service| kind.starts_with(service));
    let region = if global { GLOBAL } else { &resource.address.region };
    let mut keys = vec![format!("{kind}@{}|{region}", resource.address.account)];
    for part in *parts {
        let values = alternatives(resource, part);
        keys = keys.iter().flat_map(|key| values.iter().map(move |v| format!("{key}|{v}"))).collect();
    }
    keys.into_iter().map(Arc::from).collect()
}

/// The texts of the properties of a part. A part that is absent is a value of its own (`FromPort` of protocol -1) unless it is any of several; an
/// unknown one leaves no key.
fn alternatives(resource: &Resource, part: &str) -> Vec<Arc<str>> {
    let there =
        |name| resource.properties.child(name).filter(|value| value.kind != Kind::Null).map(|value| (name, value));
    let values: Vec<(&str, &Value)> = part.split('|').filter_map(there).collect();
    if values.is_empty() && !part.contains('|') {
        let default = DEFAULTS.iter().find(|(kind, name, _)| *kind == &*resource.kind && *name == part);
        return vec![default.map_or("", |(_, _, value)| value).into()];
    }
    let texts = values.iter().flat_map(|(name, value)| {
        let items = value.as_list().unwrap_or(std::slice::from_ref(value));
        items.iter().filter_map(Value::text).map(|text| spelled(&resource.kind, name, &text))
    });
    texts.collect()
}

/// A physical id without what differs though the resource is the same.
pub(super) fn plain_id(kind: &str, id: &Arc<str>) -> Arc<str> {
    if kind == "AWS::SQS::Queue" { queue(id).into() } else { Arc::clone(id) }
}

/// The account and name in the URL of a queue. Its host has had several names: `queue.amazonaws.com`, `eu-west-1.queue.amazonaws.com`, `sqs.eu-west-1.amazonaws.com`.
fn queue(url: &str) -> &str {
    url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or(url, |(_, path)| path)
}

/// The text as all spell it. A function may be named by its ARN or by its name.
fn spelled(kind: &str, name: &str, text: &Arc<str>) -> Arc<str> {
    if (kind, name) == ("AWS::SQS::QueuePolicy", "Queues") {
        return queue(text).into();
    }
    if DOMAINS.contains(&(kind, name)) {
        return text.trim_end_matches('.').to_lowercase().into();
    }
    text.rsplit_once(":function:").map_or(Arc::clone(text), |(_, name)| name.into())
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
    fn a_record_is_known_by_its_zone_or_the_zones_name_however_names_are_spelled() {
        let keys = |region: &str, properties| keys("AWS::Route53::RecordSet", region, &properties);
        let live = keys(
            GLOBAL,
            json!({
                "HostedZoneId": "Z1", "HostedZoneName": "example.com.", "Name": "www.example.com.", "Type": "A",
                "SetIdentifier": null,
            }),
        );
        for declared in [
            json!({"HostedZoneId": "Z1", "Name": "WWW.example.com", "Type": "A"}),
            json!({"HostedZoneName": "example.com.", "Name": "www.example.com", "Type": "A"}),
        ] {
            assert!(keys("eu-west-1", declared.clone()).iter().all(|key| live.contains(key)), "{declared}");
        }
        for other in [
            json!({"HostedZoneId": "Z1", "Name": "www.example.com", "Type": "AAAA"}),
            json!({"HostedZoneId": "Z1", "Name": "www.example.com", "Type": "A", "SetIdentifier": "blue"}),
            json!({"Name": "www.example.com", "Type": "A"}),
        ] {
            assert!(!keys("eu-west-1", other.clone()).iter().any(|key| live.contains(key)), "{other}");
        }
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
    fn the_same_names_in_two_regions_are_two_resources() {
        let of = |region: &str| {
            keys("AWS::Logs::MetricFilter", region, &json!({"LogGroupName": "app", "FilterName": "errors"}))
        };
        assert_ne!(of("a"), of("b"));
        assert_ne!(
            keys("AWS::ApiGateway::Account", "a", &json!({})),
            keys("AWS::ApiGateway::Account", "b", &json!({}))
        );
    }

    #[test]
    fn a_queue_is_the_same_under_every_host() {
        let id = |url: &str| plain_id("AWS::SQS::Queue", &url.into());
        assert_eq!(
            id("https://sqs.eu-west-1.amazonaws.com/1/jobs"),
            id("https://eu-west-1.queue.amazonaws.com/1/jobs")
        );
        assert_ne!(id("https://sqs.eu-west-1.amazonaws.com/1/jobs"), id("https://sqs.eu-west-1.amazonaws.com/2/jobs"));
        let policy = |url: &str| keys("AWS::SQS::QueuePolicy", "r", &json!({"Queues": [url]}));
        assert_eq!(policy("https://queue.amazonaws.com/1/jobs"), policy("https://sqs.us-east-1.amazonaws.com/1/jobs"));
    }

    #[test]
    fn a_schedule_without_a_group_is_in_the_default_one() {
        let of = |properties| keys("AWS::Scheduler::Schedule", "r", &properties);
        assert_eq!(of(json!({"Name": "nightly"})), of(json!({"Name": "nightly", "GroupName": "default"})));
    }
}
