//! Step Functions: state machines.

use async_trait::async_trait;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::list_state_machines::ListStateMachinesOutput;
use aws_sdk_sfn::types::{IncludedData, StateMachineListItem};
use serde_json::Value as Json;

use super::json::{at, kind, upper};
use super::order::all_sorted;
use super::shape::set_unknown;
use super::shape::{text, token};
use super::tagged;
use super::tags::{self, Tags};
use super::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

const LIST: &str = "states:ListStateMachines";
const DESCRIBE: &str = "states:DescribeStateMachine";
const TAGS: &str = "states:ListTagsForResource";

/// `Definition` and its kin are ways to write `DefinitionString`; AWS gives that alone.
const TYPE: TypeSpec = TypeSpec {
    name: "AWS::StepFunctions::StateMachine",
    asked: &[("Tags", TAGS), ("StateMachineName", LIST), ("StateMachineType", LIST), ("", DESCRIBE)],
    reads: &[
        "DefinitionString",
        "EncryptionConfiguration",
        "LoggingConfiguration",
        "RoleArn",
        "StateMachineName",
        "StateMachineType",
        "Tags",
        "TracingConfiguration",
    ],
    on_demand: &["Tags"],
    // One description more where the definition may not be decrypted, and tags.
    calls: 3,
};

/// What the listing leaves out: property, and where it stands in the description.
const DESCRIBED: &[(&str, &str)] = &[
    ("EncryptionConfiguration", "encryptionConfiguration"),
    ("LoggingConfiguration", "loggingConfiguration"),
    ("RoleArn", "roleArn"),
    ("TracingConfiguration", "tracingConfiguration"),
];

static SPEC: Spec = Spec {
    name: "stepfunctions",
    reach: Reach::Regional,
    listings: 1,
    types: &[TYPE],
    actions: &[LIST, DESCRIBE, TAGS, tags::LIST],
};

/// The largest page of a state machine listing.
const PAGE: i32 = 1000;

/// Reads the state machines of one region.
pub struct StepFunctions;

#[async_trait]
impl Collector for StepFunctions {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        let pages = cx
            .pages(
                LIST,
                &[TYPE.name],
                |start| client.list_state_machines().max_results(PAGE).set_next_token(start).send(),
                |page| token(page.next_token()),
            )
            .await;
        out.listed(TYPE.name, &pages.end);
        let readings = pages.pages.iter().flat_map(ListStateMachinesOutput::state_machines).map(|machine| {
            let (cx, client, machine) = (cx.clone(), client.clone(), machine.clone());
            async move { read(&cx, &client, &machine).await }
        });
        let mut machines: Vec<Resource> = tasks::all(readings.collect()).await.into_iter().flatten().collect();
        let arns: Vec<(String, String)> = machines.iter().map(arn).map(|arn| (arn.clone(), arn)).collect();
        let each = |cx, arn| tags_of(cx, client.clone(), arn);
        let tags = cx.tags_of(TYPE.name, "states:stateMachine", &arns, each).await;
        for r in &mut machines {
            let answer = tags.get(&arn(r));
            tagged::set(r, answer);
        }
        out.resources.extend(machines);
    }
}

fn arn(r: &Resource) -> String {
    r.address.arn.as_deref().unwrap_or_default().to_owned()
}

async fn tags_of(cx: Cx, client: Client, arn: String) -> Answer<Tags> {
    let answer = cx
        .ask(TAGS, &[TYPE.name], &["ResourceNotFound"], client.list_tags_for_resource().resource_arn(arn).send())
        .await;
    let pair =
        |tag: &aws_sdk_sfn::types::Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    answer.map(|found| found.tags().iter().filter_map(pair).collect())
}

