//! What listeners and rules do with a request.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, AuthenticateCognitoActionConditionalBehaviorEnum, AuthenticateCognitoActionConfig,
    AuthenticateOidcActionConditionalBehaviorEnum, AuthenticateOidcActionConfig, FixedResponseActionConfig,
    ForwardActionConfig, JwtValidationActionAdditionalClaim, JwtValidationActionAdditionalClaimFormatEnum,
    JwtValidationActionConfig, RedirectActionConfig, RedirectActionStatusCodeEnum, TargetGroupTuple,
};

use crate::collect::order;
use crate::collect::shape::{flag, list, map, number, set, text};
use crate::model::Kind;

/// How a session's lifetime is written: the schema of a listener has it as text, that of a rule as a number.
pub(super) type Timeout = fn(Option<i64>) -> Kind;

/// The actions in the order in which they are taken.
pub(super) fn actions(actions: &[Action], timeout: Timeout) -> Kind {
    list(actions.iter().map(|action| {
        map([
            ("Type", text(action.r#type().map(ActionTypeEnum::as_str))),
            ("Order", number(action.order())),
            ("TargetGroupArn", text(action.target_group_arn())),
            ("ForwardConfig", action.forward_config().map_or(Kind::Null, forward)),
            ("RedirectConfig", action.redirect_config().map_or(Kind::Null, redirect)),
            ("FixedResponseConfig", action.fixed_response_config().map_or(Kind::Null, fixed_response)),
            ("AuthenticateOidcConfig", action.authenticate_oidc_config().map_or(Kind::Null, |c| oidc(c, timeout))),
            (
                "AuthenticateCognitoConfig",
                action.authenticate_cognito_config().map_or(Kind::Null, |config| cognito(config, timeout)),
            ),
            ("JwtValidationConfig", action.jwt_validation_config().map_or(Kind::Null, jwt_validation)),
        ])
    }))
}

fn forward(config: &ForwardActionConfig) -> Kind {
    let groups = order::by(config.target_groups(), |group| group.target_group_arn.clone());
    let group = |group: &TargetGroupTuple| {
        map([("TargetGroupArn", text(group.target_group_arn())), ("Weight", number(group.weight()))])
    };
    let stickiness = config.target_group_stickiness_config().map_or(Kind::Null, |sticky| {
        map([("Enabled", flag(sticky.enabled())), ("DurationSeconds", number(sticky.duration_seconds()))])
    });
    map([("TargetGroups", list(groups.into_iter().map(group))), ("TargetGroupStickinessConfig", stickiness)])
}

fn redirect(config: &RedirectActionConfig) -> Kind {
    map([
        ("Protocol", text(config.protocol())),
        ("Port", text(config.port())),
        ("Host", text(config.host())),
        ("Path", text(config.path())),
        ("Query", text(config.query())),
        ("StatusCode", text(config.status_code().map(RedirectActionStatusCodeEnum::as_str))),
    ])
}

fn fixed_response(config: &FixedResponseActionConfig) -> Kind {
    map([
        ("StatusCode", text(config.status_code())),
        ("ContentType", text(config.content_type())),
        ("MessageBody", text(config.message_body())),
    ])
}

/// The client secret is not in the answer.
fn oidc(config: &AuthenticateOidcActionConfig, timeout: Timeout) -> Kind {
    let unauthenticated =
        config.on_unauthenticated_request().map(AuthenticateOidcActionConditionalBehaviorEnum::as_str);
    map([
        ("Issuer", text(config.issuer())),
        ("AuthorizationEndpoint", text(config.authorization_endpoint())),
        ("TokenEndpoint", text(config.token_endpoint())),
        ("UserInfoEndpoint", text(config.user_info_endpoint())),
        ("ClientId", text(config.client_id())),
        ("UseExistingClientSecret", flag(config.use_existing_client_secret())),
        ("SessionCookieName", text(config.session_cookie_name())),
        ("Scope", text(config.scope())),
        ("SessionTimeout", timeout(config.session_timeout())),
        ("AuthenticationRequestExtraParams", params(config.authentication_request_extra_params())),
        ("OnUnauthenticatedRequest", text(unauthenticated)),
    ])
}

fn cognito(config: &AuthenticateCognitoActionConfig, timeout: Timeout) -> Kind {
    let unauthenticated =
        config.on_unauthenticated_request().map(AuthenticateCognitoActionConditionalBehaviorEnum::as_str);
    map([
        ("UserPoolArn", text(config.user_pool_arn())),
        ("UserPoolClientId", text(config.user_pool_client_id())),
        ("UserPoolDomain", text(config.user_pool_domain())),
        ("SessionCookieName", text(config.session_cookie_name())),
        ("Scope", text(config.scope())),
        ("SessionTimeout", timeout(config.session_timeout())),
        ("AuthenticationRequestExtraParams", params(config.authentication_request_extra_params())),
        ("OnUnauthenticatedRequest", text(unauthenticated)),
    ])
}

fn jwt_validation(config: &JwtValidationActionConfig) -> Kind {
    let claim = |claim: &JwtValidationActionAdditionalClaim| {
        map([
            ("Name", text(claim.name())),
            ("Format", text(claim.format().map(JwtValidationActionAdditionalClaimFormatEnum::as_str))),
            ("Values", set(claim.values().iter().map(String::as_str))),
        ])
    };
    map([
        ("Issuer", text(config.issuer())),
        ("JwksEndpoint", text(config.jwks_endpoint())),
        ("AdditionalClaims", list(config.additional_claims().iter().map(claim))),
    ])
}

fn params(params: Option<&std::collections::HashMap<String, String>>) -> Kind {
    let mut params: Vec<_> = params.into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect();
    params.sort_unstable();
    map(params.into_iter().map(|(name, value)| (name, Kind::Str(value.as_str().into()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::shape::number_text;
    use crate::model::{Value, to_json};
    use serde_json::json;

    #[test]
    fn a_weighted_forward_lists_its_groups_by_arn() {
        let group = |arn: &str, weight| TargetGroupTuple::builder().target_group_arn(arn).weight(weight).build();
        let config = ForwardActionConfig::builder().target_groups(group("b", 1)).target_groups(group("a", 9)).build();
        let action = Action::builder().r#type(ActionTypeEnum::Forward).forward_config(config).build();
        let expected = json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": [
            {"TargetGroupArn": "a", "Weight": 9}, {"TargetGroupArn": "b", "Weight": 1}]}}]);
        assert_eq!(to_json(&Value::live(actions(&[action], number_text))), expected);
    }

    #[test]
    fn a_session_timeout_is_written_as_each_schema_has_it() {
        let config = AuthenticateCognitoActionConfig::builder()
            .user_pool_arn("arn:p")
            .user_pool_client_id("c")
            .user_pool_domain("d")
            .session_timeout(3600)
            .authentication_request_extra_params("prompt", "login")
            .on_unauthenticated_request(AuthenticateCognitoActionConditionalBehaviorEnum::Deny)
            .build();
        let cognito = Action::builder()
            .r#type(ActionTypeEnum::AuthenticateCognito)
            .order(1)
            .authenticate_cognito_config(config)
            .build();
        let read = |timeout| to_json(&Value::live(actions(std::slice::from_ref(&cognito), timeout)));
        let expected = |timeout| {
            json!([{"Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": {
                "UserPoolArn": "arn:p", "UserPoolClientId": "c", "UserPoolDomain": "d", "SessionTimeout": timeout,
                "AuthenticationRequestExtraParams": {"prompt": "login"}, "OnUnauthenticatedRequest": "deny"}}])
        };
        assert_eq!(read(number_text), expected(json!("3600")));
        assert_eq!(read(number), expected(json!(3600)));
    }

    #[test]
    fn redirects_tokens_and_logins_are_in_the_schemas_words() {
        let redirect = RedirectActionConfig::builder()
            .protocol("HTTPS")
            .status_code(RedirectActionStatusCodeEnum::Http301)
            .build();
        let claim = JwtValidationActionAdditionalClaim::builder()
            .name("scope")
            .format(JwtValidationActionAdditionalClaimFormatEnum::SpaceSeparatedValues)
            .values("write")
            .values("read")
            .build();
        let jwt = JwtValidationActionConfig::builder().issuer("i").jwks_endpoint("j").additional_claims(claim).build();
        let oidc = AuthenticateOidcActionConfig::builder().issuer("i").client_id("c").build();
        let action = Action::builder()
            .redirect_config(redirect)
            .jwt_validation_config(jwt)
            .authenticate_oidc_config(oidc)
            .fixed_response_config(FixedResponseActionConfig::builder().status_code("503").build())
            .build();
        let expected = json!([{
            "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"},
            "JwtValidationConfig": {"Issuer": "i", "JwksEndpoint": "j", "AdditionalClaims": [
                {"Name": "scope", "Format": "space-separated-values", "Values": ["read", "write"]}]},
            "AuthenticateOidcConfig": {"Issuer": "i", "ClientId": "c"},
            "FixedResponseConfig": {"StatusCode": "503"},
        }]);
        assert_eq!(to_json(&Value::live(actions(&[action], number))), expected);
    }
}
