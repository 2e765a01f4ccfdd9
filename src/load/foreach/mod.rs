//! `Fn::ForEach`: writes loops out, so that everything after sees a template without them.

mod loops;
mod name;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::condition::Truths;
use super::evaluator::Evaluator;
use super::names;
use super::scope::Scope;
use super::{Inputs, check};
use crate::diag::Diagnostic;
use crate::model::{Entry, Kind, Unknown, Value};
use loops::Loops;

/// Where CloudFormation allows loops.
const SECTIONS: &[&str] = &["Conditions", "Resources", "Outputs"];

/// A template whose loops are written out as far as their collections are known.
pub(super) struct Expansion<'r> {
    /// The document. What a loop makes has the spans of the loop's body. A loop whose collection is not known is still there.
    pub(super) root: Cow<'r, Value>,
    /// What is wrong with the loops.
    pub(super) problems: Vec<Diagnostic>,
    /// A warning for each loop that is still there.
    pub(super) left: Vec<Diagnostic>,
}

/// Writes out the loops whose collections the template alone tells.
pub(super) fn written(root: &Value) -> Expansion<'_> {
    let (scope, inputs) = (Scope::new(root), Inputs::default());
    let open = |name: &Arc<str>| (Arc::clone(name), Kind::Unknown(Unknown::Parameter(Arc::clone(name))));
    let parameters: HashMap<Arc<str>, Kind> = scope.parameters.keys().map(open).collect();
    expand(root, &Evaluator::new(&scope, &inputs, &parameters, Truths::new()))
}

/// Writes out the loops whose collections are known to an evaluator of the same template.
pub(super) fn expand<'r>(root: &'r Value, on: &Evaluator<'_>) -> Expansion<'r> {
    let mut expansion = Expansion { root: Cow::Borrowed(root), problems: Vec::new(), left: Vec::new() };
    let Some(sections) = root.as_map() else { return expansion };
    expansion.problems = misplaced(root);
    let mut found = Vec::new();
    SECTIONS.iter().filter_map(|name| sections.get(*name)).for_each(|entry| find(&entry.value, &mut found));
    let Some(first) = found.first() else { return expansion };
    if !on.scope.is_extended() {
        // A macro of somebody's own may see the loop first and mean anything by it.
        if !on.scope.has_macro() {
            expansion.problems.push(needs_transform(first));
        }
        return expansion;
    }
    let mut loops = Loops::new(on);
    let mut sections = sections.clone();
    for name in SECTIONS {
        if let Some(entry) = sections.get_mut(*name)
            && let Kind::Map(members) = &entry.value.kind
        {
            let members = loops.section(members);
            entry.value.kind = Kind::Map(members);
        }
    }
    if let Some(problem) = loops.too_much {
        expansion.problems.push(problem);
        return expansion;
    }
    expansion.root = Cow::Owned(Value { kind: Kind::Map(sections), at: root.at });
    expansion.problems.extend(loops.problems);
    expansion.left = loops.left;
    expansion
}

/// What is wrong with a template, known only once its loops are written out with the inputs.
pub(super) fn mistakes(expansion: &Expansion<'_>) -> Vec<Diagnostic> {
    match &expansion.root {
        Cow::Borrowed(_) => Vec::new(),
        Cow::Owned(root) => once_each(check::template(root, "")),
    }
}

/// Leaves out what the other rounds of a loop say again: the same message at the same place, with other names.
pub(super) fn once_each(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    let words = |message: &str| message.split('`').step_by(2).collect::<String>();
    problems.retain(|problem| seen.insert((problem.at, words(&problem.message))));
    problems
}

/// Loops in sections that know none. `Metadata` may hold anything.
fn misplaced(root: &Value) -> Vec<Diagnostic> {
    let said = |name: &str, at, place: &str| {
        Diagnostic::error(at, format!("`{name}` is not allowed {place}"))
            .hint("loops stand in `Resources`, `Conditions` and `Outputs`")
    };
    let mut problems = Vec::new();
    for (section, entry) in root.as_map().into_iter().flatten() {
        if names::is_loop(section) {
            problems.push(said(section, entry.key_at, "beside the sections"));
        } else if matches!(&**section, "Parameters" | "Mappings" | "Rules") {
            let mut found = Vec::new();
            find(&entry.value, &mut found);
            let place = format!("in `{section}`");
            problems
                .extend(found.iter().take(check::MAX_PROBLEMS).map(|(name, entry)| said(name, entry.key_at, &place)));
        }
    }
    problems
}

