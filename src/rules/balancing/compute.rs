//! Compute and the load balancers in front of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::model::network::about;
use crate::model::{Estate, Items, Read, Related, Resource};
use crate::rules::check::{fail, related, unknown};
use crate::rules::network::unsure;
use crate::rules::readers::balancer::{CLASSIC, TARGET_GROUP, is_used};
use crate::rules::readers::distribution::Nearby;
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// Auto Scaling groups and standalone instances are registered with a target group that a listener forwards to.
    ///
    /// ## Why
    ///
    /// Clients that know an instance by its address lose the service with it, and whatever is added takes no load off
    /// it.
    ///
    /// Bastions are recognised by their name (`bastion_pattern`: logical id or tag `Name`); workers that nobody calls
    /// carry the tag `exempt_tag`. Hosts of ECS and EKS clusters are known by the tags that those services set. A
    /// classic load balancer counts as well, where the group or a template names it. Instances of an Auto Scaling group
    /// are judged with their group.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// WebServers:
    ///   Type: AWS::AutoScaling::AutoScalingGroup
    ///   Properties:
    ///     TargetGroupARNs: [!Ref WebTargets]   # a listener forwards to WebTargets
    /// ```
    ///
    /// `aws autoscaling attach-traffic-sources --auto-scaling-group-name … --traffic-sources Identifier=…`
    "compute-behind-load-balancer" => {
        title: "Application compute is registered with a target group that a listener forwards to.",
        category: LoadBalancing,
        severity: High,
        scope: Estate,
        types: ["AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance"],
        reads: [
            "AWS::ElasticLoadBalancingV2::TargetGroup.Targets", "AWS::ElasticLoadBalancingV2::Listener",
            "AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ElasticLoadBalancing::LoadBalancer",
        ],
        params: {
            exempt_tag: Preset::Text("NoLoadBalancer") => "tag of compute that needs no load balancer",
            bastion_pattern: Preset::Pattern("(?i)(bastion|jump)") => "names of bastions, which need none",
        },
        equivalents: [],
        check: balanced,
    }
}

const REGISTERED: &str = "a target group that a listener forwards to";

/// Tags of hosts that run containers: ECS and EKS register what runs on them, not the hosts.
const CLUSTERS: [&str; 2] = ["AmazonECSManaged", "eks:nodegroup-name"];

fn balanced(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let exempt = cx.params.text("exempt_tag").is_some_and(|tag| r.tag(tag).is_some());
    let logical = r.attribute("aws:cloudformation:logical-id").as_str().map(Arc::from);
    let names = [r.address.logical_id.clone(), r.tag("Name"), logical];
    let bastion = |name| cx.params.pattern("bastion_pattern").is_some_and(|pattern| pattern.is_match(name));
    let of_group = !r.attribute("AutoScalingGroup").is_absent();
    let of_cluster = CLUSTERS.iter().any(|tag| r.tag(tag).is_some());
    if exempt || of_group || of_cluster || names.iter().flatten().any(|name| bastion(name)) {
        return None;
    }
    Some(if &*r.kind == "AWS::EC2::Instance" { instance(r, cx) } else { group(r, cx) })
}

fn group(r: &Resource, cx: &Context<'_>) -> Verdict {
    let arns = r.get("TargetGroupARNs");
    let classic = match r.get("LoadBalancerNames").items() {
        Items::Are(names) => !names.is_empty(),
        Items::Absent | Items::Unknown => false,
    };
    if classic {
        return Verdict::Pass;
    }
    let by_arn = listed(&arns, |arn| used(arn, cx));
    let sources = r.get("TrafficSources");
    let by_source = listed(&sources, |source| match source.get("Type").as_str() {
        None | Some("elbv2") => used(&source.get("Identifier"), cx),
        // Classic load balancers and VPC Lattice.
        Some(_) => Verdict::Pass,
    });
    match (by_arn, by_source) {
        (None, None) => fail(&arns, REGISTERED),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(a), Some(b)) => a.or(|| b),
    }
}

/// One element of a list will do; `None` if there are none.
fn listed<'a>(list: &Read<'a>, test: impl Fn(&Read<'a>) -> Verdict) -> Option<Verdict> {
    match list.items() {
        Items::Absent => None,
        Items::Unknown => Some(unknown(list, REGISTERED)),
        Items::Are(items) => items.iter().map(test).reduce(|a, b| a.or(|| b)),
    }
}

fn used(arn: &Read<'_>, cx: &Context<'_>) -> Verdict {
    related(cx.estate, arn, &[TARGET_GROUP], REGISTERED, |group| forwarded(group, cx))
}

fn forwarded(group: &Resource, cx: &Context<'_>) -> Verdict {
    match is_used(cx.estate, group) {
        Ok(true) => Verdict::Pass,
        Ok(false) => fail(&about(group, "Listeners"), "a listener that forwards to it"),
        Err(open) => unsure(group, &open, "a listener that forwards to it"),
    }
}

fn instance(r: &Resource, cx: &Context<'_>) -> Verdict {
    if !cx.estate.referrers(r, CLASSIC, "Instances").items.is_empty() {
        return Verdict::Pass;
    }
    let groups = candidates(r, cx.estate);
    // Groups that it is surely not in say nothing.
    let found = groups.into_iter().filter_map(|group| match registered(r, group, cx) {
        Verdict::Pass => Some(forwarded(group, cx).on(group.address.name())),
        Verdict::Fail(_) => None,
        open @ Verdict::Unknown(_) => Some(open.on(group.address.name())),
    });
    let subject = about(r, "TargetGroups");
    let found = found.reduce(|a, b| a.or(|| b));
    match (found, cx.estate.why_unlisted(TARGET_GROUP, &r.address)) {
        (Some(Verdict::Pass), _) => Verdict::Pass,
        (_, Some(why)) => Verdict::unknown(Evidence::unknown(&subject, REGISTERED, &why)),
        (Some(verdict), None) => verdict,
        (None, None) => fail(&subject, REGISTERED),
    }
}

