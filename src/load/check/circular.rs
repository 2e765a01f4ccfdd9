//! Resources that wait for each other.

use std::collections::{HashMap, HashSet, VecDeque};

use super::super::call::placeholder::{Piece, pieces};
use super::super::condition;
use super::super::names::is_expansion;
use super::super::scope::Scope;
use super::{locate, route};
use crate::diag::Diagnostic;
use crate::model::{Entry, Kind, Value};
use crate::source::Span;

/// How many places of a circle are shown.
const MAX_PLACES: usize = 8;

/// Something that a resource names.
struct Edge {
    to: usize,
    at: Span,
}

/// A name in a template.
struct Named<'a> {
    id: &'a str,
    at: Span,
    /// The placeholder that holds it; its place is looked up only where it is needed.
    written: Option<&'a str>,
}

pub(super) fn check(scope: &Scope<'_>, text: &str, problems: &mut Vec<Diagnostic>) {
    if scope.has_macro() {
        return;
    }
    let resources: Vec<(&str, &Entry)> =
        scope.resources.iter().filter(|(id, _)| !is_expansion(id)).map(|(id, entry)| (&**id, entry)).collect();
    let numbers = resources.iter().enumerate().map(|(n, (id, _))| (*id, n)).collect();
    let graph: Vec<Vec<Edge>> = resources.iter().map(|(_, entry)| edges(entry, &numbers, scope, text)).collect();
    // SAM makes several resources of one, which need not wait for each other.
    let transformed = !scope.transforms().is_empty();
    let serverless = |n: &usize| {
        let kind = resources.get(*n).and_then(|(_, entry)| entry.value.child("Type")?.as_str());
        kind.is_some_and(|kind| kind.starts_with("AWS::Serverless::"))
    };
    for members in components(&graph) {
        let Some(circle) = shortest(&graph, &members) else { continue };
        if transformed && circle.iter().any(|(n, _)| serverless(n)) {
            continue;
        }
        problems.extend(circular(&circle, &resources));
    }
}

fn edges(entry: &Entry, numbers: &HashMap<&str, usize>, scope: &Scope<'_>, text: &str) -> Vec<Edge> {
    let mut named = Vec::new();
    for (key, attribute) in entry.value.as_map().into_iter().flatten() {
        let value = &attribute.value;
        match &**key {
            "Type" | "Condition" => {}
            "DependsOn" => {
                let ids = value.as_list().unwrap_or(std::slice::from_ref(value));
                named.extend(ids.iter().filter_map(|id| Some(Named { id: id.as_str()?, at: id.at, written: None })));
            }
            _ => references(value, &mut named),
        }
    }
    let mut seen = HashSet::new();
    let known = |named: Named<'_>| {
        let to = *numbers.get(named.id).filter(|_| !scope.parameters.contains_key(named.id))?;
        let place = || named.written.map_or(named.at, |written| locate(text, named.at, written));
        seen.insert(to).then(|| Edge { to, at: place() })
    };
    named.into_iter().filter_map(known).collect()
}

/// The logical ids that the functions in a value name. Both branches of an `Fn::If` count.
fn references<'a>(value: &'a Value, into: &mut Vec<Named<'a>>) {
    if let Some((function, argument)) = condition::call(value) {
        match &**function {
            "Ref" => into.extend(argument.as_str().map(|id| Named { id, at: argument.at, written: None })),
            "Fn::GetAtt" => {
                let id = match argument.as_list() {
                    Some([id, _, ..]) => id.as_str().map(|text| (text, id.at)),
                    _ => argument.as_str().and_then(|text| Some((text.split_once('.')?.0, argument.at))),
                };
                into.extend(id.map(|(id, at)| Named { id, at, written: None }));
            }
            "Fn::Sub" => placeholders(argument, into),
            _ => {}
        }
    }
    match &value.kind {
        Kind::List(items) => items.iter().for_each(|item| references(item, into)),
        Kind::Map(map) => map.values().for_each(|entry| references(&entry.value, into)),
        _ => {}
    }
}

fn placeholders<'a>(argument: &'a Value, into: &mut Vec<Named<'a>>) {
    let (template, variables) = match argument.as_list() {
        Some([template, rest @ ..]) => (template, rest.first().and_then(Value::as_map)),
        _ => (argument, None),
    };
    let Some(whole) = template.as_str() else { return };
    for piece in pieces(whole) {
        let Piece::Name { name, written } = piece else { continue };
        if variables.is_none_or(|map| !map.contains_key(name)) {
            let id = name.split_once('.').map_or(name, |(id, _)| id);
            into.push(Named { id, at: template.at, written: Some(written) });
        }
    }
}

