//! Which buckets services write their logs to: CloudTrail, Config, load balancers, CloudFront, WAF, flow logs, and S3 itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::model::{Estate, Items, Kind, Read, Resource, Unknown, Value};

const BUCKET: &str = "AWS::S3::Bucket";

/// A kind of log: the service's short name, the type that names the bucket, and where it does.
struct Writer {
    service: &'static str,
    kind: &'static str,
    destinations: for<'a> fn(&'a Resource) -> Vec<Read<'a>>,
}

static WRITERS: &[Writer] = &[
    Writer { service: "cloudtrail", kind: "AWS::CloudTrail::Trail", destinations: |r| vec![r.get("S3BucketName")] },
    Writer { service: "config", kind: "AWS::Config::DeliveryChannel", destinations: |r| vec![r.get("S3BucketName")] },
    Writer { service: "elb", kind: "AWS::ElasticLoadBalancingV2::LoadBalancer", destinations: load_balancer },
    Writer {
        service: "cloudfront",
        kind: "AWS::CloudFront::Distribution",
        destinations: |r| vec![r.get("DistributionConfig.Logging.Bucket")],
    },
    Writer {
        service: "waf",
        kind: "AWS::WAFv2::LoggingConfiguration",
        destinations: |r| elements(&r.get("LogDestinationConfigs")),
    },
    Writer { service: "vpc", kind: "AWS::EC2::FlowLog", destinations: |r| vec![r.get("LogDestination")] },
    Writer { service: "s3", kind: BUCKET, destinations: access_log },
];

/// Whether a service writes its logs to this bucket. Rules that ask must name in `reads` the types above and
/// `AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes`, `AWS::CloudFront::Distribution.DistributionConfig`,
/// `AWS::S3::Bucket.LoggingConfiguration`.
pub(in crate::rules) fn is_log_bucket(estate: &Estate, bucket: &Resource) -> Result<bool, Unknown> {
    written_by(estate, bucket, |_| true)
}

/// Whether one of these services (`cloudtrail`, `config`, `elb`, `cloudfront`, `waf`, `vpc`, `s3`) writes its logs to this bucket.
pub(in crate::rules) fn written_by(
    estate: &Estate,
    bucket: &Resource,
    wanted: impl Fn(&str) -> bool,
) -> Result<bool, Unknown> {
    let destinations = &estate.digest(Destinations::of).0;
    let mut open = None;
    for writer in WRITERS.iter().filter(|writer| wanted(writer.service)) {
        if writer.kind == BUCKET {
            match access_logs_of_others(estate, bucket) {
                Some(Ok(true)) => return Ok(true),
                Some(Ok(false)) => continue,
                Some(Err(why)) => {
                    open = open.or(Some(why));
                    continue;
                }
                None => {}
            }
        }
        // Names of buckets are unique in the world: the writer may be in another region.
        match destinations.get(writer.service).map_or(Ok(false), |all| all.name(estate, writer, bucket)) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(why) => open = open.or(Some(why)),
        }
        open = open.or_else(|| estate.why_unlisted(writer.kind, &bucket.address));
    }
    open.map_or(Ok(false), Err)
}

