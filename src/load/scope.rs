//! The names that a template defines, and what it says about names that it does not.

use std::sync::{Arc, LazyLock};

use super::names;
use crate::model::{Map, Value};

static NOTHING: LazyLock<Map> = LazyLock::new(Map::new);

/// The sections of a template, by name.
pub(super) struct Scope<'a> {
    /// The whole document.
    pub(super) root: &'a Value,
    /// `Parameters`.
    pub(super) parameters: &'a Map,
    /// `Mappings`.
    pub(super) mappings: &'a Map,
    /// `Conditions`.
    pub(super) conditions: &'a Map,
    /// `Resources`.
    pub(super) resources: &'a Map,
}

/// Transforms that change nothing but the functions they add.
const UNDERSTOOD: &[&str] = &[EXTENSIONS];
const EXTENSIONS: &str = "AWS::LanguageExtensions";

impl<'a> Scope<'a> {
    /// Looks the sections up; a missing one is empty.
    pub(super) fn new(root: &'a Value) -> Self {
        let section = |name: &str| root.child(name).and_then(Value::as_map).unwrap_or(&NOTHING);
        Self {
            root,
            parameters: section("Parameters"),
            mappings: section("Mappings"),
            conditions: section("Conditions"),
            resources: section("Resources"),
        }
    }

    /// The names in the `Transform` section that are not understood, each with its value.
    pub(super) fn transforms(&self) -> Vec<(Arc<str>, &'a Value)> {
        let Some(section) = self.root.child("Transform") else { return Vec::new() };
        let each = section.as_list().unwrap_or(std::slice::from_ref(section));
        let name = |t: &'a Value| Some((t.text().or_else(|| t.child("Name")?.text())?, t));
        each.iter().filter_map(name).filter(|(name, _)| !UNDERSTOOD.contains(&&**name)).collect()
    }

    /// Whether the template may use loops and the functions that `AWS::LanguageExtensions` adds.
    pub(super) fn is_extended(&self) -> bool {
        let Some(section) = self.root.child("Transform") else { return false };
        let each = section.as_list().unwrap_or(std::slice::from_ref(section));
        each.iter().any(|t| t.as_str().or_else(|| t.child("Name")?.as_str()) == Some(EXTENSIONS))
    }

    /// What may add resources that the text does not show: a transform, a loop, an include.
    pub(super) fn expansion(&self) -> Option<Arc<str>> {
        let loops = self.resources.keys().find(|key| names::is_expansion(key)).cloned();
        let foreign = || self.resources.values().find_map(|r| foreign_type(&r.value));
        let include = || self.root.child("Fn::Transform").map(|_| "Fn::Transform".into());
        self.transforms().into_iter().next().map(|(name, _)| name).or(loops).or_else(foreign).or_else(include)
    }

    /// Whether a macro of somebody's own may rewrite anything in the template.
    pub(super) fn has_macro(&self) -> bool {
        self.transforms().iter().any(|(name, _)| !name.starts_with("AWS::"))
    }
}

/// A `Type` written with a tag that is no CloudFormation function: another tool's module.
fn foreign_type(resource: &Value) -> Option<Arc<str>> {
    let map = resource.child("Type")?.as_map()?;
    map.keys().next().cloned()
}
