//! Restraint: how fast and how many at once. One bucket per account, region and service.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Requests per second and service where AWS publishes no number; half of EC2's published non-mutating burst refill is 10,
/// but the bucket itself holds 100 (EC2 developer guide, "Request throttling"), so 25 stays well inside.
const RATE: f64 = 25.0;
/// Requests that may go at once before the rate binds.
const BURST: f64 = 25.0;

/// Account, region, service.
type Key = (Arc<str>, Arc<str>, &'static str);

/// The calls of one scan.
#[derive(Debug)]
pub(super) struct Limiter {
    in_flight: Semaphore,
    buckets: Mutex<HashMap<Key, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
    rate: f64,
}

impl Limiter {
    /// A limiter that lets `concurrency` requests be in flight at once.
    #[must_use]
    pub(super) fn new(concurrency: usize) -> Self {
        Self { in_flight: Semaphore::new(concurrency.max(1)), buckets: Mutex::default() }
    }

    /// Waits until a call to a service may be made. The permit is held while the call is in flight.
    pub(super) async fn admit(
        &self,
        account: &Arc<str>,
        region: &Arc<str>,
        service: &'static str,
    ) -> Option<SemaphorePermit<'_>> {
        let wait = self.take(account, region, service);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        self.in_flight.acquire().await.ok()
    }

    /// A call that was admitted was not needed.
    pub(super) fn give_back(&self, account: &Arc<str>, region: &Arc<str>, service: &'static str) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(&(Arc::clone(account), Arc::clone(region), service)) {
            bucket.tokens += 1.0;
        }
    }

    /// A service throttled us: everybody who calls it slows down.
    pub(super) fn throttled(&self, account: &Arc<str>, region: &Arc<str>, service: &'static str) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry((Arc::clone(account), Arc::clone(region), service)).or_insert_with(Bucket::full);
        bucket.rate = (bucket.rate / 2.0).max(1.0);
        bucket.tokens = bucket.tokens.min(0.0);
    }

    /// Takes a token, on credit if need be: the answer is how long to wait for it.
    fn take(&self, account: &Arc<str>, region: &Arc<str>, service: &'static str) -> Duration {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry((Arc::clone(account), Arc::clone(region), service)).or_insert_with(Bucket::full);
        let now = Instant::now();
        let refill = now.duration_since(bucket.filled).as_secs_f64() * bucket.rate;
        bucket.tokens = (bucket.tokens + refill).min(BURST) - 1.0;
        bucket.filled = now;
        if bucket.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-bucket.tokens / bucket.rate) }
    }
}

impl Bucket {
    fn full() -> Self {
        Self { tokens: BURST, filled: Instant::now(), rate: RATE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_binds_after_the_burst_and_a_throttle_slows_everybody_down() {
        let limiter = Limiter::new(8);
        let (account, region): (Arc<str>, Arc<str>) = ("1".into(), "r".into());
        let waits: Vec<f64> = (0..50).map(|_| limiter.take(&account, &region, "ec2").as_secs_f64()).collect();
        assert!(waits.iter().take(25).all(|w| *w == 0.0), "a burst goes at once");
        let last = waits.last().copied().unwrap();
        assert!((0.8..=1.0).contains(&last), "25 more take a second at 25/s: {last}");
        assert!(limiter.take(&account, &region, "rds").is_zero(), "each service has a bucket of its own");

        limiter.throttled(&account, &region, "ec2");
        let after = limiter.take(&account, &region, "ec2").as_secs_f64();
        assert!(after > last * 1.5, "half the rate: {after}");
    }
}
