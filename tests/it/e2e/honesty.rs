//! Every call that a scan makes, refused one at a time: what is not seen is never good, never bad, and always said.

use std::collections::BTreeSet;

use serde_json::Value;

use super::emulator::{Emulator, REGION, run};
use super::proxy::Proxy;
use super::report::deleted;

const SCAN: &[&str] = &["scan", "--region", REGION, "--compliance", "baseline,tapstack", "--all"];

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
    let open = Proxy::in_front_of(&moto.endpoint, &[]);
    let (_, whole) = run(&open.endpoint, SCAN);
    let (failing, passing) = (findings(&whole, FAILING), findings(&whole, &["compliant"]));
    let (attributed, gone) = (findings(&whole, ATTRIBUTED), deleted(&whole));
    assert!(failing.len() > 5 && passing.len() > 20);

    // Without an identity there is no scan; regions that were asked for need no list.
    let always: BTreeSet<&str> = BTreeSet::from(["sts:GetCallerIdentity", "ec2:DescribeRegions"]);
    let mut wrong = Vec::new();
    for action in open.called().iter().filter(|a| !always.contains(a.as_str())) {
        let proxy = Proxy::in_front_of(&moto.endpoint, &[action]);
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
}
