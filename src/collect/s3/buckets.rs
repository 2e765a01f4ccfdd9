//! Buckets and the settings that rules look at.

use std::future::Future;
use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_bucket_tagging::GetBucketTaggingOutput;
use aws_sdk_s3::operation::list_buckets::ListBucketsOutput;
use aws_sdk_s3::types::{Bucket, BucketLocationConstraint, MfaDeleteStatus};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::settings::{access_block, encryption, versioning};
use super::{NO_ACCESS_BLOCK, SPEC, client};
use crate::collect::shape::{set_tags, text, token};
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "s3:ListAllMyBuckets";
pub(super) const LOCATION: &str = "s3:GetBucketLocation";
pub(super) const ENCRYPTION: &str = "s3:GetEncryptionConfiguration";
pub(super) const VERSIONING: &str = "s3:GetBucketVersioning";
pub(super) const ACCESS_BLOCK: &str = "s3:GetBucketPublicAccessBlock";
pub(super) const TAGGING: &str = "s3:GetBucketTagging";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::S3::Bucket",
    asked: &[
        ("BucketEncryption", ENCRYPTION),
        ("VersioningConfiguration", VERSIONING),
        ("PublicAccessBlock", ACCESS_BLOCK),
        ("Tags", TAGGING),
        ("", LIST),
    ],
    reads: &["BucketName", "BucketEncryption", "VersioningConfiguration", "PublicAccessBlockConfiguration", "Tags"],
    ..TypeSpec::LISTED
};

/// The largest page of a bucket listing. Only a listing with a page size names the buckets' regions.
const PAGE: i32 = 10_000;

pub(super) async fn collect(cx: &Cx) -> Out {
    let mut out = Out::default();
    let home = cx.config.region().map_or("us-east-1", AsRef::as_ref);
    let s3 = client(cx, home);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| s3.list_buckets().max_buckets(PAGE).set_continuation_token(start).send(),
            |page| token(page.continuation_token()),
        )
        .await;
    out.listed(TYPE.name, &pages.end);
    let buckets = pages.pages.iter().flat_map(ListBucketsOutput::buckets);
    let readings = buckets.map(|bucket| {
        let (cx, s3, bucket) = (cx.clone(), s3.clone(), bucket.clone());
        async move { Box::pin(read(&cx, &s3, &bucket)).await }
    });
    for bucket in tasks::all(readings.collect()).await {
        match bucket {
            Ok(bucket) => out.resources.extend(bucket),
            Err(why) => out.listed(TYPE.name, &Err(why)),
        }
    }
    out
}

/// One bucket; `None` if it is outside of the scanned regions or gone, an error if nobody says where it is.
async fn read(cx: &Cx, s3: &Client, bucket: &Bucket) -> Result<Option<Resource>, Unknown> {
    let Some(name) = bucket.name() else { return Ok(None) };
    let region = match region(cx, s3, name, bucket.bucket_region()).await {
        Answer::Is(region) if cx.scanned.contains(&region) => region,
        Answer::Is(_) | Answer::Absent => return Ok(None),
        Answer::Unknown(why) => return Err(why),
    };
    let there = Cx { region: Arc::clone(&region), ..cx.clone() };
    Ok(Box::pin(settings(&there, &client(cx, &region), name)).await)
}

async fn region(cx: &Cx, s3: &Client, bucket: &str, listed: Option<&str>) -> Answer<Arc<str>> {
    if let Some(region) = listed.filter(|region| !region.is_empty()) {
        return Answer::Is(region.into());
    }
    let request = s3.get_bucket_location().bucket(bucket).send();
    let answer = cx.ask(LOCATION, &[TYPE.name], &[GONE], request).await;
    answer.map(|found| located(found.location_constraint()))
}

/// The region that a location constraint means: the two oldest regions are written in ways of their own.
fn located(constraint: Option<&BucketLocationConstraint>) -> Arc<str> {
    match constraint.map(BucketLocationConstraint::as_str) {
        None | Some("") => "us-east-1".into(),
        Some("EU") => "eu-west-1".into(),
        Some(region) => region.into(),
    }
}

/// Reads the settings; `None` if the bucket has gone meanwhile.
async fn settings(cx: &Cx, s3: &Client, name: &str) -> Option<Resource> {
    let affects = &[TYPE.name];
    let no_encryption = &["ServerSideEncryptionConfigurationNotFoundError"];
    let (encrypted, versioned, blocked, tagged) = tokio::join!(
        cx.ask(ENCRYPTION, affects, no_encryption, unless_gone(s3.get_bucket_encryption().bucket(name).send())),
        cx.ask(VERSIONING, affects, &[], unless_gone(s3.get_bucket_versioning().bucket(name).send())),
        cx.ask(
            ACCESS_BLOCK,
            affects,
            &[NO_ACCESS_BLOCK],
            unless_gone(s3.get_public_access_block().bucket(name).send())
        ),
        cx.ask(TAGGING, affects, &["NoSuchTagSet"], unless_gone(s3.get_bucket_tagging().bucket(name).send())),
    );
    let mfa_delete = versioned.clone();
    let mut r = cx.resource(&SPEC, TYPE.name, name, &format!("arn:{}:s3:::{name}", cx.partition));
    r.set("BucketName", text(Some(name)));
    r.set("BucketEncryption", still_there(encrypted, |e| encryption(e.server_side_encryption_configuration()))?);
    r.set("VersioningConfiguration", still_there(versioned, |v| versioning(&v))?);
    r.set(
        "PublicAccessBlockConfiguration",
        still_there(blocked, |b| access_block(b.public_access_block_configuration()))?,
    );
    tag(&mut r, tagged)?;
    r.set_attribute("MfaDelete", still_there(mfa_delete, |v| text(v.mfa_delete().map(MfaDeleteStatus::as_str)))?);
    Some(r)
}

