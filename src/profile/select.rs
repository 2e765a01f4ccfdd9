//! From profiles and command line filters to the rules that are judged.

use super::{Active, Environment, Profile};
use crate::diag::did_you_mean;
use crate::rules::{self, Category, Severity};

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// Only these rules; rules that no profile lists are judged with their defaults.
    pub rules: Vec<String>,
    /// Not these rules.
    pub exclude: Vec<String>,
    /// Only rules about these services (`ec2`, `rds`…).
    pub services: Vec<String>,
    /// Only rules of these categories.
    pub categories: Vec<Category>,
    /// Only rules of at least this severity.
    pub severity: Option<Severity>,
}

/// Why the rules cannot be chosen.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// A rule that does not exist.
    #[error("there is no rule {name}{}", .suggestion.map(|s| format!("; did you mean {s}?")).unwrap_or_default())]
    NoSuchRule {
        /// What was asked for.
        name: String,
        /// A rule with a similar name.
        suggestion: Option<&'static str>,
    },
    /// A service that no rule is about.
    #[error("no rule is about the service {name}{}", .suggestion.as_ref().map(|s| format!("; did you mean {s}?")).unwrap_or_default())]
    NoSuchService {
        /// What was asked for.
        name: String,
        /// A service with a similar name.
        suggestion: Option<String>,
    },
    /// The filters leave nothing.
    #[error("no rule is left to judge: the filters exclude all of them")]
    NothingLeft,
}

/// What is judged: the rules, and what the profiles say besides.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The rules, by id.
    pub active: Vec<Active>,
    /// Each profile's name with the rules of it that are judged.
    pub profiles: Vec<(String, Vec<&'static str>)>,
    /// Which accounts belong to which environment.
    pub environments: Vec<Environment>,
    /// Whether a template file is judged once for each environment that it can be deployed as.
    pub every_environment: bool,
}

impl Choice {
    /// What profiles and filters come to.
    ///
    /// # Errors
    /// If a filter names something that does not exist, or nothing is left.
    pub fn new(profiles: &[Profile], filters: &Filters) -> Result<Self, SelectError> {
        let active = choose(profiles, filters)?;
        let judged = |p: &Profile| {
            let listed = |a: &&Active| p.active.iter().any(|l| l.rule.id == a.rule.id);
            (p.name.clone(), active.iter().filter(listed).map(|a| a.rule.id).collect())
        };
        Ok(Self {
            profiles: profiles.iter().map(judged).collect(),
            environments: profiles.iter().flat_map(|p| p.environments.iter().cloned()).collect(),
            every_environment: profiles.iter().any(|p| p.every_environment),
            active,
        })
    }

    /// The names of the profiles.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.profiles.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// The rules to judge. Where several profiles list a rule, the last one's parameters and selectors count, and the greatest severity.
fn choose(profiles: &[Profile], filters: &Filters) -> Result<Vec<Active>, SelectError> {
    let wanted = filters.rules.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>()?.concat();
    let unwanted = filters.exclude.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>()?.concat();
    check_services(&filters.services)?;
    let mut active: Vec<Active> = Vec::new();
    for candidate in profiles.iter().flat_map(|p| &p.active) {
        match active.iter_mut().find(|a| a.rule.id == candidate.rule.id) {
            Some(known) => {
                known.severity = known.severity.max(candidate.severity);
                known.params.clone_from(&candidate.params);
                known.scopes.clone_from(&candidate.scopes);
            }
            None => active.push(candidate.clone()),
        }
    }
    if !wanted.is_empty() {
        active.retain(|a| wanted.iter().any(|w| w.id == a.rule.id));
        let extra: Vec<Active> =
            wanted.iter().filter(|w| active.iter().all(|a| a.rule.id != w.id)).map(|w| Active::by_default(w)).collect();
        active.extend(extra);
    }
    active.retain(|a| {
        unwanted.iter().all(|u| u.id != a.rule.id)
            && (filters.services.is_empty()
                || services(a.rule).any(|s| filters.services.iter().any(|f| f.eq_ignore_ascii_case(&s))))
            && (filters.categories.is_empty() || filters.categories.contains(&a.rule.category))
            && filters.severity.is_none_or(|least| a.severity >= least)
    });
    active.sort_by_key(|a| a.rule.id);
    if active.is_empty() { Err(SelectError::NothingLeft) } else { Ok(active) }
}

/// The rules of an id or alias, or an error that suggests one.
pub fn find(name: &str) -> Result<Vec<&'static rules::Rule>, SelectError> {
    let found = rules::named(name);
    if found.is_empty() {
        let suggestion = did_you_mean(name, rules::all().map(|r| r.id));
        return Err(SelectError::NoSuchRule { name: name.to_owned(), suggestion });
    }
    Ok(found)
}

/// The services a rule is about, in lower case: the middle part of its types.
fn services(rule: &rules::Rule) -> impl Iterator<Item = String> {
    rule.types.iter().filter_map(|t| t.split("::").nth(1)).map(str::to_lowercase)
}

fn check_services(asked: &[String]) -> Result<(), SelectError> {
    let known: Vec<String> = rules::all().flat_map(services).collect();
    match asked.iter().find(|name| known.iter().all(|k| !k.eq_ignore_ascii_case(name))) {
        None => Ok(()),
        Some(name) => Err(SelectError::NoSuchService {
            name: name.clone(),
            suggestion: did_you_mean(name, known.iter().map(String::as_str)).map(str::to_owned),
        }),
    }
}
