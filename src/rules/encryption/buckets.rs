//! Keys of buckets.

use crate::model::{Items, Read, Resource};
use crate::rules::readers::{keys, log_destinations};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// With SSE-KMS reading an object takes a permission on the key besides the one on the bucket, and every use of the key is in
    /// CloudTrail. With `AES256`, S3's default where `BucketEncryption` is absent, neither holds.
    ///
    /// As the AWS Config rule does, any KMS key is accepted unless `require_cmk` is set: then AWS's own key (`alias/aws/s3`, and what S3
    /// uses where `KMSMasterKeyID` is absent) fails. Buckets that a service writes its logs to and that cannot take SSE-KMS are left out:
    /// those with access logs of a load balancer, and what else `exempt_log_destinations` names.
    ///
    /// ## Fix
    /// ```yaml
    /// BucketEncryption:
    ///   ServerSideEncryptionConfiguration:
    ///     - ServerSideEncryptionByDefault:
    ///         SSEAlgorithm: aws:kms
    ///         KMSMasterKeyID: !GetAtt BucketKey.Arn
    ///       BucketKeyEnabled: true # far fewer calls to KMS
    /// ```
    ///
    /// ```sh
    /// aws s3api put-bucket-encryption --bucket reports --server-side-encryption-configuration \
    ///   '{"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/buckets"}}]}'
    /// ```
    "s3-default-encryption-kms" => {
        title: "S3 buckets encrypt new objects with a KMS key.",
        category: Encryption,
        severity: Medium,
        scope: Resource,
        types: ["AWS::S3::Bucket"],
        reads: [
            "AWS::S3::Bucket.BucketEncryption", "AWS::S3::Bucket.LoggingConfiguration", "AWS::KMS::Key", "AWS::KMS::Alias",
            "AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes", "AWS::CloudTrail::Trail",
            "AWS::Config::DeliveryChannel", "AWS::CloudFront::Distribution.DistributionConfig",
            "AWS::WAFv2::LoggingConfiguration", "AWS::EC2::FlowLog",
        ],
        params: {
            require_cmk: Preset::Bool(false) => "reject AWS's own key, alias/aws/s3",
            exempt_log_destinations: Preset::Texts(&["elb"])
                => "buckets left out by what is logged to them: `elb`, `cloudfront`, `s3`, `vpc`, `waf`, `cloudtrail`, `config`",
        },
        equivalents: [
            "aws-config/s3-default-encryption-kms", "security-hub/S3.17", "prowler/s3_bucket_kms_encryption",
            "checkov/CKV_AWS_145", "aws-guard/s3_default_encryption_kms", "pci-4.0/3.5.1", "pci-4.0/8.3.2",
        ],
        check: bucket,
    }
}

fn bucket(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let verdict = encryption(r, cx);
    if verdict.is_pass() {
        return Some(verdict);
    }
    let exempt = cx.params.texts("exempt_log_destinations");
    match log_destinations::written_by(cx.estate, r, |service| exempt.iter().any(|e| e == service)) {
        Ok(true) => None,
        Ok(false) => Some(verdict),
        Err(why) => {
            let expected = "a KMS key, unless logs are written here";
            Some(Verdict::unknown(Evidence::unknown(&r.get("BucketEncryption"), expected, &why)))
        }
    }
}

fn encryption(r: &Resource, cx: &Context<'_>) -> Verdict {
    let configuration = r.get("BucketEncryption.ServerSideEncryptionConfiguration");
    let rule = |rule: &Read<'_>| {
        let default = rule.get("ServerSideEncryptionByDefault");
        let algorithm = check::one_of(&default.get("SSEAlgorithm"), &["aws:kms", "aws:kms:dsse"]);
        if cx.params.bool("require_cmk") && !matches!(algorithm, Verdict::Fail(_)) {
            return algorithm.and(keys::is_customers(cx.estate, &default.get("KMSMasterKeyID")));
        }
        algorithm
    };
    match configuration.items() {
        Items::Are(rules) if !rules.is_empty() => Verdict::any(rules.iter().map(rule), || Verdict::Pass),
        Items::Unknown => check::unknown(&configuration, "SSEAlgorithm aws:kms or aws:kms:dsse"),
        _ => check::fail(&configuration, "SSEAlgorithm aws:kms or aws:kms:dsse"),
    }
}
