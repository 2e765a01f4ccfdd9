//! Certificates.

use async_trait::async_trait;
use aws_sdk_acm::Client;
use aws_sdk_acm::operation::list_certificates::ListCertificatesOutput;
use aws_sdk_acm::types::{
    CertificateDetail, CertificateKeyPairOrigin, CertificateManagedBy, CertificateStatus, CertificateSummary,
    CertificateType, Filters, KeyAlgorithm, RenewalEligibility,
};

use super::shape::{flag, list, map, set, text, time, token};
use super::tagged;
use super::tags::{self, Tags};
use super::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

const LIST: &str = "acm:ListCertificates";
const DESCRIBE: &str = "acm:DescribeCertificate";
const TAGS: &str = "acm:ListTagsForCertificate";

/// The largest page of the listing.
const PAGE: i32 = 1000;
/// What ACM answers about a certificate that is gone.
const GONE: &[&str] = &["ResourceNotFoundException"];

/// `ValidationMethod` and the hosted zones of the validation options are said at creation only.
const TYPE: TypeSpec = TypeSpec {
    name: "AWS::CertificateManager::Certificate",
    asked: &[
        ("CertificateAuthorityArn", DESCRIBE),
        ("CertificateTransparencyLoggingPreference", DESCRIBE),
        ("DomainValidationOptions", DESCRIBE),
        ("InUseBy", DESCRIBE),
        ("Tags", TAGS),
        ("", LIST),
    ],
    reads: &[
        "CertificateAuthorityArn",
        "CertificateExport",
        "CertificateTransparencyLoggingPreference",
        "DomainName",
        "DomainValidationOptions",
        "KeyAlgorithm",
        "SubjectAlternativeNames",
        "Tags",
    ],
    on_demand: &[
        "CertificateAuthorityArn",
        "CertificateTransparencyLoggingPreference",
        "DomainValidationOptions",
        "Tags",
    ],
    calls: 2,
};

static SPEC: Spec = Spec {
    name: "acm",
    reach: Reach::Regional,
    // The certificates, and their tags.
    listings: 2,
    types: &[TYPE],
    actions: &[LIST, DESCRIBE, TAGS, tags::LIST],
};

/// Reads the certificates of a region.
pub struct Acm;

#[async_trait]
impl Collector for Acm {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let acm = Client::new(&cx.config);
        let pages = cx
            .pages(
                LIST,
                &[TYPE.name],
                |start| {
                    let request = acm.list_certificates().max_items(PAGE).includes(every_key());
                    request.set_certificate_key_pair_origins(Some(every_origin())).set_next_token(start).send()
                },
                |page| token(page.next_token()),
            )
            .await;
        out.listed(TYPE.name, &pages.end);
        let found: Vec<_> =
            pages.pages.iter().flat_map(ListCertificatesOutput::certificate_summary_list).cloned().collect();
        let ids: Vec<_> = found.iter().map(arn).map(|arn| (arn.to_owned(), arn.to_owned())).collect();
        let readings = found.into_iter().map(|summary| read(cx.clone(), acm.clone(), summary));
        let tags = cx.tags_of(TYPE.name, "acm:certificate", &ids, |cx, arn| tags_of(cx, acm.clone(), arn));
        let (certificates, tags) = tokio::join!(tasks::all(readings.collect()), Box::pin(tags));
        out.resources.extend(certificates.into_iter().flatten().map(|r| tagged::of(r, &tags)));
    }
}

/// Unless it is told otherwise, the listing leaves out every key but RSA of 2048 bits.
fn every_key() -> Filters {
    let keys = KeyAlgorithm::values().iter().map(|&name| KeyAlgorithm::from(name)).collect();
    Filters::builder().set_key_types(Some(keys)).build()
}

/// Unless it is told otherwise, the listing leaves out what ACME clients ordered.
fn every_origin() -> Vec<CertificateKeyPairOrigin> {
    CertificateKeyPairOrigin::values().iter().map(|&name| CertificateKeyPairOrigin::from(name)).collect()
}

fn arn(summary: &CertificateSummary) -> &str {
    summary.certificate_arn().unwrap_or_default()
}

async fn tags_of(cx: Cx, acm: Client, arn: String) -> Answer<Tags> {
    let request = acm.list_tags_for_certificate().certificate_arn(arn);
    let answer = cx.ask(TAGS, &[TYPE.name], GONE, request.send()).await;
    let pair = |tag: &aws_sdk_acm::types::Tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned());
    answer.map(|found| found.tags().iter().map(pair).collect())
}

/// One certificate; `None` if it has gone meanwhile.
async fn read(cx: Cx, acm: Client, summary: CertificateSummary) -> Option<Resource> {
    let request = acm.describe_certificate().certificate_arn(arn(&summary));
    let answer = cx.ask_for((TYPE.name, arn(&summary), &described(&summary)), DESCRIBE, GONE, request.send()).await;
    let detail = match answer {
        Answer::Is(found) => found.certificate.ok_or(Unknown::NotCollected),
        Answer::Absent => return None,
        Answer::Unknown(why) => Err(why),
    };
    Some(resource(&cx, &summary, &detail))
}

