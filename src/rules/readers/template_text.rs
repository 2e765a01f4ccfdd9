//! A text as a template writes it where its value is not known: what is fixed, and holes where a function fills something in.

use std::ops::Range;

use super::policy::principal;
use crate::model::{Read, Value};

/// Fixed text with holes, each shown as `${Name}`.
#[derive(Debug, Default)]
pub(in crate::rules) struct Written {
    /// The text.
    pub text: String,
    holes: Vec<Range<usize>>,
}

impl Written {
    /// The text that `Fn::Sub`, `Fn::Join` and `Fn::Base64` make.
    pub(in crate::rules) fn of(raw: &Value) -> Self {
        let mut written = Self::default();
        written.add(raw);
        written
    }

    /// The text of a property: its value if that is known, else what the template writes; `None` on the observed side.
    pub(in crate::rules) fn at(read: &Read<'_>) -> Option<Self> {
        match read.as_str() {
            Some(text) => Some(Self { text: text.to_owned(), holes: Vec::new() }),
            None => principal::written(read).map(Self::of),
        }
    }

    /// The text of an ARN: without the colons in the names of what is filled in (`${AWS::Region}` becomes `${AWS..Region}`), which would
    /// count as those of the ARN.
    pub(in crate::rules) fn into_arn(self) -> String {
        let in_hole = |at| self.holes.iter().any(|hole| hole.contains(&at));
        self.text.char_indices().map(|(at, c)| if c == ':' && in_hole(at) { '.' } else { c }).collect()
    }

    /// Whether any of it is fixed. `${Anything}` alone says nothing, and a wildcard around it says no more.
    pub(in crate::rules) fn has_fixed_text(&self) -> bool {
        let in_hole = |at| self.holes.iter().any(|hole| hole.contains(&at));
        self.text.char_indices().any(|(at, c)| c != '*' && !in_hole(at))
    }

    /// Whether something that fills a line of its own is filled in: it may be any number of lines. Within a line it is a word: a name,
    /// an address.
    pub(in crate::rules) fn has_hole_for_lines(&self) -> bool {
        self.holes.iter().any(|hole| {
            let before = self.text.get(..hole.start).unwrap_or_default().trim_end_matches([' ', '\t']);
            let after = self.text.get(hole.end..).unwrap_or_default().trim_start_matches([' ', '\t', '\r']);
            (before.is_empty() || before.ends_with('\n')) && (after.is_empty() || after.starts_with('\n'))
        })
    }

    fn add(&mut self, raw: &Value) {
        let function = raw.as_map().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
        match function.map(|(name, entry)| (&**name, &entry.value)) {
            Some(("Fn::Base64", inner)) => self.add(inner),
            Some(("Fn::Sub", sub)) => self.fill_in(sub),
            Some(("Fn::Join", join)) => self.join(join),
            Some((name, argument)) => {
                let parts = argument.as_list().unwrap_or(std::slice::from_ref(argument));
                let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
                let named = parts.filter(|_| ["Ref", "Fn::GetAtt"].contains(&name)).map(|parts| parts.join("."));
                self.hole(named.as_deref().unwrap_or(name));
            }
            None => match raw.text() {
                Some(text) => self.text.push_str(&text),
                None => self.hole("?"),
            },
        }
    }

    fn hole(&mut self, name: &str) {
        let start = self.text.len();
        self.text.push_str("${");
        self.text.push_str(name);
        self.text.push('}');
        self.holes.push(start..self.text.len());
    }

    fn fill_in(&mut self, sub: &Value) {
        let template = sub.as_str().or_else(|| sub.child("0").and_then(Value::as_str));
        let Some(template) = template else { return self.hole("Fn::Sub") };
        for (n, part) in template.split("${").enumerate() {
            match part.split_once('}').filter(|_| n > 0) {
                None => self.text.push_str(part),
                Some((name, after)) => {
                    match (name.strip_prefix('!'), sub.child("1").and_then(|map| map.child(name))) {
                        (Some(literal), _) => self.text.extend(["${", literal, "}"]),
                        (None, Some(variable)) => self.add(variable),
                        (None, None) => self.hole(name),
                    }
                    self.text.push_str(after);
                }
            }
        }
    }

