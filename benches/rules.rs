//! How time grows with an account: all rules over the fixtures of all rules, copied until there are enough resources, in one account and region.
//! `docs/performance.md` says how to run and read this.

#[path = "../tests/it/fixtures.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "only the live side is measured; a bench that cannot go on fails")]
mod fixtures;

use std::collections::BTreeMap;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;

use driftline::collect::COLLECTORS;
use driftline::judge;
use driftline::model::{Estate, GLOBAL, Listed, Resource, from_json, to_json, types};
use driftline::profile::Active;
use driftline::rules;
use driftline::source::Sources;

/// Resources of a large account; twice and four times a quarter of it, to see that time is linear.
const RESOURCES: [usize; 3] = [25_000, 50_000, 100_000];

fn main() {
    divan::main();
}

fn every_rule() -> Vec<Active> {
    rules::all().map(Active::by_default).collect()
}

/// The live resources of all fixtures, each fixture under names of its own.
fn base() -> Vec<Resource> {
    let mut all = Vec::new();
    for (n, rule) in rules::all().enumerate() {
        let documents = fixtures::documents(&mut Sources::default(), rule.id, rule.fixture);
        for (m, document) in documents.iter().enumerate() {
            let (estate, _) = document.live(rule);
            let made = [types::REGION, types::WHOLE_ACCOUNT];
            let live = estate.iter().filter(|r| !made.contains(&&*r.kind));
            all.extend(live.map(|r| renamed(r, &format!("{n}-{m}"))));
        }
    }
    all
}

/// The same resource under another name, whoever refers to it included.
fn renamed(r: &Resource, name: &str) -> Resource {
    let rename = |text: &str| {
        text.replace("live-", &format!("live-{name}-"))
            .replace(":fixture:us-east-1:123456789012:", &format!(":fixture:us-east-1:123456789012:{name}-"))
    };
    let mut copy = r.clone();
    for (from, to) in [(&r.properties, &mut copy.properties), (&r.attributes, &mut copy.attributes)] {
        if !r.kind.starts_with("Driftline::") {
            *to = from_json(&serde_json::from_str(&rename(&to_json(from).to_string())).expect("JSON stays JSON"));
        }
    }
    for id in [&mut copy.address.physical_id, &mut copy.address.arn] {
        *id = id.as_deref().map(|id| Arc::from(rename(id)));
    }
    copy
}

/// An account of so many resources. What an account has once stays single.
fn account(base: &[Resource], resources: usize) -> Estate {
    let mut all = base.to_vec();
    for n in 0.. {
        let copies = base.iter().filter(|r| !r.kind.starts_with("Driftline::"));
        all.extend(copies.map(|r| renamed(r, &format!("copy{n}"))));
        if all.len() >= resources {
            break;
        }
    }
    all.truncate(resources);
    let kinds = COLLECTORS.iter().flat_map(|c| c.spec().types).map(|t| Arc::<str>::from(t.name));
    let listed: Listed = kinds
        .flat_map(|k| {
            ["us-east-1", GLOBAL].map(|region| ((Arc::clone(&k), Arc::from("123456789012"), region.into()), Ok(())))
        })
        .collect::<BTreeMap<_, _>>();
    Estate::new(all, Some(listed)).taken_at("2026-01-31T12:00:00Z".parse().ok())
}

#[divan::bench(args = RESOURCES, sample_count = 3, sample_size = 1)]
fn a_judge(bencher: Bencher<'_, '_>, resources: usize) {
    let estate = account(&base(), resources);
    let active = every_rule();
    bencher.counter(ItemsCount::new(resources)).bench_local(|| judge::observed(&active, &estate).len());
}

/// The slowest rules over a large account: what to look at first when the whole becomes slow.
#[divan::bench(sample_count = 1, sample_size = 1)]
#[expect(clippy::print_stderr, reason = "divan has no place for names")]
fn b_slowest(bencher: Bencher<'_, '_>) {
    let estate = account(&base(), 100_000);
    bencher.bench_local(|| {
        let mut times: Vec<(std::time::Duration, &str)> = every_rule()
            .into_iter()
            .map(|active| {
                let (id, one, start) = (active.rule.id, [active], std::time::Instant::now());
                divan::black_box(judge::observed(&one, &estate).len());
                (start.elapsed(), id)
            })
            .collect();
        times.sort();
        let worst: Vec<String> =
            times.iter().rev().take(10).map(|(t, id)| format!("{id} {} ms", t.as_millis())).collect();
        eprintln!("\n{}", worst.join("\n"));
    });
}
