//! Aliases, and what they say about keys.

use aws_sdk_kms::Client;
use aws_sdk_kms::operation::list_aliases::ListAliasesOutput;
use aws_sdk_kms::types::AliasListEntry;

use super::{AWS, SPEC, keys};
use crate::collect::shape::{set, text, token};
use crate::collect::{Cx, Out, Pages, TypeSpec};
use crate::model::{Kind, Provenance, Resource, Unknown};

pub(super) const LIST: &str = "kms:ListAliases";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::KMS::Alias",
    asked: &[("", LIST)],
    reads: &["AliasName", "TargetKeyId"],
    ..TypeSpec::LISTED
};

/// The largest page.
const PAGE: i32 = 100;

/// The aliases of a region.
pub(super) struct Aliases {
    known: Vec<AliasListEntry>,
    end: Result<(), Unknown>,
}

impl Aliases {
    /// The names of a key, sorted.
    pub(super) fn of(&self, key: &str) -> Kind {
        if let Err(why) = &self.end {
            return Kind::Unknown(why.clone());
        }
        set(self.known.iter().filter(|alias| alias.target_key_id() == Some(key)).filter_map(AliasListEntry::alias_name))
    }

    /// The keys that AWS manages. An alias of AWS has none before its service is first used.
    pub(super) fn managed_keys(&self) -> impl Iterator<Item = &str> {
        self.known.iter().filter(|alias| is_aws(alias)).filter_map(AliasListEntry::target_key_id)
    }
}

/// Nobody else can make an alias of this name.
fn is_aws(alias: &AliasListEntry) -> bool {
    alias.alias_name().is_some_and(|name| name.starts_with("alias/aws/"))
}

pub(super) async fn list(cx: &Cx, kms: &Client) -> Aliases {
    let Pages { pages, end } = cx
        .pages(
            LIST,
            &[TYPE.name, keys::TYPE.name],
            |start| kms.list_aliases().limit(PAGE).set_marker(start).send(),
            |page| token(page.next_marker()),
        )
        .await;
    Aliases { known: pages.into_iter().filter_map(|page: ListAliasesOutput| page.aliases).flatten().collect(), end }
}

pub(super) fn collect(cx: &Cx, aliases: &Aliases) -> Out {
    let mut out = Out::default();
    for alias in &aliases.known {
        out.push(resource(cx, alias));
    }
    out.listed(TYPE.name, &aliases.end);
    out
}

fn resource(cx: &Cx, alias: &AliasListEntry) -> Resource {
    let name = alias.alias_name().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, name, alias.alias_arn().unwrap_or_default());
    r.set("AliasName", text(Some(name)));
    r.set("TargetKeyId", text(alias.target_key_id()));
    if is_aws(alias) {
        r.set_attribute("KeyManager", text(Some(AWS)));
        r.provenance = Provenance::Service;
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, cx, properties};

    /// The first page is full.
    fn aws(asked: &str) -> (u16, String) {
        let page = if asked.contains(r#""Marker":"more""#) {
            r#"{"Aliases": [{"AliasName": "alias/aws/s3", "AliasArn": "arn:aws:kms:r:1:alias/aws/s3"}], "Truncated": false}"#
        } else {
            assert!(asked.contains(r#"TrentService.ListAliases {"Limit":100}"#), "{asked}");
            r#"{"Aliases": [{"AliasName": "alias/data", "AliasArn": "arn:aws:kms:r:1:alias/data", "TargetKeyId": "k"},
                            {"AliasName": "alias/accounts", "AliasArn": "arn:aws:kms:r:1:alias/accounts", "TargetKeyId": "k"}],
                "NextMarker": "more", "Truncated": true}"#
        };
        (200, page.into())
    }

    #[tokio::test]
    async fn aliases_are_listed_to_the_end_and_those_of_aws_say_so() {
        let cx = cx("us-east-1", aws);
        let aliases = list(&cx, &Client::new(&cx.config)).await;
        assert_eq!(aliases.of("k"), set(["alias/accounts", "alias/data"]));
        assert_eq!(aliases.of("other"), Kind::Null);
        assert_eq!(aliases.managed_keys().count(), 0, "no key was made for S3 yet");

        let out = collect(&cx, &aliases);
        let [data, _, s3] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(data), claimed(&SPEC, data));
        assert_eq!(data.address.physical_id.as_deref(), Some("alias/data"));
        assert_eq!(data.get("TargetKeyId").as_str(), Some("k"));
        assert_eq!(data.provenance, Provenance::Unmanaged);
        assert!(s3.get("TargetKeyId").is_absent());
        assert_eq!((s3.attribute("KeyManager").as_str(), &s3.provenance), (Some("AWS"), &Provenance::Service));
    }

    #[tokio::test]
    async fn half_a_listing_does_not_say_that_a_key_has_no_alias() {
        let cx = cx("us-east-1", |asked| {
            if asked.contains("Marker") { (400, r#"{"__type":"AccessDeniedException"}"#.into()) } else { aws(asked) }
        });
        let aliases = list(&cx, &Client::new(&cx.config)).await;
        let denied = Unknown::Denied { action: LIST.into() };
        assert_eq!(aliases.of("other"), Kind::Unknown(denied.clone()));
        assert_eq!(collect(&cx, &aliases).listed[TYPE.name], Err(denied));
    }
}
