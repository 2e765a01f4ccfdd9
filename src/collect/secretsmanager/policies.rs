//! Policies of secrets.

use aws_sdk_secretsmanager::Client;

use super::{GONE, SPEC};
use crate::collect::json::document;
use crate::collect::shape::text;
use crate::collect::{Answer, Cx, Out, TypeSpec};
use crate::model::{Kind, Unknown};

pub(super) const READ: &str = "secretsmanager:GetResourcePolicy";

/// `BlockPublicPolicy` is a check that was made once, and nobody keeps it.
pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::SecretsManager::ResourcePolicy",
    asked: &[("", READ)],
    reads: &["ResourcePolicy", "SecretId"],
    ..TypeSpec::LISTED
};

/// The policy of a secret, if the scan is about policies of secrets at all. It is then about all of them, so that one which is missing is known to be.
pub(super) async fn read(cx: &Cx, client: &Client, secret: &str) -> Out {
    let mut out = Out::default();
    let answer = if cx.wanted.wants_any(TYPE.name, TYPE.reads) {
        cx.ask(READ, &[TYPE.name], &[GONE], client.get_resource_policy().secret_id(secret).send()).await
    } else {
        Answer::Unknown(Unknown::NotCollected)
    };
    match answer.map(|found| document(found.resource_policy())) {
        Answer::Is(Kind::Null) | Answer::Absent => {}
        Answer::Is(policy) => {
            let mut r = cx.resource(&SPEC, TYPE.name, secret, secret);
            r.set("SecretId", text(Some(secret)));
            r.set("ResourcePolicy", policy);
            out.push(r);
        }
        Answer::Unknown(why) => out.listed(TYPE.name, &Err(why)),
    }
    out
}
