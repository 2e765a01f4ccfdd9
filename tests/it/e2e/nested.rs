//! A nested stack: joined with its parent by parameters and outputs, deleted by hand, and with templates that nobody may read.

use super::emulator::{Emulator, REGION, run};
use super::proxy::Proxy;
use super::report::{deleted, findings, set};

/// Deploys a parent with a nested stack whose output its volume takes over.
const DEPLOY: &str = r#"
import boto3, os
s3, cloudformation = boto3.client("s3"), boto3.client("cloudformation")
s3.create_bucket(Bucket="templates")
s3.put_object(Bucket="templates", Key="child.yaml", Body="""
Parameters: {Flag: {Type: String}}
Resources:
  Marker: {Type: AWS::SSM::Parameter, Properties: {Type: String, Name: /marker, Value: !Ref Flag}}
  Spare: {Type: AWS::EC2::Volume, Properties: {AvailabilityZone: us-east-1a, Size: 1, Encrypted: !Ref Flag}}
Outputs:
  Encrypted: {Value: !Ref Flag}
""")
cloudformation.create_stack(StackName="parent", TemplateBody="""
Resources:
  Nested:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: ENDPOINT/templates/child.yaml, Parameters: {Flag: 'false'}}
  Data:
    Type: AWS::EC2::Volume
    Properties: {AvailabilityZone: us-east-1a, Size: 1, Encrypted: !GetAtt Nested.Outputs.Encrypted}
""".replace("ENDPOINT", os.environ["AWS_ENDPOINT_URL"]))
"#;

const DELETE: &str = r#"
import boto3
cloudformation = boto3.client("cloudformation")
for stack in cloudformation.describe_stacks()["Stacks"]:
    if stack["StackName"] != "parent":
        cloudformation.delete_stack(StackName=stack["StackName"])
"#;

const AUDIT: &[&str] = &["audit", "parent", "--region", REGION, "--rule", "encrypted-volumes", "--all"];

const ALL: &[&str] = &["template", "drift", "latent", "live", "unmanaged", "unverified", "unknown", "compliant"];

/// What the template says of the parent's volume.
fn declared(report: &serde_json::Value) -> serde_json::Value {
    let all = report["findings"].as_array().unwrap();
    all.iter().find(|f| f["resource"]["logical_id"] == "Data").unwrap()["declared"]["verdict"].clone()
}

#[test]
fn a_nested_stack_is_joined_with_its_parent_and_missed_when_it_is_gone() {
    let moto = Emulator::start("moto", &[]).expect("moto needs Python 3 only");
    moto.python(&["-c", DEPLOY]);
    let (_, whole) = run(&moto.endpoint, AUDIT);
    assert_eq!(declared(&whole), "fail", "the output of the nested stack is known");
    let both = set(&["template encrypted-volumes Data", "template encrypted-volumes Spare"]);
    assert_eq!(findings(&whole, ALL), both, "the nested stack's own volume is judged too");
    assert_eq!(deleted(&whole), set(&[]));

    let proxy = Proxy::in_front_of(&moto.endpoint, &["cloudformation:GetTemplate"]);
    let (_, blind) = run(&proxy.endpoint, AUDIT);
    let both = set(&["live encrypted-volumes Data", "live encrypted-volumes Spare"]);
    assert_eq!(findings(&blind, ALL), both, "they fail, and nobody can say where that comes from");
    assert!(blind["gaps"].as_array().unwrap().iter().any(|g| g["action"] == "cloudformation:GetTemplate"));

    moto.python(&["-c", DELETE]);
    for arguments in [AUDIT, &["scan", "--region", REGION, "--rule", "encrypted-volumes", "--all"]] {
        let (_, gone) = run(&moto.endpoint, arguments);
        assert_eq!(deleted(&gone), set(&["Nested"]), "{arguments:?}");
        assert_eq!(declared(&gone), "unknown", "what the parent took from it is not known any more");
    }
}
