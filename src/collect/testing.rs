//! A context for tests whose AWS is a function: what was asked in, status and body out.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use serde_json::Value as Json;

use super::limiter::{Limiter, Pace};
use super::wire::Wire;
use super::{Collector, Cx, Out, Wanted};
use crate::model::{Resource, Unknown};

/// Answers `METHOD URI BODY` with a status and a body; where the operation is told in a header (`TrentService.ListKeys`), `METHOD URI OPERATION BODY`.
/// Where the service speaks CBOR, the answer is given as JSON.
pub(super) type Aws = fn(&str) -> (u16, String);

#[derive(Debug)]
struct Connector(Aws);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
        let operation = request.headers().get("x-amz-target").map(|name| format!("{name} ")).unwrap_or_default();
        let (status, answer) = (self.0)(&format!("{} {} {operation}{body}", request.method(), request.uri()));
        let status = status.try_into().expect("a status");
        let speaks_cbor = request.headers().get("content-type") == Some("application/cbor");
        let answer =
            if speaks_cbor { cbor(&serde_json::from_str(&answer).expect("JSON")) } else { answer.into_bytes() };
        HttpConnectorFuture::ready(Ok(Response::new(status, SdkBody::from(answer))))
    }
}

/// A value as CBOR (RFC 8949).
fn cbor(json: &Json) -> Vec<u8> {
    let head = |major: u8, n: u64| [vec![(major << 5) | 0b1_1011], n.to_be_bytes().to_vec()].concat();
    let text = |text: &str| [head(3, text.len() as u64), text.as_bytes().to_vec()].concat();
    match json {
        Json::Null => vec![0xf6],
        Json::Bool(value) => vec![0xf4 + u8::from(*value)],
        Json::Number(n) => match n.as_u64() {
            Some(n) => head(0, n),
            None => [vec![0xfb], n.as_f64().expect("a number").to_be_bytes().to_vec()].concat(),
        },
        Json::String(value) => text(value),
        Json::Array(items) => items.iter().fold(head(4, items.len() as u64), |all, item| [all, cbor(item)].concat()),
        Json::Object(members) => members
            .iter()
            .fold(head(5, members.len() as u64), |all, (name, value)| [all, text(name), cbor(value)].concat()),
    }
}

/// A context in account 123456789012 whose region is scanned.
pub(super) fn cx(region: &str, aws: Aws) -> Cx {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(if region == crate::model::GLOBAL { "us-east-1" } else { region }.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("a", "b", None, None, "test")))
        .retry_config(RetryConfig::disabled())
        .http_client(http_client_fn(move |_, _| {
            SharedHttpConnector::new(Wire::new(SharedHttpConnector::new(Connector(aws))))
        }))
        .build();
    Cx {
        account: "123456789012".into(),
        region: region.into(),
        partition: "aws".into(),
        scanned: Arc::new([region.into()]),
        config,
        wanted: Arc::new(Wanted::everything()),
        limiter: Arc::new(Limiter::new(Pace { polite: false, ..Pace::default() })),
        calls: Arc::default(),
        tags: Arc::default(),
    }
}

/// A context for what calls nobody.
pub(super) fn offline(region: &str) -> Cx {
    cx(region, |asked| panic!("nobody should have been asked: {asked}"))
}

/// What a collector finds. It must have announced every call it made, and must speak about every type it announced.
pub(super) async fn collected(collector: &dyn Collector, cx: &Cx) -> Out {
    let (spec, mut out) = (collector.spec(), Out::default());
    collector.collect(cx, &mut out).await;
    for action in cx.calls.made().keys() {
        assert!(spec.actions.contains(action), "{} calls {action} without saying so", spec.name);
    }
    for kind in spec.types.iter().map(|t| t.name) {
        assert!(out.listed.contains_key(kind), "{} is silent about {kind}", spec.name);
    }
    out
}

/// Hosts that answer in XML though they are not asked by `Action`.
const XML: &[&str] = &[".s3-control.", "//route53.", "//cloudfront."];

/// What an account gives whose administrator allows nothing: nothing is absent, everything is denied.
pub(super) async fn refused(collector: &dyn Collector, region: &str) -> Out {
    let refuse: Aws = |asked| {
        // Where the question is JSON, so is the answer.
        if asked.split(' ').nth(2).is_some_and(|body| body.starts_with('{')) {
            return (400, r#"{"__type":"AccessDeniedException"}"#.into());
        }
        let error = "<Error><Code>AccessDenied</Code></Error>";
        let body = if asked.contains("//s3.") {
            // S3 alone does not wrap its errors.
            error.into()
        } else if asked.contains("Action=") || XML.iter().any(|host| asked.contains(host)) {
            format!("<ErrorResponse>{error}</ErrorResponse>")
        } else {
            r#"{"__type":"AccessDeniedException"}"#.into()
        };
        (403, body)
    };
    let out = collected(collector, &cx(region, refuse)).await;
    let denied = |why: Option<Unknown>| matches!(why, Some(Unknown::Denied { .. }));
    for r in &out.resources {
        let unread = collector.spec().reads(&r.kind).iter().all(|property| denied(r.get(property).why_unknown()));
        assert!(unread, "{} was not read", r.kind);
    }
    for (&kind, end) in &out.listed {
        let always_there = out.resources.iter().any(|r| &*r.kind == kind);
        assert!(denied(end.clone().err()) != always_there, "{kind} is neither unknown nor there");
    }
    out
}

/// The names of the top-level properties that are set, sorted: what a collector really read.
pub(super) fn properties(resource: &Resource) -> Vec<&str> {
    let mut names: Vec<&str> = resource.properties.as_map().into_iter().flatten().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names
}

/// The names that a spec claims for the type of a resource, sorted.
pub(super) fn claimed(spec: &super::Spec, resource: &Resource) -> Vec<&'static str> {
    let mut names = spec.reads(&resource.kind).to_vec();
    names.sort_unstable();
    names
}

/// Query services: actions are form fields, answers XML.
pub(super) mod query {
    /// The action of a request.
    pub(in crate::collect) fn action(asked: &str) -> &str {
        asked.split("Action=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default()
    }

    /// What an action answers.
    pub(in crate::collect) fn answer(action: &str, result: &str) -> (u16, String) {
        (200, format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"))
    }

    /// An error.
    pub(in crate::collect) fn error(status: u16, code: &str, message: &str) -> (u16, String) {
        let error = format!("<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>");
        (status, format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
    }
}
