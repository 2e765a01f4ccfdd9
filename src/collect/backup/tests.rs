//! Vaults, plans, selections and what is protected, on answers as the API reference documents them.

use serde_json::json;

use super::*;
use crate::collect::testing::{claimed, collected, cx, properties, refused};
use crate::model::{Provenance, to_json};

#[tokio::test]
async fn where_everything_is_refused_nothing_is_absent() {
    assert_eq!(refused(&Backup, "us-east-1").await.resources, []);
    assert_eq!(refused(&protected::Protected, "us-east-1").await.resources, []);
}

fn answer(asked: &str) -> (u16, String) {
    let path = asked.split("amazonaws.com").nth(1).unwrap();
    let none = || (400, r#"{"__type": "ResourceNotFoundException"}"#.to_owned());
    let answer = match path {
        p if p.starts_with("/backup-vaults?") => json!({"BackupVaultList": [
            {"BackupVaultName": "main", "BackupVaultArn": "arn:aws:backup:us-east-1:1:backup-vault:main", "VaultType": "BACKUP_VAULT",
             "EncryptionKeyArn": "arn:aws:kms:us-east-1:1:key/k", "Locked": true, "MinRetentionDays": 7, "MaxRetentionDays": 90,
             "LockDate": 1_800_000_000.0, "NumberOfRecoveryPoints": 3},
            {"BackupVaultName": "aws/efs/automatic-backup-vault", "NumberOfRecoveryPoints": 0, "Locked": false,
             "BackupVaultArn": "arn:aws:backup:us-east-1:1:backup-vault:aws/efs/automatic-backup-vault"},
            {"BackupVaultName": "air", "VaultType": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "NumberOfRecoveryPoints": 0},
        ]}),
        p if p.starts_with("/backup-vaults/main/access-policy") => json!({"Policy": "{\"Version\":\"2012-10-17\"}"}),
        p if p.starts_with("/backup-vaults/main/notification") => json!({
            "SNSTopicArn": "arn:aws:sns:us-east-1:1:t", "BackupVaultEvents": ["RESTORE_JOB_STARTED", "BACKUP_JOB_STARTED"]}),
        p if p.starts_with("/backup-vaults/") => return none(),
        p if p.starts_with("/backup/plans?") && p.contains("nextToken") => json!({"BackupPlansList": [
            {"BackupPlanId": "gone", "BackupPlanArn": "arn:aws:backup:us-east-1:1:backup-plan:gone"}]}),
        p if p.starts_with("/backup/plans?") => json!({"NextToken": "more", "BackupPlansList": [
            {"BackupPlanId": "p-1", "BackupPlanName": "daily", "VersionId": "v",
             "BackupPlanArn": "arn:aws:backup:us-east-1:1:backup-plan:p-1"}]}),
        p if p.starts_with("/backup/plans/gone") => return none(),
        p if p.starts_with("/backup/plans/p-1/selections/s-1") => json!({
            "SelectionId": "s-1", "BackupPlanId": "p-1", "BackupSelection": {
                "SelectionName": "all", "IamRoleArn": "arn:aws:iam::1:role/r", "Resources": ["arn:b", "arn:a"],
                "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "yes"}],
                "Conditions": {"StringEquals": [{"ConditionKey": "aws:ResourceTag/x", "ConditionValue": "1"}]}}}),
        p if p.starts_with("/backup/plans/p-1/selections/s-2") => return none(),
        p if p.starts_with("/backup/plans/p-1/selections") => json!({"BackupSelectionsList": [
            {"SelectionId": "s-1", "SelectionName": "all"}, {"SelectionId": "s-2", "SelectionName": "vanished"}]}),
        p if p.starts_with("/backup/plans/p-1") => json!({"BackupPlanId": "p-1", "BackupPlan": {
            "BackupPlanName": "daily",
            "Rules": [{
                "RuleId": "r", "RuleName": "nightly", "TargetBackupVaultName": "main", "ScheduleExpression": "cron(0 5 * * ? *)",
                "ScheduleExpressionTimezone": "Etc/UTC", "StartWindowMinutes": 60, "CompletionWindowMinutes": 120,
                "Lifecycle": {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 120},
                "RecoveryPointTags": {"by": "plan"}, "EnableContinuousBackup": false,
                "CopyActions": [{"DestinationBackupVaultArn": "arn:v", "Lifecycle": {"DeleteAfterDays": 7}}],
            }],
            "AdvancedBackupSettings": [{"ResourceType": "EC2", "BackupOptions": {"WindowsVSS": "enabled"}}]}}),
        p if p.starts_with("/tags/") && p.contains("efs") => json!({"Tags": {}}),
        p if p.starts_with("/tags/") => json!({"Tags": {"team": "core", "aws:x": "1"}}),
        p if p.starts_with("/resources?") => json!({"Results": [
            {"ResourceArn": "arn:aws:ec2:us-east-1:1:instance/i-1", "ResourceType": "EC2", "LastBackupTime": 1_800_000_000.0,
             "LastBackupVaultArn": "arn:aws:backup:us-east-1:1:backup-vault:main"}]}),
        other => panic!("{other}"),
    };
    (200, answer.to_string())
}

fn named<'a>(out: &'a Out, id: &str) -> &'a Resource {
    out.resources.iter().find(|r| r.address.physical_id.as_deref() == Some(id)).unwrap()
}

