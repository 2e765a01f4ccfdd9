//! The names that functions use, against the names that the template defines.

use super::super::names::{PSEUDO, is_expansion};
use super::super::scope::Scope;
use super::suggest;
use crate::diag::Diagnostic;
use crate::model::{Map, Value};
use crate::source::Span;

/// CloudFormation takes 200 attributes per mapping.
const MAX_LEVELS: usize = 1000;

/// Decides which names exist.
pub(super) struct Targets<'a> {
    pub(super) scope: &'a Scope<'a>,
    /// A transform, loop or include may define names that are not written down.
    pub(super) open: bool,
}

impl Targets<'_> {
    /// A name that `Ref` or a placeholder may use.
    pub(super) fn value(&self, name: &str, at: Span) -> Option<Diagnostic> {
        let scope = self.scope;
        let known = scope.parameters.contains_key(name) || scope.resources.contains_key(name) || PSEUDO.contains(&name);
        if known || self.open || self.is_in_module(name) {
            return None;
        }
        let message = format!("`{name}` is neither a parameter nor a resource of this template");
        let all =
            scope.parameters.keys().chain(scope.resources.keys()).map(|name| &**name).chain(PSEUDO.iter().copied());
        Some(suggest(Diagnostic::error(at, message).label("not defined"), name, all))
    }

    /// A resource by its logical id.
    pub(super) fn resource(&self, id: &str, at: Span) -> Option<Diagnostic> {
        if self.scope.resources.contains_key(id) || self.open || self.is_in_module(id) {
            return None;
        }
        let problem = Diagnostic::error(at, format!("`{id}` is not a resource of this template")).label("not defined");
        Some(suggest(problem, id, self.scope.resources.keys().map(|id| &**id)))
    }

    /// A resource that a module makes: its name follows the module's logical id, with or without a dot.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/module-ref-resources.html>
    fn is_in_module(&self, name: &str) -> bool {
        let is_module =
            |body: &Value| body.child("Type").and_then(Value::as_str).is_some_and(|t| t.ends_with("::MODULE"));
        let mut modules = self.scope.resources.iter().take(MAX_LEVELS).filter(|(_, entry)| is_module(&entry.value));
        modules.any(|(id, _)| name.strip_prefix(&**id).is_some_and(|rest| !rest.is_empty()))
    }

    /// A condition.
    pub(super) fn condition(&self, name: &str, at: Span) -> Option<Diagnostic> {
        if self.scope.conditions.contains_key(name) || self.open || has_include(self.scope.conditions) {
            return None;
        }
        let problem = Diagnostic::error(at, format!("condition `{name}` is not defined")).label("not defined");
        Some(suggest(problem, name, self.scope.conditions.keys().map(|name| &**name)))
    }

    /// What a condition or a rule may refer to: a parameter.
    pub(super) fn parameter(&self, name: &str, at: Span, section: &str) -> Option<Diagnostic> {
        if self.scope.resources.contains_key(name) && !self.scope.parameters.contains_key(name) {
            let problem = Diagnostic::error(at, format!("`{name}` is a resource, and `{section}` knows none yet"));
            return Some(problem.label("expected a parameter"));
        }
        self.value(name, at)
    }

    /// The keys of `Fn::FindInMap`, as far as they are written down.
    pub(super) fn mapping_keys(&self, name: &Value, first: &Value, second: &Value) -> Option<Diagnostic> {
        let name = name.as_str()?;
        let levels = self.scope.mappings.get(name)?.value.as_map().filter(|map| !has_include(map))?;
        // A key that a function gives may be any: beyond that many the second one is not looked up under each.
        let few = levels.len() <= MAX_LEVELS;
        let undefined = |key: &Value, text: &str, known: Vec<&str>| {
            let problem =
                Diagnostic::error(key.at, format!("mapping `{name}` has no key `{text}`")).label("not defined");
            suggest(problem, text, known)
        };
        let inner: Vec<&Map> = match first.text() {
            Some(text) => match levels.get(&*text) {
                Some(entry) => vec![entry.value.as_map()?],
                None => return Some(undefined(first, &text, levels.keys().map(|key| &**key).collect())),
            },
            None if !few => return None,
            None => levels.values().filter_map(|entry| entry.value.as_map()).collect(),
        };
        let text = second.text()?;
        if inner.iter().any(|map| map.contains_key(&text) || has_include(map)) {
            return None;
        }
        Some(undefined(second, &text, inner.iter().flat_map(|map| map.keys()).map(|key| &**key).collect()))
    }

    /// A mapping.
    pub(super) fn mapping(&self, name: &str, at: Span) -> Option<Diagnostic> {
        if self.scope.mappings.contains_key(name) || self.open || self.scope.mappings.contains_key("Fn::Transform") {
            return None;
        }
        let problem = Diagnostic::error(at, format!("mapping `{name}` is not defined")).label("not defined");
        Some(suggest(problem, name, self.scope.mappings.keys().map(|name| &**name)))
    }
}

/// Whether a mapping may have keys that are not written down.
fn has_include(map: &Map) -> bool {
    map.keys().any(|key| is_expansion(key))
}

#[cfg(test)]
mod tests {
    use crate::load::testing::problems;

    #[test]
    fn the_keys_of_a_mapping_are_looked_up_as_far_as_they_are_written() {
        let said = |written: &str| {
            problems(&format!(
                "Parameters: {{P: {{Type: String}}}}\nMappings: {{M: {{us-east-1: {{Ami: a}}, eu-west-1: {{Ami: b, Zone: c}}}}}}\n\
                 Resources: {{R: {{Type: T::T::T, Properties: {{A: {written}}}}}}}"
            ))
        };
        let one = |message: &str, place: &str| [(message.to_owned(), place.to_owned())];
        assert_eq!(said("!FindInMap [M, us-east-2, Ami]"), one("mapping `M` has no key `us-east-2`", "us-east-2"));
        assert_eq!(said("!FindInMap [M, us-east-1, Zone]"), one("mapping `M` has no key `Zone`", "Zone"));
        assert_eq!(said("!FindInMap [M, !Ref P, Ammi]"), one("mapping `M` has no key `Ammi`", "Ammi"));
        for good in [
            "[M, !Ref P, Zone]",
            "[M, !Ref AWS::Region, Ami]",
            "[M, us-east-1, !Ref P]",
            "[M, x, y, {DefaultValue: z}]",
        ] {
            assert_eq!(said(&format!("!FindInMap {good}")), [], "{good}");
        }
    }
}
