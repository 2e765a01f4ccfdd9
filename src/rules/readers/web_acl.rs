//! WAF web ACLs: the statements of their rules, wherever they are nested, and what the rules do.

use crate::model::{Estate, Items, Read, Related, Resource, Unknown, Value};
use crate::rules::check;
use crate::rules::verdict::{Evidence, Verdict};

/// `AWS::WAFv2::WebACL`.
pub(in crate::rules) const WEB_ACL: &str = "AWS::WAFv2::WebACL";
const RULE_GROUP: &str = "AWS::WAFv2::RuleGroup";

/// Actions that stop a request or make it prove itself.
const ENFORCING: &[&str] = &["Block", "Captcha", "Challenge"];

/// A statement of a kind that was asked for, and the rule that it stands in.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Found<'a> {
    /// The statement's own member, `…RateBasedStatement`.
    pub statement: Read<'a>,
    /// The rule.
    pub rule: Read<'a>,
    /// Where the rule comes from a rule group of the account's: the reference, whose override may take its action away.
    pub through: Option<Read<'a>>,
}

/// What was found in the rules of a web ACL, and why there may be more.
#[derive(Debug)]
pub(in crate::rules) struct Statements<'a> {
    /// The statements.
    pub found: Vec<Found<'a>>,
    /// Where there may be others that cannot be seen.
    pub open: Option<(Read<'a>, Unknown)>,
}

impl<'a> Statements<'a> {
    /// The statements of a kind (`RateBasedStatement`) in the rules of a web ACL and of the rule groups that it refers to.
    pub(in crate::rules) fn of(estate: &'a Estate, acl: &'a Resource, kind: &str) -> Self {
        let mut statements = Self { found: Vec::new(), open: None };
        statements.read(estate, &acl.get("Rules"), kind, None);
        statements
    }

    fn read(&mut self, estate: &'a Estate, rules: &Read<'a>, kind: &str, through: Option<&Read<'a>>) {
        let items = match rules.items() {
            Items::Absent => return,
            Items::Unknown => return self.unsure(rules),
            Items::Are(items) => items,
        };
        for rule in items {
            if rule.why_unknown().is_some() {
                self.unsure(&rule);
                continue;
            }
            let mut wanted = Vec::new();
            self.nested(&rule.get("Statement"), kind, &mut wanted);
            self.found.extend(wanted.into_iter().map(|statement| Found {
                statement,
                rule: rule.clone(),
                through: through.cloned(),
            }));
            let mut groups = Vec::new();
            self.nested(&rule.get("Statement"), "RuleGroupReferenceStatement", &mut groups);
            // A rule group cannot refer to another one.
            if through.is_none() {
                for group in groups {
                    let arn = group.get("Arn");
                    match estate.follow(&arn, &[RULE_GROUP]) {
                        Related::Found(group) => self.read(estate, &group.get("Rules"), kind, Some(&rule)),
                        Related::Missing => self.open = Some((arn, Unknown::Outside("the rule group".into()))),
                        Related::Unknown(why) => self.open = Some((arn, why)),
                    }
                }
            }
        }
    }

    /// The statement itself, or what it joins with and, or.
    fn nested(&mut self, statement: &Read<'a>, kind: &str, found: &mut Vec<Read<'a>>) {
        if statement.why_unknown().is_some() {
            return self.unsure(statement);
        }
        let wanted = statement.get(kind);
        if wanted.why_unknown().is_some() {
            self.unsure(&wanted);
        } else if !wanted.is_absent() {
            found.push(wanted);
        }
        for joined in ["AndStatement.Statements", "OrStatement.Statements"] {
            let list = statement.get(joined);
            match list.items() {
                Items::Absent => {}
                Items::Unknown => self.unsure(&list),
                Items::Are(items) => items.iter().for_each(|item| self.nested(item, kind, found)),
            }
        }
    }

    fn unsure(&mut self, read: &Read<'a>) {
        self.open = Some((read.clone(), read.why_unknown().unwrap_or(Unknown::NotCollected)));
    }

