//! What a scan judges: accounts, or a recording of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::aws::{Aws, Offline, Restraint};
use super::exit::Failure;
use super::progress::Progress;
use super::signals::{Signal, stopped};
use crate::collect::snapshot::{self, Snapshot};
use crate::collect::{self, Collected, Target, Wanted};
use crate::model::{Stack, types};
use crate::scan;

/// Where a scan's input comes from.
pub(super) struct Input<'a> {
    pub(super) aws: &'a Aws,
    pub(super) restraint: &'a Restraint,
    pub(super) offline: &'a Offline,
    /// Only these stacks.
    pub(super) stacks: Option<&'a [String]>,
    /// Types that the rules look at.
    pub(super) types: BTreeSet<&'static str>,
    /// Which properties the scan is about.
    pub(super) wanted: &'a (dyn Fn(&[Stack]) -> Wanted + Send + Sync),
}

impl Input<'_> {
    /// Reads the accounts or the recording. Secrets are gone from what comes back, and the recording is written if one is asked for.
    pub(super) fn gather(self, progress: &Progress, signal: &Signal) -> Result<Snapshot, Failure> {
        if let Some(path) = &self.offline.snapshot {
            let snapshot = read(path)?;
            return restricted(snapshot, path, self.stacks);
        }
        let mut snapshot = self.collect(progress, signal)?;
        scan::redact(&mut snapshot.collected);
        // In one order, so that a recording of the same state is the same bytes.
        snapshot.collected.resources.sort_by(|a, b| (&a.address, &a.kind).cmp(&(&b.address, &b.kind)));
        if let Some(path) = &self.offline.record {
            write(path, &snapshot).map_err(|source| Failure::Unwritable { to: path.clone(), source })?;
        }
        Ok(snapshot)
    }

    fn collect(&self, progress: &Progress, signal: &Signal) -> Result<Snapshot, Failure> {
        let runtime = runtime()?;
        let accounts = self.aws.accounts()?;
        let target = Target {
            types: self.types.clone(),
            stacks: self.stacks.map(<[String]>::to_vec),
            pace: self.restraint.pace(),
            wanted: self.wanted,
        };
        let options = self.aws.connect();
        let taken = jiff::Timestamp::now();
        let snapshot = runtime.block_on(async {
            let mut stop = std::pin::pin!(stopped(Arc::clone(signal), self.restraint.deadline));
            let opened = tokio::select! {
                opened = collect::open(&options, &accounts) => opened?,
                _ = &mut stop => return Err(Failure::Usage("stopped before any account answered".into())),
            };
            let mut collected = collect::collect(&opened.connections, &target, &|line| progress.say(line), stop).await;
            collected.gaps.extend(opened.refused);
            let accounts = opened.connections.iter().map(|c| (Arc::clone(&c.account), c.regions.clone())).collect();
            Ok::<_, Failure>(Snapshot { accounts, stacks: target.stacks.clone(), taken: Some(taken), collected })
        });
        // What is still in flight after a signal is not waited for.
        runtime.shutdown_background();
        let snapshot = snapshot?;
        if let Some(missing) = snapshot.collected.missing.first() {
            return Err(Failure::Usage(format!("there is no stack {missing} in {}", places(&snapshot.accounts))));
        }
        Ok(snapshot)
    }
}

/// The runtime of a scan.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread().enable_all().build().map_err(|e| Failure::Usage(format!("failed to start: {e}")))
}

fn places(accounts: &BTreeMap<Arc<str>, Vec<Arc<str>>>) -> String {
    let regions: BTreeSet<&str> = accounts.values().flatten().map(|r| &**r).collect();
    let regions: Vec<&str> = regions.into_iter().collect();
    let names: Vec<&str> = accounts.keys().map(|a| &**a).collect();
    let word = if names.len() == 1 { "account" } else { "accounts" };
    format!("{} of {word} {}", regions.join(", "), names.join(", "))
}

fn read(path: &str) -> Result<Snapshot, Failure> {
    let file = File::open(path).map_err(|source| super::files::unreadable(Path::new(path), source))?;
    snapshot::read(file).map_err(|error| Failure::Usage(format!("{path}: {error}")))
}

/// A recording of everything can be judged for some stacks only; not the other way round.
fn restricted(mut snapshot: Snapshot, path: &str, stacks: Option<&[String]>) -> Result<Snapshot, Failure> {
    let recorded = snapshot.stacks.take();
    match (stacks, recorded) {
        (None, Some(only)) => Err(Failure::Usage(format!(
            "{path} holds only {}: judge it with `driftline audit {} --snapshot {path}`",
            only.join(", "),
            only.join(" ")
        ))),
        (None, None) => Ok(snapshot),
        (Some(names), _) => {
            only(&mut snapshot.collected, names)
                .map_err(|name| Failure::Usage(format!("there is no stack {name} in {path}")))?;
            Ok(snapshot)
        }
    }
}

/// Leaves the named stacks and those nested in them; an error is a name that is not there.
fn only(collected: &mut Collected, names: &[String]) -> Result<(), String> {
    let is = |s: &Stack, name: &str| *s.name == *name || *s.id == *name;
    if let Some(missing) = names.iter().find(|name| !collected.stacks.iter().any(|s| is(s, name))) {
        return Err(missing.clone());
    }
    let mut kept: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut next: Vec<&Stack> = collected.stacks.iter().filter(|s| names.iter().any(|name| is(s, name))).collect();
    while let Some(stack) = next.pop() {
        if !kept.insert(Arc::clone(&stack.id)) {
            continue;
        }
        let nested = stack.members.iter().filter(|m| &*m.kind == types::STACK).filter_map(|m| m.physical_id.as_ref());
        for id in nested {
            next.extend(collected.stacks.iter().filter(|s| s.id == *id || s.name == *id));
        }
    }
    collected.stacks.retain(|s| kept.contains(&s.id));
    Ok(())
}

/// Written beside its place and moved there when it is whole.
fn write(path: &str, snapshot: &Snapshot) -> io::Result<()> {
    let partial = format!("{path}.partial");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    snapshot::write(snapshot, options.open(&partial)?)?;
    std::fs::rename(&partial, path)
}
