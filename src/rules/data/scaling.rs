//! Aurora clusters that grow and shrink by themselves.

use crate::model::{Read, Related, Resource, Unknown, Value};
use crate::rules::readers::database::{CLUSTER, by_engine, members};
use crate::rules::readers::mentions::{mentions, mentions_any};
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Preset, Verdict, check, rules};

const TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
const POLICY: &str = "AWS::ApplicationAutoScaling::ScalingPolicy";
const DIMENSION: &str = "rds:cluster:ReadReplicaCount";

rules! {
    /// ## Why
    /// A fixed number of readers is too few at noon and too many at night. Application Auto Scaling adds readers when the ones there are get
    /// busy, and takes them away again.
    ///
    /// A cluster has no scalable target by default. The target must leave room between its capacities, and a target tracking policy must
    /// watch the readers' CPU or connections. Clusters of Aurora Serverless v1 have no readers and are left out.
    ///
    /// ## Fix
    /// ```yaml
    /// ReaderTarget:
    ///   Type: AWS::ApplicationAutoScaling::ScalableTarget
    ///   Properties:
    ///     ServiceNamespace: rds
    ///     ScalableDimension: rds:cluster:ReadReplicaCount
    ///     ResourceId: !Sub cluster:${Cluster}
    ///     MinCapacity: 1
    ///     MaxCapacity: 4
    /// ReaderPolicy:
    ///   Type: AWS::ApplicationAutoScaling::ScalingPolicy
    ///   Properties:
    ///     PolicyName: readers
    ///     PolicyType: TargetTrackingScaling
    ///     ScalingTargetId: !Ref ReaderTarget
    ///     TargetTrackingScalingPolicyConfiguration:
    ///       PredefinedMetricSpecification: {PredefinedMetricType: RDSReaderAverageCPUUtilization}
    ///       TargetValue: 60
    /// ```
    "aurora-replica-autoscaling" => {
        title: "Aurora read replicas scale automatically.",
        category: Database,
        severity: Medium,
        scope: Estate,
        types: ["AWS::RDS::DBCluster"],
        reads: ["AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"],
        params: { min_replicas: Preset::Int(1) => "readers that must always be there" },
        equivalents: [],
        check: |r, cx| by_engine(cx.estate, r, "an engine whose readers can scale", |engine| {
            (engine.aurora && !is_serverless_v1(r)).then(|| readers_scale(r, cx))
        }),
    }

    /// ## Why
    /// An instance class is chosen for the busiest hour and paid for in all of them. Serverless v2 follows the load within seconds.
    ///
    /// For profiles that ask for it. A cluster has no `ServerlessV2ScalingConfiguration` by default, and an instance is serverless only with
    /// the class `db.serverless`. Clusters that are not Aurora are left out.
    ///
    /// ## Fix
    /// ```yaml
    /// ServerlessV2ScalingConfiguration: {MinCapacity: 0.5, MaxCapacity: 16}
    /// # and on a member
    /// DBInstanceClass: db.serverless
    /// ```
    "aurora-serverless-v2-scaling" => {
        title: "Aurora clusters have Serverless v2 capacity that can grow.",
        category: Database,
        severity: Low,
        scope: Estate,
        types: ["AWS::RDS::DBCluster"],
        reads: ["AWS::RDS::DBInstance"],
        params: { min_serverless_members: Preset::Int(1) => "members that must be of the class db.serverless" },
        equivalents: [],
        check: |r, cx| by_engine(cx.estate, r, "an engine that may be serverless", |engine| {
            engine.aurora.then(|| capacity(r).and(serverless_members(r, cx)))
        }),
    }
}

fn is_serverless_v1(r: &Resource) -> bool {
    r.get("EngineMode").as_str().is_some_and(|mode| mode.eq_ignore_ascii_case("serverless"))
}

fn readers_scale(cluster: &Resource, cx: &Context<'_>) -> Verdict {
    let mut targets = cx.estate.of(cluster, TARGET);
    targets.items.retain(|target| {
        let of_readers = check::one_of(&target.get("ScalableDimension"), &[DIMENSION]);
        !matches!(of_readers, Verdict::Fail(_)) && is_of(&target.get("ResourceId"), cluster, cx) != Ok(false)
    });
    let expected = "a scalable target of its readers, with a target tracking policy";
    check::some(&targets, &cluster.get("DBClusterIdentifier"), expected, |target| {
        let of_readers = check::one_of(&target.get("ScalableDimension"), &[DIMENSION]);
        let named = match is_of(&target.get("ResourceId"), cluster, cx) {
            Err(why) => unknown(&target.get("ResourceId"), "cluster: and the cluster's identifier", &why),
            Ok(_) => Verdict::Pass,
        };
        of_readers.and(named).and(room(target, cx)).on(target.address.name()).and(tracked(target, cluster, cx))
    })
}

