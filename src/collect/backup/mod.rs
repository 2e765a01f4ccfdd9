//! AWS Backup: vaults, plans with their selections, and, apart from them, what is protected.

mod plans;
pub mod protected;
mod selections;
mod vaults;

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_backup::Client;

use super::gone::unless_gone;
use super::shape::{map, text, token};
use super::{Collector, Cx, Out, Reach, Spec};
use crate::model::{Kind, Resource, Unknown};

static SPEC: Spec = Spec {
    name: "backup",
    reach: Reach::Regional,
    listings: 2,
    types: &[vaults::TYPE, plans::TYPE, selections::TYPE],
    actions: &[
        vaults::LIST,
        vaults::POLICY,
        vaults::NOTIFICATIONS,
        plans::LIST,
        plans::READ,
        selections::LIST,
        selections::READ,
        TAGS,
    ],
};

const TAGS: &str = "backup:ListTags";

/// The largest page that the listings give.
const PAGE: i32 = 1000;

/// What AWS Backup answers for something that does not exist, a policy or a plan.
const GONE: &[&str] = &["ResourceNotFoundException"];

/// Reads vaults, plans and selections of one region.
pub struct Backup;

#[async_trait]
impl Collector for Backup {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let (vaults, plans) = tokio::join!(vaults::collect(cx, &client), plans::collect(cx, &client));
        out.merge(vaults);
        out.merge(plans);
    }
}

/// Sets the tags of a vault or plan, which the schema writes as a mapping, if the scan is about them. Those of AWS itself are facts.
async fn set_tags(cx: &Cx, client: &Client, r: &mut Resource, property: &'static str) {
    let (id, arn) = (r.address.physical_id.clone().unwrap_or_default(), r.address.arn.clone().unwrap_or_default());
    if !cx.wanted.wants(&r.kind, &id, &[property]) {
        r.set(property, Kind::Unknown(Unknown::NotCollected));
        return;
    }
    let pages = cx
        .pages(
            TAGS,
            &[&*r.kind],
            |start| {
                unless_gone(GONE, client.list_tags().resource_arn(&*arn).max_results(PAGE).set_next_token(start).send())
            },
            |page| page.as_ref().and_then(|page| token(page.next_token())),
        )
        .await;
    if let Err(why) = pages.end {
        r.set(property, Kind::Unknown(why));
        return;
    }
    let found: Vec<&HashMap<String, String>> = pages.pages.iter().flatten().filter_map(|page| page.tags()).collect();
    let mut pairs: Vec<(&String, &String)> = found.into_iter().flatten().collect();
    pairs.sort_unstable();
    let (aws, own): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(key, _)| key.starts_with("aws:"));
    r.set(property, map(own.into_iter().map(|(key, value)| (key.as_str(), Kind::Str(value.as_str().into())))));
    for (key, value) in aws {
        r.set_attribute(key, text(Some(value)));
    }
}

/// Whether AWS made it: the plan and the vault of a file system's automatic backups, for example.
fn is_of_aws(name: &str) -> bool {
    name.starts_with("aws/")
}

#[cfg(test)]
mod tests;
