//! The parameters in force for a database: those of its cluster's group, overlaid by those of the instance's group, over the engine's defaults.

use super::database::{CLUSTER, INSTANCE, cluster_of, members, version};
use crate::model::{Estate, Field, Read, Related, Resource, Unknown, Value};
use crate::rules::{Evidence, Verdict};

const OF_INSTANCES: &str = "AWS::RDS::DBParameterGroup";
const OF_CLUSTERS: &str = "AWS::RDS::DBClusterParameterGroup";

/// A parameter group that may set something. RDS's own groups (`default.…`) set nothing and are no layers.
#[derive(Clone, Debug)]
enum Layer<'a> {
    /// This one.
    Group(&'a Resource),
    /// One that nobody can look into.
    Open(Read<'a>, Unknown),
}

/// What is said of one parameter.
#[derive(Clone, Debug)]
pub(in crate::rules) enum Setting<'a> {
    /// A group sets it.
    Set(Read<'a>),
    /// No group sets it: the engine's default holds. This is where it could be set.
    Unset(Read<'a>),
    /// It cannot be told.
    Open(Read<'a>, Unknown),
}

/// The parameters in force for a cluster or an instance.
#[derive(Debug)]
pub(in crate::rules) struct Parameters<'a> {
    subject: &'a Resource,
    /// The layers, the nearest first, for each member of a cluster that has layers of its own.
    stacks: Vec<Vec<Layer<'a>>>,
}

impl<'a> Parameters<'a> {
    /// The parameters in force for a database.
    pub(in crate::rules) fn of(estate: &'a Estate, r: &'a Resource) -> Self {
        let stacks = if &*r.kind == CLUSTER { of_cluster(estate, r) } else { vec![of_instance(estate, r)] };
        Self { subject: r, stacks }
    }

    /// What is said of a parameter under one of its names, for each member that has groups of its own.
    pub(in crate::rules) fn settings(&self, names: &[&str]) -> Vec<Setting<'a>> {
        self.stacks.iter().map(|layers| find(layers, names).unwrap_or_else(|| Setting::Unset(self.home()))).collect()
    }

    /// A parameter is set to something that satisfies `test`; `unset` judges the engine's default.
    pub(in crate::rules) fn require(
        &self,
        names: &[&str],
        expected: &str,
        unset: impl Fn(&Read<'_>, &str) -> Verdict,
        test: impl Fn(&str) -> bool,
    ) -> Verdict {
        let name = names.first().copied().unwrap_or_default();
        let whole = format!("{name} = {expected}");
        let verdicts = self.settings(names).into_iter().map(|setting| match setting {
            Setting::Set(read) => {
                let value = read.value().and_then(Value::text).unwrap_or_default();
                let verdict = if test(&value) { Verdict::Pass } else { Verdict::fail(Evidence::of(&read, expected)) };
                self.led(&read, verdict)
            }
            Setting::Unset(read) => self.led(&read, unset(&read, &whole)),
            Setting::Open(read, why) => self.led(&read, Verdict::unknown(Evidence::unknown(&read, &*whole, &why))),
        });
        // Members that share a group say the same of it.
        Verdict::all(verdicts).distinct()
    }

    /// The engine's version: that of the group's family, else that of the database itself; the first two numbers.
    pub(in crate::rules) fn version(&self) -> Option<(u32, u32)> {
        let groups = self.stacks.iter().flatten().filter_map(|layer| match layer {
            Layer::Group(group) => Some(*group),
            Layer::Open(..) => None,
        });
        let family = |group: &Resource| {
            let family = group.get("Family");
            let digits = family.as_str()?.trim_start_matches(|c: char| !c.is_ascii_digit());
            version(digits)
        };
        let own = || version(&self.subject.get("EngineVersion").value()?.text()?);
        groups.into_iter().find_map(family).or_else(own)
    }

    /// Where a group would be named.
    pub(in crate::rules) fn home(&self) -> Read<'a> {
        self.subject.get(group_of(&self.subject.kind).0)
    }

    /// Evidence of another resource is led by its name.
    pub(in crate::rules) fn led(&self, read: &Read<'_>, verdict: Verdict) -> Verdict {
        if std::ptr::eq(read.resource, self.subject) { verdict } else { verdict.on(read.resource.address.name()) }
    }
}

/// The default is not what is wanted: a group has to set the parameter.
pub(in crate::rules) fn must_be_set(read: &Read<'_>, whole: &str) -> Verdict {
    let expected =
        if read.path.starts_with("Parameters") { whole.to_owned() } else { format!("a parameter group with {whole}") };
    Verdict::fail(Evidence::of(read, expected))
}

/// The default is as good.
pub(in crate::rules) fn default_is_fine(_: &Read<'_>, _: &str) -> Verdict {
    Verdict::Pass
}

/// Whether a parameter is switched on, however that is written.
pub(in crate::rules) fn is_on(text: &str) -> bool {
    ["1", "on", "true", "yes"].iter().any(|on| on.eq_ignore_ascii_case(text.trim()))
}

/// The property that names the group of a database, the type of the group, and the property that names the group itself.
fn group_of(kind: &str) -> (&'static str, &'static str, &'static str) {
    if kind == CLUSTER {
        ("DBClusterParameterGroupName", OF_CLUSTERS, "DBClusterParameterGroupName")
    } else {
        ("DBParameterGroupName", OF_INSTANCES, "DBParameterGroupName")
    }
}

fn of_cluster<'a>(estate: &'a Estate, cluster: &'a Resource) -> Vec<Vec<Layer<'a>>> {
    let own = layer(estate, cluster);
    let members = members(estate, cluster);
    let mut nearest: Vec<Option<Layer<'a>>> = Vec::new();
    for member in members.items {
        let layer = layer(estate, member);
        let same = |other: &Option<Layer<'a>>| match (other, &layer) {
            (Some(Layer::Group(a)), Some(Layer::Group(b))) => std::ptr::eq(*a, *b),
            (None, None) => true,
            _ => false,
        };
        if !nearest.iter().any(same) {
            nearest.push(layer);
        }
    }
    if let Some(why) = members.incomplete {
        nearest.push(Some(Layer::Open(group_name(cluster), why)));
    }
    if nearest.is_empty() {
        nearest.push(None);
    }
    nearest.into_iter().map(|layer| layer.into_iter().chain(own.clone()).collect()).collect()
}

