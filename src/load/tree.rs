//! Parser events → trees of [`Value`]s with a span on every key and value. YAML and JSON take the same way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::{check, scalar, syntax};
use crate::diag::{Diagnostic, Gravity};
use crate::model::{Entry, Kind, Map, Value};
use crate::source::{FileId, Span};

/// CloudFormation takes 1 MB; hand-written sources that a packager shrinks later may be larger.
const MAX_BYTES: usize = 4 << 20;
/// How deep collections and functions may nest; everything that walks a tree may recurse.
pub(super) const MAX_DEPTH: usize = 128;
/// How many nodes all aliases of a file together may stand for.
const MAX_ALIASED: usize = 100_000;

/// How many nodes all anchors of a file together may keep. Anchors inside of anchors keep their nodes again.
const MAX_ANCHORED: usize = 1_000_000;

/// A finished node, and how large and how deep it is.
#[derive(Clone)]
struct Node {
    value: Value,
    nodes: usize,
    height: usize,
}

enum Open {
    Seq(Vec<Value>),
    /// The members so far, and the key that waits for its value.
    Map(Map, Option<(Arc<str>, Span)>),
}

/// A collection that is not closed yet.
struct Frame {
    open: Open,
    start: usize,
    tag: Option<(Arc<str>, Span)>,
    anchor: usize,
    nodes: usize,
    height: usize,
}

struct Builder<'a> {
    file: FileId,
    text: &'a str,
    stack: Vec<Frame>,
    /// A node by its anchor; nothing for one that no alias may stand for, because it is too large.
    anchors: HashMap<usize, Option<Node>>,
    anchored: usize,
    aliased: usize,
    words: HashSet<Arc<str>>,
    documents: Vec<Value>,
    problems: Vec<Diagnostic>,
}

/// The documents of a text that are not empty, and everything that is wrong with its syntax. A document that cannot be read to its end is
/// left out; one with a key given twice is there, with the first of both.
pub(super) fn read(file: FileId, text: &str) -> (Vec<Value>, Vec<Diagnostic>) {
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; more than {MAX_BYTES} are not read", text.len());
        let problem = Diagnostic::error(Span::new(file, 0, 0), message);
        return (Vec::new(), vec![problem.hint("CloudFormation itself takes 1,000,000 bytes")]);
    }
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    let mut builder = Builder {
        file,
        text,
        stack: Vec::new(),
        anchors: HashMap::new(),
        anchored: 0,
        aliased: 0,
        words: HashSet::new(),
        documents: Vec::new(),
        problems: Vec::new(),
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    while let Some(next) = parser.next_event() {
        let step =
            next.map_err(|e| syntax::diagnostic(file, text, &e)).and_then(|(event, span)| builder.event(event, span));
        if let Err(problem) = step {
            builder.problems.push(problem);
            builder.stack.clear();
            // The rest of a broken document means nothing; the next document may be sound.
            let full = builder.problems.len() >= check::MAX_PROBLEMS;
            if full || !matches!(parser.proceed_next_document(), Ok(true)) {
                break;
            }
        }
    }
    if syntax::json::is_meant(text)
        && let Some(flaw) = syntax::json::flaw(file, text)
    {
        return as_json(flaw, builder);
    }
    (builder.documents, builder.problems)
}

