//! What a template tells the people who use it.

use std::collections::BTreeSet;

use crate::model::{Read, Resource, Value};
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::functions::references;
use super::{enough, fault, section};

rules! {
    /// ## Why
    /// Without `AWS::CloudFormation::Interface` the console shows parameters in alphabetical order under their raw names: the password
    /// between the bucket and the subnet.
    ///
    /// Every parameter is in exactly one group, every group has a label, and so has every parameter. Names of parameters that do not
    /// exist (any more) fail too. Templates with fewer parameters than `min_parameters` are left out.
    ///
    /// ## Fix
    /// ```yaml
    /// Metadata:
    ///   AWS::CloudFormation::Interface:
    ///     ParameterGroups:
    ///       - Label: {default: Network}
    ///         Parameters: [VpcCidr, Environment]
    ///     ParameterLabels:
    ///       VpcCidr: {default: Address range of the VPC}
    ///       Environment: {default: Environment}
    /// ```
    "template-interface-metadata" => {
        title: "The template groups and labels its parameters.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            min_parameters: Preset::Int(2) => "templates with fewer parameters are left out",
            min_label_share: Preset::Share(1.0) => "share of the parameters that need a label; 0 makes labels optional",
        },
        equivalents: [],
        check: interface,
    }

    /// ## Why
    /// Other stacks build on exports; an output without one has to be copied by hand. An export name is unique in a region: a constant one
    /// lets the template be deployed once.
    ///
    /// The name of an export contains `${AWS::StackName}` or a parameter that names the environment.
    ///
    /// ## Fix
    /// ```yaml
    /// Outputs:
    ///   VpcId:
    ///     Description: The VPC, for stacks that add workloads to it
    ///     Value: !Ref Vpc
    ///     Export: {Name: !Sub "${AWS::StackName}-VpcId"}
    /// ```
    "template-outputs-exported" => {
        title: "Outputs are described, and exported under a name of their stack's own.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            require_description: Preset::Bool(true) => "demand a Description",
            min_exported_share: Preset::Share(1.0) => "share of the outputs that must be exported",
            exempt_outputs: Preset::Texts(&[]) => "outputs, by name, that are not judged",
            environment_parameters: Preset::Texts(&["Environment", "EnvironmentName", "EnvironmentSuffix", "EnvName", "Env", "Stage"])
                => "parameters that name the environment",
        },
        equivalents: [],
        check: outputs,
    }

    /// ## Why
    /// Whoever deploys the template sees the description and, after a wrong value, the constraint's. "failed to satisfy constraint:
    /// ^[a-z0-9-]{3,20}$" helps nobody.
    ///
    /// ## Fix
    /// ```yaml
    /// Parameters:
    ///   ProjectName:
    ///     Type: String
    ///     Description: Short name of the project, the beginning of resource names
    ///     AllowedPattern: "[a-z0-9-]{3,20}"
    ///     ConstraintDescription: 3 to 20 lower-case letters, digits and hyphens
    /// ```
    "template-parameter-descriptions" => {
        title: "Every parameter has a useful description, and says what its pattern allows.",
        category: TemplateQuality,
        severity: Low,
        scope: Template,
        types: ["AWS::CloudFormation::Template"],
        params: {
            min_length: Preset::Int(15) => "characters of the shortest useful description",
            require_constraint_description: Preset::Bool(true) => "demand ConstraintDescription next to AllowedPattern",
        },
        equivalents: [],
        check: descriptions,
    }
}

/// Text that says something.
fn some_text(read: &Read<'_>, expected: &str) -> Verdict {
    check::require(read, expected, |v| Some(!v.text()?.trim().is_empty()))
}

fn interface(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let parameters = section(r, "Parameters").count();
    if i64::try_from(parameters).unwrap_or(i64::MAX) < cx.params.int("min_parameters") || parameters == 0 {
        return None;
    }
    let interface = r.get("Metadata.AWS::CloudFormation::Interface");
    if interface.is_absent() {
        return Some(check::fail(&interface, "groups and labels of the parameters"));
    }
    let labels = labels(r, &interface.get("ParameterLabels"), parameters, cx.params.share("min_label_share"));
    Some(groups(r, &interface.get("ParameterGroups")).and(labels))
}

/// Groups have labels and hold every parameter once.
fn groups(r: &Resource, groups: &Read<'_>) -> Verdict {
    let mut seen = BTreeSet::new();
    let grouped = check::each(groups, "a group of parameters", |group| {
        let label = some_text(&group.get("Label.default"), "a label of the group");
        let members = check::each(&group.get("Parameters"), "the name of a parameter", |member| {
            let name = member.as_str().unwrap_or_default();
            if r.get(&format!("Parameters.{name}")).is_absent() {
                return check::fail(member, "a parameter of the template");
            }
            if seen.insert(name) { Verdict::Pass } else { check::fail(member, "a parameter of one group only") }
        });
        label.and(members)
    });
    let missing = section(r, "Parameters").filter(|(name, _)| !seen.contains(&***name));
    grouped.and(Verdict::all(missing.map(|(name, entry)| {
        fault(format!("Parameters.{name}"), "a place in one of the ParameterGroups", None, entry.key_at)
    })))
}

