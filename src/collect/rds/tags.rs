//! Tags of what RDS lists without them.

use std::sync::Arc;

use aws_sdk_rds::Client;
use aws_sdk_rds::operation::list_tags_for_resource::ListTagsForResourceOutput;

use crate::collect::gone::unless_gone;
use crate::collect::tags::Tags;
use crate::collect::{Answer, Cx, tagged};
use crate::model::{Resource, Unknown};

pub(super) const READ: &str = "rds:ListTagsForResource";

/// The error codes by which RDS says that what it was asked about does not exist.
pub(super) const GONE: &[&str] = &[
    "DBParameterGroupNotFound",
    "DBProxyNotFoundFault",
    "DBProxyTargetGroupNotFoundFault",
    "DBSubnetGroupNotFoundFault",
    "OptionGroupNotFoundFault",
    "SubscriptionNotFound",
];

/// Fills the tags of resources of one type. `filter` is the type's name in the tagging API. What has gone since it was listed is left out.
pub(super) async fn filled(
    cx: &Cx,
    rds: &Client,
    (kind, filter): (&'static str, &'static str),
    resources: Vec<Resource>,
) -> Vec<Resource> {
    let name = |name: &Option<Arc<str>>| name.as_deref().unwrap_or_default().to_owned();
    let names: Vec<(String, String)> =
        resources.iter().map(|r| (name(&r.address.physical_id), name(&r.address.arn))).collect();
    let each = |cx: Cx, arn: String| {
        let call = unless_gone(GONE, rds.list_tags_for_resource().resource_name(arn).send());
        async move { told(Box::pin(cx.ask(READ, &[kind], &[], call)).await) }
    };
    let tags = Box::pin(cx.tags_of(kind, filter, &names, each)).await;
    let gone = |r: &Resource| {
        let told = r.address.arn.as_deref().and_then(|arn| tags.get(arn));
        matches!(told, Some(Answer::Unknown(Unknown::NotCollected)))
    };
    resources.into_iter().filter(|r| !gone(r)).map(|r| tagged::of(r, &tags)).collect()
}

/// The tags of one resource. One that was asked about and yet tells nothing has gone.
fn told(answer: Answer<Option<ListTagsForResourceOutput>>) -> Answer<Tags> {
    let pair =
        |tag: &aws_sdk_rds::types::Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    match answer {
        Answer::Is(Some(found)) => Answer::Is(found.tag_list().iter().filter_map(pair).collect()),
        Answer::Is(None) => Answer::Unknown(Unknown::NotCollected),
        Answer::Absent => Answer::Absent,
        Answer::Unknown(why) => Answer::Unknown(why),
    }
}
