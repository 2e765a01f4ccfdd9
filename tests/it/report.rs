//! What a report looks like, on a terminal and as JSON.

use std::fs;

use assert_cmd::Command;

const TEMPLATE: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  AdminCidr:
    Type: String
    Description: Where administrators come from
Resources:
  Data:
    Type: AWS::EC2::Volume
    Properties:
      AvailabilityZone: !Select [0, !GetAZs ""]
      Encrypted: false
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Web servers behind the load balancer
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: 22
          ToPort: 22
          CidrIp: 0.0.0.0/0
          Description: Administration from anywhere
        - IpProtocol: tcp
          FromPort: 22
          ToPort: 22
          CidrIp: !Ref AdminCidr
          Description: Administration from the office
  Admin:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Administration of the servers
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: 22
          ToPort: 22
          CidrIp: !Ref AdminCidr
          Description: Administration from the office
"#;

fn check(arguments: &[&str]) -> String {
    let dir = tempfile::TempDir::new().unwrap();
    fs::write(dir.path().join("web.yaml"), TEMPLATE).unwrap();
    let rules = ["--rule", "encrypted-volumes,restricted-ssh"];
    let mut command = Command::cargo_bin("driftline").unwrap();
    command.current_dir(dir.path()).args(["check", "web.yaml"]).args(rules).args(arguments);
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn on_a_terminal() {
    insta::assert_snapshot!(check(&[]));
}

#[test]
fn on_a_terminal_in_full() {
    insta::assert_snapshot!(check(&["-v"]));
}

#[test]
fn as_json() {
    let mut report: serde_json::Value = serde_json::from_str(&check(&["--format", "json"])).unwrap();
    for moment in ["started", "finished"] {
        report["run"][moment] = "(time)".into();
    }
    insta::assert_snapshot!(format!("{report:#}"));
}
