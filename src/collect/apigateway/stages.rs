//! Stages: one listing per API.

use aws_sdk_apigateway::Client;
use serde_json::Value as Json;

use super::{GET, NONE, SPEC, arn, pairs};
use crate::collect::json::{at, data, items, kind, pick, text};
use crate::collect::parts::of_each;
use crate::collect::shape::{list, map, set_tags};
use crate::collect::{Answer, Cx, Out, TypeSpec};
use crate::model::{Kind, Resource, Unknown};

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ApiGateway::Stage",
    asked: &[("", GET)],
    reads: &[
        "AccessLogSetting",
        "CacheClusterEnabled",
        "CacheClusterSize",
        "CanarySetting",
        "ClientCertificateId",
        "DeploymentId",
        "Description",
        "DocumentationVersion",
        "MethodSettings",
        "RestApiId",
        "StageName",
        "Tags",
        "TracingEnabled",
        "Variables",
    ],
    ..TypeSpec::LISTED
};

const SAME: &[(&str, &str)] = &[
    ("cacheClusterEnabled", "CacheClusterEnabled"),
    ("cacheClusterSize", "CacheClusterSize"),
    ("clientCertificateId", "ClientCertificateId"),
    ("deploymentId", "DeploymentId"),
    ("description", "Description"),
    ("documentationVersion", "DocumentationVersion"),
    ("stageName", "StageName"),
    ("tracingEnabled", "TracingEnabled"),
];

const LOG: &[(&str, &str)] = &[("destinationArn", "DestinationArn"), ("format", "Format")];

const METHOD: &[(&str, &str)] = &[
    ("cacheDataEncrypted", "CacheDataEncrypted"),
    ("cacheTtlInSeconds", "CacheTtlInSeconds"),
    ("cachingEnabled", "CachingEnabled"),
    ("dataTraceEnabled", "DataTraceEnabled"),
    ("loggingLevel", "LoggingLevel"),
    ("metricsEnabled", "MetricsEnabled"),
    ("throttlingBurstLimit", "ThrottlingBurstLimit"),
    ("throttlingRateLimit", "ThrottlingRateLimit"),
];

pub(super) async fn collect(cx: &Cx, client: &Client, apis: (&[String], &Result<(), Unknown>)) -> Out {
    of_each(cx, &TYPE, apis, |cx, api| {
        let client = client.clone();
        async move { of_api(&cx, &client, &api).await }
    })
    .await
}

async fn of_api(cx: &Cx, client: &Client, api: &str) -> Out {
    let mut out = Out::default();
    match cx.ask_json(GET, &[TYPE.name], &[NONE], client.get_stages().rest_api_id(api).send()).await {
        Answer::Is(found) => out.resources.extend(items(&found, "item").iter().map(|stage| resource(cx, api, stage))),
        Answer::Absent => {}
        Answer::Unknown(why) => out.listed(TYPE.name, &Err(why)),
    }
    out
}

/// A stage. Stacks list its name alone, which many APIs share, so its API is put in front.
fn resource(cx: &Cx, api: &str, stage: &Json) -> Resource {
    let name = text(stage, "stageName");
    let mut r = cx.resource(&SPEC, TYPE.name, &format!("{api}|{name}"), &arn(cx, &format!("{api}/stages/{name}")));
    r.set("RestApiId", Kind::Str(api.into()));
    for (name, kind) in pick(stage, SAME) {
        r.set(name, kind);
    }
    r.set("AccessLogSetting", map(pick(at(stage, "accessLogSettings"), LOG)));
    r.set("CanarySetting", canary(at(stage, "canarySettings")));
    r.set("MethodSettings", settings(at(stage, "methodSettings")));
    r.set("Variables", data(at(stage, "variables")));
    set_tags(&mut r, pairs(at(stage, "tags")));
    r.set_attribute("CacheClusterStatus", kind(at(stage, "cacheClusterStatus")));
    r.set_attribute("WebAclArn", kind(at(stage, "webAclArn")));
    r
}

fn canary(settings: &Json) -> Kind {
    map([
        ("DeploymentId", kind(at(settings, "deploymentId"))),
        ("PercentTraffic", kind(at(settings, "percentTraffic"))),
        ("StageVariableOverrides", data(at(settings, "stageVariableOverrides"))),
        ("UseStageCache", kind(at(settings, "useStageCache"))),
    ])
}

