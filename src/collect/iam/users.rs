//! Users with their credentials, and groups.

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{AccessKeyMetadata, GroupDetail, LoginProfile, MfaDevice, UserDetail};

use super::details::Details;
use super::{NONE, SPEC, access_keys, attached, inline_policies, pairs};
use crate::collect::shape::{map, set, set_tags, text, time};
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource, Value};

pub(super) const LOGIN_PROFILE: &str = "iam:GetLoginProfile";
pub(super) const MFA_DEVICES: &str = "iam:ListMFADevices";

/// The facts `MfaDevices` and `AccessKeys` are on demand as `LoginProfile` is.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::IAM::User",
    asked: &[
        ("LoginProfile", LOGIN_PROFILE),
        ("MfaDevices", MFA_DEVICES),
        ("AccessKeys", access_keys::LIST),
        ("", super::details::LIST),
    ],
    reads: &[
        "Groups",
        "LoginProfile",
        "ManagedPolicyArns",
        "Path",
        "PermissionsBoundary",
        "Policies",
        "Tags",
        "UserName",
    ],
    on_demand: &["LoginProfile"],
    calls: 3,
};

pub(super) const GROUP: TypeSpec = TypeSpec {
    name: "AWS::IAM::Group",
    asked: &[("", super::details::LIST)],
    reads: &["GroupName", "ManagedPolicyArns", "Path", "Policies"],
    ..TypeSpec::LISTED
};

/// What has to be asked user by user.
struct Credentials {
    login: Answer<Option<LoginProfile>>,
    mfa: Answer<Vec<MfaDevice>>,
    keys: Answer<Vec<AccessKeyMetadata>>,
}

pub(super) async fn collect(cx: &Cx, iam: &Client, details: &Details) -> Out {
    let keys_wanted = access_keys::are_wanted(cx);
    let readings = details.users().map(|user| {
        let (cx, iam, user) = (cx.clone(), iam.clone(), user.clone());
        async move {
            let reading = Credentials::read(&cx, &iam, user.user_name().unwrap_or_default(), keys_wanted);
            let credentials = Box::pin(reading).await;
            found(&cx, &iam, &user, credentials).await
        }
    });
    let mut out = Out::default();
    for user in tasks::all(readings.collect()).await {
        out.merge(user);
    }
    out.listed(TYPE.name, &details.end);
    out.listed(access_keys::TYPE.name, &details.end);
    out
}

impl Credentials {
    async fn read(cx: &Cx, iam: &Client, user: &str, keys_wanted: bool) -> Self {
        let login = iam.get_login_profile().user_name(user).send();
        let mfa = iam.list_mfa_devices().user_name(user).send();
        let (login, mfa, keys) = tokio::join!(
            cx.ask_for((TYPE.name, user, &["LoginProfile"]), LOGIN_PROFILE, &[NONE], login),
            cx.ask_for((TYPE.name, user, &["MfaDevices"]), MFA_DEVICES, &[NONE], mfa),
            access_keys::list(cx, iam, user, keys_wanted),
        );
        Self { login: login.map(|found| found.login_profile), mfa: mfa.map(|found| found.mfa_devices), keys }
    }
}

/// A user and their access keys; nothing if the user has gone meanwhile.
async fn found(cx: &Cx, iam: &Client, user: &UserDetail, credentials: Credentials) -> Out {
    let mut out = Out::default();
    // Unlike a missing login profile, a missing list of devices or keys can only mean a missing user.
    if matches!(credentials.mfa, Answer::Absent) || matches!(credentials.keys, Answer::Absent) {
        return out;
    }
    match &credentials.keys {
        Answer::Is(keys) => {
            for key in keys {
                out.push(access_keys::resource(cx, iam, key).await);
            }
        }
        Answer::Absent => {}
        Answer::Unknown(why) => out.listed(access_keys::TYPE.name, &Err(why.clone())),
    }
    out.push(resource(cx, user, credentials));
    out
}

fn resource(cx: &Cx, user: &UserDetail, credentials: Credentials) -> Resource {
    let name = user.user_name().unwrap_or_default();
    let boundary = user.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    let mut r = cx.resource(&SPEC, TYPE.name, name, user.arn().unwrap_or_default());
    r.set("UserName", text(Some(name)));
    r.set("Path", text(user.path()));
    r.set("Groups", set(user.group_list().iter().map(String::as_str)));
    r.set("Policies", inline_policies(user.user_policy_list()));
    r.set("ManagedPolicyArns", attached(user.attached_managed_policies()));
    r.set("PermissionsBoundary", text(boundary));
    set_tags(&mut r, pairs(user.tags()));
    r.set("LoginProfile", credentials.login.into_kind(|profile| login(profile.as_ref())));
    r.set_attribute("CreateDate", time(user.create_date()));
    r.set_attribute("MfaDevices", credentials.mfa.into_kind(|mfa| facts(mfa.iter().map(serial))));
    r.set_attribute("AccessKeys", credentials.keys.into_kind(|keys| facts(keys.iter().map(access_keys::fact))));
    r
}

