//! What visitors see: real ones and made-up ones.

use crate::model::{Items, Read, Resource, Unknown, Value};
use crate::rules::answer::any;
use crate::rules::readers::alarms::{ALARM, says};
use crate::rules::readers::spelled;
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::coverage::Wanted;
use super::watching::any_alarm;
use super::{around, if_applies, verdict};

rules! {
    /// ## Why
    /// Servers do not notice that the page takes eight seconds to load on a phone. Real-user monitoring measures in the browser.
    ///
    /// A place with a public web entry (a distribution, a load balancer that faces the internet, a REST API) needs an app monitor
    /// for one of its domains: an alias of a distribution, a DNS record, the name of the entry itself, or `domain`. Where no
    /// domain is known, it is open whether a monitor fits.
    ///
    /// ## Fix
    /// ```yaml
    /// Visitors:
    ///   Type: AWS::RUM::AppMonitor
    ///   Properties:
    ///     Name: shop
    ///     Domain: shop.example.com
    /// ```
    "rum-app-monitor-present" => {
        title: "Real-user monitoring is configured for public web applications.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::RUM::AppMonitor",
            "AWS::CloudFront::Distribution.DistributionConfig",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "AWS::ApiGateway::RestApi",
            "AWS::Route53::RecordSet",
        ],
        params: {
            domain: Preset::Nothing => "domain that the monitor must be for",
            require_in_template: Preset::Bool(false) => "let a template fail that says nothing of it, in a scan too",
        },
        equivalents: [],
        check: real_users,
    }

    /// ## Why
    /// At four in the morning there are no visitors to notice that nobody can log in. A canary tries it every few minutes.
    ///
    /// A place with a public web entry (a distribution, a load balancer that faces the internet, a REST API) needs a canary that
    /// runs (`StartCanaryAfterCreation`; what AWS observes is its state) and an alarm on its `SuccessPercent` or `Failed`
    /// (`require_alarm`).
    ///
    /// ## Fix
    /// ```yaml
    /// Checkout:
    ///   Type: AWS::Synthetics::Canary
    ///   Properties:
    ///     Name: checkout
    ///     StartCanaryAfterCreation: true
    /// CheckoutFails:
    ///   Type: AWS::CloudWatch::Alarm
    ///   Properties:
    ///     Namespace: CloudWatchSynthetics
    ///     MetricName: SuccessPercent
    ///     Dimensions:
    ///       - {Name: CanaryName, Value: !Ref Checkout}
    /// ```
    "synthetics-canary-present" => {
        title: "Synthetic canaries exercise the user journey, with an alarm on failure.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::Synthetics::Canary",
            "AWS::CloudWatch::Alarm",
            "AWS::CloudFront::Distribution.DistributionConfig",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "AWS::ApiGateway::RestApi",
        ],
        params: {
            require_alarm: Preset::Bool(true) => "demand the alarm",
            require_in_template: Preset::Bool(false) => "let a template fail that says nothing of it, in a scan too",
        },
        equivalents: [],
        check: canary,
    }
}

const MONITOR: &str = "AWS::RUM::AppMonitor";
const CANARY: &str = "AWS::Synthetics::Canary";
const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";
const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";

/// The public web entries of a place, and why there may be more.
fn entries<'a>(place: &Resource, cx: &Context<'a>) -> (Vec<&'a Resource>, Option<Unknown>) {
    let (mut found, mut open) = (Vec::new(), None);
    for kind in [DISTRIBUTION, BALANCER, "AWS::ApiGateway::RestApi"] {
        let listing = cx.estate.of(place, kind);
        found.extend(listing.items.into_iter().filter(|r| is_public(r)));
        open = open.or(listing.incomplete);
    }
    (found, open)
}

/// Whether there is a public web entry; not known where a listing breaks off before one is found.
fn applies(entries: &[&Resource], open: Option<Unknown>) -> Result<bool, Unknown> {
    if entries.is_empty() { open.map_or(Ok(false), Err) } else { Ok(true) }
}

fn is_public(r: &Resource) -> bool {
    match &*r.kind {
        // Application load balancers face the internet unless they say otherwise.
        BALANCER => {
            says(&r.get("Scheme"), |scheme| scheme == "internal") != Ok(true)
                && says(&r.get("Type"), |kind| kind != "application") != Ok(true)
        }
        "AWS::ApiGateway::RestApi" => match r.get("EndpointConfiguration.Types").items() {
            Items::Are(types) => !types.iter().any(|t| t.as_str() == Some("PRIVATE")),
            Items::Absent | Items::Unknown => true,
        },
        _ => true,
    }
}

fn real_users(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (entries, open) = entries(r, cx);
    if_applies(applies(&entries, open), r, || {
        let monitors = cx.estate.of(r, MONITOR);
        let fits = monitors.items.iter().map(|monitor| is_for(monitor, r, cx, &entries));
        let found = any(fits.chain(monitors.incomplete.clone().map(Err)));
        verdict(found, &around(r, MONITOR), "an app monitor for a domain of the web application")
    })
}

