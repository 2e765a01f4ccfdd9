//! Signals by which instances tell CloudFormation that they are ready.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::model::{Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::readers::{duration, given_name, launch};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// Without a creation policy a stack is "complete" as soon as the group exists, whether or not a single instance has come up. With one,
    /// CloudFormation waits for the instances to say so, and rolls back if they do not.
    ///
    /// The group has a `CreationPolicy` with a `ResourceSignal` (`Count` is 1 and `Timeout` five minutes where they are absent), and its
    /// instances send the signal: their user data, or their `AWS::CloudFormation::Init`, runs `cfn-signal --resource` with the group's
    /// logical id. User data that names the resource by something that cannot be read leaves it open.
    ///
    /// ## Fix
    /// ```yaml
    /// WebGroup:
    ///   Type: AWS::AutoScaling::AutoScalingGroup
    ///   CreationPolicy:
    ///     ResourceSignal: {Count: 2, Timeout: PT15M}
    /// # and in the launch template's user data:
    /// #   /opt/aws/bin/cfn-signal -e $? --stack ${AWS::StackName} --resource WebGroup --region ${AWS::Region}
    /// ```
    "asg-creation-policy" => {
        title: "Auto Scaling groups wait for success signals before the stack completes.",
        category: Deployment,
        severity: Medium,
        scope: Template,
        types: ["AWS::AutoScaling::AutoScalingGroup"],
        reads: ["AWS::AutoScaling::LaunchConfiguration", "AWS::EC2::LaunchTemplate"],
        params: { max_timeout_minutes: Preset::Int(60) => "longest `Timeout` that is accepted" },
        equivalents: [],
        check: |r, cx| Some(creation(r, cx)),
    }

    /// ## Why
    /// Without an update policy a new launch template version reaches the running instances whenever they happen to be replaced. A rolling
    /// update replaces them in batches, keeps some in service, and stops when the new ones do not come up.
    ///
    /// `MinInstancesInService` is 0 and `WaitOnResourceSignals` false where they are absent, so both must be set; `PauseTime` is five
    /// minutes then. A replacing update (`WillReplace`) builds the new group next to the old one and passes too.
    ///
    /// ## Fix
    /// ```yaml
    /// UpdatePolicy:
    ///   AutoScalingRollingUpdate:
    ///     MinInstancesInService: 1
    ///     WaitOnResourceSignals: true
    ///     PauseTime: PT15M
    /// ```
    "asg-rolling-update-policy" => {
        title: "Auto Scaling groups update with a rolling policy that waits for signals.",
        category: Deployment,
        severity: Medium,
        scope: Template,
        types: ["AWS::AutoScaling::AutoScalingGroup"],
        params: {
            accept_replacing: Preset::Bool(true) => "accept AutoScalingReplacingUpdate",
            min_instances_in_service: Preset::Int(1) => "instances that must stay in service during an update, at least",
        },
        equivalents: [],
        check: |r, cx| Some(update(r, cx)),
    }
}

fn creation(r: &Resource, cx: &Context<'_>) -> Verdict {
    let signal = r.attribute("CreationPolicy").get("ResourceSignal");
    let given = check::present(&signal, "a CreationPolicy with a ResourceSignal");
    if !given.is_pass() {
        return given;
    }
    let minutes = cx.params.int("max_timeout_minutes");
    let timeout = check::allow_absent(&signal.get("Timeout"), &format!("at most {minutes} minutes"), |v| {
        let limit = u64::try_from(minutes).ok()? * 60;
        Some((1..=limit).contains(&duration::seconds(v.as_str()?)?))
    });
    count(r, &signal.get("Count")).and(timeout).and(sender(r, cx))
}

/// One signal at least, or one for each instance.
fn count(r: &Resource, count: &Read<'_>) -> Verdict {
    let desired = r.get("DesiredCapacity");
    let same = match (count.why_unknown(), desired.why_unknown()) {
        (Some(Unknown::Parameter(a)), Some(Unknown::Parameter(b))) => a == b,
        _ => count.value().and_then(Value::text).is_some_and(|n| desired.value().and_then(Value::text) == Some(n)),
    };
    if same {
        return Verdict::Pass;
    }
    check::allow_absent(count, "at least 1, or the desired capacity", |v| v.as_int().map(|n| n >= 1))
}

