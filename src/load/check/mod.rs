//! What can be said about a template without any input: every mistake at once, each with its place.

mod arguments;
mod calls;
mod cycle;
mod sections;
mod targets;

use crate::diag::Diagnostic;
use crate::model::Value;
use crate::source::FileId;

use super::scope::Scope;

/// Everything that is wrong or questionable. `text` is what the document was read from.
pub(super) fn template(file: FileId, root: &Value, text: &str) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    if root.as_map().is_none() {
        problems.push(Diagnostic::error(root.at, "a template is a mapping of sections").label("not a mapping"));
        return problems;
    }
    let scope = Scope::new(root);
    sections::check(file, &scope, &mut problems);
    calls::check(&scope, text, &mut problems);
    cycle::check(&scope, &mut problems);
    problems
}

/// Adds "did you mean" to a diagnostic if a known name is near.
fn suggest<'n>(problem: Diagnostic, name: &str, known: impl IntoIterator<Item = &'n str>) -> Diagnostic {
    match crate::diag::did_you_mean(name, known) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}
