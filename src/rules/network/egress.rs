//! What security groups let out.

use super::dependencies::depends;
use super::group_rules::{GROUP, GroupRule, Way, each, standalone};
use super::security_groups::is_default;
use crate::model::{Items, Read, Resource};
use crate::rules::check::{fail, unknown};
use crate::rules::readers::ports::{Ports, Protocol, range};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// No security group lets all traffic out to the whole internet.
    ///
    /// ## Why
    ///
    /// Whoever gets hold of a host that may talk to everybody loads the tools and takes away the data without being
    /// noticed.
    ///
    /// A group that declares no egress is given a rule that lets everything out; it fails here as well as under
    /// security-group-explicit-egress, which tells how to declare one. With `allowed_world_ports` no other port may be
    /// open to the whole internet either. Default groups of VPCs are exempt.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// SecurityGroupEgress:
    ///   - IpProtocol: tcp
    ///     FromPort: 443
    ///     ToPort: 443
    ///     CidrIp: 0.0.0.0/0
    ///     Description: HTTPS to everywhere
    /// ```
    "security-group-egress-restricted" => {
        title: "Security group egress does not allow all protocols and ports to the whole internet.",
        category: Network,
        severity: Medium,
        scope: Resource,
        types: ["AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupEgress"],
        params: {
            allowed_world_ports: Preset::Ints(&[]) => "if set, the only TCP and UDP ports that may be open to the whole internet",
        },
        equivalents: ["checkov/CKV_AWS_382"],
        check: restricted,
    }

    /// The security groups of compute that declare their egress name what it depends on: the AWS APIs, and the database.
    ///
    /// ## Why
    ///
    /// Egress that was restricted without the services in mind breaks deployments, logs and secrets; egress that is open
    /// to everything hides what is really needed.
    ///
    /// Wanted are a TCP rule for port 443 to a VPC endpoint's security group, a prefix list or one of `aws_api_cidrs`,
    /// and, where there is a database, a TCP rule for its port to its security group. A rule for every port counts for
    /// neither. Groups that declare no egress are left to security-group-explicit-egress. Compute is instances, launch
    /// templates and configurations, functions and, in templates, ECS services.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// SecurityGroupEgress:
    ///   - {IpProtocol: tcp, FromPort: 443, ToPort: 443, DestinationSecurityGroupId: !Ref EndpointGroup}
    ///   - {IpProtocol: tcp, FromPort: 5432, ToPort: 5432, DestinationSecurityGroupId: !Ref DatabaseGroup}
    /// ```
    "security-group-egress-service-dependencies" => {
        title: "Compute security groups have explicit outbound rules for the services they depend on (AWS endpoints, database, cache).",
        category: Network,
        severity: Low,
        scope: Estate,
        types: ["AWS::EC2::SecurityGroup"],
        reads: [
            "AWS::EC2::SecurityGroupEgress", "AWS::EC2::VPCEndpoint", "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate",
            "AWS::AutoScaling::LaunchConfiguration", "AWS::Lambda::Function", "AWS::ECS::Service",
            "AWS::RDS::DBInstance", "AWS::RDS::DBCluster",
        ],
        params: {
            aws_api_cidrs: Preset::Texts(&["0.0.0.0/0"]) => "ranges that count as the AWS APIs for port 443",
        },
        equivalents: [],
        check: depends,
    }
}

const NOT_ALL: &str = "no rule that lets everything out to the whole internet";

fn restricted(subject: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if is_default(subject) {
        return None;
    }
    let verdict = each(subject, cx, Way::Egress, NOT_ALL, |rule| judge(rule, cx))?;
    Some(if &*subject.kind == GROUP { verdict.and(implicit(subject, cx)) } else { verdict })
}

/// A group that says nothing is given a rule for everything. An observed list that is empty lets nothing out.
fn implicit(group: &Resource, cx: &Context<'_>) -> Verdict {
    let list = group.get(Way::Egress.list());
    let silent = match list.items() {
        Items::Absent => true,
        Items::Are(items) => items.is_empty() && !group.is_live(),
        Items::Unknown => false,
    };
    let own = standalone(group, cx, Way::Egress);
    match own.incomplete {
        _ if !silent || !own.items.is_empty() => Verdict::Pass,
        Some(why) => Verdict::unknown(Evidence::unknown(&list, NOT_ALL, &why)),
        None => fail(&list, NOT_ALL),
    }
}

fn judge(rule: &GroupRule<'_>, cx: &Context<'_>) -> Verdict {
    let only = cx.params.ints("allowed_world_ports");
    let wide = Ports::of(|name| rule.get(name))
        .map(|open| if only.is_empty() { is_everything(&open) } else { open.first_outside(only, only).is_some() });
    match (to_world(rule), wide) {
        (Ok(None), _) | (_, Ok(false)) => Verdict::Pass,
        (Ok(Some(read)), Ok(true)) => {
            let read = if only.is_empty() { rule.get("IpProtocol") } else { read };
            fail(
                &read,
                if only.is_empty() { NOT_ALL } else { "other ports than the allowed ones only to known places" },
            )
        }
        (Err(read), _) | (_, Err(read)) => unknown(&read, NOT_ALL),
    }
}

/// Every protocol, or every port of one.
pub(super) fn is_everything(open: &Ports) -> bool {
    match open.protocol {
        Protocol::All => true,
        Protocol::Tcp | Protocol::Udp => open.from <= 1 && open.to >= 65535,
        Protocol::Portless => false,
    }
}

/// The range of a rule that is the whole internet, if it has one. The error is a range that cannot be read.
fn to_world<'a>(rule: &GroupRule<'a>) -> Result<Option<Read<'a>>, Read<'a>> {
    let mut open = None;
    for read in ["CidrIp", "CidrIpv6"].map(|name| rule.get(name)) {
        if read.as_str().and_then(range).is_some_and(|net| net.prefix_len() == 0) {
            return Ok(Some(read));
        }
        if read.why_unknown().is_some() {
            open = Some(read);
        }
    }
    open.map_or(Ok(None), Err)
}
