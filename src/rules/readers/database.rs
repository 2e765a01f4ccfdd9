//! Databases: their engine, their cluster, the members of a cluster.

use crate::model::network::{Known, Unsure};
use crate::model::{Estate, Field, Listing, Read, Related, Resource, Unknown};
use crate::rules::{Evidence, Verdict, check};

/// `AWS::RDS::DBCluster`.
pub(in crate::rules) const CLUSTER: &str = "AWS::RDS::DBCluster";
/// `AWS::RDS::DBInstance`.
pub(in crate::rules) const INSTANCE: &str = "AWS::RDS::DBInstance";

/// Engines that understand the same parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Family {
    /// `MySQL`, also Aurora's.
    MySql,
    /// `MariaDB`.
    MariaDb,
    /// `PostgreSQL`, also Aurora's.
    Postgres,
    /// SQL Server.
    SqlServer,
    /// Oracle.
    Oracle,
    /// Db2 and what else there may be.
    Other,
}

/// The engine of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) struct Engine {
    /// As RDS writes it: `aurora-postgresql`, `sqlserver-ex`.
    pub(in crate::rules) name: String,
    /// What it descends from.
    pub(in crate::rules) family: Family,
    /// Whether it is Aurora.
    pub(in crate::rules) aurora: bool,
}

impl Engine {
    /// The engine of a name; names are taken in any case.
    pub(in crate::rules) fn named(name: &str) -> Self {
        let name = match name.trim().to_ascii_lowercase() {
            // Aurora's first engine had no other name.
            first if first == "aurora" => "aurora-mysql".to_owned(),
            other => other,
        };
        let family = match &*name {
            "mysql" | "aurora-mysql" => Family::MySql,
            "mariadb" => Family::MariaDb,
            "postgres" | "aurora-postgresql" => Family::Postgres,
            other if other.contains("sqlserver") => Family::SqlServer,
            other if other.contains("oracle") => Family::Oracle,
            _ => Family::Other,
        };
        Self { aurora: name.starts_with("aurora"), name, family }
    }

    /// `MySQL`, Aurora's or `MariaDB`.
    pub(in crate::rules) fn is_mysql_like(&self) -> bool {
        matches!(self.family, Family::MySql | Family::MariaDb)
    }
}

/// The engine of a database: its own, or that of its cluster or source.
pub(in crate::rules) fn engine<'a>(estate: &'a Estate, r: &'a Resource) -> Known<'a, Engine> {
    let own = r.get("Engine");
    if let Some(name) = own.as_str() {
        return Ok(Engine::named(name));
    }
    if let Some(why) = own.why_unknown() {
        return Err(Unsure::new(own, why));
    }
    for (property, kind) in [("DBClusterIdentifier", CLUSTER), ("SourceDBInstanceIdentifier", INSTANCE)] {
        if &*r.kind == INSTANCE
            && let Related::Found(other) = estate.follow(&r.get(property), &[kind])
            && let Some(name) = other.get("Engine").as_str()
        {
            return Ok(Engine::named(name));
        }
    }
    Err(Unsure::new(own, Unknown::Outside("the engine of the snapshot or source".into())))
}

/// The property that names a database.
pub(in crate::rules) fn identifier(kind: &str) -> &'static str {
    if kind == CLUSTER { "DBClusterIdentifier" } else { "DBInstanceIdentifier" }
}

/// The cluster that an instance belongs to; `Missing` if it names none.
pub(in crate::rules) fn cluster_of<'a>(estate: &'a Estate, instance: &Resource) -> Related<'a> {
    let named = instance.get("DBClusterIdentifier");
    if named.is_absent() || &*instance.kind != INSTANCE {
        return Related::Missing;
    }
    match estate.follow(&named, &[CLUSTER]) {
        // It has one, even if nobody sees it.
        Related::Missing => Related::Unknown(Unknown::Outside("the cluster of the instance".into())),
        found => found,
    }
}

