use std::collections::HashMap;

use super::*;
use crate::model::Resource;

type Families = Vec<Vec<(Template, Inputs)>>;

/// Loads the first of some files, and those of the others that are asked for too.
fn load(files: &[(&str, &str)], asked: &[&str]) -> Result<Families, Vec<(String, String)>> {
    let texts: HashMap<PathBuf, String> = files.iter().map(|(p, t)| (PathBuf::from(p), (*t).to_owned())).collect();
    let read = |path: &Path| -> io::Result<(PathBuf, String)> {
        let text = texts.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok((path.to_owned(), text.clone()))
    };
    let mut sources = Sources::default();
    let roots = asked.iter().map(|name| {
        let template = parse(&mut sources, name, &texts[Path::new(name)]).unwrap();
        Root {
            path: name.into(),
            template: Some(template),
            inputs: Inputs { stack: (*name).into(), ..Inputs::default() },
        }
    });
    let roots: Vec<Root> = roots.collect();
    let (families, problems) = families(&mut sources, &roots, &read);
    let slice = |p: &Diagnostic| sources.text(p.at.file)[p.at.start as usize..p.at.end as usize].to_owned();
    let problems: Vec<_> = problems.iter().map(|p| (p.message.clone(), slice(p))).collect();
    if problems.is_empty() { Ok(families) } else { Err(problems) }
}

/// The resource of a stack in the first variant.
fn resource(family: &[(Template, Inputs)], stack: &str, id: &str) -> Resource {
    let (template, inputs) = family.iter().find(|(_, inputs)| &*inputs.stack == stack).unwrap();
    let declared = evaluate(template, inputs).unwrap();
    declared.variants[0].iter().find(|r| r.address.logical_id.as_deref() == Some(id)).unwrap().clone()
}

const PARENT: &str = "\
Parameters: {Env: {Type: String, Default: prod}, Key: {Type: String}}
Resources:
  App:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./app.yaml
      Parameters: {Vpc: !GetAtt Network.Outputs.Vpc, Cidr: !GetAtt Network.Outputs.Cidr, Key: !Ref Key}
  Network:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: file://network.yaml
      Parameters: {Name: !Sub 'net-${Env}'}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {VpcId: !GetAtt Network.Outputs.Vpc, GroupDescription: !GetAtt Network.Outputs.Cidr}
";
const NETWORK: &str = "\
Parameters: {Name: {Type: String}, Wide: {Type: String, Default: 'no'}}
Conditions: {IsWide: !Equals [!Ref Wide, 'yes']}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, Tags: [{Key: Name, Value: !Ref Name}]}}
Outputs:
  Vpc: {Value: !Ref Vpc}
  Cidr: {Value: !GetAtt Vpc.CidrBlock}
  Extra: {Condition: IsWide, Value: x}
";
const APP: &str = "\
Parameters: {Vpc: {Type: AWS::EC2::VPC::Id}, Cidr: {Type: String}, Key: {Type: String, Default: mine}}
Resources:
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !Ref Vpc, GroupDescription: !Ref Cidr, GroupName: !Ref Key}}
";

#[test]
fn parameters_go_down_and_outputs_come_up_and_go_down_again() {
    let files = [("s/main.yaml", PARENT), ("s/network.yaml", NETWORK), ("s/app.yaml", APP)];
    let families = load(&files, &["s/main.yaml"]).unwrap();
    let stacks: Vec<&str> = families[0].iter().map(|(_, inputs)| &*inputs.stack).collect();
    assert_eq!(stacks, ["s/main.yaml", "s/network.yaml", "s/app.yaml"]);
    assert_eq!(resource(&families[0], "s/network.yaml", "Vpc").tag("Name").as_deref(), Some("net-prod"));
    for stack in ["s/main.yaml", "s/app.yaml"] {
        let group = resource(&families[0], stack, "Group");
        assert_eq!(group.get("GroupDescription").as_str(), Some("10.0.0.0/16"), "{stack}");
        let crate::model::Kind::Ref(vpc) = &group.get("VpcId").value().unwrap().kind else { panic!("{stack}") };
        assert_eq!((&*vpc.stack, &*vpc.logical_id), ("s/network.yaml", "Vpc"), "the reference crosses the stacks");
    }
    let key = resource(&families[0], "s/app.yaml", "Group").get("GroupName").why_unknown();
    assert_eq!(
        key,
        Some(crate::model::Unknown::Parameter("Key".into())),
        "not the default: the parent hands something down"
    );
}

#[test]
fn a_nested_file_that_is_asked_for_too_is_judged_as_a_nested_one() {
    let files = [("main.yaml", PARENT), ("network.yaml", NETWORK), ("app.yaml", APP)];
    let families = load(&files, &["app.yaml", "main.yaml", "network.yaml"]).unwrap();
    assert_eq!(families.len(), 1);
    let stacks: Vec<&str> = families[0].iter().map(|(_, inputs)| &*inputs.stack).collect();
    assert_eq!(stacks, ["main.yaml", "network.yaml", "app.yaml"]);
}

