//! Distributions.

use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::types::DistributionSummary;

use super::config::config;
use super::{PAGE, SPEC};
use crate::collect::shape::{text, time, token};
use crate::collect::tagged;
use crate::collect::tags::Tags;
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "cloudfront:ListDistributions";
pub(super) const GET: &str = "cloudfront:GetDistributionConfig";
pub(super) const TAGS: &str = "cloudfront:ListTagsForResource";

/// The listing leaves out logging, the root object and more, so the configuration is asked for.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::CloudFront::Distribution",
    asked: &[("DistributionConfig", GET), ("Tags", TAGS), ("", LIST)],
    reads: &["DistributionConfig", "Tags"],
    on_demand: &["DistributionConfig", "Tags"],
    calls: 2,
};

/// What CloudFront answers about a distribution that is gone.
const GONE: &[&str] = &["NoSuchDistribution", "NoSuchResource"];

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let mut out = Out::default();
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| client.list_distributions().max_items(PAGE).set_marker(start).send(),
            |page| page.distribution_list().and_then(|list| token(list.next_marker())),
        )
        .await;
    out.listed(TYPE.name, &pages.end);
    let lists = pages.pages.iter().filter_map(|page| page.distribution_list());
    let found: Vec<_> = lists.flat_map(aws_sdk_cloudfront::types::DistributionList::items).cloned().collect();
    let ids: Vec<_> = found.iter().map(|d| (d.id().to_owned(), d.arn().to_owned())).collect();
    let readings = found.into_iter().map(|summary| read(cx.clone(), client.clone(), summary));
    let tags = cx.tags_of(TYPE.name, "cloudfront:distribution", &ids, |cx, arn| tags_of(cx, client.clone(), arn));
    let (distributions, tags) = tokio::join!(tasks::all(readings.collect()), Box::pin(tags));
    out.resources.extend(distributions.into_iter().flatten().map(|r| tagged::of(r, &tags)));
    out
}

/// One distribution; `None` if it has gone meanwhile.
async fn read(cx: Cx, client: Client, summary: DistributionSummary) -> Option<Resource> {
    let wanted = (TYPE.name, summary.id(), &["DistributionConfig"][..]);
    let answer = cx.ask_for(wanted, GET, GONE, client.get_distribution_config().id(summary.id()).send()).await;
    let mut r = cx.resource(&SPEC, TYPE.name, summary.id(), summary.arn());
    let shaped = match answer {
        Answer::Is(found) => found.distribution_config().map_or(Kind::Null, config),
        Answer::Absent => return None,
        Answer::Unknown(why) => Kind::Unknown(why),
    };
    r.set("DistributionConfig", shaped);
    r.set_attribute("DomainName", text(Some(summary.domain_name())));
    r.set_attribute("Id", text(Some(summary.id())));
    r.set_attribute("LastModifiedTime", time(Some(summary.last_modified_time())));
    r.set_attribute("Status", text(Some(summary.status())));
    Some(r)
}

async fn tags_of(cx: Cx, client: Client, arn: String) -> Answer<Tags> {
    let answer = cx.ask(TAGS, &[TYPE.name], GONE, client.list_tags_for_resource().resource(arn).send()).await;
    let pair =
        |tag: &aws_sdk_cloudfront::types::Tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned());
    answer.map(|found| found.tags().map_or(&[][..], |tags| tags.items()).iter().map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{Aws, claimed, cx, properties};
    use crate::model::{GLOBAL, Unknown};
    use std::sync::Arc;

    fn page(id: &str, next: &str) -> String {
        format!(
            "<DistributionList><Marker/>{next}<MaxItems>100</MaxItems><IsTruncated>false</IsTruncated>
             <Quantity>1</Quantity><Items><DistributionSummary><Id>{id}</Id>
             <ARN>arn:aws:cloudfront::123456789012:distribution/{id}</ARN><Status>Deployed</Status>
             <LastModifiedTime>2026-07-16T15:15:55.991Z</LastModifiedTime><DomainName>d1.cloudfront.net</DomainName>
             </DistributionSummary></Items></DistributionList>"
        )
    }

    const CONFIG: &str = "<DistributionConfig><CallerReference>1</CallerReference><Comment>shop</Comment>
        <DefaultRootObject>index.html</DefaultRootObject><Enabled>true</Enabled></DistributionConfig>";
    const TAGGED: &str = "<Tags><Items><Tag><Key>team</Key><Value>shop</Value></Tag></Items></Tags>";

    fn error(code: &str) -> String {
        format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>")
    }

    async fn collected(aws: Aws) -> Out {
        let cx = cx(GLOBAL, aws);
        let out = collect(&cx, &Client::new(&cx.config)).await;
        assert_eq!(
            cx.calls.gaps().len(),
            out.resources.iter().filter(|r| r.get("DistributionConfig").why_unknown().is_some()).count()
        );
        out
    }

    #[tokio::test]
    async fn a_distribution_is_its_configuration_its_tags_and_what_the_listing_says_on_every_page() {
        let out = collected(|asked| match asked {
            tags if tags.contains("/tagging?Resource=arn%3Aaws%3Acloudfront") => (200, TAGGED.into()),
            config if config.contains("/config") => (200, CONFIG.into()),
            second if second.contains("Marker=E1") => (200, page("E2", "")),
            _ => (200, page("E1", "<NextMarker>E1</NextMarker>")),
        })
        .await;
        assert_eq!((out.resources.len(), &out.listed[TYPE.name]), (2, &Ok(())));
        for r in &out.resources {
            assert_eq!(properties(r), claimed(&SPEC, r));
            assert_eq!(&*r.address.region, GLOBAL);
            assert_eq!(r.get("DistributionConfig.DefaultRootObject").as_str(), Some("index.html"));
            assert_eq!(r.tag("team").as_deref(), Some("shop"));
            assert_eq!(r.attribute("DomainName").as_str(), Some("d1.cloudfront.net"));
        }
    }

    #[tokio::test]
    async fn a_denied_configuration_is_unknown_and_a_distribution_that_vanishes_is_dropped() {
        let out = collected(|asked| match asked {
            tags if tags.contains("/tagging") => (200, TAGGED.into()),
            gone if gone.contains("/distribution/E2/config") => (404, error("NoSuchDistribution")),
            config if config.contains("/config") => (403, error("AccessDenied")),
            second if second.contains("Marker=E1") => (200, page("E2", "")),
            _ => (200, page("E1", "<NextMarker>E1</NextMarker>")),
        })
        .await;
        let [denied] = &out.resources[..] else { panic!("E2 is gone: {out:?}") };
        assert_eq!(denied.get("DistributionConfig").why_unknown(), Some(Unknown::Denied { action: GET.into() }));
        assert_eq!(denied.tag("team").as_deref(), Some("shop"));
    }

    #[tokio::test]
    async fn what_nobody_asks_for_costs_no_call() {
        let mut cx = cx(GLOBAL, |asked| {
            assert!(asked.contains("/distribution?"), "{asked}");
            (200, page("E1", ""))
        });
        cx.wanted = Arc::new(Wanted::default());
        let out = collect(&cx, &Client::new(&cx.config)).await;
        for property in TYPE.on_demand {
            assert_eq!(out.resources[0].get(property).why_unknown(), Some(Unknown::NotCollected));
        }
    }
}
