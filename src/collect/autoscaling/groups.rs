//! Auto Scaling groups.

use std::sync::Arc;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput;
use aws_sdk_autoscaling::types::{
    AutoScalingGroup, CapacityDistributionStrategy, CapacityReservationPreference, CapacityReservationSpecification,
    DeletionProtection, EnabledMetric, ImpairedZoneHealthCheckBehavior, Instance, InstanceLifecyclePolicy,
    LifecycleState, Operator, RetentionAction, SuspendedProcess, TagDescription,
};

use super::{PAGE, SPEC, hooks, launch, notifications};
use crate::collect::shape::{flag, list, map, number, number_text, set, text, token};
use crate::collect::{Answer, Cx, Out, TypeSpec, order, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "autoscaling:DescribeAutoScalingGroups";

/// Who is told about a group's instances: one listing tells it of all groups.
const NOTIFICATIONS: &[&str] = &["NotificationConfiguration", "NotificationConfigurations"];

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::AutoScaling::AutoScalingGroup",
    asked: &[
        ("NotificationConfiguration", notifications::LIST),
        ("LifecycleHookSpecificationList", hooks::LIST),
        ("", LIST),
    ],
    reads: &[
        "AutoScalingGroupName",
        "AvailabilityZoneDistribution",
        "AvailabilityZoneIds",
        "AvailabilityZoneImpairmentPolicy",
        "AvailabilityZones",
        "CapacityRebalance",
        "CapacityReservationSpecification",
        "Context",
        "Cooldown",
        "DefaultInstanceWarmup",
        "DeletionProtection",
        "DesiredCapacity",
        "DesiredCapacityType",
        "HealthCheckGracePeriod",
        "HealthCheckType",
        "InstanceLifecyclePolicy",
        "InstanceMaintenancePolicy",
        "LaunchConfigurationName",
        "LaunchTemplate",
        "LifecycleHookSpecificationList",
        "LoadBalancerNames",
        "MaxInstanceLifetime",
        "MaxSize",
        "MetricsCollection",
        "MinSize",
        "MixedInstancesPolicy",
        "NewInstancesProtectedFromScaleIn",
        "NotificationConfiguration",
        "NotificationConfigurations",
        "PlacementGroup",
        "ServiceLinkedRoleARN",
        "Tags",
        "TargetGroupARNs",
        "TerminationPolicies",
        "TrafficSources",
        "VPCZoneIdentifier",
    ],
    on_demand: NOTIFICATIONS,
    // The listing of its hooks.
    calls: 1,
};

/// The groups and their hooks.
pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let affects = &[TYPE.name, hooks::TYPE.name];
    let request = client.describe_auto_scaling_groups().max_records(PAGE);
    let (pages, notified) = tokio::join!(
        cx.pages(LIST, affects, |start| request.clone().set_next_token(start).send(), |page| token(page.next_token()),),
        notified(cx, client),
    );
    let notified = Arc::new(notified);
    let mut out = Out::default();
    for kind in affects {
        out.listed(kind, &pages.end);
    }
    let groups = pages.pages.iter().flat_map(DescribeAutoScalingGroupsOutput::auto_scaling_groups);
    let readings = groups.map(|group| {
        let (cx, client, group, notified) = (cx.clone(), client.clone(), group.clone(), Arc::clone(&notified));
        async move { Box::pin(read(&cx, &client, &group, &notified)).await }
    });
    for group in tasks::all(readings.collect()).await {
        out.merge(group);
    }
    out
}

async fn notified(cx: &Cx, client: &Client) -> Answer<notifications::ByGroup> {
    if cx.wanted.wants_any(TYPE.name, NOTIFICATIONS) {
        notifications::by_group(cx, client, TYPE.name).await
    } else {
        Answer::Unknown(Unknown::NotCollected)
    }
}

