//! What is created on an emulator is collected as it was created, property for property, within the calls that the collector announces.
//!
//! The cases are `tests/fixtures/collected/*.yaml`; their form is told in `CONTRIBUTING.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use driftline::collect::{self, Base, Connection, Inspected, Options};
use driftline::model::{Resource, to_json};
use serde_json::{Map, Value, json};

use crate::e2e::emulator::{Emulator, REGION, repository};

/// Stands for any text.
const ANY: &str = "(any)";

/// One case: calls, and what is collected afterwards.
struct Case {
    file: String,
    emulators: Vec<String>,
    create: Value,
    collected: Vec<Expected>,
}

struct Expected {
    kind: String,
    id: String,
    properties: Map<String, Value>,
    facts: Map<String, Value>,
    /// By emulator: what it tells instead, because it lacks something.
    lacks: Map<String, Value>,
}

fn cases() -> Vec<Case> {
    let wanted = std::env::var("CASE").ok();
    let mut files: Vec<_> = fs::read_dir(repository().join("tests/fixtures/collected"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .filter(|path| wanted.as_ref().is_none_or(|name| path.file_stem().unwrap().to_str().unwrap() == name))
        .collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let cases: Value =
            serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let one = |case: &Value| Case {
            file: name.clone(),
            emulators: case["on"].as_array().unwrap().iter().map(|e| e.as_str().unwrap().to_owned()).collect(),
            create: case["create"].clone(),
            collected: case["collected"].as_array().unwrap().iter().map(expected).collect(),
        };
        cases.as_array().unwrap_or_else(|| panic!("{name} is no list")).iter().map(one).collect::<Vec<_>>()
    };
    files.iter().flat_map(read).collect()
}

fn expected(case: &Value) -> Expected {
    let map = |name: &str| case[name].as_object().cloned().unwrap_or_default();
    Expected {
        kind: case["type"].as_str().unwrap().to_owned(),
        id: case["id"].as_str().unwrap().to_owned(),
        properties: map("properties"),
        facts: map("facts"),
        lacks: map("lacks"),
    }
}

/// Makes the calls of all cases. The answers are what they answered, by name.
fn create(emulator: &Emulator, cases: &[Case]) -> Vec<Value> {
    let python = Command::new(repository().join("localstack/emulator")).args(["python", "moto"]).output().unwrap();
    let mut child = Command::new(String::from_utf8(python.stdout).unwrap().trim())
        .arg(repository().join("localstack/create.py"))
        .args(["--endpoint", &emulator.endpoint, "--region", REGION])
        .env("NO_PROXY", "*")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let calls: Vec<Value> = cases.iter().map(|c| json!({"name": c.file, "create": c.create})).collect();
    child.stdin.take().unwrap().write_all(json!(calls).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The text with `${topic.TopicArn}` replaced by what the calls answered.
fn filled(value: &Value, answers: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(filled_text(text, answers)),
        Value::Array(items) => items.iter().map(|item| filled(item, answers)).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (filled_text(k, answers), filled(v, answers))).collect(),
        other => other.clone(),
    }
}

/// A text with its placeholders replaced; `$${` stands for a `${` of its own.
fn filled_text(text: &str, answers: &Value) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let end = start + rest[start..].find('}').expect("a closed placeholder");
        if rest[..start].ends_with('$') {
            filled.push_str(&rest[..start - 1]);
            filled.push_str(&rest[start..=end]);
        } else {
            let path = rest[start + 2..end].replace('.', "/");
            let value = answers.pointer(&format!("/{path}")).unwrap_or_else(|| panic!("no {path} in {answers}"));
            filled.push_str(&rest[..start]);
            filled.push_str(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        rest = &rest[end + 1..];
    }
    filled + rest
}

fn connection(emulator: &Emulator) -> Connection {
    let options = Options {
        regions: vec![REGION.to_owned()],
        endpoint_url: Some(emulator.endpoint.clone()),
        keys: Some(("test".to_owned(), "test".to_owned())),
        ..Options::default()
    };
    let open = async { Base::load(&options).await?.own().await };
    tokio::runtime::Runtime::new().unwrap().block_on(open).unwrap()
}

/// Runs every collector that fills one of the types of the cases, one after the other, everything wanted.
fn collect_all(emulator: &Emulator, cases: &[(Case, Value)]) -> Vec<(&'static str, Inspected)> {
    let connection = connection(emulator);
    let kinds: Vec<&str> = cases.iter().flat_map(|(c, _)| &c.collected).map(|e| e.kind.as_str()).collect();
    let needed = collect::COLLECTORS.iter().filter(|c| c.spec().types.iter().any(|t| kinds.contains(&t.name)));
    // Side by side: an emulator that does not know a call makes the SDK wait and try again.
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for &collector in needed {
            let connection = connection.clone();
            tasks.spawn(async move { (collector.spec().name, collect::inspect(&connection, collector).await) });
        }
        tasks.join_all().await
    })
}

