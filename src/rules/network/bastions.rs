//! Bastions: hosts that administrators go through, and their security groups.

use std::sync::Arc;

use super::exposure::admin_ports;
use super::group_rules::{GROUP, GroupRule, Way, each};
use super::hosts::{candidates, hardened, session_manager};
use super::unlisted;
use crate::model::network::about;
use crate::model::{Related, Resource, types};
use crate::rules::check::{fail, unknown};
use crate::rules::readers::ports::Ports;
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// There is a security group for bastions, and administrative ports of everything else are open to it alone.
    ///
    /// ## Why
    ///
    /// With one way in for administrators there is one place to watch and to close. A host that takes SSH from an address
    /// range is a second one.
    ///
    /// A bastion's group is recognised by its logical id, `GroupName` or tag `Name`. Its own administrative ports must be
    /// limited as restricted-ssh wants it. Regions without instances, Auto Scaling groups or launch templates need none.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// SecurityGroupIngress:
    ///   - IpProtocol: tcp
    ///     FromPort: 22
    ///     ToPort: 22
    ///     SourceSecurityGroupId: !Ref BastionSecurityGroup
    ///     Description: SSH from the bastion
    /// ```
    "bastion-security-group" => {
        title: "A bastion security group exists, and administrative ports on private hosts accept only that group.",
        category: Network,
        severity: Medium,
        scope: Estate,
        types: ["AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "Driftline::Account::Region"],
        reads: ["AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::LaunchTemplate"],
        params: {
            bastion_pattern: Preset::Pattern("(?i)(bastion|jump)") => "how a bastion's security group is recognised",
            required_name: Preset::Nothing => "the exact name (logical id, GroupName or tag Name) that the group must have",
            ports: Preset::Ints(&[22, 3389]) => "administrative TCP ports",
            admin_cidrs: Preset::Texts(&[]) => "if set, the bastion's sources must be inside one of these ranges",
            max_prefix_width: Preset::Int(0) => "the bastion's sources must have at least this many prefix bits; 0 forbids only the whole internet",
            require_in_template: Preset::Bool(false) => "a template without such a group breaks its promise",
        },
        equivalents: [],
        check: |r, cx| if &*r.kind == types::REGION { exists(r, cx) } else { through_bastion(r, cx) },
    }

    /// There is a bastion: a host in a public subnet that wears bastion security groups only, has an instance profile and
    /// demands metadata tokens (IMDSv2).
    ///
    /// ## Why
    ///
    /// Private hosts without a way in get one in an emergency, in a hurry.
    ///
    /// A bastion is an instance or an Auto Scaling group that is recognised by its logical id or tag `Name`. With
    /// `accept_session_manager`, hosts that Session Manager reaches (every launch has an instance profile whose role may
    /// talk to it) need none. Regions without any host need none either.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// BastionHost:
    ///   Type: AWS::EC2::Instance
    ///   Properties:
    ///     SubnetId: !Ref PublicSubnet
    ///     SecurityGroupIds: [!Ref BastionSecurityGroup]
    ///     IamInstanceProfile: !Ref BastionProfile
    ///     MetadataOptions: {HttpTokens: required}
    /// ```
    "bastion-host-present" => {
        title: "A hardened bastion host provides the administrative path into private subnets.",
        category: Network,
        severity: Medium,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::LaunchTemplate",
            "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPC", "AWS::EC2::RouteTable",
            "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::Route", "AWS::EC2::InternetGateway",
            "AWS::IAM::InstanceProfile", "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy",
        ],
        params: {
            bastion_pattern: Preset::Pattern("(?i)(bastion|jump)") => "how a bastion and its security groups are recognised",
            accept_session_manager: Preset::Bool(false) => "hosts that Session Manager reaches need no bastion",
            require_in_template: Preset::Bool(false) => "a template without a bastion breaks its promise",
        },
        equivalents: [],
        check: host,
    }
}

/// What a resource goes by: its logical id, its names, its tag.
fn names(r: &Resource) -> impl Iterator<Item = Arc<str>> {
    let told = [r.get("GroupName"), r.get("AutoScalingGroupName"), r.attribute("aws:cloudformation:logical-id")];
    let told = told.map(|read| read.as_str().map(Arc::from));
    [r.address.logical_id.clone(), r.tag("Name")].into_iter().chain(told).flatten()
}

