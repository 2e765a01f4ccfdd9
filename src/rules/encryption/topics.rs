//! Keys of topics.

use crate::rules::readers::keys;
use crate::rules::{Preset, rules};

rules! {
    /// ## Why
    /// Alerts and events carry names of resources, addresses and sometimes data. A topic without `KmsMasterKeyId` keeps them unencrypted.
    ///
    /// As the AWS Config rule does, AWS's own key (`alias/aws/sns`) is accepted unless `require_cmk` is set. Mind that CloudWatch alarms and
    /// EventBridge cannot publish to a topic with AWS's key, because nobody can let them use it: alert topics need a key of yours, and
    /// `kms-key-policy-service-principals` tells whether its policy lets the publishers in.
    ///
    /// ## Fix
    /// ```yaml
    /// Alerts:
    ///   Type: AWS::SNS::Topic
    ///   Properties:
    ///     KmsMasterKeyId: !Ref TopicKey
    /// ```
    ///
    /// ```sh
    /// aws sns set-topic-attributes --topic-arn arn:aws:sns:us-east-1:123456789012:alerts \
    ///   --attribute-name KmsMasterKeyId --attribute-value alias/topics
    /// ```
    "sns-encrypted-kms" => {
        title: "SNS topics are encrypted with a KMS key.",
        category: Encryption,
        severity: Medium,
        scope: Resource,
        types: ["AWS::SNS::Topic"],
        reads: ["AWS::KMS::Key", "AWS::KMS::Alias"],
        params: {
            require_cmk: Preset::Bool(false) => "reject AWS's own key, alias/aws/sns",
        },
        equivalents: [
            "aws-config/sns-encrypted-kms", "security-hub/SNS.1", "prowler/sns_topics_kms_encryption_at_rest_enabled",
            "checkov/CKV_AWS_26", "aws-guard/sns_encrypted_kms", "pci-4.0/3.5.1", "pci-4.0/8.3.2",
        ],
        check: |r, cx| {
            let key = r.get("KmsMasterKeyId");
            Some(if cx.params.bool("require_cmk") { keys::is_not_awss(cx.estate, &key) } else { keys::is_named(&key) })
        },
    }
}
