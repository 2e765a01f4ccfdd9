//! One collection pass: stacks first, then every collector that they or the rules need, side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};

use super::limiter::Pace;
use super::pass::Pass;
use super::stacks::{self, Stacks};
use super::{COLLECTORS, Connection, Cx, Gap, Out, Reach, Wanted, cloud_control};
use crate::model::{Listed, Resource, Stack, Unknown, types};

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

/// Account and region.
pub type Place = (Arc<str>, Arc<str>);

/// Exported values by name.
pub type Exports = BTreeMap<Arc<str>, Arc<str>>;

/// What was collected.
#[derive(Debug, Default)]
pub struct Collected {
    /// Deployed stacks by account, region and name.
    pub stacks: Vec<Stack>,
    /// Exported values by account and region.
    pub exports: BTreeMap<Place, Exports>,
    /// Observed resources.
    pub resources: Vec<Resource>,
    /// Which types were listed in which account and region, and why not where not.
    pub listed: Listed,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Actions called and how often, repeated attempts included.
    pub calls: BTreeMap<&'static str, u64>,
    /// How often a service asked us to be slower.
    pub throttles: u64,
    /// Stacks asked for that exist in no scanned region.
    pub missing: Vec<String>,
    /// Whether the pass was stopped before its end; what was not collected by then is unknown, and a gap.
    pub interrupted: bool,
}

/// What a pass reports while it runs: a line for people.
pub type Progress<'a> = dyn Fn(&str) + Send + Sync + 'a;

/// Why a pass ends before everything is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIGINT or SIGTERM.
    Signal,
    /// The time that it was given is over.
    Deadline,
}

impl Stop {
    fn code(self) -> &'static str {
        match self {
            Self::Signal => "Signal",
            Self::Deadline => "Deadline",
        }
    }
}

/// Collects until done or until `stop` resolves. Errors are data: see [`Collected::gaps`].
pub async fn collect(
    connections: &[Connection],
    target: &Target<'_>,
    progress: &Progress<'_>,
    stop: impl Future<Output = Stop>,
) -> Collected {
    let mut stop = std::pin::pin!(stop);
    let pass = Pass::new(target.pace);
    let mut collected = Collected::default();
    progress(&format!("stacks in {}", places(connections)));
    let nothing = Arc::default();
    let regions = connections.iter().flat_map(|c| pass.places(c, Reach::Regional, &nothing));
    let found = tokio::select! {
        found = read_stacks(target, regions.collect()) => Ok(found),
        why = &mut stop => Err(why),
    };
    let (unreachable, mut stopped) = match found {
        Ok(found) => (take_stacks(&mut collected, target, found), None),
        Err(why) => (BTreeMap::new(), Some(why)),
    };
    let needed = needed(target, &collected.stacks);
    let wanted = Arc::new((target.wanted)(&collected.stacks));
    progress(&format!("{} stacks; resources in {}", collected.stacks.len(), places(connections)));
    let mut work = Work { over: stopped.is_some(), ..Work::default() };
    for connection in connections {
        for &collector in COLLECTORS.iter().filter(|c| c.spec().types.iter().any(|t| needed.contains(t.name))) {
            let spec = collector.spec();
            for cx in pass.places(connection, spec.reach, &wanted) {
                if let Some(why) = unreachable.get(&(Arc::clone(&cx.account), Arc::clone(&cx.region))) {
                    let types = spec.types.iter().map(|t| t.name);
                    skipped(&mut collected, &cx, types.filter(|t| needed.contains(*t)), why);
                    continue;
                }
                let job = Job {
                    cx: cx.clone(),
                    name: spec.name.into(),
                    action: spec.actions.first().copied().unwrap_or_default(),
                    types: spec.types.iter().map(|t| t.name.into()).collect(),
                };
                work.start(job, async move {
                    let mut out = Out::default();
                    collector.collect(&cx, &mut out).await;
                    let listed = std::mem::take(&mut out.listed).into_iter().map(|(k, end)| (k.into(), end)).collect();
                    Done { resources: out.into_small().collect(), listed }
                });
            }
        }
        for cx in pass.places(connection, Reach::Regional, &wanted) {
            let here = collected.stacks.iter().filter(|s| s.account == cx.account && s.region == cx.region);
            let members = cloud_control::members(here);
            if members.is_empty() {
                continue;
            }
            let job = Job {
                cx: cx.clone(),
                name: "cloud control".into(),
                action: cloud_control::READ,
                types: members.keys().cloned().collect(),
            };
            work.start(job, async move {
                let read = cloud_control::read(&cx, members).await;
                Done { resources: read.resources, listed: read.listed }
            });
        }
    }
    while stopped.is_none() {
        tokio::select! {
            done = work.next() => match done {
                Some((job, Ok(done))) => {
                    progress(&format!("{} in {}: {} resources", job.name, job.cx.region, done.resources.len()));
                    take(&mut collected, &job.cx, done);
                }
                // A collector that panicked leaves its types unlisted, and so unknown.
                Some((job, Err(_))) => lost(&mut collected, &job, "failed", "Panic"),
                None => break,
            },
            why = &mut stop => stopped = Some(why),
        }
    }
    if let Some(why) = stopped {
        collected.interrupted = true;
        for job in work.abandon() {
            lost(&mut collected, &job, "interrupted", why.code());
        }
    }
    finish(collected, &pass)
}

