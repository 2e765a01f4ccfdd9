//! Rules about S3 buckets.

use crate::model::{Field, Items, Read, Resource, Unknown, types};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// Since January 2023 S3 encrypts every new object, with keys of its own (`AES256`) unless the bucket says otherwise. The rule
    /// holds the bucket to the algorithms you accept: with `aws:kms` alone, reading an object takes a permission on the key as well.
    ///
    /// A bucket without `BucketEncryption` has S3's default, `AES256`. Set `require_declared` to demand that templates say so.
    ///
    /// ## Fix
    /// ```yaml
    /// BucketEncryption:
    ///   ServerSideEncryptionConfiguration:
    ///     - ServerSideEncryptionByDefault:
    ///         SSEAlgorithm: aws:kms
    ///         KMSMasterKeyID: !GetAtt BucketKey.Arn
    ///       BucketKeyEnabled: true
    /// ```
    "s3-bucket-server-side-encryption-enabled" => {
        title: "S3 buckets encrypt new objects with an accepted algorithm.",
        category: Encryption,
        severity: High,
        scope: Resource,
        types: ["AWS::S3::Bucket"],
        reads: ["AWS::S3::Bucket.BucketEncryption"],
        params: {
            algorithms: Preset::Texts(&["AES256", "aws:kms", "aws:kms:dsse"]) => "accepted values of SSEAlgorithm",
            require_declared: Preset::Bool(false) => "fail templates that leave it to S3's default",
        },
        equivalents: [
            "aws-config/s3-bucket-server-side-encryption-enabled",
            "security-hub/S3.4",
            "prowler/s3_bucket_default_encryption",
            "checkov/CKV_AWS_19",
            "aws-guard/s3_bucket_server_side_encryption_enabled",
            "pci-4.0/3.5.1",
            "pci-4.0/8.3.2",
            "pci-3.2.1/3.4",
        ],
        check: |r, cx| Some(encryption(r, cx)),
    }

    /// ## Why
    /// The four switches of the public access block hold, whatever a bucket policy or an ACL says later. A public bucket is how most
    /// data leaks from S3 begin.
    ///
    /// S3 applies the block of the account and that of the bucket together: a switch is on if either has it on. A block that
    /// leaves a switch out has it off. A template without a block leaves it to the account and to S3's default for new buckets,
    /// which only AWS can tell; set `require_declared` to demand that templates say it.
    ///
    /// ## Fix
    /// ```yaml
    /// PublicAccessBlockConfiguration:
    ///   BlockPublicAcls: true
    ///   BlockPublicPolicy: true
    ///   IgnorePublicAcls: true
    ///   RestrictPublicBuckets: true
    /// ```
    "s3-bucket-level-public-access-prohibited" => {
        title: "S3 buckets block all public access.",
        category: Storage,
        severity: Critical,
        scope: Resource,
        types: ["AWS::S3::Bucket"],
        reads: ["AWS::S3::Bucket.PublicAccessBlockConfiguration", "Driftline::S3::AccountPublicAccessBlock"],
        params: {
            accept_account_level: Preset::Bool(true) => "count what the account's block switches on",
            require_declared: Preset::Bool(false) => "fail templates that leave it to the account",
        },
        equivalents: [
            "aws-config/s3-bucket-level-public-access-prohibited",
            "security-hub/S3.8",
            "prowler/s3_bucket_level_public_access_block",
            "checkov/CKV_AWS_53",
            "checkov/CKV_AWS_54",
            "checkov/CKV_AWS_55",
            "checkov/CKV_AWS_56",
            "checkov/CKV2_AWS_6",
            "aws-guard/s3_bucket_level_public_access_prohibited",
            "cis-5.0/2.1.4",
        ],
        check: |r, cx| Some(public_access(r, cx)),
    }

    /// ## Why
    /// Without versions an overwritten or deleted object is gone: by mistake, by a bug, or by ransomware.
    ///
    /// A bucket that never had versioning has none: absent fails, and so does `Suspended`.
    ///
    /// ## Fix
    /// ```yaml
    /// VersioningConfiguration:
    ///   Status: Enabled
    /// LifecycleConfiguration:
    ///   Rules:
    ///     - Status: Enabled
    ///       NoncurrentVersionExpiration: {NoncurrentDays: 30}
    /// ```
    "s3-bucket-versioning-enabled" => {
        title: "S3 buckets keep versions of their objects.",
        category: Storage,
        severity: Medium,
        scope: Resource,
        types: ["AWS::S3::Bucket"],
        reads: [
            "AWS::S3::Bucket.VersioningConfiguration", "AWS::CloudTrail::Trail if log_buckets_only", "AWS::Config::DeliveryChannel if log_buckets_only",
            "AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes if log_buckets_only", "AWS::CloudFront::Distribution.DistributionConfig if log_buckets_only",
            "AWS::WAFv2::LoggingConfiguration if log_buckets_only", "AWS::EC2::FlowLog if log_buckets_only", "AWS::S3::Bucket.LoggingConfiguration if log_buckets_only",
        ],
        params: { log_buckets_only: Preset::Bool(false) => "judge only buckets that services write logs to" },
        equivalents: [
            "aws-config/s3-bucket-versioning-enabled",
            "security-hub/S3.14",
            "prowler/s3_bucket_object_versioning",
            "checkov/CKV_AWS_21",
            "aws-guard/s3_bucket_versioning_enabled",
            "pci-4.0/10.3.4",
        ],
        check: |r, cx| super::of_log_buckets(r, cx, cx.params.bool("log_buckets_only"), || {
            check::one_of(&r.get("VersioningConfiguration.Status"), &["Enabled"])
        }),
    }
}

