//! Parameter groups of instances and of clusters, with the parameters that somebody changed.

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_db_cluster_parameter_groups::DescribeDbClusterParameterGroupsOutput;
use aws_sdk_rds::operation::describe_db_cluster_parameters::DescribeDbClusterParametersOutput;
use aws_sdk_rds::operation::describe_db_parameter_groups::DescribeDbParameterGroupsOutput;
use aws_sdk_rds::operation::describe_db_parameters::DescribeDbParametersOutput;
use aws_sdk_rds::types::{DbClusterParameterGroup, DbParameterGroup, Parameter};

use super::{PAGE, SPEC, is_rds};
use crate::collect::shape::{map, text, token};
use crate::collect::{Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Provenance, Resource, Unknown};

pub(super) const LIST_OF_INSTANCES: &str = "rds:DescribeDBParameterGroups";
pub(super) const READ_OF_INSTANCES: &str = "rds:DescribeDBParameters";
pub(super) const LIST_OF_CLUSTERS: &str = "rds:DescribeDBClusterParameterGroups";
pub(super) const READ_OF_CLUSTERS: &str = "rds:DescribeDBClusterParameters";

/// Tags cost one call per group and are not read.
pub(super) const OF_INSTANCES: TypeSpec = TypeSpec {
    name: "AWS::RDS::DBParameterGroup",
    asked: &[("Parameters", "rds:DescribeDBParameters"), ("", "rds:DescribeDBParameterGroups")],
    reads: &["DBParameterGroupName", "Family", "Description", "Parameters"],
    ..TypeSpec::LISTED
};

/// Tags cost one call per group and are not read.
pub(super) const OF_CLUSTERS: TypeSpec = TypeSpec {
    name: "AWS::RDS::DBClusterParameterGroup",
    asked: &[("Parameters", "rds:DescribeDBClusterParameters"), ("", "rds:DescribeDBClusterParameterGroups")],
    reads: &["DBClusterParameterGroupName", "Family", "Description", "Parameters"],
    ..TypeSpec::LISTED
};

/// Asks only for parameters whose value differs from the engine's default: one page instead of many.
const CHANGED: &str = "user";

pub(super) async fn of_instances(cx: &Cx, rds: &Client) -> Out {
    let pages = cx
        .pages(
            LIST_OF_INSTANCES,
            &[OF_INSTANCES.name],
            |start| rds.describe_db_parameter_groups().max_records(PAGE).set_marker(start).send(),
            |page| token(page.marker()),
        )
        .await;
    let groups = pages.pages.iter().flat_map(DescribeDbParameterGroupsOutput::db_parameter_groups);
    let readings = groups.map(Group::of_instances).filter(|group| is_rds(Some(&group.family))).map(|group| {
        let (cx, rds) = (cx.clone(), rds.clone());
        async move {
            let changed = if group.is_default() { Kind::Null } else { read_of_instances(&cx, &rds, &group.name).await };
            group.resource(&cx, changed)
        }
    });
    let mut out = Out { resources: tasks::all(readings.collect()).await, ..Out::default() };
    out.listed(OF_INSTANCES.name, &pages.end);
    out
}

pub(super) async fn of_clusters(cx: &Cx, rds: &Client) -> Out {
    let pages = cx
        .pages(
            LIST_OF_CLUSTERS,
            &[OF_CLUSTERS.name],
            |start| rds.describe_db_cluster_parameter_groups().max_records(PAGE).set_marker(start).send(),
            |page| token(page.marker()),
        )
        .await;
    let groups = pages.pages.iter().flat_map(DescribeDbClusterParameterGroupsOutput::db_cluster_parameter_groups);
    let readings = groups.map(Group::of_clusters).filter(|group| is_rds(Some(&group.family))).map(|group| {
        let (cx, rds) = (cx.clone(), rds.clone());
        async move {
            let changed = if group.is_default() { Kind::Null } else { read_of_clusters(&cx, &rds, &group.name).await };
            group.resource(&cx, changed)
        }
    });
    let mut out = Out { resources: tasks::all(readings.collect()).await, ..Out::default() };
    out.listed(OF_CLUSTERS.name, &pages.end);
    out
}

async fn read_of_instances(cx: &Cx, rds: &Client, group: &str) -> Kind {
    let request = rds.describe_db_parameters().db_parameter_group_name(group).source(CHANGED).max_records(PAGE);
    let pages = cx
        .pages(
            READ_OF_INSTANCES,
            &[OF_INSTANCES.name],
            |start| request.clone().set_marker(start).send(),
            |page| token(page.marker()),
        )
        .await;
    parameters(pages.pages.iter().flat_map(DescribeDbParametersOutput::parameters), pages.end)
}

async fn read_of_clusters(cx: &Cx, rds: &Client, group: &str) -> Kind {
    let request =
        rds.describe_db_cluster_parameters().db_cluster_parameter_group_name(group).source(CHANGED).max_records(PAGE);
    let pages = cx
        .pages(
            READ_OF_CLUSTERS,
            &[OF_CLUSTERS.name],
            |start| request.clone().set_marker(start).send(),
            |page| token(page.marker()),
        )
        .await;
    parameters(pages.pages.iter().flat_map(DescribeDbClusterParametersOutput::parameters), pages.end)
}

