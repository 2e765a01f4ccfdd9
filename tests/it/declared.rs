//! What deployed stacks declare, through the whole pipeline: made-up stacks and observed resources in, a report out.

use std::collections::BTreeMap;
use std::sync::Arc;

use driftline::collect::Collected;
use driftline::collect::snapshot::Snapshot;
use driftline::load;
use driftline::model::{Address, Listed, Resource, Stack, StackMember, World, from_json, types};
use driftline::profile::{self, Choice, Filters};
use driftline::report::Run;
use driftline::scan::{self, Local, Plan};
use driftline::source::{Sources, Span};
use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";

fn stack(name: &str, original: &str, members: &[(&str, &str, &str)]) -> Stack {
    let member = |(logical, kind, id): &(&str, &str, &str)| StackMember {
        logical_id: (*logical).into(),
        physical_id: Some((*id).into()),
        kind: (*kind).into(),
        status: "CREATE_COMPLETE".into(),
    };
    Stack {
        account: ACCOUNT.into(),
        region: REGION.into(),
        partition: "aws".into(),
        name: name.into(),
        id: format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/1").into(),
        status: "CREATE_COMPLETE".into(),
        original: Some(original.into()),
        members: members.iter().map(member).collect(),
        ..Stack::default()
    }
}

fn live(kind: &str, id: &str, reads: &'static [&'static str], properties: &Value) -> Resource {
    let address = Address {
        account: ACCOUNT.into(),
        region: if kind.starts_with("AWS::IAM") { "global".into() } else { REGION.into() },
        physical_id: Some(id.into()),
        arn: (kind == "AWS::S3::Bucket").then(|| format!("arn:aws:s3:::{id}").into()),
        ..Address::default()
    };
    let mut r = Resource::new(kind, address, World::Open { reads }, Span::LIVE);
    r.properties = from_json(properties);
    r
}

/// The report of an account under one rule.
fn report(rule: &str, stacks: Vec<Stack>, resources: Vec<Resource>, local: Option<(&str, &[(&str, &str)])>) -> Value {
    let mut sources = Sources::default();
    let filters = Filters { rules: vec![rule.into()], ..Filters::default() };
    let choice = Choice::new(&[profile::load(&mut sources, profile::DEFAULT).unwrap()], &filters).unwrap();
    let mut listed = Listed::new();
    for kind in resources.iter().map(|r| Arc::clone(&r.kind)).chain([types::STACK.into()]) {
        for region in [REGION, "global"] {
            listed.insert((Arc::clone(&kind), ACCOUNT.into(), region.into()), Ok(()));
        }
    }
    let local = local.map(|(text, parameters)| Local {
        stack: stacks[0].name.to_string(),
        template: load::parse(&mut sources, "local.yaml", text).unwrap(),
        parameters: parameters.iter().map(|(k, v)| (Arc::from(*k), Arc::from(*v))).collect(),
    });
    let exports =
        BTreeMap::from([((ACCOUNT.into(), REGION.into()), BTreeMap::from([("shared-key".into(), "key-1".into())]))]);
    let collected = Collected { stacks, exports, resources, listed, ..Collected::default() };
    let plan = Plan { choice, all: true, run: Run::default() };
    let snapshot = Snapshot { collected, ..Snapshot::default() };
    let (report, _) = scan::account(plan, &mut sources, snapshot, true, local.as_ref());
    let report = serde_json::to_value(&report).unwrap();
    assert_eq!(report["gaps"], json!([]), "every template can be evaluated");
    report
}

/// Class, subject, file and line of every finding.
fn findings(report: &Value) -> Vec<String> {
    let show = |f: &Value| {
        let e = &f["declared"]["evidence"][0];
        let place = e["file"].as_str().map_or(String::new(), |file| format!(" {file}:{}", e["line"]));
        format!("{} {}{place}", f["class"].as_str().unwrap(), f["resource"]["logical_id"].as_str().unwrap_or("-"))
    };
    report["findings"].as_array().unwrap().iter().map(show).collect()
}

const SAM: &str = "\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Policies:
        - Statement: [{Effect: Allow, Action: '*', Resource: '*'}]
";

const PROCESSED: &str = r#"{"Resources": {
  "Hello": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["HelloRole", "Arn"]}}},
  "HelloRole": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "Policies": [
    {"PolicyName": "HelloRolePolicy0", "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}}]}}
}}"#;

#[test]
fn a_role_that_sam_made_fails_at_the_line_of_its_function() {
    let mut app = stack("app", SAM, &[("HelloRole", "AWS::IAM::Role", "app-HelloRole-1")]);
    app.processed = Some(PROCESSED.into());
    let found = findings(&report("iam-policy-no-statements-with-full-access", vec![app], Vec::new(), None));
    assert_eq!(found, ["template HelloRole cloudformation://eu-west-1/app:3"]);
}

const VOLUME: &str = "\
Description: One volume.
Parameters: {Key: {Type: String, Default: none}, Secret: {Type: String, NoEcho: true}}
Resources:
  Data:
    Type: AWS::EC2::Volume
    Properties: {Encrypted: true, Size: 10, KmsKeyId: !GetAtt Other.Arn}
  Other: {Type: AWS::KMS::Key, Properties: {Enabled: true}}
";

