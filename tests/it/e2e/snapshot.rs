//! A recording is judged as the account was, without the account.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::emulator::{Emulator, REGION, run};
use super::proxy::Proxy;
use super::report::without_run;

const RULES: &[&str] = &["--compliance", "baseline,tapstack", "--all"];

/// Nobody listens here.
const NOWHERE: &str = "http://127.0.0.1:9";

#[test]
fn a_recording_is_judged_as_the_account_was() {
    let moto = Emulator::start("moto", &[]).expect("moto needs Python 3 only");
    moto.script("deploy.py", &["--emulator", "moto"]);
    moto.script("drift.py", &[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("account.snapshot");
    let path = file.to_str().unwrap();

    // One call is refused: what it would have told stays unknown in the recording.
    let proxy = Proxy::in_front_of(&moto.endpoint, &["s3:GetBucketVersioning"]);
    let (code, live) = run(&proxy.endpoint, &[&["scan", "--region", REGION, "--record", path], RULES].concat());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "a recording is nobody else's");
    let (again, replayed) = run(NOWHERE, &[&["scan", "--snapshot", path], RULES].concat());
    assert_eq!(code, again);
    assert_eq!(without_run(&live), without_run(&replayed));
    assert_eq!(live["run"]["accounts"], replayed["run"]["accounts"]);
    assert_eq!(live["run"]["complete"], replayed["run"]["complete"]);
    assert!(live["gaps"].as_array().unwrap().iter().any(|g| g["action"] == "s3:GetBucketVersioning"), "{live}");

    // A stack out of it, and a stack that is not in it.
    let name = live["coverage"]["stacks"][0]["stack"].as_str().unwrap();
    let (_, one) = run(NOWHERE, &[&["audit", name, "--snapshot", path], RULES].concat());
    assert_eq!(one["run"]["command"], "audit");
    assert!(one["drift"].as_array().unwrap().len() < live["drift"].as_array().unwrap().len());
    let output = super::emulator::driftline(NOWHERE, &["audit", "nobody", "--snapshot", path]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no stack nobody"));

    // The database's password was handed over in the template.
    let text = unzipped(&fs::read(&file).unwrap());
    assert!(text.contains("MasterUserPassword") && !text.contains("ChangeMe-"), "no secret is in the recording");
}

fn unzipped(bytes: &[u8]) -> String {
    use std::io::Read as _;
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}
