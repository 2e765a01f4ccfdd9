//! What instances may do by their role.

use crate::model::{Items, Related, Resource, Unknown};
use crate::rules::readers::compute_role::{self, ROLE};
use crate::rules::readers::policy::in_force::InForce;
use crate::rules::readers::policy::{Document, Effect, Statement, unknown};
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// With Session Manager nobody needs a key pair, an open port or a bastion; patches and inventory come with it. The agent needs these
    /// permissions, from the role of the instance.
    ///
    /// Judged are roles in an instance profile that an instance, launch template or launch configuration uses. Passes with
    /// AmazonSSMManagedInstanceCore (or a policy of AWS's that holds it) or with statements that allow `ssm:UpdateInstanceInformation` and
    /// the channels of `ssmmessages`. The deprecated AmazonEC2RoleforSSM fails: it may read every parameter and bucket. Where it cannot be
    /// told which role an instance gets, the instance is unknown. Default host management, an account setting that needs no role, is not
    /// looked at.
    ///
    /// ## Fix
    /// ```yaml
    /// ManagedPolicyArns:
    ///   - !Sub arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore
    /// ```
    ///
    /// ```sh
    /// aws iam attach-role-policy --role-name web --policy-arn arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore
    /// ```
    "instance-role-ssm-managed-core" => {
        title: "EC2 instance roles include the Systems Manager core permissions that Session Manager needs.",
        category: Iam,
        severity: Medium,
        scope: Estate,
        types: [
            "AWS::AutoScaling::LaunchConfiguration",
            "AWS::EC2::Instance",
            "AWS::EC2::LaunchTemplate",
            "AWS::IAM::Role",
        ],
        reads: [
            "AWS::IAM::InstanceProfile",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::RolePolicy",
        ],
        equivalents: [],
        check: |r, cx| of_compute(r, cx, systems_manager),
    }

    /// ## Why
    /// An agent that may not publish fails silently: no metrics, no logs, no alarms.
    ///
    /// Judged are roles in an instance profile that something uses. Passes with CloudWatchAgentServerPolicy (or a policy of AWS's that
    /// holds it), or with statements that allow `cloudwatch:PutMetricData`, and `logs:CreateLogStream` and `logs:PutLogEvents` on named
    /// log groups. With `require_namespace_condition` the customer's own statements for `PutMetricData` must name their namespace.
    ///
    /// ## Fix
    /// ```yaml
    /// - Effect: Allow
    ///   Action: cloudwatch:PutMetricData
    ///   Resource: "*"
    ///   Condition: {StringEquals: {"cloudwatch:namespace": PayFlow}}
    /// - Effect: Allow
    ///   Action: [logs:CreateLogStream, logs:PutLogEvents]
    ///   Resource: !Sub ${AppLogGroup.Arn}
    /// ```
    "instance-role-cloudwatch-publish" => {
        title: "EC2 instance roles can publish CloudWatch metrics and logs with service-specific permissions.",
        category: Iam,
        severity: Medium,
        scope: Estate,
        types: [
            "AWS::AutoScaling::LaunchConfiguration",
            "AWS::EC2::Instance",
            "AWS::EC2::LaunchTemplate",
            "AWS::IAM::Role",
        ],
        reads: [
            "AWS::IAM::InstanceProfile",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::RolePolicy",
        ],
        params: {
            require_namespace_condition: Preset::Bool(false) => "demand a condition on `cloudwatch:namespace` for custom metrics",
        },
        equivalents: [],
        check: |r, cx| of_compute(r, cx, publishes),
    }

    /// ## Why
    /// An instance without a role gets its credentials some other way: as keys in a file, in an image, in user data. They never expire, and
    /// everybody who gets hold of the file has them.
    ///
    /// The instance profile must hold a role, as far as the profile can be seen; one that is named but lies outside of the template passes.
    /// An instance may have the profile of its launch template.
    ///
    /// ## Fix
    /// ```yaml
    /// IamInstanceProfile: !Ref WebInstanceProfile
    /// ```
    ///
    /// ```sh
    /// aws ec2 associate-iam-instance-profile --instance-id i-0abc --iam-instance-profile Name=web
    /// ```
    "ec2-instance-profile-attached" => {
        title: "EC2 instances and launch templates have an IAM instance profile.",
        category: Iam,
        severity: Medium,
        scope: Resource,
        types: ["AWS::AutoScaling::LaunchConfiguration", "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"],
        reads: ["AWS::IAM::InstanceProfile"],
        equivalents: [
            "aws-config/ec2-instance-profile-attached",
            "prowler/ec2_instance_profile_attached",
            "checkov/CKV2_AWS_41",
            "aws-guard/ec2_instance_profile_attached",
            "cis-5.0/1.17",
            "pci-4.0/7.2.1",
            "pci-4.0/7.2.2",
            "pci-4.0/7.2.5",
            "pci-4.0/7.3.1",
            "pci-4.0/7.3.2",
            "pci-4.0/7.3.3",
            "pci-4.0/8.2.7",
            "pci-4.0/8.2.8",
            "pci-4.0/8.3.4",
        ],
        check: |r, cx| Some(attached(r, cx)),
    }

    /// ## Why
    /// Credentials that were fetched by IMDSv1 can be told from others by `ec2:RoleDelivery`. A deny makes them worthless, even on an
    /// instance where somebody switched IMDSv1 back on.
    ///
    /// Judged are roles in an instance profile that something uses. The role, its permissions boundary or a service control policy must
    /// deny every action on every resource where `ec2:RoleDelivery` is less than 2.0. With `accept_runinstances_guard` a deny of
    /// `ec2:RunInstances` without `ec2:MetadataHttpTokens` = `required` will do. Service control policies are only seen in templates.
    ///
    /// ## Fix
    /// ```yaml
    /// - Effect: Deny
    ///   Action: "*"
    ///   Resource: "*"
    ///   Condition: {NumericLessThan: {"ec2:RoleDelivery": "2.0"}}
    /// ```
    "iam-deny-imdsv1-credentials" => {
        title: "IAM denies calls made with credentials that were obtained through IMDSv1.",
        category: Iam,
        severity: Medium,
        scope: Estate,
        types: [
            "AWS::AutoScaling::LaunchConfiguration",
            "AWS::EC2::Instance",
            "AWS::EC2::LaunchTemplate",
            "AWS::IAM::Role",
        ],
        reads: [
            "AWS::IAM::InstanceProfile",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::RolePolicy",
            "AWS::Organizations::Policy",
        ],
        params: {
            accept_runinstances_guard: Preset::Bool(true) => "accept a deny of launches that do not require tokens",
        },
        equivalents: [],
        check: |r, cx| of_compute(r, cx, denies_imdsv1),
    }
}

