//! Who may come near a bucket: public access block, ownership, grants, whether its policy is public.

use aws_sdk_s3::operation::get_bucket_acl::GetBucketAclOutput;
use aws_sdk_s3::types::{AbacStatus, BucketAbacStatus, Grant, Grantee, Permission, PublicAccessBlockConfiguration};

use super::setting::{Bucket, Gone, Told};
use super::settings::{ABAC, ACCESS_BLOCK, ACL, OWNERSHIP, POLICY_STATUS};
use crate::collect::shape::{flag, list, map, text};
use crate::model::Kind;

pub(super) async fn read(bucket: &Bucket) -> Result<Vec<Told>, Gone> {
    let (s3, name) = (&bucket.s3, &bucket.name);
    let block = bucket.read(&ACCESS_BLOCK, s3.get_public_access_block().bucket(name).send(), |found| {
        [access_block(found.public_access_block_configuration())]
    });
    let ownership = bucket.read(&OWNERSHIP, s3.get_bucket_ownership_controls().bucket(name).send(), |found| {
        let rules = found.ownership_controls().map_or(&[][..], |controls| controls.rules());
        let rule = |ownership: &str| map([("ObjectOwnership", text(Some(ownership)))]);
        [map([("Rules", list(rules.iter().map(|r| rule(r.object_ownership().as_str()))))])]
    });
    let abac = bucket.read(&ABAC, s3.get_bucket_abac().bucket(name).send(), |found| {
        [text(found.abac_status().and_then(AbacStatus::status).map(BucketAbacStatus::as_str))]
    });
    let acl = bucket.read(&ACL, s3.get_bucket_acl().bucket(name).send(), |found| [acl(&found)]);
    let policy = bucket.read(&POLICY_STATUS, s3.get_bucket_policy_status().bucket(name).send(), |found| {
        [flag(found.policy_status().and_then(aws_sdk_s3::types::PolicyStatus::is_public))]
    });
    // Without a policy nothing is public by policy.
    Ok(vec![block.await?, ownership.await?, abac.await?, acl.await?, policy.await?.or([Kind::Bool(false)])])
}

fn access_block(found: Option<&PublicAccessBlockConfiguration>) -> Kind {
    found.map_or(Kind::Null, |found| {
        map([
            ("BlockPublicAcls", flag(found.block_public_acls())),
            ("IgnorePublicAcls", flag(found.ignore_public_acls())),
            ("BlockPublicPolicy", flag(found.block_public_policy())),
            ("RestrictPublicBuckets", flag(found.restrict_public_buckets())),
        ])
    })
}

/// The grants as S3 names them. Grants to everybody are to the group `http://acs.amazonaws.com/groups/global/AllUsers`.
fn acl(found: &GetBucketAclOutput) -> Kind {
    let owner = found.owner().and_then(|owner| owner.id());
    map([("Owner", map([("ID", text(owner))])), ("Grants", list(found.grants().iter().map(grant)))])
}

fn grant(grant: &Grant) -> Kind {
    let grantee = |to: &Grantee| {
        map([
            ("Type", text(Some(to.r#type().as_str()))),
            ("ID", text(to.id())),
            ("URI", text(to.uri())),
            ("EmailAddress", text(to.email_address())),
        ])
    };
    map([
        ("Grantee", grant.grantee().map_or(Kind::Null, grantee)),
        ("Permission", text(grant.permission().map(Permission::as_str))),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::setting::testing::{absent, bucket, read_as};
    use super::*;
    use serde_json::json;

    const BLOCK: &str = "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>
        <IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>
        <RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>";

    const ACL: &str = r#"<AccessControlPolicy><Owner><ID>abc</ID></Owner><AccessControlList><Grant>
        <Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">
            <URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>
        <Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>"#;

    #[tokio::test]
    async fn access_reads_as_cloudformation_would_declare_it_and_grants_are_a_fact() {
        let bucket = bucket(|asked| match asked {
            block if block.contains("?publicAccessBlock") => (200, BLOCK.into()),
            acl if acl.contains("?acl") => (200, ACL.into()),
            abac if abac.contains("?abac") => (200, "<AbacStatus><Status>Enabled</Status></AbacStatus>".into()),
            policy if policy.contains("?policyStatus") => {
                (200, "<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>".into())
            }
            _ => (
                200,
                "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>
                </OwnershipControls>"
                    .into(),
            ),
        });
        let (properties, facts) = read_as(read(&bucket).await);
        assert_eq!(
            properties,
            json!({
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": true,
                    "IgnorePublicAcls": false,
                    "BlockPublicPolicy": true,
                    "RestrictPublicBuckets": false,
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "AbacStatus": "Enabled",
            })
        );
        let everybody = json!({"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"});
        assert_eq!(
            facts,
            json!({
                "Acl": {"Owner": {"ID": "abc"}, "Grants": [{"Grantee": everybody, "Permission": "READ"}]},
                "PolicyIsPublic": true,
            })
        );
    }

    #[tokio::test]
    async fn without_a_policy_nothing_is_public_by_policy() {
        let bucket = bucket(|asked| match asked {
            block if block.contains("?publicAccessBlock") => absent("NoSuchPublicAccessBlockConfiguration"),
            ownership if ownership.contains("?ownershipControls") => absent("OwnershipControlsNotFoundError"),
            policy if policy.contains("?policyStatus") => absent("NoSuchBucketPolicy"),
            abac if abac.contains("?abac") => (200, "<AbacStatus/>".into()),
            _ => (200, "<AccessControlPolicy/>".into()),
        });
        let (properties, facts) = read_as(read(&bucket).await);
        let none = json!({"PublicAccessBlockConfiguration": null, "OwnershipControls": null, "AbacStatus": null});
        assert_eq!(properties, none);
        assert_eq!(facts, json!({"Acl": null, "PolicyIsPublic": false}));
    }
}
