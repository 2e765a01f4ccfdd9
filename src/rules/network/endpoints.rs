//! VPC endpoints for AWS services.

use super::{lists, unlisted, unsure};
use crate::model::network::{Network, ROUTE_TABLE, SUBNET, Table, Zone, about};
use crate::model::{Items, Read, Related, Resource, Unknown, Value};
use crate::rules::check::{fail, unknown};
use crate::rules::readers::policy::principal;
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// A VPC with private subnets has an endpoint for each of the AWS services that it uses.
    ///
    /// ## Why
    ///
    /// Without endpoints private hosts reach AWS over NAT and the internet, at a price for each byte, or not at all.
    ///
    /// Private subnets are those without a route to an internet gateway and without databases. An interface endpoint needs
    /// a subnet in each of their Availability Zones (`require_all_azs`) and private DNS, which a template must not switch
    /// off; a gateway endpoint (S3, DynamoDB) must be in each of their route tables. An endpoint without
    /// `VpcEndpointType` is a gateway endpoint. Endpoints whose `ServiceName` cannot be told leave it open.
    ///
    /// ## Fix
    ///
    /// ```yaml
    /// SecretsEndpoint:
    ///   Type: AWS::EC2::VPCEndpoint
    ///   Properties:
    ///     VpcId: !Ref Vpc
    ///     ServiceName: !Sub com.amazonaws.${AWS::Region}.secretsmanager
    ///     VpcEndpointType: Interface
    ///     PrivateDnsEnabled: true
    ///     SubnetIds: [!Ref PrivateA, !Ref PrivateB]
    /// ```
    "vpc-endpoint-enabled" => {
        title: "VPCs have endpoints for the AWS services the workload uses.",
        category: Network,
        severity: Medium,
        scope: Estate,
        types: ["AWS::EC2::VPC"],
        reads: [
            "AWS::EC2::VPCEndpoint", "AWS::EC2::Subnet", "AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation",
            "AWS::EC2::Route", "AWS::EC2::InternetGateway", "AWS::RDS::DBSubnetGroup",
        ],
        params: {
            services: Preset::Texts(&[
                "s3", "secretsmanager", "ssm", "ssmmessages", "ec2messages", "logs", "monitoring", "kms",
            ]) => "services, as the names of their endpoints end",
            require_all_azs: Preset::Bool(true) => "interface endpoints must be in every Availability Zone with private subnets",
        },
        equivalents: ["aws-config/vpc-endpoint-enabled", "aws-config/service-vpc-endpoint-enabled"],
        check: served,
    }
}

const ENDPOINT: &str = "AWS::EC2::VPCEndpoint";

/// The private subnets of a VPC, and why there may be others.
struct Private<'a> {
    subnets: Vec<&'a Resource>,
    open: Option<Verdict>,
}

fn private<'a>(vpc: &'a Resource, network: Network<'a>) -> Private<'a> {
    let expected = "whether a subnet is private";
    let all = network.subnets(vpc);
    let mut found =
        Private { subnets: Vec::new(), open: all.incomplete.map(|why| unlisted(vpc, "Subnets", expected, &why)) };
    for subnet in all.items {
        match (network.is_public(subnet), network.is_data(subnet)) {
            (Ok(true), _) | (_, Ok(true)) => {}
            (Ok(false), Ok(false)) => found.subnets.push(subnet),
            (Err(open), _) | (_, Err(open)) => found.open = Some(unsure(vpc, &open, expected)),
        }
    }
    found
}

