//! Who else can reach what stands behind a distribution, and whether anything stands in front of what is public.

use crate::model::network::about;
use crate::model::{Items, Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::answer::both;
use crate::rules::check::{self, one_of, related, require, unknown};
use crate::rules::readers::bucket_policy::{Part, admits, demanded, states};
use crate::rules::readers::buckets::BUCKET;
use crate::rules::readers::distribution::{DISTRIBUTION, bucket_of, is_bucket, origins, some_behaviour, some_front};
use crate::rules::readers::policy;
use crate::rules::readers::sketch::{HOLE, named, sketch};
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// A bucket that must be public to be shown by CloudFront can be read around it: past the web ACL, the logs, the signed URLs. Origin access
    /// control lets the bucket stay private, and the condition on the distribution keeps out other people's distributions.
    ///
    /// An origin without `OriginAccessControlId` has none. The websites of buckets are custom origins and not judged.
    ///
    /// ## Fix
    /// ```yaml
    /// SitePolicy:
    ///   Type: AWS::S3::BucketPolicy
    ///   Properties:
    ///     Bucket: !Ref Site
    ///     PolicyDocument:
    ///       Statement:
    ///         - Effect: Allow
    ///           Principal: {Service: cloudfront.amazonaws.com}
    ///           Action: s3:GetObject
    ///           Resource: !Sub "${Site.Arn}/*"
    ///           Condition:
    ///             StringEquals:
    ///               AWS:SourceArn: !Sub "arn:aws:cloudfront::${AWS::AccountId}:distribution/${Distribution}"
    /// ```
    "cloudfront-s3-origin-access-control-enabled" => {
        title: "S3 origins use origin access control, and the bucket admits that distribution alone.",
        category: Edge,
        severity: High,
        scope: Estate,
        types: ["AWS::CloudFront::Distribution"],
        reads: [
            "AWS::CloudFront::Distribution.DistributionConfig", "AWS::CloudFront::OriginAccessControl", "AWS::S3::Bucket",
            "AWS::S3::BucketPolicy.PolicyDocument",
        ],
        params: { accept_oai: Preset::Bool(false) => "accept origin access identities, which came before" },
        equivalents: [
            "aws-config/cloudfront-s3-origin-access-control-enabled", "security-hub/CloudFront.13",
            "prowler/cloudfront_distributions_s3_origin_access_control", "checkov/CKV2_AWS_46", "pci-4.0/10.3.4",
        ],
        check: access_control,
    }

    /// ## Why
    /// A distribution answers close to the viewers, takes load off the servers, and is where attacks are best stopped.
    ///
    /// Judged are internet-facing application load balancers (they are unless `Scheme` says otherwise) and buckets with a website. An alias record
    /// that leads from the origin's name to the load balancer is followed.
    ///
    /// ## Fix
    /// ```yaml
    /// Distribution:
    ///   Type: AWS::CloudFront::Distribution
    ///   Properties:
    ///     DistributionConfig:
    ///       Enabled: true
    ///       Origins:
    ///         - Id: web
    ///           DomainName: !GetAtt LoadBalancer.DNSName
    ///           CustomOriginConfig: {OriginProtocolPolicy: https-only}
    ///       DefaultCacheBehavior:
    ///         TargetOriginId: web
    ///         ViewerProtocolPolicy: redirect-to-https
    ///         CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6 # CachingOptimized
    /// ```
    "cloudfront-distribution-present" => {
        title: "Public load balancers and websites are served through a CloudFront distribution.",
        category: Edge,
        severity: Low,
        scope: Estate,
        types: ["AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::S3::Bucket"],
        reads: [
            "AWS::CloudFront::Distribution.DistributionConfig", "AWS::S3::Bucket.WebsiteConfiguration", "AWS::Route53::RecordSet",
        ],
        params: { require_cached_behaviour: Preset::Bool(true) => "at least one behaviour must cache" },
        equivalents: [],
        check: present,
    }
}

fn access_control(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (list, expected) = (origins(r), "origins with origin access control");
    let items = match list.items() {
        Items::Absent => return None,
        Items::Unknown => return Some(unknown(&list, expected)),
        Items::Are(items) => items,
    };
    let verdicts = items.iter().filter_map(|origin| match is_bucket(cx.estate, origin) {
        Ok(true) => Some(private(r, origin, cx)),
        Ok(false) => None,
        Err(why) => Some(policy::unknown(&origin.get("DomainName"), expected, &why)),
    });
    verdicts.reduce(Verdict::and)
}

