//! DNS names that lead around what has failed.

use crate::model::network::about;
use crate::model::{Items, Read, Related, Resource, to_json};
use crate::rules::readers::mentions::mentions_any;
use crate::rules::readers::policy::principal::written;
use crate::rules::{Context, Preset, Verdict, check, rules};

const RECORD: &str = "AWS::Route53::RecordSet";
const RECORDS: &str = "AWS::Route53::RecordSetGroup";
const HEALTH_CHECK: &str = "AWS::Route53::HealthCheck";
const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";
const BALANCERS: &[&str] = &["AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer"];
/// What makes a record one of several of its name.
const ROUTING: &[&str] =
    &["Failover", "Weight", "Region", "GeoLocation", "GeoProximityLocation", "CidrRoutingConfig", "MultiValueAnswer"];

rules! {
    /// ## Why
    /// Route 53 answers with an address whether anybody is there or not, unless the record says that it may look: then it leaves out what is
    /// unhealthy.
    ///
    /// Judged are A, AAAA and CNAME records that point at a load balancer. An alias evaluates its target's health if it says so
    /// (`EvaluateTargetHealth`, false by default); any other record needs a health check, over HTTPS unless `https_only` is false. Records that
    /// point at a CloudFront distribution, which cannot evaluate its health and is everywhere at once, are judged only if they are one of
    /// several of their name. With `required` the account as a whole fails if it has load balancers or distributions and no record for any.
    ///
    /// ## Fix
    /// ```yaml
    /// AliasTarget:
    ///   DNSName: !GetAtt LoadBalancer.DNSName
    ///   HostedZoneId: !GetAtt LoadBalancer.CanonicalHostedZoneID
    ///   EvaluateTargetHealth: true
    /// ```
    "route53-failover-health-checks" => {
        title: "DNS records of load balancers lead to healthy targets only.",
        category: Resilience,
        severity: Medium,
        scope: Estate,
        types: ["Driftline::Account::Account", "AWS::Route53::RecordSet", "AWS::Route53::RecordSetGroup"],
        reads: [
            "AWS::CloudFront::Distribution",
            "AWS::ElasticLoadBalancing::LoadBalancer",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "AWS::Route53::HealthCheck",
        ],
        params: {
            required: Preset::Bool(false) => "demand that there is such a record",
            require_failover_pair: Preset::Bool(false) => "demand a second record of the same name to fail over to",
            https_only: Preset::Bool(true) => "take health checks over plain HTTP or TCP for none",
            require_in_template: Preset::Bool(false) => "with `required`: demand it of every template with a load balancer",
        },
        equivalents: [],
        check: |r, cx| match &*r.kind {
            RECORD => judge(&Record::Own(r), cx),
            RECORDS => group(r, cx),
            _ => exists(r, cx),
        },
    }
}

/// A record of its own, or one in a group.
enum Record<'a> {
    Own(&'a Resource),
    In(Read<'a>),
}

/// Where a record points.
enum Target {
    Balancer,
    Distribution,
    Other,
    Open,
}

impl<'a> Record<'a> {
    fn get(&self, path: &str) -> Read<'a> {
        match self {
            Self::Own(r) => r.get(path),
            Self::In(read) => read.get(path),
        }
    }
}

fn all_of(group: &Resource) -> Option<Vec<Record<'_>>> {
    match group.get("RecordSets").items() {
        Items::Are(items) => Some(items.into_iter().map(Record::In).collect()),
        Items::Absent => Some(Vec::new()),
        Items::Unknown => None,
    }
}

fn group(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let Some(records) = all_of(r) else {
        return Some(check::unknown(&r.get("RecordSets"), "records whose health is evaluated"));
    };
    records.iter().filter_map(|record| judge(record, cx)).reduce(Verdict::and)
}

fn judge(record: &Record<'_>, cx: &Context<'_>) -> Option<Verdict> {
    let kind = record.get("Type");
    if kind.as_str().is_some_and(|kind| !["A", "AAAA", "CNAME"].iter().any(|k| k.eq_ignore_ascii_case(kind))) {
        return None;
    }
    let alias = record.get("AliasTarget.DNSName");
    let expected = "a target whose health is evaluated, or a health check";
    let evaluated = || check::is_true(&record.get("AliasTarget.EvaluateTargetHealth"));
    let verdict = match target(record, cx) {
        Target::Other => return None,
        Target::Open => {
            let healthy = if alias.is_absent() { health(record, cx) } else { evaluated().or(|| health(record, cx)) };
            let open = if alias.is_absent() { record.get("ResourceRecords") } else { alias };
            if healthy.is_pass() { healthy } else { check::unknown(&first_open(&open), expected) }
        }
        Target::Balancer if alias.is_absent() => health(record, cx),
        Target::Balancer => evaluated().or(|| health(record, cx)),
        Target::Distribution => {
            let one_of_several = ROUTING.iter().any(|name| !record.get(name).is_absent());
            if !one_of_several && !cx.params.bool("require_failover_pair") {
                return None;
            }
            health(record, cx)
        }
    };
    Some(if cx.params.bool("require_failover_pair") { verdict.and(paired(record, cx)) } else { verdict })
}

/// The element of a list that cannot be read, or what was read itself.
fn first_open<'a>(read: &Read<'a>) -> Read<'a> {
    match read.items() {
        Items::Are(items) => {
            items.into_iter().find(|item| item.why_unknown().is_some()).unwrap_or_else(|| read.clone())
        }
        Items::Absent | Items::Unknown => read.clone(),
    }
}

