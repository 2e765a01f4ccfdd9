//! All policies in force for a principal, asked together.

use super::principal::{Attached, MANAGED, PRINCIPALS, attached, standalone};
use super::{Document, Effect, Statement, unknown};
use crate::model::{Estate, Items, Read, Resource, Unknown};
use crate::rules::answer::both;
use crate::rules::check;
use crate::rules::readers::aws_policies::never_grants;
use crate::rules::verdict::Verdict;

/// The documents in force for a role, user or group: inline ones, standalone ones, attached ones of the customer's; the names of AWS's.
#[derive(Debug)]
pub(in crate::rules) struct InForce<'a> {
    documents: Vec<(Document<'a>, Option<&'a str>)>,
    /// Policies of AWS's that are attached, by path and name.
    pub aws: Vec<String>,
    /// Why there may be others.
    open: Option<Unknown>,
    /// What evidence is about where there is nothing.
    place: Read<'a>,
}

impl<'a> InForce<'a> {
    /// What is in force for a principal.
    pub(in crate::rules) fn of(estate: &'a Estate, principal: &'a Resource) -> Self {
        let arns = principal.get("ManagedPolicyArns");
        let mut all = Self { documents: Vec::new(), aws: Vec::new(), open: None, place: arns.clone() };
        let inline = principal.get("Policies");
        match inline.items() {
            Items::Absent => {}
            Items::Unknown => all.leave_open(inline.why_unknown()),
            Items::Are(items) => {
                for item in items {
                    all.documents.push((Document::new(item.get("PolicyDocument")), None));
                }
            }
        }
        let (others, why) = standalone(estate, principal);
        all.leave_open(why);
        let mut attached = Vec::new();
        match arns.items() {
            Items::Absent => {}
            Items::Unknown => all.leave_open(arns.why_unknown()),
            Items::Are(items) => items.iter().for_each(|arn| attached.extend(all.attach(estate, arn))),
        }
        if !principal.is_live() {
            for &(_, list, ..) in PRINCIPALS.iter().filter(|(kind, ..)| *kind == &*principal.kind) {
                let listing = estate.referrers(principal, MANAGED, list);
                attached.extend(listing.items);
                all.leave_open(listing.incomplete);
            }
        }
        attached.sort_by(|a, b| a.address.cmp(&b.address));
        attached.dedup_by(|a, b| a.address == b.address);
        others.into_iter().chain(attached).for_each(|policy| all.add(policy));
        all
    }

    /// Adds the document of a policy resource.
    pub(in crate::rules) fn add(&mut self, policy: &'a Resource) {
        self.documents.push((Document::new(policy.get("PolicyDocument")), Some(policy.address.name())));
    }

    /// Adds everything that is in force for another principal: a user has the policies of their groups.
    pub(in crate::rules) fn join(&mut self, other: Self) {
        self.documents.extend(other.documents);
        self.aws.extend(other.aws);
        self.leave_open(other.open);
    }

    /// Says that there may be more.
    pub(in crate::rules) fn leave_open(&mut self, why: Option<Unknown>) {
        self.open = self.open.take().or(why);
    }

    /// The same where it matters whether the policies of AWS's allow an action: nobody has read them. Some are known to be about other services.
    pub(super) fn with_aws_unread(mut self, action: &str) -> Self {
        if let Some(name) = self.aws.iter().find(|name| !never_grants(name, action)) {
            let why = Unknown::Unsupported(format!("the document of AWS's policy {name}").into());
            self.leave_open(Some(why));
        }
        self
    }

