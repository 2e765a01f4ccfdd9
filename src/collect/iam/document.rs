//! Policy documents: IAM answers them as percent-encoded JSON (RFC 3986).

use crate::model::{Kind, Unknown, from_json};

/// The document as a value; unknown if it is missing or cannot be parsed: nobody can say what it allows.
pub(super) fn read(action: &'static str, encoded: Option<&str>) -> Kind {
    let parsed = encoded.and_then(decode).and_then(|text| serde_json::from_str(&text).ok());
    parsed.map_or_else(
        || Kind::Unknown(Unknown::Failed { action: action.into(), code: "MalformedPolicyDocument".into() }),
        |json| from_json(&json).kind,
    )
}

/// Percent-decoding; a `+` stays a `+`. `None` for a broken escape or text that is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' { hex(bytes.next()?)? << 4 | hex(bytes.next()?)? } else { byte });
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Value, to_json};
    use serde_json::json;

    fn json_of(encoded: &str) -> serde_json::Value {
        to_json(&Value::live(read("iam:X", Some(encoded))))
    }

    #[test]
    fn documents_are_percent_encoded_json() {
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22*%22%7D%5D%7D";
        assert_eq!(
            json_of(encoded),
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
        );
    }

    #[test]
    fn a_plus_is_a_plus_and_utf_8_survives() {
        assert_eq!(json_of("%7B%22Sid%22:%22a+b%C3%A9%22%7D"), json!({"Sid": "a+bé"}));
    }

    #[test]
    fn what_cannot_be_parsed_is_unknown() {
        for broken in [None, Some("%7"), Some("%7Bnot json"), Some("%FF%FF")] {
            let Kind::Unknown(why) = read("iam:X", broken) else { panic!("{broken:?} is not a document") };
            assert_eq!(why.to_string(), "iam:X failed: MalformedPolicyDocument");
        }
    }
}
