//! What a text gives away about where it was written for: accounts, regions, partitions, ids that differ by region.

/// Accounts that deliver the access logs of load balancers, one per region.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html>
const LOG_ACCOUNTS: &[&str] = &[
    "009996457667",
    "027434742980",
    "033677994240",
    "037604701340",
    "048591011584",
    "054676820928",
    "076674570225",
    "098369216593",
    "114774131450",
    "127311923021",
    "156460612806",
    "190560391635",
    "383597477331",
    "507241528517",
    "582318560864",
    "589379963580",
    "600734575887",
    "635631232127",
    "638102146993",
    "652711504416",
    "718504428378",
    "754344448648",
    "783225319266",
    "797873946194",
    "897822967062",
    "985666609251",
];

/// First words of the names of regions.
const AREAS: &[&str] = &["af", "ap", "ca", "cn", "eu", "il", "me", "mx", "sa", "us"];

/// Words in the middle of the names of regions.
const DIRECTIONS: &[&str] = &[
    "central",
    "east",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "west",
    "gov",
    "iso",
    "isob",
    "isoe",
    "isof",
];

/// Words of a text with the byte before and the byte behind each: runs of letters, digits and hyphens.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| !word.is_empty())
}

/// `us-east-1`, and nothing else.
pub(super) fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let area = parts.next().is_some_and(|area| AREAS.contains(&area));
    let number = parts.next_back().is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()));
    let middle: Vec<&str> = parts.collect();
    area && number && (1..=2).contains(&middle.len()) && middle.iter().all(|word| DIRECTIONS.contains(word))
}

/// The regions that a text names, also within longer names: `logs-us-east-1-x`. Zones are none.
pub(super) fn regions(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in words(text) {
        let parts: Vec<&str> = word.split('-').collect();
        for length in [3, 4] {
            found.extend(parts.windows(length).map(|part| part.join("-")).filter(|part| is_region(part)));
        }
    }
    found
}

/// The account ids that a text names: twelve digits by themselves, and not the end of a UUID.
pub(super) fn accounts(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for word in words(text) {
        let parts: Vec<&str> = word.split('-').collect();
        let uuid = parts.len() == 5 && parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]);
        let twelve = |part: &&&str| part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit());
        if !uuid {
            found.extend(parts.iter().filter(twelve).copied());
        }
    }
    found
}

/// The beginnings of ARNs with a partition written out: `arn:aws:iam::`. With `managed`, those of policies that AWS manages do not count.
pub(super) fn partitions(text: &str, managed: bool) -> Vec<&str> {
    let starts = text.match_indices("arn:aws").map(|(at, _)| text.get(at..).unwrap_or_default());
    starts
        .filter(|arn| !(managed && is_managed_policy(arn)))
        .map(|arn| arn.match_indices(':').nth(2).and_then(|(end, _)| arn.get(..end)).unwrap_or(arn))
        .collect()
}

/// `arn:aws:iam::aws:policy/ReadOnlyAccess`.
fn is_managed_policy(arn: &str) -> bool {
    arn.starts_with("arn:aws:iam::aws:policy/")
}

/// Ids that are others in each region: AMIs, managed prefix lists, the accounts behind load balancer logs.
pub(super) fn regional_ids(text: &str) -> impl Iterator<Item = &str> {
    words(text).filter(|word| {
        let id = |prefix: &str| {
            let rest = word.strip_prefix(prefix).unwrap_or_default();
            (8..=17).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        id("ami-") || id("pl-") || LOG_ACCOUNTS.contains(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_told_from_zones_and_words() {
        for (text, expected) in [
            ("us-east-1", vec!["us-east-1"]),
            ("arn:aws:s3:eu-central-1:${AWS::AccountId}:x", vec!["eu-central-1"]),
            ("logs-us-gov-west-1-archive", vec!["us-gov-west-1"]),
            ("https://sqs.ap-southeast-2.amazonaws.com", vec!["ap-southeast-2"]),
            ("us-east-1a", vec![]),
            ("me-too-1", vec![]),
            ("${AWS::Region}", vec![]),
        ] {
            assert_eq!(regions(text), expected, "{text}");
        }
    }

    #[test]
    fn accounts_are_twelve_digits_by_themselves() {
        for (text, expected) in [
            ("arn:aws:iam::123456789012:root", vec!["123456789012"]),
            ("123456789012.dkr.ecr.${AWS::Region}.amazonaws.com/app", vec!["123456789012"]),
            ("logs-123456789012", vec!["123456789012"]),
            ("1234567890123", vec![]),
            ("0f3c1a2b-1234-4abc-8def-123456789012", vec![]),
            ("sha256:123456789012abcdef", vec![]),
        ] {
            assert_eq!(accounts(text), expected, "{text}");
        }
    }

    #[test]
    fn partitions_are_written_out_or_not() {
        assert_eq!(partitions("arn:aws:s3:::logs/*", true), ["arn:aws:s3"]);
        assert_eq!(partitions("arn:aws-cn:s3:::logs/*", true), ["arn:aws-cn:s3"]);
        assert!(partitions("arn:${AWS::Partition}:s3:::logs/*", true).is_empty());
        assert!(partitions("arn:aws:iam::aws:policy/ReadOnlyAccess", true).is_empty());
        assert_eq!(partitions("arn:aws:iam::aws:policy/ReadOnlyAccess", false), ["arn:aws:iam"]);
    }

    #[test]
    fn ids_that_differ_by_region() {
        for (text, expected) in [
            ("ami-0abcdef1234567890", 1),
            ("pl-3b927c52", 1),
            ("arn:aws:iam::127311923021:root", 1),
            ("ami-latest", 0),
            ("123456789012", 0),
        ] {
            assert_eq!(regional_ids(text).count(), expected, "{text}");
        }
    }
}
