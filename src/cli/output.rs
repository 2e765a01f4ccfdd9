//! Where the report goes, and what the gate makes of it.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::str::FromStr;

use super::exit::{Exit, Failure};
use super::options::{Gate, Output, When};
use crate::diag::did_you_mean;
use crate::report::{Report, json, terminal};

/// A format and where it goes; stdout if no path is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format {
    kind: Kind,
    path: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Terminal,
    Json,
}

/// Formats that a later version writes.
const NOT_YET: &[&str] = &["sarif", "junit", "markdown", "html", "csv", "ocsf"];

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path.to_owned())));
        let kind = match name {
            "terminal" => Kind::Terminal,
            "json" => Kind::Json,
            name if NOT_YET.contains(&name) => return Err(format!("the format {name} is not supported yet")),
            name => {
                let known = did_you_mean(name, ["terminal", "json"].into_iter().chain(NOT_YET.iter().copied()));
                let hint = known.map(|k| format!("; did you mean {k}?")).unwrap_or_default();
                return Err(format!("there is no format {name}{hint}"));
            }
        };
        Ok(Self { kind, path })
    }
}

impl Output {
    /// More than one format on stdout would run into each other.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.format.iter().filter(|f| f.path.is_none()).count() > 1 {
            return Err(Failure::Usage(
                "only one format can go to stdout: give the others a file, json=report.json".into(),
            ));
        }
        Ok(())
    }

    /// Writes the report in every format that was asked for.
    pub(super) fn write(&self, report: &Report) -> Result<(), Failure> {
        for format in &self.format {
            let to = format.path.as_deref().unwrap_or("stdout");
            self.write_one(report, format).map_err(|source| Failure::Unwritable { to: to.to_owned(), source })?;
        }
        Ok(())
    }

    fn write_one(&self, report: &Report, format: &Format) -> io::Result<()> {
        let color = format.path.is_none()
            && match self.color {
                When::Always => true,
                When::Never => false,
                When::Auto => stdout_has_color(),
            };
        let mut out: Box<dyn Write> = match &format.path {
            Some(path) => Box::new(io::BufWriter::new(File::create(path)?)),
            None => Box::new(io::BufWriter::new(io::stdout())),
        };
        match format.kind {
            Kind::Json => json::write(report, &mut out)?,
            Kind::Terminal => {
                let look = terminal::Look { quiet: self.quiet, verbose: self.verbose, color };
                terminal::write(report, look, &mut out)?;
            }
        }
        out.flush()
    }
}

fn stdout_has_color() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

pub(super) fn stderr_has_color() -> bool {
    io::stderr().is_terminal() && anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

impl Gate {
    /// The exit code of a report.
    pub(super) fn judge(&self, report: &Report) -> Exit {
        if let Some(least) = self.fail_on.least() {
            let findings = report.findings.iter().any(|f| f.class.is_failure() && f.severity >= least);
            // A resource that is gone, or a template that is not the file's, has no severity: it fails any threshold.
            let drifted =
                report.drift.iter().any(|d| d.status == "deleted" || (d.status == "modified" && d.reason.is_some()));
            if findings || drifted {
                return Exit::Findings;
            }
        }
        if report.run.complete || self.allow_incomplete { Exit::Clean } else { Exit::Incomplete }
    }
}