/// A fact that every user has: where there is nothing, an empty list says so.
fn facts(items: impl Iterator<Item = Kind>) -> Kind {
    Kind::List(items.map(Value::live).collect())
}

fn serial(device: &MfaDevice) -> Kind {
    text(Some(device.serial_number()))
}

/// The password itself is never readable.
fn login(profile: Option<&LoginProfile>) -> Kind {
    profile
        .map_or(Kind::Null, |profile| map([("PasswordResetRequired", Kind::Bool(profile.password_reset_required()))]))
}

pub(super) fn groups(cx: &Cx, details: &Details) -> Out {
    let mut out = Out::default();
    for detail in details.groups() {
        out.push(group(cx, detail));
    }
    out.listed(GROUP.name, &details.end);
    out
}

fn group(cx: &Cx, group: &GroupDetail) -> Resource {
    let name = group.group_name().unwrap_or_default();
    let mut r = cx.resource(&SPEC, GROUP.name, name, group.arn().unwrap_or_default());
    r.set("GroupName", text(Some(name)));
    r.set("Path", text(group.path()));
    r.set("Policies", inline_policies(group.group_policy_list()));
    r.set("ManagedPolicyArns", attached(group.attached_managed_policies()));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::model::{GLOBAL, Unknown};
    use aws_sdk_iam::primitives::DateTime;
    use aws_sdk_iam::types::StatusType;

    /// A context in which nothing is asked for on demand.
    fn sparing() -> Cx {
        let mut cx = offline(GLOBAL);
        cx.wanted = Wanted::default().into();
        cx
    }

    async fn found_of(credentials: Credentials) -> Out {
        let cx = sparing();
        found(&cx, &Client::new(&cx.config), &ann(), credentials).await
    }

    fn ann() -> UserDetail {
        UserDetail::builder().user_name("ann").path("/").group_list("ops").group_list("admins").build()
    }

    fn key() -> AccessKeyMetadata {
        AccessKeyMetadata::builder()
            .user_name("ann")
            .access_key_id("key-1")
            .status(StatusType::Active)
            .create_date(DateTime::from_secs(0))
            .build()
    }

    #[tokio::test]
    async fn a_user_comes_with_credentials_and_its_keys_are_resources() {
        let login = LoginProfile::builder()
            .user_name("ann")
            .create_date(DateTime::from_secs(0))
            .password_reset_required(true)
            .build()
            .unwrap();
        let device = MfaDevice::builder().user_name("ann").serial_number("arn:mfa").enable_date(DateTime::from_secs(0));
        let credentials = Credentials {
            login: Answer::Is(Some(login)),
            mfa: Answer::Is(vec![device.build().unwrap()]),
            keys: Answer::Is(vec![key()]),
        };
        let out = found_of(credentials).await;
        let [key, user] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(user), claimed(&SPEC, user));
        assert_eq!(user.get("Groups.0").as_str(), Some("admins"), "sorted");
        assert!(user.get("LoginProfile.PasswordResetRequired").value().is_some());
        assert_eq!(user.attribute("MfaDevices").get("0").as_str(), Some("arn:mfa"));
        assert_eq!(user.attribute("AccessKeys").get("0.CreateDate").as_str(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(properties(key), claimed(&SPEC, key));
        assert_eq!(key.address.physical_id.as_deref(), Some("key-1"));
    }

    #[tokio::test]
    async fn no_login_profile_is_knowledge_and_a_denied_list_of_devices_is_not() {
        let denied = Unknown::Denied { action: MFA_DEVICES.into() };
        let credentials =
            Credentials { login: Answer::Absent, mfa: Answer::Unknown(denied.clone()), keys: Answer::Is(Vec::new()) };
        let out = found_of(credentials).await;
        let [user] = &out.resources[..] else { panic!("{out:?}") };
        assert!(user.get("LoginProfile").is_absent());
        assert_eq!(user.attribute("MfaDevices").why_unknown(), Some(denied));
        assert_eq!(user.attribute("AccessKeys").value().map(|v| &v.kind), Some(&Kind::List(Vec::new())));
    }

    #[tokio::test]
    async fn denied_keys_leave_the_listing_of_keys_incomplete() {
        let denied = Unknown::Denied { action: access_keys::LIST.into() };
        let credentials =
            Credentials { login: Answer::Absent, mfa: Answer::Is(Vec::new()), keys: Answer::Unknown(denied.clone()) };
        let out = found_of(credentials).await;
        assert_eq!(out.listed[access_keys::TYPE.name], Err(denied));
        assert_eq!(out.resources.len(), 1, "the user is still there");
    }

    #[tokio::test]
    async fn a_user_who_vanishes_between_two_calls_is_dropped() {
        let credentials = Credentials { login: Answer::Absent, mfa: Answer::Absent, keys: Answer::Is(Vec::new()) };
        assert_eq!(found_of(credentials).await.resources, []);
    }
}
