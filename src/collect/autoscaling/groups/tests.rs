use super::super::AutoScaling;
use super::*;
use crate::collect::testing::query::{action, answer, error};
use crate::collect::testing::{Aws, claimed, collected, cx, properties};
use crate::model::to_json;
use serde_json::json;

const GROUPS: &str = "<AutoScalingGroups><member>
    <AutoScalingGroupName>web</AutoScalingGroupName>
    <AutoScalingGroupARN>arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:u:autoScalingGroupName/web</AutoScalingGroupARN>
    <MinSize>2</MinSize><MaxSize>6</MaxSize><DesiredCapacity>3</DesiredCapacity><DefaultCooldown>300</DefaultCooldown>
    <AvailabilityZones><member>eu-west-1b</member><member>eu-west-1a</member></AvailabilityZones>
    <VPCZoneIdentifier>subnet-b,subnet-a</VPCZoneIdentifier>
    <LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><LaunchTemplateName>web</LaunchTemplateName><Version>3</Version></LaunchTemplate>
    <LoadBalancerNames/><TargetGroupARNs><member>arn:g</member></TargetGroupARNs>
    <HealthCheckType>ELB</HealthCheckType><HealthCheckGracePeriod>60</HealthCheckGracePeriod>
    <TerminationPolicies><member>OldestInstance</member><member>Default</member></TerminationPolicies>
    <NewInstancesProtectedFromScaleIn>false</NewInstancesProtectedFromScaleIn>
    <EnabledMetrics><member><Metric>GroupMinSize</Metric><Granularity>1Minute</Granularity></member>
        <member><Metric>GroupMaxSize</Metric><Granularity>1Minute</Granularity></member></EnabledMetrics>
    <SuspendedProcesses><member><ProcessName>Terminate</ProcessName></member>
        <member><ProcessName>AZRebalance</ProcessName></member></SuspendedProcesses>
    <Tags><member><ResourceId>web</ResourceId><Key>Team</Key><Value></Value><PropagateAtLaunch>true</PropagateAtLaunch></member>
        <member><Key>aws:cloudformation:stack-name</Key><Value>s</Value><PropagateAtLaunch>true</PropagateAtLaunch></member></Tags>
    <InstanceMaintenancePolicy><MinHealthyPercentage>90</MinHealthyPercentage><MaxHealthyPercentage>120</MaxHealthyPercentage></InstanceMaintenancePolicy>
    <CapacityReservationSpecification><CapacityReservationPreference>default</CapacityReservationPreference></CapacityReservationSpecification>
    <AvailabilityZoneDistribution><CapacityDistributionStrategy>balanced-only</CapacityDistributionStrategy></AvailabilityZoneDistribution>
    <AvailabilityZoneImpairmentPolicy><ZonalShiftEnabled>true</ZonalShiftEnabled>
        <ImpairedZoneHealthCheckBehavior>IgnoreUnhealthy</ImpairedZoneHealthCheckBehavior></AvailabilityZoneImpairmentPolicy>
    <InstanceLifecyclePolicy><RetentionTriggers><TerminateHookAbandon>retain</TerminateHookAbandon></RetentionTriggers></InstanceLifecyclePolicy>
    <TrafficSources><member><Identifier>arn:g</Identifier><Type>elbv2</Type></member></TrafficSources>
    <Instances><member><InstanceId>i-2</InstanceId><LifecycleState>InService</LifecycleState><HealthStatus>Healthy</HealthStatus>
        <AvailabilityZone>eu-west-1a</AvailabilityZone><ProtectedFromScaleIn>true</ProtectedFromScaleIn></member>
        <member><InstanceId>i-1</InstanceId><LifecycleState>Terminating:Wait</LifecycleState>
            <ProtectedFromScaleIn>false</ProtectedFromScaleIn></member></Instances>
    </member></AutoScalingGroups>";

