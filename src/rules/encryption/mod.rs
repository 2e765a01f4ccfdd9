//! Encryption at rest and in transit, and its keys.

mod buckets;
mod key_conditions;
mod key_holders;
mod key_services;
mod keys;
mod logs;
mod secrets;
mod storage;
mod topics;

use crate::model::{Read, Resource, Unknown, Value};
use crate::rules::check;
use crate::rules::readers::keys::is_aws;
use crate::rules::verdict::{Evidence, Verdict};

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[
    storage::RULES,
    buckets::RULES,
    logs::RULES,
    topics::RULES,
    secrets::RULES,
    keys::RULES,
    key_services::RULES,
    key_conditions::RULES,
    key_holders::RULES,
];

/// Whether a KMS key is the customer's, and there to stay: AWS's own keys and those that wait for their deletion are nobody's to put right.
fn is_kept(key: &Resource) -> bool {
    !is_aws(key) && key.attribute("KeyState").as_str() != Some("PendingDeletion")
}

/// A verdict that counts only where a flag is true: `None` where it is not, unknown where nobody can tell and the verdict is not a pass.
fn where_true(flag: &Read<'_>, verdict: impl FnOnce() -> Verdict) -> Option<Verdict> {
    if flag.why_unknown().is_some() {
        let verdict = verdict();
        return Some(if verdict.is_pass() { verdict } else { check::unknown(flag, "true or false") });
    }
    (flag.value().and_then(Value::as_bool) == Some(true)).then(verdict)
}

/// The verdict that an answer gives: yes passes.
fn told(answer: Result<bool, Unknown>, read: &Read<'_>, expected: &str) -> Verdict {
    match answer {
        Ok(true) => Verdict::Pass,
        Ok(false) => check::fail(read, expected),
        Err(why) => Verdict::unknown(Evidence::unknown(read, expected, &why)),
    }
}
