//! Who may reach which port.

use ipnet::IpNet;

use super::group_rules::{GroupRule, Way, each};
use crate::model::{Read, Resource};
use crate::rules::check::{require, unknown};
use crate::rules::readers::ports::{Ports, Protocol, range};
use crate::rules::{Context, Evidence, Verdict};

/// Administrative ports are open to approved sources only.
pub(super) fn admin_ports(subject: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let ports = cx.params.ints("ports");
    each(subject, cx, Way::Ingress, "rules that can be read", |rule| {
        let open = Ports::of(|name| rule.get(name));
        let port = match &open {
            Ok(open) => match ports.iter().find(|&&port| open.cover_tcp(port)) {
                None => return Verdict::Pass,
                Some(port) => port.to_string(),
            },
            Err(_) => ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "),
        };
        let expected = wanted(cx, &port);
        let source = sources(rule, &expected, |net| approved(net, cx));
        match (source, open) {
            (Verdict::Pass, _) => Verdict::Pass,
            (source, Ok(_)) => source,
            (_, Err(read)) => unknown(&read, &format!("ports other than {port}")),
        }
    })
}

fn wanted(cx: &Context<'_>, port: &str) -> String {
    let (admins, width) = (cx.params.texts("admin_cidrs"), cx.params.int("max_prefix_width"));
    match (admins.is_empty(), width > 0) {
        (false, _) => format!("for port {port} a source within {}", admins.join(", ")),
        (true, true) => format!("for port {port} a source of at most a /{width}"),
        (true, false) => format!("for port {port} a source that is not the whole internet"),
    }
}

fn approved(net: &IpNet, cx: &Context<'_>) -> bool {
    let admins = cx.params.texts("admin_cidrs");
    net.prefix_len() > 0
        && i64::from(net.prefix_len()) >= cx.params.int("max_prefix_width")
        && (admins.is_empty() || admins.iter().filter_map(|text| range(text)).any(|admin| admin.contains(net)))
}

/// Only authorised ports are open to the whole internet.
pub(super) fn authorized_ports(subject: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (tcp, udp) = (cx.params.ints("authorized_tcp_ports"), cx.params.ints("authorized_udp_ports"));
    each(subject, cx, Way::Ingress, "rules that can be read", |rule| {
        let expected = "a source that is not the whole internet, or authorized ports only";
        let source = sources(rule, expected, |net| net.prefix_len() > 0);
        match (source, Ports::of(|name| rule.get(name))) {
            (Verdict::Pass, _) => Verdict::Pass,
            (_, Err(read)) => unknown(&read, "authorized ports only"),
            (source, Ok(open)) => match open.first_outside(tcp, udp) {
                None => Verdict::Pass,
                Some(port) => worded(source, rule, &open, port, tcp, udp),
            },
        }
    })
}

/// Points the failure at the ports: the source is the whole internet by right, if only the ports were the right ones.
fn worded(source: Verdict, rule: &GroupRule<'_>, open: &Ports, port: i64, tcp: &[i64], udp: &[i64]) -> Verdict {
    let list = |ports: &[i64]| match ports {
        [] => "none".to_owned(),
        ports => ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let Verdict::Fail(found) = source else { return source };
    let (read, expected) = match open.protocol {
        Protocol::All => (rule.get("IpProtocol"), "tcp or udp with authorized ports".to_owned()),
        Protocol::Udp => (rule.get("FromPort"), format!("only authorized UDP ports ({})", list(udp))),
        Protocol::Tcp | Protocol::Portless => {
            (rule.get("FromPort"), format!("only authorized TCP ports ({})", list(tcp)))
        }
    };
    let from = found.first().and_then(|e| e.actual.clone()).unwrap_or_default();
    let actual = match open.protocol {
        Protocol::All => format!("all protocols and ports open to {from}"),
        _ if open.from == open.to => format!("port {port} open to {from}"),
        _ => format!("ports {}-{} open to {from}, among them {port}", open.from, open.to),
    };
    Verdict::fail(Evidence { actual: Some(actual), ..Evidence::of(&read, expected) })
}

/// Judges the address ranges that a rule names as its source. Security groups and prefix lists are no address ranges. A
/// range that cannot be made sense of is wrong.
fn sources(rule: &GroupRule<'_>, expected: &str, fine: impl Fn(&IpNet) -> bool) -> Verdict {
    let named = |read: &Read<'_>| !read.is_absent() && read.why_unknown().is_none();
    let other = ["SourceSecurityGroupId", "SourceSecurityGroupName", "SourcePrefixListId"];
    let from_elsewhere = other.iter().any(|name| !rule.get(name).is_absent());
    Verdict::all(["CidrIp", "CidrIpv6"].iter().map(|name| rule.get(name)).map(|read| {
        if read.is_absent() || (from_elsewhere && !named(&read)) {
            return Verdict::Pass;
        }
        require(&read, expected, |v| v.as_str().and_then(range).map(|net| fine(&net)))
    }))
}
