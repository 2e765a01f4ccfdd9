//! What must never be shown: values that are secret by their name or by their look.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What is written in place of a secret.
pub const REDACTED: &str = "(redacted)";

// The patterns are constants: a test compiles them.
#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by a test")]
static SECRET_NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(password|passwd|secret|token|api_?key|private_?key|credential|user_?data|auth_?string)").unwrap()
});

#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by a test")]
static SECRET_LOOK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        \b(?:AKIA|ASIA)[0-9A-Z]{16}\b            # AWS access key ids
        | -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY-----
        | \bgh[pousr]_[0-9A-Za-z]{36,}           # GitHub tokens
        | \bxox[abprs]-[0-9A-Za-z-]{10,}         # Slack tokens
        ",
    )
    .unwrap()
});

#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by a test")]
static SECRET_TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[0-9A-Za-z]{36,}|\bxox[abprs]-[0-9A-Za-z-]{10,}").unwrap()
});

#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by a test")]
static PRIVATE_KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?P<head>-----BEGIN [A-Z ]*PRIVATE KEY-----)(?P<body>[^-]*)").unwrap());

#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by a test")]
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)(?P<name>[A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|SECRET_ACCESS_KEY)["']?\s*[=:]\s*["']?)(?P<value>[^\s"'`;]{4,})"#)
        .unwrap()
});

/// Names that end like a secret's but hold only a pointer to one, a policy about one or a fact about one.
const HARMLESS: &[&str] = &[
    "masterusersecret",
    "managemasteruserpassword",
    "masterusersecretkmskeyid",
    "httptokens",
    "passwordresetrequired",
    "secretarn",
    "secretid",
    "clientrequesttoken",
];

/// Whether a property of this name holds a secret.
#[must_use]
pub fn secret_property(name: &str) -> bool {
    SECRET_NAME.is_match(name) && !HARMLESS.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether the value of a live property of this name is a secret itself, not a setting about one (`password_encryption`).
#[must_use]
pub fn holds_secret(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_ENDS.iter().any(|end| name.ends_with(end)) && !HARMLESS.contains(&name.as_str())
}

const SECRET_ENDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secretstring",
    "secretkey",
    "accesskey",
    "apikey",
    "privatekey",
    "token",
    "authstring",
    "credentials",
];

/// Whether a text only points to where a secret is kept.
#[must_use]
pub fn points_elsewhere(text: &str) -> bool {
    text.contains("{{resolve:") || text.starts_with("arn:")
}

/// A text of the same length that tells nothing but its length: letters and digits are all alike.
#[must_use]
pub fn masked(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'A'..='Z' => 'X',
            '0'..='9' => '1',
            // One byte stays one byte, so that places in a template stay what they are.
            c if c.is_ascii_alphabetic() || (c.is_ascii() && !c.is_ascii_whitespace() && !YAML.contains(c)) => 'x',
            c => c,
        })
        .collect()
}

/// Signs that have a meaning in YAML and JSON: a mask must not change what a text is.
const YAML: &str = "\"'\\{}[],:#&*!|>%@`-?";

/// A text in which what looks like a secret, and what is assigned to a secret's name (`export DB_PASSWORD=…`), is [`masked`]; its first four letters
/// stay, so that a key can still be told to be one.
#[must_use]
pub fn masked_within(text: &str) -> Cow<'_, str> {
    let tokens = SECRET_TOKEN.replace_all(text, |found: &Captures<'_>| {
        let whole = found.get(0).map_or("", |m| m.as_str());
        let (start, rest) = whole.split_at(whole.len().min(4));
        format!("{start}{}", masked(rest))
    });
    let keys = PRIVATE_KEY
        .replace_all(&tokens, |found: &Captures<'_>| format!("{}{}", &found["head"], masked(&found["body"])));
    let assigned = ASSIGNED.replace_all(&keys, |found: &Captures<'_>| {
        let value = &found["value"];
        let value = if points_elsewhere(value) || value.starts_with('$') { value.to_owned() } else { masked(value) };
        format!("{}{value}", &found["name"])
    });
    if *assigned == *text { Cow::Borrowed(text) } else { Cow::Owned(assigned.into_owned()) }
}

/// Whether a text is a secret by its look: an access key, a private key, a token.
#[must_use]
pub fn looks_secret(text: &str) -> bool {
    SECRET_LOOK.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_name_and_by_look() {
        assert!(secret_property("MasterUserPassword"));
        assert!(secret_property("UserData"));
        assert!(!secret_property("HttpTokens"));
        assert!(!secret_property("CidrIp"));
        assert!(looks_secret(&format!("key={}{}", "AKIA", "IOSFODNN7EXAMPLE")));
        assert!(!looks_secret("arn:aws:iam::123456789012:role/app"));
        assert!(holds_secret("DB_PASSWORD") && holds_secret("MasterUserPassword"));
        assert!(!holds_secret("password_encryption") && !holds_secret("SecretArn"));
    }

    #[test]
    fn a_masked_text_keeps_its_length_and_what_it_is() {
        let key = format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE");
        let script = format!("#!/bin/sh\nexport DB_PASSWORD=hunter2hunter2\nKEY={key}\nHOST=db.example.com\n");
        let masked = masked_within(&script);
        assert_eq!(masked.len(), script.len());
        assert!(!masked.contains("hunter2") && !masked.contains("IOSFODNN7"), "{masked}");
        assert!(masked.contains("HOST=db.example.com") && looks_secret(&masked), "{masked}");
        assert_eq!(masked_within("TOKEN=$FROM_ELSEWHERE"), "TOKEN=$FROM_ELSEWHERE");
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END";
        assert_eq!(masked_within(pem), "-----BEGIN RSA PRIVATE KEY-----\nXXXXxxx\n-----END");
    }
}
