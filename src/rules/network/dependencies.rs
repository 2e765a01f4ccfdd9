//! The services that compute depends on, and whether its security groups let it reach them.

use super::egress::is_everything;
use super::group_rules::{GROUP, GroupRule, Way, all};
use super::security_groups::{is_default, is_implicit};
use super::unlisted;
use crate::model::network::about;
use crate::model::{Items, Read, Related, Resource, Unknown, Value};
use crate::rules::check::{fail, related, unknown};
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
        Err(list) => return given(group, cx, unknown(&list, "egress rules that can be read")),
    };
    given(group, cx, apis(group, &rules, cx).and(database(group, &rules, cx)))
}

fn given(group: &Resource, cx: &Context<'_>, verdict: Verdict) -> Option<Verdict> {
    match of_compute(group, cx) {
        Ok(true) => Some(verdict),
        Ok(false) => None,
        Err(_) if verdict.is_pass() => None,
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
    for (kind, list, inner) in NESTED {
        // AWS shows the groups of an instance's interfaces with the instance.
        if kind == "AWS::EC2::Instance" && group.is_live() {
            continue;
        }
        let users = cx.estate.of(group, kind);
        for user in users.items {
            match names(&user.get(list), inner, group, cx) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(why) => open = Some(why),
            }
        }
        // Nobody collects ECS services, and their groups alone are not worth doubting everything for.
        open = open.or(users.incomplete.filter(|_| kind != "AWS::ECS::Service"));
    }
    open.map_or(Ok(false), Err)
}

fn names(list: &Read<'_>, inner: &str, group: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    let items = match list.items() {
        Items::Absent => return Ok(false),
        Items::Unknown => return Err(list.why_unknown().unwrap_or(Unknown::NotCollected)),
        Items::Are(items) => items,
    };
    let mut open = None;
    for item in items {
        let found = if inner.is_empty() {
            match cx.estate.follow(&item, &[GROUP]) {
                Related::Found(found) => Ok(found.address == group.address),
                Related::Missing => Ok(false),
                Related::Unknown(why) => item.as_str().map_or(Err(why), |_| Ok(false)),
            }
        } else {
            names(&item.get(inner), "", group, cx)
        };
        match found {
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
    let listings = DATABASES.map(|(kind, property)| (cx.estate.of(group, kind), property));
    let open = listings.iter().find_map(|(listing, _)| listing.incomplete.clone());
    let reached = listings
        .iter()
        .flat_map(|(listing, property)| listing.items.iter().map(move |database| (*database, *property)))
        .map(|(database, property)| reaches(group, rules, database, property, cx, expected))
        .reduce(|a, b| a.or(|| b));
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
        opens.and(related(cx.estate, &to, &[GROUP], expected, |found| match names(&groups, "", found, cx) {
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
