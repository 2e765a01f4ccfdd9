//! Places of an estate by account and region, for digests.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Address, Estate, GLOBAL, Resource};

/// Places of resources, found again by who can know them: see [`Address::near`].
#[derive(Debug, Default)]
pub(in crate::rules) struct Nearby {
    by_account: HashMap<Arc<str>, BTreeMap<Arc<str>, Vec<usize>>>,
}

impl Nearby {
    /// The resources of an estate that `take` takes. They must come in the order of the estate, as those of one type do.
    pub(in crate::rules) fn of<'a>(
        estate: &Estate,
        all: impl Iterator<Item = &'a Resource>,
        take: impl Fn(&Resource) -> bool,
    ) -> Self {
        let mut nearby = Self::default();
        for r in all.filter(|r| take(r)) {
            if let Some(place) = estate.place_of(r) {
                nearby.add(&r.address, place);
            }
        }
        nearby
    }

    /// Adds a place that stands after all others of its region.
    pub(in crate::rules) fn add(&mut self, address: &Address, place: usize) {
        let regions = self.by_account.entry(Arc::clone(&address.account)).or_default();
        regions.entry(Arc::clone(&address.region)).or_default().push(place);
    }

    /// The places near an address, in the order of the estate.
    pub(in crate::rules) fn near(&self, from: &Address) -> impl Iterator<Item = usize> {
        let regions = self.by_account.get(&from.account);
        let everywhere = &*from.region == GLOBAL;
        let own = regions.into_iter().flat_map(move |regions| {
            let (low, high) = if &*from.region < GLOBAL { (&*from.region, GLOBAL) } else { (GLOBAL, &*from.region) };
            let two = [low, high].into_iter().filter(move |_| !everywhere).filter_map(|region| regions.get(region));
            two.chain(regions.values().filter(move |_| everywhere))
        });
        own.flatten().copied()
    }

    /// The last of the places near an address.
    pub(in crate::rules) fn last(&self, from: &Address) -> Option<usize> {
        let regions = self.by_account.get(&from.account)?;
        let everywhere = &*from.region == GLOBAL;
        let of_region = |region: &Arc<str>| everywhere || *region == from.region || &**region == GLOBAL;
        regions.iter().filter(|(region, _)| of_region(region)).filter_map(|(_, places)| places.last()).max().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_the_region_and_the_global_ones_are_near_in_order() {
        let at = |account: &str, region: &str| Address {
            account: account.into(),
            region: region.into(),
            ..Address::default()
        };
        let mut nearby = Nearby::default();
        for (place, (account, region)) in
            [("1", "eu"), ("1", "eu"), ("1", GLOBAL), ("1", "us"), ("2", "eu")].into_iter().enumerate()
        {
            nearby.add(&at(account, region), place);
        }
        let near = |account: &str, region: &str| {
            let from = at(account, region);
            let all: Vec<usize> = nearby.near(&from).collect();
            assert_eq!(nearby.last(&from), all.last().copied());
            all
        };
        assert_eq!(near("1", "eu"), [0, 1, 2]);
        assert_eq!(near("1", "us"), [2, 3]);
        assert_eq!(near("1", GLOBAL), [0, 1, 2, 3]);
        assert_eq!(near("2", "us"), [0_usize; 0]);
    }
}
