//! Who may read which parameters of Parameter Store.

use crate::model::{Read, Resource, Unknown};
use crate::rules::readers::policy::resources::{Named, named};
use crate::rules::readers::policy::{Effect, Statement, matches, unknown};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

use super::statements::{each_document, if_it_allows};

rules! {
    /// ## Why
    /// Parameters of an environment lie under one path: database addresses next to the keys of payment providers. A role that may read the whole
    /// path holds all of them.
    ///
    /// Judged are statements that allow reading parameters. A resource must be a parameter without a wildcard, or end in one after at least
    /// `min_segments_before_wildcard` segments of its path (what is filled in by `${…}` counts as one). Other ways to read than
    /// `allowed_read_actions` fail: `GetParametersByPath` lists, `GetParameterHistory` reads what was taken back. A policy that names a role of
    /// the same template is judged as part of the role.
    ///
    /// ## Fix
    /// ```yaml
    /// Action: [ssm:GetParameter, ssm:GetParameters]
    /// Resource: !Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/payflow/${Environment}/orders/*
    /// ```
    "iam-ssm-parameter-resource-scoped" => {
        title: "Parameter Store read access is limited to the parameters a role needs, not a whole environment path.",
        category: Iam,
        severity: Medium,
        scope: Resource,
        types: ["AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role"],
        params: {
            min_segments_before_wildcard: Preset::Int(3) => "segments of the path that must stand before a wildcard",
            allowed_read_actions: Preset::Texts(&["ssm:GetParameter", "ssm:GetParameters"])
                => "ways to read that are accepted",
        },
        equivalents: [],
        check: scoped,
    }
}

const READS: &[&str] = &["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParameterHistory", "ssm:GetParametersByPath"];
const EXPECTED: &str = "parameters by name, or by a path that only this role needs";

fn scoped(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let mut reads_any = false;
    let verdict = each_document(r, cx, &["AWS::IAM::Role"], EXPECTED, |document| {
        document.each(EXPECTED, |statement| {
            let (verdict, reads) = statement_is_scoped(statement, cx);
            reads_any |= reads;
            verdict
        })
    })?;
    (reads_any || !verdict.is_pass()).then_some(verdict)
}

/// The verdict on a statement, and whether it lets anybody read parameters.
fn statement_is_scoped(statement: &Statement<'_>, cx: &Context<'_>) -> (Verdict, bool) {
    if matches!(statement.effect(), Effect::Deny | Effect::None) {
        return (Verdict::Pass, false);
    }
    let mut open: Option<Unknown> = None;
    let mut read = Vec::new();
    for action in READS {
        match statement.covers(action) {
            Ok(true) => read.push(*action),
            Ok(false) => {}
            Err(why) => open = Some(why),
        }
    }
    let resources = resources(statement, cx);
    let element = statement.read.get(if statement.has("NotAction") { "NotAction" } else { "Action" });
    let verdict = match (read.is_empty(), open) {
        (true, None) => return (Verdict::Pass, false),
        // What cannot be read may be a way to read parameters.
        (true, Some(_)) if resources.is_pass() => Verdict::Pass,
        (true, Some(why)) => unknown(&element, "actions that read no parameters", &why),
        (false, _) => {
            let allowed = cx.params.texts("allowed_read_actions");
            let excess = read.iter().any(|action| !allowed.iter().any(|a| a.eq_ignore_ascii_case(action)));
            let needed = if excess {
                check::fail(&element, &format!("of the ways to read parameters only {}", allowed.join(", ")))
            } else {
                Verdict::Pass
            };
            needed.and(resources)
        }
    };
    (if_it_allows(statement, verdict, EXPECTED), !read.is_empty())
}

fn resources(statement: &Statement<'_>, cx: &Context<'_>) -> Verdict {
    if statement.has("NotResource") {
        return check::fail(&statement.read.get("NotResource"), EXPECTED);
    }
    Verdict::all(statement.resources().iter().map(|resource| resource_is_scoped(resource, cx)))
}

fn resource_is_scoped(resource: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let least = usize::try_from(cx.params.int("min_segments_before_wildcard")).unwrap_or_default();
    match named(resource) {
        Named::Reference => Verdict::Pass,
        Named::Unknown(why) => unknown(resource, EXPECTED, &why),
        Named::Text(text) if is_scoped(&text, least) => Verdict::Pass,
        Named::Text(_) => match resource.why_unknown() {
            // What is filled in cannot make the rest narrower.
            Some(why) => Verdict::fail(Evidence { actual: Some(why.to_string()), ..Evidence::of(resource, EXPECTED) }),
            None => check::fail(resource, EXPECTED),
        },
    }
}

/// Whether an ARN names one parameter, or a path of enough segments; what is no parameter is none of this rule's business.
fn is_scoped(arn: &str, least: usize) -> bool {
    let wild = |text: &str| text.contains(['*', '?']);
    let mut parts = arn.splitn(6, ':');
    let (service, name) = (parts.nth(2), parts.nth(2));
    let (Some(service), Some(name)) = (service, name) else { return !wild(arn) };
    if service != "ssm" && !wild(service) && !service.starts_with("${") {
        return true;
    }
    let Some(path) = name.strip_prefix("parameter").filter(|path| path.starts_with('/') || wild(path)) else {
        return !wild(name) || !matches(name.split('/').next().unwrap_or(name), "parameter");
    };
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    !wild(path) || segments.take_while(|segment| !wild(segment)).count() >= least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_must_come_late_in_the_path() {
        for (arn, expected) in [
            ("arn:aws:ssm:us-east-1:1:parameter/payflow/prod/orders/*", true),
            ("arn:aws:ssm:us-east-1:1:parameter/payflow/prod/*", false),
            ("arn:aws:ssm:*:*:parameter/payflow/prod/db-host", true),
            ("arn:${AWS..Partition}:ssm:${AWS..Region}:1:parameter/payflow/${Environment}/*", false),
            ("arn:aws:ssm:us-east-1:1:parameter/payflow/${Environment}/orders/*", true),
            ("arn:aws:ssm:us-east-1:1:parameter/payflow/prod/db-*", false),
            ("arn:aws:ssm:us-east-1:1:parameter*", false),
            ("arn:aws:ssm:us-east-1:1:*", false),
            ("arn:aws:ssm:*", false),
            ("*", false),
            ("arn:aws:ssm:us-east-1:1:document/*", true),
            ("arn:aws:s3:::bucket/*", true),
        ] {
            assert_eq!(is_scoped(arn, 3), expected, "{arn}");
        }
    }
}
