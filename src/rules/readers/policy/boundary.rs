//! What a permissions boundary leaves open and what it takes away.

use super::{Document, Effect, unknown};
use crate::rules::answer::both;
use crate::rules::check;
use crate::rules::verdict::Verdict;

impl Document<'_> {
    /// Whether an action is left out: no statement allows it, or one denies it outright.
    pub(in crate::rules) fn does_not_allow(&self, action: &str) -> Verdict {
        let expected = format!("no statement that allows {action}");
        let denied = match self.does_not_deny(action) {
            Verdict::Fail(_) => return Verdict::Pass,
            open_or_not => open_or_not,
        };
        self.each(&expected, |statement| {
            let element = if statement.has("NotAction") { "NotAction" } else { "Action" };
            match (statement.allows(action), &denied) {
                (Ok(false), _) => Verdict::Pass,
                (Ok(true), Verdict::Pass) => check::fail(&statement.read.get(element), &expected),
                (Ok(true), _) => denied.clone(),
                (Err(why), _) => unknown(&statement.read.get(element), &expected, &why),
            }
        })
    }

    /// Whether a statement denies everything that an action pattern stands for, on every resource and under no condition.
    pub(in crate::rules) fn denies_outright(&self, pattern: &str) -> Verdict {
        let expected = format!("a statement that denies {pattern} on every resource, without a condition");
        self.any(&expected, |statement| {
            both(statement.effect().is(&Effect::Deny), || {
                both(statement.covers(pattern), || statement.is_unconditional())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Resource, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn boundary(statements: &Json) -> Resource {
        let mut r = Resource::new("AWS::IAM::ManagedPolicy", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(&json!({"PolicyDocument": {"Statement": statements}}));
        r
    }

    #[test]
    fn a_wildcard_allows_what_it_matches_unless_it_is_denied() {
        let wide = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
        let deny = json!({"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"});
        let allowed = |statements: &Json| {
            Document::new(boundary(statements).get("PolicyDocument")).does_not_allow("s3:DeleteObject").word()
        };
        assert_eq!(allowed(&json!([wide])), "fail");
        assert_eq!(allowed(&json!([wide, deny])), "pass");
        assert_eq!(allowed(&json!([{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}])), "pass");
    }

    #[test]
    fn a_deny_must_cover_the_whole_pattern() {
        let denies =
            |statement: Json| Document::new(boundary(&statement).get("PolicyDocument")).denies_outright("iam:*").word();
        assert_eq!(denies(json!({"Effect": "Deny", "Action": ["iam:*", "account:*"], "Resource": "*"})), "pass");
        assert_eq!(denies(json!({"Effect": "Deny", "Action": "*", "Resource": "*"})), "pass");
        assert_eq!(denies(json!({"Effect": "Deny", "Action": "iam:Create*", "Resource": "*"})), "fail");
        assert_eq!(denies(json!({"Effect": "Deny", "Action": "iam:*", "Resource": "arn:aws:iam::1:role/x"})), "fail");
    }
}
