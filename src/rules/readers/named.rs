//! References by name: a template may name a resource by the name that it gives it, as text.

use crate::model::{Estate, Read, Related, Resource};

/// Follows a reference to a resource of a type, also where it is the text of the property that names the resource.
pub(in crate::rules) fn find<'a>(estate: &'a Estate, read: &Read<'_>, kind: &str, name: &str) -> Related<'a> {
    let found = estate.follow(read, &[kind]);
    if matches!(found, Related::Found(_)) || read.resource.is_live() {
        return found;
    }
    let Some(text) = read.as_str() else { return found };
    let all = estate.of(read.resource, kind).items;
    all.into_iter().find(|r| goes_by(r, name, text)).map_or(found, Related::Found)
}

/// Whether a property gives a resource this name. AWS takes the names of databases and their groups in any case.
pub(in crate::rules) fn goes_by(r: &Resource, name: &str, text: &str) -> bool {
    r.get(name).as_str().is_some_and(|own| own.eq_ignore_ascii_case(text))
}
