//! WAF: web ACLs, what they protect, where they log, and IP sets.
//!
//! What protects load balancers, APIs and the like is regional; what protects distributions is global. Both parts are read alike.

mod acls;
mod associations;
mod ip_sets;
mod logging;
mod shape;

use async_trait::async_trait;
use aws_sdk_wafv2::Client;
use aws_sdk_wafv2::types::Scope;

use super::edge::at_home;
use super::tags::{self, Tags};
use super::{Answer, Collector, Cx, Out, Reach, Spec};
use associations::Protects;

const TAGS: &str = "wafv2:ListTagsForResource";
/// What the tagging API calls all that WAF has.
const TAGGED: &str = "wafv2";

/// The largest page of every listing.
const PAGE: i32 = 100;
/// What WAF answers about something that is gone.
const GONE: &str = "WAFNonexistentItemException";

const BOTH: Spec = Spec {
    name: "wafv2",
    reach: Reach::Regional,
    // Web ACLs, logging configurations, IP sets, and the tags of all.
    listings: 4,
    types: &[acls::TYPE, associations::TYPE, logging::TYPE, ip_sets::TYPE],
    actions: &[acls::LIST, acls::GET, associations::LIST, logging::LIST, ip_sets::LIST, ip_sets::GET, TAGS, tags::LIST],
};
static REGIONAL: Spec = BOTH;
static GLOBAL: Spec = Spec { name: "wafv2/cloudfront", reach: Reach::Global, ..BOTH };

/// Reads the web ACLs of a region.
pub struct Regional;

#[async_trait]
impl Collector for Regional {
    fn spec(&self) -> &'static Spec {
        &REGIONAL
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        Waf::new(cx.clone(), &REGIONAL, Scope::Regional, associations::REGIONAL).collect(out).await;
    }
}

/// Reads the web ACLs of distributions: an account has them once.
pub struct Global;

#[async_trait]
impl Collector for Global {
    fn spec(&self) -> &'static Spec {
        &GLOBAL
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        Waf::new(at_home(cx), &GLOBAL, Scope::Cloudfront, associations::GLOBAL).collect(out).await;
    }
}

/// One scope of WAF in one place.
#[derive(Clone)]
struct Waf {
    cx: Cx,
    client: Client,
    spec: &'static Spec,
    scope: Scope,
    protects: Protects,
}

impl Waf {
    fn new(cx: Cx, spec: &'static Spec, scope: Scope, protects: Protects) -> Self {
        let client = Client::new(&cx.config);
        Self { cx, client, spec, scope, protects }
    }

    async fn collect(&self, out: &mut Out) {
        let (acls, logging, ip_sets) = tokio::join!(
            Box::pin(acls::collect(self)),
            Box::pin(logging::collect(self)),
            Box::pin(ip_sets::collect(self))
        );
        out.merge(acls);
        out.merge(logging);
        out.merge(ip_sets);
    }

    /// What CloudFormation lists for a web ACL or an IP set.
    fn id(&self, name: &str, id: &str) -> String {
        format!("{name}|{id}|{}", self.scope.as_str())
    }

    async fn tags_of(self, kind: &'static str, arn: String) -> Answer<Tags> {
        let request = self.client.list_tags_for_resource().resource_arn(arn).limit(PAGE);
        let answer = self.cx.ask(TAGS, &[kind], &[GONE], request.send()).await;
        let pair = |tag: &aws_sdk_wafv2::types::Tag| (tag.key().to_owned(), tag.value().to_owned());
        answer.map(|found| {
            found.tag_info_for_resource().map_or(&[][..], |info| info.tag_list()).iter().map(pair).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{collected, cx, refused};
    use crate::model;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Regional, "eu-west-1").await.resources, []);
        assert_eq!(refused(&Global, model::GLOBAL).await.resources, []);
    }

    #[tokio::test]
    async fn the_global_part_is_asked_in_its_own_scope_and_region() {
        let out = collected(
            &Global,
            &cx(model::GLOBAL, |asked| {
                assert!(asked.starts_with("POST https://wafv2.us-east-1.amazonaws.com/"), "{asked}");
                assert!(asked.contains(r#""Scope":"CLOUDFRONT""#), "{asked}");
                (200, "{}".into())
            }),
        )
        .await;
        assert!(out.listed.values().all(Result::is_ok));
    }
}
