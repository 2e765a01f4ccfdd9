//! Who may invoke a function: the statements of its policy and of its aliases' policies, one call per policy.

use std::collections::BTreeMap;

use aws_sdk_lambda::Client;
use serde_json::Value as Json;

use super::aliases::Alias;
use super::{NONE, SPEC};
use crate::collect::json::{at, items, kind, text};
use crate::collect::parts::wanted;
use crate::collect::{Answer, Cx, Out, Pages, TypeSpec, shape, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const READ: &str = "lambda:GetPolicy";

/// Policies of published versions are not read: nothing lists which of its versions has one.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Lambda::Permission",
    asked: &[("", READ)],
    reads: &[
        "Action",
        "EventSourceToken",
        "FunctionName",
        "FunctionUrlAuthType",
        "InvokedViaFunctionUrl",
        "Principal",
        "PrincipalOrgID",
        "SourceAccount",
        "SourceArn",
    ],
    ..TypeSpec::LISTED
};

/// Properties that stand in a statement as a condition on a key.
const CONDITIONS: &[(&str, &str)] = &[
    ("lambda:EventSourceToken", "EventSourceToken"),
    ("lambda:FunctionUrlAuthType", "FunctionUrlAuthType"),
    ("aws:PrincipalOrgID", "PrincipalOrgID"),
    ("aws:SourceAccount", "SourceAccount"),
    ("aws:SourceArn", "SourceArn"),
];

/// What has a policy: a function, or an alias of one.
pub(super) struct Target {
    function: String,
    alias: Option<String>,
    /// What `Ref` gives for it.
    name: String,
}

impl Target {
    /// A function by its name.
    pub(super) fn function(name: &str) -> Self {
        Self { function: name.to_owned(), alias: None, name: name.to_owned() }
    }

    /// An alias.
    pub(super) fn alias(alias: &Alias) -> Self {
        Self {
            function: alias.function.clone(),
            alias: Some(text(&alias.json, "Name").to_owned()),
            name: text(&alias.json, "AliasArn").to_owned(),
        }
    }
}

/// A statement and whose policy has it.
pub(super) struct Statement {
    of: String,
    json: Json,
}

/// The statements of several policies, if the scan is about permissions.
pub(super) async fn read(cx: &Cx, lambda: &Client, targets: impl Iterator<Item = Target>) -> Pages<Statement> {
    if !wanted(cx, &TYPE) {
        return Pages { pages: Vec::new(), end: Err(Unknown::NotCollected) };
    }
    let readings = targets.map(|target| {
        let (cx, lambda) = (cx.clone(), lambda.clone());
        async move { policy(&cx, &lambda, target).await }
    });
    let mut all = Pages { pages: Vec::new(), end: Ok(()) };
    for found in tasks::all(readings.collect()).await {
        match found {
            Ok(statements) => all.pages.extend(statements),
            Err(why) => all.end = all.end.and(Err(why)),
        }
    }
    all
}

/// A function without a policy, and one that has gone meanwhile, have no statements.
async fn policy(cx: &Cx, lambda: &Client, target: Target) -> Result<Vec<Statement>, Unknown> {
    let request = lambda.get_policy().function_name(&target.function).set_qualifier(target.alias);
    let found = match cx.ask(READ, &[TYPE.name], &[NONE], request.send()).await {
        Answer::Is(found) => found,
        Answer::Absent => return Ok(Vec::new()),
        Answer::Unknown(why) => return Err(why),
    };
    let document: Json = serde_json::from_str(found.policy().unwrap_or_default())
        .map_err(|_| Unknown::Failed { action: READ.into(), code: "MalformedPolicyDocument".into() })?;
    let statements = items(&document, "Statement").iter();
    Ok(statements.map(|json| Statement { of: target.name.clone(), json: json.clone() }).collect())
}

/// Permissions. CloudFormation knows each by its statement id, which it makes unique. People give the same id on many functions:
/// there the function is put in front.
pub(super) fn collect(cx: &Cx, read: &[Pages<Statement>; 2], aliases: &Result<(), Unknown>) -> Out {
    let mut out = Out::default();
    let mut namesakes: BTreeMap<&str, usize> = BTreeMap::new();
    let statements = || read.iter().flat_map(|policies| &policies.pages);
    for statement in statements() {
        *namesakes.entry(text(&statement.json, "Sid")).or_default() += 1;
    }
    for statement in statements() {
        let sid = text(&statement.json, "Sid");
        let id = match namesakes.get(sid) {
            Some(1) => sid.to_owned(),
            _ => format!("{}|{sid}", statement.of),
        };
        out.push(resource(cx, &id, statement));
    }
    for end in read.iter().map(|policies| &policies.end).chain([aliases]) {
        out.listed(TYPE.name, end);
    }
    out
}

