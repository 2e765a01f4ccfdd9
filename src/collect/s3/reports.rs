//! What a bucket has any number of: inventories, metrics, analyses, archive tiers. A hundred come per page.

use aws_sdk_s3::types::{
    AnalyticsConfiguration, AnalyticsExportDestination, AnalyticsFilter, AnalyticsS3BucketDestination,
    IntelligentTieringConfiguration, IntelligentTieringFilter, InventoryConfiguration, InventoryDestination,
    InventoryS3BucketDestination, MetricsConfiguration, MetricsFilter, StorageClassAnalysis,
    StorageClassAnalysisDataExport, Tag,
};

use super::setting::{Bucket, Gone, Told, tag_filters};
use super::settings::{ANALYTICS, INVENTORY, METRICS, TIERING};
use crate::collect::shape::{list, map, number, text, token};
use crate::model::Kind;

pub(super) async fn read(bucket: &Bucket) -> Result<Vec<Told>, Gone> {
    let (s3, name) = (&bucket.s3, &bucket.name);
    let inventories = bucket.read_all(
        &INVENTORY,
        |start| s3.list_bucket_inventory_configurations().bucket(name).set_continuation_token(start).send(),
        |page| token(page.next_continuation_token()),
        |page| page.inventory_configuration_list().iter().map(inventory).collect(),
    );
    let metrics = bucket.read_all(
        &METRICS,
        |start| s3.list_bucket_metrics_configurations().bucket(name).set_continuation_token(start).send(),
        |page| token(page.next_continuation_token()),
        |page| page.metrics_configuration_list().iter().map(metrics).collect(),
    );
    let analyses = bucket.read_all(
        &ANALYTICS,
        |start| s3.list_bucket_analytics_configurations().bucket(name).set_continuation_token(start).send(),
        |page| token(page.next_continuation_token()),
        |page| page.analytics_configuration_list().iter().map(analytics).collect(),
    );
    let tiers = bucket.read_all(
        &TIERING,
        |start| s3.list_bucket_intelligent_tiering_configurations().bucket(name).set_continuation_token(start).send(),
        |page| token(page.next_continuation_token()),
        |page| page.intelligent_tiering_configuration_list().iter().map(tiering).collect(),
    );
    Ok(vec![inventories.await?, metrics.await?, analyses.await?, tiers.await?])
}

fn inventory(found: &InventoryConfiguration) -> Kind {
    let destination = |to: &InventoryS3BucketDestination| {
        map([
            ("BucketArn", text(Some(to.bucket()))),
            ("BucketAccountId", text(to.account_id())),
            ("Format", text(Some(to.format().as_str()))),
            ("Prefix", text(to.prefix())),
        ])
    };
    let to = found.destination().and_then(InventoryDestination::s3_bucket_destination);
    map([
        ("Id", text(Some(found.id()))),
        ("Enabled", Kind::Bool(found.is_enabled())),
        ("Destination", to.map_or(Kind::Null, destination)),
        ("IncludedObjectVersions", text(Some(found.included_object_versions().as_str()))),
        ("OptionalFields", list(found.optional_fields().iter().map(|field| text(Some(field.as_str()))))),
        ("Prefix", text(found.filter().map(aws_sdk_s3::types::InventoryFilter::prefix))),
        ("ScheduleFrequency", text(found.schedule().map(|schedule| schedule.frequency().as_str()))),
    ])
}

fn metrics(found: &MetricsConfiguration) -> Kind {
    let mut limits = Limits::default();
    let mut access_point = None;
    match found.filter() {
        Some(MetricsFilter::Prefix(prefix)) => limits.prefix = Some(prefix),
        Some(MetricsFilter::Tag(tag)) => limits.tags = std::slice::from_ref(tag),
        Some(MetricsFilter::AccessPointArn(arn)) => access_point = Some(arn.as_str()),
        Some(MetricsFilter::And(and)) => {
            limits = Limits { prefix: and.prefix(), tags: and.tags() };
            access_point = and.access_point_arn();
        }
        _ => {}
    }
    map([("Id", text(Some(found.id()))), ("AccessPointArn", text(access_point))].into_iter().chain(limits.members()))
}

