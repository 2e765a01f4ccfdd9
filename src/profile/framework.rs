//! A view of the rules by the controls of a framework: which of them a rule judges, and which none can.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Which edition of it.
    pub edition: String,
    /// The share of all controls that rules judge, in percent, rounded down.
    pub percent: usize,
    /// Controls that rules judge, each with the rules.
    pub covered: BTreeMap<String, Vec<&'static str>>,
    /// Controls that cannot be judged from a template or an account's settings, each with the reason.
    pub cannot: BTreeMap<String, String>,
    /// Controls that no rule judges yet.
    pub missing: Vec<String>,
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
    pub fn coverage(&self, active: &[Active]) -> Coverage {
        let mut covered: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        for a in active {
            for control in self.of(a.rule) {
                covered.entry(control.to_owned()).or_default().push(a.rule.id);
            }
        }
        let open = || self.controls.iter().filter(|c| !covered.contains_key(*c));
        let cannot = open().filter_map(|c| Some((c.clone(), self.cannot.get(c)?.clone()))).collect();
        let missing = open().filter(|c| !self.cannot.contains_key(*c)).cloned().collect();
        let percent = (covered.len() * 100).checked_div(self.controls.len()).unwrap_or(0);
        Coverage { edition: self.edition.clone(), percent, covered, cannot, missing }
    }
}

impl Coverage {
    /// How many controls the framework has.
    #[must_use]
    pub fn controls(&self) -> usize {
        self.covered.len() + self.cannot.len() + self.missing.len()
    }
}
