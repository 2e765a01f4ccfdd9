//! Every rule against its fixture, as a template and as a live snapshot of the same state.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline::collect;
use driftline::judge;
use driftline::model::{Estate, types};
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
    }
}

#[test]
fn every_rule_says_of_its_fixture_what_the_marks_say() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
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
        for equivalent in rule.equivalents {
            assert!(equivalent.contains('/'), "{}: {equivalent} does not name its tool", rule.id);
        }
    }
}

#[test]
fn every_type_a_rule_looks_at_is_collected() {
    for rule in rules::all().filter(|r| r.scope != Scope::Template) {
        for kind in rule.kinds().filter(|k| *k != types::TEMPLATE) {
            assert!(collect::reads(kind).is_some(), "{}: nothing collects {kind}", rule.id);
        }
    }
}

#[test]
fn every_rule_is_in_the_baseline() {
    let mut sources = Sources::default();
    let baseline = profile::load(&mut sources, profile::DEFAULT).unwrap();
    let listed: BTreeSet<&str> = baseline.active.iter().map(|a| a.rule.id).collect();
    let missing: Vec<&str> = rules::all().map(|r| r.id).filter(|id| !listed.contains(id)).collect();
    assert!(missing.is_empty(), "in no profile: {missing:?}");
}

#[test]
fn every_collected_type_says_which_action_tells_what() {
    for spec in collect::COLLECTORS.iter().map(|c| c.spec()) {
        for kind in spec.types {
            assert!(
                kind.asked.last().is_some_and(|(prefix, _)| prefix.is_empty()),
                "{}: no action fits everything",
                kind.name
            );
            for (_, action) in kind.asked {
                assert!(spec.actions.contains(action), "{}: {action} is not declared", kind.name);
            }
        }
    }
}

#[test]
fn the_policy_allows_everything_that_any_collector_calls() {
    let all: BTreeSet<&str> = collect::COLLECTORS.iter().flat_map(|c| c.spec().actions).copied().collect();
    let allowed = collect::policy::actions(&collect::policy::Need::Everything);
    assert_eq!(all.difference(&allowed).collect::<Vec<_>>(), Vec::<&&str>::new());
}
