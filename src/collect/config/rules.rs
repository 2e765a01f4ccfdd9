//! Config rules, and what Config does about what they find.

use async_trait::async_trait;
use aws_sdk_config::Client;
use serde_json::Value as Json;

use crate::collect::json::{at, document, items, kind, pick, text};
use crate::collect::shape::{map, token};
use crate::collect::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use crate::model::{Kind, Provenance, Resource, Unknown};

const LIST: &str = "config:DescribeConfigRules";
const REMEDIATIONS: &str = "config:DescribeRemediationConfigurations";

static SPEC: Spec = Spec {
    name: "config/rules",
    reach: Reach::Regional,
    listings: 1,
    types: &[RULE, REMEDIATION],
    actions: &[LIST, REMEDIATIONS],
};

const RULE: TypeSpec = TypeSpec {
    name: "AWS::Config::ConfigRule",
    asked: &[("", LIST)],
    reads: &[
        "ConfigRuleName",
        "Description",
        "EvaluationModes",
        "InputParameters",
        "MaximumExecutionFrequency",
        "Scope",
        "Source",
    ],
    // The remediations of up to [`AT_ONCE`] rules.
    calls: 1,
    ..TypeSpec::LISTED
};

const REMEDIATION: TypeSpec = TypeSpec {
    name: "AWS::Config::RemediationConfiguration",
    asked: &[("", REMEDIATIONS)],
    reads: &[
        "Automatic",
        "ConfigRuleName",
        "ExecutionControls",
        "MaximumAutomaticAttempts",
        "Parameters",
        "ResourceType",
        "RetryAttemptSeconds",
        "TargetId",
        "TargetType",
        "TargetVersion",
    ],
    ..TypeSpec::LISTED
};

/// How many rules one call about remediations may name.
const AT_ONCE: usize = 25;

/// Reads Config rules and their remediations in one region.
pub struct Rules;

#[async_trait]
impl Collector for Rules {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let config = Client::new(&cx.config);
        let pages = cx
            .pages_json(
                LIST,
                &[RULE.name, REMEDIATION.name],
                |start| config.describe_config_rules().set_next_token(start).send(),
                |page| token(page.next_token()),
            )
            .await;
        out.listed(RULE.name, &pages.end);
        // The remediations of rules that nobody listed are not known either.
        out.listed(REMEDIATION.name, &pages.end);
        let rules: Vec<&Json> = pages.pages.iter().flat_map(|page| items(page, "ConfigRules")).collect();
        let names: Vec<String> = rules.iter().map(|rule| text(rule, "ConfigRuleName").to_owned()).collect();
        out.resources.extend(rules.into_iter().map(|found| rule(cx, found)));
        let readings = names.chunks(AT_ONCE).map(|names| {
            let (cx, request) = (cx.clone(), config.describe_remediation_configurations());
            let request = request.set_config_rule_names(Some(names.to_vec()));
            async move { cx.ask_json(REMEDIATIONS, &[REMEDIATION.name], &[], request.send()).await }
        });
        for answer in tasks::all(readings.collect()).await {
            match answer {
                Answer::Is(found) => {
                    out.resources.extend(items(&found, "RemediationConfigurations").iter().map(|r| remediation(cx, r)));
                }
                Answer::Absent => {}
                Answer::Unknown(why) => out.listed(REMEDIATION.name, &Err(why)),
            }
        }
    }
}

const RULE_PROPERTIES: &[(&str, &str)] = &[
    ("ConfigRuleName", "ConfigRuleName"),
    ("Description", "Description"),
    ("EvaluationModes", "EvaluationModes"),
    ("MaximumExecutionFrequency", "MaximumExecutionFrequency"),
];

const RULE_FACTS: &[(&str, &str)] = &[
    ("ConfigRuleArn", "Arn"),
    ("ConfigRuleId", "ConfigRuleId"),
    ("ConfigRuleState", "ConfigRuleState"),
    ("CreatedBy", "CreatedBy"),
];

const SCOPE: &[(&str, &str)] = &[
    ("ComplianceResourceId", "ComplianceResourceId"),
    ("ComplianceResourceTypes", "ComplianceResourceTypes"),
    ("TagKey", "TagKey"),
    ("TagValue", "TagValue"),
];

const SOURCE: &[(&str, &str)] =
    &[("Owner", "Owner"), ("SourceIdentifier", "SourceIdentifier"), ("SourceDetails", "SourceDetails")];

const CUSTOM_POLICY: &[(&str, &str)] =
    &[("EnableDebugLogDelivery", "EnableDebugLogDelivery"), ("PolicyRuntime", "PolicyRuntime")];

fn rule(cx: &Cx, rule: &Json) -> Resource {
    let mut r = cx.resource(&SPEC, RULE.name, text(rule, "ConfigRuleName"), text(rule, "ConfigRuleArn"));
    for (name, value) in pick(rule, RULE_PROPERTIES) {
        r.set(name, value);
    }
    r.set("InputParameters", document(at(rule, "InputParameters").as_str()));
    r.set("Scope", map(pick(at(rule, "Scope"), SCOPE)));
    let source = at(rule, "Source");
    r.set("Source", map(pick(source, SOURCE).chain([("CustomPolicyDetails", custom_policy(source))])));
    for (name, value) in pick(rule, RULE_FACTS) {
        r.set_attribute(name, value);
    }
    made_by_a_service(&mut r, rule, "CreatedBy");
    r
}

