//! Event buses.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::operation::list_event_buses::ListEventBusesOutput;
use aws_sdk_eventbridge::types::EventBus;
use serde_json::Value as Json;

use super::{DEFAULT_BUS, GONE, PAGE, SPEC, TAGS, tags_of};
use crate::collect::json::{document, kind};
use crate::collect::shape::set_unknown;
use crate::collect::shape::{text, token};
use crate::collect::tagged;
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Provenance, Resource, Unknown};

pub(super) const LIST: &str = "events:ListEventBuses";
pub(super) const DESCRIBE: &str = "events:DescribeEventBus";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Events::EventBus",
    asked: &[
        ("DeadLetterConfig", DESCRIBE),
        ("KmsKeyIdentifier", DESCRIBE),
        ("LogConfig", DESCRIBE),
        ("Tags", TAGS),
        ("", LIST),
    ],
    reads: &["DeadLetterConfig", "Description", "KmsKeyIdentifier", "LogConfig", "Name", "Policy", "Tags"],
    on_demand: &["DeadLetterConfig", "KmsKeyIdentifier", "LogConfig", "Tags"],
    // What is described, tags, and the listing of its rules.
    calls: 3,
};

/// What only the description tells.
const DESCRIBED: &[&str] = &["DeadLetterConfig", "KmsKeyIdentifier", "LogConfig"];

/// The names of the buses, for the listings of their rules, and the buses.
pub(super) async fn collect(cx: &Cx, client: &Client) -> (Vec<String>, Out) {
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name, super::rules::TYPE.name],
            |start| client.list_event_buses().limit(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    out.listed(TYPE.name, &pages.end);
    // Where not all buses are known, neither are all rules.
    out.listed(super::rules::TYPE.name, &pages.end);
    let listed: Vec<&EventBus> = pages.pages.iter().flat_map(ListEventBusesOutput::event_buses).collect();
    let readings = listed.iter().map(|&bus| {
        let (cx, client, bus) = (cx.clone(), client.clone(), bus.clone());
        async move { read(&cx, &client, &bus).await }
    });
    let mut buses: Vec<Resource> = tasks::all(readings.collect()).await.into_iter().flatten().collect();
    let named: Vec<(String, String)> = buses.iter().map(|r| (id(r), arn(r))).collect();
    let each = |cx, arn| tags_of(cx, client.clone(), TYPE.name, arn);
    let tags = cx.tags_of(TYPE.name, "events:event-bus", &named, each).await;
    for r in &mut buses {
        let answer = tags.get(&arn(r));
        tagged::set(r, answer);
    }
    out.resources = buses;
    (listed.iter().filter_map(|bus| bus.name()).map(str::to_owned).collect(), out)
}

fn id(r: &Resource) -> String {
    r.address.physical_id.as_deref().unwrap_or_default().to_owned()
}

fn arn(r: &Resource) -> String {
    r.address.arn.as_deref().unwrap_or_default().to_owned()
}

/// One bus; `None` if it has gone meanwhile.
async fn read(cx: &Cx, client: &Client, bus: &EventBus) -> Option<Resource> {
    let name = bus.name().unwrap_or_default();
    let request = client.describe_event_bus().name(name).send();
    let described = match cx.ask_json_for((TYPE.name, name, DESCRIBED), DESCRIBE, GONE, request).await {
        Answer::Is(described) => Ok(described),
        Answer::Absent => return None,
        Answer::Unknown(why) => Err(why),
    };
    Some(resource(cx, bus, described))
}

fn resource(cx: &Cx, bus: &EventBus, described: Result<Json, Unknown>) -> Resource {
    let name = bus.name().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, name, bus.arn().unwrap_or_default());
    r.set("Name", text(Some(name)));
    r.set("Description", text(bus.description()));
    r.set("Policy", document(bus.policy()));
    match described {
        Ok(described) => {
            for name in DESCRIBED {
                r.set(name, described.get(*name).map_or(Kind::Null, kind));
            }
        }
        Err(why) => set_unknown(&mut r, DESCRIBED, &why),
    }
    r.set_attribute("Arn", text(bus.arn()));
    r.set_attribute("IsDefault", Kind::Bool(name == DEFAULT_BUS));
    r.set_attribute("ManagedBy", text(bus.managed_by()));
    if name == DEFAULT_BUS || bus.managed_by().is_some() {
        r.provenance = Provenance::Service;
    }
    r
}
