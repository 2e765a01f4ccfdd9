//! What can be said about a template without any input: every mistake at once, each with its place.

mod arguments;
pub(super) mod calls;
mod circular;
mod cycle;
mod document;
#[cfg(test)]
mod fixtures;
mod limits;
mod mappings;
mod outputs;
mod parameters;
mod resources;
mod sections;
mod targets;

pub(super) use parameters::secrets;

use crate::diag::{Diagnostic, Gravity};
use crate::model::{Kind, Value};
use crate::source::Span;

use super::scope::Scope;

/// Enough for a person; a file of nothing but mistakes must not take minutes.
pub(super) const MAX_PROBLEMS: usize = 100;

/// Everything that is wrong or questionable. `text` is what the document was read from.
pub(super) fn template(root: &Value, text: &str) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    if root.as_map().is_none() {
        problems.push(Diagnostic::error(root.at, "a template is a mapping of sections").label("not a mapping"));
        return problems;
    }
    let scope = Scope::new(root);
    let known = sections::check(&scope, &mut problems);
    problems.extend(limits::size(root, text));
    document::check(&scope, &mut problems);
    parameters::check(&scope, text, &mut problems);
    mappings::check(&scope, text, &mut problems);
    resources::check(&scope, text, &mut problems);
    outputs::check(&scope, text, &mut problems);
    limits::counts(&scope, &mut problems);
    if is_for_another_reader(&scope) {
        for problem in &mut problems {
            problem.gravity = Gravity::Warning;
        }
    }
    if known {
        calls::check(&scope, text, &mut problems);
        cycle::check(&scope, &mut problems);
        circular::check(&scope, text, &mut problems);
    }
    problems.truncate(MAX_PROBLEMS);
    problems.iter_mut().for_each(shorten);
    problems
}

/// Whether somebody's own macro or another tool sees the template before CloudFormation does: what looks wrong may be meant for them.
fn is_for_another_reader(scope: &Scope<'_>) -> bool {
    let foreign = |resource: &Value| matches!(resource.child("Type"), Some(Value { kind: Kind::Map(_), .. }));
    scope.has_macro() || scope.resources.values().any(|entry| foreign(&entry.value))
}

/// A name of a megabyte must not make messages of a hundred.
fn shorten(problem: &mut Diagnostic) {
    const MAX: usize = 400;
    let texts = [&mut problem.message, &mut problem.label].into_iter().chain(&mut problem.hint);
    for text in texts.chain(problem.related.iter_mut().map(|(_, label)| label)) {
        if let Some((cut, _)) = text.char_indices().nth(MAX) {
            text.truncate(cut);
            text.push('…');
        }
    }
}

/// Where a part of a text stands; the whole text if it is written with escapes.
fn locate(text: &str, whole: Span, part: &str) -> Span {
    let range = usize::try_from(whole.start).ok().zip(usize::try_from(whole.end).ok());
    let found = range.and_then(|(start, end)| Some(start + text.get(start..end)?.find(part)?));
    found.map_or(whole, |start| Span::new(whole.file, start, start + part.len()))
}

/// The names of a circle, from the first to the first.
fn route(names: &[&str]) -> String {
    const MAX: usize = 10;
    let mut shown: Vec<&str> = names.iter().take(MAX).copied().collect();
    let more = format!("({} more)", names.len().saturating_sub(MAX));
    if names.len() > MAX {
        shown.push(&more);
    }
    shown.extend(names.first());
    shown.join(" → ")
}

