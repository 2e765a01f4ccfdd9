//! What watches over the resources of a region: Config and `GuardDuty`.

use crate::model::network::about;
use crate::model::{Items, Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::check::{self, allow_absent, is_true, one_of, related, require, some};
use crate::rules::readers::buckets::bucket_at;
use crate::rules::readers::policy::principal::{Attached, attached};
use crate::rules::readers::policy::{self, Document};
use crate::rules::readers::sketch::sketch;
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// Config keeps what every resource looked like at every time. A recorder that leaves out types, or has no channel to deliver by, has gaps
    /// where they hurt.
    ///
    /// A recording group that is not said records all types but the global ones; one recorder of the account must record those. Templates
    /// without a recorder and a channel are not judged unless `require_in_template` is set: as a rule one stack of the region declares them. A
    /// bucket that is nowhere in sight may belong to another account.
    ///
    /// ## Fix
    /// ```yaml
    /// Recorder:
    ///   Type: AWS::Config::ConfigurationRecorder
    ///   Properties:
    ///     RoleARN: !Sub "arn:aws:iam::${AWS::AccountId}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    ///     RecordingGroup: {AllSupported: true, IncludeGlobalResourceTypes: true}
    /// Channel:
    ///   Type: AWS::Config::DeliveryChannel
    ///   Properties: {S3BucketName: !Ref ConfigBucket}
    /// ```
    ///
    /// ```sh
    /// aws configservice start-configuration-recorder --configuration-recorder-name default
    /// ```
    "config-recorder-enabled" => {
        title: "AWS Config records all resources with a proper role and delivers to a bucket.",
        category: LoggingAudit,
        severity: High,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: ["AWS::Config::ConfigurationRecorder", "AWS::Config::DeliveryChannel", "AWS::IAM::Role", "AWS::S3::Bucket"],
        params: {
            require_in_template: Preset::Bool(false) => "fail templates that declare no recorder",
            require_service_linked_role: Preset::Bool(false) => "accept AWSServiceRoleForConfig alone",
        },
        equivalents: [
            "security-hub/Config.1", "prowler/config_recorder_all_regions_enabled", "checkov/CKV_AWS_121",
            "checkov/CKV2_AWS_45", "cis-5.0/3.3", "pci-3.2.1/10.5.2", "pci-3.2.1/11.5",
        ],
        check: config,
    }

    /// ## Why
    /// GuardDuty reads the logs of the account for signs of a break-in. It sees a region only where it is enabled there.
    ///
    /// A region without a detector has none. What a detector watches besides the basics is decided by GuardDuty where a template does not say
    /// it. Templates that declare no detector are not judged: as a rule the organization enables it.
    ///
    /// ## Fix
    /// ```yaml
    /// Detector:
    ///   Type: AWS::GuardDuty::Detector
    ///   Properties: {Enable: true}
    /// ```
    ///
    /// ```sh
    /// aws guardduty create-detector --enable
    /// ```
    "guardduty-enabled-centralized" => {
        title: "GuardDuty is enabled in every region.",
        category: LoggingAudit,
        severity: High,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: ["AWS::GuardDuty::Detector"],
        params: { required_features: Preset::Texts(&[]) => "features that must be enabled: S3_DATA_EVENTS, RDS_LOGIN_EVENTS" },
        equivalents: [
            "aws-config/guardduty-enabled-centralized", "security-hub/GuardDuty.1", "prowler/guardduty_is_enabled",
            "checkov/CKV_AWS_238", "checkov/CKV2_AWS_3", "pci-4.0/11.5.1", "pci-4.0/11.5.1.1", "pci-3.2.1/11.4",
        ],
        check: |region, cx| {
            let detectors = cx.estate.of(region, "AWS::GuardDuty::Detector");
            if !region.is_live() && detectors.items.is_empty() {
                return None;
            }
            Some(some(&detectors, &about(region, "Detector"), "a detector that is enabled", |detector| {
                let features = cx.params.texts("required_features").iter().map(|name| feature(detector, name));
                Verdict::all(features.chain([is_true(&detector.get("Enable"))]).collect::<Vec<_>>())
                    .on(detector.address.name())
            }))
        },
    }
}

const RECORDER: &str = "AWS::Config::ConfigurationRecorder";

