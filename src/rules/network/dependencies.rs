//! The services that compute depends on, and whether its security groups let it reach them.

use std::collections::BTreeSet;

use super::egress::is_everything;
use super::group_rules::{GROUP, GroupRule, Way, all};
use super::security_groups::{is_default, is_implicit};
use super::{lists, unlisted};
use crate::model::network::about;
use crate::model::{Estate, Items, Read, Related, Resource, Unknown, Value};
use crate::rules::check::{fail, related, unknown};
use crate::rules::readers::distribution::Nearby;
use crate::rules::readers::ports::{Ports, Protocol, range};
use crate::rules::{Context, Evidence, Verdict};

/// The group of some compute lets it reach the AWS APIs and the database.
pub(super) fn depends(group: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if is_default(group) {
        return None;
    }
    let rules = match all(group, cx, Way::Egress) {
        Ok(rules) if rules.iter().all(is_implicit) => return None,
        Ok(rules) => rules,
        Err(list) => return given(group, cx, || unknown(&list, "egress rules that can be read")),
    };
    given(group, cx, || apis(group, &rules, cx).and(database(group, &rules, cx)))
}

fn given(group: &Resource, cx: &Context<'_>, verdict: impl FnOnce() -> Verdict) -> Option<Verdict> {
    match of_compute(group, cx) {
        Ok(true) => Some(verdict()),
        Ok(false) => None,
        Err(_) if verdict().is_pass() => None,
        Err(why) => Some(unlisted(group, "Users", "whether compute uses the group", &why)),
    }
}

/// Where compute names its groups, below the top level.
const NESTED: [(&str, &str, &str); 5] = [
    ("AWS::EC2::Instance", "NetworkInterfaces", "GroupSet"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData.NetworkInterfaces", "Groups"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData.SecurityGroupIds", ""),
    ("AWS::Lambda::Function", "VpcConfig.SecurityGroupIds", ""),
    ("AWS::ECS::Service", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups", ""),
];

/// Whether compute uses the group. The error is why it cannot be told.
fn of_compute(group: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    let mut open = None;
    for (kind, property) in
        [("AWS::EC2::Instance", "SecurityGroupIds"), ("AWS::AutoScaling::LaunchConfiguration", "SecurityGroups")]
    {
        let users = cx.estate.referrers(group, kind, property);
        if !users.items.is_empty() {
            return Ok(true);
        }
        open = open.or(users.incomplete);
    }
    let unreadable = cx.estate.digest(Unreadable::of);
    for ((kind, list, inner), unreadable) in NESTED.into_iter().zip(&unreadable.users) {
        // AWS shows the groups of an instance's interfaces with the instance.
        if kind == "AWS::EC2::Instance" && group.is_live() {
            continue;
        }
        let property = if inner.is_empty() { list.to_owned() } else { format!("{list}.{inner}") };
        let users = cx.estate.referrers(group, kind, &property).items;
        if users.iter().any(|user| names(&user.get(list), inner, group, cx.estate) == Ok(true)) {
            return Ok(true);
        }
        let last = unreadable.last(&group.address).and_then(|place| cx.estate.at_place(place));
        open = last.and_then(|user| names(&user.get(list), inner, group, cx.estate).err()).or(open);
        // Nobody collects ECS services, and their groups alone are not worth doubting everything for.
        let unlisted = || cx.estate.why_unlisted(kind, &group.address).filter(|_| kind != "AWS::ECS::Service");
        open = open.or_else(unlisted);
    }
    open.map_or(Ok(false), Err)
}

/// Compute and databases that have groups, or ports, of which nothing can be said.
struct Unreadable {
    /// Compute with such groups, for each of [`NESTED`].
    users: Vec<Nearby>,
    /// For each of [`DATABASES`], all of them.
    databases: Vec<Nearby>,
    /// For each of [`DATABASES`], those with such groups or such a port.
    open: Vec<Nearby>,
}

impl Unreadable {
    fn of(estate: &Estate) -> Self {
        let users = NESTED.iter().map(|(kind, list, inner)| {
            let unreadable = |user: &Resource| is_unreadable(&user.get(list), inner, estate);
            Nearby::of(estate, estate.of_type(kind), unreadable)
        });
        let databases = DATABASES.iter().map(|(kind, _)| Nearby::of(estate, estate.of_type(kind), |_| true));
        let open = DATABASES.iter().map(|(kind, property)| {
            let unreadable = |db: &Resource| port(db).is_none() || is_unreadable(&db.get(property), "", estate);
            Nearby::of(estate, estate.of_type(kind), unreadable)
        });
        Self { users: users.collect(), databases: databases.collect(), open: open.collect() }
    }
}

/// Whether a list has a group of which it cannot be told which one it is: see [`names`].
fn is_unreadable(list: &Read<'_>, inner: &str, estate: &Estate) -> bool {
    match list.items() {
        Items::Absent => false,
        Items::Unknown => true,
        Items::Are(items) => items.iter().any(|item| {
            if !inner.is_empty() {
                return is_unreadable(&item.get(inner), "", estate);
            }
            item.as_str().is_none() && matches!(estate.follow(item, &[GROUP]), Related::Unknown(_))
        }),
    }
}

fn names(list: &Read<'_>, inner: &str, group: &Resource, estate: &Estate) -> Result<bool, Unknown> {
    if inner.is_empty() {
        return lists(estate, list, group, GROUP);
    }
    let items = match list.items() {
        Items::Absent => return Ok(false),
        Items::Unknown => return Err(list.why_unknown().unwrap_or(Unknown::NotCollected)),
        Items::Are(items) => items,
    };
    let mut open = None;
    for item in items {
        match lists(estate, &item.get(inner), group, GROUP) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(why) => open = Some(why),
        }
    }
    open.map_or(Ok(false), Err)
}

