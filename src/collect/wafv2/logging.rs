//! Where web ACLs log.

use serde_json::Value as Json;

use super::{PAGE, Waf, shape};
use crate::collect::json::{at, items, kind, text};
use crate::collect::shape::{list, token};
use crate::collect::{Out, TypeSpec};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "wafv2:ListLoggingConfigurations";

/// Those that a user made: what Security Lake and telemetry rules add of their own is listed apart, and no template declares it.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::WAFv2::LoggingConfiguration",
    asked: &[("", LIST)],
    reads: &["LogDestinationConfigs", "LoggingFilter", "RedactedFields", "ResourceArn"],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(waf: &Waf) -> Out {
    let mut out = Out::default();
    let request = waf.client.list_logging_configurations().scope(waf.scope.clone()).limit(PAGE);
    let pages = waf
        .cx
        .pages_json(
            LIST,
            &[TYPE.name],
            |start| request.clone().set_next_marker(start).send(),
            |page| token(page.next_marker()),
        )
        .await;
    for config in pages.pages.iter().flat_map(|page| items(page, "LoggingConfigurations")) {
        out.push(resource(waf, config));
    }
    out.listed(TYPE.name, &pages.end);
    out
}

fn resource(waf: &Waf, config: &Json) -> Resource {
    let acl = text(config, "ResourceArn");
    let mut r = waf.cx.resource(waf.spec, TYPE.name, acl, "");
    r.set("ResourceArn", kind(at(config, "ResourceArn")));
    r.set("LogDestinationConfigs", kind(at(config, "LogDestinationConfigs")));
    r.set("LoggingFilter", shape::kind(at(config, "LoggingFilter")));
    r.set("RedactedFields", redacted(items(config, "RedactedFields")));
    r.set_attribute("ManagedByFirewallManager", kind(at(config, "ManagedByFirewallManager")));
    r
}

/// A set of objects.
fn redacted(fields: &[Json]) -> Kind {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_cached_key(ToString::to_string);
    list(fields.into_iter().map(shape::kind))
}

#[cfg(test)]
mod tests {
    use super::super::{Protects, REGIONAL};
    use super::*;
    use crate::collect::testing::{claimed, cx, properties};
    use crate::model::to_json;
    use aws_sdk_wafv2::types::Scope;
    use serde_json::json;

    const ACL: &str = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/edge/1";

    #[tokio::test]
    async fn a_configuration_reads_as_cloudformation_would_declare_it_on_every_page() {
        let cx = cx("eu-west-1", |asked| {
            let mut page = json!({"LoggingConfigurations": [{
                "ResourceArn": ACL, "LogDestinationConfigs": ["arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-1"],
                "RedactedFields": [{"SingleHeader": {"Name": "authorization"}}, {"Method": {}}],
                "ManagedByFirewallManager": false, "LogType": "WAF_LOGS", "LogScope": "CUSTOMER",
                "LoggingFilter": {"DefaultBehavior": "KEEP", "Filters": [{
                    "Behavior": "DROP", "Requirement": "MEETS_ANY",
                    "Conditions": [{"ActionCondition": {"Action": "ALLOW"}}],
                }]},
            }]});
            if !asked.contains("NextMarker") {
                page["NextMarker"] = "more".into();
            }
            (200, page.to_string())
        });
        let nothing: Protects = &[];
        let out = collect(&Waf::new(cx, &REGIONAL, Scope::Regional, nothing)).await;
        assert_eq!((out.resources.len(), &out.listed[TYPE.name]), (2, &Ok(())));
        let r = &out.resources[0];
        assert_eq!(properties(r), claimed(&REGIONAL, r));
        assert_eq!(r.address.physical_id.as_deref(), Some(ACL));
        let expected = json!({
            "LogDestinationConfigs": ["arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-1"],
            "LoggingFilter": {"DefaultBehavior": "KEEP", "Filters": [{
                "Behavior": "DROP", "Requirement": "MEETS_ANY",
                "Conditions": [{"ActionCondition": {"Action": "ALLOW"}}],
            }]},
            "RedactedFields": [{"Method": {}}, {"SingleHeader": {"Name": "authorization"}}],
            "ResourceArn": ACL,
        });
        assert_eq!(to_json(&r.properties), expected);
        assert_eq!(r.attribute("ManagedByFirewallManager").value().map(|v| &v.kind), Some(&Kind::Bool(false)));
    }
}
