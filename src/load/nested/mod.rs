//! Local nested stacks: a `TemplateURL` that is a path, as `aws cloudformation package` takes it, is loaded with the parameters handed down.

mod call;
mod handed;
mod outputs;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use self::call::Call;
use self::outputs::{Outputs, WithOutputs};
use super::{Inputs, Template, evaluate, parse};
use crate::diag::Diagnostic;
use crate::source::Sources;

/// How deep stacks may nest.
const MAX_DEPTH: usize = 16;
/// How often templates are evaluated for one run: a bound for templates that nest each other again and again with other parameters.
const MAX_EVALUATIONS: usize = 1000;

/// Reads a file: what tells it from every other file (its canonical path), and its text.
pub type Read<'a> = &'a dyn Fn(&Path) -> io::Result<(PathBuf, String)>;

/// A template file that was asked for.
#[derive(Debug)]
pub struct Root {
    /// Its canonical path; empty for a text that is no file.
    pub path: PathBuf,
    /// The template; `None` if it has mistakes, which are told elsewhere.
    pub template: Option<Template>,
    /// What it is evaluated with.
    pub inputs: Inputs,
}

/// Each template with those nested in it, all ready to be evaluated, and what is wrong with nested templates: they cannot be read, they contain
/// themselves, they do not take what is handed down. A template that another one nests is no family of its own.
pub fn families(
    sources: &mut Sources,
    roots: &[Root],
    read: Read<'_>,
) -> (Vec<Vec<(Template, Inputs)>>, Vec<Diagnostic>) {
    let mut loader = Loader::new(sources, roots, read);
    // Who is nested in whom is known only once all have been looked at.
    let nested: BTreeSet<PathBuf> = if roots.len() > 1 {
        for root in roots {
            loader.root(root);
        }
        loader.nested.keys().cloned().collect()
    } else {
        BTreeSet::new()
    };
    loader.nested.clear();
    let families = roots.iter().filter(|r| !nested.contains(&r.path)).filter_map(|r| loader.root(r)).collect();
    (families, loader.problems)
}

/// A template with what it is evaluated with, and the templates nested in it.
#[derive(Clone)]
struct Node {
    template: Template,
    inputs: Inputs,
    children: Vec<Self>,
}

/// A template that was loaded as a nested one, with the inputs that it was loaded with.
struct Loaded {
    node: Node,
    outputs: Outputs,
    parameters: BTreeMap<Arc<str>, Arc<str>>,
    handed: BTreeMap<Arc<str>, crate::model::Kind>,
}

struct Loader<'a> {
    sources: &'a mut Sources,
    read: Read<'a>,
    files: HashMap<PathBuf, Option<Template>>,
    nested: BTreeMap<PathBuf, Vec<Loaded>>,
    problems: Vec<Diagnostic>,
    evaluations: usize,
}

/// The files that lead to a template, itself included: canonical path and name.
type Chain = Vec<(PathBuf, String)>;

impl<'a> Loader<'a> {
    fn new(sources: &'a mut Sources, roots: &[Root], read: Read<'a>) -> Self {
        let files = roots.iter().map(|r| (r.path.clone(), r.template.clone())).collect();
        Self { sources, read, files, nested: BTreeMap::new(), problems: Vec::new(), evaluations: 0 }
    }

    fn root(&mut self, root: &Root) -> Option<Vec<(Template, Inputs)>> {
        let template = root.template.clone()?;
        let mut node = Node { template, inputs: root.inputs.clone(), children: Vec::new() };
        if call::nests(&node.template) {
            let name = self.sources.name(node.template.file).to_owned();
            self.grow(&mut node, &mut vec![(root.path.clone(), name)]);
        }
        let mut family = Vec::new();
        flatten(node, &mut family);
        Some(family)
    }

    /// Loads what is nested in a template, each as soon as what is handed down to it is known, and returns the template's outputs.
    fn grow(&mut self, node: &mut Node, chain: &mut Chain) -> Outputs {
        let with = WithOutputs::new(&node.template);
        let mut grown: BTreeSet<Arc<str>> = BTreeSet::new();
        loop {
            self.evaluations += 1;
            if self.evaluations > MAX_EVALUATIONS {
                self.problem(
                    Diagnostic::error(node.template.root.at, "too many nested stacks")
                        .label("there is no end to what this template nests")
                        .hint("check fewer templates at a time"),
                );
                return Outputs::new();
            }
            // Its mistakes are told where it is judged.
            let Ok(declared) = evaluate(&with.template, &node.inputs) else { return Outputs::new() };
            let open: Vec<Call> = call::all(&declared).into_iter().filter(|call| !grown.contains(&call.id)).collect();
            if open.is_empty() {
                return WithOutputs::outputs(&declared);
            }
            let waits = |call: &Call| open.iter().any(|other| other.id != call.id && call.mentions(&other.id));
            let ready: Vec<&Call> = open.iter().filter(|call| !waits(call)).collect();
            // Stacks that wait for each other: CloudFormation would not create them; what they hand over is not known.
            let ready = if ready.is_empty() { open.iter().collect() } else { ready };
            for call in ready {
                grown.insert(Arc::clone(&call.id));
                if let Some((child, outputs)) = self.child(node, call, chain) {
                    let named = |(name, kind)| ((Arc::clone(&call.id), name), kind);
                    node.inputs.nested_values.extend(outputs.into_iter().map(named));
                    node.children.push(child);
                }
            }
        }
    }

