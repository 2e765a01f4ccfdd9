//! What must never be shown: values that are secret by their name or by their look.

use std::sync::LazyLock;

use regex::Regex;

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
    }
}
