//! Pseudo parameters.

use std::sync::Arc;

use super::Inputs;
use crate::model::{Kind, Unknown};

/// The value of a pseudo parameter other than `AWS::NoValue`; `None` if there is no such pseudo parameter.
pub(super) fn value(name: &str, inputs: &Inputs) -> Option<Kind> {
    let known = |text: &Arc<str>| (!text.is_empty()).then(|| Arc::clone(text));
    let text: Option<Arc<str>> = match name {
        "AWS::AccountId" => known(&inputs.account),
        "AWS::Region" => known(&inputs.region),
        "AWS::Partition" => partition(inputs),
        "AWS::URLSuffix" => partition(inputs).map(|p| url_suffix(&p).into()),
        "AWS::StackId" => inputs.stack_id.clone(),
        "AWS::StackName" => {
            inputs.stack_id.as_ref().and_then(|id| id.split('/').nth(1).map(Arc::from).or_else(|| known(&inputs.stack)))
        }
        "AWS::NotificationARNs" => None,
        _ => return None,
    };
    Some(text.map_or_else(|| Kind::Unknown(Unknown::Parameter(name.into())), Kind::Str))
}

fn partition(inputs: &Inputs) -> Option<Arc<str>> {
    if !inputs.partition.is_empty() {
        return Some(Arc::clone(&inputs.partition));
    }
    let known = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
        ("", "aws"),
    ];
    let found = known.iter().find(|(prefix, _)| inputs.region.starts_with(prefix));
    found.filter(|_| !inputs.region.is_empty()).map(|&(_, partition)| partition.into())
}

fn url_suffix(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_follows_from_the_region_and_nothing_from_nothing() {
        let inputs = |region: &str| Inputs { region: region.into(), ..Inputs::default() };
        assert_eq!(value("AWS::Partition", &inputs("cn-north-1")), Some(Kind::Str("aws-cn".into())));
        assert_eq!(value("AWS::URLSuffix", &inputs("eu-west-1")), Some(Kind::Str("amazonaws.com".into())));
        let unknown = Kind::Unknown(Unknown::Parameter("AWS::Partition".into()));
        assert_eq!(value("AWS::Partition", &inputs("")), Some(unknown));
        assert_eq!(value("AWS::Nonsense", &inputs("eu-west-1")), None);
    }

    #[test]
    fn a_file_name_is_no_stack_name() {
        let check = Inputs { stack: "vpc.yaml".into(), ..Inputs::default() };
        assert!(matches!(value("AWS::StackName", &check), Some(Kind::Unknown(_))));
        let deployed = Inputs { stack: "vpc".into(), stack_id: Some("arn:…".into()), ..Inputs::default() };
        assert_eq!(value("AWS::StackName", &deployed), Some(Kind::Str("vpc".into())));
        let id = "arn:aws:cloudformation:us-east-1:123456789012:stack/net/51af3dc0";
        let by_arn = Inputs { stack: id.into(), stack_id: Some(id.into()), ..Inputs::default() };
        assert_eq!(value("AWS::StackName", &by_arn), Some(Kind::Str("net".into())));
    }
}
