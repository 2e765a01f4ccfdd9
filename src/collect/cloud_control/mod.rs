//! Everything without a collector of its own: Cloud Control reads it by the physical id that its stack lists, in the CloudFormation schema already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use aws_sdk_cloudcontrol::Client;
use serde_json::Value as Json;

use super::{Answer, Cx, tasks, type_spec};
use crate::model::{Address, Resource, Stack, Unknown, World, from_json};
use crate::source::Span;

/// The action of every call. The service that owns the resource must allow reading it as well.
pub(super) const READ: &str = "cloudformation:GetResource";

/// How the API says that it knows nothing of a type, or cannot read it.
const UNSUPPORTED: &[&str] =
    &["UnsupportedActionException", "TypeNotFoundException", "InternalFailure", "NotImplemented", "501"];

/// The action that told a property.
pub(super) const ASKED: &[(&str, &str)] = &[("", READ)];

/// Types whose primary identifier has several parts. The physical id may be but one of them: that nothing is found under it proves nothing.
static COMPOSITE: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| include_str!("composite.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// What was read of one region's stacks.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) resources: Vec<Resource>,
    /// By type: whether everything of it that the stacks hold was found or is certainly not there.
    pub(super) listed: BTreeMap<Arc<str>, Result<(), Unknown>>,
}

/// The members of a region's stacks that no collector fills, by type.
pub(super) fn members<'a>(stacks: impl Iterator<Item = &'a Stack>) -> BTreeMap<Arc<str>, BTreeSet<Arc<str>>> {
    let mut members: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
    for member in stacks.flat_map(|s| &s.members).filter(|m| !m.is_deleted() && readable(&m.kind)) {
        if let Some(id) = &member.physical_id {
            members.entry(Arc::clone(&member.kind)).or_default().insert(Arc::clone(id));
        }
    }
    members
}

/// Custom resources and what CloudFormation keeps to itself exist nowhere else.
fn readable(kind: &str) -> bool {
    type_spec(kind).is_none() && !kind.starts_with("AWS::CloudFormation::") && !kind.starts_with("Custom::")
}

/// Reads all members: one call each.
pub(super) async fn read(cx: &Cx, members: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>) -> Read {
    let client = Client::new(&cx.config);
    let kinds = members.into_iter().map(|(kind, ids)| {
        let (cx, client) = (cx.clone(), client.clone());
        async move { read_type(&cx, &client, kind, ids).await }
    });
    let mut all = Read::default();
    for (kind, resources, end) in tasks::all(kinds.collect()).await {
        all.resources.extend(resources);
        all.listed.insert(kind, end);
    }
    all
}

/// All members of one type. The first call tells whether the type can be read at all; if not, the others are not asked for.
async fn read_type(
    cx: &Cx,
    client: &Client,
    kind: Arc<str>,
    ids: BTreeSet<Arc<str>>,
) -> (Arc<str>, Vec<Resource>, Result<(), Unknown>) {
    let mut ids = ids.into_iter();
    let mut found = Vec::new();
    if let Some(first) = ids.next() {
        found.push(read_one(cx, client, &kind, &first).await);
    }
    if !matches!(found.first(), Some(Answer::Unknown(why)) if unsupported(why)) {
        let others = ids.map(|id| {
            let (cx, client, kind) = (cx.clone(), client.clone(), Arc::clone(&kind));
            async move { read_one(&cx, &client, &kind, &id).await }
        });
        found.extend(tasks::all(others.collect()).await);
    }
    let mut end = Ok(());
    let mut resources = Vec::new();
    for answer in found {
        match answer {
            Answer::Is(resource) => resources.push(resource),
            Answer::Absent if COMPOSITE.contains(&*kind) => {
                end = Err(Unknown::Failed { action: READ.into(), code: "CompositeIdentifier".into() });
            }
            Answer::Absent => {}
            Answer::Unknown(why) => end = Err(why),
        }
    }
    (kind, resources, end)
}

fn unsupported(why: &Unknown) -> bool {
    matches!(why, Unknown::Failed { code, .. } if UNSUPPORTED.contains(&&**code))
}

