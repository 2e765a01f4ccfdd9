//! Certificates and hosted zones that a template makes only where nobody brings their own.

use crate::model::{Kind, Resource, Value};
use crate::rules::template::functions::references;
use crate::rules::template::{fault, section};
use crate::rules::{Context, Preset, Verdict, rules};
use regex::Regex;

rules! {
    /// ## Why
    /// A certificate that is validated by DNS keeps a stack waiting until somebody has made the record; where the domain is not there yet the
    /// deployment fails. A template that can be told not to make one, or to take one that exists, can be deployed everywhere.
    ///
    /// A resource without `Condition` is always made. A parameter for an existing certificate needs `Default: ''`, and what uses it must be
    /// under a condition that looks at it, by `Fn::If` or by the resource's own condition.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters:
    ///   CertificateArn: {Type: String, Default: ''}
    /// Conditions:
    ///   HasCertificate: !Not [!Equals [!Ref CertificateArn, '']]
    /// Resources:
    ///   HttpsListener:
    ///     Type: AWS::ElasticLoadBalancingV2::Listener
    ///     Condition: HasCertificate
    /// ```
    "acm-certificate-conditional" => {
        title: "Certificates are made, or taken over, only under a condition that hangs on a parameter.",
        category: Edge,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            arn_parameter_pattern: Preset::Pattern("(?i)(acm|certificate).*arn")
                => "names of parameters that carry an existing certificate",
        },
        equivalents: [],
        check: |r, cx| certificates(r, cx),
    }

    /// ## Why
    /// A domain has one public zone. A template that always makes another one cannot be deployed a second time, and the second zone answers nobody.
    ///
    /// A zone without `Condition` is always made.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters:
    ///   HostedZoneId: {Type: String, Default: ''}
    /// Conditions:
    ///   MakeZone: !Equals [!Ref HostedZoneId, '']
    /// Resources:
    ///   Zone:
    ///     Type: AWS::Route53::HostedZone
    ///     Condition: MakeZone
    ///     Properties: {Name: example.com}
    ///   Record:
    ///     Type: AWS::Route53::RecordSet
    ///     Properties:
    ///       HostedZoneId: !If [MakeZone, !Ref Zone, !Ref HostedZoneId]
    /// ```
    "route53-hosted-zone-conditional" => {
        title: "Hosted zones are made only where no existing zone is given.",
        category: Edge,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            zone_parameter_pattern: Preset::Pattern("(?i)hosted.?zone.*id") => "names of parameters that carry an existing zone",
        },
        equivalents: [],
        check: |r, cx| zones(r, cx),
    }
}

/// The resources of a type, by logical id.
fn of_type<'a>(r: &'a Resource, kind: &str) -> Vec<(&'a str, &'a Value)> {
    section(r, "Resources")
        .filter(|(_, entry)| entry.value.child("Type").and_then(Value::as_str) == Some(kind))
        .map(|(id, entry)| (&**id, &entry.value))
        .collect()
}

/// The parameters that match a pattern, by name.
fn matching<'a>(r: &'a Resource, pattern: Option<&Regex>) -> Vec<(&'a str, &'a Value)> {
    let is_match = |name: &str| pattern.is_some_and(|pattern| pattern.is_match(name));
    section(r, "Parameters").filter(|(name, _)| is_match(name)).map(|(name, entry)| (&**name, &entry.value)).collect()
}

fn certificates(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let made = of_type(r, "AWS::CertificateManager::Certificate");
    let given = matching(r, cx.params.pattern("arn_parameter_pattern"));
    if made.is_empty() && given.is_empty() {
        return None;
    }
    let conditional = made
        .iter()
        .map(|(id, certificate)| hangs_on_parameter(r, id, certificate, &|_| true).and(guarded(r, id, &|_| true)));
    let optional = given.iter().map(|(name, parameter)| {
        let default = parameter.child("Default");
        let empty = if default.and_then(Value::as_str) == Some("") {
            Verdict::Pass
        } else {
            let at = default.map_or(parameter.at, |value| value.at);
            let actual = default.map(ToString::to_string);
            fault(format!("Parameters.{name}.Default"), "an empty default", actual.as_deref(), at)
        };
        empty.and(guarded(r, name, &|condition| depends_on(r, condition, &|parameter| parameter == *name, 0)))
    });
    Some(Verdict::all(conditional.chain(optional).collect::<Vec<_>>()))
}