/// What the writers of each service name, by the service's short name.
struct Destinations(HashMap<&'static str, Named>);

/// What the writers of a service name as their buckets.
#[derive(Default)]
struct Named {
    /// Stacks and logical ids of references.
    references: HashSet<(Arc<str>, Arc<str>)>,
    /// What buckets that are meant may be called: the name in a text, and what may stand before `.s3.` in it.
    names: HashSet<Box<str>>,
    /// What the ARN of a bucket that is meant may be: the text, and each part of it before a `/`.
    arns: HashSet<Box<str>>,
    /// Buckets that stand for themselves.
    selves: HashSet<usize>,
    /// Destinations that cannot be read, by the stack of the writer, in the order of the estate.
    open: BTreeMap<Option<Arc<str>>, Vec<Nth>>,
    /// The first of those of two stacks.
    first: Vec<(Option<Arc<str>>, Nth)>,
}

/// The place of a writer, and which of its destinations.
type Nth = (usize, usize);

impl Destinations {
    fn of(estate: &Estate) -> Self {
        let named = |writer: &Writer| {
            let mut named = Named::default();
            for r in estate.of_type(writer.kind) {
                let Some(place) = estate.place_of(r) else { continue };
                for (n, read) in (writer.destinations)(r).iter().enumerate() {
                    named.add(read, (place, n));
                }
            }
            named
        };
        Self(WRITERS.iter().map(|writer| (writer.service, named(writer))).collect())
    }
}

impl Named {
    fn add(&mut self, read: &Read<'_>, nth: Nth) {
        if let Some(Value { kind: Kind::Ref(reference), .. }) = read.value() {
            self.references.insert((Arc::clone(&reference.stack), Arc::clone(&reference.logical_id)));
        }
        if read.path == "BucketName" && &*read.resource.kind == BUCKET {
            self.selves.insert(nth.0);
        }
        if let Some(text) = read.as_str() {
            self.add_text(text);
        } else if read.why_unknown().is_some() {
            let stack = read.resource.address.stack.clone();
            if self.first.len() < 2 && self.first.iter().all(|(known, _)| *known != stack) {
                self.first.push((stack.clone(), nth));
            }
            self.open.entry(stack).or_default().push(nth);
        }
    }

    /// See [`is_name`], which says it the other way round.
    fn add_text(&mut self, text: &str) {
        let parts = text.match_indices('/').filter_map(|(end, _)| text.get(..end));
        self.arns.extend(parts.chain([text]).map(Box::from));
        let text = text.split_once(":::").map_or(text, |(_, name)| name);
        let text = text.split_once('/').map_or(text, |(name, _)| name);
        let ends = [".s3.", ".s3-"].into_iter().flat_map(|domain| text.match_indices(domain));
        let names = ends.filter_map(|(end, _)| text.get(..end)).chain([text]);
        self.names.extend(names.map(Box::from));
    }

    /// Whether one of them is this bucket.
    fn name(&self, estate: &Estate, writer: &Writer, bucket: &Resource) -> Result<bool, Unknown> {
        let address = &bucket.address;
        let stack = address.stack.as_ref().filter(|_| !bucket.is_live());
        let refers = stack
            .zip(address.logical_id.as_ref())
            .is_some_and(|(stack, id)| self.references.contains(&(Arc::clone(stack), Arc::clone(id))));
        let arn = address.arn.as_deref().filter(|arn| !arn.is_empty());
        let given = bucket.get("BucketName");
        let mut called = [address.physical_id.as_deref(), given.as_str()].into_iter().flatten();
        if refers
            || estate.place_of(bucket).is_some_and(|place| self.selves.contains(&place))
            || arn.is_some_and(|arn| self.arns.contains(arn))
            || called.any(|name| self.names.contains(name))
        {
            return Ok(true);
        }
        let read = |(place, n): Nth| {
            let r = estate.at_place(place)?;
            (writer.destinations)(r).into_iter().nth(n)
        };
        // A destination of another stack is open for every bucket, one of its own stack may be told from what is written there.
        let other = self.first.iter().find(|(of, _)| stack.is_none() || of.as_ref() != stack).map(|(_, nth)| *nth);
        let mut open = other.and_then(|nth| Some((nth, read(nth)?.why_unknown()?)));
        for &nth in stack.and_then(|stack| self.open.get(&Some(Arc::clone(stack)))).into_iter().flatten() {
            match read(nth).map_or(Ok(false), |read| names(&read, bucket)) {
                Ok(true) => return Ok(true),
                Err(why) if open.as_ref().is_none_or(|(first, _)| nth < *first) => open = Some((nth, why)),
                Ok(false) | Err(_) => {}
            }
        }
        open.map_or(Ok(false), |(_, why)| Err(why))
    }
}

/// Whether buckets write their access logs to this one, by the index of references: there may be too many buckets to look at each for each.
/// `None` if the index does not tell, because a template leaves a destination open.
fn access_logs_of_others(estate: &Estate, bucket: &Resource) -> Option<Result<bool, Unknown>> {
    let found = estate.referrers(bucket, BUCKET, "LoggingConfiguration.DestinationBucketName");
    let own = bucket.get("LoggingConfiguration");
    let to_itself = own.value().is_some() && own.get("DestinationBucketName").is_absent();
    match found.incomplete {
        _ if to_itself || !found.items.is_empty() => Some(Ok(true)),
        None => Some(Ok(false)),
        Some(why) if bucket.is_live() => Some(Err(why)),
        Some(_) => None,
    }
}

/// Access logs and connection logs of a load balancer.
fn load_balancer(r: &Resource) -> Vec<Read<'_>> {
    let attributes = elements(&r.get("LoadBalancerAttributes")).into_iter();
    attributes
        .filter_map(|attribute| {
            let key = attribute.get("Key");
            match key.as_str() {
                Some("access_logs.s3.bucket" | "connection_logs.s3.bucket" | "health_check_logs.s3.bucket") => {
                    Some(attribute.get("Value"))
                }
                Some(_) => None,
                None => key.why_unknown().map(|_| key),
            }
        })
        .collect()
}

