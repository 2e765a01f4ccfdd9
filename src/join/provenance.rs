//! Who made a live resource that is in no stack's list: another resource, a service, AWS itself, or nobody who says so.

use std::collections::HashMap;
use std::sync::Arc;

use super::identity::{Key, Members};
use crate::model::{Address, GLOBAL, Kind, Provenance, Resource, Value};

/// Parts of other resources, and what AWS makes by itself. Parents come before children: a volume follows its instance, which follows its group.
pub(super) fn derive(observed: &mut [Resource], members: &Members) {
    let passes: [fn(&Resource, &Known<'_>) -> Option<Provenance>; 3] = [whole, part, part];
    for pass in passes {
        let known = Known::of(observed, members);
        for r in observed.iter_mut().filter(|r| r.provenance == Provenance::Unmanaged) {
            if let Some(provenance) = pass(r, &known) {
                r.provenance = provenance;
            }
        }
    }
}

/// Who made something, and the stack it goes back to.
type Origin = (Provenance, Option<Arc<str>>);

/// The provenance of everything so far, with the stack it goes back to.
struct Known<'a> {
    origins: HashMap<Key, Origin>,
    default_vpcs: Vec<Arc<str>>,
    members: &'a Members,
}

impl<'a> Known<'a> {
    fn of(observed: &[Resource], members: &'a Members) -> Self {
        let mut origins = HashMap::new();
        for r in observed {
            let stack = match &r.provenance {
                Provenance::Derived { stack, .. } => Some(Arc::clone(stack)),
                _ => r.address.stack.clone(),
            };
            for id in [&r.address.physical_id, &r.address.arn].into_iter().flatten() {
                origins.insert(key(&r.kind, &r.address, &r.address.region, id), (r.provenance.clone(), stack.clone()));
            }
        }
        let defaults = observed.iter().filter(|r| &*r.kind == "AWS::EC2::VPC" && fact(r, "IsDefault"));
        Self { origins, default_vpcs: defaults.filter_map(|r| r.address.physical_id.clone()).collect(), members }
    }

    /// The provenance of a part: derived from a managed parent, else whatever the parent is.
    fn part_of(&self, kind: &str, id: &Value, of: &Address) -> Option<Provenance> {
        let physical_id = id.text()?;
        let here = |region: &str| self.origins.get(&key(kind, of, region, &physical_id));
        let (parent, stack) = match here(&of.region).or_else(|| here(GLOBAL)) {
            Some((parent, stack)) => (parent.clone(), stack.clone()),
            // A parent that could not be read may be in a stack's list all the same.
            None => (Provenance::Stack, Some(self.stack_of(kind, &physical_id, of)?)),
        };
        match stack {
            Some(stack) => Some(Provenance::Derived { kind: kind.into(), physical_id, stack }),
            None => Some(parent),
        }
    }

    /// The stack that lists a resource of the account and region of another one.
    fn stack_of(&self, kind: &str, id: &Arc<str>, near: &Address) -> Option<Arc<str>> {
        self.members.get(&key(kind, near, &near.region, id)).map(|(stack, _)| Arc::clone(stack))
    }

    /// An instance of a stack's Auto Scaling group carries the group's name.
    fn group_of(&self, r: &Resource) -> Option<Provenance> {
        const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";
        let name = r.attributes.child("AutoScalingGroup")?.text()?;
        let stack = self.stack_of(GROUP, &name, &r.address)?;
        Some(Provenance::Derived { kind: GROUP.into(), physical_id: name, stack })
    }
}

fn key(kind: &str, near: &Address, region: &str, id: &Arc<str>) -> Key {
    (kind.into(), Arc::clone(&near.account), region.into(), Arc::clone(id))
}

fn fact(r: &Resource, name: &str) -> bool {
    r.attributes.child(name).and_then(Value::as_bool) == Some(true)
}

fn text(r: &Resource, property: &str) -> Option<Arc<str>> {
    r.properties.child(property)?.text()
}

/// What is not made by a person: service-linked roles, the default VPC and what it came with.
fn whole(r: &Resource, known: &Known<'_>) -> Option<Provenance> {
    let in_default_vpc = text(r, "VpcId").is_some_and(|vpc| known.default_vpcs.contains(&vpc));
    match &*r.kind {
        "AWS::IAM::Role" if fact(r, "ServiceLinked") => Some(Provenance::Service),
        "AWS::EC2::VPC" if fact(r, "IsDefault") => Some(Provenance::Default),
        "AWS::EC2::Subnet" if in_default_vpc && fact(r, "DefaultForAz") => Some(Provenance::Default),
        "AWS::EC2::RouteTable" if in_default_vpc && fact(r, "Main") => Some(Provenance::Default),
        "AWS::EC2::SecurityGroup" | "AWS::EC2::NetworkAcl" if in_default_vpc && fact(r, "IsDefault") => {
            Some(Provenance::Default)
        }
        "AWS::EC2::VPCGatewayAttachment" if in_default_vpc => Some(Provenance::Default),
        // Application Auto Scaling makes the alarms of its target tracking policies.
        "AWS::CloudWatch::Alarm" if r.address.name().starts_with("TargetTracking-") => Some(Provenance::Service),
        "AWS::RDS::DBSubnetGroup" if r.address.name() == "default" => Some(Provenance::Default),
        "AWS::RDS::DBParameterGroup" | "AWS::RDS::DBClusterParameterGroup"
            if r.address.name().starts_with("default.") =>
        {
            Some(Provenance::Service)
        }
        kind if kind.starts_with("Driftline::") => Some(Provenance::Service),
        _ => None,
    }
}

/// What belongs to another resource, in the order of the first match.
const PARTS: &[(&str, &[(&str, &str)])] = &[
    ("AWS::ApiGateway::Method", &[("RestApiId", "AWS::ApiGateway::RestApi")]),
    ("AWS::ApiGateway::Stage", &[("RestApiId", "AWS::ApiGateway::RestApi")]),
    ("AWS::ApiGatewayV2::Stage", &[("ApiId", "AWS::ApiGatewayV2::Api")]),
    ("AWS::AutoScaling::LifecycleHook", &[("AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup")]),
    ("AWS::AutoScaling::ScalingPolicy", &[("AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup")]),
    ("AWS::AutoScaling::ScheduledAction", &[("AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup")]),
    ("AWS::Backup::BackupSelection", &[("BackupPlanId", "AWS::Backup::BackupPlan")]),
    ("AWS::EC2::Route", &[("RouteTableId", "AWS::EC2::RouteTable")]),
    ("AWS::EC2::SubnetRouteTableAssociation", &[("SubnetId", "AWS::EC2::Subnet")]),
    ("AWS::EC2::SubnetNetworkAclAssociation", &[("SubnetId", "AWS::EC2::Subnet")]),
    ("AWS::EC2::NetworkAclEntry", &[("NetworkAclId", "AWS::EC2::NetworkAcl")]),
    ("AWS::EC2::SecurityGroupIngress", &[("GroupId", "AWS::EC2::SecurityGroup")]),
    ("AWS::EC2::SecurityGroupEgress", &[("GroupId", "AWS::EC2::SecurityGroup")]),
    ("AWS::IAM::AccessKey", &[("UserName", "AWS::IAM::User")]),
    ("AWS::Lambda::EventInvokeConfig", &[("FunctionName", "AWS::Lambda::Function")]),
    ("AWS::Lambda::Permission", &[("FunctionName", "AWS::Lambda::Function")]),
    ("AWS::Logs::MetricFilter", &[("LogGroupName", "AWS::Logs::LogGroup")]),
    ("AWS::Logs::SubscriptionFilter", &[("LogGroupName", "AWS::Logs::LogGroup")]),
    ("AWS::S3::BucketPolicy", &[("Bucket", "AWS::S3::Bucket")]),
    ("AWS::SNS::Subscription", &[("TopicArn", "AWS::SNS::Topic")]),
    ("AWS::SNS::TopicPolicy", &[("Topics", "AWS::SNS::Topic")]),
    ("AWS::SQS::QueuePolicy", &[("Queues", "AWS::SQS::Queue")]),
    ("AWS::SecretsManager::ResourcePolicy", &[("SecretId", "AWS::SecretsManager::Secret")]),
    ("AWS::SecretsManager::RotationSchedule", &[("SecretId", "AWS::SecretsManager::Secret")]),
    ("AWS::WAFv2::LoggingConfiguration", &[("ResourceArn", "AWS::WAFv2::WebACL")]),
    ("AWS::WAFv2::WebACLAssociation", &[("WebACLArn", "AWS::WAFv2::WebACL")]),
    ("AWS::IAM::Policy", &[("Roles", "AWS::IAM::Role"), ("Users", "AWS::IAM::User"), ("Groups", "AWS::IAM::Group")]),
];

fn part(r: &Resource, known: &Known<'_>) -> Option<Provenance> {
    let made_with_the_vpc = match &*r.kind {
        "AWS::EC2::RouteTable" => fact(r, "Main"),
        "AWS::EC2::SecurityGroup" | "AWS::EC2::NetworkAcl" => fact(r, "IsDefault"),
        _ => false,
    };
    if made_with_the_vpc {
        return known.part_of("AWS::EC2::VPC", r.properties.child("VpcId")?, &r.address);
    }
    match &*r.kind {
        // Lambda makes the log group of a function when it first runs.
        "AWS::Logs::LogGroup" => {
            let function = r.address.name().strip_prefix("/aws/lambda/")?;
            let parent = known.part_of("AWS::Lambda::Function", &Value::live(Kind::Str(function.into())), &r.address);
            parent.filter(|parent| matches!(parent, Provenance::Derived { .. }))
        }
        "AWS::EC2::Instance" => known.group_of(r),
        "AWS::EC2::Volume" => attachments(r).iter().find_map(|id| known.part_of("AWS::EC2::Instance", id, &r.address)),
        "AWS::EC2::InternetGateway" => None,
        kind => {
            let (_, parents) = PARTS.iter().find(|(k, _)| *k == kind)?;
            parents.iter().find_map(|(property, parent)| {
                let value = r.properties.child(property)?;
                let ids = value.as_list().unwrap_or(std::slice::from_ref(value));
                ids.iter().find_map(|id| known.part_of(parent, id, &r.address))
            })
        }
    }
}

fn attachments(r: &Resource) -> Vec<Value> {
    let list = r.attributes.child("Attachments").and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(|a| a.child("InstanceId").cloned()).filter(|v| !matches!(v.kind, Kind::Unknown(_))).collect()
}
