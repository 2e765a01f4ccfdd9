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
        (&["check", "good.yaml", "--compliance", "p.yaml"], "p.yaml:4:9"),
        (&["check", "good.yaml", "--service", "ec3"], "did you mean ec2?"),
        (&["check", "good.yaml", "--format", "sarif"], "not supported yet"),
        (&["check", "good.yaml", "--format", "jsno"], "did you mean json?"),
        (&["check", "good.yaml", "--format", "json,terminal"], "only one format can go to stdout"),
        (&["scan", "--snapshot", "absent"], "failed to read absent"),
        (&["scan", "--snapshot", "good.yaml"], "good.yaml: not a driftline snapshot"),
        (&["scan", "--accounts", "absent"], "failed to read absent"),
        (&["scan", "--accounts", "p.yaml"], "p.yaml: expected a list of accounts"),
        (&["scan", "--max-rps", "0"], "at least 0.1, or `unlimited`"),
        (&["scan", "--deadline", "soon"], "such as 90s, 15m or 1h"),
        (&["scan", "--endpoint-url", "", "--region", "us-east-1"], "--endpoint-url is empty"),
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

/// Class and place of what a rule says of each volume, sorted.
fn volumes(output: &Output) -> Vec<String> {
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(output)));
    let place = |f: &serde_json::Value| {
        let e = &f["declared"]["evidence"][0];
        format!("{} {}:{}", f["class"].as_str().unwrap(), e["file"].as_str().unwrap_or("-"), e["line"])
    };
    let mut places: Vec<String> = report["findings"].as_array().unwrap().iter().map(place).collect();
    places.sort();
    places
}

const PARENT: &str = r"Parameters:
  Safe: {Type: String, Default: 'false'}
Resources:
  Storage:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: nested/storage.yaml
      Parameters:
        Encrypted: !Ref Safe
";

const CHILD: &str = r"Parameters:
  Encrypted: {Type: String, Default: 'true'}
Resources:
  Data:
    Type: AWS::EC2::Volume
    Properties:
      Encrypted: !Ref Encrypted
";

#[test]
fn a_local_nested_stack_is_judged_once_with_what_its_parent_hands_down() {
    let dir = directory(&[("stacks/main.yaml", PARENT), ("stacks/nested/storage.yaml", CHILD)]);
    let check = |arguments: &[&str]| {
        let always = ["check", "--rule", "encrypted-volumes", "--format", "json"];
        driftline(dir.path(), &[&always, arguments].concat())
    };
    let found = ["template stacks/nested/storage.yaml:7"];
    assert_eq!(volumes(&check(&["stacks/main.yaml"])), found, "the parent's default goes before the child's");
    assert_eq!(volumes(&check(&["stacks"])), found, "found in the directory too, judged once");
    assert_eq!(volumes(&check(&["stacks/nested/storage.yaml", "stacks/main.yaml"])), found);
    assert_eq!(check(&["stacks/nested/storage.yaml"]).status.code(), Some(0), "by itself it is encrypted");
    assert_eq!(check(&["stacks/main.yaml", "--parameter", "Safe=true"]).status.code(), Some(0));
}

