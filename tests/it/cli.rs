//! The command line as its users meet it: no account, no credentials, no network.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

const GOOD: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Data:
    Type: AWS::EC2::Volume
    Properties:
      AvailabilityZone: !Select [0, !GetAZs ""]
      Size: 10
      Encrypted: true
"#;

const BAD: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Data:
    Type: AWS::EC2::Volume
    Properties:
      AvailabilityZone: !Select [0, !GetAZs ""]
      Encrypted: false
"#;

const BROKEN: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Data:
    Type: AWS::EC2::Volume
    Properties:
      AvailabilityZone: !Ref Zone
      KmsKeyId: !GetAtt Kye.Arn
  Key:
    Type: AWS::KMS::Key
"#;

fn driftline(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("driftline").unwrap();
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("DRIFTLINE_")) {
        command.env_remove(name);
    }
    command.current_dir(directory).args(arguments).output().unwrap()
}

fn directory(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (name, text) in files {
        fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_good_template_ends_with_0_and_a_bad_one_with_1() {
    let dir = directory(&[("good.yaml", GOOD), ("bad.yaml", BAD)]);
    let good = driftline(dir.path(), &["check", "good.yaml"]);
    assert_eq!(good.status.code(), Some(0), "{}{}", stdout(&good), stderr(&good));
    let bad = driftline(dir.path(), &["check", "bad.yaml"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(stdout(&bad).contains("encrypted-volumes"), "{}", stdout(&bad));
    assert!(stdout(&bad).contains("bad.yaml:7:18"), "{}", stdout(&bad));
    assert_eq!(driftline(dir.path(), &["check", "bad.yaml", "--fail-on", "critical"]).status.code(), Some(0));
    assert_eq!(driftline(dir.path(), &["check", "bad.yaml", "--fail-on", "none"]).status.code(), Some(0));
    assert_eq!(driftline(dir.path(), &["check", "bad.yaml", "--exclude-rule", "CKV_AWS_3"]).status.code(), Some(0));
}

#[test]
fn a_broken_template_ends_with_2_and_every_mistake_is_shown_with_caret_and_hint() {
    let dir = directory(&[("broken.yaml", BROKEN)]);
    let output = driftline(dir.path(), &["check", "broken.yaml"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(output.stdout.is_empty());
    assert!(text.contains("broken.yaml:6:") && text.contains("Zone"), "{text}");
    assert!(text.contains("broken.yaml:7:") && text.contains("did you mean"), "{text}");
    assert!(text.contains("^^^"), "{text}");
}

#[test]
fn a_directory_gives_its_templates_and_only_those() {
    let dir = directory(&[
        ("a/good.yaml", GOOD),
        ("a/b/bad.yml", BAD),
        ("a/compose.yaml", "services: {}\n"),
        ("a/package.json", "{}"),
    ]);
    let output = driftline(dir.path(), &["check", "a", "--format", "json", "--all"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let mut stacks: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|f| f["resource"]["stack"].as_str().unwrap()).collect();
    stacks.sort_unstable();
    stacks.dedup();
    assert_eq!(stacks, ["a/b/bad.yml", "a/good.yaml"]);
    let none = directory(&[("compose.yaml", "services: {}\n")]);
    assert_eq!(driftline(none.path(), &["check", "."]).status.code(), Some(2), "nothing to check is no success");
}

#[test]
fn parameters_decide_conditions_and_an_undecided_one_leaves_the_rule_unknown() {
    let template = r#"Parameters:
  Safe:
    Type: String
    AllowedValues: ["yes", "no"]
Conditions:
  IsSafe: !Equals [!Ref Safe, "yes"]
Resources:
  Data:
    Type: AWS::EC2::Volume
    Properties:
      AvailabilityZone: !Select [0, !GetAZs ""]
      Encrypted: !If [IsSafe, true, false]
"#;
    let dir = directory(&[("t.yaml", template), ("p.json", r#"[{"ParameterKey": "Safe", "ParameterValue": "yes"}]"#)]);
    let class = |more: &[&str]| {
        let arguments =
            [&["check", "t.yaml", "--rule", "encrypted-volumes", "--format", "json", "--all"], more].concat();
        let output = driftline(dir.path(), &arguments);
        let report: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
        report["findings"][0]["class"].as_str().unwrap().to_owned()
    };
    assert_eq!(class(&["--parameters", "p.json"]), "compliant");
    assert_eq!(class(&["--parameter", "Safe=no"]), "template");
    assert_eq!(class(&[]), "unknown");
    let wrong = driftline(dir.path(), &["check", "t.yaml", "--parameter", "Save=yes"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("Save"), "{}", stderr(&wrong));
}

#[test]
fn bad_input_ends_with_2_and_a_hint() {
    let dir = directory(&[("good.yaml", GOOD), ("p.yaml", "name: p\ntitle: t\nrules:\n  - id: encrypted-volume\n")]);
    for (arguments, hint) in [
        (&["check", "absent.yaml"][..], "absent.yaml"),
        (&["check", "good.yaml", "--rule", "encrypted-volume"], "did you mean encrypted-volumes?"),
        (&["check", "good.yaml", "--compliance", "basline"], "did you mean baseline?"),
        (&["check", "good.yaml", "--compliance", "p.yaml"], "p.yaml:4:5"),
        (&["check", "good.yaml", "--service", "ec3"], "did you mean ec2?"),
        (&["check", "good.yaml", "--format", "sarif"], "not supported yet"),
        (&["check", "good.yaml", "--format", "jsno"], "did you mean json?"),
        (&["check", "good.yaml", "--format", "json,terminal"], "only one format can go to stdout"),
        (&["scan", "--snapshot", "x"], "--snapshot is not supported yet"),
        (&["explain", "encrypted-volume"], "did you mean encrypted-volumes?"),
    ] {
        let output = driftline(dir.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(hint), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn rules_profiles_explain_policy_and_completions_print() {
    let here = TempDir::new().unwrap();
    for (arguments, part) in [
        (&["rules"][..], "encrypted-volumes"),
        (&["rules", "--compliance", "tapstack", "--service", "rds"], "rds-storage-encrypted"),
        (&["profiles"], "tapstack"),
        (&["explain", "CKV_AWS_3"], "# encrypted-volumes"),
        (&["policy"], "ec2:DescribeVolumes"),
        (&["completions", "bash"], "driftline"),
    ] {
        let output = driftline(here.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        assert!(stdout(&output).contains(part), "{arguments:?}");
    }
}

#[test]
fn secrets_do_not_reach_the_report() {
    let template = r"Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUsername: admin
      MasterUserPassword: hunter2hunter2
      DBInstanceClass: db.t3.micro
";
    let dir = directory(&[("t.yaml", template)]);
    for format in ["json", "terminal"] {
        let output = driftline(dir.path(), &["check", "t.yaml", "--all", "-v", "--format", format]);
        assert!(stdout(&output).contains("template-no-plaintext-secrets"));
        assert!(!stdout(&output).contains("hunter2") && !stderr(&output).contains("hunter2"), "{}", stdout(&output));
    }
}
