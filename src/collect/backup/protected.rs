//! What was backed up at least once, and when last.

use async_trait::async_trait;
use aws_sdk_backup::Client;
use aws_sdk_backup::operation::list_protected_resources::ListProtectedResourcesOutput;
use aws_sdk_backup::types::ProtectedResource;

use super::PAGE;
use crate::collect::shape::{text, time, token};
use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::Resource;
use crate::model::types::PROTECTED_RESOURCE;

const LIST: &str = "backup:ListProtectedResources";

static SPEC: Spec = Spec {
    name: "backup/protected",
    reach: Reach::Regional,
    listings: 1,
    types: &[TypeSpec {
        name: PROTECTED_RESOURCE,
        asked: &[("", LIST)],
        reads: &["LastBackupTime", "ResourceArn", "ResourceType"],
        ..TypeSpec::LISTED
    }],
    actions: &[LIST],
};

/// Lists the resources of one region that have a recovery point.
pub struct Protected;

#[async_trait]
impl Collector for Protected {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let pages = cx
            .pages(
                LIST,
                &[PROTECTED_RESOURCE],
                |start| client.list_protected_resources().max_results(PAGE).set_next_token(start).send(),
                |page| token(page.next_token()),
            )
            .await;
        out.listed(PROTECTED_RESOURCE, &pages.end);
        let listed = pages.pages.iter().flat_map(ListProtectedResourcesOutput::results);
        out.resources.extend(listed.map(|protected| resource(cx, protected)));
    }
}

fn resource(cx: &Cx, protected: &ProtectedResource) -> Resource {
    let arn = protected.resource_arn().unwrap_or_default();
    let mut r = cx.resource(&SPEC, PROTECTED_RESOURCE, arn, arn);
    r.set("ResourceArn", text(Some(arn)));
    r.set("ResourceType", text(protected.resource_type()));
    r.set("LastBackupTime", time(protected.last_backup_time()));
    r.set_attribute("LastBackupVaultArn", text(protected.last_backup_vault_arn()));
    r
}
