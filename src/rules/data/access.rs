//! The way to a database: pooled connections, a cache before it.

use crate::model::network::about;
use crate::model::{Items, Read, Related, Resource, Unknown};
use crate::rules::readers::database::{CLUSTER, Family, INSTANCE, by_engine, identifier};
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Preset, Verdict, check, rules};

const TARGETS: &str = "AWS::RDS::DBProxyTargetGroup";
const GROUP: &str = "AWS::EC2::SecurityGroup";
const INGRESS: &str = "AWS::EC2::SecurityGroupIngress";
/// Cache services, the types that they come as, and the property that holds their security groups.
const CACHES: &[(&str, &str, &str)] = &[
    ("elasticache", "AWS::ElastiCache::ReplicationGroup", "SecurityGroupIds"),
    ("elasticache", "AWS::ElastiCache::ServerlessCache", "SecurityGroupIds"),
    ("elasticache", "AWS::ElastiCache::CacheCluster", "VpcSecurityGroupIds"),
    ("memorydb", "AWS::MemoryDB::Cluster", "SecurityGroupIds"),
    ("dax", "AWS::DAX::Cluster", "SecurityGroupIds"),
];

rules! {
    /// ## Why
    /// Every connection costs a database memory, and functions and fleets open them by the hundred. A proxy shares a few among many, and holds
    /// them through a failover.
    ///
    /// For profiles that ask for it. A database has no proxy by default. The pool's settings must be declared: their defaults suit one
    /// application per database only. Engines that RDS Proxy does not serve are left out, and instances of a cluster are judged with their
    /// cluster.
    ///
    /// ## Fix
    /// ```yaml
    /// Pool:
    ///   Type: AWS::RDS::DBProxyTargetGroup
    ///   Properties:
    ///     DBProxyName: !Ref Proxy
    ///     TargetGroupName: default
    ///     DBInstanceIdentifiers: [!Ref Orders]
    ///     ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 80, ConnectionBorrowTimeout: 30}
    /// ```
    "rds-proxy-connection-pooling" => {
        title: "Databases are reached through an RDS Proxy with a configured connection pool.",
        category: Database,
        severity: Low,
        scope: Estate,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        reads: ["AWS::RDS::DBProxyTargetGroup.DBClusterIdentifiers", "AWS::RDS::DBProxyTargetGroup.DBInstanceIdentifiers"],
        params: {
            required_fields: Preset::Texts(&["MaxConnectionsPercent", "ConnectionBorrowTimeout"])
                => "settings of the pool that must be there",
        },
        equivalents: [],
        check: |r, cx| by_engine(cx.estate, r, "an engine that RDS Proxy serves", |engine| {
            (!matches!(engine.family, Family::Oracle | Family::Other)).then(|| pooled(r, cx))
        }),
    }

    /// ## Why
    /// Most reads ask for what was asked for a second ago. A cache answers them in a fraction of the time and leaves the database to
    /// the rest.
    ///
    /// For profiles that ask for it, in places that have a database. A cache counts if one of its security groups lets somebody in: by another
    /// security group, a range of addresses or a prefix list. Who that is, is not judged.
    ///
    /// ## Fix
    /// ```yaml
    /// Cache:
    ///   Type: AWS::ElastiCache::ServerlessCache
    ///   Properties:
    ///     ServerlessCacheName: catalogue
    ///     Engine: valkey
    ///     SecurityGroupIds: [!GetAtt CacheGroup.GroupId]
    ///     SubnetIds: [!Ref PrivateA, !Ref PrivateB]
    /// ```
    "cache-layer-present" => {
        title: "A cache takes load off the database.",
        category: Database,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::DAX::Cluster",
            "AWS::EC2::SecurityGroup",
            "AWS::EC2::SecurityGroupIngress",
            "AWS::ElastiCache::CacheCluster",
            "AWS::ElastiCache::ReplicationGroup",
            "AWS::ElastiCache::ServerlessCache",
            "AWS::MemoryDB::Cluster",
            "AWS::RDS::DBCluster",
            "AWS::RDS::DBInstance",
        ],
        params: {
            accept_types: Preset::Texts(&["elasticache", "memorydb", "dax"]) => "cache services that count",
            require_in_template: Preset::Bool(false) => "demand it of every template that has a database",
        },
        equivalents: [],
        check: cached,
    }
}

