//! Encrypted connections.

use crate::model::{Read, Resource, Unknown};
use crate::rules::readers::database::{Engine, Family, by_engine};
use crate::rules::readers::parameters::{Parameters, default_is_fine, is_on, must_be_set};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A database that accepts connections without TLS gets them: from the one client whose driver does not ask for it. Passwords
    /// and rows then cross the network in the clear.
    ///
    /// The parameters in force are those of the cluster's parameter group, overlaid by those of the instance's. MySQL and MariaDB need
    /// `require_secure_transport`, PostgreSQL and SQL Server `rds.force_ssl`. Their default is off, except in PostgreSQL 15, Aurora
    /// PostgreSQL 17, MySQL 9.7, MariaDB 11.8 and what came after them; which default holds is unknown where neither the family of the
    /// group nor `EngineVersion` tells the version. `RequireTLS` of a proxy defaults to false. Other engines and instances of a cluster are
    /// left out; the latter are judged with their cluster.
    ///
    /// ## Fix
    /// ```yaml
    /// OnlyTls:
    ///   Type: AWS::RDS::DBParameterGroup
    ///   Properties:
    ///     Description: TLS only
    ///     Family: mysql8.0
    ///     Parameters: {require_secure_transport: "ON"}   # PostgreSQL: rds.force_ssl: "1"
    /// ```
    "rds-transport-encryption-enforced" => {
        title: "Databases reject connections without TLS.",
        category: Database,
        severity: High,
        scope: Estate,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::RDS::DBProxy"],
        reads: ["AWS::RDS::DBClusterParameterGroup.Parameters", "AWS::RDS::DBParameterGroup.Parameters"],
        params: {
            require_explicit: Preset::Bool(false) => "demand that a parameter group sets it, whatever the engine's default is",
        },
        equivalents: [
            "aws-config/rds-mysql-instance-encrypted-in-transit",
            "aws-config/rds-postgres-instance-encrypted-in-transit",
            "aws-config/rds-mariadb-instance-encrypted-in-transit",
            "aws-config/rds-sqlserver-encrypted-in-transit",
            "aws-config/rds-proxy-tls-encryption",
            "security-hub/RDS.38",
            "security-hub/RDS.39",
            "security-hub/RDS.44",
            "security-hub/RDS.41",
            "security-hub/RDS.43",
            "prowler/rds_instance_transport_encrypted",
            "checkov/CKV2_AWS_69",
        ],
        check: |r, cx| match &*r.kind {
            "AWS::RDS::DBProxy" => Some(check::is_true(&r.get("RequireTLS"))),
            _ => by_engine(cx.estate, r, "an engine whose connections can be judged", |engine| enforced(r, cx, engine)),
        },
    }
}

fn enforced(r: &Resource, cx: &Context<'_>, engine: &Engine) -> Option<Verdict> {
    // The first version whose default is on.
    let (name, expected, since) = match (engine.family, engine.aurora) {
        (Family::MySql, true) => ("require_secure_transport", "ON", None),
        (Family::MySql, false) => ("require_secure_transport", "ON", Some((9, 7))),
        (Family::MariaDb, _) => ("require_secure_transport", "ON", Some((11, 8))),
        (Family::Postgres, false) => ("rds.force_ssl", "1", Some((15, 0))),
        (Family::Postgres, true) => ("rds.force_ssl", "1", Some((17, 0))),
        (Family::SqlServer, _) => ("rds.force_ssl", "1", None),
        (Family::Oracle | Family::Other, _) => return None,
    };
    let parameters = Parameters::of(cx.estate, r);
    let version = parameters.version();
    let unset = |read: &Read<'_>, whole: &str| match (since, version) {
        (Some(_), _) if cx.params.bool("require_explicit") => must_be_set(read, whole),
        (None, _) => must_be_set(read, whole),
        (Some(since), Some(version)) if version < since => must_be_set(read, whole),
        (Some(_), Some(_)) => default_is_fine(read, whole),
        (Some(_), None) => {
            let why = Unknown::Outside("the default of an engine whose version is not said".into());
            Verdict::unknown(Evidence::unknown(read, whole, &why))
        }
    };
    Some(parameters.require(&[name], expected, unset, is_on))
}
