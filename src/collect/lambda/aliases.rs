//! Aliases: one listing per function.

use aws_sdk_lambda::Client;
use serde_json::Value as Json;

use super::{NONE, SPEC, permissions};
use crate::collect::gone::unless_gone;
use crate::collect::json::{at, items, kind, pick, text};
use crate::collect::parts::wanted;
use crate::collect::shape::{self, map, number, token};
use crate::collect::{Answer, Cx, Out, Pages, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "lambda:ListAliases";
pub(super) const CONCURRENCY: &str = "lambda:GetProvisionedConcurrencyConfig";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Lambda::Alias",
    asked: &[("ProvisionedConcurrencyConfig", CONCURRENCY), ("", LIST)],
    reads: &["Description", "FunctionName", "FunctionVersion", "Name", "ProvisionedConcurrencyConfig", "RoutingConfig"],
    on_demand: &["ProvisionedConcurrencyConfig"],
    // Its concurrency and its policy.
    calls: 2,
};

const SAME: &[(&str, &str)] =
    &[("Description", "Description"), ("FunctionVersion", "FunctionVersion"), ("Name", "Name")];

/// What Lambda answers for an alias that has no provisioned concurrency.
const NO_CONCURRENCY: &str = "ProvisionedConcurrencyConfigNotFoundException";

/// The largest page that the listing gives.
const PAGE: i32 = 50;

/// An alias and the name of its function.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    pub(super) function: String,
    pub(super) json: Json,
}

/// The aliases of all functions, if the scan is about them or about permissions, which aliases have too.
pub(super) async fn list(
    cx: &Cx,
    lambda: &Client,
    (functions, end): (&[String], &Result<(), Unknown>),
) -> Pages<Alias> {
    if !wanted(cx, &TYPE) && !wanted(cx, &permissions::TYPE) {
        return Pages { pages: Vec::new(), end: Err(Unknown::NotCollected) };
    }
    let readings = functions.iter().map(|function| {
        let (cx, lambda, function) = (cx.clone(), lambda.clone(), function.clone());
        async move { of_function(&cx, &lambda, &function).await }
    });
    let mut all = Pages { pages: Vec::new(), end: end.clone() };
    for found in tasks::all(readings.collect()).await {
        all.pages.extend(found.pages);
        all.end = all.end.and(found.end);
    }
    all
}

async fn of_function(cx: &Cx, lambda: &Client, function: &str) -> Pages<Alias> {
    let request = lambda.list_aliases().function_name(function).max_items(PAGE);
    let Pages { pages, end } = cx
        .pages_json(
            LIST,
            &[TYPE.name, permissions::TYPE.name],
            |start| unless_gone(&[NONE], request.clone().set_marker(start).send()),
            |page| token(page.as_ref()?.next_marker()),
        )
        .await;
    let aliases = pages.iter().flat_map(|page| items(page, "Aliases"));
    Pages { pages: aliases.map(|json| Alias { function: function.to_owned(), json: json.clone() }).collect(), end }
}

pub(super) async fn collect(cx: &Cx, lambda: &Client, aliases: &Pages<Alias>) -> Out {
    let readings = aliases.pages.iter().map(|alias| {
        let (cx, lambda, alias) = (cx.clone(), lambda.clone(), alias.clone());
        async move { read(&cx, &lambda, &alias).await }
    });
    let mut out = Out::default();
    out.resources.extend(tasks::all(readings.collect()).await.into_iter().flatten());
    out.listed(TYPE.name, &aliases.end);
    out
}

/// One alias; `None` if it has gone meanwhile.
async fn read(cx: &Cx, lambda: &Client, alias: &Alias) -> Option<Resource> {
    let (arn, name) = (text(&alias.json, "AliasArn"), text(&alias.json, "Name"));
    let request = lambda.get_provisioned_concurrency_config().function_name(&alias.function).qualifier(name);
    let wanted = (TYPE.name, arn, &["ProvisionedConcurrencyConfig"][..]);
    match cx.ask_for(wanted, CONCURRENCY, &[NO_CONCURRENCY], unless_gone(&[NONE], request.send())).await {
        Answer::Is(found) => {
            let provisioned = found?.requested_provisioned_concurrent_executions();
            Some(resource(cx, alias, map([("ProvisionedConcurrentExecutions", number(provisioned))])))
        }
        Answer::Absent => Some(resource(cx, alias, Kind::Null)),
        Answer::Unknown(why) => Some(resource(cx, alias, Kind::Unknown(why))),
    }
}

fn resource(cx: &Cx, alias: &Alias, provisioned: Kind) -> Resource {
    let arn = text(&alias.json, "AliasArn");
    let mut r = cx.resource(&SPEC, TYPE.name, arn, arn);
    for (name, kind) in pick(&alias.json, SAME) {
        r.set(name, kind);
    }
    r.set("FunctionName", Kind::Str(alias.function.as_str().into()));
    r.set("RoutingConfig", map([("AdditionalVersionWeights", weights(&alias.json))]));
    r.set("ProvisionedConcurrencyConfig", provisioned);
    r
}

