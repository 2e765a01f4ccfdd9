//! Hosted zones.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_route53::Client;
use aws_sdk_route53::operation::get_hosted_zone::GetHostedZoneOutput;
use aws_sdk_route53::operation::list_query_logging_configs::ListQueryLoggingConfigsOutput;
use aws_sdk_route53::types::{AcceleratedRecoveryStatus, HostedZone, HostedZoneConfig, TagResourceType};

use super::names::decoded;
use super::tags::{TAGS, Tagged};
use super::{LIST_ZONES, NO_ZONE, bare, list_zones};
use crate::collect::shape::{list, map, number, set, text, token};
use crate::collect::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

const GET: &str = "route53:GetHostedZone";
const QUERY_LOGS: &str = "route53:ListQueryLoggingConfigs";

/// The largest page of query logging configurations.
const PAGE: i32 = 100;

const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Route53::HostedZone",
    asked: &[
        ("DelegationSetId", GET),
        ("HostedZoneTags", TAGS),
        ("NameServers", GET),
        ("QueryLoggingConfig", QUERY_LOGS),
        ("VPCs", GET),
        ("", LIST_ZONES),
    ],
    reads: &[
        "DelegationSetId",
        "HostedZoneConfig",
        "HostedZoneFeatures",
        "HostedZoneTags",
        "Name",
        "QueryLoggingConfig",
        "VPCs",
    ],
    on_demand: &["DelegationSetId", "HostedZoneTags", "QueryLoggingConfig", "VPCs"],
    // Its details, and its tags: together with nine others, and alone if one of these is gone.
    calls: 3,
};

static SPEC: Spec = Spec {
    name: "route53/zones",
    reach: Reach::Global,
    listings: 2,
    types: &[TYPE],
    actions: &[LIST_ZONES, GET, QUERY_LOGS, TAGS],
};

const TAGGED: Tagged =
    Tagged { kind: TYPE.name, property: "HostedZoneTags", resource_type: TagResourceType::Hostedzone };

/// Reads the hosted zones.
pub struct Zones;

#[async_trait]
impl Collector for Zones {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = &Client::new(&cx.config);
        let (pages, logs) = tokio::join!(list_zones(cx, client, TYPE.name), query_logs(cx, client));
        out.listed(TYPE.name, &pages.end);
        let zones: Vec<_> = pages.items(|page| page.hosted_zones).collect();
        let ids: Vec<_> = zones.iter().map(|zone| bare(zone.id()).to_owned()).collect();
        let readings = zones.into_iter().map(|zone| read(cx.clone(), client.clone(), zone));
        let (zones, tags) = tokio::join!(tasks::all(readings.collect()), TAGGED.read(cx, client, &ids));
        for mut zone in zones.into_iter().flatten() {
            let id = zone.address.physical_id.clone().unwrap_or_default();
            zone.set("QueryLoggingConfig", query_log(&logs, &id));
            if TAGGED.set(&mut zone, tags.get(&*id)) {
                out.push(zone);
            }
        }
    }
}

/// The log groups of the zones that log queries, by zone.
type QueryLogs = Result<HashMap<String, String>, Unknown>;

