//! What web ACLs log.

use crate::model::network::about;
use crate::model::{Items, Read, Resource, Value};
use crate::rules::check::{self, require, some};
use crate::rules::{Preset, Verdict, rules};

rules! {
    /// ## Why
    /// Without logs nobody can tell what a web ACL turned away, or wrongly let through. Logs hold whole requests: what is secret in them must be
    /// redacted.
    ///
    /// A web ACL logs nothing unless a logging configuration names it. Every web ACL is looked at, also one that nothing in sight is
    /// associated with.
    ///
    /// ## Fix
    /// ```yaml
    /// Logging:
    ///   Type: AWS::WAFv2::LoggingConfiguration
    ///   Properties:
    ///     ResourceArn: !GetAtt WebAcl.Arn
    ///     LogDestinationConfigs: [!GetAtt LogGroup.Arn] # its name begins with aws-waf-logs-
    ///     RedactedFields: [{SingleHeader: {Name: authorization}}]
    /// ```
    "wafv2-logging-enabled" => {
        title: "Web ACLs log requests, with sensitive fields redacted.",
        category: LoggingAudit,
        severity: Medium,
        scope: Estate,
        types: ["AWS::WAFv2::WebACL"],
        reads: ["AWS::WAFv2::LoggingConfiguration"],
        params: {
            required_redactions: Preset::Texts(&[])
                => "what must be redacted: names of headers, or method, query_string, uri_path",
        },
        equivalents: [
            "aws-config/wafv2-logging-enabled", "security-hub/WAF.11", "prowler/wafv2_webacl_logging_enabled",
            "checkov/CKV2_AWS_31", "aws-guard/wafv2_logging_enabled", "pci-4.0/5.3.4", "pci-4.0/10.2.1",
            "pci-4.0/10.2.1.1", "pci-4.0/10.2.1.2", "pci-4.0/10.2.1.3", "pci-4.0/10.2.1.4", "pci-4.0/10.2.1.5",
            "pci-4.0/10.2.1.6", "pci-4.0/10.2.1.7", "pci-4.0/10.2.2", "pci-4.0/10.3.1", "pci-4.0/10.6.3",
            "pci-4.0/A1.2.1",
        ],
        check: |r, cx| {
            let configurations = cx.estate.referrers(r, "AWS::WAFv2::LoggingConfiguration", "ResourceArn");
            Some(some(&configurations, &about(r, "LoggingConfiguration"), "a logging configuration", |configuration| {
                logs(configuration, cx.params.texts("required_redactions")).on(configuration.address.name())
            }))
        },
    }
}

fn logs(configuration: &Resource, redactions: &[String]) -> Verdict {
    let destinations = configuration.get("LogDestinationConfigs");
    let goes = match destinations.items() {
        Items::Absent => check::fail(&destinations, "a destination"),
        Items::Unknown => check::unknown(&destinations, "a destination"),
        Items::Are(items) if items.is_empty() => check::fail(&destinations, "a destination"),
        Items::Are(_) => Verdict::Pass,
    };
    Verdict::all(redactions.iter().map(|wanted| redacted(&configuration.get("RedactedFields"), wanted))).and(goes)
}

fn redacted(fields: &Read<'_>, wanted: &str) -> Verdict {
    let expected = format!("{wanted} redacted");
    let member = match wanted.to_ascii_lowercase().replace('-', "_").as_str() {
        "method" => Some("Method"),
        "query_string" => Some("QueryString"),
        "uri_path" => Some("UriPath"),
        _ => None,
    };
    let items = match fields.items() {
        Items::Absent => return check::fail(fields, &expected),
        Items::Unknown => return check::unknown(fields, &expected),
        Items::Are(items) => items,
    };
    let is_it = |field: &Read<'_>| match member {
        Some(member) => check::present(&field.get(member), &expected),
        None => require(&field.get("SingleHeader.Name"), wanted, |v: &Value| {
            v.text().map(|n| n.eq_ignore_ascii_case(wanted))
        }),
    };
    match Verdict::any(items.iter().map(is_it), || check::fail(fields, &expected)) {
        // Other fields are no evidence.
        Verdict::Fail(_) => check::fail(fields, &expected),
        decided => decided,
    }
}
