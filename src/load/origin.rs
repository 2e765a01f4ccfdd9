//! A processed template, pointed at the lines of the template that it was made from.
//!
//! CloudFormation keeps both: what was handed in, which its author knows, and what macros, SAM and includes made of it, which is what was
//! deployed. The second one says what is declared, the first one where.

use super::serverless::{Maker, maker};
use super::{Template, check, parse_running, tree};
use crate::diag::Diagnostic;
use crate::model::{Entry, Kind, Map, Value};
use crate::source::{FileId, Sources, Span};

/// Reads the template of a deployed stack. `processed` is what CloudFormation made of `original`; every value of it gets the place of the value
/// at the same path in `original`, else of the nearest thing that exists there or that made it. `name` is the original's. Where the processed
/// text cannot be read, the original stands for itself: what its transforms do is then not known.
pub fn parse_deployed(
    sources: &mut Sources,
    name: &str,
    original: &str,
    processed: &str,
) -> Result<Template, Vec<Diagnostic>> {
    let template = match parse_running(sources, &format!("{name}?stage=Processed"), processed) {
        Ok(template) if template.root.child("Resources").is_some() => template,
        _ => return parse_running(sources, name, original),
    };
    let file = sources.add(name, original);
    // The stack runs, so its original is no longer anybody's mistake: without a readable one, the processed text is shown.
    let (documents, _) = tree::read(file, original);
    documents.iter().flat_map(check::secrets).for_each(|at| sources.hide(at));
    Ok(match documents.first() {
        Some(root) => relocate(template, file, root),
        None => template,
    })
}

/// A template as CloudFormation processed it, shown at the lines of a text that says the same before processing.
#[must_use]
pub fn on_lines_of(processed: Template, text: &Template) -> Template {
    relocate(processed, text.file, &text.root)
}

fn relocate(mut processed: Template, file: FileId, original: &Value) -> Template {
    let transform = original.as_map().and_then(|root| root.get("Transform").or_else(|| root.get("Fn::Transform")));
    let fallback = transform.map_or(original.at, |entry| entry.value.at);
    processed.root.at = original.at;
    if let Kind::Map(sections) = &mut processed.root.kind {
        for (name, section) in sections {
            let source = original.as_map().and_then(|root| root.get(name));
            match (&**name, source, &mut section.value.kind) {
                ("Resources", Some(source), Kind::Map(resources)) => {
                    section.key_at = source.key_at;
                    section.value.at = source.value.at;
                    place_resources(resources, source, fallback);
                }
                _ => place(section, source, fallback),
            }
        }
    }
    processed.file = file;
    processed
}

fn place_resources(resources: &mut Map, source: &Entry, fallback: Span) {
    let empty = Map::new();
    let originals = source.value.as_map().unwrap_or(&empty);
    for (id, resource) in resources {
        match originals.get(id) {
            Some(same) => place(resource, Some(same), fallback),
            None => match maker(originals, id) {
                Some(Maker::Turn(body)) => place(resource, Some(body), fallback),
                Some(Maker::Resource(owner)) => place(resource, None, owner.key_at),
                Some(Maker::Expansion(at)) => place(resource, None, at),
                None => place(resource, None, fallback),
            },
        }
    }
}

/// Gives a member of a mapping the place of its counterpart, or `fallback` throughout.
fn place(entry: &mut Entry, source: Option<&Entry>, fallback: Span) {
    entry.key_at = source.map_or(fallback, |source| source.key_at);
    place_value(&mut entry.value, source.map(|source| &source.value), entry.key_at);
}

fn place_value(value: &mut Value, source: Option<&Value>, fallback: Span) {
    value.at = source.map_or(fallback, |source| source.at);
    match &mut value.kind {
        Kind::Map(map) => {
            let sources = source.and_then(Value::as_map);
            for (name, entry) in map {
                place(entry, sources.and_then(|sources| sources.get(name)), fallback);
            }
        }
        Kind::List(items) => {
            let sources = source.and_then(Value::as_list).unwrap_or_default();
            // Where elements were added or taken away, the same index may be another element: only an equal one is taken for the same.
            let aligned = sources.len() == items.len();
            for (n, item) in items.iter_mut().enumerate() {
                let same = if aligned { sources.get(n) } else { sources.iter().find(|s| equal(s, item)) };
                let here = value.at;
                place_value(item, same, if source.is_some() { here } else { fallback });
            }
        }
        _ => {}
    }
}

/// Whether two values say the same, wherever they stand.
fn equal(a: &Value, b: &Value) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::List(a), Kind::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Kind::Map(a), Kind::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(&a.value, &b.value)))
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Inputs, evaluate};
    use super::*;
    use crate::model::{Resource, types};

    const SAM: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: prod}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      CodeUri: src/
      Handler: app.handler
      Policies: [AmazonS3ReadOnlyAccess]
      Events:
        Get: {Type: Api, Properties: {Path: /, Method: get}}
  HelloWorld:
    Type: AWS::Serverless::Function
    Properties: {Runtime: nodejs22.x, CodeUri: src/, Handler: index.handler}
  Data:
    Type: AWS::S3::Bucket
    Properties:
      Tags:
        - {Key: a, Value: b}
