//! Which types take tags or a name, and in which property.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Property by service and type.
type Table = HashMap<(&'static str, &'static str), &'static str>;

static TAGS: LazyLock<Table> = LazyLock::new(|| read(include_str!("taggable.txt"), "Tags"));
static NAMES: LazyLock<Table> = LazyLock::new(|| read(include_str!("names.txt"), "Name"));

/// Each line holds a service and its types: `Route53 HealthCheck:HealthCheckTags`.
fn read(text: &'static str, usual: &'static str) -> Table {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .flat_map(|line| {
            let (service, types) = line.split_once(' ').unwrap_or((line, ""));
            types.split(' ').map(move |name| {
                let (name, property) = name.split_once(':').unwrap_or((name, usual));
                ((service, name), property)
            })
        })
        .collect()
}

fn find(table: &Table, kind: &str) -> Option<&'static str> {
    let (service, name) = kind.strip_prefix("AWS::")?.split_once("::")?;
    table.get(&(service, name)).copied()
}

/// The property that holds the tags of a type; `None` if it takes none.
pub(super) fn tags_of(kind: &str) -> Option<&'static str> {
    find(&TAGS, kind)
}

/// The property, down a path with dots, that holds the name of a type; `None` if a template cannot choose it.
pub(super) fn name_of(kind: &str) -> Option<&'static str> {
    find(&NAMES, kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_with_their_properties() {
        for (kind, tags, name) in [
            ("AWS::S3::Bucket", Some("Tags"), Some("BucketName")),
            ("AWS::Route53::HostedZone", Some("HostedZoneTags"), None),
            ("AWS::Backup::BackupPlan", Some("BackupPlanTags"), Some("BackupPlan.BackupPlanName")),
            ("AWS::EC2::VPC", Some("Tags"), None),
            ("AWS::IAM::ManagedPolicy", None, Some("ManagedPolicyName")),
            ("AWS::EC2::Route", None, None),
            ("Custom::Thing", None, None),
        ] {
            assert_eq!((tags_of(kind), name_of(kind)), (tags, name), "{kind}");
        }
    }
}
