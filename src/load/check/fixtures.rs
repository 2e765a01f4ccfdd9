//! The fixture templates, and everything that is said about them.

use std::path::Path;

use crate::diag::Diagnostic;
use crate::load::{Inputs, evaluate, parameters, parse};
use crate::source::Sources;

fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/templates");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// Line, column and message of each diagnostic; a `+` line for each related place, a `=` line for a hint.
fn said(name: &str) -> Vec<String> {
    let mut sources = Sources::default();
    let found = match parse(&mut sources, name, &read(name)) {
        Err(problems) => problems,
        Ok(template) => evaluate(&template, &Inputs::default()).map_or_else(|problems| problems, |done| done.warnings),
    };
    found.iter().flat_map(|problem| lines(problem, &sources)).collect()
}

fn lines(problem: &Diagnostic, sources: &Sources) -> Vec<String> {
    let place = |at| sources.place(at).map(|place| (place.start.line, place.start.column)).unwrap();
    let (line, column) = place(problem.at);
    let mut lines = vec![format!("{line}:{column} {}", problem.message)];
    for (at, label) in &problem.related {
        let (line, column) = place(*at);
        lines.push(format!("+ {line}:{column} {label}"));
    }
    lines.extend(problem.hint.iter().map(|hint| format!("= {hint}")));
    lines
}

#[test]
fn sound_templates_are_sound() {
    for name in ["good.yaml", "undecided.yaml", "parameters.yaml"] {
        assert_eq!(said(name), [""; 0], "{name}");
    }
}

#[test]
fn every_mistake_of_a_template_is_said_in_one_go() {
    assert_eq!(
        said("broken.yaml"),
        [
            "11:3 condition `IsLarge` depends on itself",
            "+ 12:3 on the way",
            "14:1 unknown section `Resorces`",
            "= did you mean `Resources`?",
            "19:5 unknown attribute `DeletonPolicy` of resource `Bucket`",
            "= did you mean `DeletionPolicy`?",
            "21:25 `Enviroment` is neither a parameter nor a resource of this template",
            "= did you mean `Environment`?",
            "26:23 condition `IsProduction` is not defined",
            "28:3 resource `Policy` has no `Type`",
            "= every resource names its type, `AWS::S3::Bucket` for example",
            "30:20 `Buckett` is neither a parameter nor a resource of this template",
            "= did you mean `Bucket`?",
            "35:23 `!GetAttr` is not a function of CloudFormation",
            "= did you mean `!GetAtt`?",
            "40:16 `Polcy` is not a resource of this template",
            "= did you mean `Policy`?",
            "42:28 mapping `Images` is not defined",
            "43:25 wrong argument of `Fn::Select`",
        ]
    );
}

#[test]
fn a_circle_is_one_mistake_with_all_its_places() {
    assert_eq!(
        said("circular.yaml"),
        [
            "13:44 circular dependency between resources: Web → App → Database → Web",
            "+ 18:38 `App` needs `Database`",
            "+ 22:16 `Database` needs `Web`",
            "= write one of the rules as an `AWS::EC2::SecurityGroupIngress` or `AWS::EC2::SecurityGroupEgress` of its own",
        ]
    );
}

#[test]
fn syntax_is_said_in_the_language_of_the_file() {
    assert_eq!(said("missing-comma.json"), ["4:31 a comma is missing", "+ 5:7 before this"]);
    assert_eq!(said("nested-tags.yaml").len(), 2, "{:?}", said("nested-tags.yaml"));
    assert!(said("duplicate-keys.json")[0].contains("is given twice"), "{:?}", said("duplicate-keys.json"));
}

#[test]
fn parameter_files_of_every_form_are_taken_by_the_template() {
    for name in ["parameters.json", "parameters.pipeline.json"] {
        let mut sources = Sources::default();
        let template = parse(&mut sources, "t.yaml", &read("parameters.yaml")).unwrap();
        let parameters = parameters(&mut sources, name, &read(name)).unwrap();
        assert_eq!(parameters.len(), 2);
        let declared = evaluate(&template, &Inputs { parameters, ..Inputs::default() }).unwrap();
        let topic = &declared.variants[0][0];
        assert_eq!(topic.properties.to_string(), r#"{"TopicName":"app-prod"}"#);
    }
}
