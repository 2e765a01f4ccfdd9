//! Elastic Load Balancing, the second version: load balancers with their listeners and rules, and target groups.

mod actions;
mod conditions;
mod listeners;
mod load_balancers;
mod rules;
mod tags;
mod target_groups;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_smithy_types::error::ErrorMetadata;

use super::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec {
    name: "elb",
    reach: Reach::Regional,
    listings: 1,
    types: &[load_balancers::TYPE, listeners::TYPE, rules::TYPE],
    actions: &[
        load_balancers::LIST,
        load_balancers::ATTRIBUTES,
        load_balancers::CAPACITY,
        listeners::LIST,
        listeners::ATTRIBUTES,
        listeners::CERTIFICATES,
        rules::LIST,
        tags::LIST,
    ],
};

static TARGET_GROUPS: Spec = Spec {
    name: "elb/target_groups",
    reach: Reach::Regional,
    listings: 1,
    types: &[target_groups::TYPE],
    actions: &[target_groups::LIST, target_groups::ATTRIBUTES, target_groups::HEALTH, tags::LIST],
};

/// The largest page that the describe calls give.
const PAGE: i32 = 400;

/// How the service says that what a call is about is not there any more.
const GONE: &[&str] = &["LoadBalancerNotFound", "ListenerNotFound", "RuleNotFound", "TargetGroupNotFound"];

fn is_gone(error: &ErrorMetadata) -> bool {
    error.code().is_some_and(|code| GONE.contains(&code))
}

/// Reads load balancers, and what hangs on them, in one region.
pub struct LoadBalancers;

#[async_trait]
impl Collector for LoadBalancers {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let elb = Client::new(&cx.config);
        let pages = load_balancers::listing(cx, &elb).await;
        for kind in SPEC.types {
            out.listed(kind.name, &pages.end);
        }
        let balancers: Vec<_> = pages.items(|page| page.load_balancers.unwrap_or_default()).collect();
        let (read, listening) =
            tokio::join!(load_balancers::collect(cx, &elb, &balancers), listeners::collect(cx, &elb, &balancers));
        out.merge(read);
        out.merge(listening);
    }
}

/// Reads target groups in one region.
pub struct TargetGroups;

#[async_trait]
impl Collector for TargetGroups {
    fn spec(&self) -> &'static Spec {
        &TARGET_GROUPS
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        out.merge(target_groups::collect(cx, &Client::new(&cx.config)).await);
    }
}

/// `app/web/50dc6c495c0c9188` of `arn:aws:elasticloadbalancing:…:loadbalancer/app/web/50dc6c495c0c9188`: what the service calls the
/// full name of a load balancer; of a target group it is the whole end of the ARN.
fn full_name(arn: &str) -> Option<&str> {
    let end = arn.rsplit(':').next()?;
    Some(end.strip_prefix("loadbalancer/").unwrap_or(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::query::{action, answer};
    use crate::collect::testing::{collected, cx, refused};

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&LoadBalancers, "eu-west-1").await.resources, []);
        assert_eq!(refused(&TargetGroups, "eu-west-1").await.resources, []);
    }

    #[tokio::test]
    async fn an_empty_region_is_wholly_listed() {
        for collector in [&LoadBalancers as &dyn Collector, &TargetGroups] {
            let out = collected(collector, &cx("eu-west-1", |asked| answer(action(asked), ""))).await;
            assert_eq!(out.resources, []);
            assert!(out.listed.values().all(Result::is_ok), "{:?}", out.listed);
        }
    }

    #[test]
    fn full_names_are_the_end_of_the_arn() {
        let arn = |end: &str| format!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:{end}");
        assert_eq!(full_name(&arn("loadbalancer/app/web/50dc6c495c0c9188")), Some("app/web/50dc6c495c0c9188"));
        assert_eq!(full_name(&arn("targetgroup/web/73e2d6bc24d8a067")), Some("targetgroup/web/73e2d6bc24d8a067"));
    }
}
