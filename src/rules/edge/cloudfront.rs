//! How distributions speak to viewers and origins.

use crate::model::{Items, Read, Resource};
use crate::rules::check::{each, one_of, require, unknown};
use crate::rules::readers::distribution::{each_behaviour, is_bucket, origins};
use crate::rules::readers::policy;
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// What goes from CloudFront to your origin crosses the internet. Over HTTP anybody on the way can read and change it.
    ///
    /// Only custom origins are judged; S3's own protocol is decided by the viewer's. `match-viewer` counts as `https-only` where every behaviour
    /// that uses the origin makes viewers use HTTPS. A policy that is not said fails: CloudFront has no default for it.
    ///
    /// Beware of `allowed: [http-only]` in front of a load balancer that redirects HTTP to HTTPS: requests then go round in a circle.
    ///
    /// ## Fix
    /// ```yaml
    /// Origins:
    ///   - Id: web
    ///     DomainName: origin.example.com
    ///     CustomOriginConfig:
    ///       OriginProtocolPolicy: https-only
    ///       OriginSSLProtocols: [TLSv1.2]
    /// ```
    "cloudfront-origin-protocol-policy" => {
        title: "CloudFront reaches custom origins by an accepted protocol.",
        category: Edge,
        severity: Medium,
        scope: Resource,
        types: ["AWS::CloudFront::Distribution"],
        reads: ["AWS::CloudFront::Distribution.DistributionConfig"],
        params: { allowed: Preset::Texts(&["https-only"]) => "accepted values of OriginProtocolPolicy" },
        equivalents: [
            "aws-config/cloudfront-traffic-to-origin-encrypted", "security-hub/CloudFront.9",
            "prowler/cloudfront_distributions_origin_traffic_encrypted", "checkov/CKV2_AWS_72", "pci-4.0/1.2.5",
            "pci-4.0/2.2.5", "pci-4.0/2.2.7", "pci-4.0/4.2.1", "pci-4.0/4.2.1.1", "pci-4.0/8.3.2",
        ],
        check: |r, cx| origin_protocol(r, cx.params.texts("allowed")),
    }

    /// ## Why
    /// Over HTTP anybody between a viewer and CloudFront can read cookies and change pages.
    ///
    /// `allow-all` fails, and so does a behaviour that does not say: CloudFront has no default for it.
    ///
    /// ## Fix
    /// ```yaml
    /// DefaultCacheBehavior:
    ///   ViewerProtocolPolicy: redirect-to-https
    /// ```
    "cloudfront-viewer-policy-https" => {
        title: "CloudFront makes viewers use HTTPS.",
        category: Edge,
        severity: High,
        scope: Resource,
        types: ["AWS::CloudFront::Distribution"],
        reads: ["AWS::CloudFront::Distribution.DistributionConfig"],
        equivalents: [
            "aws-config/cloudfront-viewer-policy-https", "security-hub/CloudFront.3",
            "prowler/cloudfront_distributions_https_enabled", "checkov/CKV_AWS_34",
            "aws-guard/cloudfront_viewer_policy_https", "pci-4.0/1.2.5", "pci-4.0/2.2.5", "pci-4.0/2.2.7",
            "pci-4.0/4.2.1", "pci-4.0/4.2.1.1", "pci-4.0/8.3.2",
        ],
        check: |r, _| Some(each_behaviour(r, "behaviours that make viewers use HTTPS", makes_https)),
    }

    /// ## Why
    /// A single-page application has one file; its paths exist in the browser alone. Without an error response a reload of such a path shows S3's
    /// bare `403` or `404`.
    ///
    /// Distributions with an S3 origin, or the website of a bucket, are judged; set `every_distribution` to judge all. CloudFront passes errors on
    /// as they are where nothing is said.
    ///
    /// ## Fix
    /// ```yaml
    /// CustomErrorResponses:
    ///   - {ErrorCode: 403, ResponseCode: 200, ResponsePagePath: /index.html}
    ///   - {ErrorCode: 404, ResponseCode: 200, ResponsePagePath: /index.html}
    /// ```
    "cloudfront-custom-error-responses" => {
        title: "CloudFront answers missing pages of a site with a page of the site.",
        category: Edge,
        severity: Low,
        scope: Resource,
        types: ["AWS::CloudFront::Distribution"],
        reads: ["AWS::CloudFront::Distribution.DistributionConfig", "AWS::S3::Bucket"],
        params: {
            error_codes: Preset::Ints(&[403, 404]) => "codes of the origin that need a response",
            response_code: Preset::Int(200) => "code that the viewer gets in their place",
            every_distribution: Preset::Bool(false) => "also judge distributions without an S3 origin",
        },
        equivalents: [],
        check: error_responses,
    }
}

