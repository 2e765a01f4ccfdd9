//! A view of the rules by the controls of a framework: which of them a rule judges, and which none can.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Active;
use crate::rules::Rule;

/// A published list of controls.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// How rules name it among their equivalents: `cis-5.0`.
    pub equivalents: String,
    /// Which edition the controls are of.
    pub edition: String,
    /// Every control of it that is about AWS resources.
    pub controls: Vec<String>,
    /// Controls that no rule can judge, and why.
    #[serde(default)]
    pub cannot: BTreeMap<String, String>,
}

/// What a profile judges of a framework.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage<'a> {
    /// The controls that rules judge, each with the rules.
    pub covered: BTreeMap<&'a str, Vec<&'static str>>,
    /// Controls that cannot be judged from a template or an account's settings.
    pub cannot: Vec<(&'a str, &'a str)>,
    /// Controls that no rule judges yet.
    pub missing: Vec<&'a str>,
}

impl Framework {
    /// Whether a rule judges one of its controls.
    #[must_use]
    pub fn names(&self, rule: &Rule) -> bool {
        self.of(rule).next().is_some()
    }

    /// The controls that a rule judges.
    fn of<'r>(&'r self, rule: &Rule) -> impl Iterator<Item = &'r str> {
        let named: BTreeSet<&str> = rule
            .equivalents
            .iter()
            .filter_map(|e| e.split_once('/'))
            .filter(|(tool, _)| *tool == self.equivalents)
            .map(|(_, id)| id)
            .collect();
        self.controls.iter().map(String::as_str).filter(move |control| named.contains(control))
    }

    /// What the rules of a profile judge of it.
    #[must_use]
    pub fn coverage(&self, active: &[Active]) -> Coverage<'_> {
        let mut covered: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
        for a in active {
            for control in self.of(a.rule) {
                covered.entry(control).or_default().push(a.rule.id);
            }
        }
        let open = || self.controls.iter().map(String::as_str).filter(|c| !covered.contains_key(c));
        let cannot = open().filter_map(|c| Some((c, self.cannot.get(c)?.as_str()))).collect::<Vec<_>>();
        let missing = open().filter(|c| !self.cannot.contains_key(*c)).collect::<Vec<_>>();
        Coverage { covered, cannot, missing }
    }
}

impl Coverage<'_> {
    /// The share of all controls that rules judge, in percent, rounded down.
    #[must_use]
    pub fn percent(&self) -> usize {
        let all = self.covered.len() + self.cannot.len() + self.missing.len();
        (self.covered.len() * 100).checked_div(all).unwrap_or(0)
    }
}