/// Adds "did you mean" to a diagnostic if a known name is near. A real template has some hundred names.
fn suggest<'n>(problem: Diagnostic, name: &str, known: impl IntoIterator<Item = &'n str>) -> Diagnostic {
    match crate::diag::did_you_mean(name, known.into_iter().take(1000)) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use crate::load::parse;
    use crate::load::testing::problems;
    use crate::source::Sources;

    /// Everything that is said about a template, as a person sees it.
    pub(super) fn shown(text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let found = match parse(&mut sources, "t.yaml", text) {
            Ok(template) => template.warnings,
            Err(problems) => problems,
        };
        found.iter().map(|problem| problem.render(&sources, false)).collect()
    }

    /// A template about which there is nothing to say.
    pub(super) fn clean(text: &str) {
        assert_eq!(shown(text), [""; 0], "{text}");
    }

    /// Checks a template with one mistake; `>>…<<` marks what the message must point at.
    fn says(marked: &str, message: &str) {
        let text = marked.replace(">>", "").replace("<<", "");
        let place = marked.split_once(">>").and_then(|(_, rest)| rest.split_once("<<")).map(|(place, _)| place);
        let found = problems(&text);
        assert_eq!(found, [(message.to_owned(), place.unwrap_or_default().to_owned())], "{text}");
    }

    #[test]
    fn each_structural_mistake_is_said_at_its_place() {
        let good = "Resources: {R: {Type: T::T::T}}";
        says("", "the file is empty");
        says(&format!(">>Resorces<<: {{}}\n{good}"), "unknown section `Resorces`");
        says(">>Resources<<: {}", "`Resources` is empty");
        says(">>Resources<<: [a]", "`Resources` must be a mapping");
        says("Resources: {>>R<<: {Properties: {}}}", "resource `R` has no `Type`");
        says("Resources: {>>R<<: AWS::S3::Bucket}", "resource `R` is not a mapping");
        says("Resources: {R: {Type: T::T::T, >>Propertis<<: {}}}", "unknown attribute `Propertis` of resource `R`");
        says(
            "Resources: {R: {Type: T::T::T, Properties: >>x<<}}",
            "the `Properties` of resource `R` must be a mapping",
        );
        says(&format!("Parameters: {{>>P<<: {{Default: x}}}}\n{good}"), "parameter `P` has no `Type`");
        says(&format!("Mappings: {{>>M<<: {{a: b}}}}\n{good}"), "mapping `M` does not have two levels of keys");
    }

    #[test]
    fn each_undefined_name_is_said_at_its_place() {
        let property = |value: &str| {
            format!("Resources: {{R: {{Type: T::T::T, Properties: {{P: {value}}}}}, Q: {{Type: T::T::T}}}}")
        };
        let neither = "`Nobody` is neither a parameter nor a resource of this template";
        says(&property("!Ref >>Nobody<<"), neither);
        says(&property("!Sub 'a-${Q}->>${Nobody}<<'"), neither);
        says(&property("!GetAtt >>Nobody.Arn<<"), "`Nobody` is not a resource of this template");
        says(&property("!Sub '>>${Nobody.Arn}<<'"), "`Nobody` is not a resource of this template");
        says(&property("!If [>>Maybe<<, 1, 2]"), "condition `Maybe` is not defined");
        says(&property("!FindInMap [>>Map<<, a, b]"), "mapping `Map` is not defined");
        says("Resources: {R: {Type: T::T::T, Condition: >>Maybe<<}}", "condition `Maybe` is not defined");
        says("Resources: {R: {Type: T::T::T, DependsOn: [>>Nobody<<]}}", "`Nobody` is not a resource of this template");
    }

    #[test]
    fn wrong_functions_and_arguments_are_said_at_their_place() {
        let property = |value: &str| {
            format!("Resources: {{R: {{Type: T::T::T, Properties: {{P: {value}}}}}, Q: {{Type: T::T::T}}}}")
        };
        says(&property(">>!GetAttr<< R.Arn"), "`!GetAttr` is not a function of CloudFormation");
        says(&property("!Join >>[',', a]<<"), "wrong argument of `Fn::Join`");
        says(&property("!GetAtt >>R<<"), "wrong argument of `Fn::GetAtt`");
        says(&property("!Sub '>>${HOME:-x}<<'"), "`${HOME:-x}` is not a placeholder that `Fn::Sub` knows");
        says(&property("{>>'Fn::Sub'<<: x, Other: y}"), "`Fn::Sub` does not stand alone in its mapping");
        for good in [
            "!Sub ['${A}', {A: b}]",
            "!GetAtt [Q, !Ref Q]",
            "!Join [',', !Ref Q]",
            "!Cidr [10.0.0.0/24, 1, 2]",
            "!Sub '${!X}'",
        ] {
            assert_eq!(problems(&property(good)), [], "{good}");
        }
    }

    #[test]
    fn conditions_in_a_circle_are_shown_once() {
        let resources = "Resources: {R: {Type: T::T::T}}";
        says(
            &format!("Conditions: {{X: !Condition A, >>A<<: !Not [!Condition B], B: !Condition A}}\n{resources}"),
            "condition `A` depends on itself",
        );
        says(&format!("Conditions: {{>>A<<: !Condition A}}\n{resources}"), "condition `A` depends on itself");
        says(&format!("Conditions: {{A: !Condition >>C<<}}\n{resources}"), "condition `C` is not defined");
    }

    #[test]
    fn a_policys_condition_is_no_function_and_a_macro_may_change_anything() {
        assert_eq!(problems("Resources: {R: {Type: T::T::T, Properties: {Condition: {Bool: x}}}}"), []);
        let macros = "Transform: >>Mine<<\nResources: {R: {Type: T::T::T, Count: 3, Properties: {P: !Ref Elsewhere}}}";
        says(macros, "transform `Mine` is not carried out");
    }
}