/// Sets the tags; `None` if the bucket is gone.
fn tag(r: &mut Resource, answer: Answer<Option<GetBucketTaggingOutput>>) -> Option<()> {
    match answer {
        Answer::Is(found) => set_tags(r, found?.tag_set().iter().map(|tag| (Some(tag.key()), Some(tag.value())))),
        Answer::Absent => r.set("Tags", Kind::Null),
        Answer::Unknown(why) => r.set("Tags", Kind::Unknown(why)),
    }
    Some(())
}

const GONE: &str = "NoSuchBucket";

/// Tells a bucket that is gone (`None`) from a setting that was never made.
async fn unless_gone<T, E, R>(
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Result<Option<T>, SdkError<E, R>>
where
    E: ProvideErrorMetadata,
{
    match call.await {
        Err(SdkError::ServiceError(e)) if e.err().code() == Some(GONE) => Ok(None),
        outcome => outcome.map(Some),
    }
}

/// A setting of a bucket; `None` if the bucket is gone.
fn still_there<T>(answer: Answer<Option<T>>, kind: impl FnOnce(T) -> Kind) -> Option<Kind> {
    match answer {
        Answer::Is(found) => found.map(kind),
        Answer::Absent => Some(Kind::Null),
        Answer::Unknown(why) => Some(Kind::Unknown(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, claimed, cx, properties};
    use crate::model::GLOBAL;

    const BUCKETS: &str = "<ListAllMyBucketsResult><Buckets>
        <Bucket><Name>logs</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>
        <Bucket><Name>elsewhere</Name><BucketRegion>ap-south-1</BucketRegion></Bucket>
        </Buckets></ListAllMyBucketsResult>";

    fn error(code: &str) -> String {
        format!("<Error><Code>{code}</Code></Error>")
    }

    async fn collected(aws: Aws) -> Out {
        let mut cx = cx(GLOBAL, aws);
        cx.scanned = Arc::new(["eu-west-1".into()]);
        collect(&cx).await
    }

    /// A fresh bucket whose tags may not be read.
    fn fresh(asked: &str) -> (u16, String) {
        match asked {
            list if list.contains("max-buckets") => (200, BUCKETS.into()),
            settings if !settings.starts_with("GET https://logs.s3.eu-west-1.amazonaws.com/?") => {
                panic!("only the bucket of the scanned region is asked, in its region: {settings}")
            }
            encryption if encryption.contains("?encryption") => {
                (404, error("ServerSideEncryptionConfigurationNotFoundError"))
            }
            block if block.contains("?publicAccessBlock") => (404, error(NO_ACCESS_BLOCK)),
            tagging if tagging.contains("?tagging") => (403, error("AccessDenied")),
            _ => (200, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>".into()),
        }
    }

    #[tokio::test]
    async fn settings_never_made_are_absent_and_a_denied_one_is_unknown() {
        let out = collected(fresh).await;
        let [bucket] = &out.resources[..] else { panic!("one bucket is in a scanned region: {out:?}") };
        assert_eq!(properties(bucket), claimed(&SPEC, bucket));
        assert_eq!(&*bucket.address.region, "eu-west-1");
        assert_eq!(bucket.address.arn.as_deref(), Some("arn:aws:s3:::logs"));
        assert!(bucket.get("BucketEncryption").is_absent());
        assert!(bucket.get("PublicAccessBlockConfiguration").is_absent());
        assert_eq!(bucket.get("VersioningConfiguration.Status").as_str(), Some("Enabled"));
        assert_eq!(bucket.get("Tags").why_unknown(), Some(Unknown::Denied { action: TAGGING.into() }));
    }

    #[tokio::test]
    async fn a_bucket_that_vanishes_between_two_calls_is_dropped() {
        let out =
            collected(|asked| if asked.contains("?versioning") { (404, error(GONE)) } else { fresh(asked) }).await;
        assert_eq!(out.resources, []);
        assert_eq!(out.listed[TYPE.name], Ok(()));
    }

    #[tokio::test]
    async fn a_bucket_without_a_known_region_leaves_the_listing_incomplete() {
        let out = collected(|asked| match asked {
            list if list.contains("max-buckets") => {
                (200, BUCKETS.replace("<BucketRegion>eu-west-1</BucketRegion>", ""))
            }
            location => {
                assert!(location.contains("?location"), "{location}");
                (403, error("AccessDenied"))
            }
        })
        .await;
        assert_eq!(out.listed[TYPE.name], Err(Unknown::Denied { action: LOCATION.into() }));
    }

    #[test]
    fn the_two_oldest_regions_are_written_in_ways_of_their_own() {
        assert_eq!(&*located(None), "us-east-1");
        assert_eq!(&*located(Some(&BucketLocationConstraint::Eu)), "eu-west-1");
        assert_eq!(&*located(Some(&BucketLocationConstraint::ApSouth1)), "ap-south-1");
    }
}
