//! Many small readings side by side.

use std::future::Future;

use tokio::task::{JoinError, JoinSet};

/// How many readings are under way at once. The limiter decides how many requests are; but a reading that waits for it
/// holds tens of kilobytes, and an account may have ten thousand buckets.
const AT_ONCE: usize = 64;

/// Runs all readings, in no particular order.
pub(super) async fn all<T, F>(readings: Vec<F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut done = Vec::new();
    for reading in readings {
        if running.len() >= AT_ONCE {
            done.extend(running.join_next().await.map(finished));
        }
        running.spawn(reading);
    }
    while let Some(outcome) = running.join_next().await {
        done.push(finished(outcome));
    }
    done
}

/// Nobody cancels a reading, so one that did not finish panicked; losing it would hide a resource.
fn finished<T>(outcome: Result<T, JoinError>) -> T {
    outcome.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn everything_is_read_and_only_so_much_at_once() {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        let reading = |n: usize| async move {
            assert!(RUNNING.fetch_add(1, Ordering::SeqCst) < AT_ONCE);
            tokio::task::yield_now().await;
            RUNNING.fetch_sub(1, Ordering::SeqCst);
            n
        };
        let mut read = all((0..200).map(reading).collect()).await;
        read.sort_unstable();
        assert_eq!(read, (0..200).collect::<Vec<_>>());
    }
}
