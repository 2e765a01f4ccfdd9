//! How people get onto instances.

use jiff::{SignedDuration, Timestamp};

use crate::model::network::about;
use crate::model::{Read, Resource, Unknown, types};
use crate::rules::readers::launch;
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

use super::is_bastion;

rules! {
    /// ## Why
    /// A key pair is a password that never expires, is shared by everybody who has the file, and leaves no trace of who used it. Session
    /// Manager needs none.
    ///
    /// `KeyName` must be absent. One that hangs on a parameter or an import without a known value fails too: whatever its value, there will
    /// be a key. With `forbid_parameter` a template must not even ask for one (type `AWS::EC2::KeyPair::KeyName`).
    ///
    /// ## Fix
    /// Take `KeyName` out, attach AmazonSSMManagedInstanceCore to the instance's role, and connect by
    ///
    /// ```sh
    /// aws ssm start-session --target i-0abc
    /// ```
    "ec2-no-amazon-key-pair" => {
        title: "Instances and launch templates are not launched with an EC2 key pair.",
        category: Compute,
        severity: Low,
        scope: Resource,
        types: [
            "AWS::AutoScaling::LaunchConfiguration",
            "AWS::CloudFormation::Template",
            "AWS::EC2::Instance",
            "AWS::EC2::LaunchTemplate",
        ],
        params: {
            exempt_bastion: Preset::Bool(false) => "let bastion hosts keep a key pair",
            bastion_pattern: Preset::Pattern("(?i)(bastion|jump-?(box|host|server))") => "names of bastion hosts",
            forbid_parameter: Preset::Bool(false) => "fail a template that has a parameter for a key pair",
        },
        equivalents: ["aws-config/ec2-no-amazon-key-pair"],
        check: key_pair,
    }

    /// ## Why
    /// What Systems Manager does not see gets no patches, no inventory, and no session without an open port.
    ///
    /// Judged are running instances. One that was launched less than `grace_minutes` ago and is not listed yet is unknown.
    ///
    /// ## Fix
    /// Attach AmazonSSMManagedInstanceCore to the instance's role, let the instance reach the service (by NAT or by the endpoints ssm,
    /// ssmmessages and ec2messages), and start the agent.
    ///
    /// ```sh
    /// aws ssm describe-instance-information --filters Key=InstanceIds,Values=i-0abc
    /// ```
    "ec2-instance-managed-by-systems-manager" => {
        title: "Running EC2 instances are registered and online in Systems Manager.",
        category: Compute,
        severity: Medium,
        scope: Account,
        types: ["AWS::EC2::Instance"],
        reads: ["Driftline::SSM::ManagedInstance"],
        params: { grace_minutes: Preset::Int(30) => "minutes that a new instance may take to register" },
        equivalents: [
            "aws-config/ec2-instance-managed-by-systems-manager",
            "security-hub/SSM.1",
            "prowler/ec2_instance_managed_by_ssm",
            "pci-3.2.1/2.4",
        ],
        check: managed,
    }
}

fn key_pair(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if &*r.kind == types::TEMPLATE {
        return asks_for_key(r, cx);
    }
    if cx.params.bool("exempt_bastion") && is_bastion(r, cx) {
        return None;
    }
    Some(launch::judge_effective(cx.estate, r, ("KeyName", NO_KEY), no_key))
}

const NO_KEY: &str = "no key pair";

fn no_key(read: &Read<'_>) -> Verdict {
    match read.why_unknown() {
        None if read.is_absent() => Verdict::Pass,
        // There is a key, whatever it is called.
        None | Some(Unknown::Import(_) | Unknown::Runtime(_) | Unknown::Dynamic(_)) => check::fail(read, NO_KEY),
        Some(why @ (Unknown::Parameter(_) | Unknown::NoEcho(_))) => {
            let actual = Some(why.to_string());
            Verdict::fail(Evidence { actual, ..Evidence::of(read, NO_KEY) })
        }
        Some(why) => unknown(read, NO_KEY, &why),
    }
}

/// A template that asks for a key pair; `None` if it does not, or if it may.
fn asks_for_key(template: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let parameters = template.get("Parameters");
    let asks = |name: &str| {
        let kind = parameters.get(name).get("Type");
        (kind.as_str() == Some("AWS::EC2::KeyPair::KeyName")).then(|| check::fail(&kind, "no parameter for a key pair"))
    };
    let names = parameters.value()?.as_map()?.keys().filter(|_| cx.params.bool("forbid_parameter"));
    names.filter_map(|name| asks(name)).reduce(Verdict::and)
}

fn managed(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let state = r.attribute("State");
    if state.as_str().is_some_and(|state| state != "running") {
        return None;
    }
    let expected = "Online";
    let place = about(r, "SystemsManager");
    let machines = cx.estate.referrers(r, types::MANAGED_INSTANCE, "InstanceId");
    let found = check::some(&machines, &place, "an instance that Systems Manager manages", |machine| {
        check::one_of(&machine.get("PingStatus"), &[expected]).on("SystemsManager")
    });
    if machines.items.is_empty() && matches!(found, Verdict::Fail(_)) && is_new(r, cx) {
        let why = Unknown::Runtime("whether an instance that has just been launched registers".into());
        return Some(unknown(&place, expected, &why));
    }
    Some(found)
}

/// Whether the instance was launched so lately that it need not be registered yet.
fn is_new(r: &Resource, cx: &Context<'_>) -> bool {
    let grace = SignedDuration::from_mins(cx.params.int("grace_minutes"));
    let launched = r.attribute("LaunchTime").as_str().and_then(|text| text.parse::<Timestamp>().ok());
    launched.zip(cx.estate.taken()).is_some_and(|(launched, now)| now.duration_since(launched) < grace)
}
