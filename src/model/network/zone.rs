//! Availability Zones, as far as they can be told apart.

use std::fmt;
use std::sync::Arc;

use super::{Known, SUBNET, Unsure};
use crate::model::{Estate, Kind, Related, Resource, Unknown, to_json};

/// Subnets that take their zone from one another, at most.
const DEEPEST: usize = 8;

/// The zone of a subnet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// `us-east-1a`.
    Named(Arc<str>),
    /// `use1-az1`.
    Id(Arc<str>),
    /// Told from others without being known: `Fn::Select [0, Fn::GetAZs]`.
    Symbolic(Arc<str>),
    /// An expression without a value: the same expression gives the same zone, another one perhaps another.
    Opaque {
        /// The stack (or template) in which it stands.
        stack: Option<Arc<str>>,
        /// The expression as compact JSON.
        expression: String,
    },
}

impl Zone {
    /// Whether two zones are the same; `None` if it cannot be told.
    #[must_use]
    pub fn same(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Named(a), Self::Named(b)) | (Self::Id(a), Self::Id(b)) | (Self::Symbolic(a), Self::Symbolic(b)) => {
                Some(a == b)
            }
            (Self::Opaque { .. }, Self::Opaque { .. }) if self == other => Some(true),
            _ => None,
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(text) | Self::Id(text) | Self::Symbolic(text) => f.write_str(text),
            Self::Opaque { expression, .. } => f.write_str(expression),
        }
    }
}

pub(super) fn of<'a>(estate: &'a Estate, subnet: &'a Resource) -> Known<'a, Zone> {
    let mut subnet = subnet;
    for _ in 0..DEEPEST {
        let name = subnet.get("AvailabilityZone");
        match name.value().map(|v| &v.kind) {
            Some(Kind::Symbol(symbol)) => return Ok(Zone::Symbolic(Arc::clone(symbol))),
            Some(Kind::Ref(reference)) if reference.attribute.as_deref() == Some("AvailabilityZone") => {
                if let Related::Found(other) = estate.follow(&name, &[SUBNET]) {
                    subnet = other;
                    continue;
                }
            }
            _ => {}
        }
        if let Some(text) = name.as_str() {
            return Ok(Zone::Named(text.into()));
        }
        let id = subnet.get("AvailabilityZoneId");
        if let Some(text) = id.as_str() {
            return Ok(Zone::Id(text.into()));
        }
        return opaque(subnet).ok_or_else(|| {
            let read = if name.why_unknown().is_none() && id.why_unknown().is_some() { id } else { name };
            let why = read.why_unknown().unwrap_or_else(|| Unknown::Outside("the Availability Zone".into()));
            Unsure::new(read, why)
        });
    }
    Err(Unsure::new(subnet.get("AvailabilityZone"), Unknown::Unsupported("a circle of subnets".into())))
}

/// An expression that may come to `AWS::NoValue` leaves the choice of a zone to AWS, which need not choose alike twice.
fn opaque(subnet: &Resource) -> Option<Zone> {
    let set = |name: &&&str| subnet.get(name).why_unknown().is_some();
    let name = ["AvailabilityZone", "AvailabilityZoneId"].iter().find(set)?;
    let expression = to_json(subnet.raw.as_ref()?.child(name)?).to_string();
    (!expression.contains("AWS::NoValue")).then(|| Zone::Opaque { stack: subnet.address.stack.clone(), expression })
}
