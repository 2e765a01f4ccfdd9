//! S3: buckets of the scanned regions with their policies, and the account's public access block.

mod access;
mod account;
mod buckets;
mod lifecycle;
mod notifications;
mod policies;
mod protection;
mod replication;
mod reports;
mod setting;
mod settings;
mod web;

use async_trait::async_trait;
use aws_config::Region;
use aws_sdk_s3::Client;

use super::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec {
    name: "s3",
    reach: Reach::Global,
    listings: 2,
    types: &[buckets::TYPE, policies::TYPE, account::TYPE],
    actions: settings::ACTIONS,
};

/// Reads S3: the listing knows all regions, the buckets are asked in their own.
pub struct S3;

#[async_trait]
impl Collector for S3 {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let (buckets, account) = tokio::join!(buckets::collect(cx), account::collect(cx));
        out.merge(buckets);
        out.merge(account);
    }
}

/// A client for one region. Endpoints other than AWS's rarely resolve a host name per bucket, so they get the bucket in
/// the path.
fn client(cx: &Cx, region: &str) -> Client {
    let config = aws_sdk_s3::config::Builder::from(&cx.config)
        .region(Region::new(region.to_owned()))
        .force_path_style(cx.config.endpoint_url().is_some());
    Client::from_conf(config.build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::refused;
    use crate::model::GLOBAL;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        let out = refused(&S3, GLOBAL).await;
        assert_eq!(out.resources.len(), 1, "the account's own block is always there, unknown");
    }
}
