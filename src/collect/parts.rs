//! What hangs on something else: one reading per parent.

use std::future::Future;

use super::{Cx, Out, TypeSpec, tasks};
use crate::model::Unknown;

/// Whether the scan is about a type at all. A reading per parent is not made for a type that shares its collector with the parent and
/// that nobody asks for.
pub(super) fn wanted(cx: &Cx, part: &TypeSpec) -> bool {
    cx.wanted.wants_any(part.name, part.reads)
}

/// Reads the parts of each parent, side by side, if the scan is about them. `end` says how the listing of the parents ended: without a
/// parent its parts are not known either.
pub(super) async fn of_each<P, F>(
    cx: &Cx,
    part: &TypeSpec,
    (parents, end): (&[P], &Result<(), Unknown>),
    read: impl Fn(Cx, P) -> F,
) -> Out
where
    P: Clone,
    F: Future<Output = Out> + Send + 'static,
{
    let mut out = Out::default();
    if !wanted(cx, part) {
        out.listed(part.name, &Err(Unknown::NotCollected));
        return out;
    }
    for found in tasks::all(parents.iter().map(|parent| read(cx.clone(), parent.clone())).collect()).await {
        out.merge(found);
    }
    out.listed(part.name, end);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::offline;
    use std::sync::Arc;

    const PART: TypeSpec = TypeSpec { name: "T::Part", reads: &["Name"], ..TypeSpec::LISTED };

    fn denied() -> Unknown {
        Unknown::Denied { action: "t:ListParts".into() }
    }

    async fn read(cx: &Cx, parents: &[u8], end: Result<(), Unknown>) -> Out {
        of_each(cx, &PART, (parents, &end), |_, parent| async move {
            let mut out = Out::default();
            out.listed(PART.name, &if parent == 0 { Err(denied()) } else { Ok(()) });
            out
        })
        .await
    }

    #[tokio::test]
    async fn parts_are_known_if_every_parent_is_and_has_told_them() {
        let cx = offline("eu-west-1");
        assert_eq!(read(&cx, &[1, 2], Ok(())).await.listed[PART.name], Ok(()));
        assert_eq!(read(&cx, &[1, 0], Ok(())).await.listed[PART.name], Err(denied()));
        assert_eq!(read(&cx, &[1], Err(Unknown::NotCollected)).await.listed[PART.name], Err(Unknown::NotCollected));
    }

    #[tokio::test]
    async fn parts_that_nobody_wants_are_not_collected() {
        let cx = Cx { wanted: Arc::new(Wanted::default()), ..offline("eu-west-1") };
        assert_eq!(read(&cx, &[1, 2], Ok(())).await.listed[PART.name], Err(Unknown::NotCollected));
    }
}
