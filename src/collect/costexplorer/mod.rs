//! Cost Explorer: which tags the bill can be split by.

use async_trait::async_trait;
use aws_sdk_costexplorer::Client;
use aws_sdk_costexplorer::operation::list_cost_allocation_tags::ListCostAllocationTagsOutput;
use aws_sdk_costexplorer::types::CostAllocationTag;

use super::shape::{text, token};
use super::{Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::Resource;
use crate::model::types::COST_ALLOCATION_TAG;

const LIST: &str = "ce:ListCostAllocationTags";

static SPEC: Spec = Spec {
    name: "costexplorer",
    reach: Reach::Global,
    listings: 1,
    types: &[TypeSpec {
        name: COST_ALLOCATION_TAG,
        asked: &[("", LIST)],
        reads: &["Status", "TagKey", "Type"],
        ..TypeSpec::LISTED
    }],
    actions: &[LIST],
};

/// The largest page of the listing.
const PAGE: i32 = 1000;

/// Lists the cost allocation tags of the account, active and inactive. In an organization only the management account may.
pub struct CostExplorer;

#[async_trait]
impl Collector for CostExplorer {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let pages = cx
            .pages(
                LIST,
                &[COST_ALLOCATION_TAG],
                |start| client.list_cost_allocation_tags().max_results(PAGE).set_next_token(start).send(),
                |page| token(page.next_token()),
            )
            .await;
        out.listed(COST_ALLOCATION_TAG, &pages.end);
        let listed = pages.pages.iter().flat_map(ListCostAllocationTagsOutput::cost_allocation_tags);
        out.resources.extend(listed.map(|tag| resource(cx, tag)));
    }
}

/// A key is unique: those that AWS makes begin with `aws:`, which no user's may.
fn resource(cx: &Cx, tag: &CostAllocationTag) -> Resource {
    let mut r = cx.resource(&SPEC, COST_ALLOCATION_TAG, tag.tag_key(), "");
    r.set("TagKey", text(Some(tag.tag_key())));
    r.set("Type", text(Some(tag.r#type().as_str())));
    r.set("Status", text(Some(tag.status().as_str())));
    r.set_attribute("LastUpdatedDate", text(tag.last_updated_date()));
    r.set_attribute("LastUsedDate", text(tag.last_used_date()));
    r
}

#[cfg(test)]
mod tests {
    use aws_config::Region;
    use serde_json::json;

    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::GLOBAL;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&CostExplorer, GLOBAL).await.resources, []);
    }

    #[tokio::test]
    async fn tags_of_every_status_are_listed_page_by_page_wherever_the_scan_is() {
        let mut cx = cx(GLOBAL, |asked| {
            assert!(asked.contains("//ce.us-east-1.") && !asked.contains("\"Status\""), "{asked}");
            let tag = |key: &str, status: &str| json!({"TagKey": key, "Type": "UserDefined", "Status": status});
            let page = if asked.contains("NextToken") {
                json!({"CostAllocationTags": [tag("Project", "Inactive")]})
            } else {
                json!({"CostAllocationTags": [tag("CostCenter", "Active")], "NextToken": "more"})
            };
            (200, page.to_string())
        });
        cx.config = cx.config.into_builder().region(Region::new("eu-west-1")).build();
        let out = collected(&CostExplorer, &cx).await;
        let [first, second] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(first), claimed(&SPEC, first));
        assert_eq!(first.get("Status").as_str(), Some("Active"));
        assert_eq!(second.get("Status").as_str(), Some("Inactive"));
        assert_eq!(second.address.physical_id.as_deref(), Some("Project"));
    }
}
