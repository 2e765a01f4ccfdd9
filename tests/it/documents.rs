//! What the reviews behind the customers' profiles quote: what was wrong fails under the profile, what was right does not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use driftline::load::{self, Inputs};
use driftline::profile::{self, Choice, Filters};
use driftline::report::Run;
use driftline::scan::{self, Plan};
use driftline::source::Sources;

/// What a document's comments demand of rules.
fn demands(text: &str, word: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("# ")?.strip_prefix(word)?.strip_prefix(": "));
    lines.flat_map(|ids| ids.split(", ")).map(str::to_owned).collect()
}

/// The worst verdict of each rule that applies to a template.
fn verdicts(profile: &str, text: &str) -> BTreeMap<&'static str, &'static str> {
    let mut sources = Sources::default();
    let loaded = profile::load(&mut sources, profile).unwrap();
    let choice = Choice::new(&[loaded], &Filters::default()).unwrap();
    let template = load::parse(&mut sources, "document.yaml", text).unwrap_or_else(|diagnostics| {
        panic!("{}", diagnostics.iter().map(|d| d.render(&sources, false)).collect::<String>())
    });
    let inputs = Inputs { stack: "document.yaml".into(), ..Inputs::default() };
    let plan = Plan { choice, all: true, run: Run::default() };
    let (report, _) = scan::templates(plan, &sources, &[vec![(template, inputs)]]).unwrap();
    let mut worst = BTreeMap::new();
    for finding in report.findings {
        let verdict = finding.declared.unwrap().verdict;
        let known = worst.entry(finding.rule).or_insert(verdict);
        let rank = |v: &str| ["pass", "unknown", "fail"].iter().position(|w| *w == v);
        if rank(verdict) > rank(known) {
            *known = verdict;
        }
    }
    worst
}

#[test]
fn what_the_reviews_quote_is_judged_as_they_judge_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents");
    let mut wrong = Vec::new();
    for profile in ["ecommerce-ha", "tapstack", "payflow-pci", "corp-enterpriseapp", "novacart"] {
        let text = fs::read_to_string(folder.join(format!("{profile}.yaml"))).unwrap();
        for (n, document) in text.split("\n---\n").skip(1).enumerate() {
            let found = verdicts(profile, document);
            for (word, fine) in [("must fail", "fail"), ("must hold", "pass"), ("must not fail", "")] {
                for id in demands(document, word) {
                    let got = found.get(id.as_str()).copied().unwrap_or("n/a");
                    if (fine.is_empty() && got == "fail") || (!fine.is_empty() && got != fine) {
                        wrong.push(format!("{profile} document {}: {id} {word}, but it is {got}", n + 1));
                    }
                }
            }
            assert!(document.contains("# must "), "{profile} document {}: demands nothing", n + 1);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
