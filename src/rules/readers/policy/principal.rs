//! The policies that are in force for a role, user or group.

use super::Document;
use super::in_force::InForce;
use crate::model::{Estate, Items, Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::check;
use crate::rules::verdict::Verdict;

pub(super) const MANAGED: &str = "AWS::IAM::ManagedPolicy";

/// What names a kind of principal in other resources: its type, the list property of `AWS::IAM::Policy` and
/// `AWS::IAM::ManagedPolicy`, and the type that adds one inline policy to it with the property that names it there.
pub(super) const PRINCIPALS: &[(&str, &str, &str, &str)] = &[
    ("AWS::IAM::Role", "Roles", "AWS::IAM::RolePolicy", "RoleName"),
    ("AWS::IAM::User", "Users", "AWS::IAM::UserPolicy", "UserName"),
    ("AWS::IAM::Group", "Groups", "AWS::IAM::GroupPolicy", "GroupName"),
];

/// What an element of `ManagedPolicyArns` leads to.
#[derive(Debug)]
pub(in crate::rules) enum Attached<'a> {
    /// A policy of AWS's, by its path and name: `AdministratorAccess`, `service-role/AWSLambdaBasicExecutionRole`.
    Aws(String),
    /// A policy of the customer's that the estate holds.
    Customer(&'a Resource),
    /// A policy that is not there (any more).
    Missing,
    /// Nobody can say.
    Unknown(Unknown),
}

/// The resources that give a principal an inline policy from outside, and why there may be more.
///
/// On the observed side the principal's own `Policies` hold every inline policy: counting the resources that put them there would
/// count them twice.
pub(super) fn standalone<'a>(estate: &'a Estate, principal: &Resource) -> (Vec<&'a Resource>, Option<Unknown>) {
    let (mut found, mut open) = (Vec::new(), None);
    if principal.is_live() {
        return (found, open);
    }
    for &(_, list, kind, own_name) in PRINCIPALS.iter().filter(|(principals, ..)| *principals == &*principal.kind) {
        for (kind, property) in [("AWS::IAM::Policy", list), (kind, own_name)] {
            let listing = estate.referrers(principal, kind, property);
            found.extend(listing.items);
            open = open.or(listing.incomplete);
        }
    }
    (found, open)
}

/// Judges every inline policy of a principal, its own and those that other resources give it (evidence led by their names).
pub(in crate::rules) fn each_inline(
    estate: &Estate,
    principal: &Resource,
    expected: &str,
    mut test: impl FnMut(&Document<'_>) -> Verdict,
) -> Verdict {
    let own =
        check::each(&principal.get("Policies"), expected, |policy| test(&Document::new(policy.get("PolicyDocument"))));
    let (others, _) = standalone(estate, principal);
    others.into_iter().fold(own, |verdict, other| {
        verdict.and(test(&Document::new(other.get("PolicyDocument"))).on(other.address.name()))
    })
}

/// Whether a policy resource is judged as part of a principal: one that it names is in the estate and of one of these types.
pub(in crate::rules) fn belongs_to(estate: &Estate, policy: &Resource, kinds: &[&str]) -> bool {
    PRINCIPALS.iter().filter(|(kind, ..)| kinds.contains(kind)).any(|(kind, list, ..)| match policy.get(list).items() {
        Items::Are(items) => items.iter().any(|name| matches!(estate.follow(name, &[kind]), Related::Found(_))),
        Items::Absent | Items::Unknown => false,
    })
}

/// Where an element of `ManagedPolicyArns` leads.
pub(in crate::rules) fn attached<'a>(estate: &'a Estate, arn: &Read<'_>) -> Attached<'a> {
    if let Some(name) = aws_managed(arn) {
        return Attached::Aws(name);
    }
    match estate.follow(arn, &[MANAGED]) {
        Related::Found(policy) => Attached::Customer(policy),
        Related::Missing => Attached::Missing,
        Related::Unknown(why) => Attached::Unknown(why),
    }
}

/// Path and name of a policy of AWS's. The ARN may hang on a partition that is not known: what follows is known all the same.
fn aws_managed(arn: &Read<'_>) -> Option<String> {
    const MARK: &str = ":iam::aws:policy/";
    fn name(text: &str) -> Option<String> {
        text.split_once(MARK).map(|(_, name)| name.to_owned()).filter(|name| !name.contains("${"))
    }
    fn within(raw: &Value) -> Option<String> {
        match &raw.kind {
            Kind::Str(text) => name(text),
            Kind::List(list) => list.iter().find_map(within),
            Kind::Map(map) => map.values().find_map(|entry| within(&entry.value)),
            _ => None,
        }
    }
    match arn.as_str() {
        Some(text) => name(text),
        None => written(arn).and_then(within),
    }
}

/// What the template says in a place, functions unresolved; `None` on the observed side.
pub(in crate::rules) fn written<'a>(read: &Read<'a>) -> Option<&'a Value> {
    read.path.split('.').try_fold(read.resource.raw.as_deref()?, |value, key| value.child(key))
}

