//! Failovers that were tried before they were needed.

use jiff::{SignedDuration, Timestamp};

use super::GROUP;
use crate::model::network::about;
use crate::model::{Field, Read, Resource, Unknown, Value};
use crate::rules::readers::database::{CLUSTER, INSTANCE};
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

const EXPERIMENT: &str = "AWS::FIS::ExperimentTemplate";

rules! {
    /// ## Why
    /// A failover that nobody has tried works in the diagram. The first real one finds the client that caches the address for ever.
    ///
    /// For profiles that ask for it, in places that have something to fail over: a Multi-AZ instance, a database cluster, an Auto Scaling group.
    /// An experiment template of the Fault Injection Service must have one of `actions`; observed, an experiment made from it must have run within
    /// `max_age_days`.
    ///
    /// ## Fix
    /// ```yaml
    /// Failover:
    ///   Type: AWS::FIS::ExperimentTemplate
    ///   Properties:
    ///     Description: Fail the orders cluster over
    ///     RoleArn: !GetAtt ExperimentRole.Arn
    ///     StopConditions: [{Source: none}]
    ///     Targets:
    ///       Clusters: {ResourceType: "aws:rds:cluster", ResourceArns: [!GetAtt Orders.DBClusterArn], SelectionMode: ALL}
    ///     Actions:
    ///       FailOver: {ActionId: "aws:rds:failover-db-cluster", Targets: {Clusters: Clusters}}
    /// ```
    "failover-test-experiment" => {
        title: "A failover experiment exists and was run recently.",
        category: Resilience,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::AutoScaling::AutoScalingGroup",
            "AWS::FIS::ExperimentTemplate",
            "AWS::RDS::DBCluster",
            "AWS::RDS::DBInstance",
        ],
        params: {
            actions: Preset::Texts(&[
                "aws:rds:failover-db-cluster",
                "aws:rds:reboot-db-instances",
                "aws:ec2:stop-instances",
                "aws:ec2:terminate-instances",
            ]) => "actions that count",
            max_age_days: Preset::Int(180) => "days since the last run, at most",
            require_in_template: Preset::Bool(false) => "demand it of every template that has something to fail over",
        },
        equivalents: [],
        check: tried,
    }
}

fn tried(place: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let expected = "an experiment that fails something over";
    let subject = about(place, "Experiments");
    let experiments = || check::some(&cx.estate.of(place, EXPERIMENT), &subject, expected, |r| experiment(r, cx));
    let protected = [CLUSTER, INSTANCE, GROUP].map(|kind| cx.estate.of(place, kind));
    let all = || protected.iter().flat_map(|listing| &listing.items);
    let redundant =
        |r: &Resource| &*r.kind != INSTANCE || r.get("MultiAZ").value().and_then(Value::as_bool) == Some(true);
    if all().any(|r| redundant(r)) {
        return Some(experiments());
    }
    // Nobody knows whether there is anything to fail over.
    let why = all()
        .find_map(|r| r.get("MultiAZ").why_unknown())
        .or_else(|| protected.iter().find_map(|l| l.incomplete.clone()))?;
    Some(experiments().or(|| unknown(&subject, expected, &why)))
}

fn experiment(r: &Resource, cx: &Context<'_>) -> Verdict {
    let actions = r.get("Actions");
    let wanted = cx.params.texts("actions");
    let map = actions.value().and_then(Value::as_map);
    if map.is_none() && actions.why_unknown().is_some() {
        return check::unknown(&actions, "a failover").on(r.address.name());
    }
    let found = map.into_iter().flatten().map(|(name, entry)| {
        let action = Read::new(r, format!("Actions.{name}"), Field::of(&entry.value));
        check::one_of(&action.get("ActionId"), wanted)
    });
    let acts = Verdict::any(found, || check::fail(&actions, "a failover"));
    let verdict = if r.is_live() && !matches!(acts, Verdict::Fail(_)) { acts.and(recent(r, cx)) } else { acts };
    verdict.on(r.address.name())
}

/// The last run of an observed template.
fn recent(r: &Resource, cx: &Context<'_>) -> Verdict {
    let days = cx.params.int("max_age_days");
    let expected = format!("a run within the last {days} days");
    let last = r.attribute("LastExperimentTime");
    let Some(taken) = cx.estate.taken().filter(|_| !last.is_absent()) else {
        return Verdict::unknown(Evidence::unknown(&last, expected, &Unknown::NotCollected));
    };
    check::require(&last, &expected, |v| {
        let time: Timestamp = v.as_str()?.parse().ok()?;
        Some(taken.duration_since(time) <= SignedDuration::from_hours(days * 24))
    })
}