fn served(vpc: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let network = Network::new(cx.estate);
    let Private { subnets, open } = private(vpc, network);
    if subnets.is_empty() {
        return open;
    }
    let endpoints = cx.estate.referrers(vpc, ENDPOINT, "VpcId");
    let services = cx.params.texts("services").iter().map(|service| {
        let expected = format!("an endpoint for {service}");
        let mut found = endpoints.items.iter().filter_map(|endpoint| {
            let verdict = match is_for(endpoint, service) {
                Ok(false) => return None,
                Ok(true) => reached(endpoint, &subnets, network, cx),
                Err(read) => unknown(&read, &expected),
            };
            Some(verdict.on(endpoint.address.name()))
        });
        let first = found.next();
        match (first.map(|first| found.fold(first, |a, b| a.or(|| b))), &endpoints.incomplete) {
            (Some(Verdict::Pass), _) => Verdict::Pass,
            (_, Some(why)) => unlisted(vpc, "VPCEndpoints", &expected, why),
            (Some(verdict), None) => verdict,
            (None, None) => fail(&about(vpc, "VPCEndpoints"), &expected),
        }
    });
    Some(Verdict::all(services).and(open.unwrap_or(Verdict::Pass)))
}

/// Whether an endpoint is for a service: `com.amazonaws.<region>.<service>`. The error is the name, if it cannot be read.
fn is_for<'a>(endpoint: &'a Resource, service: &str) -> Result<bool, Read<'a>> {
    let name = endpoint.get("ServiceName");
    match (name.as_str(), name.why_unknown()) {
        (Some(text), _) => Ok(ends_in(text, service)),
        (None, Some(_)) => match principal::written(&name).and_then(in_some_region) {
            Some(text) => Ok(ends_in(&text, service)),
            None => Err(name),
        },
        (None, None) => Ok(false),
    }
}

fn ends_in(name: &str, service: &str) -> bool {
    name.strip_suffix(service).is_some_and(is_region)
}

/// A name as the template writes it, in a region that does not matter: `com.amazonaws.${AWS::Region}.s3`, or the same
/// joined. `None` if anything but the region is left open.
fn in_some_region(written: &Value) -> Option<String> {
    let map = written.as_map()?;
    if let Some(entry) = map.get("Fn::Sub") {
        let text =
            entry.value.as_str().or_else(|| entry.value.child("0")?.as_str())?.replace("${AWS::Region}", "region");
        return (!text.contains("${")).then_some(text);
    }
    let (glue, parts) = (map.get("Fn::Join")?.value.child("0")?.as_str()?, map.get("Fn::Join")?.value.child("1")?);
    let region = |part: &Value| part.child("Ref").and_then(Value::as_str) == Some("AWS::Region");
    let part = |part: &Value| if region(part) { Some("region".into()) } else { part.text() };
    Some(parts.as_list()?.iter().map(part).collect::<Option<Vec<_>>>()?.join(glue))
}

/// What is left of a name before its service: `com.amazonaws.` and a region, in China led by `cn.`. With a part of
/// another service, as in `com.amazonaws.eu-west-1.ecr.`, it is not.
fn is_region(rest: &str) -> bool {
    let rest = rest.strip_prefix("cn.").unwrap_or(rest);
    let rest = rest.strip_prefix("cn.").unwrap_or(rest);
    rest.starts_with("com.amazonaws.") && rest.ends_with('.') && rest.matches('.').count() == 3
}

/// An endpoint serves the private subnets: by their route tables, or in their zones.
fn reached(endpoint: &Resource, subnets: &[&Resource], network: Network<'_>, cx: &Context<'_>) -> Verdict {
    let kind = endpoint.get("VpcEndpointType");
    let up = available(endpoint);
    up.and(match (kind.as_str(), kind.why_unknown()) {
        (None, Some(_)) => unknown(&kind, "Gateway or Interface"),
        (Some(text), _) if !text.eq_ignore_ascii_case("gateway") => {
            let dns = endpoint.get("PrivateDnsEnabled");
            let named = match (dns.value().and_then(Value::as_bool), dns.why_unknown()) {
                (Some(false), _) => fail(&dns, "true"),
                (None, Some(_)) => unknown(&dns, "true"),
                _ => Verdict::Pass,
            };
            if cx.params.bool("require_all_azs") { named.and(in_zones(endpoint, subnets, network, cx)) } else { named }
        }
        _ => Verdict::all(subnets.iter().map(|subnet| in_table(endpoint, subnet, network, cx))),
    })
}

