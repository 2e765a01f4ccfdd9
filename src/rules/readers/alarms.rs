//! Alarms: the metrics that they look at, and the resources that these metrics are about.

mod by_region;

use std::sync::Arc;

use super::spelled;
use crate::model::{Estate, Items, Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::answer::both;
pub(in crate::rules) use by_region::ByRegion;

/// `AWS::CloudWatch::Alarm`.
pub(in crate::rules) const ALARM: &str = "AWS::CloudWatch::Alarm";
/// `AWS::CloudWatch::CompositeAlarm`.
pub(in crate::rules) const COMPOSITE: &str = "AWS::CloudWatch::CompositeAlarm";

/// A metric that an alarm looks at, by itself or as an input of its expressions.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Metric<'a> {
    /// `AWS/RDS`.
    pub namespace: Read<'a>,
    /// `CPUUtilization`.
    pub name: Read<'a>,
    /// The list of dimensions.
    pub dimensions: Read<'a>,
    /// Seconds that a datapoint stands for.
    pub period: Read<'a>,
    /// `Average`, `p99`; `Statistic` or `ExtendedStatistic` of an alarm on a single metric.
    pub statistic: Read<'a>,
    /// The name that expressions give it; `None` for an alarm on a single metric.
    pub id: Option<Read<'a>>,
}

/// Everything that an alarm looks at.
#[derive(Debug, Default)]
pub(in crate::rules) struct Metrics<'a> {
    /// The metrics.
    pub items: Vec<Metric<'a>>,
    /// The elements of `Metrics` that hold an expression.
    pub expressions: Vec<Read<'a>>,
    /// Why there may be more, if there may.
    pub open: Option<Unknown>,
}

/// What an alarm looks at, in either form.
pub(in crate::rules) fn metrics(alarm: &Resource) -> Metrics<'_> {
    let mut found = Metrics::default();
    let single = alarm.get("MetricName");
    if !single.is_absent() {
        let plain = alarm.get("Statistic");
        let statistic = if plain.is_absent() { alarm.get("ExtendedStatistic") } else { plain };
        found.items.push(Metric {
            namespace: alarm.get("Namespace"),
            name: single,
            dimensions: alarm.get("Dimensions"),
            period: alarm.get("Period"),
            statistic,
            id: None,
        });
    }
    let list = alarm.get("Metrics");
    match list.items() {
        Items::Absent => {}
        Items::Unknown => found.open = list.why_unknown(),
        Items::Are(items) => {
            for item in items {
                if let Some(why) = item.why_unknown() {
                    found.open = Some(why);
                } else if item.get("MetricStat").is_absent() {
                    found.expressions.push(item);
                } else {
                    let (id, stat) = (Some(item.get("Id")), item.get("MetricStat"));
                    let of = |path: &str| stat.get(path);
                    found.items.push(Metric {
                        namespace: of("Metric.Namespace"),
                        name: of("Metric.MetricName"),
                        dimensions: of("Metric.Dimensions"),
                        period: of("Period"),
                        statistic: of("Stat"),
                        id,
                    });
                }
            }
        }
    }
    found
}

impl Metric<'_> {
    /// Whether it is one of these metrics.
    pub(in crate::rules) fn is_one_of(&self, namespace: &str, names: &[&str]) -> Result<bool, Unknown> {
        both(says(&self.namespace, |n| n == namespace), || says(&self.name, |n| names.contains(&n)))
    }

    /// The value of a dimension; `None` if it has none of that name.
    pub(in crate::rules) fn dimension(&self, name: &str) -> Result<Option<Read<'_>>, Unknown> {
        let mut open = None;
        match self.dimensions.items() {
            Items::Absent => {}
            Items::Unknown => open = self.dimensions.why_unknown(),
            Items::Are(items) => {
                for item in items {
                    let key = item.get("Name");
                    match (key.why_unknown(), key.as_str()) {
                        (Some(why), _) => open = Some(why),
                        (None, Some(key)) if key == name => return Ok(Some(item.get("Value"))),
                        (None, _) => {}
                    }
                }
            }
        }
        open.map_or(Ok(None), Err)
    }

    /// Whether a dimension of it names a resource.
    pub(in crate::rules) fn watches(
        &self,
        estate: &Estate,
        dimension: &str,
        subject: &Resource,
    ) -> Result<bool, Unknown> {
        match self.dimension(dimension)? {
            Some(value) => is_named(estate, &value, subject),
            None => Ok(false),
        }
    }
}

