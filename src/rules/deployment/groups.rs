//! Auto Scaling groups while a deployment runs.

use crate::model::{Items, Read, Resource, Unknown};
use crate::rules::readers::codedeploy::GROUP;
use crate::rules::readers::given_name;
use crate::rules::readers::policy::names;
use crate::rules::readers::state_machine::{Definition, STATE_MACHINE};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

use super::pairs;

rules! {
    /// ## Why
    /// A group that scales in during a deployment may take away exactly the instances that have just been deployed to, or those that a
    /// rollback would need.
    ///
    /// Judged are groups that a CodeDeploy deployment group names, and groups that belong to a blue/green pair (two groups whose names
    /// match `blue_green_pattern`). A group passes if new instances are protected from scale-in (the default is that they are not), or if
    /// `AZRebalance` and `Terminate` are suspended: by the update policy, by a state machine that calls SuspendProcesses, or right now.
    /// AWS does not tell what an update policy suspends, so a group of a stack that is not protected is left open on the observed side.
    ///
    /// ## Fix
    /// ```yaml
    /// NewInstancesProtectedFromScaleIn: true
    /// ```
    ///
    /// ```sh
    /// aws autoscaling update-auto-scaling-group --auto-scaling-group-name web-blue --new-instances-protected-from-scale-in
    /// ```
    "asg-instance-scale-in-protection" => {
        title: "Instances are protected from scale-in while deployments run.",
        category: Deployment,
        severity: Low,
        scope: Resource,
        types: ["AWS::AutoScaling::AutoScalingGroup"],
        reads: ["AWS::CodeDeploy::DeploymentGroup", "AWS::StepFunctions::StateMachine"],
        params: {
            accept_suspend_processes: Preset::Bool(true) => "accept that the processes which take instances away are suspended",
            blue_green_pattern: Preset::Pattern("(?i)(blue|green)") => "names by which the members of a blue/green pair are known",
        },
        equivalents: [],
        check: protected,
    }

    /// ## Why
    /// A launch hook holds a new instance back until it is prepared: software installed, agents registered, caches warm. Without one the
    /// load balancer's first requests do the waiting.
    ///
    /// A hook may be a resource of its own or stand in the group's `LifecycleHookSpecificationList`. For launches its `DefaultResult` is
    /// `ABANDON`, the default: an instance that did not get ready must not go into service.
    ///
    /// ## Fix
    /// ```yaml
    /// LifecycleHookSpecificationList:
    ///   - LifecycleHookName: prepare
    ///     LifecycleTransition: autoscaling:EC2_INSTANCE_LAUNCHING
    ///     HeartbeatTimeout: 300
    ///     DefaultResult: ABANDON
    /// ```
    ///
    /// ```sh
    /// aws autoscaling put-lifecycle-hook --auto-scaling-group-name web --lifecycle-hook-name prepare \
    ///   --lifecycle-transition autoscaling:EC2_INSTANCE_LAUNCHING --default-result ABANDON
    /// ```
    "asg-lifecycle-hooks" => {
        title: "Auto Scaling groups have launch lifecycle hooks that prepare instances before service.",
        category: Deployment,
        severity: Low,
        scope: Estate,
        types: ["AWS::AutoScaling::AutoScalingGroup"],
        reads: ["AWS::AutoScaling::LifecycleHook"],
        params: {
            transitions: Preset::Texts(&["autoscaling:EC2_INSTANCE_LAUNCHING"]) => "transitions that need a hook",
        },
        equivalents: [],
        check: |r, cx| Some(Verdict::all(cx.params.texts("transitions").iter().map(|wanted| hooked(r, wanted, cx)))),
    }
}

