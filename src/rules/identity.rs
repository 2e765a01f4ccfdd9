//! IAM rules.

use crate::rules::rules;

rules! {}
