//! Security groups of load balancers, and how wide groups open their ports.

use super::group_rules::{Way, each};
use super::sources::{approved, from_itself, guards_application};
use super::unlisted;
use crate::model::Resource;
use crate::rules::check::{fail, unknown};
use crate::rules::readers::ports::{Ports, Protocol};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// The security groups of application load balancers let in approved sources only: the VPC, CloudFront, listed
    /// ranges and prefix lists, and other security groups.
    ///
    /// ## Why
    ///
    /// A load balancer behind CloudFront that everybody can reach is a way around the firewall, the cache and the logs in
    /// front of it.
    ///
    /// `allowed_sources` holds the words `vpc-cidr` (within the VPC's `CidrBlock`) and `cloudfront-prefix-list`, address
    /// ranges, and ids of prefix lists. CloudFront's list is known by its ids in most regions; a list that is neither
    /// known nor in the template is unknown. Rules for `ignored_ports` alone are left to restricted-ssh.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// SecurityGroupIngress:
    ///   - IpProtocol: tcp
    ///     FromPort: 443
    ///     ToPort: 443
    ///     SourcePrefixListId: pl-3b927c52   # com.amazonaws.global.cloudfront.origin-facing in us-east-1
    ///     Description: HTTPS from CloudFront
    /// ```
    "alb-security-group-ingress-restricted" => {
        title: "Load balancer security groups accept traffic only from the approved sources, not from the whole internet.",
        category: Network,
        severity: High,
        scope: Estate,
        types: ["AWS::EC2::SecurityGroup"],
        reads: ["AWS::EC2::SecurityGroupIngress", "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::EC2::VPC", "AWS::EC2::PrefixList"],
        params: {
            allowed_sources: Preset::Texts(&["vpc-cidr", "cloudfront-prefix-list"]) => "accepted sources: vpc-cidr, cloudfront-prefix-list, ranges, ids of prefix lists",
            ignored_ports: Preset::Ints(&[22, 3389]) => "TCP ports that are not judged here",
            cloudfront_prefix_lists: Preset::Texts(&[]) => "ids of further prefix lists that are CloudFront's",
        },
        equivalents: [],
        check: for_balancers,
    }

    /// Security groups open single ports and narrow ranges, never all protocols or a wide range.
    ///
    /// ## Why
    ///
    /// A range covers whatever is started within it later, and that nobody thought of.
    ///
    /// A TCP or UDP rule without ports opens all of them. ICMP and other protocols without ports are not judged.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// SecurityGroupIngress:
    ///   - IpProtocol: tcp
    ///     FromPort: 8443
    ///     ToPort: 8443
    ///     SourceSecurityGroupId: !Ref LoadBalancerGroup
    /// ```
    "security-group-service-ports-only" => {
        title: "Security group ingress opens only specific service ports, never all protocols or wide port ranges.",
        category: Network,
        severity: Medium,
        scope: Resource,
        types: ["AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"],
        params: {
            max_port_span: Preset::Int(10) => "most ports that one rule may open",
            allow_self_reference: Preset::Bool(true) => "accept rules from a group to itself, whatever they open",
        },
        equivalents: [
            "aws-guard/security_group_ingress_all_protocols_rule", "aws-guard/security_group_ingress_port_range_rule",
        ],
        check: narrow,
    }
}

fn for_balancers(group: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    match guards_application(group, cx) {
        Ok(true) => Some(approved(group, cx)),
        Ok(false) => None,
        Err(why) => {
            let open = unlisted(group, "LoadBalancers", "whether it is the group of a load balancer", &why);
            (!approved(group, cx).is_pass()).then_some(open)
        }
    }
}

fn narrow(subject: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let most = cx.params.int("max_port_span");
    each(subject, cx, Way::Ingress, "rules that can be read", |rule| {
        let expected = format!("at most {most} ports of one protocol");
        let itself = if cx.params.bool("allow_self_reference") { from_itself(subject, rule, cx) } else { Some(false) };
        if itself == Some(true) {
            return Verdict::Pass;
        }
        let wrong = |verdict: Verdict| match itself {
            None => unknown(&rule.get("SourceSecurityGroupId"), &expected),
            Some(_) => verdict,
        };
        let open = match Ports::of(|name| rule.get(name)) {
            Ok(open) => open,
            Err(read) => return unknown(&read, &expected),
        };
        match open.protocol {
            Protocol::Portless => Verdict::Pass,
            Protocol::All => wrong(fail(&rule.get("IpProtocol"), &expected)),
            Protocol::Tcp | Protocol::Udp if open.to - open.from < most => Verdict::Pass,
            Protocol::Tcp | Protocol::Udp => {
                let actual = Some(format!("ports {}-{}", open.from, open.to));
                wrong(Verdict::fail(Evidence { actual, ..Evidence::of(&rule.get("FromPort"), &*expected) }))
            }
        }
    })
}
