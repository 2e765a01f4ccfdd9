//! Something for every account and region, for digests.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Address, GLOBAL};

/// One thing per account and region, found again by who can know what is there: see [`Address::near`].
#[derive(Debug)]
pub(in crate::rules) struct ByRegion<T> {
    accounts: HashMap<Arc<str>, BTreeMap<Arc<str>, T>>,
}

impl<T> Default for ByRegion<T> {
    fn default() -> Self {
        Self { accounts: HashMap::new() }
    }
}

impl<T: Default> ByRegion<T> {
    /// That of the account and region of an address.
    pub(in crate::rules) fn at(&mut self, address: &Address) -> &mut T {
        let regions = self.accounts.entry(Arc::clone(&address.account)).or_default();
        regions.entry(Arc::clone(&address.region)).or_default()
    }

    /// Those that an address can know.
    pub(in crate::rules) fn near(&self, from: &Address) -> impl Iterator<Item = &T> {
        let regions = self.accounts.get(&from.account);
        let everywhere = &*from.region == GLOBAL;
        let two = [&*from.region, GLOBAL].into_iter().filter(move |_| !everywhere);
        let some = two.filter_map(move |region| regions?.get(region));
        some.chain(regions.into_iter().flat_map(BTreeMap::values).filter(move |_| everywhere))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_global_knows_all_regions_of_its_account_and_is_known_in_all() {
        let at = |account: &str, region: &str| Address {
            account: account.into(),
            region: region.into(),
            ..Address::default()
        };
        let mut all: ByRegion<Vec<usize>> = ByRegion::default();
        for (n, (account, region)) in
            [("1", "eu"), ("1", "eu"), ("1", GLOBAL), ("1", "us"), ("2", "eu")].into_iter().enumerate()
        {
            all.at(&at(account, region)).push(n);
        }
        for (account, region, expected) in [
            ("1", "eu", vec![0, 1, 2]),
            ("1", "us", vec![2, 3]),
            ("1", GLOBAL, vec![0, 1, 2, 3]),
            ("2", "us", vec![]),
            ("3", "eu", vec![]),
        ] {
            let mut near: Vec<usize> = all.near(&at(account, region)).flatten().copied().collect();
            near.sort_unstable();
            assert_eq!(near, expected, "{account} {region}");
        }
    }
}
