//! Small estates for the tests of rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::model::{Address, Estate, Resource, Unknown, World, from_json};
use crate::rules::{Context, Params, Verdict, find};
use crate::source::Span;

/// An observed resource of which only these properties were read.
pub(in crate::rules) fn observed(kind: &str, id: &str, properties: &Json) -> Resource {
    let address =
        Address { account: "1".into(), region: "r".into(), physical_id: Some(id.into()), ..Address::default() };
    let mut r = Resource::new(kind, address, World::Open { reads: &[] }, Span::LIVE);
    r.properties = from_json(properties);
    r
}

/// An account in which these types were listed, and listing these others was denied.
pub(in crate::rules) fn account(resources: Vec<Resource>, listed: &[&str], denied: &[&str]) -> Estate {
    let at = |kind: &&str| (Arc::from(*kind), Arc::from("1"), Arc::from("r"));
    let why = || Unknown::Denied { action: "ec2:Describe".into() };
    let fine = listed.iter().map(|kind| (at(kind), Ok(())));
    let refused = denied.iter().map(|kind| (at(kind), Err(why())));
    Estate::new(resources, Some(fine.chain(refused).collect::<BTreeMap<_, _>>()))
}

/// What a rule says of a resource, with its parameters at their defaults.
pub(in crate::rules) fn judge(rule: &str, estate: &Estate, id: &str) -> Option<Verdict> {
    let rule = find(rule).unwrap();
    let params = Params::defaults(rule.params);
    let subject = estate.iter().find(|r| r.address.name() == id).unwrap();
    (rule.check)(subject, &Context { estate, params: &params })
}
