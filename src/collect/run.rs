//! One collection pass: stacks first, then every collector that they or the rules need, side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::calls::Calls;
use super::limiter::{Limiter, Pace};
use super::stacks::{self, Stacks};
use super::{COLLECTORS, Collector, Connection, Cx, Gap, Out, Reach, Wanted};
use crate::model::{GLOBAL, Listed, Resource, Stack};

/// What to collect.
pub struct Target<'a> {
    /// Types that the rules look at; collectors that fill none of them run only if a stack holds one of their types.
    pub types: BTreeSet<&'static str>,
    /// Only these stacks and what is nested in them; `None` for all.
    pub stacks: Option<Vec<String>>,
    /// How fast.
    pub pace: Pace,
    /// Which properties the scan is about, once the stacks are known.
    pub wanted: &'a (dyn Fn(&[Stack]) -> Wanted + Send + Sync),
}

/// What was collected.
#[derive(Debug, Default)]
pub struct Collected {
    /// Deployed stacks by region and name.
    pub stacks: Vec<Stack>,
    /// Exported values by region.
    pub exports: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<str>>>,
    /// Observed resources.
    pub resources: Vec<Resource>,
    /// Which types were listed in which account and region, and why not where not.
    pub listed: Listed,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Actions called and how often.
    pub calls: BTreeMap<&'static str, u64>,
    /// Stacks asked for that exist in no scanned region.
    pub missing: Vec<String>,
    /// Whether the pass was stopped before its end; what was not collected by then is unknown.
    pub interrupted: bool,
}

/// What a pass reports while it runs: a line for people.
pub type Progress<'a> = dyn Fn(&str) + Send + Sync + 'a;

/// Collects until done or until `stop` resolves. Errors are data: see [`Collected::gaps`].
pub async fn collect(
    connection: &Connection,
    target: &Target<'_>,
    progress: &Progress<'_>,
    stop: impl Future<Output = ()>,
) -> Collected {
    let mut stop = std::pin::pin!(stop);
    let pass = Pass::new(connection, target.pace);
    let nothing = Arc::default();
    let mut collected = Collected::default();
    progress(&format!("stacks in {}", list(&connection.regions)));
    tokio::select! {
        () = read_stacks(&mut collected, target, pass.places(Reach::Regional, &nothing).into_iter()) => {}
        () = &mut stop => collected.interrupted = true,
    }
    let needed = needed(target, &collected.stacks);
    let wanted = Arc::new((target.wanted)(&collected.stacks));
    progress(&format!("{} stacks; resources in {}", collected.stacks.len(), list(&connection.regions)));
    let mut tasks = JoinSet::new();
    for &collector in COLLECTORS.iter().filter(|c| c.spec().types.iter().any(|t| needed.contains(t.name))) {
        for cx in pass.places(collector.spec().reach, &wanted) {
            tasks.spawn(run(collector, cx));
        }
    }
    while !collected.interrupted {
        tokio::select! {
            done = tasks.join_next() => match done {
                Some(Ok((name, cx, out))) => {
                    progress(&format!("{name} in {}: {} resources", cx.region, out.resources.len()));
                    take(&mut collected, &cx, name, out);
                }
                // A collector that panicked leaves its types unlisted, and so unknown.
                Some(Err(_)) => {}
                None => break,
            },
            () = &mut stop => collected.interrupted = true,
        }
    }
    tasks.abort_all();
    collected.gaps = pass.calls.gaps();
    collected.calls = pass.calls.made();
    collected
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
    let pass = Pass::new(connection, Pace { polite: false, ..Pace::default() });
    let wanted = Arc::new(Wanted::everything());
    let mut resources = Vec::new();
    for cx in pass.places(collector.spec().reach, &wanted) {
        resources.extend(run(collector, cx).await.2.resources);
    }
    Inspected { resources, calls: pass.calls.made(), gaps: pass.calls.gaps() }
}

/// What all tasks of a pass through one account share.
struct Pass<'a> {
    connection: &'a Connection,
    limiter: Arc<Limiter>,
    calls: Arc<Calls>,
    scanned: Arc<[Arc<str>]>,
}

impl<'a> Pass<'a> {
    fn new(connection: &'a Connection, pace: Pace) -> Self {
        Self {
            connection,
            limiter: Arc::new(Limiter::new(pace)),
            calls: Arc::default(),
            scanned: connection.regions.iter().cloned().collect(),
        }
    }

    fn cx(&self, region: &str, wanted: &Arc<Wanted>) -> Cx {
        let connection = self.connection;
        Cx {
            account: Arc::clone(&connection.account),
            region: region.into(),
            partition: Arc::clone(&connection.partition),
            scanned: Arc::clone(&self.scanned),
            config: if region == GLOBAL { connection.config.clone() } else { connection.config_for(region) },
            wanted: Arc::clone(wanted),
            limiter: Arc::clone(&self.limiter),
            calls: Arc::clone(&self.calls),
            tags: Arc::default(),
        }
    }

    /// Where a collector runs.
    fn places(&self, reach: Reach, wanted: &Arc<Wanted>) -> Vec<Cx> {
        match reach {
            Reach::Global => vec![self.cx(GLOBAL, wanted)],
            Reach::Regional => self.connection.regions.iter().map(|region| self.cx(region, wanted)).collect(),
        }
    }
}

async fn run(collector: &'static dyn Collector, cx: Cx) -> (&'static str, Cx, Out) {
    let mut out = Out::default();
    collector.collect(&cx, &mut out).await;
    (collector.spec().name, cx, out)
}

fn take(collected: &mut Collected, cx: &Cx, name: &str, out: Out) {
    for (kind, end) in out.listed {
        collected.listed.insert((kind.into(), Arc::clone(&cx.account), Arc::clone(&cx.region)), end);
    }
    debug_assert!(
        out.resources.iter().all(|r| super::reads(&r.kind).is_some()),
        "{name} emits a type that its spec does not name"
    );
    collected.resources.extend(out.resources);
}

async fn read_stacks(collected: &mut Collected, target: &Target<'_>, places: impl Iterator<Item = Cx>) {
    let mut tasks = JoinSet::new();
    for cx in places {
        let names = target.stacks.clone();
        tasks.spawn(async move {
            let found = stacks::read(&cx, names.as_deref()).await;
            (cx, found)
        });
    }
    let mut found: Vec<(Cx, Stacks)> = tasks.join_all().await;
    found.sort_by(|a, b| a.0.region.cmp(&b.0.region));
    collected.missing =
        target.stacks.iter().flatten().filter(|n| found.iter().all(|(_, f)| f.missing.contains(n))).cloned().collect();
    for (cx, found) in found {
        let scope = (crate::model::types::STACK.into(), Arc::clone(&cx.account), Arc::clone(&cx.region));
        collected.listed.insert(scope, found.end.map_or(Ok(()), Err));
        collected.exports.insert(Arc::clone(&cx.region), found.exports);
        collected.stacks.extend(found.list);
    }
}

/// The types to collect: what the rules look at and what the stacks hold.
fn needed(target: &Target<'_>, stacks: &[Stack]) -> BTreeSet<Arc<str>> {
    let of_rules = target.types.iter().map(|&t| Arc::from(t));
    of_rules.chain(stacks.iter().flat_map(|s| &s.members).map(|m| Arc::clone(&m.kind))).collect()
}

fn list(regions: &[Arc<str>]) -> String {
    match regions {
        [one] => one.to_string(),
        many => format!("{} regions", many.len()),
    }
}