fn compare(emulator: &str, (case, answers): &(Case, Value), resources: &[&Resource], wrong: &mut Vec<String>) {
    for expected in &case.collected {
        let id = filled_text(&expected.id, answers);
        let place = format!("{} on {emulator}: {} {id}", case.file, expected.kind);
        let found: Vec<_> = resources
            .iter()
            .filter(|r| *r.kind == *expected.kind && r.address.physical_id.as_deref() == Some(&id))
            .collect();
        let [r] = &found[..] else {
            let known: Vec<_> =
                resources.iter().filter(|r| *r.kind == *expected.kind).map(|r| r.address.physical_id.clone()).collect();
            wrong.push(format!("{place}: found {} times, there are {known:?}", found.len()));
            continue;
        };
        let mut properties = expected.properties.clone();
        if let Some(lacks) = expected.lacks.get(emulator) {
            assert!(lacks["why"].is_string(), "{place}: an emulator's gap must say why");
            properties.extend(lacks["properties"].as_object().cloned().unwrap_or_default());
        }
        // A property that AWS says is absent is the same as one that was not set.
        let mut got = to_json(&r.properties);
        let mut wanted = filled(&Value::Object(properties), answers);
        for side in [&mut got, &mut wanted] {
            side.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        }
        settle(&mut wanted, &got);
        if got != wanted {
            let sorted = |v: &Value| serde_json::to_string_pretty(&sort(v)).unwrap();
            wrong.push(format!("{place}:\n--- expected\n{}\n--- collected\n{}", sorted(&wanted), sorted(&got)));
        }
        let facts = to_json(&r.attributes);
        for (name, value) in &expected.facts {
            let value = filled(value, answers);
            if facts[name] != value {
                wrong.push(format!("{place}: the fact {name} is {}, not {value}", facts[name]));
            }
        }
    }
}

/// Takes what was collected where the case only says that there is something: a point in time, a generated name.
fn settle(wanted: &mut Value, got: &Value) {
    for (name, value) in wanted.as_object_mut().unwrap() {
        if *value == ANY && got[&**name].as_str().is_some_and(|text| !text.starts_with("unknown")) {
            value.clone_from(&got[&**name]);
        }
    }
}

fn sort(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().map(|(k, v)| (k.clone(), sort(v))).collect();
            json!(sorted)
        }
        Value::Array(items) => items.iter().map(sort).collect(),
        other => other.clone(),
    }
}

/// No collector may make more calls than it announces for what it found.
fn within_budget(emulator: &str, name: &str, seen: &Inspected, wrong: &mut Vec<String>) {
    let spec = collect::COLLECTORS.iter().map(|c| c.spec()).find(|s| s.name == name).unwrap();
    let each: u64 = spec.types.iter().map(|t| u64::from(t.calls) * count(&seen.resources, t.name)).sum();
    let (made, budget) =
        (seen.calls.iter().map(|(action, n)| once(seen, action, *n)).sum::<u64>(), u64::from(spec.listings) + each);
    if made > budget {
        wrong.push(format!("{name} on {emulator} announces {budget} calls and makes {made}: {:?}", seen.calls));
    }
    for action in seen.calls.keys() {
        if !spec.actions.contains(action) {
            wrong.push(format!("{name} on {emulator} calls {action} without saying so"));
        }
    }
}

