//! Listeners: one listing per load balancer.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::operation::describe_listener_certificates::DescribeListenerCertificatesOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_listeners::DescribeListenersOutput;
use aws_sdk_elasticloadbalancingv2::types::{
    AdvertiseTrustStoreCaNamesEnum, Certificate, Listener, LoadBalancer, LoadBalancerTypeEnum,
    MutualAuthenticationAttributes, ProtocolEnum,
};

use super::actions::actions;
use super::{GONE, PAGE, SPEC, is_gone, rules, tags};
use crate::collect::gone::unless;
use crate::collect::shape::{flag, list, map, number, number_text, set, tags as attributes, text, token};
use crate::collect::{Answer, Cx, Out, TypeSpec, order, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "elasticloadbalancing:DescribeListeners";
pub(super) const ATTRIBUTES: &str = "elasticloadbalancing:DescribeListenerAttributes";
pub(super) const CERTIFICATES: &str = "elasticloadbalancing:DescribeListenerCertificates";

/// The fact that holds the certificates besides the default one, which `Certificates` has. It costs a call of its own.
const MORE_CERTIFICATES: &str = "AdditionalCertificates";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ElasticLoadBalancingV2::Listener",
    asked: &[("ListenerAttributes", ATTRIBUTES), (MORE_CERTIFICATES, CERTIFICATES), ("Tags", tags::LIST), ("", LIST)],
    reads: &[
        "AlpnPolicy",
        "Certificates",
        "DefaultActions",
        "ListenerAttributes",
        "LoadBalancerArn",
        "MutualAuthentication",
        "Port",
        "Protocol",
        "SslPolicy",
        "Tags",
    ],
    on_demand: &["ListenerAttributes", "Tags"],
    // The third is the one for additional certificates, the fourth the listing of its rules.
    calls: 4,
};

/// The listeners of load balancers, and their rules.
pub(super) async fn collect(cx: &Cx, elb: &Client, balancers: &[LoadBalancer]) -> Out {
    let readings = balancers.iter().map(|balancer| {
        let (cx, elb, balancer) = (cx.clone(), elb.clone(), balancer.clone());
        async move { Box::pin(of_balancer(&cx, &elb, &balancer)).await }
    });
    let mut found = Out::default();
    for out in tasks::all(readings.collect()).await {
        found.merge(out);
    }
    let (listeners, rules): (Vec<_>, Vec<_>) = found.resources.into_iter().partition(|r| &*r.kind == TYPE.name);
    let (mut resources, rules) =
        tokio::join!(tags::tag(cx, elb, TYPE.name, listeners), tags::tag(cx, elb, rules::TYPE.name, rules));
    resources.extend(rules);
    Out { resources, ..found }
}

async fn of_balancer(cx: &Cx, elb: &Client, balancer: &LoadBalancer) -> Out {
    let request = elb.describe_listeners().set_load_balancer_arn(balancer.load_balancer_arn.clone()).page_size(PAGE);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name, rules::TYPE.name],
            |start| unless(is_gone, request.clone().set_marker(start).send()),
            |page| token(page.as_ref()?.next_marker()),
        )
        .await;
    let mut out = Out::default();
    out.listed(TYPE.name, &pages.end);
    out.listed(rules::TYPE.name, &pages.end);
    // The listeners of other load balancers have the rule for the rest only, and that is their default action.
    let has_rules = balancer.r#type() == Some(&LoadBalancerTypeEnum::Application);
    for listener in pages.pages.iter().flatten().flat_map(DescribeListenersOutput::listeners) {
        out.resources.extend(Box::pin(read(cx, elb, listener)).await);
        if has_rules {
            out.merge(rules::collect(cx, elb, listener.listener_arn().unwrap_or_default()).await);
        }
    }
    out
}

/// One listener without its tags; `None` if it is gone.
async fn read(cx: &Cx, elb: &Client, listener: &Listener) -> Option<Resource> {
    let arn = listener.listener_arn().unwrap_or_default();
    let request = elb.describe_listener_attributes().listener_arn(arn).send();
    let (attributes_of, more) = tokio::join!(
        cx.ask_for((TYPE.name, arn, &["ListenerAttributes"]), ATTRIBUTES, GONE, request),
        additional_certificates(cx, elb, listener),
    );
    if matches!(attributes_of, Answer::Absent) || matches!(more, Answer::Absent) {
        return None;
    }
    let mut r = resource(cx, listener);
    r.set(
        "ListenerAttributes",
        attributes_of.into_kind(|of| attributes(of.attributes().iter().map(|a| (a.key(), a.value())))),
    );
    r.set_attribute(MORE_CERTIFICATES, more.into_kind(|arns| set(arns.iter().map(String::as_str))));
    Some(r)
}

