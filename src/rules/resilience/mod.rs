//! Surviving failures.

mod backups;
mod clusters;
mod deletion;
mod drills;
mod names;
mod recovery;
mod regions;
mod replicas;
mod zones;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] = &[
    backups::RULES,
    clusters::RULES,
    deletion::RULES,
    drills::RULES,
    names::RULES,
    recovery::RULES,
    regions::RULES,
    replicas::RULES,
    zones::RULES,
];

/// `AWS::EC2::Instance`.
const INSTANCE: &str = "AWS::EC2::Instance";
/// `AWS::AutoScaling::AutoScalingGroup`.
const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

/// Whether an Auto Scaling group launched an instance.
fn is_launched_by_group(instance: &crate::model::Resource) -> bool {
    !instance.attribute("AutoScalingGroup").is_absent()
}

/// A number of things as a parameter gives it.
fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
