//! Keys of secrets.

use super::where_true;
use crate::model::Resource;
use crate::rules::readers::keys;
use crate::rules::{Context, Verdict, rules};

rules! {
    /// ## Why
    /// Who may read a secret is decided twice with a key of yours: by the secret's policy and by the key's. AWS's own key
    /// (`alias/aws/secretsmanager`, also used where `KmsKeyId` is absent) lets everybody in who may read the secret, and a secret under it
    /// cannot be shared with another account.
    ///
    /// Judged are secrets, and the master secrets that RDS keeps for its databases: those on the database, where the key is chosen.
    ///
    /// ## Fix
    /// ```yaml
    /// ApiToken:
    ///   Type: AWS::SecretsManager::Secret
    ///   Properties:
    ///     KmsKeyId: !GetAtt SecretsKey.Arn
    /// Database:
    ///   Type: AWS::RDS::DBInstance
    ///   Properties:
    ///     ManageMasterUserPassword: true
    ///     MasterUserSecret: {KmsKeyId: !GetAtt SecretsKey.Arn}
    /// ```
    ///
    /// ```sh
    /// aws secretsmanager update-secret --secret-id api/token --kms-key-id alias/secrets
    /// ```
    "secretsmanager-using-cmk" => {
        title: "Secrets Manager secrets are encrypted with a customer managed KMS key.",
        category: Encryption,
        severity: Medium,
        scope: Resource,
        types: ["AWS::SecretsManager::Secret", "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"],
        reads: ["AWS::KMS::Key", "AWS::KMS::Alias"],
        equivalents: ["aws-config/secretsmanager-using-cmk", "checkov/CKV_AWS_149", "aws-guard/secretsmanager_using_cmk"],
        check: |r, cx| match &*r.kind {
            "AWS::SecretsManager::Secret" => secret(r, cx),
            _ => where_true(&r.get("ManageMasterUserPassword"), || {
                keys::is_not_awss(cx.estate, &r.get("MasterUserSecret").get("KmsKeyId"))
            }),
        },
    }
}

/// RDS's own secrets are judged with their database.
fn secret(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let of_rds = r.attribute("OwningService").as_str() == Some("rds");
    (!of_rds).then(|| keys::is_not_awss(cx.estate, &r.get("KmsKeyId")))
}
