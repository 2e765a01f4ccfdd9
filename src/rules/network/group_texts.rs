//! What security groups and their rules say of themselves.

use super::group_rules::{GROUP, GroupRule, Way, each};
use super::security_groups::{is_default, is_implicit};
use crate::model::Resource;
use crate::rules::check::require;
use crate::rules::{Context, Verdict};

/// A group and each of its rules have a description.
pub(super) fn described(subject: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let egress = cx.params.bool("check_egress");
    match &*subject.kind {
        GROUP if is_default(subject) => None,
        GROUP => {
            let ingress = rules(subject, cx, Way::Ingress)?;
            let egress = if egress { rules(subject, cx, Way::Egress)? } else { Verdict::Pass };
            Some(group(subject, cx).and(ingress).and(egress))
        }
        kind if kind == Way::Egress.kind() => rules(subject, cx, Way::Egress).filter(|_| egress),
        _ => rules(subject, cx, Way::Ingress),
    }
}

fn rules(subject: &Resource, cx: &Context<'_>, way: Way) -> Option<Verdict> {
    let expected = "a description of each rule";
    each(subject, cx, way, expected, |rule: &GroupRule<'_>| {
        // AWS adds this one without a description; security-group-explicit-egress has its say about it.
        if way == Way::Egress && is_implicit(rule) {
            return Verdict::Pass;
        }
        require(&rule.get("Description"), "a description", |v| v.text().map(|text| !text.trim().is_empty()))
    })
}

fn group(subject: &Resource, cx: &Context<'_>) -> Verdict {
    let least = cx.params.int("min_length");
    let name = subject.get("GroupName");
    require(
        &subject.get("GroupDescription"),
        &format!("a description of at least {least} characters that says what for"),
        |v| {
            let text = v.text()?;
            let plain = text.trim().to_lowercase();
            let long_enough = i64::try_from(plain.chars().count()).is_ok_and(|n| n >= least);
            let generic = cx.params.texts("generic_descriptions").iter().any(|g| g.to_lowercase() == plain)
                || plain.starts_with("managed by")
                || name.as_str().is_some_and(|name| name.to_lowercase() == plain);
            Some(long_enough && !generic)
        },
    )
}
