//! Logs and audit trails.

mod agents;
mod buckets;
mod delivery;
mod groups;
mod recorder;
mod trail_logs;
mod trails;
mod waf;

use std::sync::Arc;

use crate::model::network::about;
use crate::model::{Listing, Resource, types};
use crate::rules::readers::policy;
use crate::rules::{Context, Verdict};

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[
    agents::RULES,
    buckets::RULES,
    delivery::RULES,
    groups::RULES,
    recorder::RULES,
    trail_logs::RULES,
    trails::RULES,
    waf::RULES,
];

/// `AWS::CloudTrail::Trail`.
const TRAIL: &str = "AWS::CloudTrail::Trail";

/// The trails of an account in all its regions: one of several regions is read in one of them.
fn trails<'a>(cx: &Context<'a>, from: &Resource) -> Listing<'a> {
    let same = |r: &&Resource| Arc::clone(&r.address.account) == from.address.account;
    let items: Vec<&Resource> = cx.estate.of_type(TRAIL).filter(same).collect();
    let mut regions = cx.estate.of_type(types::REGION).filter(same);
    let incomplete = cx.estate.why_unlisted(TRAIL, &from.address);
    let incomplete = incomplete.or_else(|| regions.find_map(|region| cx.estate.why_unlisted(TRAIL, &region.address)));
    Listing { items, incomplete }
}

/// A trail that satisfies `test`, or another one of the account that does so in its place.
fn one_trail(r: &Resource, cx: &Context<'_>, test: impl Fn(&Resource) -> Verdict) -> Verdict {
    let own = test(r);
    if own.is_pass() {
        return own;
    }
    let all = trails(cx, r);
    let mut open = all.incomplete.map(|why| policy::unknown(&about(r, "Trail"), "a trail that does", &why));
    for other in all.items.into_iter().filter(|other| other.address != r.address) {
        match test(other) {
            Verdict::Pass => return Verdict::Pass,
            unknown @ Verdict::Unknown(_) => open = open.or(Some(unknown.on(other.address.name()))),
            Verdict::Fail(_) => {}
        }
    }
    open.map_or(own.clone(), |open| own.or(|| open))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value as Json, json};

    use crate::model::{Address, Estate, Resource, Unknown, World, from_json, types};
    use crate::rules::{Context, Params, find};
    use crate::source::Span;

    fn trail(region: &str, properties: &Json) -> Resource {
        let address = Address {
            account: "1".into(),
            region: region.into(),
            physical_id: Some(region.into()),
            ..Address::default()
        };
        let mut r = Resource::new(super::TRAIL, address, World::Open { reads: &["IsMultiRegionTrail"] }, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    /// What a rule says of the second region, with these trails; listing trails was fine there, and in the first region as given.
    fn second(rule: &str, trails: Vec<Resource>, first: Result<(), Unknown>) -> &'static str {
        let listed = [("first", first), ("second", Ok(()))];
        let key = |region: &str| (super::TRAIL.into(), "1".into(), region.into());
        let listed: BTreeMap<_, _> = listed.into_iter().map(|(region, end)| (key(region), end)).collect();
        let estate = Estate::new(trails, Some(listed));
        let rule = find(rule).unwrap();
        let params = Params::defaults(rule.params);
        let kinds = [types::REGION, super::TRAIL];
        let mut subjects = kinds.iter().filter(|kind| rule.types.contains(kind)).flat_map(|kind| estate.of_type(kind));
        let subject = subjects.find(|r| &*r.address.region == "second").unwrap();
        (rule.check)(subject, &Context { estate: &estate, params: &params }).unwrap().word()
    }

    #[test]
    fn a_region_is_recorded_by_its_own_trail_or_by_one_of_all_regions() {
        let rule = "cloudtrail-enabled";
        let everywhere = json!({"IsLogging": true, "IsMultiRegionTrail": true});
        assert_eq!(second(rule, vec![trail("first", &everywhere)], Ok(())), "pass");
        assert_eq!(second(rule, vec![trail("first", &json!({"IsLogging": true}))], Ok(())), "fail");
        assert_eq!(second(rule, vec![trail("second", &json!({"IsLogging": true}))], Ok(())), "pass");
        assert_eq!(second(rule, vec![], Ok(())), "fail");
    }

    #[test]
    fn a_trail_that_may_live_in_a_region_that_cannot_be_read_is_not_missing() {
        let denied = || Err(Unknown::Denied { action: "cloudtrail:DescribeTrails".into() });
        assert_eq!(second("cloudtrail-enabled", vec![], denied()), "unknown");
        let own = || vec![trail("second", &json!({"IsLogging": true}))];
        assert_eq!(second("multi-region-cloudtrail-enabled", own(), denied()), "unknown");
        assert_eq!(second("multi-region-cloudtrail-enabled", own(), Ok(())), "fail");
    }
}
