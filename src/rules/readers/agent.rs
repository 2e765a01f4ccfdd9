//! The configuration of the CloudWatch agent, wherever servers get it from: user data, `AWS::CloudFormation::Init`, SSM parameters.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::launch;
use super::spelled;
use super::user_data::{UserData, user_data};
use crate::model::{Estate, Kind, Read, Related, Resource, Unknown, Value, types};

const PARAMETER: &str = "AWS::SSM::Parameter";
const INIT: &str = "AWS::CloudFormation::Init";
const COLLECTED: &str = "metrics_collected";

/// What the agent of some servers collects.
#[derive(Debug)]
pub(in crate::rules) struct Agent<'a> {
    /// The user data of the servers.
    pub data: UserData<'a>,
    /// The keys of `metrics_collected`.
    sections: BTreeSet<String>,
    /// Why there may be more.
    pub open: Option<Unknown>,
}

/// Sections by their name for Linux, and the name of the same for Windows.
const WINDOWS: &[(&str, &str)] =
    &[("mem", "Memory"), ("disk", "LogicalDisk"), ("net", "Network Interface"), ("cpu", "Processor")];

impl Agent<'_> {
    /// Whether it collects a section.
    pub(in crate::rules) fn collects(&self, section: &str) -> bool {
        let windows = WINDOWS.iter().filter(|(linux, _)| *linux == section).map(|(_, name)| *name);
        std::iter::once(section).chain(windows).any(|name| self.sections.contains(name))
    }
}

#[expect(clippy::unwrap_used, reason = "a constant pattern, used by every test")]
static FROM_PARAMETER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"ssm:["']?([A-Za-z0-9_.${}:/-]+)"#).unwrap());
#[expect(clippy::unwrap_used, reason = "a constant pattern, used by every test")]
static FROM_RESOURCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"cfn-init[^\n]*?(?:--resource|-r)[ =]+([A-Za-z0-9]+)").unwrap());
/// The agent reads a file, or something fetches one for it.
#[expect(clippy::unwrap_used, reason = "a constant pattern, used by every test")]
static FETCHED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)-c\s+[^\n]*\bfile:|(?:s3 cp|s3 sync|curl|wget|invoke-webrequest)[^\n]*(?:cloudwatch|cwagent)[^\n]*\.json",
    )
    .unwrap()
});

/// What the agent on the servers of an instance or launch template collects.
pub(in crate::rules) fn agent<'a>(estate: &'a Estate, r: &'a Resource) -> Agent<'a> {
    let own = user_data(r);
    let data = match (own.read.is_absent(), launch::template_of(estate, r)) {
        (true, Related::Found(template)) => user_data(template),
        _ => own,
    };
    let mut agent = Agent { sections: BTreeSet::new(), open: data.open.clone(), data };
    let text = agent.data.text.clone();
    agent.take(&text);
    agent.initialised(estate, r, &text);
    agent.parameters(estate, r, &text);
    if agent.sections.is_empty() && FETCHED.is_match(&text) {
        agent.leave_open(Unknown::Outside("the configuration of the CloudWatch agent".into()));
    }
    agent
}

impl Agent<'_> {
    fn leave_open(&mut self, why: Unknown) {
        self.open.get_or_insert(why);
    }

    /// Adds what a text configures.
    fn take(&mut self, text: &str) {
        let plain = text.replace("\\\"", "\"");
        for (at, _) in plain.match_indices(COLLECTED) {
            self.sections.extend(keys(plain.get(at + COLLECTED.len()..).unwrap_or_default()));
        }
    }

    /// Adds what a value of metadata configures, at any depth. What is not known leaves it open only where a configuration may stand.
    fn walk(&mut self, value: &Value, may_configure: bool) {
        match &value.kind {
            Kind::Str(text) => self.take(text),
            Kind::List(list) => list.iter().for_each(|item| self.walk(item, may_configure)),
            Kind::Map(map) => {
                for (key, entry) in map {
                    if let (COLLECTED, Some(sections)) = (&**key, entry.value.as_map()) {
                        self.sections.extend(sections.keys().map(ToString::to_string));
                    }
                    self.walk(&entry.value, may_configure && !is_beside_the_point(key));
                }
            }
            Kind::Unknown(why) if may_configure => self.leave_open(why.clone()),
            _ => {}
        }
    }

    /// What `cfn-init` writes on the servers: the metadata of the resource itself or of the one that the script names.
    fn initialised(&mut self, estate: &Estate, r: &Resource, text: &str) {
        if !text.contains("cfn-init") {
            return;
        }
        if r.is_live() {
            // Metadata is the template's; AWS does not show it.
            return self.leave_open(Unknown::Outside("the metadata of the stack".into()));
        }
        let stack = self.data.read.resource.address.stack.as_deref().unwrap_or_default();
        let named = FROM_RESOURCE.captures(text).and_then(|c| c.get(1));
        let source =
            named.and_then(|name| estate.by_logical_id(stack, name.as_str())).unwrap_or(self.data.read.resource);
        // As it is written, a text shows also where parts of it are filled in at deployment.
        let template = estate.of_type(types::TEMPLATE).find(|t| t.address.stack == source.address.stack);
        let id = source.address.logical_id.as_deref().unwrap_or_default();
        let raw = template.map(|t| t.get(&format!("Resources.{id}.Metadata")));
        if let Some(init) = raw.and_then(|metadata| metadata.value()?.child(INIT)) {
            self.walk(init, false);
        }
        if let Some(init) = source.attribute("Metadata").value().and_then(|m| m.child(INIT)) {
            self.walk(init, true);
        } else if let Some(why) = source.attribute("Metadata").why_unknown() {
            self.leave_open(why);
        }
    }

    /// What parameters configure: those that the script names, and those that go by AWS's name for it.
    fn parameters(&mut self, estate: &Estate, r: &Resource, text: &str) {
        let listing = estate.of(r, PARAMETER);
        let called: Vec<&str> =
            FROM_PARAMETER.captures_iter(text).filter_map(|c| c.get(1)).map(|name| name.as_str()).collect();
        for name in &called {
            let found = listing.items.iter().find(|parameter| is_called(parameter, name));
            match found {
                Some(parameter) => self.parameter(&parameter.get("Value")),
                None => self.leave_open(Unknown::Outside(format!("SSM parameter {name}").into())),
            }
        }
        for parameter in &listing.items {
            let name = parameter.get("Name");
            let name = name.as_str().map(str::to_owned).or_else(|| spelled::text(&name));
            if name.is_some_and(|name| name.starts_with("AmazonCloudWatch-")) {
                self.parameter(&parameter.get("Value"));
            }
        }
    }

    fn parameter(&mut self, value: &Read<'_>) {
        let text = value.value().and_then(Value::text).map(|t| t.to_string()).or_else(|| spelled::text(value));
        match (text, value.why_unknown()) {
            (Some(text), _) => self.take(&text),
            (None, Some(why)) => self.leave_open(why),
            (None, None) => {}
        }
    }
}