    fn join(&mut self, join: &Value) {
        let delimiter = join.child("0").and_then(Value::as_str);
        let (Some(delimiter), Some(parts)) = (delimiter, join.child("1").and_then(Value::as_list)) else {
            return self.hole("Fn::Join");
        };
        for (n, part) in parts.iter().enumerate() {
            if n > 0 {
                self.text.push_str(delimiter);
            }
            self.add(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_json;
    use serde_json::{Value as Json, json};

    fn read(raw: &Json) -> (String, bool) {
        let written = Written::of(&from_json(raw));
        let lines = written.has_hole_for_lines();
        (written.text, lines)
    }

    #[test]
    fn a_word_that_is_filled_in_leaves_the_text_readable() {
        let sub = json!({"Fn::Base64": {"Fn::Sub": "cfn-signal --stack ${AWS::StackName} ${!HOME}\n"}});
        assert_eq!(read(&sub), ("cfn-signal --stack ${AWS::StackName} ${HOME}\n".into(), false));
        let named = json!({"Fn::Sub": ["curl ${Url}/${Path}", {"Url": "localhost", "Path": {"Ref": "Health"}}]});
        assert_eq!(read(&named), ("curl localhost/${Health}".into(), false));
        let echo = json!({"Fn::Join": [" ", ["echo", {"Ref": "X"}]]});
        let join = json!({"Fn::Base64": {"Fn::Join": ["\n", ["#!/bin/sh", echo]]}});
        assert_eq!(read(&join), ("#!/bin/sh\necho ${X}".into(), false));
    }

    #[test]
    fn what_fills_lines_of_its_own_may_be_anything() {
        assert!(read(&json!({"Ref": "Script"})).1);
        assert!(read(&json!({"Fn::Base64": {"Ref": "Script"}})).1);
        assert!(read(&json!({"Fn::Base64": {"Fn::Sub": "#!/bin/sh\n  ${Script}\n"}})).1);
        assert!(read(&json!({"Fn::Base64": {"Fn::If": ["C", "a", "b"]}})).1);
    }

    #[test]
    fn a_hole_has_the_name_of_what_fills_it() {
        let join = json!({"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/*", {"Fn::ImportValue": "x"}]]});
        assert_eq!(read(&join).0, "${Bucket.Arn}/*${Fn::ImportValue}");
    }

    #[test]
    fn the_colons_of_an_arn_are_its_own() {
        let arn = Written::of(&from_json(&json!({"Fn::Sub": "arn:aws:ssm:${AWS::Region}:1:parameter/*"}))).into_arn();
        assert_eq!(arn, "arn:aws:ssm:${AWS..Region}:1:parameter/*");
    }

    #[test]
    fn text_around_what_is_filled_in_cannot_become_a_bare_star() {
        for (raw, expected) in [
            (json!({"Fn::Sub": "arn:${AWS::Partition}:s3:::b/*"}), true),
            (json!({"Fn::Sub": ["${Bucket}/*", {"Bucket": "b"}]}), true),
            (json!({"Fn::Join": [":", ["arn", {"Ref": "P"}]]}), true),
            (json!({"Fn::Sub": "${Anything}"}), false),
            (json!({"Fn::Sub": "${Anything}*"}), false),
            (json!({"Fn::Sub": "${A}${B}"}), false),
            (json!({"Fn::Join": ["", [{"Ref": "P"}, "*"]]}), false),
            (json!({"Ref": "P"}), false),
        ] {
            assert_eq!(Written::of(&from_json(&raw)).has_fixed_text(), expected, "{raw}");
        }
    }
}
