//! TLS certificates that were uploaded to IAM. Their private keys are nowhere to be read.

use async_trait::async_trait;
use aws_sdk_iam::Client;
use aws_sdk_iam::operation::list_server_certificates::ListServerCertificatesOutput;
use aws_sdk_iam::types::ServerCertificateMetadata;

use super::{NONE, PAGE, pairs};
use crate::collect::shape::{set_tags, text, time, token};
use crate::collect::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use crate::model::{Kind, Resource};

const LIST: &str = "iam:ListServerCertificates";
const TAGS: &str = "iam:ListServerCertificateTags";

const TYPE: TypeSpec = TypeSpec {
    name: "AWS::IAM::ServerCertificate",
    asked: &[("Tags", TAGS), ("", LIST)],
    reads: &["Path", "ServerCertificateName", "Tags"],
    on_demand: &["Tags"],
    calls: 1,
};

static SPEC: Spec =
    Spec { name: "iam/server-certificates", reach: Reach::Global, listings: 1, types: &[TYPE], actions: &[LIST, TAGS] };

/// Collects server certificates.
pub struct ServerCertificates;

#[async_trait]
impl Collector for ServerCertificates {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let iam = Client::new(&cx.config);
        let listing = cx
            .pages(
                LIST,
                &[TYPE.name],
                |start| iam.list_server_certificates().max_items(PAGE).set_marker(start).send(),
                |page| token(page.marker()),
            )
            .await;
        let certificates =
            listing.pages.iter().flat_map(ListServerCertificatesOutput::server_certificate_metadata_list);
        let readings = certificates.map(|certificate| read(cx.clone(), iam.clone(), certificate.clone()));
        out.resources.extend(tasks::all(readings.collect()).await.into_iter().flatten());
        out.listed(TYPE.name, &listing.end);
    }
}

/// The certificate; nothing if it has gone meanwhile. It has fifty tags at most, and a page holds more.
async fn read(cx: Cx, iam: Client, certificate: ServerCertificateMetadata) -> Option<Resource> {
    let name = certificate.server_certificate_name();
    let mut r = cx.resource(&SPEC, TYPE.name, name, certificate.arn());
    r.set("ServerCertificateName", text(Some(name)));
    r.set("Path", text(Some(certificate.path())));
    r.set_attribute("Expiration", time(certificate.expiration()));
    let call = iam.list_server_certificate_tags().server_certificate_name(name).send();
    match cx.ask_for((TYPE.name, name, &["Tags"]), TAGS, &[NONE], call).await {
        Answer::Is(answer) => set_tags(&mut r, pairs(answer.tags())),
        Answer::Absent => return None,
        Answer::Unknown(why) => r.set("Tags", Kind::Unknown(why)),
    }
    Some(r)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::GLOBAL;

    #[tokio::test]
    async fn certificates_are_read_whole_and_one_that_vanishes_is_dropped() {
        let cx = cx(GLOBAL, |asked| {
            let action = asked.split("Action=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
            let found = match action {
                "ListServerCertificates" => {
                    let member = |name: &str| {
                        format!(
                            "<member><ServerCertificateName>{name}</ServerCertificateName><Path>/web/</Path>
                             <Arn>arn:aws:iam::123456789012:server-certificate/web/{name}</Arn>
                             <Expiration>2030-01-01T00:00:00Z</Expiration></member>"
                        )
                    };
                    let all = member("shop") + &member("gone");
                    format!("<ServerCertificateMetadataList>{all}</ServerCertificateMetadataList>")
                }
                _ if asked.contains("gone") => {
                    return (404, "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>".into());
                }
                _ => "<Tags><member><Key>a</Key><Value>1</Value></member></Tags>".into(),
            };
            (200, format!("<{action}Response><{action}Result>{found}</{action}Result></{action}Response>"))
        });
        let out = collected(&ServerCertificates, &cx).await;
        let [r] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(r.address.physical_id.as_deref(), Some("shop"));
        assert_eq!(r.attribute("Expiration").as_str(), Some("2030-01-01T00:00:00Z"));
        assert!(cx.calls.gaps().is_empty());
        assert_eq!(refused(&ServerCertificates, GLOBAL).await.resources, []);
    }
}