const HOOKS: &str = "<LifecycleHooks>
    <member><LifecycleHookName>up</LifecycleHookName><AutoScalingGroupName>web</AutoScalingGroupName>
    <LifecycleTransition>autoscaling:EC2_INSTANCE_LAUNCHING</LifecycleTransition><HeartbeatTimeout>120</HeartbeatTimeout>
    <GlobalTimeout>12000</GlobalTimeout><DefaultResult>ABANDON</DefaultResult></member>
    <member><LifecycleHookName>down</LifecycleHookName><AutoScalingGroupName>web</AutoScalingGroupName>
    <LifecycleTransition>autoscaling:EC2_INSTANCE_TERMINATING</LifecycleTransition></member></LifecycleHooks>";

const NOTIFIED: &str = "<NotificationConfigurations>
    <member><AutoScalingGroupName>web</AutoScalingGroupName><TopicARN>arn:t</TopicARN><NotificationType>autoscaling:EC2_INSTANCE_TERMINATE</NotificationType></member>
    <member><AutoScalingGroupName>web</AutoScalingGroupName><TopicARN>arn:t</TopicARN><NotificationType>autoscaling:EC2_INSTANCE_LAUNCH</NotificationType></member>
    </NotificationConfigurations>";

fn web(asked: &str) -> (u16, String) {
    match action(asked) {
        list @ "DescribeAutoScalingGroups" => {
            assert!(asked.contains("MaxRecords=100"), "{asked}");
            answer(list, GROUPS)
        }
        list @ "DescribeLifecycleHooks" => answer(list, HOOKS),
        list @ "DescribeNotificationConfigurations" => answer(list, NOTIFIED),
        other => answer(other, ""),
    }
}

async fn groups(aws: Aws) -> (Vec<Resource>, Vec<Resource>, Out) {
    let mut out = collected(&AutoScaling, &cx("eu-west-1", aws)).await;
    let (groups, hooks) = std::mem::take(&mut out.resources).into_iter().partition(|r| &*r.kind == TYPE.name);
    (groups, hooks, out)
}

#[tokio::test]
async fn a_group_reads_as_cloudformation_would_declare_it() {
    let (groups, ..) = groups(web).await;
    let [r] = &groups[..] else { panic!("one group: {groups:?}") };
    assert_eq!(properties(r), claimed(&SPEC, r));
    let read = |name: &str| r.get(name).value().map(to_json);
    assert_eq!(
        (read("MinSize"), read("Cooldown")),
        (Some(json!("2")), Some(json!("300"))),
        "the schema has them as text"
    );
    assert_eq!(read("VPCZoneIdentifier"), Some(json!(["subnet-a", "subnet-b"])));
    assert_eq!(read("TerminationPolicies"), Some(json!(["OldestInstance", "Default"])), "in the order of use");
    let metrics = json!([{"Granularity": "1Minute", "Metrics": ["GroupMaxSize", "GroupMinSize"]}]);
    assert_eq!(read("MetricsCollection"), Some(metrics));
    assert_eq!(read("Tags"), Some(json!([{"Key": "Team", "Value": "", "PropagateAtLaunch": true}])));
    assert_eq!(read("InstanceLifecyclePolicy"), Some(json!({"RetentionTriggers": {"TerminateHookAbandon": "retain"}})));
    assert_eq!(read("TrafficSources"), Some(json!([{"Identifier": "arn:g", "Type": "elbv2"}])));
    assert_eq!(read("LaunchTemplate.Version"), Some(json!("3")));
    let types = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"];
    let topic = json!({"TopicARN": "arn:t", "NotificationTypes": types});
    assert_eq!(read("NotificationConfigurations"), Some(json!([topic])));
    assert_eq!(read("NotificationConfiguration"), Some(topic));
    assert!(r.get("LoadBalancerNames").is_absent() && r.get("PlacementGroup").is_absent());
}

