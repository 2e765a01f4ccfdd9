//! Template files → declared resources.
//!
//! [`parse`] reads YAML or JSON into a tree with a span on every key and value and checks what can be checked without inputs;
//! [`evaluate`] resolves parameters, conditions and functions. What cannot be resolved is [`crate::model::Unknown`] with a reason.

mod assertions;
mod call;
mod check;
mod comparison;
mod condition;
mod evaluator;
mod files;
mod foreach;
mod inputs;
mod names;
mod nested;
mod origin;
mod parameter;
mod pseudo;
mod resources;
mod scalar;
mod scope;
mod serverless;
mod syntax;
#[cfg(test)]
mod testing;
mod tree;
mod variants;

pub use files::parameters;
pub use inputs::Inputs;
pub use nested::{Read, Root, families};
pub use origin::{on_lines_of, parse_deployed};
pub use resources::environments;
pub use variants::evaluate;

use granit_parser::{Event, Parser};

use crate::diag::{Diagnostic, Gravity};
use crate::model::{Resource, Value};
use crate::source::{FileId, Sources, Span};

/// A template as it is written: short-form tags in long form (`{"Fn::Sub": …}`), nothing resolved.
#[derive(Clone, Debug)]
pub struct Template {
    /// The text it was read from.
    pub file: FileId,
    /// The whole document.
    pub root: Value,
    /// What is questionable about it.
    warnings: Vec<Diagnostic>,
}

impl Template {
    /// Whether the template has a parameter of this name.
    #[must_use]
    pub fn has_parameter(&self, name: &str) -> bool {
        self.root.child("Parameters").and_then(|parameters| parameters.child(name)).is_some()
    }
}

/// What a template declares.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// One list of resources per assignment of the conditions that cannot be decided; exactly one if there is no such condition.
    pub variants: Vec<Vec<Resource>>,
    /// What is questionable about the template.
    pub warnings: Vec<Diagnostic>,
    /// Whether there were more undecided conditions than are enumerated. What hangs on the surplus is unknown in every variant.
    pub capped: bool,
}

/// Reads one template. An error holds every problem of the file, not only the first one.
pub fn parse(sources: &mut Sources, name: &str, text: &str) -> Result<Template, Vec<Diagnostic>> {
    single(sources, name, text, Gravity::Error)
}

/// Reads the template of a running stack. AWS has taken it, so whatever we object to but its syntax is a warning at most.
pub fn parse_running(sources: &mut Sources, name: &str, text: &str) -> Result<Template, Vec<Diagnostic>> {
    single(sources, name, text, Gravity::Warning)
}

fn single(sources: &mut Sources, name: &str, text: &str, worst: Gravity) -> Result<Template, Vec<Diagnostic>> {
    let file = sources.add(name, text);
    let (documents, mut problems) = tree::read(file, text);
    if documents.is_empty() && problems.is_empty() {
        let problem = Diagnostic::error(Span::new(file, 0, 0), "the file is empty");
        problems.push(problem.hint("a template needs a `Resources` section"));
    }
    hide_secrets(sources, &documents);
    if let Some(second) = documents.get(1) {
        let problem =
            Diagnostic::error(second.at, "more than one document in the file").label("the second one starts here");
        problems.push(problem.hint("a template file holds one template"));
    }
    let mut templates = checked(file, text, documents.into_iter().take(1), problems, worst)?;
    templates.pop().ok_or_else(Vec::new)
}

/// Reads a YAML stream of several templates, separated by `---`. Empty documents do not count.
pub fn parse_stream(sources: &mut Sources, name: &str, text: &str) -> Result<Vec<Template>, Vec<Diagnostic>> {
    let file = sources.add(name, text);
    let (documents, problems) = tree::read(file, text);
    hide_secrets(sources, &documents);
    checked(file, text, documents.into_iter(), problems, Gravity::Error)
}

/// Keeps the defaults of parameters with `NoEcho` out of messages.
fn hide_secrets(sources: &mut Sources, documents: &[Value]) {
    documents.iter().flat_map(check::secrets).for_each(|at| sources.hide(at));
}

/// Checks documents whose syntax has `problems`, and adds what else there is, none of it graver than `worst`.
fn checked(
    file: FileId,
    text: &str,
    documents: impl Iterator<Item = Value>,
    mut problems: Vec<Diagnostic>,
    worst: Gravity,
) -> Result<Vec<Template>, Vec<Diagnostic>> {
    let in_order = |problems: &mut Vec<Diagnostic>| problems.sort_by_key(|problem| (problem.at.start, problem.at.end));
    let mut templates = Vec::new();
    for root in documents {
        let expansion = foreach::written(&root);
        let mut warnings = foreach::once_each(check::template(&expansion.root, text));
        warnings.extend(expansion.problems);
        for problem in &mut warnings {
            problem.gravity = problem.gravity.min(worst);
        }
        in_order(&mut warnings);
        problems.extend_from_slice(&warnings);
        templates.push(Template { file, root, warnings });
    }
    if problems.iter().any(|problem| problem.gravity == Gravity::Error) {
        in_order(&mut problems);
        return Err(problems);
    }
    Ok(templates)
}

