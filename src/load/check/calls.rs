//! Every function call of a template: its name, its argument, the names it uses.

use super::super::call::placeholder::{Piece, pieces};
use super::super::condition;
use super::super::names::{FUNCTIONS, is_expansion};
use super::super::scope::Scope;
use super::targets::Targets;
use super::{MAX_PROBLEMS, arguments};
use crate::diag::{Diagnostic, Gravity, did_you_mean};
use crate::model::{Entry, Kind, Value};
use crate::source::Span;

pub(super) fn check(scope: &Scope<'_>, text: &str, problems: &mut Vec<Diagnostic>) {
    let targets = Targets { scope, open: scope.expansion().is_some() };
    let mut calls = Calls { targets, text, macros: scope.has_macro(), problems };
    for (name, entry) in scope.conditions {
        if !is_expansion(name) {
            calls.condition(&entry.value);
        }
    }
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

struct Calls<'a> {
    targets: Targets<'a>,
    text: &'a str,
    /// A macro of somebody's own sees the template first: what looks wrong may be meant for it.
    macros: bool,
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
        if let Some(name) = condition::named(expression) {
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
        self.argument(function, argument);
        match function {
            "Ref" => {
                if let Some(name) = argument.as_str() {
                    self.report_if(self.targets.value(name, argument.at));
                }
            }
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
                if let Some(mapping) = argument.as_list().and_then(|parts| parts.first())
                    && let Some(name) = mapping.as_str()
                {
                    self.report_if(self.targets.mapping(name, mapping.at));
                }
                self.value_of_parts(argument);
            }
            _ => self.value(argument),
        }
    }

    fn argument(&mut self, function: &str, argument: &Value) {
        if let Some(expected) = arguments::expected(function, argument) {
            self.report(wrong(function, argument, expected));
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
        let mut seen = Vec::new();
        for piece in pieces(text) {
            let Piece::Name { name, written } = piece else { continue };
            if seen.contains(&name) || variables.is_some_and(|map| map.contains_key(name)) {
                continue;
            }
            seen.push(name);
            let at = self.locate(template.at, written);
            if !Piece::is_well_formed(name) {
                let problem = Diagnostic::error(at, format!("`{written}` is not a placeholder that `Fn::Sub` knows"));
                let literal = written.replacen("${", "${!", 1);
                self.report(problem.hint(format!("write `{literal}` if the text itself is meant")));
            } else if let Some((id, _)) = name.split_once('.') {
                self.report_if(self.targets.resource(id, at));
            } else {
                self.report_if(self.targets.value(name, at));
            }
        }
    }

    /// Where a part of a text stands; the whole text if it is written with escapes.
    fn locate(&self, whole: Span, part: &str) -> Span {
        let start = self.slice(whole).and_then(|text| text.find(part)).zip(usize::try_from(whole.start).ok());
        start.map_or(whole, |(within, start)| Span::new(whole.file, start + within, start + within + part.len()))
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
