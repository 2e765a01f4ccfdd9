//! Flow logs.

use crate::model::network::about;
use crate::model::{Resource, Unknown};
use crate::rules::check::{allow_absent, one_of, related, some, unknown};
use crate::rules::readers::policy::{Document, principal};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// Every VPC has a flow log for the required traffic, and the log can be delivered.
    ///
    /// ## Why
    ///
    /// Without flow logs nobody can tell afterwards who talked to whom. A flow log whose role may not write is as good
    /// as none: it exists, and is empty.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// FlowLog:
    ///   Type: AWS::EC2::FlowLog
    ///   Properties:
    ///     ResourceType: VPC
    ///     ResourceId: !Ref Vpc
    ///     TrafficType: ALL
    ///     LogGroupName: !Ref FlowLogGroup
    ///     DeliverLogsPermissionArn: !GetAtt FlowLogRole.Arn
    /// ```
    ///
    /// The role trusts `vpc-flow-logs.amazonaws.com` and allows `logs:CreateLogStream` and `logs:PutLogEvents`. Logs
    /// that go to S3 or Firehose need no role. Where `LogDestinationType` is absent, CloudWatch Logs is the
    /// destination.
    "vpc-flow-logs-enabled" => {
        title: "Every VPC has a flow log capturing the required traffic type and a working delivery role.",
        category: Network,
        severity: High,
        scope: Estate,
        types: ["AWS::EC2::VPC"],
        reads: ["AWS::EC2::FlowLog", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"],
        params: {
            traffic_types: Preset::Texts(&["ALL"]) => "accepted values of TrafficType",
            check_delivery_role: Preset::Bool(true) => "also judge the trust and the permissions of the delivery role",
        },
        equivalents: [
            "aws-config/vpc-flow-logs-enabled", "security-hub/EC2.6", "prowler/vpc_flow_logs_enabled", "checkov/CKV2_AWS_11",
            "cis-5.0/3.7", "pci-4.0/5.3.4", "pci-4.0/10.2.1", "pci-4.0/10.2.1.1", "pci-4.0/10.2.1.2", "pci-4.0/10.2.1.3",
            "pci-4.0/10.2.1.4", "pci-4.0/10.2.1.5", "pci-4.0/10.2.1.6", "pci-4.0/10.2.1.7", "pci-4.0/10.2.2", "pci-4.0/10.3.1",
            "pci-4.0/10.6.3", "pci-4.0/A1.2.1", "pci-3.2.1/10.3.3", "pci-3.2.1/10.3.4", "pci-3.2.1/10.3.5", "pci-3.2.1/10.3.6",
        ],
        check: |vpc, cx| {
            let logs = cx.estate.referrers(vpc, "AWS::EC2::FlowLog", "ResourceId");
            let subject = about(vpc, "FlowLog");
            Some(some(&logs, &subject, "a flow log of the VPC", |log| judge(log, cx).on(log.address.name())))
        },
    }
}

fn judge(log: &Resource, cx: &Context<'_>) -> Verdict {
    one_of(&log.get("ResourceType"), &["VPC"])
        .and(one_of(&log.get("TrafficType"), cx.params.texts("traffic_types")))
        .and(if log.is_live() { status(log) } else { Verdict::Pass })
        .and(if cx.params.bool("check_delivery_role") { delivery(log, cx) } else { Verdict::Pass })
}

/// What only AWS knows: whether the log works.
fn status(log: &Resource) -> Verdict {
    let (active, delivered) = (log.attribute("FlowLogStatus"), log.attribute("DeliverLogsStatus"));
    let active = if active.is_absent() {
        Verdict::unknown(Evidence::unknown(&active, "ACTIVE", &Unknown::NotCollected))
    } else {
        one_of(&active, &["ACTIVE"])
    };
    active.and(allow_absent(&delivered, "not FAILED", |v| v.as_str().map(|s| s != "FAILED")))
}

/// `CloudWatch` Logs is written to in the name of a role; the other destinations are not.
fn delivery(log: &Resource, cx: &Context<'_>) -> Verdict {
    let destination = log.get("LogDestinationType");
    if destination.why_unknown().is_some() {
        return unknown(&destination, "a destination that needs no role, or a role");
    }
    if destination.as_str().is_some_and(|to| to != "cloud-watch-logs") {
        return Verdict::Pass;
    }
    related(
        cx.estate,
        &log.get("DeliverLogsPermissionArn"),
        &["AWS::IAM::Role"],
        "a role that delivers the log",
        |role| {
            let trust =
                Document::new(role.get("AssumeRolePolicyDocument")).trusts_service("vpc-flow-logs.amazonaws.com");
            ["logs:CreateLogStream", "logs:PutLogEvents"]
                .iter()
                .fold(trust, |verdict, action| verdict.and(principal::allows(cx.estate, role, action)))
        },
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::network::testing::{account, judge, observed};

    const VPC: &str = "AWS::EC2::VPC";
    const LOG: &str = "AWS::EC2::FlowLog";

    #[test]
    fn flow_logs_that_may_not_be_listed_are_not_missing() {
        let vpc = || vec![observed(VPC, "vpc-1", &json!({}))];
        let none = judge("vpc-flow-logs-enabled", &account(vpc(), &[VPC, LOG], &[]), "vpc-1").unwrap();
        assert_eq!(none.word(), "fail");
        let denied = judge("vpc-flow-logs-enabled", &account(vpc(), &[VPC], &[LOG]), "vpc-1").unwrap();
        assert_eq!(denied.word(), "unknown");
        assert_eq!(denied.evidence()[0].action.as_deref(), Some("ec2:Describe"));
    }

    #[test]
    fn a_role_that_may_not_be_read_is_unknown() {
        let log = json!({
            "ResourceType": "VPC", "ResourceId": "vpc-1", "TrafficType": "ALL", "LogDestinationType": "cloud-watch-logs",
            "DeliverLogsPermissionArn": "arn:aws:iam::1:role/logs",
        });
        let mut log = observed(LOG, "fl-1", &log);
        log.set_attribute("FlowLogStatus", crate::model::Kind::Str("ACTIVE".into()));
        let vpc = observed(VPC, "vpc-1", &json!({}));
        let estate = account(vec![vpc, log], &[VPC, LOG], &["AWS::IAM::Role"]);
        let verdict = judge("vpc-flow-logs-enabled", &estate, "vpc-1").unwrap();
        assert_eq!(verdict.word(), "unknown");
        assert_eq!(verdict.evidence()[0].path, "fl-1/DeliverLogsPermissionArn");
    }
}
