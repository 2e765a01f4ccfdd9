//! IAM policy documents: statements, what they allow, whom they trust. Each question has three answers.

pub(in crate::rules) mod boundary;
pub(in crate::rules) mod clauses;
pub(in crate::rules) mod compares;
pub(in crate::rules) mod grantee;
pub(in crate::rules) mod in_force;
pub(in crate::rules) mod key;
pub(in crate::rules) mod principal;
pub(in crate::rules) mod resources;
pub(in crate::rules) mod unscopable;

use crate::model::{Field, Items, Kind, Read, Unknown, Value, from_json};
use crate::rules::answer::both;
use crate::rules::check;
use crate::rules::verdict::Verdict;
use crate::source::Span;

/// A policy document read from a property. Owns what it had to parse itself, so statements borrow from it.
#[derive(Debug)]
pub(in crate::rules) struct Document<'a> {
    read: Read<'a>,
    /// The document that was written as JSON text, `None` if it is a mapping already.
    parsed: Option<Value>,
}

/// One statement of a policy document.
#[derive(Debug)]
pub(in crate::rules) struct Statement<'d> {
    /// Where it stands.
    pub read: Read<'d>,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Effect {
    /// It allows.
    Allow,
    /// It denies.
    Deny,
    /// It has no effect that IAM knows.
    None,
    /// Not known.
    Unknown(Unknown),
}

impl<'a> Document<'a> {
    /// The document that a property holds, as a mapping or as JSON text.
    pub(in crate::rules) fn new(read: Read<'a>) -> Self {
        let mut parsed = None;
        let mut read = read;
        if let Field::Is(Value { kind: Kind::Str(text), at }) = read.field {
            match serde_json::from_str::<serde_json::Value>(text) {
                Ok(json) if json.is_object() => parsed = Some(placed(from_json(&json), *at)),
                _ => {
                    let why = Unknown::Unsupported("a policy document that is not JSON".into());
                    read.field = Field::Unknown { why, at: *at };
                }
            }
        }
        Self { read, parsed }
    }

