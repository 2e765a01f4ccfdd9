//! The IAM policy that a scan needs, made of what the collectors declare.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::json::capitalised;
use super::{COLLECTORS, stacks};

/// Actions that every scan needs: identity and regions.
const ALWAYS: &[&str] = &["sts:GetCallerIdentity", "ec2:DescribeRegions"];

/// Every IAM action that a scan of these types may call.
#[must_use]
pub fn actions(types: &BTreeSet<&'static str>) -> BTreeSet<&'static str> {
    let wanted = COLLECTORS.iter().map(|c| c.spec()).filter(|spec| spec.types.iter().any(|t| types.contains(t.name)));
    ALWAYS.iter().chain(stacks::ACTIONS).copied().chain(wanted.flat_map(|spec| spec.actions.iter().copied())).collect()
}

/// A read-only identity policy, one statement per service.
#[must_use]
pub fn document(types: &BTreeSet<&'static str>) -> Value {
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for action in actions(types) {
        services.entry(action.split_once(':').map_or(action, |(s, _)| s)).or_default().push(action);
    }
    let statements: Vec<Value> = services
        .iter()
        .map(|(service, actions)| {
            let sid = service.split('-').map(capitalised).collect::<String>();
            json!({ "Sid": format!("Driftline{sid}"), "Effect": "Allow", "Action": actions, "Resource": "*" })
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_only_reads() {
        let reading = ["Describe", "Get", "List", "Generate"];
        let all = COLLECTORS.iter().flat_map(|c| c.spec().types).map(|t| t.name).collect();
        for action in actions(&all) {
            let (_, name) = action.split_once(':').unwrap();
            assert!(reading.iter().any(|verb| name.starts_with(verb)), "{action} does not only read");
        }
    }
}
