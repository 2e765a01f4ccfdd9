//! What a template gives to the one that nests it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{Declared, Template};
use super::call::undecided;
use crate::model::{Entry, Kind, Map, Value};
use crate::source::Span;

/// Output → value.
pub(super) type Outputs = BTreeMap<Arc<str>, Kind>;

/// A type that no template has.
const TYPE: &str = "Driftline::CloudFormation::Outputs";

/// A template whose outputs are evaluated with its resources: as the properties of one more resource.
pub(super) struct WithOutputs {
    pub(super) template: Template,
}

impl WithOutputs {
    pub(super) fn new(template: &Template) -> Self {
        let mut template = template.clone();
        let outputs = template.root.child("Outputs").and_then(Value::as_map).cloned().unwrap_or_default();
        if let Kind::Map(root) = &mut template.root.kind
            && let Some(resources) = root.get_mut("Resources")
            && let Kind::Map(resources) = &mut resources.value.kind
        {
            let properties: Map = outputs.iter().map(|(name, entry)| (Arc::clone(name), conditional(entry))).collect();
            let body = [("Type", Kind::Str(TYPE.into())), ("Properties", Kind::Map(properties))];
            let body = body.map(|(key, kind)| (Arc::from(key), placeless(kind)));
            let mut id = "Outputs".to_owned();
            while resources.contains_key(&*id) {
                id.push('0');
            }
            resources.insert(id.into(), placeless(Kind::Map(Map::from_iter(body))));
        }
        Self { template }
    }

    /// The outputs, as far as they are the same in every variant.
    pub(super) fn outputs(declared: &Declared) -> Outputs {
        let mut merged = Outputs::new();
        let mut seen: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        for outputs in declared.variants.iter().flatten().filter(|r| &*r.kind == TYPE) {
            for (name, entry) in outputs.properties.as_map().into_iter().flatten() {
                let Some(value) = entry.value.child("Value") else { continue };
                *seen.entry(Arc::clone(name)).or_default() += 1;
                let known = merged.entry(Arc::clone(name)).or_insert_with(|| value.kind.clone());
                if *known != value.kind {
                    *known = undecided();
                }
            }
        }
        for (name, count) in seen {
            if count < declared.variants.len() {
                merged.insert(name, undecided());
            }
        }
        merged
    }
}

/// An output that exists only under its condition.
fn conditional(entry: &Entry) -> Entry {
    let (Some(condition), Some(value)) = (entry.value.child("Condition"), entry.value.child("Value")) else {
        return entry.clone();
    };
    let nothing = call("Ref", Kind::Str("AWS::NoValue".into()));
    let choice = call("Fn::If", Kind::List(vec![condition.clone(), value.clone(), nothing]));
    let map = Map::from_iter([(Arc::from("Value"), Entry { key_at: entry.key_at, value: choice })]);
    Entry { key_at: entry.key_at, value: Value { kind: Kind::Map(map), at: entry.value.at } }
}

fn call(function: &str, argument: Kind) -> Value {
    placeless(Kind::Map(Map::from_iter([(Arc::from(function), placeless(argument))]))).value
}

fn placeless(kind: Kind) -> Entry {
    Entry { key_at: Span::LIVE, value: Value { kind, at: Span::LIVE } }
}
