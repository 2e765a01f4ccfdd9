//! Tags of services whose listings leave them out.
//!
//! A `ListTags` call per resource is the slowest part of a scan: SNS allows 10 a second, Step Functions one. The tagging API lists the
//! tags of a hundred resources per call, for nearly all services. It does not list what never had a tag.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_resourcegroupstagging::Client;
use tokio::sync::OnceCell;

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
pub(super) struct Listings(Mutex<BTreeMap<&'static str, Arc<OnceCell<Option<ByArn>>>>>);

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
            let mut known = self.tags.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(filter).or_default())
        };
        cell.get_or_init(|| self.list(filter)).await.clone()
    }

    /// A listing that fails is no gap: each resource is asked for its tags then.
    async fn list(&self, filter: &'static str) -> Option<ByArn> {
        let client = Client::new(&self.config);
        let mut tags = HashMap::new();
        let mut start: Option<String> = None;
        loop {
            let request = client.get_resources().resource_type_filters(filter).resources_per_page(100);
            let page = self.attempt(LIST, request.set_pagination_token(start.clone()).send()).await.ok()?;
            for resource in page.resource_tag_mapping_list() {
                let pairs = resource.tags().iter().map(|t| (t.key().to_owned(), t.value().to_owned())).collect();
                tags.insert(resource.resource_arn().unwrap_or_default().to_owned(), pairs);
            }
            match page.pagination_token().filter(|token| !token.is_empty()) {
                None => return Some(Arc::new(tags)),
                Some(next) if start.as_deref() == Some(next) => return None,
                Some(next) => start = Some(next.to_owned()),
            }
        }
    }
}
