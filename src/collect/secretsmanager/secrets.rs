//! Secrets. Those that wait for their deletion are in no listing, and gone for their stack.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::list_secrets::ListSecretsOutput;
use aws_sdk_secretsmanager::types::{ReplicationStatusType, SecretListEntry, StatusType};

use super::{GONE, SPEC, policies, rotation};
use crate::collect::shape::{flag, list, map, set_tags, text, time, token};
use crate::collect::{Answer, Cx, Out, TypeSpec, tasks};
use crate::model::{Kind, Provenance, Resource};

pub(super) const LIST: &str = "secretsmanager:ListSecrets";
pub(super) const DESCRIBE: &str = "secretsmanager:DescribeSecret";

/// The calls are one for the copies and one for the policy.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::SecretsManager::Secret",
    asked: &[("ReplicaRegions", DESCRIBE), ("ReplicationStatus", DESCRIBE), ("", LIST)],
    reads: &["Description", "KmsKeyId", "Name", "ReplicaRegions", "Tags", "Type"],
    on_demand: &["ReplicaRegions"],
    calls: 2,
};

/// The largest page.
const PAGE: i32 = 100;

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let listing = cx
        .pages(
            LIST,
            &[TYPE.name, rotation::TYPE.name, policies::TYPE.name],
            |start| client.list_secrets().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let secrets = listing.pages.iter().flat_map(ListSecretsOutput::secret_list);
    let readings = secrets.map(|secret| {
        let (cx, client, secret) = (cx.clone(), client.clone(), secret.clone());
        async move { Box::pin(read(&cx, &client, &secret)).await }
    });
    let mut out = Out::default();
    for secret in tasks::all(readings.collect()).await {
        out.merge(secret);
    }
    for kind in SPEC.types {
        out.listed(kind.name, &listing.end);
    }
    out
}

/// A secret with its schedule and its policy; nothing if it is gone.
async fn read(cx: &Cx, client: &Client, secret: &SecretListEntry) -> Out {
    let id = secret.arn().unwrap_or_default();
    let about = (TYPE.name, id, &["ReplicaRegions", "ReplicationStatus"][..]);
    let (described, mut out) = tokio::join!(
        cx.ask_for(about, DESCRIBE, &[GONE], client.describe_secret().secret_id(id).send()),
        policies::read(cx, client, id),
    );
    if matches!(described, Answer::Absent) {
        return Out::default();
    }
    let copies = described.map(|found| {
        let mut copies = found.replication_status.unwrap_or_default();
        copies.sort_by(|a, b| a.region().cmp(&b.region()));
        copies
    });
    let mut r = resource(cx, secret);
    r.set("ReplicaRegions", copies.clone().into_kind(|copies| list(copies.iter().map(replica))));
    r.set_attribute("ReplicationStatus", copies.into_kind(|copies| list(copies.iter().map(status))));
    out.push(r);
    out.resources.extend(rotation::resource(cx, secret));
    out
}

