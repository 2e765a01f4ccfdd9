//! Alarms of databases.

use crate::model::{Related, Resource};
use crate::rules::{Context, Preset, Verdict, rules};

use super::coverage::{Wanted, watched};

rules! {
    /// ## Why
    /// A full disk stops a database, and so does the connection that is one too many. Both announce themselves for hours.
    ///
    /// Each instance, cluster and proxy needs an alarm on each of `metrics` with it as a dimension. The instances of a cluster are
    /// judged with their cluster: an alarm on the cluster or on one of them counts. Aurora has no storage that runs full: instead
    /// of `FreeStorageSpace` it needs `FreeLocalStorage` or `FreeableMemory`. A proxy needs one of `proxy_metrics`.
    ///
    /// ## Fix
    /// ```yaml
    /// StorageLow:
    ///   Type: AWS::CloudWatch::Alarm
    ///   Properties:
    ///     Namespace: AWS/RDS
    ///     MetricName: FreeStorageSpace
    ///     Dimensions:
    ///       - {Name: DBInstanceIdentifier, Value: !Ref Database}
    ///     Statistic: Minimum
    ///     Period: 300
    ///     EvaluationPeriods: 2
    ///     Threshold: 10737418240
    ///     ComparisonOperator: LessThanThreshold
    ///     AlarmActions:
    ///       - !Ref AlertTopic
    /// ```
    "alarm-database-coverage" => {
        title: "Each database has alarms for CPU, storage and connections, and each proxy for its connections.",
        category: MonitoringAlerting,
        severity: Medium,
        scope: Estate,
        types: ["AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::RDS::DBProxy"],
        reads: ["AWS::CloudWatch::Alarm"],
        params: {
            metrics: Preset::Texts(&["CPUUtilization", "FreeStorageSpace", "DatabaseConnections"]) => "metrics of AWS/RDS that need an alarm",
            proxy_metrics: Preset::Texts(&["DatabaseConnectionsBorrowLatency", "ClientConnections", "DatabaseConnections"]) => "metrics of which each proxy needs an alarm on one",
        },
        equivalents: [],
        check: database,
    }
}

const CLUSTER: &str = "AWS::RDS::DBCluster";
const RDS: &str = "AWS/RDS";

fn database(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    // Neptune and DocumentDB show in RDS too; their metrics are elsewhere.
    let engine = r.get("Engine").value().and_then(crate::model::Value::text);
    if engine.as_deref().is_some_and(|e| e == "neptune" || e == "docdb") {
        return None;
    }
    let members = members(r, cx);
    let own = match &*r.kind {
        "AWS::RDS::DBProxy" => return Some(proxy(r, cx)),
        CLUSTER => "DBClusterIdentifier",
        _ if matches!(cx.estate.follow(&r.get("DBClusterIdentifier"), &[CLUSTER]), Related::Found(_)) => return None,
        _ => "DBInstanceIdentifier",
    };
    let aurora = engine.as_deref().is_some_and(|e| e.starts_with("aurora"));
    let mut dimensions = vec![(own, r)];
    dimensions.extend(members.iter().map(|member| ("DBInstanceIdentifier", *member)));
    Some(Verdict::all(cx.params.texts("metrics").iter().map(|metric| {
        let names: &[&str] = match metric.as_str() {
            "FreeStorageSpace" if aurora => &["FreeLocalStorage", "FreeableMemory"],
            other => &[other],
        };
        watched(r, cx, &Wanted { namespace: RDS, names, dimensions: &dimensions, calling: false })
    })))
}

/// The instances of a cluster.
fn members<'a>(r: &Resource, cx: &Context<'a>) -> Vec<&'a Resource> {
    if &*r.kind == CLUSTER {
        cx.estate.referrers(r, "AWS::RDS::DBInstance", "DBClusterIdentifier").items
    } else {
        Vec::new()
    }
}

fn proxy(r: &Resource, cx: &Context<'_>) -> Verdict {
    let names: Vec<&str> = cx.params.texts("proxy_metrics").iter().map(String::as_str).collect();
    let wanted = Wanted { namespace: RDS, names: &names, dimensions: &[("ProxyName", r)], calling: false };
    watched(r, cx, &wanted)
}