async fn read_one(cx: &Cx, client: &Client, kind: &Arc<str>, id: &Arc<str>) -> Answer<Resource> {
    let request = client.get_resource().type_name(&**kind).identifier(&**id).send();
    let answer = cx.ask_unless(READ, &[kind], &["ResourceNotFoundException"], UNSUPPORTED, request).await;
    match answer {
        Answer::Is(found) => {
            let text = found.resource_description().and_then(|d| d.properties()).unwrap_or_default();
            if let Ok(json) = serde_json::from_str::<Json>(text) {
                Answer::Is(resource(cx, kind, id, &json))
            } else {
                cx.gap(READ, &[kind], "failed", "MalformedAnswer".into());
                Answer::Unknown(Unknown::Failed { action: READ.into(), code: "MalformedAnswer".into() })
            }
        }
        Answer::Absent => Answer::Absent,
        Answer::Unknown(why) => Answer::Unknown(why),
    }
}

/// Read handlers leave out what they please: what is not in the answer is not known.
fn resource(cx: &Cx, kind: &Arc<str>, id: &Arc<str>, json: &Json) -> Resource {
    let arn = json.get("Arn").and_then(Json::as_str).map(Arc::from);
    let address = Address {
        account: Arc::clone(&cx.account),
        region: Arc::clone(&cx.region),
        physical_id: Some(Arc::clone(id)),
        arn,
        ..Address::default()
    };
    let mut r = Resource::new(Arc::clone(kind), address, World::Open { reads: &[] }, Span::LIVE);
    r.asked = ASKED;
    r.properties = from_json(json);
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, cx};
    use crate::model::StackMember;

    fn stack(kind: &str, ids: &[&str]) -> Stack {
        let member = |id: &&str| StackMember {
            logical_id: format!("L{id}").into(),
            physical_id: Some((*id).into()),
            kind: kind.into(),
            status: "CREATE_COMPLETE".into(),
        };
        Stack { members: ids.iter().map(member).collect(), ..Stack::default() }
    }

    async fn read_members(kind: &str, ids: &[&str], aws: Aws) -> (Read, u64) {
        let cx = cx("eu-west-1", aws);
        let stack = stack(kind, ids);
        let read = read(&cx, members(std::iter::once(&stack))).await;
        (read, cx.calls.made().values().sum())
    }

    fn error(code: &str) -> (u16, String) {
        (400, format!(r#"{{"__type":"{code}","message":"no"}}"#))
    }

    #[tokio::test]
    async fn properties_are_the_schemas_and_what_is_left_out_is_unknown() {
        let (read, _) = read_members("AWS::ECS::Cluster", &["web"], |_| {
            let description = r#"{"TypeName":"AWS::ECS::Cluster","ResourceDescription":{"Identifier":"web",
                "Properties":"{\"ClusterName\":\"web\",\"Arn\":\"arn:aws:ecs:eu-west-1:1:cluster/web\"}"}}"#;
            (200, description.into())
        })
        .await;
        let [r] = &read.resources[..] else { panic!("{read:?}") };
        assert_eq!(r.get("ClusterName").as_str(), Some("web"));
        assert_eq!(r.get("Configuration").why_unknown(), Some(Unknown::NotCollected));
        assert_eq!(r.address.arn.as_deref(), Some("arn:aws:ecs:eu-west-1:1:cluster/web"));
        assert_eq!(read.listed["AWS::ECS::Cluster"], Ok(()));
    }

    #[tokio::test]
    async fn a_type_that_cannot_be_read_is_asked_once_and_is_no_gap() {
        let cx = cx("eu-west-1", |_| error("UnsupportedActionException"));
        let stack = stack("AWS::DocDB::DBCluster", &["a", "b", "c"]);
        let read = read(&cx, members(std::iter::once(&stack))).await;
        assert!(read.listed["AWS::DocDB::DBCluster"].is_err());
        assert_eq!(cx.calls.made().values().sum::<u64>(), 1);
        assert_eq!(cx.calls.gaps(), []);
    }

    #[tokio::test]
    async fn not_found_proves_deletion_only_where_the_physical_id_is_the_whole_identifier() {
        let (single, _) = read_members("AWS::ECS::Cluster", &["gone"], |_| error("ResourceNotFoundException")).await;
        assert_eq!(single.listed["AWS::ECS::Cluster"], Ok(()));
        let (composite, _) =
            read_members("AWS::ApiGateway::Deployment", &["abc"], |_| error("ResourceNotFoundException")).await;
        assert!(composite.listed["AWS::ApiGateway::Deployment"].is_err());
    }

    #[test]
    fn custom_resources_and_types_with_a_collector_are_not_asked_for() {
        for kind in ["Custom::Thing", "AWS::CloudFormation::CustomResource", "AWS::S3::Bucket"] {
            assert!(members(std::iter::once(&stack(kind, &["x"]))).is_empty(), "{kind}");
        }
    }
}
