//! Functions.

use crate::model::{Read, Related, Resource};
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// An event that a function fails on is tried again twice and then thrown away. With a dead-letter queue or a destination it is kept, and
    /// somebody can be told.
    ///
    /// Passes with `DeadLetterConfig.TargetArn`, or with an `AWS::Lambda::EventInvokeConfig` that has an on-failure destination. A target
    /// that is gone fails. Whether the function may write to it is not asked: Lambda refuses the setting if it may not. Helpers of custom
    /// resources (`exempt_pattern`, on name or logical id) are left out.
    ///
    /// ## Fix
    /// ```yaml
    /// DeadLetterConfig:
    ///   TargetArn: !GetAtt FailedEvents.Arn
    /// ```
    ///
    /// ```sh
    /// aws lambda update-function-configuration --function-name orders --dead-letter-config TargetArn=arn:aws:sqs:us-east-1:123456789012:failed-events
    /// ```
    "lambda-dlq-check" => {
        title: "Lambda functions have a dead-letter queue or an on-failure destination.",
        category: Compute,
        severity: Medium,
        scope: Resource,
        types: ["AWS::Lambda::Function"],
        reads: ["AWS::Lambda::EventInvokeConfig", "AWS::SNS::Topic", "AWS::SQS::Queue"],
        params: { exempt_pattern: Preset::Pattern("(?i)custom-?resource") => "functions that need none, by name or logical id" },
        equivalents: [
            "aws-config/lambda-dlq-check",
            "prowler/awslambda_function_no_dead_letter_queue",
            "checkov/CKV_AWS_116",
            "aws-guard/lambda_dlq_check",
        ],
        check: keeps_failures,
    }
}

const EXPECTED: &str = "a dead-letter queue or topic, or an on-failure destination";

fn keeps_failures(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let name = r.get("FunctionName");
    let names = [r.address.logical_id.as_deref(), r.address.physical_id.as_deref(), name.as_str()];
    if let Some(pattern) = cx.params.pattern("exempt_pattern")
        && names.iter().flatten().any(|name| pattern.is_match(name))
    {
        return None;
    }
    let queue = target(r, &r.get("DeadLetterConfig.TargetArn"), cx);
    let configs = cx.estate.referrers(r, "AWS::Lambda::EventInvokeConfig", "FunctionName");
    Some(queue.or(|| {
        check::some(&configs, &r.get("DeadLetterConfig.TargetArn"), EXPECTED, |config| {
            let destination = config.get("DestinationConfig.OnFailure.Destination");
            check::present(&destination, "a destination").on(config.address.name())
        })
    }))
}

/// A target that exists, as far as we can see: one in another account or region we cannot.
fn target(r: &Resource, arn: &Read<'_>, cx: &Context<'_>) -> Verdict {
    match cx.estate.follow(arn, &["AWS::SQS::Queue", "AWS::SNS::Topic"]) {
        Related::Found(_) => Verdict::Pass,
        Related::Missing => {
            let here = format!(":{}:{}:", r.address.region, r.address.account);
            match arn.as_str() {
                Some(text) if !text.contains(&here) => Verdict::Pass,
                Some(_) => check::fail(arn, "a target that exists"),
                None => check::fail(arn, EXPECTED),
            }
        }
        Related::Unknown(_) if arn.as_str().is_some() => Verdict::Pass,
        Related::Unknown(why) => unknown(arn, EXPECTED, &why),
    }
}
