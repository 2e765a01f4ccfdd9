//! Subnet groups.

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_db_subnet_groups::DescribeDbSubnetGroupsOutput;
use aws_sdk_rds::types::{DbSubnetGroup, Subnet};

use super::{PAGE, SPEC};
use crate::collect::shape::{set, text, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const LIST: &str = "rds:DescribeDBSubnetGroups";

/// Tags cost one call per group and are not read.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::RDS::DBSubnetGroup",
    asked: &[("", LIST)],
    reads: &["DBSubnetGroupName", "DBSubnetGroupDescription", "SubnetIds"],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx, rds: &Client) -> Out {
    let mut out = Out::default();
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| rds.describe_db_subnet_groups().max_records(PAGE).set_marker(start).send(),
            |page| token(page.marker()),
        )
        .await;
    for group in pages.pages.iter().flat_map(DescribeDbSubnetGroupsOutput::db_subnet_groups) {
        out.push(resource(cx, group));
    }
    out.listed(TYPE.name, &pages.end);
    out
}

fn resource(cx: &Cx, group: &DbSubnetGroup) -> Resource {
    let name = group.db_subnet_group_name().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, name, group.db_subnet_group_arn().unwrap_or_default());
    r.set("DBSubnetGroupName", text(Some(name)));
    r.set("DBSubnetGroupDescription", text(group.db_subnet_group_description()));
    r.set("SubnetIds", set(group.subnets().iter().filter_map(Subnet::subnet_identifier)));
    r.set_attribute("VpcId", text(group.vpc_id()));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, offline, properties};

    #[test]
    fn subnets_are_a_set_and_tags_stay_unknown() {
        let subnet = |id: &str| Subnet::builder().subnet_identifier(id).build();
        let group = DbSubnetGroup::builder()
            .db_subnet_group_name("data")
            .vpc_id("vpc-1")
            .subnets(subnet("subnet-b"))
            .subnets(subnet("subnet-a"))
            .build();
        let r = resource(&offline("us-east-1"), &group);
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.get("SubnetIds.0").as_str(), Some("subnet-a"));
        assert_eq!(r.attribute("VpcId").as_str(), Some("vpc-1"));
        assert!(r.get("Tags").why_unknown().is_some());
    }
}
