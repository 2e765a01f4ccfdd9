//! What bucket policies deny.

use super::of_log_buckets;
use crate::rules::readers::bucket_policy::denies_insecure_transport;
use crate::rules::{Preset, rules};

rules! {
    /// ## Why
    /// S3 answers over HTTP as well. Only the bucket's policy can turn such requests away.
    ///
    /// The denial must be for everybody, for all actions, for the bucket and its objects; one statement or two. A bucket without a policy denies
    /// nothing. `NumericLessThan` on `s3:TlsVersion` does not count: a request without TLS has no version to compare, so the statement does
    /// not apply to it.
    ///
    /// ## Fix
    /// ```yaml
    /// Policy:
    ///   Type: AWS::S3::BucketPolicy
    ///   Properties:
    ///     Bucket: !Ref Bucket
    ///     PolicyDocument:
    ///       Statement:
    ///         - Effect: Deny
    ///           Principal: "*"
    ///           Action: s3:*
    ///           Resource: [!GetAtt Bucket.Arn, !Sub "${Bucket.Arn}/*"]
    ///           Condition: {Bool: {aws:SecureTransport: false}}
    /// ```
    "s3-bucket-ssl-requests-only" => {
        title: "Bucket policies deny requests that are not sent over TLS.",
        category: Storage,
        severity: Medium,
        scope: Estate,
        types: ["AWS::S3::Bucket"],
        reads: [
            "AWS::S3::BucketPolicy.PolicyDocument", "AWS::CloudTrail::Trail if scope_log_buckets_only", "AWS::Config::DeliveryChannel if scope_log_buckets_only",
            "AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes if scope_log_buckets_only", "AWS::CloudFront::Distribution.DistributionConfig if scope_log_buckets_only",
            "AWS::WAFv2::LoggingConfiguration if scope_log_buckets_only", "AWS::EC2::FlowLog if scope_log_buckets_only", "AWS::S3::Bucket.LoggingConfiguration if scope_log_buckets_only",
        ],
        params: { scope_log_buckets_only: Preset::Bool(false) => "judge only buckets that services write logs to" },
        equivalents: [
            "aws-config/s3-bucket-ssl-requests-only", "security-hub/S3.5",
            "prowler/s3_bucket_secure_transport_policy", "checkov/CKV_AWS_379",
            "aws-guard/s3_bucket_ssl_requests_only", "cis-5.0/2.1.1", "pci-4.0/1.2.5", "pci-4.0/2.2.5",
            "pci-4.0/2.2.7", "pci-4.0/4.2.1", "pci-4.0/4.2.1.1", "pci-4.0/8.3.2", "pci-3.2.1/4.1",
        ],
        check: |r, cx| {
            of_log_buckets(r, cx, cx.params.bool("scope_log_buckets_only"), || denies_insecure_transport(cx.estate, r))
        },
    }
}
