//! Listings in pages: one loop for all of them.

use std::future::Future;

/// Why a listing did not come to its end.
#[derive(Debug)]
pub(super) enum Broken<E> {
    /// A page failed.
    Failed(E),
    /// A page starts where another one did: it would go on for ever.
    Repeated,
}

/// Asks for page after page. `next` says where the next one starts, if there is one (see [`super::shape::token`]). What came before the end is
/// kept, however it ended.
pub(super) async fn paged<T, E, K, F>(
    call: impl Fn(Option<K>) -> F,
    next: impl Fn(&T) -> Option<K>,
) -> (Vec<T>, Result<(), Broken<E>>)
where
    K: Clone + PartialEq,
    F: Future<Output = Result<T, E>>,
{
    let mut pages = Vec::new();
    let mut starts: Vec<K> = Vec::new();
    loop {
        // A call of the SDK is a large future.
        let page = match Box::pin(call(starts.last().cloned())).await {
            Ok(page) => page,
            Err(error) => return (pages, Err(Broken::Failed(error))),
        };
        let start = next(&page);
        pages.push(page);
        match start {
            None => return (pages, Ok(())),
            Some(start) if starts.contains(&start) => return (pages, Err(Broken::Repeated)),
            Some(start) => starts.push(start),
        }
    }
}
