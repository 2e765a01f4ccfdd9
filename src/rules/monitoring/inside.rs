//! What only the inside of a server tells: its memory, its disks, its traces.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Related, Resource};
use crate::rules::readers::agent::agent;
use crate::rules::readers::compute_role;
use crate::rules::readers::launch::{self, INSTANCE};
use crate::rules::readers::policy::in_force::InForce;
use crate::rules::readers::policy::unknown;
use crate::rules::readers::user_data::user_data;
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// The hypervisor sees neither memory nor how full a disk is. Without the agent a server runs out of both unannounced.
    ///
    /// Judged are launch templates and configurations, and instances without one. The configuration of the agent is looked for in user data, in
    /// `AWS::CloudFormation::Init`, in the SSM parameters that the script names, and in those whose name starts with
    /// `AmazonCloudWatch-`. Each of `sections` has to be a key of `metrics_collected` (or what Windows calls it). A
    /// configuration that is fetched from elsewhere leaves it open. No agent is the default, and fails.
    ///
    /// ## Fix
    /// ```yaml
    /// AgentConfiguration:
    ///   Type: AWS::SSM::Parameter
    ///   Properties:
    ///     Name: AmazonCloudWatch-linux
    ///     Type: String
    ///     Value: |
    ///       {"metrics": {"metrics_collected": {
    ///         "mem": {"measurement": ["mem_used_percent"]},
    ///         "disk": {"measurement": ["used_percent"], "resources": ["*"]},
    ///         "net": {"measurement": ["bytes_sent", "bytes_recv"]}
    ///       }}}
    /// ```
    "cloudwatch-agent-detailed-metrics" => {
        title: "The CloudWatch agent collects disk, memory and network metrics.",
        category: MonitoringAlerting,
        severity: Medium,
        scope: Estate,
        types: ["AWS::EC2::LaunchTemplate", "AWS::EC2::Instance", "AWS::AutoScaling::LaunchConfiguration"],
        reads: ["AWS::EC2::Instance.UserData", "AWS::SSM::Parameter.Value"],
        params: {
            sections: Preset::Texts(&["mem", "disk", "net"]) => "keys of metrics_collected that are required",
        },
        equivalents: [],
        check: detailed_metrics,
    }

    /// ## Why
    /// A slow request passes ten components. A trace shows which of them it waits for.
    ///
    /// Tracing is off by default everywhere, and absent fails: `TracingConfig.Mode` of functions (`PassThrough` traces only what its
    /// callers trace), `TracingEnabled` of API stages, `TracingConfiguration.Enabled` of state machines. With `require_on_ec2` the role
    /// of a launch template, or of an instance without one, has to allow `xray:PutTraceSegments` and `xray:PutTelemetryRecords`, and its
    /// user data has to start a collector.
    ///
    /// ## Fix
    /// ```yaml
    /// Checkout:
    ///   Type: AWS::Lambda::Function
    ///   Properties:
    ///     TracingConfig:
    ///       Mode: Active
    /// ```
    ///
    /// `aws lambda update-function-configuration --function-name checkout --tracing-config Mode=Active`
    "xray-tracing-enabled" => {
        title: "X-Ray tracing is active on every component that supports it.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Resource,
        types: [
            "AWS::Lambda::Function",
            "AWS::ApiGateway::Stage",
            "AWS::StepFunctions::StateMachine",
            "AWS::EC2::LaunchTemplate",
            "AWS::EC2::Instance",
        ],
        reads: [
            "AWS::EC2::Instance.UserData",
            "AWS::IAM::InstanceProfile",
            "AWS::IAM::Role",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
        ],
        params: {
            require_on_ec2: Preset::Bool(false) => "demand it of servers too",
        },
        equivalents: [
            "aws-config/lambda-function-xray-enabled",
            "aws-config/api-gw-xray-enabled",
            "security-hub/Lambda.7",
            "security-hub/APIGateway.3",
            "prowler/apigateway_restapi_tracing_enabled",
            "checkov/CKV_AWS_50",
            "checkov/CKV_AWS_73",
            "checkov/CKV_AWS_284",
            "pci-4.0/5.3.4",
            "pci-4.0/10.2.1",
            "pci-4.0/10.2.1.1",
            "pci-4.0/10.2.1.2",
            "pci-4.0/10.2.1.3",
            "pci-4.0/10.2.1.4",
            "pci-4.0/10.2.1.5",
            "pci-4.0/10.2.1.6",
            "pci-4.0/10.2.1.7",
            "pci-4.0/10.2.2",
            "pci-4.0/10.3.1",
            "pci-4.0/10.4.1",
            "pci-4.0/10.4.1.1",
            "pci-4.0/10.4.2",
            "pci-4.0/10.6.3",
            "pci-4.0/10.7.1",
            "pci-4.0/10.7.2",
            "pci-4.0/A1.2.1",
            "pci-4.0/A3.3.1",
            "pci-4.0/A3.5.1",
        ],
        check: traced,
    }
}