const HTTPS: &[&str] = &["https-only", "redirect-to-https"];

fn makes_https(behaviour: &Read<'_>) -> Verdict {
    one_of(&behaviour.get("ViewerProtocolPolicy"), HTTPS)
}

fn origin_protocol(r: &Resource, allowed: &[String]) -> Option<Verdict> {
    let list = origins(r);
    let expected = format!("OriginProtocolPolicy {}", allowed.join(" or "));
    let items = match list.items() {
        Items::Absent => return None,
        Items::Unknown => return Some(unknown(&list, &expected)),
        Items::Are(items) => items,
    };
    let verdicts = items.iter().filter_map(|origin| {
        let custom = origin.get("CustomOriginConfig");
        match (custom.is_absent(), custom.why_unknown()) {
            (true, _) => None,
            (false, Some(_)) => Some(unknown(&custom, &expected)),
            (false, None) => Some(protocol(r, origin, &custom.get("OriginProtocolPolicy"), allowed)),
        }
    });
    verdicts.reduce(Verdict::and)
}

fn protocol(r: &Resource, origin: &Read<'_>, policy: &Read<'_>, allowed: &[String]) -> Verdict {
    let verdict = one_of(policy, allowed);
    let same_as_https = policy.as_str() == Some("match-viewer") && allowed.iter().any(|a| a == "https-only");
    if verdict.is_pass() || !same_as_https {
        return verdict;
    }
    each_behaviour(r, "behaviours of the origin that make viewers use HTTPS", |behaviour| {
        let (target, id) = (behaviour.get("TargetOriginId"), origin.get("Id"));
        match (target.as_str(), id.as_str()) {
            (Some(target), Some(id)) if target != id => Verdict::Pass,
            _ => makes_https(behaviour),
        }
    })
}

fn error_responses(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let responses = r.get("DistributionConfig.CustomErrorResponses");
    let status = cx.params.int("response_code");
    let verdict = Verdict::all(cx.params.ints("error_codes").iter().map(|&code| {
        let expected = format!("a page in response to {code}, as {status}");
        let Items::Are(items) = responses.items() else {
            return if responses.is_absent() {
                check::fail(&responses, &expected)
            } else {
                unknown(&responses, &expected)
            };
        };
        let answers = items.iter().map(|response| {
            let number = |wanted: i64| move |v: &crate::model::Value| v.as_int().map(|n| n == wanted);
            let page = response.get("ResponsePagePath");
            require(&response.get("ErrorCode"), &code.to_string(), number(code))
                .and(require(&response.get("ResponseCode"), &status.to_string(), number(status)))
                .and(require(&page, "a path", |v| v.text().map(|path| path.starts_with('/'))))
        });
        match Verdict::any(answers, || check::fail(&responses, &expected)) {
            // What other codes are answered with is no evidence.
            Verdict::Fail(_) => check::fail(&responses, &expected),
            decided => decided,
        }
    }));
    if cx.params.bool("every_distribution") {
        return Some(verdict);
    }
    match shows_site(r, cx) {
        Verdict::Fail(_) => None,
        Verdict::Pass => Some(verdict),
        open @ Verdict::Unknown(_) => Some(if verdict.is_pass() { verdict } else { open }),
    }
}

/// Whether one of the origins is a bucket, or the website of one.
fn shows_site(r: &Resource, cx: &Context<'_>) -> Verdict {
    let (list, expected) = (origins(r), "an S3 origin");
    let Items::Are(items) = list.items() else { return each(&list, expected, |_| Verdict::Pass) };
    let site = items.iter().map(|origin| {
        let domain = origin.get("DomainName");
        if domain.as_str().is_some_and(|text| text.contains(".s3-website")) {
            return Verdict::Pass;
        }
        match is_bucket(cx.estate, origin) {
            Ok(true) => Verdict::Pass,
            Ok(false) => check::fail(&domain, expected),
            Err(why) => policy::unknown(&domain, expected, &why),
        }
    });
    Verdict::any(site, || check::fail(&list, expected))
}
