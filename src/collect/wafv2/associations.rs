//! What web ACLs protect. What protects a distribution is said by the distribution itself.

use std::collections::BTreeSet;

use aws_sdk_wafv2::types::ResourceType;

use super::{GONE, Waf};
use crate::collect::{Answer, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "wafv2:ListResourcesForWebACL";

/// Types of resources; each is listed apart.
pub(super) type Protects = &'static [&'static str];

/// What a regional web ACL can protect.
pub(super) const REGIONAL: Protects = &[
    "APPLICATION_LOAD_BALANCER",
    "API_GATEWAY",
    "APPSYNC",
    "COGNITO_USER_POOL",
    "APP_RUNNER_SERVICE",
    "VERIFIED_ACCESS_INSTANCE",
    "AGENTCORE_GATEWAY",
];
/// What a global web ACL can protect besides distributions.
pub(super) const GLOBAL: Protects = &["AMPLIFY"];

/// The slowest listings of all: one call a second, for each web ACL and type of resource. They are made only if the scan is about what web
/// ACLs protect; otherwise nobody knows. The calls are announced with the web ACLs.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::WAFv2::WebACLAssociation",
    asked: &[("", LIST)],
    reads: &["ResourceArn", "WebACLArn"],
    on_demand: &["ResourceArn", "WebACLArn"],
    calls: 0,
};

/// That the ACL is gone, or that the region has no such type of resource.
const NONE: &[&str] = &[GONE, "WAFInvalidParameterException"];

pub(super) async fn collect(waf: &Waf, acls: Vec<String>, listed: &Result<(), Unknown>) -> Out {
    let mut out = Out::default();
    if !waf.cx.wanted.wants_any(TYPE.name, TYPE.reads) {
        out.listed(TYPE.name, &Err(Unknown::NotCollected));
        return out;
    }
    out.listed(TYPE.name, listed);
    let readings = acls.into_iter().map(|acl| protected(waf.clone(), acl));
    for associations in tasks::all(readings.collect()).await {
        out.merge(associations);
    }
    out
}

/// What one web ACL protects, a type of resource after the other. Where one listing fails the others would too.
async fn protected(waf: Waf, acl: String) -> Out {
    let mut out = Out::default();
    let mut protected = BTreeSet::new();
    let request = waf.client.list_resources_for_web_acl().web_acl_arn(&acl);
    for &kind in waf.protects {
        let listing = request.clone().resource_type(ResourceType::from(kind)).send();
        match waf.cx.ask(LIST, &[TYPE.name], NONE, listing).await {
            Answer::Is(found) => protected.extend(found.resource_arns.unwrap_or_default()),
            Answer::Absent => {}
            Answer::Unknown(why) => {
                out.listed(TYPE.name, &Err(why));
                break;
            }
        }
    }
    out.resources.extend(protected.iter().map(|arn| resource(&waf, arn, &acl)));
    out
}

fn resource(waf: &Waf, protected: &str, acl: &str) -> Resource {
    let mut r = waf.cx.resource(waf.spec, TYPE.name, &format!("{protected}|{acl}"), "");
    r.set("ResourceArn", Kind::Str(protected.into()));
    r.set("WebACLArn", Kind::Str(acl.into()));
    r
}

#[cfg(test)]
mod tests {
    use super::super::{REGIONAL as SPEC, Regional};
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use serde_json::json;
    use std::sync::Arc;

    const ACL: &str = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/edge/1";
    const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/1";

    fn other(asked: &str) -> (u16, String) {
        let acls = json!({"WebACLs": [{"Name": "edge", "Id": "1", "ARN": ACL}]}).to_string();
        (200, if asked.contains("Scope") && !asked.contains(r#""Id""#) { acls } else { "{}".into() })
    }

    async fn associations(aws: Aws, wanted: Wanted) -> (Out, u64) {
        let mut cx = cx("eu-west-1", aws);
        cx.wanted = Arc::new(wanted);
        let mut out = collected(&Regional, &cx).await;
        out.resources.retain(|r| &*r.kind == TYPE.name);
        (out, cx.calls.made().get(LIST).copied().unwrap_or_default())
    }

    #[tokio::test]
    async fn every_type_of_resource_is_listed_and_one_that_the_region_lacks_has_none() {
        let aws: Aws = |asked| match asked {
            balancers if balancers.contains("APPLICATION_LOAD_BALANCER") => {
                (200, json!({"ResourceArns": [BALANCER]}).to_string())
            }
            lacking if lacking.contains("AGENTCORE_GATEWAY") => {
                (400, r#"{"__type":"WAFInvalidParameterException"}"#.into())
            }
            asked => other(asked),
        };
        let (out, calls) = associations(aws, Wanted::everything()).await;
        assert_eq!((&out.listed[TYPE.name], calls), (&Ok(()), REGIONAL.len() as u64));
        let [association] = &out.resources[..] else { panic!("one balancer: {out:?}") };
        assert_eq!(properties(association), claimed(&SPEC, association));
        assert_eq!(association.address.physical_id.as_deref(), Some(&*format!("{BALANCER}|{ACL}")));
        assert_eq!(association.get("WebACLArn").as_str(), Some(ACL));
    }

    #[tokio::test]
    async fn a_denied_listing_is_incomplete_and_one_that_nobody_wants_is_not_made() {
        let aws: Aws = |asked| {
            if asked.contains("ResourceType") {
                return (400, r#"{"__type":"AccessDeniedException"}"#.into());
            }
            other(asked)
        };
        let (out, calls) = associations(aws, Wanted::everything()).await;
        assert_eq!((&out.listed[TYPE.name], calls), (&Err(Unknown::Denied { action: LIST.into() }), 1));
        let (out, calls) = associations(aws, Wanted::default()).await;
        assert_eq!((&out.listed[TYPE.name], calls), (&Err(Unknown::NotCollected), 0));
    }
}
