//! S3 buckets as other resources name them: by reference, name, ARN or domain name.

use std::collections::HashMap;
use std::sync::Arc;

use super::policy::principal::written;
use super::sketch::{HOLE, named, sketch};
use crate::model::{Estate, Field, Kind, Read, Related, Resource, Value};

/// `AWS::S3::Bucket`.
pub(in crate::rules) const BUCKET: &str = "AWS::S3::Bucket";

/// The bucket that a property names, in whatever form.
pub(in crate::rules) fn bucket_at<'a>(estate: &'a Estate, read: &Read<'_>) -> Related<'a> {
    let found = named(estate, read, &[BUCKET]);
    if matches!(found, Related::Found(_)) || read.value().is_none() && written(read).is_none() {
        return found;
    }
    let Some(text) = sketch(read) else { return found };
    let name = bucket_name(&text);
    if name != text && !name.contains(HOLE) {
        let value = Value { kind: Kind::Str(name.into()), at: read.at() };
        let by_name = estate.follow(&Read::new(read.resource, read.path.clone(), Field::of(&value)), &[BUCKET]);
        if matches!(by_name, Related::Found(_)) {
            return by_name;
        }
    }
    let called = if read.resource.is_live() { elsewhere } else { declared };
    called(estate, read.resource, name).map_or(found, Related::Found)
}

/// The name in an ARN, in a domain name, or the text itself.
pub(in crate::rules) fn bucket_name(text: &str) -> &str {
    if let Some((_, path)) = text.split_once(":::") {
        return path.split('/').next().unwrap_or(path);
    }
    let domain = text.trim_end_matches('.');
    let host = domain.strip_suffix(".amazonaws.com").or_else(|| domain.strip_suffix(".amazonaws.com.cn"));
    let end = host.and_then(|host| host.rfind(".s3.").or_else(|| host.rfind(".s3-")).or_else(|| host.rfind(".s3")));
    end.and_then(|end| domain.get(..end)).unwrap_or(text)
}

/// The buckets by account and name: the name they have, and the name that a template gives them.
struct Names {
    had: HashMap<(Arc<str>, Arc<str>), usize>,
    given: HashMap<(Arc<str>, Arc<str>), Vec<usize>>,
}

impl Names {
    fn of(estate: &Estate) -> Self {
        let mut names = Self { had: HashMap::new(), given: HashMap::new() };
        for bucket in estate.of_type(BUCKET) {
            let Some(place) = estate.place_of(bucket) else { continue };
            let key = |name: &str| (Arc::clone(&bucket.address.account), Arc::from(name));
            if let Some(name) = &bucket.address.physical_id {
                names.had.entry(key(name)).or_insert(place);
            }
            if let Some(name) = bucket.get("BucketName").as_str() {
                names.given.entry(key(name)).or_default().push(place);
            }
        }
        names
    }
}

/// The account's bucket of this name in another region: names are unique in the world.
fn elsewhere<'a>(estate: &'a Estate, from: &Resource, name: &str) -> Option<&'a Resource> {
    let names = estate.digest(Names::of);
    let place = names.had.get(&(Arc::clone(&from.address.account), name.into()))?;
    estate.at_place(*place)
}

/// The bucket of a template that is given this name there.
fn declared<'a>(estate: &'a Estate, from: &Resource, name: &str) -> Option<&'a Resource> {
    if name.contains(HOLE) {
        return None;
    }
    let names = estate.digest(Names::of);
    let places = names.given.get(&(Arc::clone(&from.address.account), name.into()))?;
    places.iter().filter_map(|&place| estate.at_place(place)).find(|bucket| bucket.address.near(&from.address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::network::testing::{account, observed};
    use serde_json::json;

    #[test]
    fn a_bucket_is_found_in_another_region_too() {
        let mut bucket = observed(BUCKET, "logs", &json!({}));
        bucket.address.region = "other".into();
        let estate = account(vec![bucket], &[BUCKET], &[]);
        for (text, found) in
            [("logs", true), ("arn:aws:s3:::logs", true), ("logs.s3.amazonaws.com", true), ("x", false)]
        {
            let trail = observed("AWS::CloudTrail::Trail", "t", &json!({"S3BucketName": text}));
            let related = bucket_at(&estate, &trail.get("S3BucketName"));
            assert_eq!(matches!(related, Related::Found(_)), found, "{text}: {related:?}");
        }
    }

    #[test]
    fn names_are_told_from_arns_and_domain_names() {
        for (text, expected) in [
            ("site", "site"),
            ("arn:aws:s3:::site", "site"),
            ("arn:aws:s3:::site/logs/*", "site"),
            ("site.s3.amazonaws.com", "site"),
            ("www.example.com.s3.eu-west-1.amazonaws.com", "www.example.com"),
            ("site.s3-eu-west-1.amazonaws.com", "site"),
            ("site.s3.dualstack.eu-west-1.amazonaws.com", "site"),
            ("www.example.com", "www.example.com"),
        ] {
            assert_eq!(bucket_name(text), expected);
        }
    }
}
