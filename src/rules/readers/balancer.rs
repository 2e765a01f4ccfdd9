//! Load balancers: their kind, their attributes, their listeners, and what those forward to.

use crate::model::network::{Known, Unsure, about};
use crate::model::{Address, Estate, Field, Items, Read, Related, Resource, Unknown, World};
use crate::source::Span;

use super::distribution::Nearby;

/// `AWS::ElasticLoadBalancingV2::LoadBalancer`.
pub(in crate::rules) const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
/// `AWS::ElasticLoadBalancing::LoadBalancer`, the first generation.
pub(in crate::rules) const CLASSIC: &str = "AWS::ElasticLoadBalancing::LoadBalancer";
/// `AWS::ElasticLoadBalancingV2::Listener`.
pub(in crate::rules) const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
/// `AWS::ElasticLoadBalancingV2::ListenerRule`.
pub(in crate::rules) const LISTENER_RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
/// `AWS::ElasticLoadBalancingV2::TargetGroup`.
pub(in crate::rules) const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";

/// The kind of a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Family {
    /// HTTP and HTTPS.
    Application,
    /// TCP, UDP and TLS.
    Network,
    /// In front of appliances.
    Gateway,
}

/// The kind of a load balancer of the second generation: `application` unless it says otherwise.
pub(in crate::rules) fn family(balancer: &Resource) -> Known<'_, Family> {
    let read = balancer.get("Type");
    if let Some(why) = read.why_unknown() {
        return Err(Unsure::new(read, why));
    }
    Ok(match read.as_str() {
        Some(kind) if kind.eq_ignore_ascii_case("network") => Family::Network,
        Some(kind) if kind.eq_ignore_ascii_case("gateway") => Family::Gateway,
        _ => Family::Application,
    })
}

/// Whether a property is one of some words, whatever their case. Absent is none of them.
pub(in crate::rules) fn says<'a>(read: Read<'a>, words: &[&str]) -> Known<'a, bool> {
    match read.why_unknown() {
        Some(why) => Err(Unsure::new(read, why)),
        None => Ok(read.as_str().is_some_and(|text| words.iter().any(|word| word.eq_ignore_ascii_case(text)))),
    }
}

/// An attribute out of a list of keys and values (`LoadBalancerAttributes`, `TargetGroupAttributes`). Unknown if it is
/// not among the entries and one of them cannot be read.
pub(in crate::rules) fn attribute<'a>(resource: &'a Resource, list: &str, key: &str) -> Read<'a> {
    let all = resource.get(list);
    let named = |field: Field<'a>| Read::new(resource, format!("{list}[{key}]"), field);
    let Items::Are(entries) = all.items() else { return named(all.field) };
    let mut open = None;
    for entry in entries {
        let name = entry.get("Key");
        match (name.as_str(), name.why_unknown()) {
            (Some(name), _) if name == key => return entry.get("Value"),
            (_, Some(why)) => open = Some(Field::Unknown { why, at: entry.at() }),
            _ => {}
        }
    }
    named(open.unwrap_or(Field::Absent { near: all.at() }))
}

/// Whether a load balancer has a listener of one of some protocols.
pub(in crate::rules) fn listens<'a>(estate: &'a Estate, balancer: &'a Resource, words: &[&str]) -> Known<'a, bool> {
    let listeners = estate.referrers(balancer, LISTENER, "LoadBalancerArn");
    let mut open = listeners.incomplete.map(|why| Unsure::new(about(balancer, "Listeners"), why));
    for listener in listeners.items {
        match says(listener.get("Protocol"), words) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(unsure) => open = Some(unsure),
        }
    }
    open.map_or(Ok(false), Err)
}

/// The actions of a listener or of one of its rules.
pub(in crate::rules) fn actions(from: &Resource) -> Read<'_> {
    from.get(if &*from.kind == LISTENER { "DefaultActions" } else { "Actions" })
}

