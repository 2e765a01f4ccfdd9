//! Which requests a rule applies to, and how it rewrites them.

use aws_sdk_elasticloadbalancingv2::types::{
    QueryStringKeyValuePair, RewriteConfig, RuleCondition, RuleTransform, TransformTypeEnum,
};

use crate::collect::order;
use crate::collect::shape::{list, map, set, text};
use crate::model::Kind;

/// The conditions by field. The answer has their values twice, in the old spelling and in the new one, and so has the schema.
pub(super) fn conditions(conditions: &[RuleCondition]) -> Kind {
    list(order::by(conditions, |condition| (condition.field.clone(), condition.values.clone())).into_iter().map(one))
}

fn one(condition: &RuleCondition) -> Kind {
    map([
        ("Field", text(condition.field())),
        ("Values", texts(condition.values())),
        ("RegexValues", texts(condition.regex_values())),
        (
            "HostHeaderConfig",
            condition.host_header_config().map_or(Kind::Null, |c| values(c.values(), c.regex_values())),
        ),
        (
            "PathPatternConfig",
            condition.path_pattern_config().map_or(Kind::Null, |c| values(c.values(), c.regex_values())),
        ),
        (
            "HttpHeaderConfig",
            condition.http_header_config().map_or(Kind::Null, |config| {
                map([
                    ("HttpHeaderName", text(config.http_header_name())),
                    ("Values", texts(config.values())),
                    ("RegexValues", texts(config.regex_values())),
                ])
            }),
        ),
        (
            "QueryStringConfig",
            condition.query_string_config().map_or(Kind::Null, |config| map([("Values", query(config.values()))])),
        ),
        (
            "HttpRequestMethodConfig",
            condition.http_request_method_config().map_or(Kind::Null, |config| values(config.values(), &[])),
        ),
        ("SourceIpConfig", condition.source_ip_config().map_or(Kind::Null, |config| values(config.values(), &[]))),
    ])
}

fn texts(values: &[String]) -> Kind {
    set(values.iter().map(String::as_str))
}

fn values(values: &[String], regex_values: &[String]) -> Kind {
    map([("Values", texts(values)), ("RegexValues", texts(regex_values))])
}

fn query(pairs: &[QueryStringKeyValuePair]) -> Kind {
    let pairs = order::by(pairs, |pair| (pair.key.clone(), pair.value.clone()));
    list(pairs.into_iter().map(|pair| map([("Key", text(pair.key())), ("Value", text(pair.value()))])))
}

/// The transforms by type.
pub(super) fn transforms(transforms: &[RuleTransform]) -> Kind {
    let rewrites = |rewrites: &[RewriteConfig]| {
        let rewrite = |r: &RewriteConfig| map([("Regex", text(r.regex())), ("Replace", text(r.replace()))]);
        map([("Rewrites", list(rewrites.iter().map(rewrite)))])
    };
    let kind = |transform: &RuleTransform| transform.r#type().map(|kind| kind.as_str().to_owned());
    list(order::by(transforms, kind).into_iter().map(|transform| {
        let host = transform.host_header_rewrite_config();
        let url = transform.url_rewrite_config();
        map([
            ("Type", text(transform.r#type().map(TransformTypeEnum::as_str))),
            ("HostHeaderRewriteConfig", host.map_or(Kind::Null, |config| rewrites(config.rewrites()))),
            ("UrlRewriteConfig", url.map_or(Kind::Null, |config| rewrites(config.rewrites()))),
        ])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Value, to_json};
    use aws_sdk_elasticloadbalancingv2::types::{
        HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig,
        PathPatternConditionConfig, QueryStringConditionConfig, SourceIpConditionConfig, UrlRewriteConfig,
    };
    use serde_json::json;

    #[test]
    fn conditions_and_their_values_are_sets() {
        let paths = PathPatternConditionConfig::builder().values("/b").values("/a").build();
        let path =
            RuleCondition::builder().field("path-pattern").values("/b").values("/a").path_pattern_config(paths).build();
        let hosts = HostHeaderConditionConfig::builder().regex_values("^api").build();
        let host = RuleCondition::builder().field("host-header").host_header_config(hosts).build();
        let expected = json!([
            {"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^api"]}},
            {"Field": "path-pattern", "Values": ["/a", "/b"], "PathPatternConfig": {"Values": ["/a", "/b"]}},
        ]);
        assert_eq!(to_json(&Value::live(conditions(&[path, host]))), expected);
    }

    #[test]
    fn every_kind_of_condition_is_read() {
        let pair = |key: &str, value: &str| QueryStringKeyValuePair::builder().key(key).value(value).build();
        let condition = RuleCondition::builder()
            .http_header_config(HttpHeaderConditionConfig::builder().http_header_name("X").values("1").build())
            .query_string_config(
                QueryStringConditionConfig::builder().values(pair("v", "2")).values(pair("v", "1")).build(),
            )
            .http_request_method_config(HttpRequestMethodConditionConfig::builder().values("GET").build())
            .source_ip_config(SourceIpConditionConfig::builder().values("192.0.2.0/24").build())
            .build();
        let expected = json!([{
            "HttpHeaderConfig": {"HttpHeaderName": "X", "Values": ["1"]},
            "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}, {"Key": "v", "Value": "2"}]},
            "HttpRequestMethodConfig": {"Values": ["GET"]},
            "SourceIpConfig": {"Values": ["192.0.2.0/24"]},
        }]);
        assert_eq!(to_json(&Value::live(conditions(&[condition]))), expected);
    }

    #[test]
    fn rewrites_are_read() {
        let rewrite = RewriteConfig::builder().regex("^/v1").replace("/v2").build();
        let transform = RuleTransform::builder()
            .r#type(TransformTypeEnum::UrlRewrite)
            .url_rewrite_config(UrlRewriteConfig::builder().rewrites(rewrite).build())
            .build();
        let expected = json!([{"Type": "url-rewrite", "UrlRewriteConfig": {
            "Rewrites": [{"Regex": "^/v1", "Replace": "/v2"}]}}]);
        assert_eq!(to_json(&Value::live(transforms(&[transform]))), expected);
    }
}
