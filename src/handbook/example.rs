//! Examples from fixtures: the resource under a mark.

/// The first resource of a fixture that is marked with a verdict on both sides, else on one side, else a whole document whose first line is.
pub(super) fn of(fixture: &str, word: &str) -> Option<String> {
    let lines: Vec<&str> = fixture.lines().collect();
    let both = |m: &str| first_word(m) == word;
    let live = |m: &str| m.contains(&format!("live: {word}"));
    let declared = |m: &str| m.contains(&format!("template: {word}"));
    let marked = |fits: fn(&str) -> bool, says: &dyn Fn(&str) -> bool| {
        lines.iter().position(|line| fits(line) && mark(line).is_some_and(says))
    };
    let place = |fits: fn(&str) -> bool| {
        marked(fits, &both).or_else(|| marked(fits, &live)).or_else(|| marked(fits, &declared))
    };
    let resource = place(is_resource).map(|n| block(&lines, n));
    resource.or_else(|| place(is_first).map(|n| document(&lines, n)))
}

fn mark(line: &str) -> Option<&str> {
    line.split_once(" # ").map(|(_, mark)| mark)
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// The line that stands for the template, its region and its account.
fn is_first(line: &str) -> bool {
    line.starts_with("AWSTemplateFormatVersion")
}

/// A logical id: two spaces in, and nothing but a mark behind it.
fn is_resource(line: &str) -> bool {
    let name = line.strip_prefix("  ").and_then(|rest| rest.split_once(':')).map_or("", |(name, _)| name);
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// A resource without its mark, moved to the margin.
fn block(lines: &[&str], n: usize) -> String {
    let head = lines.iter().skip(n).take(1).map(|line| line.split(" # ").next().unwrap_or(line));
    let inside = lines.iter().skip(n + 1).copied().take_while(|line| line.starts_with("   ") || line.trim().is_empty());
    let mut text: String =
        head.chain(inside).map(|line| line.strip_prefix("  ").unwrap_or(line)).collect::<Vec<_>>().join("\n");
    text.truncate(text.trim_end().len());
    text
}

fn document(lines: &[&str], n: usize) -> String {
    let inside = lines.iter().skip(n + 1).copied().take_while(|line| *line != "---");
    let without_mark = |line: &str| line.split(" # ").next().unwrap_or(line).to_owned();
    inside.map(without_mark).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marked_resource_is_cut_out() {
        let text = "AWSTemplateFormatVersion: x\nResources:\n  Good: # pass\n    Type: T\n    Properties: {A: 1}\n  Bad: # fail (no A)\n    Type: T\n---\nA: b\n";
        assert_eq!(of(text, "pass").unwrap(), "Good:\n  Type: T\n  Properties: {A: 1}");
        assert_eq!(of(text, "fail").unwrap(), "Bad:\n  Type: T");
        assert_eq!(of(text, "unknown"), None);
    }

    #[test]
    fn a_mark_on_the_template_shows_the_document() {
        let text = "AWSTemplateFormatVersion: x # fail\nResources:\n  R:\n    Type: T\n---\nAWSTemplateFormatVersion: x # pass\nResources: {}\n";
        assert_eq!(of(text, "fail").unwrap(), "Resources:\n  R:\n    Type: T");
        assert_eq!(of(text, "pass").unwrap(), "Resources: {}");
    }

    #[test]
    fn one_side_will_do() {
        assert_eq!(of("Resources:\n  Ana: # live: pass\n    Type: T\n", "pass").unwrap(), "Ana:\n  Type: T");
    }
}
