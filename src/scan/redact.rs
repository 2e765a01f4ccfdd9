//! Secrets leave before anything is judged, written or recorded.
//!
//! A value under a secret's name becomes a salted hash, so that it can still be compared; in a template, where every place must stay where it is, its letters
//! are masked. What only looks like a secret (an access key in a script) is masked inside of the text.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::collect::Collected;
use crate::load;
use crate::model::{
    Kind, Resource, Stack, Value, holds_secret, masked, masked_within, points_elsewhere, secret_property,
};
use crate::source::Sources;

/// Takes the secrets out of what was collected. To be called before anything is recorded or judged.
pub fn redact(collected: &mut Collected) {
    for resource in &mut collected.resources {
        live(resource);
    }
    for stack in &mut collected.stacks {
        declared(stack);
    }
}

/// Properties under which names are the customer's, and so are secrets: environment variables.
const VARIABLES: &[&str] = &["Variables", "Environment", "EnvironmentVariables"];

fn live(r: &mut Resource) {
    // Settings of databases are named after secrets (`password_encryption`) and are none; facts about accounts hold none.
    if r.kind.starts_with("Driftline::") || r.kind.ends_with("ParameterGroup") {
        return;
    }
    let salt = Arc::clone(&r.address.account);
    for side in [&mut r.properties, &mut r.attributes] {
        within(side, &salt, false);
    }
}

fn within(value: &mut Value, salt: &str, variables: bool) {
    match &mut value.kind {
        Kind::Map(map) => {
            let named = map.get("Name").or_else(|| map.get("Key")).and_then(|e| e.value.as_str()).map(str::to_owned);
            for (key, entry) in map.iter_mut() {
                let variables = variables || VARIABLES.contains(&&**key);
                let secret = if variables { secret_property(key) } else { holds_secret(key) }
                    || (&**key == "Value" && named.as_deref().is_some_and(holds_secret));
                match &mut entry.value.kind {
                    Kind::Str(text) if &**key == "UserData" => *text = script(text),
                    Kind::Str(text) if secret && !points_elsewhere(text) => *text = hashed(text, salt),
                    _ => within(&mut entry.value, salt, variables),
                }
            }
        }
        Kind::List(items) => items.iter_mut().for_each(|item| within(item, salt, variables)),
        Kind::Str(text) => {
            if let Cow::Owned(masked) = masked_within(text) {
                *text = masked.into();
            }
        }
        _ => {}
    }
}

fn hashed(text: &str, salt: &str) -> Arc<str> {
    let digest = Sha256::new().chain_update(salt).chain_update([0]).chain_update(text).finalize();
    let hex: Vec<String> = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("(redacted {})", hex.concat()).into()
}

/// User data is mostly base64.
fn script(text: &Arc<str>) -> Arc<str> {
    let plain = STANDARD.decode(text.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match plain {
        Some(plain) => match masked_within(&plain) {
            Cow::Owned(masked) => STANDARD.encode(masked).into(),
            Cow::Borrowed(_) => Arc::clone(text),
        },
        None => masked_within(text).into(),
    }
}

fn declared(stack: &mut Stack) {
    for text in [&mut stack.original, &mut stack.processed].into_iter().flatten() {
        let mut hidden = Vec::new();
        if let Ok(template) = load::parse_running(&mut Sources::default(), &stack.name, text) {
            let masks = masks(&template.root, &mut hidden);
            *text = overwritten(text, &masks);
        }
        for name in hidden {
            if let Some(value) = stack.parameters.get_mut(&name) {
                *value = "****".into();
            }
        }
    }
}

/// From where to where in a text, and whether all of it is secret.
type Mask = (usize, usize, bool);

/// Where a template holds secrets. `hidden` are the parameters that CloudFormation hides.
fn masks(root: &Value, hidden: &mut Vec<Arc<str>>) -> Vec<Mask> {
    let mut masks = Vec::new();
    for (section, entry) in root.as_map().into_iter().flatten() {
        match &**section {
            "Parameters" => {
                for (name, parameter) in entry.value.as_map().into_iter().flatten() {
                    let no_echo = parameter.value.child("NoEcho").and_then(Value::as_bool) == Some(true);
                    if no_echo {
                        hidden.push(Arc::clone(name));
                    }
                    if let Some(default) = parameter.value.child("Default") {
                        found(default, no_echo || holds_secret(name), &mut masks);
                    }
                }
            }
            "Resources" | "Mappings" | "Globals" => found(&entry.value, false, &mut masks),
            _ => {}
        }
    }
    masks
}

fn found(value: &Value, secret: bool, masks: &mut Vec<Mask>) {
    match &value.kind {
        Kind::Map(map) => {
            for (key, entry) in map {
                let passes_on = secret && matches!(&**key, "Fn::Sub" | "Fn::Base64");
                let secret = &**key != "UserData" && secret_property(key);
                found(&entry.value, secret || passes_on, masks);
            }
        }
        Kind::List(items) => items.iter().for_each(|item| found(item, false, masks)),
        Kind::Str(text) => {
            let switch = text.is_empty() || ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word));
            let whole = secret && !switch && !points_elsewhere(text);
            masks.push((value.at.start as usize, value.at.end as usize, whole));
        }
        Kind::Int(_) | Kind::Float(_) if secret => masks.push((value.at.start as usize, value.at.end as usize, true)),
        _ => {}
    }
}

