//! The resources of a template that nest another template.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{Declared, Template};
use crate::model::{Kind, Resource, Unknown, Value, types};
use crate::source::Span;

/// Types that nest a template, and the property that says which.
const NESTING: &[(&str, &str)] = &[(types::STACK, "TemplateURL"), ("AWS::Serverless::Application", "Location")];

/// A nested stack whose template is a local file, as all variants of its parent see it.
pub(super) struct Call {
    /// Its logical id.
    pub(super) id: Arc<str>,
    /// The path as it is written.
    pub(super) path: Arc<str>,
    /// Whether the path is written as it is, and not put together from parts.
    pub(super) literal: bool,
    /// Where the path is written.
    pub(super) at: Span,
    /// Where the resource is declared.
    pub(super) resource_at: Span,
    /// What is handed down, each with the place of its key.
    pub(super) parameters: Result<BTreeMap<Arc<str>, (Span, Kind)>, Unknown>,
    raw: Option<Arc<Value>>,
}

impl Call {
    /// Whether the outputs of another stack are handed down to this one.
    pub(super) fn mentions(&self, id: &str) -> bool {
        fn names(value: &Value, id: &str, dotted: &str) -> bool {
            match &value.kind {
                Kind::Str(text) => &**text == id || text.contains(dotted),
                Kind::List(items) => items.iter().any(|item| names(item, id, dotted)),
                Kind::Map(map) => map.values().any(|entry| names(&entry.value, id, dotted)),
                _ => false,
            }
        }
        let dotted = format!("{id}.Outputs.");
        self.raw.as_ref().is_some_and(|raw| names(raw, id, &dotted))
    }
}

/// Whether a template nests others at all.
pub(super) fn nests(template: &Template) -> bool {
    let resources = template.root.child("Resources").and_then(Value::as_map);
    // A loop is looked into only once it is expanded.
    let may = |(key, entry): (&Arc<str>, &crate::model::Entry)| {
        let kind = entry.value.child("Type").and_then(Value::as_str);
        key.starts_with("Fn::") || NESTING.iter().any(|(nesting, _)| kind == Some(nesting))
    };
    resources.into_iter().flatten().any(may)
}

/// The nested stacks with a local template, by the order of their logical ids.
pub(super) fn all(declared: &Declared) -> Vec<Call> {
    let mut by_id: BTreeMap<Arc<str>, Vec<&Resource>> = BTreeMap::new();
    for r in declared.variants.iter().flatten().filter(|r| property(r).is_some()) {
        if let Some(id) = &r.address.logical_id {
            by_id.entry(Arc::clone(id)).or_default().push(r);
        }
    }
    by_id.into_iter().filter_map(|(id, seen)| call(id, &seen)).collect()
}

fn property(resource: &Resource) -> Option<&'static str> {
    NESTING.iter().find(|(kind, _)| *kind == &*resource.kind).map(|(_, property)| *property)
}

fn call(id: Arc<str>, seen: &[&Resource]) -> Option<Call> {
    let first = *seen.first()?;
    let property = property(first)?;
    let url = first.properties.child(property)?;
    let path = local(&url.text()?)?;
    // A choice of templates is not followed.
    if seen.iter().any(|r| r.properties.child(property).and_then(Value::text) != url.text()) {
        return None;
    }
    let written = first.raw.as_ref().and_then(|raw| raw.child(property));
    Some(Call {
        id,
        path,
        literal: written.is_some_and(|v| matches!(v.kind, Kind::Str(_))),
        at: url.at,
        resource_at: first.at,
        parameters: parameters(seen),
        raw: first.raw.clone(),
    })
}

/// The path of a template that is no URL of a bucket.
fn local(url: &str) -> Option<Arc<str>> {
    let path = url.strip_prefix("file://").unwrap_or(url);
    let remote = path.is_empty() || path.contains("://") || path.contains(".amazonaws.com");
    (!remote).then(|| path.into())
}

/// What is handed down, as far as it is the same in every variant.
fn parameters(seen: &[&Resource]) -> Result<BTreeMap<Arc<str>, (Span, Kind)>, Unknown> {
    let mut merged: BTreeMap<Arc<str>, (Span, Kind)> = BTreeMap::new();
    let mut counts: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for r in seen {
        let Some(section) = r.properties.child("Parameters") else { continue };
        let map = match &section.kind {
            Kind::Map(map) => map,
            Kind::Null => continue,
            _ => return Err(section.why_unknown().unwrap_or_else(|| Unknown::Unsupported("Parameters".into()))),
        };
        for (name, entry) in map {
            *counts.entry(Arc::clone(name)).or_default() += 1;
            let kind = entry.value.kind.clone();
            let known = merged.entry(Arc::clone(name)).or_insert_with(|| (entry.key_at, kind.clone()));
            if known.1 != kind {
                known.1 = undecided();
            }
        }
    }
    for (name, count) in counts {
        if count < seen.len()
            && let Some(known) = merged.get_mut(&name)
        {
            known.1 = undecided();
        }
    }
    Ok(merged)
}

/// What is different from variant to variant.
pub(super) fn undecided() -> Kind {
    Kind::Unknown(Unknown::Condition("of the template".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_local_and_a_url_is_not() {
        for (url, path) in [
            ("network.yaml", Some("network.yaml")),
            ("./stacks/network.yaml", Some("./stacks/network.yaml")),
            ("file://network.yaml", Some("network.yaml")),
            ("file:///srv/network.yaml", Some("/srv/network.yaml")),
            ("https://s3.amazonaws.com/bucket/network.yaml", None),
            ("s3://bucket/network.yaml", None),
            ("bucket.s3.eu-west-1.amazonaws.com/network.yaml", None),
            ("", None),
        ] {
            assert_eq!(local(url).as_deref(), path, "{url}");
        }
    }
}
