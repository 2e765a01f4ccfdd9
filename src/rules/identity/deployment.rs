//! Roles that shift traffic.

use crate::model::network::about;
use crate::model::{Resource, Unknown, types};
use crate::rules::readers::compute_role::ROLE;
use crate::rules::readers::policy::in_force::InForce;
use crate::rules::readers::policy::resources::Named;
use crate::rules::readers::policy::{Document, Effect, Statement, unknown};
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::statements::{if_it_allows, narrowed};

rules! {
    /// ## Why
    /// Who may change a listener can send every user of every application somewhere else. A deployment needs that for one load balancer and
    /// one group, not for all of the account.
    ///
    /// Judged are roles that CodeDeploy, Lambda, Step Functions or CodePipeline may assume, and of those the statements that allow one of
    /// `deployment_actions`. Each needs a condition on one of `narrowing_conditions`, or resources by name: a wildcard may stand in for the
    /// generated id behind the name of a load balancer or group, not for the name. Policies of AWS's are not looked into. With `required` an
    /// account must have such a role at all; one with a policy of AWS's for CodeDeploy counts.
    ///
    /// ## Fix
    /// ```yaml
    /// - Effect: Allow
    ///   Action: [elasticloadbalancing:ModifyListener, elasticloadbalancing:ModifyRule]
    ///   Resource: "*"
    ///   Condition:
    ///     StringEquals: {"aws:ResourceTag/Application": payflow}
    /// ```
    "iam-deployment-policy-conditional" => {
        title: "Deployment automation holds traffic-shifting permissions only under conditions or on named resources.",
        category: Iam,
        severity: Medium,
        scope: Estate,
        types: ["AWS::IAM::Role", "Driftline::Account::Account"],
        reads: ["AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy"],
        params: {
            deployment_actions: Preset::Texts(&[
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyRule",
                "autoscaling:UpdateAutoScalingGroup",
                "codedeploy:CreateDeployment",
            ]) => "actions that count as power over deployments",
            narrowing_conditions: Preset::Texts(&[
                "aws:ResourceTag/*",
                "elasticloadbalancing:ResourceTag/*",
                "autoscaling:ResourceTag/*",
                "aws:RequestTag/*",
                "aws:CalledVia*",
                "aws:PrincipalTag/*",
            ]) => "condition keys that count as narrowing",
            required: Preset::Bool(false) => "demand that a role for deployments exists",
            require_in_template: Preset::Bool(false) => "count it as broken if the template has no such role",
        },
        equivalents: [],
        check: |r, cx| if &*r.kind == types::WHOLE_ACCOUNT { exists(r, cx) } else { role(r, cx) },
    }
}

const DEPLOYERS: &[&str] =
    &["codedeploy.amazonaws.com", "lambda.amazonaws.com", "states.amazonaws.com", "codepipeline.amazonaws.com"];
/// Policies of AWS's that let CodeDeploy shift traffic.
const AWS_POLICIES: &[&str] = &["AWSCodeDeployRole", "AWSCodeDeployRoleForECS", "AWSCodeDeployRoleForECSLimited"];
const EXPECTED: &str = "a condition on tags, or resources by name";

/// Whether something that deploys may assume a role.
fn deploys(role: &Resource) -> Verdict {
    let trust = Document::new(role.get("AssumeRolePolicyDocument"));
    Verdict::any(DEPLOYERS.iter().map(|service| trust.trusts_service(service)), || Verdict::Pass)
}

fn role(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let trusted = deploys(r);
    if let Verdict::Fail(_) = trusted {
        return None;
    }
    let mut shifts = false;
    let verdict = InForce::of(cx.estate, r).each(EXPECTED, |statement| match power(statement, cx) {
        Ok(false) => Verdict::Pass,
        Ok(true) => {
            shifts = true;
            if_it_allows(statement, is_narrow(statement, cx), EXPECTED)
        }
        Err(why) => {
            let narrow = is_narrow(statement, cx);
            let actions = statement.read.get("Action");
            if_it_allows(
                statement,
                if narrow.is_pass() {
                    narrow
                } else {
                    unknown(&actions, "actions without power over deployments", &why)
                },
                EXPECTED,
            )
        }
    });
    if !shifts && verdict.is_pass() {
        return None;
    }
    Some(if verdict.is_pass() || trusted.is_pass() { verdict } else { trusted })
}

