//! Entries of network ACLs.

use crate::model::network::{Known, Unsure};
use crate::model::{Read, Resource, Value};

/// `AWS::EC2::NetworkAclEntry`.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Entry<'a>(pub(in crate::rules) &'a Resource);

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Action {
    /// Lets it through.
    Allow,
    /// Keeps it out.
    Deny,
}

impl<'a> Entry<'a> {
    fn known(self, property: &str) -> Known<'a, Read<'a>> {
        let read = self.0.get(property);
        match read.why_unknown() {
            Some(why) => Err(Unsure::new(read, why)),
            None => Ok(read),
        }
    }

    /// Whether it is for what goes out; entries are for what comes in unless they say so.
    pub(in crate::rules) fn is_egress(self) -> Known<'a, bool> {
        Ok(self.known("Egress")?.value().and_then(Value::as_bool).unwrap_or(false))
    }

    /// What it does with what it is for.
    pub(in crate::rules) fn action(self) -> Known<'a, Action> {
        let allows = self.known("RuleAction")?.as_str().is_some_and(|word| word.eq_ignore_ascii_case("allow"));
        Ok(if allows { Action::Allow } else { Action::Deny })
    }

    /// Whether it is for all protocols, written as a number or as text.
    pub(in crate::rules) fn is_every_protocol(self) -> Known<'a, bool> {
        Ok(self.known("Protocol")?.value().and_then(Value::text).is_some_and(|text| matches!(&*text, "-1" | "all")))
    }

    /// Whether it is for every address, of either kind.
    pub(in crate::rules) fn is_everywhere(self) -> Known<'a, bool> {
        let mut open = None;
        for property in ["CidrBlock", "Ipv6CidrBlock"] {
            match self.known(property) {
                Ok(read) if matches!(read.as_str(), Some("0.0.0.0/0" | "::/0")) => return Ok(true),
                Ok(_) => {}
                Err(unsure) => open = Some(unsure),
            }
        }
        open.map_or(Ok(false), Err)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;

    fn entry(properties: &serde_json::Value) -> Resource {
        let mut r = Resource::new("AWS::EC2::NetworkAclEntry", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    #[test]
    fn numbers_may_be_text_and_silence_means_ingress() {
        for protocol in [json!(-1), json!("-1")] {
            let r = entry(&json!({"Protocol": protocol, "RuleAction": "Allow", "Ipv6CidrBlock": "::/0"}));
            let entry = Entry(&r);
            assert_eq!(entry.is_every_protocol().ok(), Some(true));
            assert_eq!(entry.is_egress().ok(), Some(false));
            assert_eq!(entry.action().ok(), Some(Action::Allow));
            assert_eq!(entry.is_everywhere().ok(), Some(true));
        }
        let r = entry(&json!({"Protocol": 6, "Egress": "true", "RuleAction": "deny", "CidrBlock": "10.0.0.0/8"}));
        assert_eq!(Entry(&r).is_every_protocol().ok(), Some(false));
        assert_eq!(Entry(&r).is_egress().ok(), Some(true));
        assert_eq!(Entry(&r).action().ok(), Some(Action::Deny));
        assert_eq!(Entry(&r).is_everywhere().ok(), Some(false));
    }
}
