//! Logs of load balancers.

use super::{given, of_application};
use crate::model::network::{Known, Unsure, about};
use crate::model::{Field, Items, Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::check::{fail, is_true, present};
use crate::rules::network::unsure;
use crate::rules::readers::balancer::{CLASSIC, Family, attribute, family, listens};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// Load balancers write an access log into a bucket.
    ///
    /// ## Why
    ///
    /// The access log is the only record of who asked for what, and of what was answered. It is off by default.
    ///
    /// Network load balancers log TLS listeners only, so those without any are not judged, and gateway load balancers
    /// have no access log. With `require_dedicated_bucket` the bucket must be for logs alone: one that serves a website,
    /// answers cross-origin requests or is an origin of a CloudFront distribution is not.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// LoadBalancerAttributes:
    ///   - {Key: access_logs.s3.enabled, Value: "true"}
    ///   - {Key: access_logs.s3.bucket, Value: !Ref AccessLogs}
    /// ```
    ///
    /// `aws elbv2 modify-load-balancer-attributes --load-balancer-arn … --attributes
    /// Key=access_logs.s3.enabled,Value=true Key=access_logs.s3.bucket,Value=…`
    "elb-logging-enabled" => {
        title: "Load balancers write access logs to S3.",
        category: LoadBalancing,
        severity: Medium,
        scope: Resource,
        types: ["AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer"],
        reads: [
            "AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes", "AWS::ElasticLoadBalancingV2::Listener",
            "AWS::S3::Bucket.WebsiteConfiguration", "AWS::S3::Bucket.CorsConfiguration",
            "AWS::CloudFront::Distribution.DistributionConfig",
        ],
        params: {
            require_dedicated_bucket: Preset::Bool(false) => "the bucket must receive nothing but logs",
        },
        equivalents: [
            "aws-config/elb-logging-enabled", "security-hub/ELB.5", "prowler/elbv2_logging_enabled",
            "prowler/elb_logging_enabled", "checkov/CKV_AWS_91", "checkov/CKV_AWS_92", "aws-guard/elbv2_access_logging_rule",
            "aws-guard/elb_logging_enabled", "pci-4.0/5.3.4", "pci-4.0/10.2.1", "pci-4.0/10.2.1.1", "pci-4.0/10.2.1.2",
            "pci-4.0/10.2.1.3", "pci-4.0/10.2.1.4", "pci-4.0/10.2.1.5", "pci-4.0/10.2.1.6", "pci-4.0/10.2.1.7",
            "pci-4.0/10.2.2", "pci-4.0/10.3.1", "pci-4.0/10.6.3", "pci-4.0/A1.2.1",
        ],
        check: access_log,
    }

    /// Application load balancers with an HTTPS listener also write a connection log.
    ///
    /// ## Why
    ///
    /// The fields of the access log are fixed. TLS versions, ciphers, client certificates and handshakes that failed are
    /// in the connection log alone, which is off by default.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// LoadBalancerAttributes:
    ///   - {Key: connection_logs.s3.enabled, Value: "true"}
    ///   - {Key: connection_logs.s3.bucket, Value: !Ref ConnectionLogs}
    /// ```
    ///
    /// `aws elbv2 modify-load-balancer-attributes --load-balancer-arn … --attributes
    /// Key=connection_logs.s3.enabled,Value=true Key=connection_logs.s3.bucket,Value=…`
    "alb-connection-logs-enabled" => {
        title: "Application load balancers also write connection logs, giving TLS and client fields for security analysis.",
        category: LoadBalancing,
        severity: Low,
        scope: Resource,
        types: ["AWS::ElasticLoadBalancingV2::LoadBalancer"],
        reads: [
            "AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes", "AWS::ElasticLoadBalancingV2::Listener",
        ],
        equivalents: [],
        check: |r, cx| {
            let (verdict, _) = written(r, "connection_logs");
            let verdict = given(r, listens(cx.estate, r, &["HTTPS"]), "the protocols of its listeners", verdict)?;
            of_application(r, verdict)
        },
    }
}

/// Whether a log is on and has a bucket, and the property that names the bucket.
fn written<'a>(r: &'a Resource, log: &str) -> (Verdict, Read<'a>) {
    let setting = |name| attribute(r, "LoadBalancerAttributes", &format!("{log}.s3.{name}"));
    let bucket = setting("bucket");
    (is_true(&setting("enabled")).and(named(&bucket)), bucket)
}

