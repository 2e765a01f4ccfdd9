//! Security headers that the edge adds to answers.

use crate::model::network::about;
use crate::model::{Items, Resource, Value};
use crate::rules::check::{self, is_true, related, require};
use crate::rules::readers::distribution::{DISTRIBUTION, each_behaviour, some_front};
use crate::rules::readers::policy;
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// These headers make a browser refuse what an attacker needs: HTTP, guessed content types, foreign frames. Set at the edge they hold for
    /// every answer, whatever the application forgets.
    ///
    /// Neither load balancers nor distributions add any by themselves. Judged are HTTPS listeners of internet-facing load balancers, which may
    /// leave it to a distribution in front of them, and every behaviour of a distribution. AWS's managed policies with security headers are accepted.
    ///
    /// ## Fix
    /// ```yaml
    /// DefaultCacheBehavior:
    ///   ResponseHeadersPolicyId: 67f7725c-6f97-4210-82d7-5512b31e9d03 # SecurityHeadersPolicy
    /// ```
    ///
    /// ```yaml
    /// ListenerAttributes:
    ///   - Key: routing.http.response.strict_transport_security.header_value
    ///     Value: max-age=31536000; includeSubDomains
    /// ```
    "security-response-headers-enforced" => {
        title: "Answers carry enforced security headers.",
        category: Edge,
        severity: Medium,
        scope: Estate,
        types: ["AWS::ElasticLoadBalancingV2::Listener", "AWS::CloudFront::Distribution"],
        reads: [
            "AWS::ElasticLoadBalancingV2::Listener.ListenerAttributes", "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "AWS::CloudFront::Distribution.DistributionConfig", "AWS::CloudFront::ResponseHeadersPolicy", "AWS::Route53::RecordSet",
        ],
        params: {
            headers: Preset::Texts(&["strict_transport_security", "x_content_type_options", "x_frame_options"])
                => "headers that must be set, in small letters with underscores",
        },
        equivalents: [],
        check: |r, cx| if &*r.kind == DISTRIBUTION { Some(distribution(r, cx)) } else { listener(r, cx) },
    }
}

/// Headers as listeners call them, and the members of a response headers policy that set them.
const MEMBERS: &[(&str, &str)] = &[
    ("strict_transport_security", "StrictTransportSecurity"),
    ("x_content_type_options", "ContentTypeOptions"),
    ("x_frame_options", "FrameOptions"),
    ("content_security_policy", "ContentSecurityPolicy"),
    ("referrer_policy", "ReferrerPolicy"),
    ("x_xss_protection", "XSSProtection"),
];

/// AWS's policies that set security headers; none of them sets a content security policy.
const MANAGED: &[&str] = &[
    "67f7725c-6f97-4210-82d7-5512b31e9d03",
    "e61eb60c-9c35-4d20-a928-2b84e02af89c",
    "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
];

fn distribution(r: &Resource, cx: &Context<'_>) -> Verdict {
    each_behaviour(r, "behaviours with a response headers policy", |behaviour| {
        let id = behaviour.get("ResponseHeadersPolicyId");
        let managed = id.as_str().is_some_and(|id| MANAGED.contains(&id));
        if managed && cx.params.texts("headers").iter().all(|header| header != "content_security_policy") {
            return Verdict::Pass;
        }
        let kinds = &["AWS::CloudFront::ResponseHeadersPolicy"];
        related(cx.estate, &id, kinds, "a response headers policy", |found| headers(found, cx))
    })
}

fn headers(policy: &Resource, cx: &Context<'_>) -> Verdict {
    Verdict::all(cx.params.texts("headers").iter().map(
        |header| match MEMBERS.iter().find(|(name, _)| name == header) {
            Some((_, member)) => {
                let config = policy.get(&format!("ResponseHeadersPolicyConfig.SecurityHeadersConfig.{member}"));
                is_true(&config.get("Override"))
            }
            None => custom(policy, header),
        },
    ))
}

/// A header that the policy has no member of its own for.
fn custom(policy: &Resource, header: &str) -> Verdict {
    let list = policy.get("ResponseHeadersPolicyConfig.CustomHeadersConfig.Items");
    let expected = format!("the header {header}, overriding the origin's");
    let Items::Are(items) = list.items() else {
        return if list.is_absent() { check::fail(&list, &expected) } else { check::unknown(&list, &expected) };
    };
    let is_it = |v: &Value| v.text().map(|name| name.replace('-', "_").eq_ignore_ascii_case(header));
    let found =
        items.iter().map(|item| require(&item.get("Header"), header, is_it).and(is_true(&item.get("Override"))));
    Verdict::any(found, || check::fail(&list, &expected))
}

fn listener(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (protocol, expected) = (r.get("Protocol"), "a public HTTPS listener");
    if protocol.is_absent() || protocol.as_str().is_some_and(|p| p != "HTTPS") {
        return None;
    }
    let kinds = &["AWS::ElasticLoadBalancingV2::LoadBalancer"];
    // Passes if it is public, fails if it is not.
    let public = related(cx.estate, &r.get("LoadBalancerArn"), kinds, expected, |balancer| {
        check::allow_absent(&balancer.get("Scheme"), "internet-facing", |v| v.text().map(|s| &*s == "internet-facing"))
    });
    if matches!(public, Verdict::Fail(_)) {
        return None;
    }
    let verdict =
        Verdict::all(cx.params.texts("headers").iter().map(|header| attribute(r, header))).or(|| in_front(r, cx));
    let known = public.is_pass() && protocol.why_unknown().is_none();
    if known || verdict.is_pass() {
        return Some(verdict);
    }
    // It may not be a listener that is judged at all.
    Some(if protocol.why_unknown().is_some() { check::unknown(&protocol, "HTTPS") } else { public })
}

fn attribute(r: &Resource, header: &str) -> Verdict {
    let list = r.get("ListenerAttributes");
    let key = format!("routing.http.response.{header}.header_value");
    let expected = format!("the attribute {key}");
    let Items::Are(items) = list.items() else {
        return if list.is_absent() { check::fail(&list, &expected) } else { check::unknown(&list, &expected) };
    };
    let is_set = items.iter().map(|item| {
        let is_key = require(&item.get("Key"), &key, |v| v.text().map(|name| *name == *key));
        is_key.and(require(&item.get("Value"), "a value", |v| v.text().map(|value| !value.trim().is_empty())))
    });
    match Verdict::any(is_set, || check::fail(&list, &expected)) {
        // Other attributes are no evidence.
        Verdict::Fail(_) => check::fail(&list, &expected),
        decided => decided,
    }
}

/// Whether a distribution in front of the load balancer sets the headers.
fn in_front(r: &Resource, cx: &Context<'_>) -> Verdict {
    let nothing = || check::fail(&about(r, "Distribution"), "a distribution in front that sets the headers");
    let kinds = &["AWS::ElasticLoadBalancingV2::LoadBalancer"];
    related(cx.estate, &r.get("LoadBalancerArn"), kinds, "a load balancer", |balancer| {
        some_front(cx.estate, balancer, "a distribution in front that sets the headers", |front, shows| match shows {
            Ok(true) => distribution(front, cx).on(front.address.name()),
            Ok(false) => nothing(),
            Err(why) => policy::unknown(&about(front, "Origins"), "the load balancer", &why),
        })
    })
}
