//! When somebody is told about a budget, and who.

use aws_sdk_budgets::Client;
use aws_sdk_budgets::operation::describe_notifications_for_budget::DescribeNotificationsForBudgetOutput;
use aws_sdk_budgets::operation::describe_subscribers_for_notification::DescribeSubscribersForNotificationOutput;
use aws_sdk_budgets::types::{Notification, ThresholdType};

use super::{NONE, PAGE, TYPE, VIEW, shape};
use crate::collect::Cx;
use crate::collect::gone::unless_gone;
use crate::collect::order::all_sorted;
use crate::collect::shape::{list, map, text, token};
use crate::model::{Kind, Unknown};

/// The notifications of a budget with their subscribers, if the scan is about them.
pub(super) async fn read(cx: &Cx, client: &Client, budget: &str) -> Kind {
    if !cx.wanted.wants(TYPE.name, budget, &["NotificationsWithSubscribers"]) {
        return Kind::Unknown(Unknown::NotCollected);
    }
    let request = client.describe_notifications_for_budget().account_id(&*cx.account).budget_name(budget);
    let request = request.max_results(PAGE);
    let pages = cx
        .pages(
            VIEW,
            &[TYPE.name],
            |start| unless_gone(NONE, request.clone().set_next_token(start).send()),
            |page| page.as_ref().and_then(|page| token(page.next_token())),
        )
        .await;
    if let Err(why) = pages.end {
        return Kind::Unknown(why);
    }
    let mut notifications = Vec::new();
    for told in pages.pages.iter().flatten().flat_map(DescribeNotificationsForBudgetOutput::notifications) {
        let subscribers = subscribers(cx, client, budget, told).await;
        notifications.push(map([("Notification", notification(told)), ("Subscribers", subscribers)]));
    }
    all_sorted(list(notifications))
}

fn notification(told: &Notification) -> Kind {
    map([
        ("NotificationType", text(Some(told.notification_type().as_str()))),
        ("ComparisonOperator", text(Some(told.comparison_operator().as_str()))),
        ("Threshold", shape::number(&told.threshold().into())),
        ("ThresholdType", text(told.threshold_type().map(ThresholdType::as_str))),
    ])
}

async fn subscribers(cx: &Cx, client: &Client, budget: &str, of: &Notification) -> Kind {
    let request = client.describe_subscribers_for_notification().account_id(&*cx.account).budget_name(budget);
    let request = request.notification(of.clone()).max_results(PAGE);
    let pages = cx
        .pages(
            VIEW,
            &[TYPE.name],
            |start| unless_gone(NONE, request.clone().set_next_token(start).send()),
            |page| page.as_ref().and_then(|page| token(page.next_token())),
        )
        .await;
    if let Err(why) = pages.end {
        return Kind::Unknown(why);
    }
    let told = pages.pages.iter().flatten().flat_map(DescribeSubscribersForNotificationOutput::subscribers);
    list(told.map(|subscriber| {
        map([
            ("SubscriptionType", text(Some(subscriber.subscription_type().as_str()))),
            ("Address", text(Some(subscriber.address()))),
        ])
    }))
}
