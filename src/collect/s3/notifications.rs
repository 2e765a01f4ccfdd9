//! What a bucket tells others: access logs and events.

use aws_sdk_s3::operation::get_bucket_notification_configuration::GetBucketNotificationConfigurationOutput;
use aws_sdk_s3::types::{
    Event, FilterRule, FilterRuleName, LoggingEnabled, NotificationConfigurationFilter, PartitionDateSource,
    S3KeyFilter, TargetObjectKeyFormat,
};

use super::setting::{Bucket, Gone, Told};
use super::settings::{LOGGING, NOTIFICATION};
use crate::collect::shape::{list, map, text};
use crate::model::{Kind, Map};

pub(super) async fn read(bucket: &Bucket) -> Result<Vec<Told>, Gone> {
    let (s3, name) = (&bucket.s3, &bucket.name);
    let logging = bucket.read(&LOGGING, s3.get_bucket_logging().bucket(name).send(), |found| {
        [found.logging_enabled().map_or(Kind::Null, logging)]
    });
    let request = s3.get_bucket_notification_configuration().bucket(name);
    let events = bucket.read(&NOTIFICATION, request.send(), |found| [notifications(&found)]);
    Ok(vec![logging.await?, events.await?])
}

fn logging(found: &LoggingEnabled) -> Kind {
    map([
        ("DestinationBucketName", text(Some(found.target_bucket()))),
        ("LogFilePrefix", text(Some(found.target_prefix()))),
        ("TargetObjectKeyFormat", found.target_object_key_format().map_or(Kind::Null, key_format)),
    ])
}

/// The simple format is a mapping without members: it says something by being there.
fn key_format(format: &TargetObjectKeyFormat) -> Kind {
    let partitioned = format.partitioned_prefix().map_or(Kind::Null, |by| {
        map([("PartitionDateSource", text(by.partition_date_source().map(PartitionDateSource::as_str)))])
    });
    let simple = format.simple_prefix().map_or(Kind::Null, |_| Kind::Map(Map::new()));
    map([("PartitionedPrefix", partitioned), ("SimplePrefix", simple)])
}

fn notifications(found: &GetBucketNotificationConfigurationOutput) -> Kind {
    let functions = found
        .lambda_function_configurations()
        .iter()
        .flat_map(|to| each(to.events(), to.filter(), "Function", to.lambda_function_arn()));
    let queues =
        found.queue_configurations().iter().flat_map(|to| each(to.events(), to.filter(), "Queue", to.queue_arn()));
    let topics =
        found.topic_configurations().iter().flat_map(|to| each(to.events(), to.filter(), "Topic", to.topic_arn()));
    let bridge = found.event_bridge_configuration().map_or(Kind::Null, |_| Kind::Bool(true));
    map([
        ("LambdaConfigurations", list(functions)),
        ("QueueConfigurations", list(queues)),
        ("TopicConfigurations", list(topics)),
        ("EventBridgeConfiguration", map([("EventBridgeEnabled", bridge)])),
    ])
}

/// A template names one event per target, S3 any number.
fn each<'a>(
    events: &'a [Event],
    filter: Option<&'a NotificationConfigurationFilter>,
    target: &'static str,
    arn: &'a str,
) -> impl Iterator<Item = Kind> + 'a {
    events.iter().map(move |event| {
        map([
            ("Event", text(Some(event.as_str()))),
            ("Filter", filter.and_then(NotificationConfigurationFilter::key).map_or(Kind::Null, key_filter)),
            (target, text(Some(arn))),
        ])
    })
}

fn key_filter(filter: &S3KeyFilter) -> Kind {
    let mut rules: Vec<&FilterRule> = filter.filter_rules().iter().collect();
    rules.sort_by_key(|rule| (rule.name().map(FilterRuleName::as_str), rule.value()));
    let rule = |rule: &FilterRule| {
        map([("Name", text(rule.name().map(FilterRuleName::as_str))), ("Value", text(rule.value()))])
    };
    map([("S3Key", map([("Rules", list(rules.into_iter().map(rule)))]))])
}

#[cfg(test)]
mod tests {
    use super::super::setting::testing::{bucket, read_as};
    use super::*;
    use serde_json::json;

    const LOGGING: &str = "<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket>
        <TargetPrefix>data/</TargetPrefix><TargetObjectKeyFormat><SimplePrefix/></TargetObjectKeyFormat>
        </LoggingEnabled></BucketLoggingStatus>";

    const EVENTS: &str = "<NotificationConfiguration>
        <CloudFunctionConfiguration><Id>f</Id><CloudFunction>arn:f</CloudFunction>
            <Event>s3:ObjectCreated:Put</Event><Event>s3:ObjectCreated:Copy</Event>
            <Filter><S3Key><FilterRule><Name>Suffix</Name><Value>.jpg</Value></FilterRule>
                <FilterRule><Name>Prefix</Name><Value>in/</Value></FilterRule></S3Key></Filter>
        </CloudFunctionConfiguration>
        <QueueConfiguration><Queue>arn:q</Queue><Event>s3:ObjectRemoved:*</Event></QueueConfiguration>
        <TopicConfiguration><Topic>arn:t</Topic><Event>s3:ObjectRestore:Post</Event></TopicConfiguration>
        <EventBridgeConfiguration/></NotificationConfiguration>";

    #[tokio::test]
    async fn every_event_of_a_target_is_an_entry_of_its_own() {
        let bucket =
            bucket(|asked| if asked.contains("?logging") { (200, LOGGING.into()) } else { (200, EVENTS.into()) });
        let (properties, _) = read_as(read(&bucket).await);
        let filter =
            json!({"S3Key": {"Rules": [{"Name": "Prefix", "Value": "in/"}, {"Name": "Suffix", "Value": ".jpg"}]}});
        assert_eq!(
            properties,
            json!({
                "LoggingConfiguration": {
                    "DestinationBucketName": "logs",
                    "LogFilePrefix": "data/",
                    "TargetObjectKeyFormat": {"SimplePrefix": {}},
                },
                "NotificationConfiguration": {
                    "LambdaConfigurations": [
                        {"Event": "s3:ObjectCreated:Put", "Filter": filter, "Function": "arn:f"},
                        {"Event": "s3:ObjectCreated:Copy", "Filter": filter, "Function": "arn:f"},
                    ],
                    "QueueConfigurations": [{"Event": "s3:ObjectRemoved:*", "Queue": "arn:q"}],
                    "TopicConfigurations": [{"Event": "s3:ObjectRestore:Post", "Topic": "arn:t"}],
                    "EventBridgeConfiguration": {"EventBridgeEnabled": true},
                },
            })
        );
    }

    #[tokio::test]
    async fn a_bucket_that_tells_nobody_has_neither() {
        let bucket = bucket(|asked| {
            let logging = asked.contains("?logging");
            (200, if logging { "<BucketLoggingStatus/>" } else { "<NotificationConfiguration/>" }.into())
        });
        let nothing = json!({"LoggingConfiguration": null, "NotificationConfiguration": null});
        assert_eq!(read_as(read(&bucket).await).0, nothing);
    }
}
