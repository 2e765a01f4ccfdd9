//! Methods and what they call: one listing per API, with all methods of all its resources.

use aws_sdk_apigateway::Client;
use serde_json::Value as Json;

use super::{GET, NONE, PAGE, SPEC};
use crate::collect::gone::unless_gone;
use crate::collect::json::{at, data, items, kind, pick, set, text};
use crate::collect::parts::of_each;
use crate::collect::shape::{list, map, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource, Unknown};

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ApiGateway::Method",
    asked: &[("", GET)],
    reads: &[
        "ApiKeyRequired",
        "AuthorizationScopes",
        "AuthorizationType",
        "AuthorizerId",
        "HttpMethod",
        "Integration",
        "MethodResponses",
        "OperationName",
        "RequestModels",
        "RequestParameters",
        "RequestValidatorId",
        "ResourceId",
        "RestApiId",
    ],
    ..TypeSpec::LISTED
};

const SAME: &[(&str, &str)] = &[
    ("apiKeyRequired", "ApiKeyRequired"),
    ("authorizationType", "AuthorizationType"),
    ("authorizerId", "AuthorizerId"),
    ("operationName", "OperationName"),
    ("requestValidatorId", "RequestValidatorId"),
];

const INTEGRATION: &[(&str, &str)] = &[
    ("cacheNamespace", "CacheNamespace"),
    ("connectionId", "ConnectionId"),
    ("connectionType", "ConnectionType"),
    ("contentHandling", "ContentHandling"),
    ("credentials", "Credentials"),
    ("httpMethod", "IntegrationHttpMethod"),
    ("integrationTarget", "IntegrationTarget"),
    ("passthroughBehavior", "PassthroughBehavior"),
    ("responseTransferMode", "ResponseTransferMode"),
    ("timeoutInMillis", "TimeoutInMillis"),
    ("type", "Type"),
    ("uri", "Uri"),
];

pub(super) async fn collect(cx: &Cx, client: &Client, apis: (&[String], &Result<(), Unknown>)) -> Out {
    of_each(cx, &TYPE, apis, |cx, api| {
        let client = client.clone();
        async move { of_api(&cx, &client, &api).await }
    })
    .await
}

async fn of_api(cx: &Cx, client: &Client, api: &str) -> Out {
    let request = client.get_resources().rest_api_id(api).embed("methods").limit(PAGE);
    let listing = cx
        .pages_json(
            GET,
            &[TYPE.name],
            |start| unless_gone(&[NONE], request.clone().set_position(start).send()),
            |page| token(page.as_ref()?.position()),
        )
        .await;
    let mut out = Out::default();
    for place in listing.pages.iter().flat_map(|page| items(page, "item")) {
        for (verb, method) in at(place, "resourceMethods").as_object().into_iter().flatten() {
            out.push(resource(cx, api, place, (verb, method)));
        }
    }
    out.listed(TYPE.name, &listing.end);
    out
}

/// A method. Old stacks made up an id for it, younger ones list this one.
fn resource(cx: &Cx, api: &str, place: &Json, (verb, method): (&str, &Json)) -> Resource {
    let resource = text(place, "id");
    let mut r = cx.resource(&SPEC, TYPE.name, &format!("{api}|{resource}|{verb}"), "");
    r.set("RestApiId", Kind::Str(api.into()));
    r.set("ResourceId", Kind::Str(resource.into()));
    r.set("HttpMethod", Kind::Str(verb.into()));
    for (name, kind) in pick(method, SAME) {
        r.set(name, kind);
    }
    r.set("AuthorizationScopes", set(at(method, "authorizationScopes")));
    r.set("RequestModels", data(at(method, "requestModels")));
    r.set("RequestParameters", data(at(method, "requestParameters")));
    r.set(
        "MethodResponses",
        by_status(at(method, "methodResponses"), |response| {
            vec![
                ("ResponseModels", data(at(response, "responseModels"))),
                ("ResponseParameters", data(at(response, "responseParameters"))),
            ]
        }),
    );
    r.set("Integration", integration(at(method, "methodIntegration")));
    r.set_attribute("ResourcePath", kind(at(place, "path")));
    r
}

fn integration(integration: &Json) -> Kind {
    let rest = [
        ("CacheKeyParameters", set(at(integration, "cacheKeyParameters"))),
        ("RequestParameters", data(at(integration, "requestParameters"))),
        ("RequestTemplates", data(at(integration, "requestTemplates"))),
        (
            "IntegrationResponses",
            by_status(at(integration, "integrationResponses"), |response| {
                vec![
                    ("ContentHandling", kind(at(response, "contentHandling"))),
                    ("ResponseParameters", data(at(response, "responseParameters"))),
                    ("ResponseTemplates", data(at(response, "responseTemplates"))),
                    ("SelectionPattern", kind(at(response, "selectionPattern"))),
                ]
            }),
        ),
    ];
    map(pick(integration, INTEGRATION).chain(rest))
}

