//! The user data that instances are started with: the text of a script, as far as it can be read.

use aws_smithy_types::base64;
use regex::Regex;

use super::launch::LAUNCH_TEMPLATE;
use super::policy::principal::written;
use super::policy::unknown;
use super::template_text::Written;
use crate::model::{Read, Resource, Unknown, Value};
use crate::rules::{Evidence, Verdict};

/// The user data of an instance, a launch template or a launch configuration.
#[derive(Debug)]
pub(in crate::rules) struct UserData<'a> {
    /// The property that holds it.
    pub read: Read<'a>,
    /// The pieces that are known, joined and decoded; what is filled in at deployment stands there as `${Name}`. Empty if there are none.
    pub text: String,
    /// Why there may be more than the text says, if there may.
    pub open: Option<Unknown>,
}

/// The user data that a resource itself declares (an instance may have that of its launch template instead).
pub(in crate::rules) fn user_data(r: &Resource) -> UserData<'_> {
    let read = r.get(if &*r.kind == LAUNCH_TEMPLATE { "LaunchTemplateData.UserData" } else { "UserData" });
    let known = read.value().and_then(Value::text);
    let (text, open) = match (known, read.why_unknown()) {
        (Some(text), _) => match decoded(&text) {
            Ok(script) => (script, None),
            Err(why) => (String::new(), Some(why)),
        },
        (None, None) => (String::new(), None),
        (None, Some(why)) => {
            let script = written(&read).map(Written::of).unwrap_or_default();
            let open = (script.text.is_empty() || script.has_hole_for_lines()).then_some(why);
            (script.text, open)
        }
    };
    let open = open.or_else(|| {
        let encoded = text.to_ascii_lowercase().contains("content-transfer-encoding: base64");
        encoded.then(|| Unknown::Unsupported("user data with an encoded part".into()))
    });
    UserData { read, text, open }
}

impl UserData<'_> {
    /// Whether the text matches a pattern: fails if it does not and all of it is known.
    pub(in crate::rules) fn matches(&self, pattern: &Regex, expected: &str) -> Verdict {
        match &self.open {
            _ if pattern.is_match(&self.text) => Verdict::Pass,
            Some(why) => unknown(&self.read, expected, why),
            None => self.fail(expected),
        }
    }

    /// A line of the script is wrong: the evidence says which.
    pub(in crate::rules) fn fail_at(&self, line: &Regex, expected: &str) -> Verdict {
        let Some(at) = self.text.lines().position(|text| line.is_match(text)) else { return self.fail(expected) };
        let actual = Some(format!("line {} of the script", at + 1));
        Verdict::fail(Evidence { actual, ..Evidence::of(&self.read, expected) })
    }

    /// The script is wrong. Scripts hold secrets, and are long: the evidence shows none of it.
    pub(in crate::rules) fn fail(&self, expected: &str) -> Verdict {
        let actual = self.read.value().map(|_| format!("a script of {} lines", self.text.lines().count()));
        Verdict::fail(Evidence { actual, ..Evidence::of(&self.read, expected) })
    }
}

/// What a property holds is in base64 as a rule; text that is not stands for itself.
fn decoded(text: &str) -> Result<String, Unknown> {
    let compact: String = text.split_ascii_whitespace().collect();
    let Ok(bytes) = base64::decode(&compact) else { return Ok(text.to_owned()) };
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(Unknown::Unsupported("compressed user data".into()));
    }
    Ok(String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Kind, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    /// An instance whose user data the template writes like this, and that evaluates to `known`.
    fn instance(raw: &Json, known: Option<&str>) -> Resource {
        let mut r = Resource::new("AWS::EC2::Instance", Address::default(), World::Closed, Span::LIVE);
        r.raw = Some(from_json(&json!({"UserData": raw})).into());
        let value = known.map_or(Kind::Unknown(Unknown::Parameter("P".into())), |text| Kind::Str(text.into()));
        r.set("UserData", value);
        r
    }

    #[test]
    fn known_user_data_is_decoded_and_plain_text_stands_for_itself() {
        for (written, expected) in
            [("IyEvYmluL3No", "#!/bin/sh"), ("#!/bin/sh\nyum update", "#!/bin/sh\nyum update"), ("echo", "echo")]
        {
            let r = instance(&json!(written), Some(written));
            let data = user_data(&r);
            assert_eq!((data.text.as_str(), data.open), (expected, None));
        }
        let packed = base64::encode([0x1f, 0x8b, 8, 0]);
        assert!(user_data(&instance(&json!(packed), Some(&packed))).open.is_some());
    }

    #[test]
    fn a_match_decides_and_its_absence_only_where_all_is_known() {
        let pattern = Regex::new("cfn-signal").unwrap();
        let says = |r: &Resource| user_data(r).matches(&pattern, "cfn-signal").word();
        assert_eq!(says(&instance(&json!({"Fn::Sub": "cfn-signal\n${More}"}), None)), "pass");
        assert_eq!(says(&instance(&json!({"Fn::Sub": "echo\n${More}"}), None)), "unknown");
        assert_eq!(says(&instance(&json!({"Fn::Sub": "echo ${More}"}), None)), "fail");
        assert_eq!(says(&Resource::new("AWS::EC2::Instance", Address::default(), World::Closed, Span::LIVE)), "fail");
    }

    #[test]
    fn evidence_shows_nothing_of_the_script() {
        let script = "export PASSWORD=hunter2\ncurl http://169.254.169.254/latest/";
        let r = instance(&json!(script), Some(script));
        let data = user_data(&r);
        let actual = |verdict: Verdict| verdict.evidence().first().and_then(|e| e.actual.clone()).unwrap();
        assert_eq!(actual(data.fail("a token")), "a script of 2 lines");
        assert_eq!(actual(data.fail_at(&Regex::new("169").unwrap(), "a token")), "line 2 of the script");
    }
}
