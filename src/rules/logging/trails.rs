//! Trails: whether something records, where, and everything.

use super::{one_trail, trails};
use crate::model::network::about;
use crate::model::{Resource, Value};
use crate::rules::check::{allow_absent, is_true, some};
use crate::rules::readers::trail_events::{all_management_events, data_events};
use crate::rules::{Preset, Verdict, rules};

rules! {
    /// ## Why
    /// Without a trail nobody can tell afterwards who did what in the account.
    ///
    /// A trail of another region counts if it is a multi-region trail, and so does an organization's. Templates that declare no trail are not
    /// judged unless `require_in_template` is set: as a rule one stack of the account declares it.
    ///
    /// ## Fix
    /// ```yaml
    /// Trail:
    ///   Type: AWS::CloudTrail::Trail
    ///   DependsOn: TrailBucketPolicy
    ///   Properties:
    ///     S3BucketName: !Ref TrailBucket
    ///     IsLogging: true
    ///     IsMultiRegionTrail: true
    ///     EnableLogFileValidation: true
    /// ```
    ///
    /// ```sh
    /// aws cloudtrail start-logging --name TRAIL
    /// ```
    "cloudtrail-enabled" => {
        title: "A CloudTrail trail is recording in every region.",
        category: LoggingAudit,
        severity: Critical,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: ["AWS::CloudTrail::Trail"],
        params: { require_in_template: Preset::Bool(false) => "fail templates that declare no trail" },
        equivalents: [
            "aws-config/cloudtrail-enabled", "security-hub/CloudTrail.3", "checkov/CKV_AWS_251",
            "aws-guard/cloud_trail_enabled", "pci-3.2.1/10.1", "pci-3.2.1/10.2.1", "pci-3.2.1/10.2.2",
            "pci-3.2.1/10.2.3", "pci-3.2.1/10.2.4", "pci-3.2.1/10.2.5", "pci-3.2.1/10.2.6", "pci-3.2.1/10.2.7",
            "pci-3.2.1/10.3.1", "pci-3.2.1/10.3.2", "pci-3.2.1/10.3.3", "pci-3.2.1/10.3.4", "pci-3.2.1/10.3.5",
            "pci-3.2.1/10.3.6",
        ],
        check: |region, cx| {
            let listing = trails(cx, region);
            if !region.is_live() && listing.items.is_empty() && !cx.params.bool("require_in_template") {
                return None;
            }
            Some(some(&listing, &about(region, "Trail"), "a trail that records in the region", |trail| {
                let here = if trail.address.region == region.address.region {
                    Verdict::Pass
                } else {
                    is_true(&trail.get("IsMultiRegionTrail"))
                };
                is_true(&trail.get("IsLogging")).and(here).on(trail.address.name())
            }))
        },
    }

    /// ## Why
    /// A trail of one region misses what somebody does in the others, which is where an intruder goes. Global services such as IAM report in one
    /// region only.
    ///
    /// `IsMultiRegionTrail` is false unless it is said, `IncludeGlobalServiceEvents` true. One trail that qualifies is enough for all, unless
    /// `scope` is `every-trail`.
    ///
    /// ## Fix
    /// ```yaml
    /// IsMultiRegionTrail: true
    /// IncludeGlobalServiceEvents: true
    /// ```
    ///
    /// ```sh
    /// aws cloudtrail update-trail --name TRAIL --is-multi-region-trail --include-global-service-events
    /// ```
    "multi-region-cloudtrail-enabled" => {
        title: "A trail covers all regions and global services.",
        category: LoggingAudit,
        severity: High,
        scope: Resource,
        types: ["AWS::CloudTrail::Trail"],
        params: { scope: Preset::Text("any-trail") => "any-trail, or every-trail" },
        equivalents: [
            "aws-config/multi-region-cloudtrail-enabled", "security-hub/CloudTrail.1",
            "prowler/cloudtrail_multi_region_enabled", "checkov/CKV_AWS_67",
            "aws-guard/multi_region_cloud_trail_enabled", "cis-5.0/3.1", "pci-4.0/5.3.4", "pci-4.0/10.2.1",
            "pci-4.0/10.2.1.1", "pci-4.0/10.2.1.2", "pci-4.0/10.2.1.3", "pci-4.0/10.2.1.4", "pci-4.0/10.2.1.5",
            "pci-4.0/10.2.1.6", "pci-4.0/10.2.1.7", "pci-4.0/10.2.2", "pci-4.0/10.3.1", "pci-4.0/10.6.3",
            "pci-4.0/A1.2.1",
        ],
        check: |r, cx| {
            let everywhere = |trail: &Resource| {
                let global = trail.get("IncludeGlobalServiceEvents");
                is_true(&trail.get("IsMultiRegionTrail")).and(allow_absent(&global, "true", Value::as_bool))
            };
            let each = cx.params.text("scope") == Some("every-trail");
            Some(if each { everywhere(r) } else { one_trail(r, cx, everywhere) })
        },
    }

    /// ## Why
    /// Validation makes a signed digest of the log files every hour: a file that was changed or deleted afterwards is found out.
    ///
    /// It is off unless `EnableLogFileValidation` is true.
    ///
    /// ## Fix
    /// ```yaml
    /// EnableLogFileValidation: true
    /// ```
    ///
    /// ```sh
    /// aws cloudtrail update-trail --name TRAIL --enable-log-file-validation
    /// ```
    "cloud-trail-log-file-validation-enabled" => {
        title: "Trails validate their log files.",
        category: LoggingAudit,
        severity: Medium,
        scope: Resource,
        types: ["AWS::CloudTrail::Trail"],
        equivalents: [
            "aws-config/cloud-trail-log-file-validation-enabled", "security-hub/CloudTrail.4",
            "prowler/cloudtrail_log_file_validation_enabled", "checkov/CKV_AWS_36",
            "aws-guard/cloud_trail_log_file_validation_enabled", "cis-5.0/3.2", "pci-4.0/10.3.2", "pci-4.0/10.3.3",
            "pci-4.0/10.3.4", "pci-4.0/A1.2.1", "pci-3.2.1/10.5.2", "pci-3.2.1/10.5.5",
        ],
        check: |r, _| Some(is_true(&r.get("EnableLogFileValidation"))),
    }

    /// ## Why
    /// A trail that records writes alone does not show who looked around before; one that leaves out KMS does not show who decrypted what.
    ///
    /// A trail without selectors records all management events; set `accept_default` to false to demand that it says so. One trail that
    /// qualifies is enough for all.
    ///
    /// ## Fix
    /// ```yaml
    /// EventSelectors:
    ///   - IncludeManagementEvents: true
    ///     ReadWriteType: All
    /// ```
    "cloudtrail-management-events-all" => {
        title: "A trail records all management events, reads and writes.",
        category: LoggingAudit,
        severity: High,
        scope: Resource,
        types: ["AWS::CloudTrail::Trail"],
        reads: ["AWS::CloudTrail::Trail.EventSelectors", "AWS::CloudTrail::Trail.AdvancedEventSelectors"],
        params: { accept_default: Preset::Bool(true) => "accept a trail without selectors" },
        equivalents: [],
        check: |r, cx| Some(one_trail(r, cx, |trail| all_management_events(trail, cx.params.bool("accept_default")))),
    }

    /// ## Why
    /// Who read which object is a data event, and trails record none unless they are told to.
    ///
    /// The selectors must cover all buckets, or every one of `buckets`, reads and writes alike. One trail that qualifies is enough for all.
    ///
    /// ## Fix
    /// ```yaml
    /// EventSelectors:
    ///   - ReadWriteType: All
    ///     IncludeManagementEvents: true
    ///     DataResources:
    ///       - {Type: AWS::S3::Object, Values: [arn:aws:s3]}
    /// ```
    "cloudtrail-s3-dataevents-enabled" => {
        title: "A trail records the data events of S3, and of what else is required.",
        category: LoggingAudit,
        severity: Medium,
        scope: Resource,
        types: ["AWS::CloudTrail::Trail"],
        reads: ["AWS::CloudTrail::Trail.EventSelectors", "AWS::CloudTrail::Trail.AdvancedEventSelectors"],
        params: {
            resource_types: Preset::Texts(&["AWS::S3::Object"]) => "types of resources whose data events are recorded",
            buckets: Preset::Texts(&[]) => "names of the buckets that this is about; all if there are none",
        },
        equivalents: [
            "aws-config/cloudtrail-s3-dataevents-enabled", "prowler/cloudtrail_s3_dataevents_read_enabled",
            "prowler/cloudtrail_s3_dataevents_write_enabled", "aws-guard/cloudtrail_s3_dataevents_enabled",
            "cis-5.0/3.8", "cis-5.0/3.9", "pci-4.0/5.3.4", "pci-4.0/10.2.1", "pci-4.0/10.2.1.1", "pci-4.0/10.2.1.2",
            "pci-4.0/10.2.1.3", "pci-4.0/10.2.1.4", "pci-4.0/10.2.1.5", "pci-4.0/10.2.1.6", "pci-4.0/10.2.1.7",
            "pci-4.0/10.2.2", "pci-4.0/10.3.1", "pci-4.0/10.6.3", "pci-4.0/A1.2.1",
        ],
        check: |r, cx| Some(one_trail(r, cx, |trail| {
            let buckets = cx.params.texts("buckets");
            Verdict::all(cx.params.texts("resource_types").iter().map(|kind| {
                data_events(trail, kind, if kind == "AWS::S3::Object" { buckets } else { &[] })
            }))
        })),
    }
}
