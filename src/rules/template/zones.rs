//! Rules.

use crate::rules::rules;

rules! {}