/// What only AWS knows: whether the endpoint is up.
fn available(endpoint: &Resource) -> Verdict {
    let state = endpoint.attribute("State");
    match state.as_str() {
        Some(text) if !text.eq_ignore_ascii_case("available") => fail(&state, "available"),
        _ => Verdict::Pass,
    }
}

fn in_table(endpoint: &Resource, subnet: &Resource, network: Network<'_>, cx: &Context<'_>) -> Verdict {
    let expected = format!("the route table of private subnet {}", subnet.address.name());
    let list = endpoint.get("RouteTableIds");
    let table = match network.table(subnet) {
        Ok(Table::Explicit(table) | Table::Main(table)) => table,
        // A template cannot name the table.
        Ok(Table::Implicit { .. }) => return fail(&list, &expected),
        Err(open) => return unsure(endpoint, &open, &expected),
    };
    match lists(cx.estate, &list, table, ROUTE_TABLE) {
        Ok(true) => Verdict::Pass,
        Ok(false) => fail(&list, &expected),
        Err(why) => Verdict::unknown(Evidence::unknown(&list, expected, &why)),
    }
}

/// An interface endpoint has a subnet in the zone of each private subnet.
fn in_zones(endpoint: &Resource, subnets: &[&Resource], network: Network<'_>, cx: &Context<'_>) -> Verdict {
    let list = endpoint.get("SubnetIds");
    let mut open = None;
    let mut zones: Vec<Zone> = Vec::new();
    let mut own: Vec<&Resource> = Vec::new();
    match list.items() {
        Items::Absent => {}
        Items::Unknown => open = list.why_unknown(),
        Items::Are(items) => {
            for item in items {
                match cx.estate.follow(&item, &[SUBNET]) {
                    Related::Found(subnet) => match network.zone(subnet) {
                        Ok(zone) => {
                            own.push(subnet);
                            zones.push(zone);
                        }
                        Err(unsure) => {
                            own.push(subnet);
                            open = Some(unsure.why);
                        }
                    },
                    Related::Missing => {}
                    Related::Unknown(why) => open = Some(why),
                }
            }
        }
    }
    Verdict::all(subnets.iter().map(|subnet| {
        if own.iter().any(|other| other.address == subnet.address) {
            return Verdict::Pass;
        }
        let zone = match network.zone(subnet) {
            Ok(zone) => zone,
            Err(open) => return unsure(endpoint, &open, "the Availability Zone of the private subnet"),
        };
        let expected = format!("a subnet in {zone}, where private subnet {} is", subnet.address.name());
        let same: Vec<Option<bool>> = zones.iter().map(|other| other.same(&zone)).collect();
        if same.contains(&Some(true)) {
            return Verdict::Pass;
        }
        let doubt = same.contains(&None).then(|| Unknown::Unsupported("comparing Availability Zones".into()));
        match open.clone().or(doubt) {
            Some(why) => Verdict::unknown(Evidence::unknown(&list, expected, &why)),
            None => fail(&list, &expected),
        }
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::network::testing::observed;

    #[test]
    fn a_service_is_the_last_part_of_the_name_and_all_of_it() {
        let named = |name: &str| observed(ENDPOINT, "vpce-1", &json!({ "ServiceName": name }));
        assert_eq!(is_for(&named("com.amazonaws.eu-west-1.ssm"), "ssm").ok(), Some(true));
        assert_eq!(is_for(&named("cn.com.amazonaws.cn-north-1.ssm"), "ssm").ok(), Some(true));
        assert_eq!(is_for(&named("com.amazonaws.eu-west-1.ecr.api"), "ecr.api").ok(), Some(true));
        assert_eq!(is_for(&named("com.amazonaws.eu-west-1.ecr.api"), "api").ok(), Some(false));
        assert_eq!(is_for(&named("com.amazonaws.eu-west-1.ssmmessages"), "messages").ok(), Some(false));
    }
}
