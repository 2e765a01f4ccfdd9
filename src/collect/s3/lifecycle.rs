//! What becomes of objects with time.

use aws_sdk_s3::operation::get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationOutput;
use aws_sdk_s3::types::{
    LifecycleExpiration, LifecycleRule, LifecycleRuleAndOperator, LifecycleRuleFilter, NoncurrentVersionTransition,
    Tag, Transition, TransitionDefaultMinimumObjectSize, TransitionStorageClass,
};

use super::setting::{Bucket, Gone, Told, tag_filters};
use super::settings::LIFECYCLE;
use crate::collect::shape::{flag, list, map, number, number_text, text, time};
use crate::model::Kind;

pub(super) async fn read(bucket: &Bucket) -> Result<Vec<Told>, Gone> {
    let request = bucket.s3.get_bucket_lifecycle_configuration().bucket(&bucket.name);
    Ok(vec![bucket.read(&LIFECYCLE, request.send(), |found| [lifecycle(&found)]).await?])
}

fn lifecycle(found: &GetBucketLifecycleConfigurationOutput) -> Kind {
    let least = found.transition_default_minimum_object_size().map(TransitionDefaultMinimumObjectSize::as_str);
    map([("Rules", list(found.rules().iter().map(rule))), ("TransitionDefaultMinimumObjectSize", text(least))])
}

fn rule(rule: &LifecycleRule) -> Kind {
    let limits = Limits::of(rule);
    let expiration = rule.expiration();
    let noncurrent = rule.noncurrent_version_expiration().map_or(Kind::Null, |expiration| {
        map([
            ("NoncurrentDays", number(expiration.noncurrent_days())),
            ("NewerNoncurrentVersions", number(expiration.newer_noncurrent_versions())),
        ])
    });
    let abort = rule
        .abort_incomplete_multipart_upload()
        .map_or(Kind::Null, |abort| map([("DaysAfterInitiation", number(abort.days_after_initiation()))]));
    map([
        ("Id", text(rule.id())),
        ("Status", text(Some(rule.status().as_str()))),
        ("Prefix", text(limits.prefix)),
        ("TagFilters", tag_filters(limits.tags)),
        ("ObjectSizeGreaterThan", number_text(limits.larger_than)),
        ("ObjectSizeLessThan", number_text(limits.smaller_than)),
        ("ExpirationInDays", number(expiration.and_then(LifecycleExpiration::days))),
        ("ExpirationDate", time(expiration.and_then(LifecycleExpiration::date))),
        ("ExpiredObjectDeleteMarker", flag(expiration.and_then(LifecycleExpiration::expired_object_delete_marker))),
        ("Transitions", list(rule.transitions().iter().map(transition))),
        ("NoncurrentVersionTransitions", list(rule.noncurrent_version_transitions().iter().map(noncurrent_transition))),
        ("NoncurrentVersionExpiration", noncurrent),
        ("AbortIncompleteMultipartUpload", abort),
    ])
}

/// Which objects a rule is about. S3 nests what CloudFormation writes side by side.
#[derive(Default)]
struct Limits<'a> {
    prefix: Option<&'a str>,
    tags: &'a [Tag],
    larger_than: Option<i64>,
    smaller_than: Option<i64>,
}

impl<'a> Limits<'a> {
    fn of(rule: &'a LifecycleRule) -> Self {
        match rule.filter() {
            Some(filter) => filter.and().map_or_else(|| Self::one(filter), Self::all),
            None => Self { prefix: prefix(rule), ..Self::default() },
        }
    }

    fn one(filter: &'a LifecycleRuleFilter) -> Self {
        Self {
            prefix: filter.prefix(),
            tags: filter.tag().map_or(&[], std::slice::from_ref),
            larger_than: filter.object_size_greater_than(),
            smaller_than: filter.object_size_less_than(),
        }
    }

    fn all(and: &'a LifecycleRuleAndOperator) -> Self {
        Self {
            prefix: and.prefix(),
            tags: and.tags(),
            larger_than: and.object_size_greater_than(),
            smaller_than: and.object_size_less_than(),
        }
    }
}

