//! Lists whose order means nothing, sorted, so that the order in which a service happens to give them does not show.

use serde_json::Value as Json;

use crate::model::{Entry, Kind, Value, to_json};

/// The elements of an answer by key. Equal keys stay in the order given.
pub(super) fn by<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> Vec<&T> {
    let mut items: Vec<&T> = items.iter().collect();
    items.sort_by_key(|item| key(item));
    items
}

/// A list of mappings sorted by one of their members; anything else as it is.
pub(super) fn sorted_by(kind: Kind, member: &str) -> Kind {
    let Kind::List(mut items) = kind else { return kind };
    items.sort_by_cached_key(|item| item.child(member).and_then(Value::text));
    Kind::List(items)
}

/// Every list sorted, at every depth.
pub(super) fn all_sorted(kind: Kind) -> Kind {
    match kind {
        Kind::List(items) => {
            let mut items: Vec<Value> = items.into_iter().map(|item| Value::live(all_sorted(item.kind))).collect();
            items.sort_by_cached_key(|item| canonical(&to_json(item)));
            Kind::List(items)
        }
        Kind::Map(members) => {
            let sorted = |entry: Entry| Entry { value: Value::live(all_sorted(entry.value.kind)), ..entry };
            Kind::Map(members.into_iter().map(|(key, entry)| (key, sorted(entry))).collect())
        }
        scalar => scalar,
    }
}

/// A text that is the same for equal values, in whatever order their members came.
fn canonical(json: &Json) -> String {
    match json {
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(key, value)| (key, canonical(value))).collect();
            members.sort();
            format!("{members:?}")
        }
        Json::Array(items) => format!("{:?}", items.iter().map(canonical).collect::<Vec<_>>()),
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_json;
    use serde_json::json;

    fn of(json: &Json) -> Kind {
        from_json(json).kind
    }

    #[test]
    fn mappings_are_sorted_by_one_member() {
        let sorted = sorted_by(of(&json!([{"Arn": "a", "Id": "2"}, {"Arn": "b", "Id": "1"}])), "Id");
        assert_eq!(to_json(&Value::live(sorted)), json!([{"Arn": "b", "Id": "1"}, {"Arn": "a", "Id": "2"}]));
        assert_eq!(sorted_by(Kind::Null, "Id"), Kind::Null);
    }

    #[test]
    fn equal_sets_are_equal_at_every_depth_however_they_came() {
        let one = json!({"Filters": [{"Key": "b", "Values": [2, 1]}, {"Key": "a"}]});
        let other = json!({"Filters": [{"Key": "a"}, {"Values": [1, 2], "Key": "b"}]});
        let (one, other) = [one, other].map(|json| to_json(&Value::live(all_sorted(of(&json))))).into();
        assert_eq!(one, other);
        assert_eq!(one["Filters"][1]["Values"], json!([1, 2]));
    }
}