    fn attach(&mut self, estate: &'a Estate, arn: &Read<'_>) -> Option<&'a Resource> {
        match attached(estate, arn) {
            Attached::Customer(policy) => return Some(policy),
            Attached::Aws(name) => self.aws.push(name),
            Attached::Missing => {}
            Attached::Unknown(why) => self.leave_open(Some(why)),
        }
        None
    }

    /// Whether one of AWS's policies of these names is attached.
    pub(in crate::rules) fn has_aws(&self, names: &[&str]) -> bool {
        self.aws.iter().any(|name| names.iter().any(|n| name.rsplit('/').next() == Some(*n)))
    }

    /// One statement satisfies `test`. Policies of AWS's are not looked into.
    pub(in crate::rules) fn any(
        &self,
        expected: &str,
        test: impl Fn(&Statement<'_>) -> Result<bool, Unknown>,
    ) -> Verdict {
        let mut open = self.open.clone();
        for (document, _) in &self.documents {
            match document.any(expected, &test) {
                Verdict::Pass => return Verdict::Pass,
                Verdict::Unknown(_) => {
                    let (statements, why) = document.statements();
                    let reason = why.or_else(|| statements.iter().find_map(|statement| test(statement).err()));
                    open = open.or(reason);
                }
                Verdict::Fail(_) => {}
            }
        }
        match open {
            Some(why) => unknown(&self.place, expected, &why),
            None => check::fail(&self.place, expected),
        }
    }

    /// Every statement that can be read satisfies `test`; evidence from other resources is led by their names.
    pub(in crate::rules) fn each(&self, expected: &str, mut test: impl FnMut(&Statement<'_>) -> Verdict) -> Verdict {
        Verdict::all(self.documents.iter().map(|(document, lead)| {
            let verdict = document.each(expected, &mut test);
            lead.map_or_else(|| verdict.clone(), |name| verdict.clone().on(name))
        }))
    }

    /// An action is allowed on something, and not denied outright.
    pub(in crate::rules) fn allows(&self, action: &str, expected: &str) -> Verdict {
        self.allows_where(action, expected, |_| Ok(true))
    }

    /// An action is allowed by a statement that satisfies `test`, and not denied outright.
    pub(in crate::rules) fn allows_where(
        &self,
        action: &str,
        expected: &str,
        test: impl Fn(&Statement<'_>) -> Result<bool, Unknown>,
    ) -> Verdict {
        let granted = self.any(expected, |statement| both(statement.allows(action), || test(statement)));
        granted.and(Verdict::all(self.documents.iter().map(|(document, lead)| {
            let verdict = document.does_not_deny(action);
            lead.map_or_else(|| verdict.clone(), |name| verdict.clone().on(name))
        })))
    }
}

impl Document<'_> {
    /// One statement satisfies `test`.
    pub(in crate::rules) fn has(
        &self,
        expected: &str,
        test: impl Fn(&Statement<'_>) -> Result<bool, Unknown>,
    ) -> Verdict {
        self.any(expected, test)
    }
}

impl Statement<'_> {
    /// Whether it allows an action, on something.
    pub(in crate::rules) fn allows(&self, action: &str) -> Result<bool, Unknown> {
        both(self.effect().is(&Effect::Allow), || self.covers(action))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn declared(kind: &str, id: &str, properties: &Json) -> Resource {
        let address = Address { stack: Some("s".into()), logical_id: Some(id.into()), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    fn allows(action: &str, others: Vec<Resource>) -> &'static str {
        let aws = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy";
        let role = declared("AWS::IAM::Role", "R", &json!({"RoleName": "web", "ManagedPolicyArns": [aws]}));
        let estate = Estate::new([vec![role], others].concat(), None);
        let role = estate.by_logical_id("s", "R").unwrap();
        let policies = InForce::of(&estate, role);
        assert!(policies.has_aws(&["CloudWatchAgentServerPolicy"]));
        policies.allows(action, "allowed").word()
    }

    fn document(effect: &str, action: &str) -> Json {
        json!({"Statement": {"Effect": effect, "Action": action, "Resource": "*"}})
    }

    #[test]
    fn policies_that_name_the_role_by_text_count_and_those_of_aws_are_not_looked_into() {
        let inline = declared(
            "AWS::IAM::RolePolicy",
            "P",
            &json!({"RoleName": "web", "PolicyDocument": document("Allow", "s3:Get*")}),
        );
        let managed = declared(MANAGED, "M", &json!({"Roles": ["web"], "PolicyDocument": document("Allow", "sqs:*")}));
        let all = vec![inline, managed];
        assert_eq!(allows("s3:GetObject", all.clone()), "pass");
        assert_eq!(allows("sqs:SendMessage", all.clone()), "pass");
        assert_eq!(allows("logs:PutLogEvents", all), "fail");
    }

    #[test]
    fn what_another_policy_denies_is_not_allowed() {
        let allow =
            declared("AWS::IAM::Policy", "A", &json!({"Roles": ["web"], "PolicyDocument": document("Allow", "s3:*")}));
        let deny = declared(
            "AWS::IAM::Policy",
            "D",
            &json!({"Roles": ["web"], "PolicyDocument": document("Deny", "s3:Get*")}),
        );
        assert_eq!(allows("s3:GetObject", vec![allow.clone(), deny]), "fail");
        assert_eq!(allows("s3:PutObject", vec![allow]), "pass");
    }
}
