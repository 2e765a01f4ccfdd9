//! Which properties a scan is about, for those that cost a call of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Property names by type, and in it by physical id.
pub type Declared = HashMap<Arc<str>, HashMap<Arc<str>, BTreeSet<Arc<str>>>>;

/// Properties that rules or templates look at. Listings fill what they fill; a call per resource is made only for these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// By type, or under `*` for every type: what the rules look at.
    pub by_rules: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// By type and physical id: what the resource's template declares.
    pub declared: Declared,
    /// Everything is wanted.
    pub all: bool,
}

impl Wanted {
    /// Everything, of everything.
    #[must_use]
    pub fn everything() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// Whether one of these properties of a resource is wanted.
    #[must_use]
    pub fn wants(&self, kind: &str, id: &str, properties: &[&str]) -> bool {
        let hit = |set: &BTreeSet<Arc<str>>| properties.iter().any(|p| set.contains(*p));
        self.all || self.of_rules(kind).any(hit) || self.declared.get(kind).and_then(|ids| ids.get(id)).is_some_and(hit)
    }

    /// What the rules look at of a type, and of every type.
    fn of_rules(&self, kind: &str) -> impl Iterator<Item = &BTreeSet<Arc<str>>> {
        [kind, "*"].into_iter().filter_map(|kind| self.by_rules.get(kind))
    }

    /// Whether a resource of this type and id is in a template.
    #[must_use]
    pub fn declares(&self, kind: &str, id: &str) -> bool {
        self.declared.get(kind).is_some_and(|ids| ids.contains_key(id))
    }

    /// Whether one of these properties is wanted of any resource of a type.
    #[must_use]
    pub fn wants_any(&self, kind: &str, properties: &[&str]) -> bool {
        let hit = |set: &BTreeSet<Arc<str>>| properties.iter().any(|p| set.contains(*p));
        self.all || self.of_rules(kind).any(hit) || self.declared.get(kind).is_some_and(|ids| ids.values().any(hit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_want_a_property_of_every_resource_and_a_template_of_its_own_only() {
        let set = |name: &str| BTreeSet::from([Arc::<str>::from(name)]);
        let wanted = Wanted {
            by_rules: BTreeMap::from([("T".into(), set("Logging"))]),
            declared: HashMap::from([("T".into(), HashMap::from([("a".into(), set("Website"))]))]),
            all: false,
        };
        assert!(wanted.wants("T", "any", &["Logging"]));
        assert!(wanted.wants("T", "a", &["Other", "Website"]));
        assert!(!wanted.wants("T", "b", &["Website"]));
        assert!(wanted.wants_any("T", &["Website"]) && !wanted.wants_any("U", &["Website"]));
        let tags = Wanted { by_rules: BTreeMap::from([("*".into(), set("Tags"))]), ..Wanted::default() };
        assert!(tags.wants("T", "any", &["Tags"]) && tags.wants_any("U", &["Tags"]) && !tags.wants_any("U", &["Name"]));
        assert!(Wanted::everything().wants("U", "x", &["Anything"]));
    }
}
