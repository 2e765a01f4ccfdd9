//! Telling what vanished between a listing and a call about it from a call that failed.

use std::future::Future;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// The answer; `None` if the service says that the thing asked about is gone.
pub(super) fn unless_gone<T, E, R>(
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
