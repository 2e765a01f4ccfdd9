//! Declarations of parameters.

use super::super::names::is_expansion;
use super::super::parameter::Parameter;
use super::super::parameter::constraints::{self, Subject, parse};
use super::super::parameter::kind::{Wrong, wrong};
use super::super::parameter::pattern::{Pattern, Refused};
use super::super::scope::Scope;
use super::limits::{MAX_PARAMETERS, name as check_name};
use super::{MAX_PROBLEMS, sections, suggest};
use crate::diag::Diagnostic;
use crate::model::{Entry, Kind, Map, Value};

/// What a declaration may say.
const KEYS: &[&str] = &[
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];
/// Characters of a description.
const MAX_DESCRIPTION: usize = 4000;

pub(super) fn check(scope: &Scope<'_>, text: &str, problems: &mut Vec<Diagnostic>) {
    let declared = scope.parameters.iter().filter(|(name, _)| !is_expansion(name));
    // More are too many anyway, and each may hold a pattern that takes its time.
    for (name, entry) in declared.take(MAX_PARAMETERS) {
        if problems.len() >= MAX_PROBLEMS {
            return;
        }
        let Some(body) = entry.value.as_map() else {
            let problem = Diagnostic::error(entry.key_at, format!("parameter `{name}` is not a mapping"));
            problems.push(problem.hint(NEEDS_TYPE));
            continue;
        };
        if sections::is_misplaced(name, body, "Type") {
            continue;
        }
        problems.extend(check_name("parameter", name, entry.key_at, text));
        let typed = kind(name, entry, body, problems);
        let before = problems.len();
        shapes(name, body, problems);
        if typed && problems.len() == before {
            let parameter = Parameter::new(name, &entry.value);
            applicable(&parameter, body, problems);
            default(&parameter, body, problems);
        }
    }
}

const NEEDS_TYPE: &str = "every parameter names its type, `String` for example";

/// Unknown keys and the type; whether the type is one.
fn kind(name: &str, entry: &Entry, body: &Map, problems: &mut Vec<Diagnostic>) -> bool {
    let mut meant = false;
    for (key, attribute) in body {
        if !KEYS.contains(&&**key) && !is_expansion(key) {
            let problem = Diagnostic::error(attribute.key_at, format!("unknown key `{key}` of parameter `{name}`"));
            let problem = suggest(problem.label("not a key of a parameter"), key, KEYS.iter().copied());
            meant |= problem.hint.as_deref() == Some("did you mean `Type`?");
            problems.push(problem);
        }
    }
    let Some(kind) = body.get("Type") else {
        if !meant && !body.keys().any(|key| is_expansion(key)) {
            problems
                .push(Diagnostic::error(entry.key_at, format!("parameter `{name}` has no `Type`")).hint(NEEDS_TYPE));
        }
        return false;
    };
    let at = kind.value.at;
    let Some(text) = kind.value.as_str() else {
        problems.push(Diagnostic::error(at, format!("the `Type` of parameter `{name}` must be a text")));
        return false;
    };
    let message = || format!("`{text}` is not a parameter type");
    match wrong(text) {
        None => return true,
        Some(Wrong::Mistake(Some(hint))) => problems.push(Diagnostic::error(at, message()).hint(hint)),
        Some(Wrong::Mistake(None)) => {
            let hint = "`String`, `Number`, `CommaDelimitedList`, or one of AWS's own such as `AWS::EC2::VPC::Id`";
            problems.push(Diagnostic::error(at, message()).hint(hint));
        }
        Some(Wrong::NotKnown) => {
            let problem = Diagnostic::warning(at, format!("`{text}` is not a parameter type that is known here"));
            problems.push(problem.label("its values are taken as text"));
        }
    }
    false
}

