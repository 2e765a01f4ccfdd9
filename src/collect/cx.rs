//! What a collector works with: clients, restraint, and calls whose errors are data.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::answer::classify;
use super::calls::Calls;
use super::limiter::Limiter;
use super::{Answer, Gap, Spec};
use crate::model::{Address, Resource, Unknown, World};
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
    /// Client configuration for this region.
    pub config: SdkConfig,
    pub(super) limiter: Arc<Limiter>,
    pub(super) calls: Arc<Calls>,
}

/// The pages of a listing.
#[derive(Debug)]
pub struct Pages<T> {
    /// The answers that came.
    pub pages: Vec<T>,
    /// Why there may be more, if there may.
    pub end: Result<(), Unknown>,
}

impl Cx {
    /// Makes one call. `absent` lists the error codes by which the service says "there is none".
    /// `affects` are the types that stay unknown if it fails.
    pub async fn ask<T, E, R>(
        &self,
        action: &'static str,
        affects: &[&str],
        absent: &[&str],
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> Answer<T>
    where
        E: ProvideErrorMetadata,
    {
        self.calls.count(action);
        let permit = self.admit(action).await;
        let outcome = call.await;
        drop(permit);
        match outcome {
            Ok(value) => Answer::Is(value),
            Err(SdkError::ServiceError(e)) if e.err().code().is_some_and(|code| absent.contains(&code)) => {
                Answer::Absent
            }
            Err(error) => Answer::Unknown(self.failed(action, affects, &error)),
        }
    }

    /// Reads all pages of a listing; a page that fails ends it, and what came before is kept.
    pub async fn pages<T, E, R>(
        &self,
        action: &'static str,
        affects: &[&str],
        mut stream: PaginationStream<Result<T, SdkError<E, R>>>,
    ) -> Pages<T>
    where
        E: ProvideErrorMetadata,
    {
        let mut pages = Vec::new();
        loop {
            let permit = self.admit(action).await;
            let page = stream.next().await;
            drop(permit);
            match page {
                Some(Ok(page)) => {
                    self.calls.count(action);
                    pages.push(page);
                }
                Some(Err(error)) => {
                    self.calls.count(action);
                    return Pages { pages, end: Err(self.failed(action, affects, &error)) };
                }
                None => {
                    // The stream knew from the last page that there is no other: no call was made.
                    self.limiter.give_back(&self.account, &self.region, service(action));
                    return Pages { pages, end: Ok(()) };
                }
            }
        }
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
        Resource { asked, ..Resource::new(kind, address, World::Open { reads: spec.reads(kind) }, Span::LIVE) }
    }

    /// The ARN of something in this account and region.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    async fn admit(&self, action: &'static str) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.limiter.admit(&self.account, &self.region, service(action)).await
    }

    fn failed<E, R>(&self, action: &'static str, affects: &[&str], error: &SdkError<E, R>) -> Unknown
    where
        E: ProvideErrorMetadata,
    {
        let (cause, code, why) = classify(action, error);
        if cause == "throttled" {
            self.limiter.throttled(&self.account, &self.region, service(action));
        }
        self.calls.gap(Gap {
            account: Arc::clone(&self.account),
            region: Arc::clone(&self.region),
            action: action.into(),
            cause,
            code,
            affects: affects.iter().map(|&t| t.into()).collect(),
        });
        why
    }
}

fn service(action: &'static str) -> &'static str {
    action.split_once(':').map_or(action, |(service, _)| service)
}

/// What a collector found.
#[derive(Debug, Default)]
pub struct Out {
    /// Resources, in any order.
    pub resources: Vec<Resource>,
    /// Which types were listed to the end, and why not where not.
    pub listed: BTreeMap<&'static str, Result<(), Unknown>>,
}

impl Out {
    /// Takes a resource.
    pub fn push(&mut self, resource: Resource) {
        self.resources.push(resource);
    }

    /// Says how the listing of a type ended. A failure is not forgotten by a later success.
    pub fn listed(&mut self, kind: &'static str, end: &Result<(), Unknown>) {
        let known = self.listed.entry(kind).or_insert(Ok(()));
        if known.is_ok() {
            known.clone_from(end);
        }
    }

    /// Takes over what another part of the same collector found.
    pub fn merge(&mut self, other: Self) {
        self.resources.extend(other.resources);
        for (kind, end) in other.listed {
            self.listed(kind, &end);
        }
    }
}
