//! Security events: what a metric filter or an event pattern looks for in the trail.

use std::collections::BTreeSet;

use super::alarms::Metric;
use super::policy::matches;
use super::spelled;
use crate::model::{Estate, Items, Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::answer::{any, both};

/// `AWS::Logs::MetricFilter`.
pub(in crate::rules) const FILTER: &str = "AWS::Logs::MetricFilter";
const LOG_GROUP: &str = "AWS::Logs::LogGroup";

/// The classes of events, each with the words that a pattern must hold.
const CLASSES: &[(&str, &[&str])] = &[
    ("root_usage", &["userIdentity", "type", "Root"]),
    ("unauthorized_api", &["errorCode", "UnauthorizedOperation", "AccessDenied"]),
    ("console_signin_no_mfa", &["ConsoleLogin", "MFAUsed"]),
    ("console_auth_failures", &["ConsoleLogin", "Failed", "authentication"]),
    (
        "iam_policy_changes",
        &[
            "DeleteGroupPolicy",
            "DeleteRolePolicy",
            "DeleteUserPolicy",
            "PutGroupPolicy",
            "PutRolePolicy",
            "PutUserPolicy",
            "CreatePolicy",
            "DeletePolicy",
            "CreatePolicyVersion",
            "DeletePolicyVersion",
            "AttachRolePolicy",
            "DetachRolePolicy",
            "AttachUserPolicy",
            "DetachUserPolicy",
            "AttachGroupPolicy",
            "DetachGroupPolicy",
        ],
    ),
    ("cloudtrail_changes", &["CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"]),
    (
        "security_group_changes",
        &[
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
            "CreateSecurityGroup",
            "DeleteSecurityGroup",
        ],
    ),
    (
        "network_changes",
        &[
            "CreateNetworkAcl",
            "CreateNetworkAclEntry",
            "DeleteNetworkAcl",
            "DeleteNetworkAclEntry",
            "ReplaceNetworkAclEntry",
            "ReplaceNetworkAclAssociation",
        ],
    ),
    (
        "s3_policy_changes",
        &[
            "PutBucketAcl",
            "PutBucketPolicy",
            "PutBucketCors",
            "PutBucketLifecycle",
            "PutBucketReplication",
            "DeleteBucketPolicy",
            "DeleteBucketCors",
            "DeleteBucketLifecycle",
            "DeleteBucketReplication",
        ],
    ),
    (
        "config_changes",
        &["StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder"],
    ),
    ("kms_key_loss", &["kms", "DisableKey", "ScheduleKeyDeletion"]),
];

/// The words that a pattern must hold to see a class of events; `None` for a class that we do not know.
pub(in crate::rules) fn words_of(class: &str) -> Option<&'static [&'static str]> {
    CLASSES.iter().find(|(name, _)| *name == class).map(|(_, words)| *words)
}

/// The words of a pattern, without what it excludes (`!= "Root"`).
#[derive(Debug, Default)]
pub(in crate::rules) struct Pattern {
    words: BTreeSet<String>,
}

impl Pattern {
    /// Reads a filter pattern or an event pattern, as text or as a mapping.
    pub(in crate::rules) fn of(read: &Read<'_>) -> Result<Self, Unknown> {
        let text = match read.value().map(|v| &v.kind) {
            Some(Kind::Map(_) | Kind::List(_)) => read.value().map(ToString::to_string),
            _ => read.value().and_then(Value::text).map(|t| t.to_string()),
        };
        match (text, read.why_unknown()) {
            (Some(text), _) => Ok(Self::parse(&text)),
            (None, None) => Ok(Self::default()),
            (None, Some(why)) => spelled::text(read).map(|text| Self::parse(&text)).ok_or(why),
        }
    }

    fn parse(text: &str) -> Self {
        let mut words = BTreeSet::new();
        for (n, part) in text.split("!=").enumerate() {
            let excluded = usize::from(n > 0);
            let parts = part.split(|c: char| !c.is_ascii_alphanumeric() && c != '*').filter(|w| !w.is_empty());
            words.extend(parts.skip(excluded).filter(|w| w.contains(|c| c != '*')).map(str::to_owned));
        }
        Self { words }
    }

    /// Whether it holds all these words, or wildcards that cover them.
    pub(in crate::rules) fn holds(&self, wanted: &[&str]) -> bool {
        let covered = |word: &str| self.words.iter().any(|w| w.contains('*') && matches(w, word));
        wanted.iter().all(|word| self.words.contains(*word) || covered(word))
    }

