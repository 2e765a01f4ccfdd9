//! What databases tell of how they are doing.

use crate::model::{Items, Read, Related, Resource, Value};
use crate::rules::readers::database::{Family, engine, setting};
use crate::rules::readers::environments;
use crate::rules::readers::policy::Document;
use crate::rules::readers::policy::principal::{Attached, allows, attached};
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// CloudWatch sees a database from outside, the hypervisor's way. Enhanced monitoring looks from inside: which process takes the CPU,
    /// what is swapped, what waits for the disk, every few seconds.
    ///
    /// `MonitoringInterval` defaults to 0, off. RDS needs a role that trusts `monitoring.rds.amazonaws.com` and has the managed policy
    /// `service-role/AmazonRDSEnhancedMonitoringRole`, or may write logs otherwise. A role that is seen must be so; with `require_role` it must
    /// also be seen, and one that is not in the template is unknown. Instances of an Aurora cluster take the cluster's setting over if they
    /// have none; a Multi-AZ cluster answers for its instances itself.
    ///
    /// ## Fix
    /// ```yaml
    /// MonitoringInterval: 60
    /// MonitoringRoleArn: !GetAtt RdsMonitoringRole.Arn
    /// ```
    "rds-enhanced-monitoring-enabled" => {
        title: "RDS enhanced monitoring is on, through a role that may do it.",
        category: Database,
        severity: Medium,
        scope: Estate,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        reads: ["AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::RolePolicy"],
        params: {
            require_role: Preset::Bool(false) => "demand a role that RDS may use, and leave it open if it cannot be read",
            max_interval: Preset::Int(60) => "seconds between two samples, at most",
            environments: Preset::Texts(&["all"]) => "environments in which it is required, or `all`",
        },
        equivalents: [
            "aws-config/rds-enhanced-monitoring-enabled",
            "security-hub/RDS.6",
            "prowler/rds_instance_enhanced_monitoring_enabled",
            "checkov/CKV_AWS_118",
            "aws-guard/rds_enhanced_monitoring_enabled",
        ],
        check: |r, cx| environments::within(r, cx, cx.params.texts("environments"), enhanced(r, cx)?),
    }

    /// ## Why
    /// When a database is slow, Performance Insights shows what it waits for and which statement makes it wait, for the minutes in question.
    /// It cannot be asked about a time when it was off.
    ///
    /// It is off by default; a retention that is not declared is seven days. Classes that do not support it are left out: `micro` and
    /// `small` of the T families for MySQL and MariaDB, all T families for Aurora MySQL. Instances of an Aurora cluster take the cluster's
    /// setting over if they have none; a Multi-AZ cluster answers for its instances itself.
    ///
    /// ## Fix
    /// ```yaml
    /// EnablePerformanceInsights: true      # PerformanceInsightsEnabled on a cluster
    /// PerformanceInsightsRetentionPeriod: 7
    /// ```
    "rds-performance-insights-enabled" => {
        title: "Performance Insights is enabled and its data kept for long enough.",
        category: Database,
        severity: Low,
        scope: Resource,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        params: {
            min_retention_days: Preset::Int(7) => "days that its data is kept, at least",
            require_explicit_retention: Preset::Bool(false) => "demand that a template declares the retention",
        },
        equivalents: ["checkov/CKV_AWS_353"],
        check: insights,
    }
}

/// Evidence of a setting that was taken over from the cluster is led by the cluster's name.
fn led(r: &Resource, read: &Read<'_>, verdict: Verdict) -> Verdict {
    if std::ptr::eq(r, read.resource) { verdict } else { verdict.on(read.resource.address.name()) }
}

fn enhanced(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let interval = setting(cx.estate, r, "MonitoringInterval", "MonitoringInterval")?;
    let most = cx.params.int("max_interval");
    let often = check::require(&interval, &format!("1, 5, 10, 15, 30 or 60 seconds, at most {most}"), |v| {
        v.as_int().map(|n| [1, 5, 10, 15, 30, 60].contains(&n) && n <= most)
    });
    // Without an interval there is nothing to have a role for; where it cannot be read the role cannot either.
    let off = interval.is_absent() || interval.value().and_then(Value::as_int) == Some(0);
    if off || interval.why_unknown().is_some() {
        return Some(led(r, &interval, often));
    }
    Some(led(r, &interval, often.and(role(&interval.resource.get("MonitoringRoleArn"), cx))))
}

fn role(arn: &Read<'_>, cx: &Context<'_>) -> Verdict {
    const ROLE: &str = "AWS::IAM::Role";
    if !cx.params.bool("require_role") && !matches!(cx.estate.follow(arn, &[ROLE]), Related::Found(_)) {
        return Verdict::Pass;
    }
    check::related(cx.estate, arn, &[ROLE], "a role for monitoring.rds.amazonaws.com", |role| {
        let trust = Document::new(role.get("AssumeRolePolicyDocument"));
        trust.trusts_service("monitoring.rds.amazonaws.com").and(may_monitor(role, cx))
    })
}

/// The role has the policy that is made for it, or one that allows as much.
fn may_monitor(role: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "service-role/AmazonRDSEnhancedMonitoringRole";
    let policies = role.get("ManagedPolicyArns");
    if let Items::Are(arns) = policies.items()
        && arns.iter().any(|arn| {
            matches!(attached(cx.estate, arn), Attached::Aws(name) if name.ends_with("AmazonRDSEnhancedMonitoringRole"))
        })
    {
        return Verdict::Pass;
    }
    match allows(cx.estate, role, "logs:PutLogEvents") {
        Verdict::Fail(_) => check::fail(&policies, expected),
        other => other,
    }
}

fn insights(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if unsupported(r, cx) {
        return None;
    }
    let enabled = setting(cx.estate, r, "EnablePerformanceInsights", "PerformanceInsightsEnabled")?;
    let on = check::is_true(&enabled);
    // What is off keeps nothing.
    let verdict = if matches!(on, Verdict::Fail(_)) { on } else { on.and(kept(enabled.resource, cx)) };
    Some(led(r, &enabled, verdict))
}

/// Retention, seven days by default.
fn kept(r: &Resource, cx: &Context<'_>) -> Verdict {
    let least = cx.params.int("min_retention_days");
    let period = r.get("PerformanceInsightsRetentionPeriod");
    let must_say = cx.params.bool("require_explicit_retention") && !r.is_live();
    if period.is_absent() && !must_say && least <= 7 { Verdict::Pass } else { check::at_least(&period, least) }
}

/// Whether Performance Insights cannot be had for the instance's class.
fn unsupported(r: &Resource, cx: &Context<'_>) -> bool {
    let class = r.get("DBInstanceClass");
    let (Some(class), Ok(engine)) = (class.as_str(), engine(cx.estate, r)) else { return false };
    let class = class.to_ascii_lowercase();
    let burstable = class.starts_with("db.t");
    match (engine.family, engine.aurora) {
        (Family::MySql, true) => burstable,
        (Family::MySql | Family::MariaDb, false) => {
            burstable && ["micro", "small"].iter().any(|size| class.rsplit('.').next() == Some(size))
        }
        _ => false,
    }
}