/// Whether a statement covers one of the actions.
fn power(statement: &Statement<'_>, cx: &Context<'_>) -> Result<bool, Unknown> {
    let mut open = None;
    if matches!(statement.effect(), Effect::Deny | Effect::None) {
        return Ok(false);
    }
    for action in cx.params.texts("deployment_actions") {
        match statement.covers(action) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(why) => open = Some(why),
        }
    }
    open.map_or(Ok(false), Err)
}

fn is_narrow(statement: &Statement<'_>, cx: &Context<'_>) -> Verdict {
    let resources = statement.every_resource(|_, named| match named {
        Named::Text(text) => names_target(text),
        Named::Reference | Named::Unknown(_) => true,
    });
    let condition = narrowed(statement, cx.params.texts("narrowing_conditions"));
    let place = statement.read.get(if statement.has("NotResource") { "NotResource" } else { "Resource" });
    match (resources, condition) {
        (Ok(true), _) | (_, Ok(true)) => Verdict::Pass,
        (Err(why), _) | (_, Err(why)) => unknown(&place, EXPECTED, &why),
        (Ok(false), Ok(false)) => check::fail(&place, EXPECTED),
    }
}

/// Whether an ARN names its load balancer, group or application; the generated id that follows may be a wildcard.
fn names_target(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let (service, resource) = (parts.nth(2), parts.nth(2));
    let (Some(service), Some(resource)) = (service, resource) else { return !arn.contains('*') };
    let segments: Vec<&str> = resource.split('/').collect();
    let name = match service {
        "elasticloadbalancing" => {
            let typed = segments.get(1).is_some_and(|kind| ["app", "net", "gwy"].contains(kind));
            segments.get(if typed { 2 } else { 1 }).copied()
        }
        "autoscaling" => resource.split_once("autoScalingGroupName/").map(|(_, name)| name),
        _ => resource.split_once([':', '/']).map(|(_, name)| name),
    };
    match name {
        Some(name) => !service.contains('*') && !name.starts_with(['*', '?']) && !name.is_empty(),
        None => !resource.contains('*'),
    }
}

/// The account has a role that can shift traffic.
fn exists(account: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if !cx.params.bool("required") {
        return None;
    }
    let place = about(account, "DeploymentRole");
    let expected = "a role that can shift traffic for a deployment";
    let roles = cx.estate.of(account, ROLE);
    let mut open = roles.incomplete;
    for role in roles.items {
        match deploys(role).and(can_shift(role, cx)) {
            Verdict::Pass => return Some(Verdict::Pass),
            Verdict::Unknown(_) => {
                let what = format!("what role {} may do", role.address.name());
                open = open.or(Some(Unknown::Outside(what.into())));
            }
            Verdict::Fail(_) => {}
        }
    }
    Some(open.map_or_else(|| check::fail(&place, expected), |why| unknown(&place, expected, &why)))
}

fn can_shift(role: &Resource, cx: &Context<'_>) -> Verdict {
    let policies = InForce::of(cx.estate, role);
    if policies.has_aws(AWS_POLICIES) {
        return Verdict::Pass;
    }
    let actions = cx.params.texts("deployment_actions");
    let allowed = actions.iter().map(|action| policies.allows(action, "a statement that shifts traffic"));
    Verdict::any(allowed, || Verdict::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_named_and_its_generated_id_need_not_be() {
        for (arn, expected) in [
            ("arn:aws:elasticloadbalancing:us-east-1:1:listener/app/payflow/*", true),
            ("arn:aws:elasticloadbalancing:us-east-1:1:listener/app/*", false),
            ("arn:aws:elasticloadbalancing:*:*:listener-rule/app/payflow-*/*", true),
            ("arn:aws:autoscaling:us-east-1:1:autoScalingGroup:*:autoScalingGroupName/payflow-blue", true),
            ("arn:aws:autoscaling:us-east-1:1:autoScalingGroup:*", false),
            ("arn:aws:codedeploy:us-east-1:1:deploymentgroup:payflow/*", true),
            ("arn:aws:codedeploy:us-east-1:1:deploymentgroup:*", false),
            ("*", false),
        ] {
            assert_eq!(names_target(arn), expected, "{arn}");
        }
    }
}
