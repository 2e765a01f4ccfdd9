//! What calls of their own tell about one resource.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::Answer;
use super::shape::set_tags;
use super::tags::Tags;
use crate::model::{Kind, Resource, Unknown};

/// Tells what has gone since it was listed (`None`) from what cannot be read: for calls that [`Answer::Absent`] does not fit, because there is
/// something else that may be absent, or because they have pages.
pub(super) async fn unless<T, E, R>(
    gone: &[&str],
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Result<Option<T>, SdkError<E, R>>
where
    E: ProvideErrorMetadata,
{
    match call.await {
        Err(SdkError::ServiceError(error)) if error.err().code().is_some_and(|code| gone.contains(&code)) => Ok(None),
        outcome => outcome.map(Some),
    }
}

/// Sets `Tags` to what [`super::Cx::tags_of`] says of a resource; it says nothing of those that nobody asked for.
pub(super) fn set_asked_tags(r: &mut Resource, answer: Option<&Answer<Tags>>) {
    match answer {
        Some(Answer::Is(tags)) => set_tags(r, tags.iter().map(|(key, value)| (Some(&**key), Some(&**value)))),
        Some(Answer::Absent) => r.set("Tags", Kind::Null),
        Some(Answer::Unknown(why)) => r.set("Tags", Kind::Unknown(why.clone())),
        None => r.set("Tags", Kind::Unknown(Unknown::NotCollected)),
    }
}

/// Leaves properties unknown, all for the same reason.
pub(super) fn set_unknown(r: &mut Resource, properties: &[&str], why: &Unknown) {
    for property in properties {
        r.set(property, Kind::Unknown(why.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World};
    use crate::source::Span;
    use aws_sdk_sts::Client;

    #[test]
    fn tags_that_nobody_asked_for_are_unknown_and_none_are_absent() {
        let tags = |answer: Option<Answer<Tags>>| {
            let mut r = Resource::new("T", Address::default(), World::Open { reads: &["Tags"] }, Span::LIVE);
            set_asked_tags(&mut r, answer.as_ref());
            r
        };
        assert_eq!(tags(None).get("Tags").why_unknown(), Some(Unknown::NotCollected));
        assert!(tags(Some(Answer::Absent)).get("Tags").is_absent());
        let own = tags(Some(Answer::Is(vec![("team".into(), "core".into())])));
        assert_eq!(own.tag("team").as_deref(), Some("core"));
    }

    #[tokio::test]
    async fn what_has_gone_is_no_error_and_any_other_error_is_one() {
        let cx = crate::collect::testing::cx("us-east-1", |_| {
            (400, "<ErrorResponse><Error><Code>Gone</Code></Error></ErrorResponse>".into())
        });
        let call = || Client::new(&cx.config).get_caller_identity().send();
        assert!(matches!(unless(&["Gone"], call()).await, Ok(None)));
        assert!(unless(&["Other"], call()).await.is_err());
    }
}
