//! Our own errors and warnings that point into a file.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::source::{Sources, Span};

/// How serious a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// The file can be used.
    Warning,
    /// The file cannot be used.
    Error,
}

/// A message about a place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How serious it is.
    pub gravity: Gravity,
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// Where.
    pub at: Span,
    /// What to say at the place itself; may be empty.
    pub label: String,
    /// Other places that belong to it, each with its own label.
    pub related: Vec<(Span, String)>,
    /// How to put it right.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    #[must_use]
    pub fn error(at: Span, message: impl Into<String>) -> Self {
        Self {
            gravity: Gravity::Error,
            message: message.into(),
            at,
            label: String::new(),
            related: Vec::new(),
            hint: None,
        }
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(at: Span, message: impl Into<String>) -> Self {
        Self { gravity: Gravity::Warning, ..Self::error(at, message) }
    }

    /// Says something at the place itself.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, at: Span, label: impl Into<String>) -> Self {
        self.related.push((at, label.into()));
        self
    }

    /// Adds a way to put it right.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The message with file, line, column, the line itself and a caret. `color` writes terminal colours.
    #[must_use]
    pub fn render(&self, sources: &Sources, color: bool) -> String {
        let level = match self.gravity {
            Gravity::Warning => Level::WARNING,
            Gravity::Error => Level::ERROR,
        };
        let mut group = Group::with_title(level.primary_title(self.message.as_str()));
        let text = sources.shown(self.at.file);
        let text = &*text;
        if !self.at.is_live() {
            let related = || self.related.iter().filter(|(span, _)| span.file == self.at.file);
            // Only the lines that are shown: the renderer would read the whole text for each message.
            let ranges =
                || std::iter::once(self.at).chain(related().map(|(span, _)| *span)).map(|span| bytes(span, text));
            let from = ranges().map(|range| range.start).min().unwrap_or(0);
            let to = ranges().map(|range| range.end).max().unwrap_or(from);
            let from = text.get(..from).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
            let to = text.get(to..).and_then(|after| after.find('\n')).map_or(text.len(), |newline| to + newline);
            let within = |span: Span| {
                let range = bytes(span, text);
                range.start - from..range.end - from
            };
            let line = text.get(..from).map_or(0, |before| before.matches('\n').count()) + 1;
            let lines = text.get(from..to).unwrap_or_default();
            let mut snippet = Snippet::source(lines).path(sources.name(self.at.file)).line_start(line);
            let label = (!self.label.is_empty()).then_some(self.label.as_str());
            snippet = snippet.annotation(AnnotationKind::Primary.span(within(self.at)).label(label));
            for (span, label) in related() {
                snippet = snippet.annotation(AnnotationKind::Context.span(within(*span)).label(label.as_str()));
            }
            group = group.element(snippet);
        }
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

/// No name that a person types is longer, in bytes.
const MAX_MISTYPED: usize = 128;

/// The known name nearest to a mistyped one, if one is near enough to be meant.
#[must_use]
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Of a name longer than any that is known, the distance to all of them would take long.
    if name.len() > MAX_MISTYPED {
        return None;
    }
    let near = |k: &&str| k.len().abs_diff(name.len()) <= 2 * (name.len() / 3).max(1);
    let best = known
        .into_iter()
        .filter(near)
        .map(|k| (strsim::damerau_levenshtein(&name.to_lowercase(), &k.to_lowercase()), k))
        .min()?;
    (best.0 <= (name.len() / 3).max(1)).then_some(best.1)
}

fn bytes(span: Span, text: &str) -> std::ops::Range<usize> {
    let clamp = |n: u32| {
        let mut n = usize::try_from(n).unwrap_or(usize::MAX).min(text.len());
        while !text.is_char_boundary(n) {
            n -= 1;
        }
        n
    };
    clamp(span.start)..clamp(span.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_shows_place_caret_and_hint() {
        let mut sources = Sources::default();
        let file = sources.add("t.yaml", "Resorces:\n  A: 1\n");
        let diagnostic =
            Diagnostic::error(Span::new(file, 0, 8), "unknown section `Resorces`").hint("did you mean `Resources`?");
        let text = diagnostic.render(&sources, false);
        assert!(text.contains("t.yaml:1:1") && text.contains("^^^^^^^^") && text.contains("did you mean"), "{text}");
        assert_eq!(did_you_mean("Resorces", ["Resources", "Rules"]), Some("Resources"));
        assert_eq!(did_you_mean("Zebra", ["Resources", "Rules"]), None);
    }
}
