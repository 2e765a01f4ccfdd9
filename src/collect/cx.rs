//! What a collector works with: clients, restraint, and calls whose errors are data.

use std::future::Future;
use std::sync::{Arc, PoisonError};

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::Value as Json;

use super::answer::classify;
use super::calls::Calls;
use super::limiter::{Limiter, Scope};
use super::paging::{Broken, paged};
use super::tags::Listings;
use super::wire::{Call, Text};
use super::{Answer, Gap, Spec, Wanted};
use crate::model::{Address, Resource, Unknown, World, shared};
use crate::source::Span;

/// One account and region, as a collector sees it.
#[derive(Clone, Debug)]
pub struct Cx {
    /// Twelve digits.
    pub account: Arc<str>,
    /// The region that resources are listed under; [`crate::model::GLOBAL`] for global collectors.
    pub region: Arc<str>,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: Arc<str>,
    /// The regions of this scan, for services that list all regions at once (S3).
    pub scanned: Arc<[Arc<str>]>,
    /// Which properties that cost a call of their own the scan is about.
    pub wanted: Arc<Wanted>,
    /// Client configuration for this region.
    pub config: SdkConfig,
    pub(super) limiter: Arc<Limiter>,
    pub(super) calls: Arc<Calls>,
    pub(super) tags: Arc<Listings>,
}

/// Our code for a listing whose pages go round in circles.
const REPEATED: &str = "RepeatedPage";

/// The pages of a listing.
#[derive(Debug)]
pub struct Pages<T> {
    /// The answers that came.
    pub pages: Vec<T>,
    /// Why there may be more, if there may.
    pub end: Result<(), Unknown>,
}

impl<T> Pages<T> {
    /// Every item of every page.
    pub fn items<U, I: IntoIterator<Item = U>>(self, of: impl Fn(T) -> I) -> impl Iterator<Item = U> {
        self.pages.into_iter().flat_map(of)
    }
}

