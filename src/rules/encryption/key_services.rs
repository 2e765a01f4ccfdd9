//! Which services need to be let in by a key's policy, because something that they write is encrypted with it.

use super::{is_kept, told};
use crate::model::{Estate, Resource, Unknown};
use crate::rules::answer::{all, any};
use crate::rules::readers::policy::Statement;
use crate::rules::readers::policy::grantee::Who;
use crate::rules::readers::policy::key;
use crate::rules::readers::{keys, log_destinations};
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// A service that writes for you with your key must be let in by the key's policy. If it is not, a log group cannot be made, instances of
    /// an Auto Scaling group stop as soon as they start, and alarms are lost without a word.
    ///
    /// Judged are keys that something of the estate uses. Needed are: CloudWatch Logs for log groups; CloudTrail for trails; CloudWatch and
    /// EventBridge for topics that alarms and event rules publish to; the service-linked role of Auto Scaling for encrypted volumes in
    /// the launch template of a group; log delivery for buckets that flow logs, WAF or CloudFront write to; and what `extra_services` names.
    /// Conditions of the statements are not looked at. KMS's default policy, where `KeyPolicy` is absent, lets no service in.
    ///
    /// ## Fix
    /// ```yaml
    /// - Sid: AllowCloudWatchLogs
    ///   Effect: Allow
    ///   Principal: {Service: !Sub "logs.${AWS::Region}.amazonaws.com"}
    ///   Action: [kms:Encrypt*, kms:Decrypt*, kms:ReEncrypt*, kms:GenerateDataKey*, kms:Describe*]
    ///   Resource: "*"
    ///   Condition:
    ///     ArnLike: {kms:EncryptionContext:aws:logs:arn: !Sub "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"}
    /// ```
    ///
    /// ```sh
    /// aws kms put-key-policy --key-id alias/logs --policy file://policy.json
    /// ```
    "kms-key-policy-service-principals" => {
        title: "Each KMS key policy lets in the AWS services that use the key in this estate.",
        category: Encryption,
        severity: High,
        scope: Estate,
        types: ["AWS::KMS::Key"],
        reads: [
            "AWS::KMS::Key.KeyPolicy", "AWS::KMS::Alias", "AWS::Logs::LogGroup", "AWS::CloudTrail::Trail", "AWS::SNS::Topic",
            "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm", "AWS::Events::Rule.Targets",
            "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::LaunchTemplate", "AWS::S3::Bucket.BucketEncryption",
            "AWS::EC2::FlowLog", "AWS::WAFv2::LoggingConfiguration", "AWS::CloudFront::Distribution.DistributionConfig",
            "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::EC2::Volume", "AWS::SQS::Queue", "AWS::SecretsManager::Secret",
            "AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::Backup::BackupVault",
        ],
        params: {
            extra_services: Preset::Texts(&[]) => "services that every key must let in, by their principal: `rds.amazonaws.com`",
        },
        equivalents: [],
        check: |r, cx| if is_kept(r) { service_principals(r, cx) } else { None },
    }
}

const TOPIC: &str = "AWS::SNS::Topic";
const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";
const BUCKET: &str = "AWS::S3::Bucket";

/// Who must be let in to do what, and for which resources.
struct Need<'a> {
    service: &'static str,
    actions: &'static [&'static str],
    users: Vec<&'a Resource>,
    /// Why there may be others.
    open: Option<Unknown>,
}

fn service_principals(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let document = key::document(r);
    let (statements, unread) = document.all();
    let list = document.read().get("Statement");
    let granted = |service: &str, actions: &[&str]| {
        all(actions.iter().map(|action| {
            let by = statements.iter().map(|s| all([s.is_allow(), s.covers(action), lets_in(s, service, r)]));
            any(by.chain(unread.clone().map(Err)))
        }))
    };
    let mut verdict = Verdict::Pass;
    for need in needs(cx.estate, r) {
        let answer = granted(need.service, need.actions);
        let (for_whom, answer) = match (need.users.first(), need.open, answer) {
            (Some(user), _, answer) => (user.address.name().to_owned(), answer),
            (None, Some(why), Ok(false)) => ("what may use the key".to_owned(), Err(why)),
            (None, ..) => continue,
        };
        let expected = format!("{} let in to {}, for {for_whom}", need.service, need.actions.join(", "));
        verdict = verdict.and(told(answer, &list, &expected));
    }
    let (used, open) = is_used(cx.estate, r);
    if !used && (open.is_none() || verdict.is_pass()) {
        return None;
    }
    for extra in cx.params.texts("extra_services") {
        let service = extra.strip_suffix(".amazonaws.com").unwrap_or(extra);
        let answer =
            any(["kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"].map(|action| granted(service, &[action])));
        verdict = verdict.and(told(answer, &list, &format!("{extra} let in")));
    }
    Some(verdict)
}