fn protected(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let deployed = given_name::referrers(cx.estate, r, "AutoScalingGroupName", GROUP, "AutoScalingGroups");
    let paired = pairs::is_member(r, cx);
    if deployed.items.is_empty() && !paired && deployed.incomplete.is_none() {
        return None;
    }
    let flag = r.get("NewInstancesProtectedFromScaleIn");
    let mut verdict = check::is_true(&flag);
    if cx.params.bool("accept_suspend_processes") {
        verdict = verdict.or(|| suspended(r, &flag, cx));
    }
    let verdict = verdict.or(|| instances(r, &flag));
    match &deployed.incomplete {
        Some(why) if deployed.items.is_empty() && !paired && !verdict.is_pass() => {
            Some(Verdict::unknown(Evidence::unknown(&flag, "true for a group that deployments go to", why)))
        }
        _ => Some(verdict),
    }
}

/// Whether what takes instances away is suspended while a deployment runs.
fn suspended(r: &Resource, flag: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let expected = "AZRebalance and Terminate suspended";
    let list = if r.is_live() {
        r.attribute("SuspendedProcesses")
    } else {
        r.attribute("UpdatePolicy").get("AutoScalingRollingUpdate").get("SuspendProcesses")
    };
    let process = |wanted: &str| names(&list, |name| name == wanted);
    let now = match (process("AZRebalance"), process("Terminate")) {
        (Ok(true), Ok(true)) => Verdict::Pass,
        (Ok(false), _) | (_, Ok(false)) => check::fail(&list, expected),
        (Err(why), _) | (_, Err(why)) => Verdict::unknown(Evidence::unknown(&list, expected, &why)),
    };
    let machine = || {
        check::some(&cx.estate.of(r, STATE_MACHINE), flag, "a state machine that suspends processes", |machine| {
            let read = machine.get("DefinitionString");
            let suspends = Definition::of(machine).some(|state| {
                Ok(state.integration() == Some(("autoscaling".to_owned(), "suspendprocesses".to_owned())))
            });
            match suspends {
                Ok(true) => Verdict::Pass,
                Ok(false) => check::fail(flag, "a state machine that suspends processes"),
                Err(why) => Verdict::unknown(Evidence::unknown(&read, expected, &why)).on(machine.address.name()),
            }
        })
    };
    now.or(machine).or(|| match r.provenance {
        crate::model::Provenance::Stack if r.is_live() => {
            let why = Unknown::Outside("what the update policy suspends, which AWS does not tell,".into());
            Verdict::unknown(Evidence::unknown(flag, expected, &why))
        }
        _ => check::fail(flag, "true"),
    })
}

/// Whether every running instance is protected right now.
fn instances(r: &Resource, flag: &Read<'_>) -> Verdict {
    match r.attribute("Instances").items() {
        Items::Are(list) if !list.is_empty() => {
            Verdict::all(list.iter().map(|instance| check::is_true(&instance.get("ProtectedFromScaleIn"))))
        }
        _ => check::fail(flag, "true"),
    }
}

/// Whether a transition has a hook, within the group or as a resource.
fn hooked(r: &Resource, wanted: &str, cx: &Context<'_>) -> Verdict {
    let own = r.get("LifecycleHookSpecificationList");
    let expected = format!("a hook for {wanted}");
    let within = match own.items() {
        Items::Absent => check::fail(&own, &expected),
        Items::Unknown => check::unknown(&own, &expected),
        Items::Are(hooks) => Verdict::any(
            hooks.iter().map(|hook| hook_for(wanted, &hook.get("LifecycleTransition"), &hook.get("DefaultResult"))),
            || check::fail(&own, &expected),
        ),
    };
    let kind = "AWS::AutoScaling::LifecycleHook";
    within.or(|| {
        let hooks = given_name::referrers(cx.estate, r, "AutoScalingGroupName", kind, "AutoScalingGroupName");
        check::some(&hooks, &own, &expected, |hook| {
            hook_for(wanted, &hook.get("LifecycleTransition"), &hook.get("DefaultResult")).on(hook.address.name())
        })
    })
}

fn hook_for(wanted: &str, transition: &Read<'_>, result: &Read<'_>) -> Verdict {
    let right = check::one_of(transition, &[wanted]);
    if wanted.ends_with("LAUNCHING") && !matches!(right, Verdict::Fail(_)) {
        return right.and(check::allow_absent(result, "ABANDON", |v| Some(v.as_str()? == "ABANDON")));
    }
    right
}
