//! CloudFront distributions: their behaviours, their origins, and what stands behind these.

use super::buckets::{BUCKET, bucket_at, bucket_name};
use super::sketch::{named, names_resource, sketch};
use crate::model::{Estate, Items, Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::check;
use crate::rules::verdict::Verdict;

/// `AWS::CloudFront::Distribution`.
pub(in crate::rules) const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";
const RECORD_SET: &str = "AWS::Route53::RecordSet";

/// Every behaviour satisfies `test`: the default one and those for paths.
pub(in crate::rules) fn each_behaviour<'a>(
    distribution: &'a Resource,
    expected: &str,
    mut test: impl FnMut(&Read<'a>) -> Verdict,
) -> Verdict {
    let default = test(&distribution.get("DistributionConfig.DefaultCacheBehavior"));
    default.and(check::each(&distribution.get("DistributionConfig.CacheBehaviors"), expected, test))
}

/// One behaviour satisfies `test`.
pub(in crate::rules) fn some_behaviour<'a>(
    distribution: &'a Resource,
    expected: &str,
    mut test: impl FnMut(&Read<'a>) -> Verdict,
) -> Verdict {
    let default = test(&distribution.get("DistributionConfig.DefaultCacheBehavior"));
    let others = distribution.get("DistributionConfig.CacheBehaviors");
    match others.items() {
        Items::Absent => default,
        Items::Unknown => default.or(|| check::unknown(&others, expected)),
        Items::Are(items) => items.iter().map(test).fold(default, |found, next| found.or(|| next)),
    }
}

/// The origins.
pub(in crate::rules) fn origins(distribution: &Resource) -> Read<'_> {
    distribution.get("DistributionConfig.Origins")
}

/// Whether an origin is a bucket as S3's API shows it; the website of a bucket is an origin like any other.
pub(in crate::rules) fn is_bucket(estate: &Estate, origin: &Read<'_>) -> Result<bool, Unknown> {
    let domain = origin.get("DomainName");
    if let Some(text) = sketch(&domain) {
        if text.contains(".s3-website") {
            return Ok(false);
        }
        if bucket_name(&text) != text {
            return Ok(true);
        }
    }
    if !origin.get("CustomOriginConfig").is_absent() || !origin.get("VpcOriginConfig").is_absent() {
        return Ok(false);
    }
    if !origin.get("S3OriginConfig").is_absent() {
        return Ok(true);
    }
    match named(estate, &domain, &[BUCKET]) {
        Related::Found(_) => Ok(!matches!(
            domain.value(),
            Some(Value { kind: Kind::Ref(r), .. }) if r.attribute.as_deref() == Some("WebsiteURL")
        )),
        Related::Unknown(why) if domain.why_unknown().is_some() => Err(why),
        Related::Missing | Related::Unknown(_) => Ok(false),
    }
}

/// The bucket that an origin shows.
pub(in crate::rules) fn bucket_of<'a>(estate: &'a Estate, origin: &Read<'_>) -> Related<'a> {
    bucket_at(estate, &origin.get("DomainName"))
}

/// Whether a load balancer or a bucket is an origin of a distribution.
pub(in crate::rules) fn shows(estate: &Estate, distribution: &Resource, target: &Resource) -> Result<bool, Unknown> {
    let list = origins(distribution);
    let mut why = None;
    match list.items() {
        Items::Absent => {}
        Items::Unknown => why = list.why_unknown(),
        Items::Are(items) => {
            for origin in items {
                match leads_to(estate, &origin.get("DomainName"), target) {
                    Ok(true) => return Ok(true),
                    Ok(false) => {}
                    Err(reason) => why = Some(reason),
                }
            }
        }
    }
    why.map_or(Ok(false), Err)
}