/// One group and its hooks; nothing if it is gone.
async fn read(cx: &Cx, client: &Client, group: &AutoScalingGroup, notified: &Answer<notifications::ByGroup>) -> Out {
    let name = group.auto_scaling_group_name().unwrap_or_default();
    let mut out = Out::default();
    let hooks = hooks::of(cx, client, name, &[TYPE.name, hooks::TYPE.name]).await;
    if matches!(hooks, Answer::Absent) {
        return out;
    }
    let mut r = resource(cx, group);
    match &hooks {
        Answer::Is(hooks) => out.resources.extend(hooks.iter().map(|hook| hooks::resource(cx, hook))),
        Answer::Unknown(why) => out.listed(hooks::TYPE.name, &Err(why.clone())),
        Answer::Absent => {}
    }
    r.set("LifecycleHookSpecificationList", hooks.into_kind(|hooks| hooks::specifications(&hooks)));
    let (one, all) = match notified {
        Answer::Unknown(why) => (Kind::Unknown(why.clone()), Kind::Unknown(why.clone())),
        Answer::Is(by_group) => notifications::of(by_group, name),
        Answer::Absent => (Kind::Null, Kind::Null),
    };
    r.set("NotificationConfiguration", one);
    r.set("NotificationConfigurations", all);
    out.push(r);
    out
}

/// What the listing tells of a group.
fn resource(cx: &Cx, group: &AutoScalingGroup) -> Resource {
    let name = group.auto_scaling_group_name().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, name, group.auto_scaling_group_arn().unwrap_or_default());
    for (name, kind) in size(group).into_iter().chain(placement(group)).chain(instances_made(group)) {
        r.set(name, kind);
    }
    tag(&mut r, group.tags());
    r.set_attribute("AutoScalingGroupARN", text(group.auto_scaling_group_arn()));
    r.set_attribute("Status", text(group.status()));
    r.set_attribute("Operator", text(group.operator().and_then(Operator::principal)));
    r.set_attribute(
        "SuspendedProcesses",
        set(group.suspended_processes().iter().filter_map(SuspendedProcess::process_name)),
    );
    let instances = order::by(group.instances(), |instance| instance.instance_id.clone());
    r.set_attribute("Instances", list(instances.into_iter().map(instance)));
    r
}

