//! What the listing of functions leaves out: one call each, on demand.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::types::{RecursiveLoop, UpdateRuntimeOn};
use serde_json::Value as Json;

use super::NONE;
use super::functions::{TYPE, resource};
use crate::collect::json::text;
use crate::collect::shape::{self, map, number, set_tags};
use crate::collect::{Answer, Cx};
use crate::model::{Kind, Resource, Unknown};

pub(super) const READ: &str = "lambda:GetFunction";
/// `GetFunction` tells the tags only to those who may list them.
pub(super) const TAGS: &str = "lambda:ListTags";
pub(super) const SIGNING: &str = "lambda:GetFunctionCodeSigningConfig";
pub(super) const RECURSION: &str = "lambda:GetFunctionRecursionConfig";
pub(super) const RUNTIME: &str = "lambda:GetRuntimeManagementConfig";

/// One function; `None` if it has gone meanwhile.
pub(super) async fn read(cx: &Cx, lambda: &Client, function: &Json) -> Option<Resource> {
    let name = text(function, "FunctionName");
    let mut r = resource(cx, function);
    let (details, recursion, runtime, signed) = tokio::join!(
        Box::pin(cx.ask_for(
            (TYPE.name, name, &["ReservedConcurrentExecutions", "Tags"]),
            READ,
            &[NONE],
            lambda.get_function().function_name(name).send(),
        )),
        Box::pin(cx.ask_for(
            (TYPE.name, name, &["RecursiveLoop"]),
            RECURSION,
            &[NONE],
            lambda.get_function_recursion_config().function_name(name).send(),
        )),
        Box::pin(runtime(cx, lambda, function)),
        Box::pin(signing(cx, lambda, function)),
    );
    let there = matches!(details, Answer::Is(_));
    let recursion = recursion.map(|found| shape::text(found.recursive_loop().map(RecursiveLoop::as_str)));
    detail(cx, &mut r, details)?;
    r.set("RecursiveLoop", setting(recursion, there)?);
    r.set("RuntimeManagementConfig", setting(runtime, there)?);
    r.set("CodeSigningConfigArn", signed);
    Some(r)
}

/// An image brings its own runtime, and nobody signs it here.
fn is_image(function: &Json) -> bool {
    text(function, "PackageType") == "Image"
}

async fn runtime(cx: &Cx, lambda: &Client, function: &Json) -> Answer<Kind> {
    if is_image(function) {
        return Answer::Is(Kind::Null);
    }
    let name = text(function, "FunctionName");
    let request = lambda.get_runtime_management_config().function_name(name).send();
    let answer = cx.ask_for((TYPE.name, name, &["RuntimeManagementConfig"]), RUNTIME, &[NONE], request).await;
    answer.map(|found| {
        map([
            ("UpdateRuntimeOn", shape::text(found.update_runtime_on().map(UpdateRuntimeOn::as_str))),
            ("RuntimeVersionArn", shape::text(found.runtime_version_arn())),
        ])
    })
}

async fn signing(cx: &Cx, lambda: &Client, function: &Json) -> Kind {
    if is_image(function) {
        return Kind::Null;
    }
    let name = text(function, "FunctionName");
    let request = lambda.get_function_code_signing_config().function_name(name).send();
    let answer = cx.ask_for((TYPE.name, name, &["CodeSigningConfigArn"]), SIGNING, &[NONE], request).await;
    answer.into_kind(|found| shape::text(Some(found.code_signing_config_arn())))
}

/// A setting that every function has. Where there is none the function has gone (`None`), unless it is known to be there.
fn setting(answer: Answer<Kind>, there: bool) -> Option<Kind> {
    match answer {
        Answer::Absent if !there => None,
        answer => Some(answer.into_kind(|kind| kind)),
    }
}

/// Sets tags and reserved concurrency; `None` if the function has gone. The rest of the answer is the listing's, and a link to the code that
/// opens for whoever holds it: it ends here.
fn detail(cx: &Cx, r: &mut Resource, answer: Answer<GetFunctionOutput>) -> Option<()> {
    let found = match answer {
        Answer::Is(found) => found,
        Answer::Absent => return None,
        Answer::Unknown(why) => {
            r.set("ReservedConcurrentExecutions", Kind::Unknown(why.clone()));
            r.set("Tags", Kind::Unknown(why));
            return Some(());
        }
    };
    let reserved = found.concurrency().and_then(aws_sdk_lambda::types::Concurrency::reserved_concurrent_executions);
    r.set("ReservedConcurrentExecutions", number(reserved));
    match found.tags_error() {
        Some(error) => r.set("Tags", Kind::Unknown(untold(cx, error.error_code()))),
        None => set_tags(r, found.tags().into_iter().flatten().map(|(k, v)| (Some(k.as_str()), Some(v.as_str())))),
    }
    Some(())
}

