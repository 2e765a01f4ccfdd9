//! Actions that take no resource: `Resource: "*"` is the only thing a policy can say for them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Actions for which AWS's service reference names no resource type, of the services that policies commonly name. A trailing
/// `*` stands for all actions with that beginning.
///
/// A few actions are in although the reference names a resource type for them, because what they are for cannot be narrowed:
/// `ec2:Describe*`, `cloudwatch:GetMetricData`, `ListMetrics` and `PutMetricData` (the type is another store of metrics), and
/// `ssm:UpdateInstanceInformation`, which AWS's own policy for instances grants on `*`.
const TABLE: &str = include_str!("unscopable_actions.txt");

static EXACT: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| TABLE.lines().filter(|line| !line.ends_with('*')).map(str::to_ascii_lowercase).collect());

static BEGINNINGS: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| TABLE.lines().filter_map(|line| line.strip_suffix('*')).map(str::to_ascii_lowercase).collect());

/// Whether everything that an action pattern matches takes no resource.
pub(in crate::rules) fn is_unscopable(pattern: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    if EXACT.contains(&pattern) {
        return true;
    }
    // What comes before the first wildcard is all that is certain about what the pattern matches.
    let certain = pattern.split(['*', '?']).next().unwrap_or_default();
    certain
        .char_indices()
        .map(|(n, c)| n + c.len_utf8())
        .any(|n| certain.get(..n).is_some_and(|b| BEGINNINGS.contains(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_line_is_an_action() {
        let lines: Vec<_> = TABLE.lines().collect();
        assert!(lines.is_sorted(), "keep it sorted: that is how a person finds a line");
        for line in lines {
            let action = line.split_once(':').map(|(_, action)| action.trim_end_matches('*'));
            assert!(action.is_some_and(|a| a.chars().all(char::is_alphanumeric)), "{line}");
        }
    }

    #[test]
    fn listings_take_no_resource_and_reads_of_one_thing_do() {
        for pattern in [
            "ec2:DescribeInstances",
            "ec2:Describe*",
            "ec2:describeVpc*",
            "cloudwatch:PutMetricData",
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSampling*",
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ec2messages:GetMessages",
            "logs:DescribeLogGroups",
            "sts:GetCallerIdentity",
            "ecr:GetAuthorizationToken",
            "s3:ListAllMyBuckets",
            "kms:ListAliases",
            "kms:CreateKey",
            "kms:GenerateRandom",
            "iam:ListRoles",
            "cloudformation:ListStacks",
            "tag:GetResources",
            "autoscaling:Describe*",
            "elasticloadbalancing:DescribeTargetHealth",
        ] {
            assert!(is_unscopable(pattern), "{pattern}");
        }
        for pattern in [
            "*",
            "ec2:*",
            "logs:PutLogEvents",
            "logs:Describe*",
            "ssm:GetParameter",
            "s3:GetObject",
            "s3:List*",
            "iam:PassRole",
            "kms:Decrypt",
            "rds:DescribeDBInstances",
            "sts:AssumeRole",
            "e*",
        ] {
            assert!(!is_unscopable(pattern), "{pattern}");
        }
    }
}