impl Cx {
    /// Makes one call. `absent` lists the error codes by which the service says "there is none".
    /// `affects` are the types that stay unknown if it fails.
    // A call of the SDK is a large future. It is boxed before anything holds it, here and below.
    pub fn ask<T, E, R>(
        &self,
        action: &'static str,
        affects: &[&str],
        absent: &[&str],
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> impl Future<Output = Answer<T>>
    where
        E: ProvideErrorMetadata,
    {
        self.ask_unless(action, affects, absent, &[], call)
    }

    /// As [`Self::ask`]; an error of `quiet` leaves the answer unknown without being a gap, because nobody could do anything about it.
    pub(super) fn ask_unless<T, E, R>(
        &self,
        action: &'static str,
        affects: &[&str],
        absent: &[&str],
        quiet: &[&str],
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> impl Future<Output = Answer<T>>
    where
        E: ProvideErrorMetadata,
    {
        let call = Box::pin(call);
        async move { self.answered(self.call(action, None), affects, absent, quiet, call).await }
    }

    /// Makes one call and gives the answer as the JSON text that came, for services whose answers have the shape of the CloudFormation
    /// schema already. The SDK must be able to read it too: otherwise it is malformed, and a gap.
    pub fn ask_json<T, E, R>(
        &self,
        action: &'static str,
        affects: &[&str],
        absent: &[&str],
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> impl Future<Output = Answer<Json>>
    where
        E: ProvideErrorMetadata,
    {
        let call = Box::pin(call);
        async move {
            let text = Text::default();
            let request = self.call(action, Some(Arc::clone(&text)));
            self.answered(request, affects, absent, &[], call).await.map(|_| json(&text))
        }
    }

    /// Makes a call that only the given properties of a resource need, if the scan is about one of them. What nobody asks for is
    /// [`Unknown::NotCollected`].
    pub fn ask_for<T, E, R>(
        &self,
        (kind, id, properties): (&str, &str, &[&str]),
        action: &'static str,
        absent: &[&str],
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> impl Future<Output = Answer<T>>
    where
        E: ProvideErrorMetadata,
    {
        let call = self.wanted.wants(kind, id, properties).then(|| Box::pin(call));
        async move {
            match call {
                Some(call) => self.ask(action, &[kind], absent, call).await,
                None => Answer::Unknown(Unknown::NotCollected),
            }
        }
    }

    /// As [`Self::ask_for`], the answer as in [`Self::ask_json`].
    pub fn ask_json_for<T, E, R>(
        &self,
        (kind, id, properties): (&str, &str, &[&str]),
        action: &'static str,
        absent: &[&str],
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> impl Future<Output = Answer<Json>>
    where
        E: ProvideErrorMetadata,
    {
        let call = self.wanted.wants(kind, id, properties).then(|| Box::pin(call));
        async move {
            match call {
                Some(call) => self.ask_json(action, &[kind], absent, call).await,
                None => Answer::Unknown(Unknown::NotCollected),
            }
        }
    }

    /// Reads all pages of a listing. `next` says where the next page starts, if there is one (see [`super::shape::token`]). A page that fails ends
    /// the listing, and so does a start that comes again: what came before is kept.
    pub async fn pages<T, E, R, K, F>(
        &self,
        action: &'static str,
        affects: &[&str],
        call: impl Fn(Option<K>) -> F,
        next: impl Fn(&T) -> Option<K>,
    ) -> Pages<T>
    where
        E: ProvideErrorMetadata,
        K: Clone + PartialEq,
        F: Future<Output = Result<T, SdkError<E, R>>>,
    {
        let (pages, end) = paged(|start| self.call(action, None).make(Box::pin(call(start))), next).await;
        let end = end.map_err(|broken| match broken {
            Broken::Failed(error) => self.failed(action, affects, &error),
            Broken::Repeated => {
                self.gap(action, affects, "failed", REPEATED.into());
                Unknown::Failed { action: action.into(), code: REPEATED.into() }
            }
        });
        Pages { pages, end }
    }

    /// As [`Self::pages`], each page as in [`Self::ask_json`].
    pub async fn pages_json<T, E, R, K, F>(
        &self,
        action: &'static str,
        affects: &[&str],
        call: impl Fn(Option<K>) -> F,
        next: impl Fn(&T) -> Option<K>,
    ) -> Pages<Json>
    where
        E: ProvideErrorMetadata,
        K: Clone + PartialEq,
        F: Future<Output = Result<T, SdkError<E, R>>>,
    {
        let texts = std::sync::Mutex::new(Vec::new());
        let listing = self
            .pages(
                action,
                affects,
                |start| {
                    let text = Text::default();
                    texts.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&text));
                    self.call(action, Some(text)).make(Box::pin(call(start)))
                },
                next,
            )
            .await;
        let texts = texts.into_inner().unwrap_or_else(PoisonError::into_inner);
        Pages { pages: texts.iter().take(listing.pages.len()).map(json).collect(), end: listing.end }
    }

    /// An observed resource of this account and region. The ARN may be empty where the service has none.
    #[must_use]
    pub fn resource(&self, spec: &'static Spec, kind: &'static str, physical_id: &str, arn: &str) -> Resource {
        let some = |s: &str| (!s.is_empty()).then(|| Arc::<str>::from(s));
        let address = Address {
            account: Arc::clone(&self.account),
            region: Arc::clone(&self.region),
            stack: None,
            logical_id: None,
            physical_id: some(physical_id),
            arn: some(arn),
        };
        let asked = spec.of(kind).map_or(&[][..], |t| t.asked);
        Resource { asked, ..Resource::new(shared(kind), address, World::Open { reads: spec.reads(kind) }, Span::LIVE) }
    }

    /// The ARN of something in this account and region.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    /// Makes a call whose failure is no gap, because there is another way.
    pub(super) async fn attempt<T>(&self, action: &'static str, call: impl Future<Output = T>) -> T {
        self.call(action, None).make(Box::pin(call)).await
    }

    /// Makes a call and says what came of it.
    async fn answered<T, E, R>(
        &self,
        request: Call,
        affects: &[&str],
        absent: &[&str],
        quiet: &[&str],
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> Answer<T>
    where
        E: ProvideErrorMetadata,
    {
        let action = request.scope.action;
        let error = match request.make(call).await {
            Ok(value) => return Answer::Is(value),
            Err(error) => error,
        };
        match &error {
            SdkError::ServiceError(e) if e.err().code().is_some_and(|code| absent.contains(&code)) => Answer::Absent,
            SdkError::ServiceError(e) if e.err().code().is_some_and(|code| quiet.contains(&code)) => {
                let code = e.err().code().unwrap_or_default().into();
                Answer::Unknown(Unknown::Failed { action: action.into(), code })
            }
            _ => Answer::Unknown(self.failed(action, affects, &error)),
        }
    }

    fn call(&self, action: &'static str, body: Option<Text>) -> Call {
        Call {
            limiter: Arc::clone(&self.limiter),
            calls: Arc::clone(&self.calls),
            scope: Scope { account: Arc::clone(&self.account), region: Arc::clone(&self.region), action },
            body,
        }
    }

    fn failed<E, R>(&self, action: &'static str, affects: &[&str], error: &SdkError<E, R>) -> Unknown
    where
        E: ProvideErrorMetadata,
    {
        let (cause, code, why) = classify(action, error);
        self.gap(action, affects, cause, code);
        why
    }

    /// Notes that something could not be read.
    pub(super) fn gap(&self, action: &str, affects: &[&str], cause: &'static str, code: Arc<str>) {
        self.calls.gap(Gap {
            account: Arc::clone(&self.account),
            region: Arc::clone(&self.region),
            action: action.into(),
            cause,
            code,
            affects: affects.iter().map(|&t| t.into()).collect(),
        });
    }
}

/// The SDK has read it as JSON already; what holds no text at all is an empty answer.
fn json(text: &Text) -> Json {
    serde_json::from_slice(&text.lock().unwrap_or_else(PoisonError::into_inner)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::shape::token;
    use crate::collect::testing::{Aws, cx};

    /// Lists topics from an AWS that answers so; how many pages came, how the listing ended, and the gaps.
    async fn listing(aws: Aws) -> (usize, Result<(), Unknown>, Vec<Gap>) {
        let cx = cx("eu-west-1", aws);
        let sns = aws_sdk_sns::Client::new(&cx.config);
        let call = |start| sns.list_topics().set_next_token(start).send();
        let found = cx.pages("sns:ListTopics", &["AWS::SNS::Topic"], call, |page| token(page.next_token())).await;
        (found.pages.len(), found.end, cx.calls.gaps())
    }

    fn page(next: &str) -> (u16, String) {
        let body = format!("<ListTopicsResult><Topics/><NextToken>{next}</NextToken></ListTopicsResult>");
        (200, format!("<ListTopicsResponse>{body}</ListTopicsResponse>"))
    }

    #[tokio::test]
    async fn a_page_that_starts_where_another_did_ends_the_listing_and_is_a_gap() {
        let (pages, end, gaps) = listing(|_| page("again")).await;
        assert_eq!(pages, 2, "what came is kept");
        assert_eq!(end, Err(Unknown::Failed { action: "sns:ListTopics".into(), code: "RepeatedPage".into() }));
        assert_eq!((&*gaps[0].code, &*gaps[0].affects[0]), ("RepeatedPage", "AWS::SNS::Topic"));
    }

    #[tokio::test]
    async fn a_listing_ends_where_no_page_follows_and_a_later_page_that_fails_keeps_the_first() {
        let (pages, end, gaps) = listing(|asked| if asked.contains("NextToken") { page("") } else { page("2") }).await;
        assert_eq!((pages, end, gaps), (2, Ok(()), Vec::new()));
        let (pages, end, _) = listing(|asked| {
            let refused = "<ErrorResponse><Error><Code>AuthorizationError</Code></Error></ErrorResponse>";
            if asked.contains("NextToken") { (403, refused.into()) } else { page("2") }
        })
        .await;
        assert_eq!((pages, end), (1, Err(Unknown::Denied { action: "sns:ListTopics".into() })));
    }
}
