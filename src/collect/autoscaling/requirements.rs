//! Instance types chosen by what they must have.

use aws_sdk_autoscaling::types::{
    AcceleratorManufacturer, AcceleratorName, AcceleratorType, BareMetal, BaselinePerformanceFactorsRequest,
    BurstablePerformance, CpuManufacturer, InstanceGeneration, InstanceRequirements, LocalStorage, LocalStorageType,
    PerformanceFactorReferenceRequest,
};

use crate::collect::shape::{flag, list, map, number, set, text};
use crate::model::Kind;

/// The requirements of an override.
pub(super) fn requirements(needed: &InstanceRequirements) -> Kind {
    map(counted(needed).into_iter().chain(named(needed)))
}

type Members = Vec<(&'static str, Kind)>;

fn counted(needed: &InstanceRequirements) -> Members {
    vec![
        ("VCpuCount", needed.v_cpu_count().map_or(Kind::Null, |r| range(r.min(), r.max()))),
        ("MemoryMiB", needed.memory_mib().map_or(Kind::Null, |r| range(r.min(), r.max()))),
        ("MemoryGiBPerVCpu", needed.memory_gib_per_v_cpu().map_or(Kind::Null, |r| decimals(r.min(), r.max()))),
        ("NetworkInterfaceCount", needed.network_interface_count().map_or(Kind::Null, |r| range(r.min(), r.max()))),
        ("NetworkBandwidthGbps", needed.network_bandwidth_gbps().map_or(Kind::Null, |r| decimals(r.min(), r.max()))),
        (
            "BaselineEbsBandwidthMbps",
            needed.baseline_ebs_bandwidth_mbps().map_or(Kind::Null, |r| range(r.min(), r.max())),
        ),
        ("TotalLocalStorageGB", needed.total_local_storage_gb().map_or(Kind::Null, |r| decimals(r.min(), r.max()))),
        ("AcceleratorCount", needed.accelerator_count().map_or(Kind::Null, |r| range(r.min(), r.max()))),
        (
            "AcceleratorTotalMemoryMiB",
            needed.accelerator_total_memory_mib().map_or(Kind::Null, |r| range(r.min(), r.max())),
        ),
        ("SpotMaxPricePercentageOverLowestPrice", number(needed.spot_max_price_percentage_over_lowest_price())),
        (
            "MaxSpotPriceAsPercentageOfOptimalOnDemandPrice",
            number(needed.max_spot_price_as_percentage_of_optimal_on_demand_price()),
        ),
        (
            "OnDemandMaxPricePercentageOverLowestPrice",
            number(needed.on_demand_max_price_percentage_over_lowest_price()),
        ),
    ]
}

fn named(needed: &InstanceRequirements) -> Members {
    let manufacturers = needed.accelerator_manufacturers().iter().map(AcceleratorManufacturer::as_str);
    vec![
        ("CpuManufacturers", set(needed.cpu_manufacturers().iter().map(CpuManufacturer::as_str))),
        ("InstanceGenerations", set(needed.instance_generations().iter().map(InstanceGeneration::as_str))),
        ("AllowedInstanceTypes", set(needed.allowed_instance_types().iter().map(String::as_str))),
        ("ExcludedInstanceTypes", set(needed.excluded_instance_types().iter().map(String::as_str))),
        ("BareMetal", text(needed.bare_metal().map(BareMetal::as_str))),
        ("BurstablePerformance", text(needed.burstable_performance().map(BurstablePerformance::as_str))),
        ("RequireHibernateSupport", flag(needed.require_hibernate_support())),
        ("LocalStorage", text(needed.local_storage().map(LocalStorage::as_str))),
        ("LocalStorageTypes", set(needed.local_storage_types().iter().map(LocalStorageType::as_str))),
        ("AcceleratorTypes", set(needed.accelerator_types().iter().map(AcceleratorType::as_str))),
        ("AcceleratorManufacturers", set(manufacturers)),
        ("AcceleratorNames", set(needed.accelerator_names().iter().map(AcceleratorName::as_str))),
        ("BaselinePerformanceFactors", needed.baseline_performance_factors().map_or(Kind::Null, baseline)),
    ]
}

fn range(min: Option<i32>, max: Option<i32>) -> Kind {
    map([("Min", number(min)), ("Max", number(max))])
}

fn decimals(min: Option<f64>, max: Option<f64>) -> Kind {
    let decimal = |limit: Option<f64>| limit.map_or(Kind::Null, Kind::Float);
    map([("Min", decimal(min)), ("Max", decimal(max))])
}

fn baseline(factors: &BaselinePerformanceFactorsRequest) -> Kind {
    let cpu = factors.cpu().map_or(Kind::Null, |cpu| {
        let family = |reference: &PerformanceFactorReferenceRequest| {
            map([("InstanceFamily", text(reference.instance_family()))])
        };
        map([("References", list(cpu.references().iter().map(family)))])
    });
    map([("Cpu", cpu)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Value, to_json};
    use aws_sdk_autoscaling::types::{
        AcceleratorCountRequest, CpuPerformanceFactorRequest, MemoryGiBPerVCpuRequest, MemoryMiBRequest,
        VCpuCountRequest,
    };
    use serde_json::json;

    #[test]
    fn requirements_are_in_the_schemas_words() {
        let family = PerformanceFactorReferenceRequest::builder().instance_family("c7g").build();
        let cpu = CpuPerformanceFactorRequest::builder().references(family).build();
        let needed = InstanceRequirements::builder()
            .v_cpu_count(VCpuCountRequest::builder().min(2).max(8).build())
            .memory_mib(MemoryMiBRequest::builder().min(4096).build())
            .memory_gib_per_v_cpu(MemoryGiBPerVCpuRequest::builder().min(2.5).build())
            .accelerator_count(AcceleratorCountRequest::builder().max(0).build())
            .cpu_manufacturers(CpuManufacturer::Intel)
            .cpu_manufacturers(CpuManufacturer::Amd)
            .excluded_instance_types("t*")
            .bare_metal(BareMetal::Excluded)
            .baseline_performance_factors(BaselinePerformanceFactorsRequest::builder().cpu(cpu).build())
            .spot_max_price_percentage_over_lowest_price(20)
            .build();
        let expected = json!({
            "VCpuCount": {"Min": 2, "Max": 8}, "MemoryMiB": {"Min": 4096}, "MemoryGiBPerVCpu": {"Min": 2.5},
            "AcceleratorCount": {"Max": 0}, "CpuManufacturers": ["amd", "intel"], "ExcludedInstanceTypes": ["t*"],
            "BareMetal": "excluded", "SpotMaxPricePercentageOverLowestPrice": 20,
            "BaselinePerformanceFactors": {"Cpu": {"References": [{"InstanceFamily": "c7g"}]}},
        });
        assert_eq!(to_json(&Value::live(requirements(&needed))), expected);
    }
}
