//! What listeners speak.

use super::given;
use crate::model::network::about;
use crate::model::{Items, Read, Resource};
use crate::rules::check::{each, every, fail, one_of, related, some, unknown};
use crate::rules::network::{GROUP, from_cloudfront};
use crate::rules::readers::balancer::{LISTENER, LISTENER_RULE, LOAD_BALANCER, actions, says};
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// HTTP listeners send everybody on to HTTPS, and do nothing else.
    ///
    /// ## Why
    ///
    /// What an HTTP listener forwards travels in the clear, passwords and cookies included.
    ///
    /// Whether there is an HTTPS listener to be sent to is asked with `require_https_listener` only, as the field's other
    /// checks do not ask it. `allow_cloudfront_origin_forward` accepts a listener that forwards if the security groups of
    /// its load balancer admit CloudFront alone: it is what a distribution with an `http-only` origin needs.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// DefaultActions:
    ///   - Type: redirect
    ///     RedirectConfig:
    ///       Protocol: HTTPS
    ///       Port: "443"
    ///       StatusCode: HTTP_301
    /// ```
    ///
    /// `aws elbv2 modify-listener --listener-arn … --default-actions
    /// 'Type=redirect,RedirectConfig={Protocol=HTTPS,Port=443,StatusCode=HTTP_301}'`
    "alb-http-to-https-redirection-check" => {
        title: "HTTP listeners redirect to HTTPS.",
        category: LoadBalancing,
        severity: High,
        scope: Estate,
        types: ["AWS::ElasticLoadBalancingV2::Listener"],
        reads: [
            "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::ListenerRule",
            "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::PrefixList",
        ],
        params: {
            internet_facing_only: Preset::Bool(false) => "judge only listeners of load balancers that face the internet",
            require_https_listener: Preset::Bool(false) => "the load balancer must have an HTTPS listener to be sent to",
            allow_cloudfront_origin_forward: Preset::Bool(false) => "accept forwarding where only CloudFront is admitted",
            cloudfront_prefix_lists: Preset::Texts(&[]) => "ids of further prefix lists that are CloudFront's",
        },
        equivalents: [
            "aws-config/alb-http-to-https-redirection-check", "security-hub/ELB.1", "prowler/elbv2_ssl_listeners",
            "checkov/CKV_AWS_2", "checkov/CKV2_AWS_20", "aws-guard/alb_http_to_https_redirection_check", "pci-3.2.1/2.3",
            "pci-3.2.1/4.1",
        ],
        check: redirect,
    }

    /// HTTPS and TLS listeners accept TLS 1.2 and later with strong ciphers only.
    ///
    /// ## Why
    ///
    /// A listener without `SslPolicy` has `ELBSecurityPolicy-2016-08`, which still speaks TLS 1.0.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06
    /// ```
    ///
    /// `aws elbv2 modify-listener --listener-arn … --ssl-policy ELBSecurityPolicy-TLS13-1-2-2021-06`
    ///
    /// The list also has the stricter and the post-quantum relatives of the policies that AWS recommends.
    "elbv2-predefined-security-policy-ssl-check" => {
        title: "TLS listeners use a security policy limited to TLS 1.2 or later with strong ciphers.",
        category: LoadBalancing,
        severity: High,
        scope: Resource,
        types: ["AWS::ElasticLoadBalancingV2::Listener"],
        params: {
            allowed_policies: Preset::Texts(&[
                "ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
                "ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04",
                "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
                "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
                "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-FIPS-PQ-2025-09",
                "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09",
            ]) => "accepted values of SslPolicy",
        },
        equivalents: [
            "aws-config/elbv2-predefined-security-policy-ssl-check", "security-hub/ELB.17",
            "prowler/elbv2_insecure_ssl_ciphers", "checkov/CKV_AWS_103", "checkov/CKV2_AWS_74",
            "aws-guard/elbv2_listener_ssl_policy_rule",
        ],
        check: |r, cx| {
            let verdict = one_of(&r.get("SslPolicy"), cx.params.texts("allowed_policies"));
            given(r, says(r.get("Protocol"), &["HTTPS", "TLS"]), "the protocol of the listener", verdict)
        },
    }
}