fn resource(cx: &Cx, secret: &SecretListEntry) -> Resource {
    let id = secret.arn().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, id);
    r.set("Name", text(secret.name()));
    r.set("Description", text(secret.description()));
    r.set("KmsKeyId", text(secret.kms_key_id()));
    r.set("Type", text(secret.r#type()));
    set_tags(&mut r, secret.tags().iter().map(|tag| (tag.key(), tag.value())));
    for (name, fact) in [
        ("Id", text(Some(id))),
        ("CreatedDate", time(secret.created_date())),
        ("LastAccessedDate", time(secret.last_accessed_date())),
        ("LastChangedDate", time(secret.last_changed_date())),
        ("LastRotatedDate", time(secret.last_rotated_date())),
        ("NextRotationDate", time(secret.next_rotation_date())),
        ("OwningService", text(secret.owning_service())),
        ("PrimaryRegion", text(secret.primary_region())),
        ("RotationEnabled", flag(secret.rotation_enabled())),
    ] {
        r.set_attribute(name, fact);
    }
    // A secret that RDS or another service made and rotates.
    if secret.owning_service().is_some() {
        r.provenance = Provenance::Service;
    }
    r
}

fn replica(copy: &ReplicationStatusType) -> Kind {
    map([("Region", text(copy.region())), ("KmsKeyId", text(copy.kms_key_id()))])
}

fn status(copy: &ReplicationStatusType) -> Kind {
    map([("Region", text(copy.region())), ("Status", text(copy.status().map(StatusType::as_str)))])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::collect::Wanted;
    use crate::collect::secretsmanager::SecretsManager;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::model::{Unknown, to_json};
    use serde_json::json;

    const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-AbCdEf";

    /// A secret of the user and, on the next page, one that RDS made.
    fn aws(asked: &str) -> (u16, String) {
        let answer = match asked {
            list if list.contains("secretsmanager.ListSecrets") && list.contains(r#""NextToken":"more""#) => {
                json!({"SecretList": [{"ARN": "arn:rds", "Name": "rds!db-1", "OwningService": "rds", "RotationEnabled": true}]})
            }
            list if list.contains("secretsmanager.ListSecrets") => {
                assert!(list.contains(r#"{"MaxResults":100}"#), "{list}");
                json!({"NextToken": "more", "SecretList": [{
                    "ARN": ARN, "Name": "app/db", "Description": "database", "KmsKeyId": "alias/data", "Type": "partner",
                    "RotationEnabled": true, "RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:rotate",
                    "RotationRules": {"AutomaticallyAfterDays": 30, "Duration": "2h", "ScheduleExpression": "rate(30 days)"},
                    "ExternalSecretRotationMetadata": [{"Key": "user", "Value": "app"}],
                    "ExternalSecretRotationRoleArn": "arn:aws:iam::123456789012:role/rotate",
                    "LastRotatedDate": 1_700_000_000.0, "LastChangedDate": 1_700_000_000.0,
                    "Tags": [{"Key": "team", "Value": "pay"}, {"Key": "env", "Value": "prod"}],
                }]})
            }
            describe if describe.contains("secretsmanager.DescribeSecret") => json!({"ARN": ARN, "ReplicationStatus": [
                {"Region": "eu-west-1", "KmsKeyId": "alias/copy", "Status": "InSync"},
                {"Region": "eu-central-1", "KmsKeyId": "alias/aws/secretsmanager", "Status": "Failed"},
            ]}),
            policy if policy.contains("arn:rds") => json!({"ARN": "arn:rds", "Name": "rds!db-1"}),
            policy => {
                assert!(policy.contains("secretsmanager.GetResourcePolicy"), "{policy}");
                json!({"ARN": ARN, "Name": "app/db", "ResourcePolicy": r#"{"Version":"2012-10-17","Statement":[]}"#})
            }
        };
        (200, answer.to_string())
    }

    fn of<'a>(out: &'a Out, kind: &str) -> Vec<&'a Resource> {
        out.resources.iter().filter(|r| &*r.kind == kind).collect()
    }

    async fn found(aws: Aws) -> Out {
        let mut out = collected(&SecretsManager, &cx("us-east-1", aws)).await;
        out.resources.sort_by(|a, b| b.address.cmp(&a.address));
        out
    }

    #[tokio::test]
    async fn a_secret_its_schedule_and_its_policy_are_read_whole() {
        let out = found(aws).await;
        let (secrets, schedules, policies) =
            (of(&out, TYPE.name), of(&out, rotation::TYPE.name), of(&out, policies::TYPE.name));
        assert_eq!((secrets.len(), schedules.len(), policies.len()), (2, 2, 1), "RDS's has no policy");
        for r in [secrets[1], schedules[1], policies[0]] {
            assert_eq!(properties(r), claimed(&SPEC, r));
            assert_eq!(r.address.physical_id.as_deref(), Some(ARN));
        }
        let secret = json!({
            "Name": "app/db", "Description": "database", "KmsKeyId": "alias/data", "Type": "partner",
            "ReplicaRegions": [{"Region": "eu-central-1", "KmsKeyId": "alias/aws/secretsmanager"},
                               {"Region": "eu-west-1", "KmsKeyId": "alias/copy"}],
            "Tags": [{"Key": "env", "Value": "prod"}, {"Key": "team", "Value": "pay"}],
        });
        assert_eq!(to_json(&secrets[1].properties), secret);
        assert_eq!(secrets[1].attribute("ReplicationStatus").get("1.Status").as_str(), Some("InSync"));
        assert_eq!(secrets[1].attribute("LastRotatedDate").as_str(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(secrets[0].provenance, Provenance::Service);
        let schedule = json!({
            "SecretId": ARN, "RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:rotate",
            "RotationRules": {"AutomaticallyAfterDays": 30, "Duration": "2h", "ScheduleExpression": "rate(30 days)"},
            "ExternalSecretRotationMetadata": [{"Key": "user", "Value": "app"}],
            "ExternalSecretRotationRoleArn": "arn:aws:iam::123456789012:role/rotate",
        });
        assert_eq!(to_json(&schedules[1].properties), schedule);
        assert_eq!(policies[0].get("ResourcePolicy.Version").as_str(), Some("2012-10-17"));
    }

    #[tokio::test]
    async fn a_cancelled_rotation_is_no_schedule() {
        let out = found(|asked| {
            let (status, answer) = aws(asked);
            (status, answer.replace(r#""RotationEnabled":true"#, r#""RotationEnabled":false"#))
        })
        .await;
        assert_eq!(of(&out, rotation::TYPE.name), Vec::<&Resource>::new());
        let enabled = of(&out, TYPE.name)[1].attribute("RotationEnabled").value().map(|v| v.kind.clone());
        assert_eq!(enabled, Some(Kind::Bool(false)));
    }

    #[tokio::test]
    async fn denied_details_leave_the_copies_and_the_policies_unknown() {
        let out = found(|asked| {
            let denied = !asked.contains("ListSecrets");
            if denied { (400, r#"{"__type":"AccessDeniedException"}"#.into()) } else { aws(asked) }
        })
        .await;
        let secret = of(&out, TYPE.name)[1];
        let denied = |action: &str| Unknown::Denied { action: action.into() };
        assert_eq!(secret.get("ReplicaRegions").why_unknown(), Some(denied(DESCRIBE)));
        assert_eq!(secret.attribute("ReplicationStatus").why_unknown(), Some(denied(DESCRIBE)));
        assert_eq!(secret.get("KmsKeyId").as_str(), Some("alias/data"));
        assert_eq!(out.listed[policies::TYPE.name], Err(denied(policies::READ)));
        assert_eq!(out.listed[TYPE.name], Ok(()));
    }

    #[tokio::test]
    async fn a_secret_that_vanishes_is_dropped_with_all_that_belongs_to_it() {
        let out = found(|asked| {
            let gone = !asked.contains("ListSecrets");
            if gone { (400, r#"{"__type":"ResourceNotFoundException"}"#.into()) } else { aws(asked) }
        })
        .await;
        assert_eq!(out.resources, []);
        assert!(out.listed.values().all(Result::is_ok));
    }

    #[tokio::test]
    async fn what_nobody_wants_is_not_asked_and_the_policies_are_then_not_listed() {
        let mut cx = cx("us-east-1", |asked| {
            assert!(asked.contains("ListSecrets"), "{asked}");
            aws(asked)
        });
        cx.wanted = Arc::new(Wanted::default());
        let out = collected(&SecretsManager, &cx).await;
        assert_eq!(of(&out, TYPE.name)[0].get("ReplicaRegions").why_unknown(), Some(Unknown::NotCollected));
        assert_eq!(out.listed[policies::TYPE.name], Err(Unknown::NotCollected));
        assert_eq!(out.listed[rotation::TYPE.name], Ok(()));
    }
}
