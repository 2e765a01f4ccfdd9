//! What the conditions of a statement hold it to.

use super::Statement;
use crate::model::{Items, Kind, Read, Unknown, Value};
use crate::rules::readers::written;

/// One key of a condition block.
#[derive(Debug)]
pub(in crate::rules) struct Clause<'d> {
    /// The operator in lower case, without `ForAnyValue:` and `IfExists`: `stringequals`.
    pub operator: String,
    /// Whether it also holds where the key is not in the request: `…IfExists`, `ForAllValues:…`.
    pub lenient: bool,
    /// The key in lower case: `aws:sourcearn`.
    pub key: String,
    /// The values.
    pub values: Read<'d>,
}

/// Operators that let only some values in.
const POSITIVE: &[&str] = &["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"];
/// Operators that let everything in but some values.
const NEGATIVE: &[&str] =
    &["stringnotequals", "stringnotequalsignorecase", "stringnotlike", "arnnotequals", "arnnotlike"];

impl<'d> Statement<'d> {
    /// The clauses of its condition; an error if it cannot be read.
    pub(in crate::rules) fn clauses(&self) -> Result<Vec<Clause<'d>>, Unknown> {
        let condition = self.read.get("Condition");
        if let Some(why) = condition.why_unknown() {
            return Err(why);
        }
        let mut clauses = Vec::new();
        for operator in condition.value().and_then(Value::as_map).into_iter().flat_map(|map| map.keys()) {
            let block = condition.get(operator);
            if let Some(why) = block.why_unknown() {
                return Err(why);
            }
            let lower = operator.to_ascii_lowercase();
            let name = lower.rsplit_once(':').map_or(&*lower, |(_, name)| name);
            for (key, entry) in block.value().and_then(Value::as_map).into_iter().flatten() {
                // A key may hold dots, so it cannot be a path.
                let field = crate::model::Field::of(&entry.value);
                let values = Read::new(block.resource, format!("{}.{key}", block.path), field);
                clauses.push(Clause {
                    operator: name.strip_suffix("ifexists").unwrap_or(name).to_owned(),
                    lenient: name.ends_with("ifexists") || lower.starts_with("forallvalues:"),
                    key: key.to_ascii_lowercase(),
                    values,
                });
            }
        }
        Ok(clauses)
    }

    /// Whether it is held to some values of one of these keys (in lower case).
    pub(in crate::rules) fn is_held_to(&self, is_key: impl Fn(&str) -> bool) -> Result<bool, Unknown> {
        let mut open = None;
        for clause in self.clauses()?.iter().filter(|clause| is_key(&clause.key)) {
            match clause.narrows() {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(why) => open = Some(why),
            }
        }
        open.map_or(Ok(false), Err)
    }

    /// Whether it is held to a truth value of a key (in lower case).
    pub(in crate::rules) fn is_held_to_truth(&self, key: &str, truth: bool) -> Result<bool, Unknown> {
        let mut open = None;
        for clause in self.clauses()?.iter().filter(|clause| clause.key == key && clause.operator == "bool") {
            match (clause.values.why_unknown(), clause.only().and_then(Value::as_bool)) {
                (Some(why), _) => open = Some(why),
                (None, value) if value == Some(truth) => return Ok(true),
                (None, _) => {}
            }
        }
        open.map_or(Ok(false), Err)
    }

    /// Whether it applies to everything but some values of one of these keys, as a guard that denies does.
    pub(in crate::rules) fn is_for_others_than(&self, is_key: impl Fn(&str) -> bool) -> Result<bool, Unknown> {
        Ok(self.clauses()?.iter().any(|clause| NEGATIVE.contains(&&*clause.operator) && is_key(&clause.key)))
    }
}

