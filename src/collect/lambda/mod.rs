//! Lambda: functions and their aliases, what invokes them, who may, and what becomes of a failed invocation.

mod aliases;
mod details;
mod functions;
mod invocations;
mod mappings;
mod permissions;

use async_trait::async_trait;
use aws_sdk_lambda::Client;

use self::permissions::Target;
use super::json::text;
use super::{Collector, Cx, Out, Reach, Spec, tags};

static SPEC: Spec = Spec {
    name: "lambda",
    reach: Reach::Regional,
    // Functions, event source mappings, and the tags of the latter.
    listings: 3,
    types: &[functions::TYPE, aliases::TYPE, permissions::TYPE, invocations::TYPE, mappings::TYPE],
    actions: &[
        functions::LIST,
        details::READ,
        details::TAGS,
        details::SIGNING,
        details::RECURSION,
        details::RUNTIME,
        aliases::LIST,
        aliases::CONCURRENCY,
        permissions::READ,
        invocations::LIST,
        mappings::LIST,
        tags::LIST,
    ],
};

/// What Lambda answers for a function that does not exist, and for a setting that was never made.
const NONE: &str = "ResourceNotFoundException";

/// Reads Lambda in one region.
pub struct Lambda;

#[async_trait]
impl Collector for Lambda {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let lambda = Client::new(&cx.config);
        let (mappings, ()) =
            tokio::join!(Box::pin(mappings::collect(cx, &lambda)), Box::pin(functions_and_theirs(cx, &lambda, out)));
        out.merge(mappings);
    }
}

async fn functions_and_theirs(cx: &Cx, lambda: &Client, out: &mut Out) {
    let listing = functions::list(cx, lambda).await;
    let names: Vec<String> = listing.pages.iter().map(|f| text(f, "FunctionName").to_owned()).collect();
    let parents = (&names[..], &listing.end);
    let (functions, aliases, invocations, of_functions) = tokio::join!(
        functions::collect(cx, lambda, &listing),
        aliases::list(cx, lambda, parents),
        invocations::collect(cx, lambda, parents),
        permissions::read(cx, lambda, names.iter().map(|name| Target::function(name))),
    );
    out.merge(functions);
    out.merge(invocations);
    let (behind, of_aliases) = tokio::join!(
        aliases::collect(cx, lambda, &aliases),
        permissions::read(cx, lambda, aliases.pages.iter().map(Target::alias)),
    );
    out.merge(behind);
    out.merge(permissions::collect(cx, &[of_functions, of_aliases], &aliases.end));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{collected, cx, refused};
    use crate::model::Unknown;
    use serde_json::json;
    use std::sync::Arc;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Lambda, "eu-west-1").await.resources, []);
    }

    const ORDERS: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

    /// One function with an alias; both have a policy.
    fn orders(asked: &str) -> (u16, String) {
        let policy = |arn: &str| {
            let statement = json!({
                "Sid": "rule", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
                "Action": "lambda:InvokeFunction", "Resource": arn,
            });
            let document = json!({"Version": "2012-10-17", "Id": "default", "Statement": [statement]});
            json!({"Policy": document.to_string(), "RevisionId": "r"}).to_string()
        };
        let body = match asked {
            list if list.contains("/2015-03-31/functions?") && !list.contains("Marker=") => {
                r#"{"Functions":[],"NextMarker":"more"}"#.into()
            }
            list if list.contains("/2015-03-31/functions?") => {
                format!(r#"{{"Functions":[{{"FunctionName":"orders","FunctionArn":"{ORDERS}","PackageType":"Zip"}}]}}"#)
            }
            alias if alias.contains("/functions/orders/aliases") => {
                format!(r#"{{"Aliases":[{{"AliasArn":"{ORDERS}:live","Name":"live","FunctionVersion":"3"}}]}}"#)
            }
            of_alias if of_alias.contains("/functions/orders/policy?Qualifier=live") => {
                policy(&format!("{ORDERS}:live"))
            }
            of_function if of_function.contains("/functions/orders/policy") => policy(ORDERS),
            _ => "{}".into(),
        };
        (200, body)
    }

    #[tokio::test]
    async fn functions_are_read_page_by_page_and_what_hangs_on_them_one_by_one() {
        let out = collected(&Lambda, &cx("eu-west-1", orders)).await;
        let mut ids: Vec<_> = out.resources.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        ids.sort_unstable();
        let alias = format!("{ORDERS}:live");
        let behind = format!("{ORDERS}:live|rule");
        assert_eq!(ids, [&alias[..], &behind, "orders", "orders|rule"], "one statement id on two policies");
        assert!(out.listed.values().all(Result::is_ok), "{:?}", out.listed);
    }

    #[tokio::test]
    async fn what_costs_a_call_per_function_is_not_read_unless_somebody_wants_it() {
        let cx = Cx { wanted: Arc::new(Wanted::default()), ..cx("eu-west-1", orders) };
        let out = collected(&Lambda, &cx).await;
        let [function] = &out.resources[..] else { panic!("the listing tells the function: {out:?}") };
        assert_eq!(function.get("Tags").why_unknown(), Some(Unknown::NotCollected));
        for kind in [&aliases::TYPE, &permissions::TYPE, &invocations::TYPE] {
            assert_eq!(out.listed[kind.name], Err(Unknown::NotCollected), "{}", kind.name);
        }
        assert_eq!(cx.calls.made().into_keys().collect::<Vec<_>>(), [mappings::LIST, functions::LIST]);
    }
}
