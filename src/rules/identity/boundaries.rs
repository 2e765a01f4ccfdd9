//! Permissions boundaries.

use crate::model::{Resource, Unknown, Value};
use crate::rules::readers::policy::principal::{Attached, attached};
use crate::rules::readers::policy::{Document, unknown};
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A boundary is what a role can never do, whatever policy somebody attaches to it later. One that allows deleting data, or leaves IAM
    /// open, holds nothing back.
    ///
    /// A role or user must have a boundary (`require_attached`). A managed policy that is used as one must allow none of
    /// `forbidden_allow_actions` (`s3:*` and `s3:Delete*` count as allowing `s3:DeleteObject`), and must deny everything of `required_denies` on
    /// every resource, without a condition. Roles that a service or IAM Identity Center owns are left out; a boundary outside of what
    /// is seen, AWS's own included, is unknown.
    ///
    /// ## Fix
    /// ```yaml
    /// Boundary:
    ///   Type: AWS::IAM::ManagedPolicy
    ///   Properties:
    ///     PolicyDocument:
    ///       Version: "2012-10-17"
    ///       Statement:
    ///         - {Effect: Allow, Action: [s3:GetObject, s3:PutObject], Resource: !Sub "${Data.Arn}/*"}
    ///         - {Effect: Deny, Action: ["iam:*", "organizations:*", "account:*"], Resource: "*"}
    /// ```
    "iam-permissions-boundary-restrictive" => {
        title: "Permissions boundaries are attached, allow no destructive actions, and deny identity and account administration.",
        category: Iam,
        severity: High,
        scope: Estate,
        types: ["AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::IAM::User"],
        params: {
            require_attached: Preset::Bool(true) => "demand a boundary of every role and user",
            forbidden_allow_actions: Preset::Texts(&["s3:DeleteObject", "s3:DeleteBucket", "kms:ScheduleKeyDeletion"])
                => "actions that a boundary must not allow",
            required_denies: Preset::Texts(&["iam:*", "organizations:*", "account:*"])
                => "action patterns that a boundary must deny",
        },
        equivalents: [],
        check: |r, cx| if &*r.kind == "AWS::IAM::ManagedPolicy" { boundary(r, cx) } else { principal(r, cx) },
    }
}

const PROPERTY: &str = "PermissionsBoundary";

fn principal(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let of_a_service = r.attribute("ServiceLinked").value().and_then(Value::as_bool) == Some(true);
    let path = r.get("Path");
    let reserved = path.as_str().is_some_and(|path| path.starts_with("/aws-reserved/"));
    if !cx.params.bool("require_attached") || of_a_service || reserved {
        return None;
    }
    let (read, expected) = (r.get(PROPERTY), "a permissions boundary");
    let set = check::present(&read, expected);
    if !set.is_pass() {
        return Some(set);
    }
    Some(match attached(cx.estate, &read) {
        Attached::Customer(_) => Verdict::Pass,
        Attached::Missing => check::fail(&read, "a permissions boundary that exists"),
        Attached::Aws(name) => {
            unknown(&read, expected, &Unknown::Unsupported(format!("the document of AWS's policy {name}").into()))
        }
        Attached::Unknown(why) => unknown(&read, expected, &why),
    })
}

fn boundary(policy: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let mut open = None;
    let used = ["AWS::IAM::Role", "AWS::IAM::User"].iter().any(|kind| {
        let users = cx.estate.referrers(policy, kind, PROPERTY);
        open = open.take().or(users.incomplete);
        !users.items.is_empty()
    });
    if !used && open.is_none() {
        return None;
    }
    let document = Document::new(policy.get("PolicyDocument"));
    let allowed = cx.params.texts("forbidden_allow_actions").iter().map(|action| document.does_not_allow(action));
    let denied = cx.params.texts("required_denies").iter().map(|pattern| document.denies_outright(pattern));
    let verdict = Verdict::all(allowed).and(Verdict::all(denied));
    match open {
        Some(_) if !used && verdict.is_pass() => None,
        Some(why) if !used => Some(unknown(&policy.get("ManagedPolicyName"), "a policy that is no boundary", &why)),
        _ => Some(verdict),
    }
}
