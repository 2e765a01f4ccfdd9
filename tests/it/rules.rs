//! Every rule against its fixture, as a template and as a live snapshot of the same state.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline::collect;
use driftline::judge;
use driftline::model::{Estate, Unknown, types};
use driftline::profile::{self, Active};
use driftline::rules::{self, Rule, Scope, Verdict};
use driftline::source::Sources;

use crate::fixtures::{self, Document, Mark};

fn fixture(rule: &Rule) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rules").join(format!("{}.yaml", rule.id))
}

/// What the marks and the verdicts disagree on, and the marks that were seen.
#[derive(Default)]
struct Outcome {
    wrong: Vec<String>,
    seen: BTreeSet<String>,
    /// Whether a live verdict hung on something that no collector reads.
    unread: bool,
}

/// What rules look at live and no collector reads, each with its reason: types, and rules that name a property.
fn not_collected() -> BTreeMap<String, String> {
    let text = include_str!("../fixtures/not-collected.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let (what, why) = line.split_once(' ').unwrap_or_else(|| panic!("{line}: gives no reason"));
            (what.to_owned(), why.trim().to_owned())
        })
        .collect()
}

impl Outcome {
    fn compare(&mut self, place: &str, wanted: Option<&String>, verdict: Option<&Verdict>) {
        let got = verdict.map_or("n/a", Verdict::word);
        match wanted {
            Some(wanted) if wanted == got => drop(self.seen.insert(wanted.clone())),
            Some(wanted) => {
                self.wrong.push(format!("{place}: marked {wanted}, is {got} {:?}", verdict.map(Verdict::evidence)));
            }
            // Subjects without a mark are scenery; they must not be a surprise.
            None if got == "n/a" => {}
            None => self.wrong.push(format!("{place}: has no mark, is {got} {:?}", verdict.map(Verdict::evidence))),
        }
    }
}

fn as_template(rule: &'static Rule, document: &Document, outcome: &mut Outcome) {
    let active = [Active { params: document.params(rule), ..Active::by_default(rule) }];
    let variants = document.declared();
    for judgement in judge::declared(&active, &variants) {
        let r = judgement.resource;
        let Mark { template, .. } = document.mark(r);
        outcome.compare(
            &format!("{} template {}", rule.id, r.address.name()),
            template.as_ref(),
            judgement.verdict.as_ref(),
        );
    }
}

fn as_live(rule: &'static Rule, document: &Document, outcome: &mut Outcome) {
    let active = [Active { params: document.params(rule), ..Active::by_default(rule) }];
    let (estate, marks): (Estate, BTreeMap<Arc<str>, Mark>) = document.live(rule);
    for judgement in judge::observed(&active, &estate) {
        let id = judgement.resource.address.physical_id.clone().unwrap();
        let live = marks.get(&id).and_then(|m| m.live.as_ref());
        outcome.compare(&format!("{} live {id}", rule.id), live, judgement.verdict.as_ref());
        let nobody = Unknown::NotCollected.to_string();
        let evidence = judgement.verdict.as_ref().map_or(&[][..], Verdict::evidence);
        outcome.unread |= evidence.iter().any(|e| e.reason.as_ref() == Some(&nobody));
    }
}

#[test]
fn every_rule_says_of_its_fixture_what_the_marks_say() {
    let mut wrong = Vec::new();
    let exempt = not_collected();
    let only = std::env::var("RULE").ok();
    for rule in rules::all().filter(|r| only.as_ref().is_none_or(|id| id == r.id)) {
        let path = fixture(rule);
        let Ok(text) = fs::read_to_string(&path) else {
            wrong.push(format!("{}: no fixture {}", rule.id, path.display()));
            continue;
        };
        let mut sources = Sources::default();
        let mut outcome = Outcome::default();
        for document in fixtures::documents(&mut sources, &path.display().to_string(), &text) {
            as_template(rule, &document, &mut outcome);
            as_live(rule, &document, &mut outcome);
        }
        wrong.append(&mut outcome.wrong);
        let types_exempt = rule.kinds().any(|kind| exempt.contains_key(kind));
        if outcome.unread && !types_exempt && !exempt.contains_key(rule.id) {
            wrong.push(format!("{}: looks at something that is not collected; name it in `reads`, collect it, or give a reason in not-collected.txt", rule.id));
        }
        for word in ["pass", "fail", "unknown"] {
            // A template as a text is always readable.
            let possible = word != "unknown" || rule.scope != Scope::Template;
            if possible && !outcome.seen.contains(word) {
                wrong.push(format!("{}: the fixture shows no {word}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules_are_documented_and_unique() {
    let mut ids = BTreeSet::new();
    for rule in rules::all() {
        assert!(ids.insert(rule.id), "{} twice", rule.id);
        for heading in ["## Why", "## Fix"] {
            assert!(rule.docs.contains(heading), "{}: no {heading}", rule.id);
        }
        assert!(!rule.title.is_empty() && rule.title.len() <= 150, "{}: title", rule.id);
        assert!(!rule.types.is_empty(), "{}: no types", rule.id);
        for p in rule.params {
            assert!(!p.docs.is_empty(), "{}: parameter {} is not documented", rule.id, p.name);
        }
        for (_, param) in rule.reads.iter().filter_map(|read| read.split_once(" if ")) {
            assert!(
                rule.params.iter().any(|p| p.name == param),
                "{}: reads if {param}, which it does not have",
                rule.id
            );
        }
        for equivalent in rule.equivalents {
            assert!(equivalent.contains('/'), "{}: {equivalent} does not name its tool", rule.id);
        }
    }
}

#[test]
fn every_type_a_rule_looks_at_is_collected() {
    let exempt = not_collected();
    let made = [types::TEMPLATE, types::STACK, types::REGION, types::WHOLE_ACCOUNT];
    for rule in rules::all().filter(|r| r.scope != Scope::Template) {
        for kind in rule.kinds().filter(|k| !made.contains(k)) {
            let (collected, excused) = (collect::reads(kind).is_some(), exempt.contains_key(kind));
            assert!(collected || excused, "{}: nothing collects {kind}", rule.id);
            assert!(!(collected && excused), "{kind} is collected by now: strike it from not-collected.txt");
        }
    }
}

#[test]
fn every_rule_is_in_some_profile() {
    let mut sources = Sources::default();
    let profiles = profile::BUILT_IN.iter().map(|(name, _)| profile::load(&mut sources, name).unwrap());
    let listed: BTreeSet<&str> = profiles.flat_map(|p| p.active.into_iter().map(|a| a.rule.id)).collect();
    let missing: Vec<&str> = rules::all().map(|r| r.id).filter(|id| !listed.contains(id)).collect();
    assert!(missing.is_empty(), "in no profile: {missing:?}");
}
