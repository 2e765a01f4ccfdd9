//! Instances and what they are launched from.

use crate::model::{Read, Related, Resource, Unknown, Value, types};
use crate::rules::check::{fail, require};
use crate::rules::readers::launch;
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// Instances, launch templates and launch configurations accept only metadata requests that carry a token (IMDSv2).
    ///
    /// ## Why
    ///
    /// With IMDSv1 one forged request by a web application is enough to read the credentials of the instance's role.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// LaunchTemplateData:
    ///   MetadataOptions:
    ///     HttpTokens: required
    /// ```
    ///
    /// A running instance: `aws ec2 modify-instance-metadata-options --instance-id i-… --http-tokens required`.
    ///
    /// Where nothing is said, the AMI and then the account decide for an instance: the declared side is unknown and the
    /// observed side decides. A launch template or configuration that says nothing fails unless the account's default is known to demand
    /// tokens.
    "ec2-imdsv2-check" => {
        title: "EC2 instances, launch templates and launch configurations require IMDSv2 tokens.",
        category: Compute,
        severity: High,
        scope: Resource,
        types: ["AWS::AutoScaling::LaunchConfiguration", "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"],
        reads: ["Driftline::EC2::InstanceMetadataDefaults"],
        params: {
            require_declared: Preset::Bool(false) => "fail an instance in a template that leaves the tokens to the AMI or the account",
        },
        equivalents: [
            "aws-config/ec2-imdsv2-check",
            "aws-config/ec2-launch-template-imdsv2-check",
            "aws-config/autoscaling-launchconfig-requires-imdsv2",
            "security-hub/EC2.8",
            "security-hub/EC2.170",
            "security-hub/AutoScaling.3",
            "prowler/ec2_instance_imdsv2_enabled",
            "prowler/ec2_launch_template_imdsv2_required",
            "prowler/autoscaling_group_launch_configuration_requires_imdsv2",
            "checkov/CKV_AWS_79",
            "cis-5.0/5.7",
            "pci-4.0/8.2.8",
        ],
        check: |r, cx| {
            Some(match &*r.kind {
                launch::INSTANCE => instance(r, cx),
                launch::LAUNCH_CONFIGURATION => {
                    let options = r.get("MetadataOptions");
                    said(&options).unwrap_or_else(|| by_default(&options.get("HttpTokens"), cx))
                }
                _ => Verdict::all(launch::settings(r, "MetadataOptions").iter().map(|options| {
                    said(options).unwrap_or_else(|| by_default(&options.get("HttpTokens"), cx))
                })),
            })
        },
    }
}

const REQUIRED: &str = "required";

fn instance(r: &Resource, cx: &Context<'_>) -> Verdict {
    let own = r.get("MetadataOptions");
    if let Some(verdict) = said(&own) {
        return verdict;
    }
    match launch::template_of(cx.estate, r) {
        Related::Found(template) => Verdict::all(
            launch::settings(template, "MetadataOptions")
                .iter()
                .map(|options| said(options).unwrap_or_else(|| left_open(&options.get("HttpTokens"), cx))),
        )
        .on(template.address.name()),
        Related::Missing => left_open(&own.get("HttpTokens"), cx),
        Related::Unknown(why) => Verdict::unknown(Evidence::unknown(&r.get("LaunchTemplate"), REQUIRED, &why)),
    }
}

/// What metadata options say; `None` if they say nothing of tokens and leave the endpoint on.
fn said(options: &Read<'_>) -> Option<Verdict> {
    let tokens = options.get("HttpTokens");
    let off = require(&options.get("HttpEndpoint"), "disabled", |v| v.as_str().map(|s| s == "disabled"));
    if off.is_pass() {
        return Some(off);
    }
    let required = require(&tokens, REQUIRED, |v| v.as_str().map(|s| s == REQUIRED));
    let endpoint_open = matches!(off, Verdict::Unknown(_)) && !required.is_pass();
    if endpoint_open {
        return Some(off);
    }
    (!tokens.is_absent()).then_some(required)
}

/// Nothing is said: the AMI may still demand tokens, and then the account.
fn left_open(tokens: &Read<'_>, cx: &Context<'_>) -> Verdict {
    if cx.params.bool("require_declared") && !tokens.resource.is_live() {
        return fail(tokens, REQUIRED);
    }
    let why = Unknown::Outside("the metadata default of the AMI and the account".into());
    Verdict::unknown(Evidence::unknown(tokens, REQUIRED, &why))
}

/// Nothing is said, and tokens are optional unless the account's default demands them.
fn by_default(tokens: &Read<'_>, cx: &Context<'_>) -> Verdict {
    match launch::region_default(cx.estate, tokens.resource, types::IMDS_DEFAULTS) {
        Err(why) => Verdict::unknown(Evidence::unknown(tokens, REQUIRED, &why)),
        Ok(None) => fail(tokens, REQUIRED),
        Ok(Some(found)) => {
            let default = found.get("HttpTokens");
            match (default.why_unknown(), default.value().and_then(Value::as_str)) {
                (Some(why), _) => Verdict::unknown(Evidence::unknown(tokens, REQUIRED, &why)),
                (None, Some(REQUIRED)) => Verdict::Pass,
                (None, _) => fail(tokens, REQUIRED),
            }
        }
    }
}
