//! What becomes of asynchronous invocations: one listing per function.

use aws_sdk_lambda::Client;
use serde_json::Value as Json;

use super::{NONE, SPEC};
use crate::collect::gone::unless_gone;
use crate::collect::json::{items, pick, text};
use crate::collect::parts::of_each;
use crate::collect::shape::token;
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "lambda:ListFunctionEventInvokeConfigs";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Lambda::EventInvokeConfig",
    asked: &[("", LIST)],
    reads: &["DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "Qualifier"],
    ..TypeSpec::LISTED
};

const SAME: &[(&str, &str)] = &[
    ("DestinationConfig", "DestinationConfig"),
    ("MaximumEventAgeInSeconds", "MaximumEventAgeInSeconds"),
    ("MaximumRetryAttempts", "MaximumRetryAttempts"),
];

/// The largest page that the listing gives.
const PAGE: i32 = 50;

pub(super) async fn collect(cx: &Cx, lambda: &Client, functions: (&[String], &Result<(), Unknown>)) -> Out {
    of_each(cx, &TYPE, functions, |cx, function| {
        let lambda = lambda.clone();
        async move { of_function(&cx, &lambda, &function).await }
    })
    .await
}

async fn of_function(cx: &Cx, lambda: &Client, function: &str) -> Out {
    let request = lambda.list_function_event_invoke_configs().function_name(function).max_items(PAGE);
    let listing = cx
        .pages_json(
            LIST,
            &[TYPE.name],
            |start| unless_gone(&[NONE], request.clone().set_marker(start).send()),
            |page| token(page.as_ref()?.next_marker()),
        )
        .await;
    let mut out = Out::default();
    for config in listing.pages.iter().flat_map(|page| items(page, "FunctionEventInvokeConfigs")) {
        out.push(resource(cx, function, config));
    }
    out.listed(TYPE.name, &listing.end);
    out
}

/// The settings of a function, a version or an alias. The id that a stack gives them is made up, so they have the one of Cloud Control.
fn resource(cx: &Cx, function: &str, config: &Json) -> Resource {
    // arn:aws:lambda:eu-west-1:123456789012:function:orders:live
    let qualifier = text(config, "FunctionArn").split(':').nth(7).unwrap_or("$LATEST");
    let mut r = cx.resource(&SPEC, TYPE.name, &format!("{function}|{qualifier}"), "");
    r.set("FunctionName", Kind::Str(function.into()));
    r.set("Qualifier", Kind::Str(qualifier.into()));
    for (name, kind) in pick(config, SAME) {
        r.set(name, kind);
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, claimed, cx, properties};
    use crate::model::to_json;
    use serde_json::json;

    async fn collected(aws: Aws) -> (Out, usize) {
        let cx = cx("eu-west-1", aws);
        let out = collect(&cx, &Client::new(&cx.config), (&["orders".to_owned()], &Ok(()))).await;
        (out, cx.calls.gaps().len())
    }

    #[tokio::test]
    async fn settings_are_read_for_each_qualifier() {
        let (out, _) = collected(|asked| {
            assert!(asked.contains("/2019-09-25/functions/orders/event-invoke-config/list"), "{asked}");
            let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
            (200, format!(
                r#"{{"FunctionEventInvokeConfigs":[
                    {{"FunctionArn":"{arn}:live","LastModified":1.7E9,"MaximumRetryAttempts":0,"MaximumEventAgeInSeconds":60,
                      "DestinationConfig":{{"OnSuccess":{{}},"OnFailure":{{"Destination":"arn:aws:sqs:eu-west-1:123456789012:failed"}}}}}},
                    {{"FunctionArn":"{arn}:$LATEST","MaximumRetryAttempts":1}}]}}"#
            ))
        })
        .await;
        let [live, latest] = &out.resources[..] else { panic!("two qualifiers: {out:?}") };
        assert_eq!(properties(live), claimed(&SPEC, live));
        assert_eq!(live.address.physical_id.as_deref(), Some("orders|live"));
        let expected = json!({
            "FunctionName": "orders", "Qualifier": "live", "MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60,
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:123456789012:failed"}},
        });
        assert_eq!(to_json(&live.properties), expected);
        assert_eq!(latest.get("Qualifier").as_str(), Some("$LATEST"));
        assert!(latest.get("DestinationConfig").is_absent());
    }

    #[tokio::test]
    async fn a_function_that_is_gone_has_none_and_a_denied_listing_is_incomplete() {
        let (gone, gaps) = collected(|_| (404, r#"{"__type":"ResourceNotFoundException"}"#.into())).await;
        assert_eq!((gone.listed[TYPE.name].clone(), gaps), (Ok(()), 0));
        let (denied, _) = collected(|_| (403, r#"{"__type":"AccessDeniedException"}"#.into())).await;
        assert_eq!(denied.listed[TYPE.name], Err(Unknown::Denied { action: LIST.into() }));
    }
}
