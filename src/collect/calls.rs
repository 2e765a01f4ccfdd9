//! What the scan did: every action called, and everything that could not be read. Shared by all tasks of a scan.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Gap;

/// Counts calls and keeps gaps.
#[derive(Debug, Default)]
pub(super) struct Calls {
    made: Mutex<BTreeMap<&'static str, u64>>,
    throttles: AtomicU64,
    gaps: Mutex<Vec<Gap>>,
}

impl Calls {
    /// Notes that an action is called.
    pub(super) fn count(&self, action: &'static str) {
        *self.made.lock().unwrap_or_else(PoisonError::into_inner).entry(action).or_default() += 1;
    }

    /// Notes that a service asked us to be slower.
    pub(super) fn throttle(&self) {
        self.throttles.fetch_add(1, Ordering::Relaxed);
    }

    /// How often a service asked us to be slower.
    pub(super) fn throttles(&self) -> u64 {
        self.throttles.load(Ordering::Relaxed)
    }

    /// Notes something that could not be read.
    pub(super) fn gap(&self, gap: Gap) {
        self.gaps.lock().unwrap_or_else(PoisonError::into_inner).push(gap);
    }

    /// The IAM actions called and how often.
    #[must_use]
    pub(super) fn made(&self) -> BTreeMap<&'static str, u64> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The gaps, sorted and without repetitions; gaps of one action are merged in what they affect.
    #[must_use]
    pub(super) fn gaps(&self) -> Vec<Gap> {
        let mut merged: BTreeMap<[Arc<str>; 4], Gap> = BTreeMap::new();
        for gap in self.gaps.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let key = [&gap.account, &gap.region, &gap.action, &gap.code].map(Arc::clone);
            let known = merged.entry(key).or_insert_with(|| Gap { affects: Vec::new(), ..gap.clone() });
            known.affects.extend(gap.affects.iter().cloned());
            known.affects.sort();
            known.affects.dedup();
        }
        merged.into_values().collect()
    }
}
