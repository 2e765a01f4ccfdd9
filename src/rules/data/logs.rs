//! What databases write to their logs, and whether it leaves the database.

use super::exports;
use crate::model::{Read, Resource, Unknown};
use crate::rules::readers::database::{Engine, Family, by_engine};
use crate::rules::readers::parameters::{Parameters, default_is_fine, is_on, must_be_set};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// Logs on the database itself are rotated away within days, and gone with the database. In CloudWatch Logs they stay, can be searched,
    /// and can raise an alarm.
    ///
    /// No log is exported by default. Which ones are wanted of which engine is a parameter; engines that it does not name are left out, and
    /// so is the agent log of SQL Server Express, which has none. An engine can be named in full (`sqlserver-ex`) or by its first part
    /// (`sqlserver`). Instances of a cluster are judged with their cluster. What must be in the audit and slow query logs is asked by
    /// `rds-audit-logging-enabled` and `rds-slow-query-log-enabled`.
    ///
    /// ## Fix
    /// ```yaml
    /// EnableCloudwatchLogsExports: [error, slowquery]
    /// ```
    "rds-logging-enabled" => {
        title: "Databases export their engine logs to CloudWatch Logs.",
        category: Database,
        severity: Medium,
        scope: Resource,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        params: {
            required_by_engine: Preset::Lists(&[
                ("aurora-mysql", &["audit", "error", "slowquery"]),
                ("aurora-postgresql", &["postgresql"]),
                ("mariadb", &["error", "slowquery"]),
                ("mysql", &["error", "slowquery"]),
                ("oracle", &["alert", "audit", "listener", "trace"]),
                ("postgres", &["postgresql", "upgrade"]),
                ("sqlserver", &["agent", "error"]),
            ]) => "logs that each engine must export",
        },
        equivalents: [
            "aws-config/rds-logging-enabled",
            "aws-config/rds-postgresql-logs-to-cloudwatch",
            "aws-config/rds-aurora-postgresql-logs-to-cloudwatch",
            "aws-config/mariadb-publish-logs-to-cloudwatch-logs",
            "security-hub/RDS.9",
            "security-hub/RDS.36",
            "security-hub/RDS.37",
            "security-hub/RDS.42",
            "prowler/rds_instance_integration_cloudwatch_logs",
            "prowler/rds_cluster_integration_cloudwatch_logs",
            "checkov/CKV_AWS_129",
            "checkov/CKV_AWS_324",
            "aws-guard/rds_logging_enabled",
            "pci-4.0/5.3.4",
            "pci-4.0/10.2.1",
            "pci-4.0/10.2.1.1",
            "pci-4.0/10.2.1.2",
            "pci-4.0/10.2.1.3",
            "pci-4.0/10.2.1.4",
            "pci-4.0/10.2.1.5",
            "pci-4.0/10.2.1.6",
            "pci-4.0/10.2.1.7",
            "pci-4.0/10.2.2",
            "pci-4.0/10.3.1",
            "pci-4.0/10.6.3",
            "pci-4.0/A1.2.1",
        ],
        check: |r, cx| by_engine(cx.estate, r, "an engine whose logs are known", |engine| exported(r, cx, engine)),
    }

    /// ## Why
    /// The statement that takes three seconds today takes thirty next year. The slow query log names it while it is still cheap to mend.
    ///
    /// The parameters in force are those of the cluster's parameter group, overlaid by those of the instance's. MySQL and MariaDB:
    /// `slow_query_log` (default 0), `long_query_time` (default 10) and `log_output`, which must be `FILE` for the log to be
    /// exported (the default of Aurora; RDS writes to a table unless told otherwise, MySQL from 8.4 on is left open). PostgreSQL:
    /// `log_min_duration_statement` (default off). Nothing is exported by default. Other engines are left out.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters: {slow_query_log: "1", long_query_time: "2", log_output: FILE}
    /// # and on the database
    /// EnableCloudwatchLogsExports: [slowquery]
    /// ```
    "rds-slow-query-log-enabled" => {
        title: "Slow queries are logged and exported.",
        category: Database,
        severity: Low,
        scope: Estate,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        reads: ["AWS::RDS::DBClusterParameterGroup.Parameters", "AWS::RDS::DBParameterGroup.Parameters"],
        params: { max_seconds: Preset::Share(2.0) => "seconds that a query may take without being logged" },
        equivalents: [],
        check: |r, cx| by_engine(cx.estate, r, "an engine whose slow queries can be logged", |engine| slow(r, cx, engine)),
    }

    /// ## Why
    /// After a break-in the first question is who was connected when, and from where. PostgreSQL does not say unless it is told to.
    ///
    /// `log_connections` and `log_disconnections` are off by default. MySQL tells connections in its audit log: see
    /// `rds-audit-logging-enabled`. Other engines are left out, and instances of a cluster are judged with their cluster.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters: {log_connections: "1", log_disconnections: "1"}
    /// ```
    "rds-connection-logging-enabled" => {
        title: "PostgreSQL databases log connections and disconnections.",
        category: Database,
        severity: Medium,
        scope: Estate,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        reads: ["AWS::RDS::DBClusterParameterGroup.Parameters", "AWS::RDS::DBParameterGroup.Parameters"],
        equivalents: [],
        check: |r, cx| by_engine(cx.estate, r, "an engine whose connections can be logged", |engine| {
            (engine.family == Family::Postgres).then(|| connections(r, cx))
        }),
    }
}

