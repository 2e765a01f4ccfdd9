//! What a collector found, and how its listings ended.

use std::collections::BTreeMap;

use crate::model::{Resource, Unknown};

/// What a collector found.
#[derive(Debug, Default)]
pub struct Out {
    /// Resources, in any order.
    pub resources: Vec<Resource>,
    /// Resources that are as small as they can be already.
    pub(super) small: Vec<Resource>,
    /// Which types were listed to the end, and why not where not.
    pub listed: BTreeMap<&'static str, Result<(), Unknown>>,
}

impl Out {
    /// Takes a resource.
    pub fn push(&mut self, resource: Resource) {
        self.resources.push(resource);
    }

    /// Takes a resource of which an account may have very many, in as little memory as it needs.
    pub fn keep(&mut self, mut resource: Resource) {
        resource.compact();
        self.small.push(resource);
    }

    /// What one listing of a type gave, and how it ended.
    pub(super) fn of(
        kind: &'static str,
        resources: impl IntoIterator<Item = Resource>,
        end: &Result<(), Unknown>,
    ) -> Self {
        let mut out = Self::default();
        out.resources.extend(resources);
        out.listed(kind, end);
        out
    }

    /// Everything, in as little memory as it needs.
    pub(super) fn into_small(self) -> impl Iterator<Item = Resource> {
        let smaller = |mut resource: Resource| {
            resource.compact();
            resource
        };
        self.small.into_iter().chain(self.resources.into_iter().map(smaller))
    }

    /// Says how the listing of a type ended. A failure is not forgotten by a later success.
    pub fn listed(&mut self, kind: &'static str, end: &Result<(), Unknown>) {
        let known = self.listed.entry(kind).or_insert(Ok(()));
        if known.is_ok() {
            known.clone_from(end);
        }
    }

    /// Takes over what another part of the same collector found.
    pub fn merge(&mut self, other: Self) {
        self.resources.extend(other.resources);
        self.small.extend(other.small);
        for (kind, end) in other.listed {
            self.listed(kind, &end);
        }
    }
}