/// Half a list would say that the other half has its defaults: then nothing is known.
fn parameters<'a>(changed: impl Iterator<Item = &'a Parameter>, end: Result<(), Unknown>) -> Kind {
    if let Err(why) = end {
        return Kind::Unknown(why);
    }
    let mut changed: Vec<_> = changed.filter_map(|p| Some((p.parameter_name()?, text(p.parameter_value())))).collect();
    changed.sort_by_key(|(name, _)| *name);
    map(changed)
}

struct Group {
    kind: &'static str,
    name_property: &'static str,
    name: String,
    arn: String,
    family: String,
    description: String,
}

impl Group {
    fn of_instances(group: &DbParameterGroup) -> Self {
        Self {
            kind: OF_INSTANCES.name,
            name_property: "DBParameterGroupName",
            name: group.db_parameter_group_name().unwrap_or_default().to_owned(),
            arn: group.db_parameter_group_arn().unwrap_or_default().to_owned(),
            family: group.db_parameter_group_family().unwrap_or_default().to_owned(),
            description: group.description().unwrap_or_default().to_owned(),
        }
    }

    fn of_clusters(group: &DbClusterParameterGroup) -> Self {
        Self {
            kind: OF_CLUSTERS.name,
            name_property: "DBClusterParameterGroupName",
            name: group.db_cluster_parameter_group_name().unwrap_or_default().to_owned(),
            arn: group.db_cluster_parameter_group_arn().unwrap_or_default().to_owned(),
            family: group.db_parameter_group_family().unwrap_or_default().to_owned(),
            description: group.description().unwrap_or_default().to_owned(),
        }
    }

    /// RDS's own group of a family. It cannot be modified, so it has no changed parameters and need not be read.
    fn is_default(&self) -> bool {
        self.name.starts_with("default.")
    }

    fn resource(&self, cx: &Cx, parameters: Kind) -> Resource {
        let mut r = cx.resource(&SPEC, self.kind, &self.name, &self.arn);
        r.set(self.name_property, text(Some(&self.name)));
        r.set("Family", text(Some(&self.family)));
        r.set("Description", text(Some(&self.description)));
        r.set("Parameters", parameters);
        if self.is_default() {
            r.provenance = Provenance::Service;
        }
        r
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, cx, properties};

    const GROUPS: &str = "<DescribeDBParameterGroupsResponse><DescribeDBParameterGroupsResult><DBParameterGroups>
        <DBParameterGroup><DBParameterGroupName>default.postgres16</DBParameterGroupName>
            <DBParameterGroupFamily>postgres16</DBParameterGroupFamily></DBParameterGroup>
        <DBParameterGroup><DBParameterGroupName>tuned</DBParameterGroupName>
            <DBParameterGroupFamily>postgres16</DBParameterGroupFamily></DBParameterGroup>
        <DBParameterGroup><DBParameterGroupName>graph</DBParameterGroupName>
            <DBParameterGroupFamily>neptune1.3</DBParameterGroupFamily></DBParameterGroup>
        </DBParameterGroups></DescribeDBParameterGroupsResult></DescribeDBParameterGroupsResponse>";

    const CHANGED_ONES: &str = "<DescribeDBParametersResponse><DescribeDBParametersResult><Parameters>
        <Parameter><ParameterName>rds.force_ssl</ParameterName><ParameterValue>1</ParameterValue></Parameter>
        </Parameters></DescribeDBParametersResult></DescribeDBParametersResponse>";

    const DENIED: &str = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>";

    async fn collected(aws: crate::collect::testing::Aws) -> Vec<Resource> {
        let cx = cx("us-east-1", aws);
        let mut out = of_instances(&cx, &Client::new(&cx.config)).await;
        assert_eq!(out.listed[OF_INSTANCES.name], Ok(()));
        out.resources.sort_by(|a, b| a.address.cmp(&b.address));
        out.resources
    }

    #[tokio::test]
    async fn only_changed_parameters_are_asked_for_and_default_groups_have_none() {
        let groups = collected(|asked| match asked {
            list if list.contains("Action=DescribeDBParameterGroups") => (200, GROUPS.into()),
            read => {
                assert!(read.contains("DBParameterGroupName=tuned&Source=user"), "{read}");
                (200, CHANGED_ONES.into())
            }
        })
        .await;
        let [default, tuned] = &groups[..] else { panic!("Neptune's groups are not RDS's: {groups:?}") };
        assert_eq!(properties(tuned), claimed(&SPEC, tuned));
        assert_eq!(
            tuned.get("Parameters").value().map(ToString::to_string).as_deref(),
            Some(r#"{"rds.force_ssl":"1"}"#)
        );
        assert!(default.get("Parameters").is_absent());
        assert_eq!(default.provenance, Provenance::Service);
    }

    #[tokio::test]
    async fn a_denied_read_leaves_the_parameters_unknown_and_nothing_else() {
        let groups = collected(|asked| {
            if asked.contains("Action=DescribeDBParameterGroups") { (200, GROUPS.into()) } else { (403, DENIED.into()) }
        })
        .await;
        let tuned = &groups[1];
        assert_eq!(tuned.get("Parameters").why_unknown(), Some(Unknown::Denied { action: READ_OF_INSTANCES.into() }));
        assert_eq!(tuned.get("Family").as_str(), Some("postgres16"));
    }
}
