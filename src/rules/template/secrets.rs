//! Secrets in the text of a template.

use crate::model::{Entry, Kind, REDACTED, Resource, Unknown, Value, looks_secret, points_elsewhere};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

use super::functions::{literals, references};
use super::names::SecretNames;
use super::{fault, section};

rules! {
    /// ## Why
    /// A template is read by everybody who can read the repository, the build log or the stack. What stands in it is no secret any more,
    /// and stays in the history after it is taken out.
    ///
    /// Each violation is told with its own place: a parameter with a secret's name that is shown (`NoEcho`), has a default or takes any
    /// length; a property or variable with a secret's name and a literal value; a text that looks like an access key, a
    /// private key or a token; an output that returns a secret parameter. Names that only point to a secret (`SecretArn`,
    /// `PasswordPolicy`) and dynamic references are fine.
    ///
    /// ## Fix
    /// Let AWS make the secret, and refer to it.
    ///
    /// ```yaml
    /// ManageMasterUserPassword: true
    /// # or, for a secret that you manage:
    /// MasterUserPassword: !Sub "{{resolve:secretsmanager:${DatabaseSecret}:SecretString:password}}"
    /// ```
    "template-no-plaintext-secrets" => {
        title: "The template holds no secret, and secret parameters are hidden and without defaults.",
        category: Secrets,
        severity: Critical,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            secret_pattern: Preset::Text("(?i)(password|passwd|secret|token|apikey|api_key|private_?key)")
                => "regular expression for the names of secrets",
            min_length: Preset::Int(8) => "MinLength that a secret parameter needs, unless it has an AllowedPattern",
        },
        equivalents: ["checkov/CKV_AWS_41", "checkov/CKV_AWS_45", "checkov/CKV_AWS_46", "cfn-lint/W2501"],
        check: |r, cx| Some(no_secrets(r, cx)),
    }
}

fn no_secrets(r: &Resource, cx: &Context<'_>) -> Verdict {
    let pattern = cx.params.text("secret_pattern").unwrap_or_default();
    let Ok(names) = SecretNames::new(pattern) else {
        let why = Unknown::Unsupported(format!("the parameter secret_pattern {pattern}").into());
        return Verdict::unknown(Evidence::unknown(&r.get("Parameters"), "a regular expression", &why));
    };
    let mut verdict = Verdict::all(section(r, "Parameters").map(|(name, _)| parameter(r, cx, &names, name)));
    for part in ["Metadata", "Mappings", "Resources"] {
        if let Some(value) = r.properties.child(part) {
            verdict = verdict.and(within(value, part, &names));
        }
    }
    verdict.and(Verdict::all(section(r, "Outputs").map(|(name, entry)| output(r, &names, name, entry))))
}

/// A secret parameter is hidden, has no default and a minimum length; and no other default looks like a secret.
fn parameter(r: &Resource, cx: &Context<'_>, names: &SecretNames, name: &str) -> Verdict {
    let read = r.get(&format!("Parameters.{name}"));
    let default = read.get("Default");
    if !is_secret_parameter(r, names, name) {
        let shown = default.as_str().is_some_and(looks_secret);
        return if shown {
            fault(default.path.clone(), "no secret", Some(REDACTED), default.at())
        } else {
            Verdict::Pass
        };
    }
    let hidden = check::is_true(&read.get("NoEcho"));
    // The default of a parameter that Systems Manager resolves is a name.
    if read.get("Type").as_str().is_some_and(|t| t.starts_with("AWS::SSM::Parameter::")) {
        return hidden;
    }
    let empty = default.value().and_then(Value::text).is_none_or(|text| text.is_empty() || points_elsewhere(&text));
    let no_default =
        if empty { Verdict::Pass } else { fault(default.path.clone(), "no default", Some(REDACTED), default.at()) };
    let least = cx.params.int("min_length");
    let length = read.get("MinLength");
    let long = if read.get("AllowedPattern").is_absent() {
        check::require(&length, &format!("at least {least}, or an AllowedPattern"), |v| v.as_int().map(|n| n >= least))
    } else {
        Verdict::Pass
    };
    hidden.and(no_default).and(long)
}

/// Whether a parameter holds a secret by its name. One that offers a choice, or a number, does not.
fn is_secret_parameter(r: &Resource, names: &SecretNames, name: &str) -> bool {
    let read = r.get(&format!("Parameters.{name}"));
    let kind = read.get("Type");
    names.contain(name)
        && read.get("AllowedValues").is_absent()
        && !matches!(kind.as_str(), Some("Number" | "List<Number>" | "AWS::SSM::Parameter::Name"))
}

/// An output returns no secret parameter, and no literal secret.
fn output(r: &Resource, names: &SecretNames, name: &str, entry: &Entry) -> Verdict {
    let path = format!("Outputs.{name}");
    let Some(value) = entry.value.child("Value") else { return Verdict::Pass };
    let returned = references(value).into_iter().find(|parameter| {
        let hidden = r.get(&format!("Parameters.{parameter}.NoEcho")).value().and_then(Value::as_bool) == Some(true);
        let declared = !r.get(&format!("Parameters.{parameter}")).is_absent();
        declared && (hidden || is_secret_parameter(r, names, parameter))
    });
    let returns = returned.map_or(Verdict::Pass, |parameter| {
        fault(format!("{path}.Value"), "no secret parameter", Some(&format!("returns {parameter}")), value.at)
    });
    returns.and(within(&entry.value, &path, names))
}

