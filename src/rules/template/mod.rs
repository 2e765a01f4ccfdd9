//! Rules about the template as a text: their subject's properties are the template's sections, functions unresolved and in long form.

mod quality;
mod secrets;
mod zones;

mod functions;
mod names;

use std::sync::Arc;

use crate::model::{Entry, Resource, Value};
use crate::rules::{Evidence, Verdict};
use crate::source::Span;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[quality::RULES, secrets::RULES, zones::RULES];

/// The entries of a section, in the template's order. A transform that brings in others is none itself.
fn section<'a>(template: &'a Resource, name: &str) -> impl Iterator<Item = (&'a Arc<str>, &'a Entry)> {
    let entries = template.properties.child(name).and_then(Value::as_map).into_iter().flatten();
    entries.filter(|(key, _)| !key.starts_with("Fn::"))
}

/// A fault at a place of its own: at a key, or with an actual value that must not be shown as it is.
fn fault(path: impl Into<String>, expected: impl Into<String>, actual: Option<&str>, at: Span) -> Verdict {
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