    /// Whether it looks at what a trail records.
    fn is_of_a_trail(&self) -> bool {
        ["eventName", "errorCode", "userIdentity", "eventSource"].iter().any(|field| self.words.contains(*field))
    }
}

/// Whether a metric filter counts a metric from the events of a trail: each event of it matters.
pub(in crate::rules) fn counts_events(estate: &Estate, metric: &Metric<'_>) -> bool {
    let filters = estate.of(metric.name.resource, FILTER);
    filters.items.iter().any(|filter| {
        feeds(filter, metric) == Ok(true) && Pattern::of(&filter.get("FilterPattern")).is_ok_and(|p| p.is_of_a_trail())
    })
}

/// Whether a metric filter feeds a metric.
pub(in crate::rules) fn feeds(filter: &Resource, metric: &Metric<'_>) -> Result<bool, Unknown> {
    let list = filter.get("MetricTransformations");
    let Items::Are(items) = list.items() else { return list.why_unknown().map_or(Ok(false), Err) };
    any(items.iter().map(|to| {
        both(equal(&to.get("MetricName"), &metric.name), || equal(&to.get("MetricNamespace"), &metric.namespace))
    }))
}

/// Whether two values are the same text, known or filled in by the same template in the same way.
fn equal(a: &Read<'_>, b: &Read<'_>) -> Result<bool, Unknown> {
    let text = |read: &Read<'_>| read.value().and_then(Value::text);
    if let (Some(a), Some(b)) = (text(a), text(b)) {
        return Ok(a == b);
    }
    match (spelled::spelling(a), spelled::spelling(b)) {
        (Some(a), Some(b)) if a == b => Ok(true),
        _ => a.why_unknown().or_else(|| b.why_unknown()).map_or(Ok(false), Err),
    }
}

/// Whether a metric filter reads the log group that a trail writes to.
pub(in crate::rules) fn reads_trail(estate: &Estate, filter: &Resource, trail: &Resource) -> Result<bool, Unknown> {
    let (read, written_to) = (filter.get("LogGroupName"), trail.get("CloudWatchLogsLogGroupArn"));
    if written_to.is_absent() {
        return Ok(false);
    }
    if let (Related::Found(a), Related::Found(b)) =
        (estate.follow(&read, &[LOG_GROUP]), estate.follow(&written_to, &[LOG_GROUP]))
    {
        return Ok(a.address == b.address);
    }
    let text = |read: &Read<'_>| read.value().and_then(Value::text);
    if let (Some(name), Some(arn)) = (text(&read), text(&written_to)) {
        let of_arn = arn.split_once(":log-group:").map_or(&*arn, |(_, rest)| rest.split(':').next().unwrap_or(rest));
        return Ok(*of_arn == *name);
    }
    let (a, b) = (spelled::mentions(&read), spelled::mentions(&written_to));
    if a.iter().any(|name| !name.starts_with("AWS::") && b.contains(name)) {
        return Ok(true);
    }
    Err(read.why_unknown().or_else(|| written_to.why_unknown()).unwrap_or(Unknown::NotCollected))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sees(class: &str, pattern: &str) -> bool {
        Pattern::parse(pattern).holds(words_of(class).unwrap())
    }

    #[test]
    fn the_patterns_of_the_benchmark_see_their_class() {
        for (class, pattern) in [
            (
                "root_usage",
                r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#,
            ),
            ("unauthorized_api", r#"{($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")}"#),
            (
                "console_signin_no_mfa",
                r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }"#,
            ),
            ("console_auth_failures", r#"{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}"#),
            (
                "config_changes",
                "{($.eventSource = config.amazonaws.com) && (($.eventName=StopConfigurationRecorder)||($.eventName=DeleteDeliveryChannel)||($.eventName=PutDeliveryChannel)||($.eventName=PutConfigurationRecorder))}",
            ),
            (
                "kms_key_loss",
                "{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion))}",
            ),
            (
                "cloudtrail_changes",
                r#"{"detail": {"eventName": ["CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"]}}"#,
            ),
        ] {
            assert!(sees(class, pattern), "{class}: {pattern}");
        }
    }

    #[test]
    fn what_a_pattern_excludes_or_only_resembles_is_not_seen() {
        assert!(!sees("root_usage", r#"{ $.userIdentity.type != "Root" }"#));
        assert!(!sees("iam_policy_changes", "{ $.eventName = DeletePolicyVersion }"));
        assert!(!sees("cloudtrail_changes", "{ $.eventName = * }"));
        assert!(sees("cloudtrail_changes", "{ ($.eventName = *Trail) || ($.eventName = *Logging) }"));
        assert_eq!(words_of("no_such_class"), None);
    }
}
