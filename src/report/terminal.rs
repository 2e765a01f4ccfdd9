//! The report for a person at a terminal: first how things stand, then what to look at.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use owo_colors::{OwoColorize, Style};

use super::document::{DriftJson, EvidenceJson, FindingJson, Report, ResourceJson};
use super::sanitize;
use crate::model::types;

/// How much is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Only the summary.
    pub quiet: bool,
    /// Also what is unknown, evidence in full, and stacks by status.
    pub verbose: bool,
    /// Terminal colours.
    pub color: bool,
}

/// Evidence lines shown of a side unless `verbose`.
const SHORT: usize = 3;

/// Writes the report.
pub fn write(report: &Report, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    let paint = Paint { color: look.color };
    header(report, &paint, out)?;
    if !look.quiet {
        findings(report, look, &paint, out)?;
        deleted(report, &paint, out)?;
        gaps(report, &paint, out)?;
    }
    coverage(report, look, &paint, out)
}

struct Paint {
    color: bool,
}

impl Paint {
    fn with(&self, text: impl std::fmt::Display, style: Style) -> String {
        if self.color { text.style(style).to_string() } else { text.to_string() }
    }

    fn bold(&self, text: impl std::fmt::Display) -> String {
        self.with(text, Style::new().bold())
    }

    fn dim(&self, text: impl std::fmt::Display) -> String {
        self.with(text, Style::new().dimmed())
    }

    fn class(&self, class: &str, text: impl std::fmt::Display) -> String {
        let style = match class {
            "template" | "drift" => Style::new().red().bold(),
            "live" | "unmanaged" | "latent" => Style::new().yellow().bold(),
            "compliant" => Style::new().green(),
            _ => Style::new().cyan(),
        };
        self.with(text, style)
    }
}

fn header(report: &Report, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    let run = &report.run;
    let mut where_ = vec![format!("driftline {}", run.command)];
    if !run.accounts.is_empty() {
        where_.push(format!("account {}", run.accounts.join(", ")));
    }
    if !run.regions.is_empty() {
        where_.push(run.regions.join(", "));
    }
    where_.push(run.compliance.join(", "));
    let state = if run.complete {
        paint.class("compliant", "complete")
    } else {
        paint.class("drift", format!("INCOMPLETE ({} calls without an answer)", report.gaps.len()))
    };
    writeln!(out, "{} · {state}\n", paint.bold(sanitize(&where_.join(" · "))))?;
    let c = &report.counts;
    let cells = [
        ("template", c.template, "the template breaks the rule"),
        ("drift", c.drift, "the template is right, the live resource is not"),
        ("latent", c.latent, "only live is right; the next deployment undoes it"),
        ("live", c.live, "failing live; what the template asks for is not known"),
        ("unmanaged", c.unmanaged, "failing live, in no template"),
        ("unverified", c.unverified, "template right, live not readable"),
        ("unknown", c.unknown, "cannot be told"),
        ("compliant", c.compliant, ""),
    ];
    // Without an account there is nothing live to speak of.
    let spoken_of = |class: &str| report.coverage.is_some() || matches!(class, "template" | "unknown" | "compliant");
    for (class, n, meaning) in cells.into_iter().filter(|(class, ..)| spoken_of(class)) {
        let painted = if n == 0 { paint.dim(format!("{n:>6}")) } else { paint.class(class, format!("{n:>6}")) };
        writeln!(out, "{painted}  {class:<11} {}", paint.dim(meaning))?;
    }
    writeln!(out)?;
    scores(report, paint, out)
}

/// One line for each profile: the share of its applicable rules that pass, and what was not told.
fn scores(report: &Report, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    for score in &report.scores {
        let Some(percent) = score.percent else { continue };
        let mut text = format!(
            "{percent:>5}%  {}: {} of {} applicable rules pass, {} fail",
            sanitize(&score.profile),
            score.passed,
            score.applicable,
            score.failed.len()
        );
        if !score.unknown.is_empty() {
            let _ = write!(text, ", {} cannot be told ({})", score.unknown.len(), some_of(&score.unknown));
        }
        writeln!(out, "{}", paint.bold(text))?;
    }
    writeln!(out)
}

/// The first few names, and how many more there are.
fn some_of(names: &[&str]) -> String {
    let shown = names.iter().take(SHORT).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHORT { format!("{shown}, {} more", names.len() - SHORT) } else { shown }
}

fn findings(report: &Report, look: Look, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    let mut by_stack: BTreeMap<(bool, &str), Vec<&FindingJson>> = BTreeMap::new();
    let uncertain = |f: &FindingJson| matches!(f.class.word(), "unknown" | "unverified" | "compliant");
    for f in report.findings.iter().filter(|f| look.verbose || !uncertain(f)) {
        let stack = f.resource.stack.as_deref();
        by_stack.entry((stack.is_none(), stack.unwrap_or_default())).or_default().push(f);
    }
    for ((without, stack), mut list) in by_stack {
        let heading = if without { "in no stack".to_owned() } else { sanitize(stack).into_owned() };
        writeln!(out, "{}", paint.bold(heading))?;
        list.sort_by_key(|f| (rank(f.class.word()), f.rule));
        for f in list {
            finding(f, look, paint, out)?;
        }
        writeln!(out)?;
    }
    let hidden = report.findings.iter().filter(|f| uncertain(f)).count();
    if hidden > 0 && !look.verbose {
        writeln!(out, "{}\n", paint.dim(format!("{hidden} more that cannot be told: -v shows them")))?;
    }
    Ok(())
}

