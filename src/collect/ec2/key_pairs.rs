//! Key pairs. The private half is nowhere in AWS.

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{KeyPairInfo, KeyType};

use super::shape::{Fill, tags};
use crate::collect::shape::time;
use crate::collect::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::Resource;

const LIST: &str = "ec2:DescribeKeyPairs";

/// `KeyFormat` is that of the private key, which EC2 forgets.
const TYPE: TypeSpec = TypeSpec {
    name: "AWS::EC2::KeyPair",
    asked: &[("", LIST)],
    reads: &["KeyName", "KeyType", "PublicKeyMaterial", "Tags"],
    ..TypeSpec::LISTED
};

static SPEC: Spec =
    Spec { name: "ec2/key-pairs", reach: Reach::Regional, listings: 1, types: &[TYPE], actions: &[LIST] };

/// Collects key pairs.
pub struct KeyPairs;

#[async_trait]
impl Collector for KeyPairs {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    /// Not paged: one answer holds them all.
    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let client = Client::new(&cx.config);
        match cx.ask(LIST, &[TYPE.name], &[], client.describe_key_pairs().include_public_key(true).send()).await {
            Answer::Is(answer) => {
                out.listed(TYPE.name, &Ok(()));
                out.resources.extend(answer.key_pairs().iter().map(|pair| resource(cx, pair)));
            }
            Answer::Absent => out.listed(TYPE.name, &Ok(())),
            Answer::Unknown(why) => out.listed(TYPE.name, &Err(why)),
        }
    }
}

fn resource(cx: &Cx, pair: &KeyPairInfo) -> Resource {
    let id = pair.key_pair_id().unwrap_or_default();
    let mut r =
        cx.resource(&SPEC, TYPE.name, pair.key_name().unwrap_or_default(), &cx.arn("ec2", &format!("key-pair/{id}")));
    r.property("KeyName", pair.key_name());
    r.property("KeyType", pair.key_type().map(KeyType::as_str));
    r.property("PublicKeyMaterial", pair.public_key().map(str::trim_end));
    tags(&mut r, pair.tags());
    r.fact("KeyPairId", pair.key_pair_id());
    r.fact("KeyFingerprint", pair.key_fingerprint());
    r.fact("CreateTime", time(pair.create_time()));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties};

    #[tokio::test]
    async fn a_pair_is_known_by_its_name_and_its_public_half() {
        let cx = cx("eu-west-1", |asked| {
            assert!(asked.contains("IncludePublicKey=true"), "{asked}");
            let pair = "<keyPairId>key-1</keyPairId><keyName>ops</keyName><keyType>ed25519</keyType>
                <publicKey>ssh-ed25519 AAAA ops\n</publicKey><keyFingerprint>ab:cd</keyFingerprint>
                <tagSet><item><key>a</key><value>1</value></item></tagSet>";
            (200, format!("<DescribeKeyPairsResponse><keySet><item>{pair}</item></keySet></DescribeKeyPairsResponse>"))
        });
        let out = collected(&KeyPairs, &cx).await;
        let [r] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(r), claimed(&SPEC, r));
        assert_eq!(r.address.physical_id.as_deref(), Some("ops"));
        assert_eq!(r.address.arn.as_deref(), Some("arn:aws:ec2:eu-west-1:123456789012:key-pair/key-1"));
        assert_eq!(r.get("PublicKeyMaterial").as_str(), Some("ssh-ed25519 AAAA ops"));
        assert_eq!(r.attribute("KeyPairId").as_str(), Some("key-1"));
    }
}
