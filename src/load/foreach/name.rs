//! `${Identifier}` and `&{Identifier}` in the body of a loop.

use std::sync::Arc;

/// The identifiers of the loops around a place, the outermost first, each with the value of its round.
pub(super) type Rounds = Vec<(Arc<str>, Arc<str>)>;

/// The value of an identifier.
pub(super) fn value<'a>(rounds: &'a Rounds, identifier: &str) -> Option<&'a Arc<str>> {
    rounds.iter().rev().find(|(name, _)| **name == *identifier).map(|(_, value)| value)
}

/// A text with the identifiers replaced: `${X}` by the value, `&{X}` by its letters and digits. `None` if there is none in it. What is longer
/// than `limit` bytes is not finished.
pub(super) fn replace(text: &str, rounds: &Rounds, limit: usize) -> Option<String> {
    let mut replaced = String::new();
    let (mut rest, mut changed) = (text, false);
    while let Some(at) = rest.find(['$', '&']).filter(|_| replaced.len() <= limit) {
        let (before, from) = rest.split_at(at);
        replaced.push_str(before);
        let inside = from.get(1..).and_then(|after| after.strip_prefix('{')).and_then(|after| after.split_once('}'));
        let found = inside.and_then(|(name, after)| Some((value(rounds, name)?, after)));
        if let Some((value, after)) = found {
            if from.starts_with('$') {
                replaced.push_str(value);
            } else {
                replaced.extend(value.chars().filter(char::is_ascii_alphanumeric));
            }
            (rest, changed) = (after, true);
        } else {
            let (mark, after) = from.split_at(1);
            replaced.push_str(mark);
            rest = after;
        }
    }
    replaced.push_str(rest);
    changed.then_some(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_replaced_once_and_other_placeholders_stay() {
        let rounds: Rounds = vec![("A".into(), "x.y-1".into()), ("B".into(), "${A}".into())];
        let replaced = |text| replace(text, &rounds, 1000);
        assert_eq!(replaced("${A}-&{A}").as_deref(), Some("x.y-1-xy1"));
        assert_eq!(replaced("$${A}&&{A}&").as_deref(), Some("$x.y-1&xy1&"));
        assert_eq!(replaced("${B}").as_deref(), Some("${A}"), "a value is not looked at again");
        for other in ["${AWS::Region}", "${!A}", "${A", "&{}", "$", "é$"] {
            assert_eq!(replaced(other), None, "{other}");
        }
    }

    #[test]
    fn the_inner_loop_hides_an_outer_identifier_of_the_same_name() {
        let rounds: Rounds = vec![("A".into(), "outer".into()), ("A".into(), "inner".into())];
        assert_eq!(replace("${A}", &rounds, 1000).as_deref(), Some("inner"));
    }
}
