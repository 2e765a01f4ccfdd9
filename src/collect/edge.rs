//! What the services at the edge share: the region that answers for all regions, and tags that were asked for apart.

use std::collections::HashMap;

use aws_config::Region;

use super::tagged;
use super::tags::Tags;
use super::{Answer, Cx};
use crate::model::Resource;

/// A context whose calls go to the region where CloudFront, its web ACLs and the tags of global resources are kept.
/// <https://docs.aws.amazon.com/general/latest/gr/rande.html#global-endpoints>
pub(super) fn at_home(cx: &Cx) -> Cx {
    let home = match &*cx.partition {
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    };
    Cx { config: cx.config.to_builder().region(Region::from_static(home)).build(), ..cx.clone() }
}

/// The resource with its tags of those that [`Cx::tags_of`] gave; it gives none for resources whose tags nobody asked for.
pub(super) fn tagged(mut resource: Resource, tags: &HashMap<String, Answer<Tags>>) -> Resource {
    let arn = resource.address.arn.clone().unwrap_or_default();
    tagged::set(&mut resource, tags.get(&*arn));
    resource
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::offline;
    use crate::model::{Address, GLOBAL, Unknown, World};
    use crate::source::Span;

    #[test]
    fn what_is_global_is_asked_in_the_partitions_own_region() {
        let home = |partition: &str| {
            let cx = Cx { partition: partition.into(), ..offline(GLOBAL) };
            at_home(&cx).config.region().map(ToString::to_string)
        };
        assert_eq!(home("aws").as_deref(), Some("us-east-1"));
        assert_eq!(home("aws-cn").as_deref(), Some("cn-northwest-1"));
        assert_eq!(&*at_home(&offline(GLOBAL)).region, GLOBAL);
    }

    #[test]
    fn tags_that_nobody_asked_for_are_unknown_and_no_tags_are_absent() {
        let tagged = |answer: Option<Answer<Tags>>| {
            let address = Address { arn: Some("arn:1".into()), ..Address::default() };
            let r = Resource::new("T", address, World::Open { reads: &["Tags"] }, Span::LIVE);
            super::tagged(r, &answer.into_iter().map(|answer| ("arn:1".to_owned(), answer)).collect())
        };
        assert_eq!(tagged(None).get("Tags").why_unknown(), Some(Unknown::NotCollected));
        assert!(tagged(Some(Answer::Absent)).get("Tags").is_absent());
        let is = Answer::Is(vec![("team".into(), "net".into())]);
        assert_eq!(tagged(Some(is)).tag("team").as_deref(), Some("net"));
        let denied = Unknown::Denied { action: "a:B".into() };
        assert_eq!(tagged(Some(Answer::Unknown(denied.clone()))).get("Tags").why_unknown(), Some(denied));
    }
}
