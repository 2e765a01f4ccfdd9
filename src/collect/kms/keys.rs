//! Keys.

use std::collections::BTreeSet;

use aws_sdk_kms::Client;
use aws_sdk_kms::operation::get_key_rotation_status::GetKeyRotationStatusOutput;
use aws_sdk_kms::operation::list_keys::ListKeysOutput;
use aws_sdk_kms::types::{
    KeyManagerType, KeyMetadata, KeySpec, KeyState, KeyUsageType, MultiRegionConfiguration, MultiRegionKeyType,
    OriginType,
};

use super::aliases::Aliases;
use super::{AWS, SPEC, aliases};
use crate::collect::json::document;
use crate::collect::shape::{flag, number, set_unknown, text, time, token};
use crate::collect::tags::Tags;
use crate::collect::{Answer, Cx, Out, Pages, TypeSpec, tagged, tasks};
use crate::model::{Kind, Provenance, Resource, Unknown};

pub(super) const LIST: &str = "kms:ListKeys";
pub(super) const DESCRIBE: &str = "kms:DescribeKey";
pub(super) const POLICY: &str = "kms:GetKeyPolicy";
pub(super) const ROTATION: &str = "kms:GetKeyRotationStatus";
pub(super) const TAGS: &str = "kms:ListResourceTags";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::KMS::Key",
    asked: &[
        ("KeyPolicy", POLICY),
        ("EnableKeyRotation", ROTATION),
        ("RotationPeriodInDays", ROTATION),
        ("Tags", TAGS),
        ("Aliases", aliases::LIST),
        ("", DESCRIBE),
    ],
    reads: &[
        "Description",
        "EnableKeyRotation",
        "Enabled",
        "KeyPolicy",
        "KeySpec",
        "KeyUsage",
        "MultiRegion",
        "Origin",
        "RotationPeriodInDays",
        "Tags",
    ],
    on_demand: &["EnableKeyRotation", "KeyPolicy", "RotationPeriodInDays", "Tags"],
    calls: 4,
};

/// The largest page.
const PAGE: i32 = 1000;
/// The largest page of tags; a key has 50 tags at most.
const TAGS_PAGE: i32 = 50;
const GONE: &str = "NotFoundException";
/// What KMS answers when it is asked whether a key rotates that cannot.
const CANNOT_ROTATE: &str = "UnsupportedOperationException";
/// The only name that a key policy can have.
const POLICY_NAME: &str = "default";

pub(super) async fn list(cx: &Cx, kms: &Client) -> Pages<ListKeysOutput> {
    cx.pages(
        LIST,
        &[TYPE.name],
        |start| kms.list_keys().limit(PAGE).set_marker(start).send(),
        |page| token(page.next_marker()),
    )
    .await
}

pub(super) async fn collect(cx: &Cx, kms: &Client, listing: &Pages<ListKeysOutput>, aliases: &Aliases) -> Out {
    let managed: BTreeSet<&str> = aliases.managed_keys().collect();
    let own: Vec<(String, String)> = listing
        .pages
        .iter()
        .flat_map(ListKeysOutput::keys)
        .map(|key| (key.key_id().unwrap_or_default().to_owned(), key.key_arn().unwrap_or_default().to_owned()))
        .filter(|(id, _)| !managed.contains(id.as_str()))
        .collect();
    let mut told = cx.tags_of(TYPE.name, "kms:key", &own, |cx, arn| tags(cx, kms.clone(), arn)).await;
    let readings = own.into_iter().map(|(id, arn)| {
        let (cx, kms, names) = (cx.clone(), kms.clone(), aliases.of(&id));
        let tags = tagged::take(&mut told, &arn);
        async move {
            let mut r = Box::pin(read(&cx, &kms, &id, &arn)).await?;
            tagged::set(&mut r, Some(&tags));
            r.set_attribute("Aliases", names);
            Some(r)
        }
    });
    let mut out =
        Out { resources: tasks::all(readings.collect()).await.into_iter().flatten().collect(), ..Out::default() };
    for id in managed {
        out.push(aws_managed(cx, id, aliases));
    }
    out.listed(TYPE.name, &listing.end);
    out
}

