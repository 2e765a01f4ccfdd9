//! Which template files a command line asks for: files, directories, patterns, standard input.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use regex::Regex;

use super::exit::Failure;
use crate::load;

/// The name that stands for standard input.
const STDIN: &str = "-";
/// What may be a template by its name.
const EXTENSIONS: &[&str] = &["yaml", "yml", "json", "template"];

/// A text to judge.
#[derive(Debug)]
pub(super) struct File {
    /// Its name in messages.
    pub(super) name: PathBuf,
    /// What tells it from other files; empty for standard input.
    pub(super) path: PathBuf,
    /// What it says.
    pub(super) text: String,
}

/// The files and their texts, each once. A directory or a pattern gives every template that it holds, in the order of their paths; what is not
/// a template there is passed over. A file that is named is always read.
pub(super) fn read(asked: &[PathBuf]) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    for path in asked {
        let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[', '{']) && !path.exists());
        let found = match pattern {
            _ if path.as_os_str() == STDIN => vec![stdin()?],
            Some(pattern) => matching(pattern)?,
            None if path.is_dir() => below(path, None)?,
            None => vec![one(path.clone()).map_err(|source| unreadable(path, source))?],
        };
        if found.is_empty() {
            let what = if pattern.is_some() { "that matches" } else { "in" };
            return Err(Failure::Usage(format!("there is no template {what} {}", path.display())));
        }
        files.extend(found.into_iter().filter(|file| seen.insert(file.path.clone())));
    }
    Ok(files)
}

/// A file by its name: its canonical path and its text.
pub(super) fn text(path: &Path) -> io::Result<(PathBuf, String)> {
    Ok((fs::canonicalize(path)?, fs::read_to_string(path)?))
}

pub(super) fn unreadable(path: &Path, source: io::Error) -> Failure {
    Failure::Unreadable { path: path.display().to_string(), source }
}

fn one(name: PathBuf) -> io::Result<File> {
    let (path, text) = text(&name)?;
    Ok(File { name, path, text })
}

fn stdin() -> Result<File, Failure> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|source| unreadable(Path::new("standard input"), source))?;
    Ok(File { name: "<stdin>".into(), path: PathBuf::new(), text })
}

/// The templates below a directory whose paths match; those of any usual name if nothing is to be matched.
fn below(directory: &Path, pattern: Option<&Regex>) -> Result<Vec<File>, Failure> {
    let mut paths = Vec::new();
    search(directory, pattern, &mut paths).map_err(|source| unreadable(directory, source))?;
    // A file that is not text is not a template.
    let files = paths.into_iter().filter_map(|path| one(path).ok());
    Ok(files.filter(|file| load::looks_like_template(&file.text)).collect())
}

fn search(directory: &Path, pattern: Option<&Regex>, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let mut names = fs::read_dir(here)?.map(|entry| entry.map(|e| e.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    for name in names {
        let path = directory.join(&name);
        let hidden = name.to_string_lossy().starts_with('.');
        if path.is_dir() {
            // A link may lead back to where it stands.
            if !hidden && !path.is_symlink() {
                search(&path, pattern, paths)?;
            }
        } else if pattern.map_or_else(|| has_usual_name(&path), |p| p.is_match(&path.to_string_lossy())) {
            paths.push(path);
        }
    }
    Ok(())
}

fn has_usual_name(path: &Path) -> bool {
    path.extension().is_some_and(|e| EXTENSIONS.iter().any(|x| e.eq_ignore_ascii_case(x)))
}

/// The templates that a pattern matches, searched from the last directory that the pattern names outright.
fn matching(pattern: &str) -> Result<Vec<File>, Failure> {
    let path = pattern.strip_prefix("./").unwrap_or(pattern);
    let regex = Regex::new(&regex(path)).map_err(|_| Failure::Usage(format!("`{pattern}` is not a pattern")))?;
    let literal = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    let parts: Vec<Component<'_>> = Path::new(path).components().collect();
    let start: PathBuf = parts.iter().take(parts.len().saturating_sub(1)).take_while(|p| literal(p)).collect();
    if !start.as_os_str().is_empty() && !start.is_dir() {
        return Ok(Vec::new());
    }
    below(&start, Some(&regex))
}

/// `*` and `?` stay within a directory, `**/` goes through any number of them, `[a-z]` and `[!a-z]` are one character, `{a,b}` is a choice.
fn regex(pattern: &str) -> String {
    let mut regex = String::from("^");
    let mut rest = pattern;
    let mut choices = 0_usize;
    while let Some(c) = rest.chars().next() {
        let (skip, part) = match c {
            '*' if rest.starts_with("**/") => (3, "(?:.*/)?".to_owned()),
            '*' if rest.starts_with("**") => (2, ".*".to_owned()),
            '*' => (1, "[^/]*".to_owned()),
            '?' => (1, "[^/]".to_owned()),
            '[' => match rest.get(1..).and_then(|inside| inside.split_once(']')) {
                Some((inside, _)) => {
                    let (not, set) = inside.strip_prefix('!').map_or(("", inside), |set| ("^", set));
                    (inside.len() + 2, format!("[{not}{}]", set.replace('\\', r"\\").replace('[', r"\[")))
                }
                None => (1, r"\[".to_owned()),
            },
            '{' => {
                choices += 1;
                (1, "(?:".to_owned())
            }
            ',' if choices > 0 => (1, "|".to_owned()),
            '}' if choices > 0 => {
                choices -= 1;
                (1, ")".to_owned())
            }
            other => (other.len_utf8(), regex::escape(other.encode_utf8(&mut [0; 4]))),
        };
        regex.push_str(&part);
        rest = rest.get(skip..).unwrap_or_default();
    }
    regex.push('$');
    regex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_as_a_shell_would() {
        let matches = |pattern: &str, path: &str| Regex::new(&regex(pattern)).unwrap().is_match(path);
        for (pattern, path) in [
            ("*.yaml", "a.yaml"),
            ("**/*.yaml", "a.yaml"),
            ("**/*.yaml", "a/b/c.yaml"),
            ("stacks/**/vpc.{yaml,json}", "stacks/net/vpc.json"),
            ("stack-[0-9].yml", "stack-3.yml"),
            ("stack-[!0-9].yml", "stack-x.yml"),
            ("?.yaml", "ä.yaml"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("*.yaml", "a/b.yaml"),
            ("*.yaml", "ayaml"),
            ("a/**/b.yaml", "c/a/b.yaml"),
            ("stack-[!0-9].yml", "stack-3.yml"),
            ("a.{yaml,json}", "a.yml"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }
}
