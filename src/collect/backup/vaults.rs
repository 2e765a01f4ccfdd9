//! Backup vaults.

use aws_sdk_backup::Client;
use aws_sdk_backup::operation::list_backup_vaults::ListBackupVaultsOutput;
use aws_sdk_backup::types::{BackupVaultListMember, VaultType};
use serde_json::Value as Json;

use super::{GONE, PAGE, SPEC, TAGS, is_of_aws, set_tags};
use crate::collect::json::{at, document, kind, text as text_at};
use crate::collect::order::all_sorted;
use crate::collect::shape::{flag, map, number, text, time, token};
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Provenance, Resource};

pub(super) const LIST: &str = "backup:ListBackupVaults";
pub(super) const POLICY: &str = "backup:GetBackupVaultAccessPolicy";
pub(super) const NOTIFICATIONS: &str = "backup:GetBackupVaultNotifications";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Backup::BackupVault",
    asked: &[("AccessPolicy", POLICY), ("Notifications", NOTIFICATIONS), ("BackupVaultTags", TAGS), ("", LIST)],
    reads: &[
        "AccessPolicy",
        "BackupVaultName",
        "BackupVaultTags",
        "EncryptionKeyArn",
        "LockConfiguration",
        "Notifications",
    ],
    on_demand: &["AccessPolicy", "BackupVaultTags", "Notifications"],
    calls: 3,
};

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| client.list_backup_vaults().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    out.listed(TYPE.name, &pages.end);
    let vaults = pages.pages.iter().flat_map(ListBackupVaultsOutput::backup_vault_list).filter(|vault| is_vault(vault));
    let readings = vaults.map(|vault| {
        let (cx, client, vault) = (cx.clone(), client.clone(), vault.clone());
        async move { read(&cx, &client, &vault).await }
    });
    out.resources = tasks::all(readings.collect()).await;
    out
}

/// Air-gapped vaults and those that only give access for a restore have types of their own.
fn is_vault(vault: &BackupVaultListMember) -> bool {
    vault.vault_type().is_none_or(|kind| *kind == VaultType::BackupVault)
}

/// What nobody set and what has gone answer the same.
async fn read(cx: &Cx, client: &Client, vault: &BackupVaultListMember) -> Resource {
    let mut r = resource(cx, vault);
    let name = vault.backup_vault_name().unwrap_or_default();
    let (policy, notifications) = tokio::join!(
        cx.ask_for(
            (TYPE.name, name, &["AccessPolicy"]),
            POLICY,
            GONE,
            client.get_backup_vault_access_policy().backup_vault_name(name).send()
        ),
        cx.ask_json_for(
            (TYPE.name, name, &["Notifications"]),
            NOTIFICATIONS,
            GONE,
            client.get_backup_vault_notifications().backup_vault_name(name).send()
        ),
    );
    r.set("AccessPolicy", policy.into_kind(|found| document(found.policy())));
    r.set("Notifications", self::notifications(notifications));
    set_tags(cx, client, &mut r, "BackupVaultTags").await;
    r
}

/// Where there are none, some answers are empty.
fn notifications(answer: Answer<Json>) -> Kind {
    answer.into_kind(|found| {
        let topic = text_at(&found, "SNSTopicArn");
        let events = all_sorted(kind(at(&found, "BackupVaultEvents")));
        map([("SNSTopicArn", text(Some(topic))), ("BackupVaultEvents", events)])
    })
}

fn resource(cx: &Cx, vault: &BackupVaultListMember) -> Resource {
    let name = vault.backup_vault_name().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, name, vault.backup_vault_arn().unwrap_or_default());
    r.set("BackupVaultName", text(Some(name)));
    r.set("EncryptionKeyArn", text(vault.encryption_key_arn()));
    r.set("LockConfiguration", lock(vault));
    r.set_attribute("BackupVaultArn", text(vault.backup_vault_arn()));
    r.set_attribute("LockDate", time(vault.lock_date()));
    r.set_attribute("Locked", flag(vault.locked()));
    r.set_attribute("NumberOfRecoveryPoints", number(Some(vault.number_of_recovery_points())));
    if is_of_aws(name) {
        r.provenance = Provenance::Service;
    }
    r
}

/// How many days the lock could still be taken off when it was made is not kept; the day on which it becomes final is a fact.
fn lock(vault: &BackupVaultListMember) -> Kind {
    if vault.locked() != Some(true) {
        return Kind::Null;
    }
    map([
        ("MinRetentionDays", number(vault.min_retention_days())),
        ("MaxRetentionDays", number(vault.max_retention_days())),
    ])
}