    /// The template that a nested stack names; `None` if it is no local file or cannot be used.
    fn child(&mut self, parent: &Node, call: &Call, chain: &mut Chain) -> Option<(Node, Outputs)> {
        let beside = self.sources.name(parent.template.file).to_owned();
        let name = tidy(&Path::new(&beside).parent().unwrap_or(Path::new("")).join(&*call.path));
        let shown = name.display().to_string();
        let (path, text) = match (self.read)(&name) {
            Ok(found) => found,
            // A path that is put together may be meant for another place.
            Err(_) if !call.literal => return None,
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::NotFound => "there is no such file".to_owned(),
                    _ => error.to_string(),
                };
                self.problem(
                    Diagnostic::error(call.at, format!("nested template `{shown}` cannot be read: {why}"))
                        .label("named here")
                        .hint("a path is relative to the template that names it"),
                );
                return None;
            }
        };
        if chain.iter().any(|(other, _)| *other == path) {
            let names: Vec<&str> = chain.iter().map(|(_, name)| name.as_str()).chain([shown.as_str()]).collect();
            let message = format!("nested template `{shown}` contains itself: {}", names.join(" → "));
            self.problem(Diagnostic::error(call.at, message));
            return None;
        }
        if chain.len() >= MAX_DEPTH {
            self.problem(Diagnostic::error(call.at, format!("stacks nest deeper than {MAX_DEPTH} levels")));
            return None;
        }
        let template = self.template(&path, &shown, &text)?;
        let handed = handed::down(call, &template, &shown);
        for problem in handed.problems {
            self.problem(problem);
        }
        let loaded = self.nested.entry(path.clone()).or_default();
        if let Some(same) = loaded.iter().find(|l| l.parameters == handed.parameters && l.handed == handed.kinds) {
            return Some((same.node.clone(), same.outputs.clone()));
        }
        // One file may become several stacks, and each is one of its own.
        let stack = if loaded.is_empty() { shown.clone() } else { format!("{shown} ({} of {beside})", call.id) };
        let inputs = Inputs {
            stack: stack.into(),
            account: Arc::clone(&parent.inputs.account),
            region: Arc::clone(&parent.inputs.region),
            partition: Arc::clone(&parent.inputs.partition),
            parameters: handed.parameters.clone(),
            handed: handed.kinds.clone(),
            exports: parent.inputs.exports.clone(),
            ..Inputs::default()
        };
        let mut node = Node { template, inputs, children: Vec::new() };
        // The name is taken before anything below is loaded.
        let place = loaded.len();
        loaded.push(Loaded {
            node: node.clone(),
            outputs: Outputs::new(),
            parameters: handed.parameters,
            handed: handed.kinds,
        });
        chain.push((path.clone(), shown));
        let outputs = self.grow(&mut node, chain);
        chain.pop();
        if let Some(loaded) = self.nested.get_mut(&path).and_then(|all| all.get_mut(place)) {
            loaded.node = node.clone();
            loaded.outputs.clone_from(&outputs);
        }
        Some((node, outputs))
    }

    fn template(&mut self, path: &Path, name: &str, text: &str) -> Option<Template> {
        if let Some(known) = self.files.get(path) {
            return known.clone();
        }
        let template = match parse(self.sources, name, text) {
            Ok(template) => Some(template),
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        };
        self.files.insert(path.to_owned(), template.clone());
        template
    }

    /// Said once, however often the template is looked at.
    fn problem(&mut self, problem: Diagnostic) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

fn flatten(node: Node, family: &mut Vec<(Template, Inputs)>) {
    if family.iter().any(|(_, inputs)| inputs.stack == node.inputs.stack) {
        return;
    }
    family.push((node.template, node.inputs));
    for child in node.children {
        flatten(child, family);
    }
}

/// A path without `.` and, where that is sure, without `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidy.components().next_back(), Some(Component::Normal(_))) => {
                tidy.pop();
            }
            other => tidy.push(other),
        }
    }
    tidy
}

#[cfg(test)]
mod tests;
