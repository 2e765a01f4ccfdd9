//! Tags that [`super::Cx::tags_of`] found, put on their resource.

use super::Answer;
use super::shape::set_tags;
use super::tags::Tags;
use crate::model::{Kind, Resource, Unknown};

/// Sets `Tags`. No answer at all means that nobody asked.
pub(super) fn set(resource: &mut Resource, answer: Option<Answer<Tags>>) {
    match answer.unwrap_or(Answer::Unknown(Unknown::NotCollected)) {
        Answer::Is(pairs) => set_tags(resource, pairs.iter().map(|(k, v)| (Some(k.as_str()), Some(v.as_str())))),
        Answer::Absent => resource.set("Tags", Kind::Null),
        Answer::Unknown(why) => resource.set("Tags", Kind::Unknown(why)),
    }
}
