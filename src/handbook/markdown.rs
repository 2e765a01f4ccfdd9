//! Descriptions as Markdown.

use std::fmt::Write as _;

use super::Entry;

impl Entry {
    /// The whole description.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n\n{}\n\n", self.id, self.title);
        // Writing to a String cannot fail.
        let mut line = |text: &str| {
            let _ = writeln!(out, "{text}");
        };
        line(&format!("Severity **{}** · category **{}** · judged on {}", self.severity, self.category, self.sides()));
        line(&format!("\nSubjects: {}\n", code(self.subjects)));
        line(&format!("## Why\n\n{}\n\n## Fix\n\n{}", self.why, self.fix));
        for (title, example) in [("What passes", &self.passes), ("What fails", &self.fails)] {
            if let Some(example) = example {
                line(&format!("\n## {title}\n\n```yaml\n{example}\n```"));
            }
        }
        if !self.parameters.is_empty() {
            line("\n## Parameters\n");
            for p in &self.parameters {
                line(&format!("- `{}` ({}; default `{}`): {}", p.name, p.wants, p.default, p.docs));
            }
        }
        if !self.profiles.is_empty() {
            let listed: Vec<String> =
                self.profiles.iter().map(|(name, severity)| format!("{name} ({severity})")).collect();
            line(&format!("\n## Profiles\n\n{}", listed.join(", ")));
        }
        if !self.equivalents.is_empty() {
            line("\n## Equivalents\n\nEach of these ids works wherever a rule is named.\n");
            for (tool, ids) in &self.equivalents {
                line(&format!("- {tool}: {}", code(ids)));
            }
        }
        if self.judged_on != "template" {
            line(&format!("\n## Read live\n\n{}", self.live()));
        }
        out
    }

    fn sides(&self) -> &'static str {
        match self.judged_on {
            "template" => "templates only",
            "live" => "the live account only",
            _ => "templates and live resources",
        }
    }

    fn live(&self) -> String {
        let actions: Vec<&str> = self.actions.iter().copied().collect();
        let mut text = if actions.is_empty() { String::new() } else { format!("IAM actions: {}", code(&actions)) };
        if !self.not_collected.is_empty() {
            let missing: Vec<&str> = self.not_collected.iter().copied().collect();
            let lead = if text.is_empty() { "" } else { "\n\n" };
            let _ = write!(text, "{lead}Not listed live, so unknown outside of stacks: {}", code(&missing));
        }
        text
    }
}

fn code(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The list of all rules, by category.
pub(super) fn index(entries: &[Entry]) -> String {
    let mut out = format!(
        "# Rules\n\n{} rules. `driftline explain RULE` shows the same pages; they are written by `driftline rules --reference DIR`.\n",
        entries.len()
    );
    let mut category = String::new();
    for e in entries {
        let here = e.category.to_string();
        if here != category {
            let _ = write!(out, "\n## {here}\n\n| rule | severity | judged on | |\n|---|---|---|---|\n");
            category = here;
        }
        let _ = writeln!(out, "| [{0}]({0}.md) | {1} | {2} | {3} |", e.id, e.severity, e.judged_on, e.title);
    }
    out
}