async fn query_logs(cx: &Cx, client: &Client) -> QueryLogs {
    if !cx.wanted.wants_any(TYPE.name, &["QueryLoggingConfig"]) {
        return Err(Unknown::NotCollected);
    }
    let pages = cx
        .pages(
            QUERY_LOGS,
            &[TYPE.name],
            |start| client.list_query_logging_configs().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    pages.end?;
    let configs = pages.pages.iter().flat_map(ListQueryLoggingConfigsOutput::query_logging_configs);
    Ok(configs.map(|c| (c.hosted_zone_id().to_owned(), c.cloud_watch_logs_log_group_arn().to_owned())).collect())
}

fn query_log(logs: &QueryLogs, zone: &str) -> Kind {
    match logs {
        Ok(logs) => map([("CloudWatchLogsLogGroupArn", text(logs.get(zone).map(String::as_str)))]),
        Err(why) => Kind::Unknown(why.clone()),
    }
}

/// One zone; `None` if it has gone meanwhile.
async fn read(cx: Cx, client: Client, zone: HostedZone) -> Option<Resource> {
    let id = bare(zone.id());
    let private = zone.config().is_some_and(HostedZoneConfig::private_zone);
    // Only private zones have VPCs, and only public ones name servers.
    let told: &[&str] = if private { &["VPCs"] } else { &["DelegationSetId", "NameServers"] };
    let answer = cx.ask_for((TYPE.name, id, told), GET, &[NO_ZONE], client.get_hosted_zone().id(id).send()).await;
    let details = match answer {
        Answer::Is(found) => Ok(found),
        Answer::Absent => return None,
        Answer::Unknown(why) => Err(why),
    };
    let mut r = cx.resource(&SPEC, TYPE.name, id, &format!("arn:{}:route53:::hostedzone/{id}", cx.partition));
    r.set("Name", text(Some(&decoded(zone.name()))));
    r.set("HostedZoneConfig", map([("Comment", text(zone.config().and_then(HostedZoneConfig::comment)))]));
    r.set("HostedZoneFeatures", features(&zone));
    let of = |has: bool, read: fn(&GetHostedZoneOutput) -> Kind| match &details {
        _ if !has => Kind::Null,
        Ok(found) => read(found),
        Err(why) => Kind::Unknown(why.clone()),
    };
    r.set("VPCs", of(private, vpcs));
    r.set("DelegationSetId", of(!private, |found| text(found.delegation_set().and_then(|set| set.id()))));
    r.set_attribute("NameServers", of(!private, name_servers));
    r.set_attribute("Id", text(Some(id)));
    r.set_attribute("LinkedService", text(zone.linked_service().and_then(|service| service.service_principal())));
    r.set_attribute("PrivateZone", Kind::Bool(private));
    r.set_attribute("ResourceRecordSetCount", number(zone.resource_record_set_count()));
    Some(r)
}

fn features(zone: &HostedZone) -> Kind {
    use AcceleratedRecoveryStatus::{Disabled, Disabling, DisablingHostedZoneLocked, EnableFailed};
    let status = zone.features().and_then(|features| features.accelerated_recovery_status());
    let off = |status: &_| matches!(status, Disabled | Disabling | DisablingHostedZoneLocked | EnableFailed);
    map([("EnableAcceleratedRecovery", status.map_or(Kind::Null, |status| Kind::Bool(!off(status))))])
}

fn vpcs(found: &GetHostedZoneOutput) -> Kind {
    let mut vpcs: Vec<_> = found
        .vpcs()
        .iter()
        .map(|vpc| (vpc.vpc_id(), vpc.vpc_region().map(aws_sdk_route53::types::VpcRegion::as_str)))
        .collect();
    vpcs.sort_unstable();
    list(vpcs.into_iter().map(|(id, region)| map([("VPCId", text(id)), ("VPCRegion", text(region))])))
}

fn name_servers(found: &GetHostedZoneOutput) -> Kind {
    set(found
        .delegation_set()
        .into_iter()
        .flat_map(aws_sdk_route53::types::DelegationSet::name_servers)
        .map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::{GLOBAL, to_json};
    use serde_json::json;
    use std::sync::Arc;

    fn zone(id: &str, private: bool) -> String {
        format!(
            "<HostedZone><Id>/hostedzone/{id}</Id><Name>{id}.example.com.</Name><CallerReference>1</CallerReference>
             <Config><Comment>of {id}</Comment><PrivateZone>{private}</PrivateZone></Config>
             <ResourceRecordSetCount>2</ResourceRecordSetCount>
             <Features><AcceleratedRecoveryStatus>ENABLED</AcceleratedRecoveryStatus></Features></HostedZone>"
        )
    }

    fn page(zones: &str, next: &str) -> String {
        format!(
            "<ListHostedZonesResponse><HostedZones>{zones}</HostedZones><Marker/><IsTruncated>false</IsTruncated>{next}
             <MaxItems>100</MaxItems></ListHostedZonesResponse>"
        )
    }

    fn error(code: &str) -> String {
        format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>")
    }

    fn all(asked: &str) -> (u16, String) {
        let body = match asked {
            logs if logs.contains("/queryloggingconfig") => {
                "<ListQueryLoggingConfigsResponse><QueryLoggingConfigs><QueryLoggingConfig><Id>1</Id>
                 <HostedZoneId>ZPUBLIC</HostedZoneId><CloudWatchLogsLogGroupArn>arn:logs</CloudWatchLogsLogGroupArn>
                 </QueryLoggingConfig></QueryLoggingConfigs></ListQueryLoggingConfigsResponse>"
                    .into()
            }
            tags if tags.contains("/tags/hostedzone") => {
                "<ListTagsForResourcesResponse><ResourceTagSets><ResourceTagSet><ResourceType>hostedzone</ResourceType>
                 <ResourceId>ZPUBLIC</ResourceId><Tags><Tag><Key>team</Key><Value>net</Value></Tag></Tags></ResourceTagSet>
                 </ResourceTagSets></ListTagsForResourcesResponse>"
                    .into()
            }
            public if public.contains("/hostedzone/ZPUBLIC") => {
                format!(
                    "<GetHostedZoneResponse>{}<DelegationSet><Id>N1</Id><NameServers><NameServer>ns-2</NameServer>
                     <NameServer>ns-1</NameServer></NameServers></DelegationSet></GetHostedZoneResponse>",
                    zone("ZPUBLIC", false)
                )
            }
            private if private.contains("/hostedzone/ZPRIVATE") => {
                format!(
                    "<GetHostedZoneResponse>{}<VPCs><VPC><VPCRegion>eu-west-1</VPCRegion><VPCId>vpc-2</VPCId></VPC>
                     <VPC><VPCRegion>eu-west-1</VPCRegion><VPCId>vpc-1</VPCId></VPC></VPCs></GetHostedZoneResponse>",
                    zone("ZPRIVATE", true)
                )
            }
            second if second.contains("marker=ZPRIVATE") => page(&zone("ZPRIVATE", true), ""),
            _ => page(&zone("ZPUBLIC", false), "<NextMarker>ZPRIVATE</NextMarker>"),
        };
        (200, body)
    }

    async fn zones(cx: &Cx) -> Vec<Resource> {
        let mut out = collected(&Zones, cx).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        out.resources.sort_by(|a, b| b.address.cmp(&a.address));
        out.resources
    }

    #[tokio::test]
    async fn a_public_zone_has_name_servers_and_a_private_one_vpcs() {
        let zones = zones(&cx(GLOBAL, all)).await;
        let [public, private] = &zones[..] else { panic!("two pages of one: {zones:?}") };
        assert_eq!(properties(public), claimed(&SPEC, public));
        assert_eq!(public.address.arn.as_deref(), Some("arn:aws:route53:::hostedzone/ZPUBLIC"));
        let expected = json!({
            "DelegationSetId": "N1", "HostedZoneConfig": {"Comment": "of ZPUBLIC"},
            "HostedZoneFeatures": {"EnableAcceleratedRecovery": true},
            "HostedZoneTags": [{"Key": "team", "Value": "net"}], "Name": "ZPUBLIC.example.com.",
            "QueryLoggingConfig": {"CloudWatchLogsLogGroupArn": "arn:logs"}, "VPCs": null,
        });
        assert_eq!(to_json(&public.properties), expected);
        assert_eq!(public.attribute("NameServers").get("0").as_str(), Some("ns-1"));
        assert!(private.get("QueryLoggingConfig").is_absent());
        assert!(private.get("DelegationSetId").is_absent() && private.get("HostedZoneTags").is_absent());
        assert_eq!(
            to_json(&private.properties)["VPCs"],
            json!([{"VPCId": "vpc-1", "VPCRegion": "eu-west-1"}, {"VPCId": "vpc-2", "VPCRegion": "eu-west-1"}])
        );
    }

    #[tokio::test]
    async fn what_nobody_asks_for_costs_no_call() {
        let mut cx = cx(GLOBAL, |asked| {
            assert!(asked.contains("/hostedzone?"), "{asked}");
            all(asked)
        });
        cx.wanted = Arc::new(Wanted::default());
        let zones = zones(&cx).await;
        let [public, private] = &zones[..] else { panic!("two zones") };
        for property in ["DelegationSetId", "HostedZoneTags", "QueryLoggingConfig"] {
            assert_eq!(public.get(property).why_unknown(), Some(Unknown::NotCollected), "{property}");
        }
        assert!(public.get("VPCs").is_absent(), "a public zone has none");
        assert_eq!(private.get("VPCs").why_unknown(), Some(Unknown::NotCollected));
    }

    #[tokio::test]
    async fn denied_details_are_unknown_and_a_zone_that_vanishes_is_dropped() {
        let cx = cx(GLOBAL, |asked| match asked {
            gone if gone.contains("/hostedzone/ZPUBLIC") => (404, error(NO_ZONE)),
            denied if denied.contains("/hostedzone/ZPRIVATE") || denied.contains("/querylogging") => {
                (403, error("AccessDenied"))
            }
            other => all(other),
        });
        let zones = zones(&cx).await;
        let [private] = &zones[..] else { panic!("the public zone is gone: {zones:?}") };
        assert_eq!(private.get("VPCs").why_unknown(), Some(Unknown::Denied { action: GET.into() }));
        assert_eq!(
            private.get("QueryLoggingConfig").why_unknown(),
            Some(Unknown::Denied { action: QUERY_LOGS.into() })
        );
        assert!(private.get("HostedZoneTags").is_absent());
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Zones, GLOBAL).await.resources, []);
    }
}
