//! Observed resources in little memory: an account may hold a hundred thousand.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::{Entry, Kind, Map, Resource, Value, World};
use crate::source::Span;

/// Texts that many resources have: names of properties, types, zones, tags. Kept once, for as long as the process lives.
static SHARED: LazyLock<Mutex<HashSet<Arc<str>>>> = LazyLock::new(Mutex::default);
/// Longer texts are hardly ever the same.
const LONGEST: usize = 32;
/// So many texts are shared at most: ids of a large account would fill the set for nothing.
const MOST: usize = 20_000;

/// The text, shared with whoever else has the same.
#[must_use]
pub fn shared(text: &str) -> Arc<str> {
    if text.len() > LONGEST {
        return text.into();
    }
    let mut known = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = known.get(text) {
        return Arc::clone(text);
    }
    let text: Arc<str> = text.into();
    if known.len() < MOST {
        known.insert(Arc::clone(&text));
    }
    text
}

impl Resource {
    /// Drops what an observed resource can do without: a property that was read and is not there is absent with or without a `null`.
    pub fn compact(&mut self) {
        self.kind = shared(&self.kind);
        let World::Open { reads } = self.world else { return };
        let without_nulls = |side: &mut Value, absent: &dyn Fn(&str) -> bool| {
            if let Kind::Map(map) = &mut side.kind {
                map.retain(|name, entry| entry.value.kind != Kind::Null || !absent(name));
                *map = lean(std::mem::take(map));
            }
        };
        without_nulls(&mut self.properties, &|name| reads.contains(&name));
        without_nulls(&mut self.attributes, &|_| true);
    }
}

fn lean(map: Map) -> Map {
    let mut small = Map::with_capacity(map.len());
    for (key, entry) in map {
        let value = Value { kind: smaller(entry.value.kind), at: entry.value.at };
        small.insert(shared(&key), Entry { key_at: Span::LIVE, value });
    }
    small
}

fn smaller(kind: Kind) -> Kind {
    match kind {
        Kind::Map(map) => Kind::Map(lean(map)),
        Kind::List(items) => {
            let mut small = Vec::with_capacity(items.len());
            small.extend(items.into_iter().map(|item| Value { kind: smaller(item.kind), at: item.at }));
            Kind::List(small)
        }
        Kind::Str(text) => Kind::Str(shared(&text)),
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, from_json, to_json};
    use serde_json::json;

    #[test]
    fn a_compact_resource_says_what_it_said() {
        let reads = &["Size", "Tags", "KmsKeyId"];
        let mut r = Resource::new("AWS::EC2::Volume", Address::default(), World::Open { reads }, Span::LIVE);
        r.properties = from_json(&json!({"Size": 1, "Tags": [{"Key": "a", "Value": "b"}], "KmsKeyId": null}));
        r.compact();
        assert_eq!(to_json(&r.properties), json!({"Size": 1, "Tags": [{"Key": "a", "Value": "b"}]}));
        assert!(r.get("KmsKeyId").is_absent(), "it was read");
        assert!(Arc::ptr_eq(&shared("gp3"), &shared("gp3")));
        assert_eq!(&*shared(&"x".repeat(99)), "x".repeat(99));
    }
}
