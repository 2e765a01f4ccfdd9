//! KMS keys themselves: their names, their rotation, and what they are used for.

use super::is_kept;
use crate::model::{Field, Read, Resource, Value};
use crate::rules::readers::keys;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A key's id is 36 characters that say nothing. Under an alias people find it in the console and in logs, and it can be replaced by
    /// another key without touching what uses it.
    ///
    /// AWS gives no key of yours an alias by itself. Keys that are switched off or wait for their deletion need none.
    ///
    /// ## Fix
    /// ```yaml
    /// DataKeyAlias:
    ///   Type: AWS::KMS::Alias
    ///   Properties:
    ///     AliasName: alias/data
    ///     TargetKeyId: !Ref DataKey
    /// ```
    ///
    /// ```sh
    /// aws kms create-alias --alias-name alias/data --target-key-id 1234abcd-12ab-34cd-56ef-1234567890ab
    /// ```
    "kms-key-alias" => {
        title: "Every customer managed KMS key has an alias.",
        category: Encryption,
        severity: Low,
        scope: Estate,
        types: ["AWS::KMS::Key"],
        reads: ["AWS::KMS::Alias"],
        equivalents: [],
        check: |r, cx| is_used(r).then(|| alias(r, cx)),
    }

    /// ## Why
    /// The longer a key is used, the more is lost when it leaks. Rotation gives the key new material and keeps the old one to decrypt what
    /// was encrypted with it: nothing has to be changed.
    ///
    /// KMS does not rotate unless it is told to: absent fails. The period is 365 days where `RotationPeriodInDays` is absent. Only symmetric
    /// encryption keys whose material KMS made can rotate; others, and keys that are switched off, are left out.
    ///
    /// ## Fix
    /// ```yaml
    /// DataKey:
    ///   Type: AWS::KMS::Key
    ///   Properties:
    ///     EnableKeyRotation: true
    /// ```
    ///
    /// ```sh
    /// aws kms enable-key-rotation --key-id 1234abcd-12ab-34cd-56ef-1234567890ab --rotation-period-in-days 365
    /// ```
    "cmk-backing-key-rotation-enabled" => {
        title: "Customer managed symmetric KMS keys rotate automatically.",
        category: Encryption,
        severity: Medium,
        scope: Resource,
        types: ["AWS::KMS::Key"],
        reads: ["AWS::KMS::Key.EnableKeyRotation", "AWS::KMS::Key.RotationPeriodInDays"],
        params: {
            max_rotation_days: Preset::Int(365) => "longest accepted rotation period",
        },
        equivalents: [
            "aws-config/cmk-backing-key-rotation-enabled", "security-hub/KMS.4", "prowler/kms_cmk_rotation_enabled",
            "checkov/CKV_AWS_7", "aws-guard/cmk_backing_key_rotation_enabled", "cis-5.0/3.6", "pci-4.0/3.7.4", "pci-4.0/3.7.5",
            "pci-3.2.1/3.6.4",
        ],
        check: rotation,
    }

    /// ## Why
    /// A key that encrypts both files and databases opens both to whoever may use it for one. With a key for each service a permission, a
    /// mistake in a policy or a switched-off key reaches no further than one of them.
    ///
    /// Judged are keys that encrypt something of the services in `separate_services`. Keys named only by the ARN of another template or
    /// account are nobody's subject here: the rule follows references to keys of the same estate.
    ///
    /// ## Fix
    /// ```yaml
    /// FilesKey:
    ///   Type: AWS::KMS::Key
    ///   Properties: {Description: Files in S3, EnableKeyRotation: true}
    /// DatabaseKey:
    ///   Type: AWS::KMS::Key
    ///   Properties: {Description: Databases, EnableKeyRotation: true}
    /// ```
    "kms-key-per-service" => {
        title: "Different services use different KMS keys.",
        category: Encryption,
        severity: Medium,
        scope: Estate,
        types: ["AWS::KMS::Key"],
        reads: [
            "AWS::KMS::Alias", "AWS::S3::Bucket.BucketEncryption", "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::EC2::Volume",
            "AWS::EC2::LaunchTemplate", "AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::Logs::LogGroup", "AWS::CloudTrail::Trail",
            "AWS::SecretsManager::Secret", "AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::Backup::BackupVault",
        ],
        params: {
            separate_services: Preset::Texts(&["s3", "rds"])
                => "services that must not share a key: `s3`, `rds`, `ebs`, `sns`, `sqs`, `logs`, `cloudtrail`, `secretsmanager`, `dynamodb`, `lambda`, `backup`",
        },
        equivalents: [],
        check: |r, cx| if is_kept(r) { one_service(r, cx) } else { None },
    }
}

/// Whether a key is the customer's and switched on.
fn is_used(key: &Resource) -> bool {
    is_kept(key) && key.get("Enabled").value().and_then(Value::as_bool) != Some(false)
}

fn alias(r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "an alias";
    let none = Read::new(r, "Aliases".into(), Field::Absent { near: r.at });
    check::some(&keys::aliases(cx.estate, r), &none, expected, |_| Verdict::Pass)
}

fn rotation(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if !is_used(r) {
        return None;
    }
    let days = cx.params.int("max_rotation_days");
    let period = r.get("RotationPeriodInDays");
    let short = check::require(&period, &format!("at most {days}"), |v| v.as_int().map(|n| n <= days));
    let short = if period.is_absent() && days >= 365 { Verdict::Pass } else { short };
    let rotates = check::is_true(&r.get("EnableKeyRotation"));
    let verdict = if matches!(rotates, Verdict::Fail(_)) { rotates } else { rotates.and(short) };
    let mut open = None;
    for (name, rotating) in [("KeySpec", "SYMMETRIC_DEFAULT"), ("KeyUsage", "ENCRYPT_DECRYPT"), ("Origin", "AWS_KMS")] {
        let read = r.get(name);
        match (read.as_str(), read.why_unknown()) {
            (Some(text), _) if text != rotating => return None,
            (None, Some(_)) => open = open.or(Some(check::unknown(&read, rotating))),
            _ => {}
        }
    }
    match open {
        Some(open) if !verdict.is_pass() => Some(open),
        _ => Some(verdict),
    }
}

/// Not more than one of the services uses the key; `None` if none does.
fn one_service(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let mut used: Vec<(&str, &Resource)> = Vec::new();
    let mut open = None;
    for (service, kind, property) in
        keys::USES.iter().filter(|(s, ..)| cx.params.texts("separate_services").iter().any(|t| t == s))
    {
        let users = keys::users(cx.estate, r, kind, property);
        open = open.or(users.incomplete);
        if let Some(first) = users.items.first()
            && used.iter().all(|(other, _)| other != service)
        {
            used.push((service, first));
        }
    }
    let none = Read::new(r, "KeyId".into(), Field::Absent { near: r.at });
    match (&used[..], open) {
        ([], None) => None,
        ([_], None) => Some(Verdict::Pass),
        ([] | [_], Some(why)) => Some(Verdict::unknown(Evidence::unknown(&none, "one service", &why))),
        (shared, _) => {
            let names: Vec<String> =
                shared.iter().map(|(service, user)| format!("{service} ({})", user.address.name())).collect();
            let mut evidence = Evidence::of(&none, "a key for one service");
            evidence.actual = Some(names.join(", "));
            Some(Verdict::fail(evidence))
        }
    }
}