/// How many calls a collector meant to make: what an emulator does not know it answers as a server's failure, and the SDK tries that again.
fn once(seen: &Inspected, action: &str, made: u64) -> u64 {
    if seen.gaps.iter().any(|gap| *gap.action == *action) { made.div_ceil(ATTEMPTS) } else { made }
}

/// How often a call is tried.
const ATTEMPTS: u64 = 4;

fn count(resources: &[Resource], kind: &str) -> u64 {
    resources.iter().filter(|r| &*r.kind == kind).count() as u64
}

fn on(name: &'static str) {
    let cases: Vec<Case> = cases().into_iter().filter(|c| c.emulators.iter().any(|e| e == name)).collect();
    if cases.is_empty() {
        return;
    }
    let Some(emulator) = Emulator::start(name, &[]) else { return };
    let answers = create(&emulator, &cases);
    let created: Vec<(Case, Value)> = cases.into_iter().zip(answers).collect();
    let seen = collect_all(&emulator, &created);
    let mut wrong = Vec::new();
    for (collector, seen) in &seen {
        within_budget(name, collector, seen, &mut wrong);
    }
    let resources: Vec<&Resource> = seen.iter().flat_map(|(_, s)| &s.resources).collect();
    for case in &created {
        compare(name, case, &resources, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn on_moto() {
    on("moto");
}

#[test]
fn on_ministack() {
    on("ministack");
}

#[test]
fn on_localstack() {
    on("localstack");
}

/// Types that no emulator can show: their collectors are tested on answers taken from the AWS API reference only.
const NO_EMULATOR: &[(&str, &str)] = &[
    ("AWS::CodeDeploy::DeploymentGroup", "moto has no BatchGetDeploymentGroups"),
    ("AWS::Config::RemediationConfiguration", "none has remediations"),
    ("Driftline::Backup::ProtectedResource", "none lists protected resources"),
    ("Driftline::CostExplorer::CostAllocationTag", "none has cost allocation tags"),
    ("Driftline::IAM::AccountSummary", "counts what all cases made; the end-to-end tests read it"),
    ("Driftline::Logs::AccountPolicy", "none has account policies"),
    ("Driftline::S3::AccountPublicAccessBlock", "one for all cases; the end-to-end tests read it"),
    ("Driftline::SSM::ManagedInstance", "its last ping is the time of the call"),
];

#[test]
fn every_collected_type_is_created_on_an_emulator_or_says_why_not() {
    let collected: Vec<&str> = collect::COLLECTORS.iter().flat_map(|c| c.spec().types).map(|t| t.name).collect();
    let cases = cases();
    let created = |kind: &str| cases.iter().flat_map(|c| &c.collected).any(|e| e.kind == kind);
    let excepted = |kind: &str| NO_EMULATOR.iter().any(|(k, _)| *k == kind);
    let missing: Vec<&&str> = collected.iter().filter(|kind| !created(kind) && !excepted(kind)).collect();
    assert!(missing.is_empty(), "no case in tests/fixtures/collected: {missing:?}");
    let idle: Vec<&str> =
        NO_EMULATOR.iter().map(|(k, _)| *k).filter(|k| created(k) || !collected.contains(k)).collect();
    assert!(idle.is_empty(), "have a case after all, or are not collected: {idle:?}");
}

#[test]
fn every_collected_type_says_which_action_tells_what() {
    for spec in collect::COLLECTORS.iter().map(|c| c.spec()) {
        for kind in spec.types {
            assert!(
                kind.asked.last().is_some_and(|(prefix, _)| prefix.is_empty()),
                "{}: no action fits everything",
                kind.name
            );
            for (_, action) in kind.asked {
                assert!(spec.actions.contains(action), "{}: {action} is not declared", kind.name);
            }
        }
    }
}

#[test]
fn the_policy_allows_everything_that_any_collector_calls() {
    let all: BTreeSet<&str> = collect::COLLECTORS.iter().flat_map(|c| c.spec().actions).copied().collect();
    let allowed = collect::policy::actions(&collect::policy::Need::Everything);
    assert_eq!(all.difference(&allowed).collect::<Vec<_>>(), Vec::<&&str>::new());
}