/// The certificates besides the default one, without which there are none; absent if the listener is gone.
async fn additional_certificates(cx: &Cx, elb: &Client, listener: &Listener) -> Answer<Vec<String>> {
    let arn = listener.listener_arn().unwrap_or_default();
    if listener.certificates().is_empty() {
        return Answer::Is(Vec::new());
    }
    if !cx.wanted.wants(TYPE.name, arn, &[MORE_CERTIFICATES]) {
        return Answer::Unknown(Unknown::NotCollected);
    }
    let request = elb.describe_listener_certificates().listener_arn(arn).page_size(PAGE);
    let pages = cx
        .pages(
            CERTIFICATES,
            &[TYPE.name],
            |start| unless(is_gone, request.clone().set_marker(start).send()),
            |page| token(page.as_ref()?.next_marker()),
        )
        .await;
    if let Err(why) = pages.end {
        return Answer::Unknown(why);
    }
    let Some(pages) = pages.pages.into_iter().collect::<Option<Vec<_>>>() else { return Answer::Absent };
    let all = pages.iter().flat_map(DescribeListenerCertificatesOutput::certificates);
    let more = all.filter(|certificate| certificate.is_default() != Some(true));
    Answer::Is(more.filter_map(|certificate| certificate.certificate_arn.clone()).collect())
}

/// What the listing tells of a listener.
fn resource(cx: &Cx, listener: &Listener) -> Resource {
    let arn = listener.listener_arn().unwrap_or_default();
    let certificates = order::by(listener.certificates(), |certificate| certificate.certificate_arn.clone());
    let certificate = |certificate: &Certificate| map([("CertificateArn", text(certificate.certificate_arn()))]);
    let mut r = cx.resource(&SPEC, TYPE.name, arn, arn);
    let properties = [
        ("LoadBalancerArn", text(listener.load_balancer_arn())),
        ("Port", number(listener.port())),
        ("Protocol", text(listener.protocol().map(ProtocolEnum::as_str))),
        ("SslPolicy", text(listener.ssl_policy())),
        ("Certificates", list(certificates.into_iter().map(certificate))),
        ("AlpnPolicy", set(listener.alpn_policy().iter().map(String::as_str))),
        ("DefaultActions", actions(listener.default_actions(), number_text)),
        ("MutualAuthentication", listener.mutual_authentication().map_or(Kind::Null, mutual)),
    ];
    for (name, kind) in properties {
        r.set(name, kind);
    }
    r.set_attribute("ListenerArn", text(Some(arn)));
    r
}

