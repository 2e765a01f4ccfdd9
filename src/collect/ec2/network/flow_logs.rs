//! Flow logs.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_flow_logs::DescribeFlowLogsOutput;
use aws_sdk_ec2::types::{DestinationFileFormat, FlowLog, LogDestinationType, TaggableResourceType, TrafficType};

use super::super::shape::{Fill, Shape, tags};
use super::{PAGE, SPEC};
use crate::collect::shape::{list, set, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::EC2::FlowLog",
    asked: &[("", "ec2:DescribeFlowLogs")],
    reads: &[
        "ResourceId",
        "ResourceType",
        "TrafficType",
        "LogDestinationType",
        "LogDestination",
        "LogGroupName",
        "DeliverLogsPermissionArn",
        "DeliverCrossAccountRole",
        "MaxAggregationInterval",
        "LogFormat",
        "DestinationOptions",
        "TagFieldSpecifications",
        "Tags",
    ],
    ..TypeSpec::LISTED
};

/// The answer does not say what kind of thing is watched, but its id does. Longer prefixes first.
const RESOURCE_TYPES: &[(&str, &str)] = &[
    ("vpc-", "VPC"),
    ("subnet-", "Subnet"),
    ("eni-", "NetworkInterface"),
    ("tgw-attach-", "TransitGatewayAttachment"),
    ("tgw-", "TransitGateway"),
    ("nat-", "RegionalNatGateway"),
];

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            "ec2:DescribeFlowLogs",
            &[TYPE.name],
            |start| client.describe_flow_logs().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let mut out = Out::default();
    out.listed(TYPE.name, &listing.end);
    for log in listing.pages.iter().flat_map(DescribeFlowLogsOutput::flow_logs) {
        out.push(resource(cx, log));
    }
    out
}

fn resource(cx: &Cx, log: &FlowLog) -> Resource {
    let id = log.flow_log_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, &cx.arn("ec2", &format!("vpc-flow-log/{id}")));
    r.property("ResourceId", log.resource_id());
    r.property("ResourceType", log.resource_id().and_then(resource_type));
    r.property("TrafficType", log.traffic_type().map(TrafficType::as_str));
    r.property("LogDestinationType", log.log_destination_type().map(LogDestinationType::as_str));
    r.property("LogDestination", log.log_destination());
    r.property("LogGroupName", log.log_group_name());
    r.property("DeliverLogsPermissionArn", log.deliver_logs_permission_arn());
    r.property("DeliverCrossAccountRole", log.deliver_cross_account_role());
    r.property("MaxAggregationInterval", log.max_aggregation_interval());
    r.property("LogFormat", log.log_format());
    r.property(
        "DestinationOptions",
        log.destination_options().map(|options| {
            Shape::default()
                .with("FileFormat", options.file_format().map(DestinationFileFormat::as_str))
                .with("HiveCompatiblePartitions", options.hive_compatible_partitions())
                .with("PerHourPartition", options.per_hour_partition())
        }),
    );
    let fields = log.tag_field_specifications().iter().map(|field| {
        Shape::default()
            .with("ResourceType", field.resource_type().map(TaggableResourceType::as_str))
            .with("TagKeys", set(field.tag_keys().iter().map(String::as_str)))
            .into_kind()
    });
    r.property("TagFieldSpecifications", list(fields));
    tags(&mut r, log.tags());
    r.fact("FlowLogStatus", log.flow_log_status());
    r.fact("DeliverLogsStatus", log.deliver_logs_status());
    r
}

fn resource_type(id: &str) -> Option<&'static str> {
    RESOURCE_TYPES.iter().find(|(prefix, _)| id.starts_with(prefix)).map(|&(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::offline;

    #[test]
    fn the_kind_of_resource_comes_from_its_id() {
        for (id, kind) in [
            ("vpc-1", Some("VPC")),
            ("subnet-1", Some("Subnet")),
            ("tgw-attach-1", Some("TransitGatewayAttachment")),
            ("tgw-1", Some("TransitGateway")),
            ("x-1", None),
        ] {
            assert_eq!(resource_type(id), kind, "{id}");
        }
    }

    #[test]
    fn a_log_that_cannot_be_delivered_says_so() {
        let log = FlowLog::builder()
            .flow_log_id("fl-1")
            .resource_id("vpc-1")
            .traffic_type(TrafficType::All)
            .flow_log_status("ACTIVE")
            .deliver_logs_status("FAILED")
            .build();
        let r = resource(&offline("eu-west-1"), &log);
        assert_eq!(r.get("TrafficType").as_str(), Some("ALL"));
        assert_eq!(r.attribute("DeliverLogsStatus").as_str(), Some("FAILED"));
        assert_eq!(r.attribute("FlowLogStatus").as_str(), Some("ACTIVE"));
    }
}
