//! Sections: their names, their places, their shapes.

use super::super::names::{SECTIONS, is_expansion};
use super::super::scope::Scope;
use super::suggest;
use crate::diag::Diagnostic;
use crate::model::{Entry, Kind, Map, Value};

/// Sections that others look names up in.
const NAMING: &[&str] = &["Parameters", "Mappings", "Conditions", "Resources"];

/// Checks the sections. The answer is whether all names of the template can be known: a misspelt `Parameters` must not make every reference
/// to a parameter another mistake.
pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) -> bool {
    // A macro may take any section away before CloudFormation looks.
    let strict = scope.transforms().is_empty();
    for (name, transform) in scope.transforms() {
        problems.push(
            Diagnostic::warning(transform.at, format!("transform `{name}` is not carried out"))
                .label("what it adds or changes is not seen"),
        );
    }
    let Some(root) = scope.root.as_map() else { return false };
    let mut found = Found { root, elsewhere: Vec::new(), sound: true };
    for (name, entry) in root {
        if SECTIONS.contains(&&**name) {
            found.known(name, entry, problems);
        } else if strict && !is_expansion(name) {
            found.unknown(name, entry, problems);
        }
    }
    let is_found = root.contains_key("Resources") || found.elsewhere.contains(&"Resources");
    if !is_found && scope.root.child("Fn::Transform").is_none() {
        let problem = Diagnostic::error(scope.root.at, "no `Resources` section");
        problems.push(problem.hint("a template declares at least one resource"));
    }
    found.sound && !found.elsewhere.iter().any(|section| NAMING.contains(section))
}

/// Whether an entry of a section is another section that is indented too far: it has a section's name and not the key that an entry must have.
pub(super) fn is_misplaced(name: &str, body: &Map, must: &str) -> bool {
    SECTIONS.contains(&name) && !body.contains_key(must)
}

struct Found<'a> {
    root: &'a Map,
    /// Sections that the outermost level lacks and that something else stands for: misspelt, or nested.
    elsewhere: Vec<&'static str>,
    /// Whether the sections that are there can be read.
    sound: bool,
}

impl Found<'_> {
    fn known(&mut self, name: &str, entry: &Entry, problems: &mut Vec<Diagnostic>) {
        let named = matches!(name, "Parameters" | "Mappings" | "Conditions" | "Outputs" | "Rules" | "Resources");
        if !named {
            return;
        }
        let Some(map) = entry.value.as_map() else {
            if entry.value.kind != Kind::Null && name != "Resources" {
                problems.push(
                    Diagnostic::error(entry.value.at, format!("`{name}` must be a mapping")).label("not a mapping"),
                );
            }
            self.sound &= entry.value.kind == Kind::Null || !NAMING.contains(&name);
            return;
        };
        let must = match name {
            "Outputs" => "Value",
            "Parameters" | "Resources" => "Type",
            _ => return,
        };
        for (inner, nested) in map {
            if nested.value.as_map().is_some_and(|body| is_misplaced(inner, body, must)) {
                self.nested(inner, nested, name, problems);
            }
        }
    }

    fn unknown(&mut self, name: &str, entry: &Entry, problems: &mut Vec<Diagnostic>) {
        let text = |key: &str| entry.value.child(key).and_then(Value::as_str);
        if text("Type").is_some_and(|kind| kind.contains("::")) {
            let problem = Diagnostic::error(entry.key_at, format!("resource `{name}` stands outside of `Resources`"));
            problems.push(problem.label("not a section").hint("indent it below `Resources`"));
            self.sound = false;
            self.elsewhere.push("Resources");
            return;
        }
        if let Some(inner) = entry.value.as_map().and_then(|map| map.get("Resources"))
            && !self.root.contains_key("Resources")
        {
            self.nested("Resources", inner, name, problems);
            return;
        }
        let problem = Diagnostic::error(entry.key_at, format!("unknown section `{name}`"));
        problems.push(suggest(problem, name, SECTIONS.iter().copied()));
        self.lacking(crate::diag::did_you_mean(name, SECTIONS.iter().copied()).unwrap_or_default());
    }

    fn nested(&mut self, inner: &str, entry: &Entry, outer: &str, problems: &mut Vec<Diagnostic>) {
        let problem = Diagnostic::error(entry.key_at, format!("`{inner}` is nested inside of `{outer}`"));
        problems.push(problem.label("a section").hint("sections stand at the outermost level: indent it less"));
        self.lacking(inner);
    }

    fn lacking(&mut self, section: &str) {
        if let Some(section) = SECTIONS.iter().find(|known| **known == section)
            && !self.root.contains_key(*section)
        {
            self.elsewhere.push(section);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;

    fn says(text: &str, parts: &[&str]) {
        let shown = shown(text);
        assert_eq!(shown.len(), 1, "{text}: {shown:#?}");
        for part in parts {
            assert!(shown[0].contains(part), "{part} in {}", shown[0]);
        }
    }

    const R: &str = "  R: {Type: T::T::T, Properties: {P: !Ref A, Q: !If [C, 1, 2]}}\n";

    #[test]
    fn a_misspelt_section_is_one_mistake() {
        says("resources: {R: {Type: T::T::T}}", &["unknown section `resources`", "1:1", "did you mean `Resources`?"]);
        says(
            &format!("Paramters: {{A: {{Type: String}}}}\nConditions: {{C: !Equals [!Ref A, b]}}\nResources:\n{R}"),
            &["unknown section `Paramters`", "did you mean `Parameters`?"],
        );
    }

    #[test]
    fn a_section_at_the_wrong_level_is_one_mistake() {
        let nested = "sections stand at the outermost level";
        says(
            "Template:\n  Resources: {R: {Type: T::T::T}}\n",
            &["`Resources` is nested inside of `Template`", "2:3", nested],
        );
        says(
            "Resources:\n  R: {Type: T::T::T}\n  Outputs:\n    O: {Value: !Ref R}\n",
            &["`Outputs` is nested inside of `Resources`", "3:3", nested],
        );
        says(
            "Parameters:\n  A: {Type: String}\n  Resources:\n    R: {Type: T::T::T}\nOutputs: {O: {Value: !Ref R}}\n",
            &["`Resources` is nested inside of `Parameters`", "3:3", nested],
        );
        says("R: {Type: AWS::S3::Bucket}\n", &["resource `R` stands outside of `Resources`", "1:1", "indent it below"]);
    }

    #[test]
    fn a_section_of_the_wrong_shape_is_one_mistake() {
        says(
            &format!("Parameters: [A]\nConditions: {{C: !Equals [a, b]}}\nResources:\n{R}"),
            &["`Parameters` must be a mapping", "1:13"],
        );
        says("Outputs: x\nResources: {R: {Type: T::T::T}}", &["`Outputs` must be a mapping", "1:10"]);
    }
}
