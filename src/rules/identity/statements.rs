//! What the policy rules say of one document and one statement.

use std::collections::BTreeSet;

use crate::model::{Items, Kind, Read, Resource, Unknown, Value};
use crate::rules::readers::policy::principal::{self, Attached, written};
use crate::rules::readers::policy::unscopable::is_unscopable;
use crate::rules::readers::policy::{Document, Effect, Statement, matches, unknown};
use crate::rules::readers::template_text::Written;
use crate::rules::{Context, Evidence, Params, Verdict, check};

const SPECIFIC: &str = "actions by name, not all actions of a service";

/// Every inline policy of a principal, or the document of a policy, satisfies `test`.
/// `None` for what is judged elsewhere: roles that a service owns, and policies that belong to one of `principals`.
pub(super) fn each_document(
    r: &Resource,
    cx: &Context<'_>,
    principals: &[&str],
    expected: &str,
    test: impl FnMut(&Document<'_>) -> Verdict,
) -> Option<Verdict> {
    let mut test = test;
    match &*r.kind {
        "AWS::IAM::ManagedPolicy" => Some(test(&Document::new(r.get("PolicyDocument")))),
        "AWS::IAM::Policy" => {
            let own = !principal::belongs_to(cx.estate, r, principals);
            own.then(|| test(&Document::new(r.get("PolicyDocument"))))
        }
        _ => {
            let of_a_service = r.attribute("ServiceLinked").value().and_then(Value::as_bool) == Some(true);
            (!of_a_service).then(|| principal::each_inline(cx.estate, r, expected, test))
        }
    }
}

/// iam-policy-no-statements-with-full-access.
pub(super) fn full_access(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let principals = ["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"];
    let exempt = cx.params.texts("exempt_services");
    let documents = each_document(r, cx, &principals, SPECIFIC, |document| {
        document.each(SPECIFIC, |statement| names_actions(statement, exempt))
    })?;
    Some(documents.and(if principals.contains(&&*r.kind) { attachments(r, cx) } else { Verdict::Pass }))
}

/// No policy of AWS's that is full access is attached.
fn attachments(r: &Resource, cx: &Context<'_>) -> Verdict {
    let full = cx.params.texts("full_access_policies");
    let expected = format!("none of {}", full.join(", "));
    each_even_unread(&r.get("ManagedPolicyArns"), |arn| match principal::attached(cx.estate, arn) {
        Attached::Aws(name) => {
            let short = name.rsplit('/').next().unwrap_or(&name);
            if full.iter().any(|f| f == short || *f == name) {
                // The ARN as a whole may not be known; the name is.
                let actual = Some(arn.as_str().map_or_else(|| short.to_owned(), str::to_owned));
                Verdict::fail(Evidence { actual, ..Evidence::of(arn, &expected) })
            } else {
                Verdict::Pass
            }
        }
        Attached::Unknown(why) if arn.as_str().is_none() => unknown(arn, &expected, &why),
        // An ARN that is not AWS's is the customer's, whether we see the policy or not.
        Attached::Customer(_) | Attached::Missing | Attached::Unknown(_) => Verdict::Pass,
    })
}

/// Like [`check::each`], but hands what cannot be read to `test` too: it may know more of it.
fn each_even_unread<'a>(list: &Read<'a>, mut test: impl FnMut(&Read<'a>) -> Verdict) -> Verdict {
    match list.items() {
        Items::Absent => Verdict::Pass,
        Items::Unknown => test(list),
        Items::Are(items) => Verdict::all(items.iter().map(test)),
    }
}

/// An allowing statement that names its actions.
fn names_actions(statement: &Statement<'_>, exempt: &[String]) -> Verdict {
    let actions = check::each(&statement.read.get("Action"), SPECIFIC, |action| match action.as_str() {
        Some(text) if is_full(text) && !exempt.iter().any(|e| service(text).eq_ignore_ascii_case(e)) => {
            check::fail(action, SPECIFIC)
        }
        _ => Verdict::Pass,
    });
    let negated = if statement.has("NotAction") {
        check::fail(&statement.read.get("NotAction"), "actions by name: NotAction allows everything but a list")
    } else {
        Verdict::Pass
    };
    if_it_allows(statement, actions.and(negated), SPECIFIC)
}

/// The verdict on a statement that allows; others pass, and one whose effect is not known is known only if it would pass anyway.
pub(super) fn if_it_allows(statement: &Statement<'_>, verdict: Verdict, expected: &str) -> Verdict {
    match statement.effect() {
        Effect::Allow => verdict,
        Effect::Deny | Effect::None => Verdict::Pass,
        Effect::Unknown(_) if verdict.is_pass() => Verdict::Pass,
        Effect::Unknown(why) => unknown(&statement.read.get("Effect"), expected, &why),
    }
}

/// `*`, `service:*`.
fn is_full(action: &str) -> bool {
    let all = |text: &str| !text.is_empty() && text.bytes().all(|b| b == b'*');
    action.split_once(':').map_or_else(|| all(action), |(_, action)| all(action))
}

/// The service prefix of an action.
fn service(action: &str) -> &str {
    action.split_once(':').map_or("", |(service, _)| service)
}

/// iam-policy-no-resource-wildcard.
pub(super) fn resource_wildcard(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let expected = "specific resources";
    each_document(r, cx, &["AWS::IAM::Role"], expected, |document| {
        document.each(expected, |statement| names_resources(statement, cx.params))
    })
}

/// An allowing statement that names its resources, where its actions take any.
fn names_resources(statement: &Statement<'_>, params: &Params) -> Verdict {
    let actions = statement.read.get("Action");
    let (scopable, open) = scopable(&actions, params.texts("action_families"));
    let expected = expected(&scopable);
    let named = if statement.has("NotResource") {
        check::fail(&statement.read.get("NotResource"), &format!("{expected}: NotResource names everything but a list"))
    } else {
        each_even_unread(&statement.read.get("Resource"), |resource| names_one(resource, &expected))
    };
    if named.is_pass() || (scopable.is_empty() && open.is_none()) {
        return Verdict::Pass;
    }
    let verdict = match (narrowed(statement, params.texts("narrowing_conditions")), open) {
        (Ok(true), _) => Verdict::Pass,
        (Err(why), _) => unknown(&statement.read.get("Condition"), "a narrowing condition", &why),
        // Whether the actions take a resource is not known, so neither is whether they ought to name one.
        (Ok(false), Some(why)) if scopable.is_empty() => unknown(&actions, "actions that take no resource", &why),
        (Ok(false), _) => named,
    };
    if_it_allows(statement, verdict, &expected)
}

/// The actions that take a resource, and why there may be others. Without those that the rule about full access reports.
fn scopable(actions: &Read<'_>, families: &[String]) -> (Vec<String>, Option<Unknown>) {
    let (mut found, mut open) = (Vec::new(), None);
    match actions.items() {
        Items::Absent => {}
        Items::Unknown => open = actions.why_unknown(),
        Items::Are(items) => {
            for item in items {
                open = open.or(item.why_unknown());
                let action = item.as_str().unwrap_or_default();
                let judged = families.is_empty() || families.iter().any(|f| f.eq_ignore_ascii_case(service(action)));
                if judged && !action.is_empty() && !is_full(action) && !is_unscopable(action) {
                    found.push(action.to_owned());
                }
            }
        }
    }
    (found, open)
}

/// What the rule wants, naming the families of the actions at fault and the first of them.
fn expected(scopable: &[String]) -> String {
    let families: BTreeSet<&str> = scopable.iter().map(|action| service(action)).collect();
    let families = families.into_iter().collect::<Vec<_>>().join(", ");
    match scopable {
        [] => "specific resources".to_owned(),
        [one] => format!("specific resources for {families} ({one})"),
        [first, rest @ ..] => format!("specific resources for {families} ({first} and {} more)", rest.len()),
    }
}

/// An element of `Resource` that is not everything.
fn names_one(resource: &Read<'_>, expected: &str) -> Verdict {
    match resource.value().map(|v| &v.kind) {
        // The ARN or id of a resource names one, whatever it will be.
        Some(Kind::Ref(reference)) if reference.value.is_none() => Verdict::Pass,
        _ => match (resource.as_str(), resource.why_unknown()) {
            (Some(text), _) if !text.is_empty() && text.bytes().all(|b| b == b'*') => check::fail(resource, expected),
            (_, Some(why)) if !names_something(resource, &why) => unknown(resource, expected, &why),
            _ => Verdict::Pass,
        },
    }
}

/// Whether a value that is not known will name something for certain: the attribute of a resource, or a text that has fixed parts.
fn names_something(resource: &Read<'_>, why: &Unknown) -> bool {
    matches!(why, Unknown::Runtime(_)) || written(resource).is_some_and(|raw| Written::of(raw).has_fixed_text())
}

/// Whether a condition narrows the statement. Conditions that say what a key is *not*, or that it is missing, do not.
pub(super) fn narrowed(statement: &Statement<'_>, keys: &[String]) -> Result<bool, Unknown> {
    let condition = statement.read.get("Condition");
    let Some(operators) = condition.value().and_then(Value::as_map) else {
        return condition.why_unknown().map_or(Ok(false), Err);
    };
    let mut open = None;
    for (operator, entry) in operators {
        let name = operator.rsplit(':').next().unwrap_or(operator);
        if name.contains("Not") || name.eq_ignore_ascii_case("Null") {
            continue;
        }
        open = open.or(entry.value.why_unknown());
        for key in entry.value.as_map().into_iter().flat_map(|map| map.keys()) {
            if keys.iter().any(|pattern| matches(pattern, key)) {
                return Ok(true);
            }
        }
    }
    open.map_or(Ok(false), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Estate, World, from_json};
    use crate::rules::find;
    use crate::source::Span;
    use serde_json::json;

    #[test]
    fn a_policy_attached_by_hand_is_found_where_it_is_attached() {
        let world = World::Open { reads: &["ManagedPolicyArns", "Policies"] };
        let mut role = Resource::new("AWS::IAM::Role", Address::default(), world, Span::LIVE);
        role.properties = from_json(&json!({"ManagedPolicyArns": [
            "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
            "arn:aws-cn:iam::aws:policy/AdministratorAccess",
        ]}));
        let params = Params::defaults(find("iam-policy-no-statements-with-full-access").unwrap().params);
        let cx = Context { estate: &Estate::default(), params: &params };
        let verdict = full_access(&role, &cx).unwrap();
        let [evidence] = verdict.evidence() else { panic!("{verdict:?}") };
        assert_eq!(verdict.word(), "fail");
        assert_eq!(evidence.path, "ManagedPolicyArns.1");
        assert_eq!(evidence.actual.as_deref(), Some("arn:aws-cn:iam::aws:policy/AdministratorAccess"));
    }

    #[test]
    fn full_access_is_a_star_alone_or_after_the_service() {
        for (action, expected) in
            [("*", true), ("*:*", true), ("s3:*", true), ("s3:Get*", false), ("s3:GetObject", false), ("", false)]
        {
            assert_eq!(is_full(action), expected, "{action}");
        }
    }

    #[test]
    fn the_finding_names_the_families_of_the_actions() {
        let actions = ["ssm:GetParameter", "logs:PutLogEvents", "logs:CreateLogStream"].map(str::to_owned);
        assert_eq!(expected(&actions), "specific resources for logs, ssm (ssm:GetParameter and 2 more)");
    }
}