/// The access log of a bucket; one that names no other bucket goes to the bucket itself.
fn access_log(r: &Resource) -> Vec<Read<'_>> {
    let logging = r.get("LoggingConfiguration");
    let destination = logging.get("DestinationBucketName");
    // The bucket's own name stands for it.
    if !logging.is_absent() && destination.is_absent() { vec![r.get("BucketName")] } else { vec![destination] }
}

fn elements<'a>(list: &Read<'a>) -> Vec<Read<'a>> {
    match list.items() {
        Items::Are(items) => items,
        Items::Absent => Vec::new(),
        Items::Unknown => vec![list.clone()],
    }
}

/// Whether what was read names the bucket: by reference, by name, ARN or domain.
fn names(read: &Read<'_>, bucket: &Resource) -> Result<bool, Unknown> {
    let own = |stack: &str| bucket.address.stack.as_deref() == Some(stack) && !bucket.is_live();
    if let Some(Value { kind: Kind::Ref(reference), .. }) = read.value()
        && own(&reference.stack)
        && bucket.address.logical_id.as_ref() == Some(&reference.logical_id)
    {
        return Ok(true);
    }
    if read.path == "BucketName" && read.resource.address == bucket.address {
        return Ok(true);
    }
    if let Some(text) = read.as_str() {
        return Ok(is_name(text, bucket));
    }
    let Some(why) = read.why_unknown() else { return Ok(false) };
    if !read.resource.address.stack.as_deref().is_some_and(own) {
        return Err(why);
    }
    let written = read.path.split('.').try_fold(read.resource.raw.as_deref(), |value, key| Some(value?.child(key)));
    match (written.flatten(), bucket.address.logical_id.as_deref()) {
        (Some(written), Some(id)) if refers(written, id) => Ok(true),
        // A bucket of the same template that has no fixed name cannot have come in by a parameter or an import.
        _ if bucket.get("BucketName").is_absent() && !matches!(why, Unknown::NotCollected) => match read.value() {
            Some(Value { kind: Kind::Ref(reference), .. }) if is_output(reference.attribute.as_deref()) => Err(why),
            _ => Ok(false),
        },
        _ => Err(why),
    }
}

fn is_output(attribute: Option<&str>) -> bool {
    attribute.is_some_and(|name| name.starts_with("Outputs."))
}

/// Whether a text is the bucket's name, its ARN (with or without a prefix) or its domain.
fn is_name(text: &str, bucket: &Resource) -> bool {
    let address = &bucket.address;
    let arn = address.arn.as_deref().filter(|arn| !arn.is_empty());
    if arn.and_then(|arn| text.strip_prefix(arn)).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return true;
    }
    let text = text.split_once(":::").map_or(text, |(_, name)| name);
    let text = text.split_once('/').map_or(text, |(name, _)| name);
    let given = bucket.get("BucketName");
    [address.physical_id.as_deref(), given.as_str()].into_iter().flatten().any(|name| {
        text.strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(".s3.") || rest.starts_with(".s3-"))
    })
}

