//! What a group launches its instances from.

use aws_sdk_autoscaling::types::{
    DistributionSegment, InstancesDistribution, LaunchTemplateOverrides, LaunchTemplateSpecification,
    MixedInstancesPolicy, TargetCapacityType,
};

use super::requirements::requirements;
use crate::collect::shape::{list, map, number, set, text};
use crate::model::Kind;

/// A launch template. The answer names it by id and by name.
pub(super) fn template(template: &LaunchTemplateSpecification) -> Kind {
    map([
        ("LaunchTemplateId", text(template.launch_template_id())),
        ("LaunchTemplateName", text(template.launch_template_name())),
        ("Version", text(template.version())),
    ])
}

/// Several instance types, on demand and spot. Overrides keep their order: it is their priority.
pub(super) fn mixed(policy: &MixedInstancesPolicy) -> Kind {
    let launch = policy.launch_template().map_or(Kind::Null, |launch| {
        map([
            ("LaunchTemplateSpecification", launch.launch_template_specification().map_or(Kind::Null, template)),
            ("Overrides", list(launch.overrides().iter().map(overridden))),
        ])
    });
    map([
        ("LaunchTemplate", launch),
        ("InstancesDistribution", policy.instances_distribution().map_or(Kind::Null, distribution)),
    ])
}

fn overridden(other: &LaunchTemplateOverrides) -> Kind {
    map([
        ("InstanceType", text(other.instance_type())),
        ("WeightedCapacity", text(other.weighted_capacity())),
        ("ImageId", text(other.image_id())),
        ("LaunchTemplateSpecification", other.launch_template_specification().map_or(Kind::Null, template)),
        ("InstanceRequirements", other.instance_requirements().map_or(Kind::Null, requirements)),
    ])
}

fn distribution(distribution: &InstancesDistribution) -> Kind {
    let segment = |segment: &DistributionSegment| {
        let types = segment.target_capacity_types().iter().map(TargetCapacityType::as_str);
        map([("TargetCapacityTypes", set(types))])
    };
    map([
        ("OnDemandAllocationStrategy", text(distribution.on_demand_allocation_strategy())),
        ("OnDemandBaseCapacity", number(distribution.on_demand_base_capacity())),
        ("OnDemandPercentageAboveBaseCapacity", number(distribution.on_demand_percentage_above_base_capacity())),
        ("SpotAllocationStrategy", text(distribution.spot_allocation_strategy())),
        ("SpotInstancePools", number(distribution.spot_instance_pools())),
        ("SpotMaxPrice", text(distribution.spot_max_price())),
        ("DistributionSegments", list(distribution.distribution_segments().iter().map(segment))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Value, to_json};
    use aws_sdk_autoscaling::types::{InstanceRequirements, LaunchTemplate, VCpuCountRequest};
    use serde_json::json;

    #[test]
    fn a_mixed_policy_keeps_the_priority_of_its_overrides() {
        let typed = |kind: &str| LaunchTemplateOverrides::builder().instance_type(kind).weighted_capacity("2").build();
        let free = InstanceRequirements::builder().v_cpu_count(VCpuCountRequest::builder().min(2).build()).build();
        let launch = LaunchTemplate::builder()
            .launch_template_specification(LaunchTemplateSpecification::builder().launch_template_id("lt-1").build())
            .overrides(typed("m7g.large"))
            .overrides(typed("m6g.large"))
            .overrides(LaunchTemplateOverrides::builder().instance_requirements(free).build())
            .build();
        let segment = DistributionSegment::builder().target_capacity_types(TargetCapacityType::CapacityBlock).build();
        let distribution = InstancesDistribution::builder()
            .on_demand_percentage_above_base_capacity(25)
            .spot_allocation_strategy("price-capacity-optimized")
            .distribution_segments(segment)
            .build();
        let policy =
            MixedInstancesPolicy::builder().launch_template(launch).instances_distribution(distribution).build();
        let expected = json!({
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateId": "lt-1"},
                "Overrides": [
                    {"InstanceType": "m7g.large", "WeightedCapacity": "2"},
                    {"InstanceType": "m6g.large", "WeightedCapacity": "2"},
                    {"InstanceRequirements": {"VCpuCount": {"Min": 2}}},
                ],
            },
            "InstancesDistribution": {
                "OnDemandPercentageAboveBaseCapacity": 25, "SpotAllocationStrategy": "price-capacity-optimized",
                "DistributionSegments": [{"TargetCapacityTypes": ["capacity-block"]}],
            },
        });
        assert_eq!(to_json(&Value::live(mixed(&policy))), expected);
    }
}