fn config(region: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let recorders = cx.estate.of(region, RECORDER);
    let channels = cx.estate.of(region, "AWS::Config::DeliveryChannel");
    let nothing = recorders.items.is_empty() && channels.items.is_empty();
    if !region.is_live() && nothing && !cx.params.bool("require_in_template") {
        return None;
    }
    let records =
        some(&recorders, &about(region, "ConfigurationRecorder"), "a recorder of all resources", |recorder| {
            // Service-linked recorders belong to a service, which records with them what it needs itself.
            recording(recorder, cx).on(recorder.address.name())
        });
    let delivers = some(&channels, &about(region, "DeliveryChannel"), "a delivery channel", |channel| {
        let read = channel.get("S3BucketName");
        let expected = "a bucket that exists";
        let verdict = match bucket_at(cx.estate, &read) {
            Related::Found(_) => Verdict::Pass,
            Related::Missing if read.is_absent() => check::fail(&read, expected),
            Related::Missing => {
                policy::unknown(&read, expected, &Unknown::Outside("a bucket of another account or region".into()))
            }
            Related::Unknown(why) => policy::unknown(&read, expected, &why),
        };
        verdict.on(channel.address.name())
    });
    Some(records.and(delivers))
}

fn recording(recorder: &Resource, cx: &Context<'_>) -> Verdict {
    let group = recorder.get("RecordingGroup");
    let all = allow_absent(&group, "all resource types", |_| Some(true)).and(if group.is_absent() {
        Verdict::Pass
    } else {
        is_true(&group.get("AllSupported"))
    });
    let status = if recorder.is_live() {
        let last = recorder.attribute("LastStatus");
        let succeeded = require(&last, "SUCCESS", |v: &Value| v.text().map(|s| s.eq_ignore_ascii_case("success")));
        is_true(&recorder.attribute("Recording")).and(succeeded)
    } else {
        Verdict::Pass
    };
    all.and(global(recorder, cx)).and(role(&recorder.get("RoleARN"), cx)).and(status)
}

/// The recorder, or another one of the account, records the global types.
fn global(recorder: &Resource, cx: &Context<'_>) -> Verdict {
    let own = |r: &Resource| is_true(&r.get("RecordingGroup.IncludeGlobalResourceTypes"));
    let others = cx.estate.of_type(RECORDER).filter(|other| other.address.account == recorder.address.account);
    own(recorder).or(|| {
        let elsewhere = others.filter(|other| other.address != recorder.address);
        Verdict::any(elsewhere.map(|other| own(other).on(other.address.name())), || own(recorder))
    })
}

fn role(read: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let linked = sketch(read).is_some_and(|arn| arn.contains("AWSServiceRoleForConfig"));
    if linked {
        return Verdict::Pass;
    }
    if cx.params.bool("require_service_linked_role") {
        let expected = "the service-linked role AWSServiceRoleForConfig";
        let reference = matches!(read.value(), Some(Value { kind: Kind::Ref(_), .. }));
        return if read.why_unknown().is_some() && !reference {
            check::unknown(read, expected)
        } else {
            check::fail(read, expected)
        };
    }
    related(cx.estate, read, &["AWS::IAM::Role"], "a role that Config may use", |role| {
        let policies = role.get("ManagedPolicyArns");
        let expected = "the managed policy AWS_ConfigRole";
        let has = match policies.items() {
            Items::Absent => check::fail(&policies, expected),
            Items::Unknown => check::unknown(&policies, expected),
            Items::Are(arns) => Verdict::any(
                arns.iter().map(|arn| match attached(cx.estate, arn) {
                    Attached::Aws(name) if name.ends_with("AWS_ConfigRole") => Verdict::Pass,
                    Attached::Unknown(why) => policy::unknown(arn, expected, &why),
                    _ => check::fail(&policies, expected),
                }),
                || check::fail(&policies, expected),
            ),
        };
        Document::new(role.get("AssumeRolePolicyDocument")).trusts_service("config.amazonaws.com").and(has)
    })
}

fn feature(detector: &Resource, name: &str) -> Verdict {
    let features = detector.get("Features");
    let expected = format!("the feature {name} enabled");
    let items = match features.items() {
        Items::Are(items) => items,
        Items::Absent if detector.is_live() => return check::fail(&features, &expected),
        Items::Unknown => return check::unknown(&features, &expected),
        Items::Absent => Vec::new(),
    };
    match items.iter().find(|item| item.get("Name").as_str() == Some(name)) {
        Some(item) => one_of(&item.get("Status"), &["ENABLED"]),
        None if items.iter().any(|item| item.get("Name").why_unknown().is_some()) => {
            check::unknown(&features, &expected)
        }
        None if detector.is_live() => check::fail(&features, &expected),
        None => policy::unknown(&features, &expected, &Unknown::Outside("GuardDuty's default for the feature".into())),
    }
}
