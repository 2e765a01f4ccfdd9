//! Scheduled actions, which the schema has inside of their targets.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::operation::describe_scheduled_actions::DescribeScheduledActionsOutput;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScheduledAction, ServiceNamespace};

use super::{target_id, targets};
use crate::collect::shape::{list, map, number, text, time, token};
use crate::collect::{Answer, Cx, order};
use crate::model::{Kind, Unknown};

pub(super) const LIST: &str = "application-autoscaling:DescribeScheduledActions";

/// The largest page of the listing.
const PAGE: i32 = 50;

/// Scheduled actions by the id of their target.
pub(super) type ByTarget = BTreeMap<String, Vec<ScheduledAction>>;

/// The scheduled actions of a namespace, if the scan is about those of any target.
pub(super) async fn by_target(cx: &Cx, client: &Client, namespace: &ServiceNamespace) -> Answer<ByTarget> {
    if !cx.wanted.wants_any(targets::TYPE.name, &["ScheduledActions"]) {
        return Answer::Unknown(Unknown::NotCollected);
    }
    let request = client.describe_scheduled_actions().service_namespace(namespace.clone()).max_results(PAGE);
    let pages = cx
        .pages(
            LIST,
            &[targets::TYPE.name],
            |start| request.clone().set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    if let Err(why) = pages.end {
        return Answer::Unknown(why);
    }
    let mut known = ByTarget::new();
    for action in pages.pages.iter().flat_map(DescribeScheduledActionsOutput::scheduled_actions) {
        let dimension = action.scalable_dimension().map_or("", ScalableDimension::as_str);
        let target = target_id(action.resource_id(), dimension, action.service_namespace().as_str());
        known.entry(target).or_default().push(action.clone());
    }
    Answer::Is(known)
}

/// Those of one target as its property, by name.
pub(super) fn scheduled(known: &Answer<ByTarget>, target: &str) -> Kind {
    match known {
        Answer::Is(known) => {
            let own = known.get(target).map_or(&[][..], Vec::as_slice);
            list(order::by(own, |action| action.scheduled_action_name.clone()).into_iter().map(one))
        }
        Answer::Absent => Kind::Null,
        Answer::Unknown(why) => Kind::Unknown(why.clone()),
    }
}

fn one(action: &ScheduledAction) -> Kind {
    let capacity = action.scalable_target_action().map_or(Kind::Null, |capacity| {
        map([("MinCapacity", number(capacity.min_capacity())), ("MaxCapacity", number(capacity.max_capacity()))])
    });
    map([
        ("ScheduledActionName", text(Some(action.scheduled_action_name()))),
        ("Schedule", text(Some(action.schedule()))),
        ("Timezone", text(action.timezone())),
        ("StartTime", time(action.start_time())),
        ("EndTime", time(action.end_time())),
        ("ScalableTargetAction", capacity),
    ])
}
