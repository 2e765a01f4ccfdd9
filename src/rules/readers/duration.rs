//! Durations as ISO 8601 writes them, the way CloudFormation takes them: `PT15M`, `PT1H30M`, `P1D`.

/// Seconds in a unit before and after the `T`; years and months have no fixed length and are refused.
const UNITS: &[(bool, char, u64)] =
    &[(false, 'W', 7 * 24 * 3600), (false, 'D', 24 * 3600), (true, 'H', 3600), (true, 'M', 60), (true, 'S', 1)];

/// The length in whole seconds; `None` if the text is no duration.
pub(in crate::rules) fn seconds(text: &str) -> Option<u64> {
    let rest = text.trim().strip_prefix(['P', 'p'])?;
    let (mut total, mut number, mut after_t, mut parts) = (0_u64, String::new(), false, 0);
    for c in rest.chars() {
        match c.to_ascii_uppercase() {
            'T' if !after_t && number.is_empty() => after_t = true,
            digit if digit.is_ascii_digit() => number.push(digit),
            unit => {
                let (.., length) = UNITS.iter().find(|(time, name, _)| (*time, *name) == (after_t, unit))?;
                total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*length)?)?;
                number.clear();
                parts += 1;
            }
        }
    }
    (parts > 0 && number.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_seconds() {
        for (text, expected) in [
            ("PT15M", Some(900)),
            ("pt5m", Some(300)),
            ("PT1H30M", Some(5400)),
            ("P1DT12H", Some(129_600)),
            ("PT0S", Some(0)),
            ("P2W", Some(1_209_600)),
            ("PT", None),
            ("P15M", None),
            ("PT15", None),
            ("15M", None),
            ("PTM", None),
            ("PT99999999999999999999S", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