/// The same in other words.
const REFORMATTED: &str = r#"{
  "Resources": {
    "Other": {"Properties": {"Enabled": "true"}, "Type": "AWS::KMS::Key"},
    "Data": {"Type": "AWS::EC2::Volume",
             "Properties": {"KmsKeyId": {"Fn::GetAtt": "Other.Arn"}, "Size": "10", "Encrypted": true}}
  },
  "Parameters": {"Secret": {"NoEcho": "true", "Type": "String"}, "Key": {"Default": "none", "Type": "String"}},
  "Description": "One volume."
}"#;

fn volume() -> (Vec<Stack>, Vec<Resource>) {
    let mut data = stack("data", VOLUME, &[("Data", "AWS::EC2::Volume", "vol-1")]);
    data.parameters = BTreeMap::from([("Key".into(), "one".into()), ("Secret".into(), "****".into())]);
    (vec![data], vec![live("AWS::EC2::Volume", "vol-1", &["Encrypted"], &json!({"Encrypted": true}))])
}

/// Path and kind of what differs between a local file and the deployed template.
fn modified(text: &str, parameters: &[(&str, &str)]) -> Vec<String> {
    let (stacks, resources) = volume();
    let report = report("encrypted-volumes", stacks, resources, Some((text, parameters)));
    let entries = report["drift"].as_array().unwrap().iter().filter(|d| d["resource"]["type"] == types::TEMPLATE);
    let differences = entries.flat_map(|d| d["differences"].as_array().unwrap());
    differences.map(|d| format!("{} {}", d["kind"].as_str().unwrap(), d["path"].as_str().unwrap())).collect()
}

#[test]
fn how_a_template_is_written_is_no_difference_and_what_it_says_is() {
    assert_eq!(modified(REFORMATTED, &[]), [""; 0]);
    assert_eq!(modified(&VOLUME.replace("One volume", "Two volumes"), &[]), ["changed Description"]);
    assert_eq!(modified(&VOLUME.replace("Size: 10", "Size: 11"), &[]), ["changed Resources.Data"]);
    assert_eq!(modified(&VOLUME.replace("Default: none", "Default: one"), &[]), ["changed Parameters.Key"]);
    assert_eq!(modified(&VOLUME.replace("Description: One volume.\n", ""), &[]), ["removed Description"]);
    assert_eq!(modified(&format!("{VOLUME}Outputs: {{Id: {{Value: !Ref Data}}}}\n"), &[]), ["added Outputs.Id"]);
}

#[test]
fn parameters_given_with_the_file_are_compared_unless_they_are_hidden() {
    assert_eq!(modified(VOLUME, &[("Key", "one"), ("Secret", "hunter2")]), [""; 0]);
    assert_eq!(modified(VOLUME, &[("Key", "two")]), ["changed Parameters.Key"]);
}

#[test]
fn a_local_file_that_was_processed_means_what_was_made_of_it() {
    let mut app = stack("app", SAM, &[("HelloRole", "AWS::IAM::Role", "app-HelloRole-1")]);
    app.processed = Some(PROCESSED.into());
    let rule = "iam-policy-no-statements-with-full-access";
    let same = report(rule, vec![app.clone()], Vec::new(), Some((SAM, &[])));
    assert_eq!(findings(&same), ["template HelloRole local.yaml:3"]);
    let other = report(rule, vec![app], Vec::new(), Some((&SAM.replace("Hello:", "Bye:"), &[])));
    assert_eq!(findings(&other), [""; 0], "nobody knows what it will become");
    assert_eq!(other["drift"].as_array().unwrap().iter().filter(|d| d["status"] == "modified").count(), 2);
}

const USES: &str = "\
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://s3.amazonaws.com/b/t.yaml'}}
  Named:
    Type: AWS::EC2::Volume
    Properties:
      Encrypted: !Select [5, !Split [':', !GetAtt Bucket.Arn]]
  Data:
    Type: AWS::EC2::Volume
    Properties:
      Encrypted: !GetAtt Nested.Outputs.Encrypted
";
const NESTED: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/app-Nested/9";

fn uses() -> Stack {
    let members = [("Bucket", "AWS::S3::Bucket", "false"), ("Nested", types::STACK, NESTED)];
    stack("app", USES, &members)
}

#[test]
fn an_attribute_is_what_was_observed_and_unknown_if_it_was_not() {
    let named = |resources: Vec<Resource>| {
        let found = findings(&report("encrypted-volumes", vec![uses()], resources, None));
        found.into_iter().find(|f| f.contains("Named")).unwrap()
    };
    let bucket = live("AWS::S3::Bucket", "false", &[], &json!({}));
    assert_eq!(
        named(vec![bucket]),
        "template Named cloudformation://eu-west-1/app:7",
        "the last part of the bucket's ARN"
    );
    assert_eq!(named(Vec::new()), "unknown Named cloudformation://eu-west-1/app:7");
}

#[test]
fn a_nested_stack_gives_its_outputs_and_one_that_is_gone_leaves_them_unknown() {
    let mut child = stack("app-Nested", "Resources: {R: {Type: T::T::T}}", &[]);
    child.id = NESTED.into();
    child.parent = Some(uses().id);
    child.outputs = BTreeMap::from([("Encrypted".into(), "false".into())]);
    let all = report("encrypted-volumes", vec![uses(), child], Vec::new(), None);
    assert!(findings(&all).contains(&"template Data cloudformation://eu-west-1/app:11".to_owned()), "{all}");
    let orphan = report("encrypted-volumes", vec![uses()], Vec::new(), None);
    assert!(findings(&orphan).contains(&"unknown Data cloudformation://eu-west-1/app:11".to_owned()), "{orphan}");
}
