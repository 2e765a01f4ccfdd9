//! CloudFront distributions: their behaviours, their origins, and what stands behind these.

mod nearby;

use std::collections::{BTreeMap, HashMap, HashSet};

pub(in crate::rules) use nearby::Nearby;

use super::balancer::LOAD_BALANCER;
use super::buckets::{BUCKET, bucket_at, bucket_name};
use super::sketch::{named, names_resource, sketch};
use crate::model::network::about;
use crate::model::{Estate, Items, Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::check;
use crate::rules::verdict::{Evidence, Verdict};

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

/// One of the distributions around a load balancer or a bucket satisfies `test`, which is given whether the distribution shows it.
/// Those that do not are all the same: `test` is given the first of them alone, to say so.
pub(in crate::rules) fn some_front<'a>(
    estate: &'a Estate,
    target: &'a Resource,
    expected: &str,
    mut test: impl FnMut(&'a Resource, Result<bool, Unknown>) -> Verdict,
) -> Verdict {
    let answers = estate.digest(Shown::of);
    let mut fronts = answers.by(estate, target);
    let known: HashSet<usize> = fronts.iter().map(|(place, _)| *place).collect();
    let other = answers.all.near(&target.address).find(|place| !known.contains(place));
    fronts.extend(other.map(|place| (place, Ok(false))));
    fronts.sort_by_key(|(place, _)| *place);
    let mut judged = Vec::new();
    for (place, answer) in fronts {
        judged.extend(estate.at_place(place).map(|front| test(front, answer)));
    }
    let subject = about(target, "Distribution");
    let found = Verdict::any(judged, || check::fail(&subject, expected));
    match estate.why_unlisted(DISTRIBUTION, &target.address) {
        Some(why) => found.or(|| Verdict::unknown(Evidence::unknown(&subject, expected, &why))),
        None => found,
    }
}

/// The first distribution that shows a bucket or a load balancer, or else why the first that may do so cannot be read.
pub(in crate::rules) fn is_shown(estate: &Estate, target: &Resource) -> Result<bool, Unknown> {
    let fronts = estate.digest(Shown::of).by(estate, target);
    if fronts.iter().any(|(_, answer)| *answer == Ok(true)) {
        return Ok(true);
    }
    let unlisted = estate.why_unlisted(DISTRIBUTION, &target.address);
    let open = unlisted.or_else(|| fronts.into_iter().find_map(|(_, answer)| answer.err()));
    open.map_or(Ok(false), Err)
}

/// What origins lead to.
const TARGETS: [&str; 2] = [BUCKET, LOAD_BALANCER];

/// An origin that leads to something: the distribution, and the alias record between the two if there is one.
type Way = (usize, Option<usize>);

/// What the origins of all distributions lead to.
#[derive(Debug, Default)]
struct Shown {
    /// All distributions.
    all: Nearby,
    /// Ways to a resource, by its place.
    by_place: HashMap<usize, Vec<Way>>,
    /// Ways to a resource by its own domain name; buckets have none but what they tell as an attribute.
    by_name: HashMap<(&'static str, String), Vec<Way>>,
    /// Distributions with origins that may lead to a resource of a type, why, and which of them do so only if an alias record may be
    /// hidden.
    open: HashMap<&'static str, Open>,
}

/// Distributions of which it cannot be told where they lead.
#[derive(Debug, Default)]
struct Open {
    /// By the distribution: the last reason that is known, and whether an origin comes after it that an alias record may lead on.
    why: HashMap<usize, (Option<Unknown>, bool)>,
    /// Those with a reason.
    known: Nearby,
    /// Those that an alias record may lead on.
    by_record: Nearby,
}

impl Shown {
    fn of(estate: &Estate) -> Self {
        let mut shown = Self::default();
        let mut records: HashMap<String, Vec<&Resource>> = HashMap::new();
        for record in estate.of_type(RECORD_SET) {
            if let Some(name) = record.get("Name").as_str() {
                records.entry(plain(name)).or_default().push(record);
            }
        }
        for front in estate.of_type(DISTRIBUTION) {
            let Some(place) = estate.place_of(front) else { continue };
            shown.all.add(&front.address, place);
            let list = origins(front);
            for kind in TARGETS {
                let mut why = (None, false);
                match list.items() {
                    Items::Absent => {}
                    Items::Unknown => why = (list.why_unknown(), false),
                    Items::Are(items) => {
                        for origin in items {
                            shown.lead(estate, place, &origin.get("DomainName"), kind, &records, &mut why);
                        }
                    }
                }
                let open = shown.open.entry(kind).or_default();
                if why.0.is_some() {
                    open.known.add(&front.address, place);
                }
                if why.1 {
                    open.by_record.add(&front.address, place);
                }
                if why != (None, false) {
                    open.why.insert(place, why);
                }
            }
        }
        shown
    }

    /// Where a domain name leads: to a resource that it names, to the one whose domain name it is, or to one that an alias record leads to.
    fn lead(
        &mut self,
        estate: &Estate,
        front: usize,
        domain: &Read<'_>,
        kind: &'static str,
        records: &HashMap<String, Vec<&Resource>>,
        why: &mut (Option<Unknown>, bool),
    ) {
        let found = if kind == BUCKET { bucket_at(estate, domain) } else { named(estate, domain, &[kind]) };
        if let Related::Found(found) = found {
            self.leads_to(estate, found, (front, None));
            return;
        }
        let Some(text) = domain.as_str() else {
            // Unless it leads to another resource of the template.
            if let Some(reason) = domain.why_unknown().filter(|_| !names_resource(estate, domain)) {
                *why = (Some(reason), false);
            }
            return;
        };
        let name = plain(text);
        self.by_name.entry((kind, name.clone())).or_default().push((front, None));
        if kind == BUCKET || name.ends_with(".amazonaws.com") {
            return;
        }
        for record in records.get(&name).into_iter().flatten() {
            let way = (front, estate.place_of(record));
            let to = record.get("AliasTarget.DNSName");
            if let Some(text) = to.as_str() {
                self.by_name.entry((kind, plain(text))).or_default().push(way);
            }
            if let Related::Found(found) = named(estate, &to, &[kind]) {
                self.leads_to(estate, found, way);
            }
        }
        why.1 = true;
    }

    fn leads_to(&mut self, estate: &Estate, target: &Resource, way: Way) {
        if let Some(place) = estate.place_of(target) {
            self.by_place.entry(place).or_default().push(way);
        }
    }

    /// The distributions around a target that show it or may show it, in order.
    fn by(&self, estate: &Estate, target: &Resource) -> Vec<(usize, Result<bool, Unknown>)> {
        let Some(kind) = TARGETS.into_iter().find(|kind| *kind == &*target.kind) else { return Vec::new() };
        let near = |place: usize| estate.at_place(place).is_some_and(|r| r.address.near(&target.address));
        let by_place = estate.place_of(target).and_then(|place| self.by_place.get(&place));
        let own = target.attribute("DNSName");
        let by_name = own.as_str().and_then(|own| self.by_name.get(&(kind, plain(own))));
        let ways = by_place.into_iter().chain(by_name).flatten();
        let ways = ways.filter(|(front, record)| near(*front) && record.is_none_or(near));
        let mut found: BTreeMap<usize, Result<bool, Unknown>> = ways.map(|(front, _)| (*front, Ok(true))).collect();
        let Some(open) = self.open.get(kind) else { return found.into_iter().collect() };
        let hidden = estate.why_unlisted(RECORD_SET, &target.address);
        let by_record = hidden.iter().flat_map(|_| open.by_record.near(&target.address));
        for front in open.known.near(&target.address).chain(by_record) {
            let Some((why, may_be_alias)) = open.why.get(&front) else { continue };
            let hidden = hidden.as_ref().filter(|_| *may_be_alias);
            if let Some(why) = hidden.or(why.as_ref()) {
                found.entry(front).or_insert_with(|| Err(why.clone()));
            }
        }
        found.into_iter().collect()
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
        let mut balancer = observed(LOAD_BALANCER, "lb", &json!({}));
        balancer.set_attribute("DNSName", Kind::Str("web-1.elb.amazonaws.com".into()));
        let alias =
            json!({"Name": "origin.example.com.", "AliasTarget": {"DNSName": "dualstack.web-1.elb.amazonaws.com."}});
        let all = [DISTRIBUTION, RECORD_SET, LOAD_BALANCER];
        for (domain, expected) in
            [("WEB-1.elb.amazonaws.com", true), ("origin.example.com", true), ("other.example.com", false)]
        {
            let front = with(&json!({"DomainName": domain}));
            let estate = account(vec![balancer.clone(), observed(RECORD_SET, "r", &alias), front], &all, &[]);
            let balancer = estate.of_type(LOAD_BALANCER).next().unwrap();
            assert_eq!(is_shown(&estate, balancer), Ok(expected), "{domain}");
        }
        let front = with(&json!({"DomainName": "origin.example.com"}));
        let balancer = observed(LOAD_BALANCER, "lb", &json!({}));
        let hidden = account(vec![balancer, front], &[DISTRIBUTION, LOAD_BALANCER], &[RECORD_SET]);
        assert!(is_shown(&hidden, hidden.of_type(LOAD_BALANCER).next().unwrap()).is_err());
    }
}
