//! Application Auto Scaling: what it scales, and by which policies. Every listing is of one namespace.

mod policies;
mod schedules;
mod targets;

use async_trait::async_trait;
use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::ServiceNamespace;

use super::{Collector, Cx, Out, Reach, Spec, tasks};

static SPEC: Spec = Spec {
    name: "application_autoscaling",
    reach: Reach::Regional,
    // Targets, policies and scheduled actions of each namespace.
    listings: 45,
    types: &[targets::TYPE, policies::TYPE],
    actions: &[targets::LIST, targets::TAGS, schedules::LIST, policies::LIST],
};

/// The services whose resources can be scaled.
const NAMESPACES: [ServiceNamespace; 15] = [
    ServiceNamespace::Appstream,
    ServiceNamespace::Cassandra,
    ServiceNamespace::Comprehend,
    ServiceNamespace::CustomResource,
    ServiceNamespace::Dynamodb,
    ServiceNamespace::Ec2,
    ServiceNamespace::Ecs,
    ServiceNamespace::Elasticache,
    ServiceNamespace::Emr,
    ServiceNamespace::Kafka,
    ServiceNamespace::Lambda,
    ServiceNamespace::Neptune,
    ServiceNamespace::Rds,
    ServiceNamespace::Sagemaker,
    ServiceNamespace::Workspaces,
];

/// Reads scalable targets and their policies in one region.
pub struct ApplicationAutoScaling;

#[async_trait]
impl Collector for ApplicationAutoScaling {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let readings = NAMESPACES.into_iter().map(|namespace| {
            let (cx, client) = (cx.clone(), client.clone());
            async move { Box::pin(of(&cx, &client, &namespace)).await }
        });
        for part in tasks::all(readings.collect()).await {
            out.merge(part);
        }
    }
}

/// One namespace. A policy is made for a target and goes with it, so where nothing is scaled nothing more is asked.
async fn of(cx: &Cx, client: &Client, namespace: &ServiceNamespace) -> Out {
    let listing = targets::listing(cx, client, namespace).await;
    let mut out = Out::default();
    out.listed(targets::TYPE.name, &listing.end);
    out.listed(policies::TYPE.name, &Ok(()));
    let nothing = listing.pages.iter().all(|page| page.scalable_targets().is_empty());
    if nothing && listing.end.is_ok() {
        return out;
    }
    let (scheduled, policies) =
        tokio::join!(schedules::by_target(cx, client, namespace), policies::collect(cx, client, namespace));
    out.merge(policies);
    out.resources.extend(targets::collect(cx, client, &listing.pages, &scheduled).await);
    out
}

/// How CloudFormation calls a target.
fn target_id(resource: &str, dimension: &str, namespace: &str) -> String {
    format!("{resource}|{dimension}|{namespace}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{collected, cx, refused};

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&ApplicationAutoScaling, "eu-west-1").await.resources, []);
    }

    #[tokio::test]
    async fn an_empty_region_is_wholly_listed_by_asking_for_targets_only() {
        let cx = cx("eu-west-1", |asked| {
            assert!(asked.contains("AnyScaleFrontendService.DescribeScalableTargets"), "{asked}");
            (200, "{}".into())
        });
        let out = collected(&ApplicationAutoScaling, &cx).await;
        assert_eq!(out.resources, []);
        assert!(out.listed.values().all(Result::is_ok), "{:?}", out.listed);
    }

    #[test]
    fn every_namespace_that_the_service_knows_is_listed() {
        let mut names = NAMESPACES.iter().map(ServiceNamespace::as_str).collect::<Vec<_>>();
        names.sort_unstable();
        let mut known = ServiceNamespace::values().to_vec();
        known.sort_unstable();
        assert_eq!(names, known);
        assert_eq!(SPEC.listings as usize, 3 * NAMESPACES.len());
    }
}
