//! Rules about the template as a text.

pub(super) mod quality;
pub(super) mod secrets;
pub(super) mod zones;
