//! The house: imports go one way, files stay small, nothing random reaches the output.

use std::fs;
use std::path::{Path, PathBuf};

/// What each module may import of the crate.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("diag", &["source"]),
    ("model", &["source"]),
    ("load", &["source", "diag", "model"]),
    ("collect", &["source", "diag", "model"]),
    ("rules", &["source", "model"]),
    ("profile", &["source", "diag", "model", "rules"]),
    ("handbook", &["source", "model", "collect", "rules", "profile"]),
    ("judge", &["model", "profile", "rules"]),
    ("join", &["source", "model", "rules", "judge"]),
    ("report", &["source", "model", "rules", "collect", "join"]),
    ("scan", &["source", "diag", "model", "load", "collect", "profile", "judge", "join", "report"]),
    ("cli", &["source", "diag", "model", "load", "collect", "rules", "profile", "handbook", "report", "scan"]),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                into.push((path, text));
            }
        }
    }
    let mut files = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    files.sort();
    files
}

/// The top-level module of a source file.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    below.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The code without its tests: a test may build what it needs from anywhere.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let here = module(&path);
        if here == "lib" || here == "main" {
            continue;
        }
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(name, _)| *name == here)
            .unwrap_or_else(|| panic!("{here} has no line in MAY_IMPORT"));
        for (at, _) in without_tests(&text).match_indices("crate::") {
            let rest = &text[at + "crate::".len()..];
            let target: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !target.is_empty() && target != here && !allowed.contains(&target.as_str()) {
                wrong.push(format!("{} imports {target}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|(_, text)| text.lines().count() > 400)
        .map(|(path, text)| format!("{}: {} lines", path.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "split these:\n{}", long.join("\n"));
}

#[test]
fn no_clock_and_no_environment_below_scan() {
    let edge = ["cli", "collect", "main"];
    for (path, text) in sources().iter().filter(|(path, _)| !edge.contains(&module(path).as_str())) {
        for forbidden in ["SystemTime::now", "Instant::now", "env::var", "Timestamp::now"] {
            assert!(!without_tests(text).contains(forbidden), "{} uses {forbidden}", path.display());
        }
    }
}
