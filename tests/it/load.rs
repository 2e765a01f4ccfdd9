//! What holds for every template: texts that nobody would write, templates that anybody might, and real ones.

mod generate;
mod render;

#[path = "../../benches/support/hostile.rs"]
mod hostile;
#[expect(unreachable_pub, reason = "the fuzz targets, which share it, are another crate")]
#[path = "../../fuzz/src/properties.rs"]
mod properties;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use driftline::load::{self, Inputs};
use driftline::model::{Entry, Kind, Resource, Value};
use driftline::source::{Sources, Span};
use proptest::prelude::*;

fn declared(name: &str, text: &str, inputs: &Inputs) -> Vec<Vec<Resource>> {
    let mut sources = Sources::default();
    let declared = load::parse(&mut sources, name, text).and_then(|template| load::evaluate(&template, inputs));
    let declared = declared.unwrap_or_else(|problems| {
        let shown: String = problems.iter().map(|problem| problem.render(&sources, false)).collect();
        panic!("{shown}\n{text}");
    });
    assert!(!declared.capped, "{text}");
    declared.variants
}

fn given(parameters: &[(&str, &str)]) -> Inputs {
    let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Inputs { stack: "app".into(), region: "eu-west-1".into(), parameters, ..Inputs::default() }
}

/// The same value, wherever it stands.
fn placeless(value: &Value) -> Value {
    Value::live(match &value.kind {
        Kind::List(items) => Kind::List(items.iter().map(placeless).collect()),
        Kind::Map(map) => {
            let member = |(key, entry): (&Arc<str>, &Entry)| {
                (Arc::clone(key), Entry { key_at: Span::LIVE, value: placeless(&entry.value) })
            };
            Kind::Map(map.iter().map(member).collect())
        }
        other => other.clone(),
    })
}

fn bare(resource: &Resource) -> Resource {
    Resource {
        at: Span::LIVE,
        properties: placeless(&resource.properties),
        attributes: placeless(&resource.attributes),
        raw: resource.raw.as_deref().map(|raw| placeless(raw).into()),
        ..resource.clone()
    }
}

fn estates(variants: &[Vec<Resource>]) -> Vec<Vec<Resource>> {
    variants.iter().map(|variant| variant.iter().map(bare).collect()).collect()
}

/// What the witness says of every condition, and which resources exist.
fn outcome(variant: &[Resource]) -> (String, Vec<String>) {
    let id = |r: &Resource| r.address.logical_id.as_deref().map(str::to_owned);
    let witness = variant.iter().find(|r| id(r).as_deref() == Some("Witness")).unwrap();
    (witness.properties.to_string(), variant.iter().filter_map(id).collect())
}

/// Every way to give the parameters that conditions ask for: each value that they are compared with, and another one.
fn assignments() -> Vec<Vec<(&'static str, &'static str)>> {
    generate::ASKED.iter().fold(vec![Vec::new()], |all, (name, values)| {
        let with = |before: &Vec<_>| {
            let one = |value| before.iter().copied().chain([(*name, value)]).collect();
            values.iter().copied().chain(["another"]).map(one).collect::<Vec<_>>()
        };
        all.iter().flat_map(with).collect()
    })
}

proptest! {
    // A quarter of the usual number: a case reads and evaluates a template of two hundred lines several times.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_to_an_end(text in "([ -~äß€😀\r\n\t\u{feff}]|Resources:\n|  R: |Type: T::T::T\n|!Sub |!Ref |!If |Fn::|\\$\\{|&a |\\*a |\"|\\[|\\{|- |---\n|: |\n  ){0,80}") {
        properties::reading(&text);
        properties::evaluation(&text, std::iter::empty());
    }

    #[test]
    fn a_damaged_template_is_read_to_an_end(
        template in generate::template(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize, "[ -~\n]{0,8}|!Ref Vpc|\\*a|&a "), 1..4),
    ) {
        let mut text: Vec<char> = render::yaml(&template).chars().collect();
        for (at, length, instead) in cuts {
            let at = at.index(text.len() + 1);
            text.splice(at..(at + length).min(text.len()), instead.chars());
        }
        let text: String = text.into_iter().collect();
        properties::reading(&text);
        properties::evaluation(&text, [("Env", "prod"), ("Size", "1")].into_iter());
    }

    #[test]
    fn yaml_and_json_declare_the_same(template in generate::template()) {
        let (yaml, json) = (render::yaml(&template), serde_json::to_string_pretty(&template).unwrap());
        properties::reading(&yaml);
        properties::reading(&json);
        for inputs in [given(&[]), given(&[("Env", "prod"), ("Size", "2"), ("Logs", "off")])] {
            let (yaml_says, json_says) = (declared("t", &yaml, &inputs), declared("t", &json, &inputs));
            prop_assert_eq!(estates(&yaml_says), estates(&json_says), "{}", yaml);
            prop_assert_eq!(declared("t", &yaml, &inputs), yaml_says, "a second time");
        }
    }

    #[test]
    fn variants_are_what_the_possible_parameters_give(template in generate::template()) {
        let text = render::yaml(&template);
        let open = declared("t", &text, &given(&[]));
        let possible: BTreeSet<_> = open.iter().map(|variant| outcome(variant)).collect();
        prop_assert_eq!(possible.len(), open.len(), "each variant is another one: {}", text);
        let mut seen = BTreeSet::new();
        for parameters in assignments() {
            let variants = declared("t", &text, &given(&parameters));
            prop_assert_eq!(variants.len(), 1, "everything is decided with {:?}: {}", parameters, text);
            seen.extend(variants.iter().map(|variant| outcome(variant)));
        }
        prop_assert_eq!(&seen, &possible, "{}", text);
        for (said, ids) in &possible {
            let conditions = said.matches("\":\"yes\"").count();
            prop_assert_eq!(ids.iter().filter(|id| id.starts_with("IfC")).count(), conditions, "{} {:?}", said, ids);
        }
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "which text it was is shown if the test fails")]
fn hostile_texts_are_read_to_an_end() {
    for (name, text) in hostile::all(20_000) {
        eprintln!("{name}: {} bytes", text.len());
        properties::reading(&text);
        properties::evaluation(&text, std::iter::empty());
    }
}

fn templates(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let wanted =
            |e: &std::ffi::OsStr| ["yaml", "yml", "json", "template"].iter().any(|w| e.eq_ignore_ascii_case(w));
        if path.is_dir() {
            templates(&path, into);
        } else if path.extension().is_some_and(wanted) {
            into.push(path);
        }
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn real_templates_load_without_a_complaint() {
    let Some(folder) = env::var_os("DRIFTLINE_TEMPLATES") else {
        eprintln!("skipped: DRIFTLINE_TEMPLATES names no folder of templates");
        return;
    };
    let mut paths = Vec::new();
    templates(Path::new(&folder), &mut paths);
    assert!(!paths.is_empty(), "{} holds no template", folder.display());
    let mut refused = Vec::new();
    for path in &paths {
        let text = fs::read_to_string(path).unwrap();
        if !load::looks_like_template(&text) {
            continue;
        }
        let (mut sources, name) = (Sources::default(), path.display().to_string());
        let done = load::parse(&mut sources, &name, &text).and_then(|t| load::evaluate(&t, &Inputs::default()));
        if let Err(problems) = done {
            refused.push(problems.iter().map(|problem| problem.render(&sources, false)).collect::<String>());
        }
        properties::reading(&text);
        properties::evaluation(&text, std::iter::empty());
    }
    assert!(refused.is_empty(), "{} of {}:\n{}", refused.len(), paths.len(), refused.join("\n"));
}
