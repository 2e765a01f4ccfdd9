//! What a plan backs up.

use aws_sdk_backup::Client;
use aws_sdk_backup::operation::list_backup_selections::ListBackupSelectionsOutput;
use aws_sdk_backup::types::BackupSelectionsListMember;
use serde_json::Value as Json;

use super::{GONE, PAGE, SPEC, plans};
use crate::collect::gone::unless_gone;
use crate::collect::json::{at, kind};
use crate::collect::order::all_sorted;
use crate::collect::shape::{text, token};
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::Resource;

pub(super) const LIST: &str = "backup:ListBackupSelections";
pub(super) const READ: &str = "backup:GetBackupSelection";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Backup::BackupSelection",
    asked: &[("BackupPlanId", plans::LIST), ("", READ)],
    reads: &["BackupPlanId", "BackupSelection"],
    calls: 1,
    ..TypeSpec::LISTED
};

/// The selections of one plan; none if it has gone meanwhile.
pub(super) async fn collect(cx: &Cx, client: &Client, plan: &str) -> Out {
    let request = client.list_backup_selections().backup_plan_id(plan).max_results(PAGE);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| unless_gone(GONE, request.clone().set_next_token(start).send()),
            |page| page.as_ref().and_then(|page| token(page.next_token())),
        )
        .await;
    let mut out = Out::default();
    out.listed(TYPE.name, &pages.end);
    let selections = pages.pages.iter().flatten().flat_map(ListBackupSelectionsOutput::backup_selections_list);
    let readings = selections.map(|selection| {
        let (cx, client, plan, selection) = (cx.clone(), client.clone(), plan.to_owned(), selection.clone());
        async move { read(&cx, &client, &plan, &selection).await }
    });
    out.resources.extend(tasks::all(readings.collect()).await.into_iter().flatten());
    out
}

async fn read(cx: &Cx, client: &Client, plan: &str, selection: &BackupSelectionsListMember) -> Option<Resource> {
    let id = selection.selection_id().unwrap_or_default();
    let request = client.get_backup_selection().backup_plan_id(plan).selection_id(id).send();
    let answer = cx.ask_json(READ, &[TYPE.name], GONE, request).await;
    if matches!(answer, Answer::Absent) {
        return None;
    }
    let mut r = cx.resource(&SPEC, TYPE.name, id, "");
    r.set("BackupPlanId", text(Some(plan)));
    r.set("BackupSelection", answer.into_kind(|found: Json| all_sorted(kind(at(&found, "BackupSelection")))));
    r.set_attribute("Id", text(Some(&format!("{plan}_{id}"))));
    r.set_attribute("SelectionId", text(Some(id)));
    Some(r)
}
