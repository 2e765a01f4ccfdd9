//! Subscription filters: where log groups are forwarded to.

use aws_sdk_cloudwatchlogs::Client;
use serde_json::Value as Json;

use super::{GONE, PAGE, SPEC, filters, groups};
use crate::collect::json::{items, pick, text};
use crate::collect::shape::set;
use crate::collect::{Answer, Cx, Out, Pages, TypeSpec, tasks};
use crate::model::Unknown;

pub(super) const LIST: &str = "logs:DescribeSubscriptionFilters";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Logs::SubscriptionFilter",
    asked: &[("", LIST)],
    reads: &[
        "ApplyOnTransformedLogs",
        "DestinationArn",
        "Distribution",
        "EmitSystemFields",
        "FieldSelectionCriteria",
        "FilterName",
        "FilterPattern",
        "LogGroupName",
        "RoleArn",
    ],
    ..TypeSpec::LISTED
};

const PROPERTIES: &[(&str, &str)] =
    &[("destinationArn", "DestinationArn"), ("roleArn", "RoleArn"), ("distribution", "Distribution")];

/// Asks every group of a listing, unless nothing about subscription filters is wanted.
pub(super) async fn collect(cx: &Cx, logs: &Client, listing: &Pages<Json>) -> Out {
    let mut out = Out::default();
    if !cx.wanted.wants_any(TYPE.name, TYPE.reads) {
        out.listed(TYPE.name, &Err(Unknown::NotCollected));
        return out;
    }
    out.listed(TYPE.name, &listing.end);
    let readings = groups::of(listing).map(|group| {
        let (cx, group) = (cx.clone(), text(group, "logGroupName"));
        // A group has two filters at most: its first page is the last.
        let request = logs.describe_subscription_filters().log_group_name(group).limit(PAGE);
        async move { cx.ask_json(LIST, &[TYPE.name], &[GONE], request.send()).await }
    });
    let mut found = Vec::new();
    for answer in tasks::all(readings.collect()).await {
        match answer {
            Answer::Is(answer) => found.extend_from_slice(items(&answer, "subscriptionFilters")),
            Answer::Absent => {}
            Answer::Unknown(why) => out.listed(TYPE.name, &Err(why)),
        }
    }
    out.resources = filters::resources(cx, &SPEC, TYPE.name, &found, |r, filter| {
        for (name, value) in pick(filter, PROPERTIES) {
            r.set(name, value);
        }
        r.set("EmitSystemFields", set(items(filter, "emitSystemFields").iter().filter_map(Json::as_str)));
    });
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Logs;
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::model::{Resource, to_json};
    use serde_json::json;

    fn answer(asked: &str) -> (u16, String) {
        let groups = ["/app/a", "/app/b", "/app/c"].map(|name| {
            json!({"logGroupName": name, "arn": format!("arn:aws:logs:eu-west-1:123456789012:log-group:{name}:*"), "logGroupClass": "DELIVERY"})
        });
        let filter = |group: &str, name: &str| {
            json!({
                "filterName": name, "logGroupName": group, "filterPattern": "", "distribution": "ByLogStream", "creationTime": 1,
                "destinationArn": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/central",
                "roleArn": "arn:aws:iam::123456789012:role/forward", "applyOnTransformedLogs": false, "emitSystemFields": ["@b", "@a"],
            })
        };
        let body = match asked {
            a if a.contains("\"logGroupName\":\"/app/a\"") => {
                json!({"subscriptionFilters": [filter("/app/a", "all"), filter("/app/a", "more")]})
            }
            b if b.contains("\"logGroupName\":\"/app/b\"") => json!({"subscriptionFilters": [filter("/app/b", "all")]}),
            c if c.contains("\"logGroupName\":\"/app/c\"") => return (400, format!(r#"{{"__type": "{GONE}"}}"#)),
            detail if detail.contains("resourceArn") => json!({}),
            _ => json!({"logGroups": groups}),
        };
        (200, body.to_string())
    }

    async fn filters(aws: Aws) -> Out {
        let mut out = collected(&Logs, &cx("eu-west-1", aws)).await;
        out.resources.retain(|r| &*r.kind == TYPE.name);
        out.resources.sort_by(|a, b| a.address.cmp(&b.address));
        out
    }

    #[tokio::test]
    async fn a_filter_reads_as_cloudformation_would_declare_it_and_a_group_that_is_gone_has_none() {
        let out = filters(answer).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        let id = |r: &Resource| r.address.physical_id.as_deref().map(str::to_owned);
        let ids: Vec<String> = out.resources.iter().filter_map(id).collect();
        assert_eq!(ids, ["/app/a|all", "/app/b|all", "more"]);
        let more = &out.resources[2];
        assert_eq!(properties(more), claimed(&SPEC, more));
        assert_eq!(
            to_json(&more.properties),
            json!({
                "FilterName": "more", "LogGroupName": "/app/a", "FilterPattern": "", "Distribution": "ByLogStream",
                "DestinationArn": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/central",
                "RoleArn": "arn:aws:iam::123456789012:role/forward", "ApplyOnTransformedLogs": false,
                "FieldSelectionCriteria": null, "EmitSystemFields": ["@a", "@b"],
            })
        );
    }

    #[tokio::test]
    async fn a_group_that_may_not_be_asked_leaves_the_listing_incomplete() {
        let out = filters(|asked| {
            let denied = asked.contains("\"logGroupName\":\"/app/b\"");
            if denied { (400, r#"{"__type": "AccessDeniedException"}"#.into()) } else { answer(asked) }
        })
        .await;
        assert_eq!(out.resources.len(), 2);
        assert_eq!(out.listed[TYPE.name], Err(Unknown::Denied { action: LIST.into() }));
    }

    #[tokio::test]
    async fn where_nobody_wants_them_no_group_is_asked() {
        let mut cx = cx("eu-west-1", |asked| {
            assert!(!asked.contains("\"logGroupName\""), "{asked}");
            answer(asked)
        });
        cx.wanted = Arc::new(Wanted::default());
        let out = collected(&Logs, &cx).await;
        assert_eq!(out.resources.len(), 3, "the groups");
        assert_eq!(out.listed[TYPE.name], Err(Unknown::NotCollected));
    }
}
