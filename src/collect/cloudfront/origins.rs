//! Origins and their groups.

use aws_sdk_cloudfront::types::{
    CustomHeaders, CustomOriginConfig, IpAddressType, Origin, OriginGroup, OriginGroupSelectionCriteria, OriginGroups,
    OriginSslProtocols, Origins, S3OriginConfig, SslProtocol, VpcOriginConfig,
};

use crate::collect::shape::{list, map, number, set, text};
use crate::model::Kind;

pub(super) fn origins(origins: Option<&Origins>) -> Kind {
    let mut origins: Vec<_> = origins.map_or(&[][..], Origins::items).iter().collect();
    origins.sort_by_key(|origin| origin.id());
    list(origins.into_iter().map(origin))
}

fn origin(origin: &Origin) -> Kind {
    let shield = origin.origin_shield().map(|shield| {
        map([("Enabled", Kind::Bool(shield.enabled())), ("OriginShieldRegion", text(shield.origin_shield_region()))])
    });
    map([
        ("ConnectionAttempts", number(origin.connection_attempts())),
        ("ConnectionTimeout", number(origin.connection_timeout())),
        ("CustomOriginConfig", origin.custom_origin_config().map_or(Kind::Null, custom)),
        ("DomainName", text(Some(origin.domain_name()))),
        ("Id", text(Some(origin.id()))),
        ("OriginAccessControlId", text(origin.origin_access_control_id())),
        ("OriginCustomHeaders", headers(origin.custom_headers())),
        ("OriginPath", text(origin.origin_path())),
        ("OriginShield", shield.unwrap_or(Kind::Null)),
        ("ResponseCompletionTimeout", number(origin.response_completion_timeout())),
        ("S3OriginConfig", origin.s3_origin_config().map_or(Kind::Null, bucket)),
        ("VpcOriginConfig", origin.vpc_origin_config().map_or(Kind::Null, vpc)),
    ])
}

fn headers(headers: Option<&CustomHeaders>) -> Kind {
    let mut headers: Vec<_> = headers.map_or(&[][..], CustomHeaders::items).iter().collect();
    headers.sort_by_key(|header| header.header_name());
    list(headers.into_iter().map(|header| {
        map([("HeaderName", text(Some(header.header_name()))), ("HeaderValue", text(Some(header.header_value())))])
    }))
}

fn bucket(bucket: &S3OriginConfig) -> Kind {
    map([
        // Empty, not absent: so a template says that the origin is a bucket without an identity.
        ("OriginAccessIdentity", Kind::Str(bucket.origin_access_identity().into())),
        ("OriginReadTimeout", number(bucket.origin_read_timeout())),
    ])
}

fn custom(origin: &CustomOriginConfig) -> Kind {
    let protocols = origin.origin_ssl_protocols().map_or(&[][..], OriginSslProtocols::items);
    let mutual_tls = origin
        .origin_mtls_config()
        .map(|config| map([("ClientCertificateArn", text(Some(config.client_certificate_arn())))]));
    map([
        ("HTTPPort", number(Some(origin.http_port()))),
        ("HTTPSPort", number(Some(origin.https_port()))),
        ("IpAddressType", text(origin.ip_address_type().map(IpAddressType::as_str))),
        ("OriginKeepaliveTimeout", number(origin.origin_keepalive_timeout())),
        ("OriginMtlsConfig", mutual_tls.unwrap_or(Kind::Null)),
        ("OriginProtocolPolicy", text(Some(origin.origin_protocol_policy().as_str()))),
        ("OriginReadTimeout", number(origin.origin_read_timeout())),
        ("OriginSSLProtocols", set(protocols.iter().map(SslProtocol::as_str))),
    ])
}

fn vpc(origin: &VpcOriginConfig) -> Kind {
    map([
        ("OriginKeepaliveTimeout", number(origin.origin_keepalive_timeout())),
        ("OriginReadTimeout", number(origin.origin_read_timeout())),
        ("OwnerAccountId", text(origin.owner_account_id())),
        ("VpcOriginId", text(Some(origin.vpc_origin_id()))),
    ])
}

/// Groups alone keep the API's form in the schema.
pub(super) fn groups(groups: Option<&OriginGroups>) -> Kind {
    let mut groups: Vec<_> = groups.map_or(&[][..], OriginGroups::items).iter().collect();
    groups.sort_by_key(|group| group.id());
    counted(groups.into_iter().map(group).collect())
}

fn group(group: &OriginGroup) -> Kind {
    let codes = group.failover_criteria().and_then(|criteria| criteria.status_codes());
    let mut codes = codes.map_or(&[][..], |codes| codes.items()).to_vec();
    codes.sort_unstable();
    // The first member is the primary one.
    let members = group.members().map_or(&[][..], |members| members.items());
    map([
        (
            "FailoverCriteria",
            map([("StatusCodes", counted(codes.into_iter().map(|code| number(Some(code))).collect()))]),
        ),
        ("Id", text(Some(group.id()))),
        ("Members", counted(members.iter().map(|m| map([("OriginId", text(Some(m.origin_id())))])).collect())),
        ("SelectionCriteria", text(group.selection_criteria().map(OriginGroupSelectionCriteria::as_str))),
    ])
}

fn counted(items: Vec<Kind>) -> Kind {
    let quantity = if items.is_empty() { Kind::Null } else { number(i64::try_from(items.len()).ok()) };
    map([("Items", list(items)), ("Quantity", quantity)])
}
