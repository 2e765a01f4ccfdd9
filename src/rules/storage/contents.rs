//! What becomes of objects in time, and which pages may load them.

use crate::model::network::about;
use crate::model::{Items, Read, Resource, Unknown, Value};
use crate::rules::check::{self, require};
use crate::rules::readers::distribution::is_shown;
use crate::rules::readers::policy;
use crate::rules::readers::sketch::{names_resource, sketch};
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// A bucket without lifecycle rules only ever grows, old versions and half-finished uploads included.
    ///
    /// Without a rule S3 keeps everything for ever. Any enabled rule will do, unless `require_transition` asks for one that moves current versions
    /// to a cheaper class.
    ///
    /// ## Fix
    /// ```yaml
    /// LifecycleConfiguration:
    ///   Rules:
    ///     - Status: Enabled
    ///       Transitions: [{StorageClass: STANDARD_IA, TransitionInDays: 30}]
    ///       NoncurrentVersionExpiration: {NoncurrentDays: 90}
    /// ```
    "s3-lifecycle-policy-check" => {
        title: "S3 buckets have lifecycle rules.",
        category: Storage,
        severity: Low,
        scope: Resource,
        types: ["AWS::S3::Bucket"],
        reads: ["AWS::S3::Bucket.LifecycleConfiguration"],
        params: {
            require_transition: Preset::Bool(false) => "demand a rule that moves objects to another storage class",
            transition_classes: Preset::Texts(&["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE"])
                => "storage classes that count",
        },
        equivalents: [
            "aws-config/s3-lifecycle-policy-check", "security-hub/S3.13", "prowler/s3_bucket_lifecycle_enabled",
            "checkov/CKV2_AWS_61", "pci-4.0/3.2.1", "pci-4.0/3.3.1.1", "pci-4.0/3.3.1.3", "pci-4.0/3.3.2",
            "pci-4.0/3.3.3", "pci-4.0/10.5.1",
        ],
        check: |r, cx| Some(lifecycle(r, cx)),
    }

    /// ## Why
    /// A browser asks a bucket of another origin first whether it may load from it. Without an answer the page breaks; an answer of `*` invites
    /// every page in the world.
    ///
    /// Judged are buckets with a CORS configuration, buckets that a distribution shows, and buckets whose name looks like a website's. A bucket
    /// answers no page of another origin unless it is told to.
    ///
    /// ## Fix
    /// ```yaml
    /// CorsConfiguration:
    ///   CorsRules:
    ///     - AllowedOrigins: [https://www.example.com]
    ///       AllowedMethods: [GET, HEAD]
    /// ```
    "s3-bucket-cors-restricted" => {
        title: "Buckets that serve a web page allow its origin, and no others.",
        category: Storage,
        severity: Low,
        scope: Resource,
        types: ["AWS::S3::Bucket"],
        reads: ["AWS::S3::Bucket.CorsConfiguration", "AWS::CloudFront::Distribution.DistributionConfig"],
        params: {
            web_bucket_pattern: Preset::Pattern("(?i)(static|assets|web|content)") => "names of buckets that need CORS",
            allowed_methods: Preset::Texts(&["GET", "HEAD", "PUT", "POST"]) => "accepted values of AllowedMethods",
        },
        equivalents: [],
        check: cors,
    }
}

const ACTIONS: &[&str] = &[
    "ExpirationInDays",
    "ExpirationDate",
    "ExpiredObjectDeleteMarker",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionExpirationInDays",
    "NoncurrentVersionTransition",
    "NoncurrentVersionTransitions",
    "Transition",
    "Transitions",
    "AbortIncompleteMultipartUpload",
];

fn lifecycle(r: &Resource, cx: &Context<'_>) -> Verdict {
    let moves = cx.params.bool("require_transition");
    let expected = if moves { "an enabled rule with a transition" } else { "an enabled rule" };
    let rules = r.get("LifecycleConfiguration.Rules");
    let items = match rules.items() {
        Items::Absent => return check::fail(&rules, expected),
        Items::Unknown => return check::unknown(&rules, expected),
        Items::Are(items) => items,
    };
    let judged = items.iter().map(|rule| {
        if rule.why_unknown().is_some() {
            return check::unknown(rule, expected);
        }
        let enabled = check::one_of(&rule.get("Status"), &["Enabled"]);
        let acts = if moves {
            transition(rule, cx.params.texts("transition_classes"))
        } else {
            Verdict::any(ACTIONS.iter().map(|action| said(&rule.get(action))), || check::fail(rule, expected))
        };
        enabled.and(acts)
    });
    match Verdict::any(judged, || check::fail(&rules, expected)) {
        // What the rules lack, one by one, is no evidence.
        Verdict::Fail(_) => check::fail(&rules, expected),
        decided => decided,
    }
}

/// An action is there, whatever number of days a parameter gives it.
fn said(read: &Read<'_>) -> Verdict {
    match read.why_unknown() {
        Some(Unknown::Parameter(_) | Unknown::NoEcho(_) | Unknown::Dynamic(_) | Unknown::Import(_)) => Verdict::Pass,
        _ => check::present(read, "an action"),
    }
}

fn transition(rule: &Read<'_>, classes: &[String]) -> Verdict {
    let single = rule.get("Transition");
    let list = rule.get("Transitions");
    let to = |transition: &Read<'_>| check::one_of(&transition.get("StorageClass"), classes);
    let items = match list.items() {
        Items::Unknown => return to(&single).or(|| check::unknown(&list, "transitions")),
        Items::Absent => Vec::new(),
        Items::Are(items) => items,
    };
    items.iter().map(to).fold(to(&single), |found, next| found.or(|| next))
}

fn cors(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let rules = r.get("CorsConfiguration.CorsRules");
    let expected = "CORS rules for the origin of the page";
    if rules.is_absent() {
        let given = sketch(&r.get("BucketName"));
        let pattern = cx.params.pattern("web_bucket_pattern");
        let is_match = |name: &str| pattern.is_some_and(|pattern| pattern.is_match(name));
        let needs = given.as_deref().is_some_and(is_match) || is_match(r.address.name());
        return if needs { Some(check::fail(&rules, expected)) } else { shown(r, cx) };
    }
    Some(check::each(&rules, expected, |rule| {
        let (origins, methods) = (rule.get("AllowedOrigins"), rule.get("AllowedMethods"));
        let restricted = restricted(&origins, cx);
        let accepted = cx.params.texts("allowed_methods");
        let known = check::each(&methods, "an accepted method", |method| check::one_of(method, accepted));
        restricted.and(known)
    }))
}

/// No origin is every origin. What is made of a resource of the template, as the domain of a distribution is, names one.
fn restricted(origins: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let expected = "an origin, not all of them";
    let items = match origins.items() {
        Items::Absent => return Verdict::Pass,
        Items::Unknown => return check::unknown(origins, expected),
        Items::Are(items) => items,
    };
    Verdict::all(items.iter().map(|origin| {
        if origin.why_unknown().is_some() && names_resource(cx.estate, origin) {
            return Verdict::Pass;
        }
        require(origin, expected, |v: &Value| v.text().map(|o| !["*", "http://*", "https://*"].contains(&&*o)))
    }))
}

/// A bucket without CORS that a distribution shows; `None` if none does.
fn shown(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let expected = "CORS rules, because a distribution shows the bucket";
    match is_shown(cx.estate, r) {
        Ok(true) => Some(check::fail(&r.get("CorsConfiguration"), expected)),
        Ok(false) => None,
        Err(why) => Some(policy::unknown(&about(r, "Distribution"), expected, &why)),
    }
}
