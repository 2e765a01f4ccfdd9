//! The combinators that rules are written in. Each reads a field and gathers its evidence by itself.

use crate::model::{Estate, Items, Listing, Read, Related, Resource, Value};

use super::verdict::{Evidence, Verdict};

/// Passes if the value satisfies `test`; fails if it does not or is absent; unknown if it cannot be read.
/// `test` answers `None` for a value it cannot make sense of, which fails too.
pub fn require(read: &Read<'_>, expected: &str, test: impl FnOnce(&Value) -> Option<bool>) -> Verdict {
    if let Some(why) = read.why_unknown() {
        return Verdict::unknown(Evidence::unknown(read, expected, &why));
    }
    match read.value().and_then(test) {
        Some(true) => Verdict::Pass,
        _ => Verdict::fail(Evidence::of(read, expected)),
    }
}

/// Like [`require`], but passes if the property is absent: for properties whose documented default is fine.
pub fn allow_absent(read: &Read<'_>, expected: &str, test: impl FnOnce(&Value) -> Option<bool>) -> Verdict {
    if read.is_absent() { Verdict::Pass } else { require(read, expected, test) }
}

/// The property is true.
pub fn is_true(read: &Read<'_>) -> Verdict {
    require(read, "true", Value::as_bool)
}

/// The property is there and false, or absent.
pub fn not_true(read: &Read<'_>) -> Verdict {
    allow_absent(read, "false", |v| v.as_bool().map(|b| !b))
}

/// The property is one of some texts.
pub fn one_of(read: &Read<'_>, allowed: &[impl AsRef<str>]) -> Verdict {
    let expected = allowed.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" or ");
    require(read, &expected, |v| v.text().map(|t| allowed.iter().any(|a| a.as_ref() == &*t)))
}

/// The property is a number of at least `least`.
pub fn at_least(read: &Read<'_>, least: i64) -> Verdict {
    require(read, &format!("at least {least}"), |v| v.as_int().map(|n| n >= least))
}

/// The property is set to something, a reference included.
pub fn present(read: &Read<'_>, expected: &str) -> Verdict {
    match (read.value(), read.why_unknown()) {
        (Some(_), _) => Verdict::Pass,
        (None, Some(why)) => Verdict::unknown(Evidence::unknown(read, expected, &why)),
        (None, None) => Verdict::fail(Evidence::of(read, expected)),
    }
}

/// Every element of a list satisfies `test`; passes if there is no list.
pub fn each<'a>(list: &Read<'a>, expected: &str, mut test: impl FnMut(&Read<'a>) -> Verdict) -> Verdict {
    match list.items() {
        Items::Absent => Verdict::Pass,
        Items::Unknown => unknown(list, expected),
        Items::Are(items) => Verdict::all(items.iter().map(|item| match item.why_unknown() {
            Some(_) => unknown(item, expected),
            None => test(item),
        })),
    }
}

/// What was read is not known, so neither is the verdict.
pub fn unknown(read: &Read<'_>, expected: &str) -> Verdict {
    let why = read.why_unknown().unwrap_or(crate::model::Unknown::NotCollected);
    Verdict::unknown(Evidence::unknown(read, expected, &why))
}

/// What was read is wrong.
pub fn fail(read: &Read<'_>, expected: &str) -> Verdict {
    Verdict::fail(Evidence::of(read, expected))
}

/// One of the listed resources satisfies `test`. If none does and the listing may be incomplete, nobody knows.
pub fn some<'a>(
    listing: &Listing<'a>,
    subject: &Read<'_>,
    expected: &str,
    test: impl FnMut(&'a Resource) -> Verdict,
) -> Verdict {
    let found = Verdict::any(listing.items.iter().copied().map(test), || fail(subject, expected));
    match &listing.incomplete {
        Some(why) => found.or(|| Verdict::unknown(Evidence::unknown(subject, expected, why))),
        None => found,
    }
}

/// Like [`some`], where most of what is listed is not meant at all: what is wrong with the others is no evidence.
pub fn among<'a>(
    listing: &Listing<'a>,
    subject: &Read<'_>,
    expected: &str,
    test: impl FnMut(&'a Resource) -> Verdict,
) -> Verdict {
    match some(listing, subject, expected, test) {
        Verdict::Fail(_) => fail(subject, expected),
        other => other,
    }
}

/// Every listed resource satisfies `test`, and there are no others that we cannot see.
pub fn every<'a>(
    listing: &Listing<'a>,
    subject: &Read<'_>,
    expected: &str,
    test: impl FnMut(&'a Resource) -> Verdict,
) -> Verdict {
    let rest = match &listing.incomplete {
        Some(why) => Verdict::unknown(Evidence::unknown(subject, expected, why)),
        None => Verdict::Pass,
    };
    Verdict::all(listing.items.iter().copied().map(test)).and(rest)
}

/// Follows a reference and judges where it leads; fails if it leads to nothing, unknown if nobody can say.
/// Evidence is led by the name of the resource it was read from.
pub fn related<'a>(
    estate: &'a Estate,
    read: &Read<'_>,
    kinds: &[&str],
    expected: &str,
    test: impl FnOnce(&'a Resource) -> Verdict,
) -> Verdict {
    match estate.follow(read, kinds) {
        Related::Found(resource) => test(resource).on(resource.address.name()),
        Related::Missing => fail(read, expected),
        Related::Unknown(why) => Verdict::unknown(Evidence::unknown(read, expected, &why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Kind, Unknown, World};
    use crate::source::Span;

    #[test]
    fn what_was_not_read_is_unknown_and_never_passes() {
        let mut r = Resource::new("T", Address::default(), World::Open { reads: &["A"] }, Span::LIVE);
        r.set("Denied", Kind::Unknown(Unknown::Denied { action: "x:Y".into() }));
        for path in ["NotRead", "Denied", "Denied.Deeper"] {
            let read = r.get(path);
            for verdict in [is_true(&read), not_true(&read), present(&read, "set"), each(&read, "x", |_| Verdict::Pass)]
            {
                assert_eq!(verdict.word(), "unknown", "{path}");
            }
        }
        assert_eq!(is_true(&r.get("A")).word(), "fail");
        assert_eq!(not_true(&r.get("A")).word(), "pass");
    }
}