/// Why a loop is still there: its collection is not known.
pub(super) fn why(on: &Evaluator<'_>, argument: &Value) -> Unknown {
    let collection = argument.as_list().and_then(|parts| parts.get(1)).and_then(|collection| on.value(collection));
    collection.and_then(|collection| unknown(&collection)).unwrap_or_else(|| Unknown::Unsupported("Fn::ForEach".into()))
}

/// Why a collection, or one of its elements, is not known.
fn unknown(collection: &Value) -> Option<Unknown> {
    collection.why_unknown().or_else(|| collection.as_list()?.iter().find_map(Value::why_unknown))
}

/// The loops of a value, with their keys.
fn find<'v>(value: &'v Value, into: &mut Vec<(&'v Arc<str>, &'v Entry)>) {
    match &value.kind {
        Kind::List(items) => items.iter().for_each(|item| find(item, into)),
        Kind::Map(map) => {
            into.extend(map.iter().filter(|(key, _)| names::is_loop(key)));
            map.values().for_each(|entry| find(&entry.value, into));
        }
        _ => {}
    }
}

fn needs_transform((name, entry): &(&Arc<str>, &Entry)) -> Diagnostic {
    Diagnostic::error(entry.key_at, format!("`{name}` needs the transform `AWS::LanguageExtensions`"))
        .hint("add `Transform: AWS::LanguageExtensions` to the template")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{declared, problems, resource};
    use super::super::{evaluate, parse};
    use super::*;
    use crate::diag::Gravity;
    use crate::model::{Resource, types};
    use crate::source::Sources;

    const TABLES: &str = "Transform: AWS::LanguageExtensions\n\
                          Parameters: {Names: {Type: CommaDelimitedList, Default: 'a,b'}, Open: {Type: CommaDelimitedList}}\n\
                          Mappings: {Zones: {eu: {Names: [x, y]}}}\n";

    fn with(resources: &str) -> String {
        format!("{TABLES}Resources:\n  Fixed: {{Type: T::T::T}}\n{resources}")
    }

    /// Logical id, properties.
    fn made(text: &str, inputs: &Inputs) -> Vec<(String, String)> {
        let one = |r: &Resource| Some((r.address.logical_id.as_deref()?.to_owned(), r.properties.to_string()));
        declared(text, inputs).variants[0].iter().filter_map(one).skip(1).collect()
    }

    fn ids(text: &str) -> Vec<String> {
        made(text, &Inputs::default()).into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn a_loop_makes_a_resource_for_each_value_as_if_it_were_written_out() {
        let text = with(
            "  Fn::ForEach::Tables:\n    - Name\n    - [Points, Score]\n    - Table${Name}:\n        Type: AWS::DynamoDB::Table\n        \
             Properties: {TableName: !Ref Name, Tags: [{Key: k, Value: !Sub 'x-${Name}-${AWS::Region}'}]}\n  \
             Last: {Type: T::T::T, DependsOn: TablePoints, Properties: {A: !GetAtt TableScore.Arn}}\n",
        );
        let here = Inputs { region: "eu-west-1".into(), ..Inputs::default() };
        let row = |name: &str| {
            (
                format!("Table{name}"),
                format!(r#"{{"TableName":"{name}","Tags":[{{"Key":"k","Value":"x-{name}-eu-west-1"}}]}}"#),
            )
        };
        let last = ("Last".to_owned(), r#"{"A":"!GetAtt TableScore.Arn"}"#.to_owned());
        assert_eq!(made(&text, &here), [row("Points"), row("Score"), last]);

        let table = resource(&text, "TableScore", &here);
        let slice = |at: crate::source::Span| &text[at.start as usize..at.end as usize];
        assert_eq!(slice(table.at), "Table${Name}");
        assert_eq!(slice(table.get("TableName").at()), "!Ref Name");
        assert_eq!(slice(table.get("Tags.0.Value").at()), "!Sub 'x-${Name}-${AWS::Region}'");
        assert_eq!(table.raw.unwrap().child("TableName").unwrap().as_str(), Some("Score"));
        let all = declared(&text, &here);
        let itself = all.variants[0].iter().find(|r| &*r.kind == types::TEMPLATE).unwrap();
        assert_eq!(itself.get("Resources.TablePoints.Type").as_str(), Some("AWS::DynamoDB::Table"));
        assert!(itself.attribute("Incomplete").is_absent() && all.warnings.is_empty(), "{:?}", all.warnings);
    }

    #[test]
    fn loops_nest_and_the_inner_one_sees_the_value_of_the_outer() {
        let text = with(
            "  Fn::ForEach::Outer:\n    - A\n    - [eu]\n    - Fn::ForEach::Inner:\n        - B\n        - !FindInMap [Zones, !Ref A, Names]\n        \
             - R${A}${B}: {Type: T::T::T, Properties: {P: !Join ['-', [!Ref A, !Ref B]]}}\n",
        );
        let row = |zone: &str| (format!("Reu{zone}"), format!(r#"{{"P":"eu-{zone}"}}"#));
        assert_eq!(made(&text, &Inputs::default()), [row("x"), row("y")]);
    }

    #[test]
    fn a_collection_is_a_list_or_any_function_that_gives_one() {
        for collection in ["[a, b]", "!Ref Names", "!Split ['/', a/b]", "[!Select [0, !Ref Names], b]"] {
            assert_eq!(
                ids(&with(&format!("  Fn::ForEach::L: [X, {collection}, {{'R${{X}}': {{Type: T::T::T}}}}]\n"))),
                ["Ra", "Rb"]
            );
        }
        let dotted =
            with("  Fn::ForEach::L: [X, [10.0.0.0/16], {'R&{X}': {Type: T::T::T, Properties: {C: !Ref X}}}]\n");
        assert_eq!(made(&dotted, &Inputs::default()), [("R1000016".to_owned(), r#"{"C":"10.0.0.0/16"}"#.to_owned())]);
        let given = Inputs { parameters: [("Open".into(), "p,q".into())].into(), ..Inputs::default() };
        let open = with("  Fn::ForEach::L: [X, !Ref Open, {'R${X}': {Type: T::T::T}}]\n");
        assert_eq!(made(&open, &given).len(), 2);
    }

    #[test]
    fn properties_conditions_and_outputs_have_loops_too() {
        let text = with(
            "  R:\n    Type: T::T::T\n    Condition: IsDev\n    Properties:\n      Fn::ForEach::P: [X, [A, B], {'Is${X}': !If ['Is${Y}', 1, 2]}]\n      Z: 1\n",
        )
        .replace("${Y}", "Dev")
            + "Conditions:\n  Fn::ForEach::C: [E, [Dev, Prod], {'Is${E}': !Equals [Dev, !Ref E]}]\n\
               Outputs:\n  Fn::ForEach::O: [X, [A, B], {'Out${X}': {Value: !Ref R}}]\n";
        assert_eq!(made(&text, &Inputs::default()), [("R".to_owned(), r#"{"IsA":1,"IsB":1,"Z":1}"#.to_owned())]);
        assert_eq!(ids(&text.replace("Condition: IsDev", "Condition: IsProd")), <[String; 0]>::default());
    }

    #[test]
    fn what_a_loop_over_something_unknown_makes_is_unknown() {
        let text = with(
            "  Fn::ForEach::L: [X, !Ref Open, {'R${X}': {Type: T::T::T}}]\n  \
             R: {Type: T::T::T, Properties: {A: 1, Fn::ForEach::P: [X, !Ref Open, {'P${X}': 1}]}}\n",
        );
        let declared = declared(&text, &Inputs::default());
        let why = Some(Unknown::Parameter("Open".into()));
        let itself = declared.variants[0].iter().find(|r| &*r.kind == types::TEMPLATE).unwrap();
        assert_eq!(itself.attribute("Incomplete").why_unknown(), why);
        assert_eq!(resource(&text, "R", &Inputs::default()).get("A").why_unknown(), why);
        let warnings: Vec<_> = declared.warnings.iter().map(|w| (w.gravity, w.message.as_str())).collect();
        let expected = ["`Fn::ForEach::L` is not written out", "`Fn::ForEach::P` is not written out"];
        assert_eq!(warnings, expected.map(|message| (Gravity::Warning, message)));
    }

    #[test]
    fn mistakes_in_loops_are_said_once_at_the_line_of_the_loop() {
        let said = |marked: &str, message: &str| {
            let text = with(marked);
            let place = marked.split_once(">>").and_then(|(_, rest)| rest.split_once("<<")).unwrap().0;
            assert_eq!(problems(&text.replace(">>", "").replace("<<", "")), [(message.to_owned(), place.to_owned())]);
        };
        let body = "{'R${X}': {Type: T::T::T}}";
        said("  Fn::ForEach::L: >>[X, [a]]<<\n", "wrong argument of `Fn::ForEach::L`");
        said(&format!("  Fn::ForEach::L: [>>5<<, [a], {body}]\n"), "wrong argument of `Fn::ForEach::L`");
        said(&format!("  Fn::ForEach::L: [X, >>text<<, {body}]\n"), "wrong argument of `Fn::ForEach::L`");
        said(&format!("  Fn::ForEach::L: [X, >>!Ref Fixed<<, {body}]\n"), "wrong argument of `Fn::ForEach::L`");
        said("  Fn::ForEach::L: [X, [a, b], {>>Fixed<<: {Type: T::T::T}}]\n", "a loop makes `Fixed` twice");
        said("  Fn::ForEach::L: [X, [a-b], {>>'R${X}'<<: {Type: T::T::T}}]\n", "a loop makes the name `Ra-b`");
        said(
            "  Fn::ForEach::L: [X, [a, b, c], {'R${X}': {Type: T::T::T, DependsOn: >>'${X}Role'<<}}]\n",
            "`aRole` is not a resource of this template",
        );
        let mapping = "Mappings: {Fn::ForEach::M: [X, [a], {'${X}': {a: b}}]}\nResources: {R: {Type: T::T::T}}";
        assert_eq!(problems(mapping)[0].0, "`Fn::ForEach::M` is not allowed in `Mappings`");
        let bare = "Resources: {Fn::ForEach::L: [X, [a], {'R${X}': {Type: T::T::T}}]}";
        assert_eq!(problems(bare)[0].0, "`Fn::ForEach::L` needs the transform `AWS::LanguageExtensions`");
    }

    #[test]
    fn mistakes_that_only_given_values_bring_out_are_said_by_evaluate() {
        let text = with("  Fn::ForEach::L: [X, !Ref Open, {'R${X}': {Type: T::T::T, DependsOn: '${X}Role'}}]\n");
        let template = parse(&mut Sources::default(), "t.yaml", &text).unwrap();
        let given = Inputs { parameters: [("Open".into(), "p,q".into())].into(), ..Inputs::default() };
        let found = evaluate(&template, &given).unwrap_err();
        assert_eq!(
            found.iter().map(|p| &*p.message).collect::<Vec<_>>(),
            ["`pRole` is not a resource of this template"]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_loop_makes_it_panic_and_spans_lie_in_the_text(
            keys in proptest::collection::vec("(Fn::ForEach::[AB]|R[$&]\\{[XY]\\}|R|Ref|Fn::Split)", 4),
            leaves in proptest::collection::vec("([XY]|[ab]{1,2}|\\[a, b\\]|!Ref Names|\\$\\{X\\}|\\[\\]|é-1)", 6),
        ) {
            let [k0, k1, k2, k3] = &*keys else { unreachable!() };
            let [a, b, c, d, e, f] = &*leaves else { unreachable!() };
            let text = with(&format!(
                "  '{k0}': [{a}, {b}, {{'{k1}': [{c}, {d}, {{'{k2}': {{Type: T::T::T, Properties: {{'{k3}': '{e}', Z: {f}}}}}}}]}}]\n"
            ));
            let parameters = [("Names".into(), "p,q".into())].into();
            let mut sources = Sources::default();
            let problems = match parse(&mut sources, "t.yaml", &text) {
                Ok(template) => evaluate(&template, &Inputs { parameters, ..Inputs::default() }).err().unwrap_or_default(),
                Err(problems) => problems,
            };
            for problem in problems {
                proptest::prop_assert!(text.get(problem.at.start as usize..problem.at.end as usize).is_some());
            }
        }
    }

    #[test]
    fn a_loop_that_makes_too_much_is_refused_quickly() {
        let ten = "[a, b, c, d, e, f, g, h, i, j]";
        let mut body = "{'R${A0}${A1}${A2}${A3}${A4}${A5}': {Type: T::T::T}}".to_owned();
        for n in 0..6 {
            body = format!("{{'Fn::ForEach::L{n}': [A{n}, {ten}, {body}]}}");
        }
        let found = problems(&format!("Transform: AWS::LanguageExtensions\nResources: {body}"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].0.contains("make more than a template can hold"), "{found:?}");
        let long = "x".repeat(10_000);
        let texts = format!(
            "Transform: AWS::LanguageExtensions\nResources: {{'Fn::ForEach::L': [A, {ten}, {{'Fn::ForEach::M': [B, {ten}, {{'Fn::ForEach::N': \
             [C, [{long}], {{'R${{A}}${{B}}': {{Type: T::T::T, Properties: {{P: '{}'}}}}}}]}}]}}]}}",
            "${C}".repeat(100)
        );
        assert!(problems(&texts)[0].0.contains("make more than a template can hold"));
    }
}
