//! Names that are put together from what nobody knows yet.

use regex::Regex;

use crate::model::Value;
use crate::rules::PLACEHOLDERS;

/// Parameters that name the environment.
const ENVIRONMENT: &[&str] =
    &["environment", "environmentname", "environmentsuffix", "environmenttype", "env", "envname", "stage", "stagename"];

/// What the written parts of a name say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    /// It fits: only the environment and the account are open.
    Fits,
    /// It cannot fit.
    Contradicts,
    /// It may fit.
    Open,
}

/// A part of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole,
}

/// Compares the written parts of a name with a pattern. `fits` is asked about whole names.
pub(super) fn guess(value: &Value, fits: impl Fn(&str, bool) -> bool, prefix: &str) -> Guess {
    let Some(pieces) = pieces(value) else { return Guess::Open };
    let whole = |fill: &str| -> String {
        pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.as_str() } else { fill }).collect()
    };
    if !pieces.contains(&Piece::Hole) {
        return if fits(&whole(""), false) { Guess::Fits } else { Guess::Contradicts };
    }
    let text = |piece: Option<&Piece>| match piece {
        Some(Piece::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let (first, last) = (text(pieces.first()), text(pieces.last()));
    let differs = first.chars().zip(prefix.chars()).any(|(a, b)| a != b);
    let samples = ["x", "1", "x-1", "\u{1}", "\u{1}-x", "x-\u{1}", "\u{3}"];
    let possible = samples.iter().any(|sample| fits(&whole(sample), false));
    if differs || (!possible && !first.is_empty() && !last.is_empty()) { Guess::Contradicts } else { Guess::Open }
}

/// The text that every match begins with.
pub(super) fn literal_prefix(pattern: &Regex) -> String {
    let Some(text) = pattern.as_str().strip_prefix('^') else { return String::new() };
    if text.contains('|') {
        return String::new();
    }
    let literal: String =
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/')).collect();
    // What a quantifier follows may be missing.
    let repeated = text.chars().nth(literal.chars().count()).is_some_and(|c| matches!(c, '?' | '*' | '{'));
    if repeated { literal.chars().take(literal.chars().count().saturating_sub(1)).collect() } else { literal }
}

fn pieces(value: &Value) -> Option<Vec<Piece>> {
    if let Some(text) = value.text() {
        return Some(vec![Piece::Text(text.to_string())]);
    }
    if let Some(name) = value.child("Ref").and_then(Value::as_str) {
        return Some(vec![named(name)]);
    }
    if let Some(sub) = value.child("Fn::Sub") {
        let text = sub.as_str().or_else(|| sub.child("0").and_then(Value::as_str))?;
        let own = |name: &str| sub.child("1").and_then(|map| map.child(name));
        let mut found = Vec::new();
        for (n, part) in text.split("${").enumerate() {
            let (name, rest) = if n == 0 { (None, part) } else { part.split_once('}').map(|(a, b)| (Some(a), b))? };
            match name.map(|name| (name, own(name))) {
                Some((_, Some(value))) => found.extend(pieces(value).unwrap_or_else(|| vec![Piece::Hole])),
                Some((name, None)) => found.push(named(name.trim())),
                None => {}
            }
            found.push(Piece::Text(rest.to_owned()));
        }
        found.retain(|piece| *piece != Piece::Text(String::new()));
        return Some(found);
    }
    let join = value.child("Fn::Join")?;
    let (delimiter, parts) = (join.child("0")?.text()?, join.child("1")?.as_list()?);
    let mut found = Vec::new();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            found.push(Piece::Text(delimiter.to_string()));
        }
        found.extend(pieces(part).unwrap_or_else(|| vec![Piece::Hole]));
    }
    found.retain(|piece| *piece != Piece::Text(String::new()));
    Some(found)
}

/// A parameter: the environment and the account have placeholders of their own.
fn named(name: &str) -> Piece {
    let placeholder = |wanted: &str| PLACEHOLDERS.iter().find(|(name, _)| *name == wanted);
    let found = match name {
        "AWS::AccountId" => placeholder("{account}"),
        name if ENVIRONMENT.iter().any(|e| e.eq_ignore_ascii_case(name)) => placeholder("{env}"),
        _ => None,
    };
    found.map_or(Piece::Hole, |(_, character)| Piece::Text((*character).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_json;
    use serde_json::json;

    #[test]
    fn the_written_parts_decide_where_they_can() {
        for (pattern, name, expected) in [
            (".*\u{1}.*", json!({"Fn::Sub": "images-${EnvironmentSuffix}"}), Guess::Fits),
            (
                "^shop-\u{1}-[a-z]+$",
                json!({"Fn::Join": ["-", ["shop", {"Ref": "Environment"}, "images"]]}),
                Guess::Fits,
            ),
            ("^shop-\u{1}-[a-z]+$", json!({"Fn::Sub": "images-${Environment}"}), Guess::Contradicts),
            ("^corp-[a-z0-9-]+-app$", json!({"Fn::Sub": "corp-${Kind}-app"}), Guess::Open),
            ("^corp-[a-z0-9-]+-app$", json!({"Fn::Sub": "corp-role-${Project}-api"}), Guess::Contradicts),
            ("^corp-[a-z0-9-]+-app$", json!({"Fn::Sub": "corp-${Rest}"}), Guess::Open),
            ("^corp-[a-z0-9-]+-app$", json!({"Fn::Sub": "shop-${Rest}"}), Guess::Contradicts),
            ("^corp-[a-z0-9-]+-app$", json!({"Ref": "BucketName"}), Guess::Open),
            ("^corp-[a-z0-9-]+-app$", json!({"Fn::FindInMap": ["A", "B", "C"]}), Guess::Open),
        ] {
            let pattern = Regex::new(pattern).unwrap();
            let said = guess(&from_json(&name), |text, _| pattern.is_match(text), &literal_prefix(&pattern));
            assert_eq!(said, expected, "{pattern} {name}");
        }
    }
}
