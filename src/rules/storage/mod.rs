//! Storage rules.

mod contents;
mod ebs;
mod policies;
mod s3;

use crate::model::Resource;
use crate::model::network::about;
use crate::rules::readers::log_destinations::is_log_bucket;
use crate::rules::readers::policy;
use crate::rules::{Context, Verdict};

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[contents::RULES, ebs::RULES, policies::RULES, s3::RULES];

/// The verdict on a bucket; `None` if the rule is about buckets that services write logs to, and this is none (`only`).
pub(in crate::rules) fn of_log_buckets(
    r: &Resource,
    cx: &Context<'_>,
    only: bool,
    verdict: impl FnOnce() -> Verdict,
) -> Option<Verdict> {
    if !only {
        return Some(verdict());
    }
    match is_log_bucket(cx.estate, r) {
        Ok(true) => Some(verdict()),
        Ok(false) => None,
        Err(why) => {
            let verdict = verdict();
            let open = policy::unknown(&about(r, "LogDestination"), "whether services write logs to the bucket", &why);
            Some(if verdict.is_pass() { verdict } else { open })
        }
    }
}
