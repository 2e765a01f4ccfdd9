//! What deploys: deployment groups, pipelines, state machines, functions that shift traffic.

use crate::model::{Estate, Field, Kind, Read, Related, Resource, Unknown, Value, types};
use crate::rules::readers::codedeploy::GROUP;
use crate::rules::readers::policy::principal::{Attached, allows, attached, each_inline};
use crate::rules::readers::policy::{Document, Effect, names};
use crate::rules::readers::state_machine::{Definition, STATE_MACHINE, State};
use crate::rules::{Context, Evidence, Verdict, check};

/// `AWS::CodePipeline::Pipeline`; nothing collects it.
pub(super) const PIPELINE: &str = "AWS::CodePipeline::Pipeline";
/// `AWS::Lambda::Function`.
pub(super) const FUNCTION: &str = "AWS::Lambda::Function";
const ROLE: &str = "AWS::IAM::Role";

/// What deploys around a place, each by the source of its events.
#[derive(Debug, Default)]
pub(super) struct Automation {
    /// Sources of events: `aws.codedeploy`, `aws.codepipeline`, `aws.states`.
    pub sources: Vec<&'static str>,
    /// Why there may be others.
    pub open: Option<Unknown>,
}

impl Automation {
    /// Looks for it. That pipelines are not collected is no reason to expect one, and neither is what a macro may add to a template.
    pub(super) fn around(place: &Resource, cx: &Context<'_>) -> Self {
        let mut found = Self::default();
        let refused = |why: &Unknown| place.is_live() && *why != Unknown::NotCollected;
        for (kind, source) in [(GROUP, "aws.codedeploy"), (PIPELINE, "aws.codepipeline")] {
            let listing = cx.estate.of(place, kind);
            if !listing.items.is_empty() {
                found.sources.push(source);
            } else if let Some(why) = listing.incomplete.filter(refused) {
                found.open.get_or_insert(why);
            }
        }
        let machines = cx.estate.of(place, STATE_MACHINE);
        let deploying = machines.items.iter().map(|machine| deploys(machine, cx));
        let mut open = machines.incomplete.filter(refused);
        for deploying in deploying {
            match deploying {
                Ok(true) => {
                    found.sources.push("aws.states");
                    return found;
                }
                Ok(false) => {}
                Err(why) => open = open.or(Some(why)),
            }
        }
        found.open = found.open.or(open);
        found
    }

    /// A verdict for a place with automation; `None` if there is none, open if nobody can tell.
    pub(super) fn judged(&self, subject: &Read<'_>, judge: impl FnOnce() -> Verdict) -> Option<Verdict> {
        applies(
            if self.sources.is_empty() { self.open.clone().map_or(Ok(false), Err) } else { Ok(true) },
            subject,
            judge,
        )
    }
}

/// The verdict where a rule applies; `None` where it does not. Where nobody can tell, only a pass is certain.
pub(super) fn applies(
    applies: Result<bool, Unknown>,
    subject: &Read<'_>,
    judge: impl FnOnce() -> Verdict,
) -> Option<Verdict> {
    match applies {
        Ok(false) => None,
        Ok(true) => Some(judge()),
        Err(why) => {
            let verdict = judge();
            let expected = "what the rule is about";
            Some(if verdict.is_pass() { verdict } else { Verdict::unknown(Evidence::unknown(subject, expected, &why)) })
        }
    }
}

/// Whether a template around a resource has the hook by which CloudFormation deploys blue/green through CodeDeploy, and that hook.
pub(super) fn hook<'a>(near: &Resource, cx: &Context<'a>) -> Option<&'a Value> {
    let templates = cx.estate.of_type(types::TEMPLATE).filter(|t| t.address.near(&near.address));
    let hooks = templates.filter_map(|t| t.attributes.child("Hooks")?.as_map()).flatten();
    hooks
        .map(|(_, entry)| &entry.value)
        .find(|hook| hook.child("Type").and_then(Value::as_str) == Some("AWS::CodeDeploy::BlueGreen"))
}

/// Whether a state machine deploys: it calls CodeDeploy, changes a listener, or invokes a function that may.
pub(super) fn deploys(machine: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    Definition::of(machine).some(|state| {
        let direct = state.integration().is_some_and(|(service, action)| {
            service == "codedeploy"
                || service == "elasticloadbalancingv2" && ["modifylistener", "modifyrule"].contains(&&*action)
        });
        if direct {
            return Ok(true);
        }
        match invoked(machine, state, cx.estate) {
            Some(Related::Found(function)) => {
                let may = may_shift(function, cx);
                match may {
                    Verdict::Pass => Ok(true),
                    Verdict::Fail(_) => Ok(false),
                    Verdict::Unknown(_) => Err(Unknown::Outside("what the function may do".into())),
                }
            }
            Some(Related::Unknown(why)) => Err(why),
            Some(Related::Missing) | None => Ok(false),
        }
    })
}

