use super::*;
use crate::model::{Field, World, from_json};
use crate::source::Span;

fn address(id: &str) -> Address {
    Address { account: "1".into(), region: "r".into(), physical_id: Some(id.into()), ..Address::default() }
}

fn live(kind: &str, id: &str, properties: &serde_json::Value) -> Resource {
    let mut r = Resource::new(kind, address(id), World::Open { reads: &["VpcId"] }, Span::LIVE);
    r.properties = from_json(properties);
    r
}

fn listed(kinds: &[(&str, Result<(), Unknown>)]) -> Listed {
    kinds.iter().map(|(kind, end)| (((*kind).into(), "1".into(), "r".into()), end.clone())).collect()
}

#[test]
fn references_lead_both_ways_and_only_within_account_and_region() {
    let vpc = live("AWS::EC2::VPC", "vpc-1", &serde_json::json!({}));
    let subnet = live("AWS::EC2::Subnet", "subnet-1", &serde_json::json!({"VpcId": "vpc-1"}));
    let mut elsewhere = live("AWS::EC2::Subnet", "subnet-2", &serde_json::json!({"VpcId": "vpc-1"}));
    elsewhere.address.region = "other".into();
    let kinds = [("AWS::EC2::VPC", Ok(())), ("AWS::EC2::Subnet", Ok(()))];
    let estate = Estate::new(vec![subnet.clone(), elsewhere, vpc.clone()], Some(listed(&kinds)));
    let found = estate.referrers(&vpc, "AWS::EC2::Subnet", "VpcId");
    assert_eq!(found.items.iter().map(|r| r.address.name()).collect::<Vec<_>>(), ["subnet-1"]);
    assert_eq!(found.incomplete, None);
    assert!(matches!(estate.follow(&subnet.get("VpcId"), &["AWS::EC2::VPC"]), Related::Found(r) if *r == vpc));
    let dangling = live("AWS::EC2::Subnet", "subnet-3", &serde_json::json!({"VpcId": "vpc-9"}));
    assert!(matches!(estate.follow(&dangling.get("VpcId"), &["AWS::EC2::VPC"]), Related::Missing));
}

#[test]
fn what_names_a_resource_further_down_is_found_by_its_path() {
    let key = live("AWS::KMS::Key", "key-1", &serde_json::json!({}));
    let encryption = |id: &serde_json::Value| serde_json::json!({"Rules": [{"By": {"Key": id}}]});
    let bucket = live("AWS::S3::Bucket", "b", &encryption(&"key-1".into()));
    let mut open = live("AWS::S3::Bucket", "c", &serde_json::json!({}));
    let kinds = [("AWS::KMS::Key", Ok(())), ("AWS::S3::Bucket", Ok(()))];
    let estate = Estate::new(vec![key.clone(), bucket.clone()], Some(listed(&kinds)));
    let found = estate.referrers(&key, "AWS::S3::Bucket", "Rules.By.Key");
    assert_eq!((found.items, found.incomplete), (vec![&bucket], None));
    assert!(estate.referrers(&key, "AWS::S3::Bucket", "Rules.By").items.is_empty());

    open.set("Rules", Kind::Unknown(Unknown::NotCollected));
    let estate = Estate::new(vec![key.clone(), open], Some(listed(&kinds)));
    let found = estate.referrers(&key, "AWS::S3::Bucket", "Rules.By.Key");
    assert_eq!(found.incomplete, Some(Unknown::NotCollected), "what is above is not known");
}

