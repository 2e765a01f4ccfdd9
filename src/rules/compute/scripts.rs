//! What user data does.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Related, Resource, Unknown, to_json};
use crate::rules::readers::launch::{self, INSTANCE};
use crate::rules::readers::policy::unknown;
use crate::rules::readers::user_data::{UserData, user_data};
use crate::rules::{Context, Preset, Verdict, rules};

use super::is_bastion;

rules! {
    /// ## Why
    /// A script that asks the metadata service without a token is what keeps IMDSv1 switched on; with tokens required it breaks.
    ///
    /// Judged is user data that there is: where it calls 169.254.169.254 (or fd00:ec2::254), the same script must send
    /// `X-aws-ec2-metadata-token`; fetching a token without sending it is not enough. What the application does is out of reach.
    ///
    /// ## Fix
    /// ```sh
    /// TOKEN=$(curl -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" http://169.254.169.254/latest/api/token)
    /// curl -H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/meta-data/instance-id
    /// ```
    "ec2-imdsv1-not-used" => {
        title: "User data never calls the metadata service without a token.",
        category: Compute,
        severity: Medium,
        scope: Resource,
        types: ["AWS::AutoScaling::LaunchConfiguration", "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"],
        reads: ["AWS::EC2::Instance.UserData"],
        equivalents: [],
        check: |r, cx| each_script(r, cx, sends_token),
    }

    /// ## Why
    /// An instance that does not say when it is ready counts as ready at once; one that does not know its environment starts with
    /// another's. Bootstrapping is what user data is for.
    ///
    /// Every one of `required_patterns` must match the user data. Files and commands of `AWS::CloudFormation::Init` count where the script
    /// calls cfn-init. What a script fetches from elsewhere is not seen: then a pattern that does not match is unknown. Bastions are left
    /// out.
    ///
    /// ## Fix
    /// ```yaml
    /// UserData:
    ///   Fn::Base64: !Sub |
    ///     #!/bin/bash
    ///     export APP_ENVIRONMENT=${Environment}
    ///     systemctl start amazon-cloudwatch-agent
    ///     curl --retry 10 --retry-connrefused http://localhost/health
    ///     cfn-signal --exit-code $? --stack ${AWS::StackName} --resource WebGroup --region ${AWS::Region}
    /// ```
    "userdata-bootstrap-complete" => {
        title: "User data performs the full bootstrap: environment, health check, signal and agent.",
        category: Compute,
        severity: Low,
        scope: Resource,
        types: ["AWS::AutoScaling::LaunchConfiguration", "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"],
        reads: ["AWS::EC2::Instance.UserData"],
        params: {
            required_patterns: Preset::Patterns(&[
                r"(export [A-Z_]+=|/etc/environment|\.env)",
                r"(curl|wget).*(localhost|127\.0\.0\.1|/health)",
                "cfn-signal",
                "amazon-cloudwatch-agent",
            ]) => "what user data must match, each of them",
            bastion_pattern: Preset::Pattern("(?i)(bastion|jump-?(box|host|server))") => "names of bastion hosts",
        },
        equivalents: [],
        check: |r, cx| bootstraps(r, cx),
    }
}

/// Judges the user data of a resource: its own, or for an instance that of its launch template. `None` if there is none.
fn each_script(
    r: &Resource,
    cx: &Context<'_>,
    test: impl FnOnce(&Resource, &UserData<'_>) -> Verdict,
) -> Option<Verdict> {
    let own = user_data(r);
    let template = r.get("LaunchTemplate");
    if !own.read.is_absent() {
        return Some(test(r, &own));
    }
    if &*r.kind != INSTANCE || (r.is_live() && template.value().is_none()) {
        return None;
    }
    match launch::named(cx.estate, &template) {
        Related::Found(found) => {
            let script = user_data(found);
            (!script.read.is_absent()).then(|| test(found, &script).on(found.address.name()))
        }
        Related::Missing => None,
        Related::Unknown(why) => Some(unknown(&template, "user data", &why)),
    }
}

#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by a test")]
static ASKS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)169\.254\.169\.254|fd00:ec2::254").unwrap());
#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by a test")]
static TOKEN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)x-aws-ec2-metadata-token([^-]|$)").unwrap());
/// What runs something that the script does not show.
#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by a test")]
static FETCHES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)aws s3 (cp|sync)|(curl|wget)[^\n]*\|\s*(sudo\s+)?(ba|z)?sh\b|git clone|ansible|^#include|cfn-init")
        .unwrap()
});

fn sends_token(_: &Resource, script: &UserData<'_>) -> Verdict {
    let expected = "the header X-aws-ec2-metadata-token wherever the metadata service is asked";
    match (&script.open, ASKS.is_match(&script.text), TOKEN.is_match(&script.text)) {
        (_, true, true) | (None, false, _) => Verdict::Pass,
        (Some(why), ..) => unknown(&script.read, expected, why),
        (None, true, false) => script.fail_at(&ASKS, expected),
    }
}

fn bootstraps(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if is_bastion(r, cx) {
        return None;
    }
    let verdict = each_script(r, cx, |holder, script| complete(holder, script, cx));
    // No user data at all does nothing of what it must.
    Some(verdict.unwrap_or_else(|| complete(r, &user_data(r), cx)))
}

fn complete(holder: &Resource, script: &UserData<'_>, cx: &Context<'_>) -> Verdict {
    let init = holder.attribute("Metadata").get("AWS::CloudFormation::Init");
    let mut text = script.text.clone();
    let mut open = script.open.clone();
    if let (Some(init), true) = (init.value(), text.contains("cfn-init")) {
        text = text.replace("cfn-init", "");
        text.push_str(&to_json(init).to_string());
    }
    if FETCHES.is_match(&text) {
        open = open.or(Some(Unknown::Outside("what the script fetches".into())));
    }
    let script = UserData { read: script.read.clone(), text, open };
    let required = cx.params.patterns("required_patterns");
    Verdict::all(required.iter().map(|pattern| script.matches(pattern, &format!("user data that matches {pattern}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_only_fetched_is_not_sent() {
        assert!(!TOKEN.is_match("curl -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60'"));
        assert!(TOKEN.is_match("curl -H \"X-AWS-EC2-Metadata-Token: $TOKEN\""));
        assert!(ASKS.is_match("curl http://169.254.169.254/latest/meta-data/"));
    }

    #[test]
    fn what_is_fetched_from_elsewhere_is_noticed() {
        for line in ["aws s3 cp s3://b/boot.sh .", "curl -s https://x/y | bash", "wget -qO- u | sudo sh", "git clone x"]
        {
            assert!(FETCHES.is_match(line), "{line}");
        }
        assert!(!FETCHES.is_match("curl http://localhost/health"));
    }
}
