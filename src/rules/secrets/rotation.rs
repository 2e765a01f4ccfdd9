//! Rotation of secrets.

use jiff::Timestamp;

use super::interval::longest_days;
use crate::model::{Listing, Read, Resource, Unknown};
use crate::rules::readers::written;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A secret leaks sooner or later: into a log, a dump, a laptop. Rotation makes what leaked worthless after a known time.
    ///
    /// A secret without a rotation schedule is never rotated: it fails. So does a schedule without a function that rotates, one that leaves more than
    /// `max_days` between two rotations, and a secret that was not rotated in that time although it should have been (only AWS tells).
    /// Secrets that RDS manages rotate by themselves and pass; those that another service manages, and copies of a secret in another
    /// region, are left out.
    ///
    /// ## Fix
    /// ```yaml
    /// DatabaseRotation:
    ///   Type: AWS::SecretsManager::RotationSchedule
    ///   DependsOn: DatabaseSecretAttachment
    ///   Properties:
    ///     SecretId: !Ref DatabaseSecret
    ///     HostedRotationLambda: {RotationType: MySQLSingleUser}
    ///     RotationRules: {AutomaticallyAfterDays: 30}
    /// ```
    ///
    /// ```sh
    /// aws secretsmanager rotate-secret --secret-id app/database --rotation-rules AutomaticallyAfterDays=30
    /// ```
    "secretsmanager-rotation-enabled-check" => {
        title: "Secrets rotate automatically on a schedule.",
        category: Secrets,
        severity: High,
        scope: Estate,
        types: ["AWS::SecretsManager::Secret"],
        reads: ["AWS::SecretsManager::RotationSchedule"],
        params: {
            max_days: Preset::Int(90) => "longest accepted time between two rotations, in days",
            name_pattern: Preset::Pattern(".*") => "regular expression for the names of the secrets that are judged",
        },
        equivalents: [
            "aws-config/secretsmanager-rotation-enabled-check", "security-hub/SecretsManager.1",
            "prowler/secretsmanager_automatic_rotation_enabled", "checkov/CKV2_AWS_57", "checkov/CKV_AWS_304",
            "aws-guard/secretsmanager_rotation_enabled_check", "pci-4.0/3.5.1", "pci-4.0/8.2.2", "pci-4.0/8.3.2", "pci-4.0/8.3.5",
            "pci-4.0/8.3.7", "pci-4.0/8.3.9", "pci-4.0/8.3.10.1", "pci-4.0/8.6.3",
        ],
        check: rotates,
    }
}

const SCHEDULE: &str = "AWS::SecretsManager::RotationSchedule";

fn rotates(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    match r.attribute("OwningService").as_str() {
        Some("rds") => return Some(Verdict::Pass),
        Some(_) => return None,
        None => {}
    }
    let primary = r.attribute("PrimaryRegion");
    if primary.as_str().is_some_and(|region| region != &*r.address.region) {
        return None;
    }
    let days = cx.params.int("max_days");
    let verdict = || {
        let rotation = r.attribute("RotationEnabled");
        check::some(&schedules(r, cx), &rotation, "a rotation schedule", |s| schedule(s, days).on(s.address.name()))
            .and(is_fresh(r, cx, days))
    };
    match is_judged(r, cx) {
        Ok(true) => Some(verdict()),
        Ok(false) => None,
        Err(name) => {
            Some(verdict()).map(|v| if v.is_pass() { v } else { check::unknown(&name, "whether it is judged") })
        }
    }
}

/// The schedules of a secret. In a template a schedule may name the attachment to a database instead, whose `Ref` is the secret's ARN.
fn schedules<'a>(r: &Resource, cx: &'a Context<'_>) -> Listing<'a> {
    let mut found = cx.estate.referrers(r, SCHEDULE, "SecretId");
    if !r.is_live() {
        let attachments = cx.estate.referrers(r, "AWS::SecretsManager::SecretTargetAttachment", "SecretId");
        for attachment in attachments.items {
            found.items.extend(cx.estate.referrers(attachment, SCHEDULE, "SecretId").items);
        }
    }
    found
}

fn schedule(s: &Resource, days: i64) -> Verdict {
    let own = s.get("RotationLambdaARN");
    // What an import or a parameter names is a function all the same.
    let hosted = (!s.is_live()).then_some("HostedRotationLambda");
    let names = ["RotationLambdaARN", "ExternalSecretRotationRoleArn"].into_iter().chain(hosted);
    let function = if names.into_iter().any(|name| !s.get(name).is_absent()) {
        Verdict::Pass
    } else {
        check::fail(&own, "a function that rotates")
    };
    let rules = s.get("RotationRules");
    let (after, expression) = (rules.get("AutomaticallyAfterDays"), rules.get("ScheduleExpression"));
    let expected = format!("a rotation at least every {days} days");
    let interval = if after.is_absent() && !expression.is_absent() {
        check::require(&expression, &expected, |v| v.as_str().and_then(longest_days).map(|n| n <= days))
    } else {
        check::require(&after, &expected, |v| v.as_int().map(|n| n <= days))
    };
    function.and(interval)
}

/// The last rotation, or if there was none the making of the secret, is not too long ago. Passes for a template, which has no past.
fn is_fresh(r: &Resource, cx: &Context<'_>, days: i64) -> Verdict {
    let (true, Some(now)) = (r.is_live(), cx.estate.taken()) else { return Verdict::Pass };
    let (rotated, created) = (r.attribute("LastRotatedDate"), r.attribute("CreatedDate"));
    let read = if rotated.is_absent() { created } else { rotated };
    let expected = format!("rotated in the last {days} days");
    if read.is_absent() {
        let why = Unknown::Unsupported("a secret without a date".into());
        return Verdict::unknown(Evidence::unknown(&read, expected, &why));
    }
    // A rotation may start late in its window.
    let most = days.saturating_add(1).saturating_mul(24 * 60 * 60);
    check::require(&read, &expected, |v| {
        let then: Timestamp = v.as_str()?.parse().ok()?;
        Some(now.as_second() - then.as_second() <= most)
    })
}

/// Whether the name is one of those that are judged; the name if nobody can tell.
fn is_judged<'a>(r: &'a Resource, cx: &Context<'_>) -> Result<bool, Read<'a>> {
    let Some(pattern) = cx.params.pattern("name_pattern") else { return Ok(true) };
    let name = r.get("Name");
    if name.is_absent() {
        return Ok(pattern.is_match(r.address.logical_id.as_deref().unwrap_or_default()));
    }
    // A pattern that takes the empty text takes every name.
    match written::text(&name) {
        Some(text) if pattern.is_match(&text) => Ok(true),
        Some(_) if name.value().is_some() => Ok(false),
        _ if pattern.is_match("") => Ok(true),
        _ => Err(name),
    }
}