/// Whether something uses the key, and why it may.
fn is_used(estate: &Estate, key: &Resource) -> (bool, Option<Unknown>) {
    let mut open = None;
    for (_, kind, property) in keys::USES {
        let users = keys::users(estate, key, kind, property);
        if !users.items.is_empty() {
            return (true, None);
        }
        open = open.or(users.incomplete);
    }
    (false, open)
}

fn needs<'a>(estate: &'a Estate, key: &Resource) -> Vec<Need<'a>> {
    let users = |kind: &str, property: &str| keys::users(estate, key, kind, property);
    let groups = users("AWS::Logs::LogGroup", "KmsKeyId");
    let trails = users("AWS::CloudTrail::Trail", "KMSKeyId");
    let mut all = vec![
        Need {
            service: "logs",
            actions: &["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
            users: groups.items,
            open: groups.incomplete,
        },
        Need {
            service: "cloudtrail",
            actions: &["kms:GenerateDataKey", "kms:DescribeKey"],
            users: trails.items,
            open: trails.incomplete,
        },
    ];
    let topics = users(TOPIC, "KmsMasterKeyId");
    for (service, publishers) in PUBLISHERS {
        let named = |topic: &Resource| named_by(estate, topic, publishers);
        all.push(chosen(
            service,
            &["kms:Decrypt", "kms:GenerateDataKey"],
            &topics.items,
            topics.incomplete.clone(),
            named,
        ));
    }
    let templates = users("AWS::EC2::LaunchTemplate", "LaunchTemplateData.BlockDeviceMappings.Ebs.KmsKeyId");
    let of_group = |template: &Resource| named_by(estate, template, LAUNCHED);
    let actions = &["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:CreateGrant"];
    all.push(chosen(AUTO_SCALING, actions, &templates.items, templates.incomplete, of_group));
    let path = "BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.KMSMasterKeyID";
    let buckets = users(BUCKET, path);
    let delivered = |bucket: &Resource| {
        log_destinations::written_by(estate, bucket, |service| ["vpc", "waf", "cloudfront"].contains(&service))
    };
    all.push(chosen("delivery.logs", &["kms:GenerateDataKey"], &buckets.items, buckets.incomplete, delivered));
    all
}

/// What names a topic to publish to it: types and properties.
const PUBLISHERS: &[(&str, &[(&str, &str)])] = &[
    (
        "cloudwatch",
        &[
            ("AWS::CloudWatch::Alarm", "AlarmActions"),
            ("AWS::CloudWatch::Alarm", "OKActions"),
            ("AWS::CloudWatch::Alarm", "InsufficientDataActions"),
            ("AWS::CloudWatch::CompositeAlarm", "AlarmActions"),
            ("AWS::CloudWatch::CompositeAlarm", "OKActions"),
            ("AWS::CloudWatch::CompositeAlarm", "InsufficientDataActions"),
        ],
    ),
    ("events", &[("AWS::Events::Rule", "Targets.Arn")]),
];

/// How a group names its launch template.
const LAUNCHED: &[(&str, &str)] = &[
    (GROUP, "LaunchTemplate.LaunchTemplateId"),
    (GROUP, "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId"),
    (GROUP, "MixedInstancesPolicy.LaunchTemplate.Overrides.LaunchTemplateSpecification.LaunchTemplateId"),
];

/// The service-linked role that starts the instances of a group.
const AUTO_SCALING: &str = "AWSServiceRoleForAutoScaling";

fn named_by(estate: &Estate, target: &Resource, how: &[(&str, &str)]) -> Result<bool, Unknown> {
    any(how.iter().map(|(kind, property)| {
        let found = estate.referrers(target, kind, property);
        if found.items.is_empty() { found.incomplete.map_or(Ok(false), Err) } else { Ok(true) }
    }))
}

/// A need of those users to which something applies.
fn chosen<'a>(
    service: &'static str,
    actions: &'static [&'static str],
    users: &[&'a Resource],
    open: Option<Unknown>,
    applies: impl Fn(&Resource) -> Result<bool, Unknown>,
) -> Need<'a> {
    let mut need = Need { service, actions, users: Vec::new(), open };
    for user in users {
        match applies(user) {
            Ok(true) => need.users.push(user),
            Ok(false) => {}
            Err(why) => need.open = need.open.take().or(Some(why)),
        }
    }
    need
}

/// Whether a statement names a service (or the service-linked role), or everybody.
fn lets_in(statement: &Statement<'_>, service: &str, key: &Resource) -> Result<bool, Unknown> {
    let here = |region: &Option<String>| {
        let own = &*key.address.region;
        region.as_deref().is_none_or(|region| region == "${Region}" || region == own || own.is_empty())
    };
    any(statement.grantees().into_iter().map(|grantee| match grantee.who {
        Who::Everybody => Ok(true),
        Who::Service(name, region) => Ok(name == service && here(&region)),
        Who::Identity(_, name) => Ok(service == AUTO_SCALING && name.contains(AUTO_SCALING)),
        Who::Account(_) | Who::Other => Ok(false),
        Who::Unknown(why) => Err(why),
    }))
}