/// The function that a state invokes; `None` if it invokes none.
fn invoked<'a>(machine: &Resource, state: &State, estate: &'a Estate) -> Option<Related<'a>> {
    let by_integration = state.integration().is_some_and(|(service, _)| service == "lambda");
    let named = if by_integration { state.argument("FunctionName")? } else { state.resource()? };
    if let Some(reference) = named.strip_prefix("${") {
        let id = reference.split(['.', '}']).next().unwrap_or_default();
        let stack = machine.address.stack.as_deref().unwrap_or_default();
        return Some(match estate.by_logical_id(stack, id) {
            Some(found) if &*found.kind == FUNCTION => Related::Found(found),
            Some(_) => return None,
            None => Related::Unknown(Unknown::Outside(named.into())),
        });
    }
    let arn = named.split_once(":function:");
    if arn.is_none() && !by_integration {
        return None;
    }
    // Without the version or alias behind it.
    let plain = arn.map_or(named, |(lead, name)| {
        let name = name.split(':').next().unwrap_or_default();
        named.get(..lead.len() + ":function:".len() + name.len()).unwrap_or(named)
    });
    let value = Value { kind: Kind::Str(plain.into()), at: machine.at };
    let read = Read::new(machine, "DefinitionString".to_owned(), Field::Is(&value));
    Some(estate.follow(&read, &[FUNCTION]))
}

/// What it takes to shift the traffic of a load balancer.
const SHIFT: [&str; 2] = ["elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"];

/// Whether a function's role allows it to shift traffic.
pub(super) fn may_shift(function: &Resource, cx: &Context<'_>) -> Verdict {
    role_allows(function, &SHIFT, cx)
}

/// Whether a function's role allows one of some actions.
pub(super) fn role_allows(function: &Resource, actions: &[&str], cx: &Context<'_>) -> Verdict {
    let role = function.get("Role");
    check::related(cx.estate, &role, &[ROLE], "a role that the estate holds", |role| {
        let allowed = actions.iter().map(|action| allows(cx.estate, role, action));
        Verdict::any(allowed, || check::fail(&role.get("Policies"), "a policy"))
    })
}

/// Whether a function's role lets it shift traffic on listeners that are named, not on everything.
pub(super) fn shifts_narrowly(function: &Resource, cx: &Context<'_>) -> Verdict {
    let narrow = check::related(cx.estate, &function.get("Role"), &[ROLE], "a role that the estate holds", |role| {
        let expected = "the listeners or rules by name";
        let inline = each_inline(cx.estate, role, expected, |document| narrowed(document, expected));
        let customer = check::each(&role.get("ManagedPolicyArns"), expected, |arn| match attached(cx.estate, arn) {
            Attached::Customer(policy) => {
                narrowed(&Document::new(policy.get("PolicyDocument")), expected).on(policy.address.name())
            }
            // Whether these allow anything at all has been asked already.
            Attached::Aws(_) | Attached::Missing | Attached::Unknown(_) => Verdict::Pass,
        });
        inline.and(customer)
    });
    may_shift(function, cx).and(narrow).on(function.address.name())
}

fn narrowed(document: &Document<'_>, expected: &str) -> Verdict {
    document.each(expected, |statement| {
        if statement.effect() != Effect::Allow || SHIFT.iter().all(|action| statement.covers(action) == Ok(false)) {
            return Verdict::Pass;
        }
        let resource = statement.read.get("Resource");
        match names(&resource, |name| name == "*") {
            Ok(true) => check::fail(&resource, expected),
            // A reference is a name.
            Ok(false) | Err(_) => Verdict::Pass,
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::model::Resource;
    use crate::rules::network::testing::{account, judge, observed};
    use crate::rules::readers::codedeploy::{GROUP, TARGET_GROUP};
    use crate::rules::readers::state_machine::STATE_MACHINE;

    const LISTENERS: [&str; 2] = ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"];
    const SCALING: &str = "AWS::AutoScaling::AutoScalingGroup";

    fn pair() -> Vec<Resource> {
        vec![observed(TARGET_GROUP, "blue", &json!({})), observed(TARGET_GROUP, "green", &json!({}))]
    }

    fn word(rule: &str, resources: Vec<Resource>, listed: &[&str], denied: &[&str]) -> &'static str {
        judge(rule, &account(resources, listed, denied), "r").map_or("n/a", |verdict| verdict.word())
    }

    #[test]
    fn a_pair_that_may_not_be_listed_leaves_it_open_and_none_is_none() {
        let rule = "codedeploy-deployment-group-present";
        let all = [TARGET_GROUP, SCALING, LISTENERS[0], LISTENERS[1], GROUP];
        assert_eq!(word(rule, vec![], &all, &[]), "n/a");
        assert_eq!(word(rule, vec![], &all[1..], &[TARGET_GROUP]), "unknown");
        assert_eq!(word(rule, pair(), &all, &[]), "fail");
        assert_eq!(word(rule, pair(), &all[..4], &[GROUP]), "unknown");
    }

    #[test]
    fn automation_that_may_not_be_listed_leaves_it_open() {
        let rule = "deployment-state-event-rule";
        let events = "AWS::Events::Rule";
        assert_eq!(word(rule, vec![], &[GROUP, STATE_MACHINE, events], &[]), "n/a", "pipelines are not collected");
        assert_eq!(word(rule, vec![], &[STATE_MACHINE, events], &[GROUP]), "unknown");
        let group = || vec![observed(GROUP, "shop", &json!({}))];
        assert_eq!(word(rule, group(), &[GROUP, STATE_MACHINE, events], &[]), "fail");
        assert_eq!(word(rule, group(), &[GROUP, STATE_MACHINE], &[events]), "unknown");
    }
}