/// Whether a resource is a bastion's by its name.
pub(super) fn is_bastion(r: &Resource, cx: &Context<'_>) -> bool {
    match cx.params.text("required_name") {
        Some(wanted) => names(r).any(|name| &*name == wanted),
        None => cx.params.pattern("bastion_pattern").is_some_and(|p| names(r).any(|name| p.is_match(&name))),
    }
}

/// Passes if the region has anything to administer; `None` if it has not.
fn has_hosts(region: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let mut open = None;
    for kind in ["AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::LaunchTemplate"] {
        let hosts = cx.estate.of(region, kind);
        if !hosts.items.is_empty() {
            return Some(Verdict::Pass);
        }
        open = open.or(hosts.incomplete);
    }
    open.map(|why| unlisted(region, "Hosts", "hosts to administer", &why))
}

fn exists(region: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let expected = "a security group for bastions";
    let hosts = has_hosts(region, cx)?;
    let all = cx.estate.of(region, GROUP);
    let subject = about(region, "SecurityGroups");
    let found = all.items.into_iter().filter(|group| is_bastion(group, cx));
    let limited = |group: &Resource| admin_ports(group, cx).unwrap_or(Verdict::Pass).on(group.address.name());
    let verdict = match (found.map(limited).reduce(|a, b| a.or(|| b)), all.incomplete) {
        (Some(Verdict::Pass), _) => Verdict::Pass,
        (_, Some(why)) => unlisted(region, "SecurityGroups", expected, &why),
        (Some(verdict), None) => verdict,
        (None, None) => fail(&subject, expected),
    };
    Some(if verdict.is_pass() || hosts.is_pass() { verdict } else { hosts })
}

/// Administrative ports of a group that is no bastion's are open to bastions alone. `None` if it opens none.
fn through_bastion(subject: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if is_bastion(subject, cx) {
        return None;
    }
    let expected = "rules that can be read";
    let opens = each(subject, cx, Way::Ingress, expected, |rule| administrative(rule, cx))?;
    if opens.is_pass() {
        return None;
    }
    each(subject, cx, Way::Ingress, expected, |rule| match administrative(rule, cx) {
        Verdict::Pass => Verdict::Pass,
        // A rule from a bastion may open what it likes.
        doubt => match (from_bastion(rule, cx), doubt) {
            (Verdict::Fail(_), open @ Verdict::Unknown(_)) => open,
            (source, _) => source,
        },
    })
}

/// Passes a rule that surely opens no administrative port.
fn administrative(rule: &GroupRule<'_>, cx: &Context<'_>) -> Verdict {
    let expected = "no administrative port";
    match Ports::of(|name| rule.get(name)) {
        Err(read) => unknown(&read, expected),
        Ok(open) if cx.params.ints("ports").iter().any(|&port| open.cover_tcp(port)) => {
            fail(&rule.get("FromPort"), expected)
        }
        Ok(_) => Verdict::Pass,
    }
}

fn from_bastion(rule: &GroupRule<'_>, cx: &Context<'_>) -> Verdict {
    let expected = "a bastion's security group as the source of administrative ports";
    let source = rule.get("SourceSecurityGroupId");
    if source.is_absent() {
        let named = ["CidrIp", "CidrIpv6", "SourcePrefixListId"].iter().map(|name| rule.get(name));
        return fail(&named.into_iter().find(|read| !read.is_absent()).unwrap_or(source), expected);
    }
    match cx.estate.follow(&source, &[GROUP]) {
        Related::Found(group) if is_bastion(group, cx) => Verdict::Pass,
        Related::Found(_) | Related::Missing => fail(&source, expected),
        Related::Unknown(why) => Verdict::unknown(Evidence::unknown(&source, expected, &why)),
    }
}

fn host(region: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let expected = "a bastion host";
    let hosts = has_hosts(region, cx)?;
    let (found, open) = candidates(region, cx);
    let bastions = found.into_iter().filter(|host| is_bastion(host, cx));
    let verdict = match (bastions.map(|host| hardened(host, cx)).reduce(|a, b| a.or(|| b)), open) {
        (Some(Verdict::Pass), _) => Verdict::Pass,
        (_, Some(why)) => unlisted(region, "Hosts", expected, &why),
        (Some(verdict), None) => verdict,
        (None, None) => fail(&about(region, "Hosts"), expected),
    };
    let verdict =
        if cx.params.bool("accept_session_manager") { verdict.or(|| session_manager(region, cx)) } else { verdict };
    Some(if verdict.is_pass() || hosts.is_pass() { verdict } else { hosts })
}
