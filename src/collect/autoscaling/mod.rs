//! EC2 Auto Scaling: groups with their hooks, policies and scheduled actions, and launch configurations.

mod groups;
mod hooks;
mod launch;
mod launch_configurations;
mod metrics;
mod notifications;
mod policies;
mod predictions;
mod requirements;
mod schedules;

use async_trait::async_trait;
use aws_sdk_autoscaling::Client;

use super::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec {
    name: "autoscaling",
    reach: Reach::Regional,
    // The fourth is the one of notifications.
    listings: 4,
    types: &[groups::TYPE, hooks::TYPE, policies::TYPE, schedules::TYPE],
    actions: &[groups::LIST, notifications::LIST, hooks::LIST, policies::LIST, schedules::LIST],
};

static LAUNCH_CONFIGURATIONS: Spec = Spec {
    name: "autoscaling/launch_configurations",
    reach: Reach::Regional,
    listings: 1,
    types: &[launch_configurations::TYPE],
    actions: &[launch_configurations::LIST],
};

/// The largest page that the describe calls give.
const PAGE: i32 = 100;

/// Reads groups, and what hangs on them, in one region.
pub struct AutoScaling;

#[async_trait]
impl Collector for AutoScaling {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let (groups, policies, schedules) =
            tokio::join!(groups::collect(cx, &client), policies::collect(cx, &client), schedules::collect(cx, &client));
        for part in [groups, policies, schedules] {
            out.merge(part);
        }
    }
}

/// Reads launch configurations in one region.
pub struct LaunchConfigurations;

#[async_trait]
impl Collector for LaunchConfigurations {
    fn spec(&self) -> &'static Spec {
        &LAUNCH_CONFIGURATIONS
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        out.merge(launch_configurations::collect(cx, &Client::new(&cx.config)).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::query::{action, answer};
    use crate::collect::testing::{collected, cx, refused};

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&AutoScaling, "eu-west-1").await.resources, []);
        assert_eq!(refused(&LaunchConfigurations, "eu-west-1").await.resources, []);
    }

    #[tokio::test]
    async fn an_empty_region_is_wholly_listed() {
        for collector in [&AutoScaling as &dyn Collector, &LaunchConfigurations] {
            let out = collected(collector, &cx("eu-west-1", |asked| answer(action(asked), ""))).await;
            assert_eq!(out.resources, []);
            assert!(out.listed.values().all(Result::is_ok), "{:?}", out.listed);
        }
    }
}
