//! Applications and groups, on answers as the API reference documents them.

use serde_json::json;

use super::*;
use crate::collect::testing::{claimed, collected, cx, properties, refused};
use crate::model::{Resource, Unknown, to_json};

#[tokio::test]
async fn where_everything_is_refused_nothing_is_absent() {
    assert_eq!(refused(&CodeDeploy, "us-east-1").await.resources, []);
}

fn answer(asked: &str) -> (u16, String) {
    let operation = asked.split("CodeDeploy_20141006.").nth(1).unwrap().split(' ').next().unwrap();
    let gone = || (400, r#"{"__type": "ApplicationDoesNotExistException"}"#.to_owned());
    let answer = match operation {
        "ListApplications" if asked.contains("nextToken") => json!({"applications": ["gone"]}),
        "ListApplications" => json!({"applications": ["shop"], "nextToken": "more"}),
        "BatchGetApplications" | "ListDeploymentGroups" if asked.contains("gone") => return gone(),
        "BatchGetApplications" => json!({"applicationsInfo": [
            {"applicationId": "a-1", "applicationName": "shop", "computePlatform": "Server", "createTime": 1.6e9, "linkedToGitHub": false},
        ]}),
        "ListDeploymentGroups" => json!({"applicationName": "shop", "deploymentGroups": ["blue", "vanished"]}),
        "BatchGetDeploymentGroups" => json!({"deploymentGroupsInfo": [{
            "applicationName": "shop", "deploymentGroupId": "g-1", "deploymentGroupName": "blue",
            "deploymentConfigName": "CodeDeployDefault.OneAtATime", "serviceRoleArn": "arn:aws:iam::1:role/r",
            "computePlatform": "Server", "outdatedInstancesStrategy": "UPDATE", "terminationHookEnabled": false,
            "autoScalingGroups": [{"name": "web-b", "hook": "h"}, {"name": "web-a", "hook": "h"}],
            "alarmConfiguration": {"enabled": true, "ignorePollAlarmFailure": false, "alarms": [{"name": "b"}, {"name": "a"}]},
            "autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_FAILURE"]},
            "blueGreenDeploymentConfiguration": {
                "deploymentReadyOption": {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 30},
                "greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"},
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 5},
            },
            "deploymentStyle": {"deploymentOption": "WITH_TRAFFIC_CONTROL", "deploymentType": "BLUE_GREEN"},
            "ecsServices": [{"clusterName": "c", "serviceName": "s"}],
            "ec2TagFilters": [{"Key": "k", "Value": "v", "Type": "KEY_AND_VALUE"}],
            "ec2TagSet": {"ec2TagSetList": [[{"Key": "k", "Type": "KEY_ONLY"}]]},
            "onPremisesInstanceTagFilters": [{"Key": "p", "Type": "KEY_ONLY"}],
            "onPremisesTagSet": {"onPremisesTagSetList": [[{"Key": "q", "Type": "KEY_ONLY"}]]},
            "loadBalancerInfo": {"targetGroupPairInfoList": [{
                "targetGroups": [{"name": "green"}, {"name": "blue"}], "prodTrafficRoute": {"listenerArns": ["arn:l"]}}]},
            "triggerConfigurations": [{"triggerName": "t", "triggerTargetArn": "arn:aws:sns:us-east-1:1:t",
                "triggerEvents": ["DeploymentSuccess", "DeploymentFailure"]}],
        }]}),
        _ if asked.contains("application:shop") => json!({"Tags": [{"Key": "team", "Value": "core"}]}),
        _ => json!({"Tags": []}),
    };
    (200, answer.to_string())
}

fn of<'a>(out: &'a Out, kind: &str) -> &'a Resource {
    out.resources.iter().find(|r| &*r.kind == kind).unwrap()
}

