//! `driftline check`: template files by themselves.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use clap::Args as ClapArgs;

use super::exit::{Exit, Failure, write_all};
use super::options::{Gate, Output, Rules, TemplateInputs};
use super::output::stderr_has_color;
use crate::diag::{Diagnostic, Gravity};
use crate::load::{self, Inputs, Template};
use crate::report::Run;
use crate::scan::{self, Plan};
use crate::source::Sources;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Template files, or directories to search for templates.
    #[arg(required = true, value_name = "TEMPLATE")]
    templates: Vec<PathBuf>,
    #[command(flatten)]
    inputs: TemplateInputs,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    gate: Gate,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    args.output.check()?;
    let mut sources = Sources::default();
    let (compliance, active) = args.rules.choose(&mut sources)?;
    let started = super::audit::now();
    let parameters = parameters(&mut sources, &args.inputs)?;
    let mut files = Vec::new();
    let mut errors: Vec<Diagnostic> = Vec::new();
    for (path, text) in read(&args.templates)? {
        let name = path.display().to_string();
        match load::parse(&mut sources, &name, &text) {
            Ok(template) => {
                let inputs = Inputs { stack: name.into(), parameters: parameters.clone(), ..Inputs::default() };
                files.push((template, inputs));
            }
            Err(diagnostics) => errors.extend(diagnostics),
        }
    }
    only_declared(&mut files);
    let run = Run { command: "check".into(), compliance, started, ..Run::default() };
    let plan = Plan { active, all: args.output.all, run };
    let outcome = scan::templates(plan, &sources, &files);
    let (mut report, warnings) = match outcome {
        Ok(done) if errors.is_empty() => done,
        Ok(_) => return Err(Failure::Files(Box::new(sources), errors)),
        Err(more) => {
            errors.extend(more);
            return Err(Failure::Files(Box::new(sources), errors));
        }
    };
    let warnings: Vec<Diagnostic> = warnings.into_iter().filter(|w| w.gravity == Gravity::Warning).collect();
    // Warnings that cannot be shown are no reason to stop.
    drop(write_all(&mut anstream::stderr(), &sources, &warnings, stderr_has_color()));
    report.run.finished = super::audit::now();
    args.output.write(&report)?;
    Ok(args.gate.judge(&report))
}

/// With several templates a parameter belongs to those that declare it; with one, a parameter that it does not declare is a mistake.
fn only_declared(files: &mut [(Template, Inputs)]) {
    if files.len() < 2 {
        return;
    }
    for (template, inputs) in files {
        inputs.parameters.retain(|name, _| template.has_parameter(name));
    }
}

/// The files and their texts. A directory gives every template below it, in the order of their paths.
fn read(paths: &[PathBuf]) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            search(path, &mut files).map_err(|source| unreadable(path, source))?;
            if files.len() == before {
                return Err(Failure::Usage(format!("there is no template in {}", path.display())));
            }
        } else {
            let text = fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
            files.push((path.clone(), text));
        }
    }
    Ok(files)
}

fn search(directory: &Path, files: &mut Vec<(PathBuf, String)>) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            search(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|e| ["yaml", "yml", "json", "template"].iter().any(|x| e.eq_ignore_ascii_case(x)))
        {
            // A file that is not text is not a template.
            if let Ok(text) = fs::read_to_string(&path)
                && load::looks_like_template(&text)
            {
                files.push((path, text));
            }
        }
    }
    Ok(())
}

/// The parameters of files and options; options win.
pub(super) fn parameters(
    sources: &mut Sources,
    inputs: &TemplateInputs,
) -> Result<std::collections::BTreeMap<Arc<str>, Arc<str>>, Failure> {
    let mut all = std::collections::BTreeMap::new();
    for path in &inputs.parameters {
        let text = fs::read_to_string(path).map_err(|source| unreadable(Path::new(path), source))?;
        let values = load::parameters(sources, path, &text)
            .map_err(|diagnostics| Failure::Files(Box::new(std::mem::take(sources)), diagnostics))?;
        all.extend(values);
    }
    for pair in &inputs.parameter {
        let (key, value) =
            pair.split_once('=').ok_or_else(|| Failure::Usage(format!("--parameter {pair}: wants KEY=VALUE")))?;
        all.insert(key.into(), value.into());
    }
    Ok(all)
}

pub(super) fn unreadable(path: &Path, source: io::Error) -> Failure {
    Failure::Unreadable { path: path.display().to_string(), source }
}
