//! Telling what has gone since it was listed from what merely lacks a part, and from a call that failed.

use std::future::Future;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// The answer of a call; `None` if the service says, with one of these error codes, that the resource itself does not exist.
pub(super) fn unless_gone<T, E, R>(
    codes: &[&str],
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> impl Future<Output = Result<Option<T>, SdkError<E, R>>>
where
    E: ProvideErrorMetadata,
{
    unless(|error| error.code().is_some_and(|code| codes.contains(&code)), call)
}

/// As [`unless_gone`], for services whose code alone does not tell.
pub(super) fn unless<T, E, R>(
    gone: impl Fn(&ErrorMetadata) -> bool,
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> impl Future<Output = Result<Option<T>, SdkError<E, R>>>
where
    E: ProvideErrorMetadata,
{
    // A request is large; a future that wraps it would hold it twice.
    let call = Box::pin(call);
    async move {
        match call.await {
            Err(SdkError::ServiceError(error)) if gone(error.err().meta()) => Ok(None),
            outcome => outcome.map(Some),
        }
    }
}
