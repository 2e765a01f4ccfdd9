//! What ends a scan early: a signal, or the deadline.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::exit::Exit;
use crate::collect::Stop;

/// How a scan was ended, if by a signal.
pub(super) type Signal = Arc<Mutex<Option<Exit>>>;

/// Resolves on SIGINT or SIGTERM, and remembers which, or when the time is over.
pub(super) async fn stopped(signal: Signal, deadline: Option<Duration>) -> Stop {
    let over = async {
        match deadline {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        exit = signalled() => {
            *signal.lock().unwrap_or_else(PoisonError::into_inner) = Some(exit);
            Stop::Signal
        }
        () = over => Stop::Deadline,
    }
}

/// Without signal handlers the process ends as the system wants it.
async fn signalled() -> Exit {
    match wait().await {
        Ok(exit) => exit,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(unix)]
async fn wait() -> io::Result<Exit> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
    })
}

#[cfg(not(unix))]
async fn wait() -> io::Result<Exit> {
    tokio::signal::ctrl_c().await.map(|()| Exit::Interrupted)
}
