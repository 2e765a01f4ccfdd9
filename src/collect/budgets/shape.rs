//! A budget in the shape of the schema.

use serde_json::Value as Json;

use super::super::json::{at, kind, pick};
use super::super::order::all_sorted;
use super::super::shape::map;
use crate::model::Kind;

pub(super) fn budget(budget: &Json) -> Kind {
    let whole = pick(
        budget,
        &[
            ("BudgetName", "BudgetName"),
            ("BudgetType", "BudgetType"),
            ("TimeUnit", "TimeUnit"),
            ("BillingViewArn", "BillingViewArn"),
            ("CostTypes", "CostTypes"),
            ("FilterExpression", "FilterExpression"),
            ("Metrics", "Metrics"),
            ("PlannedBudgetLimits", "PlannedBudgetLimits"),
        ],
    );
    let limit = at(budget, "BudgetLimit");
    let period = at(budget, "TimePeriod");
    let adjusted = at(budget, "AutoAdjustData");
    map(whole.chain([
        ("AutoAdjustData", adjustment(adjusted)),
        ("BudgetLimit", map([("Amount", number(at(limit, "Amount"))), ("Unit", kind(at(limit, "Unit")))])),
        ("CostFilters", all_sorted(kind(at(budget, "CostFilters")))),
        ("TimePeriod", map([("Start", seconds(at(period, "Start"))), ("End", seconds(at(period, "End")))])),
    ]))
}

/// What is computed from the past is no part of what was declared.
fn adjustment(adjusted: &Json) -> Kind {
    let options = pick(at(adjusted, "HistoricalOptions"), &[("BudgetAdjustmentPeriod", "BudgetAdjustmentPeriod")]);
    map([("AutoAdjustType", kind(at(adjusted, "AutoAdjustType"))), ("HistoricalOptions", map(options))])
}

/// A number, which the service writes as text (`"100.0"`) or with digits that say nothing (`80.0`).
pub(super) fn number(json: &Json) -> Kind {
    let text = match json {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        other => return kind(other),
    };
    let whole = text.split_once('.').filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
    let number = whole.map_or(&*text, |(whole, _)| whole);
    number
        .parse()
        .map(Kind::Int)
        .or_else(|_| number.parse().map(Kind::Float))
        .unwrap_or_else(|_| Kind::Str(text.as_str().into()))
}

/// A point in time as templates write it: seconds, as text.
fn seconds(json: &Json) -> Kind {
    match number(json) {
        Kind::Int(seconds) => Kind::Str(seconds.to_string().into()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_numbers_however_they_are_written() {
        for (written, expected) in [
            (json!("100.0"), Kind::Int(100)),
            (json!("0.5"), Kind::Float(0.5)),
            (json!(80.0), Kind::Int(80)),
            (json!(99.5), Kind::Float(99.5)),
            (json!("many"), Kind::Str("many".into())),
            (json!(null), Kind::Null),
        ] {
            assert_eq!(number(&written), expected, "{written}");
        }
        assert_eq!(seconds(&json!(1_225_864_800.0)), Kind::Str("1225864800".into()));
    }
}