/// One state machine; `None` if it has gone meanwhile.
async fn read(cx: &Cx, client: &Client, machine: &StateMachineListItem) -> Option<Resource> {
    let request = client.describe_state_machine().state_machine_arn(machine.state_machine_arn());
    let ask = |data| {
        cx.ask_json(DESCRIBE, &[TYPE.name], &["StateMachineDoesNotExist"], request.clone().included_data(data).send())
    };
    let mut r = cx.resource(&SPEC, TYPE.name, machine.state_machine_arn(), machine.state_machine_arn());
    r.set("StateMachineName", text(Some(machine.name())));
    r.set("StateMachineType", text(Some(machine.r#type().as_str())));
    r.set_attribute("Arn", text(Some(machine.state_machine_arn())));
    r.set_attribute("Name", text(Some(machine.name())));
    match ask(IncludedData::AllData).await {
        Answer::Is(found) => {
            r.set("DefinitionString", kind(at(&found, "definition")));
            describe(&mut r, Ok(&found));
        }
        // All but the definition is readable without the key that the definition is encrypted with.
        Answer::Unknown(why) if is_of_key(&why) => {
            r.set("DefinitionString", Kind::Unknown(why));
            match ask(IncludedData::MetadataOnly).await {
                Answer::Is(found) => describe(&mut r, Ok(&found)),
                Answer::Absent => return None,
                Answer::Unknown(why) => describe(&mut r, Err(&why)),
            }
        }
        Answer::Absent => return None,
        Answer::Unknown(why) => {
            set_unknown(&mut r, ["DefinitionString"], &why);
            describe(&mut r, Err(&why));
        }
    }
    Some(r)
}

/// Whether a call failed because of the key that the definition is encrypted with.
fn is_of_key(why: &Unknown) -> bool {
    matches!(why, Unknown::Failed { code, .. } if code.starts_with("Kms"))
}

fn describe(r: &mut Resource, described: Result<&Json, &Unknown>) {
    for (property, path) in DESCRIBED {
        let value = described.map_or_else(|why| Kind::Unknown(why.clone()), |found| all_sorted(upper(at(found, path))));
        r.set(property, value);
    }
    for (fact, path) in [("StateMachineRevisionId", "revisionId"), ("Status", "status")] {
        r.set_attribute(fact, described.map_or_else(|why| Kind::Unknown(why.clone()), |found| kind(at(found, path))));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::to_json;

    fn answer(asked: &str) -> (u16, String) {
        let operation = asked.split("AWSStepFunctions.").nth(1).unwrap().split(' ').next().unwrap();
        let listed = |name: &str| {
            json!({"name": name, "type": "EXPRESS", "creationDate": 1.6e9,
                   "stateMachineArn": format!("arn:aws:states:us-east-1:1:stateMachine:{name}")})
        };
        let answer = match operation {
            "ListStateMachines" if asked.contains("nextToken") => json!({"stateMachines": [listed("gone")]}),
            "ListStateMachines" => json!({"stateMachines": [listed("ship")], "nextToken": "more"}),
            "DescribeStateMachine" if asked.contains(":gone") => {
                return (400, r#"{"__type": "StateMachineDoesNotExist"}"#.into());
            }
            "DescribeStateMachine" => json!({
                "name": "ship", "stateMachineArn": "arn:aws:states:us-east-1:1:stateMachine:ship", "type": "EXPRESS",
                "status": "ACTIVE", "creationDate": 1.6e9, "revisionId": "r-1", "roleArn": "arn:aws:iam::1:role/r",
                "definition": "{\"StartAt\": \"a\"}",
                "loggingConfiguration": {"level": "ERROR", "includeExecutionData": false, "destinations": [
                    {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:1:log-group:g:*"}}]},
                "tracingConfiguration": {"enabled": true},
                "encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k", "kmsDataKeyReusePeriodSeconds": 60},
            }),
            _ => json!({"tags": [{"key": "team", "value": "core"}]}),
        };
        (200, answer.to_string())
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&StepFunctions, "us-east-1").await.resources, []);
    }

    #[tokio::test]
    async fn a_state_machine_reads_as_cloudformation_would_declare_it_and_a_vanished_one_is_dropped() {
        let out = collected(&StepFunctions, &cx("us-east-1", answer)).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        let [machine] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(machine), claimed(&SPEC, machine));
        let expected = json!({
            "StateMachineName": "ship", "StateMachineType": "EXPRESS", "RoleArn": "arn:aws:iam::1:role/r",
            "DefinitionString": "{\"StartAt\": \"a\"}",
            "LoggingConfiguration": {"Level": "ERROR", "IncludeExecutionData": false, "Destinations": [
                {"CloudWatchLogsLogGroup": {"LogGroupArn": "arn:aws:logs:us-east-1:1:log-group:g:*"}}]},
            "TracingConfiguration": {"Enabled": true},
            "EncryptionConfiguration": {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": "k", "KmsDataKeyReusePeriodSeconds": 60},
            "Tags": [{"Key": "team", "Value": "core"}],
        });
        let mut got = to_json(&machine.properties);
        got.sort_all_objects();
        let mut expected = expected;
        expected.sort_all_objects();
        assert_eq!(got, expected);
        assert_eq!(machine.attribute("StateMachineRevisionId").as_str(), Some("r-1"));
    }

    #[tokio::test]
    async fn a_definition_that_may_not_be_decrypted_leaves_only_itself_unknown() {
        let out = collected(
            &StepFunctions,
            &cx("us-east-1", |asked| {
                if asked.contains("ALL_DATA") {
                    return (400, r#"{"__type": "KmsAccessDeniedException"}"#.into());
                }
                let (status, body) = answer(asked);
                (status, body.replace("{\\\"StartAt\\\": \\\"a\\\"}", ""))
            }),
        )
        .await;
        let machine = out.resources.iter().find(|r| r.address.name().ends_with(":ship")).unwrap();
        let why = machine.get("DefinitionString").why_unknown();
        assert_eq!(why, Some(Unknown::Failed { action: DESCRIBE.into(), code: "KmsAccessDeniedException".into() }));
        assert_eq!(machine.get("RoleArn").as_str(), Some("arn:aws:iam::1:role/r"));
    }

    #[tokio::test]
    async fn a_state_machine_that_may_not_be_described_keeps_what_the_listing_told() {
        let out = collected(
            &StepFunctions,
            &cx("us-east-1", |asked| match asked {
                listed if listed.contains("ListStateMachines") => answer(listed),
                _ => (400, r#"{"__type": "AccessDeniedException"}"#.into()),
            }),
        )
        .await;
        let machine = &out.resources[0];
        assert_eq!(machine.get("StateMachineType").as_str(), Some("EXPRESS"));
        for name in
            ["DefinitionString", "RoleArn", "LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration"]
        {
            assert_eq!(machine.get(name).why_unknown(), Some(Unknown::Denied { action: DESCRIBE.into() }), "{name}");
        }
        assert_eq!(machine.get("Tags").why_unknown(), Some(Unknown::Denied { action: TAGS.into() }));
    }
}
