//! The part of the sample that LocalStack knows: networks, security groups, roles, buckets.

use super::emulator::{Emulator, FOLLOWED, REGION, run};
use super::report::{deleted, findings, set, sound};

/// LocalStack has no RDS; its gaps are expected, and only those.
const SCAN: &[&str] = &["scan", "--region", REGION, "--compliance", FOLLOWED, "--all"];

#[test]
fn an_account_on_localstack() {
    let Some(localstack) = Emulator::start("localstack", &[]) else { return };
    localstack.script("deploy.py", &["--emulator", "localstack"]);
    let (_, before) = run(&localstack.endpoint, SCAN);
    sound(&before);
    assert_eq!(findings(&before, &["drift", "latent"]), set(&[]), "nothing has drifted yet");
    assert_eq!(deleted(&before), set(&[]));
    let unmanaged = findings(&before, &["unmanaged"]);

    localstack.script("drift.py", &[]);
    let (code, after) = run(&localstack.endpoint, SCAN);
    sound(&after);
    assert_eq!(code, 1);
    let drift = findings(&after, &["drift"]);
    assert!(drift.contains("drift restricted-ssh AppSecurityGroup"), "{drift:?}");
    assert!(drift.contains("drift iam-policy-no-statements-with-full-access AppRole"), "{drift:?}");
    assert_eq!(findings(&after, &["latent"]), set(&["latent s3-bucket-versioning-enabled AssetsBucket"]));
    assert!(deleted(&after).contains("ReportsBucket"));
    let new: Vec<String> = findings(&after, &["unmanaged"]).difference(&unmanaged).cloned().collect();
    assert_eq!(new, ["unmanaged encrypted-volumes AWS::EC2::Volume"]);
}
