//! Functions: the listing has the configuration. What it leaves out is in [`super::details`].

use aws_sdk_lambda::Client;
use serde_json::Value as Json;

use super::details::{READ, RECURSION, RUNTIME, SIGNING};
use super::{SPEC, aliases, details, invocations, permissions};
use crate::collect::json::{at, data, items, kind, pick, set, text};
use crate::collect::shape::{self, map, token};
use crate::collect::{Cx, Out, Pages, TypeSpec, tasks};
use crate::model::{Kind, Provenance, Resource, Unknown};

pub(super) const LIST: &str = "lambda:ListFunctions";

/// `Code` cannot be read as it was declared; `FunctionScalingConfig` belongs to a version and is not read.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::Lambda::Function",
    asked: &[
        ("CodeSigningConfigArn", SIGNING),
        ("RecursiveLoop", RECURSION),
        ("ReservedConcurrentExecutions", READ),
        ("RuntimeManagementConfig", RUNTIME),
        ("Tags", READ),
        ("", LIST),
    ],
    reads: &[
        "Architectures",
        "CapacityProviderConfig",
        "CodeSigningConfigArn",
        "DeadLetterConfig",
        "Description",
        "DurableConfig",
        "Environment",
        "EphemeralStorage",
        "FileSystemConfigs",
        "FunctionName",
        "Handler",
        "ImageConfig",
        "KmsKeyArn",
        "Layers",
        "LoggingConfig",
        "MemorySize",
        "PackageType",
        "RecursiveLoop",
        "ReservedConcurrentExecutions",
        "Role",
        "Runtime",
        "RuntimeManagementConfig",
        "SnapStart",
        "Tags",
        "TenancyConfig",
        "Timeout",
        "TracingConfig",
        "VpcConfig",
    ],
    on_demand: &[
        "CodeSigningConfigArn",
        "RecursiveLoop",
        "ReservedConcurrentExecutions",
        "RuntimeManagementConfig",
        "Tags",
    ],
    // Four for the function; one each for its aliases, its policy and its invocation settings.
    calls: 7,
};

/// What the answer calls as the schema does, or nearly so.
const SAME: &[(&str, &str)] = &[
    ("CapacityProviderConfig", "CapacityProviderConfig"),
    ("DeadLetterConfig", "DeadLetterConfig"),
    ("Description", "Description"),
    ("DurableConfig", "DurableConfig"),
    ("EphemeralStorage", "EphemeralStorage"),
    ("FileSystemConfigs", "FileSystemConfigs"),
    ("FunctionName", "FunctionName"),
    ("Handler", "Handler"),
    ("ImageConfigResponse.ImageConfig", "ImageConfig"),
    ("KMSKeyArn", "KmsKeyArn"),
    ("LoggingConfig", "LoggingConfig"),
    ("MemorySize", "MemorySize"),
    ("PackageType", "PackageType"),
    ("Role", "Role"),
    ("Runtime", "Runtime"),
    ("TenancyConfig", "TenancyConfig"),
    ("Timeout", "Timeout"),
    ("TracingConfig", "TracingConfig"),
];

/// Facts about the function that is running.
const FACTS: &[(&str, &str)] = &[
    ("CodeSha256", "CodeSha256"),
    ("FunctionArn", "Arn"),
    ("LastModified", "LastModified"),
    ("LastUpdateStatus", "LastUpdateStatus"),
    ("MasterArn", "MasterArn"),
    ("RuntimeVersionConfig.RuntimeVersionArn", "RuntimeVersionArn"),
    ("SnapStart", "SnapStartResponse"),
    ("State", "State"),
    ("StateReasonCode", "StateReasonCode"),
    ("VpcConfig.VpcId", "VpcId"),
];

/// The largest page that the listing gives.
const PAGE: i32 = 50;

/// Every function.
pub(super) async fn list(cx: &Cx, lambda: &Client) -> Pages<Json> {
    let affects = &[TYPE.name, aliases::TYPE.name, permissions::TYPE.name, invocations::TYPE.name];
    let Pages { pages, end } = cx
        .pages_json(
            LIST,
            affects,
            |start| lambda.list_functions().max_items(PAGE).set_marker(start).send(),
            |page| token(page.next_marker()),
        )
        .await;
    Pages { pages: pages.iter().flat_map(|page| items(page, "Functions")).cloned().collect(), end }
}

pub(super) async fn collect(cx: &Cx, lambda: &Client, listing: &Pages<Json>) -> Out {
    let readings = listing.pages.iter().map(|function| {
        let (cx, lambda, function) = (cx.clone(), lambda.clone(), function.clone());
        async move { Box::pin(details::read(&cx, &lambda, &function)).await }
    });
    let mut out = Out::default();
    out.resources.extend(tasks::all(readings.collect()).await.into_iter().flatten());
    out.listed(TYPE.name, &listing.end);
    out
}

