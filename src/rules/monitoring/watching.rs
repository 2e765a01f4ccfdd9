//! Which alarms may look at a resource, found without going through all of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::model::{Estate, Items, Kind, Read, Resource, Unknown, Value};
use crate::rules::answer::both;
use crate::rules::readers::alarms::{ALARM, ByRegion, Metric, metrics, name_of, texts_of, words};
use crate::rules::readers::spelled;

use super::coverage::{Wanted, looks_at};

/// Properties that references may name a resource by before it exists, besides its own ids.
const GIVEN: [&str; 2] = ["AliasName", "BucketName"];

/// A text of an alarm; `None` if it is not known.
type Text = Option<Arc<str>>;
/// The stack that an expression stands in, and how it is written.
type Spelling = (Option<Arc<str>>, String);

/// The namespace and the name of a metric that a query may ask for, the namespace in small letters.
type Asked = (String, String);
/// Longer queries are found by [`Asked::default`]: nobody writes them, and each pair of their words would be too much.
const LONGEST: usize = 64;

/// The alarms of an estate, by what they may look at.
#[derive(Default)]
struct Watching {
    all: ByRegion<Alarms>,
    /// Those of them that may call somebody: see [`calls`].
    calling: ByRegion<Alarms>,
}

/// The alarms of one region, by their places in the estate, each list in order.
#[derive(Default)]
struct Alarms {
    /// By the value of a dimension and the name of the metric.
    by_text: HashMap<Arc<str>, HashMap<Text, Vec<usize>>>,
    /// By what the value of a dimension refers to, or mentions where its text is not known.
    by_target: HashMap<usize, Vec<usize>>,
    /// By how the template writes the value of a dimension.
    by_spelling: HashMap<Spelling, Vec<usize>>,
    /// Those that ask for all resources at once.
    queries: HashMap<Asked, Vec<usize>>,
    /// Those that ask for some of all resources: nobody can say which.
    filtered: HashMap<Asked, Vec<usize>>,
    /// Those that may look at anything, for all that is known: by the namespace and name of the metric and the dimension.
    open: HashMap<(Text, Text, Text), Vec<usize>>,
}

/// Whether an alarm calls anybody, and is not one that target tracking keeps for itself.
fn calls(alarm: &Resource) -> Result<bool, Unknown> {
    if alarm.get("AlarmName").as_str().is_some_and(|name| name.starts_with("TargetTracking-")) {
        return Ok(false);
    }
    let actions = alarm.get("AlarmActions");
    match actions.items() {
        Items::Absent => Ok(false),
        Items::Are(list) => Ok(!list.is_empty()),
        Items::Unknown => actions.why_unknown().map_or(Ok(false), Err),
    }
}

/// Whether one of the alarms that `r` can know looks at what is wanted. Only those are asked that may do so. An incomplete listing leaves
/// it open.
pub(super) fn any_alarm(estate: &Estate, r: &Resource, wanted: &Wanted<'_>) -> Result<bool, Unknown> {
    let watching = estate.digest(Watching::of);
    let answer = |alarm: &Resource| {
        both(looks_at(estate, alarm, wanted), || if wanted.calling { calls(alarm) } else { Ok(true) })
    };
    let mut first: Option<(usize, Unknown)> = None;
    let mut yes = false;
    watching.naming(estate, r, wanted, &mut |list| {
        for &place in list {
            if yes {
                return;
            }
            match estate.at_place(place).map_or(Ok(false), answer) {
                Ok(said) => yes |= said,
                Err(why) if first.as_ref().is_none_or(|(known, _)| place < *known) => first = Some((place, why)),
                Err(_) => {}
            }
        }
    });
    if yes {
        return Ok(true);
    }
    // An alarm that looks at it for certain would be among those before: of the others, the first that may do so is enough.
    watching.open(r, wanted, &mut |list| {
        let mut earlier = list.iter().take_while(|&&place| first.as_ref().is_none_or(|(known, _)| place < *known));
        let found = earlier.find_map(|&place| Some((place, answer(estate.at_place(place)?).err()?)));
        first = found.or(first.take());
    });
    first.map(|(_, why)| why).or_else(|| estate.why_unlisted(ALARM, &r.address)).map_or(Ok(false), Err)
}

