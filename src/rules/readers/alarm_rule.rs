//! The rule of a composite alarm: which alarms it is made of.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::alarms::{ALARM, ByRegion, COMPOSITE};
use super::spelled;
use crate::model::{Address, Estate, Read, Related, Resource, Unknown, Value};

/// What a function of an alarm rule names.
#[derive(Debug)]
pub(in crate::rules) enum Child<'a> {
    /// An alarm of the estate.
    Alarm(&'a Resource),
    /// A name that no alarm has.
    Dangling(String),
    /// Nobody can say.
    Unknown(Unknown),
}

/// The alarms that a composite alarm is made of, each once.
pub(in crate::rules) fn children<'a>(estate: &'a Estate, composite: &Resource) -> Result<Vec<Child<'a>>, Unknown> {
    let rule = composite.get("AlarmRule");
    let known = rule.value().and_then(Value::text).map(|text| text.to_string());
    let text = match (known, rule.why_unknown()) {
        (Some(text), _) => text,
        (None, None) => return Ok(Vec::new()),
        (None, Some(why)) => spelled::text(&rule).filter(|text| !names(text).is_empty()).ok_or(why)?,
    };
    Ok(names(&text).into_iter().map(|name| child(estate, &rule, name)).collect())
}

/// The names in the functions of a rule: `ALARM("cpu high")`, `OK(${Db})`.
pub(in crate::rules) fn names(rule: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for function in ["ALARM", "OK", "INSUFFICIENT_DATA"] {
        for (at, _) in rule.match_indices(function) {
            let before = rule.get(..at).unwrap_or_default();
            if before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
                continue;
            }
            let after = rule.get(at + function.len()..).unwrap_or_default().trim_start();
            let Some(inner) = after.strip_prefix('(').map(str::trim_start) else { continue };
            let quote = inner.chars().next().filter(|c| matches!(c, '"' | '\''));
            let name = match quote {
                Some(quote) => inner.get(1..).and_then(|inner| inner.split_once(quote)),
                None => inner.split_once(')'),
            };
            if let Some((name, _)) = name
                && !found.contains(&name.trim())
            {
                found.push(name.trim());
            }
        }
    }
    found
}

/// The alarm of a name, an ARN, or a placeholder for one of them.
fn child<'a>(estate: &'a Estate, rule: &Read<'_>, name: &str) -> Child<'a> {
    let from = rule.resource;
    let placeholder =
        name.strip_prefix("${").and_then(|name| name.strip_suffix('}')).filter(|name| !name.contains('$'));
    if let Some(placeholder) = placeholder {
        let id = placeholder.split_once('.').map_or(placeholder, |(id, _)| id);
        let stack = from.address.stack.as_deref().unwrap_or_default();
        return match estate.by_logical_id(stack, id) {
            Some(alarm) => Child::Alarm(alarm),
            None => Child::Unknown(Unknown::Parameter(id.into())),
        };
    }
    let bare = name.split_once(":alarm:").map_or(name, |(_, name)| name);
    if spelled::placeholders(name).next().is_some() {
        return named_alike(estate, from, name)
            .map_or_else(|| Child::Unknown(Unknown::Runtime(name.into())), Child::Alarm);
    }
    if let Some(found) = Names::find(estate, from, |names| names.by_name.get(bare)) {
        return Child::Alarm(found);
    }
    match [ALARM, COMPOSITE].iter().find_map(|kind| estate.why_unlisted(kind, &from.address)) {
        Some(why) => Child::Unknown(why),
        None if from.is_live() => Child::Dangling(bare.to_owned()),
        None => Child::Unknown(Unknown::Outside(format!("alarm {bare}").into())),
    }
}

/// The alarm whose name the template spells in the same way: `${Env}-cpu`.
fn named_alike<'a>(estate: &'a Estate, from: &Resource, name: &str) -> Option<&'a Resource> {
    let key = (from.address.stack.clone(), name.to_owned());
    Names::find(estate, from, |names| names.by_spelling.get(&key))
}

