//! Budgets, anomalies, and how the bill is split.

use crate::model::types::COST_ALLOCATION_TAG;
use crate::model::{Items, Read, Resource, Value};
use crate::rules::readers::evidence::{holds, missing};
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// The bill comes at the end of the month. A budget with a notification says during the month that it will be a different one.
    ///
    /// There is a budget of type `COST`, with a notification at or below `max_threshold_percent` of its limit that somebody is subscribed
    /// to. It may be limited to a part of the account by filters. A threshold is a percentage unless `ThresholdType` says otherwise.
    ///
    /// ## Fix
    /// ```yaml
    /// MonthlyBudget:
    ///   Type: AWS::Budgets::Budget
    ///   Properties:
    ///     Budget: {BudgetType: COST, TimeUnit: MONTHLY, BudgetLimit: {Amount: 1000, Unit: USD}}
    ///     NotificationsWithSubscribers:
    ///       - Notification: {NotificationType: ACTUAL, ComparisonOperator: GREATER_THAN, Threshold: 80}
    ///         Subscribers: [{SubscriptionType: EMAIL, Address: finance@example.com}]
    /// ```
    "budget-configured" => {
        title: "A cost budget with notifications exists.",
        category: Cost,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Account"],
        reads: ["AWS::Budgets::Budget.NotificationsWithSubscribers"],
        params: {
            max_threshold_percent: Preset::Int(100) => "share of the limit, in percent, at or below which a notification must fire",
            require_in_template: Preset::Bool(false) => "demand that the templates of a scan declare it",
        },
        equivalents: [],
        check: |account, cx| Some(budget(account, cx)),
    }

    /// ## Why
    /// A runaway loop or a stolen key shows on the bill first. Anomaly detection looks at it every day and knows what is usual.
    ///
    /// There is a subscription with a subscriber, for a monitor of one of `monitor_types`; a `DIMENSIONAL` one watches services or linked
    /// accounts. Neither monitors nor subscriptions are collected yet, so only templates are judged.
    ///
    /// ## Fix
    /// ```yaml
    /// Services:
    ///   Type: AWS::CE::AnomalyMonitor
    ///   Properties: {MonitorName: services, MonitorType: DIMENSIONAL, MonitorDimension: SERVICE}
    /// Daily:
    ///   Type: AWS::CE::AnomalySubscription
    ///   Properties:
    ///     SubscriptionName: daily
    ///     Frequency: DAILY
    ///     MonitorArnList: [!Ref Services]
    ///     Subscribers: [{Type: EMAIL, Address: finance@example.com}]
    /// ```
    "cost-anomaly-detection-configured" => {
        title: "Cost anomaly detection is configured with a subscriber.",
        category: Cost,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Account"],
        reads: ["AWS::CE::AnomalyMonitor", "AWS::CE::AnomalySubscription"],
        params: {
            monitor_types: Preset::Texts(&["DIMENSIONAL", "CUSTOM"]) => "types of monitors that are accepted",
            require_in_template: Preset::Bool(false) => "demand that the templates of a scan declare it",
        },
        equivalents: [],
        check: |account, cx| Some(anomalies(account, cx)),
    }

    /// ## Why
    /// Tags on resources say nothing to the bill until their keys are activated, and what was spent before stays unsplit.
    ///
    /// Each key of `keys` is an active cost allocation tag. In an organization only the management account may ask, and only it is billed.
    ///
    /// ## Fix
    /// ```sh
    /// aws ce update-cost-allocation-tags-status --cost-allocation-tags-status TagKey=CostCenter,Status=Active
    /// ```
    "cost-allocation-tags-active" => {
        title: "The cost allocation tag keys are activated for billing.",
        category: Cost,
        severity: Low,
        scope: Account,
        types: ["Driftline::Account::Account"],
        reads: ["Driftline::CostExplorer::CostAllocationTag"],
        params: { keys: Preset::Texts(&["CostCenter", "Environment", "Project"]) => "tag keys that must be active" },
        equivalents: [],
        check: |account, cx| {
            Some(Verdict::all(cx.params.texts("keys").iter().map(|key| activated(account, key, cx))))
        },
    }
}

