//! What `Fn::GetAtt` gives for the resources of a deployed stack, by what was observed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Address, Kind, Resource, Stack, Value};

/// (Logical id, attribute) → value.
pub(super) type Attributes = BTreeMap<(Arc<str>, Arc<str>), Arc<str>>;

/// How far into nested mappings attributes reach: `MasterUserSecret.SecretArn`.
const DEPTH: usize = 3;

/// Attributes that are the ARN and are not called `Arn`.
const ARN: &[(&str, &str)] = &[
    ("AWS::EC2::TransitGateway", "TransitGatewayArn"),
    ("AWS::IAM::ManagedPolicy", "PolicyArn"),
    ("AWS::RDS::DBCluster", "DBClusterArn"),
    ("AWS::RDS::DBClusterParameterGroup", "DBClusterParameterGroupArn"),
    ("AWS::RDS::DBInstance", "DBInstanceArn"),
    ("AWS::RDS::DBParameterGroup", "DBParameterGroupArn"),
];

/// Observed resources by type and physical id or ARN.
pub(super) struct Observed<'a> {
    by_id: HashMap<(&'a str, &'a str), Vec<&'a Resource>>,
}

impl<'a> Observed<'a> {
    /// Indexes what was observed.
    pub(super) fn new(resources: &'a [Resource]) -> Self {
        let mut by_id: HashMap<(&str, &str), Vec<&Resource>> = HashMap::new();
        for r in resources {
            for id in [&r.address.physical_id, &r.address.arn].into_iter().flatten() {
                by_id.entry((&r.kind, id)).or_default().push(r);
            }
        }
        Self { by_id }
    }

    /// The attributes of everything that a stack is made of and that was observed. Attributes have the names that the resource's schema gives
    /// to its (also its read-only) properties.
    pub(super) fn of(&self, stack: &Stack) -> Attributes {
        let here =
            Address { account: Arc::clone(&stack.account), region: Arc::clone(&stack.region), ..Address::default() };
        let mut attributes = Attributes::new();
        for member in stack.members.iter().filter(|m| !m.is_deleted()) {
            let Some(id) = member.physical_id.as_deref() else { continue };
            let found = self.by_id.get(&(&*member.kind, id)).into_iter().flatten();
            let Some(r) = found.into_iter().find(|r| r.address.near(&here)) else { continue };
            let mut add = |attribute: &str, value| {
                attributes.entry((Arc::clone(&member.logical_id), attribute.into())).or_insert(value);
            };
            if let Some(arn) = &r.address.arn {
                add("Arn", Arc::clone(arn));
                ARN.iter().filter(|(kind, _)| *kind == &*r.kind).for_each(|(_, name)| add(name, Arc::clone(arn)));
            }
            for (name, value) in derived(&r.kind, id, stack) {
                add(name, value);
            }
            scalars(&r.attributes, "", DEPTH, &mut add);
            scalars(&r.properties, "", DEPTH, &mut add);
        }
        attributes
    }
}

/// Attributes that follow from the name. `DomainName` and `RegionalDomainName`:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-s3-bucket.html#aws-resource-s3-bucket-return-values>
fn derived(kind: &str, id: &str, stack: &Stack) -> Vec<(&'static str, Arc<str>)> {
    let suffix = if &*stack.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    match kind {
        "AWS::S3::Bucket" => vec![
            ("DomainName", format!("{id}.s3.{suffix}").into()),
            ("RegionalDomainName", format!("{id}.s3.{}.{suffix}", stack.region).into()),
        ],
        _ => Vec::new(),
    }
}

/// Every text, number and boolean below a mapping, by its dotted path.
fn scalars(value: &Value, prefix: &str, depth: usize, add: &mut impl FnMut(&str, Arc<str>)) {
    for (name, entry) in value.as_map().into_iter().flatten() {
        let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
        match &entry.value.kind {
            Kind::Map(_) if depth > 1 => scalars(&entry.value, &path, depth - 1, add),
            _ => {
                if let Some(text) = entry.value.text() {
                    add(&path, text);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{StackMember, World, from_json};
    use crate::source::Span;
    use serde_json::json;

    fn stack(members: &[(&str, &str, &str)]) -> Stack {
        let member = |(logical, kind, id): &(&str, &str, &str)| StackMember {
            logical_id: (*logical).into(),
            physical_id: Some((*id).into()),
            kind: (*kind).into(),
            status: "CREATE_COMPLETE".into(),
        };
        Stack {
            account: "1".into(),
            region: "eu-west-1".into(),
            partition: "aws".into(),
            members: members.iter().map(member).collect(),
            ..Stack::default()
        }
    }

    fn live(kind: &str, region: &str, id: &str, arn: &str, properties: &serde_json::Value) -> Resource {
        let address = Address {
            account: "1".into(),
            region: region.into(),
            physical_id: Some(id.into()),
            arn: Some(arn.into()),
            ..Address::default()
        };
        let mut r = Resource::new(kind, address, World::Open { reads: &[] }, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    #[test]
    fn attributes_are_what_was_observed_of_the_stacks_own_resources() {
        let stack = stack(&[
            ("Role", "AWS::IAM::Role", "app"),
            ("Data", "AWS::S3::Bucket", "data"),
            ("Db", "AWS::RDS::DBInstance", "db-1"),
            ("Gone", "AWS::S3::Bucket", "gone"),
        ]);
        let secret = json!({"MasterUserSecret": {"SecretArn": "arn:secret"}, "Port": 5432, "Tags": ["x"]});
        let observed = [
            live("AWS::IAM::Role", "global", "app", "arn:aws:iam::1:role/path/app", &json!({})),
            live("AWS::S3::Bucket", "eu-west-1", "data", "arn:aws:s3:::data", &json!({})),
            live("AWS::RDS::DBInstance", "us-east-1", "db-1", "arn:elsewhere", &json!({})),
            live("AWS::RDS::DBInstance", "eu-west-1", "db-1", "arn:db", &secret),
        ];
        let attributes = Observed::new(&observed).of(&stack);
        let get = |id: &str, name: &str| attributes.get(&(id.into(), name.into())).map(|v| &**v);
        assert_eq!(get("Role", "Arn"), Some("arn:aws:iam::1:role/path/app"), "the path is not in the physical id");
        assert_eq!(get("Data", "RegionalDomainName"), Some("data.s3.eu-west-1.amazonaws.com"));
        assert_eq!(get("Db", "DBInstanceArn"), Some("arn:db"), "the database of the same name in the same region");
        assert_eq!(get("Db", "MasterUserSecret.SecretArn"), Some("arn:secret"));
        assert_eq!(get("Db", "Port"), Some("5432"));
        assert_eq!(get("Db", "Tags"), None, "a list is no text");
        assert_eq!(get("Gone", "Arn"), None, "what was not observed stays unknown");
    }
}
