//! VPC endpoints.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_vpc_endpoints::DescribeVpcEndpointsOutput;
use aws_sdk_ec2::types::{DnsOptions, DnsRecordIpType, IpAddressType, State, VpcEndpoint, VpcEndpointType};

use super::super::shape::{Fill, Shape, tags};
use super::{PAGE, SPEC};
use crate::collect::json::document;
use crate::collect::shape::{list, set, time, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "ec2:DescribeVpcEndpoints";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::EC2::VPCEndpoint",
    asked: &[("", LIST)],
    reads: &[
        "DnsOptions",
        "IpAddressType",
        "PolicyDocument",
        "PrivateDnsEnabled",
        "ResourceConfigurationArn",
        "RouteTableIds",
        "SecurityGroupIds",
        "ServiceName",
        "ServiceNetworkArn",
        "ServiceRegion",
        "SubnetIds",
        "Tags",
        "VpcEndpointType",
        "VpcId",
    ],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| client.describe_vpc_endpoints().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    out.listed(TYPE.name, &listing.end);
    for endpoint in listing.pages.iter().flat_map(DescribeVpcEndpointsOutput::vpc_endpoints).filter(|e| !is_gone(e)) {
        out.push(resource(cx, endpoint));
    }
    out
}

/// A deleted endpoint stays in the answer for a while. The answer writes states in lower case, which is not how the model spells them.
fn is_gone(endpoint: &VpcEndpoint) -> bool {
    let state = endpoint.state().map_or("", State::as_str);
    ["deleted", "deleting"].iter().any(|gone| state.eq_ignore_ascii_case(gone))
}

fn resource(cx: &Cx, endpoint: &VpcEndpoint) -> Resource {
    let id = endpoint.vpc_endpoint_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, &cx.arn("ec2", &format!("vpc-endpoint/{id}")));
    r.property("VpcId", endpoint.vpc_id());
    r.property("VpcEndpointType", endpoint.vpc_endpoint_type().map(VpcEndpointType::as_str));
    r.property("ServiceName", endpoint.service_name());
    r.property("ServiceRegion", endpoint.service_region());
    r.property("ServiceNetworkArn", endpoint.service_network_arn());
    r.property("ResourceConfigurationArn", endpoint.resource_configuration_arn());
    r.property("PolicyDocument", document(endpoint.policy_document()));
    r.property("RouteTableIds", set(endpoint.route_table_ids().iter().map(String::as_str)));
    r.property("SubnetIds", set(endpoint.subnet_ids().iter().map(String::as_str)));
    r.property("SecurityGroupIds", set(endpoint.groups().iter().filter_map(|group| group.group_id())));
    r.property("PrivateDnsEnabled", endpoint.private_dns_enabled());
    r.property("IpAddressType", endpoint.ip_address_type().map(IpAddressType::as_str));
    r.property("DnsOptions", endpoint.dns_options().map(dns_options));
    tags(&mut r, endpoint.tags());
    r.fact("State", endpoint.state().map(State::as_str));
    r.fact("RequesterManaged", endpoint.requester_managed());
    r.fact("CreationTimestamp", time(endpoint.creation_timestamp()));
    r.fact("NetworkInterfaceIds", set(endpoint.network_interface_ids().iter().map(String::as_str)));
    let names = endpoint.dns_entries().iter().map(|entry| {
        // As `Fn::GetAtt` has them: the zone and the name in one text.
        let (zone, name) = (entry.hosted_zone_id().unwrap_or_default(), entry.dns_name().unwrap_or_default());
        Kind::Str(format!("{zone}:{name}").into())
    });
    r.fact("DnsEntries", list(names));
    r
}

fn dns_options(options: &DnsOptions) -> Shape {
    // The answer says yes or no, the schema names both.
    let resolvers = options.private_dns_only_for_inbound_resolver_endpoint();
    let resolvers = resolvers.map(|only| if only { "OnlyInboundResolver" } else { "AllResolvers" });
    Shape::default()
        .with("DnsRecordIpType", options.dns_record_ip_type().map(DnsRecordIpType::as_str))
        .with("PrivateDnsOnlyForInboundResolverEndpoint", resolvers)
        .with("PrivateDnsPreference", options.private_dns_preference())
        .with("PrivateDnsSpecifiedDomains", set(options.private_dns_specified_domains().iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::SecurityGroupIdentifier;
    use serde_json::json;

    use super::*;
    use crate::collect::testing::{claimed, cx, offline, properties};
    use crate::model::to_json;

    fn interface() -> VpcEndpoint {
        let group = |id: &str| SecurityGroupIdentifier::builder().group_id(id).build();
        VpcEndpoint::builder()
            .vpc_endpoint_id("vpce-1")
            .vpc_id("vpc-1")
            .vpc_endpoint_type(VpcEndpointType::Interface)
            .service_name("com.amazonaws.eu-west-1.ssm")
            .service_region("eu-west-1")
            .service_network_arn("arn:n")
            .resource_configuration_arn("arn:r")
            .policy_document(r#"{"Statement":[]}"#)
            .route_table_ids("rtb-1")
            .subnet_ids("subnet-2")
            .subnet_ids("subnet-1")
            .groups(group("sg-2"))
            .groups(group("sg-1"))
            .private_dns_enabled(true)
            .ip_address_type(IpAddressType::Ipv4)
            .dns_options(DnsOptions::builder().private_dns_only_for_inbound_resolver_endpoint(false).build())
            .tags(aws_sdk_ec2::types::Tag::builder().key("a").value("1").build())
            .build()
    }

    #[test]
    fn an_endpoint_is_read_whole_and_its_lists_are_sorted() {
        let r = resource(&offline("eu-west-1"), &interface());
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(r.get("SubnetIds").value().map(to_json), Some(json!(["subnet-1", "subnet-2"])));
        assert_eq!(r.get("SecurityGroupIds").value().map(to_json), Some(json!(["sg-1", "sg-2"])));
        assert!(r.get("PolicyDocument.Statement").value().is_some(), "the policy is a document");
        let resolvers = r.get("DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint");
        assert_eq!(resolvers.as_str(), Some("AllResolvers"));
    }

    #[tokio::test]
    async fn deleted_endpoints_are_gone_however_their_state_is_written() {
        let cx = cx("eu-west-1", |asked| {
            let item = |id: &str, state: &str| {
                format!("<item><vpcEndpointId>{id}</vpcEndpointId><state>{state}</state></item>")
            };
            let (items, next) = if asked.contains("NextToken=more") {
                (item("vpce-3", "pendingAcceptance"), "")
            } else {
                (item("vpce-1", "deleted") + &item("vpce-2", "available"), "<nextToken>more</nextToken>")
            };
            let set = format!("<vpcEndpointSet>{items}</vpcEndpointSet>{next}");
            (200, format!("<DescribeVpcEndpointsResponse>{set}</DescribeVpcEndpointsResponse>"))
        });
        let out = collect(&cx, &Client::new(&cx.config)).await;
        let ids: Vec<_> = out.resources.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        assert_eq!(ids, ["vpce-2", "vpce-3"]);
        assert_eq!(out.resources[0].attribute("State").as_str(), Some("available"));
    }
}
