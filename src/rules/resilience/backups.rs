//! Backup plans: whom they cover, how often they run, how long they keep.

use super::{GROUP, INSTANCE, is_launched_by_group};
use crate::model::network::about;
use crate::model::{Items, Read, Resource, Unknown, Value};
use crate::rules::readers::coverage::{Target, has_tag, selections, tags};
use crate::rules::readers::policy::{names, unknown};
use crate::rules::readers::schedule::longest_gap;
use crate::rules::{Context, Preset, Verdict, check, rules};

const LIFECYCLE: &str = "AWS::DLM::LifecyclePolicy";
const HOURS_OF_A_DAY: i64 = 24;

rules! {
    /// ## Why
    /// A disk that nobody copies is lost with its instance, with whoever encrypts it for ransom, or with one wrong command.
    ///
    /// Instances are covered by a backup selection that names them or all instances by ARN, or one of their tags; or by a lifecycle policy
    /// for instances with one of their tags, or a default one. Whether the backups of a selection succeed is not judged. Instances
    /// of an Auto Scaling group are replaced, not restored, and left out, unless `include_asg` is set: then the group is judged, by the tags
    /// that it hands on.
    ///
    /// ## Fix
    /// ```yaml
    /// Selection:
    ///   Type: AWS::Backup::BackupSelection
    ///   Properties:
    ///     BackupPlanId: !Ref Plan
    ///     BackupSelection:
    ///       SelectionName: daily
    ///       IamRoleArn: !GetAtt BackupRole.Arn
    ///       ListOfTags: [{ConditionType: STRINGEQUALS, ConditionKey: backup, ConditionValue: daily}]
    /// ```
    "ec2-resources-protected-by-backup-plan" => {
        title: "EC2 instances are covered by a backup plan or a lifecycle policy.",
        category: Resilience,
        severity: Medium,
        scope: Estate,
        types: ["AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance"],
        reads: ["AWS::Backup::BackupPlan", "AWS::Backup::BackupSelection", "AWS::DLM::LifecyclePolicy"],
        params: {
            include_asg: Preset::Bool(false) => "demand it of what Auto Scaling groups launch, too",
            accept_dlm: Preset::Bool(true) => "take a policy of the Data Lifecycle Manager as well",
        },
        equivalents: ["aws-config/ec2-resources-protected-by-backup-plan"],
        check: protected,
    }

    /// ## Why
    /// A backup a week loses a week. One that is kept for three days is gone before anybody notices what it was needed for.
    ///
    /// A plan passes if one of its rules runs often enough and keeps long enough; a lifecycle policy if one of its schedules does. A
    /// rule without a schedule runs every day. Recovery points without `DeleteAfterDays` are kept for ever, and fail because nobody decided that,
    /// unless `require_retention` is false.
    ///
    /// ## Fix
    /// ```yaml
    /// BackupPlanRule:
    ///   - RuleName: daily
    ///     TargetBackupVault: !Ref Vault
    ///     ScheduleExpression: cron(0 5 ? * * *)
    ///     Lifecycle: {DeleteAfterDays: 35}
    /// ```
    "backup-plan-min-frequency-and-min-retention-check" => {
        title: "Backup plans run often enough and keep recovery points for long enough.",
        category: Resilience,
        severity: Medium,
        scope: Resource,
        types: ["AWS::Backup::BackupPlan", "AWS::DLM::LifecyclePolicy"],
        params: {
            max_interval_hours: Preset::Int(24) => "hours between two backups, at most",
            min_retention_days: Preset::Int(30) => "days that a backup is kept, at least",
            require_retention: Preset::Bool(true) => "demand that it is said how long backups are kept",
        },
        equivalents: [
            "aws-config/backup-plan-min-frequency-and-min-retention-check",
            "aws-guard/backup_plan_min_frequency_and_min_retention_check",
        ],
        check: |r, cx| if &*r.kind == LIFECYCLE { lifecycle(r, cx) } else { Some(plan(r, cx)) },
    }
}

fn protected(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let is_group = &*r.kind == GROUP;
    if is_group && !cx.params.bool("include_asg") || &*r.kind == INSTANCE && is_launched_by_group(r) {
        return None;
    }
    let own = r.get("Tags");
    let tags = if is_group { handed_on(&own) } else { tags(&own) };
    let target = Target { resource: r, service: "ec2", prefix: "instance/", tags };
    let expected = "a backup plan that selects it";
    let subject = about(r, "Backup");
    let (found, open) = selections(cx.estate, &target);
    let by_plan = match open {
        _ if !found.is_empty() => return Some(Verdict::Pass),
        Some(why) => unknown(&subject, expected, &why),
        None => check::fail(&subject, expected),
    };
    let by_policy = || {
        let policies = cx.estate.of(r, LIFECYCLE);
        check::among(&policies, &subject, "a lifecycle policy that targets it", |policy| snapshots(policy, &target))
    };
    Some(if cx.params.bool("accept_dlm") { by_plan.or(by_policy) } else { by_plan })
}

/// The tags that a group gives its instances.
fn handed_on(list: &Read<'_>) -> Result<Vec<(String, String)>, Unknown> {
    let all = tags(list)?;
    let Items::Are(items) = list.items() else { return Ok(all) };
    let hands_on = |item: &Read<'_>| item.get("PropagateAtLaunch").value().and_then(Value::as_bool) == Some(true);
    Ok(items.iter().zip(all).filter(|(item, _)| hands_on(item)).map(|(_, tag)| tag).collect())
}

