//! What holds for every text whatever: the fuzz targets and the property tests ask the same questions.

use std::time::{Duration, Instant};

use driftline::diag::Diagnostic;
use driftline::load::{self, Inputs, Template};
use driftline::model::{Kind, Resource, Value};
use driftline::source::{FileId, Sources, Span};

/// Longer than any text of some kilobytes may take, even unoptimised on a busy machine; a loop that does not end or doubles its work with
/// every line takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads a text in every way there is.
///
/// # Panics
/// If a span lies outside of the text, a plain scalar is not what stands at its span, or it takes too long.
pub fn reading(text: &str) {
    let started = Instant::now();
    let mut sources = Sources::default();
    let _ = load::looks_like_template(text);
    if let Err(problems) = load::parameters(&mut sources, "p.yaml", text) {
        shown(&sources, text, &problems);
    }
    match load::parse_stream(&mut sources, "s.yaml", text) {
        Ok(templates) => templates.iter().for_each(|template| written(text, template)),
        Err(problems) => shown(&sources, text, &problems),
    }
    match load::parse(&mut sources, "t.yaml", text) {
        Ok(template) => written(text, &template),
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a word");
            shown(&sources, text, &problems);
        }
    }
    assert!(started.elapsed() < PATIENCE, "reading {} bytes took {:?}", text.len(), started.elapsed());
}

/// Evaluates a text with the given parameters, as a file and as a deployed stack.
///
/// # Panics
/// If two evaluations differ, a span lies outside of the text, a resource is there twice, or it takes too long.
pub fn evaluation<'a>(text: &str, given: impl Iterator<Item = (&'a str, &'a str)>) {
    let started = Instant::now();
    let mut sources = Sources::default();
    let Ok(template) = load::parse(&mut sources, "t.yaml", text) else { return };
    let parameters = given.map(|(name, value)| (name.into(), value.into())).collect();
    let file = Inputs { stack: "t.yaml".into(), parameters, ..Inputs::default() };
    let ids = template.root.child("Resources").and_then(Value::as_map);
    let physical = |id: &std::sync::Arc<str>| (id.clone(), format!("{id}-1").into());
    let deployed = Inputs {
        account: "123456789012".into(),
        region: "eu-west-1".into(),
        stack_id: Some("arn:aws:cloudformation:eu-west-1:123456789012:stack/t/1".into()),
        physical_ids: ids.into_iter().flat_map(|map| map.keys()).map(physical).collect(),
        ..file.clone()
    };
    for inputs in [file, deployed] {
        match load::evaluate(&template, &inputs) {
            Err(problems) => shown(&sources, text, &problems),
            Ok(declared) => {
                shown(&sources, text, &declared.warnings);
                assert!(!declared.variants.is_empty(), "no variant at all");
                let again = load::evaluate(&template, &inputs).expect("what was evaluated once is evaluated again");
                assert!(declared.variants == again.variants, "two evaluations differ");
                declared.variants.iter().for_each(|variant| resources(text, template.file, variant));
            }
        }
    }
    assert!(started.elapsed() < PATIENCE, "evaluating {} bytes took {:?}", text.len(), started.elapsed());
}

fn resources(text: &str, file: FileId, variant: &[Resource]) {
    let mut ids: Vec<_> = variant.iter().filter_map(|r| r.address.logical_id.as_ref()).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "a resource is there twice");
    for resource in variant {
        assert!(slice(text, resource.at).is_some(), "{:?} is not in the text", resource.at);
        // What the template as a whole has beside its sections is said by no text of it.
        let attributes = resource.address.logical_id.is_some().then_some(&resource.attributes);
        for value in std::iter::once(&resource.properties).chain(attributes) {
            each(value, &mut |at, _| {
                assert!(at.file == file && slice(text, at).is_some(), "{at:?} in {:?}", resource.address);
            });
        }
    }
}

/// Every message can be shown, and points into the text.
fn shown(sources: &Sources, text: &str, problems: &[Diagnostic]) {
    for problem in problems {
        for at in std::iter::once(problem.at).chain(problem.related.iter().map(|(at, _)| *at)) {
            assert!(slice(text, at).is_some(), "{at:?} of {} is not in {text:?}", problem.message);
        }
    }
    for problem in problems.iter().take(3) {
        assert!(!problem.render(sources, false).is_empty());
    }
}

/// Spans of a tree as it is written.
fn written(text: &str, template: &Template) {
    each(&template.root, &mut |at, value| {
        let found = slice(text, at).unwrap_or_else(|| panic!("{at:?} is not in {text:?}"));
        let Some(value) = value.and_then(Value::text) else { return };
        if is_plain(found) {
            // A plain scalar of several lines is folded; `True` is `true`; `A.B` of a `!GetAtt` gives two values.
            let folded = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
            let (found, value) = (folded(found), folded(&value));
            let parts = found.split_once('.').map(|(id, attribute)| [id.trim(), attribute.trim()]);
            assert!(found == value || parts.is_some_and(|p| p.contains(&&*value)), "{value:?} stands at {found:?}");
        }
    });
}

/// Whether a text is a scalar without quotes, and not an alias, a tag or a block.
fn is_plain(text: &str) -> bool {
    !text.starts_with(['"', '\'', '|', '>', '*', '!', '&'])
}

/// Calls `visit` with every span of a tree, and with the value where it is a scalar's.
fn each(value: &Value, visit: &mut impl FnMut(Span, Option<&Value>)) {
    match &value.kind {
        Kind::List(items) => {
            visit(value.at, None);
            for item in items {
                each(item, visit);
            }
        }
        Kind::Map(map) => {
            visit(value.at, None);
            for (key, entry) in map {
                let key = Value { kind: Kind::Str(key.clone()), at: entry.key_at };
                visit(key.at, Some(&key).filter(|key| key.as_str() != Some("null")));
                each(&entry.value, visit);
            }
        }
        _ => visit(value.at, Some(value)),
    }
}

fn slice(text: &str, at: Span) -> Option<&str> {
    text.get(usize::try_from(at.start).ok()?..usize::try_from(at.end).ok()?)
}
