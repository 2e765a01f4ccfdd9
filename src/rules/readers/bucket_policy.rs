//! Bucket policies: whom they let in, and what they deny to everybody.

use super::policy::{Document, Effect, Statement, matches, names};
use super::sketch::{HOLE, naming, sketch};
use crate::model::network::about;
use crate::model::{Estate, Items, Kind, Listing, Read, Resource, Unknown, Value};
use crate::rules::answer::both;
use crate::rules::check;
use crate::rules::verdict::Verdict;

/// `AWS::S3::BucketPolicy`.
const BUCKET_POLICY: &str = "AWS::S3::BucketPolicy";

/// What of a bucket a statement is asked about.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) enum Part<'a> {
    /// The bucket itself.
    Bucket,
    /// All objects of it.
    Objects,
    /// Objects whose key looks like this one.
    Key(&'a str),
}

/// The policies of a bucket: one, or none. A template may name the bucket as its own property does.
pub(in crate::rules) fn policies<'a>(estate: &'a Estate, bucket: &Resource) -> Listing<'a> {
    naming(estate, bucket, BUCKET_POLICY, "Bucket", "BucketName")
}

/// One statement of the bucket's policy satisfies `test`.
pub(in crate::rules) fn states(
    estate: &Estate,
    bucket: &Resource,
    expected: &str,
    test: impl Fn(&Statement<'_>) -> Result<bool, Unknown>,
) -> Verdict {
    check::some(&policies(estate, bucket), &about(bucket, "BucketPolicy"), expected, |policy| {
        Document::new(policy.get("PolicyDocument")).any(expected, &test).on(policy.address.name())
    })
}

/// Every request that is not made over TLS is denied: for the bucket and for all its objects, in one statement or in two.
pub(in crate::rules) fn denies_insecure_transport(estate: &Estate, bucket: &Resource) -> Verdict {
    let part = |part, what: &str| {
        let expected = format!("a statement that denies requests without TLS to {what}");
        states(estate, bucket, &expected, |statement| {
            both(statement.effect().is(&Effect::Deny), || {
                both(everybody(statement), || {
                    both(every_action(statement), || both(reaches(statement, part), || Ok(is_insecure(statement))))
                })
            })
        })
    };
    part(Part::Bucket, "the bucket").and(part(Part::Objects, "its objects"))
}

/// A statement lets a service do something with a part of the bucket.
pub(in crate::rules) fn admits(
    statement: &Statement<'_>,
    service: &str,
    action: &str,
    part: Part<'_>,
) -> Result<bool, Unknown> {
    both(statement.effect().is(&Effect::Allow), || {
        both(statement.names_service(service), || both(statement.covers(action), || reaches(statement, part)))
    })
}

/// Whether it is about everybody: `*`, or `AWS: *`.
pub(in crate::rules) fn everybody(statement: &Statement<'_>) -> Result<bool, Unknown> {
    let principal = statement.read.get("Principal");
    match principal.value().map(|v| &v.kind) {
        Some(Kind::Map(_)) => names(&principal.get("AWS"), |name| name == "*"),
        _ => names(&principal, |name| name == "*"),
    }
}

fn every_action(statement: &Statement<'_>) -> Result<bool, Unknown> {
    names(&statement.read.get("Action"), |action| action == "*" || action.eq_ignore_ascii_case("s3:*"))
}

/// Whether the statement's resource covers a part of the bucket. The policy of a bucket can speak of no other one, so only the rest of the ARN counts.
pub(in crate::rules) fn reaches(statement: &Statement<'_>, part: Part<'_>) -> Result<bool, Unknown> {
    let list = statement.read.get("Resource");
    let items = match list.items() {
        Items::Absent => return Ok(false),
        // A lone text that is known in part.
        Items::Unknown => vec![list],
        Items::Are(items) => items,
    };
    let mut why = None;
    for item in items {
        match covers(&item, part) {
            Some(true) => return Ok(true),
            Some(false) => {}
            None => why = item.why_unknown().or(Some(Unknown::NotCollected)),
        }
    }
    why.map_or(Ok(false), Err)
}

fn covers(resource: &Read<'_>, part: Part<'_>) -> Option<bool> {
    if let Some(Value { kind: Kind::Ref(reference), .. }) = resource.value()
        && reference.attribute.as_deref() == Some("Arn")
    {
        return Some(matches!(part, Part::Bucket));
    }
    Some(fits(&sketch(resource)?, part))
}

/// Whether an ARN, holes standing for anything, covers a part of the bucket.
fn fits(arn: &str, part: Part<'_>) -> bool {
    if arn == "*" {
        return true;
    }
    let named = arn.split_once(":::").map_or(arn, |(_, named)| named);
    let (name, key) = named.split_once('/').map_or((named, None), |(name, key)| (name, Some(key)));
    let everything = name.ends_with('*') && key.is_none();
    match (part, key) {
        _ if everything => true,
        (Part::Bucket, None) => true,
        (Part::Bucket, Some(_)) | (Part::Objects | Part::Key(_), None) => false,
        (Part::Objects, Some(key)) => key == "*",
        (Part::Key(wanted), Some(key)) => matches(&any_account(key), wanted),
    }
}

/// A key with wildcards for what is not known and for the number of the account, which a template does not know.
fn any_account(key: &str) -> String {
    let is_account = |part: &str| part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit());
    let parts = key.split('/').map(|part| if is_account(part) { "*".to_owned() } else { part.replace(HOLE, "*") });
    parts.collect::<Vec<_>>().join("/")
}

