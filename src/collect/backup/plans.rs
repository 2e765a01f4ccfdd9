//! Backup plans: what is backed up how often, and for how long it is kept.

use aws_sdk_backup::Client;
use aws_sdk_backup::operation::list_backup_plans::ListBackupPlansOutput;
use aws_sdk_backup::types::BackupPlansListMember;
use serde_json::Value as Json;

use super::{GONE, PAGE, SPEC, TAGS, is_of_aws, selections, set_tags};
use crate::collect::json::{at, items, kind, pick};
use crate::collect::order::sorted_by;
use crate::collect::shape::{list, map, text, token};
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Provenance, Resource};

pub(super) const LIST: &str = "backup:ListBackupPlans";
pub(super) const READ: &str = "backup:GetBackupPlan";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Backup::BackupPlan",
    asked: &[("BackupPlanTags", TAGS), ("", READ)],
    reads: &["BackupPlan", "BackupPlanTags"],
    on_demand: &["BackupPlanTags"],
    // The plan, its tags, and the listing of its selections.
    calls: 3,
};

/// Members of a rule that the schema writes as the service does.
const OF_RULES: &[(&str, &str)] = &[
    ("RuleName", "RuleName"),
    ("TargetBackupVaultName", "TargetBackupVault"),
    ("TargetLogicallyAirGappedBackupVaultArn", "TargetLogicallyAirGappedBackupVaultArn"),
    ("ScheduleExpression", "ScheduleExpression"),
    ("ScheduleExpressionTimezone", "ScheduleExpressionTimezone"),
    ("StartWindowMinutes", "StartWindowMinutes"),
    ("CompletionWindowMinutes", "CompletionWindowMinutes"),
    ("Lifecycle", "Lifecycle"),
    ("RecoveryPointTags", "RecoveryPointTags"),
    ("CopyActions", "CopyActions"),
    ("EnableContinuousBackup", "EnableContinuousBackup"),
    ("IndexActions", "IndexActions"),
    ("ScanActions", "ScanActions"),
];

/// The plans and their selections.
pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name, selections::TYPE.name],
            |start| client.list_backup_plans().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    out.listed(TYPE.name, &pages.end);
    out.listed(selections::TYPE.name, &pages.end);
    let plans = pages.pages.iter().flat_map(ListBackupPlansOutput::backup_plans_list);
    let readings = plans.map(|plan| {
        let (cx, client, plan) = (cx.clone(), client.clone(), plan.clone());
        async move {
            let id = plan.backup_plan_id().unwrap_or_default();
            let (own, selections) = tokio::join!(read(&cx, &client, &plan), selections::collect(&cx, &client, id));
            (own, selections)
        }
    });
    for (plan, selections) in tasks::all(readings.collect()).await {
        out.resources.extend(plan);
        out.merge(selections);
    }
    out
}

/// One plan; `None` if it has gone meanwhile.
async fn read(cx: &Cx, client: &Client, plan: &BackupPlansListMember) -> Option<Resource> {
    let id = plan.backup_plan_id().unwrap_or_default();
    let answer = cx.ask_json(READ, &[TYPE.name], GONE, client.get_backup_plan().backup_plan_id(id).send()).await;
    if matches!(answer, Answer::Absent) {
        return None;
    }
    let mut r = cx.resource(&SPEC, TYPE.name, id, plan.backup_plan_arn().unwrap_or_default());
    r.set("BackupPlan", answer.into_kind(|found| body(at(&found, "BackupPlan"))));
    r.set_attribute("BackupPlanArn", text(plan.backup_plan_arn()));
    r.set_attribute("BackupPlanId", text(Some(id)));
    r.set_attribute("VersionId", text(plan.version_id()));
    if plan.backup_plan_name().is_some_and(is_of_aws) {
        r.provenance = Provenance::Service;
    }
    set_tags(cx, client, &mut r, "BackupPlanTags").await;
    Some(r)
}

fn body(plan: &Json) -> Kind {
    let rules = items(plan, "Rules").iter().map(|rule| map(pick(rule, OF_RULES)));
    map([
        ("BackupPlanName", kind(at(plan, "BackupPlanName"))),
        ("BackupPlanRule", list(rules)),
        ("AdvancedBackupSettings", sorted_by(kind(at(plan, "AdvancedBackupSettings")), "ResourceType")),
        ("ScanSettings", kind(at(plan, "ScanSettings"))),
    ])
}
