//! Event subscriptions.

use async_trait::async_trait;
use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_event_subscriptions::DescribeEventSubscriptionsOutput;
use aws_sdk_rds::types::EventSubscription;

use super::{PAGE, tags};
use crate::collect::shape::{flag, list, set, text, token};
use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::Resource;

const LIST: &str = "rds:DescribeEventSubscriptions";

const TYPE: TypeSpec = TypeSpec {
    name: "AWS::RDS::EventSubscription",
    asked: &[("Tags", tags::READ), ("", LIST)],
    reads: &["Enabled", "EventCategories", "SnsTopicArn", "SourceIds", "SourceType", "SubscriptionName", "Tags"],
    on_demand: &["Tags"],
    calls: 1,
};

static SPEC: Spec = Spec {
    name: "rds/events",
    reach: Reach::Regional,
    listings: 1,
    types: &[TYPE],
    actions: &[LIST, tags::READ, crate::collect::tags::LIST],
};

/// Reads event subscriptions in one region.
pub struct EventSubscriptions;

#[async_trait]
impl Collector for EventSubscriptions {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let rds = Client::new(&cx.config);
        let pages = cx
            .pages(
                LIST,
                &[TYPE.name],
                |start| rds.describe_event_subscriptions().max_records(PAGE).set_marker(start).send(),
                |page| token(page.marker()),
            )
            .await;
        let all = pages.pages.iter().flat_map(DescribeEventSubscriptionsOutput::event_subscriptions_list);
        let found = all.map(|subscription| resource(cx, subscription)).collect();
        out.resources.extend(tags::filled(cx, &rds, (TYPE.name, "rds:es"), found).await);
        out.listed(TYPE.name, &pages.end);
    }
}

fn resource(cx: &Cx, subscription: &EventSubscription) -> Resource {
    let name = subscription.cust_subscription_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, name, subscription.event_subscription_arn().unwrap_or_default());
    r.set("SubscriptionName", text(Some(name)));
    r.set("SnsTopicArn", text(subscription.sns_topic_arn()));
    r.set("Enabled", flag(subscription.enabled()));
    r.set("SourceType", text(subscription.source_type()));
    r.set("SourceIds", set(subscription.source_ids_list().iter().map(String::as_str)));
    r.set("EventCategories", list(subscription.event_categories_list().iter().map(|c| text(Some(c)))));
    r.set_attribute("Status", text(subscription.status()));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::to_json;
    use serde_json::json;

    const SUBSCRIPTIONS: &str = "<DescribeEventSubscriptionsResponse><DescribeEventSubscriptionsResult>
        <EventSubscriptionsList><EventSubscription><CustSubscriptionId>alerts</CustSubscriptionId>
            <SnsTopicArn>arn:aws:sns:us-east-1:123456789012:alerts</SnsTopicArn><Enabled>true</Enabled>
            <SourceType>db-instance</SourceType>
            <SourceIdsList><SourceId>b</SourceId><SourceId>a</SourceId></SourceIdsList>
            <EventCategoriesList><EventCategory>failure</EventCategory></EventCategoriesList><Status>active</Status>
            <EventSubscriptionArn>arn:aws:rds:us-east-1:123456789012:es:alerts</EventSubscriptionArn>
        </EventSubscription></EventSubscriptionsList></DescribeEventSubscriptionsResult>
        </DescribeEventSubscriptionsResponse>";

    const NO_TAGS: &str = "<ListTagsForResourceResponse><ListTagsForResourceResult/></ListTagsForResourceResponse>";

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&EventSubscriptions, "us-east-1").await.resources, []);
    }

    #[tokio::test]
    async fn a_subscription_reads_as_cloudformation_would_declare_it() {
        let cx = cx("us-east-1", |asked| {
            (200, if asked.contains("Action=DescribeEventSubscriptions") { SUBSCRIPTIONS } else { NO_TAGS }.into())
        });
        let out = collected(&EventSubscriptions, &cx).await;
        let [r] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(
            to_json(&r.properties),
            json!({
                "SubscriptionName": "alerts",
                "SnsTopicArn": "arn:aws:sns:us-east-1:123456789012:alerts",
                "Enabled": true,
                "SourceType": "db-instance",
                "SourceIds": ["a", "b"],
                "EventCategories": ["failure"],
                "Tags": null,
            })
        );
    }
}
