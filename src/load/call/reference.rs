//! `Ref`, `Fn::GetAtt`, `Fn::ImportValue`.

use std::sync::Arc;

use super::super::evaluator::Evaluator;
use super::super::pseudo;
use super::{Answer, same};
use crate::model::{Kind, Reference, Unknown, Value};

pub(super) fn reference(on: &Evaluator<'_>, argument: &Value) -> Answer {
    Ok(named(on, &on.text(argument, "Ref")?))
}

/// What a bare name stands for: a parameter, a pseudo parameter or a resource.
pub(super) fn named(on: &Evaluator<'_>, name: &str) -> Kind {
    if let Some(kind) = on.parameters.get(name) {
        return on.copy(kind).unwrap_or_else(Kind::Unknown);
    }
    pseudo::value(name, on.inputs).unwrap_or_else(|| resource(on, name, None))
}

pub(super) fn attribute(on: &Evaluator<'_>, argument: &Value) -> Answer {
    let unsupported = || Unknown::Unsupported("Fn::GetAtt".into());
    match &argument.kind {
        Kind::Str(dotted) => {
            let (id, attribute) = dotted.split_once('.').ok_or_else(unsupported)?;
            Ok(resource(on, id, Some(attribute)))
        }
        Kind::List(parts) => {
            let texts = parts.iter().map(|part| on.text(part, "Fn::GetAtt")).collect::<Result<Vec<_>, _>>()?;
            let (id, path) = texts.split_first().filter(|(_, path)| !path.is_empty()).ok_or_else(unsupported)?;
            Ok(resource(on, id, Some(&path.join("."))))
        }
        _ => Err(unsupported()),
    }
}

/// A reference to a resource; it stays symbolic even where its value is known.
pub(super) fn resource(on: &Evaluator<'_>, id: &str, attribute: Option<&str>) -> Kind {
    let reference = |value| Reference {
        stack: Arc::clone(&on.inputs.stack),
        logical_id: id.into(),
        attribute: attribute.map(Into::into),
        value,
    };
    let Some(declared) = on.scope.resources.get(id) else {
        // Checked before: only what a transform or a loop makes can be missing here.
        return Kind::Unknown(Unknown::Runtime(reference(None).to_string().into()));
    };
    if let Some(condition) = on.left_out(&declared.value) {
        return Kind::Unknown(Unknown::Condition(condition));
    }
    let output = attribute.and_then(|attribute| attribute.strip_prefix("Outputs."));
    if let Some(kind) = output.and_then(|output| on.inputs.nested_values.get(&(id.into(), output.into()))) {
        return kind.clone();
    }
    let physical = on.inputs.physical_ids.get(id);
    let value = match attribute {
        None => physical.cloned(),
        Some(attribute) => match attribute.strip_prefix("Outputs.") {
            Some(output) => on.inputs.nested_outputs.get(&(id.into(), output.into())).cloned(),
            None => physical
                .filter(|physical| same::is_physical_id(&declared.value, attribute, physical))
                .cloned()
                .or_else(|| on.inputs.attributes.get(&(id.into(), attribute.into())).cloned())
                .or_else(|| on.nested(same::property(&declared.value, attribute)?)?.text()),
        },
    };
    Kind::Ref(reference(value))
}

pub(super) fn import(on: &Evaluator<'_>, argument: &Value) -> Answer {
    let name = on.text(argument, "Fn::ImportValue")?;
    on.inputs.exports.get(&name).map(|value| Kind::Str(Arc::clone(value))).ok_or(Unknown::Import(name))
}

#[cfg(test)]
mod tests {
    use super::super::super::Inputs;
    use super::super::super::testing::{resource, shown, value};
    use super::*;

    #[test]
    fn a_reference_stays_symbolic_and_carries_its_value_where_that_is_known() {
        let deployed = Inputs {
            stack: "net".into(),
            physical_ids: [("Vpc".into(), "vpc-1".into())].into(),
            nested_outputs: [(("Vpc".into(), "Id".into()), "out".into())].into(),
            ..Inputs::default()
        };
        let reference = |written, inputs| match value(written, "", inputs).kind {
            Kind::Ref(reference) => reference,
            other => panic!("{other:?}"),
        };
        let vpc = reference("!Ref Vpc", &deployed);
        assert_eq!((&*vpc.stack, &*vpc.logical_id, vpc.value.as_deref()), ("net", "Vpc", Some("vpc-1")));
        assert_eq!(reference("!GetAtt Vpc.VpcId", &deployed).value.as_deref(), Some("vpc-1"));
        assert_eq!(reference("!GetAtt [Vpc, CidrBlock]", &deployed).value.as_deref(), Some("10.0.0.0/16"));
        assert_eq!(reference("!GetAtt Vpc.DefaultSecurityGroup", &deployed).value, None);
        assert_eq!(reference("!GetAtt Vpc.Outputs.Id", &deployed).value.as_deref(), Some("out"));
        assert_eq!(reference("{'Fn::GetAtt': Vpc.VpcId}", &Inputs::default()).value, None);
    }

    #[test]
    fn properties_that_repeat_each_other_in_a_circle_end_unknown() {
        let text = "Transform: Mine\nResources: {A: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !GetAtt B.CidrBlock}}, \
                    B: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !GetAtt A.CidrBlock}}}";
        let vpc = resource(text, "A", &Inputs::default());
        assert!(vpc.get("CidrBlock").why_unknown().is_some());
    }

    #[test]
    fn an_import_is_known_by_the_exports() {
        let inputs = Inputs { exports: [("net-vpc".into(), "vpc-9".into())].into(), ..Inputs::default() };
        assert_eq!(shown("!ImportValue net-vpc", &inputs), "vpc-9");
        let other = "unknown (import of net-db, whose export is not known)";
        assert_eq!(shown("!ImportValue net-db", &inputs), other);
    }
}
