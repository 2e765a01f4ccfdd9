//! Budgets of the account, and who is told when one is used up.

mod notifications;
mod shape;

use async_trait::async_trait;
use aws_sdk_budgets::Client;
use serde_json::Value as Json;

use super::gone::unless_gone;
use super::json::{at, items, kind, text};
use super::shape::{tags, token};
use super::{Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use crate::model::Resource;

/// The service has one action for budgets, notifications and subscribers.
const VIEW: &str = "budgets:ViewBudget";
const TAGS: &str = "budgets:ListTagsForResource";

const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Budgets::Budget",
    asked: &[("ResourceTags", TAGS), ("", VIEW)],
    reads: &["Budget", "NotificationsWithSubscribers", "ResourceTags"],
    on_demand: &["NotificationsWithSubscribers", "ResourceTags"],
    // Tags, the notifications, and the subscribers of each: a budget has ten notifications at most.
    calls: 12,
};

static SPEC: Spec = Spec { name: "budgets", reach: Reach::Global, listings: 1, types: &[TYPE], actions: &[VIEW, TAGS] };

/// The largest page that the listings give.
const PAGE: i32 = 100;

/// What the service answers for something that does not exist, and where an account has no budget.
const NONE: &[&str] = &["NotFoundException"];

/// Reads the budgets of the account.
pub struct Budgets;

#[async_trait]
impl Collector for Budgets {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let request = client.describe_budgets().account_id(&*cx.account).show_filter_expression(true).max_results(PAGE);
        let pages = cx
            .pages_json(
                VIEW,
                &[TYPE.name],
                |start| unless_gone(NONE, request.clone().set_next_token(start).send()),
                |page| page.as_ref().and_then(|page| token(page.next_token())),
            )
            .await;
        out.listed(TYPE.name, &pages.end);
        let readings = pages.pages.iter().flat_map(|page| items(page, "Budgets")).map(|budget| {
            let (cx, client, budget) = (cx.clone(), client.clone(), budget.clone());
            async move { read(&cx, &client, &budget).await }
        });
        out.resources.extend(tasks::all(readings.collect()).await);
    }
}

async fn read(cx: &Cx, client: &Client, budget: &Json) -> Resource {
    let name = text(budget, "BudgetName");
    let arn = format!("arn:{}:budgets::{}:budget/{name}", cx.partition, cx.account);
    let told = client.list_tags_for_resource().resource_arn(&arn).send();
    let (notifications, told) = tokio::join!(
        notifications::read(cx, client, name),
        cx.ask_for((TYPE.name, name, &["ResourceTags"]), TAGS, NONE, told),
    );
    let mut r = cx.resource(&SPEC, TYPE.name, name, &arn);
    r.set("Budget", shape::budget(budget));
    r.set("NotificationsWithSubscribers", notifications);
    r.set(
        "ResourceTags",
        told.into_kind(|found| tags(found.resource_tags().iter().map(|t| (Some(t.key()), Some(t.value()))))),
    );
    r.set_attribute("HealthStatus", kind(at(budget, "HealthStatus.Status")));
    r
}

#[cfg(test)]
mod tests {
    use aws_config::Region;
    use serde_json::json;

    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::{GLOBAL, Unknown, to_json};

