//! What everything else talks about: values, resources and estates. Pure data; no clock, no network.

mod address;
mod compact;
mod estate;
mod json;
pub mod network;
mod place;
mod read;
mod resource;
mod secret;
mod stack;
pub mod types;
mod value;

pub use address::{Address, GLOBAL};
pub use compact::shared;
pub use estate::{Estate, Listed, Listing, Related};
pub use json::{from_json, to_json};
pub use read::{Field, Items, Read};
pub use resource::{Provenance, Resource, World, told_by};
pub use secret::{REDACTED, holds_secret, looks_secret, masked, masked_within, points_elsewhere, secret_property};
pub use stack::{Stack, StackMember};
pub use value::{Entry, Kind, Map, Reference, Unknown, Value};
