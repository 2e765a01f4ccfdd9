//! Compute in several Availability Zones.

use super::{GROUP, INSTANCE, count, is_launched_by_group};
use crate::model::network::{Known, Zone, about};
use crate::model::{Items, Read, Related, Resource, Unknown};
use crate::rules::readers::policy::principal::written;
use crate::rules::readers::zones::{Spread, named, of_subnet};
use crate::rules::{Context, Preset, Verdict, check, rules};

const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const SECURITY_GROUP: &str = "AWS::EC2::SecurityGroup";

rules! {
    /// ## Why
    /// A zone fails as a whole: power, cooling, network. What runs in one zone only is gone for as long as that takes.
    ///
    /// An Auto Scaling group spans the zones of its subnets, or those it names. Instances that are registered with a target group one by one
    /// are judged together, at the target group. Instances behind no target group are judged if `include_unbalanced` is set, together with those
    /// that share a security group with them. Subnets that are not in the template are unknown; so is their zone if nobody says it.
    ///
    /// ## Fix
    /// ```yaml
    /// VPCZoneIdentifier: [!Ref PrivateSubnetA, !Ref PrivateSubnetB]   # in two zones
    /// ```
    "compute-multi-az" => {
        title: "Each application compute tier spans several Availability Zones.",
        category: Resilience,
        severity: High,
        scope: Estate,
        types: [
            "AWS::AutoScaling::AutoScalingGroup",
            "AWS::EC2::Instance",
            "AWS::ElasticLoadBalancingV2::TargetGroup",
        ],
        reads: ["AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::ElasticLoadBalancingV2::TargetGroup.Targets"],
        params: {
            min_azs: Preset::Int(2) => "zones that a tier must span",
            include_unbalanced: Preset::Bool(false) => "judge instances that are behind no target group, too",
        },
        equivalents: [
            "aws-config/autoscaling-multiple-az",
            "security-hub/AutoScaling.2",
            "prowler/autoscaling_group_multiple_az",
        ],
        check: |r, cx| match &*r.kind {
            GROUP => Some(of_group(r, cx)),
            TARGET_GROUP => of_targets(r, cx),
            _ => of_instances(r, cx),
        },
    }
}

fn expected(least: i64) -> String {
    format!("{least} or more Availability Zones")
}

fn of_group(group: &Resource, cx: &Context<'_>) -> Verdict {
    let least = cx.params.int("min_azs");
    let subnets = group.get("VPCZoneIdentifier");
    let ids = group.get("AvailabilityZoneIds");
    let zones = if ids.value().is_some() { ids } else { group.get("AvailabilityZones") };
    let by_zones = || listed(&zones, least, |zone| named(cx.estate, zone));
    // AWS tells the zones of the subnets itself.
    if subnets.is_absent() || group.is_live() && zones.value().is_some() {
        return by_zones();
    }
    let by_subnets = listed(&subnets, least, |subnet| of_subnet(cx.estate, subnet));
    if zones.is_absent() { by_subnets } else { by_subnets.or(by_zones) }
}

/// The zones of the elements of a list.
fn listed<'a>(list: &Read<'a>, least: i64, zone: impl Fn(&Read<'a>) -> Known<'a, Zone>) -> Verdict {
    let expected = expected(least);
    match list.items() {
        Items::Absent => check::fail(list, &expected),
        // All zones of the region are two at the least.
        Items::Unknown if least <= 2 && written(list).is_some_and(|v| v.child("Fn::GetAZs").is_some()) => Verdict::Pass,
        Items::Unknown => check::unknown(list, &expected),
        Items::Are(items) => {
            let mut spread = Spread::default();
            for item in &items {
                match (item.value(), item.why_unknown()) {
                    // One text may name several subnets, with commas between them.
                    (_, Some(why)) if zone(item).is_err() => spread.add_unseen(item.clone(), why),
                    (Some(value), None) if value.as_str().is_some_and(|text| text.contains(',')) => {
                        let why = Unknown::Outside(value.to_string().into());
                        spread.add_unseen(item.clone(), why);
                    }
                    _ => spread.add(zone(item)),
                }
            }
            spread.require(count(least), list, &expected)
        }
    }
}

