//! HTTP and WebSocket APIs of API Gateway, and their stages.

mod apis;
mod stages;

use async_trait::async_trait;
use aws_sdk_apigatewayv2::Client;
use serde_json::Value as Json;

use super::json::{at, data, kind, text};
use super::{Collector, Cx, Out, Reach, Spec};
use crate::model::Resource;

static SPEC: Spec = Spec {
    name: "apigatewayv2",
    reach: Reach::Regional,
    listings: 1,
    types: &[apis::TYPE, stages::TYPE],
    actions: &[GET],
};

/// The IAM action of every call that reads.
const GET: &str = "apigateway:GET";

/// The largest page that the listings give; the service wants it as text.
const PAGE: &str = "100";

/// What API Gateway answers for an API that does not exist.
const NONE: &str = "NotFoundException";

/// Reads HTTP and WebSocket APIs in one region.
pub struct ApiGatewayV2;

#[async_trait]
impl Collector for ApiGatewayV2 {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let listing = apis::list(cx, &client).await;
        out.merge(apis::collect(cx, &listing));
        let ids: Vec<String> = listing.pages.iter().map(|api| text(api, "apiId").to_owned()).collect();
        out.merge(stages::collect(cx, &client, (&ids, &listing.end)).await);
    }
}

/// The ARN of an API, or of something below it. It names no account.
fn arn(cx: &Cx, path: &str) -> String {
    format!("arn:{}:apigateway:{}::/apis/{path}", cx.partition, cx.region)
}

/// Sets `Tags`, here a mapping, to the user's; those of AWS itself are facts under their own keys. Says too whether the service made the
/// thing: a quick create does.
fn set_common(r: &mut Resource, answer: &Json) {
    let mut own = at(answer, "tags").clone();
    if let Some(tags) = own.as_object_mut() {
        tags.retain(|key, value| {
            let aws = key.starts_with("aws:");
            if aws {
                r.set_attribute(key, kind(value));
            }
            !aws
        });
    }
    r.set("Tags", data(&own));
    r.set_attribute("ApiGatewayManaged", kind(at(answer, "apiGatewayManaged")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{collected, cx, refused};
    use crate::model::Unknown;
    use std::sync::Arc;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&ApiGatewayV2, "eu-west-1").await.resources, []);
    }

    fn shop(asked: &str) -> (u16, String) {
        let body = match asked {
            second if second.contains("/v2/apis?") && second.contains("nextToken=more") => {
                r#"{"items":[{"apiId":"a1b2c3"}]}"#
            }
            first if first.contains("/v2/apis?maxResults=100") => r#"{"items":[],"nextToken":"more"}"#,
            second if second.contains("nextToken=more") => r#"{"items":[{"stageName":"prod"}]}"#,
            first => {
                assert!(first.contains("/v2/apis/a1b2c3/stages?maxResults=100"), "{first}");
                r#"{"items":[{"stageName":"$default"}],"nextToken":"more"}"#
            }
        };
        (200, body.into())
    }

    #[tokio::test]
    async fn apis_and_their_stages_are_read_page_by_page() {
        let out = collected(&ApiGatewayV2, &cx("eu-west-1", shop)).await;
        let ids: Vec<_> = out.resources.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        assert_eq!(ids, ["a1b2c3", "a1b2c3|$default", "a1b2c3|prod"]);
        assert!(out.listed.values().all(Result::is_ok), "{:?}", out.listed);
    }

    #[tokio::test]
    async fn an_api_that_vanishes_between_two_calls_has_no_stages_and_a_denied_one_may_have_any() {
        let cx_gone = cx("eu-west-1", |asked| match asked {
            part if part.contains("/v2/apis/a1b2c3/") => (404, r#"{"__type":"NotFoundException"}"#.into()),
            other => shop(other),
        });
        let out = collected(&ApiGatewayV2, &cx_gone).await;
        assert_eq!((out.resources.len(), out.listed[stages::TYPE.name].clone()), (1, Ok(())));
        assert_eq!(cx_gone.calls.gaps(), []);
        let cx_denied = cx("eu-west-1", |asked| match asked {
            part if part.contains("/v2/apis/a1b2c3/") => (403, r#"{"__type":"AccessDeniedException"}"#.into()),
            other => shop(other),
        });
        let out = collected(&ApiGatewayV2, &cx_denied).await;
        assert_eq!(out.listed[stages::TYPE.name], Err(Unknown::Denied { action: GET.into() }));
    }

    #[tokio::test]
    async fn stages_are_not_read_unless_somebody_wants_them() {
        let cx = Cx { wanted: Arc::new(Wanted::default()), ..cx("eu-west-1", shop) };
        let out = collected(&ApiGatewayV2, &cx).await;
        assert_eq!(out.listed[stages::TYPE.name], Err(Unknown::NotCollected));
        assert_eq!(cx.calls.made()[GET], 2, "two pages of APIs");
    }
}
