//! Rules that a profile can narrow to production.

use crate::model::network::about;
use crate::model::{Resource, Unknown};
use crate::rules::{Context, Evidence, Verdict};

/// Judges every environment, or production alone where the parameter `production_only` says so. Where nobody says which
/// environment it is, only a pass is certain.
pub(in crate::rules) fn production_only(
    r: &Resource,
    cx: &Context<'_>,
    judge: impl FnOnce() -> Option<Verdict>,
) -> Option<Verdict> {
    match (cx.params.bool("production_only"), cx.production(r)) {
        (false, _) | (true, Some(true)) => judge(),
        (true, Some(false)) => None,
        (true, None) => judge().map(|verdict| if verdict.is_pass() { verdict } else { nobody_says(r) }),
    }
}

fn nobody_says(r: &Resource) -> Verdict {
    let why = Unknown::Unsupported("an estate that names no environment".into());
    Verdict::unknown(Evidence::unknown(&about(r, "Environment"), "the tag or parameter Environment", &why))
}