    fn answer(asked: &str) -> (u16, String) {
        let operation = asked.split("AWSBudgetServiceGateway.").nth(1).unwrap().split(' ').next().unwrap();
        let answer = match operation {
            "DescribeBudgets" if asked.contains("NextToken") => json!({"Budgets": []}),
            "DescribeBudgets" => json!({"NextToken": "more", "Budgets": [{
                "BudgetName": "monthly", "BudgetType": "COST", "TimeUnit": "MONTHLY",
                "BudgetLimit": {"Amount": "100.0", "Unit": "USD"},
                "CostFilters": {"TagKeyValue": ["user:app$b", "user:app$a"]},
                "CostTypes": {"IncludeCredit": false, "UseBlended": false},
                "TimePeriod": {"Start": 1_800_000_000, "End": 3_706_473_600_i64},
                "CalculatedSpend": {"ActualSpend": {"Amount": "1", "Unit": "USD"}},
                "AutoAdjustData": {"AutoAdjustType": "HISTORICAL", "LastAutoAdjustTime": 1_800_000_000,
                    "HistoricalOptions": {"BudgetAdjustmentPeriod": 3, "LookBackAvailablePeriods": 1}},
                "HealthStatus": {"Status": "HEALTHY"},
            }]}),
            "DescribeNotificationsForBudget" => json!({"Notifications": [
                {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0,
                 "ThresholdType": "PERCENTAGE", "NotificationState": "OK"}]}),
            "DescribeSubscribersForNotification" => {
                assert!(asked.contains("\"Threshold\":80"), "{asked}");
                json!({"Subscribers": [{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}]})
            }
            _ => {
                assert!(asked.contains("arn:aws:budgets::123456789012:budget/monthly"), "{asked}");
                json!({"ResourceTags": [{"Key": "team", "Value": "core"}]})
            }
        };
        (200, answer.to_string())
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Budgets, GLOBAL).await.resources, []);
    }

    #[tokio::test]
    async fn the_service_has_one_endpoint_wherever_the_scan_is() {
        let mut cx = cx(GLOBAL, |asked| {
            assert!(!asked.contains("eu-west-1"), "{asked}");
            (200, r#"{"Budgets": []}"#.into())
        });
        cx.config = cx.config.into_builder().region(Region::new("eu-west-1")).build();
        assert_eq!(collected(&Budgets, &cx).await.listed[TYPE.name], Ok(()));
    }

    #[tokio::test]
    async fn a_budget_reads_as_cloudformation_would_declare_it() {
        let out = collected(&Budgets, &cx(GLOBAL, answer)).await;
        let [budget] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(budget), claimed(&SPEC, budget));
        let expected = json!({
            "Budget": {
                "BudgetName": "monthly", "BudgetType": "COST", "TimeUnit": "MONTHLY",
                "BudgetLimit": {"Amount": 100, "Unit": "USD"},
                "CostFilters": {"TagKeyValue": ["user:app$a", "user:app$b"]},
                "CostTypes": {"IncludeCredit": false, "UseBlended": false},
                "TimePeriod": {"Start": "1800000000", "End": "3706473600"},
                "AutoAdjustData": {"AutoAdjustType": "HISTORICAL", "HistoricalOptions": {"BudgetAdjustmentPeriod": 3}},
            },
            "NotificationsWithSubscribers": [{
                "Notification": {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80,
                                 "ThresholdType": "PERCENTAGE"},
                "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}],
            }],
            "ResourceTags": [{"Key": "team", "Value": "core"}],
        });
        assert_eq!(to_json(&budget.properties), expected);
        assert_eq!(budget.attribute("HealthStatus").as_str(), Some("HEALTHY"));
    }

    #[tokio::test]
    async fn subscribers_that_may_not_be_read_are_unknown_and_an_account_without_budgets_has_none() {
        let out = collected(
            &Budgets,
            &cx(GLOBAL, |asked| {
                let denied = asked.contains("Subscribers") || asked.contains("ListTags");
                if denied { (400, r#"{"__type": "AccessDeniedException"}"#.into()) } else { answer(asked) }
            }),
        )
        .await;
        let subscribers = out.resources[0].get("NotificationsWithSubscribers.0.Subscribers");
        assert_eq!(subscribers.why_unknown(), Some(Unknown::Denied { action: VIEW.into() }));
        assert_eq!(out.resources[0].get("ResourceTags").why_unknown(), Some(Unknown::Denied { action: TAGS.into() }));
        let out = collected(&Budgets, &cx(GLOBAL, |_| (400, r#"{"__type": "NotFoundException"}"#.into()))).await;
        assert_eq!((out.resources.len(), &out.listed[TYPE.name]), (0, &Ok(())));
    }

    #[tokio::test]
    async fn what_nobody_asks_for_is_unknown_and_costs_nothing() {
        let mut cx = cx(GLOBAL, answer);
        cx.wanted = std::sync::Arc::default();
        let out = collected(&Budgets, &cx).await;
        for property in TYPE.on_demand {
            assert_eq!(out.resources[0].get(property).why_unknown(), Some(Unknown::NotCollected), "{property}");
        }
        assert_eq!(cx.calls.made()[VIEW], 2, "two pages of budgets");
    }
}
