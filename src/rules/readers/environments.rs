//! Rules that only hold in some environments.

use crate::model::{Resource, Unknown};
use crate::rules::{Context, Evidence, Verdict};

/// The verdict on what is in one of some environments (`all` is every one). If nobody says where a resource is, only a pass is certain.
pub(in crate::rules) fn within(
    r: &Resource,
    cx: &Context<'_>,
    wanted: &[impl AsRef<str>],
    verdict: Verdict,
) -> Option<Verdict> {
    let means_production =
        |name: &str| ["prod", "production", "prd", "live"].iter().any(|p| p.eq_ignore_ascii_case(name));
    if wanted.iter().any(|name| name.as_ref().eq_ignore_ascii_case("all")) {
        return Some(verdict);
    }
    let Some(environment) = &r.environment else {
        return Some(if verdict.is_pass() { verdict } else { nobody_says(r, wanted) });
    };
    let production = cx.production(r) == Some(true);
    let listed = wanted
        .iter()
        .map(AsRef::as_ref)
        .any(|name| name.eq_ignore_ascii_case(environment) || (production && means_production(name)));
    listed.then_some(verdict)
}

fn nobody_says(r: &Resource, wanted: &[impl AsRef<str>]) -> Verdict {
    let wanted = wanted.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" or ");
    let mut evidence =
        Evidence::unknown(&r.get("Tags"), format!("environment {wanted}, or another"), &Unknown::NotCollected);
    evidence.reason = Some("no tag or parameter says which environment it is in".to_owned());
    Verdict::unknown(evidence)
}
