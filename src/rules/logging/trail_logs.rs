//! Where trails deliver besides their bucket.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Estate, Resource, Unknown};
use crate::rules::check::{self, related};
use crate::rules::readers::policy::{self, Document, principal};
use crate::rules::readers::sketch::{names_resource, sketch};
use crate::rules::{Verdict, rules};

rules! {
    /// ## Why
    /// Files in a bucket are read afterwards; a log group can raise an alarm while it happens. A trail whose role may not write delivers nothing.
    ///
    /// A trail delivers to no log group unless it names one. Live, the last delivery must be at most a day old.
    ///
    /// ## Fix
    /// ```yaml
    /// CloudWatchLogsLogGroupArn: !GetAtt TrailLogGroup.Arn
    /// CloudWatchLogsRoleArn: !GetAtt TrailRole.Arn # trusts cloudtrail.amazonaws.com
    /// ```
    "cloud-trail-cloud-watch-logs-enabled" => {
        title: "Trails deliver to a CloudWatch Logs group.",
        category: LoggingAudit,
        severity: Medium,
        scope: Estate,
        types: ["AWS::CloudTrail::Trail"],
        reads: ["AWS::Logs::LogGroup", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"],
        equivalents: [
            "aws-config/cloud-trail-cloud-watch-logs-enabled", "security-hub/CloudTrail.5",
            "prowler/cloudtrail_cloudwatch_logging_enabled", "checkov/CKV2_AWS_10",
            "aws-guard/cloud_trail_cloud_watch_logs_enabled", "pci-4.0/5.3.4", "pci-4.0/10.2.1", "pci-4.0/10.2.1.1",
            "pci-4.0/10.2.1.2", "pci-4.0/10.2.1.3", "pci-4.0/10.2.1.4", "pci-4.0/10.2.1.5", "pci-4.0/10.2.1.6",
            "pci-4.0/10.2.1.7", "pci-4.0/10.2.2", "pci-4.0/10.3.1", "pci-4.0/10.4.1.1", "pci-4.0/10.6.3",
            "pci-4.0/11.5.2", "pci-4.0/11.6.1", "pci-4.0/12.10.5", "pci-4.0/A1.2.1", "pci-4.0/A3.3.1",
            "pci-4.0/A3.5.1", "pci-3.2.1/10.5.3",
        ],
        check: |r, cx| Some(delivers(r, cx.estate)),
    }
}

fn delivers(r: &Resource, estate: &Estate) -> Verdict {
    let group = r.get("CloudWatchLogsLogGroupArn");
    let named = sketch(&group).is_some_and(|text| !text.is_empty()) || names_resource(estate, &group);
    let set = if named { Verdict::Pass } else { check::present(&group, "the ARN of a log group") };
    let role = related(
        estate,
        &r.get("CloudWatchLogsRoleArn"),
        &["AWS::IAM::Role"],
        "a role that writes to the group",
        |role| {
            let trust = Document::new(role.get("AssumeRolePolicyDocument")).trusts_service("cloudtrail.amazonaws.com");
            let allows = ["logs:CreateLogStream", "logs:PutLogEvents"].iter();
            allows.fold(trust, |verdict, action| verdict.and(principal::allows(estate, role, action)))
        },
    );
    let verdict = set.and(role);
    if r.is_live() && !matches!(verdict, Verdict::Fail(_)) { verdict.and(recent(r, estate.taken())) } else { verdict }
}

/// The last delivery is not older than a day.
fn recent(r: &Resource, taken: Option<Timestamp>) -> Verdict {
    let expected = "a delivery within the last day";
    let latest = r.attribute("LatestCloudWatchLogsDeliveryTime");
    let Some(taken) = taken else { return policy::unknown(&latest, expected, &Unknown::NotCollected) };
    check::require(&latest, expected, |v| {
        let at: Timestamp = v.as_str()?.parse().ok()?;
        Some(taken.duration_since(at) <= SignedDuration::from_hours(24))
    })
}
