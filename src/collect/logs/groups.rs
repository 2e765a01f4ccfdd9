//! Log groups.

use aws_sdk_cloudwatchlogs::Client;
use serde_json::Value as Json;

use super::{GONE, PAGE, SPEC, details, subscriptions};
use crate::collect::json::{items, pick, text};
use crate::collect::shape::{set, token};
use crate::collect::tags::Tags;
use crate::collect::{Answer, Cx, Out, Pages, TypeSpec, tagged, tasks};
use crate::model::Resource;

pub(super) const LIST: &str = "logs:DescribeLogGroups";
pub(super) const TAGS: &str = "logs:ListTagsForResource";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Logs::LogGroup",
    asked: &[
        ("DataProtectionPolicy", details::DATA_PROTECTION),
        ("FieldIndexPolicies", details::INDEXES),
        ("ResourcePolicyDocument", details::RESOURCE_POLICY),
        ("Tags", TAGS),
        ("", LIST),
    ],
    reads: &[
        "BearerTokenAuthenticationEnabled",
        "DataProtectionPolicy",
        "DeletionProtectionEnabled",
        "FieldIndexPolicies",
        "KmsKeyId",
        "LogGroupClass",
        "LogGroupName",
        "ResourcePolicyDocument",
        "RetentionInDays",
        "Tags",
    ],
    on_demand: &["DataProtectionPolicy", "FieldIndexPolicies", "ResourcePolicyDocument", "Tags"],
    // One more for the group's subscription filters.
    calls: 5,
};

/// Members of the listing and the properties that they are.
const PROPERTIES: &[(&str, &str)] = &[
    ("logGroupName", "LogGroupName"),
    ("retentionInDays", "RetentionInDays"),
    ("kmsKeyId", "KmsKeyId"),
    ("logGroupClass", "LogGroupClass"),
    ("deletionProtectionEnabled", "DeletionProtectionEnabled"),
    ("bearerTokenAuthenticationEnabled", "BearerTokenAuthenticationEnabled"),
];

/// The retention is that of the account's policy where one is named.
const FACTS: &[(&str, &str)] = &[
    ("arn", "Arn"),
    ("storedBytes", "StoredBytes"),
    ("dataProtectionStatus", "DataProtectionStatus"),
    ("retentionPolicyName", "RetentionPolicyName"),
];

pub(super) async fn list(cx: &Cx, logs: &Client) -> Pages<Json> {
    cx.pages_json(
        LIST,
        &[TYPE.name, subscriptions::TYPE.name],
        |start| logs.describe_log_groups().limit(PAGE).set_next_token(start).send(),
        |page| token(page.next_token()),
    )
    .await
}

/// The log groups of a listing.
pub(super) fn of(listing: &Pages<Json>) -> impl Iterator<Item = &Json> {
    listing.pages.iter().flat_map(|page| items(page, "logGroups"))
}

/// The ARN by which the other calls know a group. `arn` has `:*` at its end, for use in policies.
pub(super) fn arn(group: &Json) -> &str {
    let whole = text(group, "arn");
    whole.strip_suffix(":*").unwrap_or(whole)
}

pub(super) async fn collect(cx: &Cx, logs: &Client, listing: &Pages<Json>) -> Out {
    let named: Vec<(String, String)> =
        of(listing).map(|group| (text(group, "logGroupName").to_owned(), arn(group).to_owned())).collect();
    let mut tags = cx
        .tags_of(TYPE.name, "logs:log-group", &named, |cx, arn| {
            let request = logs.list_tags_for_resource().resource_arn(arn);
            async move {
                let answer = cx.ask(TAGS, &[TYPE.name], &[GONE], request.send()).await;
                answer.map(|found| found.tags.unwrap_or_default().into_iter().collect())
            }
        })
        .await;
    let readings = of(listing).map(|group| {
        let (cx, logs, group, tags) = (cx.clone(), logs.clone(), group.clone(), tags.remove(arn(group)));
        async move { read(&cx, &logs, &group, tags).await }
    });
    let mut out =
        Out { resources: tasks::all(readings.collect()).await.into_iter().flatten().collect(), ..Out::default() };
    out.listed(TYPE.name, &listing.end);
    out
}

/// One group; `None` if it has gone meanwhile.
async fn read(cx: &Cx, logs: &Client, group: &Json, tags: Option<Answer<Tags>>) -> Option<Resource> {
    let mut r = cx.resource(&SPEC, TYPE.name, text(group, "logGroupName"), arn(group));
    for (name, value) in pick(group, PROPERTIES) {
        r.set(name, value);
    }
    for (name, value) in pick(group, FACTS) {
        r.set_attribute(name, value);
    }
    r.set_attribute("InheritedProperties", set(items(group, "inheritedProperties").iter().filter_map(Json::as_str)));
    tagged::set(&mut r, tags.as_ref());
    let (protection, indexes, policy) = tokio::join!(
        details::data_protection(cx, logs, group),
        details::indexes(cx, logs, group),
        details::resource_policy(cx, logs, group),
    );
    r.set("DataProtectionPolicy", protection);
    r.set("FieldIndexPolicies", indexes?);
    r.set("ResourcePolicyDocument", policy);
    Some(r)
}