fn of_instance<'a>(estate: &'a Estate, r: &'a Resource) -> Vec<Layer<'a>> {
    let cluster = match cluster_of(estate, r) {
        Related::Found(cluster) => layer(estate, cluster),
        Related::Unknown(why) => Some(Layer::Open(r.get("DBClusterIdentifier"), why)),
        Related::Missing => None,
    };
    layer(estate, r).into_iter().chain(cluster).collect()
}

fn group_name(r: &Resource) -> Read<'_> {
    r.get(group_of(&r.kind).0)
}

/// The group of one database; `None` for RDS's own.
fn layer<'a>(estate: &'a Estate, r: &'a Resource) -> Option<Layer<'a>> {
    let named = group_name(r);
    if named.is_absent() {
        return inherited(estate, r);
    }
    if named.as_str().is_some_and(is_default) {
        return None;
    }
    let (_, kind, name) = group_of(&r.kind);
    match estate.follow(&named, &[kind]) {
        Related::Found(group) if is_default(group.get(name).as_str().unwrap_or_default()) => None,
        Related::Found(group) => Some(Layer::Group(group)),
        Related::Missing => Some(Layer::Open(named, Unknown::Outside("the parameter group".into()))),
        Related::Unknown(why) => Some(Layer::Open(named, why)),
    }
}

/// A replica in the same region takes over the group of its source.
fn inherited<'a>(estate: &'a Estate, r: &'a Resource) -> Option<Layer<'a>> {
    let source = r.get("SourceDBInstanceIdentifier");
    if &*r.kind != INSTANCE || r.is_live() || source.is_absent() {
        return None;
    }
    match estate.follow(&source, &[INSTANCE]) {
        // A source that is a replica itself is not followed further: nobody chains them without a group.
        Related::Found(found) if found.get("SourceDBInstanceIdentifier").is_absent() => layer(estate, found),
        _ => Some(Layer::Open(source, Unknown::Outside("the parameter group of the source".into()))),
    }
}

fn is_default(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("default.")
}

fn find<'a>(layers: &[Layer<'a>], names: &[&str]) -> Option<Setting<'a>> {
    let mut unset = None;
    for layer in layers {
        let group = match layer {
            Layer::Open(read, why) => return Some(Setting::Open(read.clone(), why.clone())),
            Layer::Group(group) => *group,
        };
        let all = group.get("Parameters");
        if let Some(why) = all.why_unknown() {
            return Some(Setting::Open(all, why));
        }
        for name in names {
            let read = member(&all, name);
            match read.why_unknown() {
                Some(why) => return Some(Setting::Open(read, why)),
                None if read.is_absent() => unset = Some(Setting::Unset(read)),
                None => return Some(Setting::Set(read)),
            }
        }
    }
    unset
}