/// AWS's policies that let a server send traces.
const SENDERS: &[&str] =
    &["AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess", "AWSXrayFullAccess", "CloudWatchAgentServerPolicy"];

#[expect(clippy::unwrap_used, reason = "a constant pattern, used by a fixture")]
static COLLECTOR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bx-?ray|aws-otel|\badot\b|opentelemetry|traces_collected").unwrap());

/// Whether an instance leaves what it runs to its launch template, which is judged itself.
fn is_from_template(r: &Resource, cx: &Context<'_>) -> bool {
    &*r.kind == INSTANCE
        && r.get("UserData").is_absent()
        && matches!(launch::template_of(cx.estate, r), Related::Found(_))
}

fn detailed_metrics(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if is_from_template(r, cx) {
        return None;
    }
    let agent = agent(cx.estate, r);
    Some(Verdict::all(cx.params.texts("sections").iter().map(|section| {
        let expected = format!("an agent configuration with metrics_collected.{section}");
        match &agent.open {
            _ if agent.collects(section) => Verdict::Pass,
            Some(why) => unknown(&agent.data.read, &expected, why),
            None => agent.data.fail(&expected),
        }
    })))
}

fn traced(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    Some(match &*r.kind {
        "AWS::Lambda::Function" => check::one_of(&r.get("TracingConfig.Mode"), &["Active"]),
        "AWS::ApiGateway::Stage" => check::is_true(&r.get("TracingEnabled")),
        "AWS::StepFunctions::StateMachine" => check::is_true(&r.get("TracingConfiguration.Enabled")),
        _ if !cx.params.bool("require_on_ec2") || is_from_template(r, cx) => return None,
        _ => may_send(r, cx).and(user_data(r).matches(&COLLECTOR, "user data that starts a trace collector")),
    })
}

/// Whether the role of servers may send traces.
fn may_send(r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "a role that allows xray:PutTraceSegments and xray:PutTelemetryRecords";
    if let Some((read, why)) = compute_role::opaque(cx.estate, r) {
        return unknown(&read, expected, &why);
    }
    let profiles = compute_role::profiles(cx.estate, r).unwrap_or_default();
    let judged = profiles.iter().map(|named| {
        let role = match compute_role::profile(cx.estate, named) {
            Related::Found(profile) => compute_role::role_in(cx.estate, profile),
            other => other,
        };
        match role {
            Related::Found(role) => {
                let policies = InForce::of(cx.estate, role);
                if policies.has_aws(SENDERS) {
                    return Verdict::Pass;
                }
                let all = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
                Verdict::all(all.iter().map(|action| policies.allows(action, expected))).on(role.address.name())
            }
            Related::Missing => check::fail(named, expected),
            Related::Unknown(why) => unknown(named, expected, &why),
        }
    });
    Verdict::all(judged)
}
