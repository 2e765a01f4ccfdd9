//! What instances are launched with: their own settings, those of their launch template, the defaults of the region.

use super::policy::unknown;
use crate::model::{Estate, Read, Related, Resource, Unknown};
use crate::rules::Verdict;

/// `AWS::EC2::LaunchTemplate`.
pub(in crate::rules) const LAUNCH_TEMPLATE: &str = "AWS::EC2::LaunchTemplate";
/// `AWS::EC2::Instance`.
pub(in crate::rules) const INSTANCE: &str = "AWS::EC2::Instance";
/// `AWS::AutoScaling::LaunchConfiguration`.
pub(in crate::rules) const LAUNCH_CONFIGURATION: &str = "AWS::AutoScaling::LaunchConfiguration";

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
    outside(estate.follow(&name, &[LAUNCH_TEMPLATE]), &name)
}

/// A setting that instances start with: that of a launch template in every version that is known, an instance's own, or what its launch
/// template says where it says nothing itself. AWS answers what came out of both.
pub(in crate::rules) fn effective<'a>(
    estate: &'a Estate,
    r: &'a Resource,
    property: &str,
) -> Result<Vec<Read<'a>>, Unknown> {
    if &*r.kind == LAUNCH_TEMPLATE {
        return Ok(settings(r, property));
    }
    let own = r.get(property);
    let template = r.get("LaunchTemplate");
    if !own.is_absent() || &*r.kind != INSTANCE || (r.is_live() && template.value().is_none()) {
        return Ok(vec![own]);
    }
    match named(estate, &template) {
        Related::Found(template) => Ok(settings(template, property)),
        Related::Missing => Ok(vec![own]),
        Related::Unknown(why) => Err(why),
    }
}

/// Judges a setting that instances start with. Evidence from the launch template of an instance is led by its name.
pub(in crate::rules) fn judge_effective<'a>(
    estate: &'a Estate,
    r: &'a Resource,
    (property, expected): (&str, &str),
    mut test: impl FnMut(&Read<'a>) -> Verdict,
) -> Verdict {
    match effective(estate, r, property) {
        Ok(reads) => Verdict::all(reads.iter().map(|read| {
            let verdict = test(read);
            if read.resource.address == r.address { verdict } else { verdict.on(read.resource.address.name()) }
        })),
        Err(why) => unknown(&r.get("LaunchTemplate"), expected, &why),
    }
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
