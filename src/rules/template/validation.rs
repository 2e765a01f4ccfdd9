//! What a template checks before anything is made.

use std::collections::BTreeSet;

use crate::model::{Entry, Resource, Value};
use crate::rules::{Context, Preset, Verdict, rules};

use super::uses::{Use, alternatives, uses};
use super::{fault, property, section};

/// Properties that hold the size of a machine.
const SIZES: &[&str] = &["InstanceType", "DBInstanceClass", "CacheNodeType", "NodeType"];

rules! {
    /// ## Why
    /// A typing error in a parameter shows after twenty minutes and a rollback, or never. CloudFormation checks values that are
    /// constrained before it touches anything.
    ///
    /// Texts and lists have `AllowedValues`, an `AllowedPattern`, or `MinLength` and `MaxLength`; numbers have `AllowedValues`, or `MinValue` and
    /// `MaxValue`; names that match `cidr_pattern` a pattern for addresses; parameters that are used as the size of a machine `AllowedValues`, at most
    /// `max_allowed_instance_types` of them. Parameters of AWS's own types are checked by CloudFormation.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters:
    ///   StorageSize:
    ///     Type: Number
    ///     MinValue: 20
    ///     MaxValue: 1000
    ///   InstanceType:
    ///     Type: String
    ///     AllowedValues: [t3.small, t3.medium, m6i.large]
    /// ```
    "template-parameter-constraints" => {
        title: "Parameters are constrained, and the sizes of machines are chosen from a list.",
        category: TemplateQuality,
        severity: Medium,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            exempt_parameters: Preset::Texts(&[]) => "parameters, by name, that are not judged",
            cidr_pattern: Preset::Pattern("(?i)cidr|ip$") => "names of parameters that hold address ranges",
            max_allowed_instance_types: Preset::Int(12) => "longest accepted list of machine sizes",
            allowed_instance_types: Preset::Texts(&[]) => "if given, the only machine sizes that may be offered",
        },
        equivalents: [],
        check: constrained,
    }

    /// ## Why
    /// Some values are right by themselves and wrong together: a production stack with one small instance. `Rules` say so before anything is
    /// made; settings of a linter in the template say how it is checked before that.
    ///
    /// The template has a rule with an assertion that reads a parameter, or, with `accept_metadata`, settings of cfn-lint, cfn-guard,
    /// cfn_nag, checkov or TaskCat in its `Metadata`. Types and properties that do not exist are CloudFormation's and cfn-lint's matter.
    ///
    /// ## Fix
    /// ```yaml
    /// Rules:
    ///   ProductionIsLarge:
    ///     RuleCondition: !Equals [!Ref Environment, prod]
    ///     Assertions:
    ///       - Assert: !Not [!Equals [!Ref InstanceType, t3.micro]]
    ///         AssertDescription: Production needs a larger instance
    /// ```
    "template-parameter-rules" => {
        title: "The template validates its parameters together, or says how it is linted.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: { accept_metadata: Preset::Bool(true) => "accept settings of a linter in Metadata" },
        equivalents: [],
        check: |r, cx| Some(asserted(r, cx)),
    }
}

fn constrained(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let exempt = cx.params.texts("exempt_parameters");
    let sizes = sizes(r);
    let judged: Vec<Verdict> = section(r, "Parameters")
        .filter(|(name, _)| exempt.iter().all(|e| *e != ***name))
        .filter_map(|(name, entry)| {
            let kind = entry.value.child("Type").and_then(Value::as_str)?;
            let size = sizes.contains(&**name);
            let path = format!("Parameters.{name}");
            match kind {
                "String" | "CommaDelimitedList" if size => Some(sized(cx, &path, entry)),
                "String" | "CommaDelimitedList" => {
                    let range = cx.params.pattern("cidr_pattern").is_some_and(|p| p.is_match(name));
                    Some(if range { address(&path, entry) } else { text(&path, entry) })
                }
                "Number" | "List<Number>" => Some(number(&path, entry)),
                _ => None,
            }
        })
        .collect();
    (!judged.is_empty()).then(|| Verdict::all(judged))
}

