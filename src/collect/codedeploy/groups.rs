//! Deployment groups.

use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::operation::list_deployment_groups::ListDeploymentGroupsOutput;
use serde_json::Value as Json;

use super::{BATCH, GONE, SPEC, TAGS, applications, tags_of};
use crate::collect::gone::unless_gone;
use crate::collect::json::{at, items, kind, text as text_at, upper};
use crate::collect::order::all_sorted;
use crate::collect::shape::set_unknown;
use crate::collect::shape::{list, map, set, text, token};
use crate::collect::tagged;
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "codedeploy:ListDeploymentGroups";
pub(super) const READ: &str = "codedeploy:BatchGetDeploymentGroups";

/// `Deployment` is what the stack deployed with the group; the group does not keep it.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::CodeDeploy::DeploymentGroup",
    asked: &[("ApplicationName", applications::LIST), ("DeploymentGroupName", LIST), ("Tags", TAGS), ("", READ)],
    reads: &[
        "AlarmConfiguration",
        "ApplicationName",
        "AutoRollbackConfiguration",
        "AutoScalingGroups",
        "BlueGreenDeploymentConfiguration",
        "DeploymentConfigName",
        "DeploymentGroupName",
        "DeploymentStyle",
        "ECSServices",
        "Ec2TagFilters",
        "Ec2TagSet",
        "LoadBalancerInfo",
        "OnPremisesInstanceTagFilters",
        "OnPremisesTagSet",
        "OutdatedInstancesStrategy",
        "ServiceRoleArn",
        "Tags",
        "TerminationHookEnabled",
        "TriggerConfigurations",
    ],
    on_demand: &["Tags"],
    // Its share of a batch, and its tags.
    calls: 2,
};

/// Properties that the schema writes as the service does but for their first letters, and where they stand in the answer. All their lists are sets.
const TOLD: &[(&str, &str)] = &[
    ("AlarmConfiguration", "alarmConfiguration"),
    ("AutoRollbackConfiguration", "autoRollbackConfiguration"),
    ("BlueGreenDeploymentConfiguration", "blueGreenDeploymentConfiguration"),
    ("DeploymentConfigName", "deploymentConfigName"),
    ("DeploymentStyle", "deploymentStyle"),
    ("ECSServices", "ecsServices"),
    ("Ec2TagFilters", "ec2TagFilters"),
    ("LoadBalancerInfo", "loadBalancerInfo"),
    ("OnPremisesInstanceTagFilters", "onPremisesInstanceTagFilters"),
    ("OutdatedInstancesStrategy", "outdatedInstancesStrategy"),
    ("ServiceRoleArn", "serviceRoleArn"),
    ("TerminationHookEnabled", "terminationHookEnabled"),
    ("TriggerConfigurations", "triggerConfigurations"),
];

/// The groups of these applications. Where not all applications are known, neither are all groups.
pub(super) async fn collect(cx: &Cx, client: &Client, applications: &[String], end: &Result<(), Unknown>) -> Out {
    let mut out = Out::default();
    out.listed(TYPE.name, end);
    let readings = applications.iter().map(|application| {
        let (cx, client, application) = (cx.clone(), client.clone(), application.clone());
        async move { of_application(&cx, &client, &application).await }
    });
    for (groups, end) in tasks::all(readings.collect()).await {
        out.listed(TYPE.name, &end);
        out.resources.extend(groups);
    }
    let named: Vec<_> = out.resources.iter().map(|r| (r.address.name().to_owned(), arn(r))).collect();
    let each = |cx, arn| tags_of(cx, client.clone(), TYPE.name, arn);
    let tags = cx.tags_of(TYPE.name, "codedeploy:deploymentgroup", &named, each).await;
    for r in &mut out.resources {
        let answer = tags.get(&arn(r));
        tagged::set(r, answer);
    }
    out
}

fn arn(r: &Resource) -> String {
    r.address.arn.as_deref().unwrap_or_default().to_owned()
}

async fn of_application(cx: &Cx, client: &Client, application: &str) -> (Vec<Resource>, Result<(), Unknown>) {
    let request = client.list_deployment_groups().application_name(application);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| unless_gone(GONE, request.clone().set_next_token(start).send()),
            |page| page.as_ref().and_then(|page| token(page.next_token())),
        )
        .await;
    let names = pages.pages.iter().flatten().flat_map(ListDeploymentGroupsOutput::deployment_groups).cloned();
    let names: Vec<String> = names.collect();
    let mut groups = Vec::new();
    for batch in names.chunks(BATCH) {
        groups.extend(read(cx, client, application, batch).await);
    }
    (groups, pages.end)
}

/// A batch of groups; those that have gone are not in the answer.
async fn read(cx: &Cx, client: &Client, application: &str, names: &[String]) -> Vec<Resource> {
    let request = client.batch_get_deployment_groups().application_name(application);
    let request = request.set_deployment_group_names(Some(names.to_vec())).send();
    match cx.ask_json(READ, &[TYPE.name], GONE, request).await {
        Answer::Is(found) => {
            let told = |info: &Json| resource(cx, application, text_at(info, "deploymentGroupName"), Ok(info));
            items(&found, "deploymentGroupsInfo").iter().map(told).collect()
        }
        Answer::Absent => Vec::new(),
        Answer::Unknown(why) => names.iter().map(|name| resource(cx, application, name, Err(&why))).collect(),
    }
}

fn resource(cx: &Cx, application: &str, name: &str, info: Result<&Json, &Unknown>) -> Resource {
    let arn = cx.arn("codedeploy", &format!("deploymentgroup:{application}/{name}"));
    let mut r = cx.resource(&SPEC, TYPE.name, name, &arn);
    r.set("ApplicationName", text(Some(application)));
    r.set("DeploymentGroupName", text(Some(name)));
    match info {
        Ok(info) => describe(&mut r, info),
        Err(why) => {
            for (property, _) in TOLD {
                set_unknown(&mut r, [property], why);
            }
            set_unknown(&mut r, ["AutoScalingGroups", "Ec2TagSet", "OnPremisesTagSet"], why);
        }
    }
    r
}

fn describe(r: &mut Resource, info: &Json) {
    for (property, path) in TOLD {
        r.set(property, all_sorted(upper(at(info, path))));
    }
    r.set("AutoScalingGroups", set(items(info, "autoScalingGroups").iter().map(|group| text_at(group, "name"))));
    r.set("Ec2TagSet", tag_set(at(info, "ec2TagSet.ec2TagSetList"), "Ec2TagSetList", "Ec2TagGroup"));
    r.set(
        "OnPremisesTagSet",
        tag_set(at(info, "onPremisesTagSet.onPremisesTagSetList"), "OnPremisesTagSetList", "OnPremisesTagGroup"),
    );
    r.set_attribute("ComputePlatform", kind(at(info, "computePlatform")));
    r.set_attribute("DeploymentGroupId", kind(at(info, "deploymentGroupId")));
}

/// A list of lists in the answer; each inner list is a mapping of one member in the schema.
fn tag_set(groups: &Json, outer: &str, inner: &str) -> Kind {
    let groups = groups.as_array().into_iter().flatten().map(|group| map([(inner, upper(group))]));
    map([(outer, all_sorted(list(groups)))])
}
