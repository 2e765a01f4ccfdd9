//! What a declaration asks of a value, in CloudFormation's words.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use super::Parameter;
use super::pattern::Pattern;
use crate::diag::{Diagnostic, did_you_mean};
use crate::model::Value;

/// More listed values than these say nothing to a reader.
const MAX_SHOWN: usize = 12;

/// A value that is checked.
#[derive(Clone, Copy)]
pub(in crate::load) enum Subject<'a> {
    /// What somebody gives.
    Given(&'a str),
    /// The declaration's own default.
    Default(&'a str, &'a Value),
}

/// A constraint that a value does not satisfy.
struct Broken<'a> {
    /// What CloudFormation says after the parameter's name.
    must: String,
    /// The constraint; the type where the type itself is one.
    by: Option<&'a Value>,
    /// The part of the value.
    part: &'a str,
    hint: Option<String>,
}

/// The first constraint that a value breaks, or why that cannot be told. A value that must not be seen is not shown.
pub(in crate::load) fn problem(parameter: &Parameter<'_>, subject: Subject<'_>) -> Option<Diagnostic> {
    let (Subject::Given(text) | Subject::Default(text, _)) = subject;
    let hidden = parameter.no_echo();
    let name = parameter.name;
    let broken = match broken(parameter, text) {
        Ok(None) => return None,
        Ok(Some(broken)) => broken,
        Err(pattern) => {
            let message = format!("`AllowedPattern` of parameter `{name}` is not checked");
            return Some(
                Diagnostic::warning(pattern.at, message).label("uses what only Java's regular expressions know"),
            );
        }
    };
    let must = match parameter.attribute("ConstraintDescription").and_then(Value::as_str) {
        Some(described) => format!("failed to satisfy constraint: {described}"),
        None => broken.must,
    };
    let by = broken.by.or_else(|| parameter.attribute("Type"));
    let at = by.map_or(parameter.declaration.at, |by| by.at);
    let problem = match subject {
        Subject::Given(_) if hidden => {
            Diagnostic::error(at, format!("parameter `{name}` {must}")).label("the given value does not satisfy this")
        }
        Subject::Given(_) => {
            let label = format!("`{}` was given", broken.part);
            Diagnostic::error(at, format!("parameter `{name}` {must}")).label(label)
        }
        Subject::Default(..) if hidden => Diagnostic::error(at, format!("the default of parameter `{name}` {must}"))
            .label("the default does not satisfy this"),
        Subject::Default(_, default) => {
            Diagnostic::error(default.at, format!("the default of parameter `{name}` {must}"))
                .label("does not satisfy the constraint")
                .related(at, "the constraint")
        }
    };
    Some(match broken.hint.filter(|_| !hidden) {
        Some(hint) => problem.hint(hint),
        None => problem,
    })
}

fn broken<'a>(parameter: &Parameter<'a>, text: &'a str) -> Result<Option<Broken<'a>>, &'a Value> {
    let parts = parameter.parts(text);
    for part in &parts {
        let broken = number(parameter, part).or_else(|| listed(parameter, part)).or_else(|| length(parameter, part));
        if broken.is_some() {
            return Ok(broken);
        }
    }
    let Some(written) = parameter.attribute("AllowedPattern").filter(|_| !parameter.is_number()) else {
        return Ok(None);
    };
    // A pattern that is no regular expression is said where it is declared.
    let Some(pattern) = written.as_str() else { return Ok(None) };
    let pattern = match Pattern::new(pattern) {
        Ok(pattern) => pattern,
        Err(super::pattern::Refused::Invalid(_)) => return Ok(None),
        Err(super::pattern::Refused::NotJudged) => return Err(written),
    };
    for part in parts {
        match pattern.matches(part) {
            Some(true) => {}
            Some(false) => {
                let must = format!("must match pattern {written}");
                return Ok(Some(Broken { must, by: Some(written), part, hint: None }));
            }
            None => return Err(written),
        }
    }
    Ok(None)
}

/// Number syntax and bounds.
fn number<'a>(parameter: &Parameter<'a>, part: &'a str) -> Option<Broken<'a>> {
    if !parameter.is_number() {
        return None;
    }
    let Some(number) = parse(part) else {
        return Some(Broken { must: "must be a number".to_owned(), by: None, part, hint: None });
    };
    // The documentation gives bounds to `Number`, not to lists of it.
    let bound =
        |key| parameter.attribute(key).filter(|_| !parameter.is_list()).and_then(|v| Some((v, parse(&v.text()?)?)));
    let broken = |than: &str, bound: &'a Value| {
        let must = format!("must be a number not {than} than {bound}");
        Some(Broken { must, by: Some(bound), part, hint: None })
    };
    match (bound("MinValue"), bound("MaxValue")) {
        (Some((bound, least)), _) if number < least => broken("less", bound),
        (_, Some((bound, most))) if number > most => broken("greater", bound),
        _ => None,
    }
}

