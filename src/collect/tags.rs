//! Tags of services whose listings leave them out.
//!
//! A `ListTags` call per resource is the slowest part of a scan: SNS allows 10 a second, Step Functions one. The tagging API lists the
//! tags of a hundred resources per call, for nearly all services. It does not list what never had a tag.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_resourcegroupstagging::Client;
use aws_sdk_resourcegroupstagging::operation::get_resources::GetResourcesOutput;
use tokio::sync::OnceCell;

use super::paging::paged;
use super::shape::token;
use super::{Answer, Cx, tasks};

/// The action that collectors which call [`Cx::tags_of`] must announce, besides the one of their own.
pub(super) const LIST: &str = "tag:GetResources";

/// Key → value.
pub(super) type Tags = Vec<(String, String)>;

/// Up to so many resources are asked one by one.
const FEW: usize = 5;

/// Tags by ARN.
type ByArn = Arc<HashMap<String, Tags>>;

/// One listing per resource type of the tagging API, shared by all who ask. Nothing where it failed.
#[derive(Debug, Default)]
pub(super) struct Listings {
    by_type: Mutex<BTreeMap<&'static str, Arc<OnceCell<Option<ByArn>>>>>,
    /// Nothing is listed: each resource is asked.
    off: bool,
}

impl Listings {
    /// Without the tagging API, of which emulators know little.
    pub(super) fn off() -> Self {
        Self { off: true, ..Self::default() }
    }
}

impl Cx {
    /// The tags of resources of one type, by ARN. `resources` are physical ids and ARNs; `filter` is the type's name in the tagging API (`sns:topic`);
    /// `each` asks for one ARN. Nothing is asked for resources whose tags the scan is not about.
    pub(super) async fn tags_of<F>(
        &self,
        kind: &str,
        filter: &'static str,
        resources: &[(String, String)],
        each: impl Fn(Self, String) -> F,
    ) -> HashMap<String, Answer<Tags>>
    where
        F: Future<Output = Answer<Tags>> + Send + 'static,
    {
        let wanted: Vec<&String> =
            resources.iter().filter(|(id, _)| self.wanted.wants(kind, id, &["Tags"])).map(|(_, arn)| arn).collect();
        if wanted.len() > FEW
            && !self.tags.off
            && let Some(listing) = self.listing(filter).await
        {
            let told = |arn: &String| listing.get(arn).map_or(Answer::Absent, |tags| Answer::Is(tags.clone()));
            return wanted.into_iter().map(|arn| (arn.clone(), told(arn))).collect();
        }
        let readings = wanted.into_iter().map(|arn| {
            let (arn, reading) = (arn.clone(), each(self.clone(), arn.clone()));
            async move { (arn, reading.await) }
        });
        tasks::all(readings.collect()).await.into_iter().collect()
    }

    async fn listing(&self, filter: &'static str) -> Option<ByArn> {
        let cell = {
            let mut known = self.tags.by_type.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(filter).or_default())
        };
        cell.get_or_init(|| self.list(filter)).await.clone()
    }

    /// A listing that fails is no gap: each resource is asked for its tags then.
    async fn list(&self, filter: &'static str) -> Option<ByArn> {
        let client = Client::new(&self.config);
        let request = client.get_resources().resource_type_filters(filter).resources_per_page(100);
        let (pages, end) = paged(
            |start| self.attempt(LIST, request.clone().set_pagination_token(start).send()),
            |page| token(page.pagination_token()),
        )
        .await;
        end.ok()?;
        let mut tags = HashMap::new();
        for resource in pages.iter().flat_map(GetResourcesOutput::resource_tag_mapping_list) {
            let pairs = resource.tags().iter().map(|t| (t.key().to_owned(), t.value().to_owned())).collect();
            tags.insert(resource.resource_arn().unwrap_or_default().to_owned(), pairs);
        }
        Some(Arc::new(tags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, cx};
    use crate::model::Unknown;

    fn resources(n: usize) -> Vec<(String, String)> {
        (0..n).map(|n| (format!("t{n}"), format!("arn:{n}"))).collect()
    }

    async fn tags(n: usize, aws: Aws) -> (HashMap<String, Answer<Tags>>, Cx) {
        let cx = cx("eu-west-1", aws);
        let each = |_: Cx, arn: String| async move { Answer::Is(vec![("asked".to_owned(), arn)]) };
        let told = cx.tags_of("T", "sns:topic", &resources(n), each).await;
        (told, cx)
    }

    fn page(next: &str) -> String {
        format!(
            r#"{{"PaginationToken":"{next}","ResourceTagMappingList":[{{"ResourceARN":"arn:1","Tags":[{{"Key":"a","Value":"b"}}]}}]}}"#
        )
    }

    fn of(told: &HashMap<String, Answer<Tags>>, arn: &str) -> String {
        format!("{:?}", told[arn])
    }

    #[tokio::test]
    async fn many_resources_cost_one_listing_and_what_is_not_in_it_has_no_tags() {
        let (told, cx) = tags(100, |_| (200, page(""))).await;
        assert_eq!(cx.calls.made(), BTreeMap::from([(LIST, 1)]));
        assert_eq!(of(&told, "arn:1"), r#"Is([("a", "b")])"#);
        assert_eq!(of(&told, "arn:2"), "Absent");
    }

    #[tokio::test]
    async fn a_few_are_asked_one_by_one_and_so_are_all_where_the_listing_fails_or_repeats_itself() {
        let (told, cx) = tags(FEW, |asked| panic!("{asked}")).await;
        assert_eq!((told.len(), cx.calls.made().len()), (FEW, 0));
        for aws in [(|_| (400, r#"{"__type":"AccessDeniedException"}"#.into())) as Aws, |_| (200, page("again"))] {
            let (told, cx) = tags(100, aws).await;
            assert_eq!(of(&told, "arn:2"), r#"Is([("asked", "arn:2")])"#);
            assert_eq!(cx.calls.gaps(), [], "there is another way");
        }
    }

    #[tokio::test]
    async fn nobody_is_asked_for_tags_that_the_scan_is_not_about() {
        let mut cx = cx("eu-west-1", |asked| panic!("{asked}"));
        cx.wanted = Arc::default();
        let each = |_: Cx, _: String| async { Answer::Unknown(Unknown::NotCollected) };
        assert!(cx.tags_of("T", "sns:topic", &resources(100), each).await.is_empty());
    }
}