fn overwritten(text: &Arc<str>, masks: &[Mask]) -> Arc<str> {
    let mut new = String::new();
    let mut done = 0;
    for &(start, end, whole) in masks {
        let (Some(before), Some(old)) = (text.get(done..start), text.get(start..end)) else { continue };
        new.push_str(before);
        new.push_str(&if whole { masked(old) } else { masked_within(old).into_owned() });
        done = end;
    }
    new.push_str(text.get(done..).unwrap_or_default());
    if new == **text { Arc::clone(text) } else { new.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json, to_json};
    use crate::source::Span;
    use serde_json::json;

    fn redacted(kind: &str, properties: &serde_json::Value) -> serde_json::Value {
        let address = Address { account: "123456789012".into(), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Open { reads: &[] }, Span::LIVE);
        r.properties = from_json(properties);
        live(&mut r);
        to_json(&r.properties)
    }

    #[test]
    fn live_secrets_become_hashes_that_can_be_compared() {
        let function = |password: &str| {
            redacted(
                "AWS::Lambda::Function",
                &json!({"Environment": {"Variables": {"DB_PASSWORD": password, "TOKEN_TTL": "60", "HOST": "db"}}}),
            )
        };
        let one = function("hunter2");
        let variables = &one["Environment"]["Variables"];
        assert!(variables["DB_PASSWORD"].as_str().unwrap().starts_with("(redacted "), "{variables}");
        assert_eq!(variables["HOST"], "db");
        assert_eq!(one, function("hunter2"));
        assert_ne!(one, function("hunter3"));
        let group = json!({"Parameters": {"password_encryption": "scram-sha-256"}});
        assert_eq!(redacted("AWS::RDS::DBParameterGroup", &group), group);
        let arn = json!({"AuthToken": "arn:aws:secretsmanager:eu-west-1:1:secret:x"});
        assert_eq!(redacted("T", &arn), arn, "a pointer to a secret is none");
    }

    #[test]
    fn user_data_keeps_everything_but_its_secrets() {
        let encoded = STANDARD.encode("#!/bin/sh\nexport API_TOKEN=abcdef123456\nyum update\n");
        let shown = redacted("AWS::EC2::Instance", &json!({"UserData": encoded}));
        let plain = STANDARD.decode(shown["UserData"].as_str().unwrap()).unwrap();
        assert_eq!(String::from_utf8(plain).unwrap(), "#!/bin/sh\nexport API_TOKEN=xxxxxx111111\nyum update\n");
    }

    #[test]
    fn a_templates_secrets_are_masked_where_they_stand() {
        let text = "Parameters:
  Pw: {Type: String, NoEcho: true, Default: hunter2}
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUsername: admin
      MasterUserPassword: \"s3cret-Pass\"
  Other:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUserPassword: !Ref Pw
  Third:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUserPassword: '{{resolve:secretsmanager:db:SecretString:password}}'
";
        let mut stack = Stack {
            original: Some(text.into()),
            parameters: [("Pw".into(), "hunter2".into())].into(),
            ..Stack::default()
        };
        declared(&mut stack);
        let shown = stack.original.unwrap();
        let expected = text.replace("hunter2", "xxxxxx1").replace("s3cret-Pass", "x1xxxx-Xxxx");
        assert_eq!(*shown, expected);
        assert_eq!(stack.parameters["Pw"].as_ref(), "****");
    }
}
