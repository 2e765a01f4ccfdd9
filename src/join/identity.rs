//! Which stack and logical id a live resource belongs to.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::keys::{has_natural_key, is_named_within, natural, plain_id};
use super::provenance::derive;
use crate::model::{Estate, GLOBAL, Provenance, Resource, Stack};

/// Type, account, region, id.
pub(super) type Key = (Arc<str>, Arc<str>, Arc<str>, Arc<str>);
/// Stack and logical id by what CloudFormation lists.
pub(super) type Members = HashMap<Key, (Arc<str>, Arc<str>)>;

/// Gives every observed resource its stack and logical id, or the reason why it has none.
/// `declared` helps where CloudFormation's physical id is not what the service calls the thing.
pub fn attribute(stacks: &[Stack], declared: Option<&Estate>, observed: &mut [Resource]) {
    let members = members(stacks);
    let by_nature = by_nature(declared);
    let environments = environments(declared);
    let shared = shared(observed);
    for r in observed.iter_mut() {
        let by_key = |r: &Resource| natural(r).iter().find_map(|key| by_nature.get(key).cloned());
        let owner = if is_named_within(&r.kind) {
            // A name that several have tells nothing by itself.
            by_key(r).or_else(|| if shared.contains(&id(r)) { None } else { owner(r, &members) })
        } else {
            owner(r, &members).or_else(|| by_key(r))
        };
        if let Some((stack, logical_id)) = owner {
            let environment = environments.get(&(Arc::clone(&stack), Arc::clone(&logical_id)));
            r.environment = r.tag("Environment").or_else(|| environment.cloned());
            r.address.stack = Some(stack);
            r.address.logical_id = Some(logical_id);
            r.provenance = Provenance::Stack;
        }
    }
    derive(observed, &members);
}

fn id(r: &Resource) -> Key {
    let id = r.address.physical_id.clone().unwrap_or_default();
    (Arc::clone(&r.kind), Arc::clone(&r.address.account), Arc::clone(&r.address.region), id)
}

/// The physical ids that several resources of a type have.
fn shared(observed: &[Resource]) -> HashSet<Key> {
    let (mut seen, mut shared) = (HashSet::new(), HashSet::new());
    for r in observed.iter().filter(|r| is_named_within(&r.kind)) {
        if !seen.insert(id(r)) {
            shared.insert(id(r));
        }
    }
    shared
}

/// (stack id, logical id) by what CloudFormation lists.
fn members(stacks: &[Stack]) -> Members {
    let mut members = HashMap::new();
    for stack in stacks {
        for member in stack.members.iter().filter(|m| !m.is_deleted()) {
            if let Some(id) = &member.physical_id {
                let owner = (Arc::clone(&stack.id), Arc::clone(&member.logical_id));
                for region in [Arc::clone(&stack.region), GLOBAL.into()] {
                    let key =
                        (Arc::clone(&member.kind), Arc::clone(&stack.account), region, plain_id(&member.kind, id));
                    members.insert(key, owner.clone());
                }
            }
        }
    }
    members
}

fn owner(r: &Resource, members: &Members) -> Option<(Arc<str>, Arc<str>)> {
    [&r.address.physical_id, &r.address.arn].into_iter().flatten().find_map(|id| {
        let id = plain_id(&r.kind, id);
        let key = (Arc::clone(&r.kind), Arc::clone(&r.address.account), Arc::clone(&r.address.region), id);
        members.get(&key).cloned()
    })
}

fn by_nature(declared: Option<&Estate>) -> HashMap<Arc<str>, (Arc<str>, Arc<str>)> {
    let all = declared.into_iter().flat_map(Estate::iter).filter(|r| has_natural_key(&r.kind));
    all.filter_map(|r| Some((natural(r), (r.address.stack.clone()?, r.address.logical_id.clone()?))))
        .flat_map(|(keys, owner)| keys.into_iter().map(move |key| (key, owner.clone())))
        .collect()
}

