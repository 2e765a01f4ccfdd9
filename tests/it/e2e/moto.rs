//! The whole sample on moto: before the drift, after it, with calls refused, and under CI's `verify`.

use std::collections::BTreeSet;

use super::emulator::{Emulator, FOLLOWED, REGION, driftline, repository, run};
use super::proxy::Proxy;
use super::report::{deleted, findings, set, sound, without_run};

const SCAN: &[&str] = &["scan", "--region", REGION, "--compliance", FOLLOWED, "--all"];
const WRONG: &[&str] = &["drift", "latent", "live", "unmanaged", "unverified"];

#[test]
fn an_account_before_and_after_its_drift() {
    let moto = Emulator::start("moto", &[]).expect("moto needs Python 3 only");
    moto.script("deploy.py", &["--emulator", "moto"]);

    let (code, before) = run(&moto.endpoint, SCAN);
    sound(&before);
    assert_eq!(findings(&before, WRONG), set(&[]), "nothing has drifted yet");
    assert_eq!(deleted(&before), set(&[]));
    assert_eq!(before["gaps"], serde_json::json!([]));
    assert_eq!(code, 1, "the sample's own failures");
    valid(&moto, &before);
    let own = findings(&before, &["template"]);
    for rule in [
        "s3-bucket-versioning-enabled",
        "iam-policy-no-resource-wildcard",
        "template-outputs-exported",
        "template-parameter-descriptions",
    ] {
        assert!(own.iter().any(|f| f.contains(rule)), "{rule}: {own:?}");
    }
    let (_, again) = run(&moto.endpoint, SCAN);
    assert_eq!(without_run(&before), without_run(&again), "the same state gives the same bytes");

    verify(&moto);
    refused(&moto);
    interrupted(&moto);

    moto.script("drift.py", &[]);
    let (code, after) = run(&moto.endpoint, SCAN);
    sound(&after);
    assert_eq!(code, 1);
    let expected = set(&[
        "drift db-instance-backup-enabled Database",
        "drift encrypted-volumes AppInstanceA",
        "drift iam-policy-no-statements-with-full-access AppRole",
        "drift nat-gateway-per-az Vpc",
        "drift restricted-ssh AppSecurityGroup",
        // The world may reach port 22, which no list authorises.
        "drift vpc-sg-open-only-to-authorized-ports AppSecurityGroup",
        "latent s3-bucket-versioning-enabled AssetsBucket",
        "unmanaged encrypted-volumes AWS::EC2::Volume",
    ]);
    assert_eq!(findings(&after, WRONG), expected, "each change, its true consequences, and nothing else");
    assert_eq!(deleted(&after), set(&["NatGatewayB", "ReportsBucket"]));
    valid(&moto, &after);
    let all = after["findings"].as_array().unwrap();
    let ssh = all.iter().find(|f| f["class"] == "drift" && f["rule"] == "restricted-ssh").unwrap();
    assert_eq!(ssh["observed"]["evidence"][0]["action"], "ec2:DescribeSecurityGroups");
    assert!(ssh["declared"]["evidence"][0]["line"].is_u64(), "{ssh}");
    let fewer = findings(&after, &["template"]);
    assert!(fewer.is_subset(&own), "drift adds no template failure: {fewer:?}");

    audit(&moto);
}

/// Validates the second argument's report against the schema in the first.
const VALIDATE: &str = r"
import json, sys
from jsonschema import Draft202012Validator
schema, report = (json.load(open(path)) for path in sys.argv[1:])
Draft202012Validator.check_schema(schema)
Draft202012Validator(schema).validate(report)
";

/// Reports are what the published schema says.
fn valid(moto: &Emulator, report: &serde_json::Value) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), report.to_string()).unwrap();
    let schema = repository().join("docs/report.schema.json");
    moto.python(&["-c", VALIDATE, schema.to_str().unwrap(), file.path().to_str().unwrap()]);
}

