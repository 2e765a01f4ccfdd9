//! The role that instances have: instance, launch template or launch configuration → instance profile → role.

use super::launch::{self, INSTANCE, LAUNCH_CONFIGURATION, LAUNCH_TEMPLATE};
use super::policy::Document;
use crate::model::{Estate, Field, Items, Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::Verdict;

/// `AWS::IAM::Role`.
pub(in crate::rules) const ROLE: &str = "AWS::IAM::Role";
/// `AWS::IAM::InstanceProfile`.
pub(in crate::rules) const PROFILE: &str = "AWS::IAM::InstanceProfile";

/// What names an instance profile, and in which property.
const USERS: &[(&str, &str)] = &[
    (INSTANCE, "IamInstanceProfile"),
    (LAUNCH_CONFIGURATION, "IamInstanceProfile"),
    (LAUNCH_TEMPLATE, "LaunchTemplateData.IamInstanceProfile.Name"),
    (LAUNCH_TEMPLATE, "LaunchTemplateData.IamInstanceProfile.Arn"),
];

/// Where the instance profile of an instance, launch template or launch configuration is named: in every version of a template that is
/// known. For an instance without one that of its launch template.
pub(in crate::rules) fn profiles<'a>(estate: &'a Estate, r: &'a Resource) -> Result<Vec<Read<'a>>, Unknown> {
    let named = |read: Read<'a>| match read.value().map(|v| &v.kind) {
        Some(Kind::Map(map)) => read.get(if map.contains_key("Arn") { "Arn" } else { "Name" }),
        _ => read,
    };
    Ok(launch::effective(estate, r, "IamInstanceProfile")?.into_iter().map(named).collect())
}

/// The instance profile that is named by reference, by name or by ARN.
pub(in crate::rules) fn profile<'a>(estate: &'a Estate, named: &Read<'_>) -> Related<'a> {
    let found = estate.follow(named, &[PROFILE]);
    let name = named
        .as_str()
        .and_then(|text| text.split_once(":instance-profile/"))
        .and_then(|(_, path)| path.rsplit('/').next());
    match (name, &found) {
        (Some(name), Related::Missing | Related::Unknown(_)) => {
            let value = Value { kind: Kind::Str(name.into()), at: named.at() };
            let read = Read::new(named.resource, named.path.clone(), Field::Is(&value));
            match estate.follow(&read, &[PROFILE]) {
                by_name @ Related::Found(_) => by_name,
                Related::Missing | Related::Unknown(_) => found,
            }
        }
        _ => found,
    }
}

/// The role in an instance profile; there is one at most.
pub(in crate::rules) fn role_in<'a>(estate: &'a Estate, profile: &Resource) -> Related<'a> {
    let roles = profile.get("Roles");
    match roles.items() {
        Items::Absent => Related::Missing,
        Items::Unknown => roles.why_unknown().map_or(Related::Missing, Related::Unknown),
        Items::Are(items) => match items.first() {
            Some(role) => estate.follow(role, &[ROLE]),
            None => Related::Missing,
        },
    }
}

/// Why it cannot be told which role instances get, and where; `None` if it can, or if they get none.
pub(in crate::rules) fn opaque<'a>(estate: &'a Estate, r: &'a Resource) -> Option<(Read<'a>, Unknown)> {
    let reads = match profiles(estate, r) {
        Ok(reads) => reads,
        Err(why) => return Some((r.get("LaunchTemplate"), why)),
    };
    reads.into_iter().find_map(|read| {
        let why = match profile(estate, &read) {
            Related::Found(found) => match role_in(estate, found) {
                Related::Unknown(why) => why,
                Related::Found(_) | Related::Missing => return None,
            },
            Related::Missing => return None,
            Related::Unknown(why) => why,
        };
        Some((read, why))
    })
}

/// Whether instances get a role: an instance profile holds it that something launches instances with.
pub(in crate::rules) fn is_compute(estate: &Estate, role: &Resource) -> Result<bool, Unknown> {
    let holders = estate.referrers(role, PROFILE, "Roles");
    let mut open = holders.incomplete;
    for profile in holders.items {
        for &(kind, property) in USERS {
            let users = estate.referrers(profile, kind, property);
            if !users.items.is_empty() {
                return Ok(true);
            }
            open = open.or(users.incomplete);
        }
        // A template may spell out the ARN of a profile of its own.
        if !role.is_live() && estate.beside(role, LAUNCH_TEMPLATE).any(|template| names(estate, template, profile)) {
            return Ok(true);
        }
    }
    // A role that EC2 may not assume is none of an instance's, whatever else there may be.
    let trust = Document::new(role.get("AssumeRolePolicyDocument"));
    let open = open.filter(|_| !matches!(trust.trusts_service("ec2.amazonaws.com"), Verdict::Fail(_)));
    open.map_or(Ok(false), Err)
}

fn names(estate: &Estate, template: &Resource, wanted: &Resource) -> bool {
    let reads = profiles(estate, template).unwrap_or_default();
    reads.iter().any(|read| matches!(profile(estate, read), Related::Found(found) if found.address == wanted.address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn declared(kind: &str, id: &str, properties: &Json) -> Resource {
        let address = Address { stack: Some("s".into()), logical_id: Some(id.into()), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    /// A role `web` in a profile `web`, and whether what is launched like this gets it.
    fn gets(kind: &str, properties: &Json) -> Result<bool, Unknown> {
        let estate = Estate::new(
            vec![
                declared(ROLE, "Role", &json!({"RoleName": "web"})),
                declared(PROFILE, "Profile", &json!({"InstanceProfileName": "web", "Roles": ["web"]})),
                declared(kind, "Launched", properties),
            ],
            None,
        );
        is_compute(&estate, estate.by_logical_id("s", "Role").unwrap())
    }

    #[test]
    fn a_role_is_found_by_the_name_and_by_the_arn_of_its_profile() {
        let arn = "arn:aws:iam::123456789012:instance-profile/app/web";
        assert_eq!(gets(INSTANCE, &json!({"IamInstanceProfile": "web"})), Ok(true));
        assert_eq!(gets(LAUNCH_CONFIGURATION, &json!({"IamInstanceProfile": "web"})), Ok(true));
        for specification in [json!({"Name": "web"}), json!({"Arn": arn})] {
            let data = json!({"LaunchTemplateData": {"IamInstanceProfile": specification}});
            assert_eq!(gets(LAUNCH_TEMPLATE, &data), Ok(true), "{data}");
        }
        assert_eq!(gets(INSTANCE, &json!({"IamInstanceProfile": "batch"})), Ok(false));
        assert_eq!(gets(INSTANCE, &json!({})), Ok(false));
    }

    #[test]
    fn what_names_an_unknown_profile_may_get_any_role_that_ec2_may_assume() {
        let role = |service: &str| {
            let trust = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}});
            let mut instance = declared(INSTANCE, "Instance", &json!({}));
            instance.set("IamInstanceProfile", Kind::Unknown(Unknown::Parameter("P".into())));
            let profile = declared(PROFILE, "Profile", &json!({"InstanceProfileName": "web", "Roles": ["web"]}));
            let role = declared(ROLE, "Role", &json!({"RoleName": "web", "AssumeRolePolicyDocument": trust}));
            let estate = Estate::new(vec![role, profile, instance], None);
            is_compute(&estate, estate.by_logical_id("s", "Role").unwrap())
        };
        assert_eq!(role("ec2.amazonaws.com"), Err(Unknown::Parameter("P".into())));
        assert_eq!(role("lambda.amazonaws.com"), Ok(false));
    }
}
