//! Database rules.

use crate::rules::rules;

rules! {}
