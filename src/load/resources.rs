//! The resources of one variant.

use std::collections::HashMap;
use std::sync::Arc;

use super::evaluator::Evaluator;
use super::scope::Scope;
use super::{Template, call, names};
use crate::model::{Address, Entry, Kind, Map, Resource, Unknown, Value, World, types};
use crate::source::Span;

/// Parameters that say which environment a stack belongs to, the more telling ones first.
const ENVIRONMENT: &[&str] =
    &["environment", "environmentname", "env", "environmenttype", "environmentsuffix", "stage"];

/// The properties of resources as they are written, by logical id; shared by all variants.
pub(super) type Written = HashMap<Arc<str>, Arc<Value>>;

/// What every resource says of its properties.
pub(super) fn written(scope: &Scope<'_>) -> Written {
    let properties = |(id, entry): (&Arc<str>, &Entry)| {
        let properties = entry.value.child("Properties").filter(|p| p.kind != Kind::Null)?;
        Some((Arc::clone(id), Arc::new(properties.clone())))
    };
    scope.resources.iter().filter_map(properties).collect()
}

/// Every resource that exists in this variant, and the template itself as one more. Only the `first` variant holds what the template says;
/// the others would say the same.
pub(super) fn all(template: &Template, on: &Evaluator<'_>, written: &Written, first: bool) -> Vec<Resource> {
    let environment = environment(on);
    let declared =
        on.scope.resources.iter().filter(|(id, entry)| !names::is_expansion(id) && on.left_out(&entry.value).is_none());
    let mut all: Vec<Resource> =
        declared.filter_map(|(id, entry)| resource(on, id, entry, environment.as_ref())).collect();
    for r in &mut all {
        r.raw = r.address.logical_id.as_ref().and_then(|id| written.get(id)).cloned();
    }
    let mut itself = itself(template, on, environment);
    if first {
        itself.properties = on.scope.root.clone();
    }
    all.push(itself);
    all
}

fn resource(on: &Evaluator<'_>, id: &Arc<str>, entry: &Entry, environment: Option<&Arc<str>>) -> Option<Resource> {
    let body = entry.value.as_map()?;
    // Another tool's module has no type of its own; the check has warned about it.
    let kind = body.get("Type")?.value.as_str()?;
    let address = Address {
        logical_id: Some(Arc::clone(id)),
        physical_id: on.inputs.physical_ids.get(id).cloned(),
        ..address(on)
    };
    let mut resource = Resource::new(kind, address, World::Closed, entry.key_at);
    if let Some((name, expansion)) = body.iter().find(|(key, _)| names::is_expansion(key)) {
        resource.properties.kind = Kind::Unknown(call::why(on, name, &expansion.value));
    }
    let properties = body.get("Properties").filter(|p| p.value.kind != Kind::Null);
    if let Some(resolved) = properties.and_then(|p| on.value(&p.value)) {
        resource.properties = resolved;
    }
    let mut attributes = Map::new();
    for (name, entry) in body {
        let value = match &**name {
            "Type" | "Properties" => None,
            "Condition" | "DependsOn" => Some(entry.value.clone()),
            _ => on.value(&entry.value),
        };
        if let Some(value) = value {
            attributes.insert(Arc::clone(name), Entry { key_at: entry.key_at, value });
        }
    }
    resource.attributes.kind = Kind::Map(attributes);
    resource.environment = resource.tag("Environment").or_else(|| environment.cloned());
    Some(resource)
}

