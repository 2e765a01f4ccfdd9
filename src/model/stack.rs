//! A deployed CloudFormation stack, as the account describes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Unknown;

/// One deployed stack. Nested stacks are stacks of their own with a [`Stack::parent`].
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Stack {
    /// Twelve digits.
    pub account: Arc<str>,
    /// The region it was deployed to.
    pub region: Arc<str>,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: Arc<str>,
    /// Its name; unique among the live stacks of a region.
    pub name: Arc<str>,
    /// Its ARN.
    pub id: Arc<str>,
    /// `CREATE_COMPLETE`, `UPDATE_ROLLBACK_COMPLETE`, …
    pub status: Arc<str>,
    /// The parent's ARN, for a nested stack.
    pub parent: Option<Arc<str>>,
    /// Whether it is protected from deletion; a nested stack has its root's protection.
    #[serde(default)]
    pub termination_protection: Option<bool>,
    /// The template as it was handed in; `None` if it could not be read.
    pub original: Option<Arc<str>>,
    /// The template after macros and transforms; `None` if it could not be read or nothing was processed.
    pub processed: Option<Arc<str>>,
    /// Parameter values (the resolved ones for SSM parameters); values of `NoEcho` parameters read `****`.
    pub parameters: BTreeMap<Arc<str>, Arc<str>>,
    /// Tags of the stack.
    pub tags: BTreeMap<Arc<str>, Arc<str>>,
    /// Outputs by key.
    pub outputs: BTreeMap<Arc<str>, Arc<str>>,
    /// What it is made of.
    pub members: Vec<StackMember>,
    /// Why [`Stack::members`] may be incomplete.
    pub members_unknown: Option<Unknown>,
}

/// An entry of a stack's resource list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StackMember {
    /// The name in the template.
    pub logical_id: Arc<str>,
    /// What it became; `None` while it is being made or when it failed.
    pub physical_id: Option<Arc<str>>,
    /// `AWS::EC2::VPC`, …
    pub kind: Arc<str>,
    /// `CREATE_COMPLETE`, …
    pub status: Arc<str>,
}

impl StackMember {
    /// Whether CloudFormation itself says that the resource is gone.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        &*self.status == "DELETE_COMPLETE"
    }
}

impl Stack {
    /// The physical ids by logical id.
    pub fn physical_ids(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        self.members.iter().filter_map(|m| Some((&m.logical_id, m.physical_id.as_ref()?)))
    }
}