/// Whether a parameter goes by a name of a script: its own, or the placeholder for it.
fn is_called(parameter: &Resource, name: &str) -> bool {
    let own = parameter.get("Name");
    let hole = name.strip_prefix("${").and_then(|n| n.strip_suffix('}'));
    own.as_str() == Some(name)
        || hole.is_some() && parameter.address.logical_id.as_deref() == hole
        || spelled::text(&own).is_some_and(|text| text == name)
        || parameter.address.physical_id.as_deref() == Some(name)
}

/// Whether a part of `AWS::CloudFormation::Init` cannot hold the agent's configuration: all but files, and files that are no JSON.
fn is_beside_the_point(key: &str) -> bool {
    let other = ["packages", "services", "sources", "groups", "users", "commands"].contains(&key);
    let name = key.to_ascii_lowercase();
    other || (name.contains(['/', '\\']) && name.rsplit('.').next() != Some("json") && !name.contains("cloudwatch"))
}

/// The keys of the mapping that a text starts with, after a colon.
fn keys(text: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut word, mut found) = (0_u32, false, String::new(), Vec::new());
    // The quote that closes the key stands first.
    for c in text.trim_start_matches('"').chars() {
        match c {
            '"' => {
                if !quoted {
                    word.clear();
                }
                quoted = !quoted;
            }
            _ if quoted => word.push(c),
            '{' | '[' => depth += 1,
            '}' | ']' if depth <= 1 => break,
            '}' | ']' => depth -= 1,
            ':' if depth == 1 && !word.is_empty() => found.push(std::mem::take(&mut word)),
            ',' => word.clear(),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_the_mapping_and_no_others() {
        let text = r#"": {"mem": {"measurement": ["mem_used_percent"]}, "disk": {"resources": ["*"], "x": {"y": 1}}}, "net": {}"#;
        assert_eq!(keys(text), ["mem", "disk"]);
        assert!(keys("\": \"nothing\"").is_empty());
    }

    #[test]
    fn only_files_that_may_configure_the_agent_leave_it_open() {
        for (key, beside) in [
            ("/etc/cfn/cfn-hup.conf", true),
            ("commands", true),
            ("files", false),
            ("/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json", false),
            ("c:\\cfn\\cfn-hup.conf", true),
            ("content", false),
        ] {
            assert_eq!(is_beside_the_point(key), beside, "{key}");
        }
    }

    #[test]
    fn scripts_name_parameters_resources_and_files() {
        let first =
            |pattern: &Regex, text: &str| pattern.captures(text).and_then(|c| c.get(1)).map(|m| m.as_str().to_owned());
        let script = "amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c ssm:AmazonCloudWatch-linux";
        assert_eq!(first(&FROM_PARAMETER, script).as_deref(), Some("AmazonCloudWatch-linux"));
        assert_eq!(first(&FROM_PARAMETER, "-c ssm:${Config} -s").as_deref(), Some("${Config}"));
        let init = "/opt/aws/bin/cfn-init -v --stack ${AWS::StackName} --resource WebTemplate --region x";
        assert_eq!(first(&FROM_RESOURCE, init).as_deref(), Some("WebTemplate"));
        assert!(FETCHED.is_match("-s -c file:/opt/agent.json"));
        assert!(FETCHED.is_match("aws s3 cp s3://config/cloudwatch-agent.json /opt/"));
        assert!(!FETCHED.is_match("yum install -y amazon-cloudwatch-agent"));
    }
}
