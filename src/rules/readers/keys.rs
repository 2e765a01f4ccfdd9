//! KMS keys: which key a property names, in whatever form, and whose it is.

use crate::model::{Estate, Listing, Read, Related, Resource, Unknown};
use crate::rules::verdict::{Evidence, Verdict};
use crate::rules::{check, readers::written};

/// `AWS::KMS::Key`.
pub(in crate::rules) const KEY: &str = "AWS::KMS::Key";
/// `AWS::KMS::Alias`.
pub(in crate::rules) const ALIAS: &str = "AWS::KMS::Alias";
/// A copy of a key in another region.
const REPLICA: &str = "AWS::KMS::ReplicaKey";
/// How the names of AWS's own aliases begin. No customer can make one, and no customer's key can have one.
const AWS: &str = "alias/aws/";

/// What names a key, by service: type and property.
pub(in crate::rules) const USES: &[(&str, &str, &str)] = &[
    (
        "s3",
        "AWS::S3::Bucket",
        "BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.KMSMasterKeyID",
    ),
    ("rds", "AWS::RDS::DBInstance", "KmsKeyId"),
    ("rds", "AWS::RDS::DBCluster", "KmsKeyId"),
    ("ebs", "AWS::EC2::Volume", "KmsKeyId"),
    ("ebs", "AWS::EC2::LaunchTemplate", "LaunchTemplateData.BlockDeviceMappings.Ebs.KmsKeyId"),
    ("sns", "AWS::SNS::Topic", "KmsMasterKeyId"),
    ("sqs", "AWS::SQS::Queue", "KmsMasterKeyId"),
    ("logs", "AWS::Logs::LogGroup", "KmsKeyId"),
    ("cloudtrail", "AWS::CloudTrail::Trail", "KMSKeyId"),
    ("secretsmanager", "AWS::SecretsManager::Secret", "KmsKeyId"),
    ("dynamodb", "AWS::DynamoDB::Table", "SSESpecification.KMSMasterKeyId"),
    ("lambda", "AWS::Lambda::Function", "KmsKeyArn"),
    ("backup", "AWS::Backup::BackupVault", "EncryptionKeyArn"),
];

/// What a property that names a key (by id, ARN, alias or alias ARN) leads to.
#[derive(Debug)]
pub(in crate::rules) enum Key<'a> {
    /// No key is named.
    Absent,
    /// AWS's own key for a service.
    Aws,
    /// A key of the customer's that the estate holds.
    Customer(&'a Resource),
    /// A key of the customer's elsewhere: an alias without its key, a key of another account.
    Elsewhere,
    /// It does not exist (any more).
    Missing,
    /// Nobody can say.
    Unknown(Unknown),
}

/// Follows a property that names a key.
pub(in crate::rules) fn key<'a>(estate: &'a Estate, read: &Read<'_>) -> Key<'a> {
    if read.is_absent() || read.as_str() == Some("") {
        return Key::Absent;
    }
    let written = written::text(read);
    let alias = written.as_deref().and_then(alias_name);
    if alias.is_some_and(|name| name.starts_with(AWS)) {
        return Key::Aws;
    }
    // Copies are listed like any key; only templates have a type of their own for them.
    let kinds = if read.resource.is_live() { &[KEY, ALIAS][..] } else { &[KEY, ALIAS, REPLICA][..] };
    match estate.follow(read, kinds) {
        Related::Found(found) if &*found.kind == ALIAS => target(estate, found),
        Related::Found(found) => owner(found),
        found => {
            let declared = alias.and_then(|name| declared_alias(estate, read, name));
            match (declared, alias, found) {
                (Some(declared), _, _) => target(estate, declared),
                (None, Some(name), _) if !(name.starts_with("alias/${") && name.ends_with('}')) => Key::Elsewhere,
                (None, _, _) if written.as_deref().is_some_and(|text| is_foreign(text, read.resource)) => {
                    Key::Elsewhere
                }
                (None, _, Related::Unknown(why)) => Key::Unknown(why),
                _ => Key::Missing,
            }
        }
    }
}

/// The key of an alias.
fn target<'a>(estate: &'a Estate, alias: &'a Resource) -> Key<'a> {
    if is_aws(alias) {
        return Key::Aws;
    }
    match estate.follow(&alias.get("TargetKeyId"), &[KEY]) {
        Related::Found(key) => owner(key),
        _ => Key::Elsewhere,
    }
}

fn owner(key: &Resource) -> Key<'_> {
    if is_aws(key) { Key::Aws } else { Key::Customer(key) }
}

/// Whether AWS made this key or alias for one of its services.
pub(in crate::rules) fn is_aws(r: &Resource) -> bool {
    r.attribute("KeyManager").as_str() == Some("AWS")
}

/// The alias in a name or in an ARN: `alias/data`.
fn alias_name(text: &str) -> Option<&str> {
    let name = if text.starts_with("arn:") { text.splitn(6, ':').nth(5)? } else { text };
    name.starts_with("alias/").then_some(name)
}

/// The alias that a template of the estate declares under a name: by its literal name, or in the same template in the same words.
fn declared_alias<'a>(estate: &'a Estate, read: &Read<'_>, name: &str) -> Option<&'a Resource> {
    let from = &read.resource.address;
    estate.of_type(ALIAS).filter(|alias| alias.address.near(from)).find(|alias| {
        let given = alias.get("AliasName");
        given.as_str() == Some(name)
            || (!alias.is_live() && alias.address.stack == from.stack && written::text(&given).as_deref() == Some(name))
    })
}

