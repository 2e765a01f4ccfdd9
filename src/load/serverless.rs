//! Which resource of a template made one that only the processed template has.

use std::sync::LazyLock;

use regex::Regex;

use super::names;
use crate::model::{Entry, Map, Value};
use crate::source::Span;

/// A resource of the original template that another one goes back to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Maker<'a> {
    /// A resource whose logical id the other's begins with: SAM names what it makes so (`ApiFunctionRole`, `ApiFunctionVersion1a2b…`).
    /// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html>
    Resource(&'a Entry),
    /// The body of a loop that the other is one turn of.
    Turn(&'a Entry),
    /// A loop or an include in `Resources`, without more to tell.
    Expansion(Span),
}

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by a test")]
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[$&]\{[^}]*\}").unwrap());

/// The maker of a resource that `resources`, the original ones, do not hold under its own name.
pub(super) fn maker<'a>(resources: &'a Map, id: &str) -> Option<Maker<'a>> {
    let expansions = || resources.iter().filter(|(key, _)| names::is_expansion(key));
    if let Some(turn) = expansions().filter(|(key, _)| names::is_loop(key)).find_map(|(_, each)| turn(&each.value, id))
    {
        return Some(Maker::Turn(turn));
    }
    let owners = resources.iter().filter(|(key, _)| id.starts_with(&***key) && !names::is_expansion(key));
    if let Some((_, entry)) = owners.max_by_key(|(key, _)| key.len()) {
        return Some(Maker::Resource(entry));
    }
    expansions().next().map(|(_, entry)| Maker::Expansion(entry.key_at))
}

/// The resource in a loop's body (its third argument) whose name can become `id`. Loops stand in loops.
fn turn<'a>(arguments: &'a Value, id: &str) -> Option<&'a Entry> {
    let body = arguments.as_list()?.get(2)?.as_map()?;
    body.iter().find_map(
        |(key, entry)| {
            if names::is_loop(key) { turn(&entry.value, id) } else { fits(key, id).then_some(entry) }
        },
    )
}

/// Whether a name with placeholders (`Bucket${Name}`, `Bucket&{Name}`) can become `id`.
fn fits(pattern: &str, id: &str) -> bool {
    let mut parts = VARIABLE.split(pattern);
    let Some(mut rest) = parts.next().and_then(|first| id.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_placeholders_becomes_many_names() {
        assert!(fits("Bucket${Name}", "BucketLogs"));
        assert!(fits("${Env}Bucket&{Name}Policy", "ProdBucketLogsPolicy"));
        assert!(!fits("Bucket${Name}", "TopicLogs"));
        assert!(!fits("${Env}Bucket${Name}Policy", "ProdBucketLogs"));
        assert!(fits("Bucket", "Bucket") && !fits("Bucket", "Buckets"));
    }
}
