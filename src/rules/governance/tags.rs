//! Tags that every resource carries.

use regex::Regex;

use crate::model::{Items, Kind, Provenance, Read, Resource, types};
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::tagged::{Tag, Tags, never_empty, written};

/// Its tags are those of what it launches.
const LAUNCH_TEMPLATE: &str = "AWS::EC2::LaunchTemplate";
/// Its tags must say that they reach the instances.
const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

rules! {
    /// ## Why
    /// A resource without tags belongs to nobody: nobody pays for it, nobody is called when it fails, nobody dares to delete it. No service sets
    /// tags of its own accord but those of CloudFormation (`aws:…`), which do not count.
    ///
    /// Every resource whose type takes tags has each key of `required`, spelled so, with a value that is not empty and matches the key's
    /// pattern if there is one; keys in `per_type` are demanded of one type. Tags of an Auto Scaling group have `PropagateAtLaunch`; a launch
    /// template tags the instances and volumes that it launches. Tags of the
    /// whole stack count for everything in it; a template by itself has none.
    ///
    /// ## Fix
    /// ```yaml
    /// Tags:
    ///   - {Key: Name, Value: !Sub "${AWS::StackName}-vpc"}
    ///   - {Key: Environment, Value: !Ref Environment}
    /// ```
    ///
    /// ```sh
    /// aws resourcegroupstaggingapi tag-resources --resource-arn-list ARN --tags Environment=prod,Owner=shop
    /// ```
    "required-tags" => {
        title: "Every resource that takes tags carries the required ones.",
        category: Governance,
        severity: Medium,
        scope: Resource,
        types: ["*"],
        reads: [
            "*.Tags", "*.BackupPlanTags", "*.BackupVaultTags", "*.HealthCheckTags", "*.HostedZoneTags", "*.ResourceTags",
        ],
        params: {
            required: Preset::PatternMap(&[("Environment", None), ("Name", None)]) => "keys, each with a pattern for its value or null",
            per_type: Preset::PatternMap(&[
                ("AWS::EC2::Subnet.Name", None),
                ("AWS::EC2::Subnet.Tier", Some("(?i)^(public|private|data|database|app)$")),
            ]) => "further keys of a type, `AWS::EC2::Subnet.Tier`, each with a pattern or null",
            exempt_types: Preset::Texts(&[]) => "types that are not judged",
        },
        equivalents: ["aws-config/required-tags"],
        check: tagged,
    }
}

/// The keys that a resource needs, each with the pattern of its value.
fn wanted<'a>(r: &Resource, cx: &Context<'a>) -> Vec<(&'a str, Option<&'a Regex>)> {
    let of_type = cx.params.pattern_map("per_type").filter_map(|(name, pattern)| {
        let (kind, key) = name.split_once('.')?;
        (kind == &*r.kind).then_some((key, pattern))
    });
    let of_type: Vec<_> = of_type.collect();
    let mut all: Vec<_> = cx.params.pattern_map("required").collect();
    all.retain(|(key, _)| of_type.iter().all(|(other, _)| other != key));
    all.extend(of_type);
    all
}

fn tagged(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let wanted = wanted(r, cx);
    if r.provenance == Provenance::Service
        || wanted.is_empty()
        || cx.params.texts("exempt_types").iter().any(|kind| *kind == *r.kind)
    {
        return None;
    }
    if &*r.kind == LAUNCH_TEMPLATE {
        let launched = r.get("LaunchTemplateData.TagSpecifications");
        let specifications = ["instance", "volume"].into_iter().map(|what| specification(&launched, what, &wanted));
        return Some(Verdict::all(specifications));
    }
    let mut tags = Tags::of(r)?;
    // CloudFormation hands the tags of a stack on to everything in it.
    if !r.is_live() && wanted.iter().any(|(key, _)| tags.get(key).is_none()) {
        let mut templates = cx.estate.of_type(types::TEMPLATE);
        if let Some(template) = templates.find(|t| t.address.stack == r.address.stack) {
            tags.inherit(&Tags::read(&template.attribute("StackTags")));
        }
    }
    Some(judge(r, &tags, &wanted, ""))
}