/// The instances of a cluster.
pub(in crate::rules) fn members<'a>(estate: &'a Estate, cluster: &Resource) -> Listing<'a> {
    estate.referrers(cluster, INSTANCE, "DBClusterIdentifier")
}

/// The verdict on what is not a member of a cluster; members are judged with their cluster.
pub(in crate::rules) fn standalone(r: &Resource, verdict: Verdict) -> Option<Verdict> {
    if &*r.kind != INSTANCE {
        return Some(verdict);
    }
    let cluster = r.get("DBClusterIdentifier");
    match cluster.why_unknown() {
        None if cluster.is_absent() => Some(verdict),
        _ if cluster.value().is_some() => None,
        _ if verdict.is_pass() => Some(Verdict::Pass),
        _ => Some(check::unknown(&cluster, "no cluster, or a cluster that is judged instead")),
    }
}

/// The verdict on a cluster, or on an instance without one, by its engine. `judge` answers `None` for engines that it asks nothing of.
pub(in crate::rules) fn by_engine(
    estate: &Estate,
    r: &Resource,
    expected: &str,
    judge: impl FnOnce(&Engine) -> Option<Verdict>,
) -> Option<Verdict> {
    // Members are left out before anything else is looked at.
    let _judged = standalone(r, Verdict::Pass)?;
    let verdict = match engine(estate, r) {
        Ok(engine) => judge(&engine)?,
        Err(open) => Verdict::unknown(Evidence::unknown(&open.read, expected, &open.why)),
    };
    standalone(r, verdict)
}

/// A setting that instances of an Aurora cluster take over from it and that others have themselves: of an instance `own`, of a cluster
/// `clusters`. `None` if another resource answers for this one: the instances for an Aurora cluster, the cluster for instances of others.
pub(in crate::rules) fn setting<'a>(
    estate: &'a Estate,
    r: &'a Resource,
    own: &str,
    clusters: &str,
) -> Option<Read<'a>> {
    let aurora = |r: &'a Resource| engine(estate, r).ok().map(|engine| engine.aurora);
    if &*r.kind == CLUSTER {
        return (aurora(r) != Some(true)).then(|| r.get(clusters));
    }
    let read = r.get(own);
    match cluster_of(estate, r) {
        Related::Found(cluster) if aurora(cluster) == Some(false) => None,
        Related::Found(cluster) if read.is_absent() => {
            let theirs = cluster.get(clusters);
            Some(if theirs.is_absent() { read } else { theirs })
        }
        Related::Unknown(why) if read.is_absent() && !r.is_live() => {
            let at = read.at();
            Some(Read::new(r, read.path, Field::Unknown { why, at }))
        }
        _ => Some(read),
    }
}

/// Major and minor number at the beginning of a version, `8.0.mysql_aurora.3.04.0` included.
pub(in crate::rules) fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.').map(str::parse::<u32>);
    let major = numbers.next()?.ok()?;
    Some((major, numbers.next().and_then(Result::ok).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_told_by_their_name() {
        for (name, family, aurora) in [
            ("mysql", Family::MySql, false),
            ("Aurora-MySQL", Family::MySql, true),
            ("aurora", Family::MySql, true),
            ("mariadb", Family::MariaDb, false),
            ("aurora-postgresql", Family::Postgres, true),
            ("custom-sqlserver-ee", Family::SqlServer, false),
            ("custom-oracle-ee-cdb", Family::Oracle, false),
            ("db2-se", Family::Other, false),
        ] {
            let engine = Engine::named(name);
            assert_eq!((engine.family, engine.aurora), (family, aurora), "{name}");
        }
    }

    #[test]
    fn versions_begin_with_two_numbers_or_one() {
        assert_eq!(version("8.0.mysql_aurora.3.04.0"), Some((8, 0)));
        assert_eq!(version("16"), Some((16, 0)));
        assert_eq!(version("11.8"), Some((11, 8)));
        assert_eq!(version("latest"), None);
    }
}
