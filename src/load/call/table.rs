//! Every function against what its documentation says, in short and in long form, as YAML and as JSON.

use super::super::Inputs;
use super::super::testing::resource;

/// The sections that the table speaks of, in JSON.
const SECTIONS: &[(&str, &str)] = &[
    ("Transform", r#""AWS::LanguageExtensions""#),
    (
        "Parameters",
        r#"{"Env": {"Type": "String", "Default": "prod"},
            "Names": {"Type": "CommaDelimitedList", "Default": "a,b,c"},
            "One": {"Type": "CommaDelimitedList", "Default": "only"},
            "Empty": {"Type": "String", "Default": ""},
            "Attribute": {"Type": "String", "Default": "Arn"},
            "Count": {"Type": "Number", "Default": 3},
            "Open": {"Type": "String"}}"#,
    ),
    (
        "Mappings",
        r#"{"Regions": {"us-east-1": {"HVM64": "ami-0ff8a91507f77f867", "List": ["x", "y"]},
                        "eu-west-1": {"HVM64": "ami-047bb4163c506cd98"}}}"#,
    ),
    (
        "Conditions",
        r#"{"Yes": {"Fn::Equals": [{"Ref": "Env"}, "prod"]},
            "No": {"Fn::Not": [{"Condition": "Yes"}]},
            "Both": {"Fn::And": [{"Condition": "Yes"}, {"Fn::Equals": [{"Fn::Select": ["1", {"Ref": "Names"}]}, "b"]}]},
            "Either": {"Fn::Or": [{"Condition": "No"}, {"Fn::Equals": [{"Fn::Length": {"Ref": "Names"}}, 3]}]},
            "InSub": {"Fn::Equals": [{"Fn::Sub": "${Env}-${AWS::Region}"}, "prod-us-east-1"]}}"#,
    ),
];

/// Resources beside the one with the value.
const OTHERS: &str = r#""Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}, "Db": {"Type": "AWS::RDS::DBInstance"}"#;