fn listed<'a>(parameter: &Parameter<'a>, part: &'a str) -> Option<Broken<'a>> {
    let allowed = parameter.allowed().filter(|_| !parameter.allows(part))?;
    let texts: Vec<_> = allowed.as_list()?.iter().filter_map(Value::text).collect();
    let near = did_you_mean(part, texts.iter().map(|text| &**text));
    let hint = near.map_or_else(
        || {
            let shown = texts.iter().take(MAX_SHOWN).map(|text| &**text).collect::<Vec<_>>().join(", ");
            let more = if texts.len() > MAX_SHOWN { ", …" } else { "" };
            format!("give one of: {shown}{more}")
        },
        |near| format!("did you mean `{near}`?"),
    );
    Some(Broken { must: "must be one of AllowedValues".to_owned(), by: Some(allowed), part, hint: Some(hint) })
}

/// Lengths count UTF-16 units, as Java does.
fn length<'a>(parameter: &Parameter<'a>, part: &'a str) -> Option<Broken<'a>> {
    if parameter.is_number() || parameter.is_list() {
        return None;
    }
    let length = part.encode_utf16().count();
    let bound = |key| {
        let bound = parameter.attribute(key)?;
        Some((bound, usize::try_from(bound.as_int()?).ok()?))
    };
    let broken = |at: &str, bound: &'a Value| {
        let must = format!("must contain at {at} {bound} characters");
        Some(Broken { must, by: Some(bound), part, hint: Some(format!("it has {length}")) })
    };
    match (bound("MinLength"), bound("MaxLength")) {
        (Some((bound, least)), _) if length < least => broken("least", bound),
        (_, Some((bound, most))) if length > most => broken("most", bound),
        _ => None,
    }
}

/// A whole or decimal number; words like `inf` are none.
pub(in crate::load) fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'));
    text.parse().ok().filter(|n: &f64| digits && n.is_finite())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::from_json;
    use serde_json::json;

    fn says(declaration: &serde_json::Value, given: &str) -> Option<(String, String, Option<String>)> {
        let (name, declaration) = (Arc::from("P"), from_json(declaration));
        let problem = problem(&Parameter::new(&name, &declaration), Subject::Given(given))?;
        Some((problem.message, problem.label, problem.hint))
    }

    #[test]
    fn each_constraint_refuses_in_cloudformations_words() {
        for (declaration, given, message) in [
            (json!({"Type": "String", "AllowedValues": ["a", "b"]}), "c", "parameter `P` must be one of AllowedValues"),
            (json!({"Type": "String", "AllowedPattern": "[a-z]+"}), "A", "parameter `P` must match pattern [a-z]+"),
            (json!({"Type": "String", "MinLength": "2"}), "é", "parameter `P` must contain at least 2 characters"),
            (json!({"Type": "String", "MaxLength": 2}), "abc", "parameter `P` must contain at most 2 characters"),
            (json!({"Type": "Number", "MinValue": 2}), "1.5", "parameter `P` must be a number not less than 2"),
            (json!({"Type": "Number", "MaxValue": "2"}), "3", "parameter `P` must be a number not greater than 2"),
            (json!({"Type": "Number"}), "inf", "parameter `P` must be a number"),
            (json!({"Type": "List<Number>"}), "1, x", "parameter `P` must be a number"),
            (
                json!({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}),
                "a, c",
                "parameter `P` must be one of AllowedValues",
            ),
            (
                json!({"Type": "List<AWS::EC2::Subnet::Id>", "AllowedPattern": "subnet-.*"}),
                "subnet-1,vpc-2",
                "parameter `P` must match pattern subnet-.*",
            ),
            (
                json!({"Type": "String", "MinLength": 8, "ConstraintDescription": "must be long."}),
                "x",
                "parameter `P` failed to satisfy constraint: must be long.",
            ),
        ] {
            assert_eq!(says(&declaration, given).unwrap().0, message, "{given}");
        }
    }

    #[test]
    fn what_is_satisfied_or_does_not_apply_is_not_said() {
        for (declaration, given) in [
            (json!({"Type": "String", "AllowedValues": [true, 1]}), "true"),
            (json!({"Type": "Number", "MinValue": 1, "MaxValue": 5, "MinLength": 3}), "1"),
            (json!({"Type": "CommaDelimitedList", "MinLength": 3}), "a"),
            (json!({"Type": "AWS::EC2::KeyPair::KeyName", "MinLength": 1}), "k"),
            (json!({"Type": "AWS::SSM::Parameter::Value<List<String>>", "AllowedPattern": "/.*"}), "/a,b"),
        ] {
            assert_eq!(says(&declaration, given), None, "{given}");
        }
    }

    #[test]
    fn a_hidden_value_is_not_shown() {
        let hidden = json!({"Type": "String", "NoEcho": true, "AllowedValues": ["hunter2"], "MaxLength": 3});
        let (message, label, hint) = says(&hidden, "hunter3").unwrap();
        assert!(!format!("{message}{label}{hint:?}").contains("hunter"), "{message} {label} {hint:?}");
    }

    #[test]
    fn a_pattern_that_cannot_be_judged_is_a_warning() {
        let ahead = json!({"Type": "String", "AllowedPattern": "(?=.*x).*"});
        assert_eq!(says(&ahead, "y").unwrap().0, "`AllowedPattern` of parameter `P` is not checked");
    }
}
