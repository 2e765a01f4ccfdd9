//! Policies for all log groups of an account in one region: what is masked, forwarded, indexed or transformed everywhere.

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::PolicyType;
use serde_json::Value as Json;

use crate::collect::json::{at, document, items, pick, text};
use crate::collect::shape::token;
use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use crate::model::Resource;
use crate::model::types::LOGS_ACCOUNT_POLICY;

const LIST: &str = "logs:DescribeAccountPolicies";

static SPEC: Spec =
    Spec { name: "logs/account", reach: Reach::Regional, listings: 5, types: &[TYPE], actions: &[LIST] };

const TYPE: TypeSpec = TypeSpec {
    name: LOGS_ACCOUNT_POLICY,
    asked: &[("", LIST)],
    reads: &["AccountId", "PolicyDocument", "PolicyName", "PolicyType", "Scope", "SelectionCriteria"],
    ..TypeSpec::LISTED
};

/// The service lists one type of policy per call.
const KINDS: [PolicyType; 5] = [
    PolicyType::DataProtectionPolicy,
    PolicyType::SubscriptionFilterPolicy,
    PolicyType::FieldIndexPolicy,
    PolicyType::TransformerPolicy,
    PolicyType::MetricExtractionPolicy,
];

/// Reads the account's policies for log groups in one region.
pub struct AccountPolicies;

#[async_trait]
impl Collector for AccountPolicies {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let logs = Client::new(&cx.config);
        let listings = KINDS.into_iter().map(|kind| {
            let (cx, request) = (cx.clone(), logs.describe_account_policies().policy_type(kind));
            async move {
                cx.pages_json(
                    LIST,
                    &[TYPE.name],
                    |start| request.clone().set_next_token(start).send(),
                    |page| token(page.next_token()),
                )
                .await
            }
        });
        for listing in tasks::all(listings.collect()).await {
            out.listed(TYPE.name, &listing.end);
            let policies = listing.pages.iter().flat_map(|page| items(page, "accountPolicies"));
            out.resources.extend(policies.map(|found| policy(cx, found)));
        }
    }
}

const PROPERTIES: &[(&str, &str)] = &[
    ("accountId", "AccountId"),
    ("policyName", "PolicyName"),
    ("policyType", "PolicyType"),
    ("scope", "Scope"),
    ("selectionCriteria", "SelectionCriteria"),
];

/// A policy; its name is unique among those of its type.
fn policy(cx: &Cx, found: &Json) -> Resource {
    let id = format!("{}|{}|{}", cx.account, text(found, "policyType"), text(found, "policyName"));
    let mut r = cx.resource(&SPEC, TYPE.name, &id, "");
    for (name, value) in pick(found, PROPERTIES) {
        r.set(name, value);
    }
    r.set("PolicyDocument", document(at(found, "policyDocument").as_str()));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::{Unknown, to_json};
    use serde_json::json;

    fn answer(asked: &str) -> (u16, String) {
        let masks = json!({"accountPolicies": [{
            "policyName": "mask", "policyType": "DATA_PROTECTION_POLICY", "scope": "ALL", "accountId": "123456789012", "lastUpdatedTime": 1,
            "policyDocument": "{\"Name\": \"mask\"}",
        }]});
        let none = json!({"accountPolicies": []});
        (200, if asked.contains("DATA_PROTECTION_POLICY") { masks } else { none }.to_string())
    }

    #[tokio::test]
    async fn policies_of_every_type_are_listed() {
        let out = collected(&AccountPolicies, &cx("eu-west-1", answer)).await;
        let [mask] = &out.resources[..] else { panic!("one policy: {:?}", out.resources) };
        assert_eq!(properties(mask), claimed(&SPEC, mask));
        assert_eq!(mask.address.physical_id.as_deref(), Some("123456789012|DATA_PROTECTION_POLICY|mask"));
        assert_eq!(mask.get("PolicyDocument").value().map(to_json), Some(json!({"Name": "mask"})));
        assert!(mask.get("SelectionCriteria").is_absent());
    }

    #[tokio::test]
    async fn one_type_that_is_denied_leaves_the_listing_incomplete() {
        let denied = |asked: &str| {
            let denied = r#"{"__type": "AccessDeniedException"}"#;
            if asked.contains("TRANSFORMER_POLICY") { (400, denied.into()) } else { answer(asked) }
        };
        let out = collected(&AccountPolicies, &cx("eu-west-1", denied)).await;
        assert_eq!(out.resources.len(), 1);
        assert_eq!(out.listed[TYPE.name], Err(Unknown::Denied { action: LIST.into() }));
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&AccountPolicies, "us-east-1").await.resources, []);
    }
}
