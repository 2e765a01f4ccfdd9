//! Tags of load balancers and their parts: one call for twenty of them.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{Tag, TagDescription};

use super::GONE;
use crate::collect::shape::set_tags;
use crate::collect::{Answer, Cx};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "elasticloadbalancing:DescribeTags";

/// So many ARNs fit into one call.
const AT_ONCE: usize = 20;

/// Sets the tags of resources of one type. Those that turn out to be gone are dropped.
pub(super) async fn tag(cx: &Cx, elb: &Client, kind: &str, resources: Vec<Resource>) -> Vec<Resource> {
    let arns = resources.iter().filter_map(|r| r.address.arn.as_deref());
    let wanted: Vec<String> = arns.filter(|arn| cx.wanted.wants(kind, arn, &["Tags"])).map(str::to_owned).collect();
    let mut known = read(cx, elb, kind, &wanted).await;
    let tagged = |mut r: Resource| {
        let told = r.address.arn.as_deref().and_then(|arn| known.remove(arn));
        match told.unwrap_or(Answer::Unknown(Unknown::NotCollected)) {
            Answer::Is(tags) => set_tags(&mut r, tags.iter().map(|tag| (tag.key(), tag.value()))),
            Answer::Absent => return None,
            Answer::Unknown(why) => r.set("Tags", Kind::Unknown(why)),
        }
        Some(r)
    };
    resources.into_iter().filter_map(tagged).collect()
}

/// Tags by ARN; absent is what does not exist any more. One such ARN fails the whole call: then each half is asked by itself.
async fn read(cx: &Cx, elb: &Client, kind: &str, arns: &[String]) -> HashMap<String, Answer<Vec<Tag>>> {
    let mut known = HashMap::new();
    let mut batches: Vec<&[String]> = arns.chunks(AT_ONCE).collect();
    while let Some(batch) = batches.pop() {
        let request = elb.describe_tags().set_resource_arns(Some(batch.to_vec())).send();
        match cx.ask(LIST, &[kind], GONE, request).await {
            Answer::Absent if batch.len() > 1 => {
                let (first, second) = batch.split_at(batch.len() / 2);
                batches.extend([first, second]);
            }
            told => {
                let told = told.map(|answer| answer.tag_descriptions.unwrap_or_default());
                known.extend(batch.iter().map(|arn| (arn.clone(), told.clone().map(|all| of(&all, arn)))));
            }
        }
    }
    known
}

fn of(all: &[TagDescription], arn: &str) -> Vec<Tag> {
    let own = all.iter().filter(|description| description.resource_arn() == Some(arn));
    own.flat_map(TagDescription::tags).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::{TARGET_GROUPS, target_groups};
    use super::*;
    use crate::collect::testing::query::{answer, error};
    use crate::collect::testing::{Aws, cx};

    const KIND: &str = target_groups::TYPE.name;

    fn group(cx: &Cx, n: usize) -> Resource {
        let arn = format!("arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/g{n:02}/1");
        cx.resource(&TARGET_GROUPS, KIND, &arn, &arn)
    }

    async fn tagged(aws: Aws, groups: usize) -> Vec<Resource> {
        let cx = cx("eu-west-1", aws);
        tag(&cx, &Client::new(&cx.config), KIND, (0..groups).map(|n| group(&cx, n)).collect()).await
    }

    #[tokio::test]
    async fn twenty_are_asked_about_at_once_and_who_is_gone_is_dropped() {
        let groups = tagged(
            |asked| {
                assert!(!asked.contains("member.21"), "{asked}");
                if asked.contains("g07") {
                    return error(400, "TargetGroupNotFound", "");
                }
                let description =
                    "<member><ResourceArn>arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/g03/1</ResourceArn>
                    <Tags><member><Key>Team</Key><Value>web</Value></member>
                    <member><Key>aws:cloudformation:stack-name</Key><Value>s</Value></member></Tags></member>";
                answer("DescribeTags", &format!("<TagDescriptions>{description}</TagDescriptions>"))
            },
            25,
        )
        .await;
        assert_eq!(groups.len(), 24);
        assert_eq!(groups[3].get("Tags.0.Key").as_str(), Some("Team"));
        assert_eq!(groups[3].attribute("aws:cloudformation:stack-name").as_str(), Some("s"));
        assert!(groups[4].get("Tags").is_absent());
    }

    #[tokio::test]
    async fn denied_tags_are_unknown() {
        let groups = tagged(|_| error(403, "AccessDenied", ""), 1).await;
        assert_eq!(groups[0].get("Tags").why_unknown(), Some(Unknown::Denied { action: LIST.into() }));
    }
}