fn finish(mut collected: Collected, pass: &Pass) -> Collected {
    for gap in std::mem::take(&mut collected.gaps) {
        pass.calls.gap(gap);
    }
    collected.gaps = pass.calls.gaps();
    collected.calls = pass.calls.made();
    collected.throttles = pass.calls.throttles();
    collected
}

/// One collector at work in one place.
struct Job {
    cx: Cx,
    name: Arc<str>,
    /// The call that a gap names if the job is lost.
    action: &'static str,
    types: Vec<Arc<str>>,
}

/// What a job found.
struct Done {
    resources: Vec<Resource>,
    listed: BTreeMap<Arc<str>, Result<(), Unknown>>,
}

/// The jobs under way.
#[derive(Default)]
struct Work {
    tasks: JoinSet<Done>,
    /// Those that were not started have no id.
    jobs: Vec<(Option<Id>, Job)>,
    /// Whether the pass has ended already. Nothing is started then, only known to be missing.
    over: bool,
}

impl Work {
    fn start(&mut self, job: Job, work: impl Future<Output = Done> + Send + 'static) {
        let id = (!self.over).then(|| self.tasks.spawn(work).id());
        self.jobs.push((id, job));
    }

    async fn next(&mut self) -> Option<(Job, Result<Done, JoinError>)> {
        let (id, outcome) = match self.tasks.join_next_with_id().await? {
            Ok((id, done)) => (id, Ok(done)),
            Err(error) => (error.id(), Err(error)),
        };
        let at = self.jobs.iter().position(|(known, _)| *known == Some(id))?;
        Some((self.jobs.swap_remove(at).1, outcome))
    }

    /// Gives up on everything that has not ended.
    fn abandon(mut self) -> impl Iterator<Item = Job> {
        self.tasks.abort_all();
        self.jobs.into_iter().map(|(_, job)| job)
    }
}

fn take(collected: &mut Collected, cx: &Cx, done: Done) {
    for (kind, end) in done.listed {
        collected.listed.insert((kind, Arc::clone(&cx.account), Arc::clone(&cx.region)), end);
    }
    collected.resources.extend(done.resources);
}

/// Nothing is known of what a job would have found.
fn lost(collected: &mut Collected, job: &Job, cause: &'static str, code: &str) {
    let (account, region) = (&job.cx.account, &job.cx.region);
    let why = Unknown::Failed { action: job.action.into(), code: code.into() };
    for kind in &job.types {
        collected.listed.insert((Arc::clone(kind), Arc::clone(account), Arc::clone(region)), Err(why.clone()));
    }
    collected.gaps.push(Gap {
        account: Arc::clone(account),
        region: Arc::clone(region),
        action: job.action.into(),
        cause,
        code: code.into(),
        affects: job.types.clone(),
    });
}

/// A region that cannot be reached is not asked again by everybody: what would have been read there is unknown for the reason found.
fn skipped(collected: &mut Collected, cx: &Cx, types: impl Iterator<Item = &'static str>, why: &Unknown) {
    let types: Vec<&str> = types.collect();
    for &kind in &types {
        let place = (kind.into(), Arc::clone(&cx.account), Arc::clone(&cx.region));
        collected.listed.insert(place, Err(why.clone()));
    }
    if let Unknown::Failed { action, code } = why {
        cx.gap(action, &types, "unreachable", Arc::clone(code));
    }
}

async fn read_stacks(target: &Target<'_>, places: Vec<Cx>) -> Vec<(Cx, Stacks)> {
    let mut tasks = JoinSet::new();
    for cx in places {
        let names = target.stacks.clone();
        tasks.spawn(async move {
            let found = stacks::read(&cx, names.as_deref()).await;
            (cx, found)
        });
    }
    let mut found = tasks.join_all().await;
    found.sort_by(|(a, _), (b, _)| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
    found
}

/// Takes the stacks; the answer is which regions cannot be reached.
fn take_stacks(collected: &mut Collected, target: &Target<'_>, found: Vec<(Cx, Stacks)>) -> BTreeMap<Place, Unknown> {
    let mut unreachable = BTreeMap::new();
    collected.missing =
        target.stacks.iter().flatten().filter(|n| found.iter().all(|(_, f)| f.missing.contains(n))).cloned().collect();
    for (cx, found) in found {
        let place = (Arc::clone(&cx.account), Arc::clone(&cx.region));
        if let Some(why @ Unknown::Failed { code, .. }) = &found.end
            && super::answer::unreachable(code)
        {
            unreachable.insert(place.clone(), why.clone());
        }
        let scope = (types::STACK.into(), Arc::clone(&cx.account), Arc::clone(&cx.region));
        collected.listed.insert(scope, found.end.map_or(Ok(()), Err));
        collected.exports.insert(place, found.exports);
        collected.stacks.extend(found.list);
    }
    unreachable
}

/// The types to collect: what the rules look at and what the stacks hold.
fn needed(target: &Target<'_>, stacks: &[Stack]) -> BTreeSet<Arc<str>> {
    let of_rules = target.types.iter().map(|&t| Arc::from(t));
    of_rules.chain(stacks.iter().flat_map(|s| &s.members).map(|m| Arc::clone(&m.kind))).collect()
}

fn places(connections: &[Connection]) -> String {
    let regions: BTreeSet<&str> = connections.iter().flat_map(|c| &c.regions).map(|r| &**r).collect();
    let regions = match regions.first() {
        Some(only) if regions.len() == 1 => (*only).to_owned(),
        _ => format!("{} regions", regions.len()),
    };
    if connections.len() == 1 { regions } else { format!("{regions} of {} accounts", connections.len()) }
}
