//! Parser events → trees of [`Value`]s with a span on every key and value. YAML and JSON take the same way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::{scalar, syntax};
use crate::diag::Diagnostic;
use crate::model::{Entry, Kind, Map, Value};
use crate::source::{FileId, Span};

/// CloudFormation takes 1 MB; hand-written sources that a packager shrinks later may be larger.
const MAX_BYTES: usize = 4 << 20;
/// How deep collections and functions may nest; everything that walks a tree may recurse.
const MAX_DEPTH: usize = 128;
/// How many nodes all aliases of a file together may stand for.
const MAX_ALIASED: usize = 100_000;

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
    anchors: HashMap<usize, Node>,
    aliased: usize,
    words: HashSet<Arc<str>>,
    documents: Vec<Value>,
    problems: Vec<Diagnostic>,
}

/// The documents of a text that are not empty. An error holds everything that is wrong with its syntax.
pub(super) fn read(file: FileId, text: &str) -> Result<Vec<Value>, Vec<Diagnostic>> {
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; more than {MAX_BYTES} are not read", text.len());
        return Err(vec![
            Diagnostic::error(Span::new(file, 0, 0), message).hint("CloudFormation itself takes 1,000,000 bytes"),
        ]);
    }
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    let mut builder = Builder {
        file,
        text,
        stack: Vec::new(),
        anchors: HashMap::new(),
        aliased: 0,
        words: HashSet::new(),
        documents: Vec::new(),
        problems: Vec::new(),
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    while let Some(next) = parser.next_event() {
        let step = next.map_err(|e| syntax::diagnostic(file, text, &e)).and_then(|(event, span)| builder.event(event, span));
        if let Err(problem) = step {
            builder.problems.push(problem);
            builder.stack.clear();
            // The rest of a broken document means nothing; the next document may be sound.
            if !matches!(parser.proceed_next_document(), Ok(true)) {
                break;
            }
        }
    }
    if builder.problems.is_empty() { Ok(builder.documents) } else { Err(builder.problems) }
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: granit_parser::Span) -> Result<(), Diagnostic> {
        let at = self.span(span);
        let start = usize::try_from(at.start).unwrap_or(usize::MAX);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let word = self.function(tag.as_deref(), span);
                let node = Node { value: Value { kind: Self::kind(&text, style, tag.as_deref()), at }, nodes: 1, height: 1 };
                self.close(node, word, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => self.open(Open::Seq(Vec::new()), start, tag.as_deref(), span, anchor),
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
            return Err(self.too_deep(self.first_line(start, start)));
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
            self.anchors.insert(anchor, node.clone());
        }
        self.attach(node)
    }

    fn alias(&mut self, id: usize, at: Span) -> Result<(), Diagnostic> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(Diagnostic::error(at, "an alias stands inside of what it names").label("contains itself"));
        };
        self.aliased += node.nodes;
        if self.aliased > MAX_ALIASED {
            let message = format!("the aliases of this file stand for more than {MAX_ALIASED} values");
            return Err(Diagnostic::error(at, message).hint("write the repeated part out, or use fewer aliases"));
        }
        let node = node.clone();
        self.attach(Node { value: Value { at, ..node.value }, ..node })
    }

    fn attach(&mut self, node: Node) -> Result<(), Diagnostic> {
        if self.stack.len() + node.height > 2 * MAX_DEPTH {
            return Err(self.too_deep(node.value.at));
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

    fn too_deep(&self, at: Span) -> Diagnostic {
        let at = Span { file: self.file, ..at };
        Diagnostic::error(at, format!("nested more than {MAX_DEPTH} levels deep")).label("too deep")
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
