//! Systems Manager: how parameters are named and kept fresh, and what runs when something breaks.

use serde_json::Value as Json;

use crate::model::{Items, Read, Resource, Unknown};
use crate::rules::readers::evidence::{missing, once};
use crate::rules::readers::json::Document;
use crate::rules::readers::policy::principal::written;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A hierarchy is what access is given by: `/shop/prod/*` to the shop in production, and nothing else. Flat names end in a policy for
    /// each of them, or in one for all.
    ///
    /// The name matches `pattern` and has `min_segments` parts. With `require_components` the part after the environment is one of these;
    /// where no part is the environment of the resource, the second one is taken for it. The parameters that the CloudWatch agent makes
    /// for itself (`AmazonCloudWatch-…`) are left out. A name that CloudFormation makes up is known only once deployed.
    ///
    /// ## Fix
    /// ```yaml
    /// Name: !Sub /shop/${Environment}/database/endpoint
    /// ```
    "ssm-parameter-hierarchical-names" => {
        title: "Parameter Store names form a hierarchy of application, environment and component.",
        category: Governance,
        severity: Low,
        scope: Resource,
        types: ["AWS::SSM::Parameter"],
        params: {
            pattern: Preset::Pattern("^/[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)+$") => "what a hierarchical name looks like",
            min_segments: Preset::Int(3) => "parts that a name must have, at least",
            require_components: Preset::Texts(&[]) => "parts that may stand after the environment; any if empty",
        },
        equivalents: [],
        check: hierarchical,
    }

    /// ## Why
    /// Parameter Store does not rotate what it holds. A policy makes a value expire, or says that it has not been changed for too long: the
    /// nearest thing to being told that a token is old.
    ///
    /// Judged are the parameters whose names match `name_pattern`; where the name is not known, what is written of it and the logical id.
    /// They have one of `policy_types`, and a tier that takes policies: `Advanced` or `Intelligent-Tiering` (the default is `Standard`).
    ///
    /// ## Fix
    /// ```yaml
    /// Tier: Advanced
    /// Policies: '[{"Type": "NoChangeNotification", "Version": "1.0", "Attributes": {"After": "60", "Unit": "Days"}}]'
    /// ```
    "ssm-parameter-policies" => {
        title: "Sensitive or expiring parameters carry parameter policies.",
        category: Governance,
        severity: Low,
        scope: Resource,
        types: ["AWS::SSM::Parameter"],
        params: {
            name_pattern: Preset::Pattern("(?i)(password|secret|token|key|cert)") => "parameters that are judged",
            policy_types: Preset::Texts(&["Expiration", "ExpirationNotification", "NoChangeNotification"])
                => "policies of which one is needed",
        },
        equivalents: [],
        check: policies,
    }

    /// ## Why
    /// At three in the morning nobody reads a wiki. A runbook that Automation can run does the same steps every time, and one that an event
    /// starts does them before anybody wakes up.
    ///
    /// Judged are places with instances, Auto Scaling groups, functions, databases or documents. There are `min_documents` documents of
    /// type `Automation` (the default is `Command`), and, with `require_wiring`, something that starts an automation: a remediation of AWS
    /// Config or a target of an event rule. Documents are read from templates only.
    ///
    /// ## Fix
    /// ```yaml
    /// RestartRunbook:
    ///   Type: AWS::SSM::Document
    ///   Properties:
    ///     DocumentType: Automation
    ///     Content: {schemaVersion: "0.3", mainSteps: [...]}
    /// RestartWhenStopped:
    ///   Type: AWS::Events::Rule
    ///   Properties:
    ///     EventPattern: {source: [aws.ec2], detail: {state: [stopped]}}
    ///     Targets:
    ///       - Id: runbook
    ///         Arn: !Sub arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:automation-definition/${RestartRunbook}:$DEFAULT
    ///         RoleArn: !GetAtt AutomationRole.Arn
    /// ```
    "ssm-automation-runbook-present" => {
        title: "Operational runbooks exist as Automation documents and are wired to events or remediation.",
        category: Governance,
        severity: Low,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::AutoScaling::AutoScalingGroup",
            "AWS::Config::RemediationConfiguration",
            "AWS::EC2::Instance",
            "AWS::Events::Rule.Targets",
            "AWS::Lambda::Function",
            "AWS::RDS::DBCluster",
            "AWS::RDS::DBInstance",
            "AWS::SSM::Document",
        ],
        params: {
            min_documents: Preset::Int(1) => "automation documents that must exist, at least",
            require_wiring: Preset::Bool(true) => "demand something that starts an automation",
        },
        equivalents: [],
        check: runbooks,
    }
}

