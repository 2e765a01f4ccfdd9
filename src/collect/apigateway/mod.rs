//! API Gateway: REST APIs, their stages, methods and validators, and the settings of the account.

mod account;
mod methods;
mod rest_apis;
mod stages;
mod validators;

use async_trait::async_trait;
use aws_sdk_apigateway::Client;
use serde_json::Value as Json;

use super::json::text;
use super::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec {
    name: "apigateway",
    reach: Reach::Regional,
    listings: 2,
    types: &[rest_apis::TYPE, stages::TYPE, methods::TYPE, validators::TYPE, account::TYPE],
    actions: &[GET],
};

/// The IAM action of every call that reads.
const GET: &str = "apigateway:GET";

/// The largest page that the listings give.
const PAGE: i32 = 500;

/// What API Gateway answers for an API that does not exist.
const NONE: &str = "NotFoundException";

/// Reads API Gateway in one region. HTTP and WebSocket APIs have a collector of their own.
pub struct ApiGateway;

#[async_trait]
impl Collector for ApiGateway {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let (listing, account) =
            tokio::join!(Box::pin(rest_apis::list(cx, &client)), Box::pin(account::collect(cx, &client)));
        out.merge(account);
        out.merge(rest_apis::collect(cx, &listing));
        let ids: Vec<String> = listing.pages.iter().map(|api| text(api, "id").to_owned()).collect();
        let apis = (&ids[..], &listing.end);
        let (stages, methods, validators) = tokio::join!(
            Box::pin(stages::collect(cx, &client, apis)),
            Box::pin(methods::collect(cx, &client, apis)),
            Box::pin(validators::collect(cx, &client, apis)),
        );
        for part in [stages, methods, validators] {
            out.merge(part);
        }
    }
}

/// The ARN of an API, or of something below it. It names no account.
fn arn(cx: &Cx, path: &str) -> String {
    format!("arn:{}:apigateway:{}::/restapis/{path}", cx.partition, cx.region)
}

/// Tags as the answers have them: a mapping.
fn pairs(tags: &Json) -> impl Iterator<Item = (Option<&str>, Option<&str>)> {
    tags.as_object().into_iter().flatten().map(|(key, value)| (Some(key.as_str()), value.as_str()))
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
        let out = refused(&ApiGateway, "eu-west-1").await;
        assert_eq!(out.resources.len(), 1, "the account's settings are always there, unknown");
    }

    fn shop(asked: &str) -> (u16, String) {
        let body = match asked {
            second if second.contains("/restapis?") && second.contains("position=more") => {
                r#"{"item":[{"id":"a1b2c3","name":"shop","tags":{}}]}"#
            }
            first if first.contains("/restapis?") => r#"{"item":[],"position":"more"}"#,
            stages if stages.contains("/restapis/a1b2c3/stages") => {
                r#"{"item":[{"stageName":"prod","deploymentId":"d1"}]}"#
            }
            methods if methods.contains("/restapis/a1b2c3/resources?") => {
                assert!(methods.contains("embed=methods"), "{methods}");
                r#"{"item":[{"id":"r1","path":"/","resourceMethods":{"GET":{"httpMethod":"GET","authorizationType":"NONE"}}}]}"#
            }
            validators if validators.contains("/restapis/a1b2c3/requestvalidators") => {
                r#"{"item":[{"id":"v1","name":"all"}]}"#
            }
            account => {
                assert!(account.contains("amazonaws.com/account"), "{account}");
                "{}"
            }
        };
        (200, body.into())
    }

    #[tokio::test]
    async fn apis_are_read_page_by_page_and_their_parts_api_by_api() {
        let out = collected(&ApiGateway, &cx("eu-west-1", shop)).await;
        let mut ids: Vec<_> = out.resources.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["a1b2c3", "a1b2c3|prod", "a1b2c3|r1|GET", "account", "v1"]);
        assert!(out.listed.values().all(Result::is_ok), "{:?}", out.listed);
    }

    #[tokio::test]
    async fn an_api_that_vanishes_between_two_calls_has_no_parts_and_leaves_no_gap() {
        let cx = cx("eu-west-1", |asked| match asked {
            part if part.contains("/restapis/a1b2c3/") => (404, r#"{"__type":"NotFoundException"}"#.into()),
            other => shop(other),
        });
        let out = collected(&ApiGateway, &cx).await;
        assert_eq!(out.resources.len(), 2, "the API as it was listed, and the account");
        assert!(out.listed.values().all(Result::is_ok), "{:?}", out.listed);
        assert_eq!(cx.calls.gaps(), []);
    }

    #[tokio::test]
    async fn parts_that_may_not_be_read_leave_their_listings_incomplete() {
        let out = collected(
            &ApiGateway,
            &cx("eu-west-1", |asked| match asked {
                part if part.contains("/restapis/a1b2c3/") => (403, r#"{"__type":"AccessDeniedException"}"#.into()),
                other => shop(other),
            }),
        )
        .await;
        for kind in [&stages::TYPE, &methods::TYPE, &validators::TYPE] {
            assert_eq!(out.listed[kind.name], Err(Unknown::Denied { action: GET.into() }), "{}", kind.name);
        }
        assert_eq!(out.listed[rest_apis::TYPE.name], Ok(()));
    }

    #[tokio::test]
    async fn what_costs_a_call_per_api_is_not_read_unless_somebody_wants_it() {
        let cx = Cx { wanted: Arc::new(Wanted::default()), ..cx("eu-west-1", shop) };
        let out = collected(&ApiGateway, &cx).await;
        for kind in [&stages::TYPE, &methods::TYPE, &validators::TYPE] {
            assert_eq!(out.listed[kind.name], Err(Unknown::NotCollected), "{}", kind.name);
        }
        assert_eq!(cx.calls.made()[GET], 3, "two pages of APIs and the account");
    }
}
