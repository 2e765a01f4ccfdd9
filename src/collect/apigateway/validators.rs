//! Request validators: one listing per API.

use aws_sdk_apigateway::Client;
use serde_json::Value as Json;

use super::{GET, NONE, PAGE, SPEC};
use crate::collect::gone::unless_gone;
use crate::collect::json::{at, items, kind, pick, text};
use crate::collect::parts::of_each;
use crate::collect::shape::token;
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource, Unknown};

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ApiGateway::RequestValidator",
    asked: &[("", GET)],
    reads: &["Name", "RestApiId", "ValidateRequestBody", "ValidateRequestParameters"],
    ..TypeSpec::LISTED
};

const SAME: &[(&str, &str)] = &[
    ("name", "Name"),
    ("validateRequestBody", "ValidateRequestBody"),
    ("validateRequestParameters", "ValidateRequestParameters"),
];

pub(super) async fn collect(cx: &Cx, client: &Client, apis: (&[String], &Result<(), Unknown>)) -> Out {
    of_each(cx, &TYPE, apis, |cx, api| {
        let client = client.clone();
        async move { of_api(&cx, &client, &api).await }
    })
    .await
}

async fn of_api(cx: &Cx, client: &Client, api: &str) -> Out {
    let request = client.get_request_validators().rest_api_id(api).limit(PAGE);
    let listing = cx
        .pages_json(
            GET,
            &[TYPE.name],
            |start| unless_gone(&[NONE], request.clone().set_position(start).send()),
            |page| token(page.as_ref()?.position()),
        )
        .await;
    let validators = listing.pages.iter().flat_map(|page| items(page, "item"));
    Out::of(TYPE.name, validators.map(|validator| resource(cx, api, validator)), &listing.end)
}

fn resource(cx: &Cx, api: &str, validator: &Json) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, text(validator, "id"), "");
    r.set("RestApiId", Kind::Str(api.into()));
    for (name, kind) in pick(validator, SAME) {
        r.set(name, kind);
    }
    r.set_attribute("RequestValidatorId", kind(at(validator, "id")));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::model::to_json;
    use serde_json::json;

    #[test]
    fn a_validator_reads_as_cloudformation_would_declare_it() {
        let validator =
            json!({"id": "v1", "name": "all", "validateRequestBody": true, "validateRequestParameters": false});
        let r = resource(&offline("eu-west-1"), "a1b2c3", &validator);
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        let expected = json!({"RestApiId": "a1b2c3", "Name": "all", "ValidateRequestBody": true, "ValidateRequestParameters": false});
        assert_eq!(to_json(&r.properties), expected);
        assert_eq!(r.address.physical_id.as_deref(), Some("v1"));
    }
}