/// One of the rules will do; the evidence is the list, not each rule that is for something else.
fn some_rule(
    group: &Resource,
    rules: &[GroupRule<'_>],
    expected: &str,
    test: impl Fn(&GroupRule<'_>) -> Verdict,
) -> Verdict {
    match Verdict::any(rules.iter().map(test), || fail(&group.get(Way::Egress.list()), expected)) {
        Verdict::Fail(_) => fail(&group.get(Way::Egress.list()), expected),
        verdict => verdict,
    }
}

/// A rule for one TCP port and not for everything.
fn opens(rule: &GroupRule<'_>, port: i64, expected: &str) -> Verdict {
    match Ports::of(|name| rule.get(name)) {
        Err(read) => unknown(&read, expected),
        Ok(open) if open.protocol == Protocol::Tcp && open.cover_tcp(port) && !is_everything(&open) => Verdict::Pass,
        Ok(_) => fail(&rule.get("FromPort"), expected),
    }
}

fn apis(group: &Resource, rules: &[GroupRule<'_>], cx: &Context<'_>) -> Verdict {
    let expected = "a TCP rule for port 443 to the AWS APIs";
    some_rule(group, rules, expected, |rule| {
        let port = opens(rule, 443, expected);
        if matches!(port, Verdict::Fail(_)) { port } else { port.and(to_apis(rule, cx, expected)) }
    })
}

fn to_apis(rule: &GroupRule<'_>, cx: &Context<'_>, expected: &str) -> Verdict {
    if !rule.get("DestinationPrefixListId").is_absent() {
        return Verdict::Pass;
    }
    let to = rule.get("DestinationSecurityGroupId");
    if !to.is_absent() {
        return related(cx.estate, &to, &[GROUP], expected, |found| {
            let endpoints = cx.estate.referrers(found, "AWS::EC2::VPCEndpoint", "SecurityGroupIds");
            match endpoints.incomplete {
                _ if !endpoints.items.is_empty() => Verdict::Pass,
                Some(why) => unlisted(found, "VPCEndpoints", expected, &why),
                None => fail(&about(found, "VPCEndpoints"), expected),
            }
        });
    }
    Verdict::any(
        ["CidrIp", "CidrIpv6"].map(|name| rule.get(name)).iter().filter(|r| !r.is_absent()).map(|read| {
            if read.why_unknown().is_some() {
                return unknown(read, expected);
            }
            let accepted = cx.params.texts("aws_api_cidrs").iter().filter_map(|text| range(text));
            let net = read.as_str().and_then(range);
            // Wide enough for all of an accepted range, or a part of one that is not the whole internet.
            let fits = net.is_some_and(|net| {
                accepted.into_iter().any(|a| net.contains(&a) || (a.prefix_len() > 0 && a.contains(&net)))
            });
            if fits { Verdict::Pass } else { fail(read, expected) }
        }),
        || fail(&rule.get("CidrIp"), expected),
    )
}

/// Databases by the property that names their groups.
const DATABASES: [(&str, &str); 2] =
    [("AWS::RDS::DBInstance", "VPCSecurityGroups"), ("AWS::RDS::DBCluster", "VpcSecurityGroupIds")];

/// Where there are databases, one of them can be reached.
fn database(group: &Resource, rules: &[GroupRule<'_>], cx: &Context<'_>) -> Verdict {
    let expected = "a TCP rule for the port of the database to its security group";
    let open = DATABASES.iter().find_map(|(kind, _)| cx.estate.why_unlisted(kind, &group.address));
    let known = cx.estate.digest(Unreadable::of);
    let mut reached = None;
    for ((kind, property), (all, open)) in DATABASES.into_iter().zip(known.databases.iter().zip(&known.open)) {
        // The others have no group that a rule leads to.
        let mut near: BTreeSet<usize> = open.near(&group.address).collect();
        let mut anywhere = false;
        for to in rules.iter().map(|rule| rule.get("DestinationSecurityGroupId")).filter(|to| !to.is_absent()) {
            match cx.estate.follow(&to, &[GROUP]) {
                Related::Found(found) => {
                    let items = cx.estate.referrers(found, kind, property).items.into_iter();
                    near.extend(items.filter_map(|database| cx.estate.place_of(database)));
                }
                Related::Missing => {}
                Related::Unknown(_) => anywhere = true,
            }
        }
        if anywhere {
            near.extend(all.near(&group.address));
        }
        let others = all.near(&group.address).find(|place| !near.contains(place));
        let near = near.into_iter().chain(others).filter_map(|place| cx.estate.at_place(place));
        let near = near.filter(|database| database.address.near(&group.address));
        for database in near {
            let next = reaches(group, rules, database, property, cx, expected);
            reached = Some(match reached {
                None => next,
                Some(before) => Verdict::or(before, || next),
            });
        }
    }
    match (reached, open) {
        (Some(Verdict::Pass), _) | (None, None) => Verdict::Pass,
        (_, Some(why)) => unlisted(group, "Databases", expected, &why),
        (Some(Verdict::Fail(_)), None) => fail(&group.get(Way::Egress.list()), expected),
        (Some(open), None) => open,
    }
}

fn reaches(
    group: &Resource,
    rules: &[GroupRule<'_>],
    database: &Resource,
    property: &str,
    cx: &Context<'_>,
    expected: &str,
) -> Verdict {
    let Some(port) = port(database) else {
        return Verdict::unknown(Evidence::unknown(
            &database.get("Port"),
            expected,
            &database.get("Port").why_unknown().unwrap_or(Unknown::Outside("the port of the database".into())),
        ))
        .on(database.address.name());
    };
    let groups = database.get(property);
    some_rule(group, rules, expected, |rule| {
        let opens = opens(rule, port, expected);
        let to = rule.get("DestinationSecurityGroupId");
        if matches!(opens, Verdict::Fail(_)) || to.is_absent() {
            return fail(&to, expected);
        }
        opens.and(related(cx.estate, &to, &[GROUP], expected, |found| match names(&groups, "", found, cx.estate) {
            Ok(true) => Verdict::Pass,
            Ok(false) => fail(&groups, expected),
            Err(why) => Verdict::unknown(Evidence::unknown(&groups, expected, &why)),
        }))
    })
}

/// The port that a database listens on: its own, or its engine's.
fn port(database: &Resource) -> Option<i64> {
    let read = database.get("Port");
    if !read.is_absent() {
        return read.value().and_then(Value::as_int);
    }
    let engine = database.get("Engine").as_str()?.to_ascii_lowercase();
    let known = [("postgres", 5432), ("oracle", 1521), ("sqlserver", 1433), ("db2", 50000), ("mysql", 3306)];
    let by_name = known.iter().find(|(name, _)| engine.contains(name)).map(|(_, port)| *port);
    by_name.or_else(|| ["mariadb", "aurora"].contains(&&*engine).then_some(3306))
}