/// All alarms that `r` can know and that may look at what is wanted, in order.
pub(super) fn all_alarms<'a>(estate: &'a Estate, r: &Resource, wanted: &Wanted<'_>) -> Vec<&'a Resource> {
    let watching = estate.digest(Watching::of);
    let mut places: Vec<usize> = Vec::new();
    watching.naming(estate, r, wanted, &mut |list| places.extend(list));
    watching.open(r, wanted, &mut |list| places.extend(list));
    places.sort_unstable();
    places.dedup();
    places.into_iter().filter_map(|place| estate.at_place(place)).collect()
}

impl Watching {
    fn of(estate: &Estate) -> Self {
        let mut watching = Self::default();
        // Those of one type stand one after the other.
        let first = estate.of_type(ALARM).next().and_then(|alarm| estate.place_of(alarm)).unwrap_or_default();
        for (n, alarm) in estate.of_type(ALARM).enumerate() {
            watching.all.at(&alarm.address).add(estate, first + n, alarm);
            if calls(alarm) != Ok(false) {
                watching.calling.at(&alarm.address).add(estate, first + n, alarm);
            }
        }
        watching
    }

    /// The alarms that `r` can know.
    fn near(&self, r: &Resource, wanted: &Wanted<'_>) -> impl Iterator<Item = &Alarms> {
        if wanted.calling { &self.calling } else { &self.all }.near(&r.address)
    }

    /// Lists of the alarms that name one of the wanted resources, or ask for all.
    fn naming(&self, estate: &Estate, r: &Resource, wanted: &Wanted<'_>, found: &mut dyn FnMut(&[usize])) {
        let names = or_unknown(wanted.names.to_vec());
        for (_, of) in wanted.dimensions {
            let mut texts = texts_of(of);
            texts.extend(GIVEN.iter().filter_map(|name| of.properties.child(name).and_then(Value::text)));
            texts.sort_unstable();
            texts.dedup();
            let (target, spelling) = (estate.place_of(of), name_of(of).and_then(|name| spelling(&name)));
            for alarms in self.near(r, wanted) {
                let by_text = texts.iter().filter_map(|text| alarms.by_text.get(text));
                let by_text = by_text.flat_map(|by_name| names.iter().filter_map(|name| by_name.get(name)));
                let by_target = target.and_then(|target| alarms.by_target.get(&target));
                let by_spelling = spelling.as_ref().and_then(|spelling| alarms.by_spelling.get(spelling));
                by_text.chain(by_target).chain(by_spelling).for_each(|list| found(list));
            }
        }
        for alarms in self.near(r, wanted).filter(|alarms| !alarms.queries.is_empty()) {
            asked(wanted).iter().filter_map(|asked| alarms.queries.get(asked)).for_each(|list| found(list));
        }
    }

    /// Lists of the alarms that may look at what is wanted for all that is known.
    fn open(&self, r: &Resource, wanted: &Wanted<'_>, found: &mut dyn FnMut(&[usize])) {
        for alarms in self.near(r, wanted).filter(|alarms| !alarms.filtered.is_empty()) {
            asked(wanted).iter().filter_map(|asked| alarms.filtered.get(asked)).for_each(|list| found(list));
        }
        for alarms in self.near(r, wanted).filter(|alarms| !alarms.open.is_empty()) {
            let namespaces = or_unknown(vec![wanted.namespace]);
            let names = or_unknown(wanted.names.to_vec());
            let dimensions = or_unknown(wanted.dimensions.iter().map(|(name, _)| *name).collect());
            for namespace in &namespaces {
                for name in &names {
                    let key = |dimension: &Text| (namespace.clone(), name.clone(), dimension.clone());
                    dimensions.iter().filter_map(|d| alarms.open.get(&key(d))).for_each(|list| found(list));
                }
            }
        }
    }
}

/// What a query must ask for to look at what is wanted.
fn asked(wanted: &Wanted<'_>) -> Vec<Asked> {
    let namespace = wanted.namespace.to_ascii_lowercase();
    let short = wanted.names.iter().map(|name| (namespace.clone(), (*name).to_owned()));
    short.chain([Asked::default()]).collect()
}

