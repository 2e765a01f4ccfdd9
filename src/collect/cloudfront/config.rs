//! The configuration of a distribution as CloudFormation declares it: plain lists where the API counts them (`Quantity`, `Items`).
//!
//! What CloudFront keeps in an order of its own is sorted: everything but cache behaviours and the members of an origin group.

use aws_sdk_cloudfront::types::{
    Aliases, ConnectionMode, CustomErrorResponse, CustomErrorResponses, DistributionConfig, GeoRestriction,
    HttpVersion, LoggingConfig, MinimumProtocolVersion, PriceClass, SslSupportMethod, TenantConfig, ViewerCertificate,
    ViewerMtlsConfig,
};

use super::behaviors::{behaviors, default_behavior};
use super::origins::{groups, origins};
use crate::collect::shape::{flag, list, map, number, set, text};
use crate::model::Kind;

pub(super) fn config(config: &DistributionConfig) -> Kind {
    map(edge(config).into_iter().chain(routes(config)).chain(viewers(config)))
}

type Properties = Vec<(&'static str, Kind)>;

fn edge(config: &DistributionConfig) -> Properties {
    let function = config.connection_function_association().map(|function| map([("Id", text(Some(function.id())))]));
    let cache_tag = config.cache_tag_config().map(|tag| map([("HeaderName", text(Some(tag.header_name())))]));
    vec![
        ("Aliases", set(config.aliases().map_or(&[][..], Aliases::items).iter().map(String::as_str))),
        ("AnycastIpListId", text(config.anycast_ip_list_id())),
        ("CacheTagConfig", cache_tag.unwrap_or(Kind::Null)),
        ("Comment", text(Some(config.comment()))),
        ("ConnectionFunctionAssociation", function.unwrap_or(Kind::Null)),
        ("ConnectionMode", text(config.connection_mode().map(ConnectionMode::as_str))),
        ("ContinuousDeploymentPolicyId", text(config.continuous_deployment_policy_id())),
        ("DefaultRootObject", text(config.default_root_object())),
        ("Enabled", Kind::Bool(config.enabled())),
        ("HttpVersion", text(config.http_version().map(HttpVersion::as_str))),
        ("IPV6Enabled", flag(config.is_ipv6_enabled())),
        ("Logging", config.logging().map_or(Kind::Null, logging)),
        ("PriceClass", text(config.price_class().map(PriceClass::as_str))),
        ("Staging", flag(config.staging())),
        ("TenantConfig", config.tenant_config().map_or(Kind::Null, tenants)),
        ("WebACLId", text(config.web_acl_id())),
    ]
}

fn routes(config: &DistributionConfig) -> Properties {
    vec![
        ("CacheBehaviors", behaviors(config.cache_behaviors())),
        ("CustomErrorResponses", errors(config.custom_error_responses())),
        ("DefaultCacheBehavior", config.default_cache_behavior().map_or(Kind::Null, default_behavior)),
        ("OriginGroups", groups(config.origin_groups())),
        ("Origins", origins(config.origins())),
    ]
}

fn viewers(config: &DistributionConfig) -> Properties {
    let restrictions = config.restrictions().and_then(|restrictions| restrictions.geo_restriction());
    vec![
        ("Restrictions", map([("GeoRestriction", restrictions.map_or(Kind::Null, countries))])),
        ("ViewerCertificate", config.viewer_certificate().map_or(Kind::Null, certificate)),
        ("ViewerMtlsConfig", config.viewer_mtls_config().map_or(Kind::Null, mutual_tls)),
    ]
}

/// Where no logs are written, the API answers empty names; CloudFormation says nothing.
fn logging(logging: &LoggingConfig) -> Kind {
    if !logging.enabled() {
        return Kind::Null;
    }
    map([
        ("Bucket", text(Some(logging.bucket()))),
        ("IncludeCookies", Kind::Bool(logging.include_cookies())),
        ("Prefix", text(Some(logging.prefix()))),
    ])
}

fn errors(responses: Option<&CustomErrorResponses>) -> Kind {
    let mut responses: Vec<_> = responses.map_or(&[][..], CustomErrorResponses::items).iter().collect();
    responses.sort_by_key(|response| response.error_code());
    list(responses.into_iter().map(|response| {
        map([
            ("ErrorCachingMinTTL", number(response.error_caching_min_ttl())),
            ("ErrorCode", number(Some(response.error_code()))),
            ("ResponseCode", response_code(response)),
            ("ResponsePagePath", text(response.response_page_path())),
        ])
    }))
}

/// The API has the code as text, the schema as a number.
fn response_code(response: &CustomErrorResponse) -> Kind {
    response.response_code().and_then(|code| code.parse().ok()).map_or(Kind::Null, Kind::Int)
}

fn countries(restriction: &GeoRestriction) -> Kind {
    map([
        ("Locations", set(restriction.items().iter().map(String::as_str))),
        ("RestrictionType", text(Some(restriction.restriction_type().as_str()))),
    ])
}

fn certificate(certificate: &ViewerCertificate) -> Kind {
    map([
        ("AcmCertificateArn", text(certificate.acm_certificate_arn())),
        ("CloudFrontDefaultCertificate", flag(certificate.cloud_front_default_certificate())),
        ("IamCertificateId", text(certificate.iam_certificate_id())),
        ("MinimumProtocolVersion", text(certificate.minimum_protocol_version().map(MinimumProtocolVersion::as_str))),
        ("SslSupportMethod", text(certificate.ssl_support_method().map(SslSupportMethod::as_str))),
    ])
}

fn mutual_tls(config: &ViewerMtlsConfig) -> Kind {
    let store = config.trust_store_config().map(|store| {
        map([
            ("AdvertiseTrustStoreCaNames", flag(store.advertise_trust_store_ca_names())),
            ("IgnoreCertificateExpiry", flag(store.ignore_certificate_expiry())),
            ("TrustStoreId", text(Some(store.trust_store_id()))),
        ])
    });
    map([("Mode", text(Some(config.mode().as_str()))), ("TrustStoreConfig", store.unwrap_or(Kind::Null))])
}

fn tenants(config: &TenantConfig) -> Kind {
    let definitions = config.parameter_definitions().iter().map(|parameter| {
        let schema = parameter.definition().and_then(|definition| definition.string_schema()).map(|schema| {
            map([
                ("Comment", text(schema.comment())),
                ("DefaultValue", text(schema.default_value())),
                ("Required", Kind::Bool(schema.required())),
            ])
        });
        map([
            ("Definition", map([("StringSchema", schema.unwrap_or(Kind::Null))])),
            ("Name", text(Some(parameter.name()))),
        ])
    });
    map([("ParameterDefinitions", list(definitions))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::cx;
    use crate::model::{GLOBAL, Value, to_json};
    use aws_sdk_cloudfront::Client;
    use serde_json::json;

    /// What a configuration becomes, from the XML of the API.
    async fn shaped(aws: crate::collect::testing::Aws) -> serde_json::Value {
        let client = Client::new(&cx(GLOBAL, aws).config);
        let found = client.get_distribution_config().id("E1").send().await.unwrap();
        to_json(&Value::live(config(found.distribution_config().unwrap())))
    }

    const FULL: &str = "<DistributionConfig><CallerReference>1</CallerReference>
        <Aliases><Quantity>2</Quantity><Items><CNAME>www.example.com</CNAME><CNAME>example.com</CNAME></Items></Aliases>
        <DefaultRootObject>index.html</DefaultRootObject>
        <Origins><Quantity>3</Quantity><Items>
            <Origin><Id>site</Id><DomainName>site.s3.eu-west-1.amazonaws.com</DomainName><OriginPath/>
                <CustomHeaders><Quantity>0</Quantity></CustomHeaders>
                <S3OriginConfig><OriginAccessIdentity/></S3OriginConfig><ConnectionAttempts>3</ConnectionAttempts>
                <ConnectionTimeout>10</ConnectionTimeout><OriginShield><Enabled>false</Enabled></OriginShield>
                <OriginAccessControlId>EAC</OriginAccessControlId></Origin>
            <Origin><Id>api</Id><DomainName>api.example.com</DomainName><OriginPath>/v1</OriginPath>
                <CustomHeaders><Quantity>2</Quantity><Items>
                    <OriginCustomHeader><HeaderName>x-b</HeaderName><HeaderValue>2</HeaderValue></OriginCustomHeader>
                    <OriginCustomHeader><HeaderName>x-a</HeaderName><HeaderValue>1</HeaderValue></OriginCustomHeader>
                </Items></CustomHeaders>
                <CustomOriginConfig><HTTPPort>8080</HTTPPort><HTTPSPort>8443</HTTPSPort>
                    <OriginProtocolPolicy>https-only</OriginProtocolPolicy>
                    <OriginSslProtocols><Quantity>2</Quantity><Items><SslProtocol>TLSv1.2</SslProtocol><SslProtocol>TLSv1.1</SslProtocol></Items></OriginSslProtocols>
                    <OriginReadTimeout>20</OriginReadTimeout><OriginKeepaliveTimeout>7</OriginKeepaliveTimeout>
                    <IpAddressType>dualstack</IpAddressType>
                    <OriginMtlsConfig><ClientCertificateArn>arn:c</ClientCertificateArn></OriginMtlsConfig></CustomOriginConfig>
                <OriginShield><Enabled>true</Enabled><OriginShieldRegion>eu-west-1</OriginShieldRegion></OriginShield>
                <ResponseCompletionTimeout>60</ResponseCompletionTimeout></Origin>
            <Origin><Id>inside</Id><DomainName>inside.example.com</DomainName>
                <VpcOriginConfig><VpcOriginId>vo_1</VpcOriginId><OwnerAccountId>210987654321</OwnerAccountId>
                    <OriginReadTimeout>30</OriginReadTimeout><OriginKeepaliveTimeout>5</OriginKeepaliveTimeout></VpcOriginConfig></Origin>
        </Items></Origins>
        <OriginGroups><Quantity>1</Quantity><Items><OriginGroup><Id>both</Id>
            <FailoverCriteria><StatusCodes><Quantity>2</Quantity><Items><StatusCode>503</StatusCode><StatusCode>500</StatusCode></Items></StatusCodes></FailoverCriteria>
            <Members><Quantity>2</Quantity><Items><OriginGroupMember><OriginId>site</OriginId></OriginGroupMember>
                <OriginGroupMember><OriginId>api</OriginId></OriginGroupMember></Items></Members>
            <SelectionCriteria>default</SelectionCriteria></OriginGroup></Items></OriginGroups>
        <DefaultCacheBehavior><TargetOriginId>site</TargetOriginId>
            <TrustedSigners><Enabled>false</Enabled><Quantity>0</Quantity></TrustedSigners>
            <TrustedKeyGroups><Enabled>true</Enabled><Quantity>1</Quantity><Items><KeyGroup>kg-1</KeyGroup></Items></TrustedKeyGroups>
            <ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy>
            <AllowedMethods><Quantity>2</Quantity><Items><Method>HEAD</Method><Method>GET</Method></Items>
                <CachedMethods><Quantity>2</Quantity><Items><Method>HEAD</Method><Method>GET</Method></Items></CachedMethods></AllowedMethods>
            <SmoothStreaming>false</SmoothStreaming><Compress>true</Compress>
            <LambdaFunctionAssociations><Quantity>1</Quantity><Items><LambdaFunctionAssociation>
                <LambdaFunctionARN>arn:l:1</LambdaFunctionARN><EventType>origin-request</EventType><IncludeBody>true</IncludeBody>
                </LambdaFunctionAssociation></Items></LambdaFunctionAssociations>
            <FunctionAssociations><Quantity>1</Quantity><Items><FunctionAssociation><FunctionARN>arn:f</FunctionARN>
                <EventType>viewer-request</EventType></FunctionAssociation></Items></FunctionAssociations>
            <FieldLevelEncryptionId>FLE</FieldLevelEncryptionId><RealtimeLogConfigArn>arn:r</RealtimeLogConfigArn>
            <CachePolicyId>cp</CachePolicyId><OriginRequestPolicyId>orp</OriginRequestPolicyId>
            <ResponseHeadersPolicyId>rhp</ResponseHeadersPolicyId><GrpcConfig><Enabled>false</Enabled></GrpcConfig>
        </DefaultCacheBehavior>
        <CacheBehaviors><Quantity>2</Quantity><Items>
            <CacheBehavior><PathPattern>/z/*</PathPattern><TargetOriginId>api</TargetOriginId>
                <ViewerProtocolPolicy>https-only</ViewerProtocolPolicy>
                <ForwardedValues><QueryString>true</QueryString>
                    <Cookies><Forward>whitelist</Forward><WhitelistedNames><Quantity>2</Quantity><Items><Name>s</Name><Name>a</Name></Items></WhitelistedNames></Cookies>
                    <Headers><Quantity>1</Quantity><Items><Name>Host</Name></Items></Headers>
                    <QueryStringCacheKeys><Quantity>1</Quantity><Items><Name>q</Name></Items></QueryStringCacheKeys></ForwardedValues>
                <MinTTL>0</MinTTL><DefaultTTL>60</DefaultTTL><MaxTTL>120</MaxTTL></CacheBehavior>
            <CacheBehavior><PathPattern>/a/*</PathPattern><TargetOriginId>api</TargetOriginId>
                <ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>
                <TrustedSigners><Enabled>true</Enabled><Quantity>1</Quantity><Items><AwsAccountNumber>self</AwsAccountNumber></Items></TrustedSigners></CacheBehavior>
        </Items></CacheBehaviors>
        <CustomErrorResponses><Quantity>2</Quantity><Items>
            <CustomErrorResponse><ErrorCode>404</ErrorCode><ResponsePagePath>/index.html</ResponsePagePath>
                <ResponseCode>200</ResponseCode><ErrorCachingMinTTL>10</ErrorCachingMinTTL></CustomErrorResponse>
            <CustomErrorResponse><ErrorCode>403</ErrorCode><ResponsePagePath/><ResponseCode/></CustomErrorResponse>
        </Items></CustomErrorResponses>
        <Comment>shop</Comment>
        <Logging><Enabled>true</Enabled><IncludeCookies>true</IncludeCookies><Bucket>logs.s3.amazonaws.com</Bucket><Prefix>cdn/</Prefix></Logging>
        <PriceClass>PriceClass_100</PriceClass><Enabled>true</Enabled>
        <ViewerCertificate><CloudFrontDefaultCertificate>false</CloudFrontDefaultCertificate>
            <ACMCertificateArn>arn:acm</ACMCertificateArn><SSLSupportMethod>sni-only</SSLSupportMethod>
            <MinimumProtocolVersion>TLSv1.2_2021</MinimumProtocolVersion><Certificate>arn:acm</Certificate>
            <CertificateSource>acm</CertificateSource></ViewerCertificate>
        <Restrictions><GeoRestriction><RestrictionType>whitelist</RestrictionType><Quantity>2</Quantity>
            <Items><Location>FR</Location><Location>DE</Location></Items></GeoRestriction></Restrictions>
        <WebACLId>arn:waf</WebACLId><HttpVersion>http2and3</HttpVersion><IsIPV6Enabled>true</IsIPV6Enabled>
        <ContinuousDeploymentPolicyId>cd</ContinuousDeploymentPolicyId><Staging>false</Staging>
        <AnycastIpListId>any</AnycastIpListId>
        <TenantConfig><ParameterDefinitions><member><Name>tenant</Name><Definition><StringSchema><Comment>who</Comment>
            <DefaultValue>none</DefaultValue><Required>false</Required></StringSchema></Definition></member></ParameterDefinitions></TenantConfig>
        <ConnectionMode>direct</ConnectionMode>
        <ViewerMtlsConfig><Mode>required</Mode><TrustStoreConfig><TrustStoreId>ts</TrustStoreId>
            <AdvertiseTrustStoreCaNames>true</AdvertiseTrustStoreCaNames><IgnoreCertificateExpiry>false</IgnoreCertificateExpiry></TrustStoreConfig></ViewerMtlsConfig>
        <ConnectionFunctionAssociation><Id>cf</Id></ConnectionFunctionAssociation>
        <CacheTagConfig><HeaderName>cache-tag</HeaderName></CacheTagConfig>
        </DistributionConfig>";

    #[tokio::test]
    async fn a_configuration_reads_as_cloudformation_would_declare_it() {
        let expected = json!({
            "Aliases": ["example.com", "www.example.com"],
            "AnycastIpListId": "any",
            "CacheBehaviors": [
                {
                    "DefaultTTL": 60, "MaxTTL": 120, "MinTTL": 0, "PathPattern": "/z/*", "TargetOriginId": "api",
                    "ForwardedValues": {
                        "Cookies": {"Forward": "whitelist", "WhitelistedNames": ["a", "s"]}, "Headers": ["Host"],
                        "QueryString": true, "QueryStringCacheKeys": ["q"],
                    },
                    "ViewerProtocolPolicy": "https-only",
                },
                {
                    "PathPattern": "/a/*", "TargetOriginId": "api", "TrustedSigners": ["self"],
                    "ViewerProtocolPolicy": "allow-all",
                },
            ],
            "CacheTagConfig": {"HeaderName": "cache-tag"},
            "Comment": "shop",
            "ConnectionFunctionAssociation": {"Id": "cf"},
            "ConnectionMode": "direct",
            "ContinuousDeploymentPolicyId": "cd",
            "CustomErrorResponses": [
                {"ErrorCode": 403},
                {"ErrorCachingMinTTL": 10, "ErrorCode": 404, "ResponseCode": 200, "ResponsePagePath": "/index.html"},
            ],
            "DefaultCacheBehavior": {
                "AllowedMethods": ["GET", "HEAD"], "CachePolicyId": "cp", "CachedMethods": ["GET", "HEAD"],
                "Compress": true, "FieldLevelEncryptionId": "FLE",
                "FunctionAssociations": [{"EventType": "viewer-request", "FunctionARN": "arn:f"}],
                "GrpcConfig": {"Enabled": false},
                "LambdaFunctionAssociations":
                    [{"EventType": "origin-request", "IncludeBody": true, "LambdaFunctionARN": "arn:l:1"}],
                "OriginRequestPolicyId": "orp", "RealtimeLogConfigArn": "arn:r", "ResponseHeadersPolicyId": "rhp",
                "SmoothStreaming": false, "TargetOriginId": "site", "TrustedKeyGroups": ["kg-1"],
                "ViewerProtocolPolicy": "redirect-to-https",
            },
            "DefaultRootObject": "index.html",
            "Enabled": true,
            "HttpVersion": "http2and3",
            "IPV6Enabled": true,
            "Logging": {"Bucket": "logs.s3.amazonaws.com", "IncludeCookies": true, "Prefix": "cdn/"},
            "OriginGroups": {
                "Items": [{
                    "FailoverCriteria": {"StatusCodes": {"Items": [500, 503], "Quantity": 2}}, "Id": "both",
                    "Members": {"Items": [{"OriginId": "site"}, {"OriginId": "api"}], "Quantity": 2},
                    "SelectionCriteria": "default",
                }],
                "Quantity": 1,
            },
            "Origins": [
                {
                    "CustomOriginConfig": {
                        "HTTPPort": 8080, "HTTPSPort": 8443, "IpAddressType": "dualstack", "OriginKeepaliveTimeout": 7,
                        "OriginMtlsConfig": {"ClientCertificateArn": "arn:c"}, "OriginProtocolPolicy": "https-only",
                        "OriginReadTimeout": 20, "OriginSSLProtocols": ["TLSv1.1", "TLSv1.2"],
                    },
                    "DomainName": "api.example.com", "Id": "api",
                    "OriginCustomHeaders":
                        [{"HeaderName": "x-a", "HeaderValue": "1"}, {"HeaderName": "x-b", "HeaderValue": "2"}],
                    "OriginPath": "/v1", "OriginShield": {"Enabled": true, "OriginShieldRegion": "eu-west-1"},
                    "ResponseCompletionTimeout": 60,
                },
                {
                    "DomainName": "inside.example.com", "Id": "inside",
                    "VpcOriginConfig": {
                        "OriginKeepaliveTimeout": 5, "OriginReadTimeout": 30, "OwnerAccountId": "210987654321",
                        "VpcOriginId": "vo_1",
                    },
                },
                {
                    "ConnectionAttempts": 3, "ConnectionTimeout": 10, "DomainName": "site.s3.eu-west-1.amazonaws.com",
                    "Id": "site", "OriginAccessControlId": "EAC", "OriginShield": {"Enabled": false},
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                },
            ],
            "PriceClass": "PriceClass_100",
            "Restrictions": {"GeoRestriction": {"Locations": ["DE", "FR"], "RestrictionType": "whitelist"}},
            "Staging": false,
            "TenantConfig": {"ParameterDefinitions": [{
                "Definition": {"StringSchema": {"Comment": "who", "DefaultValue": "none", "Required": false}},
                "Name": "tenant",
            }]},
            "ViewerCertificate": {
                "AcmCertificateArn": "arn:acm", "CloudFrontDefaultCertificate": false,
                "MinimumProtocolVersion": "TLSv1.2_2021", "SslSupportMethod": "sni-only",
            },
            "ViewerMtlsConfig": {
                "Mode": "required",
                "TrustStoreConfig": {
                    "AdvertiseTrustStoreCaNames": true, "IgnoreCertificateExpiry": false, "TrustStoreId": "ts",
                },
            },
            "WebACLId": "arn:waf",
        });
        assert_eq!(shaped(|_| (200, FULL.into())).await, expected);
    }

    #[tokio::test]
    async fn what_cloudfront_answers_where_nothing_is_set_is_absent() {
        let bare = shaped(|_| {
            let answer = "<DistributionConfig><CallerReference>1</CallerReference><Comment/><Enabled>false</Enabled>
                <Aliases><Quantity>0</Quantity></Aliases><OriginGroups><Quantity>0</Quantity></OriginGroups>
                <DefaultCacheBehavior><TargetOriginId>a</TargetOriginId><ViewerProtocolPolicy>https-only</ViewerProtocolPolicy>
                <TrustedSigners><Enabled>false</Enabled><Quantity>0</Quantity></TrustedSigners><CachePolicyId/></DefaultCacheBehavior>
                <CacheBehaviors><Quantity>0</Quantity></CacheBehaviors><DefaultRootObject/><WebACLId/>
                <CustomErrorResponses><Quantity>0</Quantity></CustomErrorResponses>
                <Logging><Enabled>false</Enabled><IncludeCookies>false</IncludeCookies><Bucket/><Prefix/></Logging>
                <Restrictions><GeoRestriction><RestrictionType>none</RestrictionType><Quantity>0</Quantity></GeoRestriction></Restrictions>
                </DistributionConfig>";
            (200, answer.into())
        })
        .await;
        assert_eq!(
            bare,
            json!({
                "DefaultCacheBehavior": {"TargetOriginId": "a", "ViewerProtocolPolicy": "https-only"}, "Enabled": false,
                "Restrictions": {"GeoRestriction": {"RestrictionType": "none"}},
            })
        );
    }
}