/// Whether a listener or a rule forwards to a target group.
pub(in crate::rules) fn forwards_to<'a>(estate: &Estate, from: &'a Resource, group: &Resource) -> Known<'a, bool> {
    let all = actions(from);
    let mut open = None;
    match all.items() {
        Items::Absent => {}
        Items::Unknown => open = Some(all),
        Items::Are(actions) => {
            for action in actions {
                for target in [action.get("TargetGroupArn"), action.get("ForwardConfig.TargetGroups")] {
                    match leads_to(estate, &target, group) {
                        Ok(true) => return Ok(true),
                        Ok(false) => {}
                        Err(read) => open = Some(read),
                    }
                }
            }
        }
    }
    open.map_or(Ok(false), |read| {
        let why = read.why_unknown().unwrap_or(Unknown::NotCollected);
        Err(Unsure::new(read, why))
    })
}

/// Whether a target group's ARN, or a list of groups with weights, names a group. The error is what cannot be read.
fn leads_to<'a>(estate: &Estate, target: &Read<'a>, group: &Resource) -> Result<bool, Read<'a>> {
    let mut open = None;
    match target.items() {
        Items::Absent => {}
        Items::Unknown => open = Some(target.clone()),
        Items::Are(items) => {
            for item in items {
                let weighted = item.value().is_some_and(|value| value.as_map().is_some());
                let arn = if weighted { item.get("TargetGroupArn") } else { item };
                match estate.follow(&arn, &[TARGET_GROUP]) {
                    Related::Found(found) if found.address == group.address => return Ok(true),
                    // The ARN of another group, be it known or not.
                    Related::Found(_) | Related::Missing => {}
                    Related::Unknown(_) if arn.as_str().is_some() => {}
                    Related::Unknown(_) => open = Some(arn),
                }
            }
        }
    }
    open.map_or(Ok(false), Err)
}

/// Whether any listener, or a rule of one, forwards to a target group.
pub(in crate::rules) fn is_used<'a>(estate: &'a Estate, group: &'a Resource) -> Known<'a, bool> {
    // AWS tells the load balancers of a group with the group.
    if let Items::Are(known) = group.attribute("LoadBalancerArns").items()
        && !known.is_empty()
    {
        return Ok(true);
    }
    let unreadable = estate.digest(Unreadable::of);
    let mut open = None;
    for (kind, unreadable) in FORWARDING.into_iter().zip(&unreadable.0) {
        let why = estate.why_unlisted(kind, &group.address);
        open = open.or(why.map(|why| Unsure::new(about(group, "Listeners"), why)));
        let actions = if kind == LISTENER { "DefaultActions" } else { "Actions" };
        for target in TARGETS {
            let named = estate.referrers(group, kind, &format!("{actions}.{target}")).items;
            if named.into_iter().any(|from| matches!(forwards_to(estate, from, group), Ok(true))) {
                return Ok(true);
            }
        }
        let last = unreadable.last(&group.address).and_then(|place| estate.at_place(place));
        open = last.and_then(|from| forwards_to(estate, from, group).err()).or(open);
    }
    open.map_or(Ok(false), Err)
}

/// What forwards to target groups.
const FORWARDING: [&str; 2] = [LISTENER, LISTENER_RULE];

/// Where an action names target groups.
const TARGETS: [&str; 4] = [
    "TargetGroupArn",
    "TargetGroupArn.TargetGroupArn",
    "ForwardConfig.TargetGroups",
    "ForwardConfig.TargetGroups.TargetGroupArn",
];

/// What forwards to nobody knows which groups, for each of [`FORWARDING`].
struct Unreadable([Nearby; 2]);

