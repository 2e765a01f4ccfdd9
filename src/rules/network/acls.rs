//! Network ACLs of subnets.

use super::{unlisted, unsure};
use crate::model::network::{Known, Network, about};
use crate::model::{Resource, Value};
use crate::rules::check::{fail, related};
use crate::rules::readers::acl_entries::{Action, Entry};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// Subnets have a network ACL of their own that lets in less than everything.
    ///
    /// ## Why
    ///
    /// The default network ACL lets everything in and out. One that is written for the subnet still holds when a security
    /// group is opened by mistake.
    ///
    /// The ACL needs entries for both directions, and none that allows every protocol from everywhere to come in. A
    /// subnet without an association has the default ACL of its VPC.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// PrivateSubnetAcl:
    ///   Type: AWS::EC2::SubnetNetworkAclAssociation
    ///   Properties:
    ///     SubnetId: !Ref PrivateSubnet
    ///     NetworkAclId: !Ref PrivateAcl
    /// ```
    "subnet-custom-network-acl" => {
        title: "Every subnet is governed by an explicit, non-default network ACL that does not allow all traffic.",
        category: Network,
        severity: Medium,
        scope: Estate,
        types: ["AWS::EC2::Subnet"],
        reads: [
            "AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry", "AWS::EC2::SubnetNetworkAclAssociation", "AWS::EC2::VPC",
            "AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::Route",
            "AWS::EC2::InternetGateway", "AWS::RDS::DBSubnetGroup",
        ],
        params: {
            tiers: Preset::Texts(&["public", "private", "data"]) => "tiers of subnets that are judged",
        },
        equivalents: [],
        check: custom,
    }
}

const OWN: &str = "a network ACL other than the default one";

fn custom(subnet: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let all = cx.estate.referrers(subnet, "AWS::EC2::SubnetNetworkAclAssociation", "SubnetId");
    let verdict = match (all.items.first(), all.incomplete) {
        (Some(association), _) => {
            related(cx.estate, &association.get("NetworkAclId"), &["AWS::EC2::NetworkAcl"], OWN, |acl| strict(acl, cx))
                .on(association.address.name())
        }
        (None, Some(why)) => unlisted(subnet, "NetworkAclAssociation", OWN, &why),
        (None, None) => fail(&about(subnet, "NetworkAclAssociation"), OWN),
    };
    match in_tiers(subnet, cx) {
        Ok(true) => Some(verdict),
        Ok(false) => None,
        Err(_) if verdict.is_pass() => None,
        Err(open) => Some(unsure(subnet, &open, "the tier of the subnet")),
    }
}

/// Whether the subnet is of a tier that is judged: `data` comes before `public`, and `private` is the rest.
fn in_tiers<'a>(subnet: &'a Resource, cx: &Context<'a>) -> Known<'a, bool> {
    let judged = |tier| cx.params.texts("tiers").iter().any(|t| t == tier);
    if ["public", "private", "data"].into_iter().all(judged) {
        return Ok(true);
    }
    let network = Network::new(cx.estate);
    if network.is_data(subnet)? {
        return Ok(judged("data"));
    }
    Ok(if network.is_public(subnet)? { judged("public") } else { judged("private") })
}

/// The ACL is nobody's default, says something of both directions, and does not let everything in.
fn strict(acl: &Resource, cx: &Context<'_>) -> Verdict {
    let default = acl.attribute("IsDefault");
    if default.value().and_then(Value::as_bool) == Some(true) {
        return fail(&default, OWN);
    }
    let listing = cx.estate.referrers(acl, "AWS::EC2::NetworkAclEntry", "NetworkAclId");
    let entries: Vec<Entry<'_>> = listing.items.into_iter().map(Entry).collect();
    let wide = Verdict::all(entries.iter().map(|entry| narrow(*entry).on(entry.0.address.name())));
    let both = [false, true].map(|egress| {
        let expected = if egress { "an entry for what goes out" } else { "an entry for what comes in" };
        let subject = about(acl, "Entries");
        let says = Verdict::any(
            entries.iter().map(|entry| match entry.is_egress() {
                Ok(way) if way == egress => Verdict::Pass,
                Ok(_) => fail(&subject, expected),
                Err(open) => unsure(acl, &open, expected),
            }),
            || fail(&subject, expected),
        );
        match (says, &listing.incomplete) {
            (Verdict::Pass, _) => Verdict::Pass,
            (_, Some(why)) => unlisted(acl, "Entries", expected, why),
            // Once is enough, however many entries there are for the other direction.
            (Verdict::Fail(_), None) => fail(&subject, expected),
            (open, None) => open,
        }
    });
    let rest = listing.incomplete.as_ref().map(|why| unlisted(acl, "Entries", OWN, why));
    Verdict::all(both).and(wide).and(rest.unwrap_or(Verdict::Pass))
}

/// An entry does not allow every protocol from everywhere to come in.
fn narrow(entry: Entry<'_>) -> Verdict {
    let expected = "no entry that allows everything in";
    let parts = [
        entry.is_egress().map(|egress| !egress),
        entry.action().map(|action| action == Action::Allow),
        entry.is_every_protocol(),
        entry.is_everywhere(),
    ];
    if parts.iter().any(|part| matches!(part, Ok(false))) {
        return Verdict::Pass;
    }
    match parts.into_iter().find_map(Result::err) {
        Some(open) => Verdict::unknown(Evidence::unknown(&open.read, expected, &open.why)),
        None => fail(&entry.0.get("Protocol"), expected),
    }
}
