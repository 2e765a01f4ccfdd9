//! Which names stand for a secret, and which only for something about one.

use regex::Regex;

/// Last words of names that point to a secret or say something about one.
const POINTERS: &[&str] = &[
    "age",
    "alias",
    "arn",
    "arns",
    "audience",
    "bucket",
    "count",
    "days",
    "description",
    "domain",
    "enabled",
    "endpoint",
    "expiration",
    "expiry",
    "field",
    "format",
    "function",
    "group",
    "handler",
    "header",
    "host",
    "id",
    "identifier",
    "ids",
    "issuer",
    "lambda",
    "length",
    "limit",
    "location",
    "mode",
    "name",
    "names",
    "param",
    "parameter",
    "parameters",
    "path",
    "policies",
    "policy",
    "port",
    "prefix",
    "provider",
    "queue",
    "ref",
    "region",
    "required",
    "role",
    "rotation",
    "schedule",
    "size",
    "source",
    "stage",
    "stages",
    "status",
    "store",
    "table",
    "template",
    "topic",
    "ttl",
    "type",
    "types",
    "units",
    "uri",
    "url",
    "validity",
    "version",
];

/// First words of names that switch something on or off.
const SWITCHES: &[&str] =
    &["allow", "create", "disable", "enable", "exclude", "generate", "has", "is", "manage", "require", "rotate", "use"];

/// Names that the words do not tell apart.
const OTHERS: &[&str] = &["clienttoken", "clientrequesttoken", "httptokens", "masterusersecret", "nexttoken"];

/// The names that stand for secrets.
#[derive(Debug)]
pub(super) struct SecretNames {
    pattern: Regex,
}

impl SecretNames {
    /// Names that match a regular expression, but for those that only point to a secret.
    ///
    /// # Errors
    /// If the expression is not valid.
    pub(super) fn new(pattern: &str) -> Result<Self, regex::Error> {
        Ok(Self { pattern: Regex::new(pattern)? })
    }

    /// Whether a parameter, property or variable of this name holds a secret.
    pub(super) fn contain(&self, name: &str) -> bool {
        // Condition keys (`token.actions.githubusercontent.com:sub`) and JSON paths (`Token.$`) are no names of properties.
        self.pattern.is_match(name) && !name.contains(':') && !name.ends_with(".$") && !is_harmless(name)
    }
}

/// Whether a name only points to a secret or says something about one, by its first or last word.
pub(in crate::rules) fn is_harmless(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map_or("", String::as_str);
    let before_last = words.iter().rev().nth(1).map_or("", String::as_str);
    let of_encryption = last == "key" && ["token", "kms", "encryption"].contains(&before_last);
    POINTERS.contains(&last)
        || of_encryption
        || words.first().is_some_and(|first| SWITCHES.contains(&first.as_str()))
        || OTHERS.contains(&words.concat().as_str())
}

/// `DBSecretArn`, `db_secret_arn` and `db-secret-arn` as words in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut in_word = false;
    let characters: Vec<char> = name.chars().collect();
    for (n, &c) in characters.iter().enumerate() {
        if !c.is_alphanumeric() {
            in_word = false;
            continue;
        }
        let before = n.checked_sub(1).and_then(|n| characters.get(n)).copied().unwrap_or(' ');
        let ends_capitals = before.is_uppercase() && characters.get(n + 1).is_some_and(|next| next.is_lowercase());
        let starts = c.is_uppercase() && (!before.is_uppercase() || ends_capitals);
        match words.last_mut() {
            Some(word) if in_word && !starts => word.extend(c.to_lowercase()),
            _ => words.push(c.to_lowercase().collect()),
        }
        in_word = true;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_point_to_a_secret_hold_none() {
        let names = SecretNames::new("(?i)(password|passwd|secret|token|apikey|api_key|private_?key)").unwrap();
        for name in [
            "MasterUserPassword",
            "DBPassword",
            "DB_PASSWORD",
            "SecretString",
            "SecretAccessKey",
            "SecretKey",
            "OAuthToken",
            "AuthToken",
            "ApiKey",
            "api_key",
            "PrivateKey",
            "ClientSecret",
            "Password2",
        ] {
            assert!(names.contain(name), "{name}");
        }
        for name in [
            "SecretArn",
            "SECRET_ARN",
            "SecretId",
            "SecretName",
            "PasswordPolicy",
            "PasswordLength",
            "TokenKey",
            "TokenKeyName",
            "SecretKmsKeyId",
            "HttpTokens",
            "ManageMasterUserPassword",
            "MasterUserSecret",
            "GenerateSecretString",
            "SecretStringTemplate",
            "token.actions.githubusercontent.com:sub",
            "AccessTokenValidity",
            "TokenValidityUnits",
            "ClientRequestToken",
            "VpcId",
        ] {
            assert!(!names.contain(name), "{name}");
        }
    }

    #[test]
    fn words_are_told_apart_in_every_convention() {
        for name in ["DBSecretArn", "db_secret_arn", "DB-SECRET-ARN", "dbSecretArn"] {
            assert_eq!(words(name), ["db", "secret", "arn"], "{name}");
        }
    }
}
