//! Which backup plans cover a resource: their selections by ARN, by pattern, by tag.

use super::mentions::{HOLE, mentions, mentions_any, spelt};
use super::policy::matches;
use crate::model::{Estate, Items, Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::answer::{any, both};

/// `AWS::Backup::BackupPlan`.
pub(in crate::rules) const PLAN: &str = "AWS::Backup::BackupPlan";
/// `AWS::Backup::BackupSelection`.
pub(in crate::rules) const SELECTION: &str = "AWS::Backup::BackupSelection";

/// What a selection may know of a resource.
#[derive(Debug)]
pub(in crate::rules) struct Target<'a> {
    /// The resource.
    pub(in crate::rules) resource: &'a Resource,
    /// What its ARN looks like: `ec2`, `instance/`. Parts between are the region and the account.
    pub(in crate::rules) service: &'static str,
    /// The beginning of the ARN's last part.
    pub(in crate::rules) prefix: &'static str,
    /// Its tags; the error is why they are not all known.
    pub(in crate::rules) tags: Result<Vec<(String, String)>, Unknown>,
}

/// The selections of the place that a resource is in which cover it, and why there may be others.
pub(in crate::rules) fn selections<'a>(
    estate: &'a Estate,
    target: &Target<'_>,
) -> (Vec<&'a Resource>, Option<Unknown>) {
    let listing = estate.of(target.resource, SELECTION);
    let mut open = listing.incomplete;
    let mut found = Vec::new();
    for selection in listing.items {
        match covers(estate, selection, target) {
            Ok(true) => found.push(selection),
            Ok(false) => {}
            Err(why) => open = open.or(Some(why)),
        }
    }
    (found, open)
}

/// The tags of a resource from its `Tags` (a list of `Key` and `Value`).
pub(in crate::rules) fn tags(list: &Read<'_>) -> Result<Vec<(String, String)>, Unknown> {
    let Items::Are(items) = list.items() else {
        return list.why_unknown().map_or(Ok(Vec::new()), Err);
    };
    let text = |read: &Read<'_>| match (read.why_unknown(), read.value().and_then(Value::text)) {
        (Some(why), _) => Err(why),
        (None, text) => Ok(text.unwrap_or_default().to_string()),
    };
    items.iter().map(|tag| Ok((text(&tag.get("Key"))?, text(&tag.get("Value"))?))).collect()
}

/// Whether a selection covers a resource: one of its ARNs (and all of its conditions), or one of its tags, and none of its exclusions.
fn covers(estate: &Estate, selection: &Resource, target: &Target<'_>) -> Result<bool, Unknown> {
    let body = selection.get("BackupSelection");
    if let Some(why) = body.why_unknown() {
        return Err(why);
    }
    let conditions = conditions(&body.get("Conditions"), target);
    let resources = body.get("Resources");
    // Conditions alone are as good as conditions on everything.
    let named = if resources.is_absent() && !body.get("Conditions").is_absent() {
        Ok(true)
    } else {
        listed(estate, &resources, target)
    };
    let by_arn = both(named, || conditions);
    let included = any([by_arn, by_tag(&body.get("ListOfTags"), target)]);
    let excluded = listed(estate, &body.get("NotResources"), target);
    both(included, || excluded.map(|excluded| !excluded))
}

/// Whether one of a list of ARNs or patterns is the resource's.
fn listed(estate: &Estate, list: &Read<'_>, target: &Target<'_>) -> Result<bool, Unknown> {
    let items = match list.items() {
        Items::Absent => return Ok(false),
        Items::Unknown => return Err(list.why_unknown().unwrap_or(Unknown::NotCollected)),
        Items::Are(items) => items,
    };
    any(items.iter().map(|item| is_arn_of(estate, item, target)))
}

