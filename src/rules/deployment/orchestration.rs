//! What moves the traffic of a blue/green pair where CodeDeploy does not, and who has to agree.

use crate::model::{Items, Read, Resource, Unknown, Value};
use crate::rules::readers::codedeploy::{GROUP, blue_green};
use crate::rules::readers::evidence::{holds, missing};
use crate::rules::readers::state_machine::{Definition, STATE_MACHINE};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

use super::automation::{Automation, FUNCTION, PIPELINE, applies, deploys, shifts_narrowly};
use super::pairs;

rules! {
    /// ## Why
    /// Traffic that is shifted by hand is shifted late and in one step. A function does it the same way every time, and its role says
    /// exactly which listeners may be touched.
    ///
    /// Judged are places with a blue/green pair. There is a function whose role allows `elasticloadbalancing:ModifyListener` or
    /// `ModifyRule`, and not on every resource. With `accept_codedeploy` a blue/green deployment group that shifts the traffic will do.
    ///
    /// ## Fix
    /// ```yaml
    /// - Effect: Allow
    ///   Action: [elasticloadbalancing:ModifyListener, elasticloadbalancing:ModifyRule]
    ///   Resource: !Ref HttpsListener
    /// ```
    "deployment-traffic-shift-function" => {
        title: "A function able to shift load balancer traffic exists, with least privilege.",
        category: Deployment,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::AutoScaling::AutoScalingGroup",
            "AWS::CodeDeploy::DeploymentGroup",
            "AWS::ElasticLoadBalancingV2::Listener",
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::Role",
            "AWS::IAM::RolePolicy",
            "AWS::Lambda::Function",
        ],
        params: {
            accept_codedeploy: Preset::Bool(false) => "accept a CodeDeploy deployment group that shifts the traffic",
            blue_green_pattern: Preset::Pattern("(?i)(blue|green)") => "names by which the members of a blue/green pair are known",
        },
        equivalents: [],
        check: shift_function,
    }

    /// ## Why
    /// A deployment is several steps with waiting in between. A state machine keeps the order, shows where it stands, and knows what to do
    /// when a step fails; a script on somebody's laptop does none of that.
    ///
    /// Judged are places with a blue/green pair. A state machine calls CodeDeploy, changes a listener or rule, or invokes a function that
    /// may; one of its states catches errors (`require_catch`); and its executions are logged (`LoggingConfiguration.Level` is `OFF`
    /// where it is absent). A definition in S3 is not read.
    ///
    /// ## Fix
    /// ```yaml
    /// Deployment:
    ///   Type: AWS::StepFunctions::StateMachine
    ///   Properties:
    ///     RoleArn: !GetAtt DeploymentRole.Arn
    ///     LoggingConfiguration:
    ///       Level: ERROR
    ///       Destinations: [{CloudWatchLogsLogGroup: {LogGroupArn: !GetAtt DeploymentLogs.Arn}}]
    ///     Definition:
    ///       StartAt: Shift
    ///       States:
    ///         Shift:
    ///           Type: Task
    ///           Resource: !GetAtt ShiftFunction.Arn
    ///           Catch: [{ErrorEquals: [States.ALL], Next: RollBack}]
    ///           End: true
    ///         RollBack: {Type: Task, Resource: !GetAtt RollBackFunction.Arn, End: true}
    /// ```
    "deployment-state-machine-present" => {
        title: "A Step Functions state machine orchestrates deployments.",
        category: Deployment,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::AutoScaling::AutoScalingGroup",
            "AWS::ElasticLoadBalancingV2::Listener",
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::Role",
            "AWS::IAM::RolePolicy",
            "AWS::Lambda::Function",
            "AWS::StepFunctions::StateMachine",
        ],
        params: {
            require_catch: Preset::Bool(true) => "demand a state that catches errors",
            blue_green_pattern: Preset::Pattern("(?i)(blue|green)") => "names by which the members of a blue/green pair are known",
        },
        equivalents: [],
        check: state_machine,
    }

    /// ## Why
    /// The last look before customers get a new version is somebody's. Without a step that waits for it, whatever passes the tests is in
    /// production minutes later.
    ///
    /// Judged are places that deploy: with a pipeline, a deployment group or a state machine that deploys. One of these waits: a pipeline
    /// with an approval before its deploy action, a deploying state machine with a state that waits for a task token, or (unless
    /// `accept_codedeploy_manual_reroute` is false) a blue/green deployment group with `ActionOnTimeout: STOP_DEPLOYMENT`. Pipelines are
    /// read from templates only.
    ///
    /// ## Fix
    /// ```yaml
    /// BlueGreenDeploymentConfiguration:
    ///   DeploymentReadyOption: {ActionOnTimeout: STOP_DEPLOYMENT, WaitTimeInMinutes: 60}
    /// ```
    "deployment-approval-step" => {
        title: "Production deployments contain an approval step.",
        category: Deployment,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::CodeDeploy::DeploymentGroup",
            "AWS::CodePipeline::Pipeline",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::Role",
            "AWS::IAM::RolePolicy",
            "AWS::Lambda::Function",
            "AWS::StepFunctions::StateMachine",
        ],
        params: {
            accept_codedeploy_manual_reroute: Preset::Bool(true) => "accept deployment groups that wait to be told to shift the traffic",
        },
        equivalents: [],
        check: approval,
    }
}