    /// The property that holds the document.
    pub(in crate::rules) fn read(&self) -> Read<'_> {
        match &self.parsed {
            Some(value) => Read::new(self.read.resource, self.read.path.clone(), Field::of(value)),
            None => self.read.clone(),
        }
    }

    /// Every statement satisfies `test`; passes if there are none, unknown if they cannot be read.
    pub(in crate::rules) fn each(&self, expected: &str, mut test: impl FnMut(&Statement<'_>) -> Verdict) -> Verdict {
        check::each(&self.read().get("Statement"), expected, |read| test(&Statement { read: read.clone() }))
    }

    /// The statements that can be read, and why there may be others.
    fn statements(&self) -> (Vec<Statement<'_>>, Option<Unknown>) {
        let list = self.read().get("Statement");
        match list.items() {
            Items::Absent => (Vec::new(), None),
            Items::Unknown => (Vec::new(), list.why_unknown()),
            Items::Are(items) => {
                let why = items.iter().find_map(Read::why_unknown);
                let known = items.into_iter().filter(|item| item.why_unknown().is_none());
                (known.map(|read| Statement { read }).collect(), why)
            }
        }
    }

    /// Whether no statement denies an action outright: without a condition and on every resource. A narrower one leaves something of it.
    pub(in crate::rules) fn does_not_deny(&self, action: &str) -> Verdict {
        let expected = format!("no statement that denies {action}");
        self.each(&expected, |statement| {
            let denies = both(statement.effect().is(&Effect::Deny), || {
                both(statement.covers(action), || statement.is_unconditional())
            });
            match denies {
                Ok(false) => Verdict::Pass,
                Ok(true) => check::fail(&statement.read.get("Effect"), &expected),
                Err(why) => unknown(&statement.read, &expected, &why),
            }
        })
    }

    /// Whether a service may assume the role that this is the trust policy of.
    pub(in crate::rules) fn trusts_service(&self, service: &str) -> Verdict {
        let expected = format!("a statement that lets {service} assume the role");
        self.any(&expected, |statement| {
            both(statement.effect().is(&Effect::Allow), || {
                both(statement.covers("sts:AssumeRole"), || statement.names_service(service))
            })
        })
    }

    /// One statement satisfies `test`; the evidence is the whole list of statements.
    pub(in crate::rules) fn any(
        &self,
        expected: &str,
        test: impl Fn(&Statement<'_>) -> Result<bool, Unknown>,
    ) -> Verdict {
        let (statements, mut why) = self.statements();
        for statement in &statements {
            match test(statement) {
                Ok(true) => return Verdict::Pass,
                Ok(false) => {}
                Err(reason) => why = why.or(Some(reason)),
            }
        }
        let list = self.read().get("Statement");
        match why {
            Some(why) => unknown(&list, expected, &why),
            None => check::fail(&list, expected),
        }
    }
}

impl Effect {
    /// Whether it is this one.
    pub(in crate::rules) fn is(&self, other: &Self) -> Result<bool, Unknown> {
        match self {
            Self::Unknown(why) => Err(why.clone()),
            known => Ok(known == other),
        }
    }
}

impl<'d> Statement<'d> {
    /// What it does.
    pub(in crate::rules) fn effect(&self) -> Effect {
        let read = self.read.get("Effect");
        match (read.why_unknown(), read.as_str()) {
            (Some(why), _) => Effect::Unknown(why),
            (None, Some("Allow")) => Effect::Allow,
            (None, Some("Deny")) => Effect::Deny,
            (None, _) => Effect::None,
        }
    }

    /// A list-like element: `Action`, `NotAction`, `Resource`, `NotResource`.
    pub(in crate::rules) fn list(&self, element: &str) -> Items<'d> {
        self.read.get(element).items()
    }

    /// Whether it has the element at all, whatever it says.
    pub(in crate::rules) fn has(&self, element: &str) -> bool {
        !self.read.get(element).is_absent()
    }

    /// Whether its `Action` or `NotAction` covers an action (without wildcards).
    pub(in crate::rules) fn covers(&self, action: &str) -> Result<bool, Unknown> {
        match (self.list("Action"), self.list("NotAction")) {
            (Items::Absent, Items::Absent) => Ok(false),
            (Items::Absent, _) => {
                names(&self.read.get("NotAction"), |pattern| matches(pattern, action)).map(|named| !named)
            }
            _ => names(&self.read.get("Action"), |pattern| matches(pattern, action)),
        }
    }

    /// Whether it holds for every resource and under no condition.
    fn is_unconditional(&self) -> Result<bool, Unknown> {
        if self.has("Condition") || self.has("NotResource") || self.has("NotPrincipal") {
            return Ok(false);
        }
        // A trust policy has no resource: it is the role's own.
        if !self.has("Resource") {
            return Ok(true);
        }
        names(&self.read.get("Resource"), |resource| resource == "*")
    }

    /// Whether its principal is a service, by name or as "everybody".
    pub(in crate::rules) fn names_service(&self, service: &str) -> Result<bool, Unknown> {
        let principal = self.read.get("Principal");
        match principal.value().map(|v| &v.kind) {
            Some(Kind::Map(_)) => names(&principal.get("Service"), |name| name.eq_ignore_ascii_case(service)),
            _ => names(&principal, |name| name == "*"),
        }
    }
}

/// Whether one of a list's texts satisfies `test`: an unreadable one leaves it open, unless another decides.
pub(in crate::rules) fn names(list: &Read<'_>, test: impl Fn(&str) -> bool) -> Result<bool, Unknown> {
    let mut why = None;
    match list.items() {
        Items::Absent => {}
        Items::Unknown => why = list.why_unknown(),
        Items::Are(items) => {
            for item in items {
                match (item.why_unknown(), item.as_str()) {
                    (Some(reason), _) => why = Some(reason),
                    (None, Some(name)) if test(name) => return Ok(true),
                    (None, _) => {}
                }
            }
        }
    }
    why.map_or(Ok(false), Err)
}

/// Not known, for a reason that was found further down than `read`.
pub(in crate::rules) fn unknown(read: &Read<'_>, expected: &str, why: &Unknown) -> Verdict {
    Verdict::unknown(crate::rules::verdict::Evidence::unknown(read, expected, why))
}

/// Whether an IAM pattern (`*`, `?`) matches a text, regardless of case as actions do.
pub(in crate::rules) fn matches(pattern: &str, text: &str) -> bool {
    let lower = |s: &str| s.bytes().map(|b| b.to_ascii_lowercase()).collect::<Vec<_>>();
    let (pattern, text) = (lower(pattern), lower(text));
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stands, and how much of the text it has swallowed so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(b'?'), _) => (p, t) = (p + 1, t + 1),
            (Some(a), Some(b)) if a == b => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, swallowed)) => {
                    star = Some((at, swallowed + 1));
                    (p, t) = (at + 1, swallowed + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|&b| b == b'*')
}

