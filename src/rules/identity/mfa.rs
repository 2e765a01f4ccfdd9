//! Policies that leave a user nothing to do until they have signed in with MFA.

use crate::model::{Items, Related, Resource, Unknown};
use crate::rules::readers::policy::in_force::InForce;
use crate::rules::readers::policy::{Effect, Statement};
use crate::rules::{Context, Preset, Verdict, rules};

use super::account::can_sign_in;

rules! {
    /// ## Why
    /// A device that a user may leave at home protects nothing. A policy that denies everything without MFA, except setting MFA up, makes the
    /// device necessary for the console and for access keys alike.
    ///
    /// Every user who can sign in needs, from their own policies or those of a group, a statement that denies on every resource all but
    /// managing themselves (`NotAction` with actions of IAM and STS, or `Action: "*"`), with the condition `BoolIfExists`
    /// `aws:MultiFactorAuthPresent` = `false`. `Bool` is not enough: calls with an access key do not have the key at all. In a template each
    /// user is judged, and each group that no user of the template is in. CloudFormation cannot give anybody a device:
    /// iam-user-mfa-enabled looks at those.
    ///
    /// ## Fix
    /// ```yaml
    /// - Effect: Deny
    ///   NotAction: [iam:CreateVirtualMFADevice, iam:EnableMFADevice, iam:ListMFADevices, iam:ResyncMFADevice, sts:GetSessionToken]
    ///   Resource: "*"
    ///   Condition: {BoolIfExists: {"aws:MultiFactorAuthPresent": "false"}}
    /// ```
    "iam-mfa-enforcement-policy" => {
        title: "A policy denies IAM users everything except MFA self-service until they sign in with MFA.",
        category: Iam,
        severity: High,
        scope: Estate,
        types: ["AWS::IAM::Group", "AWS::IAM::User"],
        reads: [
            "AWS::IAM::GroupPolicy",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::User.AccessKeys",
            "AWS::IAM::User.LoginProfile",
            "AWS::IAM::UserPolicy",
            "AWS::IAM::UserToGroupAddition",
        ],
        params: { exempt_users: Preset::Patterns(&[]) => "users of machines, by name or logical id" },
        equivalents: [],
        check: |r, cx| if &*r.kind == GROUP { group(r, cx) } else { user(r, cx) },
    }
}

const GROUP: &str = "AWS::IAM::Group";
const ADDITION: &str = "AWS::IAM::UserToGroupAddition";
const EXPECTED: &str = "a statement that denies all but MFA self-service without MFA (BoolIfExists)";

fn user(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let name = r.get("UserName");
    let names = [r.address.logical_id.as_deref(), r.address.physical_id.as_deref(), name.as_str()];
    if cx.params.patterns("exempt_users").iter().any(|p| names.iter().flatten().any(|name| p.is_match(name))) {
        return None;
    }
    let mut policies = InForce::of(cx.estate, r);
    let groups = r.get("Groups");
    match groups.items() {
        Items::Absent => {}
        Items::Unknown => policies.leave_open(groups.why_unknown()),
        Items::Are(items) => {
            for item in items {
                match cx.estate.follow(&item, &[GROUP]) {
                    Related::Found(group) => policies.join(InForce::of(cx.estate, group)),
                    Related::Missing => {}
                    Related::Unknown(why) => policies.leave_open(Some(why)),
                }
            }
        }
    }
    if !r.is_live() {
        let additions = cx.estate.referrers(r, ADDITION, "Users");
        policies.leave_open(additions.incomplete);
        for addition in additions.items {
            match cx.estate.follow(&addition.get("GroupName"), &[GROUP]) {
                Related::Found(group) => policies.join(InForce::of(cx.estate, group)),
                Related::Missing => {}
                Related::Unknown(why) => policies.leave_open(Some(why)),
            }
        }
    }
    let verdict = policies.any(EXPECTED, enforces_mfa);
    if !r.is_live() {
        return Some(verdict);
    }
    match can_sign_in(r, true) {
        Ok(true) => Some(verdict),
        Ok(false) => None,
        Err(_) if verdict.is_pass() => Some(verdict),
        Err(open) => Some(open),
    }
}

/// A group of a template that none of its users is in: people are put into it later.
fn group(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if r.is_live() {
        return None;
    }
    let members = cx.estate.referrers(r, "AWS::IAM::User", "Groups");
    let additions = cx.estate.referrers(r, ADDITION, "GroupName");
    if !members.items.is_empty() || !additions.items.is_empty() {
        return None;
    }
    Some(InForce::of(cx.estate, r).any(EXPECTED, enforces_mfa))
}

/// Whether a statement leaves nothing but self-service without MFA.
fn enforces_mfa(statement: &Statement<'_>) -> Result<bool, Unknown> {
    match statement.effect() {
        Effect::Deny => {}
        Effect::Unknown(why) => return Err(why),
        Effect::Allow | Effect::None => return Ok(false),
    }
    let missing = statement
        .has_condition(&["BoolIfExists"], "aws:MultiFactorAuthPresent", |value| value.eq_ignore_ascii_case("false"))?;
    Ok(missing && statement.is_about_everything()? && leaves_self_service(statement)?)
}

/// Whether it is about all actions but those by which users manage themselves.
fn leaves_self_service(statement: &Statement<'_>) -> Result<bool, Unknown> {
    if !statement.has("NotAction") {
        return statement.covers("*");
    }
    let left = statement.read.get("NotAction");
    let Items::Are(items) = left.items() else { return left.why_unknown().map_or(Ok(false), Err) };
    let mut open = None;
    for item in &items {
        match (item.as_str(), item.why_unknown()) {
            (Some(action), _) => {
                let own = ["iam:", "sts:"].iter().any(|s| action.get(..4).is_some_and(|a| a.eq_ignore_ascii_case(s)));
                if !own || action.ends_with(":*") {
                    return Ok(false);
                }
            }
            (None, why) => open = open.or(why),
        }
    }
    open.map_or(Ok(true), Err)
}
