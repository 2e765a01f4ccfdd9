//! A template file against the template that is deployed (`verify`).

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::Local;
use crate::join::{Difference, DriftEntry, Status};
use crate::load::Template;
use crate::model::{Address, Map, Stack, Value, to_json, types};

/// Where the file says something else than what is deployed: section by section, and entry by entry where a section has entries. How it is written (YAML or JSON, short or long functions, order of keys) makes no difference.
pub(super) fn differences(stack: &Stack, local: &Local, deployed: &Template) -> Vec<DriftEntry> {
    let mut entries = Vec::new();
    let (here, there) = (local.template.root.as_map(), deployed.root.as_map());
    for section in names(here).union(&names(there)) {
        let get = |root: Option<&Map>| root.and_then(|root| root.get(section)).map(|entry| entry.value.clone());
        let (here, there) = (get(here), get(there));
        let maps = [&here, &there].map(|v| v.as_ref().is_none_or(|v| v.as_map().is_some()));
        if maps != [true, true] {
            entries.extend(entry(stack, section, None, here.as_ref(), there.as_ref()));
            continue;
        }
        let (here, there) = (here.as_ref().and_then(Value::as_map), there.as_ref().and_then(Value::as_map));
        for name in names(here).union(&names(there)) {
            let get = |map: Option<&Map>| map.and_then(|map| map.get(name)).map(|entry| entry.value.clone());
            entries.extend(entry(stack, section, Some(name), get(here).as_ref(), get(there).as_ref()));
        }
    }
    entries
}

fn names(map: Option<&Map>) -> BTreeSet<Arc<str>> {
    map.into_iter().flat_map(Map::keys).cloned().collect()
}

fn entry(
    stack: &Stack,
    section: &str,
    name: Option<&Arc<str>>,
    here: Option<&Value>,
    there: Option<&Value>,
) -> Option<DriftEntry> {
    let alike = match (here.map(normal), there.map(normal)) {
        (Some(here), Some(there)) => same("", &here, &there),
        (here, there) => here == there,
    };
    if alike {
        return None;
    }
    let kind = match (here, there) {
        (None, _) => "removed",
        (_, None) => "added",
        _ => "changed",
    };
    let difference = Difference {
        path: name.map_or_else(|| section.to_owned(), |name| format!("{section}.{name}")),
        kind,
        declared: here.map(|_| "in the file".into()),
        observed: there.map(|_| "in the deployed template".into()),
    };
    let resource = (section == "Resources").then(|| name.cloned()).flatten();
    Some(drift(stack, resource, "the deployed template is not the one in the file", difference))
}

/// Parameter values given with the file that are not those of the stack. Hidden values cannot be compared, nor can values from Parameter Store,
/// which are given by name and deployed by value.
pub(super) fn parameters(stack: &Stack, local: &Local) -> Vec<DriftEntry> {
    let comparable = |name: &str| {
        let declaration = local.template.root.child("Parameters").and_then(|all| all.child(name));
        let hidden = declaration.and_then(|d| d.child("NoEcho")).and_then(Value::as_bool) == Some(true);
        let kind = declaration.and_then(|d| d.child("Type")).and_then(Value::as_str).unwrap_or_default();
        declaration.is_some() && !hidden && !kind.starts_with("AWS::SSM::Parameter::Value<")
    };
    let mut entries = Vec::new();
    for (name, given) in local.parameters.iter().filter(|(name, _)| comparable(name)) {
        let deployed = stack.parameters.get(name);
        if deployed == Some(given) {
            continue;
        }
        let difference = Difference {
            path: format!("Parameters.{name}"),
            kind: if deployed.is_some() { "changed" } else { "added" },
            declared: Some(given.to_string()),
            observed: deployed.map(ToString::to_string),
        };
        entries.push(drift(stack, None, "the stack was deployed with another parameter value", difference));
    }
    entries
}

fn drift(stack: &Stack, logical_id: Option<Arc<str>>, reason: &str, difference: Difference) -> DriftEntry {
    let address = Address {
        account: Arc::clone(&stack.account),
        region: Arc::clone(&stack.region),
        stack: Some(Arc::clone(&stack.id)),
        logical_id,
        ..Address::default()
    };
    DriftEntry {
        address,
        kind: types::TEMPLATE.into(),
        status: Status::Modified,
        reason: Some(reason.into()),
        differences: vec![difference],
    }
}

/// What a part of a template says, however it is written: numbers and booleans are texts to CloudFormation, and `Fn::GetAtt` takes a text with
/// a dot or a list.
fn normal(value: &Value) -> Json {
    fn texts(json: Json) -> Json {
        match json {
            Json::Bool(_) | Json::Number(_) => Json::String(json.to_string()),
            Json::Array(items) => Json::Array(items.into_iter().map(texts).collect()),
            Json::Object(map) => Json::Object(map.into_iter().map(|(key, value)| member(key, value)).collect()),
            other => other,
        }
    }
    fn member(key: String, value: Json) -> (String, Json) {
        let value = match value {
            Json::String(dotted) if key == "Fn::GetAtt" => match dotted.split_once('.') {
                Some((id, attribute)) => serde_json::json!([id, attribute]),
                None => Json::String(dotted),
            },
            other => texts(other),
        };
        (key, value)
    }
    texts(to_json(value))
}

/// Properties that name a local file until `aws cloudformation package` or `sam package` puts the file into a bucket.
/// <https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html>
const PACKAGED: &[&str] = &[
    "BodyS3Location",
    "Code",
    "CodeUri",
    "Content",
    "ContentUri",
    "DefinitionS3Location",
    "DefinitionUri",
    "Location",
    "RequestMappingTemplateS3Location",
    "ResponseMappingTemplateS3Location",
    "ScriptLocation",
    "SourceBundle",
    "TemplateURL",
];

/// Whether a value in the file (`here`) and the deployed one say the same; `key` is what they stand under.
fn same(key: &str, here: &Json, there: &Json) -> bool {
    match (here, there) {
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(key, a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(key, a, b)))
        }
        (Json::String(path), uploaded) if PACKAGED.contains(&key) && !path.contains("://") => {
            here == there || is_in_a_bucket(uploaded)
        }
        _ => here == there,
    }
}

fn is_in_a_bucket(value: &Json) -> bool {
    match value {
        Json::String(url) => url.starts_with("s3://") || (url.starts_with("https://") && url.contains("s3")),
        Json::Object(map) => map.keys().any(|key| key == "S3Bucket" || key == "Bucket"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_packaged_file_is_the_local_one() {
        for (key, here, there, alike) in [
            ("TemplateURL", json!("./vpc.yaml"), json!("https://s3.eu-west-1.amazonaws.com/b/abc.template"), true),
            ("CodeUri", json!("src/"), json!("s3://b/abc"), true),
            ("Code", json!("src/"), json!({"S3Bucket": "b", "S3Key": "abc"}), true),
            ("CodeUri", json!("s3://b/old"), json!("s3://b/new"), false),
            ("Handler", json!("app.handler"), json!("s3://b/abc"), false),
            ("TemplateURL", json!("./vpc.yaml"), json!("./other.yaml"), false),
        ] {
            assert_eq!(same("", &json!({key: here}), &json!({key: there})), alike, "{key} {there}");
        }
    }
}
