//! Which topics are told about a group's instances.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::operation::describe_notification_configurations::DescribeNotificationConfigurationsOutput;

use super::PAGE;
use crate::collect::shape::{list, map, set, text, token};
use crate::collect::{Answer, Cx};
use crate::model::Kind;

pub(super) const LIST: &str = "autoscaling:DescribeNotificationConfigurations";

/// Group → topic → what it is told.
pub(super) type ByGroup = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

pub(super) async fn by_group(cx: &Cx, client: &Client, kind: &str) -> Answer<ByGroup> {
    let request = client.describe_notification_configurations().max_records(PAGE);
    let pages = cx
        .pages(LIST, &[kind], |start| request.clone().set_next_token(start).send(), |page| token(page.next_token()))
        .await;
    if let Err(why) = pages.end {
        return Answer::Unknown(why);
    }
    let mut known = ByGroup::new();
    let lines = pages.pages.iter().flat_map(DescribeNotificationConfigurationsOutput::notification_configurations);
    for line in lines {
        let group = known.entry(line.auto_scaling_group_name().unwrap_or_default().to_owned()).or_default();
        let topic = group.entry(line.topic_arn().unwrap_or_default().to_owned()).or_default();
        topic.extend(line.notification_type().map(str::to_owned));
    }
    Answer::Is(known)
}

/// The topics of a group in the two spellings of the schema: the one, if there is no other, and the list.
pub(super) fn of(known: &ByGroup, group: &str) -> (Kind, Kind) {
    let topics: Vec<Kind> = known
        .get(group)
        .into_iter()
        .flatten()
        .map(|(topic, types)| {
            map([("TopicARN", text(Some(topic))), ("NotificationTypes", set(types.iter().map(String::as_str)))])
        })
        .collect();
    let one = match &topics[..] {
        [one] => one.clone(),
        _ => Kind::Null,
    };
    (one, list(topics))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_topics_is_not_the_one() {
        let topic = |arn: &str| (arn.to_owned(), BTreeSet::from(["autoscaling:TEST_NOTIFICATION".to_owned()]));
        let known = ByGroup::from([("web".to_owned(), BTreeMap::from([topic("a"), topic("b")]))]);
        assert!(matches!(of(&known, "web"), (Kind::Null, Kind::List(topics)) if topics.len() == 2));
        assert_eq!(of(&known, "silent"), (Kind::Null, Kind::Null));
    }
}
