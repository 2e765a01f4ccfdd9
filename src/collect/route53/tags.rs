//! Tags of zones and health checks: ten resources a call.

use std::collections::HashMap;

use aws_sdk_route53::Client;
use aws_sdk_route53::types::{ResourceTagSet, TagResourceType};

use super::NO_ZONE;
use crate::collect::shape::{self, text};
use crate::collect::tags::Tags;
use crate::collect::{Answer, Cx, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const TAGS: &str = "route53:ListTagsForResources";

/// So many resources one call takes.
const BATCH: usize = 10;
/// What Route 53 answers if one of the resources is gone.
const GONE: &[&str] = &[NO_ZONE, "NoSuchHealthCheck"];

/// Resources whose tags are asked for together.
#[derive(Clone, Debug)]
pub(super) struct Tagged {
    pub(super) kind: &'static str,
    /// The property that holds the tags.
    pub(super) property: &'static str,
    pub(super) resource_type: TagResourceType,
}

impl Tagged {
    /// The tags of those resources whose tags the scan is about, by id; absent for what is gone.
    pub(super) async fn read(&self, cx: &Cx, client: &Client, ids: &[String]) -> HashMap<String, Answer<Tags>> {
        let wanted: Vec<String> =
            ids.iter().filter(|id| cx.wanted.wants(self.kind, id, &[self.property])).cloned().collect();
        let batches = wanted.chunks(BATCH).map(|ids| {
            let (tagged, cx, client, ids) = (self.clone(), cx.clone(), client.clone(), ids.to_vec());
            async move { tagged.batch(&cx, &client, ids).await }
        });
        tasks::all(batches.collect()).await.into_iter().flatten().collect()
    }

    /// One resource that is gone fails the whole batch; then each is asked alone.
    async fn batch(&self, cx: &Cx, client: &Client, ids: Vec<String>) -> Vec<(String, Answer<Tags>)> {
        let together = self.ask(cx, client, &ids).await;
        if matches!(together, Answer::Absent) && ids.len() > 1 {
            let mut tags = Vec::new();
            for id in ids {
                let alone = self.ask(cx, client, std::slice::from_ref(&id)).await;
                tags.push((id.clone(), alone.map(|sets| of(&sets, &id))));
            }
            return tags;
        }
        ids.into_iter().map(|id| (id.clone(), together.clone().map(|sets| of(&sets, &id)))).collect()
    }

    async fn ask(&self, cx: &Cx, client: &Client, ids: &[String]) -> Answer<Vec<ResourceTagSet>> {
        let request = client.list_tags_for_resources().resource_type(self.resource_type.clone());
        let answer = cx.ask(TAGS, &[self.kind], GONE, request.set_resource_ids(Some(ids.to_vec())).send()).await;
        answer.map(|found| found.resource_tag_sets)
    }

    /// Sets the tags of a resource; false if it is gone.
    pub(super) fn set(&self, r: &mut Resource, answer: Option<&Answer<Tags>>) -> bool {
        match answer {
            Some(Answer::Is(tags)) => self.set_tags(r, tags),
            Some(Answer::Absent) => return false,
            Some(Answer::Unknown(why)) => r.set(self.property, Kind::Unknown(why.clone())),
            None => r.set(self.property, Kind::Unknown(Unknown::NotCollected)),
        }
        true
    }

    /// As [`shape::set_tags`], under the name that these types have for it.
    fn set_tags(&self, r: &mut Resource, tags: &Tags) {
        let pairs = tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let (aws, own): (Vec<_>, Vec<_>) = pairs.partition(|(key, _)| key.starts_with("aws:"));
        r.set(self.property, shape::tags(own.into_iter().map(|(key, value)| (Some(key), Some(value)))));
        for (key, value) in aws {
            r.set_attribute(key, text(Some(value)));
        }
    }
}

fn of(sets: &[ResourceTagSet], id: &str) -> Tags {
    let mine = sets.iter().filter(|set| set.resource_id() == Some(id)).flat_map(ResourceTagSet::tags);
    mine.map(|tag| (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::cx;
    use crate::model::GLOBAL;

    const ZONES: Tagged = Tagged {
        kind: "AWS::Route53::HostedZone",
        property: "HostedZoneTags",
        resource_type: TagResourceType::Hostedzone,
    };

    fn sets(asked: &str) -> String {
        let ids = asked.split("<ResourceId>").skip(1).filter_map(|rest| rest.split('<').next());
        let set = |id: &str| {
            format!(
                "<ResourceTagSet><ResourceType>hostedzone</ResourceType><ResourceId>{id}</ResourceId>
                 <Tags><Tag><Key>id</Key><Value>{id}</Value></Tag></Tags></ResourceTagSet>"
            )
        };
        let sets: String = ids.map(set).collect();
        format!(
            "<ListTagsForResourcesResponse><ResourceTagSets>{sets}</ResourceTagSets></ListTagsForResourcesResponse>"
        )
    }

    fn gone() -> (u16, String) {
        (404, format!("<ErrorResponse><Error><Code>{NO_ZONE}</Code></Error></ErrorResponse>"))
    }

    async fn read(cx: &Cx, count: usize) -> HashMap<String, Answer<Tags>> {
        let ids: Vec<String> = (0..count).map(|n| format!("Z{n:02}")).collect();
        ZONES.read(cx, &Client::new(&cx.config), &ids).await
    }

    #[tokio::test]
    async fn ten_are_asked_for_in_one_call() {
        let cx = cx(GLOBAL, |asked| (200, sets(asked)));
        let tags = read(&cx, 21).await;
        assert_eq!(cx.calls.made()[TAGS], 3);
        assert_eq!(tags.len(), 21);
        assert!(tags.iter().all(|(id, tags)| matches!(tags, Answer::Is(tags) if tags[0].1 == *id)));
    }

    #[tokio::test]
    async fn one_that_is_gone_does_not_take_the_others_with_it() {
        let cx = cx(GLOBAL, |asked| if asked.contains("<ResourceId>Z01<") { gone() } else { (200, sets(asked)) });
        let tags = read(&cx, 3).await;
        assert!(matches!(tags["Z01"], Answer::Absent));
        assert!(matches!(&tags["Z02"], Answer::Is(tags) if tags[0].1 == "Z02"));
        assert_eq!(cx.calls.gaps(), []);
    }
}
