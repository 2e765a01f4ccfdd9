//! ECS tasks as targets, of rules and of schedules.

use serde_json::Value as Json;

use crate::collect::json::{at, kind, pick, upper};
use crate::collect::order::all_sorted;
use crate::collect::shape::map;
use crate::model::Kind;

/// Where two schemas name the same thing differently.
pub(in crate::collect) struct Names {
    pub(in crate::collect) network: &'static str,
    pub(in crate::collect) strategies: &'static str,
    pub(in crate::collect) tags: &'static str,
}

const AS_THEY_ARE: &[(&str, &str)] = &[
    ("EnableECSManagedTags", "EnableECSManagedTags"),
    ("EnableExecuteCommand", "EnableExecuteCommand"),
    ("Group", "Group"),
    ("LaunchType", "LaunchType"),
    ("PlatformVersion", "PlatformVersion"),
    ("PropagateTags", "PropagateTags"),
    ("ReferenceId", "ReferenceId"),
    ("TaskCount", "TaskCount"),
    ("TaskDefinitionArn", "TaskDefinitionArn"),
];

/// The task to run. ECS's own parts are answered as ECS writes them, which is not how the schemas do.
pub(in crate::collect) fn parameters(task: &Json, names: &Names) -> Kind {
    let network = all_sorted(upper(at(task, "NetworkConfiguration.awsvpcConfiguration")));
    map(pick(task, AS_THEY_ARE).chain([
        ("CapacityProviderStrategy", all_sorted(upper(at(task, "CapacityProviderStrategy")))),
        ("NetworkConfiguration", map([(names.network, network)])),
        ("PlacementConstraints", all_sorted(upper(at(task, "PlacementConstraints")))),
        (names.strategies, all_sorted(upper(at(task, "PlacementStrategy")))),
        (names.tags, all_sorted(kind(at(task, "Tags")))),
    ]))
}