/// The zone of an instance: its own, or its subnet's.
fn of_instance<'a>(instance: &'a Resource, cx: &Context<'a>) -> Known<'a, Zone> {
    let own = instance.get("AvailabilityZone");
    if own.value().is_some() {
        return named(cx.estate, &own);
    }
    let subnet = instance.get("SubnetId");
    let subnet = if subnet.is_absent() { instance.get("NetworkInterfaces.0.SubnetId") } else { subnet };
    if subnet.is_absent() { named(cx.estate, &own) } else { of_subnet(cx.estate, &subnet) }
}

/// The instances that are registered one by one; those of an Auto Scaling group are judged with it.
fn of_targets(group: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let kind = group.get("TargetType");
    if kind.as_str().is_some_and(|kind| !kind.eq_ignore_ascii_case("instance")) {
        return None;
    }
    let least = cx.params.int("min_azs");
    let targets = group.get("Targets");
    let items = match targets.items() {
        Items::Absent => return None,
        Items::Unknown => return Some(check::unknown(&targets, &expected(least))),
        Items::Are(items) => items,
    };
    let ids: Vec<Read<'_>> = items.iter().map(|item| item.get("Id")).collect();
    let mut spread = Spread::default();
    for id in &ids {
        match cx.estate.follow(id, &[INSTANCE]) {
            Related::Found(instance) if !is_launched_by_group(instance) => spread.add(of_instance(instance, cx)),
            Related::Found(_) | Related::Missing => {}
            Related::Unknown(why) => spread.add_unseen(id.clone(), why),
        }
    }
    (spread.len() > 0).then(|| spread.require(count(least), &targets, &expected(least)))
}

fn of_instances(instance: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if !cx.params.bool("include_unbalanced") || is_launched_by_group(instance) || is_balanced(instance, cx) {
        return None;
    }
    let least = cx.params.int("min_azs");
    let mut spread = Spread::default();
    spread.add(of_instance(instance, cx));
    let groups = instance.get("SecurityGroupIds");
    match groups.items() {
        Items::Absent => {}
        Items::Unknown => spread.add_unseen(groups.clone(), groups.why_unknown().unwrap_or(Unknown::NotCollected)),
        Items::Are(ids) => {
            for id in ids {
                match cx.estate.follow(&id, &[SECURITY_GROUP]) {
                    Related::Found(group) => {
                        let mates = cx.estate.referrers(group, INSTANCE, "SecurityGroupIds");
                        let others = mates.items.into_iter().filter(|mate| mate.address != instance.address);
                        others
                            .filter(|mate| !is_launched_by_group(mate))
                            .for_each(|mate| spread.add(of_instance(mate, cx)));
                        if let Some(why) = mates.incomplete {
                            spread.add_unseen(groups.clone(), why);
                        }
                    }
                    // Nobody in sight shares it.
                    Related::Missing => {}
                    Related::Unknown(why) => spread.add_unseen(groups.clone(), why),
                }
            }
        }
    }
    Some(spread.require(count(least), &about(instance, "Placement"), &expected(least)))
}

/// Whether a target group names the instance.
fn is_balanced(instance: &Resource, cx: &Context<'_>) -> bool {
    cx.estate.of(instance, TARGET_GROUP).items.into_iter().any(|group| {
        match group.get("Targets").items() {
        Items::Are(items) => items.iter().any(|item| {
            matches!(cx.estate.follow(&item.get("Id"), &[INSTANCE]), Related::Found(r) if r.address == instance.address)
        }),
        Items::Absent | Items::Unknown => false,
    }
    })
}
