//! Route 53: hosted zones, their records, and health checks. Its five calls a second are the whole account's.

mod health_checks;
mod names;
mod records;
mod tags;
mod zones;

use aws_sdk_route53::Client;
use aws_sdk_route53::operation::list_hosted_zones::ListHostedZonesOutput;

use super::shape::token;
use super::{Cx, Pages};

pub use health_checks::HealthChecks;
pub use records::Records;
pub use zones::Zones;

const LIST_ZONES: &str = "route53:ListHostedZones";

/// The largest page of zones.
const PAGE: i32 = 100;
/// What Route 53 answers about a zone that is gone.
const NO_ZONE: &str = "NoSuchHostedZone";

async fn list_zones(cx: &Cx, client: &Client, affects: &'static str) -> Pages<ListHostedZonesOutput> {
    cx.pages(
        LIST_ZONES,
        &[affects],
        |start| client.list_hosted_zones().max_items(PAGE).set_marker(start).send(),
        |page| token(page.next_marker()),
    )
    .await
}

/// The API writes `/hostedzone/Z1` where everybody else writes `Z1`.
fn bare(id: &str) -> &str {
    id.trim_start_matches("/hostedzone/")
}
