//! Parameters that make a database fast and keep it so.

use crate::model::{Read, Resource, Unknown};
use crate::rules::readers::database::{Engine, Family, by_engine};
use crate::rules::readers::parameters::{Parameters, Setting, is_on, must_be_set};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// RDS's own parameter groups suit every database a little and none well: no statement ever times out, a session that forgot its
    /// transaction holds its locks for ever, replication slots and memory are what they were on a small machine. Who chose nothing finds
    /// out in the busiest hour.
    ///
    /// For each group of parameters so many of them as `groups` asks for must be set by a parameter group of the database or of its cluster; what
    /// they are set to is not judged. The groups for PostgreSQL and MySQL are: `timeouts` (`idle_in_transaction_session_timeout`,
    /// `statement_timeout`, `tcp_keepalives_idle`, `client_connection_check_interval`; `wait_timeout`, `interactive_timeout`,
    /// `connect_timeout`), `replication` (`rds.logical_replication`, `wal_sender_timeout`, `max_replication_slots`, `max_wal_senders`,
    /// `hot_standby_feedback`; `binlog_format`, `sync_binlog`, `innodb_flush_log_at_trx_commit`), `performance` (`work_mem`,
    /// `maintenance_work_mem`, `random_page_cost`, `effective_cache_size`, `max_connections`; `max_connections`, `table_open_cache`) and
    /// `buffer` (`shared_buffers`; `innodb_buffer_pool_size`).
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters:
    ///   statement_timeout: "30000"
    ///   rds.logical_replication: "1"
    ///   work_mem: "16384"
    ///   max_connections: "500"
    ///   shared_buffers: "{DBInstanceClassMemory/32768}"
    /// ```
    "rds-operational-parameters" => {
        title: "Parameter groups set timeouts, replication, memory and connections on purpose.",
        category: Database,
        severity: Low,
        scope: Estate,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        reads: ["AWS::RDS::DBClusterParameterGroup.Parameters", "AWS::RDS::DBParameterGroup.Parameters"],
        params: {
            groups: Preset::Map(&[
                ("timeouts", Some("1")),
                ("replication", Some("1")),
                ("performance", Some("2")),
                ("buffer", Some("1")),
            ]) => "how many parameters of a group must be set",
            engines: Preset::Texts(&["aurora-postgresql", "postgres", "aurora-mysql", "mysql"]) => "engines that are judged",
        },
        equivalents: [],
        check: |r, cx| by_engine(cx.estate, r, "an engine whose parameters are known", |engine| operational(r, cx, engine)),
    }

    /// ## Why
    /// New statistics or a new version can make the planner change its mind about a statement, for the worse and in the middle of the
    /// day. Query plan management keeps the plans that are known to be good.
    ///
    /// Off by default. Clusters of other engines and RDS for PostgreSQL do not have it and are left out.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters:
    ///   rds.enable_plan_management: "1"
    ///   apg_plan_mgmt.capture_plan_baselines: automatic
    /// ```
    "aurora-query-plan-management" => {
        title: "Aurora PostgreSQL manages its query plans.",
        category: Database,
        severity: Low,
        scope: Estate,
        types: ["AWS::RDS::DBCluster"],
        reads: [
            "AWS::RDS::DBClusterParameterGroup.Parameters",
            "AWS::RDS::DBInstance",
            "AWS::RDS::DBParameterGroup.Parameters",
        ],
        params: {
            capture_modes: Preset::Texts(&["automatic", "manual"])
                => "ways to capture plans that are accepted; manual capture needs `apg_plan_mgmt.use_plan_baselines` as well",
        },
        equivalents: [],
        check: |r, cx| by_engine(cx.estate, r, "an engine that may manage plans", |engine| {
            (engine.family == Family::Postgres && engine.aurora).then(|| plans(r, cx))
        }),
    }
}