const BUDGET: &str = "AWS::Budgets::Budget";

fn budget(account: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "a cost budget with a notification";
    check::some(&cx.estate.of(account, BUDGET), &missing(account, BUDGET), expected, |budget| {
        let kind = check::one_of(&budget.get("Budget").get("BudgetType"), &["COST"]);
        if matches!(kind, Verdict::Fail(_)) {
            return kind.on(budget.address.name());
        }
        let list = budget.get("NotificationsWithSubscribers");
        let Items::Are(notifications) = list.items() else {
            return kind.and(holds(&list, "a notification")).on(budget.address.name());
        };
        let told = Verdict::any(
            notifications.iter().map(|entry| {
                timely(budget, &entry.get("Notification"), cx).and(holds(&entry.get("Subscribers"), "a subscriber"))
            }),
            || check::fail(&list, "a notification"),
        );
        kind.and(told).on(budget.address.name())
    })
}

/// Whether a notification fires early enough.
fn timely(budget: &Resource, notification: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let most = cx.params.int("max_threshold_percent");
    let over = check::one_of(&notification.get("ComparisonOperator"), &["GREATER_THAN", "EQUAL_TO"]);
    let kind = notification.get("ThresholdType");
    let absolute = kind.as_str() == Some("ABSOLUTE_VALUE");
    if let Some(why) = kind.why_unknown() {
        let expected = "a threshold in percent";
        return over.and(Verdict::unknown(crate::rules::Evidence::unknown(&kind, expected, &why)));
    }
    let threshold = notification.get("Threshold");
    let expected = format!("at most {most}% of the limit");
    if !absolute {
        return over.and(check::require(&threshold, &expected, |v| Some(number(v)? <= share(most))));
    }
    let limit = budget.get("Budget").get("BudgetLimit").get("Amount");
    let known = limit.value().and_then(number);
    match (known, limit.why_unknown()) {
        (None, Some(why)) => over.and(Verdict::unknown(crate::rules::Evidence::unknown(&limit, &expected, &why))),
        _ => over.and(check::require(&threshold, &expected, |v| Some(number(v)? <= known? * share(most) / 100.0))),
    }
}

fn number(value: &Value) -> Option<f64> {
    value.text()?.trim().parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "percentages are small")]
fn share(percent: i64) -> f64 {
    percent as f64
}

const SUBSCRIPTION: &str = "AWS::CE::AnomalySubscription";

fn anomalies(account: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "a subscription to a cost anomaly monitor";
    check::some(&cx.estate.of(account, SUBSCRIPTION), &missing(account, SUBSCRIPTION), expected, |subscription| {
        let list = subscription.get("MonitorArnList");
        let monitored = match list.items() {
            Items::Are(arns) => {
                Verdict::any(arns.iter().map(|arn| monitor(arn, cx)), || check::fail(&list, "a monitor"))
            }
            Items::Absent | Items::Unknown => holds(&list, "a monitor"),
        };
        monitored.and(holds(&subscription.get("Subscribers"), "a subscriber")).on(subscription.address.name())
    })
}

fn monitor(arn: &Read<'_>, cx: &Context<'_>) -> Verdict {
    check::related(cx.estate, arn, &["AWS::CE::AnomalyMonitor"], "a monitor", |monitor| {
        let kind = monitor.get("MonitorType");
        let accepted = check::one_of(&kind, cx.params.texts("monitor_types"));
        if kind.as_str() == Some("DIMENSIONAL") {
            let dimension = check::one_of(&monitor.get("MonitorDimension"), &["SERVICE", "LINKED_ACCOUNT"]);
            return accepted.and(dimension);
        }
        accepted
    })
}

fn activated(account: &Resource, key: &str, cx: &Context<'_>) -> Verdict {
    let expected = format!("{key} active");
    let mut tags = cx.estate.of(account, COST_ALLOCATION_TAG);
    tags.items.retain(|tag| tag.get("TagKey").as_str() == Some(key));
    check::some(&tags, &missing(account, COST_ALLOCATION_TAG), &expected, |tag| {
        check::one_of(&tag.get("Status"), &["Active"]).on(tag.address.name())
    })
}
