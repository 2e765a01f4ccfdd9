//! The IAM policy that a scan needs, made of what the collectors declare.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::json::capitalised;
use super::{COLLECTORS, Spec, stacks};
use crate::model::told_by;

/// Actions that every scan needs: identity and regions.
const ALWAYS: &[&str] = &["sts:GetCallerIdentity", "ec2:DescribeRegions"];

/// What a policy is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Any rule and any stack.
    Everything,
    /// What some rules look at, and nothing that only templates may ask for.
    Rules {
        /// The types.
        types: BTreeSet<&'static str>,
        /// Of the properties that cost a call of their own, those that the rules look at: type and name.
        properties: BTreeSet<(&'static str, &'static str)>,
    },
}

/// Every IAM action that a scan may call.
#[must_use]
pub fn actions(need: &Need) -> BTreeSet<&'static str> {
    let specs = COLLECTORS.iter().map(|c| c.spec());
    let of_collectors: BTreeSet<&'static str> = match need {
        Need::Everything => specs.flat_map(|spec| spec.actions).copied().collect(),
        Need::Rules { types, properties } => specs
            .filter(|spec| spec.types.iter().any(|t| types.contains(t.name)))
            .flat_map(|s| of_rules(s, properties))
            .collect(),
    };
    ALWAYS.iter().chain(stacks::ACTIONS).copied().chain(of_collectors).collect()
}

/// The actions of a collector without those that only tell properties that nobody looks at.
fn of_rules(spec: &'static Spec, properties: &BTreeSet<(&str, &str)>) -> BTreeSet<&'static str> {
    let (mut needed, mut on_demand) = (BTreeSet::new(), BTreeSet::new());
    for t in spec.types {
        for property in t.reads {
            let asked = told_by(t.asked, property);
            let named = [t.name, "*"].iter().any(|kind| properties.contains(&(*kind, *property)));
            let wanted = !t.on_demand.contains(property) || named;
            if wanted { needed.extend(asked) } else { on_demand.extend(asked) }
        }
    }
    let spared = |action: &&&str| on_demand.contains(**action) && !needed.contains(**action);
    spec.actions.iter().filter(|action| !spared(action)).copied().collect()
}

/// A read-only identity policy, one statement per service.
#[must_use]
pub fn document(need: &Need) -> Value {
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for action in actions(need) {
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
    use crate::collect::{Reach, TypeSpec};

    #[test]
    fn the_policy_only_reads() {
        // API Gateway names its actions by HTTP method.
        let reading = ["Describe", "Get", "List", "Generate", "BatchGet", "View", "GET"];
        for action in actions(&Need::Everything) {
            let (_, name) = action.split_once(':').unwrap();
            assert!(reading.iter().any(|verb| name.starts_with(verb)), "{action} does not only read");
        }
    }

    #[test]
    fn what_only_templates_may_ask_for_is_left_out_for_rules() {
        static SPEC: Spec = Spec {
            name: "x",
            reach: Reach::Regional,
            listings: 1,
            types: &[TypeSpec {
                name: "T",
                asked: &[("Website", "x:GetWebsite"), ("Logging", "x:GetLogging"), ("", "x:List")],
                reads: &["Name", "Website", "Logging"],
                on_demand: &["Website", "Logging"],
                calls: 2,
            }],
            actions: &["x:GetLogging", "x:GetWebsite", "x:List"],
        };
        let properties = BTreeSet::from([("T", "Logging")]);
        assert_eq!(of_rules(&SPEC, &properties), BTreeSet::from(["x:GetLogging", "x:List"]));
    }
}
