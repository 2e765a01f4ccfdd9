//! Protocols, ports and address ranges of security group rules.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{Read, Value};

/// Which protocol a rule lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Protocol {
    /// All of them, and with them all ports.
    All,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// One without ports: ICMP, ESP, …
    Portless,
}

/// Which ports a rule lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) struct Ports {
    /// Of this protocol.
    pub(in crate::rules) protocol: Protocol,
    /// The first port.
    pub(in crate::rules) from: i64,
    /// The last port.
    pub(in crate::rules) to: i64,
}

const LAST: i64 = 65535;

impl Ports {
    /// Reads them from a rule; `get` reads a property of it. A port that is missing or no number bounds nothing.
    /// The error is what could not be read.
    pub(in crate::rules) fn of<'a>(get: impl Fn(&str) -> Read<'a>) -> Result<Self, Read<'a>> {
        let known = |read: Read<'a>| if read.why_unknown().is_some() { Err(read) } else { Ok(read) };
        let name = known(get("IpProtocol"))?.value().and_then(Value::text).unwrap_or_else(|| "-1".into());
        let protocol = match &*name.to_ascii_lowercase() {
            "-1" | "all" => Protocol::All,
            "tcp" | "6" => Protocol::Tcp,
            "udp" | "17" => Protocol::Udp,
            _ => Protocol::Portless,
        };
        let (mut from, mut to) = (0, LAST);
        if matches!(protocol, Protocol::Tcp | Protocol::Udp) {
            let port = |name| Ok(known(get(name))?.value().and_then(Value::as_int).filter(|&n| n >= 0));
            from = port("FromPort")?.unwrap_or(from);
            to = port("ToPort")?.unwrap_or(to);
        }
        Ok(Self { protocol, from, to })
    }

    /// Whether a TCP port is let through.
    pub(in crate::rules) fn cover_tcp(&self, port: i64) -> bool {
        match self.protocol {
            Protocol::All => true,
            Protocol::Tcp => self.from <= port && port <= self.to,
            Protocol::Udp | Protocol::Portless => false,
        }
    }

    /// The first port that is let through and is not in the list for its protocol; `None` if there is none.
    pub(in crate::rules) fn first_outside(&self, tcp: &[i64], udp: &[i64]) -> Option<i64> {
        let list = match self.protocol {
            Protocol::All => return Some(self.from),
            Protocol::Portless => return None,
            Protocol::Tcp => tcp,
            Protocol::Udp => udp,
        };
        (self.from..=self.to.min(LAST)).find(|port| !list.contains(port))
    }
}

/// An address range; a lone address is the range of itself.
pub(in crate::rules) fn range(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Resource, World, from_json};
    use crate::source::Span;

    fn ports(json: &serde_json::Value) -> Ports {
        let mut r = Resource::new("AWS::EC2::SecurityGroupIngress", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(json);
        Ports::of(|name| r.get(name)).expect("everything is known")
    }

    #[test]
    fn a_rule_without_ports_lets_all_ports_through() {
        let tcp = ports(&serde_json::json!({"IpProtocol": "tcp"}));
        assert!(tcp.cover_tcp(22) && tcp.cover_tcp(65535));
        let all = ports(&serde_json::json!({"IpProtocol": -1, "FromPort": 443, "ToPort": 443}));
        assert!(all.cover_tcp(22), "ports mean nothing when every protocol is let through");
    }

    #[test]
    fn ports_may_be_text_and_protocols_numbers() {
        let https = ports(&serde_json::json!({"IpProtocol": "6", "FromPort": "443", "ToPort": "443"}));
        assert!(https.cover_tcp(443) && !https.cover_tcp(22));
        assert!(!ports(&serde_json::json!({"IpProtocol": "udp", "FromPort": 22, "ToPort": 22})).cover_tcp(22));
    }

    #[test]
    fn a_range_is_authorised_only_if_each_of_its_ports_is() {
        let range =
            |from: i64, to: i64| ports(&serde_json::json!({"IpProtocol": "tcp", "FromPort": from, "ToPort": to}));
        assert_eq!(range(80, 81).first_outside(&[80, 81], &[]), None);
        assert_eq!(range(80, 443).first_outside(&[80, 443], &[]), Some(81));
        assert_eq!(ports(&serde_json::json!({"IpProtocol": "icmp", "FromPort": -1})).first_outside(&[], &[]), None);
    }
}
