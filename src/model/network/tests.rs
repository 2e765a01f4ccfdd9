use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::*;
use crate::model::{Address, Kind, Reference, World, from_json};
use crate::source::Span;

/// `{"Ref": "X"}`, `{"GetAtt": "X.Y"}`, `{"Symbol": "az 0"}` and `{"Parameter": "P"}` become what they are after
/// loading.
fn resolve(value: &mut Value) {
    let text = |v: &Value, key| v.child(key).and_then(Value::as_str).map(Arc::<str>::from);
    let refer = |id: &str, attribute: Option<&str>| {
        let (stack, attribute) = ("t".into(), attribute.map(Arc::from));
        Kind::Ref(Reference { stack, logical_id: id.into(), attribute, value: None })
    };
    if let Some(id) = text(value, "Ref") {
        value.kind = refer(&id, None);
    } else if let Some((id, attribute)) = text(value, "GetAtt").as_deref().and_then(|t| t.split_once('.')) {
        value.kind = refer(id, Some(attribute));
    } else if let Some(symbol) = text(value, "Symbol") {
        value.kind = Kind::Symbol(symbol);
    } else if let Some(name) = text(value, "Parameter") {
        value.kind = Kind::Unknown(Unknown::Parameter(name));
    } else {
        match &mut value.kind {
            Kind::Map(map) => map.values_mut().for_each(|entry| resolve(&mut entry.value)),
            Kind::List(list) => list.iter_mut().for_each(resolve),
            _ => {}
        }
    }
}

fn declared(kind: &str, id: &str, properties: &Json) -> Resource {
    let address = Address { stack: Some("t".into()), logical_id: Some(id.into()), ..Address::default() };
    let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
    (r.raw, r.properties) = (Some(from_json(properties).into()), from_json(properties));
    resolve(&mut r.properties);
    r
}

fn observed(kind: &str, id: &str, properties: &Json, facts: &Json) -> Resource {
    let reads =
        &["VpcId", "SubnetId", "RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock", "NatGatewayId"];
    let mut r = Resource::new(kind, at(id), World::Open { reads }, Span::LIVE);
    (r.properties, r.attributes) = (from_json(properties), from_json(facts));
    r
}

fn at(id: &str) -> Address {
    Address { account: "1".into(), region: "r".into(), physical_id: Some(id.into()), ..Address::default() }
}

fn template(resources: &[(&str, &str, Json)]) -> Estate {
    Estate::new(resources.iter().map(|(kind, id, json)| declared(kind, id, json)).collect(), None)
}

fn account(resources: Vec<Resource>, denied: Option<&str>) -> Estate {
    let listed = [VPC, SUBNET, ROUTE_TABLE, ASSOCIATION, ROUTE, DB_SUBNET_GROUP].map(|kind| {
        let why = Unknown::Denied { action: "ec2:DescribeRouteTables".into() };
        let answer = if denied == Some(kind) { Err(why) } else { Ok(()) };
        ((Arc::from(kind), Arc::from("1"), Arc::from("r")), answer)
    });
    Estate::new(resources, Some(BTreeMap::from(listed)))
}

fn subnet<'a>(estate: &'a Estate, id: &str) -> &'a Resource {
    estate.of_type(SUBNET).find(|r| r.address.name() == id).unwrap()
}

#[test]
fn a_subnet_uses_its_own_table_and_otherwise_the_main_one_which_a_template_never_shows() {
    let estate = template(&[
        (VPC, "Vpc", json!({})),
        (ROUTE_TABLE, "Table", json!({"VpcId": {"Ref": "Vpc"}})),
        (SUBNET, "Own", json!({"VpcId": {"Ref": "Vpc"}})),
        (SUBNET, "Other", json!({"VpcId": {"Ref": "Vpc"}})),
        (SUBNET, "Foreign", json!({"VpcId": {"Parameter": "Vpc"}})),
        (ASSOCIATION, "A", json!({"SubnetId": {"Ref": "Own"}, "RouteTableId": {"Ref": "Table"}})),
    ]);
    let network = Network::new(&estate);
    assert!(matches!(network.table(subnet(&estate, "Own")), Ok(Table::Explicit(t)) if t.address.name() == "Table"));
    let other = network.table(subnet(&estate, "Other")).unwrap();
    assert!(matches!(other, Table::Implicit { vpc } if vpc.address.name() == "Vpc"));
    assert!(network.default_routes(other).unsure.is_none(), "it has the local route only");
    let foreign = network.table(subnet(&estate, "Foreign")).unwrap_err();
    assert_eq!((&*foreign.read.path, foreign.why), ("VpcId", Unknown::Parameter("Vpc".into())));
}

#[test]
fn aws_shows_the_main_table_unless_it_may_not_be_asked() {
    let resources = || {
        vec![
            observed(VPC, "vpc-1", &json!({}), &json!({})),
            observed(SUBNET, "subnet-1", &json!({"VpcId": "vpc-1"}), &json!({})),
            observed(ROUTE_TABLE, "rtb-1", &json!({"VpcId": "vpc-1"}), &json!({"Main": false})),
            observed(ROUTE_TABLE, "rtb-2", &json!({"VpcId": "vpc-1"}), &json!({"Main": true})),
        ]
    };
    let estate = account(resources(), None);
    let table = Network::new(&estate).table(subnet(&estate, "subnet-1")).unwrap();
    assert!(matches!(table, Table::Main(t) if t.address.name() == "rtb-2"));
    let estate = account(resources(), Some(ASSOCIATION));
    let unsure = Network::new(&estate).table(subnet(&estate, "subnet-1")).unwrap_err();
    assert_eq!(unsure.why.action().map(|a| &**a), Some("ec2:DescribeRouteTables"));
}

