//! Helpers of this module's tests.

use super::{Declared, Inputs, evaluate, parse};
use crate::diag::Diagnostic;
use crate::model::{Resource, Value};
use crate::source::Sources;

/// Evaluates a template.
pub(super) fn declared(text: &str, inputs: &Inputs) -> Declared {
    let mut sources = Sources::default();
    let rendered = |problems: Vec<Diagnostic>, sources: &Sources| -> String {
        problems.iter().map(|problem| problem.render(sources, false)).collect()
    };
    let template = parse(&mut sources, "t.yaml", text).unwrap_or_else(|p| panic!("{}", rendered(p, &sources)));
    evaluate(&template, inputs).unwrap_or_else(|p| panic!("{}", rendered(p, &sources)))
}

/// The resource of a logical id in the only variant.
pub(super) fn resource(text: &str, id: &str, inputs: &Inputs) -> Resource {
    let declared = declared(text, inputs);
    assert_eq!(declared.variants.len(), 1, "the conditions of the template are decided");
    declared.variants[0].iter().find(|r| r.address.logical_id.as_deref() == Some(id)).unwrap().clone()
}

/// What a value comes to as the property of a resource. `rest` is the rest of the template.
pub(super) fn value(written: &str, rest: &str, inputs: &Inputs) -> Value {
    let vpc = "Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }";
    let text = format!("{rest}\nResources:\n  Subject: {{ Type: T::T::T, Properties: {{ P: {written} }} }}\n  {vpc}\n");
    resource(&text, "Subject", inputs).properties.child("P").cloned().expect("the property is there")
}

/// The same with nothing else in the template, as a person would read it.
pub(super) fn shown(written: &str, inputs: &Inputs) -> String {
    value(written, "", inputs).to_string()
}

/// Messages with the text they point at.
pub(super) fn problems(text: &str) -> Vec<(String, String)> {
    let mut sources = Sources::default();
    let found = match parse(&mut sources, "t.yaml", text) {
        Ok(template) => template.warnings,
        Err(problems) => problems,
    };
    let slice = |p: &Diagnostic| text[p.at.start as usize..p.at.end as usize].to_owned();
    found.iter().map(|problem| (problem.message.clone(), slice(problem))).collect()
}
