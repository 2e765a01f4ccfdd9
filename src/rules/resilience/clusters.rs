//! Aurora clusters that survive the loss of a zone.

use super::count;
use crate::model::network::about;
use crate::model::{Related, Resource, Unknown, Value};
use crate::rules::readers::database::{by_engine, cluster_of, engine, members};
use crate::rules::readers::zones::{Spread, named};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// Aurora keeps the data in three zones in any case. The instance that serves it is in one: with a second instance in another zone Aurora
    /// fails over in half a minute, without one it starts a new instance in ten, if the zone has room.
    ///
    /// The members of a cluster are the instances that name it. A member without `AvailabilityZone` goes where AWS puts it, which leaves the declared
    /// side open unless `require_explicit_az` is set. Clusters of Aurora Serverless v1 and Multi-AZ clusters, which spread by themselves, are
    /// left out.
    ///
    /// ## Fix
    /// ```yaml
    /// Reader:
    ///   Type: AWS::RDS::DBInstance
    ///   Properties:
    ///     DBClusterIdentifier: !Ref Cluster
    ///     AvailabilityZone: !Select [1, !GetAZs ""]
    /// ```
    "rds-cluster-multi-az-enabled" => {
        title: "Aurora clusters have instances in several Availability Zones.",
        category: Resilience,
        severity: High,
        scope: Estate,
        types: ["AWS::RDS::DBCluster"],
        reads: ["AWS::EC2::Subnet", "AWS::RDS::DBInstance"],
        params: {
            min_instances: Preset::Int(2) => "members that a cluster must have",
            min_azs: Preset::Int(2) => "zones that they must lie in",
            require_explicit_az: Preset::Bool(false) => "demand that members in a template name their zone",
        },
        equivalents: [
            "aws-config/rds-cluster-multi-az-enabled",
            "security-hub/RDS.15",
            "prowler/rds_cluster_multi_az",
            "cis-5.0/2.2.4",
        ],
        check: |r, cx| by_engine(cx.estate, r, "an Aurora cluster, or another", |engine| {
            let serverless = r.get("EngineMode").as_str().is_some_and(|mode| mode.eq_ignore_ascii_case("serverless"));
            (engine.aurora && !serverless).then(|| spread(r, cx))
        }),
    }

    /// ## Why
    /// When the writer fails Aurora promotes the reader of the lowest tier. If that is the small one that is there for reports, the
    /// shop runs on it.
    ///
    /// `PromotionTier` defaults to 1. At least two members of a cluster must have a tier of `max_failover_tier` or lower: the writer and
    /// somebody to take over; members of a higher tier fail where they are not. With `require_declared` a member of a template that says nothing
    /// fails as well. The only member of a cluster and instances of other engines are left out.
    ///
    /// ## Fix
    /// ```yaml
    /// PromotionTier: 1
    /// ```
    "aurora-failover-priority" => {
        title: "Aurora members have a failover priority.",
        category: Resilience,
        severity: Low,
        scope: Resource,
        types: ["AWS::RDS::DBInstance"],
        reads: ["AWS::RDS::DBCluster"],
        params: {
            max_failover_tier: Preset::Int(1) => "tier that a preferred failover target may have",
            require_declared: Preset::Bool(false) => "demand that a template declares the tier",
        },
        equivalents: [],
        check: priority,
    }
}

fn spread(cluster: &Resource, cx: &Context<'_>) -> Verdict {
    let wanted = cx.params.int("min_instances");
    let zones = cx.params.int("min_azs");
    let listing = members(cx.estate, cluster);
    let subject = about(cluster, "Members");
    let enough = if listing.items.len() >= count(wanted) {
        Verdict::Pass
    } else {
        let expected = format!("{wanted} or more instances");
        if let Some(why) = &listing.incomplete {
            Verdict::unknown(Evidence::unknown(&subject, expected, why))
        } else {
            let actual = Some(listing.items.len().to_string());
            Verdict::fail(Evidence { actual, ..Evidence::of(&subject, expected) })
        }
    };
    // Too few members cannot lie in enough zones either: once is enough.
    if matches!(enough, Verdict::Fail(_)) {
        return enough;
    }
    let explicit = Verdict::all(listing.items.iter().map(|member| {
        let zone = member.get("AvailabilityZone");
        let required = cx.params.bool("require_explicit_az") && !member.is_live();
        if required { check::present(&zone, "a zone of its own").on(member.address.name()) } else { Verdict::Pass }
    }));
    if matches!(explicit, Verdict::Fail(_)) {
        return explicit;
    }
    let mut spread = Spread::default();
    for member in &listing.items {
        spread.add(named(cx.estate, &member.get("AvailabilityZone")));
    }
    if let Some(why) = &listing.incomplete {
        spread.add_unseen(about(cluster, "Members"), why.clone());
    }
    let expected = format!("instances in {zones} or more Availability Zones");
    enough.and(spread.require(count(zones), &subject, &expected))
}

/// Whether a member is a preferred failover target; the error is why nobody knows.
fn preferred(member: &Resource, most: i64) -> Result<bool, Unknown> {
    let tier = member.get("PromotionTier");
    match tier.why_unknown() {
        Some(why) => Err(why),
        // The default.
        None if tier.is_absent() => Ok(most >= 1),
        None => Ok(tier.value().and_then(Value::as_int).is_some_and(|tier| tier <= most)),
    }
}

fn priority(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if r.get("DBClusterIdentifier").is_absent() {
        return None;
    }
    let tier = r.get("PromotionTier");
    let most = cx.params.int("max_failover_tier");
    match engine(cx.estate, r) {
        Ok(engine) if !engine.aurora => return None,
        Ok(_) => {}
        Err(open) => return Some(Verdict::unknown(Evidence::unknown(&open.read, "an Aurora member", &open.why))),
    }
    let declared = cx.params.bool("require_declared") && !r.is_live();
    let said = if declared { check::present(&tier, "a failover priority") } else { Verdict::Pass };
    let expected = format!("at most {most}, or two other members of at most {most}");
    let own = preferred(r, most);
    if own == Ok(true) {
        return Some(said);
    }
    let cluster = match cluster_of(cx.estate, r) {
        Related::Found(cluster) => cluster,
        Related::Unknown(why) => {
            return Some(said.and(Verdict::unknown(Evidence::unknown(&r.get("DBClusterIdentifier"), expected, &why))));
        }
        Related::Missing => return None,
    };
    let listing = members(cx.estate, cluster);
    if listing.items.len() == 1 && listing.incomplete.is_none() {
        return if declared { Some(said) } else { None };
    }
    let tiers: Vec<Result<bool, Unknown>> = listing.items.iter().map(|member| preferred(member, most)).collect();
    let sure = tiers.iter().filter(|tier| **tier == Ok(true)).count();
    let open = tiers.into_iter().find_map(Result::err).or(listing.incomplete);
    Some(said.and(match open {
        _ if sure >= 2 => Verdict::Pass,
        Some(why) => Verdict::unknown(Evidence::unknown(&tier, expected, &why)),
        None => check::fail(&tier, &expected),
    }))
}