/// In short form, in long form, what it gives.
const TABLE: &[(&str, &str, &str)] = &[
    // Ref
    ("!Ref Env", r#"{"Ref": "Env"}"#, "prod"),
    ("!Ref Names", r#"{"Ref": "Names"}"#, r#"["a","b","c"]"#),
    ("!Ref AWS::Partition", r#"{"Ref": "AWS::Partition"}"#, "aws"),
    ("!Ref AWS::URLSuffix", r#"{"Ref": "AWS::URLSuffix"}"#, "amazonaws.com"),
    ("!Ref AWS::StackId", r#"{"Ref": "AWS::StackId"}"#, "unknown (parameter AWS::StackId has no value)"),
    ("!Ref Vpc", r#"{"Ref": "Vpc"}"#, "vpc-1"),
    ("Ref: !Join ['', [E, nv]]", r#"{"Ref": {"Fn::Join": ["", ["E", "nv"]]}}"#, "prod"),
    // GetAtt
    ("!GetAtt Vpc.VpcId", r#"{"Fn::GetAtt": ["Vpc", "VpcId"]}"#, "vpc-1"),
    ("!GetAtt Db.Endpoint.Address", r#"{"Fn::GetAtt": ["Db", "Endpoint.Address"]}"#, "!GetAtt Db.Endpoint.Address"),
    ("!GetAtt [Db, !Ref Attribute]", r#"{"Fn::GetAtt": ["Db", {"Ref": "Attribute"}]}"#, "!GetAtt Db.Arn"),
    ("!GetAtt [!Sub 'D${Empty}b', Arn]", r#"{"Fn::GetAtt": [{"Fn::Sub": "D${Empty}b"}, "Arn"]}"#, "!GetAtt Db.Arn"),
    // Sub
    ("!Sub 'www.${Env}.com'", r#"{"Fn::Sub": "www.${Env}.com"}"#, "www.prod.com"),
    ("!Sub ['www.${D}', {D: !Ref Env}]", r#"{"Fn::Sub": ["www.${D}", {"D": {"Ref": "Env"}}]}"#, "www.prod"),
    (
        "!Sub 'arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc/${Vpc}'",
        r#"{"Fn::Sub": "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc/${Vpc}"}"#,
        "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1",
    ),
    ("!Sub '${!Literal} ${Env}'", r#"{"Fn::Sub": "${!Literal} ${Env}"}"#, "${Literal} prod"),
    (
        "!Sub ['${A}', {A: !Join ['-', !Split ['.', 'a.b']]}]",
        r#"{"Fn::Sub": ["${A}", {"A": {"Fn::Join": ["-", {"Fn::Split": [".", "a.b"]}]}}]}"#,
        "a-b",
    ),
    ("!Sub '${Open}'", r#"{"Fn::Sub": "${Open}"}"#, "unknown (parameter Open has no value)"),
    // Join
    ("!Join [':', [a, b, c]]", r#"{"Fn::Join": [":", ["a", "b", "c"]]}"#, "a:b:c"),
    ("!Join [',', !Ref Names]", r#"{"Fn::Join": [",", {"Ref": "Names"}]}"#, "a,b,c"),
    ("!Join [',', !Ref One]", r#"{"Fn::Join": [",", {"Ref": "One"}]}"#, "only"),
    ("!Join ['', []]", r#"{"Fn::Join": ["", []]}"#, ""),
    ("!Join ['-', [a, !Ref AWS::NoValue, b]]", r#"{"Fn::Join": ["-", ["a", {"Ref": "AWS::NoValue"}, "b"]]}"#, "a-b"),
    // Split
    ("!Split ['|', 'a|b|c']", r#"{"Fn::Split": ["|", "a|b|c"]}"#, r#"["a","b","c"]"#),
    ("!Split ['|', 'a||c|']", r#"{"Fn::Split": ["|", "a||c|"]}"#, r#"["a","","c",""]"#),
    ("!Split [',', !Ref Empty]", r#"{"Fn::Split": [",", {"Ref": "Empty"}]}"#, r#"[""]"#),
    ("!Split ['::', 'a::b:c']", r#"{"Fn::Split": ["::", "a::b:c"]}"#, r#"["a","b:c"]"#),
    // Select
    ("!Select ['1', [apples, grapes]]", r#"{"Fn::Select": ["1", ["apples", "grapes"]]}"#, "grapes"),
    ("!Select [0, !Ref Names]", r#"{"Fn::Select": [0, {"Ref": "Names"}]}"#, "a"),
    (
        "!Select [!FindInMap [Regions, a, b, {DefaultValue: 2}], !Split [',', !Join [',', !Ref Names]]]",
        r#"{"Fn::Select": [{"Fn::FindInMap": ["Regions", "a", "b", {"DefaultValue": 2}]},
            {"Fn::Split": [",", {"Fn::Join": [",", {"Ref": "Names"}]}]}]}"#,
        "c",
    ),
    ("!Select [0, !GetAZs '']", r#"{"Fn::Select": [0, {"Fn::GetAZs": ""}]}"#, "az 0 of us-east-1"),
    (
        "!Select [0, !If [Yes, !GetAZs '', [z]]]",
        r#"{"Fn::Select": [0, {"Fn::If": ["Yes", {"Fn::GetAZs": ""}, ["z"]]}]}"#,
        "az 0 of us-east-1",
    ),
    // FindInMap
    (
        "!FindInMap [Regions, !Ref AWS::Region, HVM64]",
        r#"{"Fn::FindInMap": ["Regions", {"Ref": "AWS::Region"}, "HVM64"]}"#,
        "ami-0ff8a91507f77f867",
    ),
    ("!FindInMap [Regions, us-east-1, List]", r#"{"Fn::FindInMap": ["Regions", "us-east-1", "List"]}"#, r#"["x","y"]"#),
    (
        "!FindInMap [Regions, !Select [0, !Split ['|', 'eu-west-1|x']], HVM64]",
        r#"{"Fn::FindInMap": ["Regions", {"Fn::Select": [0, {"Fn::Split": ["|", "eu-west-1|x"]}]}, "HVM64"]}"#,
        "ami-047bb4163c506cd98",
    ),
    (
        "!FindInMap [Regions, mars-1, HVM64, {DefaultValue: !Ref Env}]",
        r#"{"Fn::FindInMap": ["Regions", "mars-1", "HVM64", {"DefaultValue": {"Ref": "Env"}}]}"#,
        "prod",
    ),
    // If and conditions
    ("!If [Yes, 1, 2]", r#"{"Fn::If": ["Yes", 1, 2]}"#, "1"),
    ("!If [No, 1, !If [Both, 3, 4]]", r#"{"Fn::If": ["No", 1, {"Fn::If": ["Both", 3, 4]}]}"#, "3"),
    ("!If [Either, 1, 2]", r#"{"Fn::If": ["Either", 1, 2]}"#, "1"),
    ("!If [InSub, 1, 2]", r#"{"Fn::If": ["InSub", 1, 2]}"#, "1"),
    ("[a, !If [No, x, !Ref AWS::NoValue]]", r#"["a", {"Fn::If": ["No", "x", {"Ref": "AWS::NoValue"}]}]"#, r#"["a"]"#),
    // Base64
    ("!Base64 AWS CloudFormation", r#"{"Fn::Base64": "AWS CloudFormation"}"#, "QVdTIENsb3VkRm9ybWF0aW9u"),
    ("Fn::Base64: !Sub '${Env}'", r#"{"Fn::Base64": {"Fn::Sub": "${Env}"}}"#, "cHJvZA=="),
    ("Fn::Base64: !Ref Open", r#"{"Fn::Base64": {"Ref": "Open"}}"#, "unknown (parameter Open has no value)"),
    // Cidr
    (
        "!Cidr ['192.168.0.0/24', 6, 5]",
        r#"{"Fn::Cidr": ["192.168.0.0/24", "6", "5"]}"#,
        r#"["192.168.0.0/27","192.168.0.32/27","192.168.0.64/27","192.168.0.96/27","192.168.0.128/27","192.168.0.160/27"]"#,
    ),
    (
        "!Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 1, 8]]",
        r#"{"Fn::Select": [0, {"Fn::Cidr": [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, 1, 8]}]}"#,
        "10.0.0.0/24",
    ),
    (
        "!Select [!Ref Count, !Cidr ['2001:db8::/56', 4, 64]]",
        r#"{"Fn::Select": [{"Ref": "Count"}, {"Fn::Cidr": ["2001:db8::/56", 4, 64]}]}"#,
        "2001:db8:0:3::/64",
    ),
    // ImportValue
    ("Fn::ImportValue: !Sub '${Env}-Vpc'", r#"{"Fn::ImportValue": {"Fn::Sub": "${Env}-Vpc"}}"#, "vpc-9"),
    ("!ImportValue other", r#"{"Fn::ImportValue": "other"}"#, "unknown (import of other, whose export is not known)"),
    // Length and ToJsonString
    ("!Length [1, 2, 3]", r#"{"Fn::Length": [1, 2, 3]}"#, "3"),
    ("Fn::Length: !Split ['|', 'a|b']", r#"{"Fn::Length": {"Fn::Split": ["|", "a|b"]}}"#, "2"),
    (
        "!ToJsonString {key1: value1, key2: !Ref Env}",
        r#"{"Fn::ToJsonString": {"key1": "value1", "key2": {"Ref": "Env"}}}"#,
        r#"{"key1":"value1","key2":"prod"}"#,
    ),
    ("!ToJsonString [{a: 1}, !Ref Count]", r#"{"Fn::ToJsonString": [{"a": 1}, {"Ref": "Count"}]}"#, r#"[{"a":1},3]"#),
    // Transform
    (
        "Fn::Transform: {Name: AWS::Include, Parameters: {Location: !Sub 's3://${Env}/x.yaml'}}",
        r#"{"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": {"Fn::Sub": "s3://${Env}/x.yaml"}}}}"#,
        "unknown (what AWS::Include adds from s3://prod/x.yaml is not in the template)",
    ),
    // Dynamic references
    ("'{{resolve:ssm:name:2}}'", r#""{{resolve:ssm:name:2}}""#, "unknown (dynamic reference to ssm)"),
    (
        "!Join ['', ['{{resolve:ssm-secure:', !Ref Env, ':1}}']]",
        r#"{"Fn::Join": ["", ["{{resolve:ssm-secure:", {"Ref": "Env"}, ":1}}"]]}"#,
        "unknown (dynamic reference to ssm-secure)",
    ),
    (
        "!Sub 'x-{{resolve:secretsmanager:${Env}:SecretString:k}}'",
        r#"{"Fn::Sub": "x-{{resolve:secretsmanager:${Env}:SecretString:k}}"}"#,
        "unknown (dynamic reference to secretsmanager)",
    ),
];

fn inputs() -> Inputs {
    Inputs {
        account: "123456789012".into(),
        region: "us-east-1".into(),
        physical_ids: [("Vpc".into(), "vpc-1".into())].into(),
        exports: [("prod-Vpc".into(), "vpc-9".into())].into(),
        ..Inputs::default()
    }
}

#[test]
fn every_function_gives_what_its_documentation_says_in_every_form() {
    for (short, long, expected) in TABLE {
        let yaml = |written: &str| {
            let sections = SECTIONS.iter().map(|(name, body)| format!("{name}: {body}\n")).collect::<Vec<_>>().concat();
            let written = written.replace('\n', " ");
            format!(
                "{sections}Resources:\n  Vpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.0.0.0/16}}}}\n  \
                 Db: {{Type: AWS::RDS::DBInstance}}\n  R:\n    Type: T::T::T\n    Properties:\n      P:\n        {written}\n"
            )
        };
        let sections =
            SECTIONS.iter().map(|(name, body)| format!("\"{name}\": {body},\n")).collect::<Vec<_>>().concat();
        let subject = format!(r#""R": {{"Type": "T::T::T", "Properties": {{"P": {long}}}}}"#);
        let json = format!(r#"{{{sections} "Resources": {{{OTHERS}, {subject}}}}}"#);
        for text in [yaml(short), yaml(long), json] {
            let found = resource(&text, "R", &inputs()).properties.child("P").map(ToString::to_string);
            assert_eq!(found.as_deref(), Some(*expected), "{short}\n{text}");
        }
    }
}

#[test]
fn pseudo_parameters_follow_the_partition() {
    for (region, partition, suffix) in [
        ("eu-central-1", "aws", "amazonaws.com"),
        ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
        ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
        ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
    ] {
        let here = Inputs { region: region.into(), ..Inputs::default() };
        let text = "Resources: {R: {Type: T::T::T, Properties: {P: !Sub '${AWS::Region} ${AWS::Partition} ${AWS::URLSuffix}'}}}";
        let found = resource(text, "R", &here).properties.child("P").map(ToString::to_string);
        assert_eq!(found, Some(format!("{region} {partition} {suffix}")));
    }
}