#[tokio::test]
async fn instances_and_suspended_processes_are_facts() {
    let (groups, ..) = groups(web).await;
    let fact = |name: &str| groups[0].attribute(name).value().map(to_json);
    let instances = json!([
        {"InstanceId": "i-1", "LifecycleState": "Terminating:Wait", "ProtectedFromScaleIn": false},
        {"InstanceId": "i-2", "AvailabilityZone": "eu-west-1a", "LifecycleState": "InService", "HealthStatus": "Healthy",
            "ProtectedFromScaleIn": true},
    ]);
    assert_eq!(fact("Instances"), Some(instances));
    assert_eq!(fact("SuspendedProcesses"), Some(json!(["AZRebalance", "Terminate"])));
    assert_eq!(fact("aws:cloudformation:stack-name"), Some(json!("s")));
}

#[tokio::test]
async fn hooks_are_resources_and_a_property_of_their_group() {
    let (groups, mut hooks, out) = groups(web).await;
    hooks.sort_by(|a, b| a.address.cmp(&b.address));
    let [down, up] = &hooks[..] else { panic!("two hooks: {hooks:?}") };
    assert_eq!(out.listed[hooks::TYPE.name], Ok(()));
    assert_eq!(properties(up), claimed(&SPEC, up));
    assert_eq!(up.get("DefaultResult").as_str(), Some("ABANDON"));
    assert!(down.get("HeartbeatTimeout").is_absent());
    let expected = json!([
        {"LifecycleHookName": "down", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"},
        {"LifecycleHookName": "up", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "HeartbeatTimeout": 120,
            "DefaultResult": "ABANDON"},
    ]);
    assert_eq!(groups[0].get("LifecycleHookSpecificationList").value().map(to_json), Some(expected));
}

#[tokio::test]
async fn hooks_that_may_not_be_listed_leave_the_type_incomplete_and_the_property_unknown() {
    let (groups, hooks, out) = groups(|asked| match action(asked) {
        "DescribeLifecycleHooks" => error(403, "AccessDenied", ""),
        _ => web(asked),
    })
    .await;
    let why = Unknown::Denied { action: hooks::LIST.into() };
    assert_eq!(groups[0].get("LifecycleHookSpecificationList").why_unknown(), Some(why.clone()));
    assert_eq!((&hooks[..], &out.listed[hooks::TYPE.name]), (&[][..], &Err(why)));
    assert_eq!(out.listed[TYPE.name], Ok(()));
}

#[tokio::test]
async fn a_group_that_vanishes_is_dropped_and_another_refusal_is_not_taken_for_that() {
    let (gone, _, out) = groups(|asked| match action(asked) {
        "DescribeLifecycleHooks" => {
            error(400, "ValidationError", "AutoScalingGroup name not found - no such group: web")
        }
        _ => web(asked),
    })
    .await;
    assert_eq!((&gone[..], &out.listed[hooks::TYPE.name]), (&[][..], &Ok(())));
    let (there, ..) = groups(|asked| match action(asked) {
        "DescribeLifecycleHooks" => error(400, "ValidationError", "1 validation error detected"),
        _ => web(asked),
    })
    .await;
    assert!(there[0].get("LifecycleHookSpecificationList").why_unknown().is_some());
}

#[tokio::test]
async fn notifications_are_asked_for_on_demand_and_may_be_denied() {
    let (denied, ..) = groups(|asked| match action(asked) {
        "DescribeNotificationConfigurations" => error(403, "AccessDenied", ""),
        _ => web(asked),
    })
    .await;
    let why = Unknown::Denied { action: notifications::LIST.into() };
    for name in NOTIFICATIONS {
        assert_eq!(denied[0].get(name).why_unknown(), Some(why.clone()), "{name}");
    }
    let mut cx = cx("eu-west-1", |asked| match action(asked) {
        "DescribeNotificationConfigurations" => panic!("nobody wants notifications"),
        _ => web(asked),
    });
    cx.wanted = Arc::default();
    let out = collected(&AutoScaling, &cx).await;
    let group = out.resources.iter().find(|r| &*r.kind == TYPE.name).expect("a group");
    assert_eq!(group.get("NotificationConfigurations").why_unknown(), Some(Unknown::NotCollected));
}
