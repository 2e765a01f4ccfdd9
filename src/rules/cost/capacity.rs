//! What capacity is bought as: on demand, as Spot, in advance.

use crate::model::{Resource, Value};
use crate::rules::readers::evidence::missing;
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// Spot capacity costs a fraction of what the same instances cost on demand. A group that is fit to lose an instance at two minutes'
    /// notice pays the difference for nothing.
    ///
    /// `MixedInstancesPolicy.InstancesDistribution` keeps `min_on_demand_base` instances on demand (0 where it is absent), buys at most
    /// `max_on_demand_percent` of the rest on demand (all of it where it is absent), and takes Spot from the pools that are least likely to
    /// be interrupted (the default is the cheapest).
    ///
    /// ## Fix
    /// ```yaml
    /// MixedInstancesPolicy:
    ///   InstancesDistribution:
    ///     OnDemandBaseCapacity: 2
    ///     OnDemandPercentageAboveBaseCapacity: 50
    ///     SpotAllocationStrategy: price-capacity-optimized
    /// ```
    "asg-spot-capacity" => {
        title: "Auto Scaling groups use Spot for the share of capacity the profile allows.",
        category: Cost,
        severity: Low,
        scope: Resource,
        types: ["AWS::AutoScaling::AutoScalingGroup"],
        params: {
            min_on_demand_base: Preset::Int(1) => "instances that are always bought on demand, at least",
            max_on_demand_percent: Preset::Int(80) => "share of the instances above the base that are bought on demand, at most",
        },
        equivalents: [],
        check: |r, cx| Some(spot(r, cx)),
    }

    /// ## Why
    /// What runs all year costs a third to a half less if it is paid for by the year. Without Savings Plans or reservations the steady part
    /// of the bill is at list price.
    ///
    /// `mode: coverage`: every coverage that Cost Explorer reports is at least `min_coverage_percent`. `mode: any-active`: there is an active
    /// Savings Plan, reserved instance or reserved database. None of these is collected yet, so the verdict is open.
    ///
    /// ## Fix
    /// ```sh
    /// aws ce get-savings-plans-purchase-recommendation --savings-plans-type COMPUTE_SP --term-in-years ONE_YEAR \
    ///   --payment-option NO_UPFRONT --lookback-period-in-days THIRTY_DAYS
    /// ```
    "reserved-capacity-coverage" => {
        title: "Steady-state capacity is covered by Savings Plans or reserved instances.",
        category: Cost,
        severity: Low,
        scope: Account,
        types: ["Driftline::Account::Account"],
        reads: [
            "Driftline::CostExplorer::Coverage",
            "Driftline::EC2::ReservedInstances",
            "Driftline::RDS::ReservedDBInstance",
            "Driftline::SavingsPlans::SavingsPlan",
        ],
        params: {
            min_coverage_percent: Preset::Int(50) => "coverage, in percent, that is enough",
            mode: Preset::Text("coverage") => "`coverage`, or `any-active` for one active plan or reservation",
        },
        equivalents: [],
        check: |account, cx| Some(covered(account, cx)),
    }
}

fn spot(r: &Resource, cx: &Context<'_>) -> Verdict {
    let distribution = r.get("MixedInstancesPolicy").get("InstancesDistribution");
    let given = check::present(&distribution, "an InstancesDistribution with Spot");
    if !given.is_pass() {
        return given;
    }
    let (least, most) = (cx.params.int("min_on_demand_base"), cx.params.int("max_on_demand_percent"));
    let base = distribution.get("OnDemandBaseCapacity");
    let base = if least <= 0 && base.is_absent() { Verdict::Pass } else { check::at_least(&base, least) };
    let share = distribution.get("OnDemandPercentageAboveBaseCapacity");
    let share = check::require(&share, &format!("at most {most}"), |v| v.as_int().map(|n| n <= most));
    let strategies = ["price-capacity-optimized", "capacity-optimized", "capacity-optimized-prioritized"];
    base.and(share).and(check::one_of(&distribution.get("SpotAllocationStrategy"), &strategies))
}

const COVERAGE: &str = "Driftline::CostExplorer::Coverage";

fn covered(account: &Resource, cx: &Context<'_>) -> Verdict {
    if cx.params.text("mode") == Some("any-active") {
        let bought = [
            "Driftline::SavingsPlans::SavingsPlan",
            "Driftline::EC2::ReservedInstances",
            "Driftline::RDS::ReservedDBInstance",
        ];
        let each = bought.iter().map(|kind| {
            let expected = "an active plan or reservation";
            check::some(&cx.estate.of(account, kind), &missing(account, kind), expected, |one| {
                let state =
                    check::require(&one.get("State"), "active", |v| Some(v.as_str()?.eq_ignore_ascii_case("active")));
                state.on(one.address.name())
            })
        });
        return Verdict::any(each, || check::fail(&missing(account, COVERAGE), "an active plan or reservation"));
    }
    let least = cx.params.int("min_coverage_percent");
    let subject = missing(account, COVERAGE);
    let listing = cx.estate.of(account, COVERAGE);
    if listing.items.is_empty() {
        return check::some(&listing, &subject, &format!("a coverage of at least {least}%"), |_| Verdict::Pass);
    }
    Verdict::all(listing.items.iter().map(|coverage| {
        let percent = coverage.get("CoveragePercent");
        check::require(&percent, &format!("at least {least}"), |v| Some(percentage(v)? >= least))
            .on(coverage.address.name())
    }))
}

/// The whole percents of a number that may have decimals.
fn percentage(value: &Value) -> Option<i64> {
    value.text()?.split('.').next()?.parse().ok()
}
