//! The same tag is spelled the same way everywhere.

use std::collections::BTreeMap;

use crate::model::{Provenance, Resource};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

use super::tagged::{Tag, Tags};

/// So many places of a fault are told; the others are like them.
const MAX_PLACES: usize = 20;

rules! {
    /// ## Why
    /// `Environment`, `environment` and `Env` are three tags: a report or a policy by one of them misses what carries the others.
    ///
    /// Of each key, whatever its case, there is one spelling in the whole account; `synonyms` are variants of a key too. Keys of
    /// `single_value_keys` have one value. The spelling that most resources carry is taken for the right one. Values that cannot be resolved are
    /// left out; tags that could not be read leave the rule unknown unless it fails. Tags that AWS sets (`aws:…`) do not count.
    ///
    /// ## Fix
    /// ```yaml
    /// Tags:
    ///   - {Key: Environment, Value: !Ref Environment} # not environment, not Env
    /// ```
    ///
    /// ```sh
    /// aws resourcegroupstaggingapi untag-resources --resource-arn-list ARN --tag-keys environment
    /// aws resourcegroupstaggingapi tag-resources --resource-arn-list ARN --tags Environment=prod
    /// ```
    "tag-keys-consistent" => {
        title: "Tag keys and values are spelled the same way everywhere.",
        category: Governance,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Account"],
        reads: [
            "*.Tags", "*.BackupPlanTags", "*.BackupVaultTags", "*.HealthCheckTags", "*.HostedZoneTags", "*.ResourceTags",
        ],
        params: {
            single_value_keys: Preset::Texts(&["Environment", "Project"]) => "keys that have one value everywhere",
            synonyms: Preset::Lists(&[("CostCenter", &["cost-center", "cost_center"]), ("Environment", &["env", "stage"])])
                => "keys, each with further spellings that count as variants of it",
        },
        equivalents: [],
        check: consistent,
    }
}

/// Where a spelling is used.
type Uses<'a> = Vec<(&'a Resource, Evidence)>;
/// By spelling.
type Spellings<'a> = BTreeMap<String, Uses<'a>>;

fn consistent(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let synonyms = synonyms(cx);
    let single: Vec<String> = cx.params.texts("single_value_keys").iter().map(|key| key.to_lowercase()).collect();
    let (mut keys, mut values): (BTreeMap<String, Spellings<'_>>, BTreeMap<String, Spellings<'_>>) = Default::default();
    let mut unread = Vec::new();
    let of_account = cx.estate.iter().filter(|other| other.address.near(&r.address));
    for other in of_account.filter(|other| other.provenance != Provenance::Service) {
        let Some(tags) = Tags::of(other) else { continue };
        if let Some(why) = tags.incomplete.as_ref().filter(|_| unread.len() < MAX_PLACES) {
            unread.push(Evidence::unknown(&tags.read, "tags spelled as everywhere", why).on(other.address.name()));
        }
        for tag in &tags.list {
            let lower = tag.key.to_lowercase();
            let key = synonyms.get(&lower).cloned().unwrap_or(lower);
            if single.contains(&key)
                && let Some(text) = tag.value.value().and_then(crate::model::Value::text)
            {
                values.entry(key.clone()).or_default().entry(text.to_string()).or_default().push((other, at(tag)));
            }
            keys.entry(key).or_default().entry(tag.key.clone()).or_default().push((other, at(tag)));
        }
    }
    if keys.is_empty() && unread.is_empty() {
        return None;
    }
    let faults: Vec<Evidence> = keys
        .values()
        .flat_map(|spellings| deviating(spellings, |right| format!("the key {right}")))
        .chain(values.iter().flat_map(|(key, spellings)| {
            deviating(spellings, |right| format!("{right}, the value of {key} elsewhere"))
        }))
        .collect();
    Some(match (faults.is_empty(), unread.is_empty()) {
        (false, _) => Verdict::Fail(faults),
        (true, false) => Verdict::Unknown(unread),
        (true, true) => Verdict::Pass,
    })
}

/// From a variant to its key, all in lower case.
fn synonyms(cx: &Context<'_>) -> BTreeMap<String, String> {
    let lists = cx.params.lists("synonyms");
    lists.flat_map(|(key, list)| list.iter().map(move |variant| (variant.to_lowercase(), key.to_lowercase()))).collect()
}

/// The key or value of a tag as evidence; what is expected is filled in later.
fn at(tag: &Tag<'_>) -> Evidence {
    let mut evidence = Evidence::of(&tag.value, "");
    evidence.actual = Some(format!("{}={}", tag.key, evidence.actual.unwrap_or_default()));
    evidence
}

/// Every use of a spelling other than the most common one.
fn deviating(spellings: &Spellings<'_>, expected: impl Fn(&str) -> String) -> Vec<Evidence> {
    let Some((right, _)) = spellings.iter().max_by_key(|(_, uses)| uses.len()) else { return Vec::new() };
    let others = spellings.iter().filter(|(spelling, _)| *spelling != right);
    let told = others.flat_map(|(_, uses)| uses).take(MAX_PLACES);
    told.map(|(r, evidence)| Evidence { expected: expected(right), ..evidence.clone() }.on(r.address.name())).collect()
}
