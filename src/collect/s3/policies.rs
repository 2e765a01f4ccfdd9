//! Bucket policies: resources of their own in a template, a document of the bucket in S3.

use super::SPEC;
use super::setting::{Bucket, Gone, NO_BUCKET};
use crate::collect::gone::unless_gone;
use crate::collect::json::document;
use crate::collect::shape::text;
use crate::collect::{Answer, TypeSpec};
use crate::model::{Resource, Unknown};

pub(super) const READ: &str = "s3:GetBucketPolicy";

/// Each costs a call, which counts for its bucket: nobody knows before whether there is one.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::S3::BucketPolicy",
    asked: &[("", READ)],
    reads: &["Bucket", "PolicyDocument"],
    on_demand: &["PolicyDocument"],
    ..TypeSpec::LISTED
};

/// The policy of a bucket, if the scan is about policies. A stack may list one under an id that says nothing of its bucket, so all are read
/// for one.
pub(super) async fn read(bucket: &Bucket) -> Result<Answer<Resource>, Gone> {
    if !bucket.cx.wanted.wants_any(TYPE.name, &["PolicyDocument"]) {
        return Ok(Answer::Unknown(Unknown::NotCollected));
    }
    let call = unless_gone(NO_BUCKET, bucket.s3.get_bucket_policy().bucket(&bucket.name).send());
    match Box::pin(bucket.cx.ask(READ, &[TYPE.name], &["NoSuchBucketPolicy"], call)).await {
        Answer::Is(found) => Ok(Answer::Is(resource(bucket, found.ok_or(Gone)?.policy()))),
        Answer::Absent => Ok(Answer::Absent),
        Answer::Unknown(why) => Ok(Answer::Unknown(why)),
    }
}

fn resource(bucket: &Bucket, policy: Option<&str>) -> Resource {
    let mut r = bucket.cx.resource(&SPEC, TYPE.name, &bucket.name, "");
    r.set("Bucket", text(Some(&bucket.name)));
    r.set("PolicyDocument", document(policy));
    r
}
