//! Route tables of database subnets.

use super::unsure;
use crate::model::network::{ASSOCIATION, Network, SUBNET, Table, about};
use crate::model::{Related, Resource};
use crate::rules::check::{every, fail};
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// The route table of a database subnet serves database subnets only.
    ///
    /// ## Why
    ///
    /// A route that the application needs (to the internet, to a partner) also opens a way to and from every database
    /// that shares its table.
    ///
    /// Database subnets are those that an `AWS::RDS::DBSubnetGroup` lists. One without an association uses the VPC's main
    /// route table, which every subnet without an association shares: it fails.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// DatabaseRouteTable:
    ///   Type: AWS::EC2::RouteTable
    ///   Properties:
    ///     VpcId: !Ref Vpc
    /// DatabaseSubnetARouteTable:
    ///   Type: AWS::EC2::SubnetRouteTableAssociation
    ///   Properties:
    ///     SubnetId: !Ref DatabaseSubnetA
    ///     RouteTableId: !Ref DatabaseRouteTable
    /// ```
    "db-subnet-route-table-dedicated" => {
        title: "Database subnets use route tables that no application or public subnet shares.",
        category: Network,
        severity: High,
        scope: Estate,
        types: ["AWS::EC2::Subnet"],
        reads: [
            "AWS::EC2::VPC", "AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation", "AWS::RDS::DBSubnetGroup",
        ],
        params: {
            exempt_subnet_ids: Preset::Texts(&[]) => "subnets (physical or logical ids) that are shared on purpose",
        },
        equivalents: [],
        check: dedicated,
    }
}

const DEDICATED: &str = "a route table for database subnets only";

fn dedicated(subnet: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if is_exempt(subnet, cx) {
        return None;
    }
    let network = Network::new(cx.estate);
    let verdict = match network.table(subnet) {
        Err(open) => unsure(subnet, &open, DEDICATED),
        Ok(Table::Explicit(table)) => {
            let all = cx.estate.referrers(table, ASSOCIATION, "RouteTableId");
            every(&all, &about(table, "Associations"), DEDICATED, |association| of_database(association, network, cx))
                .on(table.address.name())
        }
        Ok(Table::Main(_) | Table::Implicit { .. }) => fail(&about(subnet, "RouteTableAssociation"), DEDICATED),
    };
    match network.is_data(subnet) {
        Ok(true) => Some(verdict),
        Ok(false) => None,
        Err(_) if verdict.is_pass() => None,
        Err(open) => Some(unsure(subnet, &open, "whether databases use the subnet")),
    }
}

/// Whether the subnet of an association is a database subnet too.
fn of_database(association: &Resource, network: Network<'_>, cx: &Context<'_>) -> Verdict {
    let read = association.get("SubnetId");
    let verdict = match cx.estate.follow(&read, &[SUBNET]) {
        Related::Found(other) if is_exempt(other, cx) => Verdict::Pass,
        Related::Found(other) => match network.is_data(other) {
            Ok(true) => Verdict::Pass,
            Ok(false) => fail(&read, DEDICATED),
            Err(open) => return unsure(association, &open, DEDICATED),
        },
        // An association with a subnet that is gone serves nobody.
        Related::Missing => Verdict::Pass,
        Related::Unknown(why) => Verdict::unknown(Evidence::unknown(&read, DEDICATED, &why)),
    };
    verdict.on(association.address.name())
}

fn is_exempt(subnet: &Resource, cx: &Context<'_>) -> bool {
    let names = [&subnet.address.physical_id, &subnet.address.logical_id];
    cx.params.texts("exempt_subnet_ids").iter().any(|id| names.iter().any(|name| name.as_deref() == Some(id)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::network::testing::{account, judge, observed};

    const KINDS: [&str; 5] = [
        "AWS::EC2::VPC",
        "AWS::EC2::Subnet",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::RDS::DBSubnetGroup",
    ];

    #[test]
    fn a_table_whose_other_subnets_may_be_anything_passes_nothing() {
        let resources = || {
            vec![
                observed(SUBNET, "subnet-db", &json!({"VpcId": "vpc-1"})),
                observed("AWS::EC2::RouteTable", "rtb-1", &json!({"VpcId": "vpc-1"})),
                observed(ASSOCIATION, "a-1", &json!({"SubnetId": "subnet-db", "RouteTableId": "rtb-1"})),
                observed("AWS::RDS::DBSubnetGroup", "g", &json!({"SubnetIds": ["subnet-db"]})),
            ]
        };
        let word = |estate| judge("db-subnet-route-table-dedicated", &estate, "subnet-db").map(|v| v.word());
        assert_eq!(word(account(resources(), &KINDS, &[])), Some("pass"));
        let rest: Vec<&str> = KINDS.into_iter().filter(|kind| *kind != ASSOCIATION).collect();
        assert_eq!(word(account(resources(), &rest, &[ASSOCIATION])), Some("unknown"));
    }
}
