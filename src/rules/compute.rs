//! Compute rules.

use crate::rules::rules;

rules! {}
