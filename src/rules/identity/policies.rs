//! Rules about IAM policies.

use crate::rules::{Preset, rules};

use super::statements::{full_access, resource_wildcard};

rules! {
    /// ## Why
    /// `service:*` grants what the service can do today and whatever it learns tomorrow, deletion and policy changes included. A
    /// workload needs a handful of actions; an attacker who gets hold of its credentials gets exactly what the policy says.
    ///
    /// Judged are the statements with `Effect: Allow` of inline and of customer managed policies. An action of `*` or `service:*` fails,
    /// and so does `NotAction`, which allows everything but a list. A policy resource that names a role, user or group of the same
    /// template is judged as part of that principal. For principals an attached policy of AWS's that is full access itself
    /// (`full_access_policies`) counts as well; customer managed policies are judged once, where they are declared.
    ///
    /// ## Fix
    /// Name the actions.
    ///
    /// ```yaml
    /// Action:
    ///   - ssm:GetParameter
    ///   - ssm:GetParametersByPath
    /// ```
    "iam-policy-no-statements-with-full-access" => {
        title: "IAM policies never allow all actions, or all actions of a service.",
        category: Iam,
        severity: High,
        scope: Resource,
        types: [
            "AWS::IAM::Group",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::Role",
            "AWS::IAM::User",
        ],
        params: {
            exempt_services: Preset::Texts(&[]) => "service prefixes for which `service:*` is tolerated",
            full_access_policies: Preset::Texts(&["AdministratorAccess", "PowerUserAccess", "IAMFullAccess"])
                => "policies of AWS's, by name, that nothing may be attached to",
        },
        equivalents: [
            "aws-config/iam-policy-no-statements-with-full-access",
            "security-hub/IAM.21",
            "aws-guard/iam_policy_no_statements_with_full_access",
            "aws-guard/iam_managedpolicy_no_statements_with_full_access",
        ],
        check: full_access,
    }

    /// ## Why
    /// `Resource: "*"` lets a workload reach every object of the account that an action applies to: each bucket, each parameter,
    /// each log group. Most actions can be narrowed to an ARN; the ones that cannot are known and pass.
    ///
    /// Fails: a statement with `Effect: Allow` whose `Resource` is a bare `*`, or that uses `NotResource`, with an action that takes a
    /// resource. A condition on one of `narrowing_conditions` counts as narrowing. Actions `*` and `service:*` and `NotAction` are left to
    /// iam-policy-no-statements-with-full-access: one fault, one finding.
    ///
    /// ## Fix
    /// Name the resources, and keep actions that take none in a statement of their own.
    ///
    /// ```yaml
    /// - Effect: Allow
    ///   Action: [logs:CreateLogStream, logs:PutLogEvents]
    ///   Resource: !Sub ${AppLogGroup.Arn}:*
    /// - Effect: Allow
    ///   Action: cloudwatch:PutMetricData
    ///   Resource: "*"
    /// ```
    "iam-policy-no-resource-wildcard" => {
        title: "IAM policies name resources wherever the actions take one.",
        category: Iam,
        severity: High,
        scope: Resource,
        types: ["AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role"],
        params: {
            action_families: Preset::Texts(&[]) => "service prefixes that are judged; all of them if empty",
            narrowing_conditions: Preset::Texts(
                &["aws:ResourceTag/*", "aws:ResourceAccount", "kms:ViaService", "cloudwatch:namespace"],
            ) => "condition keys that narrow a statement as a resource would; a `*` at the end stands for anything",
        },
        equivalents: ["checkov/CKV_AWS_355", "checkov/CKV_AWS_356"],
        check: resource_wildcard,
    }
}
