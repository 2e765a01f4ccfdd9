//! Parameters that a parent hands down to a nested template.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::Template;
use super::call::Call;
use crate::diag::{Diagnostic, did_you_mean};
use crate::model::{Kind, Unknown, Value};
use crate::source::Span;

/// What arrives at the nested template.
#[derive(Default)]
pub(super) struct Handed {
    /// Values that are texts.
    pub(super) parameters: BTreeMap<Arc<str>, Arc<str>>,
    /// Everything else: references to the parent's resources, and why there is no value.
    pub(super) kinds: BTreeMap<Arc<str>, Kind>,
    /// What the nested template does not take, and what it lacks.
    pub(super) problems: Vec<Diagnostic>,
}

/// Hands down what a nested stack's `Parameters` say to the template `name`.
pub(super) fn down(call: &Call, template: &Template, name: &str) -> Handed {
    let mut handed = Handed::default();
    let declared = template.root.child("Parameters").and_then(Value::as_map);
    let names = || declared.into_iter().flat_map(|map| map.keys()).filter(|name| !name.starts_with("Fn::"));
    let given = match &call.parameters {
        Ok(given) => given,
        Err(why) => {
            handed.kinds = names().map(|name| (Arc::clone(name), Kind::Unknown(why.clone()))).collect();
            return handed;
        }
    };
    for (parameter, (key_at, kind)) in given {
        let Some(declaration) = declared.and_then(|map| map.get(parameter)) else {
            let message = format!("nested template `{name}` has no parameter `{parameter}`");
            let problem = Diagnostic::error(*key_at, message).label("handed down here");
            let near = did_you_mean(parameter, names().map(|name| &**name));
            handed.problems.push(match near {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem,
            });
            continue;
        };
        match text(arriving(kind, &declaration.value)) {
            Ok(text) => _ = handed.parameters.insert(Arc::clone(parameter), text),
            Err(kind) => _ = handed.kinds.insert(Arc::clone(parameter), kind),
        }
    }
    for parameter in names().filter(|name| !given.contains_key(*name)) {
        let default = declared.and_then(|map| map.get(parameter)?.value.child("Default"));
        if default.is_none() {
            let message = format!("nested template `{name}` needs a value for its parameter `{parameter}`");
            let problem = Diagnostic::error(call.resource_at, message).label("does not hand it down");
            handed.problems.push(problem.hint(format!("add `{parameter}` to the `Parameters` of this nested stack")));
        }
    }
    handed
}

/// A handed value as the nested template's parameter takes it: one reference is a list of one where the parameter is a list.
fn arriving(kind: &Kind, declaration: &Value) -> Kind {
    let wanted = declaration.child("Type").and_then(Value::as_str).unwrap_or_default();
    let is_list = wanted == "CommaDelimitedList" || wanted.starts_with("List<");
    match kind {
        Kind::Ref(reference) if is_list && reference.value.is_none() => match &reference.attribute {
            None => Kind::List(vec![Value { kind: kind.clone(), at: Span::LIVE }]),
            Some(_) => Kind::Unknown(Unknown::Runtime(reference.to_string().into())),
        },
        Kind::List(_) if !is_list => Kind::Unknown(Unknown::Unsupported("a list in place of a text".into())),
        Kind::Map(_) => Kind::Unknown(Unknown::Unsupported("a mapping in place of a text".into())),
        other => other.clone(),
    }
}

/// The text that CloudFormation would hand down, lists with commas; the kind itself if it is not all text.
fn text(kind: Kind) -> Result<Arc<str>, Kind> {
    let value = Value { kind, at: Span::LIVE };
    let text = match &value.kind {
        Kind::Null => Some("".into()),
        Kind::List(items) => {
            let texts: Option<Vec<_>> = items.iter().map(Value::text).collect();
            texts.map(|texts| texts.join(",").into())
        }
        _ => value.text(),
    };
    text.ok_or(value.kind)
}
