//! Where functions may stand, which the transform `AWS::LanguageExtensions` widens.

use super::super::super::condition;
use super::super::super::names::EXTENSIONS;
use crate::diag::Diagnostic;
use crate::model::Value;
use crate::source::Span;

/// What a function of a template without the transform needs it for; `None` if it does not.
pub(super) fn without_extensions(function: &str, at: Span, argument: &Value) -> Option<Diagnostic> {
    let called = |value: &Value| condition::call(value).map(|(name, _)| name.to_string());
    let parts = argument.as_list().unwrap_or_default();
    match function {
        _ if EXTENSIONS.contains(&function) => Some(needed(at, &format!("`{function}`"))),
        "Fn::FindInMap" => parts.iter().take(3).find_map(|key| {
            let inner = called(key).filter(|inner| !matches!(&**inner, "Ref" | "Fn::FindInMap"))?;
            Some(needed(key.at, &format!("`{inner}` in a key of `Fn::FindInMap`")))
        }),
        "Fn::GetAtt" => parts.iter().enumerate().find_map(|(n, part)| {
            let inner = called(part).filter(|inner| n == 0 || inner != "Ref")?;
            Some(needed(part.at, &format!("`{inner}` in `Fn::GetAtt`")))
        }),
        _ => None,
    }
}

/// A policy of a resource that holds a function.
pub(super) fn policy(name: &str, value: &Value) -> Option<Diagnostic> {
    condition::call(value).map(|_| needed(value.at, &format!("a function in `{name}`")))
}

fn needed(at: Span, what: &str) -> Diagnostic {
    Diagnostic::error(at, format!("{what} needs the transform `AWS::LanguageExtensions`"))
        .hint("add `Transform: AWS::LanguageExtensions` to the template")
}

#[cfg(test)]
mod tests {
    use crate::load::testing::problems;

    #[test]
    fn functions_in_more_places_need_the_transform() {
        let rest = "Parameters: {P: {Type: String}}\nMappings: {M: {a: {b: c}}}\n";
        for (resource, what) in [
            ("Properties: {A: {'Fn::Length': [1]}}", "`Fn::Length`"),
            ("Properties: {A: {'Fn::ToJsonString': [1]}}", "`Fn::ToJsonString`"),
            ("Properties: {A: !FindInMap [M, !Sub '${P}', b]}", "`Fn::Sub` in a key of `Fn::FindInMap`"),
            ("Properties: {A: !GetAtt [!Ref P, Arn]}", "`Ref` in `Fn::GetAtt`"),
            ("Properties: {A: !GetAtt [Q, !Sub '${P}']}", "`Fn::Sub` in `Fn::GetAtt`"),
            ("DeletionPolicy: !Ref P", "a function in `DeletionPolicy`"),
            ("UpdateReplacePolicy: !Ref P", "a function in `UpdateReplacePolicy`"),
        ] {
            let text = format!("{rest}Resources: {{Q: {{Type: T::T::T}}, R: {{Type: T::T::T, {resource}}}}}");
            let found: Vec<_> = problems(&text).into_iter().map(|(message, _)| message).collect();
            assert_eq!(found, [format!("{what} needs the transform `AWS::LanguageExtensions`")], "{resource}");
            assert_eq!(problems(&format!("Transform: [AWS::LanguageExtensions]\n{text}")), [], "{resource}");
        }
        for good in [
            "!FindInMap [M, !Ref P, !FindInMap [M, a, b]]",
            "!FindInMap [M, x, y, {DefaultValue: 1}]",
            "!GetAtt [Q, !Ref P]",
        ] {
            assert_eq!(
                problems(&format!(
                    "{rest}Resources: {{Q: {{Type: T::T::T}}, R: {{Type: T::T::T, Properties: {{A: {good}}}}}}}"
                )),
                [],
                "{good}"
            );
        }
    }
}
