//! Audit logs: who did what in a database.

use super::exports;
use crate::model::{Items, Read, Related, Resource, Unknown};
use crate::rules::readers::database::{Engine, Family, by_engine};
use crate::rules::readers::parameters::{Parameters, is_on, must_be_set};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

const OPTION_GROUP: &str = "AWS::RDS::OptionGroup";

rules! {
    /// ## Why
    /// CloudTrail ends at the database's door. Who read the customers' table is only in the audit log of the database itself, and only if that
    /// is switched on and kept where the database's administrators cannot tidy it away.
    ///
    /// PostgreSQL: `shared_preload_libraries` holds `pgaudit`, `pgaudit.log` says what is audited, and the `postgresql` log is exported. Aurora
    /// MySQL: `server_audit_logging` is on, `server_audit_events` is not empty, and the `audit` log is exported. MySQL and MariaDB: the
    /// option group has `MARIADB_AUDIT_PLUGIN`, and the `audit` log is exported. None of it is so by default. A database activity stream that
    /// runs passes too. Other engines and Multi-AZ clusters of MySQL, which take no option groups, are left out; instances of a cluster are
    /// judged with their cluster.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters: {shared_preload_libraries: "pg_stat_statements,pgaudit", pgaudit.log: "ddl,role,write"}
    /// # and on the database
    /// EnableCloudwatchLogsExports: [postgresql]
    /// ```
    "rds-audit-logging-enabled" => {
        title: "Database audit logging is configured and reaches CloudWatch Logs.",
        category: Database,
        severity: High,
        scope: Estate,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        reads: [
            "AWS::RDS::DBClusterParameterGroup.Parameters",
            "AWS::RDS::DBParameterGroup.Parameters",
            "AWS::RDS::OptionGroup",
        ],
        params: {
            accept_log_statement_all: Preset::Bool(false) => "take `log_statement` = all for an audit log of PostgreSQL",
        },
        equivalents: [
            "aws-config/rds-aurora-mysql-audit-logging-enabled",
            "aws-config/aurora-mysql-cluster-audit-logging",
            "security-hub/RDS.34",
            "security-hub/RDS.45",
            "checkov/CKV_AWS_325",
        ],
        check: |r, cx| by_engine(cx.estate, r, "an engine whose audit log is known", |engine| {
            let verdict = audited(r, cx, engine)?;
            let streamed = r.attribute("ActivityStreamStatus").as_str() == Some("started");
            Some(if streamed { Verdict::Pass } else { verdict })
        }),
    }
}

fn audited(r: &Resource, cx: &Context<'_>, engine: &Engine) -> Option<Verdict> {
    let parameters = Parameters::of(cx.estate, r);
    match (engine.family, engine.aurora) {
        (Family::Postgres, _) => Some(postgres(&parameters, cx).and(exports(r, "postgresql"))),
        (Family::MySql, true) => {
            let on = parameters.require(&["server_audit_logging"], "1", must_be_set, is_on);
            let events =
                parameters.require(&["server_audit_events"], "CONNECT,QUERY_DCL,QUERY_DDL", must_be_set, |text| {
                    !text.trim().is_empty()
                });
            Some(on.and(events).and(exports(r, "audit")))
        }
        (Family::MySql | Family::MariaDb, false) if &*r.kind == "AWS::RDS::DBInstance" => {
            Some(plugin(r, cx).and(exports(r, "audit")))
        }
        _ => None,
    }
}

fn postgres(parameters: &Parameters<'_>, cx: &Context<'_>) -> Verdict {
    let libraries = parameters.require(&["shared_preload_libraries"], "pgaudit", must_be_set, |text| {
        text.split(',').any(|library| library.trim().trim_matches('\'').eq_ignore_ascii_case("pgaudit"))
    });
    let classes = parameters.require(&["pgaudit.log"], "write,ddl,role", must_be_set, |text| {
        !text.trim().is_empty() && !text.trim().eq_ignore_ascii_case("none")
    });
    let pgaudit = libraries.and(classes);
    if !cx.params.bool("accept_log_statement_all") {
        return pgaudit;
    }
    pgaudit.or(|| {
        parameters.require(&["log_statement"], "all", must_be_set, |text| text.trim().eq_ignore_ascii_case("all"))
    })
}

/// The option group of an instance has the audit plugin. RDS's own groups (`default:mysql-8-0`) have no options.
fn plugin(r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "an option group with MARIADB_AUDIT_PLUGIN";
    let group = r.get("OptionGroupName");
    if group.is_absent() || group.as_str().is_some_and(|name| name.starts_with("default:")) {
        return check::fail(&group, expected);
    }
    match cx.estate.follow(&group, &[OPTION_GROUP]) {
        Related::Found(found) => has_plugin(found, expected).on(found.address.name()),
        Related::Missing => {
            Verdict::unknown(Evidence::unknown(&group, expected, &Unknown::Outside("the option group".into())))
        }
        Related::Unknown(why) => Verdict::unknown(Evidence::unknown(&group, expected, &why)),
    }
}

fn has_plugin(group: &Resource, expected: &str) -> Verdict {
    let options = group.get("OptionConfigurations");
    match options.items() {
        Items::Absent => check::fail(&options, expected),
        Items::Unknown => check::unknown(&options, expected),
        Items::Are(items) => {
            let is = |option: &Read<'_>| {
                check::require(&option.get("OptionName"), expected, |v| {
                    Some(v.as_str()?.eq_ignore_ascii_case("MARIADB_AUDIT_PLUGIN"))
                })
            };
            Verdict::any(items.iter().map(is), || check::fail(&options, expected))
        }
    }
}