#[test]
fn a_file_nested_twice_is_one_stack_if_the_same_is_handed_down_and_two_if_not() {
    let parent = |b: &str| {
        let stack = |name: &str| {
            format!(
                "{{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: network.yaml, Parameters: {{Name: {name}}}}}}}"
            )
        };
        format!("Resources: {{A: {}, B: {}}}", stack("a"), stack(b))
    };
    let stacks = |b: &str| -> Vec<String> {
        let families = load(&[("main.yaml", &parent(b)), ("network.yaml", NETWORK)], &["main.yaml"]).unwrap();
        families[0].iter().map(|(_, inputs)| inputs.stack.to_string()).collect()
    };
    assert_eq!(stacks("a"), ["main.yaml", "network.yaml"]);
    assert_eq!(stacks("b"), ["main.yaml", "network.yaml", "network.yaml (B of main.yaml)"]);
}

#[test]
fn a_url_stays_unknown_and_so_does_a_path_that_is_put_together_and_leads_nowhere() {
    let parent = |url: &str| {
        format!(
            "Parameters: {{Dir: {{Type: String, Default: elsewhere}}}}\nResources: {{N: {{Type: AWS::CloudFormation::Stack, \
             Properties: {{TemplateURL: {url}}}}}, R: {{Type: T::T::T, Properties: {{P: !GetAtt N.Outputs.X}}}}}}"
        )
    };
    for url in ["https://s3.amazonaws.com/b/network.yaml", "!Sub '${Dir}/network.yaml'", "!Ref AWS::StackName"] {
        let families = load(&[("main.yaml", &parent(url))], &["main.yaml"]).unwrap();
        assert_eq!(families[0].len(), 1, "{url}");
        assert!(resource(&families[0], "main.yaml", "R").get("P").why_unknown().is_some(), "{url}");
    }
}

#[test]
fn what_cannot_be_nested_is_said_at_its_place() {
    let nest = |url: &str, parameters: &str| {
        format!(
            "Resources: {{N: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {url}{parameters}}}}}}}"
        )
    };
    let said = |files: &[(&str, &str)]| load(files, &["a.yaml"]).unwrap_err();
    let missing = said(&[("a.yaml", &nest("gone.yaml", ""))]);
    let told = "nested template `gone.yaml` cannot be read: there is no such file";
    assert_eq!(missing, [(told.to_owned(), "gone.yaml".to_owned())]);

    let circle = said(&[("a.yaml", &nest("b.yaml", "")), ("b.yaml", &nest("./a.yaml", ""))]);
    let told = "nested template `a.yaml` contains itself: a.yaml → b.yaml → a.yaml";
    assert_eq!(circle, [(told.to_owned(), "./a.yaml".to_owned())]);

    let wrong = said(&[("a.yaml", &nest("network.yaml", ", Parameters: {Naem: x}")), ("network.yaml", NETWORK)]);
    let expected = [
        ("nested template `network.yaml` has no parameter `Naem`", "Naem"),
        ("nested template `network.yaml` needs a value for its parameter `Name`", "N"),
    ];
    assert_eq!(wrong, expected.map(|(message, at)| (message.to_owned(), at.to_owned())));

    let broken = said(&[("a.yaml", &nest("b.yaml", "")), ("b.yaml", "Resources: {R: {}}")]);
    assert_eq!(broken, [("resource `R` has no `Type`".to_owned(), "R".to_owned())]);
}

#[test]
fn depth_is_bounded() {
    let names: Vec<String> = (0..40).map(|n| format!("{n}.yaml")).collect();
    let texts: Vec<String> = (1..=40)
        .map(|n| {
            format!("Resources: {{N: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {n}.yaml}}}}}}")
        })
        .collect();
    let files: Vec<(&str, &str)> = names.iter().zip(&texts).map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let problems = load(&files, &["0.yaml"]).unwrap_err();
    assert_eq!(problems, [("stacks nest deeper than 16 levels".to_owned(), "16.yaml".to_owned())]);
}

#[test]
fn nesting_again_and_again_comes_to_an_end() {
    let level = |next: usize| {
        let stack = |side: &str| {
            format!(
                "{side}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {next}.yaml, Parameters: {{P: !Sub '${{P}}{side}'}}}}}}"
            )
        };
        format!("Parameters: {{P: {{Type: String, Default: x}}}}\nResources: {{{}, {}}}", stack("L"), stack("R"))
    };
    let mut files: Vec<(String, String)> = (0..12).map(|n| (format!("{n}.yaml"), level(n + 1))).collect();
    files.push(("12.yaml".into(), "Parameters: {P: {Type: String}}\nResources: {R: {Type: T::T::T}}".into()));
    let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let problems = load(&files, &["0.yaml"]).unwrap_err();
    assert!(problems.iter().any(|(message, _)| message == "too many nested stacks"), "{problems:?}");
}