    /// One of them satisfies `test`; where none does, what could not be seen leaves it open.
    pub(in crate::rules) fn some(
        &self,
        acl: &Resource,
        expected: &str,
        test: impl Fn(&Found<'a>) -> Verdict,
    ) -> Verdict {
        let nothing = || check::fail(&acl.get("Rules"), expected);
        let judged = self.found.iter().map(|found| led(test(found), acl, &found.statement));
        Verdict::any(judged, nothing).or(|| match &self.open {
            Some((read, why)) => led(Verdict::unknown(Evidence::unknown(read, expected, why)), acl, read),
            None => nothing(),
        })
    }
}

/// Evidence that was not read from the subject itself is led by the name of what it was read from.
fn led(verdict: Verdict, subject: &Resource, read: &Read<'_>) -> Verdict {
    if std::ptr::eq(subject, read.resource) { verdict } else { verdict.on(read.resource.address.name()) }
}

impl Found<'_> {
    /// The rule stops what its statement finds: it does not only count.
    pub(in crate::rules) fn acts(&self) -> Verdict {
        let action = self.rule.get("Action");
        let expected = "Block, Captcha or Challenge";
        let own = check::require(&action, expected, |v| Some(ENFORCING.iter().any(|name| v.child(name).is_some())));
        own.and(self.through.as_ref().map_or(Verdict::Pass, |rule| overrides_nothing(rule)))
    }

    /// The rule group acts as its rules say: the rule that brings it in does not override it to count.
    pub(in crate::rules) fn group_acts(&self) -> Verdict {
        overrides_nothing(&self.rule)
    }
}

/// `OverrideAction` is `None`, or is not said, which comes to the same.
fn overrides_nothing(rule: &Read<'_>) -> Verdict {
    check::allow_absent(&rule.get("OverrideAction"), "None", |v| Some(v.child("Count").is_none()))
}

/// A web ACL has at least one rule, its own or one of a firewall administrator's.
pub(in crate::rules) fn has_rules(acl: &Resource) -> Verdict {
    let managed = ["PreProcessFirewallManagerRuleGroups", "PostProcessFirewallManagerRuleGroups"];
    let is_list = |read: &Read<'_>| matches!(read.items(), Items::Are(list) if !list.is_empty());
    if managed.iter().any(|fact| is_list(&acl.attribute(fact))) {
        return Verdict::Pass;
    }
    check::require(&acl.get("Rules"), "at least one rule", |v: &Value| {
        Some(v.as_list().map_or(v.as_map().is_some(), |list| !list.is_empty()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn acl(rules: &Json) -> Resource {
        let mut r = Resource::new(WEB_ACL, Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(&json!({ "Rules": rules }));
        r
    }

    fn limits(rules: &Json) -> (usize, bool) {
        let (acl, estate) = (acl(rules), Estate::default());
        let statements = Statements::of(&estate, &acl, "RateBasedStatement");
        (statements.found.len(), statements.open.is_some())
    }

    #[test]
    fn statements_are_found_alone_and_joined() {
        let rate = json!({"RateBasedStatement": {"Limit": 100}});
        assert_eq!(limits(&json!([{"Statement": rate}])), (1, false));
        assert_eq!(limits(&json!([{"Statement": {"AndStatement": {"Statements": [{}, rate]}}}])), (1, false));
        let deep = json!({"OrStatement": {"Statements": [{"AndStatement": {"Statements": [rate, rate]}}]}});
        assert_eq!(limits(&json!([{"Statement": deep}])), (2, false));
        assert_eq!(limits(&json!([{"Statement": {"NotStatement": {"Statement": rate}}}])), (0, false));
    }

    #[test]
    fn a_rule_group_that_is_nowhere_to_be_seen_leaves_it_open() {
        let group = json!({"RuleGroupReferenceStatement": {"Arn": "arn:aws:wafv2:r:1:regional/rulegroup/x/1"}});
        assert_eq!(limits(&json!([{"Statement": group}])), (0, true));
    }

    #[test]
    fn a_web_acl_without_rules_protects_nothing() {
        assert_eq!(has_rules(&acl(&json!([]))).word(), "fail");
        assert_eq!(has_rules(&acl(&json!(null))).word(), "fail");
        assert_eq!(has_rules(&acl(&json!([{"Name": "a"}]))).word(), "pass");
    }
}
