//! CodeDeploy: applications and their deployment groups.

mod applications;
mod groups;

use async_trait::async_trait;
use aws_sdk_codedeploy::Client;

use super::gone::unless_gone;
use super::shape::token;
use super::tags::{self, Tags};
use super::{Answer, Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec {
    name: "codedeploy",
    reach: Reach::Regional,
    listings: 1,
    types: &[applications::TYPE, groups::TYPE],
    actions: &[applications::LIST, applications::READ, groups::LIST, groups::READ, TAGS, tags::LIST],
};

const TAGS: &str = "codedeploy:ListTagsForResource";

/// How many names one call reads.
const BATCH: usize = 100;

/// What CodeDeploy answers for an application or group that does not exist.
const GONE: &[&str] = &["ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"];

/// Reads the applications of one region.
pub struct CodeDeploy;

#[async_trait]
impl Collector for CodeDeploy {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let (names, end) = applications::names(cx, &client).await;
        let (applications, groups) =
            tokio::join!(applications::collect(cx, &client, &names, &end), groups::collect(cx, &client, &names, &end));
        out.merge(applications);
        out.merge(groups);
    }
}

/// The tags of an application or group, all pages of them.
async fn tags_of(cx: Cx, client: Client, kind: &'static str, arn: String) -> Answer<Tags> {
    let pages = cx
        .pages(
            TAGS,
            &[kind],
            |start| unless_gone(GONE, client.list_tags_for_resource().resource_arn(&arn).set_next_token(start).send()),
            |page| page.as_ref().and_then(|page| token(page.next_token())),
        )
        .await;
    if let Err(why) = pages.end {
        Answer::Unknown(why)
    } else {
        let tags = pages
            .pages
            .iter()
            .flatten()
            .flat_map(aws_sdk_codedeploy::operation::list_tags_for_resource::ListTagsForResourceOutput::tags);
        let pair = |tag: &aws_sdk_codedeploy::types::Tag| {
            Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))
        };
        Answer::Is(tags.filter_map(pair).collect())
    }
}

#[cfg(test)]
mod tests;