/// One stack by its name: nothing of other stacks or of no stack, and a stack that does not exist is an error.
fn audit(moto: &Emulator) {
    let (code, one) = run(&moto.endpoint, &["audit", "tapstack-bootstrap", "--compliance", FOLLOWED]);
    let stacks: BTreeSet<&str> =
        one["coverage"]["stacks"].as_array().unwrap().iter().map(|s| s["stack"].as_str().unwrap()).collect();
    assert_eq!(stacks, BTreeSet::from(["tapstack-bootstrap"]));
    assert_eq!(findings(&one, WRONG), set(&[]), "exit {code}");

    let (code, nested) = run(&moto.endpoint, &["audit", "tapstack", "--rule", "nat-gateway-per-az"]);
    assert_eq!(
        (code, findings(&nested, WRONG)),
        (1, set(&["drift nat-gateway-per-az Vpc"])),
        "nested stacks are included"
    );

    let output = driftline(&moto.endpoint, &["audit", "tapstak"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no stack tapstak"));
}

/// After a deployment: the file is what is deployed; a file that says something else is found out.
fn verify(moto: &Emulator) {
    let file = "localstack/stacks/bootstrap.yaml";
    let arguments =
        ["verify", "tapstack-bootstrap", "--template", file, "--fail-on", "medium", "--compliance", FOLLOWED];
    let (code, report) = run(&moto.endpoint, &arguments);
    assert_eq!(code, 0, "{report:#}");
    let edited = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    let text = std::fs::read_to_string(repository().join(file)).unwrap();
    std::fs::write(edited.path(), text.replace("Status: Enabled", "Status: Suspended")).unwrap();
    let edited = edited.path().to_str().unwrap();
    let arguments = ["verify", "tapstack-bootstrap", "--template", edited, "--compliance", FOLLOWED];
    let (code, report) = run(&moto.endpoint, &arguments);
    assert_eq!(code, 1);
    let modified = report["drift"].as_array().unwrap().iter().find(|d| d["status"] == "modified").unwrap();
    assert_eq!(modified["resource"]["logical_id"], "ArtifactBucket");
    assert_eq!(findings(&report, &["latent"]), set(&["latent s3-bucket-versioning-enabled ArtifactBucket"]));
}

/// A refused call is a gap and leaves what it would have filled unknown; every call made is one that `driftline policy` allows.
fn refused(moto: &Emulator) {
    let proxy = Proxy::in_front_of(&moto.endpoint, &["rds:DescribeDBInstances"]);
    let rds = |report: &serde_json::Value| -> BTreeSet<(String, String)> {
        let all = report["findings"].as_array().unwrap().iter();
        let of_rds = all.filter(|f| f["resource"]["type"].as_str().unwrap().starts_with("AWS::RDS::"));
        of_rds.map(|f| (f["rule"].to_string(), f["class"].as_str().unwrap().to_owned())).collect()
    };
    let (code, report) = run(&proxy.endpoint, SCAN);
    assert_eq!(code, 1, "the sample's own failures are still there");
    valid(moto, &report);
    let gap = &report["gaps"][0];
    assert_eq!(
        (&gap["action"], &gap["cause"], &gap["code"]),
        (&"rds:DescribeDBInstances".into(), &"denied".into(), &"AccessDenied".into())
    );
    assert_eq!(report["run"]["complete"], false);
    assert!(!rds(&report).is_empty());
    assert!(rds(&report).iter().all(|(_, class)| class == "unverified" || class == "unknown"), "{:?}", rds(&report));
    let database =
        report["drift"].as_array().unwrap().iter().find(|d| d["resource"]["logical_id"] == "Database").unwrap();
    assert_eq!(database["status"], "not-checked", "not seen is not deleted");

    let only_rds = ["scan", "--region", REGION, "--compliance", FOLLOWED, "--service", "rds"];
    assert_eq!(run(&proxy.endpoint, &only_rds).0, 3, "nothing found, but not everything seen");
    assert_eq!(run(&proxy.endpoint, &[&only_rds[..], &["--allow-incomplete"]].concat()).0, 0);

    let policy = driftline(&moto.endpoint, &["policy"]).output().unwrap();
    let policy: serde_json::Value = serde_json::from_slice(&policy.stdout).unwrap();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let allowed: BTreeSet<String> =
        statements.flat_map(|s| s["Action"].as_array().unwrap()).map(|a| a.as_str().unwrap().to_owned()).collect();
    let called = proxy.called();
    assert!(called.len() > 20, "the proxy sees the calls: {called:?}");
    let beyond: BTreeSet<&String> = called.difference(&allowed).collect();
    assert!(beyond.is_empty(), "called without being declared: {beyond:?}");
}

/// Ctrl-C in the middle of a scan: what was collected by then is reported, and marked as incomplete.
fn interrupted(moto: &Emulator) {
    let proxy = Proxy::never_answering(&moto.endpoint, &["rds:DescribeDBInstances"]);
    let mut command = driftline(&proxy.endpoint, &[SCAN, &["--format", "json"]].concat());
    let scan = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let waited = std::time::Instant::now();
    while !proxy.called().contains("rds:DescribeDBInstances") {
        assert!(waited.elapsed().as_secs() < 30, "the scan never gets to the databases");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    std::thread::sleep(std::time::Duration::from_secs(2));
    let sent = std::process::Command::new("kill").args(["-INT", &scan.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = scan.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["run"]["complete"], false);
    assert!(report["counts"]["compliant"].as_u64().unwrap() > 10, "the rest was collected: {}", report["counts"]);
    let database = |f: &&serde_json::Value| f["resource"]["type"] == "AWS::RDS::DBInstance";
    let rds: Vec<&serde_json::Value> = report["findings"].as_array().unwrap().iter().filter(database).collect();
    assert!(!rds.is_empty() && rds.iter().all(|f| f["class"] == "unverified"), "{rds:#?}");
}
