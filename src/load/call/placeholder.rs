//! The text of `Fn::Sub`: literal parts and `${Name}` placeholders.

/// A piece of the text.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::load) enum Piece<'a> {
    /// Taken as it is.
    Text(&'a str),
    /// `${Name}` or `${Name.Attribute}`.
    Name {
        /// Without blanks around it.
        name: &'a str,
        /// As it is written, `${ Name }`.
        written: &'a str,
    },
}

impl Piece<'_> {
    /// Whether CloudFormation takes the name: letters, digits, `_`, `.` and `:` only.
    pub(in crate::load) fn is_well_formed(name: &str) -> bool {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':'))
    }
}

/// Splits a text at its placeholders. `${!Literal}` is the text `${Literal}`; a `${` that is not closed is text.
pub(in crate::load) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inside, next)) = after.split_once('}') else { break };
        let whole_at = before.len();
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        if let Some(literal) = inside.strip_prefix('!') {
            pieces.push(Piece::Text("${"));
            pieces.push(Piece::Text(literal));
            pieces.push(Piece::Text("}"));
        } else {
            let written = rest.get(whole_at..whole_at + inside.len() + 3).unwrap_or(inside);
            pieces.push(Piece::Name { name: inside.trim(), written });
        }
        rest = next;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_names_and_escaped_ones_are_text() {
        let name = |name, written| Piece::Name { name, written };
        assert_eq!(
            pieces("a-${B}-${ C.D }$${"),
            [Piece::Text("a-"), name("B", "${B}"), Piece::Text("-"), name("C.D", "${ C.D }"), Piece::Text("$${")]
        );
        let literal: String = pieces("${!HOME}/x")
            .iter()
            .map(|p| match p {
                Piece::Text(t) => *t,
                Piece::Name { .. } => "?",
            })
            .collect();
        assert_eq!(literal, "${HOME}/x");
        assert!(!Piece::is_well_formed("FOO:-bar") && !Piece::is_well_formed(""));
        assert!(Piece::is_well_formed("AWS::Region") && Piece::is_well_formed("Db.Endpoint.Address"));
    }
}
