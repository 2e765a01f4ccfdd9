//! Response headers policies: the account's own, and those that CloudFront offers to all.

use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::types::{
    ResponseHeadersPolicyConfig, ResponseHeadersPolicyCorsConfig, ResponseHeadersPolicyCustomHeader,
    ResponseHeadersPolicyRemoveHeader, ResponseHeadersPolicySecurityHeadersConfig, ResponseHeadersPolicySummary,
    ResponseHeadersPolicyType,
};

use super::{PAGE, SPEC};
use crate::collect::shape::{flag, list, map, number, set, text, time, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Kind, Provenance, Resource};

pub(super) const LIST: &str = "cloudfront:ListResponseHeadersPolicies";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::CloudFront::ResponseHeadersPolicy",
    asked: &[("", LIST)],
    reads: &["ResponseHeadersPolicyConfig"],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let mut out = Out::default();
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| client.list_response_headers_policies().max_items(PAGE).set_marker(start).send(),
            |page| page.response_headers_policy_list().and_then(|list| token(list.next_marker())),
        )
        .await;
    let lists = pages.pages.iter().filter_map(|page| page.response_headers_policy_list());
    out.resources.extend(
        lists
            .flat_map(aws_sdk_cloudfront::types::ResponseHeadersPolicyList::items)
            .filter_map(|summary| resource(cx, summary)),
    );
    out.listed(TYPE.name, &pages.end);
    out
}

