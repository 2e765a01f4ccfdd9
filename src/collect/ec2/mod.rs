//! EC2: networks, security groups, instances and their disks, key pairs, and the defaults of a region.

pub mod account;
pub mod compute;
pub mod customer_gateways;
pub mod key_pairs;
pub mod network;
pub mod security_groups;
mod shape;

#[cfg(test)]
mod tests {
    use crate::collect::testing::{Aws, cx};
    use crate::collect::{Collector, Out};
    use crate::model::Unknown;

    static ALL: &[&dyn Collector] = &[
        &super::account::Account,
        &super::compute::Compute,
        &super::customer_gateways::CustomerGateways,
        &super::key_pairs::KeyPairs,
        &super::network::Network,
        &super::security_groups::SecurityGroups,
    ];

    async fn collect(collector: &dyn Collector, aws: Aws) -> Out {
        let (cx, mut out) = (cx("eu-west-1", aws), Out::default());
        collector.collect(&cx, &mut out).await;
        let spec = collector.spec();
        for action in cx.calls.made().keys() {
            assert!(spec.actions.contains(action), "{} calls {action} without saying so", spec.name);
        }
        let listings = spec.actions.iter().filter(|action| !EACH.contains(action)).count();
        assert_eq!(cx.calls.made().len(), listings, "{}: every listing is needed", spec.name);
        assert_eq!(cx.calls.made().values().sum::<u64>(), u64::from(spec.listings), "{}", spec.name);
        let types: Vec<_> = spec.types.iter().map(|t| t.name).collect();
        assert!(types.iter().all(|t| out.listed.contains_key(t)), "{} is silent about a type", spec.name);
        out
    }

    /// Actions of calls per resource: without a resource, nobody is asked.
    const EACH: &[&str] =
        &["ec2:DescribeVpcAttribute", "ec2:DescribeInstanceAttribute", "ec2:DescribeInstanceCreditSpecifications"];

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        fn refuse(_: &str) -> (u16, String) {
            let error = "<Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error>";
            (403, format!("<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>"))
        }
        for collector in ALL {
            let out = collect(*collector, refuse).await;
            for (kind, end) in &out.listed {
                let denied = |why: Option<Unknown>| matches!(why, Some(Unknown::Denied { .. }));
                let own: Vec<_> = out.resources.iter().filter(|r| &*r.kind == *kind).collect();
                if let Err(why) = end {
                    assert!(denied(Some(why.clone())) && own.is_empty(), "{kind}");
                } else {
                    // What always exists, with every property unknown.
                    let reads = collector.spec().reads(kind);
                    assert!(!own.is_empty() && reads.iter().all(|p| denied(own[0].get(p).why_unknown())), "{kind}");
                }
            }
        }
    }

    #[tokio::test]
    async fn an_empty_region_is_wholly_listed() {
        fn nothing(asked: &str) -> (u16, String) {
            let action = asked.split("Action=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
            (200, format!("<{action}Response><requestId>r</requestId></{action}Response>"))
        }
        for collector in ALL {
            let out = collect(*collector, nothing).await;
            assert!(out.listed.values().all(Result::is_ok), "{:?}", out.listed);
            assert!(out.resources.iter().all(|r| r.kind.starts_with("Driftline::")), "{}", collector.spec().name);
        }
    }
}
