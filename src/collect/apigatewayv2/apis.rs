//! HTTP and WebSocket APIs: the listing tells all.

use aws_sdk_apigatewayv2::Client;
use serde_json::Value as Json;

use super::{GET, PAGE, SPEC, arn, set_common, stages};
use crate::collect::json::{at, items, kind, pick, set, text};
use crate::collect::shape::{map, token};
use crate::collect::{Cx, Out, Pages, TypeSpec};
use crate::model::{Kind, Resource};

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ApiGatewayV2::Api",
    asked: &[("", GET)],
    reads: &[
        "ApiKeySelectionExpression",
        "CorsConfiguration",
        "Description",
        "DisableExecuteApiEndpoint",
        "IpAddressType",
        "Name",
        "ProtocolType",
        "RouteSelectionExpression",
        "Tags",
        "Version",
    ],
    // Its stages.
    calls: 1,
    ..TypeSpec::LISTED
};

const SAME: &[(&str, &str)] = &[
    ("apiKeySelectionExpression", "ApiKeySelectionExpression"),
    ("description", "Description"),
    ("disableExecuteApiEndpoint", "DisableExecuteApiEndpoint"),
    ("ipAddressType", "IpAddressType"),
    ("name", "Name"),
    ("protocolType", "ProtocolType"),
    ("routeSelectionExpression", "RouteSelectionExpression"),
    ("version", "Version"),
];

/// Every API.
pub(super) async fn list(cx: &Cx, client: &Client) -> Pages<Json> {
    let Pages { pages, end } = cx
        .pages_json(
            GET,
            &[TYPE.name, stages::TYPE.name],
            |start| client.get_apis().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    Pages { pages: pages.iter().flat_map(|page| items(page, "items")).cloned().collect(), end }
}

pub(super) fn collect(cx: &Cx, listing: &Pages<Json>) -> Out {
    let mut out = Out::default();
    out.resources.extend(listing.pages.iter().map(|api| resource(cx, api)));
    out.listed(TYPE.name, &listing.end);
    out
}

fn resource(cx: &Cx, api: &Json) -> Resource {
    let id = text(api, "apiId");
    let mut r = cx.resource(&SPEC, TYPE.name, id, &arn(cx, id));
    for (name, kind) in pick(api, SAME) {
        r.set(name, kind);
    }
    r.set("CorsConfiguration", cors(at(api, "corsConfiguration")));
    set_common(&mut r, api);
    r.set_attribute("ApiId", kind(at(api, "apiId")));
    r.set_attribute("ApiEndpoint", kind(at(api, "apiEndpoint")));
    r.set_attribute("ExecuteApiArn", Kind::Str(cx.arn("execute-api", id).into()));
    r
}

fn cors(cors: &Json) -> Kind {
    map([
        ("AllowCredentials", kind(at(cors, "allowCredentials"))),
        ("AllowHeaders", set(at(cors, "allowHeaders"))),
        ("AllowMethods", set(at(cors, "allowMethods"))),
        ("AllowOrigins", set(at(cors, "allowOrigins"))),
        ("ExposeHeaders", set(at(cors, "exposeHeaders"))),
        ("MaxAge", kind(at(cors, "maxAge"))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::model::to_json;
    use serde_json::json;

    #[test]
    fn an_api_reads_as_cloudformation_would_declare_it() {
        let api = json!({
            "apiEndpoint": "https://a1b2c3.execute-api.eu-west-1.amazonaws.com", "apiGatewayManaged": true, "apiId": "a1b2c3",
            "apiKeySelectionExpression": "$request.header.x-api-key", "createdDate": "2025-01-02T03:04:05Z", "description": "orders",
            "corsConfiguration": {"allowCredentials": true, "allowHeaders": ["x-b", "x-a"], "allowMethods": ["POST", "GET"],
                "allowOrigins": ["https://b", "https://a"], "exposeHeaders": ["x-c"], "maxAge": 0},
            "disableExecuteApiEndpoint": true, "ipAddressType": "ipv4", "name": "shop", "protocolType": "HTTP", "version": "2",
            "routeSelectionExpression": "$request.method $request.path", "tags": {"team": "", "aws:cloudformation:stack-name": "web"},
        });
        let r = resource(&offline("eu-west-1"), &api);
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.address.arn.as_deref(), Some("arn:aws:apigateway:eu-west-1::/apis/a1b2c3"));
        let expected = json!({
            "Name": "shop", "ProtocolType": "HTTP", "Description": "orders", "Version": "2", "DisableExecuteApiEndpoint": true, "IpAddressType": "ipv4",
            "ApiKeySelectionExpression": "$request.header.x-api-key", "RouteSelectionExpression": "$request.method $request.path",
            "CorsConfiguration": {"AllowCredentials": true, "AllowHeaders": ["x-a", "x-b"], "AllowMethods": ["GET", "POST"],
                "AllowOrigins": ["https://a", "https://b"], "ExposeHeaders": ["x-c"], "MaxAge": 0},
            "Tags": {"team": ""},
        });
        assert_eq!(to_json(&r.properties), expected);
        let facts = json!({
            "ApiId": "a1b2c3", "ApiEndpoint": "https://a1b2c3.execute-api.eu-west-1.amazonaws.com", "ApiGatewayManaged": true,
            "ExecuteApiArn": "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3", "aws:cloudformation:stack-name": "web",
        });
        assert_eq!(to_json(&r.attributes), facts);
    }

    #[test]
    fn what_an_api_does_not_have_is_absent() {
        let r = resource(&offline("eu-west-1"), &json!({"apiId": "a1b2c3", "tags": {}}));
        assert!(r.get("CorsConfiguration").is_absent() && r.get("Tags").is_absent());
    }
}
