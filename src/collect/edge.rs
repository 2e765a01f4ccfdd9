//! What the services at the edge share: the region that answers for all regions.

use aws_config::Region;

use super::Cx;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::offline;
    use crate::model::GLOBAL;

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
}
