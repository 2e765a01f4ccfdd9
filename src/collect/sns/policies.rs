//! Policies of topics: part of the answer about a topic.

use super::{SPEC, topics};
use crate::collect::attributes::Attributes;
use crate::collect::json::document;
use crate::collect::shape::set;
use crate::collect::{Cx, TypeSpec};
use crate::model::{Kind, Provenance, Resource};

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::SNS::TopicPolicy",
    asked: &[("", topics::READ)],
    reads: &["PolicyDocument", "Topics"],
    ..TypeSpec::LISTED
};

/// A topic always has a policy: where nobody set one, SNS's own, which lets the account do everything. The id is made up by the stack and AWS
/// knows none, so the name is the topic's.
pub(super) fn resource(cx: &Cx, arn: &str, attributes: &Attributes) -> Option<Resource> {
    let policy = document(attributes.get("Policy").map(String::as_str));
    if policy == Kind::Null {
        return None;
    }
    let mut r = cx.resource(&SPEC, TYPE.name, arn, "");
    r.set("PolicyDocument", policy);
    r.set("Topics", set([arn]));
    let of_sns = is_default(&r);
    r.set_attribute("IsDefault", Kind::Bool(of_sns));
    if of_sns {
        r.provenance = Provenance::Service;
    }
    Some(r)
}

/// SNS names its own statement, and restricts it to the topic's account. The console keeps the name when it changes the statement.
fn is_default(policy: &Resource) -> bool {
    let own = policy.get("PolicyDocument.Statement.0");
    let owner = own.get("Condition.StringEquals.AWS:SourceOwner");
    own.get("Sid").as_str() == Some("__default_statement_ID")
        && owner.as_str() == Some(&*policy.address.account)
        && policy.get("PolicyDocument.Statement.1").is_absent()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::offline;
    use serde_json::{Value as Json, json};

    #[test]
    fn the_policy_that_sns_gives_is_told_from_one_that_somebody_set() {
        let is_default = |sid: &str, owner: &str, more: Json| {
            let own = json!({"Sid": sid, "Effect": "Allow", "Condition": {"StringEquals": {"AWS:SourceOwner": owner}}});
            let statements: Vec<Json> =
                std::iter::once(own).chain(more.as_array().cloned().into_iter().flatten()).collect();
            let document = json!({"Id": "__default_policy_ID", "Statement": statements}).to_string();
            let attributes = Attributes::from([("Policy".into(), document)]);
            let policy =
                resource(&offline("us-east-1"), "arn:aws:sns:us-east-1:123456789012:alerts", &attributes).unwrap();
            policy.provenance == Provenance::Service
        };
        assert!(is_default("__default_statement_ID", "123456789012", json!([])));
        assert!(!is_default("__default_statement_ID", "210987654321", json!([])));
        assert!(!is_default("__default_statement_ID", "123456789012", json!([{"Sid": "__console_pub_0"}])));
        assert!(!is_default("publish", "123456789012", json!([])));
    }
}
