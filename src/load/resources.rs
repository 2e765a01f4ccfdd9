//! The resources of one variant.

use std::sync::Arc;

use super::evaluator::Evaluator;
use super::{Template, names};
use crate::model::{Address, Entry, Kind, Map, Resource, Unknown, World, types};
use crate::source::Span;

/// Parameters that say which environment a stack belongs to, the more telling ones first.
const ENVIRONMENT: &[&str] =
    &["environment", "environmentname", "env", "environmenttype", "environmentsuffix", "stage"];

/// Every resource that exists in this variant, and the template itself as one more.
pub(super) fn all(template: &Template, on: &Evaluator<'_>) -> Vec<Resource> {
    let environment = environment(on);
    let declared = on.scope.resources.iter().filter(|(id, entry)| {
        !names::is_expansion(id) && on.left_out(&entry.value).is_none()
    });
    let mut all: Vec<Resource> =
        declared.filter_map(|(id, entry)| resource(on, id, entry, environment.as_ref())).collect();
    all.push(itself(template, on, environment));
    all
}

fn resource(on: &Evaluator<'_>, id: &Arc<str>, entry: &Entry, environment: Option<&Arc<str>>) -> Option<Resource> {
    let body = entry.value.as_map()?;
    // Another tool's module has no type of its own; the check has warned about it.
    let kind = body.get("Type")?.value.as_str()?;
    let address = Address {
        logical_id: Some(Arc::clone(id)),
        physical_id: on.inputs.physical_ids.get(id).cloned(),
        ..address(on)
    };
    let mut resource = Resource::new(kind, address, World::Closed, entry.key_at);
    if let Some(expansion) = body.keys().find(|key| names::is_expansion(key)) {
        resource.properties.kind = Kind::Unknown(Unknown::Unsupported(Arc::clone(expansion)));
    }
    if let Some(properties) = body.get("Properties").filter(|p| p.value.kind != Kind::Null) {
        resource.properties = on.value(&properties.value)?;
        resource.raw = Some(properties.value.clone());
    }
    let mut attributes = Map::new();
    for (name, entry) in body {
        let value = match &**name {
            "Type" | "Properties" => None,
            "Condition" | "DependsOn" => Some(entry.value.clone()),
            _ => on.value(&entry.value),
        };
        if let Some(value) = value {
            attributes.insert(Arc::clone(name), Entry { key_at: entry.key_at, value });
        }
    }
    resource.attributes.kind = Kind::Map(attributes);
    resource.environment = resource.tag("Environment").or_else(|| environment.cloned());
    Some(resource)
}

/// The template as a resource: its sections, unresolved. The attribute `Incomplete` is unknown, with the reason, where a transform or a
/// loop may declare resources that the text does not show.
fn itself(template: &Template, on: &Evaluator<'_>, environment: Option<Arc<str>>) -> Resource {
    let address = Address { physical_id: on.inputs.stack_id.clone(), ..address(on) };
    let resources = template.root.as_map().and_then(|root| root.get("Resources"));
    let at = resources.map_or_else(|| Span::new(template.file, 0, 0), |entry| entry.key_at);
    let mut resource = Resource::new(types::TEMPLATE, address, World::Closed, at);
    resource.properties = template.root.clone();
    resource.environment = environment;
    if let Some(why) = on.scope.expansion() {
        resource.set_attribute("Incomplete", Kind::Unknown(Unknown::Unsupported(why)));
    }
    resource
}

fn address(on: &Evaluator<'_>) -> Address {
    Address {
        account: Arc::clone(&on.inputs.account),
        region: Arc::clone(&on.inputs.region),
        stack: Some(Arc::clone(&on.inputs.stack)),
        ..Address::default()
    }
}

/// The environment of the stack: a parameter says it, or a tag of the stack.
fn environment(on: &Evaluator<'_>) -> Option<Arc<str>> {
    let named = |wanted: &&str| on.scope.parameters.keys().find(|name| name.eq_ignore_ascii_case(wanted));
    let text = |name: &Arc<str>| match on.parameters.get(name)? {
        Kind::Str(text) if !text.is_empty() => Some(Arc::clone(text)),
        _ => None,
    };
    let parameter = ENVIRONMENT.iter().filter_map(named).find_map(text);
    parameter.or_else(|| ["Environment", "environment"].iter().find_map(|tag| on.inputs.tags.get(*tag)).cloned())
}
