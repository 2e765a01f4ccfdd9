//! `driftline check`: template files by themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args as ClapArgs;

use super::exit::{Exit, Failure, write_all};
use super::files::{self, unreadable};
use super::options::{Gate, Output, Rules, TemplateInputs};
use super::output::stderr_has_color;
use crate::diag::{Diagnostic, Gravity};
use crate::load::{self, Inputs, Root};
use crate::report::Run;
use crate::scan::{self, Family, Plan};
use crate::source::Sources;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Template files, directories to search for templates, patterns in quotes ('stacks/**/*.yaml'), or - for standard input. Templates that
    /// these nest by a relative `TemplateURL` are judged with them.
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
    let choice = args.rules.choose(&mut sources)?;
    let started = super::audit::now();
    let parameters = parameters(&mut sources, &args.inputs)?;
    let (families, mut errors) = families(&mut sources, files::read(&args.templates)?, &parameters);
    let run = Run { command: "check".into(), compliance: choice.names(), started, ..Run::default() };
    let plan = Plan { choice, all: args.output.all, run };
    let (mut report, warnings) = match scan::templates(plan, &sources, &families) {
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

/// The templates, each with those nested in it, and everything that is wrong with any of them.
fn families(
    sources: &mut Sources,
    files: Vec<files::File>,
    parameters: &BTreeMap<Arc<str>, Arc<str>>,
) -> (Vec<Family>, Vec<Diagnostic>) {
    let mut errors = Vec::new();
    let many = files.len() > 1;
    let mut roots = Vec::new();
    for file in files {
        let name = file.name.display().to_string();
        let template = load::parse(sources, &name, &file.text).map_err(|problems| errors.extend(problems)).ok();
        let mut inputs = Inputs { stack: name.into(), parameters: parameters.clone(), ..Inputs::default() };
        // With several templates a parameter belongs to those that declare it; with one, a parameter that it does not declare is a mistake.
        if let (true, Some(template)) = (many, &template) {
            inputs.parameters.retain(|name, _| template.has_parameter(name));
        }
        roots.push(Root { path: file.path, template, inputs });
    }
    let (families, problems) = load::families(sources, &roots, &files::text);
    errors.extend(problems);
    (families, errors)
}

/// The parameters of files and options; options win.
pub(super) fn parameters(
    sources: &mut Sources,
    inputs: &TemplateInputs,
) -> Result<BTreeMap<Arc<str>, Arc<str>>, Failure> {
    let mut all = BTreeMap::new();
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
