//! The settings of API Gateway for the account, one per region.

use aws_sdk_apigateway::Client;
use serde_json::Value as Json;

use super::{GET, SPEC};
use crate::collect::json::{at, kind, upper};
use crate::collect::{Answer, Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ApiGateway::Account",
    asked: &[("", GET)],
    reads: &["CloudWatchRoleArn"],
    ..TypeSpec::LISTED
};

/// Always there, and whoever declares it declares the same one.
pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let mut out = Out::default();
    out.push(resource(cx, cx.ask_json(GET, &[TYPE.name], &[], client.get_account().send()).await));
    out.listed(TYPE.name, &Ok(()));
    out
}

fn resource(cx: &Cx, answer: Answer<Json>) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, "account", "");
    let throttle = answer.clone();
    r.set("CloudWatchRoleArn", answer.into_kind(|account| kind(at(&account, "cloudwatchRoleArn"))));
    r.set_attribute("ThrottleSettings", throttle.into_kind(|account| upper(at(&account, "throttleSettings"))));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, offline, properties};
    use crate::model::{Unknown, to_json};
    use serde_json::json;

    #[test]
    fn the_role_is_a_property_and_the_throttle_a_fact() {
        let account = json!({
            "cloudwatchRoleArn": "arn:aws:iam::123456789012:role/logs", "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
            "features": ["UsagePlans"], "apiKeyVersion": "4",
        });
        let r = resource(&offline("eu-west-1"), Answer::Is(account));
        assert_eq!(properties(&r), claimed(&SPEC, &r));
        assert_eq!(to_json(&r.properties), json!({"CloudWatchRoleArn": "arn:aws:iam::123456789012:role/logs"}));
        assert_eq!(to_json(&r.attributes), json!({"ThrottleSettings": {"BurstLimit": 5000, "RateLimit": 10000.0}}));
    }

    #[test]
    fn an_account_without_a_role_has_none_and_a_denied_one_is_unknown() {
        let r = resource(&offline("eu-west-1"), Answer::Is(json!({})));
        assert!(r.get("CloudWatchRoleArn").is_absent());
        let why = Unknown::Denied { action: GET.into() };
        let r = resource(&offline("eu-west-1"), Answer::Unknown(why.clone()));
        assert_eq!(r.get("CloudWatchRoleArn").why_unknown(), Some(why));
    }
}