/// Whether what the instances run sends the signal.
fn sender(r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = format!("user data that runs cfn-signal --resource {}", r.address.name());
    let launched = match launched(r, cx) {
        Ok(Some(launched)) => launched,
        Ok(None) => return check::fail(&r.get("LaunchTemplate"), &expected),
        Err(open) => {
            let (read, why) = *open;
            return Verdict::unknown(Evidence::unknown(&read, &expected, &why));
        }
    };
    let property = if &*launched.kind == LAUNCH_CONFIGURATION { "UserData" } else { "LaunchTemplateData.UserData" };
    let read = launched.get(property);
    let raw = launched.raw.as_deref();
    let user_data = property.split('.').try_fold(raw, |value, key| Some(value?.child(key))).flatten();
    let mut text = user_data.map(script).unwrap_or_default();
    for owner in [r, launched] {
        if let Some(init) = owner.attribute("Metadata").get("AWS::CloudFormation::Init").value() {
            text.push_str(&script(init));
        }
    }
    let id = r.address.logical_id.as_deref().unwrap_or_default();
    match sends(&text, id) {
        Some(true) => Verdict::Pass,
        Some(false) if text.contains(UNREADABLE) => {
            let why = read.why_unknown().unwrap_or_else(|| Unknown::Outside("a part of the user data".into()));
            Verdict::unknown(Evidence::unknown(&read, &expected, &why)).on(launched.address.name())
        }
        Some(false) => {
            // The script is long and may hold secrets; that it does not send the signal is all there is to say.
            let silent = Read::new(launched, read.path, crate::model::Field::Absent { near: launched.at });
            check::fail(&silent, &expected).on(launched.address.name())
        }
        None => {
            let why = Unknown::Unsupported("the resource that cfn-signal names".into());
            Verdict::unknown(Evidence::unknown(&read, &expected, &why)).on(launched.address.name())
        }
    }
}

const LAUNCH_CONFIGURATION: &str = "AWS::AutoScaling::LaunchConfiguration";

/// What a group starts its instances from; `None` if it names nothing.
fn launched<'a, 'r>(r: &'r Resource, cx: &Context<'a>) -> Result<Option<&'a Resource>, Box<(Read<'r>, Unknown)>> {
    let specifications = [
        r.get("LaunchTemplate"),
        r.get("MixedInstancesPolicy").get("LaunchTemplate").get("LaunchTemplateSpecification"),
    ];
    for read in specifications {
        match launch::named(cx.estate, &read) {
            Related::Found(template) => return Ok(Some(template)),
            Related::Unknown(why) => return Err(Box::new((read, why))),
            Related::Missing => {}
        }
    }
    let copied = r.get("InstanceId");
    if !copied.is_absent() {
        return Err(Box::new((copied, Unknown::Outside("the instance that the group copies".into()))));
    }
    let read = r.get("LaunchConfigurationName");
    match given_name::find(cx.estate, &read, &[(LAUNCH_CONFIGURATION, "LaunchConfigurationName")]) {
        Related::Found(configuration) => Ok(Some(configuration)),
        Related::Missing => Ok(None),
        Related::Unknown(why) => Err(Box::new((read, why))),
    }
}

/// Stands for a part of a script that cannot be read.
const UNREADABLE: char = '\u{fffd}';

/// A script as a template writes it, with placeholders for what it takes from elsewhere.
fn script(value: &Value) -> String {
    match &value.kind {
        Kind::Str(text) => decoded(text).unwrap_or_else(|| text.to_string()),
        Kind::Unknown(_) | Kind::Symbol(_) => UNREADABLE.into(),
        Kind::Ref(reference) => format!("${{{}}}", reference.logical_id),
        Kind::List(list) => list.iter().map(script).collect::<Vec<_>>().join("\n"),
        Kind::Map(map) => match map.first() {
            Some((name, entry)) if map.len() == 1 => function(name, &entry.value),
            _ => map.values().map(|entry| script(&entry.value)).collect::<Vec<_>>().join("\n"),
        },
        _ => value.to_string(),
    }
}