/// Whether an app monitor is for one of the domains of a place.
fn is_for(monitor: &Resource, place: &Resource, cx: &Context<'_>, entries: &[&Resource]) -> Result<bool, Unknown> {
    let mut domains = vec![monitor.get("Domain")];
    if let Items::Are(list) = monitor.get("DomainList").items() {
        domains.extend(list);
    }
    domains.retain(|domain| !domain.is_absent());
    if let Some(wanted) = cx.params.text("domain") {
        return any(domains.iter().map(|domain| says(domain, |d| covers(d, wanted))));
    }
    // The domain may be filled in from the entry itself: !GetAtt Distribution.DomainName.
    let names_entry = |domain: &Read<'_>| {
        let mentioned = spelled::mentions(domain);
        entries.iter().any(|e| e.address.logical_id.as_deref().is_some_and(|id| mentioned.iter().any(|m| m == id)))
    };
    if domains.iter().any(names_entry) {
        return Ok(true);
    }
    let known = known_domains(place, cx, entries);
    if known.is_empty() {
        return Err(Unknown::Outside("the domain of the web application".into()));
    }
    any(domains.iter().flat_map(|domain| known.iter().map(|name| same_domain(domain, name))))
}

/// Aliases of distributions and names of DNS records.
fn known_domains<'a>(place: &Resource, cx: &Context<'a>, entries: &[&'a Resource]) -> Vec<Read<'a>> {
    let mut known = Vec::new();
    for entry in entries.iter().filter(|e| &*e.kind == DISTRIBUTION) {
        if let Items::Are(aliases) = entry.get("DistributionConfig.Aliases").items() {
            known.extend(aliases);
        }
    }
    let records = cx.estate.of(place, "AWS::Route53::RecordSet").items;
    let addresses =
        records.into_iter().filter(|record| says(&record.get("Type"), |t| t == "A" || t == "AAAA") == Ok(true));
    known.extend(addresses.map(|record| record.get("Name")));
    known
}

fn same_domain(domain: &Read<'_>, name: &Read<'_>) -> Result<bool, Unknown> {
    if let (Some(a), Some(b)) = (spelled::spelling(domain), spelled::spelling(name))
        && a == b
    {
        return Ok(true);
    }
    let name_text = name.value().and_then(Value::text);
    match (name_text, name.why_unknown()) {
        (Some(text), _) => says(domain, |d| covers(d, &text)),
        (None, why) => why.map_or(Ok(false), Err),
    }
}

/// Whether a monitor's domain, perhaps with a wildcard, covers a name.
fn covers(domain: &str, name: &str) -> bool {
    let plain = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
    let (domain, name) = (plain(domain), plain(name));
    match domain.strip_prefix("*.") {
        Some(parent) => name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
        None => domain == name,
    }
}

fn canary(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (entries, open) = entries(r, cx);
    if_applies(applies(&entries, open), r, || judge_canaries(r, cx))
}

fn judge_canaries(r: &Resource, cx: &Context<'_>) -> Verdict {
    let canaries = cx.estate.of(r, CANARY);
    let missing = around(r, CANARY);
    let none = || verdict(canaries.incomplete.clone().map_or(Ok(false), Err), &missing, "a canary that runs");
    let judged = canaries.items.iter().map(|canary| {
        let alarm = if cx.params.bool("require_alarm") { alarmed(canary, cx) } else { Verdict::Pass };
        runs(canary).and(alarm).on(canary.address.name())
    });
    Verdict::any(judged, none).or(none)
}

fn runs(canary: &Resource) -> Verdict {
    if !canary.is_live() {
        return check::is_true(&canary.get("StartCanaryAfterCreation"));
    }
    let state = canary.attribute("State");
    // Where nobody has read the state, the request to start is all that is known.
    if state.is_absent() {
        check::is_true(&canary.get("StartCanaryAfterCreation"))
    } else {
        check::one_of(&state, &["RUNNING"])
    }
}

fn alarmed(canary: &Resource, cx: &Context<'_>) -> Verdict {
    let wanted = Wanted {
        namespace: "CloudWatchSynthetics",
        names: &["SuccessPercent", "Failed"],
        dimensions: &[("CanaryName", canary)],
        calling: false,
    };
    let found = any_alarm(cx.estate, canary, &wanted);
    verdict(found, &around(canary, ALARM), "an alarm on SuccessPercent or Failed of the canary")
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_wildcard_covers_names_below_it_only() {
        assert!(covers("*.example.com", "shop.example.com."));
        assert!(covers("Shop.example.com", "shop.example.com"));
        assert!(!covers("*.example.com", "example.com"));
        assert!(!covers("*.example.com", "badexample.com"));
    }
}
