//! The address blocks of `Fn::Cidr`.

use ipnet::IpNet;

/// The most blocks that `Fn::Cidr` gives.
pub(in crate::load) const MAX: usize = 256;

/// Whether a text is an IPv4 or IPv6 address block.
pub(in crate::load) fn is_block(text: &str) -> bool {
    text.trim().parse::<IpNet>().is_ok()
}

/// The first `count` blocks with `bits` host bits of an IPv4 or IPv6 block; `None` if a text is not of its form or the block is too small.
pub(in crate::load) fn cut(block: &str, count: &str, bits: &str) -> Option<Vec<IpNet>> {
    let block: IpNet = block.trim().parse().ok()?;
    let count: usize = count.trim().parse().ok().filter(|count| (1..=MAX).contains(count))?;
    let bits: u8 = bits.trim().parse().ok()?;
    let prefix = block.max_prefix_len().checked_sub(bits)?;
    let blocks: Vec<IpNet> = block.subnets(prefix).ok()?.take(count).collect();
    (blocks.len() == count).then_some(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_the_hosts_and_the_last_block_must_fit() {
        let cut = |block, count, bits| {
            cut(block, count, bits).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let six = ["0", "32", "64", "96", "128", "160"].map(|last| format!("192.168.0.{last}/27"));
        assert_eq!(cut("192.168.0.0/24", "6", "5").unwrap(), six, "the example of the documentation");
        assert_eq!(cut("10.0.0.0/16", "256", "8").unwrap()[255], "10.0.255.0/24");
        assert_eq!(cut("2001:db8:1234:1a00::/56", "2", "64").unwrap()[1], "2001:db8:1234:1a01::/64");
        for (block, count, bits) in [
            ("10.0.0.0/24", "3", "8"),
            ("10.0.0.0/16", "1", "99"),
            ("10.0.0.0/8", "257", "8"),
            ("10.0.0.0/8", "0", "8"),
            ("nonsense", "1", "8"),
        ] {
            assert_eq!(cut(block, count, bits), None, "{block} {count} {bits}");
        }
    }
}
