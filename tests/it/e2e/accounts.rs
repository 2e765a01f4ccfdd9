//! Several accounts in one report: by role, by file, by organization, and one that does not let us in.

use std::collections::BTreeSet;

use serde_json::Value;

use super::emulator::{Emulator, REGION, driftline, run};
use super::proxy::{Fault, Proxy};

/// An unencrypted volume in each of three accounts; the third is suspended from the organization.
const CREATE: &str = r"
import boto3, json
organizations = boto3.client('organizations')
organizations.create_organization(FeatureSet='ALL')
ids = [organizations.create_account(AccountName=name, Email=name + '@example.com')['CreateAccountStatus']['AccountId'] for name in ('one', 'two')]
boto3.client('ec2').create_volume(AvailabilityZone='us-east-1a', Size=1)
for id in ids:
    keys = boto3.client('sts').assume_role(RoleArn='arn:aws:iam::%s:role/OrganizationAccountAccessRole' % id, RoleSessionName='test')['Credentials']
    session = boto3.Session(keys['AccessKeyId'], keys['SecretAccessKey'], keys['SessionToken'])
    session.client('ec2').create_volume(AvailabilityZone='us-east-1a', Size=1)
print(json.dumps(ids))
";

fn failing(report: &Value) -> BTreeSet<&str> {
    let volumes = report["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == "encrypted-volumes");
    volumes.map(|f| f["resource"]["account"].as_str().unwrap()).collect()
}

#[test]
fn accounts_are_scanned_side_by_side() {
    let moto = Emulator::start("moto", &[]).expect("moto needs Python 3 only");
    let ids: Vec<String> = serde_json::from_str(&moto.python(&["-c", CREATE])).unwrap();
    let own = "123456789012";
    let scan = |extra: &[&str]| run(&moto.endpoint, &[&["scan", "--region", REGION][..], extra].concat()).1;

    let all = scan(&["--org"]);
    assert_eq!(failing(&all), BTreeSet::from([own, &ids[0], &ids[1]]));
    assert_eq!(all["run"]["accounts"].as_array().unwrap().len(), 3);
    let places = all["coverage"]["places"].as_array().unwrap();
    let place = |id: &str| places.iter().any(|p| p["account"] == id && p["region"] == REGION && p["resources"] != 0);
    assert!(place(own) && place(&ids[0]) && place(&ids[1]), "{places:?}");

    let fewer = scan(&["--org", "--exclude-account", &ids[1]]);
    assert_eq!(failing(&fewer), BTreeSet::from([own, &ids[0]]));

    let role = |id: &str| format!("arn:aws:iam::{id}:role/audit");
    let roles = scan(&["--role-arn", &role(&ids[0]), "--role-arn", &role(&ids[1])]);
    assert_eq!(failing(&roles), BTreeSet::from([ids[0].as_str(), &ids[1]]));

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("- '{}'\n- role_arn: {}\n  regions: [eu-west-1]\n", ids[0], role(&ids[1])))
        .unwrap();
    let listed = scan(&["--accounts", file.path().to_str().unwrap()]);
    assert_eq!(failing(&listed), BTreeSet::from([ids[0].as_str()]), "the other account is looked at elsewhere");
    let regions: Vec<&str> = listed["run"]["regions"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect();
    assert_eq!(regions, ["eu-west-1", REGION]);

    // A recording of several accounts is judged as they were.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("org.snapshot");
    let recorded = scan(&["--org", "--record", path.to_str().unwrap()]);
    let (_, replayed) = run("http://127.0.0.1:9", &["scan", "--snapshot", path.to_str().unwrap()]);
    assert_eq!(super::report::without_run(&recorded), super::report::without_run(&replayed));
}

#[test]
fn an_account_that_does_not_let_us_in_is_a_gap() {
    let moto = Emulator::start("moto", &[]).expect("moto needs Python 3 only");
    let proxy = Proxy::with(&moto.endpoint, |action, before| {
        if action == "sts:AssumeRole" && before == 0 { Fault::Denied } else { Fault::None }
    });
    let roles = ["arn:aws:iam::111111111111:role/audit", "arn:aws:iam::222222222222:role/audit"];
    let scan = ["scan", "--region", REGION, "--fail-on", "none", "--role-arn", roles[0], "--role-arn", roles[1]];
    let (code, report) = run(&proxy.endpoint, &scan);
    assert_eq!(code, 3, "one account is missing");
    assert_eq!(report["run"]["accounts"].as_array().unwrap().len(), 1);
    let gap = report["gaps"].as_array().unwrap().iter().find(|g| g["action"] == "sts:AssumeRole").unwrap();
    assert_eq!(gap["cause"], "denied");
    let answered = report["run"]["accounts"][0].as_str().unwrap();
    assert!(gap["account"] != answered && roles.iter().any(|r| r.contains(gap["account"].as_str().unwrap())), "{gap}");
}

#[test]
fn a_single_account_that_does_not_let_us_in_is_an_error() {
    let ministack = Emulator::start("ministack", &["AUTH=true"]).expect("MiniStack needs Python 3 only");
    let open = "arn:aws:iam::000000000000:role/nobody";
    let output = driftline(&ministack.endpoint, &["scan", "--region", REGION, "--role-arn", open]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}