/// A lifecycle policy that is enabled makes images or snapshots of the instance.
fn snapshots(policy: &Resource, target: &Target<'_>) -> Verdict {
    let state = check::one_of(&policy.get("State"), &["ENABLED"]);
    let default = policy.get("DefaultPolicy");
    if default.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("INSTANCE")) {
        return state.on(policy.address.name());
    }
    let expected = "the instance's tags";
    let kinds = policy.get("PolicyDetails.ResourceTypes");
    let wanted = policy.get("PolicyDetails.TargetTags");
    let instances = names(&kinds, |kind| kind.eq_ignore_ascii_case("INSTANCE"));
    let covers = |read: &Read<'_>, known: Result<bool, Unknown>| match known {
        Ok(true) => Verdict::Pass,
        Ok(false) => check::fail(read, expected),
        Err(why) => unknown(read, expected, &why),
    };
    state.and(covers(&kinds, instances)).and(covers(&wanted, has_tag(target, &wanted))).on(policy.address.name())
}

fn plan(r: &Resource, cx: &Context<'_>) -> Verdict {
    let rules = r.get("BackupPlan.BackupPlanRule");
    let expected = "a rule that runs often enough and keeps for long enough";
    let judge = |rule: &Read<'_>| {
        let often = schedule(&rule.get("ScheduleExpression"), cx, HOURS_OF_A_DAY);
        often.and(kept(&rule.get("Lifecycle.DeleteAfterDays"), cx))
    };
    match rules.items() {
        Items::Unknown => check::unknown(&rules, expected),
        Items::Absent => check::fail(&rules, expected),
        Items::Are(items) => Verdict::any(items.iter().map(judge), || check::fail(&rules, expected)),
    }
}

/// A schedule expression runs often enough; `default` is the interval in hours where there is none.
fn schedule(expression: &Read<'_>, cx: &Context<'_>, default: i64) -> Verdict {
    let most = cx.params.int("max_interval_hours");
    let expected = format!("every {most} hours or more often");
    if expression.is_absent() {
        return if default <= most { Verdict::Pass } else { check::fail(expression, &expected) };
    }
    if let Some(text) = expression.as_str()
        && longest_gap(text).is_none()
    {
        return unknown(expression, &expected, &Unknown::Unsupported(format!("the schedule {text}").into()));
    }
    check::require(expression, &expected, |v| Some(longest_gap(v.as_str()?)? <= most * 60))
}

fn kept(days: &Read<'_>, cx: &Context<'_>) -> Verdict {
    if days.is_absent() && !cx.params.bool("require_retention") {
        return Verdict::Pass;
    }
    check::at_least(days, cx.params.int("min_retention_days"))
}

fn lifecycle(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let details = r.get("PolicyDetails");
    let kind = details.get("PolicyType");
    if kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("EVENT_BASED_POLICY")) {
        return None;
    }
    let least = cx.params.int("min_retention_days");
    if r.get("DefaultPolicy").value().is_some() {
        // Every day, kept for a week, unless it says otherwise.
        let often = interval(&r.get("CreateInterval"), HOURS_OF_A_DAY, cx);
        let period = r.get("RetainInterval");
        let long = if period.is_absent() && least <= 7 { Verdict::Pass } else { check::at_least(&period, least) };
        return Some(often.and(long));
    }
    let schedules = details.get("Schedules");
    let expected = "a schedule that runs often enough and keeps for long enough";
    Some(match schedules.items() {
        Items::Unknown => check::unknown(&schedules, expected),
        Items::Absent => check::fail(&schedules, expected),
        Items::Are(items) => {
            Verdict::any(items.iter().map(|item| of_schedule(item, cx)), || check::fail(&schedules, expected))
        }
    })
}

/// An interval in units of so many hours, one unit if it is not said.
fn interval(read: &Read<'_>, unit: i64, cx: &Context<'_>) -> Verdict {
    let most = cx.params.int("max_interval_hours");
    let expected = format!("every {most} hours or more often");
    if read.is_absent() && unit <= most {
        return Verdict::Pass;
    }
    check::require(read, &expected, |v| Some(v.as_int()?.saturating_mul(unit) <= most))
}

fn of_schedule(item: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let create = item.get("CreateRule");
    let cron = create.get("CronExpression");
    let often = if cron.is_absent() {
        let hours = create.get("Interval");
        if hours.is_absent() { check::fail(&hours, "an interval") } else { interval(&hours, 1, cx) }
    } else {
        schedule(&cron, cx, HOURS_OF_A_DAY)
    };
    often.and(long_enough(item, &create, cx))
}

/// Kept for a time, or by number: then for as long as it takes to make so many.
fn long_enough(item: &Read<'_>, create: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let least = cx.params.int("min_retention_days");
    let expected = format!("at least {least} days");
    let retain = item.get("RetainRule");
    let number = retain.get("Count");
    if number.is_absent() {
        let days = match retain.get("IntervalUnit").as_str() {
            Some("WEEKS") => 7,
            Some("MONTHS") => 30,
            Some("YEARS") => 365,
            _ => 1,
        };
        return check::require(&retain.get("Interval"), &expected, |v| Some(v.as_int()?.saturating_mul(days) >= least));
    }
    let minutes = match create.get("CronExpression").as_str() {
        Some(cron) => longest_gap(cron),
        None => create.get("Interval").value().and_then(Value::as_int).map(|hours| hours * 60),
    };
    let Some(minutes) = minutes else {
        return unknown(&number, &expected, &Unknown::Unsupported("how often the schedule runs".into()));
    };
    check::require(&number, &expected, |v| Some(v.as_int()?.saturating_mul(minutes) >= least * HOURS_OF_A_DAY * 60))
}