/// The template as a resource: its sections, unresolved. The attribute `Incomplete` is unknown, with the reason, where a transform or a
/// loop may declare resources that the text does not show. `Hooks` is the section of that name, `EnvironmentParameter` the parameter
/// that says which environment the stack belongs to, and `StackTags` what CloudFormation tags every resource with.
fn itself(template: &Template, on: &Evaluator<'_>, environment: Option<Arc<str>>) -> Resource {
    let address = Address { physical_id: on.inputs.stack_id.clone(), ..address(on) };
    let resources = template.root.as_map().and_then(|root| root.get("Resources"));
    let at = resources.map_or_else(|| Span::new(template.file, 0, 0), |entry| entry.key_at);
    let mut resource = Resource::new(types::TEMPLATE, address, World::Closed, at);
    resource.environment = environment;
    let tag = |(key, value): (&Arc<str>, &Arc<str>)| {
        let value = Value::live(Kind::Str(Arc::clone(value)));
        (Arc::clone(key), Entry { key_at: Span::LIVE, value })
    };
    if !on.inputs.tags.is_empty() {
        resource.set_attribute("StackTags", Kind::Map(on.inputs.tags.iter().map(tag).collect()));
    }
    if let Some(name) = on.scope.expansion() {
        let left = on.scope.resources.get(&name).filter(|_| names::is_expansion(&name));
        let why =
            left.map_or_else(|| Unknown::Unsupported(Arc::clone(&name)), |entry| call::why(on, &name, &entry.value));
        resource.set_attribute("Incomplete", Kind::Unknown(why));
    }
    if let Some(hooks) = on.scope.root.child("Hooks") {
        resource.set_attribute("Hooks", hooks.kind.clone());
    }
    if let Some(name) = environment_parameters(on).next() {
        resource.set_attribute("EnvironmentParameter", Kind::Str(Arc::clone(name)));
    }
    resource
}

fn address(on: &Evaluator<'_>) -> Address {
    Address {
        account: Arc::clone(&on.inputs.account),
        region: Arc::clone(&on.inputs.region),
        stack: Some(Arc::clone(&on.inputs.stack)),
        ..Address::default()
    }
}

/// The parameter that says which environment a stack of the template belongs to, and the environments that it allows;
/// `None` if no such parameter has a list of allowed values.
#[must_use]
pub fn environments(template: &Template) -> Option<(Arc<str>, Vec<Arc<str>>)> {
    let parameters = template.root.child("Parameters").and_then(Value::as_map)?;
    let name = telling(|| parameters.keys()).next()?;
    let allowed = parameters.get(name)?.value.child("AllowedValues").and_then(Value::as_list)?;
    let values: Vec<Arc<str>> = allowed.iter().filter_map(Value::text).collect();
    (!values.is_empty()).then(|| (Arc::clone(name), values))
}

/// The environment of the stack: a parameter says it, or a tag of the stack.
fn environment(on: &Evaluator<'_>) -> Option<Arc<str>> {
    let text = |name: &Arc<str>| match on.parameters.get(name)? {
        Kind::Str(text) if !text.is_empty() => Some(Arc::clone(text)),
        _ => None,
    };
    let parameter = environment_parameters(on).find_map(text);
    parameter.or_else(|| ["Environment", "environment"].iter().find_map(|tag| on.inputs.tags.get(*tag)).cloned())
}

/// The parameters of the template that say which environment a stack belongs to.
fn environment_parameters<'a>(on: &'a Evaluator<'_>) -> impl Iterator<Item = &'a Arc<str>> {
    telling(|| on.scope.parameters.keys())
}

