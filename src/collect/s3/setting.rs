//! How a bucket is asked for its settings: a call each, made only if the scan is about what it tells.

use std::pin::Pin;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::Tag;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{SPEC, buckets};
use crate::collect::gone::unless_gone;
use crate::collect::shape::{list, map, text};
use crate::collect::{Answer, Cx};
use crate::model::{Kind, Resource, Unknown};

/// What one call tells about a bucket.
#[derive(Debug)]
pub(super) struct Setting {
    /// The IAM action of the call.
    pub(super) action: &'static str,
    /// Properties, and facts that the schema has no property for. Rules and templates ask for them by these names.
    pub(super) tells: &'static [&'static str],
    /// The error codes by which S3 says that the setting was never made.
    pub(super) absent: &'static [&'static str],
}

/// A bucket, and who is asked about it.
#[derive(Debug)]
pub(super) struct Bucket {
    /// The context of the bucket's own region.
    pub(super) cx: Cx,
    pub(super) s3: Client,
    pub(super) name: String,
}

/// The bucket has gone since it was listed.
#[derive(Debug, PartialEq)]
pub(super) struct Gone;

/// What a call told, in the order in which the setting names it.
#[derive(Debug)]
pub(super) struct Told {
    setting: &'static Setting,
    values: Answer<Vec<Kind>>,
}

/// The error code for a bucket that does not exist.
pub(super) const NO_BUCKET: &[&str] = &["NoSuchBucket"];

impl Bucket {
    /// Makes the call of a setting, if the scan is about what it tells.
    pub(super) async fn ask<T, E, R>(
        &self,
        setting: &Setting,
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> Result<Answer<T>, Gone>
    where
        E: ProvideErrorMetadata,
    {
        let about = (buckets::TYPE.name, self.name.as_str(), setting.tells);
        match self.cx.ask_for(about, setting.action, setting.absent, unless_gone(NO_BUCKET, call)).await {
            Answer::Is(found) => found.map(Answer::Is).ok_or(Gone),
            Answer::Absent => Ok(Answer::Absent),
            Answer::Unknown(why) => Ok(Answer::Unknown(why)),
        }
    }

    /// As [`Self::ask`], what it tells as values. On the heap: the requests of a bucket are many and large.
    pub(super) fn read<T, E, R, const N: usize>(
        &self,
        setting: &'static Setting,
        call: impl Future<Output = Result<T, SdkError<E, R>>>,
        values: impl FnOnce(T) -> [Kind; N],
    ) -> Pin<Box<impl Future<Output = Result<Told, Gone>>>>
    where
        E: ProvideErrorMetadata,
    {
        Box::pin(async move {
            let answer = self.ask(setting, call).await?;
            Ok(Told { setting, values: answer.map(|found| Vec::from(values(found))) })
        })
    }

    /// As [`Self::read`], for a setting of which a bucket has any number.
    pub(super) fn read_all<T, E, R, F>(
        &self,
        setting: &'static Setting,
        call: impl Fn(Option<String>) -> F,
        next: impl Fn(&T) -> Option<String>,
        items: impl Fn(&T) -> Vec<Kind>,
    ) -> Pin<Box<impl Future<Output = Result<Told, Gone>>>>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, R>>>,
    {
        Box::pin(async move {
            if !self.cx.wanted.wants(buckets::TYPE.name, &self.name, setting.tells) {
                return Ok(Told { setting, values: Answer::Unknown(Unknown::NotCollected) });
            }
            let start = |start| unless_gone(NO_BUCKET, call(start));
            let next = |page: &Option<T>| page.as_ref().and_then(&next);
            let pages = self.cx.pages(setting.action, &[buckets::TYPE.name], start, next).await;
            let found: Vec<T> = pages.pages.into_iter().collect::<Option<_>>().ok_or(Gone)?;
            let values = match pages.end {
                Ok(()) => Answer::Is(vec![list(found.iter().flat_map(items))]),
                Err(why) => Answer::Unknown(why),
            };
            Ok(Told { setting, values })
        })
    }
}

impl Told {
    /// What it means that the setting was never made, where that is more than absence.
    pub(super) fn or(self, values: impl Into<Vec<Kind>>) -> Self {
        match self.values {
            Answer::Absent => Self { values: Answer::Is(values.into()), ..self },
            _ => self,
        }
    }

    /// Sets what was told. What is no property is a fact.
    pub(super) fn fill(self, r: &mut Resource) {
        let names = self.setting.tells;
        let values = match self.values {
            Answer::Is(values) => values,
            Answer::Absent => vec![Kind::Null; names.len()],
            Answer::Unknown(why) => vec![Kind::Unknown(why); names.len()],
        };
        for (name, value) in names.iter().zip(values) {
            if SPEC.reads(&r.kind).contains(name) { r.set(name, value) } else { r.set_attribute(name, value) }
        }
    }
}

/// The tags that a rule of a bucket is limited to, in the order given.
pub(super) fn tag_filters<'a>(tags: impl IntoIterator<Item = &'a Tag>) -> Kind {
    list(tags.into_iter().map(tag_filter))
}

/// A tag that a rule of a bucket is limited to; its value may be empty.
pub(super) fn tag_filter(tag: &Tag) -> Kind {
    map([("Key", text(Some(tag.key()))), ("Value", Kind::Str(tag.value().into()))])
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::collect::testing::{Aws, cx};
    use crate::model::to_json;
    use serde_json::Value as Json;

    /// A bucket that answers like this.
    pub(in crate::collect::s3) fn bucket(aws: Aws) -> Bucket {
        let cx = cx("eu-west-1", aws);
        let s3 = crate::collect::s3::client(&cx, "eu-west-1");
        Bucket { cx, s3, name: "data".into() }
    }

    /// What S3 answers where a setting was never made.
    pub(in crate::collect::s3) fn absent(code: &str) -> (u16, String) {
        (404, format!("<Error><Code>{code}</Code></Error>"))
    }

    /// A bucket's resource with what was told.
    pub(in crate::collect::s3) fn filled(told: Result<Vec<Told>, Gone>) -> Resource {
        let cx = crate::collect::testing::offline("eu-west-1");
        let mut r = cx.resource(&SPEC, buckets::TYPE.name, "data", "");
        for told in told.expect("the bucket is there") {
            told.fill(&mut r);
        }
        r
    }

    /// What was told as properties and as facts.
    pub(in crate::collect::s3) fn read_as(told: Result<Vec<Told>, Gone>) -> (Json, Json) {
        let r = filled(told);
        (to_json(&r.properties), to_json(&r.attributes))
    }
}