#[test]
fn a_nested_template_that_is_not_there_is_a_mistake_at_its_url() {
    let dir = directory(&[("main.yaml", PARENT)]);
    let output = driftline(dir.path(), &["check", "main.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("nested template `nested/storage.yaml` cannot be read: there is no such file"), "{text}");
    assert!(text.contains("main.yaml:7:20"), "{text}");
    let remote = PARENT.replace("nested/storage.yaml", "https://bucket.s3.amazonaws.com/storage.yaml");
    let dir = directory(&[("main.yaml", &remote)]);
    let output = driftline(dir.path(), &["check", "main.yaml", "--rule", "encrypted-volumes"]);
    assert_eq!(output.status.code(), Some(0), "what is elsewhere is not seen");
}

#[test]
fn a_pattern_gives_the_templates_that_it_matches_and_a_dash_is_standard_input() {
    let dir = directory(&[
        ("a/bad.yaml", BAD),
        ("a/b/bad.yml", BAD),
        ("c/bad.yaml", BAD),
        ("a/compose.yaml", "services: {}\n"),
        ("bad.yaml", BAD),
    ]);
    let check = |pattern: &[&str]| {
        let always = ["check", "--rule", "encrypted-volumes", "--format", "json"];
        let mut places = volumes(&driftline(dir.path(), &[&always, pattern].concat()));
        for place in &mut places {
            *place = place.replace("template ", "").replace(":7", "");
        }
        places
    };
    assert_eq!(check(&["**/*.yaml"]), ["a/bad.yaml", "bad.yaml", "c/bad.yaml"]);
    assert_eq!(check(&["a/**/bad.{yaml,yml}"]), ["a/b/bad.yml", "a/bad.yaml"]);
    assert_eq!(check(&["?/*.yaml", "a"]), ["a/b/bad.yml", "a/bad.yaml", "c/bad.yaml"], "no file twice");
    let nothing = driftline(dir.path(), &["check", "**/*.json"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(stderr(&nothing).contains("there is no template that matches"), "{}", stderr(&nothing));

    let mut command = Command::cargo_bin("driftline").unwrap();
    let piped = command.current_dir(dir.path()).args(["check", "-", "--rule", "encrypted-volumes"]).write_stdin(BAD);
    let output = piped.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("<stdin>:7:18"), "{}", stdout(&output));
}

#[test]
fn a_serverless_template_is_warned_of_once_and_what_it_becomes_is_unknown() {
    let template = r"Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src/, Handler: app.handler}
  Role:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: p, PolicyDocument: {Statement: []}, Roles: [!Ref HelloRole]}
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
";
    let dir = directory(&[("sam.yaml", template)]);
    let output = driftline(dir.path(), &["check", "sam.yaml", "--format", "json", "--fail-on", "none"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        stderr(&output).matches("AWS::Serverless-2016-10-31").count(),
        2,
        "message and line: {}",
        stderr(&output)
    );
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let logs = report["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "vpc-flow-logs-enabled").unwrap();
    assert_eq!(logs["class"], "unknown", "the transform may make a flow log");
    let reason = &logs["declared"]["evidence"][0]["reason"];
    assert!(reason.as_str().unwrap().contains("AWS::Serverless-2016-10-31"), "{logs}");
}

#[test]
fn rules_and_profiles_are_listed_as_table_json_and_markdown() {
    let dir = directory(&[]);
    let all = driftline(dir.path(), &["rules", "--all", "-f", "json"]);
    let entries: Vec<serde_json::Value> = serde_json::from_slice(&all.stdout).unwrap();
    assert_eq!(entries.len(), driftline::rules::all().count());
    let table = driftline(dir.path(), &["rules", "--category", "storage"]);
    let text = String::from_utf8(table.stdout).unwrap();
    assert!(text.contains("s3-bucket-versioning-enabled") && !text.contains("restricted-ssh"), "{text}");
    let markdown = driftline(dir.path(), &["profiles", "show", "tapstack", "-f", "markdown"]);
    let text = String::from_utf8(markdown.stdout).unwrap();
    assert!(text.contains("| rds-engine-approved | medium | database | allowed: [mysql 8.0] |"), "{text}");
    let profiles = driftline(dir.path(), &["profiles", "-f", "json"]);
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&profiles.stdout).unwrap();
    let share = |name: &str| listed.iter().find(|p| p["name"] == name).unwrap()["framework_percent"].as_u64();
    assert!(share("cis-aws").unwrap() > 0 && share("baseline").is_none());
    let schema = driftline(dir.path(), &["profiles", "schema"]);
    assert!(serde_json::from_slice::<serde_json::Value>(&schema.stdout).unwrap()["$defs"]["selector"].is_object());
}

#[test]
fn a_rule_is_explained_with_examples_by_any_of_its_names() {
    let dir = directory(&[]);
    let explained = driftline(dir.path(), &["explain", "restricted-ssh"]);
    let text = String::from_utf8(explained.stdout).unwrap();
    for part in
        ["## Why", "## Fix", "## What passes", "## What fails", "## Parameters", "## Equivalents", "## Read live"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("`ec2:DescribeSecurityGroups`") && text.contains("baseline (critical)"), "{text}");
    let alias = driftline(dir.path(), &["explain", "ckv_aws_24", "-f", "json"]);
    let entry: serde_json::Value = serde_json::from_slice(&alias.stdout).unwrap();
    assert_eq!(entry["id"], "restricted-ssh");
    let unknown = driftline(dir.path(), &["explain", "restricted-shh"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("did you mean restricted-ssh?"));
}

#[test]
fn a_profile_extends_others_and_means_only_some_resources() {
    let parent =
        "name: team\ntitle: t\nrules:\n  - {id: encrypted-volumes, severity: critical}\n  - {id: restricted-ssh}\n";
    let ours = "name: ours\ntitle: t\nextends: [team.yaml]\nrules:\n  - {id: encrypted-volumes, when: {names: [Data]}}\nleft_out:\n  - {id: restricted-ssh, why: no instances}\n";
    let other = BAD.replace("Data:", "Scratch:");
    let circular = "name: c\ntitle: t\nextends: [circular.yaml]\n";
    let files = [
        ("profiles/team.yaml", parent),
        ("profiles/ours.yaml", ours),
        ("profiles/circular.yaml", circular),
        ("bad.yaml", BAD),
        ("other.yaml", &other),
    ];
    let dir = directory(&files);
    let report = |template: &str| -> serde_json::Value {
        let arguments = ["check", template, "--compliance", "profiles/ours.yaml", "-f", "json"];
        serde_json::from_slice(&driftline(dir.path(), &arguments).stdout).unwrap()
    };
    let bad = report("bad.yaml");
    assert_eq!(bad["findings"][0]["severity"], "critical", "the parent's severity stands: {bad:#}");
    assert_eq!(bad["scores"][0]["percent"], 0);
    assert_eq!(bad["scores"][0]["failed"], serde_json::json!(["encrypted-volumes"]));
    let other = report("other.yaml");
    assert_eq!(other["findings"], serde_json::json!([]), "it is not meant: {other:#}");
    assert_eq!(other["scores"][0]["percent"], serde_json::Value::Null, "nothing applies");
    let refused = driftline(dir.path(), &["check", "bad.yaml", "--compliance", "profiles/circular.yaml"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("extends itself"), "{}", stderr(&refused));
}

#[test]
fn a_profile_for_every_environment_judges_a_template_once_for_each() {
    let template = r#"AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Environment: {Type: String, Default: dev, AllowedValues: [dev, prod]}
Conditions:
  IsProd: !Equals [!Ref Environment, prod]
Resources:
  Data:
    Type: AWS::EC2::Volume
    Properties:
      AvailabilityZone: !Select [0, !GetAZs ""]
      Size: 10
      Encrypted: !If [IsProd, false, true]
"#;
    let profile = "name: p\ntitle: t\nevery_environment: true\nrules: [{id: encrypted-volumes}]\n";
    let dir = directory(&[("t.yaml", template), ("p.yaml", profile)]);
    let check = |more: &[&str]| {
        let arguments = [&["check", "t.yaml", "--compliance", "p.yaml", "-f", "json"], more].concat();
        serde_json::from_slice::<serde_json::Value>(&driftline(dir.path(), &arguments).stdout).unwrap()
    };
    let all = check(&[]);
    let expected = all["findings"][0]["declared"]["evidence"][0]["expected"].as_str().unwrap_or_default().to_owned();
    assert!(expected.ends_with("in prod"), "{all:#}");
    assert_eq!(check(&["--parameter", "Environment=dev"])["counts"]["template"], 0, "a given value is the only one");
}
