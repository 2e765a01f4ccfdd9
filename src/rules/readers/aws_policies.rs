//! Policies of AWS's whose documents are well known: which services they grant anything of.

/// Names (without their path) and the service prefixes of every action in them. Policies that grant much are not here: they stay open.
const SERVICES: &[(&str, &[&str])] = &[
    ("AWSLambdaBasicExecutionRole", &["logs"]),
    ("AWSLambdaDynamoDBExecutionRole", &["dynamodb", "logs"]),
    ("AWSLambdaKinesisExecutionRole", &["kinesis", "logs"]),
    ("AWSLambdaMSKExecutionRole", &["ec2", "kafka", "logs"]),
    ("AWSLambdaSQSQueueExecutionRole", &["logs", "sqs"]),
    ("AWSLambdaVPCAccessExecutionRole", &["ec2", "logs"]),
    ("AWSXRayDaemonWriteAccess", &["xray"]),
    ("AWSXrayWriteOnlyAccess", &["xray"]),
    ("AmazonS3ReadOnlyAccess", &["s3", "s3-object-lambda"]),
    ("AmazonSSMManagedInstanceCore", &["ec2messages", "ssm", "ssmmessages"]),
    ("CloudWatchLambdaInsightsExecutionRolePolicy", &["logs"]),
];

/// Whether a policy of AWS's, given by path and name, certainly does not grant an action.
pub(in crate::rules) fn never_grants(policy: &str, action: &str) -> bool {
    let name = policy.rsplit('/').next().unwrap_or_default();
    let service = action.split(':').next().unwrap_or_default();
    SERVICES.iter().any(|(known, services)| *known == name && !services.iter().any(|s| s.eq_ignore_ascii_case(service)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_policy_of_other_services_certainly_does_not_grant() {
        let shift = "elasticloadbalancing:ModifyListener";
        assert!(never_grants("service-role/AWSLambdaBasicExecutionRole", shift));
        assert!(!never_grants("service-role/AWSLambdaBasicExecutionRole", "logs:PutLogEvents"));
        assert!(!never_grants("ElasticLoadBalancingFullAccess", shift));
        assert!(!never_grants("AdministratorAccess", shift));
    }
}
