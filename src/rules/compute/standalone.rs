//! Instances that nobody replaces.

use crate::model::network::{Network, SUBNET, Zone, about};
use crate::model::{Kind, Related, Resource, Unknown, Value};
use crate::rules::readers::launch::INSTANCE;
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::is_bastion;

rules! {
    /// ## Why
    /// An instance that was started by itself stays dead when it dies. A group puts a new one in its place, in another zone if need be, and
    /// a group of at least two goes on serving meanwhile.
    ///
    /// Judged are instances outside of a group, and the sizes of groups: `MinSize` of at least `min_size`, `MaxSize` above it. Bastions
    /// (told by their logical id, name, or tag `Role`), NAT instances (`SourceDestCheck: false`) and instances with the tag `exempt_tag`
    /// are left out. With `allow_standalone_pairs` a standalone instance passes if there is another one in another zone.
    ///
    /// ## Fix
    /// ```yaml
    /// WebGroup:
    ///   Type: AWS::AutoScaling::AutoScalingGroup
    ///   Properties:
    ///     MinSize: 2
    ///     MaxSize: 6
    ///     VPCZoneIdentifier: [!Ref PrivateSubnet1, !Ref PrivateSubnet2]
    ///     LaunchTemplate: {LaunchTemplateId: !Ref WebTemplate, Version: !GetAtt WebTemplate.LatestVersionNumber}
    /// ```
    "compute-in-auto-scaling-group" => {
        title: "Application instances run in Auto Scaling groups with a redundant minimum size.",
        category: Compute,
        severity: High,
        scope: Estate,
        types: ["AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance"],
        reads: ["AWS::EC2::Subnet"],
        params: {
            min_size: Preset::Int(2) => "smallest MinSize of a group",
            allow_standalone_pairs: Preset::Bool(false) => "accept standalone instances in two zones",
            exempt_tag: Preset::Text("StandaloneApproved") => "tag of instances that may stand alone",
            bastion_pattern: Preset::Pattern("(?i)(bastion|jump-?(box|host|server))") => "names of bastion hosts",
        },
        equivalents: [],
        check: |r, cx| if &*r.kind == INSTANCE { instance(r, cx) } else { Some(group(r, cx)) },
    }
}

fn group(r: &Resource, cx: &Context<'_>) -> Verdict {
    let floor = cx.params.int("min_size");
    let least = r.get("MinSize");
    let large = check::at_least(&least, floor);
    let above = least.value().and_then(Value::as_int).unwrap_or(floor).saturating_add(1);
    let most = check::require(&r.get("MaxSize"), &format!("above MinSize: at least {above}"), |v| {
        v.as_int().map(|n| n >= above)
    });
    // How much is above a size that is not known is not known either, unless it is below the floor.
    if let (Verdict::Unknown(_), true) = (&large, most.is_pass()) {
        return large;
    }
    large.and(most)
}

/// `None` for an instance that may stand alone, or that a group made.
fn is_standalone(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let tags = r.get("Tags");
    let exempt = cx.params.text("exempt_tag").is_some_and(|tag| r.tag(tag).is_some());
    let routes = r.get("SourceDestCheck").value().and_then(Value::as_bool) == Some(false);
    if exempt || routes || is_bastion(r, cx) || !r.attribute("AutoScalingGroup").is_absent() {
        return None;
    }
    Some(match tags.why_unknown() {
        Some(why) => unknown(&tags, "a tag that lets it stand alone", &why),
        None => Verdict::Pass,
    })
}

fn instance(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let alone = is_standalone(r, cx)?;
    let verdict = if cx.params.bool("allow_standalone_pairs") {
        has_partner(r, cx)
    } else {
        check::fail(&about(r, "AutoScalingGroup"), "an Auto Scaling group that replaces it")
    };
    Some(if verdict.is_pass() || alone.is_pass() { verdict } else { alone })
}

/// Whether another standalone instance is in another zone.
fn has_partner(r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "another instance in another zone";
    let place = about(r, "AvailabilityZone");
    let own = zone(r, cx);
    let others = cx.estate.of(r, INSTANCE);
    let mut open = others.incomplete;
    for other in others.items.into_iter().filter(|other| other.address != r.address) {
        let same = own.as_ref().zip(zone(other, cx)).and_then(|(a, b)| a.same(&b));
        if same == Some(true) || is_standalone(other, cx).is_none() {
            continue;
        }
        if same == Some(false) {
            return Verdict::Pass;
        }
        open = open.or_else(|| Some(Unknown::Outside("the zone of an instance".into())));
    }
    open.map_or_else(|| check::fail(&place, expected), |why| unknown(&place, expected, &why))
}

/// The zone of an instance: said by itself, or by its subnet.
fn zone(r: &Resource, cx: &Context<'_>) -> Option<Zone> {
    let own = r.get("AvailabilityZone");
    match own.value().map(|v| (v.as_str(), &v.kind)) {
        Some((Some(name), _)) => return Some(Zone::Named(name.into())),
        Some((None, Kind::Symbol(symbol))) => return Some(Zone::Symbolic(symbol.clone())),
        _ => {}
    }
    let subnets = [r.get("SubnetId"), r.get("NetworkInterfaces.0.SubnetId")];
    subnets.iter().find_map(|subnet| match cx.estate.follow(subnet, &[SUBNET]) {
        Related::Found(subnet) => Network::new(cx.estate).zone(subnet).ok(),
        Related::Missing | Related::Unknown(_) => None,
    })
}
