//! Root stacks as resources: what is set on a stack itself and in no template.

use std::sync::Arc;

use crate::model::{Address, Kind, Provenance, Resource, Stack, Unknown, Value, World, from_json, types};
use crate::source::Span;

const ASKED: &[(&str, &str)] = &[("", "cloudformation:DescribeStacks")];

/// The root stacks as AWS describes them. Nested ones have their root's settings.
pub(super) fn observed(stacks: &[Stack]) -> impl Iterator<Item = Resource> {
    stacks.iter().filter(|s| s.parent.is_none()).map(|stack| {
        let address = Address {
            account: Arc::clone(&stack.account),
            region: Arc::clone(&stack.region),
            stack: Some(Arc::clone(&stack.id)),
            physical_id: Some(Arc::clone(&stack.id)),
            arn: Some(Arc::clone(&stack.id)),
            logical_id: None,
        };
        let reads = &["EnableTerminationProtection", "ParentId", "StackName", "Tags"];
        let mut r = Resource::new(types::STACK, address, World::Open { reads }, Span::LIVE);
        r.asked = ASKED;
        r.provenance = Provenance::Stack;
        r.environment = ["Environment", "environment"].iter().find_map(|tag| stack.tags.get(*tag)).cloned();
        let protected = stack.termination_protection.map_or(Kind::Unknown(Unknown::NotCollected), Kind::Bool);
        r.set("EnableTerminationProtection", protected);
        r.set("StackName", Kind::Str(Arc::clone(&stack.name)));
        let tag = |(key, value): (&Arc<str>, &Arc<str>)| from_json(&serde_json::json!({"Key": key, "Value": value}));
        r.set("Tags", Kind::List(stack.tags.iter().map(tag).collect::<Vec<Value>>()));
        r
    })
}
