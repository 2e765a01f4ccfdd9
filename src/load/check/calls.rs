//! Every function call of a template: its name, its argument, the names it uses.

mod literal;
mod nesting;
mod rules;

pub(in crate::load) use literal::out_of_range;

use std::collections::HashSet;

use super::super::call::placeholder::{Piece, pieces};
use super::super::condition;
use super::super::names::{FUNCTIONS, is_expansion};
use super::super::scope::Scope;
use super::targets::Targets;
use super::{MAX_PROBLEMS, arguments};
use crate::diag::{Diagnostic, Gravity, did_you_mean};
use crate::model::{Entry, Kind, Map, Value};
use crate::source::Span;

pub(super) fn check(scope: &Scope<'_>, text: &str, problems: &mut Vec<Diagnostic>) {
    let targets = Targets { scope, open: scope.expansion().is_some() };
    let (macros, extended) = (scope.has_macro(), scope.is_extended());
    let mut calls = Calls { targets, text, macros, extended, place: Place::Conditions, problems };
    for (name, entry) in scope.conditions {
        if !is_expansion(name) {
            calls.condition(&entry.value);
        }
    }
    calls.rules(scope.root.child("Rules").and_then(Value::as_map).unwrap_or(&Map::new()));
    for (id, entry) in scope.resources {
        if !is_expansion(id) {
            calls.resource(entry);
        }
    }
    let outputs = scope.root.child("Outputs").and_then(Value::as_map);
    for (name, entry) in outputs.into_iter().flatten() {
        if !is_expansion(name) {
            calls.condition_of(&entry.value);
            calls.value(&entry.value);
        }
    }
}

/// Where a function stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Conditions,
    Rules,
    Elsewhere,
}

struct Calls<'a> {
    targets: Targets<'a>,
    text: &'a str,
    /// A macro of somebody's own sees the template first: what looks wrong may be meant for it.
    macros: bool,
    /// Whether the template has the transform `AWS::LanguageExtensions`.
    extended: bool,
    place: Place,
    problems: &'a mut Vec<Diagnostic>,
}

