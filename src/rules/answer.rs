//! Questions with three answers: yes, no, and why it cannot be told. A decisive answer counts whatever else is not known.

use crate::model::Unknown;

/// Kleene's *and* of two questions; the second is asked only if the first does not decide.
pub(in crate::rules) fn both(
    first: Result<bool, Unknown>,
    second: impl FnOnce() -> Result<bool, Unknown>,
) -> Result<bool, Unknown> {
    match first {
        Ok(false) => Ok(false),
        Ok(true) => second(),
        Err(why) => match second() {
            Ok(false) => Ok(false),
            _ => Err(why),
        },
    }
}

/// Kleene's *or* of many questions; the first yes decides, and of several reasons the first is given.
pub(in crate::rules) fn any(answers: impl IntoIterator<Item = Result<bool, Unknown>>) -> Result<bool, Unknown> {
    let mut open = None;
    for answer in answers {
        match answer {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(why) => open = open.or(Some(why)),
        }
    }
    open.map_or(Ok(false), Err)
}

/// Kleene's *and* of many questions.
pub(in crate::rules) fn all(answers: impl IntoIterator<Item = Result<bool, Unknown>>) -> Result<bool, Unknown> {
    any(answers.into_iter().map(|answer| answer.map(|yes| !yes))).map(|no| !no)
}

#[cfg(test)]
mod tests {
    use super::{all, any, both};
    use crate::model::Unknown;
    use proptest::prelude::*;

    fn answers() -> impl Strategy<Value = Result<bool, Unknown>> {
        prop_oneof![Just(Ok(true)), Just(Ok(false)), Just(Err(Unknown::NotCollected))]
    }

    /// Truth as Kleene orders it: false < unknown < true.
    fn rank(answer: &Result<bool, Unknown>) -> u8 {
        match answer {
            Ok(false) => 0,
            Err(_) => 1,
            Ok(true) => 2,
        }
    }

    proptest! {
        #[test]
        fn and_is_the_minimum_and_or_the_maximum(list in proptest::collection::vec(answers(), 0..5), a in answers(), b in answers()) {
            prop_assert_eq!(rank(&both(a.clone(), || b.clone())), rank(&a).min(rank(&b)));
            prop_assert_eq!(rank(&any(list.clone())), list.iter().map(rank).max().unwrap_or(0));
            prop_assert_eq!(rank(&all(list.clone())), list.iter().map(rank).min().unwrap_or(2));
        }
    }
}
