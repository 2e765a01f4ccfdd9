//! Rules about the template as a text: their subject's properties are the template's sections, functions unresolved and in long form.

mod dependencies;
mod environment;
mod literals;
mod outputs;
mod parameters;
mod quality;
mod references;
mod regions;
mod secrets;
mod standalone;
mod tunables;
mod validation;
mod zones;

pub(in crate::rules) mod functions;
pub(in crate::rules) mod names;
mod texts;
mod uses;

use std::sync::Arc;

use crate::model::{Entry, Resource, Value};
use crate::rules::{Evidence, Verdict};
use crate::source::Span;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[
    dependencies::RULES,
    environment::RULES,
    literals::RULES,
    outputs::RULES,
    parameters::RULES,
    quality::RULES,
    references::RULES,
    regions::RULES,
    secrets::RULES,
    standalone::RULES,
    tunables::RULES,
    validation::RULES,
    zones::RULES,
];

/// The entries of a section, in the template's order. A transform that brings in others is none itself.
pub(in crate::rules) fn section<'a>(
    template: &'a Resource,
    name: &str,
) -> impl Iterator<Item = (&'a Arc<str>, &'a Entry)> {
    let entries = template.properties.child(name).and_then(Value::as_map).into_iter().flatten();
    entries.filter(|(key, _)| !key.starts_with("Fn::"))
}

/// The resources of some types, in the template's order.
fn resources<'a>(template: &'a Resource, kinds: &[&str]) -> impl Iterator<Item = (&'a str, &'a Entry)> {
    section(template, "Resources")
        .filter(|(_, entry)| kind(entry).is_some_and(|kind| kinds.contains(&kind)))
        .map(|(name, entry)| (&**name, entry))
}

/// The type of a resource.
fn kind(resource: &Entry) -> Option<&str> {
    resource.value.child("Type").and_then(Value::as_str)
}

/// A property of a resource, down a path with dots.
fn property<'a>(resource: &'a Entry, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(resource.value.child("Properties")?, |value, key| value.child(key))
}

/// A fault at a place of its own: at a key, or with an actual value that must not be shown as it is.
pub(in crate::rules) fn fault(
    path: impl Into<String>,
    expected: impl Into<String>,
    actual: Option<&str>,
    at: Span,
) -> Verdict {
    Verdict::fail(Evidence {
        path: path.into(),
        expected: expected.into(),
        actual: actual.map(str::to_owned),
        reason: None,
        at,
        action: None,
    })
}

/// Whether enough of them do; none of none is enough.
#[expect(clippy::cast_precision_loss, reason = "counts of parameters and outputs are small")]
fn enough(some: usize, of: usize, share: f64) -> bool {
    some as f64 >= share * of as f64
}
