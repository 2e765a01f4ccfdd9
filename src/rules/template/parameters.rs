//! Which parameters a template has, and what they ask of the person who deploys it.

use std::collections::BTreeSet;

use crate::model::{Entry, Resource, Value};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

use super::uses::{Use, uses};
use super::{fault, section};

rules! {
    /// ## Why
    /// Every parameter is a question to whoever deploys the stack. One that nothing uses, or that offers a single answer, is noise, and the
    /// next reader believes that it does something.
    ///
    /// Uses in resources, conditions, rules, outputs and transforms count; labels and groups in `Metadata` do not. Where a macro may use
    /// parameters out of sight, an unused one is unknown.
    ///
    /// ## Fix
    /// Take the parameter out, or replace it by its only value.
    ///
    /// ```yaml
    /// Parameters:
    ///   Environment:
    ///     Type: String
    ///     AllowedValues: [dev, prod]
    /// ```
    "template-parameters-minimal" => {
        title: "Every parameter is used and leaves a choice, and there are not too many of them.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: { max_parameters: Preset::Int(0) => "how many parameters there may be; 0 is any number" },
        equivalents: [],
        check: minimal,
    }

    /// ## Why
    /// A stack that asks for a key pair, a VPC or a certificate that somebody has to make by hand first cannot be deployed to a new account,
    /// nor be made anew after a disaster, by anything but a person who knows how.
    ///
    /// A parameter without a `Default` fails if its type is one of `prerequisite_types`, or if its name asks for a certificate's ARN, a VPC,
    /// a key pair, a hosted zone, or the bucket or key of code. `Fn::ImportValue` is accepted unless `allow_imports` is false.
    ///
    /// ## Fix
    /// Make the resource in the template, or make the parameter optional.
    ///
    /// ```yaml
    /// Parameters:
    ///   CertificateArn:
    ///     Type: String
    ///     Default: ""
    /// Conditions:
    ///   HasCertificate: !Not [!Equals [!Ref CertificateArn, ""]]
    /// ```
    "template-no-mandatory-prerequisites" => {
        title: "The template can be deployed without anything made by hand before.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            prerequisite_types: Preset::Texts(&[
                "AWS::EC2::KeyPair::KeyName",
                "AWS::EC2::Subnet::Id",
                "AWS::EC2::VPC::Id",
                "AWS::Route53::HostedZone::Id",
            ]) => "types of parameters that ask for something that exists already, alone or in a list",
            allow_imports: Preset::Bool(true) => "accept Fn::ImportValue",
        },
        equivalents: [],
        check: independent,
    }
}

fn minimal(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let count = section(r, "Parameters").count();
    if count == 0 {
        return None;
    }
    let parts = r.properties.as_map().into_iter().flatten();
    let used: BTreeSet<&str> = parts
        .filter(|(part, _)| !matches!(&***part, "Parameters" | "Metadata"))
        .flat_map(|(_, entry)| uses(&entry.value))
        .filter_map(Use::target)
        .collect();
    let hidden = r.attribute("Incomplete").why_unknown();
    let each = section(r, "Parameters").map(|(name, entry)| {
        let path = format!("Parameters.{name}");
        if !used.contains(&**name) {
            let expected = "a use of the parameter";
            return match &hidden {
                Some(why) => Verdict::unknown(Evidence::unknown(&r.get(&path), expected, why)),
                None => fault(path, expected, None, entry.key_at),
            };
        }
        let only = entry.value.child("AllowedValues").filter(|values| values.as_list().is_some_and(|v| v.len() == 1));
        only.map_or(Verdict::Pass, |values| {
            fault(
                format!("{path}.AllowedValues"),
                "more than one value to choose from",
                Some(&values.to_string()),
                values.at,
            )
        })
    });
    let most = usize::try_from(cx.params.int("max_parameters")).unwrap_or(0);
    let few = if most == 0 || count <= most {
        Verdict::Pass
    } else {
        let at = r.properties.child("Parameters").map_or(r.at, |section| section.at);
        fault("Parameters", format!("at most {most} parameters"), Some(&count.to_string()), at)
    };
    Some(Verdict::all(each).and(few))
}

fn independent(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let kinds = cx.params.texts("prerequisite_types");
    let mut parameters = section(r, "Parameters").peekable();
    let imports = !cx.params.bool("allow_imports");
    if parameters.peek().is_none() && !imports {
        return None;
    }
    let asked = Verdict::all(parameters.map(|(name, entry)| {
        let mandatory = entry.value.child("Default").is_none();
        if mandatory && asks_for_existing(name, entry, kinds) {
            let kind = entry.value.child("Type").map(Value::to_string);
            let expected = "a Default, or the resource in the template";
            return fault(format!("Parameters.{name}"), expected, kind.as_deref(), entry.key_at);
        }
        Verdict::Pass
    }));
    let mut imported = Vec::new();
    if imports {
        for part in ["Resources", "Outputs"] {
            if let Some(value) = r.properties.child(part) {
                find_imports(value, part, &mut imported);
            }
        }
    }
    Some(asked.and(Verdict::all(imported)))
}

/// Whether a parameter asks for something that must be there before the stack is.
fn asks_for_existing(name: &str, entry: &Entry, kinds: &[String]) -> bool {
    let kind = entry.value.child("Type").and_then(Value::as_str).unwrap_or_default();
    let element = kind.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(kind);
    if kinds.iter().any(|k| k == element) {
        return true;
    }
    if !matches!(kind, "String" | "CommaDelimitedList" | "List<String>") {
        return false;
    }
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let certificate = has(&["certificate", "acm"]) && name.ends_with("arn");
    let network = has(&["vpc", "subnet", "hostedzone"]) && ends(&["id", "ids"]);
    let code = has(&["code", "lambda", "artifact", "source"])
        && ends(&["bucket", "bucketname", "s3key", "codekey", "objectkey"]);
    certificate || network || code || ends(&["keypair", "keypairname", "sshkeyname"]) || name == "keyname"
}

fn find_imports(value: &Value, path: &str, found: &mut Vec<Verdict>) {
    if let Some(import) = value.child("Fn::ImportValue") {
        found.push(fault(path, "no import from another stack", Some(&import.to_string()), import.at));
    }
    for (n, item) in value.as_list().into_iter().flatten().enumerate() {
        find_imports(item, &format!("{path}.{n}"), found);
    }
    for (key, entry) in value.as_map().into_iter().flatten() {
        find_imports(&entry.value, &format!("{path}.{key}"), found);
    }
}