#[test]
fn a_name_that_a_template_gives_is_what_others_may_call_it() {
    let declared = |kind: &str, id: &str, properties: &serde_json::Value| {
        let address = Address { stack: Some("s".into()), logical_id: Some(id.into()), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        r
    };
    let alias = declared("AWS::KMS::Alias", "Alias", &serde_json::json!({"AliasName": "alias/data"}));
    let topic = declared("AWS::SNS::Topic", "Topic", &serde_json::json!({"KmsMasterKeyId": "alias/data"}));
    let estate = Estate::new(vec![alias.clone(), topic.clone()], None);
    assert!(matches!(estate.follow(&topic.get("KmsMasterKeyId"), &[&*alias.kind]), Related::Found(r) if *r == alias));
}

#[test]
fn what_was_not_listed_or_cannot_be_resolved_may_be_anything() {
    let why = Unknown::Denied { action: "ec2:DescribeVpcs".into() };
    let subnet = live("AWS::EC2::Subnet", "subnet-1", &serde_json::json!({"VpcId": "vpc-1"}));
    let estate = Estate::new(vec![subnet.clone()], Some(listed(&[("AWS::EC2::VPC", Err(why.clone()))])));
    assert!(matches!(estate.follow(&subnet.get("VpcId"), &["AWS::EC2::VPC"]), Related::Unknown(w) if w == why));
    assert_eq!(estate.of(&subnet, "AWS::EC2::FlowLog").incomplete, Some(Unknown::NotCollected), "nobody asked");

    let vpc = live("AWS::EC2::VPC", "vpc-1", &serde_json::json!({}));
    let mut loose = live("AWS::EC2::Subnet", "subnet-2", &serde_json::json!({}));
    loose.set("VpcId", Kind::Unknown(Unknown::Parameter("Vpc".into())));
    let estate = Estate::new(vec![vpc.clone(), loose], Some(listed(&[("AWS::EC2::Subnet", Ok(()))])));
    let found = estate.referrers(&vpc, "AWS::EC2::Subnet", "VpcId");
    assert_eq!(found.incomplete, Some(Unknown::Parameter("Vpc".into())), "it may name this VPC");
    assert!(matches!(vpc.get("CidrBlock").field, Field::Unknown { .. }));
}

#[test]
fn a_stack_knows_its_own_resources_from_those_of_others() {
    let declared = |stack: &str, id: &str| {
        let address = Address { stack: Some(stack.into()), logical_id: Some(id.into()), ..Address::default() };
        Resource::new("AWS::IAM::Role", address, World::Closed, Span::LIVE)
    };
    let all = vec![declared("b", "Web"), declared("a", "Web"), declared("b", "Api"), declared("c", "Web")];
    let estate = Estate::new(all, None);
    let from = declared("b", "Profile");
    let found: Vec<_> = estate.beside(&from, "AWS::IAM::Role").map(|r| r.address.name()).collect();
    assert_eq!(found, ["Api", "Web"]);
    assert_eq!(estate.beside(&from, "AWS::IAM::User").count(), 0);
}

fn declared(kind: &str, id: &str, properties: &serde_json::Value) -> Resource {
    let address = Address { stack: Some("s".into()), logical_id: Some(id.into()), ..Address::default() };
    let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
    r.properties = from_json(properties);
    r
}

#[test]
fn a_name_that_the_template_gives_leads_both_ways_and_another_one_is_outside() {
    const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";
    const POLICY: &str = "AWS::AutoScaling::ScalingPolicy";
    let estate = Estate::new(
        vec![
            declared(GROUP, "Web", &serde_json::json!({"AutoScalingGroupName": "web"})),
            declared(POLICY, "P", &serde_json::json!({"AutoScalingGroupName": "web"})),
            declared(POLICY, "Q", &serde_json::json!({"AutoScalingGroupName": "batch"})),
            declared(POLICY, "L", &serde_json::json!({"AutoScalingGroupName": ["web"]})),
        ],
        None,
    );
    let web = estate.by_logical_id("s", "Web").unwrap();
    let found = estate.referrers(web, POLICY, "AutoScalingGroupName");
    assert_eq!(found.items.iter().map(|r| r.address.name()).collect::<Vec<_>>(), ["L", "P"]);
    let follow = |id| estate.follow(&estate.by_logical_id("s", id).unwrap().get("AutoScalingGroupName"), &[GROUP]);
    assert!(matches!(follow("P"), Related::Found(r) if r.address.name() == "Web"));
    assert!(matches!(follow("Q"), Related::Unknown(Unknown::Outside(_))));
}

#[test]
fn databases_are_named_in_any_case_and_others_are_not() {
    const CLUSTER: &str = "AWS::RDS::DBCluster";
    let instance = |id, name| declared("AWS::RDS::DBInstance", id, &serde_json::json!({"DBClusterIdentifier": name}));
    let estate = Estate::new(
        vec![
            declared(CLUSTER, "Orders", &serde_json::json!({"DBClusterIdentifier": "Orders"})),
            declared("AWS::IAM::Role", "Role", &serde_json::json!({"RoleName": "web"})),
            declared("AWS::IAM::InstanceProfile", "Profile", &serde_json::json!({"Roles": ["WEB"]})),
            instance("A", "Orders"),
            instance("B", "orders"),
        ],
        None,
    );
    let cluster = estate.by_logical_id("s", "Orders").unwrap();
    let members = estate.referrers(cluster, "AWS::RDS::DBInstance", "DBClusterIdentifier");
    assert_eq!(members.items.iter().map(|r| r.address.name()).collect::<Vec<_>>(), ["A", "B"]);
    let role = estate.by_logical_id("s", "Role").unwrap();
    assert_eq!(estate.referrers(role, "AWS::IAM::InstanceProfile", "Roles").items.len(), 0);
}