/// What is said of a text that is meant as JSON and is none.
fn as_json(flaw: syntax::json::Flaw, mut builder: Builder<'_>) -> (Vec<Value>, Vec<Diagnostic>) {
    if flaw.is_yaml {
        builder.problems.push(Diagnostic { gravity: Gravity::Warning, ..flaw.problem });
        return (builder.documents, builder.problems);
    }
    (Vec::new(), vec![flaw.problem])
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: granit_parser::Span) -> Result<(), Diagnostic> {
        let at = self.span(span);
        let start = usize::try_from(at.start).unwrap_or(usize::MAX);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let word = self.function(tag.as_deref(), span);
                let node =
                    Node { value: Value { kind: Self::kind(&text, style, tag.as_deref()), at }, nodes: 1, height: 1 };
                self.close(node, word, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(Open::Seq(Vec::new()), start, tag.as_deref(), span, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open(Open::Map(Map::new(), None), start, tag.as_deref(), span, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.stack.pop() else { return Ok(()) };
                let at = self.first_line(frame.start, usize::try_from(at.end).unwrap_or(usize::MAX));
                let kind = match frame.open {
                    Open::Seq(items) => Kind::List(items),
                    Open::Map(map, _) => Kind::Map(map),
                };
                let node = Node { value: Value { kind, at }, nodes: frame.nodes + 1, height: frame.height + 1 };
                self.close(node, frame.tag, frame.anchor)
            }
            Event::Alias(id) => self.alias(id, at),
            _ => Ok(()),
        }
    }

    fn open(
        &mut self,
        open: Open,
        start: usize,
        tag: Option<&Tag>,
        span: granit_parser::Span,
        anchor: usize,
    ) -> Result<(), Diagnostic> {
        let frame = Frame { open, start, tag: self.function(tag, span), anchor, nodes: 0, height: 0 };
        if self.stack.len() >= MAX_DEPTH {
            return Err(syntax::too_deep(self.first_line(start, start)));
        }
        self.stack.push(frame);
        Ok(())
    }

    /// A node is complete: wraps it in its function, remembers it under its anchor and hands it to its parent.
    fn close(&mut self, mut node: Node, tag: Option<(Arc<str>, Span)>, anchor: usize) -> Result<(), Diagnostic> {
        if let Some((name, tag_at)) = tag {
            node = Node {
                value: scalar::long_form(&name, tag_at, node.value),
                nodes: node.nodes + 1,
                height: node.height + 1,
            };
        }
        if anchor > 0 {
            self.anchored += node.nodes.min(MAX_ALIASED);
            if self.anchored > MAX_ANCHORED {
                return Err(Diagnostic::error(node.value.at, "too many anchors stand inside of each other"));
            }
            self.anchors.insert(anchor, (node.nodes <= MAX_ALIASED).then(|| node.clone()));
        }
        self.attach(node)
    }

    fn alias(&mut self, id: usize, at: Span) -> Result<(), Diagnostic> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(Diagnostic::error(at, "an alias stands inside of what it names").label("contains itself"));
        };
        self.aliased += node.as_ref().map_or(MAX_ALIASED, |node| node.nodes);
        let Some(node) = node.clone().filter(|_| self.aliased <= MAX_ALIASED) else {
            let message = format!("the aliases of this file stand for more than {MAX_ALIASED} values");
            return Err(Diagnostic::error(at, message).hint("write the repeated part out, or use fewer aliases"));
        };
        self.attach(Node { value: Value { at, ..node.value }, ..node })
    }

    fn attach(&mut self, node: Node) -> Result<(), Diagnostic> {
        if self.stack.len() + node.height > 2 * MAX_DEPTH {
            return Err(syntax::too_deep(node.value.at));
        }
        let Some(frame) = self.stack.last_mut() else {
            if node.value.kind != Kind::Null {
                self.documents.push(node.value);
            }
            return Ok(());
        };
        frame.nodes += node.nodes;
        frame.height = frame.height.max(node.height);
        match &mut frame.open {
            Open::Seq(items) => items.push(node.value),
            Open::Map(map, pending) => match pending.take() {
                None => *pending = Some(key(&mut self.words, &node.value)?),
                Some((name, key_at)) => match map.get(&name) {
                    Some(_) if self.problems.len() >= check::MAX_PROBLEMS => {}
                    Some(first) => self.problems.push(
                        Diagnostic::error(key_at, format!("key `{name}` is given twice"))
                            .label("given again here")
                            .related(first.key_at, "first given here"),
                    ),
                    None => _ = map.insert(name, Entry { key_at, value: node.value }),
                },
            },
        }
        Ok(())
    }

    /// The name of a short-form function and where its tag stands; YAML's own tags (`!!str`) are none.
    fn function(&mut self, tag: Option<&Tag>, span: granit_parser::Span) -> Option<(Arc<str>, Span)> {
        let tag = tag.filter(|tag| tag.handle() == "!" && !tag.suffix().is_empty())?;
        let at = span.tag_span().map_or_else(|| self.span(span), |tag| self.span(tag));
        Some((word(&mut self.words, tag.suffix()), at))
    }

    fn kind(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Kind {
        let forced = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str") || tag.original() == "!");
        if style == ScalarStyle::Plain && !forced { scalar::plain(text) } else { Kind::Str(text.into()) }
    }

    fn span(&self, span: granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        Span::new(self.file, range.start.min(self.text.len()), range.end.min(self.text.len()))
    }

    /// A collection is shown by its first line.
    fn first_line(&self, start: usize, end: usize) -> Span {
        let line = self.text.get(start..end).and_then(|s| s.lines().next()).map_or(0, |line| line.trim_end().len());
        Span::new(self.file, start, start + line)
    }
}

fn word(words: &mut HashSet<Arc<str>>, text: &str) -> Arc<str> {
    if let Some(word) = words.get(text) {
        return Arc::clone(word);
    }
    let word: Arc<str> = text.into();
    words.insert(Arc::clone(&word));
    word
}

