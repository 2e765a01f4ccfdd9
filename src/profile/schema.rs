//! A profile file: its shape by serde, its meaning against the rules, and both kinds of mistakes with their place.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;
use serde::Deserialize;

use super::places::Places;
use super::selector::{RawSelector, Selector, patterns};
use super::{Active, Environment, Framework, LeftOut, Profile, param_value};
use crate::diag::{Diagnostic, did_you_mean};
use crate::rules::{self, ParamError, Rule, Severity};
use crate::source::{FileId, Sources, Span};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    name: String,
    title: String,
    #[serde(default)]
    extends: Vec<String>,
    framework: Option<Framework>,
    #[serde(default)]
    environments: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    every_environment: bool,
    when: Option<RawSelector>,
    unless: Option<RawSelector>,
    #[serde(default)]
    rules: Vec<RawRule>,
    #[serde(default)]
    left_out: Vec<RawLeftOut>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    #[serde(default = "yes")]
    enabled: bool,
    severity: Option<Severity>,
    #[serde(default)]
    params: BTreeMap<String, serde_yaml::Value>,
    when: Option<RawSelector>,
    unless: Option<RawSelector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLeftOut {
    id: String,
    why: String,
}

fn yes() -> bool {
    true
}

/// Reads a profile. `parent` loads one that it extends, or says why it cannot.
pub(super) fn read(
    sources: &mut Sources,
    name: &str,
    text: &str,
    parent: &mut dyn FnMut(&mut Sources, &str) -> Result<Profile, Parent>,
) -> Result<Profile, Vec<Diagnostic>> {
    let file = sources.add(name, text);
    let raw: RawProfile = serde_yaml::from_str(text).map_err(|e| vec![malformed(file, text, &e)])?;
    let mut reader = Reader { places: Places::of(file, text), wrong: Vec::new() };
    let mut profile =
        Profile { name: raw.name, title: raw.title, every_environment: raw.every_environment, ..Profile::default() };
    for (n, name) in raw.extends.iter().enumerate() {
        match parent(sources, name) {
            Ok(parent) => profile.inherit(parent),
            Err(Parent::Invalid(diagnostics)) => reader.wrong.extend(diagnostics),
            Err(Parent::Missing(why)) => {
                let at = reader.places.value(&format!("extends.{n}"));
                reader.wrong.push(Diagnostic::error(at, why));
            }
        }
    }
    if let Some(framework) = raw.framework {
        profile.active.extend(rules::all().filter(|r| framework.names(r)).map(Active::by_default));
        profile.framework = Some(framework);
    }
    for (name, accounts) in &raw.environments {
        match patterns(accounts) {
            Ok(accounts) => profile.environments.push(Environment { name: name.as_str().into(), accounts }),
            Err((n, why)) => reader.error(&format!("environments.{name}.{n}"), why),
        }
    }
    reader.rules(&raw.rules, &mut profile.active);
    for (selector, keep, key) in [(&raw.when, true, "when"), (&raw.unless, false, "unless")] {
        if let Some(selector) = selector.as_ref().and_then(|s| reader.selector(s, key)) {
            for active in &mut profile.active {
                active.scopes.push((keep, Arc::clone(&selector)));
            }
        }
    }
    for (n, left) in raw.left_out.into_iter().enumerate() {
        if let Some(rule) = reader.rule(&left.id, &format!("left_out.{n}.id")) {
            profile.active.retain(|a| a.rule.id != rule.id);
            profile.left_out.push(LeftOut { rule, why: left.why });
        }
    }
    if reader.wrong.is_empty() { Ok(profile) } else { Err(reader.wrong) }
}

/// Why a profile cannot be extended.
pub(super) enum Parent {
    /// There is none, or it extends itself.
    Missing(String),
    /// It is not valid.
    Invalid(Vec<Diagnostic>),
}

struct Reader {
    places: Places,
    wrong: Vec<Diagnostic>,
}

impl Reader {
    fn error(&mut self, path: &str, message: impl Into<String>) {
        self.wrong.push(Diagnostic::error(self.places.value(path), message));
    }

    fn rules(&mut self, raw: &[RawRule], active: &mut Vec<Active>) {
        let mut listed: Vec<&str> = Vec::new();
        for (n, raw) in raw.iter().enumerate() {
            let path = format!("rules.{n}");
            let Some(rule) = self.rule(&raw.id, &format!("{path}.id")) else { continue };
            if listed.contains(&rule.id) {
                self.error(&format!("{path}.id"), format!("rule {} is listed twice", rule.id));
                continue;
            }
            listed.push(rule.id);
            let known = active.iter().position(|a| a.rule.id == rule.id);
            let mut changed = known.map_or_else(|| Active::by_default(rule), |n| active.remove(n));
            self.change(raw, &path, &mut changed);
            if raw.enabled {
                active.insert(known.unwrap_or(active.len()), changed);
            }
        }
    }

    /// Applies what a profile says of a rule.
    fn change(&mut self, raw: &RawRule, path: &str, active: &mut Active) {
        active.severity = raw.severity.unwrap_or(active.severity);
        for (name, value) in &raw.params {
            self.param(active, name, value, &format!("{path}.params.{name}"));
        }
        if raw.when.is_some() || raw.unless.is_some() {
            active.scopes.clear();
        }
        for (selector, keep, key) in [(&raw.when, true, "when"), (&raw.unless, false, "unless")] {
            let compiled = selector.as_ref().and_then(|s| self.selector(s, &format!("{path}.{key}")));
            active.scopes.extend(compiled.map(|s| (keep, s)));
        }
    }

