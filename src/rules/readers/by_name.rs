//! Resources that are named by the text of their name instead of by a reference, as templates may do.

use crate::model::{Estate, Items, Listing, Read, Related, Resource};

/// Where a property leads that holds a reference to, or the name of, a resource of a type.
pub(in crate::rules) fn follow<'a>(
    estate: &'a Estate,
    read: &Read<'_>,
    kind: &str,
    name_property: &str,
) -> Related<'a> {
    let found = estate.follow(read, &[kind]);
    match (read.as_str(), &found) {
        (Some(name), Related::Missing | Related::Unknown(_)) => {
            by_name(estate, read.resource, (kind, name_property), name).map_or(found, Related::Found)
        }
        _ => found,
    }
}

/// The resource of a type that has a name in a template. AWS's answers need no such search: names are their ids.
fn by_name<'a>(
    estate: &'a Estate,
    from: &Resource,
    (kind, property): (&str, &str),
    name: &str,
) -> Option<&'a Resource> {
    if from.is_live() {
        return None;
    }
    estate.beside(from, kind).find(|r| r.get(property).as_str() == Some(name))
}

/// The resources of a type that name `target` in a top-level property, by reference or by the name that it gives itself in `own_name`.
pub(in crate::rules) fn referrers<'a>(
    estate: &'a Estate,
    (target, own_name): (&Resource, &str),
    kind: &str,
    property: &str,
) -> Listing<'a> {
    let mut listing = estate.referrers(target, kind, property);
    let own = target.get(own_name);
    if let (Some(name), false) = (own.as_str(), target.is_live()) {
        for other in estate.beside(target, kind) {
            let names = match other.get(property).items() {
                Items::Are(items) => items.iter().any(|item| item.as_str() == Some(name)),
                Items::Absent | Items::Unknown => false,
            };
            if names && !listing.items.iter().any(|r| r.address == other.address) {
                listing.items.push(other);
            }
        }
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn declared(kind: &str, id: &str, properties: &Json) -> Resource {
        let address = Address { stack: Some("s".into()), logical_id: Some(id.into()), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    #[test]
    fn a_literal_name_leads_both_ways() {
        let (group, policy) = ("AWS::AutoScaling::AutoScalingGroup", "AWS::AutoScaling::ScalingPolicy");
        let web = declared(group, "Web", &json!({"AutoScalingGroupName": "web"}));
        let by_name = declared(policy, "P", &json!({"AutoScalingGroupName": "web"}));
        let other = declared(policy, "Q", &json!({"AutoScalingGroupName": "batch"}));
        let estate = Estate::new(vec![web.clone(), by_name.clone(), other.clone()], None);
        let found = referrers(&estate, (&web, "AutoScalingGroupName"), policy, "AutoScalingGroupName");
        assert_eq!(found.items.iter().map(|r| r.address.name()).collect::<Vec<_>>(), ["P"]);
        let to = |r: &Resource| match follow(&estate, &r.get("AutoScalingGroupName"), group, "AutoScalingGroupName") {
            Related::Found(r) => r.address.name().to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(to(&by_name), "Web");
        assert!(to(&other).starts_with("Unknown"));
    }
}
