//! What "region" means: the only place that knows.

use std::sync::Arc;

use aws_config::SdkConfig;

use super::ConnectError;
use super::answer::in_words;
use crate::diag::did_you_mean;

/// The regions to scan: those asked for, all enabled ones for `all`, the configured one if nothing is asked.
pub(super) async fn settle(
    config: &SdkConfig,
    asked: &[String],
    excluded: &[String],
) -> Result<Vec<Arc<str>>, ConnectError> {
    let home = config.region().map(ToString::to_string).ok_or(ConnectError::NoRegion)?;
    let asked = if asked.is_empty() { std::slice::from_ref(&home) } else { asked };
    let known = known_regions(config).await;
    let mut regions: Vec<Arc<str>> = Vec::new();
    for name in asked {
        match (&known, name.as_str()) {
            (Ok(known), "all") => {
                regions.extend(known.iter().filter(|r| r.enabled).map(|r| Arc::<str>::from(r.name.as_str())));
            }
            (Err(why), "all") => return Err(ConnectError::Regions(why.clone())),
            (Ok(known), name) => regions.push(check(known, name)?),
            // Without the list a region cannot be checked; a wrong one shows up as gaps.
            (Err(_), name) => regions.push(name.into()),
        }
    }
    regions.retain(|r| !excluded.iter().any(|x| **x == **r));
    regions.sort();
    regions.dedup();
    if regions.is_empty() { Err(ConnectError::NothingLeft) } else { Ok(regions) }
}

struct Known {
    name: String,
    enabled: bool,
}

fn check(known: &[Known], name: &str) -> Result<Arc<str>, ConnectError> {
    match known.iter().find(|r| r.name == name) {
        Some(region) if region.enabled => Ok(name.into()),
        Some(_) => Err(ConnectError::RegionDisabled(name.to_owned())),
        None => Err(ConnectError::UnknownRegion {
            name: name.to_owned(),
            suggestion: did_you_mean(name, known.iter().map(|r| r.name.as_str())).map(str::to_owned),
        }),
    }
}

/// Every region of the partition and whether the account has opted in; or why they cannot be listed.
async fn known_regions(config: &SdkConfig) -> Result<Vec<Known>, String> {
    let answer =
        aws_sdk_ec2::Client::new(config).describe_regions().all_regions(true).send().await.map_err(|e| in_words(&e))?;
    let regions = answer.regions().iter().filter_map(|r| {
        let enabled = r.opt_in_status().is_none_or(|status| status != "not-opted-in");
        Some(Known { name: r.region_name()?.to_owned(), enabled })
    });
    Ok(regions.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_region_is_an_error_with_a_suggestion() {
        let known =
            [Known { name: "us-east-1".into(), enabled: true }, Known { name: "me-south-1".into(), enabled: false }];
        assert!(check(&known, "us-east-1").is_ok());
        let message = |name| check(&known, name).unwrap_err().to_string();
        assert_eq!(message("us-eest-1"), "there is no region us-eest-1; did you mean us-east-1?");
        assert_eq!(message("me-south-1"), "region me-south-1 is not enabled in this account");
    }
}