/// A launch template tags something that it launches.
fn specification(launched: &Read<'_>, what: &str, wanted: &[(&str, Option<&Regex>)]) -> Verdict {
    let expected = format!("tags of each {what}");
    let items = match launched.items() {
        Items::Unknown => return check::unknown(launched, &expected),
        Items::Absent => Vec::new(),
        Items::Are(items) => items,
    };
    let unreadable = items.iter().find(|item| item.get("ResourceType").why_unknown().is_some());
    let found = items.iter().find(|item| item.get("ResourceType").as_str() == Some(what));
    match (found, unreadable) {
        (Some(item), _) => judge(item.resource, &Tags::read(&item.get("Tags")), wanted, &format!(" of each {what}")),
        (None, Some(item)) => check::unknown(&item.get("ResourceType"), &expected),
        (None, None) => check::fail(launched, &expected),
    }
}

fn judge(r: &Resource, tags: &Tags<'_>, wanted: &[(&str, Option<&Regex>)], of: &str) -> Verdict {
    let missing: Vec<&str> = wanted.iter().map(|(key, _)| *key).filter(|key| tags.get(key).is_none()).collect();
    let there = if missing.is_empty() {
        Verdict::Pass
    } else {
        let expected = format!("the tag{} {}{of}", if missing.len() > 1 { "s" } else { "" }, missing.join(", "));
        match tags.incomplete {
            Some(_) => incomplete(tags, &expected),
            None => check::fail(&tags.read, &expected),
        }
    };
    let found = wanted.iter().filter_map(|(key, pattern)| Some((tags.get(key)?, *pattern)));
    there.and(Verdict::all(found.map(|(tag, pattern)| {
        let value = value(r, tag, pattern);
        if &*r.kind == GROUP && !tag.of_stack { value.and(tag.propagates()) } else { value }
    })))
}

fn incomplete(tags: &Tags<'_>, expected: &str) -> Verdict {
    let why = tags.incomplete.clone().unwrap_or(crate::model::Unknown::NotCollected);
    Verdict::unknown(crate::rules::Evidence::unknown(&tags.read, expected, &why))
}

/// The value is not empty and matches the pattern. What cannot be resolved may be sure not to be empty all the same.
fn value(r: &Resource, tag: &Tag<'_>, pattern: Option<&Regex>) -> Verdict {
    let Some(pattern) = pattern else {
        let property = tag.whole.path.split('.').next().unwrap_or_default();
        let named = matches!(tag.value.value().map(|v| &v.kind), Some(Kind::Ref(_) | Kind::Symbol(_)));
        let sure = tag.value.why_unknown().is_some() && written(r, property, &tag.key).is_some_and(never_empty);
        if named || sure {
            return Verdict::Pass;
        }
        return check::require(&tag.value, "a value", |v| Some(!v.text()?.trim().is_empty()));
    };
    let expected = format!("a value that matches {pattern}");
    check::require(&tag.value, &expected, |v| v.text().map(|text| pattern.is_match(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Estate, World, from_json};
    use crate::rules::{Params, find};
    use crate::source::Span;
    use serde_json::json;

    #[test]
    fn the_tags_of_a_stack_are_those_of_its_resources() {
        let declared = |kind: &str, id: Option<&str>, stack: &str| {
            let address = Address { stack: Some(stack.into()), logical_id: id.map(Into::into), ..Address::default() };
            Resource::new(kind, address, World::Closed, Span::LIVE)
        };
        let mut template = declared(types::TEMPLATE, None, "shop");
        template.attributes = from_json(&json!({"StackTags": {"Name": "shop", "Environment": "prod"}}));
        let group = declared(GROUP, Some("Fleet"), "shop");
        let elsewhere = declared(GROUP, Some("Fleet"), "other");
        let rule = find("required-tags").unwrap();
        let estate = Estate::new(vec![template, group.clone(), elsewhere.clone()], None);
        let cx = Context { estate: &estate, params: &Params::defaults(rule.params) };
        assert_eq!(tagged(&group, &cx).unwrap().word(), "pass");
        assert_eq!(tagged(&elsewhere, &cx).unwrap().word(), "fail");
    }
}
