//! Parameter groups of instances and of clusters, with the parameters that somebody changed.

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_db_cluster_parameter_groups::DescribeDbClusterParameterGroupsOutput;
use aws_sdk_rds::operation::describe_db_cluster_parameters::DescribeDbClusterParametersOutput;
use aws_sdk_rds::operation::describe_db_parameter_groups::DescribeDbParameterGroupsOutput;
use aws_sdk_rds::operation::describe_db_parameters::DescribeDbParametersOutput;
use aws_sdk_rds::types::{DbClusterParameterGroup, DbParameterGroup, Parameter};

use super::tags::{self, GONE};
use super::{PAGE, SPEC, is_rds};
use crate::collect::gone::unless_gone;
use crate::collect::shape::{map, text, token};
use crate::collect::{Cx, Out, Pages, TypeSpec, tasks};
use crate::model::{Kind, Provenance, Resource, Unknown};

pub(super) const LIST_OF_INSTANCES: &str = "rds:DescribeDBParameterGroups";
pub(super) const READ_OF_INSTANCES: &str = "rds:DescribeDBParameters";
pub(super) const LIST_OF_CLUSTERS: &str = "rds:DescribeDBClusterParameterGroups";
pub(super) const READ_OF_CLUSTERS: &str = "rds:DescribeDBClusterParameters";

pub(super) const OF_INSTANCES: TypeSpec = TypeSpec {
    name: "AWS::RDS::DBParameterGroup",
    asked: &[("Parameters", READ_OF_INSTANCES), ("Tags", tags::READ), ("", LIST_OF_INSTANCES)],
    reads: &["DBParameterGroupName", "Family", "Description", "Parameters", "Tags"],
    on_demand: &["Parameters", "Tags"],
    calls: 2,
};

pub(super) const OF_CLUSTERS: TypeSpec = TypeSpec {
    name: "AWS::RDS::DBClusterParameterGroup",
    asked: &[("Parameters", READ_OF_CLUSTERS), ("Tags", tags::READ), ("", LIST_OF_CLUSTERS)],
    reads: &["DBClusterParameterGroupName", "Family", "Description", "Parameters", "Tags"],
    on_demand: &["Parameters", "Tags"],
    calls: 2,
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
    let found = read(cx, rds, groups.map(Group::of_instances), read_of_instances).await;
    let resources = tags::filled(cx, rds, (OF_INSTANCES.name, "rds:pg"), found).await;
    let mut out = Out { resources, ..Out::default() };
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
    let found = read(cx, rds, groups.map(Group::of_clusters), read_of_clusters).await;
    let resources = tags::filled(cx, rds, (OF_CLUSTERS.name, "rds:cluster-pg"), found).await;
    let mut out = Out { resources, ..Out::default() };
    out.listed(OF_CLUSTERS.name, &pages.end);
    out
}

/// Groups with those of their parameters that the scan is about. What has gone since it was listed is left out.
async fn read<F>(
    cx: &Cx,
    rds: &Client,
    groups: impl Iterator<Item = Group>,
    parameters: impl Fn(Cx, Client, String) -> F + Copy + Send + 'static,
) -> Vec<Resource>
where
    F: Future<Output = Option<Kind>> + Send + 'static,
{
    let readings = groups.filter(|group| is_rds(Some(&group.family))).map(|group| {
        let (cx, rds) = (cx.clone(), rds.clone());
        async move {
            let changed = if group.is_default() {
                Kind::Null
            } else if cx.wanted.wants(group.kind, &group.name, &["Parameters"]) {
                Box::pin(parameters(cx.clone(), rds, group.name.clone())).await?
            } else {
                Kind::Unknown(Unknown::NotCollected)
            };
            Some(group.resource(&cx, changed))
        }
    });
    tasks::all(readings.collect()).await.into_iter().flatten().collect()
}

async fn read_of_instances(cx: Cx, rds: Client, group: String) -> Option<Kind> {
    let request = rds.describe_db_parameters().db_parameter_group_name(group).source(CHANGED).max_records(PAGE);
    let pages = cx.pages(
        READ_OF_INSTANCES,
        &[OF_INSTANCES.name],
        |start| unless_gone(GONE, request.clone().set_marker(start).send()),
        |page| token(page.as_ref().and_then(|page| page.marker())),
    );
    changed(&Box::pin(pages).await, DescribeDbParametersOutput::parameters)
}