/// One of the parameters: their names have dots in them, which paths have not.
fn member<'a>(all: &Read<'a>, name: &str) -> Read<'a> {
    let map = all.value().and_then(Value::as_map);
    let found = map.into_iter().flatten().find(|(key, _)| key.eq_ignore_ascii_case(name));
    let field = found.map_or(Field::Absent { near: all.at() }, |(_, entry)| Field::of(&entry.value));
    Read::new(all.resource, format!("{}.{name}", all.path), field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Kind, Reference, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn declared(kind: &str, logical_id: &str, properties: &Json, refs: &[(&str, &str)]) -> Resource {
        let address = Address { stack: Some("s".into()), logical_id: Some(logical_id.into()), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        for (property, to) in refs {
            let to = Reference { stack: "s".into(), logical_id: (*to).into(), attribute: None, value: None };
            r.set(property, Kind::Ref(to));
        }
        r
    }

    fn estate() -> Estate {
        let group = |kind, id, parameters: Json| {
            declared(kind, id, &json!({"Family": "aurora-postgresql16", "Parameters": parameters}), &[])
        };
        Estate::new(
            vec![
                declared(
                    CLUSTER,
                    "Orders",
                    &json!({"Engine": "aurora-postgresql"}),
                    &[("DBClusterParameterGroupName", "Shared")],
                ),
                declared(INSTANCE, "Writer", &json!({}), &[("DBClusterIdentifier", "Orders")]),
                declared(
                    INSTANCE,
                    "Reader",
                    &json!({}),
                    &[("DBClusterIdentifier", "Orders"), ("DBParameterGroupName", "Own")],
                ),
                group(OF_CLUSTERS, "Shared", json!({"rds.force_ssl": 1, "log_connections": 1})),
                group(OF_INSTANCES, "Own", json!({"log_connections": 0})),
                declared(INSTANCE, "Plain", &json!({"DBParameterGroupName": "default.mysql8.0"}), &[]),
                declared(INSTANCE, "Elsewhere", &json!({"DBParameterGroupName": "tuned"}), &[]),
            ],
            None,
        )
    }

    fn on(database: &str, parameter: &str) -> &'static str {
        let estate = estate();
        let r = estate.by_logical_id("s", database).unwrap();
        Parameters::of(&estate, r).require(&[parameter], "1", must_be_set, is_on).word()
    }

    #[test]
    fn an_instances_group_overlays_its_clusters() {
        assert_eq!(on("Writer", "log_connections"), "pass");
        assert_eq!(on("Reader", "log_connections"), "fail");
        assert_eq!(on("Orders", "log_connections"), "fail", "one of its members overrides it");
        assert_eq!(on("Orders", "rds.force_ssl"), "pass", "names have dots");
    }

    #[test]
    fn a_default_group_sets_nothing_and_a_group_elsewhere_may_set_anything() {
        assert_eq!(on("Plain", "require_secure_transport"), "fail");
        assert_eq!(on("Elsewhere", "require_secure_transport"), "unknown");
    }

    #[test]
    fn parameters_that_may_not_be_read_are_unknown_and_say_who_would_have_told() {
        let observed = |kind: &str, id: &str, reads: &'static [&'static str]| {
            let address = Address { physical_id: Some(id.into()), region: "r".into(), ..Address::default() };
            Resource::new(kind, address, World::Open { reads }, Span::LIVE)
        };
        let mut group = observed(OF_INSTANCES, "tuned", &["DBParameterGroupName"]);
        group.set("Parameters", Kind::Unknown(Unknown::Denied { action: "rds:DescribeDBParameters".into() }));
        let mut database = observed(INSTANCE, "orders", &["DBClusterIdentifier"]);
        database.set("DBParameterGroupName", Kind::Str("tuned".into()));
        let listed = [OF_INSTANCES, INSTANCE].map(|kind| ((kind.into(), "".into(), "r".into()), Ok(())));
        let estate = Estate::new(vec![group, database], Some(listed.into()));
        let r = estate.of_type(INSTANCE).next().unwrap();
        let verdict = Parameters::of(&estate, r).require(&["require_secure_transport"], "ON", must_be_set, is_on);
        assert_eq!(verdict.word(), "unknown");
        assert_eq!(verdict.evidence()[0].path, "tuned/Parameters");
        assert_eq!(verdict.evidence()[0].action.as_deref(), Some("rds:DescribeDBParameters"));
    }

    #[test]
    fn the_family_of_the_group_tells_the_version() {
        let estate = estate();
        let r = estate.by_logical_id("s", "Orders").unwrap();
        assert_eq!(Parameters::of(&estate, r).version(), Some((16, 0)));
    }
}
