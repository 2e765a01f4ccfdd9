//! Where things stand in a profile file: the span of every key and of every value, by path (`rules.3.params.ports`).

use std::collections::HashMap;

use granit_parser::{Event, Parser};

use crate::source::{FileId, Span};

/// The places of one file.
pub(super) struct Places {
    file: FileId,
    keys: HashMap<String, Span>,
    values: HashMap<String, Span>,
}

enum Frame {
    Seq(usize),
    Map(Option<String>),
}

impl Places {
    /// Reads a text that serde has read already; what cannot be read has no place.
    pub(super) fn of(file: FileId, text: &str) -> Self {
        let mut places = Self { file, keys: HashMap::new(), values: HashMap::new() };
        let mut stack: Vec<Frame> = Vec::new();
        let mut parser = Parser::new_from_str(text);
        while let Some(Ok((event, span))) = parser.next_event() {
            let at = places.span(span);
            match event {
                Event::Scalar(word, ..) => places.scalar(&mut stack, &word, at),
                Event::SequenceStart(..) => {
                    places.values.insert(path(&stack), at);
                    stack.push(Frame::Seq(0));
                }
                Event::MappingStart(..) => {
                    places.values.insert(path(&stack), at);
                    stack.push(Frame::Map(None));
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    stack.pop();
                    step(&mut stack);
                }
                Event::Alias(_) => step(&mut stack),
                _ => {}
            }
        }
        places
    }

    fn scalar(&mut self, stack: &mut [Frame], word: &str, at: Span) {
        if let Some(Frame::Map(key @ None)) = stack.last_mut() {
            *key = Some(word.to_owned());
            self.keys.insert(path(stack), at);
        } else {
            self.values.insert(path(stack), at);
            step(stack);
        }
    }

    /// Where a key stands, or else what holds it.
    pub(super) fn key(&self, path: &str) -> Span {
        self.keys
            .get(path)
            .copied()
            .unwrap_or_else(|| self.value(path.rsplit_once('.').map_or("", |(parent, _)| parent)))
    }

    /// Where a value stands, or else what holds it.
    pub(super) fn value(&self, path: &str) -> Span {
        match self.values.get(path) {
            Some(at) => *at,
            None if path.is_empty() => Span::new(self.file, 0, 0),
            None => self.value(path.rsplit_once('.').map_or("", |(parent, _)| parent)),
        }
    }

    fn span(&self, span: granit_parser::Span) -> Span {
        let byte = |marker: granit_parser::Marker| marker.byte_offset().unwrap_or(0);
        Span::new(self.file, byte(span.start), byte(span.end))
    }
}

fn path(stack: &[Frame]) -> String {
    let part = |frame: &Frame| match frame {
        Frame::Seq(n) => n.to_string(),
        Frame::Map(key) => key.clone().unwrap_or_default(),
    };
    stack.iter().map(part).collect::<Vec<_>>().join(".")
}

/// A node is complete: the next one is the next element or the next key.
fn step(stack: &mut [Frame]) {
    match stack.last_mut() {
        Some(Frame::Seq(n)) => *n += 1,
        Some(Frame::Map(key)) => *key = None,
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn keys_and_values_have_places_in_block_and_flow_style() {
        let text = "name: p # id: no\nrules:\n  - id: a\n    params: {ports: [22, 23]}\n  - {id: b}\n";
        let file = Sources::default().add("p.yaml", text);
        let places = Places::of(file, text);
        let of = |span: Span| &text[span.start as usize..span.end as usize];
        assert_eq!(of(places.value("rules.0.id")), "a");
        assert_eq!(of(places.value("rules.1.id")), "b");
        assert_eq!(of(places.key("rules.0.params.ports")), "ports");
        assert_eq!(of(places.value("rules.0.params.ports.1")), "23");
        assert_eq!(
            places.value("rules.1.severity"),
            places.value("rules.1"),
            "what is not there stands where it would be"
        );
    }
}
