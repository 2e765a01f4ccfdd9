//! The texts driftline points into, and positions in them.

use std::borrow::Cow;
use std::sync::Arc;

/// One text known to a [`Sources`] table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// A byte range in one file, or the mark of a value that comes from AWS and so has no text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text the range lies in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// "Seen at AWS": there is no text to point at.
    pub const LIVE: Self = Self { file: FileId(u32::MAX), start: 0, end: 0 };

    /// The bytes `start..end` of `file`; positions beyond 4 GiB are clamped.
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Self { file, start: clamp(start), end: clamp(end.max(start)) }
    }

    fn range(self) -> Option<(usize, usize)> {
        Some((usize::try_from(self.start).ok()?, usize::try_from(self.end).ok()?))
    }

    /// Whether the value was observed rather than declared.
    #[must_use]
    pub fn is_live(self) -> bool {
        self == Self::LIVE
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_live() { f.write_str("live") } else { write!(f, "{}:{}..{}", self.file.0, self.start, self.end) }
    }
}

/// A line and a column, both counted from 1; columns count characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineCol {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Where something is, in words: file, line and column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name as it was given to [`Sources::add`].
    pub file: Arc<str>,
    /// Start of the span.
    pub start: LineCol,
}

#[derive(Debug)]
struct File {
    name: Arc<str>,
    text: Arc<str>,
    lines: Vec<usize>,
    hidden: Vec<Span>,
}

/// All texts of a run: template files, templates of deployed stacks, profiles.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<File>,
}

impl Sources {
    /// Takes a text in under the name that messages will show.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX - 1));
        self.files.push(File { name: name.into(), text, lines, hidden: Vec::new() });
        id
    }

    /// The text of a file; empty for a live span's file.
    #[must_use]
    pub fn text(&self, file: FileId) -> &str {
        self.file(file).map_or("", |f| &f.text)
    }

    /// Keeps a part of a text, a secret, out of every message that shows the line.
    pub fn hide(&mut self, span: Span) {
        if let Some(file) = usize::try_from(span.file.0).ok().and_then(|n| self.files.get_mut(n)) {
            file.hidden.push(span);
        }
    }

    /// The text of a file as messages may show it: `*` for each byte that is hidden.
    #[must_use]
    pub fn shown(&self, file: FileId) -> Cow<'_, str> {
        let Some(file) = self.file(file).filter(|file| !file.hidden.is_empty()) else {
            return Cow::Borrowed(self.text(file));
        };
        let mut shown = String::with_capacity(file.text.len());
        let mut hidden: Vec<(usize, usize)> = file.hidden.iter().filter_map(|span| span.range()).collect();
        hidden.sort_unstable();
        for (start, end) in hidden {
            let start = start.max(shown.len());
            shown.push_str(file.text.get(shown.len()..start).unwrap_or_default());
            for c in file.text.get(start..end).unwrap_or_default().chars() {
                let count = if c.is_whitespace() { 0 } else { c.len_utf8() };
                shown.extend(std::iter::repeat_n('*', count));
                shown.extend((count == 0).then_some(c));
            }
        }
        shown.push_str(file.text.get(shown.len()..).unwrap_or_default());
        Cow::Owned(shown)
    }

    /// The name of a file.
    #[must_use]
    pub fn name(&self, file: FileId) -> &str {
        self.file(file).map_or("", |f| &f.name)
    }

    /// File, line and column of a span's start; `None` for live spans.
    #[must_use]
    pub fn place(&self, span: Span) -> Option<Place> {
        let file = self.file(span.file)?;
        let at = usize::try_from(span.start).ok()?.min(file.text.len());
        let line = file.lines.partition_point(|&start| start <= at).max(1);
        let start = file.lines.get(line - 1).copied().unwrap_or(0);
        let column = file.text.get(start..at).map_or(0, |s| s.chars().count()) + 1;
        Some(Place { file: Arc::clone(&file.name), start: LineCol { line, column } })
    }

    fn file(&self, id: FileId) -> Option<&File> {
        self.files.get(usize::try_from(id.0).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let mut sources = Sources::default();
        let file = sources.add("t.yaml", "a: é\nbc: d");
        let place = |start, end| sources.place(Span::new(file, start, end)).map(|p| (p.start.line, p.start.column));
        assert_eq!(place(0, 1), Some((1, 1)));
        assert_eq!(place(5, 6), Some((1, 5)), "the byte after é is the fifth character");
        assert_eq!(place(10, 11), Some((2, 5)));
        assert_eq!(sources.place(Span::LIVE), None);
    }

    #[test]
    fn what_is_hidden_is_not_shown_and_moves_nothing() {
        let mut sources = Sources::default();
        let file = sources.add("t.yaml", "a: sä b\nc: d");
        sources.hide(Span::new(file, 3, 8));
        assert_eq!(sources.shown(file), "a: *** *\nc: d");
        assert_eq!(sources.text(file), "a: sä b\nc: d");
    }
}
