//! Logs that instances ship by themselves.

use serde_json::Value as Json;

use crate::model::{Kind, Read, Resource, Unknown, Value, to_json};
use crate::rules::check;
use crate::rules::readers::launch::LAUNCH_TEMPLATE;
use crate::rules::readers::policy;
use crate::rules::readers::policy::principal::written;
use crate::rules::readers::template_text::Written;
use crate::rules::readers::user_data::user_data;
use crate::rules::{Context, Evidence, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// What an instance writes to its disk is gone with the instance, and nobody looks there before.
    ///
    /// The configuration of the CloudWatch agent is looked for in the user data, in the files of `AWS::CloudFormation::Init`, and in the
    /// parameters that the user data names (`ssm:AmazonCloudWatch-…`). An instance without one ships no logs. An instance that has its user
    /// data from a launch template is judged with that. Nothing is assumed of a configuration that is fetched from elsewhere, or baked into the image: with no
    /// trace of the agent the rule fails. The agent makes log groups itself, so they need not be in the estate.
    ///
    /// ## Fix
    /// ```yaml
    /// AgentConfiguration:
    ///   Type: AWS::SSM::Parameter
    ///   Properties:
    ///     Name: AmazonCloudWatch-web
    ///     Type: String
    ///     Value: '{"logs": {"logs_collected": {"files": {"collect_list": [
    ///       {"file_path": "/var/log/messages", "log_group_name": "/web/messages"}]}}}}'
    /// ```
    ///
    /// and in the user data `amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c ssm:AmazonCloudWatch-web`.
    "cloudwatch-agent-log-collection" => {
        title: "Instances ship logs to CloudWatch Logs.",
        category: LoggingAudit,
        severity: Medium,
        scope: Estate,
        types: ["AWS::EC2::LaunchTemplate", "AWS::EC2::Instance"],
        reads: ["AWS::EC2::Instance.UserData", "AWS::SSM::Parameter.Value"],
        params: { min_entries: Preset::Int(1) => "files that must be collected" },
        equivalents: [],
        check: judge,
    }
}

const EXPECTED: &str = "a CloudWatch agent configuration with logs to collect";

fn judge(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let least = cx.params.int("min_entries");
    // AWS shows an instance with the user data that it was launched with, wherever that came from.
    let by_template = !r.is_live() && !r.get("LaunchTemplate").is_absent() && r.get("UserData").is_absent();
    if &*r.kind != LAUNCH_TEMPLATE && by_template {
        return None;
    }
    let data = user_data(r);
    let script = data.text.as_str();
    if collected(script) >= least || collected(&init(r)) >= least {
        return Some(Verdict::Pass);
    }
    let fetched = script.split("ssm:").skip(1).filter_map(|rest| {
        let name = rest.split(|c: char| c.is_whitespace() || "\"'\\;".contains(c)).next()?;
        (!name.is_empty() && !name.contains(':')).then_some(name)
    });
    let parameters = fetched.map(|name| parameter(&data.read, name, cx, least));
    let nothing = || data.fail(EXPECTED);
    let found = Verdict::any(parameters, nothing);
    if matches!(found, Verdict::Pass) {
        return Some(found);
    }
    // A configuration on the disk of the image, or from a bucket, is one that cannot be read.
    let elsewhere = script.contains("fetch-config") && (script.contains("file:") || script.contains("s3://"));
    let open =
        data.open.clone().or_else(|| init_open(r)).or_else(|| {
            elsewhere.then(|| Unknown::Outside("the CloudWatch agent configuration that is fetched".into()))
        });
    Some(match open {
        Some(why) => found.or(|| policy::unknown(&data.read, EXPECTED, &why)),
        None => found,
    })
}

/// The files that `AWS::CloudFormation::Init` writes, as text.
fn init(r: &Resource) -> String {
    let metadata = r.attribute("Metadata");
    let init = metadata.get("AWS::CloudFormation::Init");
    // The agent's configuration may be a mapping, or JSON in a text; quotes are then escaped.
    init.value().map(|v| to_json(v).to_string().replace("\\\"", "\"").replace("\\n", "\n")).unwrap_or_default()
}

/// What those files hold may hang on something that is not known.
fn init_open(r: &Resource) -> Option<Unknown> {
    fn within(value: &Value) -> Option<Unknown> {
        match &value.kind {
            Kind::Unknown(why) => Some(why.clone()),
            Kind::List(list) => list.iter().find_map(within),
            Kind::Map(map) => map.values().find_map(|entry| within(&entry.value)),
            _ => None,
        }
    }
    within(r.attribute("Metadata").get("AWS::CloudFormation::Init").value()?)
}

/// A parameter that the user data names holds a configuration.
fn parameter(data: &Read<'_>, name: &str, cx: &Context<'_>, least: i64) -> Verdict {
    let all = cx.estate.of(data.resource, "AWS::SSM::Parameter");
    let logical = name.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let is_it = |p: &&&Resource| {
        let given = p.get("Name");
        let own = p.address.logical_id.as_deref();
        given.as_str().or(p.address.physical_id.as_deref()) == Some(name)
            || logical.is_some() && own == logical
            || Written::at(&given).is_some_and(|written| written.text == name)
    };
    let Some(found) = all.items.iter().find(is_it) else {
        let why = all.incomplete.unwrap_or_else(|| Unknown::Outside(format!("the parameter {name}").into()));
        return policy::unknown(data, EXPECTED, &why);
    };
    let value = found.get("Value");
    let text = value.as_str().map(str::to_owned).or_else(|| written(&value).map(|raw| Written::of(raw).text));
    match text {
        Some(text) if collected(&text) >= least => Verdict::Pass,
        Some(_) => Verdict::fail(Evidence { actual: None, ..Evidence::of(&value, EXPECTED) }).on(found.address.name()),
        None => check::unknown(&value, EXPECTED).on(found.address.name()),
    }
}

/// How many files the agent configurations in a text collect: each has a `collect_list` of entries with a log group.
fn collected(text: &str) -> i64 {
    let lists = text.split("\"collect_list\"").skip(1);
    let counts = lists.map(|rest| {
        let list = rest.trim_start().strip_prefix(':').map(str::trim_start).unwrap_or_default();
        let entries: Vec<Json> =
            serde_json::Deserializer::from_str(list).into_iter().next().and_then(Result::ok).unwrap_or_default();
        let named = entries.iter().filter(|entry| entry.get("log_group_name").is_some_and(Json::is_string)).count();
        i64::try_from(named).unwrap_or(i64::MAX)
    });
    counts.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_counted_wherever_the_configuration_stands() {
        let one = r#"{"files": {"collect_list": [{"file_path": "/a", "log_group_name": "a"}, {"file_path": "/b"}]}}"#;
        assert_eq!(collected(one), 1);
        assert_eq!(collected(&format!("cat > agent.json <<EOF\n{one}\nEOF\n")), 1);
        assert_eq!(collected(r#"{"metrics": {"metrics_collected": {}}}"#), 0);
        assert_eq!(collected("collect_list"), 0);
    }
}
