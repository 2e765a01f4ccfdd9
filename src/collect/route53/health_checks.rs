//! Health checks.

use async_trait::async_trait;
use aws_sdk_route53::Client;
use aws_sdk_route53::types::{
    HealthCheck, HealthCheckConfig, HealthCheckRegion, InsufficientDataHealthStatus, TagResourceType,
};

use super::tags::{TAGS, Tagged};
use crate::collect::shape::{flag, map, number, set, text, token};
use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::{Kind, Resource};

const LIST: &str = "route53:ListHealthChecks";

/// The largest page of the listing.
const PAGE: i32 = 1000;

const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Route53::HealthCheck",
    asked: &[("HealthCheckTags", TAGS), ("", LIST)],
    reads: &["HealthCheckConfig", "HealthCheckTags"],
    on_demand: &["HealthCheckTags"],
    // Together with nine others, and alone if one of these is gone.
    calls: 2,
};

static SPEC: Spec =
    Spec { name: "route53/health-checks", reach: Reach::Global, listings: 1, types: &[TYPE], actions: &[LIST, TAGS] };

const TAGGED: Tagged =
    Tagged { kind: TYPE.name, property: "HealthCheckTags", resource_type: TagResourceType::Healthcheck };

/// Reads the health checks.
pub struct HealthChecks;

#[async_trait]
impl Collector for HealthChecks {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = &Client::new(&cx.config);
        let pages = cx
            .pages(
                LIST,
                &[TYPE.name],
                |start| client.list_health_checks().max_items(PAGE).set_marker(start).send(),
                |page| token(page.next_marker()),
            )
            .await;
        out.listed(TYPE.name, &pages.end);
        let checks: Vec<_> = pages.items(|page| page.health_checks).collect();
        let ids: Vec<_> = checks.iter().map(|check| check.id().to_owned()).collect();
        let tags = TAGGED.read(cx, client, &ids).await;
        for check in &checks {
            let mut r = resource(cx, check);
            if TAGGED.set(&mut r, tags.get(check.id())) {
                out.push(r);
            }
        }
    }
}

fn resource(cx: &Cx, check: &HealthCheck) -> Resource {
    let id = check.id();
    let mut r = cx.resource(&SPEC, TYPE.name, id, &format!("arn:{}:route53:::healthcheck/{id}", cx.partition));
    r.set("HealthCheckConfig", check.health_check_config().map_or(Kind::Null, config));
    r.set_attribute("Disabled", flag(check.health_check_config().and_then(HealthCheckConfig::disabled)));
    r.set_attribute("HealthCheckId", text(Some(id)));
    r.set_attribute("LinkedService", text(check.linked_service().and_then(|service| service.service_principal())));
    r
}