/// Whether an ARN is of an account that is certainly not the resource's own: keys of AWS's are for their own account only.
fn is_foreign(text: &str, r: &Resource) -> bool {
    let own = &r.address.account;
    let account = text.strip_prefix("arn:").and_then(|_| text.split(':').nth(4)).unwrap_or_default();
    !own.is_empty() && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) && account != &**own
}

/// The property names a key of the customer's.
pub(in crate::rules) fn is_customers(estate: &Estate, read: &Read<'_>) -> Verdict {
    let expected = "a customer managed KMS key";
    match key(estate, read) {
        Key::Customer(_) | Key::Elsewhere => Verdict::Pass,
        Key::Absent | Key::Aws | Key::Missing => check::fail(read, expected),
        Key::Unknown(why) => Verdict::unknown(Evidence::unknown(read, expected, &why)),
    }
}

/// The property names a key, and not AWS's own. A template that spells out an id or ARN has said so, whosever key it turns out to be.
pub(in crate::rules) fn is_not_awss(estate: &Estate, read: &Read<'_>) -> Verdict {
    match is_customers(estate, read) {
        Verdict::Unknown(_) if !read.resource.is_live() && read.as_str().is_some() => Verdict::Pass,
        verdict => verdict,
    }
}

/// The property names a key, whosoever it is. An import or a text made of parts names one even if nobody knows which.
pub(in crate::rules) fn is_named(read: &Read<'_>) -> Verdict {
    let expected = "a KMS key";
    if let Some(value) = read.value() {
        return if value.as_str() == Some("") { check::fail(read, expected) } else { Verdict::Pass };
    }
    match read.why_unknown() {
        Some(Unknown::Import(_)) => Verdict::Pass,
        Some(_) if written::text(read).is_some_and(|text| !text.starts_with("${") || !text.ends_with('}')) => {
            Verdict::Pass
        }
        Some(_) => check::unknown(read, expected),
        None => check::fail(read, expected),
    }
}

/// The aliases of a key.
pub(in crate::rules) fn aliases<'a>(estate: &'a Estate, key: &Resource) -> Listing<'a> {
    estate.referrers(key, ALIAS, "TargetKeyId")
}

/// The resources of a type that name a key in a property (`A.B` for one below another), by whatever name.
pub(in crate::rules) fn users<'a>(estate: &'a Estate, key: &Resource, kind: &str, property: &str) -> Listing<'a> {
    let mut found = estate.referrers(key, kind, property);
    let names = aliases(estate, key);
    for alias in names.items {
        found.items.extend(estate.referrers(alias, kind, property).items);
    }
    found.items.sort_by(|a, b| a.address.cmp(&b.address));
    found.items.dedup_by(|a, b| a.address == b.address);
    found.incomplete = found.incomplete.or(names.incomplete);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};
    use std::collections::BTreeMap;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn live(kind: &str, id: &str, arn: &str, properties: &Json) -> Resource {
        let address = Address {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            physical_id: Some(id.into()),
            arn: Some(format!("arn:aws:kms:us-east-1:123456789012:{arn}").into()),
            ..Address::default()
        };
        let mut r = Resource::new(kind, address, World::Open { reads: &["KmsKeyId"] }, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    /// A key with an alias, and AWS's key for EBS with its own.
    fn estate(user: &Json) -> Estate {
        let mut aws = live(KEY, "aws", "key/aws", &json!({}));
        aws.set_attribute("KeyManager", crate::model::Kind::Str("AWS".into()));
        let resources = vec![
            aws,
            live(KEY, ID, &format!("key/{ID}"), &json!({})),
            live(ALIAS, "alias/data", "alias/data", &json!({"AliasName": "alias/data", "TargetKeyId": ID})),
            live("T", "user", "user", &json!({ "KmsKeyId": user })),
        ];
        let at = |kind: &str| ((kind.into(), "123456789012".into(), "us-east-1".into()), Ok(()));
        Estate::new(resources, Some(BTreeMap::from([at(KEY), at(ALIAS), at("T")])))
    }

    #[test]
    fn a_key_is_found_by_each_of_its_names_and_its_users_too() {
        let arn = |rest: &str| format!("arn:aws:kms:us-east-1:123456789012:{rest}");
        for name in [ID.to_owned(), arn(&format!("key/{ID}")), "alias/data".to_owned(), arn("alias/data")] {
            let estate = estate(&json!(name));
            let user = estate.of_type("T").next().unwrap();
            let Key::Customer(found) = key(&estate, &user.get("KmsKeyId")) else { panic!("{name}") };
            assert_eq!(found.address.name(), ID, "{name}");
            assert_eq!(users(&estate, found, "T", "KmsKeyId").items, [user], "{name}");
        }
    }

    #[test]
    fn whose_a_key_is() {
        let ask = |name: Json| {
            let estate = estate(&name);
            let read = estate.of_type("T").next().unwrap().get("KmsKeyId");
            match key(&estate, &read) {
                Key::Absent => "absent",
                Key::Aws => "aws",
                Key::Customer(_) => "customer",
                Key::Elsewhere => "elsewhere",
                Key::Missing => "missing",
                Key::Unknown(_) => "unknown",
            }
        };
        assert_eq!(ask(Json::Null), "absent");
        assert_eq!(ask(json!("alias/aws/ebs")), "aws");
        assert_eq!(ask(json!("arn:aws:kms:us-east-1:123456789012:key/aws")), "aws");
        assert_eq!(ask(json!("alias/other")), "elsewhere");
        assert_eq!(ask(json!("arn:aws:kms:us-east-1:999999999999:key/x")), "elsewhere");
        assert_eq!(ask(json!("arn:aws:kms:us-east-1:123456789012:key/gone")), "missing");
    }
}
