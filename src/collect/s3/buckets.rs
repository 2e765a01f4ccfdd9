//! Buckets: where they are, and what the scan wants to know of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_bucket_tagging::GetBucketTaggingOutput;
use aws_sdk_s3::operation::list_buckets::ListBucketsOutput;
use aws_sdk_s3::types::{self, BucketLocationConstraint};

use super::setting::{Bucket, Gone, NO_BUCKET};
use super::settings::{ASKED, ON_DEMAND, READS, TAGGING};
use super::{SPEC, access, client, lifecycle, notifications, policies, protection, replication, reports, web};
use crate::collect::shape::{set_tags, text, token};
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "s3:ListAllMyBuckets";
pub(super) const LOCATION: &str = "s3:GetBucketLocation";

/// At most its location, its twenty settings, and its policy are asked for.
pub(super) const TYPE: TypeSpec =
    TypeSpec { name: "AWS::S3::Bucket", asked: ASKED, reads: READS, on_demand: ON_DEMAND, calls: 22 };

/// The largest page of a bucket listing. Only a listing with a page size names the buckets' regions.
const PAGE: i32 = 10_000;

pub(super) async fn collect(cx: &Cx) -> Out {
    let mut out = Out::default();
    let home = cx.config.region().map_or("us-east-1", AsRef::as_ref);
    let s3 = client(cx, home);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name, policies::TYPE.name],
            |start| s3.list_buckets().max_buckets(PAGE).set_continuation_token(start).send(),
            |page| token(page.continuation_token()),
        )
        .await;
    out.listed(TYPE.name, &pages.end);
    out.listed(policies::TYPE.name, &pages.end);
    let buckets = pages.pages.iter().flat_map(ListBucketsOutput::buckets);
    let there: Arc<Regions> =
        Arc::new(cx.scanned.iter().map(|region| (Arc::clone(region), client(cx, region))).collect());
    let readings = buckets.map(|bucket| {
        let (cx, s3, there, bucket) = (cx.clone(), s3.clone(), Arc::clone(&there), bucket.clone());
        async move { Box::pin(read(&cx, &s3, &there, &bucket)).await }
    });
    for found in tasks::all(readings.collect()).await {
        out.merge(found);
    }
    out
}

/// A client for each scanned region.
type Regions = BTreeMap<Arc<str>, Client>;

/// One bucket and its policy; nothing if it is outside of the scanned regions or gone. If nobody says where it is, the listings are
/// incomplete.
async fn read(cx: &Cx, s3: &Client, there: &Regions, bucket: &types::Bucket) -> Out {
    let mut out = Out::default();
    let name = bucket.name().unwrap_or_default();
    let region = match region(cx, s3, name, bucket.bucket_region()).await {
        Answer::Is(region) => region,
        Answer::Absent => return out,
        Answer::Unknown(why) => {
            out.listed(TYPE.name, &Err(why.clone()));
            out.listed(policies::TYPE.name, &Err(why));
            return out;
        }
    };
    let Some(s3) = there.get(&region) else { return out };
    let bucket = Bucket { cx: Cx { region, ..cx.clone() }, s3: s3.clone(), name: name.to_owned() };
    let (settings, policy) = tokio::join!(Box::pin(settings(&bucket)), Box::pin(policies::read(&bucket)));
    let (Ok(r), Ok(policy)) = (settings, policy) else { return out };
    out.push(r);
    match policy {
        Answer::Is(policy) => out.push(policy),
        Answer::Absent => {}
        Answer::Unknown(why) => out.listed(policies::TYPE.name, &Err(why)),
    }
    out
}