/// The answer has settings by path and method (`*/*`, `~1orders~1{id}/GET`), the schema a list with the path after a slash (`/*`,
/// `/~1orders~1{id}`). Sorted here by path and method.
fn settings(by_method: &Json) -> Kind {
    let mut all: Vec<_> = by_method.as_object().into_iter().flatten().collect();
    all.sort_by_key(|(key, _)| *key);
    list(all.into_iter().map(|(key, settings)| {
        let (path, method) = key.rsplit_once('/').unwrap_or(("", key));
        let names = [("ResourcePath", Kind::Str(format!("/{path}").into())), ("HttpMethod", Kind::Str(method.into()))];
        map(names.into_iter().chain(pick(settings, METHOD)))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::model::to_json;
    use serde_json::json;

    #[test]
    fn a_stage_reads_as_cloudformation_would_declare_it() {
        let stage = json!({
            "deploymentId": "d1", "clientCertificateId": "c1", "stageName": "prod", "description": "live", "cacheClusterEnabled": true,
            "cacheClusterSize": "0.5", "cacheClusterStatus": "AVAILABLE", "documentationVersion": "1", "tracingEnabled": true,
            "methodSettings": {
                "~1orders~1{id}/GET": {"metricsEnabled": false, "loggingLevel": "OFF", "dataTraceEnabled": true, "throttlingBurstLimit": 5,
                    "throttlingRateLimit": 2.5, "cachingEnabled": true, "cacheTtlInSeconds": 60, "cacheDataEncrypted": true,
                    "requireAuthorizationForCacheControl": true, "unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403"},
                "*/*": {"metricsEnabled": true, "loggingLevel": "ERROR"},
            },
            "variables": {"table": "orders"}, "accessLogSettings": {"format": "$context.requestId", "destinationArn": "arn:logs"},
            "canarySettings": {"percentTraffic": 10.0, "deploymentId": "d2", "stageVariableOverrides": {"table": "next"}, "useStageCache": false},
            "webAclArn": "arn:waf", "tags": {"team": "pay"}, "createdDate": 1_700_000_000,
        });
        let r = resource(&offline("eu-west-1"), "a1b2c3", &stage);
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.address.arn.as_deref(), Some("arn:aws:apigateway:eu-west-1::/restapis/a1b2c3/stages/prod"));
        let expected = json!({
            "RestApiId": "a1b2c3", "StageName": "prod", "DeploymentId": "d1", "ClientCertificateId": "c1", "Description": "live",
            "CacheClusterEnabled": true, "CacheClusterSize": "0.5", "DocumentationVersion": "1", "TracingEnabled": true,
            "MethodSettings": [
                {"ResourcePath": "/*", "HttpMethod": "*", "MetricsEnabled": true, "LoggingLevel": "ERROR"},
                {"ResourcePath": "/~1orders~1{id}", "HttpMethod": "GET", "MetricsEnabled": false, "LoggingLevel": "OFF", "DataTraceEnabled": true,
                    "ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 2.5, "CachingEnabled": true, "CacheTtlInSeconds": 60, "CacheDataEncrypted": true},
            ],
            "Variables": {"table": "orders"}, "AccessLogSetting": {"DestinationArn": "arn:logs", "Format": "$context.requestId"},
            "CanarySetting": {"DeploymentId": "d2", "PercentTraffic": 10.0, "StageVariableOverrides": {"table": "next"}, "UseStageCache": false},
            "Tags": [{"Key": "team", "Value": "pay"}],
        });
        assert_eq!(to_json(&r.properties), expected);
        assert_eq!(r.attribute("WebAclArn").as_str(), Some("arn:waf"));
    }

    #[test]
    fn what_a_stage_does_not_have_is_absent() {
        let r = resource(&offline("eu-west-1"), "a1b2c3", &json!({"stageName": "prod", "methodSettings": {}}));
        for property in ["AccessLogSetting", "CanarySetting", "MethodSettings", "Variables", "Tags"] {
            assert!(r.get(property).is_absent(), "{property}");
        }
    }
}