const REDIRECT: &str = "one action: redirect to HTTPS";

fn redirect(listener: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let sends_on = by_default(listener).and(by_rules(listener, cx));
    let sends_on = if cx.params.bool("require_https_listener") { sends_on.and(goal(listener, cx)) } else { sends_on };
    let verdict = if cx.params.bool("allow_cloudfront_origin_forward") {
        sends_on.or(|| cloudfront_only(listener, cx))
    } else {
        sends_on
    };
    let verdict = given(listener, says(listener.get("Protocol"), &["HTTP"]), "the protocol of the listener", verdict)?;
    if cx.params.bool("internet_facing_only") { facing(listener, cx, verdict) } else { Some(verdict) }
}

fn by_default(listener: &Resource) -> Verdict {
    let all = actions(listener);
    match all.items() {
        Items::Absent => fail(&all, REDIRECT),
        Items::Unknown => unknown(&all, REDIRECT),
        Items::Are(items) => match &*items {
            [one] if one.why_unknown().is_some() => unknown(one, REDIRECT),
            [one] => {
                let kind = one_of(&one.get("Type"), &["redirect"]);
                if !kind.is_pass() {
                    return kind;
                }
                one_of(&one.get("RedirectConfig.Protocol"), &["HTTPS"])
                    .and(one_of(&one.get("RedirectConfig.StatusCode"), &["HTTP_301", "HTTP_302"]))
            }
            _ => fail(&all, REDIRECT),
        },
    }
}

/// The rules of a listener come before its default action.
fn by_rules(listener: &Resource, cx: &Context<'_>) -> Verdict {
    let rules = cx.estate.referrers(listener, LISTENER_RULE, "ListenerArn");
    every(&rules, &about(listener, "ListenerRules"), "no rule that forwards", |rule| {
        each(&actions(rule), "no action that forwards", |action| not_forward(&action.get("Type")))
            .on(rule.address.name())
    })
}

fn not_forward(kind: &Read<'_>) -> Verdict {
    let expected = "no action that forwards";
    match kind.why_unknown() {
        Some(_) => unknown(kind, expected),
        None if kind.as_str() == Some("forward") => fail(kind, expected),
        None => Verdict::Pass,
    }
}

/// The load balancer has an HTTPS listener.
fn goal(listener: &Resource, cx: &Context<'_>) -> Verdict {
    related(cx.estate, &listener.get("LoadBalancerArn"), &[LOAD_BALANCER], "a load balancer", |balancer| {
        let all = cx.estate.referrers(balancer, LISTENER, "LoadBalancerArn");
        some(&all, &about(balancer, "Listeners"), "an HTTPS listener", |other| {
            one_of(&other.get("Protocol"), &["HTTPS"]).on(other.address.name())
        })
    })
}

fn facing(listener: &Resource, cx: &Context<'_>, verdict: Verdict) -> Option<Verdict> {
    let mut internal = false;
    let known = related(cx.estate, &listener.get("LoadBalancerArn"), &[LOAD_BALANCER], "a load balancer", |balancer| {
        let scheme = balancer.get("Scheme");
        internal = scheme.as_str().is_some_and(|s| s.eq_ignore_ascii_case("internal"));
        if scheme.why_unknown().is_some() { unknown(&scheme, "internet-facing or internal") } else { Verdict::Pass }
    });
    match known {
        Verdict::Unknown(_) if !verdict.is_pass() => Some(known),
        _ if internal => None,
        _ => Some(verdict),
    }
}

fn cloudfront_only(listener: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "security groups that admit CloudFront alone";
    related(cx.estate, &listener.get("LoadBalancerArn"), &[LOAD_BALANCER], "a load balancer", |balancer| {
        let groups = balancer.get("SecurityGroups");
        match groups.items() {
            Items::Unknown => unknown(&groups, expected),
            Items::Are(list) if !list.is_empty() => Verdict::all(
                list.iter()
                    .map(|read| related(cx.estate, read, &[GROUP], expected, |group| from_cloudfront(group, cx))),
            ),
            _ => fail(&groups, expected),
        }
    })
}
