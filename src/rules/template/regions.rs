//! What a template takes for granted about the region it is deployed to.

use std::collections::BTreeSet;

use crate::model::{Resource, Value};
use crate::rules::{Context, Preset, Verdict, rules};

use super::texts::{is_region, regional_ids};
use super::uses::{Use, scalars, uses};
use super::{fault, kind, property, resources, section};

rules! {
    /// ## Why
    /// A web ACL for CloudFront and the certificate of a distribution exist in us-east-1 only. A template that makes them unconditionally
    /// fails in every other region, after everything before them was made.
    ///
    /// Judged are web ACLs of the scope `CLOUDFRONT`, certificates that a distribution uses and resources of `extra_types`. Each hangs on a
    /// condition that compares `AWS::Region`, or a rule of the template asserts the region.
    ///
    /// ## Fix
    /// ```yaml
    /// Conditions:
    ///   InVirginia: !Equals [!Ref AWS::Region, us-east-1]
    /// Resources:
    ///   WebAcl:
    ///     Type: AWS::WAFv2::WebACL
    ///     Condition: InVirginia
    /// ```
    "template-region-specific-resources-conditional" => {
        title: "Resources that work in one region only are made under a condition on the region.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: { extra_types: Preset::Texts(&[]) => "further types that need a condition on the region" },
        equivalents: [],
        check: guarded,
    }

    /// ## Why
    /// An AMI, a managed prefix list and the account that delivers load balancer logs are others in each region. Written out, they tie the
    /// template to one.
    ///
    /// Literal ids of these in properties fail. They may come from a mapping by region, or, for an AMI, from a public parameter of Systems
    /// Manager. With `require_mapping` a template without such a mapping fails in any case. Availability Zones are the matter of
    /// `template-no-hardcoded-az`.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters:
    ///   ImageId:
    ///     Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>
    ///     Default: /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64
    /// Mappings:
    ///   LoadBalancerAccounts:
    ///     us-east-1: {Id: "127311923021"}
    ///     eu-west-1: {Id: "156460612806"}
    /// # in the bucket policy
    /// AWS: !FindInMap [LoadBalancerAccounts, !Ref AWS::Region, Id]
    /// ```
    "template-region-mappings" => {
        title: "Values that differ by region come from mappings or public parameters.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: { require_mapping: Preset::Bool(false) => "demand a mapping by region" },
        equivalents: [],
        check: mapped,
    }
}

const REGION: &str = "AWS::Region";

fn guarded(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let extra = cx.params.texts("extra_types");
    let certificates: BTreeSet<&str> = resources(r, &["AWS::CloudFront::Distribution"])
        .filter_map(|(_, entry)| property(entry, "DistributionConfig.ViewerCertificate"))
        .flat_map(uses)
        .filter_map(Use::target)
        .collect();
    let mut bound = section(r, "Resources")
        .filter(|(name, entry)| match kind(entry) {
            Some("AWS::WAFv2::WebACL") => property(entry, "Scope").and_then(Value::as_str) == Some("CLOUDFRONT"),
            Some("AWS::CertificateManager::Certificate") => certificates.contains(&***name),
            Some(kind) => extra.iter().any(|e| e == kind),
            None => false,
        })
        .peekable();
    bound.peek()?;
    let asserted = r.properties.child("Rules").is_some_and(|rules| uses(rules).contains(&Use::Name(REGION)));
    Some(Verdict::all(bound.map(|(name, entry)| {
        let condition = entry.value.child("Condition").and_then(Value::as_str);
        let only_here = !extra.iter().any(|e| Some(e.as_str()) == kind(entry));
        if asserted || condition.is_some_and(|name| compares_region(r, name, only_here, &mut BTreeSet::new())) {
            return Verdict::Pass;
        }
        let expected = if only_here {
            "a condition Fn::Equals [AWS::Region, us-east-1]"
        } else {
            "a condition that compares AWS::Region"
        };
        fault(format!("Resources.{name}.Condition"), expected, condition, entry.key_at)
    })))
}

/// Whether a condition compares the region, with us-east-1 or with anything, itself or in a condition that it names.
fn compares_region<'a>(r: &'a Resource, name: &'a str, virginia: bool, seen: &mut BTreeSet<&'a str>) -> bool {
    let Some(condition) = super::uses::condition(r, name).filter(|_| seen.insert(name)) else { return false };
    if equals_region(condition, virginia) {
        return true;
    }
    let others = uses(condition).into_iter();
    others.into_iter().any(|used| matches!(used, Use::Condition(name) if compares_region(r, name, virginia, seen)))
}

fn equals_region(value: &Value, virginia: bool) -> bool {
    if let Some(sides) = value.child("Fn::Equals").and_then(Value::as_list) {
        let region = sides.iter().any(|side| uses(side).contains(&Use::Name(REGION)));
        let literal = |side: &Value| side.as_str().is_some_and(|text| !virginia || text == "us-east-1");
        return region && sides.iter().any(|side| literal(side) || (!virginia && !uses(side).is_empty()));
    }
    let below = value.as_list().map(|list| list.iter().collect::<Vec<_>>());
    let below = below.or_else(|| value.as_map().map(|map| map.values().map(|entry| &entry.value).collect()));
    below.unwrap_or_default().into_iter().any(|inner| equals_region(inner, virginia))
}

fn mapped(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (mut literals, mut maps_region) = (Vec::new(), false);
    for (name, entry) in section(r, "Resources") {
        let Some(properties) = entry.value.child("Properties") else { continue };
        scalars(properties, &format!("Resources.{name}.Properties"), "", &mut |path, _, value| {
            if let Some(found) = value.text().and_then(|text| regional_ids(&text).next().map(str::to_owned)) {
                literals.push(fault(path, "a mapping by region, or a public parameter", Some(&found), value.at));
            }
        });
    }
    let parts = ["Resources", "Conditions", "Outputs"].into_iter().filter_map(|part| r.properties.child(part));
    for part in parts {
        maps_region |= finds_by_region(r, part);
    }
    let image = section(r, "Parameters").any(|(_, entry)| {
        entry.value.child("Type").and_then(Value::as_str) == Some("AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>")
    });
    let demanded = cx.params.bool("require_mapping");
    if literals.is_empty() && !maps_region && !image && !demanded {
        return None;
    }
    let mapping = if maps_region || !demanded {
        Verdict::Pass
    } else {
        let at = r.properties.child("Mappings").map_or(r.at, |section| section.at);
        fault("Mappings", "a mapping by region that Fn::FindInMap reads with AWS::Region", None, at)
    };
    Some(Verdict::all(literals).and(mapping))
}

/// Whether a value is looked up by `AWS::Region` in a mapping whose keys are regions.
fn finds_by_region(r: &Resource, value: &Value) -> bool {
    if let Some([mapping, key, ..]) = value.child("Fn::FindInMap").and_then(Value::as_list)
        && uses(key).contains(&Use::Name(REGION))
    {
        let by_region = |name: &str| {
            let keys = r.properties.child("Mappings").and_then(|mappings| mappings.child(name)).and_then(Value::as_map);
            keys.is_some_and(|keys| keys.keys().any(|key| is_region(key)))
        };
        // A mapping whose name is put together may be any.
        return mapping.as_str().is_none_or(by_region);
    }
    let list = value.as_list().is_some_and(|list| list.iter().any(|item| finds_by_region(r, item)));
    list || value.as_map().is_some_and(|map| map.values().any(|entry| finds_by_region(r, &entry.value)))
}
