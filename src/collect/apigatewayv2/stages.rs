//! Stages: one listing per API.

use aws_sdk_apigatewayv2::Client;
use serde_json::Value as Json;

use super::{GET, NONE, PAGE, SPEC, arn, set_common};
use crate::collect::gone::unless_gone;
use crate::collect::json::{at, data, items, kind, pick, text, upper};
use crate::collect::parts::of_each;
use crate::collect::shape::{map, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource, Unknown};

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ApiGatewayV2::Stage",
    asked: &[("", GET)],
    reads: &[
        "AccessLogSettings",
        "ApiId",
        "AutoDeploy",
        "ClientCertificateId",
        "DefaultRouteSettings",
        "DeploymentId",
        "Description",
        "RouteSettings",
        "StageName",
        "StageVariables",
        "Tags",
    ],
    ..TypeSpec::LISTED
};

const SAME: &[(&str, &str)] = &[
    ("autoDeploy", "AutoDeploy"),
    ("clientCertificateId", "ClientCertificateId"),
    ("deploymentId", "DeploymentId"),
    ("description", "Description"),
    ("stageName", "StageName"),
];

pub(super) async fn collect(cx: &Cx, client: &Client, apis: (&[String], &Result<(), Unknown>)) -> Out {
    of_each(cx, &TYPE, apis, |cx, api| {
        let client = client.clone();
        async move { of_api(&cx, &client, &api).await }
    })
    .await
}

async fn of_api(cx: &Cx, client: &Client, api: &str) -> Out {
    let request = client.get_stages().api_id(api).max_results(PAGE);
    let listing = cx
        .pages_json(
            GET,
            &[TYPE.name],
            |start| unless_gone(&[NONE], request.clone().set_next_token(start).send()),
            |page| token(page.as_ref()?.next_token()),
        )
        .await;
    let stages = listing.pages.iter().flat_map(|page| items(page, "items"));
    Out::of(TYPE.name, stages.map(|stage| resource(cx, api, stage)), &listing.end)
}

/// A stage. Stacks list its name alone, which many APIs share, so its API is put in front.
fn resource(cx: &Cx, api: &str, stage: &Json) -> Resource {
    let name = text(stage, "stageName");
    let mut r = cx.resource(&SPEC, TYPE.name, &format!("{api}|{name}"), &arn(cx, &format!("{api}/stages/{name}")));
    r.set("ApiId", Kind::Str(api.into()));
    for (name, kind) in pick(stage, SAME) {
        r.set(name, kind);
    }
    r.set("AccessLogSettings", upper(at(stage, "accessLogSettings")));
    r.set("DefaultRouteSettings", upper(at(stage, "defaultRouteSettings")));
    r.set("RouteSettings", routes(at(stage, "routeSettings")));
    r.set("StageVariables", data(at(stage, "stageVariables")));
    set_common(&mut r, stage);
    r.set_attribute("LastDeploymentStatusMessage", kind(at(stage, "lastDeploymentStatusMessage")));
    r
}

/// Settings by route key, which is data: `GET /orders`.
fn routes(settings: &Json) -> Kind {
    let mut settings: Vec<_> = settings.as_object().into_iter().flatten().collect();
    settings.sort_by_key(|(route, _)| *route);
    map(settings.into_iter().map(|(route, settings)| (route.as_str(), upper(settings))))
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
            "accessLogSettings": {"destinationArn": "arn:logs", "format": "$context.requestId"}, "autoDeploy": false, "clientCertificateId": "c1",
            "createdDate": "2025-01-02T03:04:05Z", "deploymentId": "d1", "description": "live", "stageName": "prod",
            "defaultRouteSettings": {"detailedMetricsEnabled": true, "throttlingBurstLimit": 5, "throttlingRateLimit": 2.5},
            "routeSettings": {"POST /orders": {"loggingLevel": "ERROR", "dataTraceEnabled": false}, "GET /orders": {"throttlingBurstLimit": 0}},
            "stageVariables": {"table": "orders"}, "tags": {"team": "pay"}, "lastDeploymentStatusMessage": "deployed",
        });
        let r = resource(&offline("eu-west-1"), "a1b2c3", &stage);
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.address.arn.as_deref(), Some("arn:aws:apigateway:eu-west-1::/apis/a1b2c3/stages/prod"));
        let expected = json!({
            "ApiId": "a1b2c3", "StageName": "prod", "AutoDeploy": false, "ClientCertificateId": "c1", "DeploymentId": "d1", "Description": "live",
            "AccessLogSettings": {"DestinationArn": "arn:logs", "Format": "$context.requestId"},
            "DefaultRouteSettings": {"DetailedMetricsEnabled": true, "ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 2.5},
            "RouteSettings": {"GET /orders": {"ThrottlingBurstLimit": 0}, "POST /orders": {"LoggingLevel": "ERROR", "DataTraceEnabled": false}},
            "StageVariables": {"table": "orders"}, "Tags": {"team": "pay"},
        });
        assert_eq!(to_json(&r.properties), expected);
        assert_eq!(r.attribute("LastDeploymentStatusMessage").as_str(), Some("deployed"));
    }
}