/// Whether the only condition is that the request came without TLS. `NumericLessThan` on `s3:TlsVersion` does not say that: a request without TLS
/// has no such version, and only an operator with `IfExists` holds then.
fn is_insecure(statement: &Statement<'_>) -> bool {
    let condition = statement.read.get("Condition");
    let operators = condition.value().and_then(entries).unwrap_or_default();
    let [(operator, keys)] = *operators else { return false };
    let keys = entries(keys).unwrap_or_default();
    let [(key, value)] = *keys else { return false };
    let operator = operator.strip_prefix("ForAnyValue:").unwrap_or(operator);
    let is = |name: &str| operator.eq_ignore_ascii_case(name);
    let value = value.as_list().and_then(<[_]>::first).unwrap_or(value);
    match key.to_ascii_lowercase().as_str() {
        "aws:securetransport" => (is("Bool") || is("BoolIfExists")) && value.as_bool() == Some(false),
        "s3:tlsversion" => is("NumericLessThanIfExists"),
        _ => false,
    }
}

fn entries(value: &Value) -> Option<Vec<(&str, &Value)>> {
    Some(value.as_map()?.iter().map(|(key, entry)| (&**key, &entry.value)).collect())
}

/// Whether it holds for everybody but those that a condition or `NotPrincipal` excepts by who they are.
pub(in crate::rules) fn excepts_principals_alone(statement: &Statement<'_>) -> Result<bool, Unknown> {
    let condition = statement.read.get("Condition");
    if let Some(why) = condition.why_unknown() {
        return Err(why);
    }
    let operators = condition.value().and_then(entries).unwrap_or_default();
    let is_identity = |key: &str| {
        let key = key.to_ascii_lowercase();
        key.starts_with("aws:principal") || key == "aws:userid" || key == "aws:username"
    };
    let excepts = operators.iter().all(|(operator, keys)| {
        operator.contains("Not") && entries(keys).unwrap_or_default().iter().all(|(key, _)| is_identity(key))
    });
    if !excepts {
        return Ok(false);
    }
    if statement.has("NotPrincipal") { Ok(true) } else { everybody(statement) }
}