impl Calls<'_> {
    fn report(&mut self, problem: Diagnostic) {
        let gravity = if self.macros { Gravity::Warning } else { problem.gravity };
        self.problems.push(Diagnostic { gravity, ..problem });
    }

    fn report_if(&mut self, problem: Option<Diagnostic>) {
        if let Some(problem) = problem {
            self.report(problem);
        }
    }

    fn resource(&mut self, entry: &Entry) {
        self.condition_of(&entry.value);
        for (name, attribute) in entry.value.as_map().into_iter().flatten() {
            match &**name {
                "Type" | "Condition" => {}
                "DependsOn" => self.depends_on(&attribute.value),
                "DeletionPolicy" | "UpdateReplacePolicy" if !self.extended => {
                    self.report_if(nesting::policy(name, &attribute.value));
                }
                _ => self.value(&attribute.value),
            }
        }
    }

    fn depends_on(&mut self, value: &Value) {
        for id in value.as_list().unwrap_or(std::slice::from_ref(value)) {
            if let Some(name) = id.as_str() {
                self.report_if(self.targets.resource(name, id.at));
            }
        }
    }

    /// The `Condition` of a resource or an output.
    fn condition_of(&mut self, body: &Value) {
        if let Some(condition) = body.child("Condition")
            && let Some(name) = condition.as_str()
        {
            self.report_if(self.targets.condition(name, condition.at));
        }
    }

    /// An expression of the `Conditions` section, where `{"Condition": …}` is a function.
    fn condition(&mut self, expression: &Value) {
        if let Some(name) = self.named(expression) {
            match name.as_str() {
                Some(text) => self.report_if(self.targets.condition(text, name.at)),
                None => self.report(wrong("Condition", name, "the name of a condition")),
            }
            return;
        }
        match condition::call(expression) {
            Some((function, argument)) if matches!(&**function, "Fn::And" | "Fn::Or" | "Fn::Not") => {
                self.argument(function, argument);
                argument.as_list().into_iter().flatten().for_each(|part| self.condition(part));
            }
            _ => self.value(expression),
        }
    }

    fn value(&mut self, value: &Value) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        if let Some((function, argument)) = condition::call(value) {
            let name_at = value.as_map().and_then(|map| map.first()).map_or(value.at, |(_, entry)| entry.key_at);
            self.call(function, name_at, argument);
            return;
        }
        match &value.kind {
            Kind::List(items) => items.iter().for_each(|item| self.value(item)),
            Kind::Map(map) => {
                for (key, entry) in map {
                    if is_expansion(key) {
                        // Its variables are defined where it is expanded.
                        continue;
                    }
                    if key.starts_with("Fn::") && FUNCTIONS.contains(&&**key) {
                        let problem =
                            Diagnostic::warning(entry.key_at, format!("`{key}` does not stand alone in its mapping"));
                        self.report(problem.label("not evaluated"));
                    }
                    self.value(&entry.value);
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, function: &str, at: Span, argument: &Value) {
        if is_expansion(function) {
            return;
        }
        if function != "Ref" && !FUNCTIONS.contains(&function) {
            let short = self.slice(at).is_some_and(|text| text.starts_with('!'));
            self.report(unknown_function(function, at, short));
        }
        self.misplaced(function, at);
        if !self.extended {
            self.report_if(nesting::without_extensions(function, at, argument));
        }
        self.argument(function, argument);
        match function {
            "Ref" => match argument.as_str() {
                Some(name) => self.report_if(self.name(name, argument.at)),
                None => self.value(argument),
            },
            "Fn::GetAtt" => {
                let first = argument.as_list().and_then(|parts| parts.first()).unwrap_or(argument);
                let id = first.as_str().map(|id| if argument.as_list().is_some() { id } else { before_dot(id) });
                self.report_if(id.and_then(|id| self.targets.resource(id, first.at)));
                self.value_of_parts(argument);
            }
            "Fn::Sub" => self.placeholders(argument),
            "Fn::If" => {
                if let Some(condition) = argument.as_list().and_then(|parts| parts.first())
                    && let Some(name) = condition.as_str()
                {
                    self.report_if(self.targets.condition(name, condition.at));
                }
                self.value_of_parts(argument);
            }
            "Fn::FindInMap" => {
                let parts = argument.as_list().unwrap_or_default();
                if let Some(mapping) = parts.first()
                    && let Some(name) = mapping.as_str()
                {
                    self.report_if(self.targets.mapping(name, mapping.at));
                }
                // With a fourth argument, the default, a key may be missing.
                if let [name, first, second] = parts {
                    self.report_if(self.targets.mapping_keys(name, first, second));
                }
                self.value_of_parts(argument);
            }
            _ => self.value(argument),
        }
    }

    fn argument(&mut self, function: &str, argument: &Value) {
        match arguments::expected(function, argument, self.extended) {
            Some(expected) => self.report(wrong(function, argument, expected)),
            None => self.report_if(literal::check(function, argument)),
        }
    }

    fn value_of_parts(&mut self, argument: &Value) {
        argument.as_list().into_iter().flatten().for_each(|part| self.value(part));
    }

    fn placeholders(&mut self, argument: &Value) {
        let (template, variables) = match argument.as_list() {
            Some([template, variables]) => (template, variables.as_map()),
            Some([template]) => (template, None),
            _ => (argument, None),
        };
        variables.into_iter().flat_map(|map| map.values()).for_each(|entry| self.value(&entry.value));
        let Some(text) = template.as_str() else { return self.value(template) };
        let mut seen = HashSet::new();
        let mut after = Some(0);
        for piece in pieces(text) {
            let Piece::Name { name, written } = piece else { continue };
            if self.problems.len() >= MAX_PROBLEMS {
                return;
            }
            if variables.is_some_and(|map| map.contains_key(name)) || !seen.insert(name) {
                continue;
            }
            let at = self.locate(template.at, written, &mut after);
            if !Piece::is_well_formed(name) {
                let problem = Diagnostic::error(at, format!("`{written}` is not a placeholder that `Fn::Sub` knows"));
                let literal = written.replacen("${", "${!", 1);
                self.report(problem.hint(format!("write `{literal}` if the text itself is meant")));
            } else if let Some((id, _)) = name.split_once('.') {
                self.misplaced("Fn::GetAtt", at);
                self.report_if(self.targets.resource(id, at));
            } else {
                self.report_if(self.name(name, at));
            }
        }
    }

    /// Where a part of a text stands; the whole text if it is written with escapes. `after` is where the part before it begins, so that each
    /// text is searched through once.
    fn locate(&self, whole: Span, part: &str, after: &mut Option<usize>) -> Span {
        *after = after.and_then(|from| Some(from + self.slice(whole)?.get(from..)?.find(part)?));
        let found = (*after).zip(usize::try_from(whole.start).ok());
        found.map_or(whole, |(within, start)| Span::new(whole.file, start + within, start + within + part.len()))
    }

    fn slice(&self, at: Span) -> Option<&str> {
        self.text.get(usize::try_from(at.start).ok()?..usize::try_from(at.end).ok()?)
    }
}

fn before_dot(name: &str) -> &str {
    name.split_once('.').map_or(name, |(id, _)| id)
}

fn wrong(function: &str, argument: &Value, expected: &str) -> Diagnostic {
    Diagnostic::error(argument.at, format!("wrong argument of `{function}`")).label(format!("expected {expected}"))
}

/// A function that only looks like one of CloudFormation's is a mistake; one that does not may be newer than this program, or a tag of
/// another tool. `short` says that it is written as a tag.
fn unknown_function(name: &str, at: Span, short: bool) -> Diagnostic {
    let shown = |name: &str| match name.strip_prefix("Fn::") {
        Some(rest) if short => format!("!{rest}"),
        _ if short => format!("!{name}"),
        _ => name.to_owned(),
    };
    let message = format!("`{}` is not a function of CloudFormation", shown(name));
    match did_you_mean(name, FUNCTIONS.iter().copied()) {
        Some(near) => Diagnostic::error(at, message).hint(format!("did you mean `{}`?", shown(near))),
        None => Diagnostic::warning(at, message).label("not evaluated"),
    }
}
