//! Identity providers: whose tokens and assertions the account trusts.

mod oidc;
mod saml;

use async_trait::async_trait;
use aws_sdk_iam::Client;

use crate::collect::{Answer, Collector, Cx, Out, Reach, Spec};
use crate::model::{Kind, Resource};

static SPEC: Spec = Spec {
    name: "iam/providers",
    reach: Reach::Global,
    listings: 2,
    types: &[oidc::TYPE, saml::TYPE],
    actions: &[oidc::LIST, oidc::READ, saml::LIST, saml::READ],
};

/// Collects identity providers.
pub struct Providers;

#[async_trait]
impl Collector for Providers {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let iam = Client::new(&cx.config);
        let (oidc, saml) = tokio::join!(oidc::collect(cx, &iam), saml::collect(cx, &iam));
        out.merge(oidc);
        out.merge(saml);
    }
}

/// Sets what one call told of a provider, and the same properties to unknown if it was not made or failed. Nothing is left of a provider that
/// has gone meanwhile.
fn told<T>(
    mut r: Resource,
    properties: &[&str],
    answer: Answer<T>,
    set: impl FnOnce(&mut Resource, &T),
) -> Option<Resource> {
    match answer {
        Answer::Is(details) => set(&mut r, &details),
        Answer::Absent => return None,
        Answer::Unknown(why) => {
            for property in properties {
                r.set(property, Kind::Unknown(why.clone()));
            }
        }
    }
    Some(r)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties, refused};
    use crate::model::{GLOBAL, Unknown, to_json};
    use serde_json::json;

    const AWS: Aws = |asked| {
        let action = asked.split("Action=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
        let tags =
            "<Tags><member><Key>b</Key><Value>2</Value></member><member><Key>a</Key><Value>1</Value></member></Tags>";
        let list = |name: &str, arns: &[&str]| {
            let members: Vec<String> = arns.iter().map(|arn| format!("<member><Arn>{arn}</Arn></member>")).collect();
            let members = members.concat();
            format!("<{name}>{members}</{name}>")
        };
        let found = match action {
            "ListOpenIDConnectProviders" => list(
                "OpenIDConnectProviderList",
                &["arn:aws:iam::123456789012:oidc-provider/gone", "arn:aws:iam::123456789012:oidc-provider/ci.example/a"],
            ),
            "GetOpenIDConnectProvider" if !asked.contains("gone") => format!(
                "<Url>ci.example/a</Url><ClientIDList><member>z</member><member>sts.amazonaws.com</member></ClientIDList>
                 <ThumbprintList><member>{}</member></ThumbprintList>{tags}",
                "0".repeat(40)
            ),
            "ListSAMLProviders" => list("SAMLProviderList", &["arn:aws:iam::123456789012:saml-provider/corp"]),
            "GetSAMLProvider" => format!(
                "<SAMLMetadataDocument>&lt;xml/&gt;</SAMLMetadataDocument><SAMLProviderUUID>u</SAMLProviderUUID>
                 <AssertionEncryptionMode>Required</AssertionEncryptionMode><PrivateKeyList><member><KeyId>k</KeyId>
                 <Timestamp>2024-01-01T00:00:00Z</Timestamp></member></PrivateKeyList>{tags}"
            ),
            _ => return (404, "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>".into()),
        };
        (200, format!("<{action}Response><{action}Result>{found}</{action}Result></{action}Response>"))
    };

    #[tokio::test]
    async fn providers_are_read_whole_and_those_that_vanish_are_dropped() {
        let cx = cx(GLOBAL, AWS);
        let out = collected(&Providers, &cx).await;
        let [oidc, saml] = &out.resources[..] else { panic!("{out:?}") };
        for r in [oidc, saml] {
            assert_eq!(properties(r), claimed(&SPEC, r));
            assert_eq!(r.get("Tags.0.Key").as_str(), Some("a"));
        }
        assert_eq!(oidc.address.physical_id.as_deref(), Some("arn:aws:iam::123456789012:oidc-provider/ci.example/a"));
        assert_eq!(oidc.get("Url").as_str(), Some("https://ci.example/a"));
        assert_eq!(oidc.get("ClientIdList").value().map(to_json), Some(json!(["sts.amazonaws.com", "z"])));
        assert_eq!(saml.get("Name").as_str(), Some("corp"));
        assert_eq!(saml.get("PrivateKeyList.0.Timestamp").as_str(), Some("2024-01-01T00:00:00Z"));
        assert_eq!(saml.attribute("SamlProviderUUID").as_str(), Some("u"));
        assert!(cx.calls.gaps().is_empty());
    }

    #[tokio::test]
    async fn what_nobody_looks_at_is_not_asked_for() {
        let mut cx = cx(GLOBAL, AWS);
        cx.wanted = Wanted::default().into();
        let out = collected(&Providers, &cx).await;
        assert_eq!(cx.calls.made().values().sum::<u64>(), u64::from(SPEC.listings));
        for r in &out.resources {
            let unknown: Vec<_> = properties(r).into_iter().filter(|p| r.get(p).why_unknown().is_some()).collect();
            let mut demanded = SPEC.of(&r.kind).unwrap().on_demand.to_vec();
            demanded.sort_unstable();
            assert_eq!(unknown, demanded);
            assert_eq!(r.get("Tags").why_unknown(), Some(Unknown::NotCollected));
        }
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Providers, GLOBAL).await.resources, []);
    }
}