fn resource(cx: &Cx, summary: &ResponseHeadersPolicySummary) -> Option<Resource> {
    let policy = summary.response_headers_policy()?;
    let arn = format!("arn:{}:cloudfront::{}:response-headers-policy/{}", cx.partition, cx.account, policy.id());
    let mut r = cx.resource(&SPEC, TYPE.name, policy.id(), &arn);
    r.set("ResponseHeadersPolicyConfig", policy.response_headers_policy_config().map_or(Kind::Null, config));
    r.set_attribute("Id", text(Some(policy.id())));
    r.set_attribute("LastModifiedTime", time(Some(policy.last_modified_time())));
    r.set_attribute("Type", text(Some(summary.r#type().as_str())));
    if *summary.r#type() == ResponseHeadersPolicyType::Managed {
        r.provenance = Provenance::Service;
    }
    Some(r)
}

fn config(config: &ResponseHeadersPolicyConfig) -> Kind {
    let timing = config.server_timing_headers_config().map(|timing| {
        let rate = timing.sampling_rate().map_or(Kind::Null, Kind::Float);
        map([("Enabled", Kind::Bool(timing.enabled())), ("SamplingRate", rate)])
    });
    map([
        ("Comment", text(config.comment())),
        ("CorsConfig", config.cors_config().map_or(Kind::Null, cors)),
        ("CustomHeadersConfig", items(custom(config.custom_headers_config().map_or(&[][..], |c| c.items())))),
        ("Name", text(Some(config.name()))),
        ("RemoveHeadersConfig", items(removed(config.remove_headers_config().map_or(&[][..], |c| c.items())))),
        ("SecurityHeadersConfig", config.security_headers_config().map_or(Kind::Null, security)),
        ("ServerTimingHeadersConfig", timing.unwrap_or(Kind::Null)),
    ])
}

/// The schema keeps the API's `Items` here, without their `Quantity`.
fn items(items: Kind) -> Kind {
    map([("Items", items)])
}

fn custom(headers: &[ResponseHeadersPolicyCustomHeader]) -> Kind {
    let mut headers: Vec<_> = headers.iter().collect();
    headers.sort_by_key(|header| header.header());
    list(headers.into_iter().map(|header| {
        map([
            ("Header", text(Some(header.header()))),
            ("Override", Kind::Bool(header.r#override())),
            // A header may be sent without a value.
            ("Value", Kind::Str(header.value().into())),
        ])
    }))
}

fn removed(headers: &[ResponseHeadersPolicyRemoveHeader]) -> Kind {
    let mut names: Vec<_> = headers.iter().map(ResponseHeadersPolicyRemoveHeader::header).collect();
    names.sort_unstable();
    list(names.into_iter().map(|name| map([("Header", text(Some(name)))])))
}

fn cors(cors: &ResponseHeadersPolicyCorsConfig) -> Kind {
    let texts = |names: Option<&[String]>| items(set(names.unwrap_or_default().iter().map(String::as_str)));
    let methods = cors.access_control_allow_methods().map_or(&[][..], |methods| methods.items());
    map([
        ("AccessControlAllowCredentials", Kind::Bool(cors.access_control_allow_credentials())),
        (
            "AccessControlAllowHeaders",
            texts(
                cors.access_control_allow_headers()
                    .map(aws_sdk_cloudfront::types::ResponseHeadersPolicyAccessControlAllowHeaders::items),
            ),
        ),
        (
            "AccessControlAllowMethods",
            items(set(methods
                .iter()
                .map(aws_sdk_cloudfront::types::ResponseHeadersPolicyAccessControlAllowMethodsValues::as_str))),
        ),
        (
            "AccessControlAllowOrigins",
            texts(
                cors.access_control_allow_origins()
                    .map(aws_sdk_cloudfront::types::ResponseHeadersPolicyAccessControlAllowOrigins::items),
            ),
        ),
        (
            "AccessControlExposeHeaders",
            texts(
                cors.access_control_expose_headers()
                    .map(aws_sdk_cloudfront::types::ResponseHeadersPolicyAccessControlExposeHeaders::items),
            ),
        ),
        ("AccessControlMaxAgeSec", number(cors.access_control_max_age_sec())),
        ("OriginOverride", Kind::Bool(cors.origin_override())),
    ])
}

fn security(headers: &ResponseHeadersPolicySecurityHeadersConfig) -> Kind {
    let content = headers.content_security_policy().map(|header| {
        map([
            ("ContentSecurityPolicy", text(Some(header.content_security_policy()))),
            ("Override", Kind::Bool(header.r#override())),
        ])
    });
    let frame = headers.frame_options().map(|header| {
        map([
            ("FrameOption", text(Some(header.frame_option().as_str()))),
            ("Override", Kind::Bool(header.r#override())),
        ])
    });
    let referrer = headers.referrer_policy().map(|header| {
        map([
            ("Override", Kind::Bool(header.r#override())),
            ("ReferrerPolicy", text(Some(header.referrer_policy().as_str()))),
        ])
    });
    let transport = headers.strict_transport_security().map(|header| {
        map([
            ("AccessControlMaxAgeSec", number(Some(header.access_control_max_age_sec()))),
            ("IncludeSubdomains", flag(header.include_subdomains())),
            ("Override", Kind::Bool(header.r#override())),
            ("Preload", flag(header.preload())),
        ])
    });
    let scripting = headers.xss_protection().map(|header| {
        map([
            ("ModeBlock", flag(header.mode_block())),
            ("Override", Kind::Bool(header.r#override())),
            ("Protection", Kind::Bool(header.protection())),
            ("ReportUri", text(header.report_uri())),
        ])
    });
    let kinds = headers.content_type_options().map(|header| map([("Override", Kind::Bool(header.r#override()))]));
    map([
        ("ContentSecurityPolicy", content.unwrap_or(Kind::Null)),
        ("ContentTypeOptions", kinds.unwrap_or(Kind::Null)),
        ("FrameOptions", frame.unwrap_or(Kind::Null)),
        ("ReferrerPolicy", referrer.unwrap_or(Kind::Null)),
        ("StrictTransportSecurity", transport.unwrap_or(Kind::Null)),
        ("XSSProtection", scripting.unwrap_or(Kind::Null)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, cx, properties};
    use crate::model::{GLOBAL, to_json};
    use serde_json::json;

    const POLICIES: &str = "<ResponseHeadersPolicyList><MaxItems>100</MaxItems><Quantity>2</Quantity><Items>
        <ResponseHeadersPolicySummary><Type>managed</Type><ResponseHeadersPolicy>
            <Id>67f7725c-6f97-4210-82d7-5512b31e9d03</Id><LastModifiedTime>2021-10-27T18:27:10.331Z</LastModifiedTime>
            <ResponseHeadersPolicyConfig><Name>Managed-SecurityHeadersPolicy</Name></ResponseHeadersPolicyConfig>
        </ResponseHeadersPolicy></ResponseHeadersPolicySummary>
        <ResponseHeadersPolicySummary><Type>custom</Type><ResponseHeadersPolicy>
            <Id>p-1</Id><LastModifiedTime>2026-07-16T15:15:55.991Z</LastModifiedTime>
            <ResponseHeadersPolicyConfig><Comment>edge</Comment><Name>edge</Name>
            <CorsConfig>
                <AccessControlAllowOrigins><Quantity>1</Quantity><Items><Origin>https://example.com</Origin></Items></AccessControlAllowOrigins>
                <AccessControlAllowHeaders><Quantity>2</Quantity><Items><Header>x-b</Header><Header>x-a</Header></Items></AccessControlAllowHeaders>
                <AccessControlAllowMethods><Quantity>2</Quantity><Items><Method>POST</Method><Method>GET</Method></Items></AccessControlAllowMethods>
                <AccessControlAllowCredentials>false</AccessControlAllowCredentials>
                <AccessControlExposeHeaders><Quantity>0</Quantity></AccessControlExposeHeaders>
                <AccessControlMaxAgeSec>600</AccessControlMaxAgeSec><OriginOverride>true</OriginOverride>
            </CorsConfig>
            <SecurityHeadersConfig>
                <XSSProtection><Override>true</Override><Protection>true</Protection><ModeBlock>true</ModeBlock></XSSProtection>
                <FrameOptions><Override>true</Override><FrameOption>DENY</FrameOption></FrameOptions>
                <ReferrerPolicy><Override>false</Override><ReferrerPolicy>same-origin</ReferrerPolicy></ReferrerPolicy>
                <ContentSecurityPolicy><Override>true</Override><ContentSecurityPolicy>default-src 'self'</ContentSecurityPolicy></ContentSecurityPolicy>
                <ContentTypeOptions><Override>true</Override></ContentTypeOptions>
                <StrictTransportSecurity><Override>true</Override><IncludeSubdomains>true</IncludeSubdomains>
                    <AccessControlMaxAgeSec>31536000</AccessControlMaxAgeSec></StrictTransportSecurity>
            </SecurityHeadersConfig>
            <ServerTimingHeadersConfig><Enabled>true</Enabled><SamplingRate>12.5</SamplingRate></ServerTimingHeadersConfig>
            <CustomHeadersConfig><Quantity>1</Quantity><Items><ResponseHeadersPolicyCustomHeader><Header>x-team</Header><Value/>
                <Override>false</Override></ResponseHeadersPolicyCustomHeader></Items></CustomHeadersConfig>
            <RemoveHeadersConfig><Quantity>2</Quantity><Items>
                <ResponseHeadersPolicyRemoveHeader><Header>x-powered-by</Header></ResponseHeadersPolicyRemoveHeader>
                <ResponseHeadersPolicyRemoveHeader><Header>server</Header></ResponseHeadersPolicyRemoveHeader>
            </Items></RemoveHeadersConfig>
            </ResponseHeadersPolicyConfig>
        </ResponseHeadersPolicy></ResponseHeadersPolicySummary></Items></ResponseHeadersPolicyList>";

    #[tokio::test]
    async fn policies_read_as_cloudformation_would_declare_them_and_a_managed_one_says_so() {
        let cx = cx(GLOBAL, |_| (200, POLICIES.into()));
        let out = collect(&cx, &Client::new(&cx.config)).await;
        let [managed, own] = &out.resources[..] else { panic!("two policies: {out:?}") };
        assert_eq!(managed.provenance, Provenance::Service);
        assert_eq!(managed.attribute("Type").as_str(), Some("managed"));
        assert_eq!(properties(own), claimed(&SPEC, own));
        assert_eq!(own.provenance, Provenance::Unmanaged);
        let expected = json!({
            "Comment": "edge",
            "CorsConfig": {
                "AccessControlAllowCredentials": false, "AccessControlAllowHeaders": {"Items": ["x-a", "x-b"]},
                "AccessControlAllowMethods": {"Items": ["GET", "POST"]},
                "AccessControlAllowOrigins": {"Items": ["https://example.com"]},
                "AccessControlMaxAgeSec": 600, "OriginOverride": true,
            },
            "CustomHeadersConfig": {"Items": [{"Header": "x-team", "Override": false, "Value": ""}]},
            "Name": "edge",
            "RemoveHeadersConfig": {"Items": [{"Header": "server"}, {"Header": "x-powered-by"}]},
            "SecurityHeadersConfig": {
                "ContentSecurityPolicy": {"ContentSecurityPolicy": "default-src 'self'", "Override": true},
                "ContentTypeOptions": {"Override": true},
                "FrameOptions": {"FrameOption": "DENY", "Override": true},
                "ReferrerPolicy": {"Override": false, "ReferrerPolicy": "same-origin"},
                "StrictTransportSecurity":
                    {"AccessControlMaxAgeSec": 31_536_000, "IncludeSubdomains": true, "Override": true},
                "XSSProtection": {"ModeBlock": true, "Override": true, "Protection": true},
            },
            "ServerTimingHeadersConfig": {"Enabled": true, "SamplingRate": 12.5},
        });
        assert_eq!(to_json(&own.properties)["ResponseHeadersPolicyConfig"], expected);
    }
}
