//! Record sets: one listing for each zone.

use async_trait::async_trait;
use aws_sdk_route53::Client;
use aws_sdk_route53::operation::list_resource_record_sets::ListResourceRecordSetsOutput;
use aws_sdk_route53::types::{
    GeoProximityLocation, HostedZone, ResourceRecord, ResourceRecordSet, ResourceRecordSetFailover,
    ResourceRecordSetRegion, RrType,
};

use super::names::decoded;
use super::{LIST_ZONES, NO_ZONE, bare, list_zones};
use crate::collect::gone::unless_gone;
use crate::collect::shape::{flag, map, number, number_text, set, text};
use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use crate::model::{Kind, Provenance, Resource};

const LIST: &str = "route53:ListResourceRecordSets";

/// The largest page of a zone's records.
const PAGE: i32 = 300;

/// CloudFormation forgets the name of the zone that a template gives instead of its id; the zone has it all the same.
const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Route53::RecordSet",
    asked: &[("HostedZoneName", LIST_ZONES), ("", LIST)],
    reads: &[
        "AliasTarget",
        "CidrRoutingConfig",
        "Failover",
        "GeoLocation",
        "GeoProximityLocation",
        "HealthCheckId",
        "HostedZoneId",
        "HostedZoneName",
        "MultiValueAnswer",
        "Name",
        "Region",
        "ResourceRecords",
        "SetIdentifier",
        "TTL",
        "Type",
        "Weight",
    ],
    // The listing of its zone: every zone has records, if only its own.
    calls: 1,
    ..TypeSpec::LISTED
};

static SPEC: Spec =
    Spec { name: "route53/records", reach: Reach::Global, listings: 1, types: &[TYPE], actions: &[LIST_ZONES, LIST] };

/// Reads the records of every zone.
pub struct Records;

#[async_trait]
impl Collector for Records {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let pages = list_zones(cx, &client, TYPE.name).await;
        out.listed(TYPE.name, &pages.end);
        let zones = pages.items(|page| page.hosted_zones);
        let readings = zones.map(|zone| read(cx.clone(), client.clone(), zone));
        for records in tasks::all(readings.collect()).await {
            out.merge(records);
        }
    }
}

/// Where the next page of a zone starts: name, type, set identifier.
type Start = (Option<String>, Option<RrType>, Option<String>);

async fn read(cx: Cx, client: Client, zone: HostedZone) -> Out {
    let mut out = Out::default();
    let request = client.list_resource_record_sets().hosted_zone_id(bare(zone.id())).max_items(PAGE);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start: Option<Start>| {
                let (name, kind, identifier) = start.unwrap_or_default();
                let request = request.clone().set_start_record_name(name).set_start_record_type(kind);
                // A zone that has gone since it was listed has no records.
                unless_gone(&[NO_ZONE], request.set_start_record_identifier(identifier).send())
            },
            |page| page.as_ref().and_then(next),
        )
        .await;
    let sets = pages.pages.iter().flatten().flat_map(ListResourceRecordSetsOutput::resource_record_sets);
    out.resources.extend(sets.map(|record| resource(&cx, &zone, record)));
    out.listed(TYPE.name, &pages.end);
    out
}

fn next(page: &ListResourceRecordSetsOutput) -> Option<Start> {
    page.is_truncated().then(|| {
        (
            page.next_record_name().map(str::to_owned),
            page.next_record_type().cloned(),
            page.next_record_identifier().map(str::to_owned),
        )
    })
}

