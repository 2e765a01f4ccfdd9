//! Web ACLs.

use serde_json::Value as Json;

use super::{GONE, PAGE, TAGGED, TAGS, Waf, associations, shape};
use crate::collect::json::{at, items, kind, text};
use crate::collect::shape::{set_unknown, token};
use crate::collect::tagged;
use crate::collect::{Answer, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "wafv2:ListWebACLs";
pub(super) const GET: &str = "wafv2:GetWebACL";

/// What only [`GET`] tells.
const DETAILS: &[&str] = &[
    "ApplicationConfig",
    "AssociationConfig",
    "CaptchaConfig",
    "ChallengeConfig",
    "CustomResponseBodies",
    "DataProtectionConfig",
    "DefaultAction",
    "OnSourceDDoSProtectionConfig",
    "Rules",
    "TokenDomains",
    "VisibilityConfig",
];
/// Rules that a firewall administrator puts before and after the account's own are facts: no template declares them.
const FACTS: &[&str] = &[
    "Capacity",
    "LabelNamespace",
    "ManagedByFirewallManager",
    "PostProcessFirewallManagerRuleGroups",
    "PreProcessFirewallManagerRuleGroups",
];

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::WAFv2::WebACL",
    asked: &[("Description", LIST), ("Name", LIST), ("Scope", LIST), ("Tags", TAGS), ("", GET)],
    reads: &[
        "ApplicationConfig",
        "AssociationConfig",
        "CaptchaConfig",
        "ChallengeConfig",
        "CustomResponseBodies",
        "DataProtectionConfig",
        "DefaultAction",
        "Description",
        "Name",
        "OnSourceDDoSProtectionConfig",
        "Rules",
        "Scope",
        "Tags",
        "TokenDomains",
        "VisibilityConfig",
    ],
    on_demand: &[
        "ApplicationConfig",
        "AssociationConfig",
        "CaptchaConfig",
        "ChallengeConfig",
        "CustomResponseBodies",
        "DataProtectionConfig",
        "DefaultAction",
        "OnSourceDDoSProtectionConfig",
        "Rules",
        "Tags",
        "TokenDomains",
        "VisibilityConfig",
    ],
    // Its details, its tags, and a listing for each of the seven types of resources that it may protect.
    calls: 9,
};

pub(super) async fn collect(waf: &Waf) -> Out {
    let mut out = Out::default();
    let pages = waf
        .cx
        .pages_json(
            LIST,
            &[TYPE.name],
            |start| waf.client.list_web_acls().scope(waf.scope.clone()).limit(PAGE).set_next_marker(start).send(),
            |page| token(page.next_marker()),
        )
        .await;
    out.listed(TYPE.name, &pages.end);
    let found: Vec<Json> = pages.pages.iter().flat_map(|page| items(page, "WebACLs")).cloned().collect();
    let ids: Vec<_> =
        found.iter().map(|acl| (waf.id(text(acl, "Name"), text(acl, "Id")), text(acl, "ARN").to_owned())).collect();
    let arns = ids.iter().map(|(_, arn)| arn.clone()).collect();
    let readings = found.into_iter().map(|acl| read(waf.clone(), acl));
    let tags = waf.cx.tags_of(TYPE.name, TAGGED, &ids, |cx, arn| Waf { cx, ..waf.clone() }.tags_of(TYPE.name, arn));
    let protected = associations::collect(waf, arns, &pages.end);
    let (acls, tags, protected) = tokio::join!(tasks::all(readings.collect()), Box::pin(tags), Box::pin(protected));
    out.resources.extend(acls.into_iter().flatten().map(|r| tagged::of(r, &tags)));
    out.merge(protected);
    out
}

/// One web ACL; `None` if it has gone meanwhile.
async fn read(waf: Waf, listed: Json) -> Option<Resource> {
    let (name, id) = (text(&listed, "Name"), text(&listed, "Id"));
    let physical_id = waf.id(name, id);
    let request = waf.client.get_web_acl().scope(waf.scope.clone()).name(name).id(id);
    let answer = waf.cx.ask_json_for((TYPE.name, &physical_id, DETAILS), GET, &[GONE], request.send()).await;
    let mut r = waf.cx.resource(waf.spec, TYPE.name, &physical_id, text(&listed, "ARN"));
    r.set("Name", kind(at(&listed, "Name")));
    r.set("Description", kind(at(&listed, "Description")));
    r.set("Scope", Kind::Str(waf.scope.as_str().into()));
    r.set_attribute("Id", kind(at(&listed, "Id")));
    match answer {
        Answer::Is(found) => detail(&mut r, at(&found, "WebACL")),
        Answer::Absent => return None,
        Answer::Unknown(why) => {
            set_unknown(&mut r, DETAILS, &why);
            for name in FACTS {
                r.set_attribute(name, Kind::Unknown(why.clone()));
            }
        }
    }
    Some(r)
}

