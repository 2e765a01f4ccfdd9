//! How much time a schedule expression leaves between two runs.

/// The longest time between two runs in days (rounded up); `None` if it is no expression of that kind.
pub(super) fn longest_days(expression: &str) -> Option<i64> {
    let (kind, rest) = expression.trim().split_once('(')?;
    let fields: Vec<&str> = rest.strip_suffix(')')?.split_whitespace().collect();
    match (kind, &fields[..]) {
        ("rate", [number, unit]) => {
            let number: i64 = number.parse().ok()?;
            match *unit {
                "day" | "days" => Some(number),
                "hour" | "hours" => Some(number.saturating_add(23) / 24),
                _ => None,
            }
        }
        ("cron", [_, _, day, month, weekday, ..]) => {
            let months = gap(month, &MONTHS, 12)?;
            let days = if *weekday == "?" || *weekday == "*" {
                if day.contains('L') || day.contains('W') { 31 } else { gap(day, &[], 31)? }
            } else if weekday.contains('#') || weekday.contains('L') {
                // The same weekday of two months is at most five weeks apart.
                35
            } else {
                gap(weekday, &WEEKDAYS, 7)?
            };
            Some(if months == 1 { days } else { days.max(months * 31) })
        }
        _ => None,
    }
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The largest step between two values of a cron field that runs from 1 to `size` and then starts again.
fn gap(field: &str, names: &[&str], size: i64) -> Option<i64> {
    if field == "*" || field == "?" {
        return Some(1);
    }
    let value = |text: &str| -> Option<i64> {
        let by_name =
            names.iter().position(|name| name.eq_ignore_ascii_case(text)).and_then(|n| i64::try_from(n + 1).ok());
        by_name.or_else(|| text.parse().ok())
    };
    let mut values: Vec<i64> = Vec::new();
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (value(first)?, value(last)?),
            None if range == "*" || range.is_empty() => (1, size),
            None => (value(range)?, if step.is_some() { size } else { value(range)? }),
        };
        let step = step.map_or(Some(1), |step| step.parse().ok()).filter(|step| *step > 0)?;
        values.extend((first..=last.min(size)).step_by(usize::try_from(step).ok()?));
    }
    values.sort_unstable();
    let (first, last) = (*values.first()?, *values.last()?);
    let within = values.iter().zip(values.iter().skip(1)).map(|(a, b)| b - a);
    within.chain([first + size - last]).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_time_between_two_runs() {
        for (expression, days) in [
            ("rate(30 days)", Some(30)),
            ("rate(1 day)", Some(1)),
            ("rate(4 hours)", Some(1)),
            ("rate(25 hours)", Some(2)),
            ("cron(0 8 * * ? *)", Some(1)),
            ("cron(0 8 1 * ? *)", Some(31)),
            ("cron(0 8 1,15 * ? *)", Some(17)),
            ("cron(0 8 L * ? *)", Some(31)),
            ("cron(0 8 ? * SUN *)", Some(7)),
            ("cron(0 8 ? * 2#1 *)", Some(35)),
            ("cron(0 0 1 1/3 ? *)", Some(93)),
            ("cron(0 0 1 JAN,JUL ? *)", Some(186)),
            ("cron(0 0 1 1 ? *)", Some(372)),
            ("weekly", None),
            ("rate(x days)", None),
            ("cron(0 0)", None),
        ] {
            assert_eq!(longest_days(expression), days, "{expression}");
        }
    }
}
