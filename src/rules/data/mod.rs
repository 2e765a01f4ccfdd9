//! Databases.

mod access;
mod audit;
mod engines;
mod instances;
mod logs;
mod monitoring;
mod scaling;
mod transport;
mod tuning;
mod windows;

use crate::model::Resource;
use crate::rules::readers::policy::{names, unknown};
use crate::rules::{Verdict, check};

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[
    access::RULES,
    audit::RULES,
    engines::RULES,
    instances::RULES,
    logs::RULES,
    monitoring::RULES,
    scaling::RULES,
    transport::RULES,
    tuning::RULES,
];

/// A database exports a log to CloudWatch Logs. Nothing is exported by default.
fn exports(r: &Resource, log: &str) -> Verdict {
    let exported = r.get("EnableCloudwatchLogsExports");
    let expected = format!("the log {log}");
    match names(&exported, |name| name.eq_ignore_ascii_case(log)) {
        Ok(true) => Verdict::Pass,
        Ok(false) => check::fail(&exported, &expected),
        Err(why) => unknown(&exported, &expected, &why),
    }
}