fn members_of(group: &str, engine: &Engine) -> &'static [&'static str] {
    match (group, engine.family) {
        ("timeouts", Family::Postgres) => &[
            "idle_in_transaction_session_timeout",
            "statement_timeout",
            "tcp_keepalives_idle",
            "client_connection_check_interval",
        ],
        ("replication", Family::Postgres) => &[
            "rds.logical_replication",
            "wal_sender_timeout",
            "max_replication_slots",
            "max_wal_senders",
            "hot_standby_feedback",
        ],
        ("performance", Family::Postgres) => {
            &["work_mem", "maintenance_work_mem", "random_page_cost", "effective_cache_size", "max_connections"]
        }
        ("buffer", Family::Postgres) => &["shared_buffers"],
        ("timeouts", _) => &["wait_timeout", "interactive_timeout", "connect_timeout"],
        ("replication", _) => &["binlog_format", "sync_binlog", "innodb_flush_log_at_trx_commit"],
        ("performance", _) => &["max_connections", "table_open_cache"],
        ("buffer", _) => &["innodb_buffer_pool_size"],
        _ => &[],
    }
}

fn operational(r: &Resource, cx: &Context<'_>, engine: &Engine) -> Option<Verdict> {
    if !cx.params.texts("engines").iter().any(|name| Engine::named(name).name == engine.name) {
        return None;
    }
    let parameters = Parameters::of(cx.estate, r);
    let groups = cx.params.map("groups").map(|(group, least)| {
        let members = members_of(group, engine);
        let least = least.and_then(|text| text.parse().ok()).unwrap_or(1).min(members.len());
        enough(&parameters, group, members, least)
    });
    Some(Verdict::all(groups))
}

/// So many of some parameters are set.
fn enough(parameters: &Parameters<'_>, group: &str, members: &[&str], least: usize) -> Verdict {
    let expected = format!("{least} or more of {} ({group})", members.join(", "));
    let (mut set, mut open, mut elsewhere) = (0, None::<(Read<'_>, Unknown)>, None);
    let mut may_be = 0;
    for name in members {
        let settings = parameters.settings(&[name]);
        if settings.iter().all(|setting| matches!(setting, Setting::Set(_))) {
            set += 1;
            continue;
        }
        let mut closed = false;
        for setting in settings {
            match setting {
                Setting::Set(_) => {}
                Setting::Unset(read) => {
                    closed = true;
                    elsewhere = elsewhere.or(Some(read));
                }
                Setting::Open(read, why) => open = open.or(Some((read, why))),
            }
        }
        may_be += usize::from(!closed);
    }
    if set >= least {
        return Verdict::Pass;
    }
    match (open, elsewhere) {
        (Some((read, why)), _) if set + may_be >= least => {
            parameters.led(&read, Verdict::unknown(Evidence::unknown(&read, expected, &why)))
        }
        // The parameters of a group as a whole, or the place where a group would be named.
        (_, read) => {
            let read = read.unwrap_or_else(|| parameters.home());
            let whole = if read.path.starts_with("Parameters.") { read.resource.get("Parameters") } else { read };
            let evidence = Evidence { actual: None, ..Evidence::of(&whole, expected) };
            parameters.led(&whole, Verdict::fail(evidence))
        }
    }
}

fn plans(r: &Resource, cx: &Context<'_>) -> Verdict {
    let parameters = Parameters::of(cx.estate, r);
    let modes = cx.params.texts("capture_modes");
    let capture = |mode: &str| {
        parameters.require(&["apg_plan_mgmt.capture_plan_baselines"], mode, must_be_set, |text| {
            text.trim().eq_ignore_ascii_case(mode)
        })
    };
    let captured = Verdict::any(
        modes.iter().map(|mode| {
            let used = || parameters.require(&["apg_plan_mgmt.use_plan_baselines"], "true", must_be_set, is_on);
            let captured = capture(mode);
            if mode == "manual" && !matches!(captured, Verdict::Fail(_)) { captured.and(used()) } else { captured }
        }),
        || capture("automatic"),
    );
    parameters.require(&["rds.enable_plan_management"], "1", must_be_set, is_on).and(captured.distinct())
}
