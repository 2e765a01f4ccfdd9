//! Access keys. Their secret halves are nowhere to be read.

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{AccessKeyLastUsed, AccessKeyMetadata, StatusType};

use super::users;
use super::{NONE, SPEC};
use crate::collect::shape::{map, text, time};
use crate::collect::{Answer, Cx, TypeSpec};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "iam:ListAccessKeys";
pub(super) const LAST_USED: &str = "iam:GetAccessKeyLastUsed";

/// Listed user by user, so all of it is on demand: a template that declares a key, or a rule that names a property, has every user's keys listed.
/// The fact `LastUsed` costs one more call per key, for a rule that names it. `Serial` is a number that only the template knows.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::IAM::AccessKey",
    asked: &[("LastUsed", LAST_USED), ("", LIST)],
    reads: &["Status", "UserName"],
    on_demand: &["Status", "UserName"],
    calls: 1,
};

/// Whether anybody looks at access keys as resources.
pub(super) fn are_wanted(cx: &Cx) -> bool {
    cx.wanted.wants_any(TYPE.name, TYPE.reads) || cx.wanted.wants_any(TYPE.name, &["LastUsed"])
}

/// The keys of a user: two at most.
pub(super) async fn list(cx: &Cx, iam: &Client, user: &str, wanted: bool) -> Answer<Vec<AccessKeyMetadata>> {
    if !wanted && !cx.wanted.wants(users::TYPE.name, user, &["AccessKeys"]) {
        return Answer::Unknown(Unknown::NotCollected);
    }
    let call = iam.list_access_keys().user_name(user).send();
    cx.ask(LIST, &[users::TYPE.name, TYPE.name], &[NONE], call).await.map(|found| found.access_key_metadata)
}

pub(super) async fn resource(cx: &Cx, iam: &Client, key: &AccessKeyMetadata) -> Resource {
    let id = key.access_key_id().unwrap_or_default();
    let call = iam.get_access_key_last_used().access_key_id(id).send();
    let used = cx.ask_for((TYPE.name, id, &["LastUsed"]), LAST_USED, &[NONE], call).await;
    let mut r = cx.resource(&SPEC, TYPE.name, id, "");
    r.set("UserName", text(key.user_name()));
    r.set("Status", text(key.status().map(StatusType::as_str)));
    r.set_attribute("CreateDate", time(key.create_date()));
    r.set_attribute("LastUsed", used.into_kind(|answer| answer.access_key_last_used().map_or(Kind::Null, last_used)));
    r
}

/// A key that was never used has no date, and `N/A` for a service and a region.
fn last_used(used: &AccessKeyLastUsed) -> Kind {
    map([
        ("Date", time(used.last_used_date())),
        ("ServiceName", text(Some(used.service_name()))),
        ("Region", text(Some(used.region()))),
    ])
}

/// A key as a fact of its user.
pub(super) fn fact(key: &AccessKeyMetadata) -> Kind {
    map([("Status", text(key.status().map(StatusType::as_str))), ("CreateDate", time(key.create_date()))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{claimed, cx, offline, properties};
    use crate::model::GLOBAL;
    use aws_sdk_iam::primitives::DateTime;
    use std::collections::{BTreeMap, BTreeSet};

    fn key() -> AccessKeyMetadata {
        AccessKeyMetadata::builder()
            .user_name("ann")
            .access_key_id("key-1")
            .status(StatusType::Active)
            .create_date(DateTime::from_secs(0))
            .build()
    }

    #[tokio::test]
    async fn a_key_knows_when_it_was_last_used() {
        let cx = cx(GLOBAL, |_| {
            let used = "<LastUsedDate>2024-01-01T00:00:00Z</LastUsedDate><ServiceName>s3</ServiceName><Region>eu-west-1</Region>";
            let result = format!("<UserName>ann</UserName><AccessKeyLastUsed>{used}</AccessKeyLastUsed>");
            let result = format!("<GetAccessKeyLastUsedResult>{result}</GetAccessKeyLastUsedResult>");
            (200, format!("<GetAccessKeyLastUsedResponse>{result}</GetAccessKeyLastUsedResponse>"))
        });
        let r = resource(&cx, &Client::new(&cx.config), &key()).await;
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.address.physical_id.as_deref(), Some("key-1"));
        assert_eq!(r.attribute("CreateDate").as_str(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(r.attribute("LastUsed").get("Date").as_str(), Some("2024-01-01T00:00:00Z"));
    }

    #[tokio::test]
    async fn keys_are_listed_for_whoever_looks_at_them_and_nobody_else() {
        let mut cx = offline(GLOBAL);
        cx.wanted = Wanted::default().into();
        let iam = Client::new(&cx.config);
        assert!(!are_wanted(&cx));
        assert!(matches!(list(&cx, &iam, "ann", false).await, Answer::Unknown(Unknown::NotCollected)));
        let status = BTreeSet::from(["Status".into()]);
        cx.wanted = Wanted { by_rules: BTreeMap::from([(TYPE.name.into(), status)]), ..Wanted::default() }.into();
        assert!(are_wanted(&cx));
    }
}