fn key(words: &mut HashSet<Arc<str>>, value: &Value) -> Result<(Arc<str>, Span), Diagnostic> {
    let name = match &value.kind {
        Kind::Null => Some("null".into()),
        _ => value.text(),
    };
    let name = name.ok_or_else(|| Diagnostic::error(value.at, "a key must be a text").label("not a text"))?;
    Ok((word(words, &name), value.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use proptest::prelude::*;

    fn one(text: &str) -> Value {
        let (mut documents, problems) = read(Sources::default().add("t", text), text);
        assert_eq!(problems, []);
        documents.remove(0)
    }

    fn message(text: &str) -> String {
        read(Sources::default().add("t", text), text).1.remove(0).message
    }

    fn slice(text: &str, at: Span) -> &str {
        &text[at.start as usize..at.end as usize]
    }

    #[test]
    fn yaml_and_json_give_the_same_tree() {
        let yaml = "A: !Sub ['${B}', {B: !GetAtt C.D}]\nE:\n  - !If [F, !Ref G, 1]\n  - !Base64\n    Fn::Sub: x\n";
        let json = r#"{"A": {"Fn::Sub": ["${B}", {"B": {"Fn::GetAtt": ["C", "D"]}}]},
                       "E": [{"Fn::If": ["F", {"Ref": "G"}, 1]}, {"Fn::Base64": {"Fn::Sub": "x"}}]}"#;
        assert_eq!(one(yaml).to_string(), one(json).to_string());
    }

    #[test]
    fn every_key_value_and_tag_has_its_span() {
        let text = "\u{feff}ä: 1\nKey:\n  - !Ref Näme\n  - \"a\\n\"\n  - nested: |\n      text\n";
        let tree = one(text);
        let entry = tree.as_map().unwrap().get("Key").unwrap();
        assert_eq!(slice(text, entry.key_at), "Key");
        let list = entry.value.as_list().unwrap();
        assert_eq!(slice(text, list[0].at), "!Ref Näme");
        assert_eq!(slice(text, list[0].as_map().unwrap()["Ref"].key_at), "!Ref");
        assert_eq!(slice(text, list[0].child("Ref").unwrap().at), "Näme");
        assert_eq!(slice(text, list[1].at), "\"a\\n\"");
        assert_eq!(slice(text, list[2].at), "nested: |", "a collection is shown by its first line");
    }

    #[test]
    fn quoted_words_are_text_and_a_merge_key_is_an_ordinary_key() {
        let tree = one("{a: 'true', b: true, c: !!str 5, d: ! 5, <<: x, e: , f: \"\\ud83d\\ude00\"}");
        assert_eq!(tree.to_string(), r#"{"a":"true","b":true,"c":"5","d":"5","<<":"x","e":null,"f":"😀"}"#);
    }

    #[test]
    fn a_key_given_twice_is_shown_at_both_places_and_does_not_hide_the_next_mistake() {
        let text = "A: 1\nA: 2\nB: 1\nB: 2\n";
        let (documents, problems) = read(Sources::default().add("t", text), text);
        assert_eq!(documents[0].to_string(), r#"{"A":1,"B":1}"#);
        assert_eq!(
            problems.iter().map(|p| p.message.as_str()).collect::<Vec<_>>(),
            ["key `A` is given twice", "key `B` is given twice"]
        );
        assert_eq!((problems[0].at.start, problems[0].related[0].0.start), (5, 0));
    }

    #[test]
    fn aliases_are_copies_within_a_budget() {
        assert_eq!(one("a: &x [1, 2]\nb: *x\n").to_string(), r#"{"a":[1,2],"b":[1,2]}"#);
        let nine = |n: usize| format!("- &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
        let bomb = (1..30).map(nine).collect::<Vec<_>>().concat();
        assert!(message(&format!("- &a0 [x]\n{bomb}")).contains("aliases of this file stand for more than"));
        let one_in = |n: usize| format!("- &a{n} [*a{}]\n", n - 1);
        let chain = (1..5000).map(one_in).collect::<Vec<_>>().concat();
        assert!(message(&format!("- &a0 [x]\n{chain}")).contains("levels deep"));
        assert!(message("a: &x [*x]").contains("inside of what it names"));
        let nested =
            (0..100).map(|n| format!("&a{n} [")).collect::<Vec<_>>().concat() + &"x,".repeat(50_000) + &"]".repeat(100);
        assert!(message(&nested).contains("anchors stand inside of each other"));
    }

    #[test]
    fn what_is_too_deep_or_too_long_is_refused() {
        assert!(message(&"[".repeat(5000)).contains("levels deep"));
        assert!(message(&"- ".repeat(5000)).contains("levels deep"));
        assert!(one(&format!("{}1{}", "[".repeat(100), "]".repeat(100))).as_list().is_some());
        assert!(message(&" ".repeat(MAX_BYTES + 1)).contains("are not read"));
    }

    fn spans(value: &Value, into: &mut Vec<Span>) {
        into.push(value.at);
        for item in value.as_list().into_iter().flatten() {
            spans(item, into);
        }
        for entry in value.as_map().into_iter().flat_map(|map| map.values()) {
            into.push(entry.key_at);
            spans(&entry.value, into);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_all_spans_lie_in_the_text(text in "([ -~äß€😀\n\t\u{feff}]|Resources: |!Sub |!Ref |&a |\\*a |\"|\\[|\\{|- |---\n|: ){0,60}") {
            let mut sources = Sources::default();
            let file = sources.add("t", text.as_str());
            let mut all = Vec::new();
            let (documents, problems) = read(file, &text);
            for document in &documents {
                spans(document, &mut all);
            }
            all.extend(problems.iter().flat_map(|p| std::iter::once(p.at).chain(p.related.iter().map(|r| r.0))));
            for at in all {
                prop_assert!(text.get(at.start as usize..at.end as usize).is_some(), "{at:?} in {text:?}");
            }
            let _ = super::super::looks_like_template(&text);
            if let Ok(template) = super::super::parse(&mut sources, "t", &text) {
                let _ = super::super::evaluate(&template, &super::super::Inputs::default());
            }
        }
    }
}
