//! Restraint: how fast and how many at once. One bucket per account, region and class of actions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Turnstile, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::limits::{Class, class};

/// How far the rate grows where AWS publishes no quota and nobody is throttled.
const CEILING: f64 = 250.0;
/// How much the rate grows in a second where no quota is published.
const GROWTH: f64 = 25.0;
/// How much of the first rate comes back in a second after a throttle.
const RECOVERY: f64 = 0.05;
/// How long after a throttle others that were sent before it may still come back throttled.
const ON_ITS_WAY: Duration = Duration::from_secs(1);
/// However often it is throttled, a scan goes on.
const FLOOR: f64 = 0.5;

/// What a request counts against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) account: Arc<str>,
    pub(super) region: Arc<str>,
    pub(super) action: &'static str,
}

/// Account, region, name of the class.
type Key = (Arc<str>, Arc<str>, &'static str);

/// How fast a scan may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Requests in flight at once.
    pub concurrency: usize,
    /// Whether calls are held to half of AWS's quotas. Off only for emulators and measurements.
    pub polite: bool,
    /// Requests per second over all services, if they are limited as a whole.
    pub rps: Option<f64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { concurrency: 64, polite: true, rps: None }
    }
}

/// The calls of one scan.
#[derive(Debug)]
pub(super) struct Limiter {
    in_flight: Semaphore,
    polite: bool,
    whole: Option<Bucket>,
    buckets: Mutex<HashMap<Key, Arc<Bucket>>>,
}

#[derive(Debug)]
struct Bucket {
    /// Whoever waits for a token holds it: first come, first served.
    turn: Turnstile<()>,
    tokens: Mutex<Tokens>,
}

#[derive(Debug)]
struct Tokens {
    left: f64,
    filled: Instant,
    rate: f64,
    ceiling: f64,
    growth: f64,
    burst: f64,
    /// When it was last throttled.
    slowed: Option<Instant>,
}

impl Limiter {
    pub(super) fn new(pace: Pace) -> Self {
        let whole = |rps: f64| Class { name: "", rate: rps, burst: rps.max(1.0), published: true };
        Self {
            in_flight: Semaphore::new(pace.concurrency.max(1)),
            polite: pace.polite,
            whole: pace.rps.map(|rps| Bucket::new(whole(rps))),
            buckets: Mutex::default(),
        }
    }

    /// Waits until a request may be sent. The permit is held while it is in flight.
    pub(super) async fn admit(&self, scope: &Scope) -> Option<SemaphorePermit<'_>> {
        if self.polite {
            self.bucket(scope).take().await;
        }
        if let Some(whole) = &self.whole {
            whole.take().await;
        }
        self.in_flight.acquire().await.ok()
    }

    /// A service said "slower": everybody who asks it slows down, those who already wait included.
    pub(super) fn throttled(&self, scope: &Scope) {
        self.bucket(scope).tokens().slow_down(Instant::now());
    }

    fn bucket(&self, scope: &Scope) -> Arc<Bucket> {
        let class = class(scope.action);
        let key = (Arc::clone(&scope.account), Arc::clone(&scope.region), class.name);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(buckets.entry(key).or_insert_with(|| Arc::new(Bucket::new(class))))
    }
}

impl Bucket {
    fn new(class: Class) -> Self {
        let tokens = Tokens {
            left: class.burst,
            filled: Instant::now(),
            rate: class.rate,
            ceiling: if class.published { class.rate } else { CEILING },
            growth: if class.published { class.rate * RECOVERY } else { GROWTH },
            burst: class.burst,
            slowed: None,
        };
        Self { turn: Turnstile::new(()), tokens: Mutex::new(tokens) }
    }

    async fn take(&self) {
        let turn = self.turn.lock().await;
        loop {
            let wait = self.tokens().take(Instant::now());
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => break,
            }
        }
        drop(turn);
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tokens {
    /// Takes a token, or says how long to wait before asking again.
    fn take(&mut self, now: Instant) -> Option<Duration> {
        let passed = now.duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.left = (self.left + passed * self.rate).min(self.burst);
        self.rate = (self.rate + passed * self.growth).min(self.ceiling);
        if self.left >= 1.0 {
            self.left -= 1.0;
            return None;
        }
        Some(Duration::from_secs_f64(((1.0 - self.left) / self.rate).max(0.001)))
    }

    /// Half the rate, no burst left, and from now on only slowly back to three quarters of what was too much. What was already on its way when
    /// the first throttle came says nothing new.
    fn slow_down(&mut self, now: Instant) {
        if self.slowed.is_some_and(|at| now.duration_since(at) < ON_ITS_WAY) {
            return;
        }
        self.slowed = Some(now);
        self.ceiling = (self.rate * 0.75).max(FLOOR);
        self.growth = self.ceiling * RECOVERY;
        self.rate = (self.rate / 2.0).max(FLOOR);
        self.left = self.left.min(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(action: &'static str) -> Scope {
        Scope { account: "1".into(), region: "r".into(), action }
    }

    async fn seconds(limiter: &Limiter, action: &'static str, calls: usize) -> f64 {
        let start = Instant::now();
        for _ in 0..calls {
            limiter.admit(&scope(action)).await;
        }
        start.elapsed().as_secs_f64()
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_rate_binds_after_the_burst_and_each_class_has_a_bucket_of_its_own() {
        let limiter = Limiter::new(Pace::default());
        assert!(seconds(&limiter, "cloudtrail:ListTags", 5).await < 0.1, "a burst goes at once");
        let bound = seconds(&limiter, "cloudtrail:ListTags", 3).await;
        assert!((0.55..0.9).contains(&bound), "3 more at 5/s: {bound}");
        assert!(seconds(&limiter, "cloudtrail:DescribeTrails", 5).await < 0.1);
    }

    #[test]
    fn a_throttle_halves_the_rate_and_it_comes_back_slowly_and_not_whole() {
        let bucket = Bucket::new(class("cloudtrail:ListTags"));
        let mut tokens = bucket.tokens();
        let start = tokens.filled;
        tokens.slow_down(start);
        tokens.slow_down(start);
        assert!((tokens.rate - 2.5).abs() < 0.01, "{}", tokens.rate);
        assert!(tokens.take(start).is_some(), "the burst is gone");
        tokens.take(start + Duration::from_secs(2));
        assert!((2.5..3.5).contains(&tokens.rate), "{}", tokens.rate);
        tokens.take(start + Duration::from_mins(10));
        assert!((tokens.rate - 3.75).abs() < 0.01, "three quarters of what was too much: {}", tokens.rate);
    }

    #[test]
    fn an_undocumented_rate_grows_until_somebody_is_throttled() {
        let bucket = Bucket::new(class("iam:ListRoles"));
        let mut tokens = bucket.tokens();
        let start = tokens.filled;
        tokens.take(start + Duration::from_secs(4));
        assert!((tokens.rate - 125.0).abs() < 0.1, "{}", tokens.rate);
        tokens.take(start + Duration::from_mins(1));
        assert!((tokens.rate - CEILING).abs() < 0.1);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_limit_over_all_services_holds_where_the_others_are_lifted() {
        let limiter = Limiter::new(Pace { concurrency: 64, polite: false, rps: Some(10.0) });
        let spent = seconds(&limiter, "ec2:DescribeVpcs", 7).await + seconds(&limiter, "iam:ListRoles", 8).await;
        assert!((0.4..0.9).contains(&spent), "15 at 10/s after a burst of 10: {spent}");
    }
}
