//! What a call gave: a value, a documented "there is none", or the reason why it is not known.

use std::sync::Arc;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::model::{Kind, Unknown};

/// The outcome of one call.
#[derive(Clone, Debug)]
pub enum Answer<T> {
    /// AWS answered.
    Is(T),
    /// AWS answered that there is none (`NoSuchBucketPolicy`): knowledge, not an error.
    Absent,
    /// It is not known, and why.
    Unknown(Unknown),
}

impl<T> Answer<T> {
    /// As a property: a value, absence (`null`), or unknown.
    pub fn into_kind(self, kind: impl FnOnce(T) -> Kind) -> Kind {
        match self {
            Self::Is(value) => kind(value),
            Self::Absent => Kind::Null,
            Self::Unknown(why) => Kind::Unknown(why),
        }
    }

    /// As a property that another part of the answer fills.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Is(value) => Answer::Is(f(value)),
            Self::Absent => Answer::Absent,
            Self::Unknown(why) => Answer::Unknown(why),
        }
    }
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The account.
    pub account: Arc<str>,
    /// The region.
    pub region: Arc<str>,
    /// The IAM action of the call.
    pub action: Arc<str>,
    /// `denied`, `throttled`, `expired`, `unreachable`, `unsupported`, `interrupted` or `failed`.
    pub cause: &'static str,
    /// AWS's error code.
    pub code: Arc<str>,
    /// The types it leaves unknown.
    pub affects: Vec<Arc<str>>,
}

/// What kind of failure an error is: cause, code, and the unknown that it leaves behind.
pub(super) fn classify<E, R>(action: &str, error: &SdkError<E, R>) -> (&'static str, Arc<str>, Unknown)
where
    E: ProvideErrorMetadata,
{
    let action: Arc<str> = action.into();
    let service = match error {
        SdkError::ServiceError(context) => context.err().code().map(Arc::<str>::from),
        _ => None,
    };
    let code = service.unwrap_or_else(|| match error {
        SdkError::TimeoutError(_) => "Timeout".into(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "Timeout".into(),
        SdkError::DispatchFailure(failure) if failure.is_io() => "Unreachable".into(),
        SdkError::DispatchFailure(_) => "DispatchFailure".into(),
        SdkError::ResponseError(_) => "MalformedAnswer".into(),
        SdkError::ServiceError(_) => "UnknownError".into(),
        _ => "RequestNotSent".into(),
    });
    if denied(&code) {
        return ("denied", code, Unknown::Denied { action });
    }
    if EXPIRED.contains(&&*code) {
        return ("expired", Arc::clone(&code), Unknown::Failed { action, code });
    }
    if unreachable(&code) {
        return ("unreachable", Arc::clone(&code), Unknown::Failed { action, code });
    }
    if THROTTLED.contains(&&*code) {
        return ("throttled", code, Unknown::Throttled { action });
    }
    let cause = if UNSUPPORTED.contains(&&*code) { "unsupported" } else { "failed" };
    (cause, Arc::clone(&code), Unknown::Failed { action, code })
}

/// The cause of this name.
pub(super) fn cause(name: &str) -> Option<&'static str> {
    const CAUSES: &[&str] = &["denied", "expired", "failed", "interrupted", "throttled", "unreachable", "unsupported"];
    CAUSES.iter().find(|cause| **cause == name).copied()
}

/// Whether an error code says "you may not".
pub(super) fn denied(code: &str) -> bool {
    DENIED.contains(&code)
}

/// Whether an error code says that no answer came at all.
pub(super) fn unreachable(code: &str) -> bool {
    UNREACHABLE.contains(&code)
}

/// An error and what caused it, each in its own words; the words of a cause that its wrapper repeats are left out.
pub(super) fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        cause = error.source();
    }
    words
}

/// How the services say "you may not".
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "UnauthorizedOperation",
    "UnauthorizedAccess",
    "NotAuthorized",
    "403",
    "Forbidden",
];

/// How the services say "slower".
pub(super) const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
    "PriorRequestNotComplete",
    "BandwidthLimitExceeded",
];

/// How the services say that the credentials are none any more.
const EXPIRED: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
];

/// What we call it when no answer comes at all.
const UNREACHABLE: &[&str] = &["Timeout", "Unreachable", "DispatchFailure"];

/// How the services (and emulators) say "not here".
const UNSUPPORTED: &[&str] = &[
    "InternalFailure",
    "NotImplemented",
    "UnsupportedOperation",
    "OptInRequired",
    "InvalidAction",
    "UnknownOperationException",
];
