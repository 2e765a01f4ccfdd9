//! What is written down of rules and profiles: fresh, complete, and the same everywhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use driftline::handbook::{Handbook, Page, profile_schema};
use driftline::profile;
use driftline::rules;
use driftline::source::Sources;

fn docs() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

#[test]
fn the_reference_of_the_rules_is_fresh() {
    let pages = Handbook::new().unwrap().reference();
    let stale: Vec<&str> = pages
        .iter()
        .filter(|(name, text)| fs::read_to_string(docs().join("rules").join(name)).ok().as_ref() != Some(text))
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(stale.is_empty(), "run `make reference`: {stale:?}");
    let known: BTreeSet<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    for entry in fs::read_dir(docs().join("rules")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(name.as_str()), "run `make reference`: {name} is of no rule");
    }
}

#[test]
fn the_schema_of_profiles_is_fresh() {
    let text = serde_json::to_string_pretty(&profile_schema()).unwrap() + "\n";
    let written = fs::read_to_string(docs().join("profile.schema.json")).unwrap_or_default();
    assert!(text == written, "run `make reference`: docs/profile.schema.json is stale");
}

#[test]
fn every_rule_shows_what_passes_and_what_fails() {
    let handbook = Handbook::new().unwrap();
    let lacking: Vec<&str> = handbook
        .entries()
        .iter()
        .filter(|e| e.passes.is_none() || e.fails.is_none() || e.why.is_empty() || e.fix.is_empty())
        .map(|e| e.id)
        .collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

#[test]
fn every_alias_leads_to_its_rule() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
        for equivalent in rule.equivalents {
            if rules::named(equivalent).iter().all(|found| found.id != rule.id) {
                wrong.push(format!("{}: {equivalent}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn views_say_which_share_of_their_framework_they_cover() {
    let mut sources = Sources::default();
    for name in ["aws-fsbp", "cis-aws", "pci-dss"] {
        let page = Page::new(&profile::load(&mut sources, name).unwrap());
        let share = page.framework.expect("it is a view");
        assert!(!share.covered.is_empty() && !share.missing.is_empty(), "{name}");
        let controls: BTreeSet<&String> =
            share.covered.keys().chain(share.cannot.keys()).chain(&share.missing).collect();
        assert_eq!(controls.len(), share.covered.len() + share.cannot.len() + share.missing.len(), "{name}");
    }
}

/// The rows of a Markdown table of `docs/coverage.md`: the profile of its section, the point, and the rules.
fn coverage() -> Vec<(String, String, Vec<String>)> {
    let text = fs::read_to_string(docs().join("coverage.md")).unwrap();
    let mut profile = String::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.split('`').nth(1).unwrap_or_else(|| panic!("{heading}: names no profile")).clone_into(&mut profile);
        }
        let cells: Vec<&str> = line.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        if let [part, asked, rules, remark] = cells.as_slice()
            && *part != "part"
        {
            let rules: Vec<String> = rules.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            assert!(!rules.is_empty() || !remark.is_empty(), "{profile}: {asked}: no rule and no reason");
            rows.push((profile.clone(), format!("{part}: {asked}"), rules));
        }
    }
    rows
}

#[test]
fn every_demand_has_a_documented_rule_in_the_profile_of_who_asked() {
    let mut sources = Sources::default();
    let mut wrong = Vec::new();
    let rows = coverage();
    assert_eq!(rows.len(), 348, "points of the five documents");
    for (name, point, ids) in rows {
        let profile = profile::load(&mut sources, &name).unwrap();
        for id in ids {
            if !profile.active.iter().any(|a| a.rule.id == id) {
                wrong.push(format!("{name}: {point}: {id} is not in the profile"));
            }
            if !docs().join("rules").join(format!("{id}.md")).exists() {
                wrong.push(format!("{name}: {point}: {id} is not documented"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