/// The values of the keys.
fn shapes(name: &str, body: &Map, problems: &mut Vec<Diagnostic>) {
    for (key, entry) in body {
        let value = &entry.value;
        let is_scalar = matches!(value.kind, Kind::Str(_) | Kind::Int(_) | Kind::Float(_) | Kind::Bool(_));
        let expected = match &**key {
            // Nothing written is said elsewhere.
            _ if value.kind == Kind::Null => None,
            "AllowedValues" => match value.as_list() {
                None => Some("a list"),
                Some([]) => Some("at least one value"),
                Some(values) if values.iter().any(|v| v.text().is_none()) => Some("a list of texts"),
                Some(_) => None,
            },
            "NoEcho" if value.as_bool().is_none() => Some("`true` or `false`"),
            "MinLength" | "MaxLength" if value.as_int().is_none_or(|n| n < 0) => Some("a whole number"),
            "MinValue" | "MaxValue" if value.text().is_none_or(|n| parse(&n).is_none()) => Some("a number"),
            "Default" | "AllowedPattern" | "ConstraintDescription" | "Description" if !is_scalar => Some("a text"),
            _ => None,
        };
        if let Some(expected) = expected {
            let problem = Diagnostic::error(value.at, format!("wrong `{key}` of parameter `{name}`"));
            let problem = problem.label(format!("expected {expected}"));
            problems.push(match (&**key, &value.kind) {
                ("Default", Kind::List(_)) => problem.hint("a list's default is one text with commas: `a,b`"),
                ("Default", Kind::Map(_)) => problem.hint("parameters cannot use functions"),
                _ => problem,
            });
        }
    }
    let description = body.get("Description").and_then(|entry| Some((entry, entry.value.as_str()?.chars().count())));
    if let Some((entry, length)) = description.filter(|(_, length)| *length > MAX_DESCRIPTION) {
        let message = format!("the description of parameter `{name}` has {length} characters");
        problems
            .push(Diagnostic::error(entry.key_at, message).label(format!("CloudFormation takes {MAX_DESCRIPTION}")));
    }
    if let Some(entry) = body.get("AllowedPattern")
        && let Some(Err(Refused::Invalid(what))) = entry.value.as_str().map(Pattern::new)
    {
        problems.push(
            Diagnostic::error(
                entry.value.at,
                format!("`AllowedPattern` of parameter `{name}` is no regular expression"),
            )
            .label(what),
        );
    }
}

/// Constraints that the type does not know, and pairs that nothing satisfies.
fn applicable(parameter: &Parameter<'_>, body: &Map, problems: &mut Vec<Diagnostic>) {
    let name = parameter.name;
    for (key, entry) in body {
        let (applies, to) = match &**key {
            "MinLength" | "MaxLength" => (!parameter.is_number() && !parameter.is_list(), "texts"),
            "MinValue" | "MaxValue" => (parameter.is_number(), "numbers"),
            _ => continue,
        };
        if !applies {
            let problem = Diagnostic::warning(entry.key_at, format!("`{key}` of parameter `{name}` has no effect"));
            let kind = parameter.attribute("Type").map(ToString::to_string).unwrap_or_default();
            problems.push(problem.label(format!("for {to}, not for `{kind}`")));
        }
    }
    for (least, most) in [("MinLength", "MaxLength"), ("MinValue", "MaxValue")] {
        let number = |key| body.get(key).and_then(|entry| Some((entry, parse(&entry.value.text()?)?)));
        if let (Some((low, least_is)), Some((high, most_is))) = (number(least), number(most))
            && least_is > most_is
        {
            let problem = Diagnostic::error(high.value.at, format!("no value of parameter `{name}` can be right"));
            problems.push(problem.label(format!("less than `{least}`")).related(low.value.at, "more than this"));
        }
    }
}

fn default(parameter: &Parameter<'_>, body: &Map, problems: &mut Vec<Diagnostic>) {
    if problems.last().is_some_and(|problem| problem.message.starts_with("no value of parameter")) {
        return;
    }
    let written = body.get("Default").map(|entry| &entry.value).filter(|value| value.kind != Kind::Null);
    if let (Some(value), Some(text)) = (written, parameter.default()) {
        problems.extend(constraints::problem(parameter, Subject::Default(&text, value)));
    }
}

