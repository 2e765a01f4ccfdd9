//! What a trail records: asked for on demand.

use aws_sdk_cloudtrail::Client;
use serde_json::Value as Json;

use super::{GONE, TYPE};
use crate::collect::json::{items, kind};
use crate::collect::{Answer, Cx};
use crate::model::Kind;

pub(super) const EVENTS: &str = "cloudtrail:GetEventSelectors";
pub(super) const INSIGHTS: &str = "cloudtrail:GetInsightSelectors";
pub(super) const CONFIGURATION: &str = "cloudtrail:GetEventConfiguration";

/// Event selectors, plain and advanced: a trail has the one or the other.
pub(super) async fn events(cx: &Cx, client: &Client, id: &str, arn: &str) -> Answer<Json> {
    let about = (TYPE.name, id, &["EventSelectors", "AdvancedEventSelectors"][..]);
    cx.ask_json_for(about, EVENTS, &[GONE], client.get_event_selectors().trail_name(arn).send()).await
}

/// Insight selectors; a trail whose listing says that it has none is not asked.
pub(super) async fn insights(cx: &Cx, client: &Client, id: &str, arn: &str, listed: &Json) -> Answer<Json> {
    if listed.as_bool() == Some(false) {
        return Answer::Absent;
    }
    let about = (TYPE.name, id, &["InsightSelectors"][..]);
    let request = client.get_insight_selectors().trail_name(arn);
    cx.ask_json_for(about, INSIGHTS, &["InsightNotEnabledException"], request.send()).await
}

/// How data events are aggregated.
pub(super) async fn configuration(cx: &Cx, client: &Client, id: &str, arn: &str) -> Answer<Json> {
    let about = (TYPE.name, id, &["AggregationConfigurations"][..]);
    cx.ask_json_for(about, CONFIGURATION, &[GONE], client.get_event_configuration().trail_name(arn).send()).await
}

/// A member of an answer. Every list in it is a set in the schema, at every depth.
pub(super) fn set(found: &Json, member: &str) -> Kind {
    kind(&sorted(&Json::from(items(found, member))))
}

fn sorted(json: &Json) -> Json {
    match json {
        Json::Array(items) => {
            let mut items: Vec<Json> = items.iter().map(sorted).collect();
            items.sort_by_cached_key(Json::to_string);
            items.into()
        }
        Json::Object(members) => members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect(),
        scalar => scalar.clone(),
    }
}