fn config(config: &HealthCheckConfig) -> Kind {
    let alarm = config
        .alarm_identifier()
        .map(|alarm| map([("Name", text(Some(alarm.name()))), ("Region", text(Some(alarm.region().as_str())))]));
    let without_data = config.insufficient_data_health_status().map(InsufficientDataHealthStatus::as_str);
    map([
        ("AlarmIdentifier", alarm.unwrap_or(Kind::Null)),
        ("ChildHealthChecks", set(config.child_health_checks().iter().map(String::as_str))),
        ("EnableSNI", flag(config.enable_sni())),
        ("FailureThreshold", number(config.failure_threshold())),
        ("FullyQualifiedDomainName", text(config.fully_qualified_domain_name())),
        ("HealthThreshold", number(config.health_threshold())),
        ("IPAddress", text(config.ip_address())),
        ("InsufficientDataHealthStatus", text(without_data)),
        ("Inverted", flag(config.inverted())),
        ("MeasureLatency", flag(config.measure_latency())),
        ("Port", number(config.port())),
        ("Regions", set(config.regions().iter().map(HealthCheckRegion::as_str))),
        ("RequestInterval", number(config.request_interval())),
        ("ResourcePath", text(config.resource_path())),
        ("RoutingControlArn", text(config.routing_control_arn())),
        ("SearchString", text(config.search_string())),
        ("Type", text(Some(config.r#type().as_str()))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::{GLOBAL, Unknown, to_json};
    use serde_json::json;

    fn page(checks: &str, next: &str) -> String {
        format!(
            "<ListHealthChecksResponse><HealthChecks>{checks}</HealthChecks><Marker/><IsTruncated>false</IsTruncated>{next}
             <MaxItems>100</MaxItems></ListHealthChecksResponse>"
        )
    }

    fn check(id: &str, config: &str) -> String {
        format!(
            "<HealthCheck><Id>{id}</Id><CallerReference>1</CallerReference><HealthCheckConfig>{config}</HealthCheckConfig>
             <HealthCheckVersion>1</HealthCheckVersion></HealthCheck>"
        )
    }

    fn pages(asked: &str) -> String {
        if asked.contains("marker=b") {
            let config = "<Type>CALCULATED</Type><HealthThreshold>1</HealthThreshold><ChildHealthChecks>
                <ChildHealthCheck>z</ChildHealthCheck><ChildHealthCheck>a</ChildHealthCheck></ChildHealthChecks>";
            return page(&check("b", config), "");
        }
        let config = "<IPAddress>192.0.2.1</IPAddress><Port>8443</Port><Type>HTTPS_STR_MATCH</Type><ResourcePath>/up</ResourcePath>
            <FullyQualifiedDomainName>example.com</FullyQualifiedDomainName><SearchString>ok</SearchString>
            <RequestInterval>10</RequestInterval><FailureThreshold>2</FailureThreshold><MeasureLatency>true</MeasureLatency>
            <Inverted>false</Inverted><Disabled>true</Disabled><EnableSNI>true</EnableSNI>
            <Regions><Region>us-west-1</Region><Region>eu-west-1</Region></Regions>
            <AlarmIdentifier><Region>eu-west-1</Region><Name>up</Name></AlarmIdentifier>
            <InsufficientDataHealthStatus>LastKnownStatus</InsufficientDataHealthStatus>
            <RoutingControlArn>arn:rc</RoutingControlArn>";
        page(&check("a", config), "<NextMarker>b</NextMarker>")
    }

    #[tokio::test]
    async fn checks_read_as_cloudformation_would_declare_them_on_every_page() {
        let out = collected(&HealthChecks, &cx(GLOBAL, |asked| {
            if asked.contains("/tags/healthcheck") {
                let tags = "<ListTagsForResourcesResponse><ResourceTagSets><ResourceTagSet><ResourceType>healthcheck</ResourceType>
                    <ResourceId>a</ResourceId><Tags><Tag><Key>team</Key><Value>net</Value></Tag>
                    <Tag><Key>aws:cloudformation:logical-id</Key><Value>Up</Value></Tag></Tags></ResourceTagSet>
                    </ResourceTagSets></ListTagsForResourcesResponse>";
                return (200, tags.into());
            }
            (200, pages(asked))
        }))
        .await;
        let [web, both] = &out.resources[..] else { panic!("two pages of one: {out:?}") };
        assert_eq!(properties(web), claimed(&SPEC, web));
        let expected = json!({
            "HealthCheckConfig": {
                "AlarmIdentifier": {"Name": "up", "Region": "eu-west-1"}, "EnableSNI": true, "FailureThreshold": 2,
                "FullyQualifiedDomainName": "example.com", "IPAddress": "192.0.2.1",
                "InsufficientDataHealthStatus": "LastKnownStatus", "Inverted": false, "MeasureLatency": true,
                "Port": 8443, "Regions": ["eu-west-1", "us-west-1"], "RequestInterval": 10, "ResourcePath": "/up",
                "RoutingControlArn": "arn:rc", "SearchString": "ok", "Type": "HTTPS_STR_MATCH",
            },
            "HealthCheckTags": [{"Key": "team", "Value": "net"}],
        });
        assert_eq!(to_json(&web.properties), expected);
        assert_eq!(web.attribute("aws:cloudformation:logical-id").as_str(), Some("Up"));
        assert_eq!(web.attribute("Disabled").value().map(|v| &v.kind), Some(&Kind::Bool(true)));
        assert_eq!(
            to_json(&both.properties)["HealthCheckConfig"],
            json!({"ChildHealthChecks": ["a", "z"], "HealthThreshold": 1, "Type": "CALCULATED"})
        );
        assert!(both.get("HealthCheckTags").is_absent());
    }

    #[tokio::test]
    async fn denied_tags_are_unknown_and_nothing_else() {
        let out = collected(
            &HealthChecks,
            &cx(GLOBAL, |asked| {
                if asked.contains("/tags/") {
                    return (403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>".into());
                }
                (200, pages(asked))
            }),
        )
        .await;
        assert_eq!(out.resources.len(), 2);
        assert_eq!(
            out.resources[0].get("HealthCheckTags").why_unknown(),
            Some(Unknown::Denied { action: TAGS.into() })
        );
        assert_eq!(
            out.resources[0].get("HealthCheckConfig.Port").value().and_then(crate::model::Value::as_int),
            Some(8443)
        );
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&HealthChecks, GLOBAL).await.resources, []);
    }
}
