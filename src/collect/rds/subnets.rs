//! Subnet groups.

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_db_subnet_groups::DescribeDbSubnetGroupsOutput;
use aws_sdk_rds::types::{DbSubnetGroup, Subnet};

use super::{PAGE, SPEC, tags};
use crate::collect::shape::{set, text, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const LIST: &str = "rds:DescribeDBSubnetGroups";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::RDS::DBSubnetGroup",
    asked: &[("Tags", tags::READ), ("", LIST)],
    reads: &["DBSubnetGroupName", "DBSubnetGroupDescription", "SubnetIds", "Tags"],
    on_demand: &["Tags"],
    calls: 1,
};

pub(super) async fn collect(cx: &Cx, rds: &Client) -> Out {
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| rds.describe_db_subnet_groups().max_records(PAGE).set_marker(start).send(),
            |page| token(page.marker()),
        )
        .await;
    let groups = pages.pages.iter().flat_map(DescribeDbSubnetGroupsOutput::db_subnet_groups);
    let groups = groups.map(|group| resource(cx, group)).collect();
    Out::of(TYPE.name, tags::filled(cx, rds, (TYPE.name, "rds:subgrp"), groups).await, &pages.end)
}

fn resource(cx: &Cx, group: &DbSubnetGroup) -> Resource {
    let name = group.db_subnet_group_name().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, name, group.db_subnet_group_arn().unwrap_or_default());
    r.set("DBSubnetGroupName", text(Some(name)));
    r.set("DBSubnetGroupDescription", text(group.db_subnet_group_description()));
    r.set("SubnetIds", set(group.subnets().iter().filter_map(Subnet::subnet_identifier)));
    r.set_attribute("DBSubnetGroupArn", text(group.db_subnet_group_arn()));
    r.set_attribute("VpcId", text(group.vpc_id()));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{claimed, cx, properties};
    use crate::model::{Unknown, to_json};
    use serde_json::json;
    use std::sync::Arc;

    fn group(name: &str) -> String {
        format!(
            "<DBSubnetGroup><DBSubnetGroupName>{name}</DBSubnetGroupName><VpcId>vpc-1</VpcId>
                <DBSubnetGroupArn>arn:aws:rds:us-east-1:123456789012:subgrp:{name}</DBSubnetGroupArn>
                <Subnets><Subnet><SubnetIdentifier>subnet-b</SubnetIdentifier></Subnet>
                    <Subnet><SubnetIdentifier>subnet-a</SubnetIdentifier></Subnet></Subnets></DBSubnetGroup>"
        )
    }

    fn groups(names: &[&str]) -> String {
        let groups: String = names.iter().map(|name| group(name)).collect();
        format!(
            "<DescribeDBSubnetGroupsResponse><DescribeDBSubnetGroupsResult><DBSubnetGroups>{groups}</DBSubnetGroups>
            </DescribeDBSubnetGroupsResult></DescribeDBSubnetGroupsResponse>"
        )
    }

    const TAGS: &str = "<ListTagsForResourceResponse><ListTagsForResourceResult><TagList>
        <Tag><Key>team</Key><Value>data</Value></Tag><Tag><Key>aws:cloudformation:stack-name</Key><Value>db</Value></Tag>
        </TagList></ListTagsForResourceResult></ListTagsForResourceResponse>";

    fn error(code: &str) -> String {
        format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>")
    }

    async fn found(cx: &Cx) -> Vec<Resource> {
        let out = collect(cx, &Client::new(&cx.config)).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        out.resources
    }

    #[tokio::test]
    async fn subnets_are_a_set_and_tags_are_asked_for() {
        let cx = cx("us-east-1", |asked| match asked {
            list if list.contains("Action=DescribeDBSubnetGroups") => (200, groups(&["data"])),
            tags => {
                assert!(
                    tags.contains("ResourceName=arn%3Aaws%3Ards%3Aus-east-1%3A123456789012%3Asubgrp%3Adata"),
                    "{tags}"
                );
                (200, TAGS.into())
            }
        });
        let found = found(&cx).await;
        let [r] = &found[..] else { panic!("{found:?}") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(to_json(&r.properties)["SubnetIds"], json!(["subnet-a", "subnet-b"]));
        assert_eq!(to_json(&r.properties)["Tags"], json!([{"Key": "team", "Value": "data"}]));
        assert_eq!(r.attribute("VpcId").as_str(), Some("vpc-1"));
        assert_eq!(r.attribute("aws:cloudformation:stack-name").as_str(), Some("db"));
    }

    #[tokio::test]
    async fn tags_that_nobody_asks_for_are_unknown_and_cost_nothing() {
        let mut cx = cx("us-east-1", |asked| {
            assert!(asked.contains("Action=DescribeDBSubnetGroups"), "{asked}");
            (200, groups(&["data"]))
        });
        cx.wanted = Arc::new(Wanted::default());
        assert_eq!(found(&cx).await[0].get("Tags").why_unknown(), Some(Unknown::NotCollected));
    }

    #[tokio::test]
    async fn a_group_that_vanishes_is_dropped_and_denied_tags_are_unknown() {
        let cx = cx("us-east-1", |asked| match asked {
            list if list.contains("Action=DescribeDBSubnetGroups") => (200, groups(&["gone", "shut"])),
            gone if gone.contains("subgrp%3Agone") => (404, error("DBSubnetGroupNotFoundFault")),
            _ => (403, error("AccessDenied")),
        });
        let found = found(&cx).await;
        let [shut] = &found[..] else { panic!("{found:?}") };
        assert_eq!(shut.get("Tags").why_unknown(), Some(Unknown::Denied { action: tags::READ.into() }));
        assert_eq!(cx.calls.gaps().len(), 1, "what has gone is no gap");
    }
}
