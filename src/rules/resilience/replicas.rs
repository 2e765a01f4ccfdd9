//! Settings and secrets that are there when another region takes over.

use crate::model::network::about;
use crate::model::{Address, Items, Read, Resource, Unknown, Value};
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

const PARAMETER: &str = "AWS::SSM::Parameter";

rules! {
    /// ## Why
    /// The servers come up in the recovery region, ask for their configuration and their passwords, and get nothing.
    ///
    /// For profiles that ask for it. A secret must be replicated to each of `dr_regions`, to any region if there are none, and observed copies
    /// must not have failed. Parameter Store does not replicate: a parameter whose name begins with one of `prefixes` must exist in each of
    /// `dr_regions`, which only AWS can tell. Parameters under no prefix, secrets that an AWS service manages, and copies themselves are
    /// left out.
    ///
    /// ## Fix
    /// ```yaml
    /// ReplicaRegions: [{Region: eu-central-1}]
    /// ```
    "ssm-parameter-cross-region-replicated" => {
        title: "Parameters and secrets needed for recovery exist in the recovery region.",
        category: Resilience,
        severity: Low,
        scope: Estate,
        types: ["AWS::SecretsManager::Secret", "AWS::SSM::Parameter"],
        reads: ["AWS::SecretsManager::Secret.ReplicaRegions"],
        params: {
            prefixes: Preset::Texts(&[]) => "beginnings of the names of parameters that must exist in every recovery region",
            dr_regions: Preset::Texts(&[]) => "recovery regions",
        },
        equivalents: [],
        check: |r, cx| if &*r.kind == PARAMETER { parameter(r, cx) } else { secret(r, cx) },
    }
}

fn secret(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let text = |fact: &str| r.attribute(fact).as_str().map(str::to_owned);
    let copy = text("PrimaryRegion").is_some_and(|region| *region != *r.address.region);
    if text("OwningService").is_some() || copy {
        return None;
    }
    let replicas = r.get("ReplicaRegions");
    let wanted = cx.params.texts("dr_regions");
    let expected = if wanted.is_empty() {
        "a replica in another region".to_owned()
    } else {
        format!("replicas in {}", wanted.join(", "))
    };
    let items = match replicas.items() {
        Items::Absent => return Some(check::fail(&replicas, &expected)),
        Items::Unknown => return Some(check::unknown(&replicas, &expected)),
        Items::Are(items) => items,
    };
    let regions: Vec<Read<'_>> = items.iter().map(|item| item.get("Region")).collect();
    let there = if wanted.is_empty() && !items.is_empty() {
        Verdict::Pass
    } else if wanted.is_empty() {
        check::fail(&replicas, &expected)
    } else {
        Verdict::all(wanted.iter().filter(|region| **region != *r.address.region).map(|region| {
            let is = |read: &Read<'_>| check::require(read, region, |v| Some(v.as_str()?.eq_ignore_ascii_case(region)));
            match Verdict::any(regions.iter().map(is), || check::fail(&replicas, region)) {
                Verdict::Fail(_) => check::fail(&replicas, &format!("a replica in {region}")),
                other => other,
            }
        }))
    };
    Some(there.and(in_sync(r)))
}

/// No observed copy has failed.
fn in_sync(r: &Resource) -> Verdict {
    let status = r.attribute("ReplicationStatus");
    check::each(&status, "InSync", |copy| {
        check::allow_absent(&copy.get("Status"), "InSync", |v| Some(!v.as_str()?.eq_ignore_ascii_case("Failed")))
    })
}

fn parameter(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (prefixes, regions) = (cx.params.texts("prefixes"), cx.params.texts("dr_regions"));
    let elsewhere: Vec<&String> = regions.iter().filter(|region| ***region != *r.address.region).collect();
    if prefixes.is_empty() || elsewhere.is_empty() || regions.iter().any(|region| **region == *r.address.region) {
        return None;
    }
    let name = r.get("Name");
    let Some(text) = name.as_str() else {
        // Without a name of its own it is nobody's to look for.
        return name.why_unknown().map(|why| unknown(&name, "a name under none of the prefixes, or a copy", &why));
    };
    if !prefixes.iter().any(|prefix| text.starts_with(prefix.as_str())) {
        return None;
    }
    Some(Verdict::all(elsewhere.into_iter().map(|region| exists(r, text, region, cx))))
}

/// A parameter of the same name exists in a region.
fn exists(r: &Resource, name: &str, region: &str, cx: &Context<'_>) -> Verdict {
    let expected = format!("a parameter {name} in {region}");
    let subject = about(r, "Replicas");
    if !r.is_live() {
        let why = Unknown::Outside(format!("what is in {region}").into());
        return unknown(&subject, &expected, &why);
    }
    let there = Address { account: r.address.account.clone(), region: region.into(), ..Address::default() };
    let same = |other: &&Resource| {
        other.address.account == there.account
            && other.address.region == there.region
            && other.get("Name").value().and_then(Value::as_str) == Some(name)
    };
    match cx.estate.of_type(PARAMETER).find(same) {
        Some(_) => Verdict::Pass,
        None => match cx.estate.why_unlisted(PARAMETER, &there) {
            Some(why) => Verdict::unknown(Evidence::unknown(&subject, expected, &why)),
            None => check::fail(&subject, &expected),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Estate, World, from_json};
    use crate::rules::{ParamValue, Params, find};
    use crate::source::Span;
    use serde_json::json;

    fn observed(region: &str, name: &str) -> Resource {
        let id = Some(format!("{region}{name}").into());
        let address = Address { account: "1".into(), region: region.into(), physical_id: id, ..Address::default() };
        let mut r = Resource::new(PARAMETER, address, World::Open { reads: &["Name"] }, Span::LIVE);
        r.properties = from_json(&json!({"Name": name}));
        r
    }

    #[test]
    fn a_parameter_is_looked_for_in_the_recovery_region() {
        let both = ["eu-west-1", "eu-central-1"];
        let resources = vec![observed(both[0], "/shop/a"), observed(both[0], "/shop/b"), observed(both[1], "/shop/a")];
        let listed = |regions: &[&str]| {
            Some(regions.iter().map(|r| ((PARAMETER.into(), "1".into(), (*r).into()), Ok(()))).collect())
        };
        let rule = find("ssm-parameter-cross-region-replicated").unwrap();
        let mut params = Params::defaults(rule.params);
        params.set(rule, "prefixes", ParamValue::Texts(vec!["/shop/".into()])).unwrap();
        params.set(rule, "dr_regions", ParamValue::Texts(vec!["eu-central-1".into()])).unwrap();
        for (regions, expected) in [(&both[..], ["n/a", "pass", "fail"]), (&both[..1], ["n/a", "pass", "unknown"])] {
            let estate = Estate::new(resources.clone(), listed(regions));
            let cx = Context { estate: &estate, params: &params };
            let words = estate.of_type(PARAMETER).map(|r| (rule.check)(r, &cx).map_or("n/a", |v| v.word()));
            assert_eq!(words.collect::<Vec<_>>(), expected);
        }
    }
}
