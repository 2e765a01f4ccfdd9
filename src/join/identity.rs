//! Who made a live resource: a stack, another resource, a service, AWS itself, or nobody who says so.

use std::collections::HashMap;
use std::sync::Arc;

use super::keys::{has_natural_key, natural};
use crate::model::{Estate, GLOBAL, Kind, Provenance, Resource, Stack, Value};

/// Type, account, region, id.
type Key = (Arc<str>, Arc<str>, Arc<str>, Arc<str>);

/// Gives every observed resource its stack and logical id, or the reason why it has none.
/// `declared` helps where CloudFormation's physical id is not what the service calls the thing.
pub fn attribute(stacks: &[Stack], declared: Option<&Estate>, observed: &mut [Resource]) {
    let members = members(stacks);
    let by_nature = by_nature(declared);
    let environments = environments(declared);
    for r in observed.iter_mut() {
        let owner = owner(r, &members).or_else(|| natural(r).iter().find_map(|key| by_nature.get(key).cloned()));
        if let Some((stack, logical_id)) = owner {
            let environment = environments.get(&(Arc::clone(&stack), Arc::clone(&logical_id)));
            r.environment = r.tag("Environment").or_else(|| environment.cloned());
            r.address.stack = Some(stack);
            r.address.logical_id = Some(logical_id);
            r.provenance = Provenance::Stack;
        }
    }
    derive(observed);
}

/// (stack id, logical id) by what CloudFormation lists.
fn members(stacks: &[Stack]) -> HashMap<Key, (Arc<str>, Arc<str>)> {
    let mut members = HashMap::new();
    for stack in stacks {
        for member in stack.members.iter().filter(|m| !m.is_deleted()) {
            if let Some(id) = &member.physical_id {
                let owner = (Arc::clone(&stack.id), Arc::clone(&member.logical_id));
                for region in [Arc::clone(&stack.region), GLOBAL.into()] {
                    let key = (Arc::clone(&member.kind), Arc::clone(&stack.account), region, Arc::clone(id));
                    members.insert(key, owner.clone());
                }
            }
        }
    }
    members
}

fn owner(r: &Resource, members: &HashMap<Key, (Arc<str>, Arc<str>)>) -> Option<(Arc<str>, Arc<str>)> {
    [&r.address.physical_id, &r.address.arn].into_iter().flatten().find_map(|id| {
        let key = (Arc::clone(&r.kind), Arc::clone(&r.address.account), Arc::clone(&r.address.region), Arc::clone(id));
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

/// Parts of other resources, and what AWS makes by itself. Parents come before children: a volume follows its instance, which follows its group.
fn derive(observed: &mut [Resource]) {
    let passes: [fn(&Resource, &Known) -> Option<Provenance>; 3] = [whole, part, part];
    for pass in passes {
        let known = Known::of(observed);
        for r in observed.iter_mut().filter(|r| r.provenance == Provenance::Unmanaged) {
            if let Some(provenance) = pass(r, &known) {
                r.provenance = provenance;
            }
        }
    }
}

/// The provenance of everything so far, by type and physical id.
struct Known {
    provenance: HashMap<(Arc<str>, Arc<str>), Provenance>,
    default_vpcs: Vec<Arc<str>>,
}

impl Known {
    fn of(observed: &[Resource]) -> Self {
        let all = observed
            .iter()
            .filter_map(|r| Some(((Arc::clone(&r.kind), r.address.physical_id.clone()?), r.provenance.clone())));
        let defaults = observed.iter().filter(|r| &*r.kind == "AWS::EC2::VPC" && fact(r, "IsDefault"));
        Self {
            provenance: all.collect(),
            default_vpcs: defaults.filter_map(|r| r.address.physical_id.clone()).collect(),
        }
    }

    /// The provenance of a part: derived from a managed parent, else whatever the parent is.
    fn part_of(&self, kind: &str, id: &Value) -> Option<Provenance> {
        let id = id.text()?;
        match self.provenance.get(&(kind.into(), Arc::clone(&id)))? {
            Provenance::Stack | Provenance::Derived { .. } => {
                Some(Provenance::Derived { kind: kind.into(), physical_id: id })
            }
            other => Some(other.clone()),
        }
    }
}

fn fact(r: &Resource, name: &str) -> bool {
    r.attributes.child(name).and_then(Value::as_bool) == Some(true)
}

fn text(r: &Resource, property: &str) -> Option<Arc<str>> {
    r.properties.child(property)?.text()
}

/// What is not made by a person: service-linked roles, the default VPC and what it came with.
fn whole(r: &Resource, known: &Known) -> Option<Provenance> {
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
        kind if kind.starts_with("Driftline::") => Some(Provenance::Service),
        _ => None,
    }
}

/// What belongs to another resource, in the order of the first match.
const PARTS: &[(&str, &[(&str, &str)])] = &[
    ("AWS::EC2::Route", &[("RouteTableId", "AWS::EC2::RouteTable")]),
    ("AWS::EC2::SubnetRouteTableAssociation", &[("SubnetId", "AWS::EC2::Subnet")]),
    ("AWS::EC2::SubnetNetworkAclAssociation", &[("SubnetId", "AWS::EC2::Subnet")]),
    ("AWS::EC2::NetworkAclEntry", &[("NetworkAclId", "AWS::EC2::NetworkAcl")]),
    ("AWS::EC2::SecurityGroupIngress", &[("GroupId", "AWS::EC2::SecurityGroup")]),
    ("AWS::EC2::SecurityGroupEgress", &[("GroupId", "AWS::EC2::SecurityGroup")]),
    ("AWS::IAM::AccessKey", &[("UserName", "AWS::IAM::User")]),
    ("AWS::IAM::Policy", &[("Roles", "AWS::IAM::Role"), ("Users", "AWS::IAM::User"), ("Groups", "AWS::IAM::Group")]),
];

fn part(r: &Resource, known: &Known) -> Option<Provenance> {
    let made_with_the_vpc = match &*r.kind {
        "AWS::EC2::RouteTable" => fact(r, "Main"),
        "AWS::EC2::SecurityGroup" | "AWS::EC2::NetworkAcl" => fact(r, "IsDefault"),
        _ => false,
    };
    if made_with_the_vpc {
        return known.part_of("AWS::EC2::VPC", r.properties.child("VpcId")?);
    }
    match &*r.kind {
        "AWS::EC2::Instance" => known_group(r),
        "AWS::EC2::Volume" => attachments(r).iter().find_map(|id| known.part_of("AWS::EC2::Instance", id)),
        "AWS::EC2::InternetGateway" => None,
        kind => {
            let (_, parents) = PARTS.iter().find(|(k, _)| *k == kind)?;
            parents.iter().find_map(|(property, parent)| {
                let value = r.properties.child(property)?;
                let ids = value.as_list().unwrap_or(std::slice::from_ref(value));
                ids.iter().find_map(|id| known.part_of(parent, id))
            })
        }
    }
}

/// An instance of an Auto Scaling group carries the group's name.
fn known_group(r: &Resource) -> Option<Provenance> {
    let group = r.attributes.child("AutoScalingGroup")?.text()?;
    Some(Provenance::Derived { kind: "AWS::AutoScaling::AutoScalingGroup".into(), physical_id: group })
}

fn attachments(r: &Resource) -> Vec<Value> {
    let list = r.attributes.child("Attachments").and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(|a| a.child("InstanceId").cloned()).filter(|v| !matches!(v.kind, Kind::Unknown(_))).collect()
}
