//! What a template hands on to the people and stacks that build on it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Resource, Value};
use crate::rules::{Context, Preset, Verdict, rules};
use crate::source::Span;

use super::uses::{Use, uses};
use super::{fault, kind, section};

/// Types whose `Ref` is their ARN.
const REF_IS_ARN: &[&str] = &[
    "AWS::CertificateManager::Certificate",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::ManagedPolicy",
    "AWS::SNS::Topic",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
];

rules! {
    /// ## Why
    /// What a stack made is found through its outputs: the address of the load balancer, the endpoint of the database, the subnets that the
    /// next stack goes into. Without them somebody looks it up in the console, and writes it down.
    ///
    /// For each type of `required_attributes` that the template has, an output refers to that attribute of at least one such resource, also
    /// inside of `Fn::If`, `Fn::Sub` or `Fn::Join`. Every name of `required_outputs` exists, whatever its case, and each type of
    /// `require_arns_for` has an output with an ARN.
    ///
    /// ## Fix
    /// ```yaml
    /// Outputs:
    ///   DatabaseEndpoint:
    ///     Description: Host name of the database
    ///     Value: !GetAtt Database.Endpoint.Address
    ///     Export: {Name: !Sub "${AWS::StackName}-DatabaseEndpoint"}
    /// ```
    "template-outputs-cover-key-resources" => {
        title: "Outputs expose the identifiers, ARNs and endpoints of the key resources.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            required_attributes: Preset::Map(&[
                ("AWS::AutoScaling::AutoScalingGroup", Some("Ref")),
                ("AWS::CloudFront::Distribution", Some("DomainName")),
                ("AWS::EC2::Subnet", Some("Ref")),
                ("AWS::EC2::VPC", Some("Ref")),
                ("AWS::ElasticLoadBalancingV2::LoadBalancer", Some("DNSName")),
                ("AWS::RDS::DBCluster", Some("Endpoint.Address")),
                ("AWS::RDS::DBInstance", Some("Endpoint.Address")),
            ]) => "type and the attribute that must be output; nothing or Ref is what Ref gives",
            required_outputs: Preset::Texts(&[]) => "names of outputs that must exist",
            require_arns_for: Preset::Texts(&[]) => "types whose ARN must be output too",
        },
        equivalents: [],
        check: covered,
    }

    /// ## Why
    /// Who takes a stack over wants to know in one place what protects it. The summary is made of the resources themselves: a constant
    /// text promises what nobody can check.
    ///
    /// An output whose name matches `name_pattern` refers to at least `min_references` resources of the template or attributes of theirs.
    ///
    /// ## Fix
    /// ```yaml
    /// Outputs:
    ///   SecurityStatus:
    ///     Description: What protects this stack
    ///     Value: !Sub "Key ${DataKey.Arn}, trail ${Trail.Arn}, logs in ${LogBucket}"
    /// ```
    "template-security-status-output" => {
        title: "An output summarises the security status of the stack.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            name_pattern: Preset::Pattern("(?i)security.?status") => "name of the output",
            min_references: Preset::Int(1) => "resources or attributes that its value refers to",
        },
        equivalents: [],
        check: |r, cx| Some(status(r, cx)),
    }
}

/// The resources of the template by type.
fn by_type(r: &Resource) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, entry) in section(r, "Resources") {
        if let Some(kind) = kind(entry) {
            found.entry(kind).or_default().push(name);
        }
    }
    found
}

/// What the values of outputs name.
fn returned(r: &Resource) -> BTreeSet<Use<'_>> {
    section(r, "Outputs").filter_map(|(_, output)| output.value.child("Value")).flat_map(uses).collect()
}

/// The place of the section, for what is missing in it.
fn section_at(r: &Resource) -> Span {
    r.properties.child("Outputs").map_or(r.at, |outputs| outputs.at)
}

fn covered(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (kinds, returned) = (by_type(r), returned(r));
    let missing = |path: String, expected: String| fault(path, expected, None, section_at(r));
    let mut verdicts = Vec::new();
    for (kind, attribute) in cx.params.map("required_attributes") {
        let Some(names) = kinds.get(kind) else { continue };
        let attribute = attribute.unwrap_or("Ref");
        let wanted = |name: &&str| match attribute {
            "Ref" => returned.contains(&Use::Name(name)),
            attribute => returned.contains(&Use::Attribute(name, attribute)),
        };
        verdicts.push(if names.iter().any(wanted) {
            Verdict::Pass
        } else {
            let (name, what) = (names.first().copied().unwrap_or_default(), shown(attribute));
            missing(format!("Outputs ({kind})"), format!("an output with {what} of {name} or another {kind}"))
        });
    }
    for kind in cx.params.texts("require_arns_for") {
        let Some(names) = kinds.get(kind.as_str()) else { continue };
        let by_ref = REF_IS_ARN.contains(&kind.as_str());
        let arn = |used: &Use<'_>| match used {
            Use::Name(name) => by_ref && names.contains(name),
            Use::Attribute(name, attribute) => attribute.ends_with("Arn") && names.contains(name),
            Use::Condition(_) => false,
        };
        verdicts.push(if returned.iter().any(arn) {
            Verdict::Pass
        } else {
            missing(format!("Outputs ({kind} ARN)"), format!("an output with the ARN of a {kind}"))
        });
    }
    for wanted in cx.params.texts("required_outputs") {
        let there = section(r, "Outputs").any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        verdicts.push(if there {
            Verdict::Pass
        } else {
            missing(format!("Outputs.{wanted}"), "an output of this name".into())
        });
    }
    (!verdicts.is_empty()).then(|| Verdict::all(verdicts))
}

fn shown(attribute: &str) -> &str {
    if attribute == "Ref" { "the id" } else { attribute }
}

fn status(r: &Resource, cx: &Context<'_>) -> Verdict {
    let least = usize::try_from(cx.params.int("min_references")).unwrap_or(0);
    let pattern = cx.params.pattern("name_pattern");
    let named = section(r, "Outputs").filter(|(name, _)| pattern.is_some_and(|p| p.is_match(name)));
    let expected = format!("a value that refers to at least {least} resources or attributes of the template");
    let judged = named.map(|(name, output)| {
        let value = output.value.child("Value");
        let is_resource =
            |used: &Use<'_>| used.target().is_some_and(|id| section(r, "Resources").any(|(n, _)| **n == *id));
        let references: BTreeSet<Use<'_>> =
            value.map(uses).unwrap_or_default().into_iter().filter(is_resource).collect();
        if references.len() >= least && (least > 0 || value.is_some()) {
            return Verdict::Pass;
        }
        let actual = value.map(Value::to_string);
        fault(format!("Outputs.{name}.Value"), expected.clone(), actual.as_deref(), output.key_at)
    });
    Verdict::any(judged, || {
        let wanted = pattern.map(ToString::to_string).unwrap_or_default();
        fault("Outputs", format!("an output whose name matches {wanted}"), None, section_at(r))
    })
}