/// Whether an expression asks CloudWatch for all resources at once (`SELECT AVG(CPUUtilization) FROM "AWS/RDS"`): every one that the
/// namespace has is looked at. With a `WHERE` nobody can say which.
pub(in crate::rules) fn asks_for_all(expression: &Read<'_>, namespace: &str, names: &[&str]) -> Result<bool, Unknown> {
    let read = expression.get("Expression");
    let Some(text) = read.as_str() else { return read.why_unknown().map_or(Ok(false), Err) };
    let words = words(text);
    let has = |word: &str| words.iter().any(|w| w.eq_ignore_ascii_case(word));
    if !has("SELECT") || !has(namespace) || !names.iter().any(|name| words.contains(name)) {
        return Ok(false);
    }
    if has("WHERE") { Err(Unknown::Unsupported("a query with a WHERE clause".into())) } else { Ok(true) }
}

/// The words of a query, names of metrics and namespaces among them.
pub(in crate::rules) fn words(query: &str) -> Vec<&str> {
    query.split(|c: char| !c.is_ascii_alphanumeric() && !"/_.-".contains(c)).filter(|w| !w.is_empty()).collect()
}

/// Properties that give a resource the name by which dimensions know it.
const NAMES: &[&str] = &[
    "AutoScalingGroupName",
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
    "DBProxyName",
    "FunctionName",
    "LogGroupName",
    "AlarmName",
    "TopicName",
    "Name",
];

/// The property that names resources of a type.
pub(in crate::rules) fn name_of(subject: &Resource) -> Option<Read<'_>> {
    // A database of a cluster has two of them; its own comes first.
    NAMES.iter().map(|name| subject.get(name)).find(|read| read.value().is_some() || is_hole(read))
}

fn is_hole(read: &Read<'_>) -> bool {
    read.why_unknown().is_some_and(|why| why != Unknown::NotCollected)
}

/// Whether a value names a resource: by reference, by name, by ARN, or by the part of the ARN that metrics use
/// (`app/web/50dc6c495c0c9188`).
pub(in crate::rules) fn is_named(estate: &Estate, value: &Read<'_>, subject: &Resource) -> Result<bool, Unknown> {
    match estate.follow(value, &[&subject.kind]) {
        Related::Found(found) if found.address == subject.address => return Ok(true),
        Related::Found(_) => return Ok(false),
        Related::Missing | Related::Unknown(_) => {}
    }
    let Some(why) = value.why_unknown() else {
        let text = value.value().and_then(Value::text);
        return Ok(text.is_some_and(|text| goes_by(subject, &text)));
    };
    // Both say the same of what is filled in at deployment.
    if let (Some(name), Some(spelled)) = (name_of(subject), spelled::spelling(value))
        && name.resource.address.stack == value.resource.address.stack
        && spelled::spelling(&name).as_ref() == Some(&spelled)
    {
        return Ok(true);
    }
    // A reference that leads to another resource does not lead to this one.
    if let Some(Kind::Ref(to)) = value.value().map(|v| &v.kind)
        && estate.by_logical_id(&to.stack, &to.logical_id).is_some()
    {
        return Ok(false);
    }
    let stack = value.resource.address.stack.as_deref().unwrap_or_default();
    let names = spelled::mentions(value);
    let mentioned: Vec<&Resource> = names.iter().filter_map(|name| estate.by_logical_id(stack, name)).collect();
    if mentioned.iter().any(|r| r.address == subject.address) {
        return Ok(true);
    }
    if !names.is_empty() && mentioned.len() == names.len() { Ok(false) } else { Err(why) }
}

fn goes_by(subject: &Resource, text: &str) -> bool {
    texts_of(subject).iter().any(|own| **own == *text)
}

/// The texts by which dimensions may know a resource: its ids, the part of them that metrics use, its name.
pub(in crate::rules) fn texts_of(subject: &Resource) -> Vec<Arc<str>> {
    let address = &subject.address;
    let ids = [&address.physical_id, &address.arn].into_iter().flatten();
    let mut texts: Vec<Arc<str>> = ids.flat_map(|id| [Arc::clone(id), tail_of(id).into()]).collect();
    texts.extend(name_of(subject).and_then(|name| name.value().and_then(Value::text)));
    texts
}

/// The part of an ARN that metrics have as a dimension: `app/web/50dc6c495c0c9188`, `targetgroup/web/73e2d6bc24d8a067`, `orders`.
fn tail_of(arn: &str) -> &str {
    let last = arn.rsplit(':').next().unwrap_or(arn);
    last.strip_prefix("loadbalancer/").unwrap_or(last)
}

