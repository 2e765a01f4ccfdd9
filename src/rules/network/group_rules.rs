//! The rules of a security group, inline or standing alone, read in the same way.

use crate::model::{Items, Listing, Read, Related, Resource};
use crate::rules::check::unknown;
use crate::rules::{Context, Verdict};

pub(in crate::rules) const GROUP: &str = "AWS::EC2::SecurityGroup";

/// Which way traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Ingress,
    Egress,
}

/// One rule of a security group.
#[derive(Debug)]
pub(super) enum GroupRule<'a> {
    /// An element of the group's list.
    Inline(Read<'a>),
    /// A resource of its own.
    Standalone(&'a Resource),
}

impl Way {
    /// The group's list.
    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Ingress => "SecurityGroupIngress",
            Self::Egress => "SecurityGroupEgress",
        }
    }

    /// The type of a rule that stands alone.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Ingress => "AWS::EC2::SecurityGroupIngress",
            Self::Egress => "AWS::EC2::SecurityGroupEgress",
        }
    }
}

impl<'a> GroupRule<'a> {
    /// Reads a property of the rule.
    pub(super) fn get(&self, property: &str) -> Read<'a> {
        match self {
            Self::Inline(read) => read.get(property),
            Self::Standalone(resource) => resource.get(property),
        }
    }
}

/// The declared rules that stand alone and name a group. AWS shows the rules of a group with the group already.
pub(super) fn standalone<'a>(group: &'a Resource, cx: &Context<'a>, way: Way) -> Listing<'a> {
    if group.is_live() {
        return Listing { items: Vec::new(), incomplete: None };
    }
    let mut listing = cx.estate.referrers(group, way.kind(), "GroupId");
    listing.items.extend(cx.estate.referrers(group, way.kind(), "GroupName").items);
    listing
}

/// All rules of a group that go one way. The error is the list, if it cannot be read; an element that cannot be read is
/// a rule of which nothing is known.
pub(super) fn all<'a>(group: &'a Resource, cx: &Context<'a>, way: Way) -> Result<Vec<GroupRule<'a>>, Read<'a>> {
    let list = group.get(way.list());
    let inline = match list.items() {
        Items::Absent => Vec::new(),
        Items::Unknown => return Err(list),
        Items::Are(items) => items,
    };
    let own = standalone(group, cx, way).items.into_iter().map(GroupRule::Standalone);
    Ok(inline.into_iter().map(GroupRule::Inline).chain(own).collect())
}

/// Judges every rule of a subject that goes one way. The subject is a group, or a rule that stands alone: `None` if its
/// group is in the estate, for then it is judged as part of that. A rule whose group cannot be told is judged alone, so
/// it takes no certainty from the groups it may belong to.
pub(super) fn each<'a>(
    subject: &'a Resource,
    cx: &Context<'a>,
    way: Way,
    expected: &str,
    test: impl Fn(&GroupRule<'a>) -> Verdict,
) -> Option<Verdict> {
    if &*subject.kind != GROUP {
        let in_estate = ["GroupId", "GroupName"]
            .iter()
            .any(|name| matches!(cx.estate.follow(&subject.get(name), &[GROUP]), Related::Found(_)));
        return (!in_estate).then(|| test(&GroupRule::Standalone(subject)));
    }
    let list = subject.get(way.list());
    let inline = match list.items() {
        Items::Absent => Verdict::Pass,
        Items::Unknown => unknown(&list, expected),
        Items::Are(items) => Verdict::all(items.into_iter().map(|item| match item.why_unknown() {
            Some(_) => unknown(&item, expected),
            None => test(&GroupRule::Inline(item)),
        })),
    };
    let own = standalone(subject, cx, way).items.into_iter();
    Some(own.fold(inline, |verdict, rule| verdict.and(test(&GroupRule::Standalone(rule)).on(rule.address.name()))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::GROUP;
    use crate::rules::network::testing::{account, judge, observed};

    const INGRESS: &str = "AWS::EC2::SecurityGroupIngress";

    #[test]
    fn an_observed_rule_is_counted_once_with_its_group() {
        let rule = json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"});
        let mut own = rule.clone();
        own["GroupId"] = json!("sg-1");
        let group = observed(GROUP, "sg-1", &json!({"SecurityGroupIngress": [rule]}));
        let estate = account(vec![group, observed(INGRESS, "sgr-1", &own)], &[GROUP, INGRESS], &[]);
        let verdict = judge("restricted-ssh", &estate, "sg-1").unwrap();
        assert_eq!((verdict.word(), verdict.evidence().len()), ("fail", 1));
        assert_eq!(judge("restricted-ssh", &estate, "sgr-1"), None);
    }

    #[test]
    fn an_observed_rule_whose_group_could_not_be_listed_speaks_for_itself() {
        let rule = json!({"GroupId": "sg-1", "IpProtocol": "-1", "CidrIp": "0.0.0.0/0"});
        let estate = account(vec![observed(INGRESS, "sgr-1", &rule)], &[INGRESS], &[GROUP]);
        assert_eq!(judge("restricted-ssh", &estate, "sgr-1").unwrap().word(), "fail");
    }

    #[test]
    fn the_egress_that_aws_adds_fails_and_no_egress_at_all_passes() {
        let word = |egress: &serde_json::Value| {
            let group = observed(GROUP, "sg-1", &json!({"GroupName": "g", "SecurityGroupEgress": egress}));
            judge("security-group-explicit-egress", &account(vec![group], &[GROUP], &[]), "sg-1").unwrap().word()
        };
        assert_eq!(word(&json!([{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])), "fail");
        assert_eq!(word(&json!([])), "pass");
    }
}
