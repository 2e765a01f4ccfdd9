//! Backup and maintenance windows, as RDS writes them.

const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;
const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A stretch of time that comes back: every day or every week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Minutes into the day or the week, in UTC.
    start: u32,
    /// Minutes.
    length: u32,
}

impl Window {
    /// `HH:MM-HH:MM`, every day; the same time twice is the whole day.
    pub(super) fn daily(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        Some(Self::between(minute(from.trim())?, minute(to.trim())?, DAY))
    }

    /// `ddd:HH:MM-ddd:HH:MM`, every week.
    pub(super) fn weekly(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let minute_of_week = |text: &str| {
            let (day, time) = text.trim().split_once(':')?;
            let day = DAYS.iter().zip(0..).find(|(name, _)| name.eq_ignore_ascii_case(day)).map(|(_, n)| n)?;
            Some(day * DAY + minute(time)?)
        };
        Some(Self::between(minute_of_week(from)?, minute_of_week(to)?, WEEK))
    }

    fn between(start: u32, end: u32, cycle: u32) -> Self {
        let length = (end + cycle - start) % cycle;
        Self { start, length: if length == 0 { cycle } else { length } }
    }

    /// Whether a daily window lies inside another one.
    pub(super) fn is_inside(self, outer: Self) -> bool {
        (self.start + DAY - outer.start) % DAY + self.length <= outer.length
    }

    /// Whether a daily window meets a weekly one on some day.
    pub(super) fn meets(self, weekly: Self) -> bool {
        (0..7).map(|day| day * DAY + self.start).any(|start| {
            (start + WEEK - weekly.start) % WEEK < weekly.length || (weekly.start + WEEK - start) % WEEK < self.length
        })
    }
}

/// `HH:MM` as minutes into the day.
fn minute(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily(text: &str) -> Window {
        Window::daily(text).unwrap()
    }

    #[test]
    fn windows_may_cross_midnight() {
        assert!(daily("23:30-00:30").is_inside(daily("23:00-02:00")));
        assert!(daily("00:30-01:00").is_inside(daily("23:00-02:00")));
        assert!(!daily("22:30-23:30").is_inside(daily("23:00-02:00")));
        assert!(!daily("01:30-02:30").is_inside(daily("23:00-02:00")));
        assert!(daily("04:00-05:00").is_inside(daily("00:00-00:00")));
    }

    #[test]
    fn a_daily_window_meets_a_weekly_one_on_any_day() {
        let weekly = Window::weekly("sun:23:45-mon:00:15").unwrap();
        assert!(daily("00:00-00:30").meets(weekly));
        assert!(daily("23:30-23:50").meets(weekly));
        assert!(!daily("00:15-00:45").meets(weekly), "the end is not part of a window");
        assert!(!daily("03:00-04:00").meets(weekly));
    }

    #[test]
    fn what_is_no_window_is_none() {
        for text in ["", "3-4", "25:00-26:00", "03:00", "sun:03:00-sun:04:00"] {
            assert_eq!(Window::daily(text), None, "{text}");
        }
        assert_eq!(Window::weekly("xyz:03:00-sun:04:00"), None);
    }
}
