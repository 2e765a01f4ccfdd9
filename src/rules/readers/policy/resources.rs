//! What a statement is about: the elements of `Resource`.

use super::{Statement, names};
use crate::model::{Items, Kind, Read, Unknown};
use crate::rules::readers::template_text::Written;

/// An element of `Resource`.
#[derive(Debug)]
pub(in crate::rules) enum Named {
    /// A resource of the template, by reference.
    Reference,
    /// A text: an ARN, possibly with wildcards, and with `${Name}` where something is filled in.
    Text(String),
    /// Not known.
    Unknown(Unknown),
}

/// What an element of `Resource` names.
pub(in crate::rules) fn named(resource: &Read<'_>) -> Named {
    if let Some(Kind::Ref(reference)) = resource.value().map(|v| &v.kind)
        && reference.value.is_none()
    {
        return Named::Reference;
    }
    if let Some(text) = resource.as_str() {
        return Named::Text(text.to_owned());
    }
    match (Written::at(resource).filter(Written::has_fixed_text), resource.why_unknown()) {
        (Some(written), _) => Named::Text(written.into_arn()),
        // The attribute of a resource names one, whatever it will be.
        (None, Some(Unknown::Runtime(_))) => Named::Reference,
        (None, why) => Named::Unknown(why.unwrap_or(Unknown::NotCollected)),
    }
}

impl<'d> Statement<'d> {
    /// The elements of `Resource`; one that is not known as a whole stands for itself, since what is written there may tell.
    pub(in crate::rules) fn resources(&self) -> Vec<Read<'d>> {
        let list = self.read.get("Resource");
        match list.items() {
            Items::Absent => Vec::new(),
            Items::Unknown => vec![list],
            Items::Are(items) => items,
        }
    }

    /// Whether every element of `Resource` satisfies `test`. `NotResource` names everything but a list.
    pub(in crate::rules) fn every_resource(
        &self,
        mut test: impl FnMut(&Read<'_>, &Named) -> bool,
    ) -> Result<bool, Unknown> {
        if self.has("NotResource") {
            return Ok(false);
        }
        let mut open = None;
        let resources = self.resources();
        for resource in &resources {
            match named(resource) {
                Named::Unknown(why) => open = Some(why),
                known if test(resource, &known) => {}
                _ => return Ok(false),
            }
        }
        if resources.is_empty() {
            return Ok(false);
        }
        open.map_or(Ok(true), Err)
    }

    /// Whether it is about every resource.
    pub(in crate::rules) fn is_about_everything(&self) -> Result<bool, Unknown> {
        names(&self.read.get("Resource"), |resource| resource == "*")
    }

    /// Whether it names its resources: none of them is a bare `*`.
    pub(in crate::rules) fn is_specific(&self) -> Result<bool, Unknown> {
        self.every_resource(|_, named| match named {
            Named::Text(text) => text.bytes().any(|b| b != b'*'),
            Named::Reference | Named::Unknown(_) => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Resource, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn specific(resource: &Json) -> Result<bool, Unknown> {
        let mut r = Resource::new("AWS::IAM::Policy", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(&json!({"Statement": {"Resource": resource}}));
        Statement { read: r.get("Statement") }.is_specific()
    }

    #[test]
    fn a_bare_star_names_nothing() {
        assert_eq!(specific(&json!("arn:aws:s3:::b/*")), Ok(true));
        assert_eq!(specific(&json!(["arn:aws:s3:::b", "*"])), Ok(false));
        assert_eq!(specific(&json!(null)), Ok(false));
    }
}
