//! What instances are launched with: their own settings, those of their launch template, the defaults of the region.

use crate::model::{Estate, Read, Related, Resource, Unknown};

/// `AWS::EC2::LaunchTemplate`.
pub(in crate::rules) const LAUNCH_TEMPLATE: &str = "AWS::EC2::LaunchTemplate";

/// The launch template of an instance; `Missing` if it names none.
pub(in crate::rules) fn template_of<'a>(estate: &'a Estate, instance: &Resource) -> Related<'a> {
    named(estate, &instance.get("LaunchTemplate"))
}

/// The launch template that a specification names, by id or by name; `Missing` if there is none.
pub(in crate::rules) fn named<'a>(estate: &'a Estate, named: &Read<'_>) -> Related<'a> {
    if named.value().is_none() {
        return named.why_unknown().map_or(Related::Missing, Related::Unknown);
    }
    let id = named.get("LaunchTemplateId");
    if !id.is_absent() {
        return outside(estate.follow(&id, &[LAUNCH_TEMPLATE]), &id);
    }
    let name = named.get("LaunchTemplateName");
    if let Some(text) = name.as_str() {
        let all = estate.of(named.resource, LAUNCH_TEMPLATE);
        if let Some(found) = all.items.iter().find(|t| t.get("LaunchTemplateName").as_str() == Some(text)) {
            return Related::Found(found);
        }
    }
    outside(estate.follow(&name, &[LAUNCH_TEMPLATE]), &name)
}

/// A template that is named but nowhere to be seen is not the same as none.
fn outside<'a>(found: Related<'a>, read: &Read<'_>) -> Related<'a> {
    match (found, read.value()) {
        (Related::Missing, Some(value)) => {
            Related::Unknown(Unknown::Outside(format!("launch template {value}").into()))
        }
        (Related::Missing, None) => Related::Unknown(Unknown::Outside("the launch template".into())),
        (found, _) => found,
    }
}

/// A setting of a launch template in every version that is known: AWS tells the latest version, and the default one as
/// the fact `DefaultData` where it is another.
pub(in crate::rules) fn settings<'a>(template: &'a Resource, property: &str) -> Vec<Read<'a>> {
    let default = template.attribute("DefaultData");
    let mut reads = vec![template.get("LaunchTemplateData").get(property)];
    if !default.is_absent() {
        reads.push(default.get(property));
    }
    reads
}

/// A default of the region that `resource` is in; `None` on the declared side, which never tells.
pub(in crate::rules) fn region_default<'a>(
    estate: &'a Estate,
    resource: &Resource,
    kind: &str,
) -> Result<Option<&'a Resource>, Unknown> {
    let listing = estate.of(resource, kind);
    match (listing.items.first(), listing.incomplete) {
        (Some(found), _) => Ok(Some(found)),
        (None, Some(why)) => Err(why),
        (None, None) if resource.is_live() => Err(Unknown::NotCollected),
        (None, None) => Ok(None),
    }
}