fn hierarchical(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let name = r.get("Name");
    let least = cx.params.int("min_segments");
    let components = cx.params.texts("require_components");
    let expected = format!("a path of at least {least} parts");
    if name.is_absent() && !r.is_live() {
        let why = Unknown::Runtime("the name that CloudFormation makes up".into());
        return Some(Verdict::unknown(Evidence::unknown(&name, &expected, &why)));
    }
    if name.as_str().is_some_and(|name| name.starts_with("AmazonCloudWatch-")) {
        return None;
    }
    let shaped = check::require(&name, &expected, |v| {
        let name = v.as_str()?;
        let deep = i64::try_from(segments(name).len()).is_ok_and(|depth| depth >= least);
        Some(deep && cx.params.pattern("pattern").is_none_or(|pattern| pattern.is_match(name)))
    });
    if components.is_empty() {
        return Some(shaped);
    }
    let expected = format!("{} after the environment", components.join(" or "));
    let placed = check::require(&name, &expected, |v| {
        let parts = segments(v.as_str()?);
        let is_environment = |part: &&str| r.environment.as_deref().is_some_and(|e| e.eq_ignore_ascii_case(part));
        let environment = parts.iter().position(is_environment).unwrap_or(1);
        let component = parts.get(environment + 1)?;
        Some(components.iter().any(|allowed| allowed == component))
    });
    Some(shaped.and(placed))
}

fn segments(name: &str) -> Vec<&str> {
    name.split('/').filter(|part| !part.is_empty()).collect()
}

fn policies(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let pattern = cx.params.pattern("name_pattern")?;
    let name = r.get("Name");
    let sensitive = name.as_str().map_or_else(
        || {
            let written = written(&name).map(ToString::to_string);
            pattern.is_match(r.address.name()) || written.is_some_and(|written| pattern.is_match(&written))
        },
        |name| pattern.is_match(name),
    );
    if !sensitive {
        return None;
    }
    let list = r.get("Policies");
    let types = cx.params.texts("policy_types");
    let expected = format!("a policy of type {}", types.join(" or "));
    let document = Document::of(&list);
    let is = |policy: &Json| {
        // AWS gives the text of each policy within a list.
        let text = policy.as_str().and_then(|text| serde_json::from_str::<Json>(text).ok());
        let kind = text.as_ref().unwrap_or(policy).get("Type").and_then(Json::as_str);
        kind.is_some_and(|kind| types.iter().any(|wanted| wanted == kind))
    };
    let one = std::slice::from_ref(&document.json);
    let found = document.json.as_array().map_or(one, Vec::as_slice).iter().any(is);
    let held = match (found, &document.open) {
        (true, _) => Verdict::Pass,
        (false, Some(why)) => Verdict::unknown(Evidence::unknown(&list, &expected, why)),
        (false, None) => check::fail(&list, &expected),
    };
    Some(held.and(check::one_of(&r.get("Tier"), &["Advanced", "Intelligent-Tiering"])))
}

const DOCUMENT: &str = "AWS::SSM::Document";
const RULE: &str = "AWS::Events::Rule";
const REMEDIATION: &str = "AWS::Config::RemediationConfiguration";

/// What there is to run a runbook for.
const OPERATED: &[&str] = &[
    DOCUMENT,
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::EC2::Instance",
    "AWS::Lambda::Function",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
];

fn runbooks(place: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if OPERATED.iter().all(|kind| cx.estate.of(place, kind).items.is_empty()) {
        return None;
    }
    let documents = documents(place, cx);
    if !cx.params.bool("require_wiring") {
        return Some(documents);
    }
    let expected = "a remediation or an event rule that starts an automation";
    let subject = missing(place, REMEDIATION);
    let remediation = check::some(&cx.estate.of(place, REMEDIATION), &subject, expected, |remediation| {
        check::one_of(&remediation.get("TargetType"), &["SSM_DOCUMENT"]).on(remediation.address.name())
    });
    let wired = remediation.or(|| {
        check::some(&cx.estate.of(place, RULE), &subject, expected, |rule| {
            let targets = rule.get("Targets");
            match targets.items() {
                Items::Absent => check::fail(&subject, expected),
                Items::Unknown => check::unknown(&targets, expected).on(rule.address.name()),
                Items::Are(list) => Verdict::any(
                    list.iter().map(|target| starts_automation(&target.get("Arn"), &subject, expected)),
                    || check::fail(&subject, expected),
                ),
            }
        })
    });
    Some(documents.and(once(wired)))
}

/// Enough documents that Automation runs.
fn documents(place: &Resource, cx: &Context<'_>) -> Verdict {
    let least = cx.params.int("min_documents");
    let expected = format!("automation documents, at least {least}");
    let subject = missing(place, DOCUMENT);
    let listing = cx.estate.of(place, DOCUMENT);
    let mut open = listing.incomplete;
    let mut found = 0;
    for document in listing.items {
        let kind = document.get("DocumentType");
        found += i64::from(kind.as_str() == Some("Automation"));
        open = open.or_else(|| kind.why_unknown());
    }
    match open {
        _ if found >= least => Verdict::Pass,
        Some(why) => Verdict::unknown(Evidence::unknown(&subject, &expected, &why)),
        None => check::fail(&subject, &expected),
    }
}

/// Whether a target is a runbook. The ARN may hang on a region that is not known: what it is of is known all the same.
fn starts_automation(arn: &Read<'_>, subject: &Read<'_>, expected: &str) -> Verdict {
    let text = arn.as_str().map(str::to_owned).or_else(|| written(arn).map(ToString::to_string));
    match (text, arn.why_unknown()) {
        (Some(text), _) if text.contains(":automation-definition/") => Verdict::Pass,
        (_, Some(Unknown::Runtime(_)) | None) => check::fail(subject, expected),
        (_, Some(why)) => Verdict::unknown(Evidence::unknown(arn, expected, &why)),
    }
}
