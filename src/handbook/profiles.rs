//! What can be said of a profile.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::profile::{Coverage, Profile};
use crate::rules::{Category, Severity};

/// Everything that is known of a profile.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// Its name.
    pub name: String,
    /// One line about it.
    pub title: String,
    /// Its rules.
    pub rules: Vec<Listed>,
    /// Rules that it does without on purpose, each with the reason.
    pub left_out: BTreeMap<&'static str, String>,
    /// What it covers of the framework that it is a view of.
    pub framework: Option<Coverage>,
}

/// A rule of a profile.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// The rule.
    pub id: &'static str,
    /// Its severity here.
    pub severity: Severity,
    /// What it is about.
    pub category: Category,
    /// What holds when it passes.
    pub title: &'static str,
    /// Parameters that are not at their defaults.
    pub parameters: BTreeMap<&'static str, String>,
    /// Whether it is judged on some resources only.
    pub selective: bool,
}

impl Page {
    /// Describes a profile.
    #[must_use]
    pub fn new(profile: &Profile) -> Self {
        let rules = profile.active.iter().map(|a| {
            let defaults: BTreeMap<&str, String> =
                a.rule.params.iter().map(|p| (p.name, p.default.value().to_string())).collect();
            let set = a.params.iter().map(|(name, value)| (name, value.to_string()));
            Listed {
                id: a.rule.id,
                severity: a.severity,
                category: a.rule.category,
                title: a.rule.title,
                parameters: set.filter(|(name, value)| defaults.get(name) != Some(value)).collect(),
                selective: !a.scopes.is_empty(),
            }
        });
        Self {
            name: profile.name.clone(),
            title: profile.title.clone(),
            rules: rules.collect(),
            left_out: profile.left_out.iter().map(|l| (l.rule.id, l.why.clone())).collect(),
            framework: profile.framework.as_ref().map(|framework| framework.coverage(&profile.active)),
        }
    }

    /// As Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n\n{}\n\n{} rules.\n", self.name, self.title, self.rules.len());
        if let Some(share) = &self.framework {
            let _ = writeln!(
                out,
                "\n{}% of the framework ({}): rules judge {} of its {} controls, {} have no rule, {} cannot be judged from templates and settings.",
                share.percent,
                share.edition,
                share.covered.len(),
                share.controls(),
                share.missing.len(),
                share.cannot.len()
            );
        }
        out.push_str("\n| rule | severity | category | parameters | |\n|---|---|---|---|---|\n");
        for r in &self.rules {
            let set: Vec<String> =
                r.parameters.iter().map(|(k, v)| format!("{k}: {}", v.replace('|', "\\|"))).collect();
            let selective = if r.selective { " (some resources only)" } else { "" };
            let (id, severity, category, title) = (r.id, r.severity, r.category, r.title);
            let _ = writeln!(out, "| {id}{selective} | {severity} | {category} | {} | {title} |", set.join("; "));
        }
        if !self.left_out.is_empty() {
            out.push_str("\n## Left out on purpose\n\n");
            for (rule, why) in &self.left_out {
                let _ = writeln!(out, "- {rule}: {why}");
            }
        }
        if let Some(share) = &self.framework {
            out.push_str("\n## Controls with rules\n\n");
            for (control, rules) in &share.covered {
                let _ = writeln!(out, "- {control}: {}", rules.join(", "));
            }
            let _ = writeln!(out, "\n## Controls without a rule\n\n{}", share.missing.join(", "));
            if !share.cannot.is_empty() {
                out.push_str("\n## Controls that cannot be judged\n\n");
                for (control, why) in &share.cannot {
                    let _ = writeln!(out, "- {control}: {why}");
                }
            }
        }
        out
    }
}
