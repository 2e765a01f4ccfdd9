//! How fast each service may be asked: half of what AWS documents, so that a scan never eats the quota of the workload.
//!
//! Sources: EC2 developer guide "Request throttling"; ELB user guide "Request throttling"; KMS "Request quotas"; the quota pages of
//! Lambda, API Gateway, Step Functions, SNS, Systems Manager, CloudTrail, CloudWatch, CloudWatch Logs, WAF and Route 53.

/// Calls that share a bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Class {
    /// Names the bucket: an action, or what several actions share.
    pub(super) name: &'static str,
    /// Requests per second to begin with.
    pub(super) rate: f64,
    /// Requests that may go at once before the rate binds.
    pub(super) burst: f64,
    /// Whether AWS documents the quota. Where it does not, the rate grows while nobody is throttled.
    pub(super) published: bool,
}

/// Where no number is published.
const UNPUBLISHED: (f64, f64) = (25.0, 25.0);

/// Documented quotas: action or its beginning, the name of the bucket (empty: the action's own), burst, refill per second. The first line that
/// fits holds.
const QUOTAS: &[(&str, &str, f64, f64)] = &[
    // Per action; paged and filtered calls have the larger bucket, and driftline makes no others.
    ("ec2:Describe", "", 100.0, 20.0),
    ("ec2:Get", "", 100.0, 20.0),
    ("elasticloadbalancing:", "elasticloadbalancing", 40.0, 10.0),
    ("kms:DescribeKey", "", 2000.0, 2000.0),
    ("kms:ListResourceTags", "", 2000.0, 2000.0),
    ("kms:GetKey", "", 1000.0, 1000.0),
    ("kms:", "", 500.0, 500.0),
    ("lambda:GetFunctionCodeSigningConfig", "lambda", 15.0, 15.0),
    ("lambda:GetFunctionRecursionConfig", "lambda", 15.0, 15.0),
    ("lambda:GetFunction", "", 100.0, 100.0),
    ("lambda:GetPolicy", "", 15.0, 15.0),
    ("lambda:", "lambda", 15.0, 15.0),
    ("apigateway:", "apigateway", 40.0, 10.0),
    ("states:DescribeStateMachine", "", 200.0, 20.0),
    ("states:ListStateMachines", "", 100.0, 5.0),
    ("states:ListTagsForResource", "", 100.0, 1.0),
    ("sns:ListTagsForResource", "", 10.0, 10.0),
    ("sns:", "", 30.0, 30.0),
    ("ssm:DescribeParameters", "", 3.0, 3.0),
    ("ssm:GetParameter", "ssm:GetParameter", 40.0, 40.0),
    ("cloudtrail:", "", 10.0, 10.0),
    ("cloudwatch:DescribeAlarms", "", 9.0, 9.0),
    ("logs:DescribeLogGroups", "", 10.0, 10.0),
    ("wafv2:GetWebACLForResource", "", 1.0, 1.0),
    ("wafv2:ListResourcesForWebACL", "", 1.0, 1.0),
    ("wafv2:", "", 5.0, 5.0),
    ("route53:", "route53", 5.0, 5.0),
];

/// The class of an action.
pub(super) fn class(action: &'static str) -> Class {
    match QUOTAS.iter().find(|(prefix, ..)| action.starts_with(prefix)) {
        Some(&(_, name, burst, refill)) => Class {
            name: if name.is_empty() { action } else { name },
            rate: refill / 2.0,
            burst: (burst / 2.0).max(1.0),
            published: true,
        },
        None => Class {
            name: action.split_once(':').map_or(action, |(service, _)| service),
            rate: UNPUBLISHED.0,
            burst: UNPUBLISHED.1,
            published: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_documented_quota_is_halved_and_shared_as_documented() {
        let describe = class("ec2:DescribeVolumes");
        assert_eq!((describe.name, describe.rate, describe.burst), ("ec2:DescribeVolumes", 10.0, 50.0));
        assert_eq!(class("route53:ListHostedZones").name, class("route53:ListHealthChecks").name);
        assert_eq!(class("lambda:ListFunctions").name, "lambda");
        assert!((class("lambda:GetFunction").rate - 50.0).abs() < 1e-9);
        assert_eq!(class("lambda:GetFunctionRecursionConfig").name, "lambda");
        assert!((class("lambda:GetPolicy").rate - 7.5).abs() < 1e-9);
    }

    #[test]
    fn undocumented_services_share_one_bucket_that_may_grow() {
        let class = class("iam:ListRoles");
        assert_eq!((class.name, class.rate, class.published), ("iam", 25.0, false));
    }
}