";

    /// What SAM makes of it, in the form that `GetTemplate` answers.
    const PROCESSED: &str = r#"{
      "AWSTemplateFormatVersion": "2010-09-09",
      "Parameters": {"Stage": {"Type": "String", "Default": "prod"}},
      "Resources": {
        "Hello": {"Type": "AWS::Lambda::Function", "Properties": {
            "Code": {"S3Bucket": "artifacts", "S3Key": "abc"}, "Handler": "app.handler", "Runtime": "python3.13",
            "Role": {"Fn::GetAtt": ["HelloRole", "Arn"]}, "Tags": [{"Key": "lambda:createdBy", "Value": "SAM"}]}},
        "HelloRole": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17"}}},
        "HelloGetPermissionStage": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:InvokeFunction"}},
        "HelloWorld": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "nodejs22.x"}},
        "HelloWorldRole": {"Type": "AWS::IAM::Role", "Properties": {}},
        "ServerlessRestApi": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": {"swagger": "2.0"}}},
        "Data": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [
            {"Key": "stage", "Value": {"Ref": "Stage"}}, {"Key": "a", "Value": "b"}]}}
      }}"#;

    fn deployed(original: &str, processed: &str) -> (Sources, Vec<Resource>) {
        let mut sources = Sources::default();
        let template = parse_deployed(&mut sources, "cloudformation://eu-west-1/app", original, processed).unwrap();
        let mut declared = evaluate(&template, &Inputs::default()).unwrap();
        (sources, declared.variants.remove(0))
    }

    #[test]
    fn a_resource_points_at_the_line_that_its_author_wrote() {
        let (sources, resources) = deployed(SAM, PROCESSED);
        let find = |id: &str| resources.iter().find(|r| r.address.logical_id.as_deref() == Some(id)).unwrap();
        let line = |at: Span| sources.place(at).unwrap().start.line;
        for (id, expected) in [
            ("Hello", 6),
            ("HelloRole", 6),
            ("HelloGetPermissionStage", 6),
            ("HelloWorld", 15),
            ("HelloWorldRole", 15),
            ("ServerlessRestApi", 2),
            ("Data", 18),
        ] {
            assert_eq!(line(find(id).at), expected, "{id}");
        }
        let hello = find("Hello");
        assert_eq!(line(hello.get("Runtime").at()), 9, "the same path in the original");
        assert_eq!(line(hello.get("Code.S3Bucket").at()), 8, "the nearest thing that exists there");
        assert_eq!(line(find("HelloRole").get("AssumeRolePolicyDocument.Version").at()), 6);
        let tags = find("Data").get("Tags");
        assert_eq!(line(tags.get("1.Key").at()), 22, "an element is found again where another one was put before it");
        assert_eq!(line(tags.get("0.Key").at()), 22, "the added one is shown at the list");
        let template = resources.iter().find(|r| &*r.kind == types::TEMPLATE).unwrap();
        assert!(template.attribute("Incomplete").is_absent(), "nothing is left to be made");
        assert_eq!(sources.name(template.at.file), "cloudformation://eu-west-1/app");
        assert_eq!(&*hello.kind, "AWS::Lambda::Function", "what is declared is what was processed");
    }

    #[test]
    fn a_turn_of_a_loop_points_into_the_loop() {
        let original = "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::Buckets:\n    - Name\n    - [Logs, Data]\n    \
                        - Bucket${Name}:\n        Type: AWS::S3::Bucket\n        Properties:\n          BucketName: !Sub x-${Name}\n";
        let processed = r#"{"Resources": {"BucketLogs": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "x-Logs"}},
                            "BucketData": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "x-Data"}}}}"#;
        let (sources, resources) = deployed(original, processed);
        let bucket = resources.iter().find(|r| r.address.logical_id.as_deref() == Some("BucketData")).unwrap();
        assert_eq!(sources.place(bucket.at).unwrap().start.line, 6);
        assert_eq!(sources.place(bucket.get("BucketName").at()).unwrap().start.line, 9);
    }

    #[test]
    fn without_a_readable_original_the_processed_text_is_shown() {
        let (sources, resources) = deployed("a: [", PROCESSED);
        assert_eq!(sources.name(resources[0].at.file), "cloudformation://eu-west-1/app?stage=Processed");
    }

    #[test]
    fn without_a_readable_processed_text_the_original_is_declared_as_far_as_it_is_known() {
        let (_, resources) = deployed(SAM, "OrderedDict({'Resources': OrderedDict()})");
        let template = resources.iter().find(|r| &*r.kind == types::TEMPLATE).unwrap();
        assert!(template.attribute("Incomplete").why_unknown().is_some());
        assert!(resources.iter().any(|r| &*r.kind == "AWS::Serverless::Function"));
    }
}
