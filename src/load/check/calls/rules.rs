//! The `Rules` section: assertions about parameters.

use super::super::super::names::RULE_FUNCTIONS;
use super::super::super::{condition, names};
use super::{Calls, Place, wrong};
use crate::diag::Diagnostic;
use crate::model::{Map, Value};
use crate::source::Span;

impl Calls<'_> {
    pub(super) fn rules(&mut self, rules: &Map) {
        self.place = Place::Rules;
        for (name, entry) in rules {
            if names::is_expansion(name) {
                continue;
            }
            let Some(body) = entry.value.as_map() else {
                self.report(Diagnostic::error(entry.key_at, format!("rule `{name}` is not a mapping")));
                continue;
            };
            for (key, part) in body {
                match &**key {
                    "RuleCondition" => self.condition(&part.value),
                    "Assertions" => self.assertions(&part.value),
                    _ => self.unknown_key(key, part.key_at, &["RuleCondition", "Assertions"]),
                }
            }
            if !body.contains_key("Assertions") {
                let problem = Diagnostic::error(entry.key_at, format!("rule `{name}` has no `Assertions`"));
                self.report(problem.hint("a rule is a list of assertions about parameters"));
            }
        }
        self.place = Place::Elsewhere;
    }

    fn assertions(&mut self, assertions: &Value) {
        let Some(all) = assertions.as_list() else {
            return self.report(wrong("Assertions", assertions, "a list of assertions"));
        };
        for assertion in all {
            let Some(parts) = assertion.as_map() else {
                self.report(wrong("Assertions", assertion, "a mapping with an `Assert`"));
                continue;
            };
            for (key, part) in parts {
                match &**key {
                    "Assert" => self.condition(&part.value),
                    "AssertDescription" => {}
                    _ => self.unknown_key(key, part.key_at, &["Assert", "AssertDescription"]),
                }
            }
            if !parts.contains_key("Assert") {
                self.report(Diagnostic::error(assertion.at, "an assertion has no `Assert`"));
            }
        }
    }

    fn unknown_key(&mut self, key: &str, at: Span, known: &[&str]) {
        let problem = Diagnostic::warning(at, format!("`{key}` means nothing in a rule")).label("not looked at");
        self.report(super::super::suggest(problem, key, known.iter().copied()));
    }

    /// A function in a section that does not know it.
    pub(super) fn misplaced(&mut self, function: &str, at: Span) {
        let of_rules = RULE_FUNCTIONS.contains(&function);
        let allowed = of_rules || matches!(function, "Ref" | "Fn::And" | "Fn::Equals" | "Fn::Not" | "Fn::Or");
        match self.place {
            Place::Rules if !allowed => {
                self.report(Diagnostic::error(at, format!("`{function}` is not allowed in `Rules`")));
            }
            Place::Conditions | Place::Elsewhere if of_rules => {
                self.report(Diagnostic::error(at, format!("`{function}` is allowed only in `Rules`")));
            }
            Place::Conditions if function == "Fn::GetAtt" => {
                let problem = Diagnostic::error(at, "`Fn::GetAtt` is not allowed in `Conditions`");
                self.report(problem.label("no resource exists when conditions are decided"));
            }
            _ => {}
        }
    }

    /// A name that `Ref` or a placeholder uses.
    pub(super) fn name(&self, name: &str, at: Span) -> Option<Diagnostic> {
        match self.place {
            Place::Conditions => self.targets.parameter(name, at, "Conditions"),
            Place::Rules => self.targets.parameter(name, at, "Rules"),
            Place::Elsewhere => self.targets.value(name, at),
        }
    }

    /// `{"Condition": …}` names a condition in the section of that name only.
    pub(super) fn named<'v>(&self, expression: &'v Value) -> Option<&'v Value> {
        condition::named(expression).filter(|_| self.place == Place::Conditions)
    }
}

#[cfg(test)]
mod tests {
    use crate::load::testing::problems;

    fn said(sections: &str) -> Vec<(String, String)> {
        problems(&format!("Parameters: {{P: {{Type: String}}}}\n{sections}\nResources: {{R: {{Type: T::T::T}}}}"))
    }

    #[test]
    fn a_rule_has_assertions_made_of_its_own_functions_about_parameters() {
        let one = |message: &str, place: &str| [(message.to_owned(), place.to_owned())];
        let assert = |function: &str| said(&format!("Rules: {{A: {{Assertions: [{{Assert: {function}}}]}}}}"));
        assert_eq!(assert("!Contains [[a], !Ref P]"), []);
        assert_eq!(assert("!EachMemberIn [!ValueOfAll [T, A], !RefAll T]"), []);
        assert_eq!(assert("!Not [!EachMemberEquals [!ValueOf [P, VpcId], !Ref P]]"), []);
        assert_eq!(assert("!Contains [a]"), one("wrong argument of `Fn::Contains`", "[a]"));
        assert_eq!(assert("!Contains [[a], !Sub '${P}']"), one("`Fn::Sub` is not allowed in `Rules`", "!Sub"));
        assert_eq!(assert("!Equals [!Ref R, a]"), one("`R` is a resource, and `Rules` knows none yet", "R"));
        assert_eq!(said("Rules: {A: {}}"), one("rule `A` has no `Assertions`", "A"));
        assert_eq!(said("Rules: {A: {Assertions: [{}]}}"), one("an assertion has no `Assert`", "{}"));
        let misspelt = said("Rules: {A: {Assertions: [{Assert: !Equals [a, a], AssetDescription: x}]}}");
        assert_eq!(misspelt, one("`AssetDescription` means nothing in a rule", "AssetDescription"));
    }

    #[test]
    fn conditions_know_parameters_but_neither_resources_nor_functions_of_rules() {
        let message = |condition: &str| {
            said(&format!("Conditions: {{C: {condition}}}")).into_iter().map(|(message, _)| message).collect::<Vec<_>>()
        };
        assert_eq!(message("!Equals [!Ref P, !Sub '${P}']"), <[String; 0]>::default());
        assert_eq!(message("!Equals [!Ref R, x]"), ["`R` is a resource, and `Conditions` knows none yet"]);
        assert_eq!(message("!Equals [!GetAtt R.Arn, x]"), ["`Fn::GetAtt` is not allowed in `Conditions`"]);
        assert_eq!(message("!Contains [[a], !Ref P]"), ["`Fn::Contains` is allowed only in `Rules`"]);
    }
}
