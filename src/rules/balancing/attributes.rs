//! Attributes of load balancers and target groups.

use super::{given, of_application};
use crate::model::{Resource, Unknown, Value};
use crate::rules::check::{fail, is_true, require};
use crate::rules::readers::balancer::{Family, TARGET_GROUP, attribute, family, says};
use crate::rules::readers::production::production_only;
use crate::rules::readers::wanted::Wanted;
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// Application load balancers have the attributes that a profile asks for.
    ///
    /// ## Why
    ///
    /// The idle timeout decides which slow answers are cut off, the host header which site a server thinks it is. Left
    /// to defaults, they are found out about in production.
    ///
    /// `required` maps an attribute to what it has to be: a value, a range such as `1..4000`, or `null` for any value.
    /// An attribute that a template leaves out has AWS's default, and is judged by that; `require_declared` wants it
    /// said. AWS shows every attribute of a load balancer, so there only the values are compared.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// LoadBalancerAttributes:
    ///   - Key: idle_timeout.timeout_seconds
    ///     Value: "60"
    /// ```
    ///
    /// `aws elbv2 modify-load-balancer-attributes --load-balancer-arn … --attributes Key=…,Value=…`
    "alb-attributes-configured" => {
        title: "Application load balancers set the required attributes explicitly (idle timeout, host header preservation).",
        category: LoadBalancing,
        severity: Low,
        scope: Resource,
        types: ["AWS::ElasticLoadBalancingV2::LoadBalancer"],
        reads: ["AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes"],
        params: {
            required: Preset::Map(&[("idle_timeout.timeout_seconds", Some("1..4000"))]) => "attributes, each with a value, a range like 1..4000, or null for any value",
            require_declared: Preset::Bool(false) => "fail a template that leaves an attribute to its default",
        },
        equivalents: [],
        check: |r, cx| {
            of_application(r, Verdict::all(cx.params.map("required").map(|(key, text)| required(r, cx, key, text))))
        },
    }

    /// Application load balancers drop header fields with invalid names instead of passing them on.
    ///
    /// ## Why
    ///
    /// A load balancer and a server that read a malformed header differently can be talked into seeing two requests
    /// where there is one (request smuggling). Invalid fields are passed on by default.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// LoadBalancerAttributes:
    ///   - Key: routing.http.drop_invalid_header_fields.enabled
    ///     Value: "true"
    /// ```
    ///
    /// `aws elbv2 modify-load-balancer-attributes --load-balancer-arn … --attributes
    /// Key=routing.http.drop_invalid_header_fields.enabled,Value=true`
    "alb-http-drop-invalid-header-enabled" => {
        title: "Application load balancers drop invalid HTTP headers.",
        category: LoadBalancing,
        severity: Medium,
        scope: Resource,
        types: ["AWS::ElasticLoadBalancingV2::LoadBalancer"],
        reads: ["AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes"],
        equivalents: [
            "aws-config/alb-http-drop-invalid-header-enabled", "security-hub/ELB.4",
            "prowler/elbv2_alb_drop_invalid_header_fields_enabled", "checkov/CKV_AWS_131",
            "aws-guard/alb_http_drop_invalid_header_enabled",
        ],
        check: |r, _| of_application(r, is_true(&attribute(r, BALANCER, "routing.http.drop_invalid_header_fields.enabled"))),
    }

    /// Nobody can delete a load balancer by mistake.
    ///
    /// ## Why
    ///
    /// With the load balancer go its address and every connection; a new one has another name that DNS has to learn.
    /// Protection is off by default.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// LoadBalancerAttributes:
    ///   - Key: deletion_protection.enabled
    ///     Value: "true"
    /// ```
    ///
    /// `aws elbv2 modify-load-balancer-attributes --load-balancer-arn … --attributes
    /// Key=deletion_protection.enabled,Value=true`
    "elb-deletion-protection-enabled" => {
        title: "Load balancers have deletion protection.",
        category: LoadBalancing,
        severity: Medium,
        scope: Resource,
        types: ["AWS::ElasticLoadBalancingV2::LoadBalancer"],
        reads: ["AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes"],
        params: {
            production_only: Preset::Bool(false) => "judge only load balancers that belong to a production environment",
        },
        equivalents: [
            "aws-config/elb-deletion-protection-enabled", "security-hub/ELB.6", "prowler/elbv2_deletion_protection",
            "checkov/CKV_AWS_150", "aws-guard/elb_deletion_protection_enabled",
        ],
        check: |r, cx| production_only(r, cx, || Some(is_true(&attribute(r, BALANCER, "deletion_protection.enabled")))),
    }

    /// Load balancers spread their load over the targets of all Availability Zones.
    ///
    /// ## Why
    ///
    /// Without cross-zone balancing each zone gets the same share of the load, however few targets it has left: the last
    /// one in a zone takes it all.
    ///
    /// Network and gateway load balancers have it off by default. Application load balancers always have it on; only a
    /// target group can switch it off, so there the target groups are judged (those with protocol HTTP or HTTPS, and
    /// those of functions).
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// LoadBalancerAttributes:
    ///   - Key: load_balancing.cross_zone.enabled
    ///     Value: "true"
    /// ```
    ///
    /// `aws elbv2 modify-load-balancer-attributes --load-balancer-arn … --attributes
    /// Key=load_balancing.cross_zone.enabled,Value=true`
    "elbv2-cross-zone-load-balancing-enabled" => {
        title: "Cross-zone load balancing is on.",
        category: LoadBalancing,
        severity: Low,
        scope: Resource,
        types: ["AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::TargetGroup"],
        reads: [
            "AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes",
            "AWS::ElasticLoadBalancingV2::TargetGroup.TargetGroupAttributes",
        ],
        equivalents: [
            "aws-config/nlb-cross-zone-load-balancing-enabled", "prowler/elbv2_cross_zone_load_balancing_enabled",
            "checkov/CKV_AWS_152",
        ],
        check: cross_zone,
    }
}