/// The places of the alarms of a region by what they are called; of several of the same name that of the first, composite ones last.
#[derive(Default)]
struct Names {
    by_name: HashMap<Arc<str>, usize>,
    /// By the stack, and the text of the name with its placeholders.
    by_spelling: HashMap<(Option<Arc<str>>, String), usize>,
}

impl Names {
    fn of(estate: &Estate) -> ByRegion<Self> {
        let mut all = ByRegion::<Self>::default();
        for (place, alarm) in [ALARM, COMPOSITE].iter().flat_map(|kind| placed(estate, kind)) {
            let names = all.at(&alarm.address);
            let name = alarm.get("AlarmName");
            for own in alarm.address.physical_id.iter().cloned().chain(name.as_str().map(Arc::from)) {
                names.by_name.entry(own).or_insert(place);
            }
            if let Some(text) = spelled::text(&name) {
                names.by_spelling.entry((alarm.address.stack.clone(), text)).or_insert(place);
            }
        }
        all
    }

    /// The first alarm that `from` can know under a name.
    fn find<'a>(estate: &'a Estate, from: &Resource, by: impl Fn(&Self) -> Option<&usize>) -> Option<&'a Resource> {
        let names = estate.digest(Self::of);
        // Types are in the order of their names: metric alarms come first.
        let place = names.near(&from.address).filter_map(by).min().copied();
        place.and_then(|place| estate.at_place(place))
    }
}

/// The resources of a type and their places: they stand one after the other.
fn placed<'a>(estate: &'a Estate, kind: &str) -> impl Iterator<Item = (usize, &'a Resource)> {
    let first = estate.of_type(kind).next().and_then(|r| estate.place_of(r)).unwrap_or_default();
    estate.of_type(kind).enumerate().map(move |(n, r)| (first + n, r))
}

/// What the composite alarms of a region are made of.
#[derive(Default)]
struct Members {
    all: HashSet<Address>,
    /// The place of the first composite alarm that may be made of anything, and why.
    open: Option<(usize, Unknown)>,
}

impl Members {
    fn of(estate: &Estate) -> ByRegion<Self> {
        let mut all = ByRegion::<Self>::default();
        for (place, composite) in placed(estate, COMPOSITE) {
            let members = all.at(&composite.address);
            let mut open = |why: Unknown| {
                members.open.get_or_insert((place, why));
            };
            match children(estate, composite) {
                Err(why) => open(why),
                Ok(children) => {
                    for child in children {
                        match child {
                            Child::Alarm(alarm) => {
                                members.all.insert(alarm.address.clone());
                            }
                            Child::Dangling(_) => {}
                            Child::Unknown(why) => open(why),
                        }
                    }
                }
            }
        }
        all
    }
}

/// Whether a composite alarm listens to an alarm.
pub(in crate::rules) fn is_member(estate: &Estate, alarm: &Resource) -> Result<bool, Unknown> {
    let members = estate.digest(Members::of);
    if members.near(&alarm.address).any(|members| members.all.contains(&alarm.address)) {
        return Ok(true);
    }
    let first =
        members.near(&alarm.address).filter_map(|members| members.open.as_ref()).min_by_key(|(place, _)| *place);
    // A listing that breaks off leaves it open whether there is another composite alarm.
    let open = first.map(|(_, why)| why.clone()).or_else(|| estate.why_unlisted(COMPOSITE, &alarm.address));
    open.map_or(Ok(false), Err)
}

/// The alarm that may suppress the actions of a composite alarm.
pub(in crate::rules) fn suppressor<'a>(estate: &'a Estate, composite: &Resource) -> Related<'a> {
    estate.follow(&composite.get("ActionsSuppressor"), &[ALARM, COMPOSITE])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_names_an_alarm() {
        let rule = "(ALARM(\"high cpu\") AND ALARM(${Latency})) OR NOT OK(db-1) OR ALARM( 'x' ) AND INSUFFICIENT_DATA(${A.Arn})";
        assert_eq!(names(rule), ["high cpu", "${Latency}", "x", "db-1", "${A.Arn}"]);
        assert!(names("TRUE").is_empty());
        assert!(names("MYALARM(x)").is_empty());
        assert!(names("ALARM(x").is_empty());
    }
}