/// Where the values stand that no message may show: defaults of parameters with `NoEcho`.
pub(in crate::load) fn secrets(root: &Value) -> Vec<crate::source::Span> {
    let declared = root.child("Parameters").and_then(Value::as_map);
    let hidden = declared.into_iter().flatten().filter(|(name, entry)| Parameter::new(name, &entry.value).no_echo());
    hidden.filter_map(|(_, entry)| Some(entry.value.child("Default")?.at)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{clean, shown};

    /// Checks a parameter with one mistake: message, place and the rest are all in what is shown.
    fn says(declaration: &str, parts: &[&str]) {
        let shown = shown(&format!("Parameters:\n  P: {{{declaration}}}\nResources: {{R: {{Type: T::T::T}}}}\n"));
        assert_eq!(shown.len(), 1, "{declaration}: {shown:#?}");
        for part in parts {
            assert!(shown[0].contains(part), "{part} in {}", shown[0]);
        }
    }

    #[test]
    fn each_wrong_declaration_is_said_at_its_place() {
        says("Default: x", &["parameter `P` has no `Type`", "t.yaml:2:3", "every parameter names its type"]);
        says("type: String", &["unknown key `type` of parameter `P`", "t.yaml:2:7", "did you mean `Type`?"]);
        says("Type: Strin", &["`Strin` is not a parameter type", "t.yaml:2:13", "did you mean `String`?"]);
        says("Type: Boolean", &["`Boolean` is not a parameter type", "AllowedValues"]);
        says("Type: 5", &["the `Type` of parameter `P` must be a text", "2:13"]);
        says("Type: AWS::Quantum::Bit::Id", &["warning", "is not a parameter type that is known here"]);
        says("Type: String, AlowedValues: [a]", &["unknown key `AlowedValues`", "did you mean `AllowedValues`?"]);
        says("Type: String, AllowedValues: a", &["wrong `AllowedValues` of parameter `P`", "2:36", "expected a list"]);
        says("Type: String, AllowedValues: []", &["expected at least one value"]);
        says("Type: String, MinLength: many", &["wrong `MinLength` of parameter `P`", "expected a whole number"]);
        says("Type: Number, MaxValue: much", &["wrong `MaxValue` of parameter `P`", "expected a number"]);
        says("Type: String, NoEcho: maybe", &["wrong `NoEcho` of parameter `P`", "expected `true` or `false`"]);
        says("Type: CommaDelimitedList, Default: [a, b]", &["wrong `Default`", "one text with commas"]);
        says("Type: String, Default: !Ref R", &["wrong `Default`", "parameters cannot use functions"]);
        says("Type: String, AllowedPattern: '[a'", &["is no regular expression", "a character class is not closed"]);
        says(
            "Type: Number, MinLength: 1",
            &["warning", "`MinLength` of parameter `P` has no effect", "not for `Number`"],
        );
        says("Type: String, MaxValue: 1", &["warning", "`MaxValue` of parameter `P` has no effect", "for numbers"]);
        says("Type: Number, MinValue: 5, MaxValue: 2, Default: 1", &["no value of parameter `P` can be right"]);
    }

    #[test]
    fn a_default_must_satisfy_the_constraints() {
        says(
            "Type: String, AllowedValues: [prod, dev], Default: Prod",
            &["the default of parameter `P` must be one of AllowedValues", "t.yaml:2:58", "did you mean `prod`?"],
        );
        says("Type: Number, Default: five", &["the default of parameter `P` must be a number", "2:30"]);
        says("Type: String, AllowedPattern: '\\d+', Default: a1", &["must match pattern \\d+"]);
        says("Type: String, AllowedPattern: '(?=a).*', Default: a", &["warning", "is not checked", "Java"]);
        clean("Parameters: {P: {Type: String, AllowedPattern: '(?=a).*'}}\nResources: {R: {Type: T::T::T}}");
    }

    #[test]
    fn a_hidden_default_is_never_shown() {
        let one_line = "Parameters: {P: {Type: String, NoEcho: true, Default: hunter2, MinLength: 20}}\n";
        let shown = shown(&format!("{one_line}Resources: {{R: {{Type: T::T::T}}}}\n"));
        assert!(shown[0].contains("must contain at least 20 characters"), "{}", shown[0]);
        assert!(!shown[0].contains("hunter"), "{}", shown[0]);
        assert!(shown[0].contains("Default: *******, MinLength"), "{}", shown[0]);
    }

    #[test]
    fn a_name_has_letters_and_digits() {
        let shown = shown("Parameters: {My_P: {Type: String}}\nResources: {R: {Type: T::T::T}}");
        assert!(shown[0].contains("the name of parameter `My_P` is not alphanumeric"), "{}", shown[0]);
    }
}
