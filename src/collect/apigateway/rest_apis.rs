//! REST APIs: the listing tells all.

use aws_sdk_apigateway::Client;
use serde_json::Value as Json;

use super::{GET, PAGE, SPEC, arn, methods, pairs, stages, validators};
use crate::collect::json::{at, items, kind, pick, set, text};
use crate::collect::shape::{map, set_tags, token};
use crate::collect::{Cx, Out, Pages, TypeSpec};
use crate::model::{Kind, Resource, Unknown, from_json};

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ApiGateway::RestApi",
    asked: &[("", GET)],
    reads: &[
        "ApiKeySourceType",
        "BinaryMediaTypes",
        "Description",
        "DisableExecuteApiEndpoint",
        "EndpointAccessMode",
        "EndpointConfiguration",
        "MinimumCompressionSize",
        "Name",
        "Policy",
        "SecurityPolicy",
        "Tags",
        "Version",
    ],
    // Its stages, its resources with their methods, its validators.
    calls: 3,
    ..TypeSpec::LISTED
};

const SAME: &[(&str, &str)] = &[
    ("apiKeySource", "ApiKeySourceType"),
    ("description", "Description"),
    ("disableExecuteApiEndpoint", "DisableExecuteApiEndpoint"),
    ("endpointAccessMode", "EndpointAccessMode"),
    ("minimumCompressionSize", "MinimumCompressionSize"),
    ("name", "Name"),
    ("securityPolicy", "SecurityPolicy"),
    ("version", "Version"),
];

/// Every API.
pub(super) async fn list(cx: &Cx, client: &Client) -> Pages<Json> {
    let Pages { pages, end } = cx
        .pages_json(
            GET,
            &[TYPE.name, stages::TYPE.name, methods::TYPE.name, validators::TYPE.name],
            |start| client.get_rest_apis().limit(PAGE).set_position(start).send(),
            |page| token(page.position()),
        )
        .await;
    Pages { pages: pages.iter().flat_map(|page| items(page, "item")).cloned().collect(), end }
}

pub(super) fn collect(cx: &Cx, listing: &Pages<Json>) -> Out {
    let mut out = Out::default();
    out.resources.extend(listing.pages.iter().map(|api| resource(cx, api)));
    out.listed(TYPE.name, &listing.end);
    out
}

fn resource(cx: &Cx, api: &Json) -> Resource {
    let id = text(api, "id");
    let mut r = cx.resource(&SPEC, TYPE.name, id, &arn(cx, id));
    for (name, kind) in pick(api, SAME) {
        r.set(name, kind);
    }
    r.set("BinaryMediaTypes", set(at(api, "binaryMediaTypes")));
    r.set("EndpointConfiguration", endpoint(at(api, "endpointConfiguration")));
    r.set("Policy", policy(text(api, "policy")));
    set_tags(&mut r, pairs(at(api, "tags")));
    r.set_attribute("RestApiId", kind(at(api, "id")));
    r.set_attribute("RootResourceId", kind(at(api, "rootResourceId")));
    r
}

fn endpoint(configuration: &Json) -> Kind {
    map([
        ("IpAddressType", kind(at(configuration, "ipAddressType"))),
        ("Types", set(at(configuration, "types"))),
        ("VpcEndpointIds", set(at(configuration, "vpcEndpointIds"))),
    ])
}

/// The policy is JSON in a text whose quotes are escaped once more than JSON asks for: `{\"Version\":\"2012-10-17\"}`. One that cannot be
/// parsed is unknown: nobody can say what it allows.
fn policy(written: &str) -> Kind {
    if written.is_empty() {
        return Kind::Null;
    }
    let parsed = serde_json::from_str(written).or_else(|_| {
        let unescaped: String = serde_json::from_str(&format!("\"{written}\""))?;
        serde_json::from_str(&unescaped)
    });
    parsed.map_or_else(
        |_| Kind::Unknown(Unknown::Failed { action: GET.into(), code: "MalformedPolicyDocument".into() }),
        |document: Json| from_json(&document).kind,
    )
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
            "id": "a1b2c3", "name": "shop", "description": "orders", "createdDate": 1_700_000_000, "version": "2",
            "binaryMediaTypes": ["image/png", "image/gif"], "minimumCompressionSize": 0, "apiKeySource": "HEADER",
            "endpointConfiguration": {"types": ["PRIVATE"], "ipAddressType": "dualstack", "vpcEndpointIds": ["vpce-2", "vpce-1"]},
            "policy": r#"{\"Version\":\"2012-10-17\",\"Statement\":[]}"#, "tags": {"b": "2", "a": "1", "aws:cloudformation:stack-name": "web"},
            "disableExecuteApiEndpoint": true, "rootResourceId": "r0", "securityPolicy": "TLS_1_2", "endpointAccessMode": "BASIC",
        });
        let r = resource(&offline("eu-west-1"), &api);
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.address.arn.as_deref(), Some("arn:aws:apigateway:eu-west-1::/restapis/a1b2c3"));
        let expected = json!({
            "Name": "shop", "Description": "orders", "Version": "2", "BinaryMediaTypes": ["image/gif", "image/png"],
            "MinimumCompressionSize": 0, "ApiKeySourceType": "HEADER",
            "EndpointConfiguration": {"Types": ["PRIVATE"], "IpAddressType": "dualstack", "VpcEndpointIds": ["vpce-1", "vpce-2"]},
            "Policy": {"Version": "2012-10-17", "Statement": []}, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
            "DisableExecuteApiEndpoint": true, "SecurityPolicy": "TLS_1_2", "EndpointAccessMode": "BASIC",
        });
        assert_eq!(to_json(&r.properties), expected);
        assert_eq!(r.attribute("RootResourceId").as_str(), Some("r0"));
        assert_eq!(r.attribute("aws:cloudformation:stack-name").as_str(), Some("web"));
    }

    #[test]
    fn a_policy_is_a_document_however_often_it_is_escaped() {
        let plain = policy(r#"{"Version":"2012-10-17"}"#);
        assert_eq!(plain, policy(r#"{\"Version\":\"2012-10-17\"}"#));
        assert!(matches!(plain, Kind::Map(_)));
        assert_eq!(policy(""), Kind::Null);
        assert!(matches!(policy(r#"{\"Version\""#), Kind::Unknown(Unknown::Failed { .. })));
    }
}
