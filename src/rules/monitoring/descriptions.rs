//! What an alarm says of itself.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Read, Resource, Value};
use crate::rules::readers::spelled;
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::verdict;

rules! {
    /// ## Why
    /// The description is all that whoever is on call gets to read: what is wrong, where, and what to do about it.
    ///
    /// An alarm has no description by default, and fails. `require_templated` demands that the template builds it with `Fn::Sub`,
    /// `Fn::Join` or the like, so that it names the environment or the resource; AWS shows only the result, so the observed side
    /// is not asked. Where parts are filled in at deployment, the parts that are written have to be long enough.
    ///
    /// ## Fix
    /// ```yaml
    /// AlarmDescription: !Sub "5xx above 5 % on ${LoadBalancer} in ${Environment}. Runbook: https://wiki.example.com/5xx"
    /// ```
    "cloudwatch-alarm-description" => {
        title: "Alarms carry a description with operational context.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Resource,
        types: ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"],
        params: {
            min_length: Preset::Int(20) => "shortest description, in characters",
            require_templated: Preset::Bool(false) => "demand that templates fill something in",
            require_runbook_link: Preset::Bool(false) => "demand an address or the name of a runbook",
        },
        equivalents: ["aws-config/cloudwatch-alarm-description"],
        check: |r, cx| Some(description(r, cx)),
    }
}

#[expect(clippy::unwrap_used, reason = "a constant pattern, used by every fixture")]
static RUNBOOK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)https?://|\b(run|play)[ _-]?book").unwrap());

fn description(r: &Resource, cx: &Context<'_>) -> Verdict {
    let read = r.get("AlarmDescription");
    let least = cx.params.int("min_length");
    let mut all = holds(&read, &format!("at least {least} characters"), |text| {
        i64::try_from(text.trim().chars().count()).is_ok_and(|length| length >= least)
    });
    if cx.params.bool("require_runbook_link") {
        all = all.and(holds(&read, "an address or the name of a runbook", |text| RUNBOOK.is_match(text)));
    }
    if cx.params.bool("require_templated") && !r.is_live() && !read.is_absent() {
        let filled = !spelled::mentions(&read).is_empty();
        all = all.and(verdict(Ok(filled), &read, "a description that names the environment or the resource (Fn::Sub)"));
    }
    all
}

/// Whether the text satisfies `test`, or the parts of it do that the template spells out.
fn holds(read: &Read<'_>, expected: &str, test: impl Fn(&str) -> bool) -> Verdict {
    match read.why_unknown() {
        None => check::require(read, expected, |v| Value::text(v).map(|text| test(&text))),
        Some(_) if spelled::text(read).is_some_and(|text| test(&spelled::literal(&text))) => Verdict::Pass,
        Some(_) => check::unknown(read, expected),
    }
}
