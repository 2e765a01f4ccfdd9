//! Type names that have no CloudFormation type of their own, and those that the model itself must know.

/// A template itself: its sections, unresolved. Subject of the template rules.
pub const TEMPLATE: &str = "AWS::CloudFormation::Template";
/// A nested stack.
pub const STACK: &str = "AWS::CloudFormation::Stack";
/// The account: summary of IAM, identity.
pub const ACCOUNT: &str = "Driftline::IAM::AccountSummary";
/// The account's password policy.
pub const PASSWORD_POLICY: &str = "Driftline::IAM::PasswordPolicy";
/// Default encryption of new EBS volumes in one region.
pub const EBS_DEFAULTS: &str = "Driftline::EC2::EbsEncryptionByDefault";
/// Default instance metadata options in one region.
pub const IMDS_DEFAULTS: &str = "Driftline::EC2::InstanceMetadataDefaults";
/// The account's S3 public access block.
pub const S3_ACCOUNT_BLOCK: &str = "Driftline::S3::AccountPublicAccessBlock";
/// A policy for all log groups of an account in one region.
pub const LOGS_ACCOUNT_POLICY: &str = "Driftline::Logs::AccountPolicy";
/// A row of the credential report: a user, or the root user.
pub const CREDENTIAL_REPORT: &str = "Driftline::IAM::CredentialReport";
/// A virtual MFA device in use.
pub const MFA_DEVICE: &str = "Driftline::IAM::MfaDevice";
/// A machine that Systems Manager manages.
pub const MANAGED_INSTANCE: &str = "Driftline::SSM::ManagedInstance";
/// A resource that AWS Backup has a recovery point of.
pub const PROTECTED_RESOURCE: &str = "Driftline::Backup::ProtectedResource";
/// A tag key that the bill may be split by.
pub const COST_ALLOCATION_TAG: &str = "Driftline::CostExplorer::CostAllocationTag";
/// A region of an account: subject of rules that demand that something exists in it. In `check`: where the templates would be deployed.
pub const REGION: &str = "Driftline::Account::Region";
/// An account: subject of rules that demand that something exists once in it.
pub const WHOLE_ACCOUNT: &str = "Driftline::Account::Account";
