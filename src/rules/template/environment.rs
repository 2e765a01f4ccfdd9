//! How a template tells one environment from another.

use std::collections::BTreeSet;

use crate::model::{Kind, Resource, Value};
use crate::rules::{Context, Preset, Verdict, rules};

use super::uses::{reads, used_conditions, uses};
use super::{fault, section};

/// Names of parameters that say which environment a stack is for.
const ENVIRONMENT: &str = "(?i)^(environment|env|stage)(name|type|suffix)?$";

rules! {
    /// ## Why
    /// The same template makes the test system and the real one. Without a parameter that names the environment the two collide in their
    /// names, and nobody can tell their bills or alarms apart.
    ///
    /// A parameter whose name matches `name_pattern` has `AllowedValues` or an `AllowedPattern`, and at least `min_uses` names, tags and
    /// conditions hang on it.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters:
    ///   Environment:
    ///     Type: String
    ///     AllowedValues: [dev, staging, prod]
    /// Resources:
    ///   Bucket:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketName: !Sub "shop-${Environment}-images"
    ///       Tags: [{Key: Environment, Value: !Ref Environment}]
    /// ```
    "template-environment-parameter" => {
        title: "The template takes the environment as a parameter and uses it in names, tags and conditions.",
        category: TemplateQuality,
        severity: Medium,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            name_pattern: Preset::Pattern(ENVIRONMENT) => "accepted names of the parameter",
            min_uses: Preset::Int(3) => "names, tags and conditions that hang on it, at least",
        },
        equivalents: [],
        check: |r, cx| Some(parameter(r, cx)),
    }

    /// ## Why
    /// Where everything is the same everywhere, the test system costs what the real one does, or the real one is built like the test system.
    ///
    /// At least one condition hangs on the environment parameter, and for each of the `topics` there is a condition, told by the
    /// parameters and pseudo parameters it reads: `production` the environment, `monitoring` a parameter about monitoring or alarms,
    /// `certificates` one about certificates or domains, `region` the region; any other topic a parameter with that word in its name. Only
    /// conditions that a resource, property or output uses count.
    ///
    /// ## Fix
    /// ```yaml
    /// Conditions:
    ///   IsProduction: !Equals [!Ref Environment, prod]
    /// Resources:
    ///   Database:
    ///     Type: AWS::RDS::DBInstance
    ///     Properties:
    ///       MultiAZ: !If [IsProduction, true, false]
    /// ```
    "template-environment-conditions" => {
        title: "Conditions adapt the template to the environment.",
        category: TemplateQuality,
        severity: Medium,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            topics: Preset::Texts(&["production"]) => "what conditions are about: production, monitoring, certificates, region",
            name_pattern: Preset::Pattern(ENVIRONMENT) => "names of the parameter that names the environment",
        },
        equivalents: [],
        check: |r, cx| Some(conditions(r, cx)),
    }
}

fn parameter(r: &Resource, cx: &Context<'_>) -> Verdict {
    let pattern = cx.params.pattern("name_pattern");
    let named = section(r, "Parameters").filter(|(name, _)| pattern.is_some_and(|p| p.is_match(name)));
    let least = usize::try_from(cx.params.int("min_uses")).unwrap_or(0);
    let judged = named.map(|(name, entry)| {
        let constrained = ["AllowedValues", "AllowedPattern"].iter().any(|key| entry.value.child(key).is_some());
        let validated = if constrained {
            Verdict::Pass
        } else {
            fault(format!("Parameters.{name}"), "AllowedValues or an AllowedPattern", None, entry.key_at)
        };
        let count = count(r, name);
        let used = if count >= least {
            Verdict::Pass
        } else {
            let expected = format!("at least {least} names, tags and conditions that use it");
            fault(format!("Parameters.{name}"), expected, Some(&count.to_string()), entry.key_at)
        };
        validated.and(used)
    });
    Verdict::any(judged, || {
        let at = r.properties.child("Parameters").map_or(r.at, |section| section.at);
        fault("Parameters", "a parameter that names the environment", None, at)
    })
}

/// How many names, tags and conditions hang on a parameter.
fn count(r: &Resource, parameter: &str) -> usize {
    let properties = section(r, "Resources").filter_map(|(_, entry)| entry.value.child("Properties"));
    let in_resources: usize = properties.map(|value| naming(value, parameter)).sum();
    let conditions = section(r, "Conditions").filter(|(_, entry)| reads(r, &entry.value).contains(parameter)).count();
    in_resources + conditions
}

/// How many names and tags below a value hang on a parameter.
fn naming(value: &Value, parameter: &str) -> usize {
    match &value.kind {
        Kind::List(list) => list.iter().map(|item| naming(item, parameter)).sum(),
        Kind::Map(map) => map
            .iter()
            .map(|(key, entry)| {
                let by_name = ["Name", "Identifier", "Family", "NamePrefix"].iter().any(|end| key.ends_with(end));
                let tag = &**key == "Value" && value.child("Key").is_some();
                let tags = key.ends_with("Tags") && entry.value.as_map().is_some();
                let names = (by_name || tag) && names_it(&entry.value, parameter);
                let tagged = if tags { tag_map(&entry.value, parameter) } else { naming(&entry.value, parameter) };
                usize::from(names).max(tagged)
            })
            .sum(),
        _ => 0,
    }
}

fn tag_map(tags: &Value, parameter: &str) -> usize {
    tags.as_map().into_iter().flatten().filter(|(_, entry)| names_it(&entry.value, parameter)).count()
}

fn names_it(value: &Value, parameter: &str) -> bool {
    uses(value).into_iter().any(|used| used.target() == Some(parameter))
}

fn conditions(r: &Resource, cx: &Context<'_>) -> Verdict {
    let pattern = cx.params.pattern("name_pattern");
    let of_environment = |name: &str| pattern.is_some_and(|p| p.is_match(name));
    let used = used_conditions(r);
    let read: BTreeSet<&str> = section(r, "Conditions")
        .filter(|(name, _)| used.contains(&***name))
        .flat_map(|(_, e)| reads(r, &e.value))
        .collect();
    let at = r.properties.child("Conditions").map_or(r.at, |section| section.at);
    let missing = |topic: &str, expected: String| fault(format!("Conditions ({topic})"), expected, None, at);
    let has = |topic: &str| match topic {
        "production" => read.iter().any(|name| of_environment(name)),
        "monitoring" => about(&read, &["monitor", "alarm", "metric"]),
        "certificates" => about(&read, &["cert", "acm", "domain", "https", "tls"]),
        "region" => about(&read, &["region"]),
        other => about(&read, &[&*other.to_lowercase()]),
    };
    let topics = cx.params.texts("topics");
    let environment = has("production") || topics.iter().any(|topic| topic == "production");
    let adapts = if environment {
        Verdict::Pass
    } else {
        missing(
            "environment",
            "a condition on the environment parameter that a resource, property or output uses".into(),
        )
    };
    adapts.and(Verdict::all(topics.iter().map(|topic| {
        if has(topic) {
            return Verdict::Pass;
        }
        missing(topic, format!("a condition about {topic} that a resource, property or output uses"))
    })))
}

/// Whether one of some names has one of some words in it.
fn about(names: &BTreeSet<&str>, words: &[&str]) -> bool {
    names.iter().any(|name| {
        let name = name.to_lowercase();
        words.iter().any(|word| name.contains(word))
    })
}