fn analytics(found: &AnalyticsConfiguration) -> Kind {
    let limits = match found.filter() {
        Some(AnalyticsFilter::Prefix(prefix)) => Limits { prefix: Some(prefix), tags: &[] },
        Some(AnalyticsFilter::Tag(tag)) => Limits { prefix: None, tags: std::slice::from_ref(tag) },
        Some(AnalyticsFilter::And(and)) => Limits { prefix: and.prefix(), tags: and.tags() },
        _ => Limits::default(),
    };
    let export = found.storage_class_analysis().and_then(StorageClassAnalysis::data_export);
    let analysis = map([("DataExport", export.map_or(Kind::Null, data_export))]);
    map([("Id", text(Some(found.id()))), ("StorageClassAnalysis", analysis)].into_iter().chain(limits.members()))
}

fn data_export(export: &StorageClassAnalysisDataExport) -> Kind {
    let destination = |to: &AnalyticsS3BucketDestination| {
        map([
            ("BucketArn", text(Some(to.bucket()))),
            ("BucketAccountId", text(to.bucket_account_id())),
            ("Format", text(Some(to.format().as_str()))),
            ("Prefix", text(to.prefix())),
        ])
    };
    let to = export.destination().and_then(AnalyticsExportDestination::s3_bucket_destination);
    map([
        ("OutputSchemaVersion", text(Some(export.output_schema_version().as_str()))),
        ("Destination", to.map_or(Kind::Null, destination)),
    ])
}

fn tiering(found: &IntelligentTieringConfiguration) -> Kind {
    let tiers = found.tierings().iter().map(|tier| {
        map([("AccessTier", text(Some(tier.access_tier().as_str()))), ("Days", number(Some(tier.days())))])
    });
    let own =
        [("Id", text(Some(found.id()))), ("Status", text(Some(found.status().as_str()))), ("Tierings", list(tiers))];
    map(own.into_iter().chain(found.filter().map_or_else(Limits::default, Limits::of_tiers).members()))
}

/// Which objects a configuration is about. S3 nests what CloudFormation writes side by side.
#[derive(Default)]
struct Limits<'a> {
    prefix: Option<&'a str>,
    tags: &'a [Tag],
}

impl<'a> Limits<'a> {
    fn of_tiers(filter: &'a IntelligentTieringFilter) -> Self {
        filter.and().map_or_else(
            || Self { prefix: filter.prefix(), tags: filter.tag().map_or(&[], std::slice::from_ref) },
            |and| Self { prefix: and.prefix(), tags: and.tags() },
        )
    }

    fn members(&self) -> [(&'static str, Kind); 2] {
        [("Prefix", text(self.prefix)), ("TagFilters", tag_filters(self.tags))]
    }
}

#[cfg(test)]
mod tests {
    use super::super::setting::testing::{bucket, filled, read_as};
    use super::*;
    use crate::model::Unknown;
    use serde_json::json;

    const INVENTORY: &str = "<ListInventoryConfigurationsResult><InventoryConfiguration><Id>all</Id>
        <IsEnabled>true</IsEnabled><IncludedObjectVersions>Current</IncludedObjectVersions>
        <Filter><Prefix>data/</Prefix></Filter><Schedule><Frequency>Daily</Frequency></Schedule>
        <OptionalFields><Field>Size</Field><Field>ETag</Field></OptionalFields>
        <Destination><S3BucketDestination><Format>CSV</Format><AccountId>123456789012</AccountId>
            <Bucket>arn:aws:s3:::reports</Bucket><Prefix>inventory</Prefix></S3BucketDestination></Destination>
        </InventoryConfiguration><IsTruncated>false</IsTruncated></ListInventoryConfigurationsResult>";

    const ANALYTICS: &str = "<ListBucketAnalyticsConfigurationResult><AnalyticsConfiguration><Id>classes</Id>
        <Filter><And><Prefix>data/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter>
        <StorageClassAnalysis><DataExport><OutputSchemaVersion>V_1</OutputSchemaVersion>
            <Destination><S3BucketDestination><Format>CSV</Format><BucketAccountId>123456789012</BucketAccountId>
                <Bucket>arn:aws:s3:::reports</Bucket><Prefix>classes</Prefix></S3BucketDestination></Destination>
        </DataExport></StorageClassAnalysis></AnalyticsConfiguration></ListBucketAnalyticsConfigurationResult>";

