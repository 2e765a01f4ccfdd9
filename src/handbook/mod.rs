//! What can be said of rules and profiles: one description of each, from the rules themselves, and the ways to write it down.

mod example;
mod markdown;
mod profiles;
mod schema;

pub use profiles::{Listed, Page};
pub use schema::profile_schema;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::collect::COLLECTORS;
use crate::profile::{self, Profile, ProfileError};
use crate::rules::{self, Category, Rule, Scope, Severity};
use crate::source::Sources;

/// Everything that is known of a rule.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: &'static str,
    /// What holds when it passes.
    pub title: &'static str,
    /// What it is about.
    pub category: Category,
    /// How bad a failure is, unless a profile says otherwise.
    pub severity: Severity,
    /// Where it is judged: `template`, `template and live`, `live`.
    pub judged_on: &'static str,
    /// Types of its subjects.
    pub subjects: &'static [&'static str],
    /// What it looks at besides.
    pub reads: &'static [&'static str],
    /// Why it matters, and which defaults are assumed. Markdown.
    pub why: String,
    /// How to put it right. Markdown.
    pub fix: String,
    /// What a profile can set.
    pub parameters: Vec<Parameter>,
    /// The same check in other tools, by tool. Each of these ids is an alias.
    pub equivalents: BTreeMap<&'static str, Vec<&'static str>>,
    /// The built-in profiles that list it, with their severities.
    pub profiles: BTreeMap<String, Severity>,
    /// The IAM actions that a scan may need for it.
    pub actions: BTreeSet<&'static str>,
    /// What it looks at live that no collector reads.
    pub not_collected: BTreeSet<&'static str>,
    /// A resource that passes, from its fixture.
    pub passes: Option<String>,
    /// A resource that fails, from its fixture.
    pub fails: Option<String>,
}

/// A parameter of a rule.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its type in words.
    pub wants: &'static str,
    /// Its default, as a profile would write it.
    pub default: String,
    /// What it does.
    pub docs: &'static str,
}

/// Descriptions of all rules.
#[derive(Debug)]
pub struct Handbook {
    profiles: Vec<Profile>,
}

impl Handbook {
    /// Reads the built-in profiles.
    ///
    /// # Errors
    /// If one of them is not valid.
    pub fn new() -> Result<Self, ProfileError> {
        let mut sources = Sources::default();
        let profiles = profile::BUILT_IN.iter().map(|(name, _)| profile::load(&mut sources, name));
        Ok(Self { profiles: profiles.collect::<Result<_, _>>()? })
    }

    /// What is known of a rule.
    #[must_use]
    pub fn entry(&self, rule: &'static Rule) -> Entry {
        let (why, fix) = sections(rule.docs);
        let mut equivalents: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
        for (tool, id) in rule.equivalents.iter().filter_map(|e| e.split_once('/')) {
            equivalents.entry(tool).or_default().push(id);
        }
        let severity = |p: &Profile| p.active.iter().find(|a| a.rule.id == rule.id).map(|a| a.severity);
        let parameter = |p: &rules::Param| Parameter {
            name: p.name,
            wants: p.default.wants(),
            default: p.default.value().to_string(),
            docs: p.docs,
        };
        Entry {
            id: rule.id,
            title: rule.title,
            category: rule.category,
            severity: rule.severity,
            judged_on: sides(rule.scope),
            subjects: rule.types,
            reads: rule.reads,
            why,
            fix,
            parameters: rule.params.iter().map(parameter).collect(),
            equivalents,
            profiles: self.profiles.iter().filter_map(|p| Some((p.name.clone(), severity(p)?))).collect(),
            actions: if rule.scope == Scope::Template { BTreeSet::new() } else { actions(rule) },
            not_collected: if rule.scope == Scope::Template { BTreeSet::new() } else { not_collected(rule) },
            passes: example::of(rule.fixture, "pass"),
            fails: example::of(rule.fixture, "fail"),
        }
    }

    /// What is known of every rule, by category and id.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let mut all: Vec<Entry> = rules::all().map(|rule| self.entry(rule)).collect();
        all.sort_by_key(|e| (e.category.to_string(), e.id));
        all
    }

    /// The reference of all rules as files: name and Markdown.
    #[must_use]
    pub fn reference(&self) -> Vec<(String, String)> {
        let entries = self.entries();
        let pages = entries.iter().map(|e| (format!("{}.md", e.id), e.markdown()));
        std::iter::once(("README.md".to_owned(), markdown::index(&entries))).chain(pages).collect()
    }
}

/// The two parts of a rule's documentation, without their headings.
fn sections(docs: &str) -> (String, String) {
    let text = docs.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
    let (before, rest) = text.split_once("## Why").unwrap_or(("", &text));
    let (why, fix) = rest.split_once("## Fix").unwrap_or((rest, ""));
    let lead = before.trim();
    let why = if lead.is_empty() { why.trim().to_owned() } else { format!("{lead}\n\n{}", why.trim()) };
    (why, fix.trim().to_owned())
}

fn sides(scope: Scope) -> &'static str {
    match scope {
        Scope::Template => "template",
        Scope::Resource | Scope::Estate => "template and live",
        Scope::Account => "live",
    }
}

/// The IAM actions of the collectors that fill the rule's types.
fn actions(rule: &Rule) -> BTreeSet<&'static str> {
    let types: Vec<&str> = rule.kinds().collect();
    let specs = COLLECTORS.iter().map(|c| c.spec()).filter(|s| s.types.iter().any(|t| types.contains(&t.name)));
    specs.flat_map(|s| s.actions.iter().copied()).collect()
}

/// Types that it looks at and that nothing lists.
fn not_collected(rule: &Rule) -> BTreeSet<&'static str> {
    use crate::model::types::{REGION, STACK, TEMPLATE, WHOLE_ACCOUNT};
    let made = [REGION, TEMPLATE, WHOLE_ACCOUNT, STACK];
    rule.kinds().filter(|kind| !made.contains(kind) && crate::collect::reads(kind).is_none()).collect()
}
