//! Metadata options that are said rather than left to defaults.

use crate::model::{Read, Resource, Unknown};
use crate::rules::readers::launch;
use crate::rules::readers::policy::unknown;
use crate::rules::readers::template_text::Written;
use crate::rules::readers::user_data::user_data;
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// Metadata answers travel as many hops as the limit says. One is enough for a program on the host, and keeps answers from leaving it;
    /// a container behind a bridge needs two. Left unsaid, the AMI and the account decide.
    ///
    /// `HttpEndpoint` and `HttpPutResponseHopLimit` must both be there; the limit must lie between the bounds for the kind of host. A host
    /// runs containers if `container_pattern` matches its user data, AMI or tags. A cluster somewhere in the account does not make one:
    /// the same account has other hosts. An endpoint that is disabled needs no limit.
    ///
    /// ## Fix
    /// ```yaml
    /// MetadataOptions:
    ///   HttpTokens: required
    ///   HttpEndpoint: enabled
    ///   HttpPutResponseHopLimit: 1
    /// ```
    ///
    /// ```sh
    /// aws ec2 modify-instance-metadata-options --instance-id i-0abc --http-endpoint enabled --http-put-response-hop-limit 1
    /// ```
    "ec2-metadata-options-explicit" => {
        title: "Instance metadata options say whether the endpoint is on, and a hop limit that suits the host.",
        category: Compute,
        severity: Low,
        scope: Resource,
        types: ["AWS::AutoScaling::LaunchConfiguration", "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"],
        reads: ["AWS::EC2::Instance.UserData"],
        params: {
            min_hop_limit: Preset::Int(1) => "lower bound for plain hosts",
            max_hop_limit: Preset::Int(1) => "upper bound for plain hosts",
            container_min_hop_limit: Preset::Int(2) => "lower bound for hosts of containers",
            container_max_hop_limit: Preset::Int(2) => "upper bound for hosts of containers",
            container_pattern: Preset::Pattern(r"(?i)(docker|containerd|\becs|\beks)") => "what gives a host of containers away",
        },
        equivalents: [],
        check: |r, cx| Some(options(r, cx)),
    }
}

fn options(r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "HttpEndpoint, enabled or disabled";
    launch::judge_effective(cx.estate, r, ("MetadataOptions", expected), |options| {
        let endpoint = options.get("HttpEndpoint");
        let said = check::present(&endpoint, expected);
        if endpoint.as_str() == Some("disabled") { said } else { said.and(hops(options, cx)) }
    })
}

/// The limit suits the host.
fn hops(options: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let hops = options.get("HttpPutResponseHopLimit");
    let bounds = |least: &str, most: &str| {
        let range = cx.params.int(least)..=cx.params.int(most);
        let expected = if range.start() == range.end() {
            range.start().to_string()
        } else {
            format!("{} to {}", range.start(), range.end())
        };
        check::require(&hops, &expected, |v| v.as_int().map(|n| range.contains(&n)))
    };
    let plain = || bounds("min_hop_limit", "max_hop_limit");
    let container = || bounds("container_min_hop_limit", "container_max_hop_limit");
    match runs_containers(options.resource, cx) {
        Ok(true) => container(),
        Ok(false) => plain(),
        Err(why) => match (plain(), container()) {
            (Verdict::Pass, Verdict::Pass) => Verdict::Pass,
            (fail @ Verdict::Fail(_), Verdict::Fail(_)) => fail,
            _ => unknown(&hops, "a limit that suits the host", &why),
        },
    }
}

/// Whether the host runs containers, by its user data, AMI or tags.
fn runs_containers(r: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    let Some(pattern) = cx.params.pattern("container_pattern") else { return Ok(false) };
    let image =
        if &*r.kind == launch::LAUNCH_TEMPLATE { r.get("LaunchTemplateData.ImageId") } else { r.get("ImageId") };
    let image = Written::at(&image).unwrap_or_default();
    let script = user_data(r);
    let tags = ["Tags", "TagSpecifications", "LaunchTemplateData.TagSpecifications"].map(|name| r.get(name));
    let tagged = tags.iter().filter_map(Read::value).any(|tags| pattern.is_match(&tags.to_string()));
    match script.open {
        _ if tagged || pattern.is_match(&image.text) || pattern.is_match(&script.text) => Ok(true),
        Some(why) => Err(why),
        None => Ok(false),
    }
}