    const TIERING: &str = "<ListBucketIntelligentTieringConfigurationsOutput><IntelligentTieringConfiguration>
        <Id>cold</Id><Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter><Status>Enabled</Status>
        <Tiering><Days>90</Days><AccessTier>ARCHIVE_ACCESS</AccessTier></Tiering>
        </IntelligentTieringConfiguration></ListBucketIntelligentTieringConfigurationsOutput>";

    fn metrics_page(ids: &str, next: &str) -> String {
        format!(
            "<ListMetricsConfigurationsResult>{ids}<NextContinuationToken>{next}</NextContinuationToken></ListMetricsConfigurationsResult>"
        )
    }

    fn answer(asked: &str) -> (u16, String) {
        match asked {
            inventory if inventory.contains("?inventory") => (200, INVENTORY.into()),
            analytics if analytics.contains("?analytics") => (200, ANALYTICS.into()),
            second if second.contains("?metrics") && second.contains("continuation-token=more") => {
                let access = "<AccessPointArn>arn:ap</AccessPointArn>";
                let filters = format!("<Filter><And><Prefix>b/</Prefix>{access}</And></Filter>");
                (200, metrics_page(&format!("<MetricsConfiguration><Id>two</Id>{filters}</MetricsConfiguration>"), ""))
            }
            metrics if metrics.contains("?metrics") => {
                (200, metrics_page("<MetricsConfiguration><Id>one</Id></MetricsConfiguration>", "more"))
            }
            _ => (200, TIERING.into()),
        }
    }

    #[tokio::test]
    async fn filters_are_written_side_by_side_and_every_page_is_read() {
        let to = |prefix: &str| {
            json!({
                "BucketArn": "arn:aws:s3:::reports",
                "BucketAccountId": "123456789012",
                "Format": "CSV",
                "Prefix": prefix,
            })
        };
        let tags = json!([{"Key": "k", "Value": "v"}]);
        assert_eq!(
            read_as(read(&bucket(answer)).await).0,
            json!({
                "InventoryConfigurations": [{
                    "Id": "all",
                    "Enabled": true,
                    "Destination": to("inventory"),
                    "IncludedObjectVersions": "Current",
                    "OptionalFields": ["Size", "ETag"],
                    "Prefix": "data/",
                    "ScheduleFrequency": "Daily",
                }],
                "MetricsConfigurations": [{"Id": "one"}, {"Id": "two", "AccessPointArn": "arn:ap", "Prefix": "b/"}],
                "AnalyticsConfigurations": [{
                    "Id": "classes",
                    "StorageClassAnalysis": {"DataExport": {"OutputSchemaVersion": "V_1", "Destination": to("classes")}},
                    "Prefix": "data/",
                    "TagFilters": tags,
                }],
                "IntelligentTieringConfigurations": [{
                    "Id": "cold",
                    "Status": "Enabled",
                    "Tierings": [{"AccessTier": "ARCHIVE_ACCESS", "Days": 90}],
                    "TagFilters": tags,
                }],
            })
        );
    }

    #[tokio::test]
    async fn half_a_list_is_unknown_and_a_bucket_that_has_gone_is_gone() {
        let half = bucket(|asked| {
            let second = asked.contains("continuation-token=more");
            if second { (403, "<Error><Code>AccessDenied</Code></Error>".into()) } else { answer(asked) }
        });
        let r = filled(read(&half).await);
        let denied = Unknown::Denied { action: METRICS.action.into() };
        assert_eq!(r.get("MetricsConfigurations").why_unknown(), Some(denied));
        assert_eq!(r.get("InventoryConfigurations.0.Id").as_str(), Some("all"));
        let gone = bucket(|_| (404, "<Error><Code>NoSuchBucket</Code></Error>".into()));
        assert!(matches!(read(&gone).await, Err(Gone)));
    }
}