#[tokio::test]
async fn vaults_plans_and_selections_read_as_cloudformation_would_declare_them() {
    let cx = cx("us-east-1", answer);
    let out = collected(&Backup, &cx).await;
    assert!(out.listed.values().all(Result::is_ok) && cx.calls.gaps().is_empty(), "{:?}", cx.calls.gaps());
    assert_eq!(out.resources.len(), 4, "what vanished is dropped, and an air-gapped vault is another type: {out:?}");
    for r in &out.resources {
        assert_eq!(properties(r), claimed(&SPEC, r));
    }
    let vault = named(&out, "main");
    let expected = json!({
        "BackupVaultName": "main", "EncryptionKeyArn": "arn:aws:kms:us-east-1:1:key/k",
        "LockConfiguration": {"MinRetentionDays": 7, "MaxRetentionDays": 90},
        "AccessPolicy": {"Version": "2012-10-17"},
        "Notifications": {
            "SNSTopicArn": "arn:aws:sns:us-east-1:1:t", "BackupVaultEvents": ["BACKUP_JOB_STARTED", "RESTORE_JOB_STARTED"]},
        "BackupVaultTags": {"team": "core"},
    });
    assert_eq!(to_json(&vault.properties), expected);
    assert_eq!(vault.attribute("LockDate").as_str(), Some("2027-01-15T08:00:00Z"));
    assert_eq!(vault.attribute("aws:x").as_str(), Some("1"));
    let of_aws = named(&out, "aws/efs/automatic-backup-vault");
    assert_eq!(of_aws.provenance, Provenance::Service);
    for property in ["AccessPolicy", "Notifications", "LockConfiguration", "BackupVaultTags"] {
        assert!(of_aws.get(property).is_absent(), "{property}");
    }
    let expected = json!({
        "BackupPlan": {
            "BackupPlanName": "daily",
            "BackupPlanRule": [{
                "RuleName": "nightly", "TargetBackupVault": "main", "ScheduleExpression": "cron(0 5 * * ? *)",
                "ScheduleExpressionTimezone": "Etc/UTC", "StartWindowMinutes": 60, "CompletionWindowMinutes": 120,
                "Lifecycle": {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 120},
                "RecoveryPointTags": {"by": "plan"}, "EnableContinuousBackup": false,
                "CopyActions": [{"DestinationBackupVaultArn": "arn:v", "Lifecycle": {"DeleteAfterDays": 7}}],
            }],
            "AdvancedBackupSettings": [{"ResourceType": "EC2", "BackupOptions": {"WindowsVSS": "enabled"}}],
        },
        "BackupPlanTags": {"team": "core"},
    });
    assert_eq!(to_json(&named(&out, "p-1").properties), expected);
    let expected = json!({
        "BackupPlanId": "p-1",
        "BackupSelection": {
            "SelectionName": "all", "IamRoleArn": "arn:aws:iam::1:role/r", "Resources": ["arn:a", "arn:b"],
            "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "yes"}],
            "Conditions": {"StringEquals": [{"ConditionKey": "aws:ResourceTag/x", "ConditionValue": "1"}]},
        },
    });
    assert_eq!(to_json(&named(&out, "s-1").properties), expected);
    assert_eq!(named(&out, "s-1").attribute("Id").as_str(), Some("p-1_s-1"));
}

#[tokio::test]
async fn what_may_not_be_read_is_unknown_and_leaves_the_rest() {
    let out = collected(
        &Backup,
        &cx("us-east-1", |asked| {
            let listed = ["/backup-vaults?", "/backup/plans?"].iter().any(|listing| asked.contains(listing));
            if listed { answer(asked) } else { (403, r#"{"__type": "AccessDeniedException"}"#.into()) }
        }),
    )
    .await;
    let denied = |action: &str| Some(Unknown::Denied { action: action.into() });
    let vault = named(&out, "main");
    assert_eq!(vault.get("AccessPolicy").why_unknown(), denied(vaults::POLICY));
    assert_eq!(vault.get("Notifications").why_unknown(), denied(vaults::NOTIFICATIONS));
    assert_eq!(vault.get("BackupVaultTags").why_unknown(), denied(TAGS));
    assert_eq!(vault.get("BackupVaultName").as_str(), Some("main"));
    assert_eq!(named(&out, "p-1").get("BackupPlan").why_unknown(), denied(plans::READ));
    assert_eq!(out.listed[selections::TYPE.name], Err(Unknown::Denied { action: selections::LIST.into() }));
    assert_eq!(out.listed[plans::TYPE.name], Ok(()));
}

#[tokio::test]
async fn what_nobody_asks_for_is_unknown() {
    let mut cx = cx("us-east-1", answer);
    cx.wanted = std::sync::Arc::default();
    let out = collected(&Backup, &cx).await;
    for property in vaults::TYPE.on_demand {
        assert_eq!(named(&out, "main").get(property).why_unknown(), Some(Unknown::NotCollected), "{property}");
    }
    assert_eq!(named(&out, "p-1").get("BackupPlanTags").why_unknown(), Some(Unknown::NotCollected));
    assert_eq!(named(&out, "p-1").get("BackupPlan.BackupPlanName").as_str(), Some("daily"));
}

#[tokio::test]
async fn what_is_protected_says_since_when() {
    let out = collected(&protected::Protected, &cx("us-east-1", answer)).await;
    let expected = json!({
        "ResourceArn": "arn:aws:ec2:us-east-1:1:instance/i-1", "ResourceType": "EC2", "LastBackupTime": "2027-01-15T08:00:00Z",
    });
    assert_eq!(to_json(&out.resources[0].properties), expected);
}