fn resource(cx: &Cx, id: &str, Statement { of, json }: &Statement) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, id, "");
    r.set("FunctionName", shape::text(Some(of)));
    r.set("Action", kind(at(json, "Action")));
    r.set("Principal", principal(at(json, "Principal")));
    for (key, property) in CONDITIONS {
        r.set(property, kind(condition(json, key)));
    }
    let through_url = condition(json, "lambda:InvokedViaFunctionUrl").as_str().map(|text| text == "true");
    r.set("InvokedViaFunctionUrl", shape::flag(through_url));
    r.set_attribute("Id", shape::text(Some(text(json, "Sid"))));
    r
}

/// A permission has one principal: `*`, or `{"Service": "s3.amazonaws.com"}`, or `{"AWS": "arn:aws:iam::123456789012:root"}`.
fn principal(principal: &Json) -> Kind {
    kind(principal.as_object().and_then(|kinds| kinds.values().next()).unwrap_or(principal))
}

/// The value that a condition key is compared with. Its operator follows from the key, and its letters may be of either case.
fn condition<'a>(statement: &'a Json, key: &str) -> &'a Json {
    let operators = at(statement, "Condition").as_object().into_iter().flat_map(|operators| operators.values());
    let mut keys = operators.filter_map(Json::as_object).flatten();
    keys.find(|(name, _)| name.eq_ignore_ascii_case(key)).map_or(&Json::Null, |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, claimed, cx, offline, properties};
    use crate::model::to_json;
    use serde_json::json;

    fn statement(of: &str, json: Json) -> Statement {
        Statement { of: of.to_owned(), json }
    }

    fn permissions(statements: Vec<Statement>) -> Vec<Resource> {
        let none = Pages { pages: Vec::new(), end: Ok(()) };
        collect(&offline("eu-west-1"), &[Pages { pages: statements, end: Ok(()) }, none], &Ok(())).resources
    }

    #[test]
    fn a_statement_reads_as_cloudformation_would_declare_it() {
        let rs = permissions(vec![statement(
            "orders",
            json!({
                "Sid": "web-Allow-1ABC", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
                "Condition": {
                    "StringEquals": {"AWS:SourceAccount": "123456789012", "lambda:FunctionUrlAuthType": "AWS_IAM",
                        "aws:PrincipalOrgID": "o-1", "lambda:EventSourceToken": "t"},
                    "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::uploads"}, "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
                },
            }),
        )]);
        let [r] = &rs[..] else { panic!("one permission: {rs:?}") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(r.address.physical_id.as_deref(), Some("web-Allow-1ABC"));
        let expected = json!({
            "FunctionName": "orders", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com",
            "SourceArn": "arn:aws:s3:::uploads", "SourceAccount": "123456789012", "PrincipalOrgID": "o-1",
            "EventSourceToken": "t", "FunctionUrlAuthType": "AWS_IAM", "InvokedViaFunctionUrl": true,
        });
        assert_eq!(to_json(&r.properties), expected);
    }

    #[test]
    fn anybody_and_an_account_are_principals_and_what_is_not_asked_is_absent() {
        for (written, read) in [
            (json!("*"), "*"),
            (json!({"AWS": "*"}), "*"),
            (json!({"AWS": "arn:aws:iam::210987654321:root"}), "arn:aws:iam::210987654321:root"),
        ] {
            let rs = permissions(vec![statement("orders", json!({"Sid": "s", "Principal": written}))]);
            assert_eq!(rs[0].get("Principal").as_str(), Some(read));
            assert!(rs[0].get("SourceArn").is_absent() && rs[0].get("InvokedViaFunctionUrl").is_absent());
        }
    }

    #[test]
    fn one_statement_id_on_several_functions_gets_the_function_in_front() {
        let named = |of, sid| statement(of, json!({"Sid": sid}));
        let rs = permissions(vec![named("a", "same"), named("b", "same"), named("b", "other")]);
        let ids: Vec<_> = rs.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        assert_eq!(ids, ["a|same", "b|same", "other"]);
    }

    async fn end(aws: Aws) -> (usize, Result<(), Unknown>) {
        let cx = cx("eu-west-1", aws);
        let read = read(&cx, &Client::new(&cx.config), ["orders"].into_iter().map(Target::function)).await;
        (read.pages.len(), read.end)
    }

    #[tokio::test]
    async fn no_policy_has_no_statements_and_one_that_cannot_be_read_may_have_any() {
        let none = |_: &str| (404, r#"{"__type":"ResourceNotFoundException"}"#.into());
        assert_eq!(end(none).await, (0, Ok(())));
        let denied = |_: &str| (403, r#"{"__type":"AccessDeniedException"}"#.into());
        assert_eq!(end(denied).await, (0, Err(Unknown::Denied { action: READ.into() })));
        let malformed = |_: &str| (200, r#"{"Policy":"{"}"#.into());
        let why = Unknown::Failed { action: READ.into(), code: "MalformedPolicyDocument".into() };
        assert_eq!(end(malformed).await, (0, Err(why)));
    }
}
