//! How a bucket serves the web: cross-origin rules, website, acceleration.

use aws_sdk_s3::operation::get_bucket_website::GetBucketWebsiteOutput;
use aws_sdk_s3::types::{
    BucketAccelerateStatus, Condition, CorsRule, Protocol, Redirect, RedirectAllRequestsTo, RoutingRule,
};

use super::setting::{Bucket, Gone, Told};
use super::settings::{ACCELERATION, CORS, WEBSITE};
use crate::collect::shape::{list, map, number, text};
use crate::model::Kind;

pub(super) async fn read(bucket: &Bucket) -> Result<Vec<Told>, Gone> {
    let (s3, name) = (&bucket.s3, &bucket.name);
    let cors = bucket.read(&CORS, s3.get_bucket_cors().bucket(name).send(), |found| {
        [map([("CorsRules", list(found.cors_rules().iter().map(cors_rule)))])]
    });
    let website = bucket.read(&WEBSITE, s3.get_bucket_website().bucket(name).send(), |found| [website(&found)]);
    let request = s3.get_bucket_accelerate_configuration().bucket(name);
    let acceleration = bucket.read(&ACCELERATION, request.send(), |found| {
        [map([("AccelerationStatus", text(found.status().map(BucketAccelerateStatus::as_str)))])]
    });
    Ok(vec![cors.await?, website.await?, acceleration.await?])
}

fn cors_rule(rule: &CorsRule) -> Kind {
    let texts = |items: &[String]| list(items.iter().map(|item| text(Some(item))));
    map([
        ("Id", text(rule.id())),
        ("AllowedHeaders", texts(rule.allowed_headers())),
        ("AllowedMethods", texts(rule.allowed_methods())),
        ("AllowedOrigins", texts(rule.allowed_origins())),
        ("ExposedHeaders", texts(rule.expose_headers())),
        ("MaxAge", number(rule.max_age_seconds())),
    ])
}

fn website(found: &GetBucketWebsiteOutput) -> Kind {
    let everything = |to: &RedirectAllRequestsTo| {
        map([("HostName", text(Some(to.host_name()))), ("Protocol", text(to.protocol().map(Protocol::as_str)))])
    };
    map([
        ("IndexDocument", text(found.index_document().map(aws_sdk_s3::types::IndexDocument::suffix))),
        ("ErrorDocument", text(found.error_document().map(aws_sdk_s3::types::ErrorDocument::key))),
        ("RedirectAllRequestsTo", found.redirect_all_requests_to().map_or(Kind::Null, everything)),
        ("RoutingRules", list(found.routing_rules().iter().map(routing_rule))),
    ])
}

fn routing_rule(rule: &RoutingRule) -> Kind {
    let redirect = |to: &Redirect| {
        map([
            ("HostName", text(to.host_name())),
            ("HttpRedirectCode", text(to.http_redirect_code())),
            ("Protocol", text(to.protocol().map(Protocol::as_str))),
            ("ReplaceKeyPrefixWith", text(to.replace_key_prefix_with())),
            ("ReplaceKeyWith", text(to.replace_key_with())),
        ])
    };
    let condition = |of: &Condition| {
        map([
            ("HttpErrorCodeReturnedEquals", text(of.http_error_code_returned_equals())),
            ("KeyPrefixEquals", text(of.key_prefix_equals())),
        ])
    };
    map([
        ("RedirectRule", rule.redirect().map_or(Kind::Null, redirect)),
        ("RoutingRuleCondition", rule.condition().map_or(Kind::Null, condition)),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::setting::testing::{absent, bucket, read_as};
    use super::*;
    use serde_json::json;

    const CORS: &str = "<CORSConfiguration><CORSRule><ID>app</ID><AllowedOrigin>https://example.com</AllowedOrigin>
        <AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod><AllowedHeader>*</AllowedHeader>
        <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>3000</MaxAgeSeconds></CORSRule></CORSConfiguration>";

    const WEBSITE: &str = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>
        <ErrorDocument><Key>error.html</Key></ErrorDocument><RoutingRules><RoutingRule>
            <Condition><KeyPrefixEquals>docs/</KeyPrefixEquals></Condition>
            <Redirect><ReplaceKeyPrefixWith>documents/</ReplaceKeyPrefixWith><Protocol>https</Protocol></Redirect>
        </RoutingRule></RoutingRules></WebsiteConfiguration>";

    #[tokio::test]
    async fn the_web_side_reads_as_cloudformation_would_declare_it() {
        let bucket = bucket(|asked| match asked {
            cors if cors.contains("?cors") => (200, CORS.into()),
            website if website.contains("?website") => (200, WEBSITE.into()),
            _ => (200, "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>".into()),
        });
        assert_eq!(
            read_as(read(&bucket).await).0,
            json!({
                "CorsConfiguration": {"CorsRules": [{
                    "Id": "app",
                    "AllowedHeaders": ["*"],
                    "AllowedMethods": ["PUT", "GET"],
                    "AllowedOrigins": ["https://example.com"],
                    "ExposedHeaders": ["ETag"],
                    "MaxAge": 3000,
                }]},
                "WebsiteConfiguration": {
                    "IndexDocument": "index.html",
                    "ErrorDocument": "error.html",
                    "RoutingRules": [{
                        "RedirectRule": {"Protocol": "https", "ReplaceKeyPrefixWith": "documents/"},
                        "RoutingRuleCondition": {"KeyPrefixEquals": "docs/"},
                    }],
                },
                "AccelerateConfiguration": {"AccelerationStatus": "Enabled"},
            })
        );
    }

    #[tokio::test]
    async fn a_region_without_acceleration_has_none() {
        let bucket = bucket(|asked| match asked {
            cors if cors.contains("?cors") => absent("NoSuchCORSConfiguration"),
            website if website.contains("?website") => absent("NoSuchWebsiteConfiguration"),
            _ => (405, "<Error><Code>MethodNotAllowed</Code></Error>".into()),
        });
        let nothing = json!({"CorsConfiguration": null, "WebsiteConfiguration": null, "AccelerateConfiguration": null});
        assert_eq!(read_as(read(&bucket).await).0, nothing);
    }
}