const BALANCER: &str = "LoadBalancerAttributes";

/// What AWS sets where nothing is said (internet-facing application load balancers).
const DEFAULTS: [(&str, &str); 14] = [
    ("access_logs.s3.enabled", "false"),
    ("client_keep_alive.seconds", "3600"),
    ("connection_logs.s3.enabled", "false"),
    ("deletion_protection.enabled", "false"),
    ("idle_timeout.timeout_seconds", "60"),
    ("load_balancing.cross_zone.enabled", "true"),
    ("routing.http.desync_mitigation_mode", "defensive"),
    ("routing.http.drop_invalid_header_fields.enabled", "false"),
    ("routing.http.preserve_host_header.enabled", "false"),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
    ("routing.http.xff_client_port.enabled", "false"),
    ("routing.http.xff_header_processing.mode", "append"),
    ("routing.http2.enabled", "true"),
    ("waf.fail_open.enabled", "false"),
];

fn required(r: &Resource, cx: &Context<'_>, key: &str, text: Option<&str>) -> Verdict {
    let (read, wanted) = (attribute(r, BALANCER, key), Wanted::of(text));
    let expected = format!("{key}: {wanted}");
    if !read.is_absent() {
        return require(&read, &expected, |value| wanted.accepts(value));
    }
    if !r.is_live() && cx.params.bool("require_declared") {
        return fail(&read, &expected);
    }
    let default = DEFAULTS.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    match (wanted, default) {
        (Wanted::Anything, _) => Verdict::Pass,
        (_, Some(text)) => {
            let value = Value::live(crate::model::Kind::Str(text.into()));
            if wanted.accepts(&value) == Some(true) { Verdict::Pass } else { fail(&read, &expected) }
        }
        (_, None) => {
            let why = Unknown::Outside(format!("the default of {key}").into());
            Verdict::unknown(Evidence::unknown(&read, expected, &why))
        }
    }
}

fn cross_zone(r: &Resource, _: &Context<'_>) -> Option<Verdict> {
    let key = "load_balancing.cross_zone.enabled";
    if &*r.kind != TARGET_GROUP {
        let applies = family(r).map(|family| family != Family::Application);
        return given(r, applies, "the type of the load balancer", is_true(&attribute(r, BALANCER, key)));
    }
    let read = attribute(r, "TargetGroupAttributes", key);
    let verdict = if read.is_absent() {
        Verdict::Pass
    } else {
        require(&read, "true or use_load_balancer_configuration", |v| {
            v.text().map(|t| !t.eq_ignore_ascii_case("false"))
        })
    };
    let applies = match says(r.get("TargetType"), &["lambda"]) {
        Ok(true) => Ok(true),
        _ => says(r.get("Protocol"), &["HTTP", "HTTPS"]),
    };
    given(r, applies, "the protocol of the target group", verdict)
}
