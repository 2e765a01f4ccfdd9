//! What an expression of a template refers to, where its value is not known: `!Sub "cluster:${Cluster}"`.

use crate::model::{Estate, Kind, Read, Resource, Value};

use super::policy::principal::written;

/// Whether the expression that stands in a place refers to a declared resource by its logical id.
pub(in crate::rules) fn mentions(read: &Read<'_>, target: &Resource) -> bool {
    let same_stack = read.resource.address.stack == target.address.stack;
    let id = target.address.logical_id.as_deref().filter(|_| same_stack);
    id.is_some_and(|id| written(read).is_some_and(|value| any(value, &|name| name == id)))
}

/// Whether the expression refers to a resource of one of some types of its own stack.
pub(in crate::rules) fn mentions_any(estate: &Estate, read: &Read<'_>, kinds: &[&str]) -> bool {
    let Some(stack) = read.resource.address.stack.as_deref() else { return false };
    let is = |name: &str| estate.by_logical_id(stack, name).is_some_and(|r| kinds.contains(&&*r.kind));
    written(read).is_some_and(|value| any(value, &is))
}

/// Stands for what an expression refers to, in [`spelt`].
pub(in crate::rules) const HOLE: char = '\u{fffc}';

/// The text of an expression that is text but for what it refers to, each reference written as [`HOLE`]. `None` if it cannot be told.
pub(in crate::rules) fn spelt(read: &Read<'_>) -> Option<String> {
    match read.value().and_then(Value::as_str) {
        Some(text) => Some(text.to_owned()),
        None => spell(written(read)?),
    }
}

fn any(value: &Value, is: &dyn Fn(&str) -> bool) -> bool {
    match &value.kind {
        Kind::List(list) => list.iter().any(|item| any(item, is)),
        Kind::Map(map) => map.iter().any(|(name, entry)| {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            match &**name {
                "Ref" => text(&entry.value).is_some_and(|t| is(&t)),
                "Fn::GetAtt" => {
                    let first = text(&entry.value).or_else(|| entry.value.child("0").and_then(text));
                    first.is_some_and(|t| is(t.split('.').next().unwrap_or_default()))
                }
                "Fn::Sub" => {
                    let sub = text(&entry.value).or_else(|| entry.value.child("0").and_then(text)).unwrap_or_default();
                    placeholders(&sub).any(|name| is(name.split('.').next().unwrap_or_default()))
                        || entry.value.child("1").is_some_and(|own| any(own, is))
                }
                _ => any(&entry.value, is),
            }
        }),
        _ => false,
    }
}

fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name.trim())
}

fn spell(value: &Value) -> Option<String> {
    match &value.kind {
        Kind::Str(text) => Some(text.to_string()),
        Kind::Map(map) => {
            let (name, entry) = map.first().filter(|_| map.len() == 1)?;
            match &**name {
                "Fn::Sub" => {
                    let text = entry.value.as_str().or_else(|| entry.value.child("0")?.as_str())?;
                    let mut parts = text.split("${");
                    let mut text_of = parts.next()?.to_owned();
                    for part in parts {
                        text_of.push(HOLE);
                        text_of.push_str(part.split_once('}')?.1);
                    }
                    Some(text_of)
                }
                "Fn::Join" => {
                    let separator = entry.value.child("0")?.as_str()?;
                    let parts = entry.value.child("1")?.as_list()?;
                    Some(parts.iter().map(spell).collect::<Option<Vec<_>>>()?.join(separator))
                }
                "Ref" | "Fn::GetAtt" => Some(HOLE.to_string()),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Unknown, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn with(expression: &Json) -> Resource {
        let address = Address { stack: Some("s".into()), logical_id: Some("Target".into()), ..Address::default() };
        let mut r = Resource::new("T", address, World::Closed, Span::LIVE);
        r.set("Id", Kind::Unknown(Unknown::Runtime("an id".into())));
        r.raw = Some(from_json(&json!({"Id": expression})).into());
        r
    }

    #[test]
    fn an_expression_mentions_what_it_refers_to() {
        let orders = Address { stack: Some("s".into()), logical_id: Some("Orders".into()), ..Address::default() };
        let orders = Resource::new("AWS::RDS::DBCluster", orders, World::Closed, Span::LIVE);
        for (expression, expected) in [
            (json!({"Fn::Sub": "cluster:${Orders}"}), true),
            (json!({"Fn::Join": [":", ["cluster", {"Ref": "Orders"}]]}), true),
            (json!({"Fn::GetAtt": ["Orders", "DBClusterArn"]}), true),
            (json!({"Fn::GetAtt": "Orders.DBClusterArn"}), true),
            (json!({"Fn::Sub": ["cluster:${Id}", {"Id": {"Ref": "Orders"}}]}), true),
            (json!({"Fn::Sub": "cluster:${OrdersArchive}"}), false),
        ] {
            let r = with(&expression);
            assert_eq!(mentions(&r.get("Id"), &orders), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_not_known_of_an_expression_becomes_a_hole() {
        for (expression, expected) in [
            (
                json!({"Fn::Sub": "arn:${AWS::Partition}:ec2:${AWS::Region}:1:instance/*"}),
                Some("arn:_:ec2:_:1:instance/*"),
            ),
            (
                json!({"Fn::Join": ["", ["arn:aws:backup:us-west-2:", {"Ref": "AWS::AccountId"}, ":vault"]]}),
                Some("arn:aws:backup:us-west-2:_:vault"),
            ),
            (json!({"Fn::ImportValue": "x"}), None),
        ] {
            let shown = spelt(&with(&expression).get("Id")).map(|text| text.replace(HOLE, "_"));
            assert_eq!(shown.as_deref(), expected, "{expression}");
        }
    }
}
