//! CloudFront: distributions, origin access controls and response headers policies.

mod access_controls;
mod behaviors;
mod config;
mod distributions;
mod headers_policies;
mod origins;

use async_trait::async_trait;
use aws_sdk_cloudfront::Client;

use super::edge::at_home;
use super::{Collector, Cx, Out, Reach, Spec, tags};

static SPEC: Spec = Spec {
    name: "cloudfront",
    reach: Reach::Global,
    // One for each type, and the tags of the distributions.
    listings: 4,
    types: &[distributions::TYPE, access_controls::TYPE, headers_policies::TYPE],
    actions: &[
        distributions::LIST,
        distributions::GET,
        distributions::TAGS,
        tags::LIST,
        access_controls::LIST,
        headers_policies::LIST,
    ],
};

/// The largest page of every listing.
const PAGE: i32 = 100;

/// Reads CloudFront: an account has it once.
pub struct CloudFront;

#[async_trait]
impl Collector for CloudFront {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let cx = &at_home(cx);
        let client = &Client::new(&cx.config);
        let (distributions, controls, policies) = tokio::join!(
            Box::pin(distributions::collect(cx, client)),
            Box::pin(access_controls::collect(cx, client)),
            Box::pin(headers_policies::collect(cx, client)),
        );
        out.merge(distributions);
        out.merge(controls);
        out.merge(policies);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::refused;
    use crate::model::GLOBAL;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&CloudFront, GLOBAL).await.resources, []);
    }
}
