//! Rule fixtures: templates with marks, read as a template and as a live snapshot of the same state.

use std::collections::BTreeMap;
use std::sync::Arc;

use driftline::collect::{self, COLLECTORS};
use driftline::load::{self, Inputs, Template};
use driftline::model::{Entry, Estate, GLOBAL, Kind, Listed, Resource, Unknown, Value, World, types};
use driftline::profile::param_value;
use driftline::rules::{EVERY, Params, Rule};
use driftline::source::{Sources, Span};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";

/// What a fixture says of a subject: on the template, on the live resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub template: Option<String>,
    pub live: Option<String>,
}

/// One template of a fixture.
pub(crate) struct Document {
    pub template: Template,
    text: String,
    start: usize,
    params: String,
}

/// Reads a fixture's documents.
pub(crate) fn documents(sources: &mut Sources, name: &str, text: &str) -> Vec<Document> {
    let templates = load::parse_stream(sources, name, text).unwrap_or_else(|diagnostics| {
        panic!("{}", diagnostics.iter().map(|d| d.render(sources, false)).collect::<String>())
    });
    templates
        .into_iter()
        .map(|template| {
            let root = template.root.at.start as usize;
            let start = text[..root].rfind("\n---").map_or(0, |at| at + 4);
            let params = text[start..root].lines().find_map(|l| l.trim().strip_prefix("# params:"));
            Document { template, text: text.to_owned(), start, params: params.unwrap_or("{}").to_owned() }
        })
        .collect()
}

impl Document {
    /// The rule's parameters, as the document sets them.
    pub(crate) fn params(&self, rule: &'static Rule) -> Params {
        let mut params = Params::defaults(rule.params);
        let set: BTreeMap<String, serde_yaml::Value> = serde_yaml::from_str(&self.params).unwrap();
        for (name, value) in set {
            let value = param_value(&value).unwrap_or_else(|| panic!("parameter {name}: {value:?}"));
            params.set(rule, &name, value).unwrap();
        }
        params
    }

    /// The mark of a subject: the comment on its logical id's line, or on the `AWSTemplateFormatVersion` line for the template itself, the region
    /// and the account.
    pub(crate) fn mark(&self, resource: &Resource) -> Mark {
        let at = if [types::TEMPLATE, types::REGION, types::WHOLE_ACCOUNT].contains(&&*resource.kind) {
            self.text[self.start..].find("AWSTemplateFormatVersion").map(|n| self.start + n)
        } else {
            Some(resource.at.start as usize)
        };
        let line = at.and_then(|at| self.text[at..].lines().next()).unwrap_or_default();
        let comment = line.split_once(" #").map_or("", |(_, c)| c.trim());
        mark(comment)
    }

    /// The estates of the declared side, one per undecided condition's outcome.
    pub(crate) fn declared(&self) -> Vec<Estate> {
        self.try_declared().expect("the fixture evaluates")
    }

    /// The same, if the template can be evaluated.
    pub(crate) fn try_declared(&self) -> Option<Vec<Estate>> {
        let inputs = Inputs { stack: "fixture".into(), ..Inputs::default() };
        let variants = load::evaluate(&self.template, &inputs).ok()?.variants;
        let facts = |r: &Resource| r.kind.starts_with("Driftline::");
        Some(variants.into_iter().map(|v| Estate::new(v.into_iter().filter(|r| !facts(r)).collect(), None)).collect())
    }

    /// The same state as AWS would show it, and the marks by physical id.
    pub(crate) fn live(&self, rule: &Rule) -> (Estate, BTreeMap<Arc<str>, Mark>) {
        self.try_live(rule).expect("the fixture evaluates")
    }

    /// The same, if the template can be evaluated.
    pub(crate) fn try_live(&self, rule: &Rule) -> Option<(Estate, BTreeMap<Arc<str>, Mark>)> {
        let ids = self.template.root.child("Resources").and_then(Value::as_map)?;
        let inputs = Inputs {
            stack: "fixture".into(),
            account: ACCOUNT.into(),
            region: REGION.into(),
            partition: "aws".into(),
            physical_ids: ids.keys().map(|id| (Arc::clone(id), physical(id))).collect(),
            ..Inputs::default()
        };
        let variants = load::evaluate(&self.template, &inputs).ok()?.variants;
        let declared: Vec<Resource> =
            variants.into_iter().next()?.into_iter().filter(|r| &*r.kind != types::TEMPLATE).collect();
        let mut marks: BTreeMap<Arc<str>, Mark> =
            declared.iter().map(|r| (r.address.physical_id.clone().unwrap(), self.mark(r))).collect();
        let mut live: Vec<Resource> = declared.iter().map(|r| observe(r, rule)).collect();
        gather_inline(&mut live);
        let taken = "2026-01-31T12:00:00Z".parse().ok();
        let estate = Estate::new(live, Some(everything_listed())).taken_at(taken);
        let places = [types::REGION, types::WHOLE_ACCOUNT].into_iter().flat_map(|kind| estate.of_type(kind));
        marks.extend(places.map(|r| (r.address.physical_id.clone().unwrap(), self.mark(r))));
        Some((estate, marks))
    }
}

fn mark(comment: &str) -> Mark {
    let word = |text: &str| {
        text.split_whitespace().next().filter(|w| matches!(*w, "pass" | "fail" | "unknown" | "n/a")).map(str::to_owned)
    };
    if let Some(both) = word(comment) {
        return Mark { template: Some(both.clone()), live: Some(both) };
    }
    let side = |name: &str| {
        comment.split(',').find_map(|part| word(part.trim().strip_prefix(name)?.trim_start_matches(':').trim()))
    };
    Mark { template: side("template"), live: side("live") }
}