fn exported(r: &Resource, cx: &Context<'_>, engine: &Engine) -> Option<Verdict> {
    let required = |name: &str| cx.params.lists("required_by_engine").find(|(engine, _)| *engine == name);
    let vendor = ["sqlserver", "oracle", "db2"].into_iter().find(|vendor| engine.name.contains(vendor));
    let (_, logs) = required(&engine.name).or_else(|| required(vendor?))?;
    let agentless = engine.name.ends_with("sqlserver-ex");
    Some(Verdict::all(logs.iter().filter(|log| !(agentless && *log == "agent")).map(|log| exports(r, log))))
}

fn slow(r: &Resource, cx: &Context<'_>, engine: &Engine) -> Option<Verdict> {
    let seconds = cx.params.share("max_seconds");
    let parameters = Parameters::of(cx.estate, r);
    if engine.family == Family::Postgres {
        let most = seconds * 1000.0;
        let expected = format!("0 to {most} milliseconds");
        let logged = parameters.require(&["log_min_duration_statement"], &expected, must_be_set, |text| {
            text.trim().parse::<f64>().is_ok_and(|n| (0.0..=most).contains(&n))
        });
        return Some(logged.and(exports(r, "postgresql")));
    }
    if !engine.is_mysql_like() {
        return None;
    }
    let on = parameters.require(&["slow_query_log", "log_slow_query"], "1", must_be_set, is_on);
    let expected = format!("at most {seconds} seconds");
    let time = parameters.require(&["long_query_time", "log_slow_query_time"], &expected, must_be_set, |text| {
        text.trim().parse::<f64>().is_ok_and(|n| (0.0..=seconds).contains(&n))
    });
    let recent = engine.family == Family::MySql && parameters.version().is_none_or(|version| version >= (8, 4));
    let to_file = |read: &Read<'_>, whole: &str| match (engine.aurora, recent) {
        (true, _) => default_is_fine(read, whole),
        (false, true) => {
            let why = Unknown::Outside("the default of log_output in this version".into());
            Verdict::unknown(Evidence::unknown(read, whole, &why))
        }
        (false, false) => must_be_set(read, whole),
    };
    let file = parameters.require(&["log_output"], "FILE", to_file, |text| {
        text.split(',').any(|place| place.trim().eq_ignore_ascii_case("FILE"))
    });
    Some(on.and(time).and(file).and(exports(r, "slowquery")))
}

fn connections(r: &Resource, cx: &Context<'_>) -> Verdict {
    let parameters = Parameters::of(cx.estate, r);
    // Since PostgreSQL 18 log_connections may also say which steps of a connection are logged.
    let on = |text: &str| is_on(text) || text.split(',').any(|step| matches!(step.trim(), "all" | "authorization"));
    let both = ["log_connections", "log_disconnections"];
    Verdict::all(both.map(|name| parameters.require(&[name], "1", must_be_set, on)))
}