fn private(r: &Resource, origin: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let control = origin.get("OriginAccessControlId");
    let identity = origin.get("S3OriginConfig.OriginAccessIdentity");
    let has_identity = require(&identity, "an origin access identity", |v| v.text().map(|text| !text.is_empty()));
    let by_reference = identity.value().is_some() && identity.as_str().is_none();
    if cx.params.bool("accept_oai") && (has_identity.is_pass() || by_reference) {
        return Verdict::Pass;
    }
    if control.as_str().is_some_and(str::is_empty) {
        return check::fail(&control, "the id of an origin access control");
    }
    let signs = related(
        cx.estate,
        &control,
        &["AWS::CloudFront::OriginAccessControl"],
        "the id of an origin access control",
        |control| one_of(&control.get("OriginAccessControlConfig.SigningBehavior"), &["always"]),
    );
    signs.and(admitted(r, origin, cx))
}

/// The bucket's policy lets CloudFront read for this distribution, and for no other.
fn admitted(r: &Resource, origin: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let expected = "a bucket policy that lets CloudFront read for this distribution alone";
    match bucket_of(cx.estate, origin) {
        Related::Found(bucket) => states(cx.estate, bucket, expected, |statement| {
            both(admits(statement, "cloudfront.amazonaws.com", "s3:GetObject", Part::Key("index.html")), || {
                let sources = demanded(statement, "aws:SourceArn");
                let mut open = None;
                for source in &sources {
                    match is_arn_of(cx, source, r) {
                        Ok(true) => return Ok(true),
                        Ok(false) => {}
                        Err(why) => open = Some(why),
                    }
                }
                open.map_or(Ok(false), Err)
            })
        })
        .on(bucket.address.name()),
        // A bucket of another account keeps its policy there.
        Related::Missing => {
            policy::unknown(&origin.get("DomainName"), expected, &Unknown::Outside("the bucket of the origin".into()))
        }
        Related::Unknown(why) => policy::unknown(&origin.get("DomainName"), expected, &why),
    }
}

/// Whether a condition's value is the ARN of a distribution.
fn is_arn_of(cx: &Context<'_>, value: &Read<'_>, r: &Resource) -> Result<bool, Unknown> {
    if let Related::Found(found) = named(cx.estate, value, &[DISTRIBUTION]) {
        return Ok(found.address == r.address);
    }
    let Some(text) = sketch(value) else {
        return value.why_unknown().map_or(Ok(false), Err);
    };
    let id = text.rsplit('/').next().unwrap_or_default();
    if id.contains(HOLE) {
        return Err(value.why_unknown().unwrap_or(Unknown::NotCollected));
    }
    match r.address.physical_id.as_deref() {
        Some(own) => Ok(id == own),
        // Before it is deployed nobody knows its id; a wildcard is not its id.
        None if id.contains('*') => Ok(false),
        None => Err(Unknown::Outside(text.into())),
    }
}

fn present(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let expected = "a distribution that serves it";
    let open = if &*r.kind == BUCKET {
        let website = r.get("WebsiteConfiguration");
        if website.is_absent() || !website.get("RedirectAllRequestsTo").is_absent() {
            return None;
        }
        website.why_unknown().map(|why| (website, why))
    } else {
        let (kind, scheme) = (r.get("Type"), r.get("Scheme"));
        if kind.as_str().is_some_and(|kind| kind != "application") || scheme.as_str() == Some("internal") {
            return None;
        }
        [kind, scheme].into_iter().find_map(|read| read.why_unknown().map(|why| (read, why)))
    };
    let verdict = some_front(cx.estate, r, expected, |front, shows| {
        let serves = match shows {
            Ok(true) => Verdict::Pass,
            Ok(false) => return check::fail(&about(r, "Distribution"), expected),
            Err(why) => policy::unknown(&origins(front), expected, &why),
        };
        let enabled = check::is_true(&front.get("DistributionConfig.Enabled"));
        let cached = if cx.params.bool("require_cached_behaviour") { caches(front) } else { Verdict::Pass };
        serves.and(enabled).and(cached).on(front.address.name())
    });
    Some(match open {
        Some((read, why)) if !verdict.is_pass() => policy::unknown(&read, expected, &why),
        _ => verdict,
    })
}

/// AWS's policy `CachingDisabled`.
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

/// One behaviour keeps answers: by a cache policy, or by settings of its own that do not say zero.
fn caches(distribution: &Resource) -> Verdict {
    let expected = "a cache policy other than CachingDisabled";
    some_behaviour(distribution, expected, |behaviour| {
        let policy = behaviour.get("CachePolicyId");
        if policy.is_absent() {
            let own = behaviour.get("ForwardedValues");
            let longest = behaviour.get("MaxTTL");
            return if own.is_absent() {
                check::fail(&policy, expected)
            } else {
                check::allow_absent(&longest, "more than 0", |v| v.as_int().map(|seconds| seconds > 0))
            };
        }
        match policy.value() {
            Some(Value { kind: Kind::Ref(_), .. }) => Verdict::Pass,
            _ => require(&policy, expected, |v| v.text().map(|id| &*id != CACHING_DISABLED)),
        }
    })
}
