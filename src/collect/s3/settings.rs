//! The settings of a bucket: which call tells what, and how S3 says that one was never made.

use super::setting::Setting;
use super::{account, buckets, policies};

/// Makes the settings, and what the collector says of itself because of them.
macro_rules! settings {
    ($($name:ident: $action:literal tells [$($property:literal),*] and [$($fact:literal),*] unless [$($absent:literal),*];)*) => {
        $(pub(super) const $name: Setting = Setting {
            action: $action,
            tells: &[$($property,)* $($fact),*],
            absent: &[$($absent),*],
        };)*

        /// Which action tells a property or fact.
        pub(super) const ASKED: &[(&str, &str)] =
            &[$($(($property, $action),)* $(($fact, $action),)*)* ("", buckets::LIST)];

        /// Every property that is read.
        pub(super) const READS: &[&str] = &["BucketName", $($($property,)*)*];

        /// The properties that cost a call per bucket.
        pub(super) const ON_DEMAND: &[&str] = &[$($($property,)*)*];

        /// Every action of the collector.
        pub(super) const ACTIONS: &[&str] =
            &[buckets::LIST, buckets::LOCATION, $($action,)* policies::READ, account::ACCESS_BLOCK];
    };
}

settings! {
    ENCRYPTION: "s3:GetEncryptionConfiguration"
        tells ["BucketEncryption"] and [] unless ["ServerSideEncryptionConfigurationNotFoundError"];
    VERSIONING: "s3:GetBucketVersioning" tells ["VersioningConfiguration"] and ["MfaDelete"] unless [];
    OBJECT_LOCK: "s3:GetBucketObjectLockConfiguration"
        tells ["ObjectLockEnabled", "ObjectLockConfiguration"] and [] unless ["ObjectLockConfigurationNotFoundError"];
    LIFECYCLE: "s3:GetLifecycleConfiguration"
        tells ["LifecycleConfiguration"] and [] unless ["NoSuchLifecycleConfiguration"];
    REPLICATION: "s3:GetReplicationConfiguration"
        tells ["ReplicationConfiguration"] and [] unless ["ReplicationConfigurationNotFoundError"];
    ACCESS_BLOCK: "s3:GetBucketPublicAccessBlock"
        tells ["PublicAccessBlockConfiguration"] and [] unless ["NoSuchPublicAccessBlockConfiguration"];
    OWNERSHIP: "s3:GetBucketOwnershipControls"
        tells ["OwnershipControls"] and [] unless ["OwnershipControlsNotFoundError"];
    ABAC: "s3:GetBucketAbac" tells ["AbacStatus"] and [] unless [];
    // `AccessControl` can only be written. Whoever names it is about the grants that it made.
    ACL: "s3:GetBucketAcl" tells [] and ["Acl", "AccessControl"] unless [];
    POLICY_STATUS: "s3:GetBucketPolicyStatus" tells [] and ["PolicyIsPublic"] unless ["NoSuchBucketPolicy"];
    LOGGING: "s3:GetBucketLogging" tells ["LoggingConfiguration"] and [] unless [];
    NOTIFICATION: "s3:GetBucketNotification" tells ["NotificationConfiguration"] and [] unless [];
    CORS: "s3:GetBucketCORS" tells ["CorsConfiguration"] and [] unless ["NoSuchCORSConfiguration"];
    WEBSITE: "s3:GetBucketWebsite" tells ["WebsiteConfiguration"] and [] unless ["NoSuchWebsiteConfiguration"];
    // Regions without acceleration do not know the question.
    ACCELERATION: "s3:GetAccelerateConfiguration"
        tells ["AccelerateConfiguration"] and [] unless ["MethodNotAllowed", "UnsupportedArgument"];
    INVENTORY: "s3:GetInventoryConfiguration" tells ["InventoryConfigurations"] and [] unless [];
    METRICS: "s3:GetMetricsConfiguration" tells ["MetricsConfigurations"] and [] unless [];
    ANALYTICS: "s3:GetAnalyticsConfiguration" tells ["AnalyticsConfigurations"] and [] unless [];
    TIERING: "s3:GetIntelligentTieringConfiguration" tells ["IntelligentTieringConfigurations"] and [] unless [];
    TAGGING: "s3:GetBucketTagging" tells ["Tags"] and [] unless ["NoSuchTagSet"];
}