fn shift_function(place: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let subject = missing(place, FUNCTION);
    applies(pairs::exists(place, cx), &subject, || {
        let expected = "a function that may shift the traffic of the listeners";
        let verdict = check::some(&cx.estate.of(place, FUNCTION), &subject, expected, |f| shifts_narrowly(f, cx));
        if !cx.params.bool("accept_codedeploy") {
            return brief(verdict, &subject, expected);
        }
        let verdict = verdict.or(|| {
            check::some(&cx.estate.of(place, GROUP), &subject, "a blue/green deployment group", |group| {
                let style = group.get("DeploymentStyle");
                known(blue_green(group), &style, "BLUE_GREEN, WITH_TRAFFIC_CONTROL").on(group.address.name())
            })
        });
        brief(verdict, &subject, expected)
    })
}

/// Where an account has hundreds of functions, that none of them does it is one fact, not hundreds. A function that may do too much is
/// worth naming.
fn brief(verdict: Verdict, subject: &Read<'_>, expected: &str) -> Verdict {
    let told = |list: &[Evidence]| list.iter().filter(|e| e.path.ends_with("Resource")).cloned().collect::<Vec<_>>();
    match verdict {
        Verdict::Fail(list) => {
            let mut kept = told(&list);
            kept.extend(Some(Evidence::of(subject, expected)).filter(|_| kept.is_empty()));
            Verdict::Fail(kept)
        }
        Verdict::Unknown(mut list) => {
            list.truncate(10);
            Verdict::Unknown(list)
        }
        Verdict::Pass => Verdict::Pass,
    }
}

fn known(answer: Result<bool, Unknown>, read: &Read<'_>, expected: &str) -> Verdict {
    match answer {
        Ok(true) => Verdict::Pass,
        Ok(false) => check::fail(read, expected),
        Err(why) => Verdict::unknown(Evidence::unknown(read, expected, &why)),
    }
}

/// What holds a machine's definition, for the evidence: the text is long.
fn definition(machine: &Resource) -> Read<'_> {
    missing(machine, "DefinitionString")
}

fn state_machine(place: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let subject = missing(place, STATE_MACHINE);
    applies(pairs::exists(place, cx), &subject, || {
        let expected = "a state machine that deploys";
        check::some(&cx.estate.of(place, STATE_MACHINE), &subject, expected, |machine| {
            let read = definition(machine);
            let deploys = known(deploys(machine, cx), &read, expected);
            let catches = if cx.params.bool("require_catch") {
                let catches = Definition::of(machine).some(|state| Ok(state.catches()));
                known(catches, &read, "a state that catches errors")
            } else {
                Verdict::Pass
            };
            let level = machine.get("LoggingConfiguration").get("Level");
            let logged = check::one_of(&level, &["ALL", "ERROR", "FATAL"]);
            deploys.and(catches).and(logged).on(machine.address.name())
        })
    })
}

fn approval(place: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let subject = missing(place, PIPELINE);
    Automation::around(place, cx).judged(&subject, || {
        let expected = "a step that waits for an approval";
        let pipelines = cx.estate.of(place, PIPELINE);
        let by_machine = || {
            check::some(&cx.estate.of(place, STATE_MACHINE), &subject, expected, |machine| {
                let waits = Definition::of(machine).some(|state| Ok(state.waits_for_token()));
                let read = definition(machine);
                let waits = known(waits, &read, "a state that waits for a task token");
                known(deploys(machine, cx), &read, "a state that deploys").and(waits).on(machine.address.name())
            })
        };
        let by_group = || {
            if !cx.params.bool("accept_codedeploy_manual_reroute") {
                return check::fail(&subject, expected);
            }
            check::some(&cx.estate.of(place, GROUP), &subject, expected, |group| {
                let ready = group.get("BlueGreenDeploymentConfiguration").get("DeploymentReadyOption");
                check::one_of(&ready.get("ActionOnTimeout"), &["STOP_DEPLOYMENT"]).on(group.address.name())
            })
        };
        check::some(&pipelines, &subject, expected, |pipeline| approved(pipeline).on(pipeline.address.name()))
            .or(by_machine)
            .or(by_group)
    })
}

/// Whether a pipeline asks before it deploys: an approval stands before the last deploy action.
fn approved(pipeline: &Resource) -> Verdict {
    let expected = "an approval action before the deploy action";
    let stages = pipeline.get("Stages");
    let Items::Are(list) = stages.items() else { return holds(&stages, expected) };
    let mut asked = false;
    let mut open = None;
    for stage in list {
        let actions = stage.get("Actions");
        let Items::Are(actions) = actions.items() else {
            open = open.or_else(|| actions.why_unknown());
            continue;
        };
        // Actions of a stage run side by side unless RunOrder says otherwise.
        let mut ordered: Vec<(i64, Read<'_>)> = actions
            .iter()
            .map(|action| (action.get("RunOrder").value().and_then(Value::as_int).unwrap_or(1), action.clone()))
            .collect();
        ordered.sort_by_key(|(order, _)| *order);
        for (_, action) in ordered {
            let category = action.get("ActionTypeId").get("Category");
            open = open.or_else(|| category.why_unknown());
            match category.as_str() {
                Some("Approval") => asked = true,
                Some("Deploy") if asked => return Verdict::Pass,
                _ => {}
            }
        }
    }
    match open {
        Some(why) => Verdict::unknown(Evidence::unknown(&stages, expected, &why)),
        None => Verdict::fail(Evidence { actual: None, ..Evidence::of(&stages, expected) }),
    }
}
