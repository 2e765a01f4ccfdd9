//! The targets of a rule.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::Rule;
use serde_json::Value as Json;

use super::rules::{TARGETS, TYPE};
use super::{GONE, PAGE, ecs};
use crate::collect::Cx;
use crate::collect::gone::unless_gone;
use crate::collect::json::{at, items, kind, pick};
use crate::collect::order::{all_sorted, sorted_by};
use crate::collect::shape::{list, map, token};
use crate::model::{Kind, Unknown};

/// Members that the schema writes as the service does.
const AS_THEY_ARE: &[(&str, &str)] = &[
    ("Id", "Id"),
    ("Arn", "Arn"),
    ("RoleArn", "RoleArn"),
    ("Input", "Input"),
    ("InputPath", "InputPath"),
    ("InputTransformer", "InputTransformer"),
    ("KinesisParameters", "KinesisParameters"),
    ("BatchParameters", "BatchParameters"),
    ("SqsParameters", "SqsParameters"),
    ("HttpParameters", "HttpParameters"),
    ("RedshiftDataParameters", "RedshiftDataParameters"),
    ("DeadLetterConfig", "DeadLetterConfig"),
    ("RetryPolicy", "RetryPolicy"),
    ("AppSyncParameters", "AppSyncParameters"),
];

const ECS: ecs::Names =
    ecs::Names { network: "AwsVpcConfiguration", strategies: "PlacementStrategies", tags: "TagList" };

/// The targets, sorted by id, if the scan is about them. A rule that has gone has none.
pub(super) async fn read(cx: &Cx, client: &Client, id: &str, rule: &Rule) -> Kind {
    if !cx.wanted.wants(TYPE.name, id, &["Targets"]) {
        return Kind::Unknown(Unknown::NotCollected);
    }
    let request = client
        .list_targets_by_rule()
        .rule(rule.name().unwrap_or_default())
        .set_event_bus_name(rule.event_bus_name().map(str::to_owned))
        .limit(PAGE);
    let pages = cx
        .pages_json(
            TARGETS,
            &[TYPE.name],
            |start| unless_gone(GONE, request.clone().set_next_token(start).send()),
            |page| page.as_ref().and_then(|page| token(page.next_token())),
        )
        .await;
    match pages.end {
        Ok(()) => sorted_by(list(pages.pages.iter().flat_map(|page| items(page, "Targets")).map(target)), "Id"),
        Err(why) => Kind::Unknown(why),
    }
}

fn target(target: &Json) -> Kind {
    map(pick(target, AS_THEY_ARE).chain([
        ("EcsParameters", ecs::parameters(at(target, "EcsParameters"), &ECS)),
        ("RunCommandParameters", all_sorted(kind(at(target, "RunCommandParameters")))),
        ("SageMakerPipelineParameters", all_sorted(kind(at(target, "SageMakerPipelineParameters")))),
    ]))
}
