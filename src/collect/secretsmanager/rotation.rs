//! Rotation schedules: part of the listing of secrets.

use aws_sdk_secretsmanager::types::{RotationRulesType, SecretListEntry};

use super::{SPEC, secrets};
use crate::collect::shape::{map, number, tags, text};
use crate::collect::{Cx, TypeSpec};
use crate::model::{Kind, Resource};

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::SecretsManager::RotationSchedule",
    asked: &[("", secrets::LIST)],
    reads: &[
        "ExternalSecretRotationMetadata",
        "ExternalSecretRotationRoleArn",
        "RotationLambdaARN",
        "RotationRules",
        "SecretId",
    ],
    ..TypeSpec::LISTED
};

/// The schedule of a secret. One that was cancelled leaves its rules behind, switched off: then there is none.
pub(super) fn resource(cx: &Cx, secret: &SecretListEntry) -> Option<Resource> {
    if secret.rotation_enabled() != Some(true) {
        return None;
    }
    let id = secret.arn().unwrap_or_default();
    let metadata = secret.external_secret_rotation_metadata().iter();
    let mut r = cx.resource(&SPEC, TYPE.name, id, id);
    r.set("SecretId", text(Some(id)));
    r.set("RotationLambdaARN", text(secret.rotation_lambda_arn()));
    r.set("RotationRules", secret.rotation_rules().map_or(Kind::Null, rules));
    r.set("ExternalSecretRotationMetadata", tags(metadata.map(|item| (item.key(), item.value()))));
    r.set("ExternalSecretRotationRoleArn", text(secret.external_secret_rotation_role_arn()));
    Some(r)
}

fn rules(rules: &RotationRulesType) -> Kind {
    map([
        ("AutomaticallyAfterDays", number(rules.automatically_after_days())),
        ("Duration", text(rules.duration())),
        ("ScheduleExpression", text(rules.schedule_expression())),
    ])
}
