//! Compliance profiles: which rules are judged, how severely, with which parameters.

mod schema;
mod select;

pub use schema::param_value;
pub use select::{Filters, SelectError, choose, find};

use std::path::Path;

use crate::diag::{Diagnostic, did_you_mean};
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
}

impl Active {
    /// A rule as it is declared.
    #[must_use]
    pub fn by_default(rule: &'static Rule) -> Self {
        Self { rule, severity: rule.severity, params: Params::defaults(rule.params) }
    }
}

/// A profile that was understood.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What it is called.
    pub name: String,
    /// One line about it.
    pub title: String,
    /// Its rules, in its order.
    pub active: Vec<Active>,
}

/// The name of the profile that is used if none is asked for.
pub const DEFAULT: &str = "baseline";

/// The profiles that come with driftline: name and text.
pub static BUILT_IN: &[(&str, &str)] = &[
    ("baseline", include_str!("../../profiles/baseline.yaml")),
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
    if let Some((name, text)) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
        return read(sources, &format!("profiles/{name}.yaml"), text);
    }
    let path = Path::new(name);
    if !path.exists() {
        let suggestion = did_you_mean(name, BUILT_IN.iter().map(|(name, _)| *name));
        return Err(ProfileError::NotFound { name: name.to_owned(), suggestion });
    }
    let text =
        std::fs::read_to_string(path).map_err(|source| ProfileError::Unreadable { name: name.to_owned(), source })?;
    read(sources, name, &text)
}

fn read(sources: &mut Sources, name: &str, text: &str) -> Result<Profile, ProfileError> {
    schema::read(sources, name, text)
        .map_err(|diagnostics| ProfileError::Invalid { name: name.to_owned(), diagnostics })
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
