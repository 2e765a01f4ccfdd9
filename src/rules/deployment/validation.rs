//! Functions that check a new version before and after it gets traffic.

use crate::model::{Resource, Unknown, Value};
use crate::rules::readers::codedeploy::{GROUP, Platform, platform};
use crate::rules::readers::evidence::missing;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

use super::automation::{FUNCTION, applies, hook, role_allows};

rules! {
    /// ## Why
    /// Health checks say that a version runs, not that it works. A validation function calls the new version as a customer would, and its
    /// answer decides whether the deployment goes on.
    ///
    /// Judged are places with a deployment group for ECS or Lambda, or with the `AWS::CodeDeploy::BlueGreen` hook; instances are validated
    /// by scripts that the template does not hold. For each of `phases` there is a function whose name or tag says the phase and whose role
    /// allows `codedeploy:PutLifecycleEventHookExecutionStatus`, or the hook names one under `LifecycleEventHooks`. The AppSpec, which
    /// wires them, is in neither the template nor the account.
    ///
    /// ## Fix
    /// ```yaml
    /// BeforeAllowTraffic:
    ///   Type: AWS::Lambda::Function
    ///   Properties:
    ///     FunctionName: CodeDeployHook_BeforeAllowTraffic
    ///     Role: !GetAtt ValidationRole.Arn   # allows codedeploy:PutLifecycleEventHookExecutionStatus
    ///     Runtime: python3.13
    ///     Handler: validate.before
    ///     Code: {S3Bucket: !Ref Artifacts, S3Key: validate.zip}
    /// ```
    "codedeploy-validation-hooks" => {
        title: "Lambda functions validate deployments before and after traffic shifts.",
        category: Deployment,
        severity: Medium,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::CodeDeploy::Application",
            "AWS::CodeDeploy::DeploymentGroup",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::Role",
            "AWS::IAM::RolePolicy",
            "AWS::Lambda::Function.Tags",
        ],
        params: {
            phases: Preset::Texts(&["BeforeAllowTraffic", "AfterAllowTraffic"]) => "phases of a deployment that need a function",
        },
        equivalents: [],
        check: validated,
    }
}

fn validated(place: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let subject = missing(place, FUNCTION);
    let hook = hook(place, cx);
    applies(if hook.is_some() { Ok(true) } else { deploys_functions(place, cx) }, &subject, || {
        Verdict::all(
            cx.params
                .texts("phases")
                .iter()
                .map(|phase| if names_hook(hook, phase) { Verdict::Pass } else { function_for(place, phase, cx) }),
        )
    })
}

/// Whether there is a deployment group for ECS or Lambda.
fn deploys_functions(place: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    let groups = cx.estate.of(place, GROUP);
    let mut open = groups.incomplete.filter(|_| place.is_live());
    for group in groups.items {
        match platform(cx.estate, group) {
            Ok(Platform::Ecs | Platform::Lambda) => return Ok(true),
            Ok(Platform::Server) => {}
            Err(why) => open = open.or(Some(why)),
        }
    }
    open.map_or(Ok(false), Err)
}

/// Whether the hook of a template names a function for a phase.
fn names_hook(hook: Option<&Value>, phase: &str) -> bool {
    let hooks = hook.and_then(|hook| hook.child("Properties")?.child("LifecycleEventHooks"));
    hooks.and_then(|hooks| hooks.child(phase)).is_some()
}

fn function_for(place: &Resource, phase: &str, cx: &Context<'_>) -> Verdict {
    let expected = format!("a function for {phase}");
    let functions = cx.estate.of(place, FUNCTION);
    let subject = missing(place, FUNCTION);
    let named = functions.items.iter().copied().filter(|function| is_for(function, phase));
    let found = Verdict::any(
        named.map(|function| {
            role_allows(function, &["codedeploy:PutLifecycleEventHookExecutionStatus"], cx).on(function.address.name())
        }),
        || check::fail(&subject, &expected),
    );
    found.or(|| match &functions.incomplete {
        Some(why) => Verdict::unknown(Evidence::unknown(&subject, &expected, why)),
        None => check::fail(&subject, &expected),
    })
}

/// Whether a function is called like a phase, or tagged with it.
fn is_for(function: &Resource, phase: &str) -> bool {
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect::<String>();
    let wanted = plain(phase);
    let called = |text: &str| plain(text).contains(&wanted);
    let tags = function.get("Tags");
    let tagged = match tags.value().map(|v| &v.kind) {
        Some(crate::model::Kind::List(list)) => {
            list.iter().filter_map(|tag| tag.child("Value")?.text()).any(|value| called(&value))
        }
        Some(crate::model::Kind::Map(map)) => map.values().filter_map(|e| e.value.text()).any(|value| called(&value)),
        _ => false,
    };
    called(function.address.name()) || function.get("FunctionName").as_str().is_some_and(called) || tagged
}
