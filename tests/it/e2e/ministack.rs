//! `MiniStack` enforces permissions as AWS does: without any, a scan knows nothing and says so; the policy that `driftline policy` prints is enough.

use serde_json::Value;

use super::emulator::{Emulator, REGION, driftline};
use super::report::{findings, set};

/// Makes a user without permissions and prints its access key.
const MAKE_USER: &str = r#"
import boto3, json
iam = boto3.client("iam")
iam.create_user(UserName="scanner")
key = iam.create_access_key(UserName="scanner")["AccessKey"]
print(json.dumps([key["AccessKeyId"], key["SecretAccessKey"]]))
"#;

/// Gives the user the policy of the first argument.
const GIVE_POLICY: &str = r#"
import boto3, sys
boto3.client("iam").put_user_policy(UserName="scanner", PolicyName="driftline", PolicyDocument=sys.argv[1])
"#;

fn scan(ministack: &Emulator, key: &[String]) -> (Option<i32>, Value) {
    let arguments = ["scan", "--region", REGION, "--all", "--format", "json"];
    let output = driftline(&ministack.endpoint, &arguments)
        .env("AWS_ACCESS_KEY_ID", &key[0])
        .env("AWS_SECRET_ACCESS_KEY", &key[1])
        .output()
        .unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

/// What `driftline doctor` says of the user, and its exit code.
fn doctor(ministack: &Emulator, key: &[String]) -> (Option<i32>, String) {
    let output = driftline(&ministack.endpoint, &["doctor", "--region", REGION])
        .env("AWS_ACCESS_KEY_ID", &key[0])
        .env("AWS_SECRET_ACCESS_KEY", &key[1])
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn denied(report: &Value) -> usize {
    report["gaps"].as_array().unwrap().iter().filter(|g| g["cause"] == "denied").count()
}

#[test]
fn the_printed_policy_is_enough_and_nothing_less_looks_like_a_clean_account() {
    let ministack = Emulator::start("ministack", &["AUTH=true"]).expect("MiniStack needs Python 3 only");
    ministack.script("deploy.py", &["--emulator", "ministack"]);
    let key: Vec<String> = serde_json::from_str(&ministack.python(&["-c", MAKE_USER])).unwrap();

    let (code, blind) = scan(&ministack, &key);
    assert_eq!(code, Some(3), "nothing found because nothing was seen");
    assert!(denied(&blind) > 20);
    assert_eq!(blind["counts"]["compliant"], 0, "{}", blind["counts"]);

    let (code, sick) = doctor(&ministack, &key);
    assert_eq!(code, Some(3));
    assert!(sick.contains("user/scanner") && sick.contains("denied   ec2:DescribeVolumes"), "{sick}");
    assert!(sick.contains("`driftline policy` prints a policy"), "{sick}");

    let policy = driftline(&ministack.endpoint, &["policy"]).output().unwrap();
    ministack.python(&["-c", GIVE_POLICY, &String::from_utf8(policy.stdout).unwrap()]);
    let (_, sound) = doctor(&ministack, &key);
    // MiniStack asks for `budgets:DescribeBudgets`, which is no IAM action: AWS's is `budgets:ViewBudget`.
    let refused: Vec<&str> = sound.lines().filter(|l| l.starts_with("denied") && !l.contains("budgets:")).collect();
    assert!(refused.is_empty(), "{sound}");
    let (_, seeing) = scan(&ministack, &key);
    assert_eq!(denied(&seeing), 0, "{}", seeing["gaps"]);
    assert_eq!(findings(&seeing, &["drift", "latent"]), set(&[]));
    assert!(seeing["counts"]["compliant"].as_u64().unwrap() > 10);
}