/// Whether a resource id (`cluster:orders`) names a cluster.
fn is_of(id: &Read<'_>, cluster: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    if let Some(text) = id.as_str() {
        let name = text.strip_prefix("cluster:").unwrap_or(text);
        let declared = cluster.get("DBClusterIdentifier");
        let own = [cluster.address.physical_id.as_deref(), declared.as_str()];
        return Ok(own.into_iter().flatten().any(|own| own.eq_ignore_ascii_case(name)));
    }
    if mentions(id, cluster) {
        return Ok(true);
    }
    match id.why_unknown() {
        Some(why) if !mentions_any(cx.estate, id, &[CLUSTER]) => Err(why),
        _ => Ok(false),
    }
}

/// The target's capacities have room between them.
fn room(target: &Resource, cx: &Context<'_>) -> Verdict {
    let least = cx.params.int("min_replicas");
    let (min, max) = (target.get("MinCapacity"), target.get("MaxCapacity"));
    let above = min.value().and_then(Value::as_int).map_or(least, |min| min.max(least)) + 1;
    check::at_least(&min, least).and(check::at_least(&max, above))
}

/// A target tracking policy of the target watches its readers.
fn tracked(target: &Resource, cluster: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "a target tracking policy on the readers' CPU or connections";
    let mut policies = cx.estate.of(cluster, POLICY);
    policies.items.retain(|policy| belongs(policy, target, cluster, cx) != Ok(false));
    let verdict = check::some(&policies, &target.get("ResourceId"), expected, |policy| {
        let specification = "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification";
        let metric = policy.get(specification).get("PredefinedMetricType");
        let metrics = ["RDSReaderAverageCPUUtilization", "RDSReaderAverageDatabaseConnections"];
        let watches = check::one_of(&metric, &metrics);
        let judged = match belongs(policy, target, cluster, cx) {
            Ok(_) => watches,
            Err(why) => watches.and(unknown(&policy.get("ScalingTargetId"), expected, &why)),
        };
        judged.on(policy.address.name())
    });
    verdict.on(target.address.name())
}

/// Whether a policy belongs to a target: by the target's id, or by the same resource and dimension.
fn belongs(policy: &Resource, target: &Resource, cluster: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    let id = policy.get("ScalingTargetId");
    if !id.is_absent() {
        match cx.estate.follow(&id, &[TARGET]) {
            Related::Found(found) => return Ok(found.address == target.address),
            Related::Unknown(why) if policy.get("ResourceId").is_absent() => return Err(why),
            _ => {}
        }
    }
    if policy.get("ScalableDimension").as_str().is_some_and(|text| text != DIMENSION) {
        return Ok(false);
    }
    let named = policy.get("ResourceId");
    if named.is_absent() { Ok(false) } else { is_of(&named, cluster, cx) }
}

fn capacity(r: &Resource) -> Verdict {
    let (min, max) =
        (r.get("ServerlessV2ScalingConfiguration.MinCapacity"), r.get("ServerlessV2ScalingConfiguration.MaxCapacity"));
    let number = |v: &Value| v.text()?.trim().parse::<f64>().ok();
    let least = check::require(&min, "a capacity to start from", |v| Some(number(v)? >= 0.0));
    let floor = min.value().and_then(number);
    let expected = floor.map_or_else(|| "a capacity to grow to".to_owned(), |floor| format!("more than {floor}"));
    least.and(check::require(&max, &expected, |v| Some(number(v)? > floor.unwrap_or(0.0))))
}

fn serverless_members(cluster: &Resource, cx: &Context<'_>) -> Verdict {
    let wanted = usize::try_from(cx.params.int("min_serverless_members")).unwrap_or(0);
    let expected = format!("{wanted} or more members of the class db.serverless");
    let listing = members(cx.estate, cluster);
    let subject = crate::model::network::about(cluster, "Members");
    let (mut sure, mut open) = (0, listing.incomplete);
    let mut may_be = usize::from(open.is_some()) * wanted;
    for member in &listing.items {
        let class = member.get("DBInstanceClass");
        match (class.as_str(), class.why_unknown()) {
            (Some(text), _) => sure += usize::from(text.eq_ignore_ascii_case("db.serverless")),
            (None, Some(why)) => {
                may_be += 1;
                open = open.or(Some(why));
            }
            (None, None) => {}
        }
    }
    match open {
        _ if sure >= wanted => Verdict::Pass,
        Some(why) if sure + may_be >= wanted => unknown(&subject, &expected, &why),
        _ => check::fail(&subject, &expected),
    }
}