/// Whether a value as written refers to a logical id.
fn refers(value: &Value, id: &str) -> bool {
    let is_id = |name: &str| name.split('.').next() == Some(id);
    match &value.kind {
        Kind::List(list) => list.iter().any(|item| refers(item, id)),
        Kind::Map(map) => map.iter().any(|(key, entry)| {
            let argument = &entry.value;
            let text = argument.as_str().or_else(|| argument.child("0").and_then(Value::as_str)).unwrap_or_default();
            match &**key {
                "Ref" | "Fn::GetAtt" => is_id(text),
                "Fn::Sub" => {
                    let mut names = text.split("${").skip(1).filter_map(|part| part.split_once('}'));
                    names.any(|(name, _)| is_id(name.trim())) || refers(argument, id)
                }
                _ => refers(argument, id),
            }
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Reference, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn declared(kind: &str, id: &str, properties: &Json) -> Resource {
        let address = Address { stack: Some("s".into()), logical_id: Some(id.into()), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
        r.raw = Some(from_json(properties).into());
        r.properties = from_json(properties);
        evaluate(&mut r.properties);
        r
    }

    /// `Ref` becomes a reference, every other function is not known.
    fn evaluate(value: &mut Value) {
        if let Some(id) = value.child("Ref").and_then(Value::as_str) {
            let reference = Reference { stack: "s".into(), logical_id: id.into(), attribute: None, value: None };
            value.kind = Kind::Ref(reference);
            return;
        }
        if value.child("Fn::Sub").or(value.child("Fn::ImportValue")).is_some() {
            value.kind = Kind::Unknown(Unknown::Import("x".into()));
        }
        match &mut value.kind {
            Kind::List(list) => list.iter_mut().for_each(evaluate),
            Kind::Map(map) => map.values_mut().for_each(|entry| evaluate(&mut entry.value)),
            _ => {}
        }
    }

    fn is_destination(bucket: &Json, kind: &str, writer: &Json) -> Result<bool, Unknown> {
        let estate = Estate::new(vec![declared(BUCKET, "Logs", bucket), declared(kind, "Writer", writer)], None);
        is_log_bucket(&estate, estate.by_logical_id("s", "Logs").unwrap())
    }

    #[test]
    fn every_service_that_writes_logs_names_its_bucket_in_its_own_way() {
        let by_reference = json!({"Ref": "Logs"});
        let attribute = |key: &str| json!({"LoadBalancerAttributes": [{"Key": key, "Value": by_reference}]});
        for (kind, writer, expected) in [
            ("AWS::CloudTrail::Trail", json!({"S3BucketName": by_reference}), true),
            ("AWS::Config::DeliveryChannel", json!({"S3BucketName": "my-logs"}), true),
            ("AWS::Config::DeliveryChannel", json!({"S3BucketName": "my-logs-2"}), false),
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", attribute("access_logs.s3.bucket"), true),
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", attribute("access_logs.s3.prefix"), false),
            (
                "AWS::CloudFront::Distribution",
                json!({"DistributionConfig": {"Logging": {"Bucket": {"Fn::Sub": "${Logs}.s3.amazonaws.com"}}}}),
                true,
            ),
            (
                "AWS::CloudFront::Distribution",
                json!({"DistributionConfig": {"Logging": {"Bucket": "my-logs.s3.amazonaws.com"}}}),
                true,
            ),
            ("AWS::WAFv2::LoggingConfiguration", json!({"LogDestinationConfigs": ["arn:aws:s3:::my-logs"]}), true),
            ("AWS::EC2::FlowLog", json!({"LogDestination": {"Fn::Sub": "${Logs.Arn}/flow"}}), true),
            ("AWS::EC2::FlowLog", json!({"LogDestination": "arn:aws:s3:::my-logs/flow"}), true),
            (BUCKET, json!({"LoggingConfiguration": {"DestinationBucketName": by_reference}}), true),
            (BUCKET, json!({"LoggingConfiguration": {"LogFilePrefix": "own/"}}), false),
        ] {
            let found = is_destination(&json!({"BucketName": "my-logs"}), kind, &writer);
            assert_eq!(found, Ok(expected), "{kind} {writer}");
        }
    }

    #[test]
    fn a_bucket_without_another_destination_logs_to_itself() {
        let own = json!({"LoggingConfiguration": {"LogFilePrefix": "own/"}});
        assert_eq!(is_destination(&own, "T", &json!({})), Ok(true));
    }

    #[test]
    fn an_import_may_be_a_bucket_of_a_fixed_name_but_never_one_whose_name_is_generated() {
        let (kind, writer) = ("AWS::CloudTrail::Trail", json!({"S3BucketName": {"Fn::ImportValue": "x"}}));
        assert_eq!(is_destination(&json!({}), kind, &writer), Ok(false));
        assert_eq!(is_destination(&json!({"BucketName": "logs"}), kind, &writer), Err(Unknown::Import("x".into())));
    }

    #[test]
    fn a_listing_that_was_denied_leaves_it_open_unless_another_service_writes() {
        let live = |kind: &str, id: &str, properties: &Json| {
            let address = Address { physical_id: Some(id.into()), region: "r".into(), ..Address::default() };
            let reads = World::Open { reads: &["BucketName", "LoggingConfiguration"] };
            let mut r = Resource::new(kind, address, reads, Span::LIVE);
            r.properties = from_json(properties);
            r
        };
        let trail = live("AWS::CloudTrail::Trail", "t", &json!({"S3BucketName": "logs"}));
        let buckets = vec![live(BUCKET, "logs", &json!({})), live(BUCKET, "data", &json!({})), trail];
        let estate = Estate::new(buckets, Some(std::collections::BTreeMap::new()));
        let ask = |id: &str| is_log_bucket(&estate, estate.of_type(BUCKET).find(|b| b.address.name() == id).unwrap());
        assert_eq!(ask("logs"), Ok(true));
        assert_eq!(ask("data"), Err(Unknown::NotCollected));
    }
}