    fn rule(&mut self, id: &str, path: &str) -> Option<&'static Rule> {
        let rule = rules::find(id);
        if let several @ [_, _, ..] = rules::named(id).as_slice() {
            let ids: Vec<&str> = several.iter().map(|r| r.id).collect();
            self.error(path, format!("{id} stands for several rules: {}", ids.join(", ")));
        } else if rule.is_none() {
            let error = Diagnostic::error(self.places.value(path), format!("there is no rule {id}"));
            self.wrong.push(hinted(error, did_you_mean(id, rules::all().map(|r| r.id))));
        }
        rule
    }

    fn param(&mut self, active: &mut Active, name: &str, value: &serde_yaml::Value, path: &str) {
        let rule = active.rule;
        let wrong_type = || {
            rule.params.iter().find(|p| p.name == name).map_or_else(
                || ParamError::NoSuchParameter { rule: rule.id, name: name.to_owned() },
                |p| ParamError::WrongType { name: p.name, wants: p.default.wants() },
            )
        };
        let outcome = param_value(value).ok_or_else(wrong_type).and_then(|value| active.params.set(rule, name, value));
        match outcome {
            Ok(()) => {}
            Err(error @ ParamError::NoSuchParameter { .. }) => {
                let error = Diagnostic::error(self.places.key(path), error.to_string());
                self.wrong.push(hinted(error, did_you_mean(name, rule.params.iter().map(|p| p.name))));
            }
            Err(error) => self.error(path, error.to_string()),
        }
    }

    fn selector(&mut self, raw: &RawSelector, path: &str) -> Option<Arc<Selector>> {
        match raw.compile() {
            Ok(selector) => Some(Arc::new(selector)),
            Err((within, why)) => {
                self.error(&format!("{path}.{within}"), why);
                None
            }
        }
    }
}

fn hinted(error: Diagnostic, suggestion: Option<&str>) -> Diagnostic {
    match suggestion {
        Some(known) => error.hint(format!("did you mean {known}?")),
        None => error,
    }
}

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by a test")]
static UNKNOWN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"unknown (?:field|variant) `([^`]*)`, expected (?:one of )?(.*)").unwrap());

/// A mistake in the file's shape, at the place where the parser met it.
fn malformed(file: FileId, text: &str, error: &serde_yaml::Error) -> Diagnostic {
    let at = error.location().map_or(0, |l| l.index()).min(text.len());
    let full = error.to_string();
    let message = full.split(" at line ").next().unwrap_or(&full).to_owned();
    let end = text.get(at..).and_then(|rest| rest.find(char::is_whitespace)).map_or(text.len(), |n| at + n);
    let suggestion = UNKNOWN.captures(&message).and_then(|found| {
        let (name, known) = (found.get(1)?.as_str(), found.get(2)?.as_str());
        did_you_mean(name, known.split('`').skip(1).step_by(2)).map(str::to_owned)
    });
    hinted(Diagnostic::error(Span::new(file, at, end), message), suggestion.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(text: &str) -> Result<Profile, String> {
        let mut sources = Sources::default();
        read(&mut sources, "p.yaml", text, &mut |_, name| Err(Parent::Missing(format!("there is no profile {name}"))))
            .map_err(|all| all.iter().map(|d| d.render(&sources, false)).collect::<Vec<_>>().join("\n"))
    }

    fn errors(text: &str) -> String {
        profile(text).unwrap_err()
    }

    #[test]
    fn mistakes_are_pointed_at_with_a_hint() {
        let text =
            "name: p\ntitle: t\nrules:\n  - id: encrypted-volume\n  - id: restricted-ssh\n    params: {port: [22]}\n";
        let shown = errors(text);
        assert!(shown.contains("p.yaml:4:9") && shown.contains("did you mean encrypted-volumes?"), "{shown}");
        assert!(shown.contains("p.yaml:6:14") && shown.contains("did you mean ports?"), "{shown}");
    }

    #[test]
    fn an_unknown_key_and_a_wrong_type_are_errors() {
        let shown = errors("name: p\ntitle: t\nrulez: []\n");
        assert!(shown.contains("unknown field `rulez`") && shown.contains("p.yaml:3:"), "{shown}");
        assert!(shown.contains("did you mean rules?"), "{shown}");
        let shown = errors("name: p\ntitle: t\nrules:\n  - id: restricted-ssh\n    params: {ports: many}\n");
        assert!(shown.contains("parameter ports wants a list of whole numbers"), "{shown}");
        let shown = errors("name: p\ntitle: t\nrules:\n  - id: restricted-ssh\n    severity: hihg\n");
        assert!(shown.contains("did you mean high?"), "{shown}");
        let shown = errors("name: p\ntitle: t\nrules:\n  - {id: restricted-ssh, when: {region: [x]}}\n");
        assert!(shown.contains("did you mean regions?"), "{shown}");
    }

    #[test]
    fn a_broken_pattern_and_a_missing_parent_are_pointed_at() {
        let shown = errors("name: p\ntitle: t\nextends: [basline]\nwhen: {names: ['[a']}\n");
        assert!(shown.contains("p.yaml:3:11") && shown.contains("there is no profile basline"), "{shown}");
        assert!(shown.contains("p.yaml:4:16"), "{shown}");
    }

    #[test]
    fn a_rule_is_found_by_the_name_that_another_tool_gives_it() {
        let profile = profile("name: p\ntitle: t\nrules: [{id: EC2.3, severity: low}]\n").unwrap();
        assert_eq!(profile.active.first().map(|a| (a.rule.id, a.severity)), Some(("encrypted-volumes", Severity::Low)));
    }
}