/// A key that AWS made for one of its services: what refers to it must find it, and learn whose it is.
fn aws_managed(cx: &Cx, id: &str, aliases: &Aliases) -> Resource {
    let mut r = named(cx, id, &cx.arn("kms", &format!("key/{id}")));
    set_unknown(&mut r, TYPE.reads, &Unknown::NotCollected);
    r.set_attribute("KeyState", Kind::Unknown(Unknown::NotCollected));
    r.set_attribute("Aliases", aliases.of(id));
    r.set_attribute("KeyManager", text(Some(AWS)));
    r.provenance = Provenance::Service;
    r
}

fn named(cx: &Cx, id: &str, arn: &str) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, id, arn);
    r.set_attribute("KeyId", text(Some(id)));
    r.set_attribute("Arn", text(Some(arn)));
    r
}

/// One key; `None` if it is gone.
async fn read(cx: &Cx, kms: &Client, id: &str, arn: &str) -> Option<Resource> {
    let mut r = named(cx, id, arn);
    let described = cx.ask(DESCRIBE, &[TYPE.name], &[GONE], kms.describe_key().key_id(id).send()).await;
    let key = match described {
        Answer::Is(answer) => answer.key_metadata.ok_or_else(unanswered),
        Answer::Absent => return None,
        Answer::Unknown(why) => Err(why),
    };
    match &key {
        Ok(key) => describe(&mut r, key),
        Err(why) => {
            set_unknown(&mut r, ["Description", "Enabled", "KeySpec", "KeyUsage", "MultiRegion", "Origin"], why);
            for name in ["KeyState", "KeyManager"] {
                r.set_attribute(name, Kind::Unknown(why.clone()));
            }
        }
    }
    let key = key.ok();
    let (policy, rotation) = if key.as_ref().and_then(KeyMetadata::key_manager) == Some(&KeyManagerType::Aws) {
        r.provenance = Provenance::Service;
        (Answer::Unknown(Unknown::NotCollected), Answer::Unknown(Unknown::NotCollected))
    } else {
        let policy = kms.get_key_policy().key_id(id).policy_name(POLICY_NAME).send();
        tokio::join!(
            cx.ask_for((TYPE.name, id, &["KeyPolicy"]), POLICY, &[GONE], policy),
            rotation(cx, kms, id, key.as_ref()),
        )
    };
    if matches!(policy, Answer::Absent) {
        return None;
    }
    r.set("KeyPolicy", policy.into_kind(|answer| document(answer.policy())));
    let period = rotation.clone();
    r.set("EnableKeyRotation", rotation.into_kind(|status| Kind::Bool(status.key_rotation_enabled())));
    r.set("RotationPeriodInDays", period.into_kind(|status| number(status.rotation_period_in_days())));
    Some(r)
}

fn unanswered() -> Unknown {
    Unknown::Failed { action: DESCRIBE.into(), code: "MissingInAnswer".into() }
}

fn describe(r: &mut Resource, key: &KeyMetadata) {
    let copies = key.multi_region_configuration();
    let copy = copies.and_then(MultiRegionConfiguration::multi_region_key_type).map(MultiRegionKeyType::as_str);
    r.set("Description", text(key.description()));
    r.set("Enabled", Kind::Bool(key.enabled()));
    r.set("KeySpec", text(key.key_spec().map(KeySpec::as_str)));
    r.set("KeyUsage", text(key.key_usage().map(KeyUsageType::as_str)));
    r.set("MultiRegion", flag(key.multi_region()));
    r.set("Origin", text(key.origin().map(OriginType::as_str)));
    r.set_attribute("KeyState", text(key.key_state().map(KeyState::as_str)));
    r.set_attribute("KeyManager", text(key.key_manager().map(KeyManagerType::as_str)));
    r.set_attribute("DeletionDate", time(key.deletion_date()));
    r.set_attribute("MultiRegionKeyType", text(copy));
}

/// Whether a key rotates. KMS rotates only symmetric encryption keys whose material it made itself: others have no rotation to
/// switch on.
async fn rotation(cx: &Cx, kms: &Client, id: &str, key: Option<&KeyMetadata>) -> Answer<GetKeyRotationStatusOutput> {
    let can = |key: &KeyMetadata| {
        key.key_spec() == Some(&KeySpec::SymmetricDefault) && key.origin() == Some(&OriginType::AwsKms)
    };
    if !key.is_none_or(can) {
        return Answer::Absent;
    }
    let about = (TYPE.name, id, &["EnableKeyRotation", "RotationPeriodInDays"][..]);
    cx.ask_for(about, ROTATION, &[CANNOT_ROTATE, GONE], kms.get_key_rotation_status().key_id(id).send()).await
}

