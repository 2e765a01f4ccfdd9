//! Rules: one listing per bus, targets and tags where they are wanted.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::operation::list_rules::ListRulesOutput;
use aws_sdk_eventbridge::types::{Rule, RuleState};

use super::{DEFAULT_BUS, GONE, PAGE, SPEC, TAGS, tags_of, targets};
use crate::collect::gone::unless_gone;
use crate::collect::json::document;
use crate::collect::shape::{text, token};
use crate::collect::tagged;
use crate::collect::{Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Provenance, Resource, Unknown};

pub(super) const LIST: &str = "events:ListRules";
pub(super) const TARGETS: &str = "events:ListTargetsByRule";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Events::Rule",
    asked: &[("Targets", TARGETS), ("Tags", TAGS), ("", LIST)],
    reads: &[
        "Description",
        "EventBusName",
        "EventPattern",
        "Name",
        "RoleArn",
        "ScheduleExpression",
        "State",
        "Tags",
        "Targets",
    ],
    on_demand: &["Tags", "Targets"],
    calls: 2,
};

/// The rules of these buses.
pub(super) async fn collect(cx: &Cx, client: &Client, buses: Vec<String>) -> Out {
    let mut out = Out::default();
    let listings = buses.into_iter().map(|bus| {
        let (cx, client) = (cx.clone(), client.clone());
        async move { of_bus(&cx, &client, &bus).await }
    });
    let mut rules = Vec::new();
    for (found, end) in tasks::all(listings.collect()).await {
        out.listed(TYPE.name, &end);
        rules.extend(found);
    }
    let named: Vec<_> =
        rules.iter().map(|rule| (physical_id(rule), rule.arn().unwrap_or_default().to_owned())).collect();
    let each = |cx, arn| tags_of(cx, client.clone(), TYPE.name, arn);
    let tags = cx.tags_of(TYPE.name, "events:rule", &named, each).await;
    let readings = rules.into_iter().map(|rule| {
        let (cx, client) = (cx.clone(), client.clone());
        async move {
            let targets = targets::read(&cx, &client, &physical_id(&rule), &rule).await;
            resource(&cx, &rule, targets)
        }
    });
    for mut r in tasks::all(readings.collect()).await {
        let answer = r.address.arn.as_deref().and_then(|arn| tags.get(arn));
        tagged::set(&mut r, answer);
        out.push(r);
    }
    out
}

async fn of_bus(cx: &Cx, client: &Client, bus: &str) -> (Vec<Rule>, Result<(), Unknown>) {
    let request = client.list_rules().event_bus_name(bus).limit(PAGE);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| unless_gone(GONE, request.clone().set_next_token(start).send()),
            |page| page.as_ref().and_then(|page| token(page.next_token())),
        )
        .await;
    let rules = pages.pages.iter().flatten().flat_map(ListRulesOutput::rules).cloned();
    (rules.collect(), pages.end)
}

/// CloudFormation names the bus too, but for the default one.
fn physical_id(rule: &Rule) -> String {
    let name = rule.name().unwrap_or_default();
    match rule.event_bus_name() {
        None | Some(DEFAULT_BUS) => name.to_owned(),
        Some(bus) => format!("{bus}|{name}"),
    }
}

fn resource(cx: &Cx, rule: &Rule, targets: Kind) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, &physical_id(rule), rule.arn().unwrap_or_default());
    r.set("Name", text(rule.name()));
    r.set("Description", text(rule.description()));
    r.set("EventBusName", text(rule.event_bus_name()));
    r.set("EventPattern", document(rule.event_pattern()));
    r.set("RoleArn", text(rule.role_arn()));
    r.set("ScheduleExpression", text(rule.schedule_expression()));
    r.set("State", text(rule.state().map(RuleState::as_str)));
    r.set("Targets", targets);
    r.set_attribute("Arn", text(rule.arn()));
    r.set_attribute("RuleName", text(rule.name()));
    r.set_attribute("ManagedBy", text(rule.managed_by()));
    if rule.managed_by().is_some() {
        r.provenance = Provenance::Service;
    }
    r
}
