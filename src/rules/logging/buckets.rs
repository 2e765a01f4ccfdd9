//! Buckets that hold logs.

use crate::model::{Items, Resource, Value};
use crate::rules::answer::both;
use crate::rules::check::{self, is_true, one_of, require};
use crate::rules::readers::bucket_policy::{Part, excepts_principals_alone, reaches, states};
use crate::rules::readers::policy::Effect;
use crate::rules::storage::of_log_buckets;
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// Who breaks in deletes the logs first. Object Lock, or a policy that denies deletion to everybody, keeps them.
    ///
    /// Judged are buckets that CloudTrail, Config, load balancers, CloudFront, WAF, flow logs or S3 write logs to. A bucket has neither protection
    /// by default. The denials may except principals, by `NotPrincipal` or by a condition on who they are, and must be for every other one.
    ///
    /// ## Fix
    /// ```yaml
    /// VersioningConfiguration: {Status: Enabled}
    /// ObjectLockEnabled: true
    /// ObjectLockConfiguration:
    ///   ObjectLockEnabled: Enabled
    ///   Rule: {DefaultRetention: {Mode: COMPLIANCE, Days: 365}}
    /// ```
    "s3-log-bucket-immutable" => {
        title: "Objects in log buckets cannot be altered or deleted.",
        category: LoggingAudit,
        severity: High,
        scope: Estate,
        types: ["AWS::S3::Bucket"],
        reads: [
            "AWS::S3::Bucket.VersioningConfiguration", "AWS::S3::Bucket.ObjectLockEnabled", "AWS::S3::Bucket.ObjectLockConfiguration",
            "AWS::S3::BucketPolicy.PolicyDocument", "AWS::CloudTrail::Trail", "AWS::Config::DeliveryChannel",
            "AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes", "AWS::CloudFront::Distribution.DistributionConfig",
            "AWS::WAFv2::LoggingConfiguration", "AWS::EC2::FlowLog", "AWS::S3::Bucket.LoggingConfiguration",
        ],
        params: {
            mode: Preset::Text("either") => "deny_policy, object_lock, or either",
            lock_modes: Preset::Texts(&["COMPLIANCE", "GOVERNANCE"]) => "accepted modes of Object Lock",
            min_lock_days: Preset::Int(1) => "least default retention in days",
        },
        equivalents: [],
        check: |r, cx| of_log_buckets(r, cx, true, || match cx.params.text("mode") {
            Some("deny_policy") => denied(r, cx),
            Some("object_lock") => locked(r, cx),
            _ => locked(r, cx).or(|| denied(r, cx)),
        }),
    }
}

/// Actions that destroy logs, and on what of the bucket they act.
const DESTRUCTIVE: &[(&str, Part<'static>)] = &[
    ("s3:DeleteObject", Part::Key("AWSLogs/123456789012/log")),
    ("s3:DeleteObjectVersion", Part::Key("AWSLogs/123456789012/log")),
    ("s3:PutLifecycleConfiguration", Part::Bucket),
    ("s3:PutBucketPolicy", Part::Bucket),
    ("s3:DeleteBucket", Part::Bucket),
];

fn denied(r: &Resource, cx: &Context<'_>) -> Verdict {
    let versions = one_of(&r.get("VersioningConfiguration.Status"), &["Enabled"]);
    let denials = DESTRUCTIVE.iter().map(|&(action, part)| {
        states(cx.estate, r, &format!("a statement that denies {action} to everybody"), |statement| {
            both(statement.effect().is(&Effect::Deny), || {
                both(statement.covers(action), || {
                    both(reaches(statement, part), || excepts_principals_alone(statement))
                })
            })
        })
    });
    Verdict::all(denials).and(versions)
}

fn locked(r: &Resource, cx: &Context<'_>) -> Verdict {
    let least = cx.params.int("min_lock_days");
    let retention = r.get("ObjectLockConfiguration.Rule.DefaultRetention");
    let (days, years) = (retention.get("Days"), retention.get("Years"));
    let long = if years.is_absent() {
        check::at_least(&days, least)
    } else {
        require(&years, &format!("at least {least} days"), |v: &Value| v.as_int().map(|years| years * 365 >= least))
    };
    let enabled = r.get("ObjectLockEnabled");
    let enabled = if enabled.is_absent() && matches!(retention.items(), Items::Are(_)) && r.is_live() {
        // AWS tells it in the configuration.
        one_of(&r.get("ObjectLockConfiguration.ObjectLockEnabled"), &["Enabled"])
    } else {
        is_true(&enabled)
    };
    enabled.and(one_of(&retention.get("Mode"), cx.params.texts("lock_modes"))).and(long)
}
