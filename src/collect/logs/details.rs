//! Policies of a log group: asked for on demand.

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::PolicyScope;
use serde_json::Value as Json;

use super::GONE;
use super::groups::{TYPE, arn};
use crate::collect::json::{document, items, text};
use crate::collect::shape::list;
use crate::collect::{Answer, Cx};
use crate::model::Kind;

pub(super) const DATA_PROTECTION: &str = "logs:GetDataProtectionPolicy";
pub(super) const INDEXES: &str = "logs:DescribeIndexPolicies";
pub(super) const RESOURCE_POLICY: &str = "logs:DescribeResourcePolicies";

/// What is masked in the group. The listing says which groups have, or once had, a policy: only these are asked.
pub(super) async fn data_protection(cx: &Cx, logs: &Client, group: &Json) -> Kind {
    if matches!(text(group, "dataProtectionStatus"), "" | "DELETED") {
        return Kind::Null;
    }
    let about = (TYPE.name, text(group, "logGroupName"), &["DataProtectionPolicy"][..]);
    let request = logs.get_data_protection_policy().log_group_identifier(arn(group));
    let answer = cx.ask_for(about, DATA_PROTECTION, &[GONE], request.send()).await;
    answer.into_kind(|found| document(found.policy_document()))
}

/// The fields that are indexed by a policy of the group's own; `None` if the group is gone. Only the standard class has indexes.
pub(super) async fn indexes(cx: &Cx, logs: &Client, group: &Json) -> Option<Kind> {
    if !matches!(text(group, "logGroupClass"), "" | "STANDARD") {
        return Some(Kind::Null);
    }
    let about = (TYPE.name, text(group, "logGroupName"), &["FieldIndexPolicies"][..]);
    let request = logs.describe_index_policies().log_group_identifiers(arn(group));
    match cx.ask_json_for(about, INDEXES, &[GONE], request.send()).await {
        Answer::Absent => None,
        answer => Some(answer.into_kind(|found| {
            let own = items(&found, "indexPolicies").iter().filter(|policy| text(policy, "source") != "ACCOUNT");
            list(own.map(|policy| document(Some(text(policy, "policyDocument")))))
        })),
    }
}

