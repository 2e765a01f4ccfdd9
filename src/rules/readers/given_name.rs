//! Resources that others name: by a reference, by an id or ARN, or by the name that they were given in the same template.

use crate::model::{Estate, Listing, Read, Related, Resource, Unknown, Value};

/// Follows what names a resource of one of some types, each given with the property that holds its name.
pub(in crate::rules) fn find<'a>(estate: &'a Estate, read: &Read<'_>, kinds: &[(&str, &str)]) -> Related<'a> {
    let names: Vec<&str> = kinds.iter().map(|(kind, _)| *kind).collect();
    let followed = estate.follow(read, &names);
    let (Related::Unknown(Unknown::Outside(_)) | Related::Missing, Some(wanted)) = (&followed, read.as_str()) else {
        return followed;
    };
    let mut all = kinds.iter().flat_map(|(kind, property)| {
        estate.of(read.resource, kind).items.into_iter().map(move |r| (r, r.get(property)))
    });
    match all.find(|(_, name)| name.as_str() == Some(wanted)) {
        Some((found, _)) => Related::Found(found),
        None => followed,
    }
}

/// The resources of a type that name `target` in a top-level property, by reference or by the name that `target` has in `own`.
pub(in crate::rules) fn referrers<'a>(
    estate: &'a Estate,
    target: &Resource,
    own: &str,
    kind: &str,
    property: &str,
) -> Listing<'a> {
    let mut listing = estate.referrers(target, kind, property);
    if let Some(name) = target.get(own).as_str().filter(|name| target.address.physical_id.as_deref() != Some(name)) {
        let says = |value: &Value| value.as_str() == Some(name);
        for other in estate.of(target, kind).items {
            let read = other.get(property);
            let value = read.value();
            let named = value.is_some_and(|v| says(v) || v.as_list().is_some_and(|list| list.iter().any(says)));
            if named && !listing.items.iter().any(|known| known.address == other.address) {
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
    fn a_name_that_the_template_gives_is_followed_and_another_one_is_outside() {
        let estate = Estate::new(
            vec![
                declared("Group", "Web", &json!({"Name": "web"})),
                declared("Hook", "Ready", &json!({"Of": "web"})),
                declared("Hook", "Other", &json!({"Of": ["api"]})),
            ],
            None,
        );
        let hook = |id| estate.by_logical_id("s", id).unwrap().get("Of");
        let groups = [("Group", "Name")];
        assert!(matches!(find(&estate, &hook("Ready"), &groups), Related::Found(r) if r.address.name() == "Web"));
        assert!(matches!(find(&estate, &hook("Other"), &groups), Related::Unknown(Unknown::Outside(_))));
        let web = estate.by_logical_id("s", "Web").unwrap();
        let hooks = referrers(&estate, web, "Name", "Hook", "Of");
        assert_eq!(hooks.items.iter().map(|r| r.address.name()).collect::<Vec<_>>(), ["Ready"]);
    }
}