/// What the listing tells.
pub(super) fn resource(cx: &Cx, function: &Json) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, text(function, "FunctionName"), text(function, "FunctionArn"));
    for (name, kind) in pick(function, SAME) {
        r.set(name, kind);
    }
    r.set("Architectures", set(at(function, "Architectures")));
    r.set("Environment", environment(function));
    // The order of layers has a meaning.
    r.set("Layers", shape::list(items(function, "Layers").iter().map(|layer| kind(at(layer, "Arn")))));
    r.set("SnapStart", map([("ApplyOn", kind(at(function, "SnapStart.ApplyOn")))]));
    r.set("VpcConfig", network(at(function, "VpcConfig")));
    for (name, kind) in pick(function, FACTS) {
        r.set_attribute(name, kind);
    }
    // Lambda@Edge makes copies of a function in other regions.
    if !text(function, "MasterArn").is_empty() {
        r.provenance = Provenance::Service;
    }
    r
}

/// Variables that Lambda could not decrypt for us are unknown; no right to decrypt is asked for.
fn environment(function: &Json) -> Kind {
    match text(function, "Environment.Error.ErrorCode") {
        "" => map([("Variables", data(at(function, "Environment.Variables")))]),
        code => Kind::Unknown(Unknown::Failed { action: LIST.into(), code: code.into() }),
    }
}

/// A function outside of any VPC has this too, with empty lists.
fn network(vpc: &Json) -> Kind {
    if items(vpc, "SubnetIds").is_empty() {
        return Kind::Null;
    }
    map([
        ("SubnetIds", set(at(vpc, "SubnetIds"))),
        ("SecurityGroupIds", set(at(vpc, "SecurityGroupIds"))),
        ("Ipv6AllowedForDualStack", kind(at(vpc, "Ipv6AllowedForDualStack"))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::model::{Value, to_json};
    use serde_json::json;

    fn listed() -> Json {
        json!({
            "FunctionName": "orders", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
            "Runtime": "python3.13", "Role": "arn:aws:iam::123456789012:role/orders", "Handler": "app.handler",
            "CodeSize": 512, "Description": "", "Timeout": 30, "MemorySize": 256, "CodeSha256": "abc=", "Version": "$LATEST",
            "LastModified": "2025-01-02T03:04:05.000+0000", "State": "Active", "LastUpdateStatus": "Successful",
            "VpcConfig": {"SubnetIds": ["subnet-b", "subnet-a"], "SecurityGroupIds": ["sg-1"], "VpcId": "vpc-1", "Ipv6AllowedForDualStack": false},
            "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead"},
            "Environment": {"Variables": {"STAGE": "prod", "EMPTY": ""}},
            "KMSKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1", "TracingConfig": {"Mode": "Active"},
            "Layers": [{"Arn": "arn:layer:b:2", "CodeSize": 1}, {"Arn": "arn:layer:a:1", "CodeSize": 1}],
            "PackageType": "Zip", "Architectures": ["arm64"], "EphemeralStorage": {"Size": 1024},
            "SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"},
            "RuntimeVersionConfig": {"RuntimeVersionArn": "arn:runtime"},
            "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/orders", "ApplicationLogLevel": "INFO"},
            "FileSystemConfigs": [{"Arn": "arn:fsap", "LocalMountPath": "/mnt/data"}],
        })
    }

    #[test]
    fn a_function_reads_as_cloudformation_would_declare_it() {
        let mut r = resource(&offline("eu-west-1"), &listed());
        for name in TYPE.on_demand {
            r.set(name, Kind::Null);
        }
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        let expected = json!({
            "FunctionName": "orders", "Runtime": "python3.13", "Role": "arn:aws:iam::123456789012:role/orders", "Handler": "app.handler",
            "Timeout": 30, "MemorySize": 256, "PackageType": "Zip", "Architectures": ["arm64"], "EphemeralStorage": {"Size": 1024},
            "VpcConfig": {"SubnetIds": ["subnet-a", "subnet-b"], "SecurityGroupIds": ["sg-1"], "Ipv6AllowedForDualStack": false},
            "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead"},
            "Environment": {"Variables": {"STAGE": "prod", "EMPTY": ""}}, "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
            "TracingConfig": {"Mode": "Active"}, "Layers": ["arn:layer:b:2", "arn:layer:a:1"], "SnapStart": {"ApplyOn": "PublishedVersions"},
            "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/orders", "ApplicationLogLevel": "INFO"},
            "FileSystemConfigs": [{"Arn": "arn:fsap", "LocalMountPath": "/mnt/data"}],
        });
        let mut read = to_json(&r.properties);
        read.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        assert_eq!(read, expected);
        let facts = to_json(&r.attributes);
        assert_eq!(facts["Arn"], "arn:aws:lambda:eu-west-1:123456789012:function:orders");
        assert_eq!(facts["VpcId"], "vpc-1");
    }

    #[test]
    fn outside_of_a_vpc_there_is_no_configuration_of_one_and_a_copy_is_the_services() {
        let function = json!({
            "FunctionName": "us-east-1.edge", "MasterArn": "arn:aws:lambda:us-east-1:123456789012:function:edge:1",
            "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": false},
        });
        let r = resource(&offline("eu-west-1"), &function);
        assert!(r.get("VpcConfig").is_absent());
        assert_eq!(r.provenance, Provenance::Service);
    }

    #[test]
    fn variables_that_cannot_be_decrypted_are_unknown() {
        let function = json!({"Environment": {"Error": {"ErrorCode": "KMSAccessDeniedException", "Message": "no"}}});
        let why = Value::live(environment(&function)).why_unknown();
        assert_eq!(why, Some(Unknown::Failed { action: LIST.into(), code: "KMSAccessDeniedException".into() }));
    }
}
