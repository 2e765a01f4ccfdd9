//! A stack of nearly everything: what it made is found again, each resource under the id that the stack lists for it.

use super::emulator::{Emulator, REGION, repository, run};

const DEPLOY: &str = r"
import boto3, sys
cloudformation = boto3.client('cloudformation')
cloudformation.create_stack(StackName='wide', TemplateBody=open(sys.argv[1]).read(), Capabilities=['CAPABILITY_NAMED_IAM'])
cloudformation.get_waiter('stack_create_complete').wait(StackName='wide', WaiterConfig={'Delay': 1, 'MaxAttempts': 60})
";

#[test]
fn whatever_a_stack_made_is_found_again() {
    let ministack = Emulator::start("ministack", &[]).expect("MiniStack needs Python 3 only");
    let template = repository().join("tests/fixtures/deployed/wide.yaml");
    ministack.python(&["-c", DEPLOY, template.to_str().unwrap()]);
    let (_, report) = run(&ministack.endpoint, &["audit", "wide", "--region", REGION]);
    let entries = report["drift"].as_array().unwrap();
    assert!(entries.len() > 40, "{}", entries.len());
    // Only Cloud Control reads these, and it wants more than the physical id.
    let composite = ["AWS::ApiGateway::Deployment", "AWS::ApiGateway::Resource"];
    let missing: Vec<_> = entries
        .iter()
        .filter(|d| d["resource"]["type"].as_str().is_none_or(|kind| !composite.contains(&kind)))
        .filter(|d| d["status"] == "deleted" || !d["reason"].as_str().is_some_and(|why| why.starts_with("exists")))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let resources = report["coverage"]["stacks"][0]["resources"].as_u64().unwrap();
    assert_eq!(resources, entries.len() as u64, "a stack's numbers add up");
}