async fn region(cx: &Cx, s3: &Client, bucket: &str, listed: Option<&str>) -> Answer<Arc<str>> {
    if let Some(region) = listed.filter(|region| !region.is_empty()) {
        return Answer::Is(region.into());
    }
    let request = s3.get_bucket_location().bucket(bucket).send();
    let answer = cx.ask(LOCATION, &[TYPE.name, policies::TYPE.name], NO_BUCKET, request).await;
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

async fn settings(bucket: &Bucket) -> Result<Resource, Gone> {
    let name = &bucket.name;
    let (tagged, protection, access, lifecycle, notifications, web, replication, reports) = tokio::try_join!(
        Box::pin(bucket.ask(&TAGGING, bucket.s3.get_bucket_tagging().bucket(name).send())),
        protection::read(bucket),
        access::read(bucket),
        lifecycle::read(bucket),
        notifications::read(bucket),
        web::read(bucket),
        replication::read(bucket),
        reports::read(bucket),
    )?;
    let mut r = bucket.cx.resource(&SPEC, TYPE.name, name, &format!("arn:{}:s3:::{name}", bucket.cx.partition));
    r.set("BucketName", text(Some(name)));
    tag(&mut r, tagged);
    let settings = [protection, access, lifecycle, notifications, web, replication, reports];
    for told in settings.into_iter().flatten() {
        told.fill(&mut r);
    }
    Ok(r)
}

fn tag(r: &mut Resource, answer: Answer<GetBucketTaggingOutput>) {
    match answer {
        Answer::Is(found) => set_tags(r, found.tag_set().iter().map(|tag| (Some(tag.key()), Some(tag.value())))),
        Answer::Absent => r.set("Tags", Kind::Null),
        Answer::Unknown(why) => r.set("Tags", Kind::Unknown(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{Aws, claimed, cx, properties};
    use crate::model::{GLOBAL, Unknown, to_json};
    use serde_json::json;
    use std::collections::{BTreeMap, BTreeSet};

    const BUCKETS: &str = "<ListAllMyBucketsResult><Buckets>
        <Bucket><Name>logs</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>
        <Bucket><Name>elsewhere</Name><BucketRegion>ap-south-1</BucketRegion></Bucket>
        </Buckets></ListAllMyBucketsResult>";

    const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": []}"#;

    /// What S3 answers where a setting was never made.
    const NEVER_MADE: &[(&str, u16, &str)] = &[
        ("?encryption", 404, "<Error><Code>ServerSideEncryptionConfigurationNotFoundError</Code></Error>"),
        ("?object-lock", 404, "<Error><Code>ObjectLockConfigurationNotFoundError</Code></Error>"),
        ("?lifecycle", 404, "<Error><Code>NoSuchLifecycleConfiguration</Code></Error>"),
        ("?replication", 404, "<Error><Code>ReplicationConfigurationNotFoundError</Code></Error>"),
        ("?publicAccessBlock", 404, "<Error><Code>NoSuchPublicAccessBlockConfiguration</Code></Error>"),
        ("?ownershipControls", 404, "<Error><Code>OwnershipControlsNotFoundError</Code></Error>"),
        ("?policyStatus", 404, "<Error><Code>NoSuchBucketPolicy</Code></Error>"),
        ("?cors", 404, "<Error><Code>NoSuchCORSConfiguration</Code></Error>"),
        ("?website", 404, "<Error><Code>NoSuchWebsiteConfiguration</Code></Error>"),
        ("?abac", 200, "<AbacStatus/>"),
        ("?acl", 200, "<AccessControlPolicy/>"),
        ("?logging", 200, "<BucketLoggingStatus/>"),
        ("?notification", 200, "<NotificationConfiguration/>"),
        ("?accelerate", 200, "<AccelerateConfiguration/>"),
        ("?inventory", 200, "<ListInventoryConfigurationsResult/>"),
        ("?metrics", 200, "<ListMetricsConfigurationsResult/>"),
        ("?analytics", 200, "<ListBucketAnalyticsConfigurationResult/>"),
        ("?intelligent-tiering", 200, "<ListBucketIntelligentTieringConfigurationsOutput/>"),
    ];

    fn error(status: u16, code: &str) -> (u16, String) {
        (status, format!("<Error><Code>{code}</Code></Error>"))
    }

    /// Everything wanted.
    async fn collected(aws: Aws) -> Out {
        of(aws, Wanted::everything()).await.1
    }

    async fn of(aws: Aws, wanted: Wanted) -> (Cx, Out) {
        let mut cx = cx(GLOBAL, aws);
        cx.scanned = Arc::new(["eu-west-1".into()]);
        cx.wanted = Arc::new(wanted);
        let out = collect(&cx).await;
        (cx, out)
    }

    /// A fresh bucket with a policy whose tags may not be read.
    fn fresh(asked: &str) -> (u16, String) {
        match asked {
            list if list.contains("max-buckets") => (200, BUCKETS.into()),
            setting if !setting.starts_with("GET https://logs.s3.eu-west-1.amazonaws.com/?") => {
                panic!("only the bucket of the scanned region is asked, in its region: {setting}")
            }
            tags if tags.contains("?tagging") => error(403, "AccessDenied"),
            policy if policy.contains("?policy ") => (200, POLICY.into()),
            versioning if versioning.contains("?versioning") => {
                (200, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>".into())
            }
            other => NEVER_MADE
                .iter()
                .find(|(query, ..)| other.contains(query))
                .map_or_else(|| panic!("not a setting: {other}"), |(_, status, body)| (*status, (*body).into())),
        }
    }

    #[tokio::test]
    async fn settings_never_made_are_absent_and_a_denied_one_is_unknown() {
        let (cx, out) = of(fresh, Wanted::everything()).await;
        let [bucket, policy] = &out.resources[..] else { panic!("one bucket is in a scanned region: {out:?}") };
        assert_eq!(properties(bucket), claimed(&SPEC, bucket));
        assert_eq!(&*bucket.address.region, "eu-west-1");
        assert_eq!(bucket.address.arn.as_deref(), Some("arn:aws:s3:::logs"));
        let told: Vec<_> = READS.iter().copied().filter(|name| !bucket.get(name).is_absent()).collect();
        assert_eq!(told, ["BucketName", "VersioningConfiguration", "ObjectLockEnabled", "Tags"]);
        assert_eq!(bucket.get("VersioningConfiguration.Status").as_str(), Some("Enabled"));
        assert_eq!(bucket.get("Tags").why_unknown(), Some(Unknown::Denied { action: TAGGING.action.into() }));
        assert_eq!(
            to_json(&policy.properties),
            json!({"Bucket": "logs", "PolicyDocument": {"Version": "2012-10-17", "Statement": []}})
        );
        assert_eq!(&*policy.address.region, "eu-west-1");
        // The location was listed.
        let calls: u64 = cx.calls.made().values().sum();
        assert_eq!(calls, 1 + u64::from(TYPE.calls) - 1);
    }

    #[tokio::test]
    async fn a_call_is_made_only_for_what_the_scan_is_about() {
        let versioning = BTreeSet::from(["VersioningConfiguration".into()]);
        let wanted = Wanted { by_rules: BTreeMap::from([(TYPE.name.into(), versioning)]), ..Wanted::default() };
        let (cx, out) = of(fresh, wanted).await;
        let made: Vec<_> = cx.calls.made().into_keys().collect();
        assert_eq!(made, ["s3:GetBucketVersioning", LIST]);
        let [bucket] = &out.resources[..] else { panic!("nobody asked for policies: {out:?}") };
        assert_eq!(bucket.get("Tags").why_unknown(), Some(Unknown::NotCollected));
        assert_eq!(bucket.get("MetricsConfigurations").why_unknown(), Some(Unknown::NotCollected));
        assert_eq!(bucket.attribute("Acl").why_unknown(), Some(Unknown::NotCollected));
        assert_eq!(out.listed[policies::TYPE.name], Err(Unknown::NotCollected));
        assert_eq!(out.listed[TYPE.name], Ok(()));
    }

    #[tokio::test]
    async fn a_bucket_without_a_policy_has_none_and_a_denied_one_may_have_one() {
        let none = |asked: &str| {
            if asked.contains("?policy ") { error(404, "NoSuchBucketPolicy") } else { fresh(asked) }
        };
        let out = collected(none).await;
        assert_eq!((out.resources.len(), &out.listed[policies::TYPE.name]), (1, &Ok(())));
        let denied = |asked: &str| if asked.contains("?policy ") { error(403, "AccessDenied") } else { fresh(asked) };
        let out = collected(denied).await;
        assert_eq!(out.listed[policies::TYPE.name], Err(Unknown::Denied { action: policies::READ.into() }));
        assert_eq!(out.listed[TYPE.name], Ok(()));
    }

    #[tokio::test]
    async fn a_bucket_that_vanishes_between_two_calls_is_dropped() {
        let answers: [Aws; 3] = [
            |asked| if asked.contains("?versioning") { error(404, "NoSuchBucket") } else { fresh(asked) },
            |asked| if asked.contains("?inventory") { error(404, "NoSuchBucket") } else { fresh(asked) },
            |asked| if asked.contains("?policy ") { error(404, "NoSuchBucket") } else { fresh(asked) },
        ];
        for answer in answers {
            let out = collected(answer).await;
            assert_eq!(out.resources, []);
            assert!(out.listed.values().all(Result::is_ok), "{:?}", out.listed);
        }
    }

    #[tokio::test]
    async fn a_bucket_without_a_known_region_leaves_the_listings_incomplete() {
        let out = collected(|asked| match asked {
            list if list.contains("max-buckets") => {
                (200, BUCKETS.replace("<BucketRegion>eu-west-1</BucketRegion>", ""))
            }
            location => {
                assert!(location.contains("?location"), "{location}");
                error(403, "AccessDenied")
            }
        })
        .await;
        let denied = Err(Unknown::Denied { action: LOCATION.into() });
        assert_eq!((&out.listed[TYPE.name], &out.listed[policies::TYPE.name]), (&denied, &denied));
    }

    #[test]
    fn the_two_oldest_regions_are_written_in_ways_of_their_own() {
        assert_eq!(&*located(None), "us-east-1");
        assert_eq!(&*located(Some(&BucketLocationConstraint::Eu)), "eu-west-1");
        assert_eq!(&*located(Some(&BucketLocationConstraint::ApSouth1)), "ap-south-1");
    }
}