/// A record set. CloudFormation lists its name as its id, which other records may have too; so the id here is all that makes it the one it is.
fn resource(cx: &Cx, zone: &HostedZone, record: &ResourceRecordSet) -> Resource {
    let (name, zone_name, zone_id) = (decoded(record.name()), decoded(zone.name()), bare(zone.id()));
    let kind = record.r#type().as_str();
    let mut id = format!("{}|{zone_id}|{kind}", name.trim_end_matches('.'));
    if let Some(identifier) = record.set_identifier() {
        id = format!("{id}|{identifier}");
    }
    let mut r = cx.resource(&SPEC, TYPE.name, &id, "");
    r.set("HostedZoneId", text(Some(zone_id)));
    r.set("HostedZoneName", text(Some(&zone_name)));
    r.set("Name", text(Some(&name)));
    r.set("Type", text(Some(kind)));
    r.set("TTL", number_text(record.ttl()));
    r.set("ResourceRecords", set(record.resource_records().iter().map(ResourceRecord::value)));
    r.set("AliasTarget", alias(record));
    for (property, kind) in routing(record) {
        r.set(property, kind);
    }
    // Route 53 makes these two with the zone.
    let own = name == zone_name && matches!(record.r#type(), RrType::Ns | RrType::Soa);
    if own {
        r.provenance = Provenance::Service;
    }
    r.set_attribute("IsZoneDefault", Kind::Bool(own));
    r.set_attribute("TrafficPolicyInstanceId", text(record.traffic_policy_instance_id()));
    r
}

fn alias(record: &ResourceRecordSet) -> Kind {
    record.alias_target().map_or(Kind::Null, |target| {
        map([
            ("DNSName", text(Some(&decoded(target.dns_name())))),
            ("EvaluateTargetHealth", Kind::Bool(target.evaluate_target_health())),
            ("HostedZoneId", text(Some(target.hosted_zone_id()))),
        ])
    })
}

/// Which of several records with one name and type is answered.
fn routing(record: &ResourceRecordSet) -> [(&'static str, Kind); 9] {
    let cidr = record.cidr_routing_config().map(|cidr| {
        map([("CollectionId", text(Some(cidr.collection_id()))), ("LocationName", text(Some(cidr.location_name())))])
    });
    let place = record.geo_location().map(|place| {
        map([
            ("ContinentCode", text(place.continent_code())),
            ("CountryCode", text(place.country_code())),
            ("SubdivisionCode", text(place.subdivision_code())),
        ])
    });
    [
        ("CidrRoutingConfig", cidr.unwrap_or(Kind::Null)),
        ("Failover", text(record.failover().map(ResourceRecordSetFailover::as_str))),
        ("GeoLocation", place.unwrap_or(Kind::Null)),
        ("GeoProximityLocation", record.geo_proximity_location().map_or(Kind::Null, proximity)),
        ("HealthCheckId", text(record.health_check_id())),
        ("MultiValueAnswer", flag(record.multi_value_answer())),
        ("Region", text(record.region().map(ResourceRecordSetRegion::as_str))),
        ("SetIdentifier", text(record.set_identifier())),
        ("Weight", number(record.weight())),
    ]
}

fn proximity(place: &GeoProximityLocation) -> Kind {
    let coordinates = place
        .coordinates()
        .map(|point| map([("Latitude", text(Some(point.latitude()))), ("Longitude", text(Some(point.longitude())))]));
    map([
        ("AWSRegion", text(place.aws_region())),
        ("Bias", number(place.bias())),
        ("Coordinates", coordinates.unwrap_or(Kind::Null)),
        ("LocalZoneGroup", text(place.local_zone_group())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties, refused};
    use crate::model::{GLOBAL, Unknown, to_json};
    use serde_json::json;

    const ZONES: &str = "<ListHostedZonesResponse><HostedZones><HostedZone><Id>/hostedzone/Z1</Id>
        <Name>example.com.</Name><CallerReference>1</CallerReference></HostedZone></HostedZones><Marker/>
        <IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesResponse>";

    fn page(records: &str, next: &str) -> String {
        format!(
            "<ListResourceRecordSetsResponse><ResourceRecordSets>{records}</ResourceRecordSets>
             <IsTruncated>{}</IsTruncated>{next}<MaxItems>300</MaxItems></ListResourceRecordSetsResponse>",
            !next.is_empty()
        )
    }

    async fn records(aws: Aws) -> (Out, usize) {
        let cx = cx(GLOBAL, aws);
        let out = collected(&Records, &cx).await;
        (out, cx.calls.gaps().len())
    }

    fn both_pages(asked: &str) -> (u16, String) {
        let body = match asked {
            zones if zones.contains("/hostedzone?") => ZONES.into(),
            second if second.contains("name=www.example.com.") => {
                assert!(second.contains("type=A") && second.contains("identifier=blue"), "{second}");
                page(
                    "<ResourceRecordSet><Name>www.example.com.</Name><Type>A</Type><SetIdentifier>blue</SetIdentifier>
                     <Weight>10</Weight><Region>eu-west-1</Region><Failover>PRIMARY</Failover>
                     <GeoLocation><CountryCode>DE</CountryCode></GeoLocation><MultiValueAnswer>false</MultiValueAnswer>
                     <GeoProximityLocation><Coordinates><Latitude>1.0</Latitude><Longitude>2.0</Longitude></Coordinates>
                        <Bias>5</Bias></GeoProximityLocation>
                     <CidrRoutingConfig><CollectionId>c</CollectionId><LocationName>l</LocationName></CidrRoutingConfig>
                     <AliasTarget><HostedZoneId>Z32O12XQLNTSW2</HostedZoneId><DNSName>lb.eu-west-1.elb.amazonaws.com.</DNSName>
                        <EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>
                     <HealthCheckId>h</HealthCheckId></ResourceRecordSet>",
                    "",
                )
            }
            _ => page(
                "<ResourceRecordSet><Name>example.com.</Name><Type>SOA</Type><TTL>900</TTL><ResourceRecords><ResourceRecord>
                 <Value>ns-1. admin. 1 7200 900 1209600 86400</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>
                 <ResourceRecordSet><Name>\\052.example.com.</Name><Type>A</Type><TTL>300</TTL><ResourceRecords><ResourceRecord>
                 <Value>192.0.2.2</Value></ResourceRecord><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord>
                 </ResourceRecords></ResourceRecordSet>",
                "<NextRecordName>www.example.com.</NextRecordName><NextRecordType>A</NextRecordType>
                 <NextRecordIdentifier>blue</NextRecordIdentifier>",
            ),
        };
        (200, body)
    }

    #[tokio::test]
    async fn records_read_as_cloudformation_would_declare_them_on_every_page() {
        let (out, _) = records(both_pages).await;
        let [own, any, www] = &out.resources[..] else { panic!("three records: {out:?}") };
        assert_eq!((&own.provenance, &any.provenance), (&Provenance::Service, &Provenance::Unmanaged));
        assert_eq!(any.address.physical_id.as_deref(), Some("*.example.com|Z1|A"));
        assert_eq!(any.get("TTL").as_str(), Some("300"));
        assert_eq!(any.get("ResourceRecords.0").as_str(), Some("192.0.2.1"));
        assert!(any.get("SetIdentifier").is_absent());
        assert_eq!(properties(www), claimed(&SPEC, www));
        assert_eq!(www.address.physical_id.as_deref(), Some("www.example.com|Z1|A|blue"));
        let expected = json!({
            "AliasTarget": {
                "DNSName": "lb.eu-west-1.elb.amazonaws.com.", "EvaluateTargetHealth": true,
                "HostedZoneId": "Z32O12XQLNTSW2",
            },
            "CidrRoutingConfig": {"CollectionId": "c", "LocationName": "l"}, "Failover": "PRIMARY",
            "GeoLocation": {"CountryCode": "DE"},
            "GeoProximityLocation": {"Bias": 5, "Coordinates": {"Latitude": "1.0", "Longitude": "2.0"}},
            "HealthCheckId": "h", "HostedZoneId": "Z1", "HostedZoneName": "example.com.", "MultiValueAnswer": false,
            "Name": "www.example.com.", "Region": "eu-west-1", "ResourceRecords": null, "SetIdentifier": "blue",
            "TTL": null, "Type": "A", "Weight": 10,
        });
        assert_eq!(to_json(&www.properties), expected);
    }

    #[tokio::test]
    async fn a_zone_that_may_not_be_read_leaves_the_listing_incomplete_and_one_that_is_gone_does_not() {
        let (out, gaps) = records(|asked| {
            if asked.contains("/hostedzone?") {
                return (200, ZONES.into());
            }
            (403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>".into())
        })
        .await;
        assert_eq!((&out.listed[TYPE.name], gaps), (&Err(Unknown::Denied { action: LIST.into() }), 1));
        let (out, gaps) = records(|asked| {
            if asked.contains("/hostedzone?") {
                return (200, ZONES.into());
            }
            (404, format!("<ErrorResponse><Error><Code>{NO_ZONE}</Code></Error></ErrorResponse>"))
        })
        .await;
        assert_eq!((&out.listed[TYPE.name], gaps, out.resources.len()), (&Ok(()), 0, 0));
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Records, GLOBAL).await.resources, []);
    }
}