/// The parameters that are used as the size of a machine.
fn sizes(r: &Resource) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for (_, entry) in section(r, "Resources") {
        let paths = SIZES.iter().copied().chain(["LaunchTemplateData.InstanceType", "ClusterConfig.InstanceType"]);
        for value in paths.filter_map(|path| property(entry, path)).flat_map(alternatives) {
            found.extend(value.child("Ref").and_then(Value::as_str));
        }
    }
    found
}

fn has(entry: &Entry, keys: &[&str]) -> bool {
    keys.iter().all(|key| entry.value.child(key).is_some())
}

fn text(path: &str, entry: &Entry) -> Verdict {
    if has(entry, &["AllowedValues"]) || has(entry, &["AllowedPattern"]) || has(entry, &["MinLength", "MaxLength"]) {
        return Verdict::Pass;
    }
    fault(path, "AllowedValues, an AllowedPattern, or MinLength and MaxLength", None, entry.key_at)
}

fn number(path: &str, entry: &Entry) -> Verdict {
    if has(entry, &["AllowedValues"]) || has(entry, &["MinValue", "MaxValue"]) {
        return Verdict::Pass;
    }
    fault(path, "AllowedValues, or MinValue and MaxValue", None, entry.key_at)
}

/// A pattern for addresses has digits in it; `.*` is none.
fn address(path: &str, entry: &Entry) -> Verdict {
    let pattern = entry.value.child("AllowedPattern");
    let digits = |text: &str| ["\\d", "0-9", "[0-", "[1-", "25["].iter().any(|part| text.contains(part));
    if has(entry, &["AllowedValues"]) || pattern.and_then(Value::as_str).is_some_and(digits) {
        return Verdict::Pass;
    }
    let (actual, at) = pattern.map_or((None, entry.key_at), |p| (Some(p.to_string()), p.at));
    fault(format!("{path}.AllowedPattern"), "a pattern for address ranges", actual.as_deref(), at)
}

/// A size is chosen from a list, a short one of allowed ones.
fn sized(cx: &Context<'_>, path: &str, entry: &Entry) -> Verdict {
    let Some(values) = entry.value.child("AllowedValues") else {
        return fault(format!("{path}.AllowedValues"), "a list of instance types", None, entry.key_at);
    };
    let offered = values.as_list().unwrap_or_default();
    let path = format!("{path}.AllowedValues");
    let most = usize::try_from(cx.params.int("max_allowed_instance_types")).unwrap_or(usize::MAX);
    let short = if offered.len() <= most {
        Verdict::Pass
    } else {
        fault(path.clone(), format!("at most {most} instance types"), Some(&offered.len().to_string()), values.at)
    };
    let allowed = cx.params.texts("allowed_instance_types");
    let foreign =
        offered.iter().filter(|v| !allowed.is_empty() && v.text().is_none_or(|t| allowed.iter().all(|a| *a != *t)));
    short.and(Verdict::all(foreign.map(|value| {
        fault(path.clone(), format!("one of {}", allowed.join(", ")), Some(&value.to_string()), value.at)
    })))
}

fn asserted(r: &Resource, cx: &Context<'_>) -> Verdict {
    let parameter =
        |used: Use<'_>| used.target().is_some_and(|n| section(r, "Parameters").any(|(name, _)| **name == *n));
    let rules = section(r, "Rules").any(|(_, rule)| {
        let assertions = rule.value.child("Assertions");
        let asserts =
            assertions.and_then(Value::as_list).is_some_and(|list| list.iter().any(|a| a.child("Assert").is_some()));
        asserts && uses(&rule.value).into_iter().any(parameter)
    });
    let tools = ["cfn-lint", "cfn_nag", "cfn-nag", "checkov", "guard", "cfn-guard", "taskcat"];
    let linted = cx.params.bool("accept_metadata")
        && section(r, "Metadata")
            .any(|(key, _)| tools.iter().any(|tool| key.to_lowercase().trim_start_matches("aws::") == *tool));
    if rules || linted {
        return Verdict::Pass;
    }
    let at = r.properties.child("Rules").map_or(r.at, |section| section.at);
    fault("Rules", "a rule with an assertion that reads a parameter", None, at)
}
