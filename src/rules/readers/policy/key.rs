//! Questions about the policies of KMS keys: who may use a key, and who may administer it.

use super::{Document, Effect, Statement};
use crate::model::{Resource, Unknown};
use crate::rules::answer::{all, any};

/// Actions that decrypt and encrypt.
pub(in crate::rules) const CRYPTO: &[&str] = &[
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
];

/// Actions that change a key or who may do what with it. Those that only look are everybody's.
pub(in crate::rules) const ADMINISTER: &[&str] = &[
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKeyRotation",
    "kms:UpdateKeyDescription",
    "kms:UpdatePrimaryRegion",
    "kms:ReplicateKey",
    "kms:ImportKeyMaterial",
    "kms:DeleteImportedKeyMaterial",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:UpdateAlias",
    "kms:TagResource",
    "kms:UntagResource",
];

/// The policy of a key.
pub(in crate::rules) fn document(key: &Resource) -> Document<'_> {
    Document::new(key.get("KeyPolicy"))
}

impl Document<'_> {
    /// Its statements, and why there may be others.
    pub(in crate::rules) fn all(&self) -> (Vec<Statement<'_>>, Option<Unknown>) {
        self.statements()
    }
}

impl Statement<'_> {
    /// Whether it allows something.
    pub(in crate::rules) fn is_allow(&self) -> Result<bool, Unknown> {
        self.effect().is(&Effect::Allow)
    }

    /// Whether it denies something.
    pub(in crate::rules) fn is_deny(&self) -> Result<bool, Unknown> {
        self.effect().is(&Effect::Deny)
    }

    /// Whether it covers the use of a key: cryptography, or grants to others. `kms:Create*`, as administrators have it, is meant for aliases.
    pub(in crate::rules) fn covers_use(&self) -> Result<bool, Unknown> {
        let aliases = self.covers("kms:CreateAlias");
        let grants = all([self.covers("kms:CreateGrant"), aliases.map(|too| !too)]);
        any([self.covers_any(CRYPTO), grants])
    }

    /// Whether it covers one of these actions.
    pub(in crate::rules) fn covers_any(&self, actions: &[&str]) -> Result<bool, Unknown> {
        any(actions.iter().map(|action| self.covers(action)))
    }

    /// Whether it covers all of these actions.
    pub(in crate::rules) fn covers_all(&self, actions: &[&str]) -> Result<bool, Unknown> {
        all(actions.iter().map(|action| self.covers(action)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn covers(action: &Json) -> (bool, bool) {
        let mut r = Resource::new("AWS::KMS::Key", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(&json!({"KeyPolicy": {"Statement": {"Effect": "Allow", "Action": action}}}));
        let document = document(&r);
        let (statements, _) = document.all();
        (statements[0].covers_any(ADMINISTER).unwrap(), statements[0].covers_use().unwrap())
    }

    #[test]
    fn administration_and_use_are_told_apart() {
        for (action, expected) in [
            (json!("kms:*"), (true, true)),
            (json!(["kms:Create*", "kms:Describe*", "kms:Put*"]), (true, false)),
            (json!(["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]), (false, true)),
            (json!("kms:GenerateDataKey*"), (false, true)),
            (json!(["kms:DescribeKey", "kms:List*", "kms:Get*"]), (false, false)),
        ] {
            assert_eq!(covers(&action), expected, "{action}");
        }
    }
}