/// Sets of resources that all reach each other, each with its members in the order of the template (Tarjan's algorithm, without recursion).
fn components(graph: &[Vec<Edge>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let mut order = vec![NEW; graph.len()];
    let mut low = vec![NEW; graph.len()];
    let mut open = vec![false; graph.len()];
    let (mut stack, mut found, mut next) = (Vec::new(), Vec::new(), 0);
    let get = |of: &[usize], n: usize| of.get(n).copied().unwrap_or(NEW);
    for root in 0..graph.len() {
        if get(&order, root) != NEW {
            continue;
        }
        let mut path: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((node, edge)) = path.pop() {
            if edge == 0 {
                set(&mut order, node, next);
                set(&mut low, node, next);
                next += 1;
                stack.push(node);
                set(&mut open, node, true);
            }
            if let Some(to) = graph.get(node).and_then(|edges| edges.get(edge)).map(|edge| edge.to) {
                path.push((node, edge + 1));
                if get(&order, to) == NEW {
                    path.push((to, 0));
                } else if open.get(to) == Some(&true) {
                    let least = get(&low, node).min(get(&order, to));
                    set(&mut low, node, least);
                }
                continue;
            }
            if let Some(&(parent, _)) = path.last() {
                let least = get(&low, parent).min(get(&low, node));
                set(&mut low, parent, least);
            }
            if get(&low, node) == get(&order, node) {
                let from = stack.iter().rposition(|&n| n == node).unwrap_or(0);
                let mut members = stack.split_off(from);
                for &n in &members {
                    set(&mut open, n, false);
                }
                members.sort_unstable();
                found.push(members);
            }
        }
    }
    found
}

fn set<T>(of: &mut [T], n: usize, to: T) {
    if let Some(place) = of.get_mut(n) {
        *place = to;
    }
}

/// The shortest way from the first member back to it, each step with the place that says it; `None` if there is no way.
fn shortest(graph: &[Vec<Edge>], members: &[usize]) -> Option<Vec<(usize, Span)>> {
    let start = *members.first()?;
    let inside: HashSet<usize> = members.iter().copied().collect();
    let mut came: HashMap<usize, (usize, Span)> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for edge in graph.get(node)? {
            if edge.to == start {
                let mut steps = vec![(node, edge.at)];
                let mut at = node;
                while let Some(&(from, span)) = came.get(&at).filter(|_| at != start) {
                    steps.push((from, span));
                    at = from;
                }
                steps.reverse();
                return Some(steps);
            }
            if inside.contains(&edge.to) && !came.contains_key(&edge.to) {
                came.insert(edge.to, (node, edge.at));
                queue.push_back(edge.to);
            }
        }
    }
    None
}

fn circular(circle: &[(usize, Span)], resources: &[(&str, &Entry)]) -> Option<Diagnostic> {
    let names: Vec<&str> = circle.iter().filter_map(|(n, _)| resources.get(*n)).map(|(id, _)| *id).collect();
    let (first, at) = (*names.first()?, circle.first()?.1);
    if circle.len() == 1 {
        let problem = Diagnostic::error(at, format!("resource `{first}` depends on itself"));
        return Some(problem.label("names the resource that it stands in"));
    }
    let problem = Diagnostic::error(at, format!("circular dependency between resources: {}", route(&names)));
    let need = |n: usize| {
        let name = |n: usize| names.get(n % names.len()).copied().unwrap_or_default();
        format!("`{}` needs `{}`", name(n), name(n + 1))
    };
    let others = circle.iter().enumerate().skip(1).take(MAX_PLACES);
    let problem = others.fold(problem.label(need(0)), |problem, (n, (_, at))| problem.related(*at, need(n)));
    let groups = circle.iter().filter_map(|(n, _)| resources.get(*n)?.1.value.child("Type")?.as_str());
    let hint = if groups.clone().count() > 0 && groups.clone().all(|kind| kind == "AWS::EC2::SecurityGroup") {
        "write one of the rules as an `AWS::EC2::SecurityGroupIngress` or `AWS::EC2::SecurityGroupEgress` of its own"
    } else {
        "take one of these references out, or move it into a resource of its own"
    };
    Some(problem.hint(hint))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{clean, shown};

    #[test]
    fn a_circle_is_shown_with_every_step() {
        let text = "Resources:\n  Free: {Type: T::T::T, DependsOn: A}\n  A:\n    Type: T::T::T\n    Properties: {P: !GetAtt B.Arn}\n  \
                    B:\n    Type: T::T::T\n    Properties: {P: !If [C, !Sub 'x-${D}', 1]}\n  D:\n    Type: T::T::T\n    DependsOn: [A]\n\
                    Conditions: {C: !Equals [a, b]}\n";
        let shown = shown(text);
        assert_eq!(shown.len(), 1, "{shown:?}");
        for part in [
            "circular dependency between resources: A → B → D → A",
            "t.yaml:5:29",
            "`A` needs `B`",
            "`B` needs `D`",
            "`D` needs `A`",
            "take one of these references out",
        ] {
            assert!(shown[0].contains(part), "{part} in {}", shown[0]);
        }
    }

    #[test]
    fn a_resource_may_not_need_itself() {
        for own in ["!Ref A", "!GetAtt [A, Arn]", "!Sub '${A}'", "!Sub ['${A.Arn}', {B: c}]"] {
            let shown = shown(&format!("Resources: {{A: {{Type: T::T::T, Properties: {{P: {own}}}}}}}"));
            assert!(shown.len() == 1 && shown[0].contains("resource `A` depends on itself"), "{own}: {shown:?}");
        }
    }

    #[test]
    fn what_only_looks_like_a_circle_is_none() {
        clean("Resources: {A: {Type: T::T::T, Properties: {P: !Sub ['${A}', {A: b}]}}}");
        clean("Resources: {A: {Type: T::T::T, Properties: {P: !Sub '${!A}'}}}");
        clean(
            "Resources: {A: {Type: T::T::T, DependsOn: [B, C]}, B: {Type: T::T::T, DependsOn: C}, C: {Type: T::T::T}}",
        );
    }

    #[test]
    fn security_groups_that_name_each_other_are_told_what_to_do() {
        let group = |id: &str, other: &str| {
            format!("  {id}:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      P: !Ref {other}\n")
        };
        let shown = shown(&format!("Resources:\n{}{}", group("A", "B"), group("B", "A")));
        assert!(shown[0].contains("AWS::EC2::SecurityGroupIngress"), "{}", shown[0]);
    }
}