fn rank(class: &str) -> usize {
    ["drift", "template", "latent", "live", "unmanaged", "unverified", "unknown"]
        .iter()
        .position(|c| *c == class)
        .unwrap_or(usize::MAX)
}

fn finding(f: &FindingJson, look: Look, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    let class = paint.class(f.class.word(), format!("{:<10}", f.class.word()));
    writeln!(out, "  {class} {:<8} {}  {}", f.severity, paint.bold(f.rule), sanitize(&name(&f.resource)))?;
    writeln!(out, "             {}", paint.dim(f.title))?;
    for (side, label) in [(&f.declared, "template"), (&f.observed, "live")] {
        let Some(side) = side else { continue };
        let shown = if look.verbose { side.evidence.len() } else { SHORT };
        for e in side.evidence.iter().take(shown) {
            writeln!(out, "             {label:<9}{}", sanitize(&evidence(e)))?;
        }
        if side.evidence.is_empty() {
            writeln!(out, "             {label:<9}{}", side.verdict)?;
        }
        if side.evidence.len() > shown {
            writeln!(out, "             {:<9}… {} more", "", side.evidence.len() - shown)?;
        }
    }
    Ok(())
}

fn name(r: &ResourceJson) -> String {
    if r.kind == types::TEMPLATE {
        return "the template".into();
    }
    let names: Vec<&str> = [&r.logical_id, &r.physical_id].into_iter().flatten().map(String::as_str).collect();
    match names.as_slice() {
        [] => r.arn.clone().unwrap_or_else(|| r.kind.clone()),
        [one] => format!("{one} [{}]", r.kind),
        [logical, rest @ ..] => format!("{logical} ({}) [{}]", rest.join(", "), r.kind),
    }
}

fn evidence(e: &EvidenceJson) -> String {
    let mut text = String::new();
    if let (Some(file), Some(line), Some(column)) = (&e.file, e.line, e.column) {
        text = format!("{file}:{line}:{column}  ");
    }
    text.push_str(&e.path);
    match (&e.actual, &e.reason) {
        (Some(actual), _) => text = format!("{text} = {}", shortened(actual)),
        (None, Some(reason)) => text = format!("{text}: {reason}"),
        (None, None) if e.path.is_empty() => {}
        (None, None) => text.push_str(" is absent"),
    }
    if e.expected.is_empty() { text } else { format!("{text}  (wants {})", e.expected) }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 90;
    if text.chars().count() <= MOST {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(MOST).collect::<String>())
    }
}

fn deleted(report: &Report, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    let gone: Vec<&DriftJson> = report.drift.iter().filter(|d| d.status == "deleted").collect();
    if gone.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.bold("deleted outside of CloudFormation"))?;
    for d in gone {
        let stack = d.resource.stack.as_deref().unwrap_or_default();
        writeln!(
            out,
            "  {} {}",
            paint.class("drift", "deleted"),
            sanitize(&format!("{stack}: {}", name(&d.resource)))
        )?;
    }
    writeln!(out)
}

fn gaps(report: &Report, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    if report.gaps.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.bold("not readable"))?;
    for g in &report.gaps {
        let affects =
            if g.affects.is_empty() { String::new() } else { format!("  leaves unknown: {}", g.affects.join(", ")) };
        let line = format!("{} {} ({}) in {} {}{affects}", g.action, g.cause, g.code, g.account, g.region);
        writeln!(out, "  {}", sanitize(&line))?;
    }
    writeln!(out)
}

fn coverage(report: &Report, look: Look, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(c) = &report.coverage else { return Ok(()) };
    if look.verbose {
        for s in &c.stacks {
            let line = format!(
                "{}: {} resources, {} modified, {} deleted, {} in sync, {} not compared in full",
                s.stack, s.resources, s.modified, s.deleted, s.in_sync, s.not_checked
            );
            writeln!(out, "{}", sanitize(&line))?;
        }
    }
    // One account and one region need no table.
    if c.places.len() > 2 || look.verbose {
        for p in &c.places {
            let gaps =
                if p.gaps == 0 { String::new() } else { format!(", {} without an answer", count(p.gaps, "call")) };
            let line = format!(
                "{:<12} {:<16} {}, {}{gaps}",
                p.account,
                p.region,
                count(p.stacks, "stack"),
                count(p.resources, "resource")
            );
            writeln!(out, "{}", sanitize(&line))?;
        }
    }
    let p = &c.provenance;
    let percent = c.iac_percent.map_or_else(|| "–".to_owned(), |x| format!("{x} %"));
    let line = format!(
        "IaC coverage {percent} = {}: {} in stacks, {} unmanaged ({} derived, {} service, {} default not counted)",
        c.formula, p.stack, p.unmanaged, p.derived, p.service, p.default
    );
    writeln!(out, "{}", paint.dim(line))?;
    calls(report, look, paint, out)
}

/// What the scan cost the account's quotas.
fn calls(report: &Report, look: Look, paint: &Paint, out: &mut dyn io::Write) -> io::Result<()> {
    let run = &report.run;
    if run.calls.is_empty() {
        return Ok(());
    }
    let total: u64 = run.calls.values().sum();
    let throttled = if run.throttled == 0 { String::new() } else { format!(", {} throttled", run.throttled) };
    writeln!(out, "{}", paint.dim(format!("{total} calls to AWS{throttled}")))?;
    if look.verbose {
        for (action, n) in &run.calls {
            writeln!(out, "{}", paint.dim(format!("{n:>8} {action}")))?;
        }
    }
    Ok(())
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
