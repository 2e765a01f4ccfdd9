//! Which resources a profile means: by type, account, region, stack, name, tag and environment.

use std::collections::BTreeMap;

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde::Deserialize;

use crate::model::{Kind, Resource};

/// A selector as it is written: each list holds patterns with `*` and `?`, of which one must fit; all lists that are given must fit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSelector {
    #[serde(default)]
    types: Vec<String>,
    #[serde(default)]
    accounts: Vec<String>,
    #[serde(default)]
    regions: Vec<String>,
    #[serde(default)]
    stacks: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    environments: Vec<String>,
    #[serde(default)]
    tags: BTreeMap<String, Option<String>>,
}

/// Selects resources. Has three answers: what is asked for may not be known of a resource.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    types: Option<GlobSet>,
    accounts: Option<GlobSet>,
    regions: Option<GlobSet>,
    stacks: Option<GlobSet>,
    names: Option<GlobSet>,
    environments: Option<GlobSet>,
    /// Each with the pattern that its value must fit; without one it must only be there.
    tags: Vec<(String, Option<GlobSet>)>,
}

/// A pattern that cannot be understood: the path of it in the selector, and why.
pub(super) type BadPattern = (String, String);

impl RawSelector {
    /// Compiles the patterns.
    pub(super) fn compile(&self) -> Result<Selector, BadPattern> {
        let tag = |(key, value): (&String, &Option<String>)| {
            let pattern = value
                .as_ref()
                .map(|v| patterns(std::slice::from_ref(v)).map_err(|(_, why)| (format!("tags.{key}"), why)));
            Ok((key.clone(), pattern.transpose()?))
        };
        Ok(Selector {
            types: listed("types", &self.types)?,
            accounts: listed("accounts", &self.accounts)?,
            regions: listed("regions", &self.regions)?,
            stacks: listed("stacks", &self.stacks)?,
            names: listed("names", &self.names)?,
            environments: listed("environments", &self.environments)?,
            tags: self.tags.iter().map(tag).collect::<Result<_, BadPattern>>()?,
        })
    }
}

fn listed(name: &str, texts: &[String]) -> Result<Option<GlobSet>, BadPattern> {
    if texts.is_empty() {
        return Ok(None);
    }
    patterns(texts).map(Some).map_err(|(n, why)| (format!("{name}.{n}"), why))
}

/// Patterns of which one must fit, or the number of the one that is broken.
pub(super) fn patterns(texts: &[String]) -> Result<GlobSet, (usize, String)> {
    let mut set = GlobSetBuilder::new();
    for (n, text) in texts.iter().enumerate() {
        set.add(Glob::new(text).map_err(|error| (n, error.kind().to_string()))?);
    }
    set.build().map_err(|error| (0, error.kind().to_string()))
}

impl Selector {
    /// Whether it selects a resource; `None` if what it asks for is not known of it.
    #[must_use]
    pub fn selects(&self, r: &Resource) -> Option<bool> {
        let address = &r.address;
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let names = || [&address.logical_id, &address.physical_id].into_iter().flatten();
        let answers = [
            fits(self.types.as_ref(), || Some(vec![r.kind.to_string()])),
            fits(self.accounts.as_ref(), || known(&address.account).map(|a| vec![a])),
            fits(self.regions.as_ref(), || known(&address.region).map(|region| vec![region])),
            fits(self.stacks.as_ref(), || Some(address.stack_name().map(str::to_owned).into_iter().collect())),
            fits(self.names.as_ref(), || Some(names().map(ToString::to_string).collect())),
            fits(self.environments.as_ref(), || r.environment.as_ref().map(|e| vec![e.to_string()])),
        ];
        all(answers.into_iter().chain(self.tags.iter().map(|(key, pattern)| tagged(r, key, pattern.as_ref()))))
    }
}

/// Kleene's *and*.
fn all(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut open = false;
    for answer in answers {
        match answer {
            Some(false) => return Some(false),
            Some(true) => {}
            None => open = true,
        }
    }
    (!open).then_some(true)
}

fn fits(patterns: Option<&GlobSet>, texts: impl FnOnce() -> Option<Vec<String>>) -> Option<bool> {
    patterns.map_or(Some(true), |set| Some(texts()?.iter().any(|text| set.is_match(text))))
}

fn tagged(r: &Resource, key: &str, pattern: Option<&GlobSet>) -> Option<bool> {
    let tags = r.get("Tags");
    match r.tag(key) {
        Some(value) => Some(pattern.is_none_or(|set| set.is_match(&*value))),
        None if tags.why_unknown().is_some() => None,
        // A value that is not known yet, or a tag that is there under a condition.
        None if tags.value().is_some_and(|v| holds_unknown(&v.kind)) => None,
        None => Some(false),
    }
}

fn holds_unknown(kind: &Kind) -> bool {
    match kind {
        Kind::Unknown(_) | Kind::Ref(_) => true,
        Kind::List(items) => items.iter().any(|v| holds_unknown(&v.kind)),
        Kind::Map(map) => map.values().any(|e| holds_unknown(&e.value.kind)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Unknown, World, from_json};
    use crate::source::Span;

    fn selector(yaml: &str) -> Selector {
        serde_yaml::from_str::<RawSelector>(yaml).unwrap().compile().unwrap()
    }

    fn bucket(tags: &serde_json::Value) -> Resource {
        let address = Address {
            account: "123456789012".into(),
            region: "eu-west-1".into(),
            stack: Some("arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1".into()),
            logical_id: Some("Uploads".into()),
            physical_id: Some("shop-uploads".into()),
            arn: None,
        };
        let mut r = Resource::new("AWS::S3::Bucket", address, World::Open { reads: &["Tags"] }, Span::LIVE);
        r.properties = from_json(&serde_json::json!({ "Tags": tags }));
        r
    }

    #[test]
    fn everything_that_is_asked_for_must_fit() {
        let r = bucket(&serde_json::json!([{"Key": "Team", "Value": "web"}]));
        for (yaml, answer) in [
            ("{}", Some(true)),
            ("types: ['AWS::S3::*']", Some(true)),
            ("types: ['AWS::EC2::*', 'AWS::S3::Bucket']", Some(true)),
            ("{types: ['AWS::S3::*'], regions: ['us-*']}", Some(false)),
            ("accounts: ['1234*']", Some(true)),
            ("stacks: [shop]", Some(true)),
            ("names: ['*-uploads']", Some(true)),
            ("names: [Uploads]", Some(true)),
            ("tags: {Team: w*}", Some(true)),
            ("tags: {Team: null}", Some(true)),
            ("tags: {Team: ops}", Some(false)),
            ("tags: {Owner: null}", Some(false)),
            ("environments: [production]", None),
            ("{environments: [production], regions: [us-east-1]}", Some(false)),
        ] {
            assert_eq!(selector(yaml).selects(&r), answer, "{yaml}");
        }
    }

    #[test]
    fn what_is_not_known_of_a_resource_leaves_it_open() {
        let mut r = bucket(&serde_json::json!([]));
        r.set("Tags", Kind::Unknown(Unknown::NotCollected));
        assert_eq!(selector("tags: {Team: web}").selects(&r), None);
        r.address.account = "".into();
        assert_eq!(selector("accounts: ['*']").selects(&r), None);
    }

    #[test]
    fn a_broken_pattern_is_pointed_at() {
        let raw: RawSelector = serde_yaml::from_str("regions: [eu-west-1, '[x']").unwrap();
        assert_eq!(raw.compile().unwrap_err().0, "regions.1");
    }
}