#[tokio::test]
async fn applications_and_groups_read_as_cloudformation_would_declare_them_and_what_vanished_is_dropped() {
    let cx = cx("us-east-1", answer);
    let out = collected(&CodeDeploy, &cx).await;
    assert_eq!(out.resources.len(), 2, "{out:?}");
    assert!(out.listed.values().all(Result::is_ok) && cx.calls.gaps().is_empty(), "{:?}", cx.calls.gaps());
    let application = of(&out, applications::TYPE.name);
    assert_eq!(properties(application), claimed(&SPEC, application));
    assert_eq!(application.get("ComputePlatform").as_str(), Some("Server"));
    assert_eq!(application.tag("team").as_deref(), Some("core"));
    let group = of(&out, groups::TYPE.name);
    assert_eq!(properties(group), claimed(&SPEC, group));
    assert_eq!(group.address.physical_id.as_deref(), Some("blue"));
    let expected = json!({
        "ApplicationName": "shop", "DeploymentGroupName": "blue",
        "DeploymentConfigName": "CodeDeployDefault.OneAtATime", "ServiceRoleArn": "arn:aws:iam::1:role/r",
        "OutdatedInstancesStrategy": "UPDATE", "TerminationHookEnabled": false,
        "AutoScalingGroups": ["web-a", "web-b"],
        "AlarmConfiguration": {"Enabled": true, "IgnorePollAlarmFailure": false, "Alarms": [{"Name": "a"}, {"Name": "b"}]},
        "AutoRollbackConfiguration": {"Enabled": true, "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]},
        "BlueGreenDeploymentConfiguration": {
            "DeploymentReadyOption": {"ActionOnTimeout": "STOP_DEPLOYMENT", "WaitTimeInMinutes": 30},
            "GreenFleetProvisioningOption": {"Action": "COPY_AUTO_SCALING_GROUP"},
            "TerminateBlueInstancesOnDeploymentSuccess": {"Action": "TERMINATE", "TerminationWaitTimeInMinutes": 5},
        },
        "DeploymentStyle": {"DeploymentOption": "WITH_TRAFFIC_CONTROL", "DeploymentType": "BLUE_GREEN"},
        "ECSServices": [{"ClusterName": "c", "ServiceName": "s"}],
        "Ec2TagFilters": [{"Key": "k", "Value": "v", "Type": "KEY_AND_VALUE"}],
        "Ec2TagSet": {"Ec2TagSetList": [{"Ec2TagGroup": [{"Key": "k", "Type": "KEY_ONLY"}]}]},
        "OnPremisesInstanceTagFilters": [{"Key": "p", "Type": "KEY_ONLY"}],
        "OnPremisesTagSet": {"OnPremisesTagSetList": [{"OnPremisesTagGroup": [{"Key": "q", "Type": "KEY_ONLY"}]}]},
        "LoadBalancerInfo": {"TargetGroupPairInfoList": [{
            "TargetGroups": [{"Name": "blue"}, {"Name": "green"}], "ProdTrafficRoute": {"ListenerArns": ["arn:l"]}}]},
        "TriggerConfigurations": [{"TriggerName": "t", "TriggerTargetArn": "arn:aws:sns:us-east-1:1:t",
            "TriggerEvents": ["DeploymentFailure", "DeploymentSuccess"]}],
        "Tags": null,
    });
    assert_eq!(to_json(&group.properties), expected);
}

#[tokio::test]
async fn what_may_not_be_read_keeps_its_names() {
    let out = collected(
        &CodeDeploy,
        &cx("us-east-1", |asked| {
            if asked.contains("BatchGet") {
                (400, r#"{"__type": "AccessDeniedException"}"#.into())
            } else {
                answer(asked)
            }
        }),
    )
    .await;
    let group = of(&out, groups::TYPE.name);
    let names = ["ApplicationName", "DeploymentGroupName", "Tags"];
    for name in groups::TYPE.reads.iter().filter(|name| !names.contains(name)) {
        assert_eq!(group.get(name).why_unknown(), Some(Unknown::Denied { action: groups::READ.into() }), "{name}");
    }
    assert_eq!(group.get("ApplicationName").as_str(), Some("shop"));
    let platform = of(&out, applications::TYPE.name).get("ComputePlatform");
    assert_eq!(platform.why_unknown(), Some(Unknown::Denied { action: applications::READ.into() }));
}

#[tokio::test]
async fn groups_of_an_application_that_may_not_be_listed_leave_the_listing_incomplete() {
    let out = collected(
        &CodeDeploy,
        &cx("us-east-1", |asked| {
            let denied = asked.contains("ListDeploymentGroups");
            if denied { (400, r#"{"__type": "AccessDeniedException"}"#.into()) } else { answer(asked) }
        }),
    )
    .await;
    assert_eq!(out.listed[groups::TYPE.name], Err(Unknown::Denied { action: groups::LIST.into() }));
    assert_eq!(out.listed[applications::TYPE.name], Ok(()));
}
