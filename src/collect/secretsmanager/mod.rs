//! Secrets Manager: secrets, how they rotate and who may use them. Never what they hold.

mod policies;
mod rotation;
mod secrets;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;

use super::{Collector, Cx, Out, Reach, Spec};

static SPEC: Spec = Spec {
    name: "secretsmanager",
    reach: Reach::Regional,
    listings: 1,
    types: &[secrets::TYPE, rotation::TYPE, policies::TYPE],
    actions: &[secrets::LIST, secrets::DESCRIBE, policies::READ],
};

/// What Secrets Manager answers about a secret that is no more.
const GONE: &str = "ResourceNotFoundException";

/// Reads Secrets Manager in one region.
pub struct SecretsManager;

#[async_trait]
impl Collector for SecretsManager {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        out.merge(secrets::collect(cx, &Client::new(&cx.config)).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::refused;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&SecretsManager, "us-east-1").await.resources, []);
    }
}
