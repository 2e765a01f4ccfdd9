//! Sets of structures, in an order that does not depend on how a service happens to list them.

/// The elements by key. Equal keys stay in the order given.
pub(super) fn by<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> Vec<&T> {
    let mut items: Vec<&T> = items.iter().collect();
    items.sort_by_key(|item| key(item));
    items
}