fn function(name: &str, argument: &Value) -> String {
    match name {
        "Ref" | "Fn::GetAtt" => format!("${{{}}}", argument.as_str().unwrap_or_default()),
        "Fn::ImportValue" | "Fn::FindInMap" | "Fn::Transform" | "Fn::Select" => UNREADABLE.into(),
        "Fn::Sub" => argument.child("0").map_or_else(|| script(argument), script),
        "Fn::Join" => {
            let between = argument.child("0").and_then(Value::as_str).unwrap_or_default();
            let parts = argument.child("1").and_then(Value::as_list).unwrap_or_default();
            parts.iter().map(script).collect::<Vec<_>>().join(between)
        }
        _ => script(argument),
    }
}

/// User data that is given in base64 already.
fn decoded(text: &str) -> Option<String> {
    if text.len() < 16 || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)) {
        return None;
    }
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

/// Whether a script signals for a resource; `None` if it names one by something that cannot be read.
fn sends(script: &str, id: &str) -> Option<bool> {
    if !["cfn-signal", "signal-resource"].iter().any(|command| script.contains(command)) {
        return Some(false);
    }
    let names: Vec<&str> = ["--resource", "--logical-resource-id"]
        .iter()
        .flat_map(|flag| script.split(flag).skip(1))
        .map(|rest| rest.trim_start_matches([' ', '=', '\t', '"', '\'', ',', '\n', '\\']))
        .map(|rest| rest.split([' ', '\t', '\n', '\r', '"', '\'', ';', '\\', ',']).next().unwrap_or_default())
        .collect();
    if names.contains(&id) {
        return Some(true);
    }
    let readable = |name: &&str| !name.is_empty() && name.chars().all(char::is_alphanumeric);
    if names.iter().all(readable) { Some(false) } else { None }
}

fn update(r: &Resource, cx: &Context<'_>) -> Verdict {
    let policy = r.attribute("UpdatePolicy");
    let rolling = policy.get("AutoScalingRollingUpdate");
    let replacing = policy.get("AutoScalingReplacingUpdate").get("WillReplace");
    if cx.params.bool("accept_replacing") && check::is_true(&replacing).is_pass() {
        return Verdict::Pass;
    }
    let given = check::present(&rolling, "an UpdatePolicy with AutoScalingRollingUpdate");
    if !given.is_pass() {
        return given;
    }
    let pause = check::allow_absent(&rolling.get("PauseTime"), "a duration of at most an hour", |v| {
        Some((1..=3600).contains(&duration::seconds(v.as_str()?)?))
    });
    check::at_least(&rolling.get("MinInstancesInService"), cx.params.int("min_instances_in_service"))
        .and(check::is_true(&rolling.get("WaitOnResourceSignals")))
        .and(pause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_json;
    use serde_json::json;

    #[test]
    fn scripts_are_read_however_they_are_put_together() {
        for written in [
            json!({"Fn::Base64": {"Fn::Sub": "cfn-signal -e $? --stack ${AWS::StackName} --resource Web --region x"}}),
            json!({"Fn::Base64": {"Fn::Join": ["", ["cfn-signal --resource=", "Web", " --stack ", {"Ref": "AWS::StackName"}]]}}),
            json!({"Fn::Sub": ["aws cloudformation signal-resource --logical-resource-id Web", {}]}),
            json!(STANDARD.encode("#!/bin/sh\ncfn-signal --resource Web")),
            json!({"config": {"commands": {"01": {"command": "cfn-signal.exe --resource 'Web'"}}}}),
        ] {
            assert_eq!(sends(&script(&from_json(&written)), "Web"), Some(true), "{written}");
        }
    }

    #[test]
    fn a_signal_for_something_else_does_not_count() {
        for (text, expected) in [
            ("yum -y update", Some(false)),
            ("cfn-signal -e 0 '${Handle}'", Some(false)),
            ("cfn-signal --resource Api", Some(false)),
            ("cfn-signal --resource WebGroup", Some(false)),
            ("cfn-signal --resource ${Group}", None),
        ] {
            assert_eq!(sends(text, "Web"), expected, "{text}");
        }
    }
}