fn mutual(authentication: &MutualAuthenticationAttributes) -> Kind {
    let advertised = authentication.advertise_trust_store_ca_names();
    map([
        ("Mode", text(authentication.mode())),
        ("TrustStoreArn", text(authentication.trust_store_arn())),
        ("IgnoreClientCertificateExpiry", flag(authentication.ignore_client_certificate_expiry())),
        ("AdvertiseTrustStoreCaNames", text(advertised.map(AdvertiseTrustStoreCaNamesEnum::as_str))),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::LoadBalancers;
    use super::*;
    use crate::collect::testing::query::{action, answer, error};
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::model::{Value, to_json};
    use serde_json::json;

    const BALANCERS: &str = "<LoadBalancers>
        <member><LoadBalancerArn>arn:lb/app</LoadBalancerArn><Type>application</Type></member>
        <member><LoadBalancerArn>arn:lb/net</LoadBalancerArn><Type>network</Type></member></LoadBalancers>";

    const LISTENERS: &str = "<Listeners><member>
        <ListenerArn>arn:listener</ListenerArn><LoadBalancerArn>arn:lb/app</LoadBalancerArn>
        <Port>443</Port><Protocol>HTTPS</Protocol><SslPolicy>ELBSecurityPolicy-TLS13-1-2-2021-06</SslPolicy>
        <Certificates><member><CertificateArn>arn:c/default</CertificateArn></member></Certificates>
        <MutualAuthentication><Mode>off</Mode></MutualAuthentication>
        <DefaultActions><member><Type>forward</Type><TargetGroupArn>arn:g</TargetGroupArn></member></DefaultActions>
        </member></Listeners>";

    fn web(asked: &str) -> (u16, String) {
        match action(asked) {
            list @ "DescribeLoadBalancers" => answer(list, BALANCERS),
            list @ "DescribeListeners" if asked.contains("lb%2Fapp") => answer(list, LISTENERS),
            set @ "DescribeListenerAttributes" => answer(
                set,
                "<Attributes><member><Key>routing.http.response.server.enabled</Key><Value>false</Value></member></Attributes>",
            ),
            list @ "DescribeListenerCertificates" => {
                let one = |arn: &str, default: bool| {
                    format!("<member><CertificateArn>{arn}</CertificateArn><IsDefault>{default}</IsDefault></member>")
                };
                if asked.contains("Marker=2") {
                    answer(list, &format!("<Certificates>{}</Certificates>", one("arn:c/a", false)))
                } else {
                    let first = one("arn:c/default", true) + &one("arn:c/b", false);
                    answer(list, &format!("<Certificates>{first}</Certificates><NextMarker>2</NextMarker>"))
                }
            }
            other => answer(other, ""),
        }
    }

    async fn listeners(aws: Aws) -> Out {
        let mut out = collected(&LoadBalancers, &cx("eu-west-1", aws)).await;
        out.resources.retain(|r| &*r.kind == TYPE.name);
        out
    }

    #[tokio::test]
    async fn a_listener_reads_as_cloudformation_would_declare_it() {
        let out = listeners(web).await;
        let [r] = &out.resources[..] else { panic!("one listener: {out:?}") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(r.get("Port").value().and_then(Value::as_int), Some(443));
        assert_eq!(r.get("Certificates").value().map(to_json), Some(json!([{"CertificateArn": "arn:c/default"}])));
        assert_eq!(r.attribute(MORE_CERTIFICATES).value().map(to_json), Some(json!(["arn:c/a", "arn:c/b"])));
        assert_eq!(r.get("MutualAuthentication.Mode").as_str(), Some("off"));
        assert_eq!(r.get("ListenerAttributes.0.Value").as_str(), Some("false"));
        assert_eq!(r.get("DefaultActions.0.TargetGroupArn").as_str(), Some("arn:g"));
        assert!(r.get("AlpnPolicy").is_absent());
    }

    #[tokio::test]
    async fn listeners_that_may_not_be_listed_leave_listeners_and_rules_incomplete() {
        let out = listeners(|asked| match action(asked) {
            "DescribeListeners" => error(403, "AccessDenied", ""),
            _ => web(asked),
        })
        .await;
        let denied = Err(Unknown::Denied { action: LIST.into() });
        assert_eq!((&out.listed[TYPE.name], &out.listed[rules::TYPE.name]), (&denied, &denied));
    }

    #[tokio::test]
    async fn a_load_balancer_or_listener_that_vanishes_is_dropped() {
        for gone in ["DescribeListeners", "DescribeListenerAttributes", "DescribeListenerCertificates"] {
            let aws: Aws = match gone {
                "DescribeListeners" => |asked| match action(asked) {
                    "DescribeListeners" => error(400, "LoadBalancerNotFound", ""),
                    _ => web(asked),
                },
                "DescribeListenerAttributes" => |asked| match action(asked) {
                    "DescribeListenerAttributes" => error(400, "ListenerNotFound", ""),
                    _ => web(asked),
                },
                _ => |asked| match action(asked) {
                    "DescribeListenerCertificates" => error(400, "ListenerNotFound", ""),
                    _ => web(asked),
                },
            };
            let out = listeners(aws).await;
            assert_eq!(out.resources, [], "{gone}");
            assert_eq!(out.listed[TYPE.name], Ok(()), "{gone}");
        }
    }

    #[tokio::test]
    async fn a_listener_without_a_certificate_is_not_asked_for_more() {
        let out = listeners(|asked| match action(asked) {
            list @ "DescribeListeners" => {
                answer(list, "<Listeners><member><ListenerArn>arn:plain</ListenerArn></member></Listeners>")
            }
            "DescribeListenerCertificates" => panic!("it has none"),
            _ => web(asked),
        })
        .await;
        assert!(out.resources[0].get("Certificates").is_absent());
        assert!(out.resources[0].attribute(MORE_CERTIFICATES).is_absent());
    }

    #[tokio::test]
    async fn what_may_not_be_read_is_unknown() {
        let out = listeners(|asked| match action(asked) {
            "DescribeListenerAttributes" | "DescribeListenerCertificates" => error(403, "AccessDenied", ""),
            _ => web(asked),
        })
        .await;
        let denied = |action: &str| Some(Unknown::Denied { action: action.into() });
        assert_eq!(out.resources[0].get("ListenerAttributes").why_unknown(), denied(ATTRIBUTES));
        assert_eq!(out.resources[0].attribute(MORE_CERTIFICATES).why_unknown(), denied(CERTIFICATES));
        assert!(out.resources[0].get("Certificates").why_unknown().is_none());
    }
}
