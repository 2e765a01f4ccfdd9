//! Applications.

use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::operation::list_applications::ListApplicationsOutput;
use serde_json::Value as Json;

use super::{BATCH, GONE, SPEC, TAGS, groups, tags_of};
use crate::collect::json::{at, items, kind, text as text_at};
use crate::collect::shape::{text, token};
use crate::collect::tagged;
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

pub(super) const LIST: &str = "codedeploy:ListApplications";
pub(super) const READ: &str = "codedeploy:BatchGetApplications";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::CodeDeploy::Application",
    asked: &[("ComputePlatform", READ), ("Tags", TAGS), ("", LIST)],
    reads: &["ApplicationName", "ComputePlatform", "Tags"],
    on_demand: &["Tags"],
    // A batch, the same alone, tags, and the listing of its groups.
    calls: 4,
};

/// The names of all applications.
pub(super) async fn names(cx: &Cx, client: &Client) -> (Vec<String>, Result<(), Unknown>) {
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name, groups::TYPE.name],
            |start| client.list_applications().set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let names = pages.pages.iter().flat_map(ListApplicationsOutput::applications).cloned().collect();
    (names, pages.end)
}

pub(super) async fn collect(cx: &Cx, client: &Client, names: &[String], end: &Result<(), Unknown>) -> Out {
    let mut out = Out::default();
    out.listed(TYPE.name, end);
    let readings = names.chunks(BATCH).map(|batch| {
        let (cx, client, batch) = (cx.clone(), client.clone(), batch.to_vec());
        async move { read(&cx, &client, batch).await }
    });
    let mut applications: Vec<Resource> = tasks::all(readings.collect()).await.into_iter().flatten().collect();
    let listed: Vec<_> = applications.iter().map(|r| (r.address.name().to_owned(), arn(r))).collect();
    let each = |cx, arn| tags_of(cx, client.clone(), TYPE.name, arn);
    let tags = cx.tags_of(TYPE.name, "codedeploy:application", &listed, each).await;
    for r in &mut applications {
        let answer = tags.get(&arn(r));
        tagged::set(r, answer);
    }
    out.resources = applications;
    out
}

fn arn(r: &Resource) -> String {
    r.address.arn.as_deref().unwrap_or_default().to_owned()
}

/// A batch of applications. One that has gone fails the whole batch: then each is asked for alone.
async fn read(cx: &Cx, client: &Client, names: Vec<String>) -> Vec<Resource> {
    let ask = |names: Vec<String>| async move {
        let request = client.batch_get_applications().set_application_names(Some(names.clone())).send();
        match cx.ask_json(READ, &[TYPE.name], GONE, request).await {
            Answer::Is(found) => Some(items(&found, "applicationsInfo").iter().map(|info| told(cx, info)).collect()),
            Answer::Absent => None,
            Answer::Unknown(why) => {
                Some(names.iter().map(|name| resource(cx, name, Kind::Unknown(why.clone()))).collect::<Vec<_>>())
            }
        }
    };
    if let Some(found) = ask(names.clone()).await {
        return found;
    }
    let mut found = Vec::new();
    for name in names {
        found.extend(ask(vec![name]).await.unwrap_or_default());
    }
    found
}

fn told(cx: &Cx, info: &Json) -> Resource {
    let mut r = resource(cx, text_at(info, "applicationName"), kind(at(info, "computePlatform")));
    r.set_attribute("ApplicationId", kind(at(info, "applicationId")));
    r
}

fn resource(cx: &Cx, name: &str, platform: Kind) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, name, &cx.arn("codedeploy", &format!("application:{name}")));
    r.set("ApplicationName", text(Some(name)));
    r.set("ComputePlatform", platform);
    r
}