fn zones(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let made = of_type(r, "AWS::Route53::HostedZone");
    if made.is_empty() {
        return None;
    }
    let given: Vec<&str> =
        matching(r, cx.params.pattern("zone_parameter_pattern")).into_iter().map(|(name, _)| name).collect();
    Some(Verdict::all(made.iter().map(|(id, zone)| {
        hangs_on_parameter(r, id, zone, &|name| given.contains(&name)).and(guarded(r, id, &|_| true))
    })))
}

/// The resource has a condition that hangs on a parameter.
fn hangs_on_parameter(r: &Resource, id: &str, resource: &Value, is: &dyn Fn(&str) -> bool) -> Verdict {
    let condition = resource.child("Condition");
    let name = condition.and_then(Value::as_str);
    if name.is_some_and(|name| depends_on(r, name, is, 0)) {
        return Verdict::Pass;
    }
    let at = condition.map_or(resource.at, |value| value.at);
    fault(format!("Resources.{id}.Condition"), "a condition that hangs on a parameter for an existing one", name, at)
}

/// Whether a condition looks at a parameter that satisfies `is`, by itself or by the conditions that it is made of.
fn depends_on(r: &Resource, condition: &str, is: &dyn Fn(&str) -> bool, depth: usize) -> bool {
    let Some((_, entry)) = section(r, "Conditions").find(|(name, _)| &***name == condition) else { return false };
    let is_parameter = |name: &&str| section(r, "Parameters").any(|(parameter, _)| &**parameter == *name);
    let own = references(&entry.value);
    // Conditions cannot go round in a circle in a template that deploys; one that does must not keep us here.
    own.iter().copied().filter(|name| is_parameter(name)).any(is)
        || depth < 20 && made_of(&entry.value).iter().any(|other| depends_on(r, other, is, depth + 1))
}

/// The conditions that a condition names.
fn made_of(value: &Value) -> Vec<&str> {
    match &value.kind {
        Kind::List(list) => list.iter().flat_map(made_of).collect(),
        Kind::Map(map) => {
            let own = value.child("Condition").and_then(Value::as_str);
            own.into_iter().chain(map.values().flat_map(|entry| made_of(&entry.value))).collect()
        }
        _ => Vec::new(),
    }
}

/// Everything among the resources that refers to a name does so under a condition that `fits`.
fn guarded(r: &Resource, name: &str, fits: &dyn Fn(&str) -> bool) -> Verdict {
    Verdict::all(section(r, "Resources").map(|(id, entry)| {
        let condition = entry.value.child("Condition").and_then(Value::as_str);
        match entry.value.child("Properties") {
            Some(properties) if !condition.is_some_and(fits) => {
                let open = unguarded(properties, name, fits);
                open.map_or(Verdict::Pass, |value| {
                    let expected = format!("{name} used under a condition, by Fn::If or by the resource's own");
                    fault(format!("Resources.{id}"), expected, Some(&value.to_string()), value.at)
                })
            }
            _ => Verdict::Pass,
        }
    }))
}

/// Where a value refers to a name outside of every `Fn::If` whose condition `fits`.
fn unguarded<'a>(value: &'a Value, name: &str, fits: &dyn Fn(&str) -> bool) -> Option<&'a Value> {
    match &value.kind {
        Kind::List(list) => list.iter().find_map(|item| unguarded(item, name, fits)),
        Kind::Map(map) => {
            let condition = value.child("Fn::If").and_then(|branches| branches.child("0")).and_then(Value::as_str);
            if condition.is_some_and(fits) {
                return None;
            }
            let attribute = value.child("Fn::GetAtt");
            let of = attribute
                .and_then(|to| to.child("0").and_then(Value::as_str).or_else(|| to.as_str()?.split('.').next()));
            let own = value.child("Ref").and_then(Value::as_str) == Some(name) || of == Some(name);
            let within = value.child("Fn::Sub").is_some()
                && references(value).iter().any(|found| found.split('.').next() == Some(name));
            if own || within {
                return Some(value);
            }
            map.values().find_map(|entry| unguarded(&entry.value, name, fits))
        }
        _ => None,
    }
}