/// The policy that is attached to the group itself, not one for all groups of the account.
pub(super) async fn resource_policy(cx: &Cx, logs: &Client, group: &Json) -> Kind {
    let about = (TYPE.name, text(group, "logGroupName"), &["ResourcePolicyDocument"][..]);
    let request = logs.describe_resource_policies().resource_arn(arn(group)).policy_scope(PolicyScope::Resource);
    let answer = cx.ask_json_for(about, RESOURCE_POLICY, &[GONE], request.send()).await;
    answer.into_kind(|found| {
        let mut policies = items(&found, "resourcePolicies").iter();
        let own = policies.find(|policy| text(policy, "resourceArn").trim_end_matches(":*") == arn(group));
        document(own.map(|policy| text(policy, "policyDocument")))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Logs, SPEC};
    use super::*;
    use crate::collect::Out;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::model::{Resource, Unknown, to_json};
    use serde_json::json;

    const PLAIN: &str = "arn:aws:logs:eu-west-1:123456789012:log-group:plain";

    fn groups() -> String {
        let full = "arn:aws:logs:eu-west-1:123456789012:log-group:/app/full";
        let body = json!({"logGroups": [
            {"logGroupName": "/app/full", "arn": format!("{full}:*"), "logGroupArn": full, "retentionInDays": 30,
             "kmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1", "logGroupClass": "STANDARD", "storedBytes": 5, "creationTime": 1_700_000_000_000_u64,
             "metricFilterCount": 0, "dataProtectionStatus": "ACTIVATED", "inheritedProperties": ["ACCOUNT_DATA_PROTECTION"],
             "deletionProtectionEnabled": true},
            {"logGroupName": "plain", "arn": format!("{PLAIN}:*"), "logGroupArn": PLAIN, "logGroupClass": "INFREQUENT_ACCESS", "storedBytes": 0},
        ]});
        body.to_string()
    }

    fn answer(asked: &str) -> (u16, String) {
        let body = match asked {
            tags if tags.contains("resourceArn\":") && !tags.contains("policyScope") => {
                r#"{"tags": {"b": "2", "a": "1"}}"#.into()
            }
            policies if policies.contains("policyScope") => json!({"resourcePolicies": [
                {"policyName": "account", "policyDocument": "{\"Version\": \"2012-10-17\"}", "policyScope": "ACCOUNT"},
                {"policyDocument": "{\"Id\": \"own\"}", "policyScope": "RESOURCE",
                 "resourceArn": "arn:aws:logs:eu-west-1:123456789012:log-group:/app/full"},
            ]})
            .to_string(),
            indexes if indexes.contains("logGroupIdentifiers") => json!({"indexPolicies": [
                {"source": "ACCOUNT", "policyDocument": "{\"Fields\": [\"account\"]}"},
                {"source": "LOG_GROUP", "policyDocument": "{\"Fields\": [\"id\"]}"},
            ]})
            .to_string(),
            protection if protection.contains("logGroupIdentifier") => {
                r#"{"policyDocument": "{\"Name\": \"mask\"}"}"#.into()
            }
            filters if filters.contains("\"logGroupName\"") => r#"{"subscriptionFilters": []}"#.into(),
            _ => groups(),
        };
        (200, body)
    }

    async fn read(aws: Aws) -> Out {
        let mut out = collected(&Logs, &cx("eu-west-1", aws)).await;
        out.resources.sort_by(|a, b| a.address.cmp(&b.address));
        out
    }

    fn names(out: &Out) -> Vec<&str> {
        out.resources.iter().filter_map(|r| r.address.physical_id.as_deref()).collect()
    }

    fn member(r: &Resource, name: &str) -> serde_json::Value {
        r.get(name).value().map(to_json).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_log_group_reads_as_cloudformation_would_declare_it() {
        let out = read(answer).await;
        let [full, plain] = &out.resources[..] else { panic!("{:?}", names(&out)) };
        for r in &out.resources {
            assert_eq!(properties(r), claimed(&SPEC, r));
        }
        assert_eq!(full.address.arn.as_deref(), Some("arn:aws:logs:eu-west-1:123456789012:log-group:/app/full"));
        assert_eq!(full.attribute("Arn").as_str(), Some("arn:aws:logs:eu-west-1:123456789012:log-group:/app/full:*"));
        assert_eq!(member(full, "RetentionInDays"), json!(30));
        assert_eq!(member(full, "DeletionProtectionEnabled"), json!(true));
        assert_eq!(member(full, "DataProtectionPolicy"), json!({"Name": "mask"}));
        assert_eq!(
            member(full, "FieldIndexPolicies"),
            json!([{"Fields": ["id"]}]),
            "the account's policy is not the group's"
        );
        assert_eq!(member(full, "ResourcePolicyDocument"), json!({"Id": "own"}));
        assert_eq!(member(full, "Tags"), json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]));
        for absent in
            ["RetentionInDays", "KmsKeyId", "DataProtectionPolicy", "FieldIndexPolicies", "ResourcePolicyDocument"]
        {
            assert!(plain.get(absent).is_absent(), "{absent}");
        }
    }

    #[tokio::test]
    async fn only_groups_that_may_have_a_policy_are_asked_for_it() {
        read(|asked| {
            let about_plain = asked.contains(&format!("\"{PLAIN}\""));
            assert!(!about_plain || !asked.contains("logGroupIdentifier"), "{asked}");
            answer(asked)
        })
        .await;
    }

    #[tokio::test]
    async fn denied_details_are_unknown_and_a_group_that_vanishes_is_dropped() {
        let denied = read(|asked| {
            let detail = asked.contains("logGroupIdentifier") || asked.contains("resourceArn");
            if detail { (400, r#"{"__type": "AccessDeniedException"}"#.into()) } else { answer(asked) }
        })
        .await;
        for (name, action) in &TYPE.asked[..4] {
            let why = denied.resources[0].get(name).why_unknown();
            assert_eq!(why, Some(Unknown::Denied { action: (*action).into() }), "{name}");
        }
        assert!(denied.resources[0].get("KmsKeyId").value().is_some());
        let gone = read(|asked| {
            let gone = asked.contains("/app/full");
            if gone { (400, format!(r#"{{"__type": "{GONE}"}}"#)) } else { answer(asked) }
        })
        .await;
        assert_eq!(names(&gone), ["plain"]);
        assert!(gone.listed.values().all(Result::is_ok));
    }
}