type Properties = Vec<(&'static str, Kind)>;

/// How many instances there are and when that changes.
fn size(group: &AutoScalingGroup) -> Properties {
    let maintenance = group.instance_maintenance_policy().map_or(Kind::Null, |policy| {
        map([
            ("MinHealthyPercentage", number(policy.min_healthy_percentage())),
            ("MaxHealthyPercentage", number(policy.max_healthy_percentage())),
        ])
    });
    vec![
        ("AutoScalingGroupName", text(group.auto_scaling_group_name())),
        ("MinSize", number_text(group.min_size())),
        ("MaxSize", number_text(group.max_size())),
        ("DesiredCapacity", number_text(group.desired_capacity())),
        ("DesiredCapacityType", text(group.desired_capacity_type())),
        ("Cooldown", number_text(group.default_cooldown())),
        ("DefaultInstanceWarmup", number(group.default_instance_warmup())),
        ("HealthCheckType", text(group.health_check_type())),
        ("HealthCheckGracePeriod", number(group.health_check_grace_period())),
        ("MaxInstanceLifetime", number(group.max_instance_lifetime())),
        ("CapacityRebalance", flag(group.capacity_rebalance())),
        ("NewInstancesProtectedFromScaleIn", flag(group.new_instances_protected_from_scale_in())),
        ("TerminationPolicies", list(group.termination_policies().iter().map(|policy| text(Some(policy))))),
        ("DeletionProtection", text(group.deletion_protection().map(DeletionProtection::as_str))),
        ("InstanceMaintenancePolicy", maintenance),
        ("InstanceLifecyclePolicy", group.instance_lifecycle_policy().map_or(Kind::Null, retention)),
        ("MetricsCollection", metrics(group.enabled_metrics())),
    ]
}

/// Where the instances are and who sends them traffic.
fn placement(group: &AutoScalingGroup) -> Properties {
    let distribution = group.availability_zone_distribution().map_or(Kind::Null, |zones| {
        let strategy = zones.capacity_distribution_strategy().map(CapacityDistributionStrategy::as_str);
        map([("CapacityDistributionStrategy", text(strategy))])
    });
    let impairment = group.availability_zone_impairment_policy().map_or(Kind::Null, |policy| {
        let behavior = policy.impaired_zone_health_check_behavior().map(ImpairedZoneHealthCheckBehavior::as_str);
        map([
            ("ZonalShiftEnabled", flag(policy.zonal_shift_enabled())),
            ("ImpairedZoneHealthCheckBehavior", text(behavior)),
        ])
    });
    let subnets = group.vpc_zone_identifier().unwrap_or_default().split(',').map(str::trim);
    let sources = order::by(group.traffic_sources(), |source| (source.identifier.clone(), source.r#type.clone()));
    let sources = sources
        .into_iter()
        .map(|source| map([("Identifier", text(source.identifier())), ("Type", text(source.r#type()))]));
    vec![
        ("AvailabilityZones", texts(group.availability_zones())),
        ("AvailabilityZoneIds", texts(group.availability_zone_ids())),
        ("VPCZoneIdentifier", set(subnets.filter(|subnet| !subnet.is_empty()))),
        ("PlacementGroup", text(group.placement_group())),
        ("AvailabilityZoneDistribution", distribution),
        ("AvailabilityZoneImpairmentPolicy", impairment),
        ("LoadBalancerNames", texts(group.load_balancer_names())),
        ("TargetGroupARNs", texts(group.target_group_arns())),
        ("TrafficSources", list(sources)),
    ]
}

/// What instances are made from.
fn instances_made(group: &AutoScalingGroup) -> Properties {
    vec![
        ("LaunchConfigurationName", text(group.launch_configuration_name())),
        ("LaunchTemplate", group.launch_template().map_or(Kind::Null, launch::template)),
        ("MixedInstancesPolicy", group.mixed_instances_policy().map_or(Kind::Null, launch::mixed)),
        (
            "CapacityReservationSpecification",
            group.capacity_reservation_specification().map_or(Kind::Null, reservations),
        ),
        ("ServiceLinkedRoleARN", text(group.service_linked_role_arn())),
        ("Context", text(group.context())),
    ]
}

fn texts(values: &[String]) -> Kind {
    set(values.iter().map(String::as_str))
}

fn reservations(specification: &CapacityReservationSpecification) -> Kind {
    let target = specification.capacity_reservation_target().map_or(Kind::Null, |target| {
        map([
            ("CapacityReservationIds", texts(target.capacity_reservation_ids())),
            ("CapacityReservationResourceGroupArns", texts(target.capacity_reservation_resource_group_arns())),
        ])
    });
    let preference = specification.capacity_reservation_preference().map(CapacityReservationPreference::as_str);
    map([("CapacityReservationPreference", text(preference)), ("CapacityReservationTarget", target)])
}

fn retention(policy: &InstanceLifecyclePolicy) -> Kind {
    let triggers = policy.retention_triggers().map_or(Kind::Null, |triggers| {
        map([("TerminateHookAbandon", text(triggers.terminate_hook_abandon().map(RetentionAction::as_str)))])
    });
    map([("RetentionTriggers", triggers)])
}

/// The answer has one line per metric, the schema one element per granularity.
fn metrics(enabled: &[EnabledMetric]) -> Kind {
    let mut granularities: Vec<_> = enabled.iter().map(EnabledMetric::granularity).collect();
    granularities.sort_unstable();
    granularities.dedup();
    list(granularities.into_iter().map(|granularity| {
        let metrics = enabled.iter().filter(|metric| metric.granularity() == granularity);
        map([("Granularity", text(granularity)), ("Metrics", set(metrics.filter_map(EnabledMetric::metric)))])
    }))
}

/// The user's tags, which say whether instances get them too. Those that AWS put are facts under their own keys.
fn tag(r: &mut Resource, tags: &[TagDescription]) {
    let (aws, own): (Vec<_>, Vec<_>) = order::by(tags, |tag| tag.key.clone())
        .into_iter()
        .partition(|tag| tag.key().is_some_and(|key| key.starts_with("aws:")));
    let own = own.into_iter().map(|tag| {
        map([
            ("Key", text(tag.key())),
            ("Value", Kind::Str(tag.value().unwrap_or_default().into())),
            ("PropagateAtLaunch", flag(tag.propagate_at_launch())),
        ])
    });
    r.set("Tags", list(own));
    for tag in aws {
        r.set_attribute(tag.key().unwrap_or_default(), text(tag.value()));
    }
}

/// An instance as the group sees it.
fn instance(instance: &Instance) -> Kind {
    map([
        ("InstanceId", text(instance.instance_id())),
        ("InstanceType", text(instance.instance_type())),
        ("AvailabilityZone", text(instance.availability_zone())),
        ("LifecycleState", text(instance.lifecycle_state().map(LifecycleState::as_str))),
        ("HealthStatus", text(instance.health_status())),
        ("ProtectedFromScaleIn", flag(instance.protected_from_scale_in())),
        ("LaunchConfigurationName", text(instance.launch_configuration_name())),
        ("LaunchTemplate", instance.launch_template().map_or(Kind::Null, launch::template)),
    ])
}

#[cfg(test)]
mod tests;