/// Some texts, each once, and that which is not known.
fn or_unknown(mut known: Vec<&str>) -> Vec<Text> {
    known.sort_unstable();
    known.dedup();
    known.into_iter().map(|text| Some(Arc::from(text))).chain([None]).collect()
}

impl Alarms {
    fn add(&mut self, estate: &Estate, place: usize, alarm: &Resource) {
        let found = metrics(alarm);
        if found.open.is_some() {
            push(&mut self.open, (None, None, None), place);
        }
        for metric in &found.items {
            self.add_metric(estate, place, metric);
        }
        for expression in &found.expressions {
            let read = expression.get("Expression");
            let mut words = read.as_str().map(words).unwrap_or_default();
            let has = |word: &str| words.iter().any(|w| w.eq_ignore_ascii_case(word));
            if !has("SELECT") {
                continue;
            }
            let lists = if has("WHERE") { &mut self.filtered } else { &mut self.queries };
            words.sort_unstable();
            words.dedup();
            if words.len() > LONGEST {
                push(lists, Asked::default(), place);
                continue;
            }
            for namespace in words.iter().map(|word| word.to_ascii_lowercase()) {
                for name in &words {
                    push(lists, (namespace.clone(), (*name).to_owned()), place);
                }
            }
        }
    }

    fn add_metric(&mut self, estate: &Estate, place: usize, metric: &Metric<'_>) {
        let (Some(namespace), Some(name)) = (known(&metric.namespace), known(&metric.name)) else { return };
        let key = |dimension: Text| (namespace.clone(), name.clone(), dimension);
        let items = match metric.dimensions.items() {
            Items::Absent => return,
            Items::Unknown => return push(&mut self.open, key(None), place),
            Items::Are(items) => items,
        };
        for item in items {
            let dimension = item.get("Name");
            if dimension.why_unknown().is_some() {
                push(&mut self.open, key(None), place);
                continue;
            }
            let Some(dimension) = dimension.as_str() else { continue };
            let value = item.get("Value");
            let (targets, all) = targets(estate, &value);
            for target in targets {
                push(&mut self.by_target, target, place);
            }
            if value.why_unknown().is_none() {
                if let Some(text) = value.value().and_then(Value::text) {
                    push(self.by_text.entry(text).or_default(), name.clone(), place);
                }
                continue;
            }
            if let Some(spelling) = spelling(&value) {
                push(&mut self.by_spelling, spelling, place);
            }
            if !all {
                push(&mut self.open, key(Some(dimension.into())), place);
            }
        }
    }
}

fn push<K: Eq + Hash>(lists: &mut HashMap<K, Vec<usize>>, key: K, place: usize) {
    let list = lists.entry(key).or_default();
    if list.last() != Some(&place) {
        list.push(place);
    }
}

/// A text that is compared with another: `None` if there is none, `Some(None)` if nobody knows it.
fn known(read: &Read<'_>) -> Option<Text> {
    if read.why_unknown().is_some() { Some(None) } else { read.value().and_then(Value::text).map(Some) }
}

fn spelling(read: &Read<'_>) -> Option<Spelling> {
    spelled::spelling(read).map(|spelling| (read.resource.address.stack.clone(), spelling))
}

/// The places of the resources that a value refers to or mentions, and whether these are all that it can name.
fn targets(estate: &Estate, value: &Read<'_>) -> (Vec<usize>, bool) {
    let mut found = Vec::new();
    if let Some(Kind::Ref(to)) = value.value().map(|v| &v.kind)
        && let Some(target) = estate.by_logical_id(&to.stack, &to.logical_id)
    {
        found.extend(estate.place_of(target));
        return (found, true);
    }
    if value.why_unknown().is_none() {
        return (found, true);
    }
    let stack = value.resource.address.stack.as_deref().unwrap_or_default();
    let names = spelled::mentions(value);
    let mentioned = names.iter().filter_map(|name| estate.by_logical_id(stack, name));
    found.extend(mentioned.filter_map(|target| estate.place_of(target)));
    let all = !names.is_empty() && found.len() == names.len();
    (found, all)
}