impl<'d> Clause<'d> {
    /// Whether it lets only some values in: a positive operator, and no value that is a wildcard and nothing else.
    pub(in crate::rules) fn narrows(&self) -> Result<bool, Unknown> {
        if self.lenient || !POSITIVE.contains(&&*self.operator) {
            return Ok(false);
        }
        let mut open = None;
        for value in self.each() {
            match shown(&value) {
                Ok(text) if text.trim_matches(['*', ':']).is_empty() => return Ok(false),
                Ok(_) => {}
                Err(why) => open = Some(why),
            }
        }
        open.map_or(Ok(true), Err)
    }

    /// The values one by one.
    pub(in crate::rules) fn each(&self) -> Vec<Read<'d>> {
        match self.values.items() {
            Items::Are(items) => items,
            Items::Absent => Vec::new(),
            Items::Unknown => vec![self.values.clone()],
        }
    }

    /// The value, if there is one alone.
    fn only(&self) -> Option<&'d Value> {
        let value = self.values.value()?;
        match value.as_list() {
            Some([one]) => Some(one),
            Some(_) => None,
            None => Some(value),
        }
    }
}

/// A value's text, with holes where only the account, the region or a resource of the template stands; an error if more is open.
pub(in crate::rules) fn shown(value: &Read<'_>) -> Result<String, Unknown> {
    if let Some(Value { kind: Kind::Ref(reference), .. }) = value.value()
        && reference.value.is_none()
    {
        return Ok(reference.to_string());
    }
    let why = || value.why_unknown().unwrap_or(Unknown::NotCollected);
    // A parameter alone may be anything, a wildcard too.
    let alone = |text: &str| text.starts_with("${") && text.ends_with('}') && !text.starts_with("${AWS.");
    written::text(value).filter(|text| !alone(text)).ok_or_else(why)
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;
    use crate::model::{Address, Resource, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn ask<T>(condition: &Json, question: impl Fn(&Statement<'_>) -> T) -> T {
        let mut r = Resource::new("T", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(&json!({"P": {"Statement": {"Effect": "Allow", "Condition": condition}}}));
        let document = Document::new(r.get("P"));
        let (statements, _) = document.statements();
        question(&statements[0])
    }

    #[test]
    fn only_a_positive_operator_with_real_values_narrows() {
        let held = |condition: Json| ask(&condition, |s| s.is_held_to(|key| key == "aws:sourceaccount"));
        assert_eq!(held(json!({"StringEquals": {"aws:SourceAccount": "123456789012"}})), Ok(true));
        assert_eq!(held(json!({"stringLike": {"AWS:SourceAccount": ["1*", "2"]}})), Ok(true));
        assert_eq!(held(json!({"ForAnyValue:StringEquals": {"aws:SourceAccount": "1"}})), Ok(true));
        assert_eq!(held(json!({"StringLike": {"aws:SourceAccount": "*"}})), Ok(false));
        assert_eq!(held(json!({"StringEqualsIfExists": {"aws:SourceAccount": "1"}})), Ok(false));
        assert_eq!(held(json!({"ForAllValues:StringEquals": {"aws:SourceAccount": "1"}})), Ok(false));
        assert_eq!(held(json!({"StringNotEquals": {"aws:SourceAccount": "1"}})), Ok(false));
        assert_eq!(held(json!({"StringEquals": {"aws:SourceArn": "x"}})), Ok(false));
        assert_eq!(held(Json::Null), Ok(false));
    }

    #[test]
    fn truth_may_be_written_as_text_or_in_a_list() {
        let denied = |value: Json| {
            ask(&json!({"Bool": {"aws:SecureTransport": value}}), |s| s.is_held_to_truth("aws:securetransport", false))
        };
        assert_eq!(denied(json!("false")), Ok(true));
        assert_eq!(denied(json!([false])), Ok(true));
        assert_eq!(denied(json!("true")), Ok(false));
    }

    #[test]
    fn a_guard_is_for_others() {
        let guard = json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}});
        assert_eq!(ask(&guard, |s| s.is_for_others_than(|key| key == "aws:principalorgid")), Ok(true));
    }
}
