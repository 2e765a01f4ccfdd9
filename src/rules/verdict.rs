//! Three-valued judgement. There is no `not` and no conversion from `bool`: an unreadable value can never become a pass.

use std::sync::Arc;

use crate::model::{REDACTED, Read, Unknown, looks_secret, secret_property};
use crate::source::Span;

/// What a rule says of one resource on one side.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Verdict {
    /// The rule holds.
    Pass,
    /// The rule is broken, and here is where.
    Fail(Vec<Evidence>),
    /// It cannot be told, and here is why.
    Unknown(Vec<Evidence>),
}

/// What a verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The property, `SecurityGroupIngress.0.CidrIp`; led by `<resource>/` when it is another resource's.
    pub path: String,
    /// What the rule wants.
    pub expected: String,
    /// What is there instead; `None` if nothing is, or if it is not known.
    pub actual: Option<String>,
    /// Why it is not known.
    pub reason: Option<String>,
    /// Where the template says it.
    pub at: Span,
    /// The API action that would have told.
    pub action: Option<Arc<str>>,
}

impl Evidence {
    /// Evidence about what was read: its value, or its absence.
    #[must_use]
    pub fn of(read: &Read<'_>, expected: impl Into<String>) -> Self {
        let actual = read.value().map(|v| {
            let name = read.path.rsplit('.').find(|part| part.parse::<usize>().is_err()).unwrap_or_default();
            let text = v.to_string();
            if secret_property(name) || looks_secret(&text) { REDACTED.to_owned() } else { text }
        });
        let action = read.resource.action(&read.path).map(Arc::from);
        Self { path: read.path.clone(), expected: expected.into(), actual, reason: None, at: read.at(), action }
    }

    /// Evidence that something is not known.
    #[must_use]
    pub fn unknown(read: &Read<'_>, expected: impl Into<String>, why: &Unknown) -> Self {
        Self {
            path: read.path.clone(),
            expected: expected.into(),
            actual: None,
            reason: Some(why.to_string()),
            at: read.at(),
            action: why.action().cloned().or_else(|| read.resource.action(&read.path).map(Arc::from)),
        }
    }

    /// The same evidence, seen from another resource: the path is led by the name of the resource it was read from.
    #[must_use]
    pub fn on(mut self, name: &str) -> Self {
        if !self.path.contains('/') {
            self.path = format!("{name}/{}", self.path);
        }
        self
    }
}

impl Verdict {
    /// Broken, for one reason.
    pub fn fail(evidence: Evidence) -> Self {
        Self::Fail(vec![evidence])
    }

    /// Not known, for one reason.
    pub fn unknown(evidence: Evidence) -> Self {
        Self::Unknown(vec![evidence])
    }

    /// Kleene's *and*: a failure decides, then an unknown; failures add up.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fail(mut a), Self::Fail(b)) => {
                a.extend(b);
                Self::Fail(a)
            }
            (Self::Fail(a), _) | (_, Self::Fail(a)) => Self::Fail(a),
            (Self::Unknown(mut a), Self::Unknown(b)) => {
                a.extend(b);
                Self::Unknown(a)
            }
            (Self::Unknown(a), Self::Pass) | (Self::Pass, Self::Unknown(a)) => Self::Unknown(a),
            (Self::Pass, Self::Pass) => Self::Pass,
        }
    }

    /// Kleene's *or*: a pass decides, then an unknown.
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Pass => Self::Pass,
            Self::Unknown(mut a) => match other() {
                Self::Pass => Self::Pass,
                Self::Unknown(b) => {
                    a.extend(b);
                    Self::Unknown(a)
                }
                Self::Fail(_) => Self::Unknown(a),
            },
            Self::Fail(mut a) => match other() {
                Self::Fail(b) => {
                    a.extend(b);
                    Self::Fail(a)
                }
                decided => decided,
            },
        }
    }

    /// All of them; passes if there are none.
    pub fn all(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().fold(Self::Pass, Self::and)
    }

    /// One of them; `none` is what is said if there are none, or if none passes without giving a reason of its own.
    pub fn any(verdicts: impl IntoIterator<Item = Self>, none: impl FnOnce() -> Self) -> Self {
        verdicts.into_iter().reduce(|a, b| a.or(|| b)).unwrap_or_else(none)
    }

    /// Marks the evidence as read from another resource (see [`Evidence::on`]).
    pub fn on(self, name: &str) -> Self {
        let lead = |list: Vec<Evidence>| list.into_iter().map(|e| e.on(name)).collect();
        match self {
            Self::Pass => Self::Pass,
            Self::Fail(list) => Self::Fail(lead(list)),
            Self::Unknown(list) => Self::Unknown(lead(list)),
        }
    }

    /// The same evidence once only, in order.
    pub fn distinct(self) -> Self {
        let once = |mut list: Vec<Evidence>| {
            list.sort();
            list.dedup();
            list
        };
        match self {
            Self::Pass => Self::Pass,
            Self::Fail(list) => Self::Fail(once(list)),
            Self::Unknown(list) => Self::Unknown(once(list)),
        }
    }

    /// Whether it passes.
    #[must_use]
    pub fn is_pass(&self) -> bool {
        matches!(self, Self::Pass)
    }

    /// `pass`, `fail` or `unknown`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::Unknown(_) => "unknown",
        }
    }

    /// What it rests on.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        match self {
            Self::Pass => &[],
            Self::Fail(list) | Self::Unknown(list) => list,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn evidence() -> Evidence {
        Evidence { path: "P".into(), expected: "x".into(), actual: None, reason: None, at: Span::LIVE, action: None }
    }

    fn verdicts() -> impl Strategy<Value = Verdict> {
        prop_oneof![Just(Verdict::Pass), Just(Verdict::fail(evidence())), Just(Verdict::unknown(evidence()))]
    }

    /// Truth as Kleene orders it: false < unknown < true.
    fn rank(v: &Verdict) -> u8 {
        match v {
            Verdict::Fail(_) => 0,
            Verdict::Unknown(_) => 1,
            Verdict::Pass => 2,
        }
    }

    proptest! {
        #[test]
        fn and_is_the_minimum_and_or_the_maximum(a in verdicts(), b in verdicts()) {
            prop_assert_eq!(rank(&a.clone().and(b.clone())), rank(&a).min(rank(&b)));
            prop_assert_eq!(rank(&a.clone().or(|| b.clone())), rank(&a).max(rank(&b)));
        }

        #[test]
        fn order_does_not_change_the_verdict(mut list in proptest::collection::vec(verdicts(), 0..6)) {
            let forward = rank(&Verdict::all(list.clone()));
            list.reverse();
            prop_assert_eq!(forward, rank(&Verdict::all(list)));
        }

        #[test]
        fn a_failure_or_unknown_never_comes_without_evidence(a in verdicts(), b in verdicts()) {
            for v in [a.clone().and(b.clone()), a.or(|| b)] {
                prop_assert!(v.is_pass() || !v.evidence().is_empty());
            }
        }
    }
}
