//! What the tasks of a collection pass share: one limiter, one count of calls, and a context for each account and region.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::calls::Calls;
use super::limiter::{Limiter, Pace};
use super::tags::Listings;
use super::{Collector, Connection, Cx, Gap, Out, Reach, Wanted};
use crate::model::{GLOBAL, Resource};

/// One pass through one or more accounts.
#[derive(Debug)]
pub(super) struct Pass {
    limiter: Arc<Limiter>,
    pub(super) calls: Arc<Calls>,
}

impl Pass {
    pub(super) fn new(pace: Pace) -> Self {
        Self { limiter: Arc::new(Limiter::new(pace)), calls: Arc::default() }
    }

    /// One account and region, or what is global in the account.
    pub(super) fn cx(&self, connection: &Connection, region: &str, wanted: &Arc<Wanted>) -> Cx {
        Cx {
            account: Arc::clone(&connection.account),
            region: region.into(),
            partition: Arc::clone(&connection.partition),
            scanned: connection.regions.iter().cloned().collect(),
            config: if region == GLOBAL { connection.config.clone() } else { connection.config_for(region) },
            wanted: Arc::clone(wanted),
            limiter: Arc::clone(&self.limiter),
            calls: Arc::clone(&self.calls),
            tags: Arc::default(),
        }
    }

    /// Where a collector runs in an account.
    pub(super) fn places(&self, connection: &Connection, reach: Reach, wanted: &Arc<Wanted>) -> Vec<Cx> {
        match reach {
            Reach::Global => vec![self.cx(connection, GLOBAL, wanted)],
            Reach::Regional => connection.regions.iter().map(|region| self.cx(connection, region, wanted)).collect(),
        }
    }
}

/// What one collector finds when everything is wanted, and the calls that it makes for it.
#[derive(Debug)]
pub struct Inspected {
    /// What it found, in all regions.
    pub resources: Vec<Resource>,
    /// Actions called and how often.
    pub calls: BTreeMap<&'static str, u64>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// Runs one collector alone, as fast as it can. For tests of collectors.
pub async fn inspect(connection: &Connection, collector: &'static dyn Collector) -> Inspected {
    let pass = Pass::new(Pace { polite: false, ..Pace::default() });
    let mut out = Out::default();
    for mut cx in pass.places(connection, collector.spec().reach, &Arc::new(Wanted::everything())) {
        cx.tags = Arc::new(Listings::off());
        collector.collect(&cx, &mut out).await;
    }
    Inspected { resources: out.into_small().collect(), calls: pass.calls.made(), gaps: pass.calls.gaps() }
}