/// Judges a role that instances get. Of what launches instances nothing is said but that its role cannot be told.
pub(super) fn of_compute(
    r: &Resource,
    cx: &Context<'_>,
    test: impl FnOnce(&Resource, &Context<'_>) -> Verdict,
) -> Option<Verdict> {
    let expected = "a role that can be told";
    if &*r.kind != ROLE {
        return compute_role::opaque(cx.estate, r).map(|(read, why)| unknown(&read, expected, &why));
    }
    match compute_role::is_compute(cx.estate, r) {
        Ok(true) => Some(test(r, cx)),
        Ok(false) => None,
        Err(why) => {
            let verdict = test(r, cx);
            Some(if verdict.is_pass() { verdict } else { unknown(&r.get("RoleName"), expected, &why) })
        }
    }
}

/// Policies of AWS's that allow all that `AmazonSSMManagedInstanceCore` does.
const SSM_POLICIES: &[&str] = &[
    "AmazonSSMManagedInstanceCore",
    "AmazonSSMManagedEC2InstanceDefaultPolicy",
    "AmazonSSMFullAccess",
    "AdministratorAccess",
    "PowerUserAccess",
];
const SSM_ACTIONS: &[&str] = &[
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

fn systems_manager(role: &Resource, cx: &Context<'_>) -> Verdict {
    let policies = InForce::of(cx.estate, role);
    if policies.has_aws(SSM_POLICIES) {
        return Verdict::Pass;
    }
    first_missing(SSM_ACTIONS, |action| {
        policies.allows(action, &format!("AmazonSSMManagedInstanceCore, or statements that allow {action}"))
    })
}

/// The first verdict that is no pass: one missing permission is enough to say so.
fn first_missing(actions: &[&str], allowed: impl Fn(&str) -> Verdict) -> Verdict {
    actions.iter().map(|action| allowed(action)).find(|verdict| !verdict.is_pass()).unwrap_or(Verdict::Pass)
}

/// Policies of AWS's that allow all that `CloudWatchAgentServerPolicy` does.
const CLOUDWATCH_POLICIES: &[&str] = &[
    "CloudWatchAgentServerPolicy",
    "CloudWatchAgentAdminPolicy",
    "CloudWatchFullAccess",
    "CloudWatchFullAccessV2",
    "AdministratorAccess",
    "PowerUserAccess",
];

fn publishes(role: &Resource, cx: &Context<'_>) -> Verdict {
    let policies = InForce::of(cx.estate, role);
    let metrics = "cloudwatch:PutMetricData";
    let granted = if policies.has_aws(CLOUDWATCH_POLICIES) {
        Verdict::Pass
    } else {
        let expected = |what: &str| format!("CloudWatchAgentServerPolicy, or statements that allow {what}");
        policies.allows(metrics, &expected(metrics)).and(first_missing(
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            |a| {
                policies.allows_where(a, &expected(&format!("{a} on named log groups")), |statement| {
                    statement.is_specific()
                })
            },
        ))
    };
    if !cx.params.bool("require_namespace_condition") {
        return granted;
    }
    let expected = "a condition on cloudwatch:namespace";
    granted.and(policies.each(expected, |statement| match statement.allows(metrics) {
        Ok(false) => Verdict::Pass,
        Err(why) => unknown(&statement.read.get("Action"), expected, &why),
        Ok(true) => {
            let operators = ["StringEquals", "StringLike", "StringEqualsIgnoreCase"];
            match statement.has_condition(&operators, "cloudwatch:namespace", |name| name != "*") {
                Ok(true) => Verdict::Pass,
                Ok(false) => check::fail(&statement.read.get("Condition"), expected),
                Err(why) => unknown(&statement.read.get("Condition"), expected, &why),
            }
        }
    }))
}

fn attached(r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "an instance profile with a role";
    match compute_role::profiles(cx.estate, r) {
        Err(why) => unknown(&r.get("LaunchTemplate"), expected, &why),
        Ok(reads) => Verdict::all(reads.iter().map(|read| {
            let verdict = match compute_role::profile(cx.estate, read) {
                Related::Found(profile) => has_role(profile).on(profile.address.name()),
                // Named, but not here to be seen.
                Related::Missing | Related::Unknown(_) => {
                    check::require(read, expected, |v| v.as_str().map(|s| !s.is_empty()))
                }
            };
            if read.resource.address == r.address { verdict } else { verdict.on(read.resource.address.name()) }
        })),
    }
}

fn has_role(profile: &Resource) -> Verdict {
    let roles = profile.get("Roles");
    match roles.items() {
        Items::Are(items) if items.len() == 1 => Verdict::Pass,
        Items::Unknown => check::unknown(&roles, "one role"),
        Items::Are(_) | Items::Absent => check::fail(&roles, "one role"),
    }
}

fn denies_imdsv1(role: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "a statement that denies everything where ec2:RoleDelivery is less than 2.0";
    let guard = cx.params.bool("accept_runinstances_guard");
    let mut policies = InForce::of(cx.estate, role);
    let boundary = role.get("PermissionsBoundary");
    match cx.estate.follow(&boundary, &["AWS::IAM::ManagedPolicy"]) {
        Related::Found(policy) => policies.add(policy),
        Related::Unknown(why) => policies.leave_open(Some(why)),
        Related::Missing => {}
    }
    let denies = |statement: &Statement<'_>| denies(statement, guard);
    policies.any(expected, denies).or(|| {
        let organisation = cx.estate.of(role, "AWS::Organizations::Policy");
        check::some(&organisation, &role.get("Policies"), expected, |policy| {
            let kind = check::one_of(&policy.get("Type"), &["SERVICE_CONTROL_POLICY"]);
            kind.and(Document::new(policy.get("Content")).has(expected, denies)).on(policy.address.name())
        })
    })
}

/// Whether a statement takes credentials of `IMDSv1` away, or (`guard`) keeps instances from being launched with it.
fn denies(statement: &Statement<'_>, guard: bool) -> Result<bool, Unknown> {
    match statement.effect() {
        Effect::Deny => {}
        Effect::Unknown(why) => return Err(why),
        Effect::Allow | Effect::None => return Ok(false),
    }
    let operators = ["NumericLessThan", "NumericLessThanIfExists"];
    let delivered = statement.has_condition(&operators, "ec2:RoleDelivery", |version| {
        version.trim().parse::<f64>().is_ok_and(|version| version > 1.0 && version <= 2.0)
    })?;
    if delivered {
        return Ok(statement.covers("*")? && statement.is_about_everything()?);
    }
    let operators = ["StringNotEquals", "StringNotEqualsIfExists", "StringNotEqualsIgnoreCase", "StringNotLike"];
    let launches = guard && statement.has_condition(&operators, "ec2:MetadataHttpTokens", |v| v == "required")?;
    Ok(launches && statement.covers("ec2:RunInstances")?)
}