/// The answer has a weight by version, the schema a list, sorted here by version.
fn weights(alias: &Json) -> Kind {
    let weights = at(alias, "RoutingConfig.AdditionalVersionWeights").as_object();
    let mut weights: Vec<_> = weights.into_iter().flatten().collect();
    weights.sort_by_key(|(version, _)| *version);
    shape::list(weights.into_iter().map(|(version, weight)| {
        map([("FunctionVersion", Kind::Str(version.as_str().into())), ("FunctionWeight", kind(weight))])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, claimed, cx, properties};
    use crate::model::to_json;
    use serde_json::json;

    const LIVE: &str = r#"{"Aliases":[{"AliasArn":"arn:aws:lambda:eu-west-1:123456789012:function:orders:live","Name":"live",
        "FunctionVersion":"3","Description":"what customers use","RoutingConfig":{"AdditionalVersionWeights":{"5":0.1,"4":0.2}},"RevisionId":"r"}]}"#;

    async fn collected(aws: Aws) -> (Out, usize) {
        let cx = cx("eu-west-1", aws);
        let lambda = Client::new(&cx.config);
        let aliases = list(&cx, &lambda, (&["orders".to_owned()], &Ok(()))).await;
        (collect(&cx, &lambda, &aliases).await, cx.calls.gaps().len())
    }

    fn answers(asked: &str) -> (u16, String) {
        match asked {
            first if first.contains("/2015-03-31/functions/orders/aliases") && !first.contains("Marker=") => {
                (200, r#"{"Aliases":[],"NextMarker":"more"}"#.into())
            }
            second if second.contains("Marker=more") => (200, LIVE.into()),
            provisioned => {
                assert!(provisioned.contains("/provisioned-concurrency?Qualifier=live"), "{provisioned}");
                (
                    200,
                    r#"{"RequestedProvisionedConcurrentExecutions":7,"AllocatedProvisionedConcurrentExecutions":2}"#
                        .into(),
                )
            }
        }
    }

    #[tokio::test]
    async fn an_alias_reads_as_cloudformation_would_declare_it() {
        let (out, _) = collected(answers).await;
        let [r] = &out.resources[..] else { panic!("one alias: {out:?}") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(r.address.physical_id, r.address.arn);
        let expected = json!({
            "FunctionName": "orders", "Name": "live", "FunctionVersion": "3", "Description": "what customers use",
            "RoutingConfig": {"AdditionalVersionWeights": [
                {"FunctionVersion": "4", "FunctionWeight": 0.2}, {"FunctionVersion": "5", "FunctionWeight": 0.1},
            ]},
            "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 7},
        });
        assert_eq!(to_json(&r.properties), expected);
        assert_eq!(out.listed[TYPE.name], Ok(()));
    }

    #[tokio::test]
    async fn no_provisioned_concurrency_is_absent_and_a_denied_answer_unknown() {
        let (none, _) = collected(|asked| match asked {
            concurrency if concurrency.contains("provisioned") => {
                (404, r#"{"__type":"ProvisionedConcurrencyConfigNotFoundException"}"#.into())
            }
            other => answers(other),
        })
        .await;
        assert!(none.resources[0].get("ProvisionedConcurrencyConfig").is_absent());
        let (denied, _) = collected(|asked| match asked {
            concurrency if concurrency.contains("provisioned") => (403, r#"{"__type":"AccessDeniedException"}"#.into()),
            other => answers(other),
        })
        .await;
        let why = denied.resources[0].get("ProvisionedConcurrencyConfig").why_unknown();
        assert_eq!(why, Some(Unknown::Denied { action: CONCURRENCY.into() }));
    }

    #[tokio::test]
    async fn an_alias_that_vanishes_between_two_calls_is_dropped() {
        let (out, gaps) = collected(|asked| match asked {
            concurrency if concurrency.contains("provisioned") => {
                (404, r#"{"__type":"ResourceNotFoundException"}"#.into())
            }
            other => answers(other),
        })
        .await;
        assert_eq!((out.resources, gaps), (Vec::new(), 0));
    }

    #[tokio::test]
    async fn a_function_that_is_gone_has_no_aliases_and_leaves_no_gap() {
        let (out, gaps) = collected(|_| (404, r#"{"__type":"ResourceNotFoundException"}"#.into())).await;
        assert_eq!((out.resources, out.listed[TYPE.name].clone(), gaps), (Vec::new(), Ok(()), 0));
    }

    #[tokio::test]
    async fn where_aliases_may_not_be_listed_their_listing_is_incomplete() {
        let (out, _) = collected(|_| (403, r#"{"__type":"AccessDeniedException"}"#.into())).await;
        assert_eq!(out.listed[TYPE.name], Err(Unknown::Denied { action: LIST.into() }));
    }
}
