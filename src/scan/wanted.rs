//! Which properties a scan is about: what the rules look at and what the templates declare.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Local;
use crate::collect::{Declared, Wanted};
use crate::load;
use crate::model::{Stack, Value};
use crate::profile::Active;
use crate::source::Sources;

/// What rules look at and stacks declare, for the properties that cost a call of their own.
#[must_use]
pub fn wanted(active: &[Active], stacks: &[Stack], local: Option<&Local>) -> Wanted {
    let mut by_rules: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
    for (kind, property) in active.iter().flat_map(Active::properties) {
        by_rules.entry(kind.into()).or_default().insert(property.into());
    }
    let mut declared = Declared::new();
    for stack in stacks {
        for text in stack.processed.iter().chain(&stack.original) {
            // What cannot be read is a gap where it is judged.
            if let Ok(template) = load::parse_running(&mut Sources::default(), &stack.name, text) {
                declares(stack, &template.root, &mut declared);
            }
        }
        if let Some(local) = local.filter(|l| l.is_of(stack)) {
            declares(stack, &local.template.root, &mut declared);
        }
    }
    Wanted { by_rules, declared, all: false }
}

fn declares(stack: &Stack, root: &Value, declared: &mut Declared) {
    let Some(resources) = root.child("Resources") else { return };
    for member in &stack.members {
        let Some(id) = &member.physical_id else { continue };
        let Some(resource) = resources.child(&member.logical_id) else { continue };
        let properties = resource.child("Properties").and_then(Value::as_map).into_iter().flatten();
        let known = declared.entry(Arc::clone(&member.kind)).or_default().entry(Arc::clone(id)).or_default();
        known.extend(properties.map(|(name, _)| Arc::clone(name)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StackMember;

    #[test]
    fn a_template_wants_the_properties_that_it_declares_of_the_resource_it_made() {
        let stack = Stack {
            original: Some(
                "Resources:\n  Data:\n    Type: AWS::S3::Bucket\n    Properties:\n      WebsiteConfiguration: {}\n"
                    .into(),
            ),
            members: vec![StackMember {
                logical_id: "Data".into(),
                physical_id: Some("data-1".into()),
                kind: "AWS::S3::Bucket".into(),
                status: "CREATE_COMPLETE".into(),
            }],
            ..Stack::default()
        };
        let wanted = wanted(&[], &[stack], None);
        assert!(wanted.wants("AWS::S3::Bucket", "data-1", &["WebsiteConfiguration"]));
        assert!(!wanted.wants("AWS::S3::Bucket", "data-2", &["WebsiteConfiguration"]));
    }
}