async fn tags(cx: Cx, kms: Client, arn: String) -> Answer<Tags> {
    let request = kms.list_resource_tags().key_id(arn).limit(TAGS_PAGE).send();
    let answer = cx.ask(TAGS, &[TYPE.name], &[GONE], request).await;
    answer.map(|found| found.tags().iter().map(|t| (t.tag_key().to_owned(), t.tag_value().to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::collect::{Wanted, kms::Kms};
    use crate::model::to_json;

    const DENIED: &str = r#"{"__type":"AccessDeniedException"}"#;

    /// Two keys: AWS's own for S3, and one with an alias.
    fn aws(asked: &str) -> (u16, String) {
        let operation = asked.split("TrentService.").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        assert!(!asked.contains(r#""KeyId":"s3""#), "a key that AWS manages is not asked: {asked}");
        let answer = match operation {
            "ListAliases" => {
                r#"{"Aliases": [{"AliasName": "alias/aws/s3", "TargetKeyId": "s3"}, {"AliasName": "alias/data", "TargetKeyId": "own"}]}"#
            }
            "ListKeys" => {
                r#"{"Keys": [{"KeyId": "s3", "KeyArn": "arn:aws:kms:us-east-1:123456789012:key/s3"},
                             {"KeyId": "own", "KeyArn": "arn:aws:kms:us-east-1:123456789012:key/own"}]}"#
            }
            "DescribeKey" => {
                r#"{"KeyMetadata": {"AWSAccountId": "123456789012", "KeyId": "own", "Arn": "arn:aws:kms:us-east-1:123456789012:key/own",
                    "CreationDate": 1.7E9, "Description": "customer data", "Enabled": true, "KeyManager": "CUSTOMER",
                    "KeySpec": "SYMMETRIC_DEFAULT", "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", "MultiRegion": false,
                    "Origin": "AWS_KMS", "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"]}}"#
            }
            "GetKeyPolicy" => {
                r#"{"Policy": "{\"Version\": \"2012-10-17\", \"Statement\": []}", "PolicyName": "default"}"#
            }
            "GetKeyRotationStatus" => r#"{"KeyRotationEnabled": true, "RotationPeriodInDays": 180}"#,
            "ListResourceTags" => r#"{"Tags": [{"TagKey": "team", "TagValue": "pay"}], "Truncated": false}"#,
            other => panic!("{other}"),
        };
        (200, answer.into())
    }

    async fn found(aws: Aws) -> Vec<Resource> {
        let out = collected(&Kms, &cx("us-east-1", aws)).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        out.resources.into_iter().filter(|r| &*r.kind == TYPE.name).collect()
    }

    #[tokio::test]
    async fn a_key_is_read_whole_and_one_of_aws_says_whose_it_is() {
        let keys = found(aws).await;
        let [own, s3] = &keys[..] else { panic!("{keys:?}") };
        assert_eq!(properties(own), claimed(&SPEC, own));
        assert_eq!(own.address.physical_id.as_deref(), Some("own"));
        let expected = serde_json::json!({
            "Description": "customer data", "Enabled": true, "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT",
            "MultiRegion": false, "Origin": "AWS_KMS", "EnableKeyRotation": true, "RotationPeriodInDays": 180,
            "KeyPolicy": {"Version": "2012-10-17", "Statement": []}, "Tags": [{"Key": "team", "Value": "pay"}],
        });
        assert_eq!(to_json(&own.properties), expected);
        assert_eq!(own.attribute("Aliases").get("0").as_str(), Some("alias/data"));
        assert_eq!(own.attribute("KeyState").as_str(), Some("Enabled"));

        assert_eq!(s3.attribute("KeyManager").as_str(), Some("AWS"));
        assert_eq!(s3.address.arn.as_deref(), Some("arn:aws:kms:us-east-1:123456789012:key/s3"));
        assert!(TYPE.reads.iter().all(|name| s3.get(name).why_unknown() == Some(Unknown::NotCollected)));
    }

    #[tokio::test]
    async fn a_key_that_cannot_rotate_has_no_rotation_and_is_not_asked() {
        let keys = found(|asked| match asked {
            describe if describe.contains("DescribeKey") => {
                (200, aws(asked).1.replace("SYMMETRIC_DEFAULT", "RSA_2048"))
            }
            rotation if rotation.contains("GetKeyRotationStatus") => panic!("{rotation}"),
            other => aws(other),
        })
        .await;
        assert!(keys[0].get("EnableKeyRotation").is_absent());
        assert_eq!(keys[0].get("KeySpec").as_str(), Some("RSA_2048"));
    }

    #[tokio::test]
    async fn a_key_that_may_not_be_described_is_there_and_unknown() {
        let keys = found(|asked| match asked {
            describe if describe.contains("DescribeKey") => (400, DENIED.into()),
            rotation if rotation.contains("GetKeyRotationStatus") => {
                (400, r#"{"__type":"UnsupportedOperationException"}"#.into())
            }
            other => aws(other),
        })
        .await;
        let own = &keys[0];
        let denied = Some(Unknown::Denied { action: DESCRIBE.into() });
        for name in ["Description", "Enabled", "KeySpec", "KeyUsage", "MultiRegion", "Origin"] {
            assert_eq!(own.get(name).why_unknown(), denied, "{name}");
        }
        assert_eq!(own.attribute("KeyManager").why_unknown(), denied);
        assert!(own.get("EnableKeyRotation").is_absent(), "KMS says itself that it cannot rotate");
        assert_eq!(own.get("KeyPolicy.Version").as_str(), Some("2012-10-17"));
    }

    #[tokio::test]
    async fn denied_settings_are_unknown_each_for_itself() {
        let keys = found(|asked| {
            let settings = ["GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags"];
            if settings.iter().any(|name| asked.contains(name)) { (400, DENIED.into()) } else { aws(asked) }
        })
        .await;
        for (name, action) in
            [("KeyPolicy", POLICY), ("EnableKeyRotation", ROTATION), ("RotationPeriodInDays", ROTATION), ("Tags", TAGS)]
        {
            assert_eq!(keys[0].get(name).why_unknown(), Some(Unknown::Denied { action: action.into() }), "{name}");
        }
        assert_eq!(keys[0].get("Description").as_str(), Some("customer data"));
    }

    #[tokio::test]
    async fn where_the_aliases_may_not_be_listed_each_key_says_who_manages_it() {
        let out = collected(
            &Kms,
            &cx("us-east-1", |asked| match asked {
                aliases if aliases.contains("ListAliases") => (400, DENIED.into()),
                keys if keys.contains("ListKeys") => {
                    (200, r#"{"Keys": [{"KeyId": "own", "KeyArn": "arn:own"}]}"#.into())
                }
                describe if describe.contains("DescribeKey") => (200, aws(describe).1.replace("CUSTOMER", "AWS")),
                tags if tags.contains("ListResourceTags") => aws(tags),
                other => panic!("a key that AWS manages is not asked further: {other}"),
            }),
        )
        .await;
        let [key] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(key.provenance, Provenance::Service);
        assert_eq!(key.get("KeyPolicy").why_unknown(), Some(Unknown::NotCollected));
        assert_eq!(key.attribute("Aliases").why_unknown(), Some(Unknown::Denied { action: aliases::LIST.into() }));
    }

    #[tokio::test]
    async fn a_key_that_is_gone_when_it_is_described_is_dropped() {
        let keys = found(|asked| {
            let gone = asked.contains("DescribeKey");
            if gone { (400, r#"{"__type":"NotFoundException"}"#.into()) } else { aws(asked) }
        })
        .await;
        assert_eq!(keys.len(), 1, "AWS's own");
    }

    #[tokio::test]
    async fn what_nobody_wants_is_not_asked() {
        let mut cx = cx("us-east-1", |asked| {
            let on_demand = ["GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags"];
            assert!(!on_demand.iter().any(|name| asked.contains(name)), "{asked}");
            aws(asked)
        });
        cx.wanted = Arc::new(Wanted::default());
        let out = collected(&Kms, &cx).await;
        let own = &out.resources[0];
        assert!(TYPE.on_demand.iter().all(|name| own.get(name).why_unknown() == Some(Unknown::NotCollected)));
        assert_eq!(own.get("Origin").as_str(), Some("AWS_KMS"));
    }
}
