//! Resources and their attributes.

use super::super::names::{ATTRIBUTES, is_expansion, is_loop};
use super::super::scope::Scope;
use super::limits::name as check_name;
use super::{MAX_PROBLEMS, sections, suggest};
use crate::diag::Diagnostic;
use crate::model::{Entry, Kind, Map, Value};

pub(super) fn check(scope: &Scope<'_>, text: &str, problems: &mut Vec<Diagnostic>) {
    let Some(section) = scope.root.as_map().and_then(|root| root.get("Resources")) else { return };
    if scope.resources.is_empty() {
        let what = if section.value.as_map().is_some() || section.value.kind == Kind::Null {
            "`Resources` is empty"
        } else {
            "`Resources` must be a mapping"
        };
        problems.push(Diagnostic::error(section.key_at, what).hint("a template declares at least one resource"));
    }
    // A macro may take any attribute away before CloudFormation looks.
    let strict = scope.transforms().is_empty();
    for (id, entry) in scope.resources {
        if problems.len() >= MAX_PROBLEMS {
            return;
        }
        if is_loop(id) {
            // Said where its collection is looked up.
        } else if is_expansion(id) {
            problems.push(
                Diagnostic::warning(entry.key_at, format!("`{id}` is not expanded"))
                    .label("the resources it makes are not seen"),
            );
        } else {
            problems.extend(check_name("resource", id, entry.key_at, text));
            resource(id, entry, strict, problems);
        }
    }
}

fn resource(id: &str, entry: &Entry, strict: bool, problems: &mut Vec<Diagnostic>) {
    let Some(body) = entry.value.as_map() else {
        problems.push(
            Diagnostic::error(entry.key_at, format!("resource `{id}` is not a mapping"))
                .hint("a resource has a `Type` and, as a rule, `Properties`"),
        );
        return;
    };
    if sections::is_misplaced(id, body, "Type") {
        return;
    }
    let meant = strict && attributes(id, body, problems);
    if body.keys().any(|key| is_loop(key)) {
        // Said where its collection is looked up.
    } else if let Some(expansion) = body.keys().find(|key| is_expansion(key)) {
        problems.push(Diagnostic::warning(entry.key_at, format!("`{expansion}` in resource `{id}` is not expanded")));
    } else if !body.contains_key("Type") && !meant {
        let problem = Diagnostic::error(entry.key_at, format!("resource `{id}` has no `Type`"));
        problems.push(problem.hint("every resource names its type, `AWS::S3::Bucket` for example"));
    }
    if let Some(kind) = body.get("Type") {
        typed(id, &kind.value, strict, problems);
    }
    if let Some(properties) = body.get("Properties").map(|p| &p.value)
        && !matches!(properties.kind, Kind::Map(_) | Kind::Null)
    {
        let problem =
            Diagnostic::error(properties.at, format!("the `Properties` of resource `{id}` must be a mapping"));
        problems.push(problem.label("not a mapping"));
    }
    if let Some(value) = body.get("DependsOn").map(|depends| &depends.value) {
        let ids = value.as_list().unwrap_or(std::slice::from_ref(value));
        if let Some(wrong) = ids.iter().find(|id| !matches!(id.kind, Kind::Str(_) | Kind::Null)) {
            let problem = Diagnostic::error(wrong.at, format!("wrong `DependsOn` of resource `{id}`"));
            problems.push(problem.label("expected the name of a resource").hint("`DependsOn` takes no functions"));
        }
    }
    if let Some(value) = body.get("Condition").map(|condition| &condition.value)
        && !matches!(value.kind, Kind::Str(_) | Kind::Null)
    {
        let problem = Diagnostic::error(value.at, format!("wrong `Condition` of resource `{id}`"));
        problems.push(problem.label("expected the name of a condition"));
    }
}

/// Unknown attributes; whether one of them is meant to be `Type`.
fn attributes(id: &str, body: &Map, problems: &mut Vec<Diagnostic>) -> bool {
    if body.get("Type").is_some_and(|kind| kind.value.as_map().is_some()) {
        return false;
    }
    let mut meant = false;
    for (name, attribute) in body {
        if ATTRIBUTES.contains(&&**name) || is_expansion(name) {
            continue;
        }
        let problem = Diagnostic::error(attribute.key_at, format!("unknown attribute `{name}` of resource `{id}`"));
        let problem = suggest(problem.label("not an attribute of a resource"), name, ATTRIBUTES.iter().copied());
        meant |= problem.hint.as_deref() == Some("did you mean `Type`?");
        problems.push(match problem.hint {
            Some(_) => problem,
            None => problem.hint("what describes the resource itself belongs under `Properties`"),
        });
    }
    meant
}

