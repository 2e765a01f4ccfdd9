//! What `load` resolves is what an emulator's CloudFormation made: every function writes its result into an SSM parameter, which is read back.

use std::collections::BTreeMap;
use std::sync::Arc;

use driftline::load::{self, Inputs};
use driftline::model::{Kind, Value};
use driftline::source::Sources;

use super::emulator::{Emulator, REGION, repository};

/// Deploys the templates of the arguments in order; prints, for the last one, everything that `Inputs` wants, and the values of its SSM parameters.
const DEPLOY: &str = r#"
import boto3, json, pathlib, sys
cloudformation, ssm, iam = boto3.client("cloudformation"), boto3.client("ssm"), boto3.client("iam")
ssm.put_parameter(Name="/given/image", Value="image-7", Type="String", Overwrite=True)
for path in sys.argv[2:]:
    name = pathlib.Path(path).stem
    wanted = json.loads(sys.argv[1]) if path == sys.argv[-1] else {}
    cloudformation.create_stack(
        StackName=name, TemplateBody=open(path).read(), Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in wanted.items()])
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
members = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
physical = {m["LogicalResourceId"]: m["PhysicalResourceId"] for m in members}
values, attributes = {}, {}
for m in members:
    id, logical = m["PhysicalResourceId"], m["LogicalResourceId"]
    if m["ResourceType"] == "AWS::SSM::Parameter":
        values[logical] = ssm.get_parameter(Name=id)["Parameter"]["Value"]
    elif m["ResourceType"] == "AWS::IAM::Role":
        attributes[logical] = iam.get_role(RoleName=id)["Role"]["Arn"]
    elif m["ResourceType"] == "AWS::S3::Bucket":
        attributes[logical] = "arn:aws:s3:::" + id
print(json.dumps({
    "id": stack["StackId"], "account": boto3.client("sts").get_caller_identity()["Account"],
    "parameters": {p["ParameterKey"]: p.get("ResolvedValue", p["ParameterValue"]) for p in stack.get("Parameters", [])},
    "exports": {e["Name"]: e["Value"] for e in cloudformation.list_exports()["Exports"]},
    "physical": physical, "attributes": attributes, "values": values}))
"#;

fn map(json: &serde_json::Value) -> BTreeMap<Arc<str>, Arc<str>> {
    json.as_object().unwrap().iter().map(|(k, v)| (k.as_str().into(), v.as_str().unwrap().into())).collect()
}

/// (What the emulator made, what `load` resolves) of every SSM parameter of the last template, by logical id.
fn both(emulator: &Emulator, parameters: &str, files: &[&str]) -> BTreeMap<String, (Option<String>, Value)> {
    let paths: Vec<String> = files
        .iter()
        .map(|f| repository().join("tests/fixtures/deployed").join(f).to_str().unwrap().to_owned())
        .collect();
    let arguments: Vec<&str> = ["-c", DEPLOY, parameters].into_iter().chain(paths.iter().map(String::as_str)).collect();
    let deployed: serde_json::Value = serde_json::from_str(&emulator.python(&arguments)).unwrap();
    let inputs = Inputs {
        stack: deployed["id"].as_str().unwrap().into(),
        stack_id: Some(deployed["id"].as_str().unwrap().into()),
        account: deployed["account"].as_str().unwrap().into(),
        region: REGION.into(),
        parameters: map(&deployed["parameters"]),
        physical_ids: map(&deployed["physical"]),
        exports: map(&deployed["exports"]),
        attributes: map(&deployed["attributes"]).into_iter().map(|(id, arn)| ((id, "Arn".into()), arn)).collect(),
        ..Inputs::default()
    };
    let mut sources = Sources::default();
    let text = std::fs::read_to_string(paths.last().unwrap()).unwrap();
    let template = load::parse(&mut sources, "template", &text).unwrap();
    let mut declared = load::evaluate(&template, &inputs).unwrap();
    assert_eq!((declared.variants.len(), declared.warnings.len()), (1, 0), "{:?}", declared.warnings);
    let resources = declared.variants.remove(0).into_iter().filter(|r| &*r.kind == "AWS::SSM::Parameter");
    let made = |id: &str| deployed["values"][id].as_str().map(str::to_owned);
    let both: BTreeMap<String, (Option<String>, Value)> = resources
        .map(|r| {
            let id = r.address.logical_id.clone().unwrap();
            (id.to_string(), (made(&id), r.properties.child("Value").unwrap().clone()))
        })
        .collect();
    let all: Vec<&String> = deployed["values"].as_object().unwrap().keys().collect();
    assert!(all.iter().all(|id| both.contains_key(*id)), "made and not declared: {all:?}");
    both
}

/// Every value that is known is what the emulator made; returns the logical ids of the others.
fn compare(all: BTreeMap<String, (Option<String>, Value)>) -> Vec<String> {
    let mut symbols = Vec::new();
    for (id, (made, declared)) in all {
        if let Some(text) = declared.text() {
            assert_eq!(Some(&*text), made.as_deref(), "{id}");
        } else {
            assert!(matches!(declared.kind, Kind::Symbol(_) | Kind::Unknown(_)), "{id}: {declared}");
            symbols.push(id);
        }
    }
    symbols
}

#[test]
fn what_is_resolved_is_what_an_emulator_makes() {
    let moto = Emulator::start("moto", &[]).expect("moto needs Python 3 only");
    let all = both(&moto, r#"{"Stage": "prod"}"#, &["exports.yaml", "intrinsics.yaml"]);
    assert!(all.len() > 20 && all.contains_key("OnlyInProd") && !all.contains_key("OnlyInDev"), "{:?}", all.keys());
    assert_eq!(compare(all), ["ZoneOfRegion"], "a zone is not told from the template; everything else is");
}

#[test]
fn what_is_resolved_is_what_another_emulator_makes() {
    let Some(localstack) = Emulator::start("localstack", &[]) else { return };
    let all = both(&localstack, r#"{"Stage": "dev"}"#, &["exports.yaml", "intrinsics.yaml"]);
    assert!(all.len() > 20 && all.contains_key("OnlyInDev") && !all.contains_key("OnlyInProd"), "{:?}", all.keys());
    assert_eq!(compare(all), ["ZoneOfRegion"]);
    let extensions = both(&localstack, "{}", &["extensions.yaml"]);
    assert!(extensions.contains_key("Zoneb"), "{:?}", extensions.keys());
    assert_eq!(compare(extensions), [""; 0]);
}
