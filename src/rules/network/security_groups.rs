//! Security groups.

use super::exposure::{admin_ports, authorized_ports};
use super::group_rules::{GroupRule, Way, standalone};
use super::group_texts::described;
use crate::model::{Items, Resource, Value};
use crate::rules::check::{fail, unknown};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// SSH (22) and RDP (3389) are open to approved sources only: security groups, prefix lists, or ranges that are
    /// narrow enough.
    ///
    /// ## Why
    ///
    /// An administrative port that the whole internet can reach is tried within minutes, and one weak password or one
    /// unpatched server is enough.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// SecurityGroupIngress:
    ///   - IpProtocol: tcp
    ///     FromPort: 22
    ///     ToPort: 22
    ///     CidrIp: 203.0.113.0/29
    ///     Description: SSH from the office
    /// ```
    ///
    /// Better still, use Session Manager and open no port at all. A rule for all protocols (`-1`), and a TCP rule
    /// without ports, lets these ports through as well.
    "restricted-ssh" => {
        title: "SSH (22) and RDP (3389) ingress is limited to approved administrative sources.",
        category: Network,
        severity: Critical,
        scope: Resource,
        types: ["AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"],
        params: {
            ports: Preset::Ints(&[22, 3389]) => "administrative TCP ports",
            admin_cidrs: Preset::Texts(&[]) => "if set, sources must be inside one of these ranges",
            max_prefix_width: Preset::Int(0) => "a source must have at least this many prefix bits; 0 forbids only the whole internet",
        },
        equivalents: [
            "aws-config/restricted-ssh", "security-hub/EC2.13",
            "prowler/ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22", "checkov/CKV_AWS_24",
            "aws-guard/restricted_ssh", "cis-5.0/5.3", "cis-5.0/5.4", "pci-4.0/1.2.8", "pci-4.0/1.3.1", "pci-4.0/1.3.2",
            "pci-4.0/1.4.2", "pci-4.0/1.5.1", "pci-4.0/A1.1.3", "pci-3.2.1/1.2.1", "pci-3.2.1/1.3.1", "pci-3.2.1/2.2.2",
        ],
        check: admin_ports,
    }

    /// What is open to the whole internet (0.0.0.0/0 or ::/0) is open on authorized ports only.
    ///
    /// ## Why
    ///
    /// A port that need not face the internet is a way in that nobody watches.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// SecurityGroupIngress:
    ///   - IpProtocol: tcp
    ///     FromPort: 443
    ///     ToPort: 443
    ///     CidrIp: 0.0.0.0/0
    ///     Description: HTTPS from everywhere
    /// ```
    ///
    /// A rule for all protocols (`-1`) opens every port. Protocols without ports, such as ICMP, are not judged.
    "vpc-sg-open-only-to-authorized-ports" => {
        title: "Security groups open to the whole internet expose only authorised ports.",
        category: Network,
        severity: High,
        scope: Resource,
        types: ["AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"],
        params: {
            authorized_tcp_ports: Preset::Ints(&[80, 443]) => "TCP ports that may face the internet",
            authorized_udp_ports: Preset::Ints(&[]) => "UDP ports that may face the internet",
        },
        equivalents: ["aws-config/vpc-sg-open-only-to-authorized-ports", "security-hub/EC2.18"],
        check: authorized_ports,
    }

    /// Security groups say where traffic may go. Default security groups of VPCs, which AWS makes, are exempt.
    ///
    /// ## Why
    ///
    /// A group that declares no egress is given a rule that lets everything out: nobody has decided it, and stolen data
    /// may leave by any port.
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
    ///
    /// AWS does not tell the rule it adds (protocol -1 to 0.0.0.0/0 and ::/0, no description) from one that is declared in
    /// the same words, so such a rule counts as not declared on both sides. Give it a description and it is yours.
    "security-group-explicit-egress" => {
        title: "Every security group declares its egress rules explicitly.",
        category: Network,
        severity: Medium,
        scope: Resource,
        types: ["AWS::EC2::SecurityGroup"],
        reads: ["AWS::EC2::SecurityGroupEgress"],
        params: {
            exempt_group_names: Preset::Texts(&[]) => "names of groups that are exempt",
        },
        equivalents: ["aws-guard/security_group_missing_egress_rule"],
        check: explicit_egress,
    }

    /// Security groups and each of their rules say what they are for. Default security groups of VPCs, whose texts AWS
    /// writes, are exempt, and so is the egress rule that AWS adds to a group that declares none.
    ///
    /// ## Why
    ///
    /// A rule that nobody can explain is a rule that nobody dares to remove.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// Web:
    ///   Type: AWS::EC2::SecurityGroup
    ///   Properties:
    ///     GroupDescription: Web servers behind the public load balancer
    ///     SecurityGroupIngress:
    ///       - IpProtocol: tcp
    ///         FromPort: 443
    ///         ToPort: 443
    ///         SourceSecurityGroupId: !Ref LoadBalancer
    ///         Description: HTTPS from the load balancer
    /// ```
    ///
    /// A rule's description can be changed in place; changing `GroupDescription` replaces the group.
    "security-group-rule-description" => {
        title: "Every security group and every one of its rules carries a meaningful description.",
        category: Network,
        severity: Low,
        scope: Resource,
        types: ["AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"],
        params: {
            min_length: Preset::Int(10) => "least number of characters of GroupDescription",
            check_egress: Preset::Bool(true) => "require descriptions of egress rules too",
            generic_descriptions: Preset::Texts(&["security group", "default"]) => "descriptions that count as missing",
        },
        equivalents: ["checkov/CKV_AWS_23", "aws-guard/security_group_description_rule"],
        check: described,
    }
}

/// Whether it is the security group that AWS makes with every VPC.
pub(super) fn is_default(group: &Resource) -> bool {
    group.attribute("IsDefault").value().and_then(Value::as_bool) == Some(true)
}

fn explicit_egress(group: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let exempt = cx.params.texts("exempt_group_names");
    let name = group.get("GroupName");
    if is_default(group) || name.as_str().is_some_and(|name| exempt.iter().any(|e| e == name)) {
        return None;
    }
    let list = group.get("SecurityGroupEgress");
    let inline = match list.items() {
        Items::Unknown => return Some(unknown(&list, DECLARED)),
        Items::Absent => Vec::new(),
        Items::Are(items) => items,
    };
    let own = standalone(group, cx, Way::Egress);
    let rules: Vec<GroupRule<'_>> =
        inline.into_iter().map(GroupRule::Inline).chain(own.items.into_iter().map(GroupRule::Standalone)).collect();
    // An observed group without any rule lets nothing out: somebody took AWS's rule away.
    let nothing_out = group.is_live() && rules.is_empty() && !list.is_absent();
    Some(match own.incomplete {
        _ if nothing_out || rules.iter().any(|rule| !is_implicit(rule)) => Verdict::Pass,
        Some(why) => Verdict::unknown(Evidence::unknown(&list, DECLARED, &why)),
        None => fail(&list, DECLARED),
    })
}

const DECLARED: &str = "egress rules other than AWS's own, which lets everything out";

/// Whether a rule is one that AWS gives to a group that declares no egress: everything to 0.0.0.0/0, or its IPv6 twin, and no description.
pub(super) fn is_implicit(rule: &GroupRule<'_>) -> bool {
    rule.get("IpProtocol").value().and_then(Value::text).as_deref() == Some("-1")
        && [rule.get("CidrIp"), rule.get("CidrIpv6")].iter().any(|to| matches!(to.as_str(), Some("0.0.0.0/0" | "::/0")))
        && rule.get("Description").is_absent()
}