fn environments(declared: Option<&Estate>) -> HashMap<(Arc<str>, Arc<str>), Arc<str>> {
    declared
        .into_iter()
        .flat_map(Estate::iter)
        .filter_map(|r| Some(((r.address.stack.clone()?, r.address.logical_id.clone()?), r.environment.clone()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, StackMember, World, from_json};
    use crate::source::Span;
    use serde_json::json;

    fn live(kind: &str, id: &str, properties: &serde_json::Value, facts: &serde_json::Value) -> Resource {
        let address =
            Address { account: "1".into(), region: "r".into(), physical_id: Some(id.into()), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Open { reads: &[] }, Span::LIVE);
        r.properties = from_json(properties);
        r.attributes = from_json(facts);
        r
    }

    fn stack(members: &[(&str, &str, &str)]) -> Stack {
        let member = |(logical, kind, id): &(&str, &str, &str)| StackMember {
            logical_id: (*logical).into(),
            physical_id: Some((*id).into()),
            kind: (*kind).into(),
            status: "CREATE_COMPLETE".into(),
        };
        Stack {
            account: "1".into(),
            region: "r".into(),
            id: "arn:aws:cloudformation:r:1:stack/web/1".into(),
            members: members.iter().map(member).collect(),
            ..Stack::default()
        }
    }

    /// Provenance in a word, by physical id.
    fn provenance(observed: &[Resource], id: &str) -> String {
        let r = observed.iter().find(|r| r.address.physical_id.as_deref() == Some(id)).unwrap();
        match &r.provenance {
            Provenance::Derived { kind, physical_id, .. } => format!("derived from {kind} {physical_id}"),
            other => format!("{other:?}").to_lowercase(),
        }
    }

    #[test]
    fn what_a_stacks_resource_made_is_part_of_it() {
        let none = json!({});
        let mut observed = vec![
            live("AWS::EC2::VPC", "vpc-1", &none, &none),
            live("AWS::EC2::RouteTable", "rtb-main", &json!({"VpcId": "vpc-1"}), &json!({"Main": true})),
            live("AWS::EC2::SecurityGroup", "sg-default", &json!({"VpcId": "vpc-1"}), &json!({"IsDefault": true})),
            live("AWS::EC2::SecurityGroup", "sg-by-hand", &json!({"VpcId": "vpc-1"}), &none),
            live("AWS::EC2::Instance", "i-1", &none, &none),
            live("AWS::EC2::Volume", "vol-root", &none, &json!({"Attachments": [{"InstanceId": "i-1"}]})),
            live("AWS::EC2::Volume", "vol-loose", &none, &json!({"Attachments": []})),
            live("AWS::EC2::Instance", "i-group", &none, &json!({"AutoScalingGroup": "web-asg"})),
            live("AWS::EC2::Instance", "i-other", &none, &json!({"AutoScalingGroup": "somebody-elses"})),
            live("AWS::EC2::Volume", "vol-group", &none, &json!({"Attachments": [{"InstanceId": "i-group"}]})),
            live("AWS::IAM::Role", "AWSServiceRoleForRDS", &none, &json!({"ServiceLinked": true})),
            live("AWS::EC2::VPC", "vpc-default", &none, &json!({"IsDefault": true})),
            live(
                "AWS::EC2::Subnet",
                "subnet-default",
                &json!({"VpcId": "vpc-default"}),
                &json!({"DefaultForAz": true}),
            ),
            live("AWS::EC2::Subnet", "subnet-by-hand", &json!({"VpcId": "vpc-default"}), &none),
            live("AWS::Lambda::Function", "orders", &none, &none),
            live("AWS::Logs::LogGroup", "/aws/lambda/orders", &none, &none),
            live("AWS::Logs::LogGroup", "/aws/lambda/somebody-elses", &none, &none),
            live("AWS::ApiGateway::Stage", "api-1|prod", &json!({"RestApiId": "api-1"}), &none),
            live("AWS::ApiGateway::Stage", "api-2|prod", &json!({"RestApiId": "api-2"}), &none),
            live("AWS::CloudWatch::Alarm", "TargetTracking-service/web-AlarmHigh-1", &none, &none),
        ];
        let members = [
            ("Vpc", "AWS::EC2::VPC", "vpc-1"),
            ("App", "AWS::EC2::Instance", "i-1"),
            ("Group", "AWS::AutoScaling::AutoScalingGroup", "web-asg"),
            ("Orders", "AWS::Lambda::Function", "orders"),
            ("Api", "AWS::ApiGateway::RestApi", "api-1"),
        ];
        attribute(&[stack(&members)], None, &mut observed);
        for (id, expected) in [
            ("vpc-1", "stack"),
            ("rtb-main", "derived from AWS::EC2::VPC vpc-1"),
            ("sg-default", "derived from AWS::EC2::VPC vpc-1"),
            ("sg-by-hand", "unmanaged"),
            ("vol-root", "derived from AWS::EC2::Instance i-1"),
            ("vol-loose", "unmanaged"),
            ("i-group", "derived from AWS::AutoScaling::AutoScalingGroup web-asg"),
            ("i-other", "unmanaged"),
            ("vol-group", "derived from AWS::EC2::Instance i-group"),
            ("AWSServiceRoleForRDS", "service"),
            ("vpc-default", "default"),
            ("subnet-default", "default"),
            ("subnet-by-hand", "unmanaged"),
            ("/aws/lambda/orders", "derived from AWS::Lambda::Function orders"),
            ("/aws/lambda/somebody-elses", "unmanaged"),
            ("api-1|prod", "derived from AWS::ApiGateway::RestApi api-1"),
            ("api-2|prod", "unmanaged"),
            ("TargetTracking-service/web-AlarmHigh-1", "service"),
        ] {
            assert_eq!(provenance(&observed, id), expected, "{id}");
        }
        let vpc = &observed[0].address;
        assert_eq!((vpc.stack_name(), vpc.logical_id.as_deref()), (Some("web"), Some("Vpc")));
    }

    #[test]
    fn a_resource_of_another_region_or_type_with_the_same_id_is_another_one() {
        let mut elsewhere = live("AWS::RDS::DBInstance", "main", &json!({}), &json!({}));
        elsewhere.address.region = "other".into();
        let cluster = live("AWS::RDS::DBCluster", "main", &json!({}), &json!({}));
        let mut observed = vec![elsewhere, cluster];
        attribute(&[stack(&[("Db", "AWS::RDS::DBInstance", "main")])], None, &mut observed);
        assert!(observed.iter().all(|r| r.provenance == Provenance::Unmanaged));
    }

    #[test]
    fn a_policy_is_known_by_its_name_and_role_where_the_listed_id_is_a_made_up_one() {
        let mut declared = Resource::new("AWS::IAM::Policy", Address::default(), World::Closed, Span::LIVE);
        declared.address.account = "1".into();
        declared.address.stack = Some("arn:aws:cloudformation:r:1:stack/web/1".into());
        declared.address.logical_id = Some("Access".into());
        declared.properties = from_json(&json!({"PolicyName": "access", "Roles": ["app"]}));
        let estate = Estate::new(vec![declared], None);
        let mut observed = vec![
            live("AWS::IAM::Policy", "access", &json!({"PolicyName": "access", "Roles": ["app"]}), &json!({})),
            live("AWS::IAM::Policy", "by-hand", &json!({"PolicyName": "by-hand", "Roles": ["app"]}), &json!({})),
        ];
        attribute(&[stack(&[("Access", "AWS::IAM::Policy", "web-Acce-1XYZ")])], Some(&estate), &mut observed);
        assert_eq!(observed[0].address.logical_id.as_deref(), Some("Access"));
        assert_eq!(provenance(&observed, "by-hand"), "unmanaged", "nor is the role known here");
    }
}
