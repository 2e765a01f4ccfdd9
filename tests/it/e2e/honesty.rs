//! Every call that a scan makes, refused one at a time: what is not seen is never good, never bad, and always said.

use std::collections::BTreeSet;

use serde_json::Value;

use super::emulator::{Emulator, FOLLOWED, REGION, run};
use super::proxy::{Fault, Memory, Proxy};
use super::report::deleted;

const SCAN: &[&str] = &["scan", "--region", REGION, "--compliance", FOLLOWED, "--all"];

/// Rule and physical id of every finding of some classes. Without stacks nobody knows logical ids.
fn findings(report: &Value, classes: &[&str]) -> BTreeSet<String> {
    let all = report["findings"].as_array().unwrap().iter();
    let wanted = all.filter(|f| classes.contains(&f["class"].as_str().unwrap()));
    wanted.map(|f| format!("{} {}", f["rule"].as_str().unwrap(), f["resource"]["physical_id"])).collect()
}

/// Classes in which the live side certainly fails.
const FAILING: &[&str] = &["drift", "live", "unmanaged"];
/// Classes that say whose fault it is.
const ATTRIBUTED: &[&str] = &["drift", "latent", "unmanaged"];

#[test]
fn a_refused_call_invents_nothing_and_hides_nothing() {
    let moto = Emulator::start("moto", &[]).expect("moto needs Python 3 only");
    moto.script("deploy.py", &["--emulator", "moto"]);
    moto.script("drift.py", &[]);
    let memory = Memory::default();
    let open = Proxy::from_memory(&moto.endpoint, Some(&memory), |_, _| Fault::None);
    let (_, whole) = run(&open.endpoint, SCAN);
    let (failing, passing) = (findings(&whole, FAILING), findings(&whole, &["compliant"]));
    let (attributed, gone) = (findings(&whole, ATTRIBUTED), deleted(&whole));
    assert!(failing.len() > 5 && passing.len() > 20);

    // Without an identity there is no scan; regions that were asked for need no list.
    let always: BTreeSet<&str> = BTreeSet::from(["sts:GetCallerIdentity", "ec2:DescribeRegions"]);
    let mut wrong = Vec::new();
    for action in open.called().iter().filter(|a| !always.contains(a.as_str())) {
        let refused = action.clone();
        let refuse = move |a: &str, _| if *a == *refused { Fault::Denied } else { Fault::None };
        let proxy = Proxy::from_memory(&moto.endpoint, Some(&memory), refuse);
        let (_, partial) = run(&proxy.endpoint, SCAN);
        let gaps = partial["gaps"].as_array().unwrap();
        if !gaps.iter().any(|g| g["action"] == action.as_str() && g["cause"] == "denied") {
            wrong.push(format!("{action}: no gap"));
        }
        let mut forbid = |what: &str, found: Vec<&String>| {
            wrong.extend(found.iter().map(|f| format!("{action}: {what} {f}")));
        };
        let (now_failing, now_passing) = (findings(&partial, FAILING), findings(&partial, &["compliant"]));
        // Without stacks nobody knows what belongs to what: a volume then fails by itself instead of with its instance.
        if action.starts_with("cloudformation:") {
            assert!(now_failing.len() >= failing.len(), "{action}: {now_failing:?}");
        } else {
            forbid("a failure passes:", failing.intersection(&now_passing).collect());
        }
        forbid("a pass fails:", passing.intersection(&now_failing).collect());
        forbid("invents", findings(&partial, ATTRIBUTED).difference(&attributed).collect());
        forbid("deletes", deleted(&partial).difference(&gone).collect());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    any_faults(&moto, &memory, &whole, &open.called());
}

/// Whatever of a scan's calls fail, and however: nothing that was not good becomes good, nothing is in sync or deleted that was not, and nothing vanishes
/// without a gap.
fn any_faults(moto: &Emulator, memory: &Memory, whole: &Value, called: &BTreeSet<String>) {
    const FAULTS: &[Fault] = &[
        Fault::Denied,
        Fault::Expired,
        Fault::Malformed,
        Fault::Denied,
        Fault::Broken,
        Fault::Throttled,
        Fault::Dropped,
    ];
    // A latent failure is right at AWS: with the template unread, that is all that is known.
    let good = |report: &Value| findings(report, &["compliant", "latent"]);
    let not_good = findings(whole, &[FAILING, &["template", "unverified", "unknown"]].concat());
    let members = |report: &Value, status: Option<&str>| -> BTreeSet<String> {
        let entries = report["drift"].as_array().unwrap().iter();
        let wanted = entries.filter(|d| status.is_none_or(|s| d["status"] == s));
        wanted.map(|d| format!("{} {}", d["resource"]["stack"], d["resource"]["logical_id"])).collect()
    };
    for seed in 1..=8_u64 {
        // The subset and its faults follow from the seed: a failure can be repeated.
        let faulty: Vec<(String, Fault)> = called
            .iter()
            .filter(|a| !["sts:GetCallerIdentity", "ec2:DescribeRegions"].contains(&a.as_str()))
            .enumerate()
            .filter_map(|(n, action)| {
                let dice = mixed(seed * 1000 + n as u64);
                dice.is_multiple_of(seed + 1).then(|| (action.clone(), FAULTS[(dice / 64) as usize % FAULTS.len()]))
            })
            .collect();
        let plan = faulty.clone();
        let decide =
            move |a: &str, _| plan.iter().find(|(known, _)| known == a).map_or(Fault::None, |(_, fault)| *fault);
        let proxy = Proxy::from_memory(&moto.endpoint, Some(memory), decide);
        let (_, partial) = run(&proxy.endpoint, SCAN);
        let gaps = partial["gaps"].as_array().unwrap();
        assert_eq!(partial["run"]["complete"], gaps.is_empty(), "seed {seed}: {faulty:?}");
        // Without stacks nobody knows what belongs to what: a volume then fails by itself instead of with its instance.
        let stackless = faulty.iter().any(|(action, _)| action.starts_with("cloudformation:"));
        let by_itself = findings(&partial, FAILING);
        let moved = |finding: &String| {
            let rule = finding.split(' ').next().unwrap();
            let fails_elsewhere = |f: &String| f.split(' ').next() == Some(rule) && !not_good.contains(f);
            stackless && by_itself.iter().any(fails_elsewhere)
        };
        let turned: Vec<_> = not_good.intersection(&good(&partial)).filter(|f| !moved(f)).cloned().collect();
        assert!(turned.is_empty(), "seed {seed}: passes now: {turned:?} with {faulty:?}");
        for status in ["in-sync", "deleted"] {
            let (before, after) = (members(whole, Some(status)), members(&partial, Some(status)));
            assert!(after.is_subset(&before), "seed {seed}: {status}: {after:?} with {faulty:?}");
        }
        let lost: Vec<_> = members(whole, None).difference(&members(&partial, None)).cloned().collect();
        assert!(lost.is_empty() || !gaps.is_empty(), "seed {seed}: vanished: {lost:?} with {faulty:?}");
    }
}

/// A number that looks like chance (`SplitMix64`).
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