/// Whether a text satisfies `test`; no text does not.
pub(in crate::rules) fn says(read: &Read<'_>, test: impl FnOnce(&str) -> bool) -> Result<bool, Unknown> {
    match read.why_unknown() {
        Some(why) => Err(why),
        None => Ok(read.value().and_then(Value::text).is_some_and(|text| test(&text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Reference, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn declared(kind: &str, id: &str, properties: &Json) -> Resource {
        let address = Address { stack: Some("app".into()), logical_id: Some(id.into()), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        r.raw = Some(r.properties.clone().into());
        r
    }

    #[test]
    fn both_forms_of_an_alarm_are_read() {
        let single =
            declared(ALARM, "A", &json!({"Namespace": "AWS/RDS", "MetricName": "CPUUtilization", "Statistic": "Sum"}));
        let found = metrics(&single);
        assert_eq!(found.items[0].is_one_of("AWS/RDS", &["CPUUtilization"]), Ok(true));
        assert_eq!(found.items[0].is_one_of("AWS/RDS", &["FreeStorageSpace"]), Ok(false));
        assert_eq!(found.items[0].statistic.as_str(), Some("Sum"));
        let stat =
            json!({"Metric": {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization"}, "Stat": "p99", "Period": 60});
        let math = declared(
            ALARM,
            "B",
            &json!({"Metrics": [{"Id": "e", "Expression": "m*2"}, {"Id": "m", "MetricStat": stat}]}),
        );
        let found = metrics(&math);
        assert_eq!((found.items.len(), found.expressions.len()), (1, 1));
        assert_eq!(found.items[0].period.value().and_then(Value::as_int), Some(60));
    }

    #[test]
    fn a_dimension_names_a_resource_by_reference_name_or_part_of_its_arn() {
        let mut lb = declared("AWS::ElasticLoadBalancingV2::LoadBalancer", "Web", &json!({}));
        lb.address.arn = Some("arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/50dc6c495c0c9188".into());
        let db = declared("AWS::RDS::DBInstance", "Orders", &json!({"DBInstanceIdentifier": "orders"}));
        let estate = Estate::new(vec![lb.clone(), db.clone()], None);
        let dimension = |value: Kind| {
            let mut alarm = declared(ALARM, "A", &json!({}));
            alarm.set("MetricName", Kind::Str("X".into()));
            let mut d = from_json(&json!({"Name": "D"}));
            if let Kind::Map(map) = &mut d.kind {
                map.insert("Value".into(), crate::model::Entry { key_at: Span::LIVE, value: Value::live(value) });
            }
            alarm.set("Dimensions", Kind::List(vec![d]));
            alarm
        };
        let text = |t: &str| Kind::Str(t.into());
        let reference = Reference {
            stack: "app".into(),
            logical_id: "Web".into(),
            attribute: Some("LoadBalancerFullName".into()),
            value: None,
        };
        for (value, subject, expected) in [
            (Kind::Ref(reference.clone()), &lb, Ok(true)),
            (Kind::Ref(reference), &db, Ok(false)),
            (text("app/web/50dc6c495c0c9188"), &lb, Ok(true)),
            (text("app/other/50dc6c495c0c9188"), &lb, Ok(false)),
            (text("orders"), &db, Ok(true)),
            (Kind::Unknown(Unknown::Import("x".into())), &db, Err(())),
        ] {
            let alarm = dimension(value.clone());
            let found = metrics(&alarm);
            let answer = found.items[0].watches(&estate, "D", subject).map_err(drop);
            assert_eq!(answer, expected, "{value:?} of {}", subject.address.name());
        }
    }

    #[test]
    fn a_query_over_a_namespace_asks_for_all_of_it() {
        let ask = |text: &str| {
            let alarm = declared(ALARM, "A", &json!({"Metrics": [{"Id": "q", "Expression": text}]}));
            asks_for_all(&metrics(&alarm).expressions[0], "AWS/RDS", &["CPUUtilization"]).map_err(drop)
        };
        assert_eq!(ask("SELECT MAX(CPUUtilization) FROM SCHEMA(\"AWS/RDS\", DBInstanceIdentifier)"), Ok(true));
        assert_eq!(ask("SELECT MAX(CPUUtilization) FROM \"AWS/RDS\" WHERE x = 'y'"), Err(()));
        assert_eq!(ask("SELECT MAX(CPUUtilization) FROM \"AWS/EC2\""), Ok(false));
        assert_eq!(ask("m1 + m2"), Ok(false));
    }
}
