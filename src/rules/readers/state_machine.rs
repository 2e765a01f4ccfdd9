//! Definitions of Step Functions state machines, whichever way they are given.

use serde_json::Value as Json;

use super::json::{Document, text};
use crate::model::{Resource, Unknown, Value};

/// `AWS::StepFunctions::StateMachine`.
pub(in crate::rules) const STATE_MACHINE: &str = "AWS::StepFunctions::StateMachine";

/// What a state machine does.
#[derive(Debug)]
pub(in crate::rules) struct Definition {
    /// Every state, those within branches and maps included.
    states: Vec<State>,
    /// Why there may be others, or other settings in those that are there.
    open: Option<Unknown>,
}

/// One state. References stand in it as `${LogicalId.Attribute}`.
#[derive(Debug)]
pub(in crate::rules) struct State {
    body: Json,
}

impl Definition {
    /// Reads `DefinitionString` or `Definition`, with `DefinitionSubstitutions` filled in. A definition in S3 is not read.
    pub(in crate::rules) fn of(machine: &Resource) -> Self {
        let (string, given) = (machine.get("DefinitionString"), machine.get("Definition"));
        let document = Document::of(if given.value().is_some() { &given } else { &string });
        let stored = machine.get("DefinitionS3Location");
        let mut open = document.open;
        if string.is_absent() && given.is_absent() && !stored.is_absent() {
            open = Some(Unknown::Outside("the definition in S3".into()));
        }
        let mut json = document.json;
        let substitutions = machine.get("DefinitionSubstitutions");
        let map = substitutions.value().and_then(Value::as_map).into_iter().flatten();
        let known: Vec<(String, String)> =
            map.filter_map(|(key, entry)| Some((format!("${{{key}}}"), text(&entry.value)?))).collect();
        fill(&mut json, &known);
        let mut states = Vec::new();
        gather(&json, &mut states);
        Self { states, open }
    }

    /// Whether a state satisfies `test`; open where something could not be read and no state does.
    pub(in crate::rules) fn some(
        &self,
        mut test: impl FnMut(&State) -> Result<bool, Unknown>,
    ) -> Result<bool, Unknown> {
        let mut open = self.open.clone();
        for state in &self.states {
            match test(state) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(why) => open = open.or(Some(why)),
            }
        }
        open.map_or(Ok(false), Err)
    }
}

impl State {
    /// What a task does: `arn:aws:states:::aws-sdk:codedeploy:createDeployment`, the ARN of a function.
    pub(in crate::rules) fn resource(&self) -> Option<&str> {
        self.body.get("Resource").and_then(Json::as_str)
    }

    /// The service and action of an integration in lower case: `codedeploy`, `createdeployment`; without the part that tells how to wait.
    pub(in crate::rules) fn integration(&self) -> Option<(String, String)> {
        let (_, called) = self.resource()?.split_once(":states:")?;
        let called = called.split("::").last()?.trim_start_matches("aws-sdk:");
        let (service, action) = called.split_once(':')?;
        let action = action.split('.').next()?;
        Some((service.to_ascii_lowercase(), action.to_ascii_lowercase()))
    }

    /// An argument of a task, in `Parameters` or, in the newer language, in `Arguments`.
    pub(in crate::rules) fn argument(&self, name: &str) -> Option<&str> {
        ["Parameters", "Arguments"].iter().find_map(|given| self.body.get(given)?.get(name)?.as_str())
    }

    /// Whether it goes on elsewhere when it fails.
    pub(in crate::rules) fn catches(&self) -> bool {
        self.body.get("Catch").and_then(Json::as_array).is_some_and(|list| !list.is_empty())
    }

    /// Whether it waits until somebody or something gives the token back.
    pub(in crate::rules) fn waits_for_token(&self) -> bool {
        self.resource().is_some_and(|resource| {
            resource.ends_with(".waitForTaskToken") || resource.contains(":states:") && resource.contains(":activity:")
        })
    }
}

/// The states of a machine, of its branches and of what its maps do with each item.
fn gather(machine: &Json, into: &mut Vec<State>) {
    for body in machine.get("States").and_then(Json::as_object).into_iter().flat_map(|states| states.values()) {
        into.push(State { body: body.clone() });
        for branch in body.get("Branches").and_then(Json::as_array).into_iter().flatten() {
            gather(branch, into);
        }
        for within in ["ItemProcessor", "Iterator"].iter().filter_map(|name| body.get(name)) {
            gather(within, into);
        }
    }
}

fn fill(json: &mut Json, known: &[(String, String)]) {
    match json {
        Json::String(text) => {
            for (placeholder, value) in known {
                if text.contains(placeholder) {
                    *text = text.replace(placeholder, value);
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| fill(item, known)),
        Json::Object(map) => map.values_mut().for_each(|value| fill(value, known)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::json;

    fn machine(properties: &Json) -> Resource {
        let mut r = Resource::new(STATE_MACHINE, Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    fn states() -> Json {
        json!({"StartAt": "Shift", "States": {
            "Shift": {"Type": "Task", "Resource": "${Shift}", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Back"}]},
            "Both": {"Type": "Parallel", "Branches": [{"States": {
                "Deploy": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:codedeploy:createDeployment"},
            }}]},
            "Each": {"Type": "Map", "ItemProcessor": {"States": {
                "Ask": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"},
            }}},
            "Call": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "shift"}},
        }})
    }

    #[test]
    fn the_definition_is_read_as_text_and_as_a_mapping_and_filled_in() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:shift";
        let filled = json!({"Definition": states(), "DefinitionSubstitutions": {"Shift": arn}});
        for (properties, expected) in [
            (filled, arn),
            (json!({"Definition": states()}), "${Shift}"),
            (json!({"DefinitionString": states().to_string()}), "${Shift}"),
        ] {
            let definition = Definition::of(&machine(&properties));
            assert_eq!(definition.states.len(), 6, "{properties}");
            assert_eq!(definition.some(|s| Ok(s.resource() == Some(expected))), Ok(true), "{properties}");
        }
    }

    #[test]
    fn states_tell_what_they_call_catch_and_wait_for() {
        let definition = Definition::of(&machine(&json!({"Definition": states()})));
        let called = |service: &str, action: &str| {
            definition.some(|s| Ok(s.integration() == Some((service.to_owned(), action.to_owned()))))
        };
        assert_eq!(called("codedeploy", "createdeployment"), Ok(true));
        assert_eq!(called("sqs", "sendmessage"), Ok(true));
        assert_eq!(called("lambda", "invoke"), Ok(true));
        assert_eq!(called("ecs", "runtask"), Ok(false));
        assert_eq!(definition.some(|s| Ok(s.argument("FunctionName") == Some("shift"))), Ok(true));
        assert_eq!(definition.some(|s| Ok(s.catches())), Ok(true));
        assert_eq!(definition.some(|s| Ok(s.waits_for_token())), Ok(true));
    }

    #[test]
    fn a_definition_in_s3_or_no_json_is_open() {
        for properties in [
            json!({"DefinitionS3Location": {"Bucket": "b", "Key": "k"}}),
            json!({"DefinitionString": "StartAt: Shift"}),
        ] {
            assert!(Definition::of(&machine(&properties)).some(|_| Ok(true)).is_err(), "{properties}");
        }
        assert_eq!(Definition::of(&machine(&json!({}))).some(|_| Ok(true)), Ok(false));
    }
}
