//! The class table: one rule's verdict on the template × its verdict on the live resource.

use crate::rules::Verdict;

/// What the template says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {
    /// The rule passes, or has nothing to object to.
    Pass,
    /// The template breaks the rule.
    Fail,
    /// It cannot be told.
    Unknown,
    /// No template declares the resource.
    NoTemplate,
}

/// What AWS says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The rule passes, or has nothing to object to.
    Pass,
    /// The live resource breaks the rule.
    Fail,
    /// It cannot be told.
    Unknown,
    /// The resource was looked for and does not exist.
    NotThere,
    /// Nobody looked: `check`, or a rule about the template as a text.
    NotAsked,
}

/// What kind of finding it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// The template breaks the rule.
    Template,
    /// The template is right, the live resource is not.
    Drift,
    /// Only the live state is right: the next deployment brings the failure back.
    Latent,
    /// The live resource certainly fails; whether the template asks for it cannot be told.
    Live,
    /// The live resource fails, and no template declares it.
    Unmanaged,
    /// The template is right; the live resource could not be read.
    Unverified,
    /// Cannot be told.
    Unknown,
    /// The rule passes.
    Compliant,
}

impl Class {
    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Drift => "drift",
            Self::Latent => "latent",
            Self::Live => "live",
            Self::Unmanaged => "unmanaged",
            Self::Unverified => "unverified",
            Self::Unknown => "unknown",
            Self::Compliant => "compliant",
        }
    }

    /// Whether something is certainly wrong; the gate counts these.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Template | Self::Drift | Self::Latent | Self::Live | Self::Unmanaged)
    }
}

/// The class of a pair of verdicts. `None` where there is nothing to say: a declared resource that passes and is gone is a matter of the
/// drift statuses, and what exists on neither side is no finding.
#[must_use]
pub fn classify(declared: Declared, observed: Observed) -> Option<Class> {
    use {Class as C, Declared as D, Observed as O};
    Some(match (declared, observed) {
        (D::Pass | D::Unknown | D::NoTemplate, O::Pass) | (D::Pass, O::NotAsked) => C::Compliant,
        (D::Pass, O::Fail) => C::Drift,
        (D::Pass, O::Unknown) => C::Unverified,
        (D::Fail, O::Pass) => C::Latent,
        (D::Fail, O::Fail | O::Unknown | O::NotThere | O::NotAsked) => C::Template,
        (D::Unknown, O::Fail) => C::Live,
        (D::Unknown, O::Unknown | O::NotThere | O::NotAsked) | (D::NoTemplate, O::Unknown) => C::Unknown,
        (D::NoTemplate, O::Fail) => C::Unmanaged,
        (D::Pass | D::NoTemplate, O::NotThere) | (D::NoTemplate, O::NotAsked) => return None,
    })
}

/// A verdict as a row of the table. A rule that does not apply to an existing resource has nothing to object to.
impl From<Option<&Verdict>> for Declared {
    fn from(verdict: Option<&Verdict>) -> Self {
        match verdict {
            None | Some(Verdict::Pass) => Self::Pass,
            Some(Verdict::Fail(_)) => Self::Fail,
            Some(Verdict::Unknown(_)) => Self::Unknown,
        }
    }
}

/// A verdict as a column of the table.
impl From<Option<&Verdict>> for Observed {
    fn from(verdict: Option<&Verdict>) -> Self {
        match verdict {
            None | Some(Verdict::Pass) => Self::Pass,
            Some(Verdict::Fail(_)) => Self::Fail,
            Some(Verdict::Unknown(_)) => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_the_table() {
        use {Class as C, Declared as D, Observed as O};
        let columns = [O::Pass, O::Fail, O::Unknown, O::NotThere, O::NotAsked];
        let table = [
            (D::Pass, [Some(C::Compliant), Some(C::Drift), Some(C::Unverified), None, Some(C::Compliant)]),
            (D::Fail, [Some(C::Latent), Some(C::Template), Some(C::Template), Some(C::Template), Some(C::Template)]),
            (D::Unknown, [Some(C::Compliant), Some(C::Live), Some(C::Unknown), Some(C::Unknown), Some(C::Unknown)]),
            (D::NoTemplate, [Some(C::Compliant), Some(C::Unmanaged), Some(C::Unknown), None, None]),
        ];
        for (declared, row) in table {
            for (observed, class) in columns.into_iter().zip(row) {
                assert_eq!(classify(declared, observed), class, "{declared:?} × {observed:?}");
            }
        }
    }

    #[test]
    fn nothing_unknown_is_ever_compliant_unless_the_live_side_passes() {
        for declared in [Declared::Pass, Declared::Fail, Declared::Unknown, Declared::NoTemplate] {
            assert_ne!(classify(declared, Observed::Unknown), Some(Class::Compliant));
        }
        assert_ne!(classify(Declared::Unknown, Observed::NotAsked), Some(Class::Compliant));
    }
}