/// The answer has responses by status code, the schema a list, sorted here by code.
fn by_status(responses: &Json, members: impl Fn(&Json) -> Vec<(&'static str, Kind)>) -> Kind {
    let mut responses: Vec<_> = responses.as_object().into_iter().flatten().collect();
    responses.sort_by_key(|(status, _)| *status);
    list(responses.into_iter().map(|(status, response)| {
        map([("StatusCode", Kind::Str(status.as_str().into()))].into_iter().chain(members(response)))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, cx, offline, properties};
    use crate::model::to_json;
    use serde_json::json;

    #[test]
    fn a_method_reads_as_cloudformation_would_declare_it() {
        let method = json!({
            "httpMethod": "POST", "authorizationType": "CUSTOM", "authorizerId": "z1", "apiKeyRequired": true, "requestValidatorId": "v1",
            "operationName": "order", "authorizationScopes": ["b", "a"], "requestParameters": {"method.request.header.X": true},
            "requestModels": {"application/json": "Order"},
            "methodResponses": {"400": {"statusCode": "400"}, "200": {"statusCode": "200", "responseModels": {"application/json": "Empty"},
                "responseParameters": {"method.response.header.X": false}}},
            "methodIntegration": {
                "type": "AWS", "httpMethod": "POST", "uri": "arn:aws:apigateway:eu-west-1:sqs:path/1/q", "connectionType": "VPC_LINK",
                "connectionId": "l1", "credentials": "arn:role", "requestParameters": {"integration.request.header.Y": "'y'"},
                "requestTemplates": {"application/json": ""}, "passthroughBehavior": "NEVER", "contentHandling": "CONVERT_TO_TEXT",
                "timeoutInMillis": 5000, "cacheNamespace": "n", "cacheKeyParameters": ["q", "p"], "tlsConfig": {"insecureSkipVerification": false},
                "responseTransferMode": "STREAM", "integrationTarget": "arn:lb",
                "integrationResponses": {"200": {"statusCode": "200", "selectionPattern": "2..", "responseTemplates": {"application/json": "{}"},
                    "responseParameters": {"method.response.header.X": "'x'"}, "contentHandling": "CONVERT_TO_BINARY"}},
            },
        });
        let r = resource(&offline("eu-west-1"), "a1b2c3", &json!({"id": "r1", "path": "/orders"}), ("POST", &method));
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        let expected = json!({
            "RestApiId": "a1b2c3", "ResourceId": "r1", "HttpMethod": "POST", "AuthorizationType": "CUSTOM", "AuthorizerId": "z1",
            "ApiKeyRequired": true, "RequestValidatorId": "v1", "OperationName": "order", "AuthorizationScopes": ["a", "b"],
            "RequestParameters": {"method.request.header.X": true}, "RequestModels": {"application/json": "Order"},
            "MethodResponses": [
                {"StatusCode": "200", "ResponseModels": {"application/json": "Empty"}, "ResponseParameters": {"method.response.header.X": false}},
                {"StatusCode": "400"},
            ],
            "Integration": {
                "Type": "AWS", "IntegrationHttpMethod": "POST", "Uri": "arn:aws:apigateway:eu-west-1:sqs:path/1/q", "ConnectionType": "VPC_LINK",
                "ConnectionId": "l1", "Credentials": "arn:role", "RequestParameters": {"integration.request.header.Y": "'y'"},
                "RequestTemplates": {"application/json": ""}, "PassthroughBehavior": "NEVER", "ContentHandling": "CONVERT_TO_TEXT",
                "TimeoutInMillis": 5000, "CacheNamespace": "n", "CacheKeyParameters": ["p", "q"], "ResponseTransferMode": "STREAM",
                "IntegrationTarget": "arn:lb",
                "IntegrationResponses": [{"StatusCode": "200", "SelectionPattern": "2..", "ResponseTemplates": {"application/json": "{}"},
                    "ResponseParameters": {"method.response.header.X": "'x'"}, "ContentHandling": "CONVERT_TO_BINARY"}],
            },
        });
        assert_eq!(to_json(&r.properties), expected);
        assert_eq!(r.attribute("ResourcePath").as_str(), Some("/orders"));
    }

    #[tokio::test]
    async fn resources_are_read_page_by_page_and_one_without_methods_has_none() {
        let cx = cx("eu-west-1", |asked| {
            let page = if asked.contains("position=more") {
                r#"{"item":[{"id":"r2","path":"/orders","resourceMethods":{"ANY":{}}}]}"#
            } else {
                r#"{"item":[{"id":"r1","path":"/"}],"position":"more"}"#
            };
            (200, page.into())
        });
        let out = collect(&cx, &Client::new(&cx.config), (&["a1b2c3".to_owned()], &Ok(()))).await;
        let [r] = &out.resources[..] else { panic!("one method: {out:?}") };
        assert_eq!(r.address.physical_id.as_deref(), Some("a1b2c3|r2|ANY"));
        assert!(r.get("Integration").is_absent() && r.get("RequestValidatorId").is_absent());
        assert_eq!(out.listed[TYPE.name], Ok(()));
    }
}
