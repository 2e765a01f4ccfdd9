//! A resource in the CloudFormation property schema, declared or observed.

use std::sync::Arc;

use super::{Address, Entry, Field, Kind, Map, Read, Unknown, Value};
use crate::source::Span;

/// What silence means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// A template: what is not said is absent.
    Closed,
    /// AWS: only these properties were really read; anything else is unknown.
    Open {
        /// Top-level properties that the collector fills.
        reads: &'static [&'static str],
    },
}

/// Who made a live resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Provenance {
    /// In a stack's resource list.
    Stack,
    /// Made by a managed resource, and judged as part of it.
    Derived {
        /// Type of the resource that made it.
        kind: Arc<str>,
        /// Physical id of the resource that made it.
        physical_id: Arc<str>,
        /// The stack that this goes back to.
        stack: Arc<str>,
    },
    /// Made and owned by an AWS service.
    Service,
    /// The default VPC and what hangs on it.
    Default,
    /// Nobody says.
    #[default]
    Unmanaged,
}

/// The action of the first entry whose prefix fits a path.
#[must_use]
pub fn told_by(asked: &[(&str, &'static str)], path: &str) -> Option<&'static str> {
    asked.iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, action)| *action)
}

/// One resource on one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// CloudFormation type, or `Driftline::<Service>::<Thing>`.
    pub kind: Arc<str>,
    /// Its names.
    pub address: Address,
    /// Properties in the CloudFormation schema: a mapping, or unknown as a whole.
    pub properties: Value,
    /// Declared: template attributes (`DeletionPolicy`, `Metadata`…). Observed: read-only facts that the schema has no property for
    /// (`FlowLogStatus`, `IsDefault`…). Always a mapping.
    pub attributes: Value,
    /// Declared only: the properties as written, functions unresolved, in long form. The same for all variants of a template.
    pub raw: Option<Arc<Value>>,
    /// Where the template declares it.
    pub at: Span,
    /// What silence means here.
    pub world: World,
    /// Observed only: the API action that told a property or fact; the first entry whose prefix fits.
    pub asked: &'static [(&'static str, &'static str)],
    /// Who made it; meaningful for observed resources.
    pub provenance: Provenance,
    /// The environment it belongs to (tag `Environment`, or the stack's parameter of that name), if anybody says.
    pub environment: Option<Arc<str>>,
}

impl Resource {
    /// A resource without properties.
    #[must_use]
    pub fn new(kind: impl Into<Arc<str>>, address: Address, world: World, at: Span) -> Self {
        let empty = || Value { kind: Kind::Map(Map::new()), at };
        Self {
            kind: kind.into(),
            address,
            properties: empty(),
            attributes: empty(),
            raw: None,
            at,
            world,
            asked: &[],
            provenance: Provenance::default(),
            environment: None,
        }
    }

    /// Whether AWS was asked.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.world, World::Open { .. })
    }

    /// Reads a property: `"BlockDeviceMappings.0.Ebs.Encrypted"`. The only way a rule reads.
    #[must_use]
    pub fn get(&self, path: &str) -> Read<'_> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
        let read = Read::new(self, first.to_owned(), self.top(first));
        rest.map_or_else(|| read.clone(), |rest| read.get(rest))
    }

    /// Reads a template attribute (declared) or a read-only fact (observed). What is not there is absent.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Read<'_> {
        let field = self.attributes.child(name).map_or(Field::Absent { near: self.at }, Field::of);
        Read::new(self, name.to_owned(), field)
    }

    /// The API action that told what stands at a path; `None` for what is declared.
    #[must_use]
    pub fn action(&self, path: &str) -> Option<&'static str> {
        told_by(self.asked, path)
    }

    fn top(&self, name: &str) -> Field<'_> {
        // A loop or an include among the properties leaves the properties as a whole unknown.
        if let Kind::Unknown(why) = &self.properties.kind {
            return Field::Unknown { why: why.clone(), at: self.properties.at };
        }
        match (self.properties.child(name), self.world) {
            (Some(value), _) => Field::of(value),
            (None, World::Open { reads }) if !reads.contains(&name) => {
                Field::Unknown { why: Unknown::NotCollected, at: Span::LIVE }
            }
            (None, _) => Field::Absent { near: self.at },
        }
    }

    /// Sets an observed property.
    pub fn set(&mut self, name: &str, value: Kind) {
        insert(&mut self.properties, name, value);
    }

    /// Sets an observed read-only fact.
    pub fn set_attribute(&mut self, name: &str, value: Kind) {
        insert(&mut self.attributes, name, value);
    }

    /// The value of a tag, from the `Tags` property in either of its shapes (list of `Key`/`Value`, or a mapping).
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<Arc<str>> {
        let tags = self.properties.child("Tags")?;
        match &tags.kind {
            Kind::Map(map) => map.get(key)?.value.text(),
            Kind::List(list) => list
                .iter()
                .find(|tag| tag.child("Key").and_then(Value::as_str) == Some(key))
                .and_then(|tag| tag.child("Value")?.text()),
            _ => None,
        }
    }
}

fn insert(into: &mut Value, name: &str, kind: Kind) {
    if let Kind::Map(map) = &mut into.kind {
        map.insert(name.into(), Entry { key_at: Span::LIVE, value: Value::live(kind) });
    }
}
