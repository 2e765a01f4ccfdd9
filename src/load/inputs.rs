//! What a template is evaluated with.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that a template does not hold itself. Empty or missing means: not known.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The stack's name, or the template file's in `check`. Goes into every address and reference.
    pub stack: Arc<str>,
    /// Twelve digits.
    pub account: Arc<str>,
    /// `us-east-1`, …
    pub region: Arc<str>,
    /// `aws`, `aws-cn`, …; derived from the region if empty.
    pub partition: Arc<str>,
    /// The ARN of a deployed stack. Only with it is the stack's name taken as the value of `AWS::StackName`.
    pub stack_id: Option<Arc<str>>,
    /// Parameter values; lists with commas. A missing one takes its default. A `NoEcho` parameter's value is never used.
    pub parameters: BTreeMap<Arc<str>, Arc<str>>,
    /// Logical id → physical id of a deployed stack.
    pub physical_ids: BTreeMap<Arc<str>, Arc<str>>,
    /// (Logical id of a nested stack, output) → value.
    pub nested_outputs: BTreeMap<(Arc<str>, Arc<str>), Arc<str>>,
    /// Exported name → value, of all stacks of the account and region.
    pub exports: BTreeMap<Arc<str>, Arc<str>>,
    /// Tags of the stack.
    pub tags: BTreeMap<Arc<str>, Arc<str>>,
}
