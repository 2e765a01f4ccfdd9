//! Room for addresses in subnets.

use super::unsure;
use crate::model::network::{Network, Unsure};
use crate::model::{Resource, Unknown, Value};
use crate::rules::check::{fail, require, unknown};
use crate::rules::readers::ports::range;
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// Private subnets for compute are large enough, and have addresses left.
    ///
    /// ## Why
    ///
    /// Containers and functions take an address each. A subnet that has run out of them starts nothing any more, and its
    /// size cannot be changed.
    ///
    /// Public subnets and database subnets are not judged, nor are subnets with IPv6 addresses only. How many addresses
    /// are left only AWS can tell. A subnet that takes its range from IPAM is judged by `Ipv4NetmaskLength`.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// CidrBlock: 10.0.16.0/20
    /// ```
    "subnet-minimum-ip-space" => {
        title: "Private compute subnets have enough address space for container workloads.",
        category: Network,
        severity: Low,
        scope: Resource,
        types: ["AWS::EC2::Subnet"],
        reads: [
            "AWS::EC2::VPC", "AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::Route",
            "AWS::EC2::InternetGateway", "AWS::RDS::DBSubnetGroup",
        ],
        params: {
            max_prefix_length: Preset::Int(24) => "longest accepted prefix of a subnet's range",
            min_free_addresses: Preset::Int(16) => "least number of addresses that AWS still has to give",
        },
        equivalents: [],
        check: roomy,
    }
}

fn roomy(subnet: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if subnet.get("Ipv6Native").value().and_then(Value::as_bool) == Some(true) {
        return None;
    }
    let network = Network::new(cx.estate);
    let size = size(subnet, cx.params.int("max_prefix_length"));
    let verdict = if subnet.is_live() { size.and(free(subnet, cx.params.int("min_free_addresses"))) } else { size };
    let open = |open: Box<Unsure<'_>>| {
        (!verdict.is_pass()).then(|| unsure(subnet, &open, "whether it is a private subnet for compute"))
    };
    match (network.is_public(subnet), network.is_data(subnet)) {
        (Ok(true), _) | (_, Ok(true)) => None,
        (Ok(false), Ok(false)) => Some(verdict),
        (Err(why), _) | (_, Err(why)) => open(why),
    }
}

fn size(subnet: &Resource, longest: i64) -> Verdict {
    let expected = format!("a range of at least a /{longest}");
    let (block, length) = (subnet.get("CidrBlock"), subnet.get("Ipv4NetmaskLength"));
    if !block.is_absent() {
        return require(&block, &expected, |v| Some(i64::from(range(v.as_str()?)?.prefix_len()) <= longest));
    }
    if !length.is_absent() && !subnet.is_live() {
        return require(&length, &expected, |v| v.as_int().map(|n| n <= longest));
    }
    let why = Unknown::Outside("the range that AWS gives it".into());
    Verdict::unknown(Evidence::unknown(&block, expected, &why))
}

fn free(subnet: &Resource, least: i64) -> Verdict {
    let (read, expected) = (subnet.attribute("AvailableIpAddressCount"), format!("at least {least} free addresses"));
    match read.value().and_then(Value::as_int) {
        Some(n) if n >= least => Verdict::Pass,
        Some(_) => fail(&read, &expected),
        None => unknown(&read, &expected),
    }
}
