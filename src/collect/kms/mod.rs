//! KMS: keys, and the aliases that name them.

mod aliases;
mod keys;

use async_trait::async_trait;
use aws_sdk_kms::Client;

use super::{Collector, Cx, Out, Reach, Spec, tags};

static SPEC: Spec = Spec {
    name: "kms",
    reach: Reach::Regional,
    // Keys, aliases, and the tags of many keys.
    listings: 3,
    types: &[keys::TYPE, aliases::TYPE],
    actions: &[keys::LIST, keys::DESCRIBE, keys::POLICY, keys::ROTATION, keys::TAGS, aliases::LIST, tags::LIST],
};

/// Who manages a key that AWS made for one of its services.
const AWS: &str = "AWS";

/// Reads KMS in one region. The aliases tell which keys AWS manages: those cannot be changed and are not asked further.
pub struct Kms;

#[async_trait]
impl Collector for Kms {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let kms = Client::new(&cx.config);
        let (aliases, keys) = tokio::join!(aliases::list(cx, &kms), keys::list(cx, &kms));
        out.merge(keys::collect(cx, &kms, &keys, &aliases).await);
        out.merge(aliases::collect(cx, &aliases));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::refused;

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Kms, "us-east-1").await.resources, []);
    }
}
