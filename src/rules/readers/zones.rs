//! Whether things lie in different Availability Zones, as far as zones can be told apart.

use crate::model::network::{Known, Network, SUBNET, Unsure, Zone};
use crate::model::{Estate, Kind, Read, Related, Unknown, to_json};
use crate::rules::{Evidence, Verdict};

use super::policy::principal::written;

/// The zones of several things.
#[derive(Debug, Default)]
pub(in crate::rules) struct Spread<'a> {
    known: Vec<Zone>,
    /// Things whose zone is not known.
    open: Vec<Unsure<'a>>,
    /// Whether there may be any number of others.
    unbounded: bool,
}

impl<'a> Spread<'a> {
    /// Adds one thing.
    pub(in crate::rules) fn add(&mut self, zone: Known<'a, Zone>) {
        match zone {
            Ok(zone) => self.known.push(zone),
            Err(open) => self.open.push(*open),
        }
    }

    /// Adds any number of things that cannot be seen.
    pub(in crate::rules) fn add_unseen(&mut self, read: Read<'a>, why: Unknown) {
        self.open.push(Unsure { read, why });
        self.unbounded = true;
    }

    /// How many things there are, at least.
    pub(in crate::rules) fn len(&self) -> usize {
        self.known.len() + self.open.len()
    }

    /// They lie in so many zones or more.
    pub(in crate::rules) fn require(&self, least: usize, subject: &Read<'_>, expected: &str) -> Verdict {
        let mut different: Vec<&Zone> = Vec::new();
        let mut unequal: Vec<&Zone> = Vec::new();
        for zone in &self.known {
            if different.iter().all(|other| zone.same(other) == Some(false)) {
                different.push(zone);
            }
            if unequal.iter().all(|other| zone.same(other) != Some(true)) {
                unequal.push(zone);
            }
        }
        if different.len() >= least {
            return Verdict::Pass;
        }
        if !self.unbounded && unequal.len() + self.open.len() < least {
            let zones: Vec<String> = unequal.iter().map(ToString::to_string).collect();
            let actual = Some(zones.join(", ")).filter(|text| !text.is_empty());
            return Verdict::fail(Evidence { actual, ..Evidence::of(subject, expected) });
        }
        let Some(open) = self.open.first() else {
            let why = Unknown::Unsupported("comparing zones that are told in different ways".into());
            return Verdict::unknown(Evidence::unknown(subject, expected, &why));
        };
        let verdict = Verdict::unknown(Evidence::unknown(&open.read, expected, &open.why));
        let own = std::ptr::eq(open.read.resource, subject.resource);
        if own { verdict } else { verdict.on(open.read.resource.address.name()) }
    }
}

/// The zone that a property names.
pub(in crate::rules) fn named<'a>(estate: &'a Estate, read: &Read<'a>) -> Known<'a, Zone> {
    match read.value().map(|v| &v.kind) {
        Some(Kind::Symbol(symbol)) => return Ok(Zone::Symbolic(symbol.clone())),
        Some(Kind::Ref(_)) => {
            if let Related::Found(subnet) = estate.follow(read, &[SUBNET]) {
                return Network::new(estate).zone(subnet);
            }
        }
        _ => {}
    }
    if let Some(text) = read.as_str() {
        return Ok(Zone::Named(text.into()));
    }
    let Some(why) = read.why_unknown() else {
        return Err(Unsure::new(read.clone(), Unknown::Outside("the zone that AWS chooses".into())));
    };
    // The same expression is the same zone, unless it comes to nothing: then AWS chooses.
    let expression = written(read).map(|value| to_json(value).to_string());
    match expression.filter(|text| !text.contains("AWS::NoValue")) {
        Some(expression) => Ok(Zone::Opaque { stack: read.resource.address.stack.clone(), expression }),
        None => Err(Unsure::new(read.clone(), why)),
    }
}

/// The zone of the subnet that a property refers to.
pub(in crate::rules) fn of_subnet<'a>(estate: &'a Estate, read: &Read<'a>) -> Known<'a, Zone> {
    match estate.follow(read, &[SUBNET]) {
        Related::Found(subnet) => Network::new(estate).zone(subnet),
        Related::Missing => Err(Unsure::new(read.clone(), Unknown::Outside("the subnet".into()))),
        Related::Unknown(why) => Err(Unsure::new(read.clone(), why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Resource, World};
    use crate::source::Span;

    #[test]
    fn zones_count_once_and_what_is_not_known_may_be_another() {
        let r = Resource::new("T", Address::default(), World::Closed, Span::LIVE);
        let judge = |zones: &[&str], open: usize| {
            let mut spread = Spread::default();
            for zone in zones {
                spread.add(Ok(Zone::Named((*zone).into())));
            }
            for _ in 0..open {
                spread.add(Err(Unsure::new(r.get("Zone"), Unknown::NotCollected)));
            }
            spread.require(2, &r.get("Zones"), "two zones").word()
        };
        assert_eq!(judge(&["a", "b"], 0), "pass");
        assert_eq!(judge(&["a", "a"], 0), "fail");
        assert_eq!(judge(&["a"], 1), "unknown");
        assert_eq!(judge(&[], 1), "fail", "one thing lies in one zone");
        assert_eq!(judge(&["a", "b"], 1), "pass");
    }
}
