//! What metric filters and subscription filters have in common.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::collect::json::{at, pick, text};
use crate::collect::{Cx, Spec};
use crate::model::{Kind, Resource};

const PROPERTIES: &[(&str, &str)] = &[
    ("filterName", "FilterName"),
    ("logGroupName", "LogGroupName"),
    ("applyOnTransformedLogs", "ApplyOnTransformedLogs"),
    ("fieldSelectionCriteria", "FieldSelectionCriteria"),
];

/// The filters of one type as resources, `more` being what only this type has.
pub(super) fn resources(
    cx: &Cx,
    spec: &'static Spec,
    of: &'static str,
    filters: &[Json],
    more: impl Fn(&mut Resource, &Json),
) -> Vec<Resource> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for filter in filters {
        *uses.entry(text(filter, "filterName")).or_default() += 1;
    }
    let resource = |filter: &Json| {
        let mut r = cx.resource(spec, of, &id(filter, &uses), "");
        for (name, value) in pick(filter, PROPERTIES) {
            r.set(name, value);
        }
        // An empty pattern is a pattern: it fits everything.
        r.set("FilterPattern", at(filter, "filterPattern").as_str().map_or(Kind::Null, |text| Kind::Str(text.into())));
        more(&mut r, filter);
        r
    };
    filters.iter().map(resource).collect()
}

/// CloudFormation lists a filter by its name, which only one log group keeps unique. Where several groups of a region have filters of one name, it is
/// nobody's id, and the filters are known by group and name.
fn id(filter: &Json, uses: &HashMap<&str, usize>) -> String {
    let name = text(filter, "filterName");
    if uses.get(name).is_some_and(|uses| *uses > 1) {
        format!("{}|{name}", text(filter, "logGroupName"))
    } else {
        name.to_owned()
    }
}
