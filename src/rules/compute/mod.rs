//! Instances, groups of them, functions, APIs.

mod access;
mod apis;
mod functions;
mod groups;
mod metadata;
mod metadata_options;
mod scaling;
mod scripts;
mod standalone;

use crate::model::Resource;

use super::Context;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[
    access::RULES,
    apis::RULES,
    functions::RULES,
    groups::RULES,
    metadata::RULES,
    metadata_options::RULES,
    scaling::RULES,
    scripts::RULES,
    standalone::RULES,
];

/// Whether the names of a host match the rule's `bastion_pattern`.
fn is_bastion(r: &Resource, cx: &Context<'_>) -> bool {
    let Some(pattern) = cx.params.pattern("bastion_pattern") else { return false };
    let (name, logical_id) = (r.get("LaunchTemplateName"), r.attribute("aws:cloudformation:logical-id"));
    let tags = ["Name", "Role"].map(|key| r.tag(key));
    let names = [r.address.logical_id.as_deref(), logical_id.as_str(), name.as_str()];
    names.into_iter().flatten().chain(tags.iter().flatten().map(|tag| &**tag)).any(|name| pattern.is_match(name))
}
