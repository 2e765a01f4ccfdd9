//! The conditions of a statement.

use super::Statement;
use crate::model::{Items, Read, Unknown};

impl Statement<'_> {
    /// Whether a condition with one of these operators compares a key with a value that satisfies `test`. Operators and keys regardless of
    /// case; `…IfExists` counts as its operator only if it is named.
    pub(in crate::rules) fn has_condition(
        &self,
        operators: &[&str],
        key: &str,
        test: impl Fn(&str) -> bool,
    ) -> Result<bool, Unknown> {
        let condition = self.read.get("Condition");
        let mut open = condition.why_unknown();
        for (operator, entry) in condition.value().and_then(|v| v.as_map()).into_iter().flatten() {
            if !operators.iter().any(|o| o.eq_ignore_ascii_case(operator)) {
                continue;
            }
            let keys = condition.get(operator);
            open = open.or(keys.why_unknown());
            for name in entry.value.as_map().into_iter().flat_map(|map| map.keys()) {
                if name.eq_ignore_ascii_case(key) {
                    // Keys hold colons and may hold dots: the mapping is asked, not a path.
                    match compares(&keys, name, &test) {
                        Ok(true) => return Ok(true),
                        Ok(false) => {}
                        Err(why) => open = Some(why),
                    }
                }
            }
        }
        open.map_or(Ok(false), Err)
    }
}

fn compares(keys: &Read<'_>, name: &str, test: impl Fn(&str) -> bool) -> Result<bool, Unknown> {
    let Some(value) = keys.value().and_then(|v| v.child(name)) else { return Ok(false) };
    let read = Read::new(keys.resource, format!("{}.{name}", keys.path), crate::model::Field::of(value));
    match read.items() {
        Items::Absent => Ok(false),
        Items::Unknown => read.why_unknown().map_or(Ok(false), Err),
        Items::Are(items) => {
            let mut open = None;
            for item in items {
                open = open.or(item.why_unknown());
                if item.value().and_then(crate::model::Value::text).is_some_and(|text| test(&text)) {
                    return Ok(true);
                }
            }
            open.map_or(Ok(false), Err)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Resource, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn mfa_missing(condition: &Json) -> Result<bool, Unknown> {
        let mut r = Resource::new("AWS::IAM::Policy", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(&json!({"Statement": {"Condition": condition}}));
        let statement = Statement { read: r.get("Statement") };
        statement.has_condition(&["BoolIfExists"], "aws:MultiFactorAuthPresent", |v| v == "false")
    }

    #[test]
    fn operators_and_keys_are_read_regardless_of_case_and_values_in_any_form() {
        assert_eq!(mfa_missing(&json!({"BoolIfExists": {"aws:multifactorauthpresent": false}})), Ok(true));
        assert_eq!(mfa_missing(&json!({"boolIfExists": {"aws:MultiFactorAuthPresent": ["false"]}})), Ok(true));
        assert_eq!(mfa_missing(&json!({"Bool": {"aws:MultiFactorAuthPresent": "false"}})), Ok(false));
        assert_eq!(mfa_missing(&json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}})), Ok(false));
        assert_eq!(mfa_missing(&json!(null)), Ok(false));
    }
}