fn physical(logical: &str) -> Arc<str> {
    format!("live-{logical}").into()
}

fn arn(logical: &str) -> Arc<str> {
    format!("arn:aws:fixture:{REGION}:{ACCOUNT}:{logical}").into()
}

/// A declared resource as a collector would have read it for this rule: what costs a call of its own is read only if the rule says so.
fn observe(declared: &Resource, rule: &Rule) -> Resource {
    let world = World::Open { reads: collect::reads(&declared.kind).unwrap_or_default() };
    let mut address = declared.address.clone();
    address.arn = address.logical_id.as_deref().map(arn);
    (address.stack, address.logical_id) = (None, None);
    let mut live = Resource::new(Arc::clone(&declared.kind), address, world, Span::LIVE);
    live.properties = at_aws(&declared.properties);
    let wanted = |name: &str| {
        rule.properties().any(|(kind, property)| (kind == EVERY || *kind == *declared.kind) && property == name)
    };
    for name in collect::type_spec(&declared.kind).map_or(&[][..], |t| t.on_demand).iter().filter(|name| !wanted(name))
    {
        live.set(name, Kind::Unknown(Unknown::NotCollected));
    }
    live.environment.clone_from(&declared.environment);
    if let Some(facts) = declared.attributes.child("Metadata").and_then(|m| m.child("Facts")) {
        live.attributes = at_aws(facts);
    }
    live
}

fn at_aws(value: &Value) -> Value {
    Value::live(match &value.kind {
        Kind::List(items) => Kind::List(items.iter().map(at_aws).collect()),
        Kind::Map(map) => Kind::Map(
            map.iter().map(|(k, e)| (Arc::clone(k), Entry { key_at: Span::LIVE, value: at_aws(&e.value) })).collect(),
        ),
        Kind::Ref(r) if r.attribute.as_deref().is_some_and(|a| a.ends_with("Arn")) => Kind::Str(arn(&r.logical_id)),
        Kind::Ref(r) => Kind::Str(physical(&r.logical_id)),
        Kind::Symbol(symbol) => Kind::Str(zone(symbol)),
        other => other.clone(),
    })
}

/// `az 1 of us-east-1` is us-east-1b.
fn zone(symbol: &str) -> Arc<str> {
    let n: u8 = symbol.chars().filter(char::is_ascii_digit).map(|c| c.to_string()).next().unwrap().parse().unwrap();
    format!("{REGION}{}", char::from(b'a' + n)).into()
}

/// AWS shows a standalone security group rule, role policy or attachment inside of what it belongs to, too.
fn gather_inline(live: &mut [Resource]) {
    let parts = [
        ("AWS::EC2::SecurityGroupIngress", "GroupId", "SecurityGroupIngress"),
        ("AWS::EC2::SecurityGroupEgress", "GroupId", "SecurityGroupEgress"),
        ("AWS::IAM::Policy", "Roles", "Policies"),
        ("AWS::IAM::Policy", "Users", "Policies"),
        ("AWS::IAM::Policy", "Groups", "Policies"),
        ("AWS::IAM::RolePolicy", "RoleName", "Policies"),
    ];
    for (kind, names, into) in parts {
        let standalone: Vec<(Vec<Arc<str>>, Value)> = live
            .iter()
            .filter(|r| &*r.kind == kind)
            .filter_map(|r| {
                let value = r.properties.child(names)?;
                let targets =
                    value.as_list().unwrap_or(std::slice::from_ref(value)).iter().filter_map(Value::text).collect();
                Some((targets, r.properties.clone()))
            })
            .collect();
        for (targets, part) in standalone {
            for r in live.iter_mut().filter(|r| r.address.physical_id.as_ref().is_some_and(|id| targets.contains(id))) {
                append(&mut r.properties, into, part.clone());
            }
        }
    }
    let attached: Vec<(Vec<Arc<str>>, Value)> = live
        .iter()
        .filter(|r| &*r.kind == "AWS::IAM::ManagedPolicy")
        .map(|r| {
            let named = ["Roles", "Users", "Groups"].iter().filter_map(|p| r.properties.child(p)?.as_list()).flatten();
            (named.filter_map(Value::text).collect(), Value::live(Kind::Str(r.address.physical_id.clone().unwrap())))
        })
        .collect();
    for (targets, policy) in attached {
        for r in live.iter_mut().filter(|r| r.address.physical_id.as_ref().is_some_and(|id| targets.contains(id))) {
            append(&mut r.properties, "ManagedPolicyArns", policy.clone());
        }
    }
}

fn append(properties: &mut Value, name: &str, item: Value) {
    let Kind::Map(map) = &mut properties.kind else { return };
    let empty = || Entry { key_at: Span::LIVE, value: Value::live(Kind::List(Vec::new())) };
    if let Kind::List(list) = &mut map.entry(name.into()).or_insert_with(empty).value.kind {
        list.push(item);
    }
}

fn everything_listed() -> Listed {
    let kinds = COLLECTORS.iter().flat_map(|c| c.spec().types).map(|t| Arc::<str>::from(t.name));
    kinds
        .flat_map(|k| [REGION, GLOBAL].map(|region| ((Arc::clone(&k), Arc::from(ACCOUNT), Arc::from(region)), Ok(()))))
        .collect()
}
