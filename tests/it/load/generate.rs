//! Random templates as trees of JSON, in long form: every function in every place where CloudFormation takes it.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

/// Names of the parameters that conditions ask for, each with the values that they are compared with.
pub(crate) const ASKED: [(&str, &[&str]); 3] = [("Env", &["prod", "dev"]), ("Size", &["1", "2"]), ("Logs", &["on"])];
/// Resources that hold nothing but plain values, so that the others may refer to them without a circle.
const TARGETS: [&str; 2] = ["Vpc", "Data"];
const OTHERS: [&str; 2] = ["Web1", "Queue"];

/// A template with random parameters, conditions and resources, of which every part is legal.
pub(crate) fn template() -> impl Strategy<Value = Json> {
    let properties = |value: BoxedStrategy<Json>| prop::collection::btree_map("[A-Z][a-z]{1,5}", value, 0..4);
    let all = [
        properties(scalar().boxed()),
        properties(scalar().boxed()),
        properties(value().boxed()),
        properties(value().boxed()),
    ];
    (conditions(), all, any::<[bool; 4]>()).prop_map(|(conditions, properties, conditional)| {
        let names: Vec<String> = conditions.keys().cloned().collect();
        let mut resources = Map::new();
        for (n, (id, properties)) in TARGETS.iter().chain(&OTHERS).zip(properties).enumerate() {
            let mut body = json!({"Type": "AWS::Test::Thing", "Properties": properties});
            if conditional[n] {
                body["Condition"] = names[n % names.len()].as_str().into();
                body["DeletionPolicy"] = "Retain".into();
            }
            resources.insert((*id).to_owned(), body);
        }
        for name in &names {
            let witness = json!({"Type": "AWS::Test::Witness", "Condition": name});
            resources.insert(format!("If{name}"), witness);
        }
        let says = |name: &String| (name.clone(), json!({"Fn::If": [name, "yes", "no"]}));
        let said: Map<String, Json> = names.iter().map(says).collect();
        resources.insert("Witness".into(), json!({"Type": "AWS::Test::Witness", "Properties": said}));
        json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": parameters(),
            "Mappings": {"Zones": {"eu-west-1": {"A": "a", "N": [1, "x"]}, "us-east-1": {"A": "b", "N": []}}},
            "Conditions": conditions,
            "Resources": resources,
        })
    })
}

fn parameters() -> Json {
    let mut all = json!({"Cidr": {"Type": "String", "Default": "10.0.0.0/16"}, "Ids": {"Type": "CommaDelimitedList", "Default": "a,b"}});
    for (name, _) in ASKED {
        all[name] = json!({"Type": "String"});
    }
    all
}

/// `C0`, `C1`, …: each compares a parameter, or joins conditions before it.
fn conditions() -> impl Strategy<Value = Map<String, Json>> {
    let one = (0..5_u8, any::<[prop::sample::Index; 3]>());
    prop::collection::vec(one, 1..6).prop_map(|plan| {
        let mut all = Map::new();
        for (n, (shape, [a, b, c])) in plan.into_iter().enumerate() {
            let (parameter, values) = ASKED[a.index(ASKED.len())];
            let compared = json!({"Fn::Equals": [{"Ref": parameter}, values[b.index(values.len())]]});
            let earlier = |index: prop::sample::Index| match n {
                0 => compared.clone(),
                _ => json!({"Condition": format!("C{}", index.index(n))}),
            };
            let expression = match shape {
                0 => json!({"Fn::Not": [earlier(b)]}),
                1 => json!({"Fn::And": [earlier(b), compared]}),
                2 => json!({"Fn::Or": [earlier(b), earlier(c), compared]}),
                _ => compared,
            };
            all.insert(format!("C{n}"), expression);
        }
        all
    })
}

/// Any value of a property.
fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![scalar(), reference()];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let text = inner.clone();
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map("[A-Za-z][A-Za-z0-9:.]{0,5}", inner.clone(), 0..4).prop_map(|map| json!(map)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"Fn::If": ["C0", a, b]})),
            (prop::collection::vec(inner.clone(), 1..4), "[-,:]?").prop_map(|(all, by)| json!({"Fn::Join": [by, all]})),
            (prop::collection::vec(inner.clone(), 1..4), any::<prop::sample::Index>())
                .prop_map(|(all, n)| json!({"Fn::Select": [n.index(all.len()), all]})),
            inner.prop_filter("a text", |v| !v.is_array() && !is_plain_map(v)).prop_map(|v| json!({"Fn::Base64": v})),
            text.prop_map(|v| json!({"Fn::Sub": ["${A}-${Cidr}-${Vpc.Id}-${!Literal}", {"A": v}]})),
        ]
    })
}

fn is_plain_map(value: &Json) -> bool {
    value.as_object().is_some_and(|map| map.len() != 1 || !map.keys().all(|k| k == "Ref" || k.starts_with("Fn::")))
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        "[ -~äß€😀\n\t]{0,12}".prop_filter("no placeholder", |s| !s.contains("{{")).prop_map(Json::from),
        prop::sample::select(vec![
            "true",
            "no",
            "007",
            "1.10",
            "~",
            "null",
            "",
            "1e3",
            "0x1F",
            "2010-09-09",
            "a: b",
            "- x",
            "# c",
            "&a",
            "*a",
            "!x",
            "{{resolve:ssm:/a:1}}"
        ])
        .prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
        (-4000..4000_i32).prop_map(|n| json!(f64::from(n) / 8.0)),
    ]
}

/// Functions whose arguments are names.
fn reference() -> impl Strategy<Value = Json> {
    let names =
        ["Cidr", "Ids", "Env", "Vpc", "Data", "AWS::Region", "AWS::AccountId", "AWS::NoValue", "AWS::StackName"];
    prop_oneof![
        prop::sample::select(names.to_vec()).prop_map(|name| json!({"Ref": name})),
        prop::sample::select(TARGETS.to_vec()).prop_map(|id| json!({"Fn::GetAtt": [id, "Arn"]})),
        prop::sample::select(TARGETS.to_vec()).prop_map(|id| json!({"Fn::GetAtt": [id, "Outputs.Name"]})),
        prop::sample::select(vec!["${Env}/x", "$${Vpc.Arn}", "${AWS::Region}-${!Not}", "no name"])
            .prop_map(|text| json!({"Fn::Sub": text})),
        Just(json!({"Fn::FindInMap": ["Zones", {"Ref": "AWS::Region"}, "A"]})),
        Just(json!({"Fn::Select": [0, {"Fn::FindInMap": ["Zones", "eu-west-1", "N"]}]})),
        Just(json!({"Fn::Split": [",", {"Fn::Join": [",", {"Ref": "Ids"}]}]})),
        Just(json!({"Fn::Select": [1, {"Fn::Cidr": [{"Ref": "Cidr"}, 4, 8]}]})),
        Just(json!({"Fn::Select": [1, {"Fn::GetAZs": ""}]})),
        Just(json!({"Fn::ImportValue": {"Fn::Sub": "${Env}-Vpc"}})),
    ]
}
