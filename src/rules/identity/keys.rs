//! Rules about long-lived keys, and about defaults of the account.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Resource, Unknown, Value};
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// An access key works from anywhere until somebody takes it away, and nobody knows where copies of it lie. The older it is, the more
    /// there are.
    ///
    /// Judged are active keys by their age. A key in a template fails whatever its age (`forbid_static_keys`): its secret stands in the
    /// outputs or in whatever the template passes it to, and it is replaced only when somebody raises `Serial`.
    ///
    /// ## Fix
    /// Use a role instead. Where that is impossible, make a new key, switch over, and delete the old one.
    ///
    /// ```sh
    /// aws iam create-access-key --user-name pipeline
    /// aws iam update-access-key --user-name pipeline --access-key-id AKIA… --status Inactive
    /// ```
    "access-keys-rotated" => {
        title: "Active IAM access keys are younger than the rotation limit, and no template declares one.",
        category: Account,
        severity: Medium,
        scope: Resource,
        types: ["AWS::IAM::AccessKey"],
        reads: ["AWS::IAM::AccessKey.Status", "AWS::IAM::AccessKey.UserName"],
        params: {
            max_age_days: Preset::Int(90) => "days that an active key may be old",
            forbid_static_keys: Preset::Bool(true) => "fail a key that a template declares",
        },
        equivalents: [
            "aws-config/access-keys-rotated",
            "security-hub/IAM.3",
            "prowler/iam_rotate_access_key_90_days",
            "cis-5.0/1.13",
            "pci-4.0/8.3.5",
            "pci-4.0/8.3.7",
            "pci-4.0/8.3.9",
            "pci-4.0/8.3.10.1",
            "pci-4.0/8.6.3",
        ],
        check: rotated,
    }

    /// ## Why
    /// An instance that says nothing of metadata tokens takes them from its AMI and then from the account. With the account's default set, what
    /// nobody thought of is safe too.
    ///
    /// A region without a default fails: tokens are optional there.
    ///
    /// ## Fix
    /// ```sh
    /// aws ec2 modify-instance-metadata-defaults --region us-east-1 --http-tokens required
    /// ```
    "ec2-account-imdsv2-default" => {
        title: "The account's default for new instances requires IMDSv2.",
        category: Account,
        severity: Medium,
        scope: Account,
        types: ["Driftline::EC2::InstanceMetadataDefaults"],
        equivalents: ["prowler/ec2_instance_account_imdsv2_enabled"],
        check: |r, _| Some(check::one_of(&r.get("HttpTokens"), &["required"])),
    }
}

fn rotated(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let status = r.get("Status");
    if status.as_str() == Some("Inactive") {
        return None;
    }
    if !r.is_live() {
        let expected = "no access key in a template";
        return cx.params.bool("forbid_static_keys").then(|| check::fail(&r.get("UserName"), expected));
    }
    let days = cx.params.int("max_age_days");
    let expected = format!("at most {days} days old");
    let made = r.attribute("CreateDate");
    let time = made.value().and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    let Some((time, now)) = time.zip(cx.estate.taken()) else {
        return Some(unknown(&made, &expected, &made.why_unknown().unwrap_or(Unknown::NotCollected)));
    };
    let age = now.duration_since(time);
    if age <= SignedDuration::from_hours(24 * days) {
        return Some(Verdict::Pass);
    }
    let old = Verdict::fail(Evidence {
        actual: Some(format!("{} days old", age.as_hours() / 24)),
        ..Evidence::of(&made, &expected)
    });
    Some(status.why_unknown().map_or(old, |why| unknown(&status, "Inactive", &why)))
}