/// A parsed value that stands where its text stands.
fn placed(mut value: Value, at: Span) -> Value {
    value.at = at;
    value.kind = match value.kind {
        Kind::List(list) => Kind::List(list.into_iter().map(|v| placed(v, at)).collect()),
        Kind::Map(mut map) => {
            for entry in map.values_mut() {
                entry.key_at = at;
                entry.value = placed(std::mem::replace(&mut entry.value, Value { kind: Kind::Null, at }), at);
            }
            Kind::Map(map)
        }
        scalar => scalar,
    };
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Resource, World};
    use serde_json::{Value as Json, json};

    fn holder(document: &Json) -> Resource {
        let mut r = Resource::new("AWS::IAM::ManagedPolicy", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(&json!({ "PolicyDocument": document }));
        r
    }

    fn allows(document: &Json, action: &str) -> &'static str {
        verdict(&Document::new(holder(document).get("PolicyDocument")), action)
    }

    fn verdict(document: &Document<'_>, action: &str) -> &'static str {
        document.any("allowed", |statement| statement.allows(action)).and(document.does_not_deny(action)).word()
    }

    #[test]
    fn patterns_match_as_iam_matches_them() {
        for (pattern, text, expected) in [
            ("logs:*", "logs:PutLogEvents", true),
            ("LOGS:put*", "logs:PutLogEvents", true),
            ("logs:Create?ogStream", "logs:CreateLogStream", true),
            ("*Log*Events", "logs:PutLogEvents", true),
            ("logs:Put", "logs:PutLogEvents", false),
            ("", "logs:PutLogEvents", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_lone_statement_a_lone_action_and_json_text_are_read_like_lists() {
        let statement = json!({"Effect": "Allow", "Action": "logs:Put*", "Resource": "*"});
        for document in [
            json!({"Statement": statement}),
            json!({"Statement": [statement]}),
            json!(json!({"Statement": [statement]}).to_string()),
        ] {
            assert_eq!(allows(&document, "logs:PutLogEvents"), "pass");
            assert_eq!(allows(&document, "logs:CreateLogStream"), "fail");
        }
    }

    #[test]
    fn text_that_is_no_json_is_unknown() {
        assert_eq!(allows(&json!("{oops"), "logs:PutLogEvents"), "unknown");
    }

    #[test]
    fn not_action_allows_everything_else() {
        let document = json!({"Statement": {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}});
        assert_eq!(allows(&document, "logs:PutLogEvents"), "pass");
        assert_eq!(allows(&document, "iam:PassRole"), "fail");
    }

    #[test]
    fn only_an_outright_deny_takes_an_action_away() {
        let allow = json!({"Effect": "Allow", "Action": "logs:*", "Resource": "*"});
        let deny = json!({"Effect": "Deny", "Action": "logs:Put*", "Resource": "*"});
        let narrow = json!({"Effect": "Deny", "Action": "logs:Put*", "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}});
        assert_eq!(allows(&json!({"Statement": [allow, deny]}), "logs:PutLogEvents"), "fail");
        assert_eq!(allows(&json!({"Statement": [allow, narrow]}), "logs:PutLogEvents"), "pass");
    }

    #[test]
    fn an_unreadable_action_leaves_it_open_unless_another_decides() {
        let mut r = holder(&json!({"Statement": [{"Effect": "Allow", "Action": ["x", "logs:Get*"]}]}));
        set(
            &mut r.properties,
            &["PolicyDocument", "Statement", "0", "Action", "0"],
            Kind::Unknown(Unknown::Parameter("P".into())),
        );
        let document = Document::new(r.get("PolicyDocument"));
        assert_eq!(verdict(&document, "logs:GetLogEvents"), "pass");
        assert_eq!(verdict(&document, "logs:PutLogEvents"), "unknown");
    }

    fn set(value: &mut Value, path: &[&str], kind: Kind) {
        let Some((first, rest)) = path.split_first() else {
            value.kind = kind;
            return;
        };
        match &mut value.kind {
            Kind::Map(map) => set(&mut map.get_mut(*first).unwrap().value, rest, kind),
            Kind::List(list) => set(&mut list[first.parse::<usize>().unwrap()], rest, kind),
            other => panic!("no {first} in {other:?}"),
        }
    }

    #[test]
    fn trust_is_given_to_services_by_name_or_to_everybody() {
        let trusts = |principal: Json| {
            let r = holder(
                &json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}),
            );
            Document::new(r.get("PolicyDocument")).trusts_service("vpc-flow-logs.amazonaws.com").word()
        };
        assert_eq!(trusts(json!({"Service": ["ec2.amazonaws.com", "vpc-flow-logs.amazonaws.com"]})), "pass");
        assert_eq!(trusts(json!("*")), "pass");
        assert_eq!(trusts(json!({"Service": "ec2.amazonaws.com"})), "fail");
        assert_eq!(trusts(json!({"AWS": "arn:aws:iam::123456789012:root"})), "fail");
    }
}