async fn read_of_clusters(cx: Cx, rds: Client, group: String) -> Option<Kind> {
    let request =
        rds.describe_db_cluster_parameters().db_cluster_parameter_group_name(group).source(CHANGED).max_records(PAGE);
    let pages = cx.pages(
        READ_OF_CLUSTERS,
        &[OF_CLUSTERS.name],
        |start| unless_gone(GONE, request.clone().set_marker(start).send()),
        |page| token(page.as_ref().and_then(|page| page.marker())),
    );
    changed(&Box::pin(pages).await, DescribeDbClusterParametersOutput::parameters)
}

/// The parameters that were changed; nothing if the group has gone. Half a list would say that the other half has its defaults: then nothing is
/// known.
fn changed<T>(pages: &Pages<Option<T>>, of: impl Fn(&T) -> &[Parameter]) -> Option<Kind> {
    if let Err(why) = &pages.end {
        return Some(Kind::Unknown(why.clone()));
    }
    let pages: Vec<&T> = pages.pages.iter().map(Option::as_ref).collect::<Option<_>>()?;
    let parameters = pages.into_iter().flat_map(of);
    let mut changed: Vec<_> =
        parameters.filter_map(|p| Some((p.parameter_name()?, text(p.parameter_value())))).collect();
    changed.sort_by_key(|(name, _)| *name);
    Some(map(changed))
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
    use std::sync::Arc;

    const GROUPS: &str = "<DescribeDBParameterGroupsResponse><DescribeDBParameterGroupsResult><DBParameterGroups>
        <DBParameterGroup><DBParameterGroupName>default.postgres16</DBParameterGroupName>
            <DBParameterGroupFamily>postgres16</DBParameterGroupFamily></DBParameterGroup>
        <DBParameterGroup><DBParameterGroupName>tuned</DBParameterGroupName>
            <DBParameterGroupArn>arn:aws:rds:us-east-1:123456789012:pg:tuned</DBParameterGroupArn>
            <DBParameterGroupFamily>postgres16</DBParameterGroupFamily></DBParameterGroup>
        <DBParameterGroup><DBParameterGroupName>graph</DBParameterGroupName>
            <DBParameterGroupFamily>neptune1.3</DBParameterGroupFamily></DBParameterGroup>
        </DBParameterGroups></DescribeDBParameterGroupsResult></DescribeDBParameterGroupsResponse>";

    const CHANGED_ONES: &str = "<DescribeDBParametersResponse><DescribeDBParametersResult><Parameters>
        <Parameter><ParameterName>rds.force_ssl</ParameterName><ParameterValue>1</ParameterValue></Parameter>
        </Parameters></DescribeDBParametersResult></DescribeDBParametersResponse>";

    const NO_TAGS: &str = "<ListTagsForResourceResponse><ListTagsForResourceResult/></ListTagsForResourceResponse>";

    const DENIED: &str = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>";

    async fn collected(aws: crate::collect::testing::Aws) -> Vec<Resource> {
        of(&cx("us-east-1", aws)).await
    }

    async fn of(cx: &Cx) -> Vec<Resource> {
        let mut out = of_instances(cx, &Client::new(&cx.config)).await;
        assert_eq!(out.listed[OF_INSTANCES.name], Ok(()));
        out.resources.sort_by(|a, b| a.address.cmp(&b.address));
        out.resources
    }

    #[tokio::test]
    async fn only_changed_parameters_are_asked_for_and_default_groups_have_none() {
        let groups = collected(|asked| match asked {
            list if list.contains("Action=DescribeDBParameterGroups") => (200, GROUPS.into()),
            tags if tags.contains("Action=ListTagsForResource") => (200, NO_TAGS.into()),
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

    #[tokio::test]
    async fn parameters_that_nobody_asks_for_are_unknown_and_cost_nothing() {
        let mut cx = cx("us-east-1", |asked| {
            assert!(asked.contains("Action=DescribeDBParameterGroups"), "{asked}");
            (200, GROUPS.into())
        });
        cx.wanted = Arc::default();
        let groups = of(&cx).await;
        assert!(groups[0].get("Parameters").is_absent(), "a default group has no changed parameters");
        assert_eq!(groups[1].get("Parameters").why_unknown(), Some(Unknown::NotCollected));
    }

    #[tokio::test]
    async fn a_group_that_vanishes_is_dropped() {
        let groups = collected(|asked| match asked {
            list if list.contains("Action=DescribeDBParameterGroups") => (200, GROUPS.into()),
            tags if tags.contains("Action=ListTagsForResource") => (200, NO_TAGS.into()),
            _ => (404, "<ErrorResponse><Error><Code>DBParameterGroupNotFound</Code></Error></ErrorResponse>".into()),
        })
        .await;
        let ids: Vec<_> = groups.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        assert_eq!(ids, ["default.postgres16"]);
    }
}
