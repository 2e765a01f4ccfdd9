//! Domain names as people write them.

/// The name without octal escapes: Route 53 answers `\052.example.com.` for `*.example.com.`. A dot or a backslash inside a label and
/// what is no plain character stay escaped: without it they would mean something else.
pub(super) fn decoded(name: &str) -> String {
    let mut decoded = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('\\') {
        decoded.push_str(before);
        if let Some(character) = after.get(..3).and_then(character) {
            decoded.push(character);
            rest = after.get(3..).unwrap_or_default();
        } else {
            decoded.push('\\');
            rest = after;
        }
    }
    decoded + rest
}

fn character(octal: &str) -> Option<char> {
    let byte = u8::from_str_radix(octal, 8).ok()?;
    (byte.is_ascii_graphic() && !b".\\".contains(&byte)).then_some(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_plain_characters_are_undone_and_others_stay() {
        for (name, expected) in [
            ("www.example.com.", "www.example.com."),
            (r"\052.example.com.", "*.example.com."),
            (r"a\100b.\052.example.com.", "a@b.*.example.com."),
            (r"first\056last.example.com.", r"first\056last.example.com."),
            (r"b\134s.example.com.", r"b\134s.example.com."),
            (r"\344.example.com.", r"\344.example.com."),
            (r"end\05", r"end\05"),
        ] {
            assert_eq!(decoded(name), expected);
        }
    }
}