/// No literal under a secret's name, and no text that looks like a secret, anywhere below.
fn within(value: &Value, path: &str, names: &SecretNames) -> Verdict {
    match &value.kind {
        Kind::Str(text) if looks_secret(text) => fault(path, "no secret", Some(REDACTED), value.at),
        Kind::List(list) => {
            Verdict::all(list.iter().enumerate().map(|(n, item)| within(item, &format!("{path}.{n}"), names)))
        }
        Kind::Map(map) => {
            let pair = variable(value, path, names);
            let entries = map.iter().filter(|(key, _)| {
                // Cognito's units (`AccessToken: hours`), and the value that `variable` has judged.
                &***key != "TokenValidityUnits" && (pair.is_pass() || &***key != "Value")
            });
            let below =
                Verdict::all(entries.map(|(key, entry)| named(key, &entry.value, &format!("{path}.{key}"), names)));
            pair.clone().and(below)
        }
        _ => Verdict::Pass,
    }
}

/// A value under its name.
fn named(key: &str, value: &Value, path: &str, names: &SecretNames) -> Verdict {
    if names.contain(key) {
        let found = Verdict::all(
            literals(value)
                .into_iter()
                .filter(|literal| is_secret_text(literal, key))
                .map(|literal| fault(path, "a reference to a secret instead of its text", Some(REDACTED), literal.at)),
        );
        if !found.is_pass() {
            return found;
        }
    }
    within(value, path, names)
}

/// `{Name: DB_PASSWORD, Value: text}`, as containers and builds write their environment.
fn variable(map: &Value, path: &str, names: &SecretNames) -> Verdict {
    let (Some(name), Some(value)) = (map.child("Name").and_then(Value::as_str), map.child("Value")) else {
        return Verdict::Pass;
    };
    let points = matches!(map.child("Type").and_then(Value::as_str), Some("PARAMETER_STORE" | "SECRETS_MANAGER"));
    if points || !names.contain(name) {
        return Verdict::Pass;
    }
    Verdict::all(literals(value).into_iter().filter(|literal| is_secret_text(literal, name)).map(|literal| {
        fault(format!("{path}.Value"), "a reference to a secret instead of its text", Some(REDACTED), literal.at)
    }))
}

/// Whether a literal under a secret's name is the secret: no pointer, no switch. A number is one only as a password.
fn is_secret_text(literal: &Value, name: &str) -> bool {
    match &literal.kind {
        Kind::Str(text) => {
            let switch = ["", "true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word));
            !switch && !points_elsewhere(text)
        }
        Kind::Int(_) | Kind::Float(_) => name.to_ascii_lowercase().ends_with("password"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Estate, World, from_json};
    use crate::rules::{Params, find};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn faults(template: &Json) -> Vec<Evidence> {
        let mut r = Resource::new("AWS::CloudFormation::Template", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(template);
        let rule = find("template-no-plaintext-secrets").unwrap();
        let cx = Context { estate: &Estate::default(), params: &Params::defaults(rule.params) };
        no_secrets(&r, &cx).evidence().to_vec()
    }

    fn paths(template: &Json) -> Vec<String> {
        faults(template).into_iter().map(|evidence| evidence.path).collect()
    }

    #[test]
    fn every_violation_is_told_and_no_secret_is_repeated() {
        let key = format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE");
        let template = json!({
            "Parameters": {
                "DBPassword": {"Type": "String", "Default": "hunter2"},
                "Account": {"Type": "String", "Default": key},
            },
            "Resources": {
                "Db": {"Type": "AWS::RDS::DBInstance", "Properties": {"MasterUserPassword": "hunter2"}},
                "Fn": {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": {
                    "API_KEY": "hunter2", "SECRET_ARN": "hunter2", "REGION": "eu", "OTHER": key,
                }}}},
            },
            "Outputs": {"Url": {"Value": {"Fn::Join": ["", ["mysql://", {"Ref": "DBPassword"}]]}}},
        });
        let found = paths(&template);
        assert_eq!(
            found,
            [
                "Parameters.DBPassword.NoEcho",
                "Parameters.DBPassword.Default",
                "Parameters.DBPassword.MinLength",
                "Parameters.Account.Default",
                "Resources.Db.Properties.MasterUserPassword",
                "Resources.Fn.Properties.Environment.Variables.API_KEY",
                "Resources.Fn.Properties.Environment.Variables.OTHER",
                "Outputs.Url.Value",
            ]
        );
        let told = format!("{:?}", faults(&template));
        assert!(!told.contains("hunter2") && !told.contains(&key), "{told}");
    }

    #[test]
    fn a_variable_that_is_a_secret_is_told_once() {
        let key = format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE");
        let variables = json!([{"Name": "AWS_SECRET", "Value": key}, {"Name": "PLAIN", "Value": key}]);
        let template = json!({"Resources": {"T": {"Properties": {"Environment": variables}}}});
        let at = "Resources.T.Properties.Environment";
        assert_eq!(paths(&template), [format!("{at}.0.Value"), format!("{at}.1.Value")]);
    }

    #[test]
    fn a_number_is_a_secret_only_as_a_password() {
        let template = |name: &str| json!({"Resources": {"T": {"Properties": {name: 12_345_678}}}});
        assert_eq!(paths(&template("MasterUserPassword")).len(), 1);
        assert_eq!(paths(&template("AccessToken")).len(), 0);
    }
}