#[expect(deprecated, reason = "rules from before there were filters say it so, and templates may")]
fn prefix(rule: &LifecycleRule) -> Option<&str> {
    rule.prefix()
}

fn transition(transition: &Transition) -> Kind {
    map([
        ("StorageClass", text(transition.storage_class().map(TransitionStorageClass::as_str))),
        ("TransitionInDays", number(transition.days())),
        ("TransitionDate", time(transition.date())),
    ])
}

fn noncurrent_transition(transition: &NoncurrentVersionTransition) -> Kind {
    map([
        ("StorageClass", text(transition.storage_class().map(TransitionStorageClass::as_str))),
        ("TransitionInDays", number(transition.noncurrent_days())),
        ("NewerNoncurrentVersions", number(transition.newer_noncurrent_versions())),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::setting::testing::{absent, bucket, read_as};
    use super::*;
    use serde_json::json;

    const RULES: &str = "<LifecycleConfiguration>
        <Rule><ID>archive</ID><Status>Enabled</Status>
            <Filter><And><Prefix>logs/</Prefix><Tag><Key>keep</Key><Value>no</Value></Tag>
                <Tag><Key>empty</Key><Value></Value></Tag>
                <ObjectSizeGreaterThan>131072</ObjectSizeGreaterThan></And></Filter>
            <Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>
            <Transition><Date>2030-01-01T00:00:00.000Z</Date><StorageClass>GLACIER</StorageClass></Transition>
            <Expiration><Days>365</Days></Expiration>
            <NoncurrentVersionTransition><NoncurrentDays>7</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions>
                <StorageClass>GLACIER_IR</StorageClass></NoncurrentVersionTransition>
            <NoncurrentVersionExpiration><NoncurrentDays>90</NoncurrentDays></NoncurrentVersionExpiration></Rule>
        <Rule><ID>tidy</ID><Status>Disabled</Status><Filter><Tag><Key>tmp</Key><Value>1</Value></Tag></Filter>
            <AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>
        <Rule><ID>old</ID><Status>Enabled</Status><Prefix>old/</Prefix>
            <Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule>
        <Rule><ID>all</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>
            <Expiration><Date>2031-02-03T00:00:00.000Z</Date></Expiration></Rule>
        </LifecycleConfiguration>";

    #[tokio::test]
    async fn filters_are_written_side_by_side_as_in_a_template() {
        let bucket = bucket(|asked| {
            assert!(asked.contains("?lifecycle"), "{asked}");
            (200, RULES.into())
        });
        let (properties, _) = read_as(read(&bucket).await);
        let archive = json!({
            "Id": "archive",
            "Status": "Enabled",
            "Prefix": "logs/",
            "TagFilters": [{"Key": "keep", "Value": "no"}, {"Key": "empty", "Value": ""}],
            "ObjectSizeGreaterThan": "131072",
            "ExpirationInDays": 365,
            "Transitions": [
                {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
                {"StorageClass": "GLACIER", "TransitionDate": "2030-01-01T00:00:00Z"},
            ],
            "NoncurrentVersionTransitions":
                [{"StorageClass": "GLACIER_IR", "TransitionInDays": 7, "NewerNoncurrentVersions": 2}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
        });
        let tidy = json!({
            "Id": "tidy",
            "Status": "Disabled",
            "TagFilters": [{"Key": "tmp", "Value": "1"}],
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
        });
        let old = json!({"Id": "old", "Status": "Enabled", "Prefix": "old/", "ExpiredObjectDeleteMarker": true});
        let all = json!({"Id": "all", "Status": "Enabled", "ExpirationDate": "2031-02-03T00:00:00Z"});
        assert_eq!(properties, json!({"LifecycleConfiguration": {"Rules": [archive, tidy, old, all]}}));
    }

    #[tokio::test]
    async fn a_bucket_without_rules_has_no_lifecycle() {
        let bucket = bucket(|_| absent("NoSuchLifecycleConfiguration"));
        assert_eq!(read_as(read(&bucket).await).0, json!({"LifecycleConfiguration": null}));
    }
}
