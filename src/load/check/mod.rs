//! What can be said about a template without any input: every mistake at once, each with its place.

mod arguments;
mod calls;
mod cycle;
mod sections;
mod targets;

use crate::diag::Diagnostic;
use crate::model::Value;

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
    sections::check(&scope, &mut problems);
    calls::check(&scope, text, &mut problems);
    cycle::check(&scope, &mut problems);
    problems
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
    use crate::load::testing::problems;

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
        let property = |value: &str| format!("Resources: {{R: {{Type: T::T::T, Properties: {{P: {value}}}}}}}");
        let neither = "`Nobody` is neither a parameter nor a resource of this template";
        says(&property("!Ref >>Nobody<<"), neither);
        says(&property("!Sub 'a-${R}->>${Nobody}<<'"), neither);
        says(&property("!GetAtt >>Nobody.Arn<<"), "`Nobody` is not a resource of this template");
        says(&property("!Sub '>>${Nobody.Arn}<<'"), "`Nobody` is not a resource of this template");
        says(&property("!If [>>Maybe<<, 1, 2]"), "condition `Maybe` is not defined");
        says(&property("!FindInMap [>>Map<<, a, b]"), "mapping `Map` is not defined");
        says("Resources: {R: {Type: T::T::T, Condition: >>Maybe<<}}", "condition `Maybe` is not defined");
        says("Resources: {R: {Type: T::T::T, DependsOn: [>>Nobody<<]}}", "`Nobody` is not a resource of this template");
    }

    #[test]
    fn wrong_functions_and_arguments_are_said_at_their_place() {
        let property = |value: &str| format!("Resources: {{R: {{Type: T::T::T, Properties: {{P: {value}}}}}}}");
        says(&property(">>!GetAttr<< R.Arn"), "`!GetAttr` is not a function of CloudFormation");
        says(&property("!Join >>[',', a]<<"), "wrong argument of `Fn::Join`");
        says(&property("!GetAtt >>R<<"), "wrong argument of `Fn::GetAtt`");
        says(&property("!Sub '>>${HOME:-x}<<'"), "`${HOME:-x}` is not a placeholder that `Fn::Sub` knows");
        says(&property("{>>'Fn::Sub'<<: x, Other: y}"), "`Fn::Sub` does not stand alone in its mapping");
        for good in
            ["!Sub ['${A}', {A: b}]", "!GetAtt [R, !Ref R]", "!Join [',', !Ref R]", "!Cidr [a, 1, 2]", "!Sub '${!X}'"]
        {
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