fn detail(r: &mut Resource, acl: &Json) {
    for &name in DETAILS {
        let value = at(acl, name);
        // The keys of response bodies are the user's own.
        r.set(name, if name == "CustomResponseBodies" { kind(value) } else { shape::kind(value) });
    }
    for name in FACTS {
        r.set_attribute(name, shape::kind(at(acl, name)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{REGIONAL, Regional};
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{claimed, collected, cx, properties};
    use crate::model::{Unknown, to_json};
    use serde_json::json;
    use std::sync::Arc;

    fn page(id: &str, next: &str) -> String {
        json!({"NextMarker": next, "WebACLs": [{
            "Name": "edge", "Id": id, "Description": "", "LockToken": "l",
            "ARN": format!("arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/edge/{id}"),
        }]})
        .to_string()
    }

    fn visible(name: &str) -> Json {
        json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": name})
    }

    fn details() -> Json {
        json!({
            "Name": "edge", "Id": "1", "ARN": "arn:1", "Description": "", "Capacity": 702,
            "LabelNamespace": "awswaf:123456789012:webacl:edge:", "ManagedByFirewallManager": false,
            "DefaultAction": {"Allow": {}}, "VisibilityConfig": visible("edge"), "TokenDomains": ["example.com"],
            "CaptchaConfig": {"ImmunityTimeProperty": {"ImmunityTime": 60}},
            "ChallengeConfig": {"ImmunityTimeProperty": {"ImmunityTime": 300}},
            "CustomResponseBodies": {"ARN": {"ContentType": "TEXT_PLAIN", "Content": "no"}},
            "AssociationConfig": {"RequestBody": {"API_GATEWAY": {"DefaultSizeInspectionLimit": "KB_16"}}},
            "DataProtectionConfig": {"DataProtections": [
                {"Field": {"FieldType": "SINGLE_HEADER", "FieldKeys": ["cookie"]}, "Action": "HASH"}]},
            "OnSourceDDoSProtectionConfig": {"ALBLowReputationMode": "ACTIVE_UNDER_DDOS"},
            "ApplicationConfig": {"Attributes": [{"Name": "a", "Values": ["b"]}]},
            "Rules": [
                {"Name": "rate", "Priority": 1, "Action": {"Block": {}}, "VisibilityConfig": visible("rate"),
                 "Statement": {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP", "EvaluationWindowSec": 300}}},
                {"Name": "common", "Priority": 2, "OverrideAction": {"None": {}}, "VisibilityConfig": visible("common"),
                 "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}},
            ],
        })
    }

    fn all(asked: &str) -> (u16, String) {
        let body = match asked {
            tags if tags.contains("ResourceARN") => {
                json!({"TagInfoForResource": {"TagList": [{"Key": "team", "Value": "net"}]}}).to_string()
            }
            get if get.contains(r#""Id":"#) => json!({"WebACL": details()}).to_string(),
            protected if protected.contains("ResourceType") => "{}".into(),
            second if second.contains(r#""NextMarker":"1""#) => page("2", ""),
            _ => page("1", "1"),
        };
        (200, body)
    }

    async fn acls(cx: &crate::collect::Cx) -> Vec<Resource> {
        let mut out = collected(&Regional, cx).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        // The pages of this test answer for every listing.
        out.resources.retain(|r| &*r.kind == TYPE.name);
        out.resources.sort_by(|a, b| a.address.cmp(&b.address));
        out.resources
    }

    #[tokio::test]
    async fn a_web_acl_reads_as_cloudformation_would_declare_it_on_every_page() {
        let acls = acls(&cx("eu-west-1", all)).await;
        let [first, second] = &acls[..] else { panic!("two pages of one: {acls:?}") };
        assert_eq!(properties(first), claimed(&REGIONAL, first));
        assert_eq!(second.address.physical_id.as_deref(), Some("edge|2|REGIONAL"));
        let mut expected = details();
        let members = expected.as_object_mut().unwrap();
        for fact in ["ARN", "Id", "Capacity", "LabelNamespace", "ManagedByFirewallManager"] {
            members.remove(fact);
        }
        members.insert("Description".into(), Json::Null);
        members.insert("Scope".into(), "REGIONAL".into());
        members.insert("Tags".into(), json!([{"Key": "team", "Value": "net"}]));
        assert_eq!(to_json(&first.properties), expected);
        assert_eq!(first.attribute("Capacity").value().and_then(crate::model::Value::as_int), Some(702));
    }

    #[tokio::test]
    async fn denied_details_are_unknown_and_an_acl_that_vanishes_is_dropped() {
        let cx = cx("eu-west-1", |asked| match asked {
            gone if gone.contains(r#""Id":"1""#) => (400, format!(r#"{{"__type":"{GONE}"}}"#)),
            denied if denied.contains(r#""Id":"2""#) => (400, r#"{"__type":"AccessDeniedException"}"#.into()),
            other => all(other),
        });
        let acls = acls(&cx).await;
        let [denied] = &acls[..] else { panic!("the first is gone: {acls:?}") };
        let why = Some(Unknown::Denied { action: GET.into() });
        assert!(DETAILS.iter().all(|property| denied.get(property).why_unknown() == why));
        assert_eq!(denied.attribute("Capacity").why_unknown(), why);
        assert_eq!(denied.get("Name").as_str(), Some("edge"));
        assert_eq!(denied.tag("team").as_deref(), Some("net"));
    }

    #[tokio::test]
    async fn what_nobody_asks_for_costs_no_call_and_is_unknown() {
        let mut cx = cx("eu-west-1", |asked| {
            assert!(asked.contains(r#""Limit":100"#), "{asked}");
            all(asked)
        });
        cx.wanted = Arc::new(Wanted::default());
        for acl in acls(&cx).await {
            for property in TYPE.on_demand {
                assert_eq!(acl.get(property).why_unknown(), Some(Unknown::NotCollected), "{property}");
            }
        }
    }
}