fn typed(id: &str, kind: &Value, strict: bool, problems: &mut Vec<Diagnostic>) {
    match &kind.kind {
        Kind::Map(call) => {
            let what = call.keys().next().map_or("a mapping", |key| key.strip_prefix("Fn::").unwrap_or(key));
            let problem = Diagnostic::warning(kind.at, format!("the type of resource `{id}` comes from `{what}`"));
            problems.push(problem.label("the resource is not seen"));
        }
        Kind::Str(name) if strict && !is_type(name) => {
            let problem = Diagnostic::error(kind.at, format!("`{name}` is not the name of a resource type"));
            let problem = problem.label("expected `Organization::Service::Resource`");
            let parts: Vec<&str> = name.split(':').map(str::trim).filter(|part| !part.is_empty()).collect();
            let repaired = parts.join("::");
            problems.push(if parts.len() == 3 && is_type(&repaired) {
                problem.hint(format!("write `{repaired}`"))
            } else {
                problem
            });
        }
        Kind::Str(_) | Kind::Null => {}
        _ => problems.push(Diagnostic::error(kind.at, format!("the `Type` of resource `{id}` must be a text"))),
    }
}

/// `AWS::S3::Bucket`, `Custom::Anything`, `Organization::Service::Resource::MODULE`.
fn is_type(name: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
    match *name.split("::").collect::<Vec<_>>() {
        ["Custom", own] => {
            !own.is_empty() && own.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '-'))
        }
        [organization, service, resource] | [organization, service, resource, "MODULE"] => {
            word(organization) && word(service) && word(resource)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{clean, shown};

    fn says(resource: &str, parts: &[&str]) {
        let shown = shown(&format!("Resources:\n  R: {resource}\n"));
        assert_eq!(shown.len(), 1, "{resource}: {shown:#?}");
        for part in parts {
            assert!(shown[0].contains(part), "{part} in {}", shown[0]);
        }
    }

    #[test]
    fn each_mistake_of_a_resource_is_said_at_its_place() {
        says(
            "{Type: T::T::T, properties: {}}",
            &["unknown attribute `properties`", "2:22", "did you mean `Properties`?"],
        );
        says("{type: T::T::T}", &["unknown attribute `type`", "2:7", "did you mean `Type`?"]);
        says("{Type: T::T::T, BucketName: x}", &["unknown attribute `BucketName`", "belongs under `Properties`"]);
        says("{Type: 5}", &["the `Type` of resource `R` must be a text", "2:13"]);
        says(
            "{Type: AWS:S3:Bucket}",
            &["`AWS:S3:Bucket` is not the name of a resource type", "2:13", "write `AWS::S3::Bucket`"],
        );
        says("{Type: Bucket}", &["`Bucket` is not the name of a resource type", "Organization::Service::Resource"]);
        says(
            "{Type: T::T::T, DependsOn: !Ref R2}",
            &["wrong `DependsOn` of resource `R`", "2:33", "takes no functions"],
        );
        says("{Type: T::T::T, Condition: [a]}", &["wrong `Condition` of resource `R`", "2:33"]);
    }

    #[test]
    fn what_a_module_makes_has_a_name() {
        let text = |name: &str| {
            format!(
                "Resources: {{M: {{Type: 'My::S3::Bucket::MODULE'}}, R: {{Type: T::T::T, Properties: {{P: {name}}}}}}}"
            )
        };
        clean(&text("!Ref M.Bucket"));
        clean(&text("!Ref MBucket"));
        clean(&text("!GetAtt M.Bucket.Arn"));
        clean(&text("!Sub '${MBucket.Arn}'"));
    }

    #[test]
    fn types_of_every_origin_are_types() {
        for kind in [
            "AWS::S3::Bucket",
            "AWS::CDK::Metadata",
            "Custom::My_Thing-1@x",
            "My::Own::Bucket::MODULE",
            "MongoDB::Atlas::Cluster",
            "Alexa::ASK::Skill",
        ] {
            clean(&format!("Resources: {{R: {{Type: '{kind}'}}}}"));
        }
    }
}