fn target(record: &Record<'_>, cx: &Context<'_>) -> Target {
    let alias = record.get("AliasTarget.DNSName");
    let to = if alias.is_absent() { record.get("ResourceRecords").items() } else { Items::Are(vec![alias]) };
    let names = match to {
        Items::Absent => return Target::Other,
        Items::Unknown => return Target::Open,
        Items::Are(names) => names,
    };
    let mut open = false;
    for name in names {
        match one(&name, cx) {
            Target::Other => {}
            Target::Open => open = true,
            found => return found,
        }
    }
    if open { Target::Open } else { Target::Other }
}

fn one(name: &Read<'_>, cx: &Context<'_>) -> Target {
    if let Related::Found(found) = cx.estate.follow(name, &[BALANCERS, &[DISTRIBUTION]].concat()) {
        return if &*found.kind == DISTRIBUTION { Target::Distribution } else { Target::Balancer };
    }
    if let Some(text) = name.as_str() {
        let text = text.trim_end_matches('.').to_ascii_lowercase();
        // `name.region.elb.amazonaws.com`, and `name.elb.region.amazonaws.com` for network load balancers.
        return match &*text {
            text if text.contains(".elb.") && text.contains("amazonaws.com") => Target::Balancer,
            text if text.ends_with(".cloudfront.net") => Target::Distribution,
            _ => Target::Other,
        };
    }
    if mentions_any(cx.estate, name, BALANCERS) {
        Target::Balancer
    } else if mentions_any(cx.estate, name, &[DISTRIBUTION]) {
        Target::Distribution
    } else if name.value().is_some_and(|v| matches!(v.kind, crate::model::Kind::Ref(_))) {
        // Something else of the template's own.
        Target::Other
    } else {
        Target::Open
    }
}

/// The record has a health check.
fn health(record: &Record<'_>, cx: &Context<'_>) -> Verdict {
    let expected = "a health check";
    check::related(cx.estate, &record.get("HealthCheckId"), &[HEALTH_CHECK], expected, |found| {
        if !cx.params.bool("https_only") {
            return Verdict::Pass;
        }
        let plain = ["HTTP", "HTTP_STR_MATCH", "TCP"];
        check::require(&found.get("HealthCheckConfig.Type"), "a health check over HTTPS", |v| {
            v.as_str().map(|kind| !plain.iter().any(|p| p.eq_ignore_ascii_case(kind)))
        })
    })
}

/// Another record of the same name and type stands by.
fn paired(record: &Record<'_>, cx: &Context<'_>) -> Verdict {
    let name = record.get("Name");
    let expected = "a second record of this name to fail over to";
    let mut others: Vec<Record<'_>> = cx.estate.of(name.resource, RECORD).items.into_iter().map(Record::Own).collect();
    if &*name.resource.kind == RECORDS {
        others.extend(all_of(name.resource).unwrap_or_default());
    }
    let failover = record.get("Failover");
    let own = record.get("SetIdentifier");
    let stands_by = |other: &Record<'_>| {
        let id = other.get("SetIdentifier");
        let is_other = id.path != own.path || !std::ptr::eq(id.resource, own.resource);
        let role = other.get("Failover");
        let fits = match (failover.as_str(), role.as_str()) {
            (Some(own), Some(role)) => own != role,
            (None, None) => !id.is_absent(),
            _ => false,
        };
        is_other
            && fits
            && said(&other.get("Name")) == said(&name)
            && said(&other.get("Type")) == said(&record.get("Type"))
    };
    if !own.is_absent() && others.iter().any(stands_by) {
        return Verdict::Pass;
    }
    match cx.estate.of(name.resource, RECORD).incomplete {
        Some(why) => Verdict::unknown(crate::rules::Evidence::unknown(&name, expected, &why)),
        None => check::fail(&name, expected),
    }
}

/// What a property says, or the expression that says it: the same expression is the same name.
fn said(read: &Read<'_>) -> Option<String> {
    match read.as_str() {
        Some(text) => Some(text.trim_end_matches('.').to_ascii_lowercase()),
        None => written(read).map(|value| to_json(value).to_string()),
    }
}

/// There is a record for one of the load balancers or distributions.
fn exists(place: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let served = BALANCERS.iter().chain(&[DISTRIBUTION]).any(|kind| !cx.estate.of(place, kind).items.is_empty());
    if !cx.params.bool("required") || !served {
        return None;
    }
    let points = |record: &Record<'_>| match target(record, cx) {
        Target::Balancer | Target::Distribution => Verdict::Pass,
        Target::Other => check::fail(&about(place, "DnsRecords"), ""),
        Target::Open => {
            check::unknown(&first_open(&record.get("AliasTarget.DNSName")), "a load balancer or distribution")
        }
    };
    let expected = "a DNS record for a load balancer or distribution";
    let subject = about(place, "DnsRecords");
    let single = check::some(&cx.estate.of(place, RECORD), &subject, expected, |r| points(&Record::Own(r)));
    let groups = cx.estate.of(place, RECORDS);
    let grouped = groups.items.iter().filter_map(|group| all_of(group)).flatten().map(|record| points(&record));
    Some(match single.or(|| Verdict::any(grouped, || check::fail(&subject, expected))) {
        Verdict::Fail(_) => check::fail(&subject, expected),
        other => other,
    })
}
