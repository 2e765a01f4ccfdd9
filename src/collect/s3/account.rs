//! The account's public access block: it overrules what the buckets say.

use aws_sdk_s3control::Client;
use aws_sdk_s3control::config::Builder;
use aws_sdk_s3control::config::endpoint::{Endpoint, Params, ResolveEndpoint};
use aws_sdk_s3control::types::PublicAccessBlockConfiguration;
use aws_smithy_runtime_api::client::endpoint::EndpointFuture;

use super::SPEC;
use crate::collect::shape::set_unknown;
use crate::collect::{Answer, Cx, Out, TypeSpec};
use crate::model::types::S3_ACCOUNT_BLOCK;
use crate::model::{Kind, Resource};

pub(super) const ACCESS_BLOCK: &str = "s3:GetAccountPublicAccessBlock";

/// What S3 answers where the block was never set.
const NO_ACCESS_BLOCK: &str = "NoSuchPublicAccessBlockConfiguration";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: S3_ACCOUNT_BLOCK,
    asked: &[("", ACCESS_BLOCK)],
    reads: &["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx) -> Out {
    let request = client(cx).get_public_access_block().account_id(&*cx.account);
    let answer = cx.ask(ACCESS_BLOCK, &[TYPE.name], &[NO_ACCESS_BLOCK], request.send()).await;
    let mut out = Out::default();
    out.push(resource(cx, &answer.map(|found| found.public_access_block_configuration)));
    out.listed(TYPE.name, &Ok(()));
    out
}

/// Every account has one; where it was never set, all four switches are off.
fn resource(cx: &Cx, answer: &Answer<Option<PublicAccessBlockConfiguration>>) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, "account-public-access-block", "");
    let found = match answer {
        Answer::Is(found) => found.as_ref(),
        Answer::Absent => None,
        Answer::Unknown(why) => {
            set_unknown(&mut r, TYPE.reads, why);
            return r;
        }
    };
    let mut switch = |name, read: fn(&PublicAccessBlockConfiguration) -> Option<bool>| {
        r.set(name, Kind::Bool(found.and_then(read).unwrap_or(false)));
    };
    switch("BlockPublicAcls", PublicAccessBlockConfiguration::block_public_acls);
    switch("IgnorePublicAcls", PublicAccessBlockConfiguration::ignore_public_acls);
    switch("BlockPublicPolicy", PublicAccessBlockConfiguration::block_public_policy);
    switch("RestrictPublicBuckets", PublicAccessBlockConfiguration::restrict_public_buckets);
    r
}

fn client(cx: &Cx) -> Client {
    let mut config = Builder::from(&cx.config);
    if let Some(url) = cx.config.endpoint_url() {
        config = config.endpoint_resolver(AsGiven(url.to_owned()));
    }
    Client::from_conf(config.build())
}

/// The endpoint as it was given. AWS's own rules put the account in front of the host name, which no emulator resolves;
/// the account travels in a header as well.
#[derive(Debug)]
struct AsGiven(String);

impl ResolveEndpoint for AsGiven {
    fn resolve_endpoint<'a>(&'a self, _: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(Endpoint::builder().url(self.0.clone()).build()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, cx, properties};
    use crate::model::{GLOBAL, Unknown};

    async fn block(aws: crate::collect::testing::Aws) -> Resource {
        let mut out = collect(&cx(GLOBAL, aws)).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        let r = out.resources.remove(0);
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        r
    }

    fn error(code: &str) -> String {
        format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>")
    }

    #[tokio::test]
    async fn a_block_that_was_never_set_has_every_switch_off() {
        let r = block(|_| (404, error(NO_ACCESS_BLOCK))).await;
        assert_eq!(r.get("BlockPublicPolicy").value().map(|v| &v.kind), Some(&Kind::Bool(false)));
    }

    #[tokio::test]
    async fn a_switch_is_what_the_account_says() {
        let r = block(|asked| {
            assert!(asked.starts_with("GET https://123456789012.s3-control.us-east-1.amazonaws.com/v20180820/"), "{asked}");
            let body = "<PublicAccessBlockConfiguration><BlockPublicPolicy>true</BlockPublicPolicy></PublicAccessBlockConfiguration>";
            (200, body.into())
        })
        .await;
        assert_eq!(r.get("BlockPublicPolicy").value().map(|v| &v.kind), Some(&Kind::Bool(true)));
        assert_eq!(r.get("BlockPublicAcls").value().map(|v| &v.kind), Some(&Kind::Bool(false)));
    }

    #[tokio::test]
    async fn a_denied_read_leaves_every_switch_unknown() {
        let r = block(|_| (403, error("AccessDenied"))).await;
        assert_eq!(r.get("BlockPublicAcls").why_unknown(), Some(Unknown::Denied { action: ACCESS_BLOCK.into() }));
    }

    #[tokio::test]
    async fn a_given_endpoint_is_taken_as_it_is() {
        let mut cx = cx(GLOBAL, |asked| {
            assert!(asked.starts_with("GET http://127.0.0.1:4566/v20180820/"), "{asked}");
            (404, error(NO_ACCESS_BLOCK))
        });
        cx.config = cx.config.into_builder().endpoint_url("http://127.0.0.1:4566").build();
        assert_eq!(collect(&cx).await.resources.len(), 1);
    }
}