/// The values that a statement's conditions of equality name for a key, regardless of the key's case.
pub(in crate::rules) fn demanded<'d>(statement: &Statement<'d>, key: &str) -> Vec<Read<'d>> {
    const EQUALITIES: &[&str] = &["StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"];
    let condition = statement.read.get("Condition");
    let mut found = Vec::new();
    for (operator, keys) in condition.value().and_then(entries).unwrap_or_default() {
        let plain = operator.split_once(':').map_or(operator, |(_, plain)| plain).trim_end_matches("IfExists");
        if !EQUALITIES.iter().any(|name| name.eq_ignore_ascii_case(plain)) {
            continue;
        }
        for (name, _) in entries(keys).unwrap_or_default() {
            if name.eq_ignore_ascii_case(key) {
                let value = condition.get(operator).get(name);
                match value.items() {
                    Items::Absent => {}
                    Items::Unknown => found.push(value),
                    Items::Are(values) => found.extend(values),
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn bucket(name: &str) -> Resource {
        let address = Address { stack: Some("s".into()), logical_id: Some(name.into()), ..Address::default() };
        let mut r = Resource::new("AWS::S3::Bucket", address, World::Closed, Span::LIVE);
        r.properties = from_json(&json!({"BucketName": "logs"}));
        r
    }

    fn policy(statements: &Json) -> Resource {
        let address = Address { stack: Some("s".into()), logical_id: Some("Policy".into()), ..Address::default() };
        let mut r = Resource::new(BUCKET_POLICY, address, World::Closed, Span::LIVE);
        r.properties = from_json(&json!({"Bucket": "logs", "PolicyDocument": {"Statement": statements}}));
        r
    }

    fn denies(statements: &Json) -> &'static str {
        let estate = Estate::new(vec![bucket("Logs"), policy(statements)], None);
        denies_insecure_transport(&estate, estate.by_logical_id("s", "Logs").unwrap()).word()
    }

    fn deny(resource: &Json, condition: &Json) -> Json {
        json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resource, "Condition": condition})
    }

    #[test]
    fn the_denial_is_for_everybody_for_everything_and_for_nothing_but_tls() {
        let both = json!(["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]);
        let tls = json!({"Bool": {"aws:SecureTransport": "false"}});
        assert_eq!(denies(&json!([deny(&both, &tls)])), "pass");
        assert_eq!(denies(&json!(deny(&both, &json!({"bool": {"AWS:secureTransport": [false]}})))), "pass");
        let (one, other) = (deny(&json!("arn:aws:s3:::logs"), &tls), deny(&json!("arn:aws:s3:::logs/*"), &tls));
        assert_eq!(denies(&json!([one, other])), "pass");
        assert_eq!(denies(&json!([one])), "fail");
        assert_eq!(denies(&json!([deny(&both, &json!({"Bool": {"aws:SecureTransport": true}}))])), "fail");
        let narrowed = json!({"Bool": {"aws:SecureTransport": false}, "StringEquals": {"aws:PrincipalOrgID": "o-1"}});
        assert_eq!(denies(&json!([deny(&both, &narrowed)])), "fail");
        assert_eq!(denies(&json!([deny(&both, &json!({"NumericLessThan": {"s3:TlsVersion": 1.2}}))])), "fail");
        assert_eq!(denies(&json!([])), "fail");
    }

    #[test]
    fn an_arn_covers_the_bucket_all_objects_or_some() {
        for (arn, bucket, objects, key) in [
            ("*", true, true, true),
            ("arn:aws:s3:::logs", true, false, false),
            ("arn:aws:s3:::logs*", true, true, true),
            ("arn:aws:s3:::logs/*", false, true, true),
            ("\u{fffd}/*", false, true, true),
            ("\u{fffd}/AWSLogs/\u{fffd}/*", false, false, true),
            ("arn:aws:s3:::logs/other/*", false, false, false),
        ] {
            let key_fits = fits(arn, Part::Key("AWSLogs/123456789012/x"));
            assert_eq!((fits(arn, Part::Bucket), fits(arn, Part::Objects), key_fits), (bucket, objects, key), "{arn}");
        }
    }

    #[test]
    fn a_service_is_let_in_by_name() {
        let put = json!([{
            "Effect": "Allow", "Principal": {"Service": ["cloudtrail.amazonaws.com"]}, "Action": ["s3:PutObject"],
            "Resource": "arn:aws:s3:::logs/*", "Condition": {"StringEquals": {"AWS:SourceArn": "arn:t"}},
        }]);
        let estate = Estate::new(vec![bucket("Logs"), policy(&put)], None);
        let logs = estate.by_logical_id("s", "Logs").unwrap();
        let word = |service: &str, action: &str, part: Part<'_>| {
            states(&estate, logs, "x", |statement| admits(statement, service, action, part)).word()
        };
        assert_eq!(word("cloudtrail.amazonaws.com", "s3:PutObject", Part::Key("AWSLogs/1/x")), "pass");
        assert_eq!(word("cloudtrail.amazonaws.com", "s3:GetBucketAcl", Part::Bucket), "fail");
        assert_eq!(word("config.amazonaws.com", "s3:PutObject", Part::Objects), "fail");
        let source = states(&estate, logs, "x", |s| Ok(demanded(s, "aws:sourcearn").len() == 1));
        assert_eq!(source.word(), "pass");
    }
}
