//! How time and memory grow with a template: reading, evaluating and judging it. `docs/performance.md` says how to run and read this.

mod support;

use std::path::{Path, PathBuf};
use std::{env, fs};

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::PrettyFormatter;

use driftline::judge;
use driftline::load::{self, Declared, Inputs, Template};
use driftline::model::{Estate, to_json};
use driftline::profile::Active;
use driftline::rules;
use driftline::source::Sources;
use support::{Named, hostile};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// CloudFormation takes 500.
const RESOURCES: [usize; 5] = [10, 50, 100, 250, 500];

fn main() {
    divan::main();
}

fn parse(text: &str) -> Template {
    load::parse(&mut Sources::default(), "t.yaml", text).unwrap_or_else(|p| panic!("{p:?}"))
}

fn evaluate(template: &Template) -> Declared {
    load::evaluate(template, &Inputs::default()).unwrap_or_else(|p| panic!("{p:?}"))
}

fn judged(active: &[Active], declared: Declared) -> usize {
    let estates: Vec<Estate> = declared.variants.into_iter().map(|v| Estate::new(v, None)).collect();
    judge::declared(active, &estates).len()
}

fn every_rule() -> Vec<Active> {
    rules::all().map(Active::by_default).collect()
}

#[divan::bench(args = RESOURCES)]
fn a_parse(bencher: Bencher<'_, '_>, resources: usize) {
    let text = support::template(resources);
    bencher.counter(BytesCount::of_str(&text)).counter(ItemsCount::new(resources)).bench(|| parse(&text));
}

#[divan::bench(args = RESOURCES)]
fn b_evaluate(bencher: Bencher<'_, '_>, resources: usize) {
    let template = parse(&support::template(resources));
    bencher.counter(ItemsCount::new(resources)).bench(|| evaluate(&template));
}

#[divan::bench(args = RESOURCES)]
fn c_judge(bencher: Bencher<'_, '_>, resources: usize) {
    let (active, declared) = (every_rule(), evaluate(&parse(&support::template(resources))));
    let bencher = bencher.counter(ItemsCount::new(resources)).with_inputs(|| declared.clone());
    bencher.bench_values(|declared| judged(&active, declared));
}

/// From a text to the verdicts of every rule.
#[divan::bench(args = RESOURCES)]
fn d_text_to_verdicts(bencher: Bencher<'_, '_>, resources: usize) {
    let (active, text) = (every_rule(), support::template(resources));
    let bencher = bencher.counter(BytesCount::of_str(&text)).counter(ItemsCount::new(resources));
    bencher.bench(|| judged(&active, evaluate(&parse(&text))));
}

/// The same as JSON, indented so that 500 resources are nearly the megabyte that CloudFormation takes.
#[divan::bench(args = RESOURCES)]
fn e_json_to_verdicts(bencher: Bencher<'_, '_>, resources: usize) {
    let tree = to_json(&parse(&support::template(resources)).root);
    let mut bytes = Vec::new();
    let mut writer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"     "));
    tree.serialize(&mut writer).expect("a tree of JSON is written to memory");
    let (active, text) = (every_rule(), String::from_utf8(bytes).expect("JSON is text"));
    let bencher = bencher.counter(BytesCount::of_str(&text)).counter(ItemsCount::new(resources));
    bencher.bench(|| judged(&active, evaluate(&parse(&text))));
}

/// A hundred resources, and that many conditions that nobody can decide; from the seventh on they are not enumerated.
#[divan::bench(args = [0, 1, 2, 4, 6, 8])]
fn f_open_conditions(bencher: Bencher<'_, '_>, conditions: usize) {
    let all = |line: &dyn Fn(usize) -> String| (0..conditions).map(line).collect::<String>();
    let parameters = all(&|n| format!("  P{n}: {{Type: String}}\n"));
    let expressions = all(&|n| format!("  C{n}: !Equals [!Ref P{n}, x]\n"));
    let resources = all(&|n| format!("  R{n}: {{Type: AWS::S3::Bucket, Condition: C{n}}}\n"));
    let text = support::template(100).replacen("Parameters:\n", &format!("Parameters:\n{parameters}"), 1).replacen(
        "Conditions:\n",
        &format!("Conditions:\n{expressions}"),
        1,
    );
    let (active, text) = (every_rule(), text + &resources);
    bencher.bench(|| judged(&active, evaluate(&parse(&text))));
}

/// A mistake is an answer too; what matters is that it comes soon.
fn defend(bencher: Bencher<'_, '_>, attack: &Named) {
    bencher.counter(BytesCount::of_str(&attack.text)).bench(|| {
        let template = load::parse(&mut Sources::default(), "t.yaml", &attack.text);
        template.and_then(|template| load::evaluate(&template, &Inputs::default()))
    });
}

fn attacks(size: usize) -> impl Iterator<Item = Named> {
    hostile::all(size).into_iter().map(|(name, text)| Named { name: name.to_owned(), text })
}

#[divan::bench(args = attacks(100_000), sample_count = 5, sample_size = 1)]
fn g_hostile_100_kb(bencher: Bencher<'_, '_>, attack: &Named) {
    defend(bencher, attack);
}

#[divan::bench(args = attacks(1_000_000), sample_count = 3, sample_size = 1)]
fn h_hostile_1_mb(bencher: Bencher<'_, '_>, attack: &Named) {
    defend(bencher, attack);
}

/// The largest template below the folder that `DRIFTLINE_TEMPLATES` names.
fn largest() -> Option<Named> {
    let mut folders = vec![PathBuf::from(env::var_os("DRIFTLINE_TEMPLATES")?)];
    let mut best: Option<Named> = None;
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path)
                && best.as_ref().is_none_or(|best| best.text.len() < text.len())
                && load::looks_like_template(&text)
            {
                best = Some(Named { name: file_name(&path), text });
            }
        }
    }
    best
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[divan::bench(args = largest())]
fn i_largest_real_template(bencher: Bencher<'_, '_>, template: &Named) {
    let bencher = bencher.counter(BytesCount::of_str(&template.text));
    bencher.bench(|| evaluate(&parse(&template.text)));
}