/// What only a description of this certificate tells. The listing names a hundred of its names, and only a private certificate has an
/// authority of its own.
fn described(summary: &CertificateSummary) -> Vec<&'static str> {
    let mut names = vec!["CertificateTransparencyLoggingPreference", "DomainValidationOptions", "InUseBy"];
    names.extend(is_private(summary).then_some("CertificateAuthorityArn"));
    names.extend(has_more_names(summary).then_some("SubjectAlternativeNames"));
    names
}

fn is_private(summary: &CertificateSummary) -> bool {
    summary.r#type() == Some(&CertificateType::Private)
}

fn has_more_names(summary: &CertificateSummary) -> bool {
    summary.has_additional_subject_alternative_names() == Some(true)
}

fn resource(cx: &Cx, summary: &CertificateSummary, detail: &Result<CertificateDetail, Unknown>) -> Resource {
    let told =
        |read: fn(&CertificateDetail) -> Kind| detail.as_ref().map_or_else(|why| Kind::Unknown(why.clone()), read);
    let mut r = cx.resource(&SPEC, TYPE.name, arn(summary), arn(summary));
    r.set("DomainName", text(summary.domain_name()));
    // The description writes algorithms in another way (`RSA-2048`) than templates do.
    r.set("KeyAlgorithm", text(summary.key_algorithm().map(KeyAlgorithm::as_str)));
    r.set("CertificateExport", text(summary.export_option().map(aws_sdk_acm::types::CertificateExport::as_str)));
    let names = |names: &[String]| set(names.iter().map(String::as_str));
    r.set(
        "SubjectAlternativeNames",
        if has_more_names(summary) {
            told(|d| set(d.subject_alternative_names().iter().map(String::as_str)))
        } else {
            names(summary.subject_alternative_name_summaries())
        },
    );
    let authority = if is_private(summary) { told(|d| text(d.certificate_authority_arn())) } else { Kind::Null };
    r.set("CertificateAuthorityArn", authority);
    r.set("CertificateTransparencyLoggingPreference", told(transparency));
    r.set("DomainValidationOptions", told(validation));
    r.set_attribute("InUseBy", told(|d| set(d.in_use_by().iter().map(String::as_str))));
    r.set_attribute("InUse", flag(summary.in_use()));
    r.set_attribute("ManagedBy", text(summary.managed_by().map(CertificateManagedBy::as_str)));
    r.set_attribute("NotAfter", time(summary.not_after()));
    r.set_attribute("NotBefore", time(summary.not_before()));
    r.set_attribute("RenewalEligibility", text(summary.renewal_eligibility().map(RenewalEligibility::as_str)));
    r.set_attribute("Status", text(summary.status().map(CertificateStatus::as_str)));
    r.set_attribute("Type", text(summary.r#type().map(CertificateType::as_str)));
    r
}

#[expect(deprecated, reason = "certificates made while one could opt out still say so")]
fn transparency(detail: &CertificateDetail) -> Kind {
    let preference = detail.options().and_then(|options| options.certificate_transparency_logging_preference());
    text(preference.map(aws_sdk_acm::types::CertificateTransparencyLoggingPreference::as_str))
}

fn validation(detail: &CertificateDetail) -> Kind {
    let mut options: Vec<_> = detail.domain_validation_options().iter().collect();
    options.sort_by_key(|option| option.domain_name());
    list(options.into_iter().map(|option| {
        map([("DomainName", text(Some(option.domain_name()))), ("ValidationDomain", text(option.validation_domain()))])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::{Value, to_json};
    use serde_json::json;
    use std::sync::Arc;

    const ARN: &str = "arn:aws:acm:eu-west-1:123456789012:certificate/1";

    fn listing() -> String {
        json!({"CertificateSummaryList": [{
            "CertificateArn": ARN, "DomainName": "shop.example.com",
            "SubjectAlternativeNameSummaries": ["www.example.com", "shop.example.com"],
            "HasAdditionalSubjectAlternativeNames": false, "Status": "ISSUED", "Type": "AMAZON_ISSUED",
            "KeyAlgorithm": "EC_prime256v1", "ExportOption": "DISABLED", "InUse": true,
            "RenewalEligibility": "ELIGIBLE", "NotAfter": 1_798_761_600.0,
        }]})
        .to_string()
    }

    /// The answer to both calls about a certificate: they have the same body.
    fn description() -> String {
        json!({
            "Tags": [{"Key": "team", "Value": "shop"}, {"Key": "aws:cloudformation:logical-id", "Value": "C"}],
            "Certificate": {
            "CertificateArn": ARN, "DomainName": "shop.example.com",
            "InUseBy": ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/1"],
            "Options": {"CertificateTransparencyLoggingPreference": "ENABLED"},
            "DomainValidationOptions": [
                {"DomainName": "www.example.com", "ValidationDomain": "example.com", "ValidationMethod": "DNS",
                 "ResourceRecord": {"Name": "_1.example.com.", "Type": "CNAME", "Value": "_2.acm-validations.aws."}},
                {"DomainName": "shop.example.com", "ValidationDomain": "shop.example.com"},
            ],
        }})
        .to_string()
    }

    fn all(asked: &str) -> (u16, String) {
        match asked {
            list if list.contains("MaxItems") => {
                for key in ["RSA_1024", "RSA_4096", "EC_secp521r1", "ACME"] {
                    assert!(list.contains(key), "{key} is left out: {list}");
                }
                (200, listing())
            }
            each => {
                assert!(each.contains(ARN), "{each}");
                (200, description())
            }
        }
    }

    async fn one(cx: &Cx) -> Resource {
        let out = collected(&Acm, cx).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        let [certificate] = <[_; 1]>::try_from(out.resources).expect("one certificate");
        certificate
    }

    #[tokio::test]
    async fn a_certificate_reads_as_cloudformation_would_declare_it() {
        let r = one(&cx("eu-west-1", all)).await;
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        let expected = json!({
            "CertificateAuthorityArn": null, "CertificateExport": "DISABLED",
            "CertificateTransparencyLoggingPreference": "ENABLED", "DomainName": "shop.example.com",
            "DomainValidationOptions": [
                {"DomainName": "shop.example.com", "ValidationDomain": "shop.example.com"},
                {"DomainName": "www.example.com", "ValidationDomain": "example.com"},
            ],
            "KeyAlgorithm": "EC_prime256v1", "SubjectAlternativeNames": ["shop.example.com", "www.example.com"],
            "Tags": [{"Key": "team", "Value": "shop"}],
        });
        assert_eq!(to_json(&r.properties), expected);
        assert_eq!(r.attribute("NotAfter").as_str(), Some("2027-01-01T00:00:00Z"));
        assert_eq!(r.attribute("Status").as_str(), Some("ISSUED"));
        assert_eq!(r.attribute("InUse").value().and_then(Value::as_bool), Some(true));
        assert!(r.attribute("InUseBy").get("0").as_str().is_some_and(|arn| arn.ends_with("app/web/1")));
        assert_eq!(r.attribute("aws:cloudformation:logical-id").as_str(), Some("C"));
    }

    #[tokio::test]
    async fn what_nobody_asks_for_costs_no_call_and_is_unknown() {
        let mut cx = cx("eu-west-1", |asked| {
            assert!(asked.contains("MaxItems"), "{asked}");
            (200, listing())
        });
        cx.wanted = Arc::new(Wanted::default());
        let r = one(&cx).await;
        for property in ["CertificateTransparencyLoggingPreference", "DomainValidationOptions", "Tags"] {
            assert_eq!(r.get(property).why_unknown(), Some(Unknown::NotCollected), "{property}");
        }
        assert!(r.attribute("InUseBy").why_unknown().is_some());
        assert!(r.get("CertificateAuthorityArn").is_absent(), "only a private certificate has one");
        assert_eq!(r.get("DomainName").as_str(), Some("shop.example.com"));
    }

    #[tokio::test]
    async fn more_names_than_the_listing_holds_are_read_from_the_description() {
        let r = one(&cx("eu-west-1", |asked| {
            if asked.contains("MaxItems") {
                return (200, listing().replace(r#"Names":false"#, r#"Names":true"#));
            }
            (400, r#"{"__type":"AccessDeniedException"}"#.into())
        }))
        .await;
        let denied = Some(Unknown::Denied { action: DESCRIBE.into() });
        assert_eq!(r.get("SubjectAlternativeNames").why_unknown(), denied);
        assert_eq!(r.get("DomainValidationOptions").why_unknown(), denied);
        assert_eq!(r.get("Tags").why_unknown(), Some(Unknown::Denied { action: TAGS.into() }));
    }

    #[tokio::test]
    async fn a_certificate_that_vanishes_between_two_calls_is_dropped() {
        let cx = cx("eu-west-1", |asked| {
            if asked.contains("MaxItems") {
                return (200, listing());
            }
            (400, r#"{"__type":"ResourceNotFoundException"}"#.into())
        });
        let out = collected(&Acm, &cx).await;
        assert_eq!((out.resources.len(), &out.listed[TYPE.name]), (0, &Ok(())));
        assert_eq!(cx.calls.gaps(), []);
    }

    #[tokio::test]
    async fn every_page_is_read() {
        let out = collected(
            &Acm,
            &cx("eu-west-1", |asked| {
                if !asked.contains("MaxItems") {
                    return all(asked);
                }
                let mut page: serde_json::Value = serde_json::from_str(&listing()).unwrap();
                if !asked.contains("NextToken") {
                    page["NextToken"] = "more".into();
                }
                (200, page.to_string())
            }),
        )
        .await;
        assert_eq!(out.resources.len(), 2);
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Acm, "eu-west-1").await.resources, []);
    }
}
