//! Where a resource lives and what it is called.

use std::sync::Arc;

/// The region of what an account has only once: IAM, for example.
pub const GLOBAL: &str = "global";

/// The names of a resource. Every part may be missing: a template file knows no account, an unmanaged resource no stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// Twelve digits; empty in `check`.
    pub account: Arc<str>,
    /// `us-east-1`, or [`GLOBAL`]; empty in `check`.
    pub region: Arc<str>,
    /// The stack's ARN (unique over regions and accounts), or the template file in `check`.
    pub stack: Option<Arc<str>>,
    /// Its name in the template.
    pub logical_id: Option<Arc<str>>,
    /// What `Ref` gives and what CloudFormation lists as the physical id.
    pub physical_id: Option<Arc<str>>,
    /// The ARN, where the service has one.
    pub arn: Option<Arc<str>>,
}

impl Address {
    /// The name a person would use: logical id, else physical id, else ARN.
    #[must_use]
    pub fn name(&self) -> &str {
        self.logical_id.as_deref().or(self.physical_id.as_deref()).or(self.arn.as_deref()).unwrap_or("?")
    }

    /// The stack's name, as its ARN spells it; the template file in `check`.
    #[must_use]
    pub fn stack_name(&self) -> Option<&str> {
        let stack = self.stack.as_deref()?;
        if stack.starts_with("arn:") { stack.split('/').nth(1) } else { Some(stack) }
    }

    /// Whether two resources can know each other: same account, and the same region unless one of them is global.
    #[must_use]
    pub fn near(&self, other: &Self) -> bool {
        self.account == other.account
            && (self.region == other.region || &*self.region == GLOBAL || &*other.region == GLOBAL)
    }
}
