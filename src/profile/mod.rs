//! Compliance profiles: which rules are judged, how severely, with which parameters.

mod framework;
mod places;
mod schema;
mod select;
mod selector;
mod values;

pub use framework::{Coverage, Framework};
pub use select::{Choice, Filters, SelectError, find};
pub use selector::Selector;
pub use values::param_value;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobSet;

use crate::diag::{Diagnostic, did_you_mean};
use crate::model::Resource;
use crate::rules::{Params, Rule, Severity};
use crate::source::Sources;

/// A rule that is judged.
#[derive(Clone, Debug)]
pub struct Active {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad a failure is here.
    pub severity: Severity,
    /// The parameters in force.
    pub params: Params,
    /// Which resources are meant: those that each selector selects (`true`) or does not select (`false`).
    pub scopes: Vec<(bool, Arc<Selector>)>,
}

impl Active {
    /// A rule as it is declared.
    #[must_use]
    pub fn by_default(rule: &'static Rule) -> Self {
        Self { rule, severity: rule.severity, params: Params::defaults(rule.params), scopes: Vec::new() }
    }

    /// Every type that it looks at with these parameters.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.rule.kinds_with(|param| self.params.bool(param))
    }

    /// The properties that it looks at with these parameters and that cost a call per resource: type and name.
    pub fn properties(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.rule.properties_with(|param| self.params.bool(param))
    }

    /// Whether the profile means a resource; `None` if what it asks for is not known of it.
    #[must_use]
    pub fn means(&self, r: &Resource) -> Option<bool> {
        let mut open = false;
        for (keep, selector) in &self.scopes {
            match selector.selects(r).map(|selected| selected == *keep) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => open = true,
            }
        }
        (!open).then_some(true)
    }
}

/// A profile that was understood.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// What it is called.
    pub name: String,
    /// One line about it.
    pub title: String,
    /// Its rules, in its order.
    pub active: Vec<Active>,
    /// Which accounts belong to which environment.
    pub environments: Vec<Environment>,
    /// Whether a template is judged once for each environment that it can be deployed as.
    pub every_environment: bool,
    /// The framework that it is a view of.
    pub framework: Option<Framework>,
    /// Rules that it does without, and why.
    pub left_out: Vec<LeftOut>,
}

/// The accounts of an environment.
#[derive(Clone, Debug)]
pub struct Environment {
    /// `production`.
    pub name: Arc<str>,
    /// Patterns of account ids.
    pub accounts: GlobSet,
}

/// A rule that a profile does without.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// The rule.
    pub rule: &'static Rule,
    /// Why.
    pub why: String,
}

impl Profile {
    /// Takes over what another profile says; of a rule that both list, the later one's word counts.
    fn inherit(&mut self, parent: Self) {
        for active in parent.active {
            self.active.retain(|a| a.rule.id != active.rule.id);
            self.active.push(active);
        }
        self.environments.extend(parent.environments);
        self.every_environment |= parent.every_environment;
        self.left_out.extend(parent.left_out);
    }
}

/// The name of the profile that is used if none is asked for.
pub const DEFAULT: &str = "baseline";

/// The profiles that come with driftline: name and text.
pub static BUILT_IN: &[(&str, &str)] = &[
    ("aws-fsbp", include_str!("../../profiles/aws-fsbp.yaml")),
    ("baseline", include_str!("../../profiles/baseline.yaml")),
    ("cis-aws", include_str!("../../profiles/cis-aws.yaml")),
    ("corp-enterpriseapp", include_str!("../../profiles/corp-enterpriseapp.yaml")),
    ("ecommerce-ha", include_str!("../../profiles/ecommerce-ha.yaml")),
    ("novacart", include_str!("../../profiles/novacart.yaml")),
    ("payflow-pci", include_str!("../../profiles/payflow-pci.yaml")),
    ("pci-dss", include_str!("../../profiles/pci-dss.yaml")),
    ("tapstack", include_str!("../../profiles/tapstack.yaml")),
];

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Neither a built-in profile nor a file.
    #[error("there is no profile {name}{}", .suggestion.map(|s| format!("; did you mean {s}?")).unwrap_or_default())]
    NotFound {
        /// What was asked for.
        name: String,
        /// A built-in profile with a similar name.
        suggestion: Option<&'static str>,
    },
    /// The file cannot be read.
    #[error("failed to read profile {name}: {source}")]
    Unreadable {
        /// The path.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// It extends itself, directly or through others.
    #[error("profile {name} extends itself")]
    Circular {
        /// The profile.
        name: String,
    },
    /// The file is not a profile.
    #[error("profile {name} is not valid")]
    Invalid {
        /// Name or path.
        name: String,
        /// What is wrong, and where.
        diagnostics: Vec<Diagnostic>,
    },
}

/// A built-in profile by its name, or one from a file.
///
/// # Errors
/// If there is none, it cannot be read, or it is not valid.
pub fn load(sources: &mut Sources, name: &str) -> Result<Profile, ProfileError> {
    load_from(sources, name, None, &mut Vec::new())
}

/// Loads a profile. A path is looked up from the folder of the profile that extends it; `open` are those that are being read.
fn load_from(
    sources: &mut Sources,
    name: &str,
    folder: Option<&Path>,
    open: &mut Vec<PathBuf>,
) -> Result<Profile, ProfileError> {
    let built_in = BUILT_IN.iter().find(|(built_in, _)| *built_in == name);
    let path = match (built_in, folder) {
        (Some((name, _)), _) => PathBuf::from(format!("profiles/{name}.yaml")),
        (None, Some(folder)) => folder.join(name),
        (None, None) => PathBuf::from(name),
    };
    let text = match built_in {
        Some((_, text)) => (*text).to_owned(),
        None if !path.exists() => {
            let suggestion = did_you_mean(name, BUILT_IN.iter().map(|(name, _)| *name));
            return Err(ProfileError::NotFound { name: name.to_owned(), suggestion });
        }
        None => std::fs::read_to_string(&path)
            .map_err(|source| ProfileError::Unreadable { name: name.to_owned(), source })?,
    };
    if open.contains(&path) {
        return Err(ProfileError::Circular { name: name.to_owned() });
    }
    open.push(path.clone());
    let folder = path.parent().filter(|_| built_in.is_none()).map(Path::to_owned);
    let mut parent = |sources: &mut Sources, name: &str| {
        load_from(sources, name, folder.as_deref(), open).map_err(|error| match error {
            ProfileError::Invalid { diagnostics, .. } => schema::Parent::Invalid(diagnostics),
            other => schema::Parent::Missing(other.to_string()),
        })
    };
    let read = schema::read(sources, &path.display().to_string(), &text, &mut parent)
        .map_err(|diagnostics| ProfileError::Invalid { name: name.to_owned(), diagnostics });
    open.pop();
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_profile_is_valid() {
        for (name, _) in BUILT_IN {
            let mut sources = Sources::default();
            match load(&mut sources, name) {
                Ok(profile) => assert!(!profile.active.is_empty() && profile.name == *name),
                Err(ProfileError::Invalid { diagnostics, .. }) => {
                    let text: Vec<String> = diagnostics.iter().map(|d| d.render(&sources, false)).collect();
                    panic!("{name}: {}", text.join("\n"));
                }
                Err(other) => panic!("{name}: {other}"),
            }
        }
    }
}