/// Enough parameters have labels, and only parameters have.
fn labels(r: &Resource, labels: &Read<'_>, parameters: usize, share: f64) -> Verdict {
    let stale = labels
        .value()
        .and_then(Value::as_map)
        .into_iter()
        .flatten()
        .filter(|(name, _)| r.get(&format!("Parameters.{name}")).is_absent());
    let stale = Verdict::all(stale.map(|(name, entry)| {
        fault(format!("{}.{name}", labels.path), "a label of a parameter of the template", None, entry.key_at)
    }));
    let unlabelled: Vec<_> = section(r, "Parameters")
        .filter(|(name, _)| !some_text(&labels.get(&format!("{name}.default")), "").is_pass())
        .collect();
    if enough(parameters - unlabelled.len(), parameters, share) {
        return stale;
    }
    stale.and(Verdict::all(
        unlabelled
            .into_iter()
            .map(|(name, entry)| fault(format!("Parameters.{name}"), "a label in ParameterLabels", None, entry.key_at)),
    ))
}

fn outputs(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let exempt = cx.params.texts("exempt_outputs");
    let judged: Vec<_> = section(r, "Outputs")
        .filter(|(name, _)| exempt.iter().all(|e| *e != ***name))
        .map(|(name, _)| r.get(&format!("Outputs.{name}")))
        .collect();
    if judged.is_empty() {
        return None;
    }
    let exported = judged.iter().filter(|output| !output.get("Export.Name").is_absent()).count();
    let enough = enough(exported, judged.len(), cx.params.share("min_exported_share"));
    Some(Verdict::all(judged.iter().map(|output| {
        let name = output.get("Export.Name");
        let export = match name.value() {
            Some(value) => own_name(&name, value, cx.params.texts("environment_parameters")),
            None if enough => Verdict::Pass,
            None => check::fail(&name, "an export name with ${AWS::StackName}"),
        };
        let described = !cx.params.bool("require_description");
        export.and(if described { Verdict::Pass } else { some_text(&output.get("Description"), "a description") })
    })))
}

/// An export name that another stack of the same template does not take.
fn own_name(name: &Read<'_>, value: &Value, environment: &[String]) -> Verdict {
    let own = |reference: &str| {
        reference == "AWS::StackName" || environment.iter().any(|e| e.eq_ignore_ascii_case(reference))
    };
    if references(value).into_iter().any(own) {
        return Verdict::Pass;
    }
    check::fail(name, "a name with ${AWS::StackName} or the environment in it")
}

fn descriptions(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let least = usize::try_from(cx.params.int("min_length")).unwrap_or(0);
    let mut parameters = section(r, "Parameters").peekable();
    parameters.peek()?;
    Some(Verdict::all(parameters.map(|(name, _)| {
        let parameter = r.get(&format!("Parameters.{name}"));
        let expected = format!("at least {least} characters that say more than the name");
        let described = check::require(&parameter.get("Description"), &expected, |v| {
            let text = v.text()?;
            let text = text.trim();
            Some(text.chars().count() >= least && !text.eq_ignore_ascii_case(name))
        });
        let pattern = cx.params.bool("require_constraint_description") && !parameter.get("AllowedPattern").is_absent();
        described.and(if pattern {
            some_text(&parameter.get("ConstraintDescription"), "what AllowedPattern allows, in words")
        } else {
            Verdict::Pass
        })
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Estate, World, from_json};
    use crate::rules::{Params, find};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    /// Where a rule finds fault with a template.
    fn paths(rule: &str, template: &Json) -> Vec<String> {
        let mut r = Resource::new("AWS::CloudFormation::Template", Address::default(), World::Closed, Span::LIVE);
        r.properties = from_json(template);
        let rule = find(rule).unwrap();
        let cx = Context { estate: &Estate::default(), params: &Params::defaults(rule.params) };
        let verdict = (rule.check)(&r, &cx).unwrap();
        verdict.evidence().iter().map(|evidence| evidence.path.clone()).collect()
    }

    #[test]
    fn every_parameter_out_of_place_is_told_by_itself() {
        let template = json!({
            "Metadata": {"AWS::CloudFormation::Interface": {
                "ParameterGroups": [{"Parameters": ["A", "Gone"]}, {"Label": {"default": "More"}, "Parameters": ["A"]}],
                "ParameterLabels": {"A": {"default": "The first"}, "Stale": {"default": "Nobody"}},
            }},
            "Parameters": {"A": {"Type": "String"}, "B": {"Type": "String"}},
        });
        let interface = "Metadata.AWS::CloudFormation::Interface";
        assert_eq!(
            paths("template-interface-metadata", &template),
            [
                format!("{interface}.ParameterGroups.0.Label.default"),
                format!("{interface}.ParameterGroups.0.Parameters.1"),
                format!("{interface}.ParameterGroups.1.Parameters.0"),
                "Parameters.B".to_owned(),
                format!("{interface}.ParameterLabels.Stale"),
                "Parameters.B".to_owned(),
            ]
        );
    }

    #[test]
    fn an_export_name_must_be_the_stacks_own() {
        let output =
            |name: &Json| json!({"Outputs": {"Id": {"Description": "x", "Value": "x", "Export": {"Name": name}}}});
        for (name, own) in [
            (json!({"Fn::Sub": "${AWS::StackName}-id"}), true),
            (json!({"Fn::Sub": ["${Stack}-id", {"Stack": {"Ref": "AWS::StackName"}}]}), true),
            (json!({"Fn::Join": ["-", [{"Ref": "EnvironmentName"}, "id"]]}), true),
            (json!({"Fn::Sub": "${Project}-id"}), false),
            (json!("id"), false),
        ] {
            let expected: &[&str] = if own { &[] } else { &["Outputs.Id.Export.Name"] };
            assert_eq!(paths("template-outputs-exported", &output(&name)), expected, "{name}");
        }
    }
}
