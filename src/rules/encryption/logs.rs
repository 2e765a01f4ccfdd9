//! Keys of log groups and trails.

use crate::model::{Resource, Value};
use crate::rules::readers::keys::{self, Key};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// Logs repeat what applications handle: names, addresses, tokens. With a KMS key reading a group takes a permission on the key, and
    /// switching the key off closes all of it at once.
    ///
    /// CloudWatch Logs encrypts every group, with a key of its own where `KmsKeyId` is absent; the rule wants a key of yours, so absent fails.
    ///
    /// ## Fix
    /// ```yaml
    /// ApplicationLogs:
    ///   Type: AWS::Logs::LogGroup
    ///   Properties:
    ///     RetentionInDays: 90
    ///     KmsKeyId: !GetAtt LogsKey.Arn
    /// ```
    ///
    /// The key's policy must let `logs.<region>.amazonaws.com` use it (`kms-key-policy-service-principals`).
    ///
    /// ```sh
    /// aws logs associate-kms-key --log-group-name /app/orders --kms-key-id arn:aws:kms:us-east-1:123456789012:key/1234abcd
    /// ```
    "cloudwatch-log-group-encrypted" => {
        title: "CloudWatch log groups are encrypted with a KMS key.",
        category: Encryption,
        severity: Medium,
        scope: Resource,
        types: ["AWS::Logs::LogGroup"],
        params: {
            name_patterns: Preset::Patterns(&[".*"]) => "regular expressions for the names of the groups that are judged",
        },
        equivalents: [
            "aws-config/cloudwatch-log-group-encrypted", "prowler/cloudwatch_log_group_kms_encryption_enabled",
            "checkov/CKV_AWS_158", "aws-guard/cloudwatch_log_group_encrypted", "pci-4.0/3.5.1", "pci-4.0/8.3.2",
            "pci-4.0/10.3.2", "pci-4.0/10.3.3", "pci-4.0/10.3.4", "pci-4.0/A1.2.1",
        ],
        check: log_group,
    }

    /// ## Why
    /// A trail tells who did what in the account. Encrypted with a key of yours, only those who may use the key can read it, and the policy
    /// of the bucket alone gives nobody access.
    ///
    /// Where `KMSKeyId` is absent S3's own encryption is used, which fails. A key that is switched off, waits for its deletion or is gone
    /// fails too: CloudTrail cannot write with it.
    ///
    /// ## Fix
    /// ```yaml
    /// Trail:
    ///   Type: AWS::CloudTrail::Trail
    ///   Properties:
    ///     IsLogging: true
    ///     S3BucketName: !Ref TrailBucket
    ///     KMSKeyId: !GetAtt TrailKey.Arn
    /// ```
    ///
    /// ```sh
    /// aws cloudtrail update-trail --name audit --kms-key-id alias/trail
    /// ```
    "cloud-trail-encryption-enabled" => {
        title: "CloudTrail log files are encrypted with a KMS key that is in use.",
        category: Encryption,
        severity: Medium,
        scope: Resource,
        types: ["AWS::CloudTrail::Trail"],
        reads: ["AWS::KMS::Key", "AWS::KMS::Alias"],
        equivalents: [
            "aws-config/cloud-trail-encryption-enabled", "security-hub/CloudTrail.2", "prowler/cloudtrail_kms_encryption_enabled",
            "checkov/CKV_AWS_35", "aws-guard/cloud_trail_encryption_enabled", "cis-5.0/3.5", "pci-4.0/3.5.1", "pci-4.0/8.3.2",
            "pci-4.0/10.3.2", "pci-4.0/10.3.3", "pci-4.0/10.3.4", "pci-4.0/A1.2.1", "pci-3.2.1/3.4",
        ],
        check: |r, cx| Some(trail(r, cx)),
    }
}

fn log_group(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let verdict = keys::is_named(&r.get("KmsKeyId"));
    let patterns = cx.params.patterns("name_patterns");
    let name = r.get("LogGroupName");
    match name.as_str() {
        Some(text) => patterns.iter().any(|p| p.is_match(text)).then_some(verdict),
        // A pattern that takes the empty text takes every name.
        None if patterns.iter().any(|p| p.is_match("")) || verdict.is_pass() => Some(verdict),
        None if name.is_absent() => {
            let logical = r.address.logical_id.as_deref().unwrap_or_default();
            patterns.iter().any(|p| p.is_match(logical)).then_some(verdict)
        }
        None => Some(check::unknown(&name, "whether the group is judged")),
    }
}

fn trail(r: &Resource, cx: &Context<'_>) -> Verdict {
    let named = r.get("KMSKeyId");
    let expected = "a KMS key that is in use";
    match keys::key(cx.estate, &named) {
        Key::Customer(key) => {
            let enabled = key.get("Enabled");
            check::allow_absent(&enabled, "true", Value::as_bool).on(key.address.name())
        }
        Key::Missing => check::fail(&named, expected),
        // A template has said what it can say; whether the key is in use, only the observed side tells.
        Key::Unknown(why) if r.is_live() => Verdict::unknown(Evidence::unknown(&named, expected, &why)),
        Key::Absent | Key::Aws | Key::Elsewhere | Key::Unknown(_) => keys::is_named(&named),
    }
}
