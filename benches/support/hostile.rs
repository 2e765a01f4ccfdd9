//! Texts that are meant to take forever: each is about as long as it is asked to be.

use std::fmt::Write;

const RESOURCE: &str = "Resources:\n  R: {Type: T::T::T, Properties: {P: !Ref AWS::Region}}\n";

/// Writes a text of about that many bytes.
type Attack = fn(usize) -> String;

/// Every kind of attack with its name. `size` is in bytes.
pub(crate) fn all(size: usize) -> Vec<(&'static str, String)> {
    let kinds: [(&'static str, Attack); 26] = [
        ("aliases of aliases", aliases_of_aliases),
        ("aliases of one list", aliases_of_one_list),
        ("anchors", |size| lines("A:\n", size, |n| format!("- &a{n} x\n"))),
        ("open brackets", |size| "[".repeat(size)),
        ("open braces", |size| "{a: ".repeat(size / 4)),
        ("open dashes", |size| "- ".repeat(size / 2)),
        ("keys of keys", |size| "? ".repeat(size / 2)),
        ("functions in functions", |size| property(&"{'Fn::Base64': ".repeat(size / 15))),
        ("one long word", |size| property(&"x".repeat(size))),
        ("an open quote", |size| format!("A: \"{}", "x\n".repeat(size / 2))),
        ("documents", |size| "--- a\n".repeat(size / 6)),
        ("one key over and over", |size| lines(RESOURCE, size, |_| "  A: {Type: T::T::T}\n".into())),
        ("nothing defined", |size| lines(RESOURCE, size, |n| format!("  A{n}: {{Type: T::T::T, DependsOn: B{n}}}\n"))),
        ("resources", |size| lines(RESOURCE, size, |n| format!("  A{n}: {{Type: T::T::T}}\n"))),
        ("placeholders", |size| property(&format!("!Sub '{}'", "${R.A}".repeat(size / 6)))),
        ("open placeholders", |size| property(&format!("!Sub '{}'", "${".repeat(size / 2)))),
        ("dynamic references", |size| property(&format!("'{}'", "{{resolve:".repeat(size / 10)))),
        ("doubling texts", doubling_texts),
        ("doubling lists", doubling_lists),
        ("attributes of attributes", attributes_of_attributes),
        ("a chain of conditions", |size| conditions(size, |n| format!("!Not [!Condition C{}]", n - 1))),
        ("a tangle of conditions", |size| {
            conditions(size, |n| format!("!And [!Condition C{0}, !Condition C{0}]", n - 1))
        }),
        ("a circle of conditions", |size| conditions(size, |n| format!("!Not [!Condition C{}]", n + 1))),
        ("open conditions", open_conditions),
        ("loops in loops", loops_in_loops),
        ("patterns", |size| {
            let pattern = "(a{99}){99}".repeat(size / 11);
            format!("Parameters: {{P: {{Type: String, Default: aaa, AllowedPattern: '{pattern}'}}}}\n{RESOURCE}")
        }),
    ];
    kinds.into_iter().map(|(name, text)| (name, text(size))).collect()
}

fn lines(head: &str, size: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    for n in 0.. {
        if text.len() >= size {
            break;
        }
        text.push_str(&line(n));
    }
    text
}

fn property(value: &str) -> String {
    format!("Resources:\n  R:\n    Type: T::T::T\n    Properties:\n      P: {value}\n")
}

fn aliases_of_aliases(size: usize) -> String {
    lines("A:\n- &a0 [x]\n", size, |n| format!("- &a{} [{}]\n", n + 1, vec![format!("*a{n}"); 9].join(", ")))
}

fn aliases_of_one_list(size: usize) -> String {
    lines(&format!("A:\n- &a [{}]\n", "x, ".repeat(size / 6)), size, |_| "- *a\n".into())
}

/// Every text is the one before it, twice.
fn doubling_texts(size: usize) -> String {
    let (mut value, mut depth) = ("x".to_owned(), 0);
    while value.len() < size && depth < 60 {
        value = format!("{{'Fn::Sub': ['${{A}}${{A}}', {{A: {value}}}]}}");
        depth += 1;
    }
    property(&value)
}

/// Every mapping of zones holds a long list, and every property asks for all of it.
fn doubling_lists(size: usize) -> String {
    let list = "x, ".repeat(size / 6);
    let head = format!("Mappings: {{M: {{a: {{b: [{list}]}}}}}}\n{RESOURCE}");
    lines(&head, size, |n| format!("  A{n}: {{Type: T::T::T, Properties: {{P: !FindInMap [M, a, b]}}}}\n"))
}

fn attributes_of_attributes(size: usize) -> String {
    lines("Resources:\n  A0: {Type: T::T::T, Properties: {P: x}}\n", size, |n| {
        let before = format!("!GetAtt A{n}.P");
        let list = format!("[{before}, {before}, {before}, {before}]");
        format!("  A{}: {{Type: T::T::T, Properties: {{P: {list}}}}}\n", n + 1)
    })
}

fn conditions(size: usize, expression: impl Fn(usize) -> String) -> String {
    let head = "Parameters: {P: {Type: String}}\nConditions:\n  C0: !Equals [!Ref P, x]\n";
    let text = lines(head, size, |n| format!("  C{}: {}\n", n + 1, expression(n + 1)));
    let last = text.lines().count() - 3;
    format!("{text}Resources: {{R: {{Type: T::T::T, Condition: C{last}}}}}\n")
}

/// Eight conditions that nobody can decide, and as many resources as fit.
fn open_conditions(size: usize) -> String {
    let mut head = String::new();
    for (section, rest) in [("Parameters", "{Type: String}"), ("Conditions", "!Equals [!Ref P, x]")] {
        let _ = writeln!(head, "{section}:");
        for n in 0..8 {
            let name = section.chars().next().unwrap_or('P');
            let _ = writeln!(head, "  {name}{n}: {}", rest.replace("Ref P", &format!("Ref P{n}")));
        }
    }
    lines(&format!("{head}{RESOURCE}"), size, |n| {
        format!("  A{n}: {{Type: T::T::T, Condition: C{}, Properties: {{P: !If [C{}, 1, 2]}}}}\n", n % 8, (n + 1) % 8)
    })
}

/// Eight loops, one in another, over ever longer lists.
fn loops_in_loops(size: usize) -> String {
    let list = "x, ".repeat((size / 24).max(3));
    let mut body = "{'R${V0}${V1}': {Type: T::T::T}}".to_owned();
    for n in 0..8 {
        body = format!("{{'Fn::ForEach::L{n}': [V{n}, [{list}y], {body}]}}");
    }
    format!("Transform: AWS::LanguageExtensions\nResources: {body}\n")
}