#[test]
fn the_property_tells_the_kind_of_target_except_for_gateways() {
    let routes = |target: Json| {
        let mut route = json!({"RouteTableId": {"Ref": "Table"}, "DestinationCidrBlock": "0.0.0.0/0"});
        route.as_object_mut().unwrap().extend(target.as_object().unwrap().clone());
        let estate = template(&[
            (ROUTE_TABLE, "Table", json!({})),
            (ROUTE, "Route", route),
            ("AWS::EC2::InternetGateway", "Internet", json!({})),
            ("AWS::EC2::VPNGateway", "Office", json!({})),
        ]);
        let table = Table::Explicit(estate.of_type(ROUTE_TABLE).next().unwrap());
        let routes = Network::new(&estate).default_routes(table);
        let targets: Vec<_> = routes.found.iter().map(|route| route.target).collect();
        (targets, routes.unsure.map(|unsure| unsure.why))
    };
    assert_eq!(routes(json!({"GatewayId": {"Ref": "Internet"}})), (vec![Target::InternetGateway], None));
    assert_eq!(routes(json!({"GatewayId": {"Ref": "Office"}})), (vec![Target::VpnGateway], None));
    assert_eq!(routes(json!({"GatewayId": "igw-1"})), (vec![Target::InternetGateway], None));
    assert_eq!(routes(json!({"NatGatewayId": {"Parameter": "P"}})), (vec![Target::NatGateway], None));
    assert_eq!(routes(json!({"GatewayId": {"Parameter": "P"}})), (vec![], Some(Unknown::Parameter("P".into()))));
    let both = json!({"InstanceId": "i-1", "NetworkInterfaceId": "eni-1"});
    assert_eq!(routes(both).0, [Target::Instance], "AWS names the interface of an instance as well");
}

#[test]
fn a_target_that_was_not_read_is_not_known() {
    let route = json!({"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0"});
    let estate = account(
        vec![
            observed(ROUTE_TABLE, "rtb-1", &json!({}), &json!({})),
            observed(ROUTE, "rtb-1|0.0.0.0/0", &route, &json!({})),
        ],
        None,
    );
    let table = Table::Explicit(estate.of_type(ROUTE_TABLE).next().unwrap());
    let routes = Network::new(&estate).default_routes(table);
    assert!(routes.found.is_empty());
    assert_eq!(routes.unsure.map(|unsure| unsure.why), Some(Unknown::NotCollected));
}

#[test]
fn zones_are_the_same_different_or_nobody_knows() {
    let estate = template(&[
        (SUBNET, "First", json!({"AvailabilityZone": {"Symbol": "az 0"}})),
        (SUBNET, "Second", json!({"AvailabilityZone": {"Symbol": "az 1"}})),
        (SUBNET, "LikeSecond", json!({"AvailabilityZone": {"GetAtt": "Second.AvailabilityZone"}})),
        (SUBNET, "Named", json!({"AvailabilityZone": "us-east-1a"})),
        (SUBNET, "Chosen", json!({"AvailabilityZone": {"Parameter": "A"}})),
        (SUBNET, "ChosenAlike", json!({"AvailabilityZone": {"Parameter": "A"}})),
        (SUBNET, "ChosenOtherwise", json!({"AvailabilityZone": {"Parameter": "B"}})),
        (SUBNET, "Silent", json!({})),
    ]);
    let network = Network::new(&estate);
    let zone = |id| network.zone(subnet(&estate, id));
    let same = |a, b| zone(a).unwrap().same(&zone(b).unwrap());
    assert_eq!(same("First", "Second"), Some(false));
    assert_eq!(same("Second", "LikeSecond"), Some(true));
    assert_eq!(same("First", "Named"), None, "a number and a name may be the same zone");
    assert_eq!(same("Chosen", "ChosenAlike"), Some(true), "the same expression gives the same zone");
    assert_eq!(same("Chosen", "ChosenOtherwise"), None);
    assert!(zone("Silent").is_err(), "AWS chooses");
}

#[test]
fn a_subnet_is_a_databases_if_a_group_lists_it_and_may_be_if_the_groups_are_not_known() {
    let group = |ids: Json| (DB_SUBNET_GROUP, "Group", json!({ "SubnetIds": ids }));
    let data = |ids: Json| {
        let estate = template(&[(SUBNET, "S", json!({})), group(ids)]);
        Network::new(&estate).is_data(subnet(&estate, "S")).map_err(|unsure| unsure.why)
    };
    assert_eq!(data(json!([{"Ref": "S"}])), Ok(true));
    assert_eq!(data(json!(["subnet-1"])), Ok(false));
    assert_eq!(data(json!({"Parameter": "Subnets"})), Err(Unknown::Parameter("Subnets".into())));
}
