//! Metric math: what alarms compute before they compare.

use crate::model::{Read, Resource, Unknown, Value};
use crate::rules::readers::alarms::{Metrics, metrics};
use crate::rules::readers::metric_math::{Math, parse};
use crate::rules::readers::{policy, spelled};
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A rate divides by the number of requests. At night there are none: the division gives no datapoint, and the alarm stands
    /// in `INSUFFICIENT_DATA` just when something may be broken.
    ///
    /// A denominator is guarded if it is a constant, at least one (`MAX([m3, 1])`), filled (`FILL(m3, 1)`), or if an `IF` asks for
    /// it first; and if `FILL` or `IF` take up the result, in the same expression or in another one.
    ///
    /// ## Fix
    /// ```yaml
    /// Metrics:
    ///   - Id: rate
    ///     Expression: IF(requests > 0, errors / requests * 100, 0)
    /// ```
    "alarm-metric-math-zero-guard" => {
        title: "Metric math that divides guards against a zero denominator.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Resource,
        types: ["AWS::CloudWatch::Alarm"],
        params: {
            accept_treat_missing_not_breaching: Preset::Bool(false) => "accept TreatMissingData: notBreaching as a guard",
        },
        equivalents: [],
        check: zero_guard,
    }

    /// ## Why
    /// Metric math takes the datapoints of its inputs by their time. If one has a datapoint for each minute and another one for
    /// five, four of five results are missing or wrong.
    ///
    /// A period that an expression does not state is that of its inputs.
    ///
    /// ## Fix
    /// ```yaml
    /// Metrics:
    ///   - {Id: m1, ReturnData: false, MetricStat: {Metric: …, Period: 60, Stat: Sum}}
    ///   - {Id: m2, ReturnData: false, MetricStat: {Metric: …, Period: 60, Stat: Sum}}
    /// ```
    "alarm-metric-math-period-aligned" => {
        title: "All metrics combined in one alarm use the same period.",
        category: MonitoringAlerting,
        severity: Low,
        scope: Resource,
        types: ["AWS::CloudWatch::Alarm"],
        equivalents: [],
        check: |r, _| aligned(r),
    }
}

const GUARDED: &str = "a guarded denominator: IF(m > 0, …, 0), MAX([m, 1]) or FILL";

/// An expression of an alarm.
struct Step<'a> {
    id: Option<String>,
    read: Read<'a>,
    /// `None` for what is no arithmetic: a query, a search.
    math: Result<Option<Math>, Unknown>,
}

fn zero_guard(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let found = metrics(r);
    let steps: Vec<Step<'_>> = found.expressions.iter().map(step).collect();
    let divides = |step: &Step<'_>| step.math.as_ref().map_or(true, |math| math.as_ref().is_some_and(has_division));
    if !steps.iter().any(divides) && found.open.is_none() {
        return None;
    }
    let missing = cx.params.bool("accept_treat_missing_not_breaching");
    if missing && r.get("TreatMissingData").as_str() == Some("notBreaching") {
        return Some(Verdict::Pass);
    }
    let rest = found.open.as_ref().map_or(Verdict::Pass, |why| policy::unknown(&r.get("Metrics"), GUARDED, why));
    Some(Verdict::all(steps.iter().map(|step| guarded(step, &steps))).and(rest))
}

fn step<'a>(element: &Read<'a>) -> Step<'a> {
    let read = element.get("Expression");
    let text = match (read.as_str(), read.why_unknown()) {
        (Some(text), _) => Ok(text.to_owned()),
        (None, Some(why)) => spelled(&read).ok_or(why),
        (None, None) => Ok(String::new()),
    };
    let math = text.and_then(|text| match parse(&text) {
        Some(math) => Ok(Some(math)),
        // Namespaces have slashes too: a query is no division.
        None if !text.contains('/') || starts_with(&text, "SELECT") => Ok(None),
        None => Err(Unknown::Unsupported("this expression".into())),
    });
    Step { id: element.get("Id").as_str().map(str::to_owned), read, math }
}

/// An expression into which a number is filled at deployment: a threshold, a factor.
fn spelled(read: &Read<'_>) -> Option<String> {
    let text = spelled::text(read).filter(|text| !spelled::literal(text).trim().is_empty())?;
    Some(spelled::placeholders(&text).fold(text.clone(), |t, name| t.replace(&format!("${{{name}}}"), "1")))
}

fn starts_with(text: &str, word: &str) -> bool {
    text.trim_start().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn guarded(step: &Step<'_>, all: &[Step<'_>]) -> Verdict {
    let math = match &step.math {
        Err(why) => return policy::unknown(&step.read, GUARDED, why),
        Ok(None) => return Verdict::Pass,
        Ok(Some(math)) => math,
    };
    let others = || all.iter().filter_map(|other| other.math.as_ref().ok()?.as_ref());
    let shielded = || step.id.as_ref().is_some_and(|id| others().any(|other| other.shields(id)));
    if math.bare_denominators(&|id| never_zero(all, id, 0)).is_empty() || shielded() {
        Verdict::Pass
    } else {
        check::fail(&step.read, GUARDED)
    }
}

fn has_division(math: &Math) -> bool {
    match math {
        Math::Binary("/", ..) => true,
        Math::Binary(_, a, b) => has_division(a) || has_division(b),
        Math::Call(_, parts) | Math::List(parts) => parts.iter().any(has_division),
        Math::Number(_) | Math::Id(_) | Math::Text => false,
    }
}

/// Whether the expression of an id cannot be zero; expressions may lead to each other, and in a circle.
fn never_zero(all: &[Step<'_>], id: &str, depth: usize) -> bool {
    let found =
        all.iter().find(|step| step.id.as_deref() == Some(id)).and_then(|step| step.math.as_ref().ok()?.as_ref());
    depth < all.len() && found.is_some_and(|math| math.never_zero(&|id| never_zero(all, id, depth + 1)))
}

fn aligned(r: &Resource) -> Option<Verdict> {
    let Metrics { items, expressions, open } = metrics(r);
    if items.len() < 2 && open.is_none() {
        return None;
    }
    let mut periods = items.iter().map(|metric| &metric.period);
    let first = periods.next();
    let own: Vec<Read<'_>> = expressions.iter().map(|e| e.get("Period")).filter(|p| !p.is_absent()).collect();
    let expected = first.and_then(|p| p.value().map(ToString::to_string)).unwrap_or_else(|| "the same period".into());
    let same = periods.chain(&own).map(|period| match first {
        Some(first) => equal(first, period, &expected),
        None => Verdict::Pass,
    });
    let rest = open.map_or(Verdict::Pass, |why| {
        Verdict::unknown(Evidence::unknown(&r.get("Metrics"), "metrics of one period", &why))
    });
    Some(Verdict::all(same).and(rest))
}

/// Whether two periods are the same: by their number, or because the template fills in the same.
fn equal(first: &Read<'_>, period: &Read<'_>, expected: &str) -> Verdict {
    let number = |read: &Read<'_>| read.value().and_then(Value::as_int);
    match (number(first), number(period)) {
        (Some(a), Some(b)) if a == b => Verdict::Pass,
        (Some(_), Some(_)) => check::fail(period, expected),
        _ if spelled::spelling(first).is_some() && spelled::spelling(first) == spelled::spelling(period) => {
            Verdict::Pass
        }
        _ if period.why_unknown().is_some() => check::unknown(period, expected),
        _ if first.why_unknown().is_some() => check::unknown(first, "the same period"),
        _ => check::fail(period, expected),
    }
}