/// Whether a domain name is that of a resource: its own, or one that an alias record leads there.
fn leads_to(estate: &Estate, domain: &Read<'_>, target: &Resource) -> Result<bool, Unknown> {
    let found =
        if &*target.kind == BUCKET { bucket_at(estate, domain) } else { named(estate, domain, &[&*target.kind]) };
    if let Related::Found(found) = found {
        return Ok(found.address == target.address);
    }
    let Some(text) = domain.as_str() else {
        // It leads to another resource of the template.
        let elsewhere = names_resource(estate, domain);
        return domain.why_unknown().filter(|_| !elsewhere).map_or(Ok(false), Err);
    };
    let own = target.attribute("DNSName");
    let is_own = |name: &str| own.as_str().is_some_and(|own| plain(own) == plain(name));
    if is_own(text) {
        return Ok(true);
    }
    if &*target.kind == BUCKET || plain(text).ends_with(".amazonaws.com") {
        return Ok(false);
    }
    let records = estate.of(target, RECORD_SET);
    let alias = records.items.iter().filter(|r| r.get("Name").as_str().is_some_and(|name| plain(name) == plain(text)));
    let mut leads = alias.map(|record| record.get("AliasTarget.DNSName"));
    let leads_there = leads.any(|to| {
        to.as_str().is_some_and(is_own)
            || matches!(named(estate, &to, &[&*target.kind]), Related::Found(r) if r.address == target.address)
    });
    match records.incomplete {
        Some(why) if !leads_there => Err(why),
        _ => Ok(leads_there),
    }
}

/// A domain name as it is compared: in small letters, without the dot of the root and the prefix of Route 53 for both address families.
fn plain(name: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_prefix("dualstack.").map_or(name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::network::testing::{account, observed};
    use serde_json::{Value as Json, json};

    fn with(origin: &Json) -> Resource {
        observed(DISTRIBUTION, "E1", &json!({"DistributionConfig": {"Origins": [origin]}}))
    }

    #[test]
    fn a_bucket_is_told_from_its_website_and_from_servers() {
        let estate = account(vec![], &[BUCKET], &[]);
        for (origin, expected) in [
            (json!({"DomainName": "a.s3.eu-west-1.amazonaws.com", "S3OriginConfig": {}}), Ok(true)),
            (json!({"DomainName": "a.s3.amazonaws.com"}), Ok(true)),
            (json!({"DomainName": "a.s3-website-us-east-1.amazonaws.com", "CustomOriginConfig": {}}), Ok(false)),
            (json!({"DomainName": "www.example.com", "CustomOriginConfig": {}}), Ok(false)),
        ] {
            let distribution = with(&origin);
            let Items::Are(origins) = origins(&distribution).items() else { panic!("no list") };
            assert_eq!(is_bucket(&estate, &origins[0]), expected, "{origin}");
        }
    }

    #[test]
    fn a_load_balancer_is_found_by_its_name_and_by_an_alias_of_it() {
        const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
        let mut balancer = observed(BALANCER, "lb", &json!({}));
        balancer.set_attribute("DNSName", Kind::Str("web-1.elb.amazonaws.com".into()));
        let alias =
            json!({"Name": "origin.example.com.", "AliasTarget": {"DNSName": "dualstack.web-1.elb.amazonaws.com."}});
        let estate = account(vec![balancer, observed(RECORD_SET, "r", &alias)], &[RECORD_SET, BALANCER], &[]);
        let balancer = estate.of_type(BALANCER).next().unwrap();
        for (domain, expected) in
            [("WEB-1.elb.amazonaws.com", true), ("origin.example.com", true), ("other.example.com", false)]
        {
            assert_eq!(shows(&estate, &with(&json!({"DomainName": domain})), balancer), Ok(expected), "{domain}");
        }
        let hidden = account(vec![observed(BALANCER, "lb", &json!({}))], &[BALANCER], &[RECORD_SET]);
        let balancer = hidden.of_type(BALANCER).next().unwrap();
        assert!(shows(&hidden, &with(&json!({"DomainName": "origin.example.com"})), balancer).is_err());
    }
}