/// Why the answer has no tags: it comes without an error of its own.
fn untold(cx: &Cx, code: &str) -> Unknown {
    let denied = code.starts_with("AccessDenied");
    cx.gap(TAGS, &[TYPE.name], if denied { "denied" } else { "failed" }, code.into());
    if denied {
        Unknown::Denied { action: TAGS.into() }
    } else {
        Unknown::Failed { action: TAGS.into(), code: code.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::SPEC;
    use super::*;
    use crate::collect::testing::{Aws, claimed, cx, properties};
    use crate::model::to_json;
    use serde_json::json;

    fn listed() -> Json {
        json!({"FunctionName": "orders", "PackageType": "Zip"})
    }

    async fn function(aws: Aws) -> Option<Resource> {
        let cx = cx("eu-west-1", aws);
        read(&cx, &Client::new(&cx.config), &listed()).await
    }

    fn answers(asked: &str) -> (u16, String) {
        let body = match asked {
            signing if signing.contains("/2020-06-30/functions/orders/code-signing-config") => {
                r#"{"CodeSigningConfigArn":"arn:csc","FunctionName":"orders"}"#
            }
            recursion if recursion.contains("/2024-08-31/functions/orders/recursion-config") => {
                r#"{"RecursiveLoop":"Allow"}"#
            }
            runtime if runtime.contains("/2021-07-20/functions/orders/runtime-management-config") => {
                r#"{"UpdateRuntimeOn":"FunctionUpdate"}"#
            }
            read => {
                assert!(read.contains("/2015-03-31/functions/orders"), "{read}");
                r#"{"Configuration":{},"Code":{"Location":"https://signed.example"},"Tags":{"b":"","a":"1","aws:cloudformation:stack-name":"web"},
                    "Concurrency":{"ReservedConcurrentExecutions":0}}"#
            }
        };
        (200, body.into())
    }

    #[tokio::test]
    async fn what_the_listing_leaves_out_is_asked_for_and_the_link_to_the_code_not_kept() {
        let r = function(answers).await.unwrap();
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        let expected = json!({
            "FunctionName": "orders", "PackageType": "Zip", "CodeSigningConfigArn": "arn:csc", "RecursiveLoop": "Allow",
            "RuntimeManagementConfig": {"UpdateRuntimeOn": "FunctionUpdate"}, "ReservedConcurrentExecutions": 0,
            "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}],
        });
        let mut read = to_json(&r.properties);
        read.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        assert_eq!(read, expected);
        assert_eq!(r.attribute("aws:cloudformation:stack-name").as_str(), Some("web"));
        assert!(!format!("{r:?}").contains("signed.example"));
    }

    #[tokio::test]
    async fn a_denied_call_leaves_its_properties_unknown_and_nothing_else() {
        let r = function(|asked| match asked {
            read if read.ends_with("functions/orders ") => (403, r#"{"__type":"AccessDeniedException"}"#.into()),
            other => answers(other),
        })
        .await
        .unwrap();
        for property in ["ReservedConcurrentExecutions", "Tags"] {
            assert_eq!(r.get(property).why_unknown(), Some(Unknown::Denied { action: READ.into() }), "{property}");
        }
        assert_eq!(r.get("RecursiveLoop").as_str(), Some("Allow"));
    }

    #[tokio::test]
    async fn tags_that_may_not_be_listed_are_unknown() {
        let r = function(|asked| match asked {
            read if read.ends_with("functions/orders ") => {
                (200, r#"{"TagsError":{"ErrorCode":"AccessDeniedException","Message":"no"}}"#.into())
            }
            other => answers(other),
        })
        .await
        .unwrap();
        assert_eq!(r.get("Tags").why_unknown(), Some(Unknown::Denied { action: TAGS.into() }));
        assert!(r.get("ReservedConcurrentExecutions").is_absent());
    }

    #[tokio::test]
    async fn a_function_that_vanishes_between_two_calls_is_dropped() {
        let gone = function(|asked| match asked {
            read if read.ends_with("functions/orders ") => (404, r#"{"__type":"ResourceNotFoundException"}"#.into()),
            other => answers(other),
        });
        assert_eq!(gone.await, None);
    }

    #[test]
    fn a_function_that_is_gone_is_dropped_whatever_was_asked_of_it() {
        let gone = || Answer::Absent;
        assert_eq!(setting(gone(), false), None);
        assert_eq!(setting(gone(), true), Some(Kind::Null), "it is there, and has no such setting");
    }

    #[tokio::test]
    async fn a_function_without_a_signing_configuration_has_none() {
        let r = function(|asked| match asked {
            signing if signing.contains("code-signing-config") => {
                (404, r#"{"__type":"ResourceNotFoundException"}"#.into())
            }
            other => answers(other),
        });
        assert!(r.await.unwrap().get("CodeSigningConfigArn").is_absent());
    }

    #[tokio::test]
    async fn an_image_has_neither_a_signing_configuration_nor_a_managed_runtime() {
        let cx = cx("eu-west-1", |asked| {
            assert!(!asked.contains("code-signing-config") && !asked.contains("runtime-management"), "{asked}");
            answers(asked)
        });
        let image = json!({"FunctionName": "orders", "PackageType": "Image", "ImageConfigResponse": {"ImageConfig": {"Command": ["b", "a"]}}});
        let r = read(&cx, &Client::new(&cx.config), &image).await.unwrap();
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert!(r.get("CodeSigningConfigArn").is_absent() && r.get("RuntimeManagementConfig").is_absent());
        assert_eq!(r.get("ImageConfig.Command.0").as_str(), Some("b"), "a command keeps its order");
    }
}