/// Those of some names that say which environment a stack belongs to, the more telling ones first.
fn telling<'a, I: Iterator<Item = &'a Arc<str>>>(names: impl Fn() -> I) -> impl Iterator<Item = &'a Arc<str>> {
    ENVIRONMENT.iter().filter_map(move |wanted| names().find(|name| name.eq_ignore_ascii_case(wanted)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{declared, resource};
    use super::super::{Declared, Inputs};
    use super::*;

    const STACK: &str = "Parameters: {EnvironmentSuffix: {Type: String, Default: pr7}}\n\
                         Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    DeletionPolicy: Retain\n    DependsOn: Vpc\n    \
                         Properties: {Size: !Ref EnvironmentSuffix}\n  \
                         Vpc: {Type: AWS::EC2::VPC, Properties: {Tags: [{Key: Environment, Value: prod}]}}\n";

    fn template(declared: &Declared) -> &Resource {
        declared.variants[0].iter().find(|r| &*r.kind == types::TEMPLATE).unwrap()
    }

    #[test]
    fn a_resource_has_its_address_its_attributes_and_both_forms_of_its_properties() {
        let inputs = Inputs {
            stack: "app".into(),
            account: "123456789012".into(),
            region: "eu-west-1".into(),
            physical_ids: [("Db".into(), "db-1".into())].into(),
            ..Inputs::default()
        };
        let db = resource(STACK, "Db", &inputs);
        assert_eq!(db.address.stack.as_deref(), Some("app"));
        assert_eq!((&*db.address.account, &*db.address.region), ("123456789012", "eu-west-1"));
        assert_eq!(db.address.physical_id.as_deref(), Some("db-1"));
        assert_eq!(db.attributes.to_string(), r#"{"DeletionPolicy":"Retain","DependsOn":"Vpc"}"#);
        assert_eq!(db.properties.to_string(), r#"{"Size":"pr7"}"#);
        assert_eq!(db.raw.unwrap().to_string(), r#"{"Size":{"Ref":"EnvironmentSuffix"}}"#);
        assert_eq!(&STACK[db.at.start as usize..db.at.end as usize], "Db");
        assert_eq!(db.world, World::Closed);
    }

    #[test]
    fn policies_that_hold_functions_are_resolved_like_properties() {
        let text = "Transform: AWS::LanguageExtensions\n\
                    Parameters: {Keep: {Type: String, Default: Retain}, Wait: {Type: String, Default: PT5M}}\n\
                    Conditions: {Yes: !Equals [a, a]}\n\
                    Resources: {R: {Type: T::T::T, DeletionPolicy: !Ref Keep, UpdateReplacePolicy: !If [Yes, Snapshot, Delete], \
                    CreationPolicy: {ResourceSignal: {Timeout: !Ref Wait}}, \
                    UpdatePolicy: {AutoScalingRollingUpdate: {PauseTime: !Sub '${Wait}', WaitOnResourceSignals: !If [Yes, true, false]}}}}";
        let r = resource(text, "R", &Inputs::default());
        assert_eq!(r.attribute("DeletionPolicy").as_str(), Some("Retain"));
        assert_eq!(r.attribute("UpdateReplacePolicy").as_str(), Some("Snapshot"));
        let shown = |name: &str| r.attributes.child(name).unwrap().to_string();
        assert_eq!(shown("CreationPolicy"), r#"{"ResourceSignal":{"Timeout":"PT5M"}}"#);
        let rolling = r#"{"AutoScalingRollingUpdate":{"PauseTime":"PT5M","WaitOnResourceSignals":true}}"#;
        assert_eq!(shown("UpdatePolicy"), rolling);
    }

    #[test]
    fn the_environment_is_the_resources_own_tag_then_a_parameter_then_a_tag_of_the_stack() {
        let tagged = Inputs { tags: [("Environment".into(), "stack".into())].into(), ..Inputs::default() };
        assert_eq!(resource(STACK, "Vpc", &tagged).environment.as_deref(), Some("prod"));
        assert_eq!(resource(STACK, "Db", &tagged).environment.as_deref(), Some("pr7"));
        let bare = "Resources: {R: {Type: T::T::T}}";
        assert_eq!(resource(bare, "R", &tagged).environment.as_deref(), Some("stack"));
        assert_eq!(resource(bare, "R", &Inputs::default()).environment, None);
    }

    #[test]
    fn the_template_is_a_resource_with_its_sections_as_they_are_written() {
        let declared = declared(STACK, &Inputs { stack: "app".into(), ..Inputs::default() });
        let itself = template(&declared);
        assert_eq!(itself.address.logical_id, None);
        assert_eq!(itself.get("Parameters.EnvironmentSuffix.Default").as_str(), Some("pr7"));
        assert_eq!(itself.get("Resources.Db.Properties.Size.Ref").as_str(), Some("EnvironmentSuffix"));
        assert_eq!(&STACK[itself.at.start as usize..itself.at.end as usize], "Resources");
        assert!(itself.attribute("Incomplete").is_absent());
    }

    #[test]
    fn what_a_loop_would_add_makes_the_template_incomplete() {
        let text = "Transform: AWS::LanguageExtensions\n\
                    Parameters: {Names: {Type: CommaDelimitedList}}\n\
                    Resources: {Fn::ForEach::All: [X, !Ref Names, {'B${X}': {Type: AWS::S3::Bucket}}], R: {Type: T::T::T, \
                    Properties: {Fn::Transform: {Name: AWS::Include}, A: !GetAtt Ba.Arn}}}";
        let declared = declared(text, &Inputs::default());
        let why = template(&declared).attribute("Incomplete").why_unknown();
        assert_eq!(why, Some(Unknown::Parameter("Names".into())));
        let r = resource(text, "R", &Inputs::default());
        assert_eq!(r.get("Anything").why_unknown(), Some(Unknown::Outside("what AWS::Include adds".into())));
    }
}