/// AWS shows an empty name where there is no bucket.
fn named(bucket: &Read<'_>) -> Verdict {
    let expected = "the name of a bucket";
    if bucket.as_str().is_some_and(str::is_empty) { fail(bucket, expected) } else { present(bucket, expected) }
}

fn access_log(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let classic = &*r.kind == CLASSIC;
    let (verdict, bucket) = if classic {
        let bucket = r.get("AccessLoggingPolicy.S3BucketName");
        // The schema does not let the policy be written without a bucket.
        (is_true(&r.get("AccessLoggingPolicy.Enabled")), bucket)
    } else {
        written(r, "access_logs")
    };
    let verdict = if cx.params.bool("require_dedicated_bucket") && verdict.is_pass() {
        dedicated(r, &bucket, cx)
    } else {
        verdict
    };
    if classic {
        return Some(verdict);
    }
    match family(r) {
        Ok(Family::Application) => Some(verdict),
        Ok(Family::Network) => given(r, listens(cx.estate, r, &["TLS"]), "the protocols of its listeners", verdict),
        Ok(Family::Gateway) => None,
        Err(open) => given(r, Err(open), "the type of the load balancer", verdict),
    }
}

const BUCKET: &str = "AWS::S3::Bucket";
const DEDICATED: &str = "a bucket for nothing but logs";

fn dedicated(r: &Resource, read: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let bucket = match cx.estate.follow(read, &[BUCKET]) {
        Related::Found(bucket) => bucket,
        other => {
            let all = cx.estate.of(r, BUCKET).items;
            let same = |b: &&Resource| read.as_str().is_some() && b.get("BucketName").as_str() == read.as_str();
            match (all.into_iter().find(same), other) {
                (Some(bucket), _) => bucket,
                (None, Related::Unknown(why)) => return Verdict::unknown(Evidence::unknown(read, DEDICATED, &why)),
                (None, _) => return fail(read, "a bucket that exists"),
            }
        }
    };
    let quiet = ["WebsiteConfiguration", "CorsConfiguration"].iter().map(|name| {
        let read = bucket.get(name);
        match read.why_unknown() {
            Some(why) => Verdict::unknown(Evidence::unknown(&read, DEDICATED, &why)),
            None if read.is_absent() => Verdict::Pass,
            None => fail(&read, DEDICATED),
        }
    });
    let quiet = Verdict::all(quiet).on(bucket.address.name());
    match origin(bucket, cx) {
        Ok(None) => quiet,
        Ok(Some(read)) => quiet.and(fail(&read, DEDICATED).on(read.resource.address.name())),
        Err(open) => quiet.and(unsure(r, &open, DEDICATED)),
    }
}

/// The origin of a distribution that a bucket is, if it is one.
fn origin<'a>(bucket: &'a Resource, cx: &Context<'a>) -> Known<'a, Option<Read<'a>>> {
    let distributions = cx.estate.of(bucket, "AWS::CloudFront::Distribution");
    let mut open = distributions.incomplete.map(|why| Unsure::new(about(bucket, "Distributions"), why));
    for distribution in distributions.items {
        let origins = distribution.get("DistributionConfig.Origins");
        let Items::Are(list) = origins.items() else {
            if let Some(why) = origins.why_unknown() {
                open = Some(Unsure::new(origins, why));
            }
            continue;
        };
        for origin in list {
            let domain = origin.get("DomainName");
            match is_of(bucket, &domain) {
                Ok(true) => return Ok(Some(domain)),
                Ok(false) => {}
                Err(why) => open = Some(Unsure::new(domain, why)),
            }
        }
    }
    open.map_or(Ok(None), Err)
}

/// Whether a domain name is that of a bucket: its attribute, or `<bucket>.s3.…`.
fn is_of(bucket: &Resource, domain: &Read<'_>) -> Result<bool, Unknown> {
    if let Field::Is(Value { kind: Kind::Ref(reference), .. }) = &domain.field {
        let named = bucket.address.logical_id.as_ref() == Some(&reference.logical_id);
        return Ok(named && bucket.address.stack.as_ref() == Some(&reference.stack));
    }
    if let Some(why) = domain.why_unknown() {
        return Err(why);
    }
    let names = [bucket.address.physical_id.as_deref(), bucket.get("BucketName").as_str()];
    let starts = |name: &str| {
        domain
            .as_str()
            .and_then(|domain| domain.strip_prefix(name))
            .is_some_and(|r| r.is_empty() || r.starts_with(".s3"))
    };
    Ok(names.into_iter().flatten().any(starts))
}
