//! Schedule expressions, `cron(0 5 ? * * *)` and `rate(12 hours)`: how long it takes from one run to the next, at most.

use jiff::civil::{Date, Weekday};

const MINUTES_OF_A_DAY: i64 = 24 * 60;
/// So many days are played through: two years, with a leap day in them.
const DAYS: i64 = 731;
const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The longest time from one run to the next in minutes; `None` if the expression cannot be made sense of or never runs.
pub(in crate::rules) fn longest_gap(expression: &str) -> Option<i64> {
    let expression = expression.trim();
    let inside = |name: &str| expression.strip_prefix(name)?.trim().strip_prefix('(')?.strip_suffix(')');
    match (inside("rate"), inside("cron")) {
        (Some(rate), _) => every(rate),
        (_, Some(cron)) => of_cron(cron),
        _ => None,
    }
}

fn every(rate: &str) -> Option<i64> {
    let (count, unit) = rate.trim().split_once(char::is_whitespace)?;
    let count: i64 = count.parse().ok().filter(|n| *n > 0)?;
    let minutes = match unit.trim().trim_end_matches('s') {
        "minute" => 1,
        "hour" => 60,
        "day" => MINUTES_OF_A_DAY,
        _ => return None,
    };
    count.checked_mul(minutes)
}

/// Fields of AWS: minutes, hours, day of month, month, day of week, year. The five fields of Unix have no year.
fn of_cron(cron: &str) -> Option<i64> {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let ([minute, hour, day, month, weekday, "*"] | [minute, hour, day, month, weekday]) = fields[..] else {
        return None;
    };
    let minutes = set(minute, 0, 59, &[])?;
    let hours = set(hour, 0, 23, &[])?;
    let months = set(month, 1, 12, MONTHS)?;
    let times: Vec<i64> = hours.iter().flat_map(|h| minutes.iter().map(move |m| h * 60 + m)).collect();
    let (first, last) = (*times.first()?, *times.last()?);
    let within = times.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?)).max().unwrap_or(0);
    let days: Vec<i64> = days(day, weekday, &months)?;
    let between = days.windows(2).filter_map(|pair| Some((pair.get(1)? - pair.first()?) * MINUTES_OF_A_DAY)).max()?;
    Some(within.max(between - last + first))
}

/// The days that are run on, counted from the first one played through.
fn days(day: &str, weekday: &str, months: &[i64]) -> Option<Vec<i64>> {
    let start = Date::new(2023, 1, 1).ok()?;
    let (any_day, any_weekday) = (matches!(day, "*" | "?"), matches!(weekday, "*" | "?"));
    let mut found = Vec::new();
    let mut date = start;
    for n in 0..DAYS {
        let by_day = || on_day(day, date);
        let by_weekday = || on_weekday(weekday, date);
        let runs = match (any_day, any_weekday) {
            (true, true) => true,
            (false, true) => by_day()?,
            (true, false) => by_weekday()?,
            // Either of them will do, as Unix has it; AWS wants a `?` in one of the two.
            (false, false) => by_day()? || by_weekday()?,
        };
        if runs && months.contains(&i64::from(date.month())) {
            found.push(n);
        }
        date = date.tomorrow().ok()?;
    }
    Some(found)
}

fn on_day(field: &str, date: Date) -> Option<bool> {
    match field {
        "L" => Some(date.day() == date.days_in_month()),
        // The weekday next to a day: that day, give or take a few.
        _ if field.ends_with('W') => {
            let day: i8 = field.trim_end_matches('W').parse().ok()?;
            Some(date.day() == day)
        }
        _ => Some(set(field, 1, 31, &[])?.contains(&i64::from(date.day()))),
    }
}

fn on_weekday(field: &str, date: Date) -> Option<bool> {
    let today = i64::from(date.weekday().to_sunday_one_offset());
    if let Some((weekday, nth)) = field.split_once('#') {
        let week = i64::from((date.day() - 1) / 7 + 1);
        return Some(set(weekday, 1, 7, WEEKDAYS)?.contains(&today) && nth.parse() == Ok(week));
    }
    if let Some(weekday) = field.strip_suffix('L') {
        let last = date.day() + 7 > date.days_in_month();
        return match weekday {
            "" => Some(date.weekday() == Weekday::Saturday),
            _ => Some(last && set(weekday, 1, 7, WEEKDAYS)?.contains(&today)),
        };
    }
    Some(set(field, 1, 7, WEEKDAYS)?.contains(&today))
}

/// The numbers of a field, in order: `*`, `5`, `1-5`, `*/15`, `MON,WED`.
fn set(field: &str, least: i64, greatest: i64, names: &[&str]) -> Option<Vec<i64>> {
    let number = |text: &str| {
        let place = names.iter().position(|name| name.eq_ignore_ascii_case(text)).and_then(|n| i64::try_from(n).ok());
        place.map(|n| n + least).or_else(|| text.parse().ok()).filter(|n| (least..=greatest).contains(n))
    };
    let mut found = Vec::new();
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (number(from)?, number(to)?),
            None if matches!(range, "*" | "?" | "") => (least, greatest),
            None => (number(range)?, if step.is_some() { greatest } else { number(range)? }),
        };
        let step = step.map_or(Some(1), |text| text.parse::<usize>().ok()).filter(|n| *n > 0)?;
        found.extend((from..=to).step_by(step));
    }
    found.sort_unstable();
    found.dedup();
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_between_two_runs() {
        let (hour, day) = (60, MINUTES_OF_A_DAY);
        for (expression, gap) in [
            ("rate(12 hours)", Some(12 * hour)),
            ("rate(1 day)", Some(day)),
            ("cron(0 5 ? * * *)", Some(day)),
            ("cron(0 5 * * ? *)", Some(day)),
            ("cron(0/30 * * * ? *)", Some(30)),
            ("cron(0 */12 * * ? *)", Some(12 * hour)),
            ("cron(0 1,9 * * ? *)", Some(16 * hour)),
            ("cron(0 5 ? * MON-FRI *)", Some(3 * day)),
            ("cron(0 5 ? * 1 *)", Some(7 * day)),
            ("cron(0 5 ? * SUN *)", Some(7 * day)),
            ("cron(0 5 1 * ? *)", Some(31 * day)),
            ("cron(0 5 L * ? *)", Some(31 * day)),
            ("cron(0 5 ? * MON#1 *)", Some(35 * day)),
            ("cron(0 5 ? * 6L *)", Some(35 * day)),
            ("cron(0 5 1 1 ? *)", Some(365 * day)),
            ("cron(0 5 ? * * 2030)", None),
            ("cron(61 5 ? * * *)", None),
            ("at(2030-01-01T00:00:00)", None),
        ] {
            assert_eq!(longest_gap(expression), gap, "{expression}");
        }
    }
}
