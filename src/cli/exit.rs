//! Exit codes, and what is said when a run cannot be made.

use std::io::{self, Write as _};
use std::process::{ExitCode, Termination};

use crate::collect::ConnectError;
use crate::diag::Diagnostic;
use crate::profile::{ProfileError, SelectError};
use crate::source::Sources;

/// How a run ended; the codes are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: complete, and nothing at or above the threshold.
    Clean,
    /// 1: findings.
    Findings,
    /// 2: could not run.
    CouldNotRun,
    /// 3: nothing above the threshold, but not everything could be read.
    Incomplete,
    /// 130: stopped by the user.
    Interrupted,
    /// 143: stopped by the system.
    Terminated,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::CouldNotRun => 2,
            Self::Incomplete => 3,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.code().into()
    }
}

/// Why a run could not be made. All of these end with exit code 2.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Files that point at their own mistakes.
    #[error("{} mistakes", .1.len())]
    Files(Box<Sources>, Vec<Diagnostic>),
    /// A profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The rules cannot be chosen.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// The account cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A file that cannot be read.
    #[error("failed to read {path}: {source}")]
    Unreadable {
        /// The path.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The report cannot be written.
    #[error("failed to write {to}: {source}")]
    Unwritable {
        /// Where to.
        to: String,
        /// Why.
        source: io::Error,
    },
    /// Anything else that the user can put right.
    #[error("{0}")]
    Usage(String),
}

impl Failure {
    /// Says what went wrong on stderr.
    pub(super) fn report(self) -> Exit {
        let mut err = anstream::stderr();
        let color = super::output::stderr_has_color();
        if let Self::Unwritable { source, .. } = &self
            && source.kind() == io::ErrorKind::BrokenPipe
        {
            // The reader has seen enough (`driftline … | head`).
            return Exit::Clean;
        }
        let _ = match &self {
            Self::Files(sources, diagnostics) => write_all(&mut err, sources, diagnostics, color),
            other => writeln!(err, "error: {other}"),
        };
        Exit::CouldNotRun
    }
}

/// Writes diagnostics, each with a blank line after it.
pub(super) fn write_all(out: &mut dyn io::Write, sources: &Sources, all: &[Diagnostic], color: bool) -> io::Result<()> {
    all.iter().try_for_each(|d| writeln!(out, "{}\n", d.render(sources, color)))
}