/// Whether a template that leaves a setting out is to fail for that alone.
fn must_declare(read: &Read<'_>, cx: &Context<'_>) -> bool {
    read.is_absent() && !read.resource.is_live() && cx.params.bool("require_declared")
}

fn encryption(r: &Resource, cx: &Context<'_>) -> Verdict {
    let algorithms = cx.params.texts("algorithms");
    let configuration = r.get("BucketEncryption.ServerSideEncryptionConfiguration");
    if must_declare(&configuration, cx) {
        return check::fail(&configuration, "a declared default encryption");
    }
    let accepted = |read: &Read<'_>| {
        if read.is_absent() && algorithms.iter().any(|a| a == "AES256") {
            return Verdict::Pass;
        }
        check::one_of(read, algorithms)
    };
    match configuration.items() {
        Items::Are(rules) if !rules.is_empty() => {
            let algorithm = |rule: &Read<'_>| accepted(&rule.get("ServerSideEncryptionByDefault.SSEAlgorithm"));
            Verdict::any(rules.iter().map(algorithm), || Verdict::Pass)
        }
        _ => accepted(&configuration),
    }
}

/// The four switches of a public access block.
const SWITCHES: &[&str] = &["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];

fn public_access(r: &Resource, cx: &Context<'_>) -> Verdict {
    let block = r.get("PublicAccessBlockConfiguration");
    if block.is_absent() && !r.is_live() {
        let expected = "all public access blocked";
        if must_declare(&block, cx) {
            return check::fail(&block, expected);
        }
        let why = Unknown::Outside("the default public access block of account and bucket".into());
        return Verdict::unknown(Evidence::unknown(&block, expected, &why));
    }
    let by_account = r.is_live() && cx.params.bool("accept_account_level");
    Verdict::all(SWITCHES.iter().map(|&switch| {
        let own = check::is_true(&block.get(switch));
        if by_account { own.or(|| account_switch(r, cx, switch)) } else { own }
    }))
}

/// Whether the account's block has a switch on. An account that was listed and has no block has it off.
fn account_switch(r: &Resource, cx: &Context<'_>, switch: &str) -> Verdict {
    let blocks = cx.estate.of(r, types::S3_ACCOUNT_BLOCK);
    let nothing = Read::new(r, switch.to_owned(), Field::Absent { near: r.at });
    check::some(&blocks, &nothing, "true, in the account's public access block", |account| {
        check::is_true(&account.get(switch)).on(account.address.name())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Estate, World, from_json};
    use crate::rules::{Params, find};
    use crate::source::Span;
    use serde_json::{Value as Json, json};
    use std::collections::BTreeMap;

    fn observed(kind: &str, reads: &'static [&'static str], properties: &Json) -> Resource {
        let address = Address { region: "global".into(), physical_id: Some(kind.into()), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Open { reads }, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    fn switches(on: &[&str]) -> Json {
        SWITCHES.iter().map(|s| ((*s).to_owned(), Json::Bool(on.contains(s)))).collect::<serde_json::Map<_, _>>().into()
    }

    /// The verdict on a live bucket with a block of its own and one of the account's (`None`: the account has none).
    fn verdict(bucket: &Json, account: Option<&Json>, listed: Result<(), Unknown>) -> &'static str {
        let bucket = observed("AWS::S3::Bucket", &["PublicAccessBlockConfiguration"], bucket);
        let account = account.map(|block| observed(types::S3_ACCOUNT_BLOCK, SWITCHES, block));
        let scope = (types::S3_ACCOUNT_BLOCK.into(), "".into(), "global".into());
        let estate = Estate::new(account.into_iter().collect(), Some(BTreeMap::from([(scope, listed)])));
        let rule = find("s3-bucket-level-public-access-prohibited").unwrap();
        let params = Params::defaults(rule.params);
        (rule.check)(&bucket, &Context { estate: &estate, params: &params }).unwrap().word()
    }

    #[test]
    fn a_switch_is_on_if_the_bucket_or_the_account_has_it_on() {
        let two = json!({"PublicAccessBlockConfiguration": switches(&["BlockPublicAcls", "IgnorePublicAcls"])});
        let others = switches(&["BlockPublicPolicy", "RestrictPublicBuckets"]);
        assert_eq!(verdict(&two, Some(&others), Ok(())), "pass");
        assert_eq!(verdict(&json!({}), Some(&switches(SWITCHES)), Ok(())), "pass");
        assert_eq!(verdict(&json!({}), Some(&others), Ok(())), "fail");
        assert_eq!(verdict(&json!({}), None, Ok(())), "fail");
    }

    #[test]
    fn a_bucket_is_not_condemned_while_the_account_cannot_be_read() {
        let denied = Unknown::Denied { action: "s3:GetAccountPublicAccessBlock".into() };
        assert_eq!(verdict(&json!({}), None, Err(denied.clone())), "unknown");
        let all = json!({"PublicAccessBlockConfiguration": switches(SWITCHES)});
        assert_eq!(verdict(&all, None, Err(denied)), "pass");
    }
}