impl Unreadable {
    fn of(estate: &Estate) -> Self {
        // No group is this one: what is not told apart from it cannot be read.
        let nobody = Resource::new(TARGET_GROUP, Address::default(), World::Closed, Span::LIVE);
        let unreadable = |from: &Resource| forwards_to(estate, from, &nobody).is_err();
        Self(FORWARDING.map(|kind| Nearby::of(estate, estate.of_type(kind), unreadable)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Kind;
    use crate::rules::network::testing::{account, observed};

    const ALL: [&str; 4] = [LOAD_BALANCER, LISTENER, LISTENER_RULE, TARGET_GROUP];

    #[test]
    fn an_attribute_is_found_by_its_key_wherever_it_stands() {
        let list = json!({"LoadBalancerAttributes": [{"Key": "a", "Value": "1"}, {"Key": "b.c", "Value": true}]});
        let r = observed(LOAD_BALANCER, "lb", &list);
        assert_eq!(attribute(&r, "LoadBalancerAttributes", "b.c").path, "LoadBalancerAttributes.1.Value");
        assert!(attribute(&r, "LoadBalancerAttributes", "d").is_absent());
        assert!(attribute(&r, "TargetGroupAttributes", "d").why_unknown().is_some(), "was not read");
        let one = observed(LOAD_BALANCER, "lb", &json!({"LoadBalancerAttributes": {"Key": "a", "Value": "1"}}));
        assert_eq!(attribute(&one, "LoadBalancerAttributes", "a").as_str(), Some("1"));
    }

    #[test]
    fn an_attribute_may_hide_behind_a_key_that_cannot_be_read() {
        let mut r = observed(LOAD_BALANCER, "lb", &json!({}));
        let open = crate::model::Value::unknown(Unknown::Parameter("Attribute".into()));
        r.set("LoadBalancerAttributes", Kind::List(vec![open]));
        assert_eq!(
            attribute(&r, "LoadBalancerAttributes", "a").why_unknown(),
            Some(Unknown::Parameter("Attribute".into()))
        );
    }

    #[test]
    fn a_group_is_used_by_either_form_of_a_forward() {
        let group = || observed(TARGET_GROUP, "tg-1", &json!({}));
        let used = |from: Resource, denied: &[&str]| {
            let listed: Vec<&str> = ALL.into_iter().filter(|kind| !denied.contains(kind)).collect();
            let estate = account(vec![group(), observed(TARGET_GROUP, "tg-2", &json!({})), from], &listed, denied);
            is_used(&estate, &group()).ok()
        };
        let short = json!({"DefaultActions": [{"Type": "forward", "TargetGroupArn": "tg-1"}]});
        assert_eq!(used(observed(LISTENER, "l", &short), &[]), Some(true));
        let groups = json!([{"TargetGroupArn": "tg-2"}, {"TargetGroupArn": "tg-1", "Weight": 0}]);
        let weighted = json!({"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]});
        assert_eq!(used(observed(LISTENER_RULE, "r", &weighted), &[]), Some(true));
        let other = json!({"DefaultActions": [{"Type": "forward", "TargetGroupArn": "tg-2"}]});
        assert_eq!(used(observed(LISTENER, "l", &other), &[]), Some(false));
        assert_eq!(used(observed(LISTENER, "l", &other), &[LISTENER_RULE]), None, "a rule may");
    }

    #[test]
    fn a_load_balancer_listens_if_any_of_its_listeners_does() {
        let lb = || observed(LOAD_BALANCER, "lb", &json!({}));
        let listener = |p: &str| observed(LISTENER, p, &json!({"LoadBalancerArn": "lb", "Protocol": p}));
        let estate = account(vec![lb(), listener("HTTP"), listener("HTTPS")], &ALL, &[]);
        assert_eq!(listens(&estate, &lb(), &["https"]).ok(), Some(true));
        assert_eq!(listens(&estate, &lb(), &["TLS"]).ok(), Some(false));
        let denied = account(vec![lb()], &[LOAD_BALANCER], &[LISTENER]);
        assert_eq!(listens(&denied, &lb(), &["TLS"]).ok(), None);
    }
}
