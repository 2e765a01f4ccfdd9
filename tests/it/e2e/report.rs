//! Reading a JSON report in tests.

use std::collections::BTreeSet;

use serde_json::Value;

/// `class rule subject` of every finding of some classes; the subject is the logical id, or the type where there is none.
pub(super) fn findings(report: &Value, classes: &[&str]) -> BTreeSet<String> {
    let all = report["findings"].as_array().unwrap().iter();
    all.filter(|f| classes.contains(&f["class"].as_str().unwrap()))
        .map(|f| {
            let subject = f["resource"]["logical_id"].as_str().or(f["resource"]["type"].as_str()).unwrap();
            format!("{} {} {subject}", f["class"].as_str().unwrap(), f["rule"].as_str().unwrap())
        })
        .collect()
}

/// The logical ids of what was deleted.
pub(super) fn deleted(report: &Value) -> BTreeSet<String> {
    let all = report["drift"].as_array().unwrap().iter().filter(|d| d["status"] == "deleted");
    all.map(|d| d["resource"]["logical_id"].as_str().unwrap().to_owned()).collect()
}

pub(super) fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|&s| s.to_owned()).collect()
}

/// The report without what differs from run to run.
pub(super) fn without_run(report: &Value) -> Value {
    let mut report = report.clone();
    report.as_object_mut().unwrap().remove("run");
    report
}

/// What every report must hold, whatever it is about.
pub(super) fn sound(report: &Value) {
    assert_eq!(report["format"], 1);
    for stack in report["coverage"]["stacks"].as_array().unwrap() {
        let n = |key: &str| stack[key].as_u64().unwrap();
        assert_eq!(n("resources"), n("in_sync") + n("modified") + n("deleted") + n("not_checked"), "{stack}");
    }
    for f in report["findings"].as_array().unwrap().iter().filter(|f| f["class"] == "template") {
        let evidence = f["declared"]["evidence"].as_array().unwrap();
        assert!(evidence.iter().any(|e| e["file"].is_string() && e["line"].is_u64() && e["column"].is_u64()), "{f}");
    }
}
