//! Values that CloudFormation fetches from elsewhere.

use crate::model::{Kind, Resource, Value};
use crate::rules::{Context, Preset, Verdict, rules};

use super::functions::sub_text;
use super::{fault, section};

rules! {
    /// ## Why
    /// `{{resolve:ssm:/shop/image}}` takes whatever the parameter holds on the day of the deployment. The same template gives another stack
    /// tomorrow, and nobody can say which version the running one was made with.
    ///
    /// Dynamic references to Systems Manager name a version. Parameters of the type `AWS::SSM::Parameter::Value<…>` are accepted unless
    /// `accept_ssm_parameter_types` is false: the stack shows the value that it resolved. Names that begin with one of `exempt_prefixes` are
    /// AWS's own.
    ///
    /// ## Fix
    /// ```yaml
    /// ImageId: "{{resolve:ssm:/shop/image:3}}"
    /// ```
    "ssm-dynamic-reference-versioned" => {
        title: "Dynamic references to Systems Manager parameters name a version.",
        category: Governance,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            accept_ssm_parameter_types: Preset::Bool(true) => "accept parameters of the type AWS::SSM::Parameter::Value<…>",
            exempt_prefixes: Preset::Texts(&["/aws/service/"]) => "beginnings of names that need no version",
        },
        equivalents: [],
        check: versioned,
    }
}

fn versioned(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let exempt = cx.params.texts("exempt_prefixes");
    let is_exempt = |name: &str| exempt.iter().any(|prefix| name.starts_with(prefix.as_str()));
    let mut judged = Vec::new();
    for part in ["Resources", "Outputs", "Conditions"] {
        if let Some(value) = r.properties.child(part) {
            dynamic(value, part, &mut |path, value, reference| {
                let (name, version) = reference;
                judged.push(if version || is_exempt(&name) {
                    Verdict::Pass
                } else {
                    fault(path, "a version behind the name", Some(&name), value.at)
                });
            });
        }
    }
    let types = section(r, "Parameters").filter_map(|(name, entry)| Some((name, entry.value.child("Type")?, entry)));
    for (name, kind, entry) in
        types.filter(|(_, kind, _)| kind.as_str().is_some_and(|k| k.starts_with("AWS::SSM::Parameter::Value")))
    {
        let default = entry.value.child("Default").and_then(Value::as_str);
        judged.push(if cx.params.bool("accept_ssm_parameter_types") || default.is_some_and(is_exempt) {
            Verdict::Pass
        } else {
            let expected = "a dynamic reference with a version";
            fault(format!("Parameters.{name}.Type"), expected, kind.as_str(), kind.at)
        });
    }
    (!judged.is_empty()).then(|| Verdict::all(judged))
}

/// Calls `visit` with each dynamic reference to Systems Manager: its name, and whether it has a version.
fn dynamic<'a>(value: &'a Value, path: &str, visit: &mut impl FnMut(&str, &'a Value, (String, bool))) {
    let text = match &value.kind {
        Kind::Str(text) => Some(text.to_string()),
        _ => value.child("Fn::Join").map(joined),
    };
    if let Some(text) = text {
        for reference in references(&text) {
            visit(path, value, reference);
        }
        return;
    }
    if let Some(sub) = value.child("Fn::Sub") {
        for reference in references(sub_text(sub)) {
            visit(path, value, reference);
        }
        // What its own variables hold is looked at below.
        if let Some(variables) = sub.child("1") {
            dynamic(variables, path, visit);
        }
        return;
    }
    for (n, item) in value.as_list().into_iter().flatten().enumerate() {
        dynamic(item, &format!("{path}.{n}"), visit);
    }
    for (key, entry) in
        value.as_map().into_iter().flatten().filter(|(key, _)| !matches!(&***key, "Description" | "Metadata"))
    {
        dynamic(&entry.value, &format!("{path}.{key}"), visit);
    }
}

/// The text of a `Fn::Join`; what is no text in it stands as a placeholder.
fn joined(join: &Value) -> String {
    let delimiter = join.child("0").and_then(Value::as_str).unwrap_or_default();
    let parts = join.child("1").and_then(Value::as_list).unwrap_or_default();
    let text = |part: &Value| match (part.child("Fn::Sub"), part.text()) {
        (Some(sub), _) => sub_text(sub).to_owned(),
        (None, Some(text)) => text.to_string(),
        (None, None) => "${}".to_owned(),
    };
    parts.iter().map(text).collect::<Vec<_>>().join(delimiter)
}

/// The references in a text: `{{resolve:ssm:name}}` or `{{resolve:ssm-secure:name:3}}`.
fn references(text: &str) -> Vec<(String, bool)> {
    let starts = text.split("{{resolve:ssm").skip(1);
    let body = |part: &str| {
        let rest = part.strip_prefix("-secure:").or_else(|| part.strip_prefix(':'))?;
        let name = plain(rest.split_once("}}").map_or(rest, |(name, _)| name));
        let (name, version) =
            name.split_once(':').map_or((name.as_str(), None), |(name, version)| (name, Some(version)));
        let number = |v: &str| v == "${}" || (!v.is_empty() && v.bytes().all(|b| b.is_ascii_digit()));
        Some((name.trim().to_owned(), version.is_some_and(|v| number(v.trim()))))
    };
    starts.filter_map(body).collect()
}

/// A text whose placeholders have lost their names, and with them any colon: `/${AWS::StackName}/x` becomes `/${}/x`.
fn plain(text: &str) -> String {
    let mut parts = text.split("${");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str("${}");
        plain.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_number_behind_the_name() {
        for (text, expected) in [
            ("{{resolve:ssm:/shop/image}}", vec![("/shop/image", false)]),
            ("{{resolve:ssm:/shop/image:3}}", vec![("/shop/image", true)]),
            ("{{resolve:ssm:/shop/image:latest}}", vec![("/shop/image", false)]),
            ("{{resolve:ssm-secure:/shop/${AWS::StackName}/key:${Version}}}", vec![("/shop/${}/key", true)]),
            ("a {{resolve:ssm:x}} and {{resolve:ssm:y:1}}", vec![("x", false), ("y", true)]),
            ("{{resolve:secretsmanager:x}}", vec![]),
        ] {
            let found = references(text);
            assert_eq!(found.iter().map(|(n, v)| (n.as_str(), *v)).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
