//! The rule of a composite alarm: which alarms it is made of.

use super::alarms::{ALARM, COMPOSITE};
use super::spelled;
use crate::model::{Estate, Read, Related, Resource, Unknown, Value};

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
    let mut open = None;
    for kind in [ALARM, COMPOSITE] {
        let all = estate.of(from, kind);
        let goes_by = |r: &&&Resource| {
            r.address.physical_id.as_deref() == Some(bare) || r.get("AlarmName").as_str() == Some(bare)
        };
        if let Some(found) = all.items.iter().find(goes_by) {
            return Child::Alarm(found);
        }
        open = open.or(all.incomplete);
    }
    match open {
        Some(why) => Child::Unknown(why),
        None if from.is_live() => Child::Dangling(bare.to_owned()),
        None => Child::Unknown(Unknown::Outside(format!("alarm {bare}").into())),
    }
}

/// The alarm whose name the template spells in the same way: `${Env}-cpu`.
fn named_alike<'a>(estate: &'a Estate, from: &Resource, name: &str) -> Option<&'a Resource> {
    [ALARM, COMPOSITE].into_iter().find_map(|kind| {
        estate.of(from, kind).items.into_iter().find(|alarm| {
            alarm.address.stack == from.address.stack
                && spelled::text(&alarm.get("AlarmName")).is_some_and(|spelled| spelled == name)
        })
    })
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
