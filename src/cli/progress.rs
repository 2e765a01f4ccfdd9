//! What a run is doing, on stderr: a spinner on a terminal, lines elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::options::{Output, When};

/// Shows progress until it is dropped.
pub(super) enum Progress {
    /// A spinner.
    Spinner(ProgressBar),
    /// A line per step.
    Lines,
    /// Nothing.
    Silent,
}

impl Progress {
    pub(super) fn of(output: &Output) -> Self {
        let terminal = std::io::stderr().is_terminal();
        match output.progress {
            When::Never => Self::Silent,
            When::Auto if output.quiet => Self::Silent,
            When::Auto | When::Always if terminal => {
                let bar = ProgressBar::new_spinner();
                bar.set_style(ProgressStyle::default_spinner());
                bar.enable_steady_tick(Duration::from_millis(120));
                Self::Spinner(bar)
            }
            When::Auto | When::Always => Self::Lines,
        }
    }

    pub(super) fn say(&self, line: &str) {
        match self {
            Self::Spinner(bar) => bar.set_message(line.to_owned()),
            // Progress that cannot be shown is no reason to stop.
            Self::Lines => drop(writeln!(std::io::stderr(), "{line}")),
            Self::Silent => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Self::Spinner(bar) = self {
            bar.finish_and_clear();
        }
    }
}
