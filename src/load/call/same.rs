//! Attributes whose value is known: those that CloudFormation documents as the same that `Ref` gives, and those that repeat a property.

use crate::model::Value;

/// Type, attribute.
const SAME: &[(&str, &str)] = &[
    ("AWS::ApiGateway::RestApi", "RestApiId"),
    ("AWS::ApiGatewayV2::Api", "ApiId"),
    ("AWS::CloudFront::Distribution", "Id"),
    ("AWS::Cognito::UserPool", "UserPoolId"),
    ("AWS::EC2::CustomerGateway", "CustomerGatewayId"),
    ("AWS::EC2::DHCPOptions", "DhcpOptionsId"),
    ("AWS::EC2::EIP", "PublicIp"),
    ("AWS::EC2::EgressOnlyInternetGateway", "Id"),
    ("AWS::EC2::FlowLog", "Id"),
    ("AWS::EC2::Instance", "InstanceId"),
    ("AWS::EC2::InternetGateway", "InternetGatewayId"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateId"),
    ("AWS::EC2::NatGateway", "NatGatewayId"),
    ("AWS::EC2::NetworkAcl", "Id"),
    ("AWS::EC2::NetworkInterface", "Id"),
    ("AWS::EC2::PrefixList", "PrefixListId"),
    ("AWS::EC2::RouteTable", "RouteTableId"),
    ("AWS::EC2::SecurityGroup", "GroupId"),
    ("AWS::EC2::SecurityGroup", "Id"),
    ("AWS::EC2::Subnet", "SubnetId"),
    ("AWS::EC2::SubnetRouteTableAssociation", "Id"),
    ("AWS::EC2::TransitGateway", "Id"),
    ("AWS::EC2::VPC", "VpcId"),
    ("AWS::EC2::VPCEndpoint", "Id"),
    ("AWS::EC2::VPCPeeringConnection", "Id"),
    ("AWS::EC2::VPNGateway", "VPNGatewayId"),
    ("AWS::EC2::Volume", "VolumeId"),
    ("AWS::ECS::TaskDefinition", "TaskDefinitionArn"),
    ("AWS::EFS::AccessPoint", "AccessPointId"),
    ("AWS::EFS::FileSystem", "FileSystemId"),
    ("AWS::ElasticLoadBalancingV2::Listener", "ListenerArn"),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", "RuleArn"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerArn"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupArn"),
    ("AWS::IAM::ManagedPolicy", "PolicyArn"),
    ("AWS::KMS::Key", "KeyId"),
    ("AWS::Route53::HostedZone", "Id"),
    ("AWS::SNS::Topic", "TopicArn"),
    ("AWS::SQS::Queue", "QueueUrl"),
    ("AWS::SecretsManager::Secret", "Id"),
    ("AWS::StepFunctions::StateMachine", "Arn"),
];

/// Type, attribute: what `Fn::GetAtt` gives is the property of that name.
const REPEATED: &[(&str, &str)] = &[("AWS::EC2::Subnet", "CidrBlock"), ("AWS::EC2::VPC", "CidrBlock")];

/// The property that an attribute repeats, as it is written.
pub(super) fn property<'a>(resource: &'a Value, attribute: &str) -> Option<&'a Value> {
    let kind = resource.child("Type").and_then(Value::as_str)?;
    REPEATED.contains(&(kind, attribute)).then(|| resource.child("Properties")?.child(attribute))?
}

/// Whether an attribute of a resource is its physical id.
pub(super) fn is_physical_id(resource: &Value, attribute: &str, physical_id: &str) -> bool {
    let kind = resource.child("Type").and_then(Value::as_str).unwrap_or_default();
    // Without a VPC, the physical id of a security group is its name.
    let by_name = kind == "AWS::EC2::SecurityGroup" && !physical_id.starts_with("sg-");
    !by_name && SAME.binary_search(&(kind, attribute)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_json;

    #[test]
    fn the_table_is_sorted_and_a_groups_name_is_not_its_id() {
        assert!(SAME.is_sorted());
        let group = from_json(&serde_json::json!({"Type": "AWS::EC2::SecurityGroup"}));
        assert!(is_physical_id(&group, "GroupId", "sg-1"));
        assert!(!is_physical_id(&group, "GroupId", "web"));
        assert!(!is_physical_id(&group, "VpcId", "sg-1"));
    }
}