/// Whether a file found in a directory is meant as a template: a top-level `Resources` or `AWSTemplateFormatVersion`. A text that cannot
/// be read as YAML counts if a line starts with one of these words, so that a broken template is not passed over in silence.
#[must_use]
pub fn looks_like_template(text: &str) -> bool {
    let marks = |key: &str| key == "Resources" || key == "AWSTemplateFormatVersion";
    let mut depth = 0_usize;
    let mut is_key = true;
    for next in Parser::new_from_str(text) {
        match next {
            Ok((Event::DocumentStart(..), _)) => is_key = true,
            Ok((Event::SequenceStart(..), _)) if depth == 0 => return false,
            Ok((Event::MappingStart(..) | Event::SequenceStart(..), _)) => depth += 1,
            Ok((Event::MappingEnd | Event::SequenceEnd, _)) => {
                depth = depth.saturating_sub(1);
                is_key ^= depth == 1;
            }
            Ok((Event::Scalar(word, ..), _)) if depth == 1 && is_key && marks(&word) => return true,
            Ok((Event::Scalar(..) | Event::Alias(_), _)) => is_key ^= depth == 1,
            Ok(_) => {}
            Err(_) => {
                let word =
                    |line: &str| line.trim_start_matches(['"', ' ', '{']).split(['"', ':']).next().is_some_and(marks);
                return text.lines().any(word);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_known_by_its_top_level_keys() {
        for text in [
            "Resources:\n  R: {Type: T}",
            "Description: {a: [b]}\nResources: {}",
            r#"{"AWSTemplateFormatVersion": "2010-09-09"}"#,
            r#"{"Resources": {}}"#,
            "Resources:\n  R: !Base64 !Sub x\n",
        ] {
            assert!(looks_like_template(text), "{text}");
        }
        for text in [
            "",
            "kind: Service\nspec: {Resources: 1}",
            r#"{"fragment": {"Resources": {}}}"#,
            "- Resources",
            "a: Resources",
        ] {
            assert!(!looks_like_template(text), "{text}");
        }
    }

    #[test]
    fn a_stream_holds_several_templates_and_a_file_one() {
        let text = "---\nResources: {A: {Type: T::T::T}}\n---\n---\nResources: {B: {Type: T::T::T}}\n";
        let mut sources = Sources::default();
        assert_eq!(parse_stream(&mut sources, "t.yaml", text).unwrap().len(), 2);
        assert!(parse(&mut sources, "t.yaml", text).unwrap_err()[0].message.contains("more than one document"));
    }

    #[test]
    fn one_mistake_does_not_hide_another() {
        let mut sources = Sources::default();
        let text = "Resources: [\n---\nResources: {A: {Type: T::T::T, Type: T, DependsOn: B}}\n---\nA: 1\n";
        let problems = parse_stream(&mut sources, "t.yaml", text).unwrap_err();
        let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        let expected = [
            "key `Type` is given twice",
            "`B` is not a resource of this template",
            "unknown section `A`",
            "no `Resources` section",
        ];
        assert_eq!(messages[1..], expected, "after the syntax error: {}", messages[0]);
    }
    /// A running stack's template with anything wrong with it: what we would refuse in `check` is a warning, and evaluates.
    #[test]
    fn the_template_of_a_running_stack_is_never_refused_for_our_rules() {
        let good = include_str!("../../tests/fixtures/templates/good.yaml");
        let lines: Vec<&str> = good.lines().collect();
        let id: std::sync::Arc<str> = "arn:aws:cloudformation:r:1:stack/s/1".into();
        let (mut refused, mut softened) = (0, 0);
        for left_out in 0..lines.len() {
            let kept: Vec<&str> = lines.iter().enumerate().filter(|(n, _)| *n != left_out).map(|(_, l)| *l).collect();
            let text = kept.join("\n");
            let mut sources = Sources::default();
            softened += usize::from(parse(&mut sources, "t.yaml", &text).is_err());
            match parse_running(&mut sources, "t.yaml", &text) {
                Ok(template) => {
                    let inputs = Inputs { stack: id.clone(), stack_id: Some(id.clone()), ..Inputs::default() };
                    assert!(evaluate(&template, &inputs).is_ok(), "without line {}", left_out + 1);
                }
                Err(_) => refused += 1,
            }
        }
        assert!(refused < softened, "only broken syntax is refused: {refused} of {softened}");
    }
}
