//! The names that functions use, against the names that the template defines.

use super::super::names::PSEUDO;
use super::super::scope::Scope;
use super::suggest;
use crate::diag::Diagnostic;
use crate::source::Span;

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
        if known || self.open {
            return None;
        }
        let message = format!("`{name}` is neither a parameter nor a resource of this template");
        let all =
            scope.parameters.keys().chain(scope.resources.keys()).map(|name| &**name).chain(PSEUDO.iter().copied());
        Some(suggest(Diagnostic::error(at, message).label("not defined"), name, all))
    }

    /// A resource by its logical id.
    pub(super) fn resource(&self, id: &str, at: Span) -> Option<Diagnostic> {
        if self.scope.resources.contains_key(id) || self.open {
            return None;
        }
        let problem = Diagnostic::error(at, format!("`{id}` is not a resource of this template")).label("not defined");
        Some(suggest(problem, id, self.scope.resources.keys().map(|id| &**id)))
    }

    /// A condition.
    pub(super) fn condition(&self, name: &str, at: Span) -> Option<Diagnostic> {
        if self.scope.conditions.contains_key(name) || self.open {
            return None;
        }
        let problem = Diagnostic::error(at, format!("condition `{name}` is not defined")).label("not defined");
        Some(suggest(problem, name, self.scope.conditions.keys().map(|name| &**name)))
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
