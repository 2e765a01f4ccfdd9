//! Values that tie a template to one account, region or network.

use crate::model::{Kind, Resource, Value};
use crate::rules::{Context, Preset, Verdict, rules};

use super::functions::{placeholders, sub_text};
use super::texts::{accounts, partitions, regions};
use super::uses::{alternatives, scalars};
use super::{fault, kind, property, resources, section};

rules! {
    /// ## Why
    /// A template with the number of an account, the name of a region or the partition in it works in one place. Copied to the next account
    /// it grants access to the first one.
    ///
    /// Every text of resources, outputs, conditions and rules is looked at, except descriptions and metadata. Parameters and mappings
    /// are the places for such values. `allowed_literals` are accepted in conditions, in rules, and in resources of CloudFront, its web ACLs
    /// and certificates.
    ///
    /// ## Fix
    /// ```yaml
    /// Resource: !Sub "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/shop/*"
    /// ```
    "template-no-hardcoded-account-region" => {
        title: "The template has no literal account ids, regions or partitions in it.",
        category: TemplateQuality,
        severity: Medium,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            allowed_literals: Preset::Texts(&["us-east-1"]) => "accepted in conditions on the region and around CloudFront",
            allow_aws_partition_literal: Preset::Bool(true) => "accept arn:aws:iam::aws:policy/… of policies that AWS manages",
        },
        equivalents: [],
        check: |r, cx| Some(portable(r, cx)),
    }

    /// ## Why
    /// Two networks with the same addresses cannot be connected. A range that is written out is the same in every environment.
    ///
    /// The range of a VPC comes from a parameter with an `AllowedPattern` (or `AllowedValues`), from a mapping or from IPAM; that of a subnet
    /// from any function. With `require_cidr_function` subnets are calculated by `Fn::Cidr` or come from IPAM.
    ///
    /// ## Fix
    /// ```yaml
    /// Vpc:
    ///   Type: AWS::EC2::VPC
    ///   Properties: {CidrBlock: !Ref VpcCidr}
    /// PublicSubnet:
    ///   Type: AWS::EC2::Subnet
    ///   Properties:
    ///     VpcId: !Ref Vpc
    ///     CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 6, 8]]
    /// ```
    "template-cidr-not-hardcoded" => {
        title: "Address ranges come from parameters, mappings or IPAM, or are calculated.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: { require_cidr_function: Preset::Bool(false) => "demand Fn::Cidr for subnets" },
        equivalents: [],
        check: ranges,
    }
}

/// Types that CloudFront reads in us-east-1.
fn around_cloudfront(kind: &str) -> bool {
    kind.starts_with("AWS::CloudFront::")
        || ["AWS::WAFv2::WebACL", "AWS::CertificateManager::Certificate"].contains(&kind)
}

fn portable(r: &Resource, cx: &Context<'_>) -> Verdict {
    let allowed = cx.params.texts("allowed_literals");
    let managed = cx.params.bool("allow_aws_partition_literal");
    let mut faults = Vec::new();
    for part in ["Conditions", "Rules", "Resources", "Outputs"] {
        for (name, entry) in section(r, part) {
            let lenient = matches!(part, "Conditions" | "Rules") || kind(entry).is_some_and(around_cloudfront);
            let bodies = entry.value.as_map().into_iter().flatten().filter(|(key, _)| {
                part != "Resources" || !matches!(&***key, "Type" | "Metadata" | "DependsOn" | "Condition")
            });
            for (key, body) in bodies {
                scalars(&body.value, &format!("{part}.{name}.{key}"), key, &mut |path, key, value| {
                    if key == "Description" {
                        return;
                    }
                    let found = literals(key, value, managed);
                    let found = found.into_iter().filter(|(_, text)| !(lenient && allowed.contains(text)));
                    faults.extend(found.map(|(expected, text)| fault(path, expected, Some(&text), value.at)));
                });
            }
        }
    }
    Verdict::all(faults)
}

/// What a scalar writes out, and what should stand there instead.
fn literals(key: &str, value: &Value, managed: bool) -> Vec<(&'static str, String)> {
    let text = match &value.kind {
        Kind::Str(text) => text.to_string(),
        // As a number only where an account is meant.
        Kind::Int(n) if key == "AWS" || key.contains("Account") || key.contains("Owner") => n.to_string(),
        _ => return Vec::new(),
    };
    let partition = partitions(&text, managed).into_iter().map(|t| ("arn:${AWS::Partition}", t.to_owned()));
    let account = accounts(&text).into_iter().map(|t| ("${AWS::AccountId}, a parameter or a mapping", t.to_owned()));
    let region = regions(&text).into_iter().map(|t| ("${AWS::Region}", t));
    partition.chain(account).chain(region).collect()
}

fn ranges(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let calculated = cx.params.bool("require_cidr_function");
    let judged: Vec<Verdict> = resources(r, &["AWS::EC2::VPC", "AWS::EC2::Subnet"])
        .filter_map(|(name, entry)| {
            let subnet = kind(entry) == Some("AWS::EC2::Subnet");
            let Some(range) = property(entry, "CidrBlock") else {
                return property(entry, "Ipv4IpamPoolId").map(|_| Verdict::Pass);
            };
            let path = format!("Resources.{name}.Properties.CidrBlock");
            Some(Verdict::all(alternatives(range).into_iter().map(|value| {
                if subnet && calculated { by_function(&path, value) } else { from_elsewhere(r, &path, value, !subnet) }
            })))
        })
        .collect();
    (!judged.is_empty()).then(|| Verdict::all(judged))
}

fn by_function(path: &str, value: &Value) -> Verdict {
    if value
        .child("Fn::Select")
        .and_then(|select| select.child("1"))
        .is_some_and(|from| from.child("Fn::Cidr").is_some())
    {
        return Verdict::Pass;
    }
    fault(path, "Fn::Select from Fn::Cidr of the VPC's range", Some(&value.to_string()), value.at)
}

/// A range that is not written out; that of a VPC from a parameter with a pattern.
fn from_elsewhere(r: &Resource, path: &str, value: &Value, of_vpc: bool) -> Verdict {
    let constant = |text: &str| placeholders(text).next().is_none() && !text.contains("{{resolve:");
    let literal = value.as_str().is_some_and(|text| !text.contains("{{resolve:"))
        || value.child("Fn::Sub").is_some_and(|sub| constant(sub_text(sub)));
    if literal {
        return fault(path, "a parameter, a mapping, Fn::Cidr or IPAM", Some(&value.to_string()), value.at);
    }
    let Some(name) = value.child("Ref").and_then(Value::as_str).filter(|_| of_vpc) else { return Verdict::Pass };
    let parameter = r.get(&format!("Parameters.{name}"));
    let constrained = ["AllowedPattern", "AllowedValues"].iter().any(|key| !parameter.get(key).is_absent());
    if parameter.is_absent() || constrained {
        return Verdict::Pass;
    }
    fault(format!("{}.AllowedPattern", parameter.path), "a pattern for address ranges", None, parameter.at())
}
