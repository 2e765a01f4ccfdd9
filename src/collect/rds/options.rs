//! Option groups.

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_option_groups::DescribeOptionGroupsOutput;
use aws_sdk_rds::types::{DbSecurityGroupMembership, OptionGroup, OptionSetting};

use super::database::security_groups;
use super::{PAGE, SPEC, is_rds, tags};
use crate::collect::shape::{list, map, number, set, text, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Provenance, Resource};

pub(super) const LIST: &str = "rds:DescribeOptionGroups";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::RDS::OptionGroup",
    asked: &[("Tags", tags::READ), ("", LIST)],
    reads: &[
        "OptionGroupName",
        "OptionGroupDescription",
        "EngineName",
        "MajorEngineVersion",
        "OptionConfigurations",
        "Tags",
    ],
    on_demand: &["Tags"],
    calls: 1,
};

pub(super) async fn collect(cx: &Cx, rds: &Client) -> Out {
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| rds.describe_option_groups().max_records(PAGE).set_marker(start).send(),
            |page| token(page.marker()),
        )
        .await;
    let groups = pages.pages.iter().flat_map(DescribeOptionGroupsOutput::option_groups_list);
    let groups = groups.filter(|group| is_rds(group.engine_name())).map(|group| resource(cx, group)).collect();
    Out::of(TYPE.name, tags::filled(cx, rds, (TYPE.name, "rds:og"), groups).await, &pages.end)
}

fn resource(cx: &Cx, group: &OptionGroup) -> Resource {
    let name = group.option_group_name().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, name, group.option_group_arn().unwrap_or_default());
    r.set("OptionGroupName", text(Some(name)));
    r.set("OptionGroupDescription", text(group.option_group_description()));
    r.set("EngineName", text(group.engine_name()));
    r.set("MajorEngineVersion", text(group.major_engine_version()));
    let mut options: Vec<_> = group.options().iter().collect();
    options.sort_by_key(|option| option.option_name());
    r.set("OptionConfigurations", list(options.into_iter().map(option)));
    r.set_attribute("VpcId", text(group.vpc_id()));
    if name.starts_with("default:") {
        r.provenance = Provenance::Service;
    }
    r
}

fn option(option: &aws_sdk_rds::types::Option) -> Kind {
    let groups = option.db_security_group_memberships().iter();
    map([
        ("OptionName", text(option.option_name())),
        ("OptionVersion", text(option.option_version())),
        ("Port", number(option.port())),
        ("OptionSettings", settings(option.option_settings())),
        ("DBSecurityGroupMemberships", set(groups.filter_map(DbSecurityGroupMembership::db_security_group_name))),
        ("VpcSecurityGroupMemberships", security_groups(option.vpc_security_group_memberships())),
    ])
}

/// What is set. RDS lists every setting that an option has, also those without a value.
fn settings(all: &[OptionSetting]) -> Kind {
    let mut set: Vec<_> = all.iter().filter(|s| s.value().is_some_and(|value| !value.is_empty())).collect();
    set.sort_by_key(|setting| setting.name());
    list(set.into_iter().map(|s| map([("Name", text(s.name())), ("Value", text(s.value()))])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, cx, properties};
    use crate::model::to_json;
    use serde_json::json;

    const GROUPS: &str = "<DescribeOptionGroupsResponse><DescribeOptionGroupsResult><OptionGroupsList>
        <OptionGroup><OptionGroupName>default:mysql-8-0</OptionGroupName><EngineName>mysql</EngineName></OptionGroup>
        <OptionGroup><OptionGroupName>audited</OptionGroupName><EngineName>mysql</EngineName>
            <OptionGroupDescription>Audit</OptionGroupDescription><MajorEngineVersion>8.0</MajorEngineVersion>
            <VpcId>vpc-1</VpcId><OptionGroupArn>arn:aws:rds:us-east-1:123456789012:og:audited</OptionGroupArn>
            <Options><Option><OptionName>MARIADB_AUDIT_PLUGIN</OptionName><OptionVersion>1.0</OptionVersion>
                <OptionSettings>
                    <OptionSetting><Name>SERVER_AUDIT_EVENTS</Name><Value>CONNECT</Value></OptionSetting>
                    <OptionSetting><Name>SERVER_AUDIT_EXCL_USERS</Name></OptionSetting>
                    <OptionSetting><Name>SERVER_AUDIT</Name><Value>FORCE_PLUS_PERMANENT</Value></OptionSetting>
                </OptionSettings></Option>
                <Option><OptionName>MEMCACHED</OptionName><Port>11211</Port>
                    <VpcSecurityGroupMemberships><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId>
                    </VpcSecurityGroupMembership></VpcSecurityGroupMemberships></Option></Options></OptionGroup>
        </OptionGroupsList></DescribeOptionGroupsResult></DescribeOptionGroupsResponse>";

    const NO_TAGS: &str = "<ListTagsForResourceResponse><ListTagsForResourceResult/></ListTagsForResourceResponse>";

    #[tokio::test]
    async fn options_read_as_cloudformation_would_declare_them() {
        let cx = cx("us-east-1", |asked| {
            (200, if asked.contains("Action=DescribeOptionGroups") { GROUPS } else { NO_TAGS }.into())
        });
        let out = collect(&cx, &Client::new(&cx.config)).await;
        let [default, audited] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(default.provenance, Provenance::Service);
        assert_eq!(properties(audited), claimed(&SPEC, audited));
        assert!(audited.get("Tags").is_absent());
        assert_eq!(
            to_json(&audited.properties)["OptionConfigurations"],
            json!([
                {
                    "OptionName": "MARIADB_AUDIT_PLUGIN",
                    "OptionVersion": "1.0",
                    "OptionSettings": [
                        {"Name": "SERVER_AUDIT", "Value": "FORCE_PLUS_PERMANENT"},
                        {"Name": "SERVER_AUDIT_EVENTS", "Value": "CONNECT"},
                    ],
                },
                {"OptionName": "MEMCACHED", "Port": 11211, "VpcSecurityGroupMemberships": ["sg-1"]},
            ])
        );
    }
}