fn pooled(r: &Resource, cx: &Context<'_>) -> Verdict {
    let list = if &*r.kind == CLUSTER { "DBClusterIdentifiers" } else { "DBInstanceIdentifiers" };
    let mut listing = cx.estate.referrers(r, TARGETS, list);
    // A template may also name a database by the name that it gives it.
    if let Some(name) = r.get(identifier(&r.kind)).as_str().filter(|_| !r.is_live()) {
        let names = |group: &&Resource| match group.get(list).items() {
            Items::Are(items) => {
                items.iter().any(|item| item.as_str().is_some_and(|text| text.eq_ignore_ascii_case(name)))
            }
            Items::Absent | Items::Unknown => false,
        };
        listing.items.extend(cx.estate.of(r, TARGETS).items.into_iter().filter(names));
    }
    check::some(&listing, &about(r, "Proxy"), "a target group of an RDS Proxy", |group| {
        let pool = group.get("ConnectionPoolConfigurationInfo");
        let fields = cx.params.texts("required_fields").iter();
        let set = fields.map(|field| check::present(&pool.get(field), "a setting of the pool"));
        Verdict::all(set).on(group.address.name())
    })
}

fn cached(place: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let expected = "a cache that something may connect to";
    let subject = about(place, "Caches");
    let accepted =
        |service: &str| cx.params.texts("accept_types").iter().any(|name| name.eq_ignore_ascii_case(service));
    let caches = || {
        let kinds = CACHES.iter().filter(|(service, ..)| accepted(service));
        let found = kinds.map(|(_, kind, groups)| {
            let listing = cx.estate.of(place, kind);
            check::some(&listing, &subject, expected, |cache| {
                reachable(&cache.get(groups), cx).on(cache.address.name())
            })
        });
        Verdict::any(found, || check::fail(&subject, expected)).distinct()
    };
    let databases = [CLUSTER, INSTANCE].map(|kind| cx.estate.of(place, kind));
    if databases.iter().any(|listing| !listing.items.is_empty()) {
        return Some(caches());
    }
    // Nobody knows whether there is anything to take load off.
    let why = databases.into_iter().find_map(|listing| listing.incomplete)?;
    Some(caches().or(|| unknown(&subject, expected, &why)))
}

/// One of some security groups lets somebody in.
fn reachable(groups: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let expected = "a security group with a rule for its clients";
    match groups.items() {
        Items::Absent => check::fail(groups, expected),
        Items::Unknown => check::unknown(groups, expected),
        Items::Are(items) => Verdict::any(
            items.iter().map(|id| match cx.estate.follow(id, &[GROUP]) {
                Related::Found(group) => lets_in(group, cx).on(group.address.name()),
                Related::Missing => check::fail(id, expected),
                Related::Unknown(why) => unknown(id, expected, &why),
            }),
            || check::fail(groups, expected),
        ),
    }
}

fn lets_in(group: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "a rule for its clients";
    let inline = group.get("SecurityGroupIngress");
    let own = match inline.items() {
        Items::Are(rules) if !rules.is_empty() => Ok(true),
        Items::Unknown => Err(inline.why_unknown().unwrap_or(Unknown::NotCollected)),
        Items::Are(_) | Items::Absent => Ok(false),
    };
    let others = cx.estate.referrers(group, INGRESS, "GroupId");
    match (own, others.incomplete) {
        (Ok(true), _) => Verdict::Pass,
        _ if !others.items.is_empty() => Verdict::Pass,
        (Err(why), _) | (_, Some(why)) => unknown(&inline, expected, &why),
        (Ok(false), None) => check::fail(&inline, expected),
    }
}