fn is_arn_of(estate: &Estate, item: &Read<'_>, target: &Target<'_>) -> Result<bool, Unknown> {
    let r = target.resource;
    if let Related::Found(found) = estate.follow(item, &[&*r.kind]) {
        return Ok(found.address == r.address);
    }
    if mentions(item, r) {
        return Ok(true);
    }
    // What refers to something else of the template does not refer to this.
    let other = item.value().is_some_and(|v| match &v.kind {
        Kind::Ref(reference) => reference.attribute.as_deref().is_none_or(|name| !name.starts_with("Outputs.")),
        _ => false,
    });
    if other || mentions_any(estate, item, &[&*r.kind]) {
        return Ok(false);
    }
    // What a group launches has no ARN yet: it is told by what its ARN will look like.
    let own = r.address.arn.as_deref().filter(|arn| arn.split(':').nth(2) == Some(target.service));
    if let (Some(text), Some(arn)) = (item.as_str(), own) {
        return Ok(matches(text, arn));
    }
    let Some(text) = spelt(item) else {
        return item.why_unknown().map_or(Ok(false), Err);
    };
    if text == "*" {
        return Ok(true);
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [_, _, service, _, _, last] = parts[..] else {
        return item.why_unknown().map_or(Ok(false), Err);
    };
    if !matches(&service.replace(HOLE, "*"), target.service) {
        return Ok(false);
    }
    if last.contains(HOLE) {
        return item.why_unknown().map_or(Ok(false), Err);
    }
    // An id that is not known yet is no id that anybody could have written.
    let id = r.address.physical_id.as_deref().map_or_else(|| HOLE.to_string(), str::to_owned);
    Ok(matches(last, &format!("{}{id}", target.prefix)))
}

/// Whether the resource has one of a list's tags.
fn by_tag(list: &Read<'_>, target: &Target<'_>) -> Result<bool, Unknown> {
    let items = match list.items() {
        Items::Absent => return Ok(false),
        Items::Unknown => return Err(list.why_unknown().unwrap_or(Unknown::NotCollected)),
        Items::Are(items) => items,
    };
    any(items.iter().map(|item| tagged(item, target, |wanted, has| wanted == has)))
}

/// Whether all conditions hold.
fn conditions(block: &Read<'_>, target: &Target<'_>) -> Result<bool, Unknown> {
    let mut holds = Ok(true);
    for (operator, like, negated) in [
        ("StringEquals", false, false),
        ("StringLike", true, false),
        ("StringNotEquals", false, true),
        ("StringNotLike", true, true),
    ] {
        let list = block.get(operator);
        let items = match list.items() {
            Items::Absent => continue,
            Items::Unknown => {
                holds = both(holds, || Err(list.why_unknown().unwrap_or(Unknown::NotCollected)));
                continue;
            }
            Items::Are(items) => items,
        };
        for item in items {
            let one = tagged(&item, target, |wanted, has| if like { matches(wanted, has) } else { wanted == has });
            holds = both(holds, || one.map(|found| found != negated));
        }
    }
    holds
}

/// Whether the resource has the tag of `ConditionKey` (also as `aws:ResourceTag/key`) with a fitting value.
fn tagged(item: &Read<'_>, target: &Target<'_>, fits: impl Fn(&str, &str) -> bool) -> Result<bool, Unknown> {
    let (key, value) = (item.get("ConditionKey"), item.get("ConditionValue"));
    for read in [&key, &value] {
        if let Some(why) = read.why_unknown() {
            return Err(why);
        }
    }
    let text = |read: &Read<'_>| read.value().and_then(Value::text).unwrap_or_default();
    let (key, value) = (text(&key), text(&value));
    let key = key.strip_prefix("aws:ResourceTag/").unwrap_or(&key);
    let tags = target.tags.as_ref().map_err(Clone::clone)?;
    Ok(tags.iter().any(|(name, has)| name == key && fits(&value, has)))
}

/// The plan of a selection.
pub(in crate::rules) fn plan<'a>(estate: &'a Estate, selection: &Resource) -> Related<'a> {
    estate.follow(&selection.get("BackupPlanId"), &[PLAN])
}

/// Whether the resource has one of the tags of a list (`TargetTags` of a lifecycle policy).
pub(in crate::rules) fn has_tag(target: &Target<'_>, list: &Read<'_>) -> Result<bool, Unknown> {
    let wanted = tags(list)?;
    let has = target.tags.as_ref().map_err(Clone::clone)?;
    Ok(wanted.iter().any(|tag| has.contains(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn covered(selection: &Json) -> Option<bool> {
        let address = |id: &str| Address { stack: Some("s".into()), logical_id: Some(id.into()), ..Address::default() };
        let mut selected = Resource::new(SELECTION, address("Daily"), World::Closed, Span::LIVE);
        selected.properties = from_json(&json!({"BackupSelection": selection}));
        let instance = Resource::new("AWS::EC2::Instance", address("Web"), World::Closed, Span::LIVE);
        let tags = Ok(vec![("backup".to_owned(), "daily".to_owned())]);
        let target = Target { resource: &instance, service: "ec2", prefix: "instance/", tags };
        covers(&Estate::new(Vec::new(), None), &selected, &target).ok()
    }

    #[test]
    fn selections_name_resources_by_arn_by_pattern_and_by_tag() {
        let daily = json!({"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"});
        let by_tag = json!({"ConditionKey": "aws:ResourceTag/backup", "ConditionValue": "daily"});
        let other = json!({"ConditionKey": "aws:ResourceTag/stage", "ConditionValue": "prod"});
        for (selection, expected) in [
            (json!({"Resources": "*"}), true),
            (json!({"Resources": ["arn:aws:ec2:*:*:instance/*"]}), true),
            (json!({"Resources": ["arn:aws:ec2:*:*:volume/*"]}), false),
            (json!({"Resources": ["arn:aws:ec2:us-east-1:1:instance/i-1"]}), false),
            (json!({"Resources": ["*"], "NotResources": ["arn:aws:ec2:*:*:instance/*"]}), false),
            (json!({"ListOfTags": [daily]}), true),
            (json!({"Resources": ["*"], "Conditions": {"StringEquals": [by_tag]}}), true),
            (json!({"Resources": ["*"], "Conditions": {"StringEquals": [by_tag, other]}}), false),
            (json!({"Resources": ["*"], "Conditions": {"StringNotEquals": [other]}}), true),
            (
                json!({"Resources": ["*"], "Conditions": {"StringLike": [{"ConditionKey": "aws:ResourceTag/backup", "ConditionValue": "da*"}]}}),
                true,
            ),
            (json!({"SelectionName": "nothing"}), false),
        ] {
            assert_eq!(covered(&selection), Some(expected), "{selection}");
        }
    }
}