/// Whether the policies of a principal allow an action: inline ones, standalone ones, attached ones. Policies whose document we do not have
/// leave it open unless another one decides.
pub(in crate::rules) fn allows(estate: &Estate, principal: &Resource, action: &str) -> Verdict {
    let expected = format!("a policy that allows {action}");
    InForce::of(estate, principal).with_aws_unread(action).allows(action, &expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Reference, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn declared(kind: &str, logical_id: &str, properties: &Json) -> Resource {
        let address = Address { stack: Some("s".into()), logical_id: Some(logical_id.into()), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        refer(&mut r.properties);
        r.raw = Some(from_json(properties).into());
        r
    }

    /// `{"Ref": "X"}` becomes a reference to the resource X, as it is after loading.
    fn refer(value: &mut Value) {
        if let Some(id) = value.child("Ref").and_then(Value::as_str) {
            value.kind =
                Kind::Ref(Reference { stack: "s".into(), logical_id: id.into(), attribute: None, value: None });
            return;
        }
        match &mut value.kind {
            Kind::List(list) => list.iter_mut().for_each(refer),
            Kind::Map(map) => map.values_mut().for_each(|entry| refer(&mut entry.value)),
            _ => {}
        }
    }

    fn document(action: &str) -> Json {
        json!({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
    }

    fn verdict(role: &Json, others: Vec<Resource>, action: &str) -> &'static str {
        let mut all = vec![declared("AWS::IAM::Role", "Role", role)];
        all.extend(others);
        let estate = Estate::new(all, None);
        let role = estate.by_logical_id("s", "Role").unwrap();
        allows(&estate, role, action).word()
    }

    #[test]
    fn a_role_may_get_its_policies_in_five_ways() {
        let (put, none) = ("logs:PutLogEvents", json!({}));
        let names = json!({"Roles": [{"Ref": "Role"}], "PolicyDocument": document(put)});
        let one = json!({"RoleName": {"Ref": "Role"}, "PolicyDocument": document(put)});
        let inline = json!({"Policies": [{"PolicyName": "p", "PolicyDocument": document(put)}]});
        assert_eq!(verdict(&none, vec![], put), "fail");
        assert_eq!(verdict(&inline, vec![], put), "pass");
        assert_eq!(verdict(&none, vec![declared("AWS::IAM::Policy", "P", &names)], put), "pass");
        assert_eq!(verdict(&none, vec![declared("AWS::IAM::RolePolicy", "P", &one)], put), "pass");
        assert_eq!(verdict(&none, vec![declared(MANAGED, "P", &names)], put), "pass");
        let attached = json!({"ManagedPolicyArns": [{"Ref": "P"}]});
        let policy = declared(MANAGED, "P", &json!({"PolicyDocument": document(put)}));
        assert_eq!(verdict(&attached, vec![policy], put), "pass");
    }

    #[test]
    fn a_policy_of_aws_leaves_it_open() {
        let attached = json!({"ManagedPolicyArns": ["arn:aws:iam::aws:policy/CloudWatchLogsFullAccess"]});
        assert_eq!(verdict(&attached, vec![], "logs:PutLogEvents"), "unknown");
    }

    #[test]
    fn one_policy_may_deny_what_another_allows() {
        let deny = json!({"Statement": [{"Effect": "Deny", "Action": "logs:*", "Resource": "*"}]});
        let role = json!({"Policies": [{"PolicyDocument": document("logs:*")}, {"PolicyDocument": deny}]});
        assert_eq!(verdict(&role, vec![], "logs:PutLogEvents"), "fail");
    }

    #[test]
    fn a_policy_of_aws_is_known_by_name_even_if_the_partition_is_not() {
        let arns = json!({"ManagedPolicyArns": [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/job-function/X"}]});
        let mut role = declared("AWS::IAM::Role", "Role", &arns);
        role.properties = from_json(&json!({"ManagedPolicyArns": [null]}));
        if let Kind::Map(map) = &mut role.properties.kind
            && let Some(entry) = map.get_mut("ManagedPolicyArns")
        {
            entry.value = Value::live(Kind::List(vec![Value::unknown(Unknown::Runtime("AWS::Partition".into()))]));
        }
        let estate = Estate::new(vec![], None);
        let found = attached(&estate, &role.get("ManagedPolicyArns.0"));
        assert!(matches!(&found, Attached::Aws(name) if name == "job-function/X"), "{found:?}");
    }
}