/// Target groups by what they name as targets, to be found by an instance.
#[derive(Default)]
struct Targets {
    /// By id or address.
    named: HashMap<Box<str>, Vec<usize>>,
    /// Those with targets that cannot be read.
    open: Nearby,
}

impl Targets {
    fn of(estate: &Estate) -> Self {
        let mut all = Self::default();
        for group in estate.of_type(TARGET_GROUP) {
            let Some(place) = estate.place_of(group) else { continue };
            let targets = group.get("Targets");
            let items = match targets.items() {
                Items::Are(items) => items,
                Items::Absent => continue,
                Items::Unknown => {
                    all.open.add(&group.address, place);
                    continue;
                }
            };
            let ids: Vec<Read<'_>> = items.iter().map(|target| target.get("Id")).collect();
            for text in ids.iter().filter_map(Read::as_str) {
                all.named.entry(text.into()).or_default().push(place);
            }
            if ids.iter().any(|id| id.as_str().is_none() && id.why_unknown().is_some()) {
                all.open.add(&group.address, place);
            }
        }
        all
    }
}

/// The target groups around an instance that it may be in, in order.
fn candidates<'a>(r: &Resource, estate: &'a Estate) -> Vec<&'a Resource> {
    let targets = estate.digest(Targets::of);
    let (inside, outside) = (r.get("PrivateIpAddress"), r.attribute("PrivateIp"));
    let called = [r.address.physical_id.as_deref(), inside.as_str(), outside.as_str()];
    let named = called.into_iter().flatten().filter_map(|name| targets.named.get(name)).flatten().copied();
    let referring = estate.referrers(r, TARGET_GROUP, "Targets.Id").items.into_iter();
    let mut places: BTreeSet<usize> = named.chain(targets.open.near(&r.address)).collect();
    places.extend(referring.filter_map(|group| estate.place_of(group)));
    let groups = places.into_iter().filter_map(|place| estate.at_place(place));
    groups.filter(|group| group.address.near(&r.address)).collect()
}

const AMONG: &str = "the instance among the targets";

fn registered(r: &Resource, group: &Resource, cx: &Context<'_>) -> Verdict {
    let targets = group.get("Targets");
    match targets.items() {
        Items::Absent => fail(&targets, AMONG),
        Items::Unknown => unknown(&targets, AMONG),
        Items::Are(list) => {
            Verdict::any(list.iter().map(|target| names(&target.get("Id"), r, cx)), || fail(&targets, AMONG))
        }
    }
}

/// Whether a target is an instance, by its id or its address.
fn names(id: &Read<'_>, r: &Resource, cx: &Context<'_>) -> Verdict {
    // Observed targets are ids: no need to look them up, there are many.
    if let (true, Some(own), Some(text)) = (r.is_live(), r.address.physical_id.as_deref(), id.as_str())
        && own == text
    {
        return Verdict::Pass;
    }
    let addresses = [r.get("PrivateIpAddress"), r.attribute("PrivateIp")];
    if !r.is_live()
        && let Related::Found(found) = cx.estate.follow(id, &["AWS::EC2::Instance"])
    {
        return if found.address == r.address { Verdict::Pass } else { fail(id, AMONG) };
    }
    match (id.as_str(), id.why_unknown()) {
        (Some(text), _) if addresses.iter().any(|address| address.as_str() == Some(text)) => Verdict::Pass,
        (None, Some(_)) => unknown(id, AMONG),
        _ => fail(id, AMONG),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::network::testing::{account, judge, observed};

    const INSTANCE: &str = "AWS::EC2::Instance";
    const GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
    const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
    const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";

    #[test]
    fn an_instance_is_not_condemned_while_target_groups_cannot_be_listed() {
        let server = || vec![observed(INSTANCE, "i-1", &json!({"Tags": []}))];
        let word = |listed: &[&str], denied: &[&str]| {
            judge("compute-behind-load-balancer", &account(server(), listed, denied), "i-1").unwrap().word()
        };
        assert_eq!(word(&[INSTANCE, GROUP, LISTENER, RULE], &[]), "fail");
        assert_eq!(word(&[INSTANCE, LISTENER, RULE], &[GROUP]), "unknown");
    }

    #[test]
    fn an_observed_target_may_be_an_id_or_an_address() {
        for target in ["i-1", "10.0.0.7"] {
            let server = observed(INSTANCE, "i-1", &json!({"Tags": [], "PrivateIpAddress": "10.0.0.7"}));
            let group = observed(GROUP, "tg-1", &json!({"Targets": [{"Id": target}]}));
            let action = json!({"DefaultActions": [{"Type": "forward", "TargetGroupArn": "tg-1"}]});
            let all = vec![server, group, observed(LISTENER, "l-1", &action)];
            let estate = account(all, &[INSTANCE, GROUP, LISTENER, RULE], &[]);
            assert_eq!(judge("compute-behind-load-balancer", &estate, "i-1").unwrap().word(), "pass", "{target}");
        }
    }
}
