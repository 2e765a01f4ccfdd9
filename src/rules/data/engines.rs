//! Which engines may be used.

use crate::model::{Read, Resource, types};
use crate::rules::readers::database::{Engine, standalone};
use crate::rules::readers::policy::principal::written;
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// People know how to run, patch and back up the engines that they agreed on. Another one brings drivers, parameters and a
    /// dialect that nobody has tried.
    ///
    /// An entry of `allowed` is an engine and, if that matters, the beginning of its version: `mysql 8.0` takes 8.0.35 and not 8.4.
    /// Nothing is judged while the list is empty. Without `EngineVersion` AWS takes its default, and only the engine is compared.
    /// Where a template takes the engine from a parameter, each of the parameter's `AllowedValues` must be approved. Instances of a cluster
    /// are judged with their cluster.
    ///
    /// ## Fix
    /// ```yaml
    /// Engine: mysql
    /// EngineVersion: "8.0"
    /// ```
    "rds-engine-approved" => {
        title: "Databases run an approved engine and version.",
        category: Database,
        severity: Medium,
        scope: Resource,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        params: {
            allowed: Preset::Texts(&[]) => "engines that may be used, each with the beginning of a version if that matters: `mysql 8.0`",
        },
        equivalents: [],
        check: |r, cx| if cx.params.texts("allowed").is_empty() { None } else { standalone(r, approved(r, cx)) },
    }
}

fn approved(r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = cx.params.texts("allowed").join(" or ");
    let engine = r.get("Engine");
    let named = check::require(&engine, &expected, |v| Some(!versions(v.as_str()?, cx).is_empty()));
    let named = match (named, selectable(&engine, cx)) {
        // Whatever is chosen will be approved.
        (Verdict::Unknown(_), Some(all)) => all,
        (named, Some(all)) => named.and(all),
        (named, None) => named,
    };
    let Some(name) = engine.as_str().filter(|_| named.is_pass()) else { return named };
    // Without a version AWS takes the default of the engine.
    check::allow_absent(&r.get("EngineVersion"), &expected, |v| {
        let version = v.text()?;
        Some(versions(name, cx).iter().any(|prefix| begins(&version, prefix)))
    })
}

/// The beginnings of versions that are approved of an engine; empty if it is not approved at all.
fn versions<'a>(engine: &str, cx: &Context<'a>) -> Vec<&'a str> {
    let engine = Engine::named(engine).name;
    let entries = cx.params.texts("allowed").iter();
    let split = entries.map(|entry| entry.split_once(char::is_whitespace).unwrap_or((entry, "")));
    split.filter(|(name, _)| Engine::named(name).name == engine).map(|(_, version)| version.trim()).collect()
}

/// The verdict on what may be chosen, where the engine is a parameter of the template that allows certain values.
fn selectable(engine: &Read<'_>, cx: &Context<'_>) -> Option<Verdict> {
    let parameter = written(engine)?.child("Ref")?.as_str()?;
    let stack = &engine.resource.address.stack;
    let template = cx.estate.of_type(types::TEMPLATE).find(|template| template.address.stack == *stack)?;
    let values = template.get("Parameters").get(parameter).get("AllowedValues");
    let expected = cx.params.texts("allowed").join(" or ");
    let each = |value: &Read<'_>| check::require(value, &expected, |v| Some(!versions(v.as_str()?, cx).is_empty()));
    (!values.is_absent()).then(|| check::each(&values, &expected, each).on(template.address.name()))
}

/// Whether a version begins with another one, number by number: 8.0 begins 8.0.35, not 8.01.
fn begins(version: &str, prefix: &str) -> bool {
    prefix.is_empty() || version.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Value};

    #[test]
    fn versions_are_compared_number_by_number() {
        assert!(begins("8.0.35", "8.0") && begins("8.0", "8.0") && begins("16.3", ""));
        assert!(!begins("8.01", "8.0") && !begins("8", "8.0"));
        assert_eq!(Value::live(Kind::Float(8.5)).text().as_deref(), Some("8.5"), "a version may be a number");
    }
}
