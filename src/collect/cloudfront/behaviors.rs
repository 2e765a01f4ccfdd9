//! Cache behaviours: which requests go to which origin, and what is kept of the answers.

use aws_sdk_cloudfront::types::{
    AllowedMethods, CacheBehavior, CacheBehaviors, CookieNames, DefaultCacheBehavior, ForwardedValues,
    FunctionAssociations, Headers, LambdaFunctionAssociations, Method, QueryStringCacheKeys, TrustedKeyGroups,
    TrustedSigners,
};

use crate::collect::shape::{flag, list, map, number, set, text};
use crate::model::Kind;

/// The members that both kinds of behaviour have; the SDK has two types for them.
macro_rules! members {
    ($behavior:expr) => {{
        let behavior = $behavior;
        let methods = behavior.allowed_methods();
        let grpc = behavior.grpc_config().map(|grpc| map([("Enabled", Kind::Bool(grpc.enabled()))]));
        [
            ("AllowedMethods", names(methods.map_or(&[][..], AllowedMethods::items))),
            ("CachePolicyId", text(behavior.cache_policy_id())),
            ("CachedMethods", cached(methods)),
            ("Compress", flag(behavior.compress())),
            ("DefaultTTL", number(behavior.default_ttl())),
            ("FieldLevelEncryptionId", text(behavior.field_level_encryption_id())),
            ("ForwardedValues", behavior.forwarded_values().map_or(Kind::Null, forwarded)),
            ("FunctionAssociations", functions(behavior.function_associations())),
            ("GrpcConfig", grpc.unwrap_or(Kind::Null)),
            ("LambdaFunctionAssociations", lambdas(behavior.lambda_function_associations())),
            ("MaxTTL", number(behavior.max_ttl())),
            ("MinTTL", number(behavior.min_ttl())),
            ("OriginRequestPolicyId", text(behavior.origin_request_policy_id())),
            ("RealtimeLogConfigArn", text(behavior.realtime_log_config_arn())),
            ("ResponseHeadersPolicyId", text(behavior.response_headers_policy_id())),
            ("SmoothStreaming", flag(behavior.smooth_streaming())),
            ("TargetOriginId", text(Some(behavior.target_origin_id()))),
            ("TrustedKeyGroups", texts(behavior.trusted_key_groups().map(TrustedKeyGroups::items))),
            ("TrustedSigners", texts(behavior.trusted_signers().map(TrustedSigners::items))),
            ("ViewerProtocolPolicy", text(Some(behavior.viewer_protocol_policy().as_str()))),
        ]
    }};
}

/// Behaviours in their order: the first whose pattern fits holds.
pub(super) fn behaviors(behaviors: Option<&CacheBehaviors>) -> Kind {
    list(behaviors.map_or(&[][..], CacheBehaviors::items).iter().map(behavior))
}

#[expect(deprecated, reason = "behaviours without a cache policy still have these members")]
fn behavior(behavior: &CacheBehavior) -> Kind {
    map(members!(behavior).into_iter().chain([("PathPattern", text(Some(behavior.path_pattern())))]))
}

#[expect(deprecated, reason = "behaviours without a cache policy still have these members")]
pub(super) fn default_behavior(behavior: &DefaultCacheBehavior) -> Kind {
    map(members!(behavior))
}

fn texts(items: Option<&[String]>) -> Kind {
    set(items.unwrap_or_default().iter().map(String::as_str))
}

fn names(methods: &[Method]) -> Kind {
    set(methods.iter().map(Method::as_str))
}

fn cached(methods: Option<&AllowedMethods>) -> Kind {
    names(methods.and_then(AllowedMethods::cached_methods).map_or(&[][..], |methods| methods.items()))
}

fn forwarded(values: &ForwardedValues) -> Kind {
    let cookies = values.cookies().map(|cookies| {
        map([
            ("Forward", text(Some(cookies.forward().as_str()))),
            ("WhitelistedNames", texts(cookies.whitelisted_names().map(CookieNames::items))),
        ])
    });
    map([
        ("Cookies", cookies.unwrap_or(Kind::Null)),
        ("Headers", texts(values.headers().map(Headers::items))),
        ("QueryString", Kind::Bool(values.query_string())),
        ("QueryStringCacheKeys", texts(values.query_string_cache_keys().map(QueryStringCacheKeys::items))),
    ])
}

fn functions(associations: Option<&FunctionAssociations>) -> Kind {
    let mut functions: Vec<_> = associations.map_or(&[][..], FunctionAssociations::items).iter().collect();
    functions.sort_by_key(|function| function.event_type().as_str());
    list(functions.into_iter().map(|function| {
        map([
            ("EventType", text(Some(function.event_type().as_str()))),
            ("FunctionARN", text(Some(function.function_arn()))),
        ])
    }))
}

fn lambdas(associations: Option<&LambdaFunctionAssociations>) -> Kind {
    let mut functions: Vec<_> = associations.map_or(&[][..], LambdaFunctionAssociations::items).iter().collect();
    functions.sort_by_key(|function| function.event_type().as_str());
    list(functions.into_iter().map(|function| {
        map([
            ("EventType", text(Some(function.event_type().as_str()))),
            ("IncludeBody", flag(function.include_body())),
            ("LambdaFunctionARN", text(Some(function.lambda_function_arn()))),
        ])
    }))
}
