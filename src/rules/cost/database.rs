//! Databases that cost twice.

use crate::model::{Resource, Unknown, Value, types};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A standby doubles the price of a database. In production that buys availability; in a test environment it buys nothing.
    ///
    /// Judged are instances outside of Aurora. In one of `environments_forbidden` `MultiAZ` is false or absent, which is the default. In any
    /// other environment the rule does not apply. Where a template leaves the environment open, `MultiAZ` hangs on a condition; true
    /// for every environment fails. Where nobody says which environment a database belongs to, the verdict is open.
    ///
    /// ## Fix
    /// ```yaml
    /// MultiAZ: !If [IsProduction, true, false]
    /// ```
    "rds-multi-az-production-only" => {
        title: "Multi-AZ is switched on only for production.",
        category: Cost,
        severity: Low,
        scope: Resource,
        types: ["AWS::RDS::DBInstance"],
        params: {
            environments_forbidden: Preset::Texts(&["dev", "test", "staging"]) => "environments whose databases must be in one zone",
        },
        equivalents: [],
        check: production_only,
    }
}

fn production_only(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let aurora = r.get("Engine").as_str().is_some_and(|engine| engine.to_ascii_lowercase().starts_with("aurora"));
    if aurora || r.get("DBClusterIdentifier").value().is_some() {
        return None;
    }
    let multi_az = r.get("MultiAZ");
    let single = check::not_true(&multi_az);
    if let Some(environment) = &r.environment {
        let forbidden = cx.params.texts("environments_forbidden");
        return forbidden.iter().any(|name| name.eq_ignore_ascii_case(environment)).then_some(single);
    }
    if single.is_pass() || follows_a_condition(r) {
        return Some(Verdict::Pass);
    }
    let expected = "false outside of production";
    if multi_az.value().and_then(Value::as_bool) == Some(true) && leaves_environment_open(r, cx) {
        return Some(check::fail(&multi_az, "a condition that is true in production only"));
    }
    let why = Unknown::Outside("the environment of the database".into());
    Some(Verdict::unknown(Evidence::unknown(&multi_az, expected, &why)))
}

/// Whether the template writes different things for different conditions.
fn follows_a_condition(r: &Resource) -> bool {
    let written = r.raw.as_deref().and_then(|raw| raw.child("MultiAZ")?.child("Fn::If")?.as_list());
    matches!(written, Some([_, yes, no]) if yes.kind != no.kind)
}

/// Whether the template has a parameter for the environment, so that it is meant for several.
fn leaves_environment_open(r: &Resource, cx: &Context<'_>) -> bool {
    let mut templates = cx.estate.of_type(types::TEMPLATE);
    templates.any(|t| t.address.stack == r.address.stack && t.attribute("EnvironmentParameter").value().is_some())
}
