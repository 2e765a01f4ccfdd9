//! Hosts, standing alone or in Auto Scaling groups: where they are, what they wear, who reaches them.

use super::bastions::is_bastion;
use super::group_rules::GROUP;
use super::unsure;
use crate::model::network::{Network, SUBNET};
use crate::model::{Items, Read, Related, Resource, Unknown};
use crate::rules::check::{fail, one_of, present, related, unknown};
use crate::rules::readers::{launch, policy::principal};
use crate::rules::{Context, Evidence, Verdict};

const INSTANCE: &str = "AWS::EC2::Instance";
const GROUP_OF_HOSTS: &str = "AWS::AutoScaling::AutoScalingGroup";

/// The hosts of a region, and why there may be others. Instances of an Auto Scaling group are left to it.
pub(super) fn candidates<'a>(region: &Resource, cx: &Context<'a>) -> (Vec<&'a Resource>, Option<Unknown>) {
    let (instances, groups) = (cx.estate.of(region, INSTANCE), cx.estate.of(region, GROUP_OF_HOSTS));
    let own = |r: &&Resource| r.attribute("AutoScalingGroup").is_absent();
    let found = instances.items.into_iter().filter(own).chain(groups.items).collect();
    (found, instances.incomplete.or(groups.incomplete))
}

/// What a host is launched with: its own settings first, then those of its launch template.
fn setting<'a>(host: &'a Resource, cx: &Context<'a>, paths: &[&str]) -> Result<Vec<Read<'a>>, Verdict> {
    let own: Vec<Read<'a>> = paths.iter().map(|path| host.get(path)).filter(|read| !read.is_absent()).collect();
    // AWS shows an instance with all that it was launched with.
    if &*host.kind == INSTANCE && (!own.is_empty() || host.is_live()) {
        return Ok(own);
    }
    match launch::template_of(cx.estate, host) {
        Related::Found(template) => {
            let all = paths.iter().flat_map(|path| launch::settings(template, path));
            Ok(all.filter(|read| !read.is_absent()).collect())
        }
        Related::Missing => Ok(Vec::new()),
        Related::Unknown(why) => Err(Verdict::unknown(Evidence::unknown(
            &host.get("LaunchTemplate"),
            "a launch template that is known",
            &why,
        ))),
    }
}

/// Each value of a setting satisfies `test`, and there is one.
fn set<'a>(
    host: &'a Resource,
    cx: &Context<'a>,
    paths: &[&str],
    expected: &str,
    test: impl Fn(&Read<'a>) -> Verdict,
) -> Verdict {
    match setting(host, cx, paths) {
        Err(open) => open,
        Ok(reads) if reads.is_empty() => fail(&host.get(paths.first().copied().unwrap_or_default()), expected),
        Ok(reads) => Verdict::all(reads.iter().map(|read| test(read).on(read.resource.address.name()))),
    }
}

/// Every element of a list, references included, satisfies `test`; passes if there is no list.
fn every_item<'a>(list: &Read<'a>, expected: &str, test: impl Fn(&Read<'a>) -> Verdict) -> Verdict {
    match list.items() {
        Items::Absent => Verdict::Pass,
        Items::Unknown => unknown(list, expected),
        Items::Are(items) => Verdict::all(items.iter().map(test)),
    }
}

/// A bastion is reachable, and hardened.
pub(super) fn hardened(host: &Resource, cx: &Context<'_>) -> Verdict {
    let groups = set(host, cx, &["SecurityGroupIds", "NetworkInterfaces"], "bastion security groups", |read| {
        every_item(read, "bastion security groups", |item| {
            let interface = item.value().is_some_and(|value| value.as_map().is_some());
            if !interface {
                return is_of_bastion(item, cx);
            }
            let sets = ["GroupSet", "Groups"].map(|name| item.get(name));
            Verdict::all(
                sets.iter().map(|set| every_item(set, "bastion security groups", |group| is_of_bastion(group, cx))),
            )
        })
    });
    let profile =
        set(host, cx, &["IamInstanceProfile"], "an instance profile", |read| present(read, "an instance profile"));
    let tokens = set(host, cx, &["MetadataOptions"], "HttpTokens: required", |read| {
        one_of(&read.get("HttpTokens"), &["required"])
    });
    public(host, cx).and(groups).and(profile).and(tokens).on(host.address.name())
}

fn is_of_bastion(read: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let expected = "a bastion's security group";
    related(cx.estate, read, &[GROUP], expected, |group| {
        if is_bastion(group, cx) { Verdict::Pass } else { fail(&group.get("GroupName"), expected) }
    })
}

/// The host is in public subnets.
fn public(host: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "a public subnet";
    let network = Network::new(cx.estate);
    let in_public = |read: &Read<'_>| {
        related(cx.estate, read, &[SUBNET], expected, |subnet| match network.is_public(subnet) {
            Ok(true) => Verdict::Pass,
            Ok(false) => fail(&crate::model::network::about(subnet, "DefaultRoute"), expected),
            Err(open) => unsure(subnet, &open, expected),
        })
    };
    if &*host.kind == GROUP_OF_HOSTS {
        let zones = host.get("VPCZoneIdentifier");
        return match zones.items() {
            Items::Absent => fail(&zones, expected),
            Items::Unknown => unknown(&zones, expected),
            Items::Are(items) => Verdict::all(items.iter().map(in_public)),
        };
    }
    let own = [host.get("SubnetId"), host.get("NetworkInterfaces.0.SubnetId")];
    let named = own.iter().find(|read| !read.is_absent());
    // A host that names no subnet is launched into the default VPC, whose subnets are public.
    named.map_or(Verdict::Pass, in_public)
}

/// Session Manager reaches each host: its role may register with it and open channels.
pub(super) fn session_manager(region: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "a role that Session Manager can work with";
    let (found, open) = candidates(region, cx);
    let reached = found.into_iter().map(|host| {
        set(host, cx, &["IamInstanceProfile"], expected, |read| {
            let named = match read.value().map(|value| value.as_map().is_some()) {
                Some(true) if !read.get("Arn").is_absent() => read.get("Arn"),
                Some(true) => read.get("Name"),
                _ => read.clone(),
            };
            related(cx.estate, &named, &["AWS::IAM::InstanceProfile"], expected, |profile| {
                let roles = profile.get("Roles");
                every_item(&roles, expected, |role| {
                    related(cx.estate, role, &["AWS::IAM::Role"], expected, |role| core(role, cx))
                })
            })
        })
        .on(host.address.name())
    });
    let rest = open.map(|why| super::unlisted(region, "Hosts", expected, &why));
    Verdict::all(reached).and(rest.unwrap_or(Verdict::Pass))
}

/// The role has AWS's policy for it, or policies that allow the same.
fn core(role: &Resource, cx: &Context<'_>) -> Verdict {
    let arns = role.get("ManagedPolicyArns");
    if let Items::Are(items) = arns.items()
        && items.iter().any(|arn| arn.as_str().is_some_and(|arn| arn.ends_with("policy/AmazonSSMManagedInstanceCore")))
    {
        return Verdict::Pass;
    }
    Verdict::all(
        ["ssm:UpdateInstanceInformation", "ssmmessages:CreateDataChannel"]
            .iter()
            .map(|action| principal::allows(cx.estate, role, action)),
    )
}
