//! What API Gateway lets through to the backend.

use crate::model::{Field, Kind, Read, Resource, Unknown, Value};
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A request that API Gateway can tell to be wrong need not reach the backend: no code runs, nothing is paid for, nothing is attacked.
    ///
    /// A method needs a request validator that checks something: parameters, if the method declares `RequestParameters`; the body, for
    /// `POST`, `PUT` and `PATCH`, which must have a model in `RequestModels` to check it against. `OPTIONS` is left out. Of an API that is
    /// declared by an OpenAPI `Body` every operation needs a validator (`x-amazon-apigateway-request-validator`, its own or the API's).
    ///
    /// ## Fix
    /// ```yaml
    /// OrderValidator:
    ///   Type: AWS::ApiGateway::RequestValidator
    ///   Properties: {RestApiId: !Ref Api, ValidateRequestBody: true, ValidateRequestParameters: true}
    /// CreateOrder:
    ///   Type: AWS::ApiGateway::Method
    ///   Properties:
    ///     RequestValidatorId: !Ref OrderValidator
    ///     RequestModels: {application/json: !Ref OrderModel}
    /// ```
    "api-gw-request-validation" => {
        title: "API Gateway methods validate requests before they reach the backend.",
        category: Compute,
        severity: Medium,
        scope: Resource,
        types: ["AWS::ApiGateway::Method", "AWS::ApiGateway::RestApi"],
        reads: ["AWS::ApiGateway::RequestValidator"],
        params: { exempt_methods: Preset::Texts(&["OPTIONS"]) => "HTTP methods that need no validation" },
        equivalents: ["checkov/CKV2_AWS_53"],
        check: |r, cx| match &*r.kind {
            "AWS::ApiGateway::Method" => method(r, cx),
            _ => described(r, cx),
        },
    }
}

const BODIES: &[&str] = &["POST", "PUT", "PATCH"];

fn method(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let verb = r.get("HttpMethod");
    if is_exempt(verb.as_str(), cx) {
        return None;
    }
    let carries_body = verb.as_str().is_some_and(|verb| BODIES.iter().any(|b| b.eq_ignore_ascii_case(verb)));
    let validates = validator(r, cx, carries_body);
    let model = if carries_body { filled(&r.get("RequestModels"), "a model of the body") } else { Verdict::Pass };
    let verdict = validates.and(model);
    Some(match verb.why_unknown() {
        Some(why) if !verdict.is_pass() => unknown(&verb, "a method that needs no validation", &why),
        _ => verdict,
    })
}

fn is_exempt(verb: Option<&str>, cx: &Context<'_>) -> bool {
    verb.is_some_and(|verb| cx.params.texts("exempt_methods").iter().any(|exempt| exempt.eq_ignore_ascii_case(verb)))
}

/// A mapping with something in it.
fn filled(read: &Read<'_>, expected: &str) -> Verdict {
    check::require(read, expected, |v| v.as_map().map(|map| !map.is_empty()))
}

/// The validator of a method checks what there is to check, and something at least.
fn validator(r: &Resource, cx: &Context<'_>, carries_body: bool) -> Verdict {
    let expected = "a request validator";
    let parameters = r.get("RequestParameters");
    let id = r.get("RequestValidatorId");
    check::related(cx.estate, &id, &["AWS::ApiGateway::RequestValidator"], expected, |validator| {
        let [body, query] = ["ValidateRequestBody", "ValidateRequestParameters"].map(|name| validator.get(name));
        let something = check::is_true(&body).or(|| check::is_true(&query));
        let of_parameters = match filled(&parameters, "parameters") {
            Verdict::Fail(_) => Verdict::Pass,
            known_or_open => {
                let checked = check::is_true(&query);
                if checked.is_pass() { checked } else { known_or_open.and(checked) }
            }
        };
        let of_body = if carries_body { check::is_true(&body) } else { Verdict::Pass };
        something.and(of_parameters).and(of_body)
    })
}

const VERBS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"];

/// An API that an `OpenAPI` document describes; `None` if its methods are resources of their own.
fn described(api: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (body, elsewhere) = (api.get("Body"), api.get("BodyS3Location"));
    // What a document made is seen method by method.
    if api.is_live() {
        return None;
    }
    if !elsewhere.is_absent() {
        let why = elsewhere.why_unknown().unwrap_or(Unknown::Outside("the document in S3".into()));
        return Some(unknown(&elsewhere, "operations with a request validator", &why));
    }
    if body.is_absent() {
        return None;
    }
    let paths = body.get("paths");
    let Some(map) = paths.value().and_then(Value::as_map) else {
        return Some(match body.why_unknown().or_else(|| paths.why_unknown()).or_else(|| included(&body)) {
            Some(why) => unknown(&body, "operations with a request validator", &why),
            None => Verdict::Pass,
        });
    };
    let operations = map.iter().flat_map(|(path, operations)| {
        let verbs =
            operations.value.as_map().into_iter().flatten().map(move |(verb, operation)| (path, verb, operation));
        verbs.filter(|(_, verb, _)| VERBS.contains(&&***verb) && !is_exempt(Some(verb), cx))
    });
    Some(Verdict::all(operations.map(|(path, verb, operation)| {
        let field = Field::Is(&operation.value);
        validated(&body, &Read::new(api, format!("Body.paths.{path}.{verb}"), field))
    })))
}

/// A document that a transform puts in.
fn included(body: &Read<'_>) -> Option<Unknown> {
    let transform = body.value()?.as_map()?.keys().any(|key| &**key == "Fn::Transform");
    transform.then(|| Unknown::Unsupported("Fn::Transform".into()))
}

/// An operation has a validator that the document defines and that checks something.
fn validated(body: &Read<'_>, operation: &Read<'_>) -> Verdict {
    const KEY: &str = "x-amazon-apigateway-request-validator";
    let own = operation.value().and_then(|v| v.child(KEY));
    let name = own.or_else(|| body.value().and_then(|v| v.child(KEY)));
    let expected = "a request validator";
    let found = name
        .and_then(Value::as_str)
        .and_then(|name| body.value()?.child("x-amazon-apigateway-request-validators")?.child(name));
    let flags = ["validateRequestBody", "validateRequestParameters"];
    let checks = |v: &Value| flags.iter().any(|flag| v.child(flag).and_then(Value::as_bool) == Some(true));
    match (name.map(|v| &v.kind), found) {
        (_, Some(validator)) if checks(validator) => Verdict::Pass,
        (Some(Kind::Unknown(why)), _) => unknown(body, expected, why),
        _ => {
            let near = operation.at();
            check::fail(&Read::new(body.resource, operation.path.clone(), Field::Absent { near }), expected)
        }
    }
}
