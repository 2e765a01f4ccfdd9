//! The places of an estate, the account and its regions: what a rule speaks of when it demands that something exists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Address, GLOBAL, Listed, Resource, World, types};
use crate::source::Span;

/// One resource for each account and for each region of it that the resources lie in or that was listed.
/// In `check`, where nobody knows the account, the place goes by the outermost template.
pub(super) fn places(resources: &[Resource], listed: Option<&Listed>) -> Vec<Resource> {
    let world = listed.map_or(World::Closed, |_| World::Open { reads: &[] });
    let mut scopes: BTreeSet<(&Arc<str>, &Arc<str>)> = BTreeSet::new();
    scopes.extend(listed.into_iter().flatten().map(|((_, account, region), _)| (account, region)));
    scopes.extend(resources.iter().map(|r| (&r.address.account, &r.address.region)));
    let accounts: BTreeSet<&Arc<str>> = scopes.iter().map(|(account, _)| *account).collect();
    let regions =
        scopes.iter().filter(|(_, region)| &***region != GLOBAL).map(|(a, r)| (types::REGION, *a, Arc::clone(r)));
    let wholes = accounts.into_iter().map(|account| (types::WHOLE_ACCOUNT, account, GLOBAL.into()));
    let mut files: BTreeMap<&str, &Resource> = BTreeMap::new();
    for r in resources.iter().filter(|r| &*r.kind == types::TEMPLATE) {
        files.entry(&r.address.account).or_insert(r);
    }
    regions
        .chain(wholes)
        .map(|(kind, account, region)| {
            let file = files.get(&**account).filter(|_| account.is_empty());
            let name: Arc<str> = if &*region == GLOBAL { Arc::clone(account) } else { Arc::clone(&region) };
            let address = Address {
                account: Arc::clone(account),
                region,
                stack: file.and_then(|r| r.address.stack.clone()),
                physical_id: (!name.is_empty()).then_some(name),
                ..Address::default()
            };
            Resource::new(kind, address, world, file.map_or(Span::LIVE, |r| r.at))
        })
        .collect()
}
