//! Data and stacks that are not deleted by mistake.

use crate::model::{Resource, Value};
use crate::rules::readers::environments;
use crate::rules::{Context, Preset, Verdict, check, rules};

/// Types that CloudFormation can make a last snapshot of.
const SNAPSHOTS: &[&str] = &[
    "AWS::DocDB::DBCluster",
    "AWS::EC2::Volume",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
];

rules! {
    /// ## Why
    /// A stack that is deleted takes its resources with it, and so does a change that makes CloudFormation replace one: a new name, another
    /// subnet group. Data and keys do not come back.
    ///
    /// `DeletionPolicy` and `UpdateReplacePolicy` default to `Delete`; only the `DeletionPolicy` of databases that are not a cluster's member
    /// defaults to `Snapshot`. `Snapshot` counts where CloudFormation can make one. Members of a cluster hold no data of their own and are left
    /// out. Which types are judged is a parameter.
    ///
    /// ## Fix
    /// ```yaml
    /// Orders:
    ///   Type: AWS::DynamoDB::Table
    ///   DeletionPolicy: Retain
    ///   UpdateReplacePolicy: Retain
    /// ```
    "stateful-resource-deletion-policy" => {
        title: "Resources that hold data survive the deletion of their stack, and their replacement.",
        category: Resilience,
        severity: Medium,
        scope: Template,
        types: [
            "AWS::Backup::BackupVault",
            "AWS::Cognito::UserPool",
            "AWS::DocDB::DBCluster",
            "AWS::DynamoDB::GlobalTable",
            "AWS::DynamoDB::Table",
            "AWS::EC2::Volume",
            "AWS::EFS::FileSystem",
            "AWS::ElastiCache::CacheCluster",
            "AWS::ElastiCache::ReplicationGroup",
            "AWS::Elasticsearch::Domain",
            "AWS::FSx::FileSystem",
            "AWS::Kinesis::Stream",
            "AWS::KMS::Key",
            "AWS::Logs::LogGroup",
            "AWS::Neptune::DBCluster",
            "AWS::OpenSearchService::Domain",
            "AWS::RDS::DBCluster",
            "AWS::RDS::DBInstance",
            "AWS::Redshift::Cluster",
            "AWS::S3::Bucket",
            "AWS::SecretsManager::Secret",
            "AWS::SQS::Queue",
        ],
        params: {
            types: Preset::Texts(&[
                "AWS::RDS::DBInstance",
                "AWS::RDS::DBCluster",
                "AWS::S3::Bucket",
                "AWS::KMS::Key",
                "AWS::DynamoDB::Table",
                "AWS::EFS::FileSystem",
            ]) => "types that are judged",
            accepted: Preset::Texts(&["Retain", "Snapshot", "RetainExceptOnCreate"]) => "policies that are accepted",
        },
        equivalents: ["cfn-lint/I3011"],
        check: policies,
    }

    /// ## Why
    /// Termination protection is one switch that stands between a stack and a script that lists stacks and deletes them.
    ///
    /// Off by default. Nested stacks are protected by their parent and left out.
    ///
    /// ## Fix
    /// ```sh
    /// aws cloudformation update-termination-protection --stack-name shop --enable-termination-protection
    /// ```
    ///
    /// A template cannot switch it on for its own stack; for a stack that a template deploys on its own it can:
    ///
    /// ```yaml
    /// EnableTerminationProtection: true
    /// ```
    "cloudformation-termination-protection-check" => {
        title: "CloudFormation stacks have termination protection.",
        category: Resilience,
        severity: Medium,
        scope: Account,
        types: ["AWS::CloudFormation::Stack"],
        params: { production_only: Preset::Bool(false) => "judge stacks of production environments only" },
        equivalents: [
            "aws-config/cloudformation-termination-protection-check",
            "security-hub/CloudFormation.3",
            "prowler/cloudformation_stacks_termination_protection_enabled",
        ],
        check: |r, cx| {
            if !r.get("ParentId").is_absent() && r.get("ParentId").why_unknown().is_none() {
                return None;
            }
            let wanted: &[&str] = if cx.params.bool("production_only") { &["production"] } else { &["all"] };
            environments::within(r, cx, wanted, check::is_true(&r.get("EnableTerminationProtection")))
        },
    }
}

fn policies(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if !cx.params.texts("types").iter().any(|kind| **kind == *r.kind) {
        return None;
    }
    let member = &*r.kind == "AWS::RDS::DBInstance" && !r.get("DBClusterIdentifier").is_absent();
    if member {
        return None;
    }
    let accepted: Vec<&str> = cx.params.texts("accepted").iter().map(String::as_str).collect();
    let accepted: Vec<&str> =
        accepted.into_iter().filter(|policy| *policy != "Snapshot" || SNAPSHOTS.contains(&&*r.kind)).collect();
    let database = ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"].contains(&&*r.kind);
    let expected = accepted.join(" or ");
    let is = |v: &Value| Some(accepted.contains(&v.as_str()?));
    let deletion = r.attribute("DeletionPolicy");
    let on_deletion = if database && accepted.contains(&"Snapshot") {
        check::allow_absent(&deletion, &expected, is)
    } else {
        check::require(&deletion, &expected, is)
    };
    Some(on_deletion.and(check::require(&r.attribute("UpdateReplacePolicy"), &expected, is)))
}