/// The rule's own policy. The listing leaves out its text.
fn custom_policy(source: &Json) -> Kind {
    match at(source, "CustomPolicyDetails") {
        Json::Null => Kind::Null,
        details => map(pick(details, CUSTOM_POLICY).chain([("PolicyText", Kind::Unknown(Unknown::NotCollected))])),
    }
}

fn remediation(cx: &Cx, found: &Json) -> Resource {
    let mut r = cx.resource(&SPEC, REMEDIATION.name, text(found, "ConfigRuleName"), text(found, "Arn"));
    for name in REMEDIATION.reads {
        r.set(name, kind(at(found, name)));
    }
    r.set_attribute("CreatedByService", kind(at(found, "CreatedByService")));
    made_by_a_service(&mut r, found, "CreatedByService");
    r
}

/// Security Hub and others make rules of their own, and say so.
fn made_by_a_service(r: &mut Resource, found: &Json, member: &str) {
    if !text(found, member).is_empty() {
        r.provenance = Provenance::Service;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::to_json;
    use serde_json::json;

    fn rules(asked: &str) -> String {
        let first = json!({"NextToken": "2", "ConfigRules": [{
            "ConfigRuleName": "tagged", "ConfigRuleArn": "arn:aws:config:eu-west-1:123456789012:config-rule/config-rule-1",
            "ConfigRuleId": "config-rule-1", "ConfigRuleState": "ACTIVE", "Description": "",
            "InputParameters": "{\"tag1Key\": \"Owner\"}", "MaximumExecutionFrequency": "TwentyFour_Hours",
            "Scope": {"ComplianceResourceTypes": ["AWS::EC2::Volume"], "ServicePrincipals": ["x"]},
            "Source": {"Owner": "AWS", "SourceIdentifier": "REQUIRED_TAGS"}, "EvaluationModes": [{"Mode": "DETECTIVE"}],
        }]});
        let second = json!({"ConfigRules": [{
            "ConfigRuleName": "securityhub-own", "CreatedBy": "securityhub.amazonaws.com",
            "Source": {"Owner": "CUSTOM_POLICY", "CustomPolicyDetails": {"PolicyRuntime": "guard-2.x.x", "EnableDebugLogDelivery": false},
                "SourceDetails": [{"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}]},
        }]});
        if asked.contains("NextToken") { second.to_string() } else { first.to_string() }
    }

    fn answer(asked: &str) -> (u16, String) {
        if !asked.contains("ConfigRuleNames") {
            return (200, rules(asked));
        }
        assert!(asked.contains(r#"["tagged","securityhub-own"]"#), "one call for all rules: {asked}");
        let body = json!({"RemediationConfigurations": [{
            "ConfigRuleName": "tagged", "TargetType": "SSM_DOCUMENT", "TargetId": "AWS-SetRequiredTags", "Automatic": true,
            "Arn": "arn:aws:config:eu-west-1:123456789012:remediation-configuration/tagged/1", "MaximumAutomaticAttempts": 5,
            "RetryAttemptSeconds": 60, "Parameters": {"Id": {"ResourceValue": {"Value": "RESOURCE_ID"}}, "Roles": {"StaticValue": {"Values": ["a"]}}},
            "ExecutionControls": {"SsmControls": {"ConcurrentExecutionRatePercentage": 10, "ErrorPercentage": 20}},
        }]});
        (200, body.to_string())
    }

    #[tokio::test]
    async fn rules_and_remediations_read_as_cloudformation_would_declare_them() {
        let out = collected(&Rules, &cx("eu-west-1", answer)).await;
        let [tagged, own, remediation] = &out.resources[..] else { panic!("two pages of rules: {:?}", out.resources) };
        for r in &out.resources {
            assert_eq!(properties(r), claimed(&SPEC, r));
        }
        assert_eq!(tagged.get("InputParameters.tag1Key").as_str(), Some("Owner"));
        assert_eq!(
            tagged.get("Scope").value().map(to_json),
            Some(json!({"ComplianceResourceTypes": ["AWS::EC2::Volume"]}))
        );
        assert!(tagged.get("Description").is_absent());
        assert_eq!(tagged.attribute("Arn").as_str(), tagged.address.arn.as_deref());
        assert_eq!(own.provenance, Provenance::Service);
        assert_eq!(own.get("Source.CustomPolicyDetails.PolicyRuntime").as_str(), Some("guard-2.x.x"));
        assert_eq!(own.get("Source.CustomPolicyDetails.PolicyText").why_unknown(), Some(Unknown::NotCollected));
        assert_eq!(remediation.address.physical_id.as_deref(), Some("tagged"));
        assert_eq!(remediation.get("Parameters.Id.ResourceValue.Value").as_str(), Some("RESOURCE_ID"));
        assert!(remediation.get("TargetVersion").is_absent());
    }

    #[tokio::test]
    async fn denied_remediations_leave_their_listing_incomplete_and_the_rules_alone() {
        let out = collected(
            &Rules,
            &cx("eu-west-1", |asked| match asked {
                denied if denied.contains("ConfigRuleNames") => (400, r#"{"__type": "AccessDeniedException"}"#.into()),
                list => (200, rules(list)),
            }),
        )
        .await;
        assert_eq!(out.resources.len(), 2);
        assert_eq!(out.listed[RULE.name], Ok(()));
        assert_eq!(out.listed[REMEDIATION.name], Err(Unknown::Denied { action: REMEDIATIONS.into() }));
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Rules, "us-east-1").await.resources, []);
    }
}
