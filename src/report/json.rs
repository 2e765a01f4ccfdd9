//! The JSON report.

use std::io;

use super::Report;

/// Writes the report as indented JSON with a final newline.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}
