//! Cells as text: numbers with their digits, days as ISO 8601.

use super::book::Book;
use crate::problem::Problem;

/// How many digits a spreadsheet keeps of a number.
const KEPT_DIGITS: usize = 15;
const DAY_S: f64 = 86_400.0;
/// 9999-12-31, the last day of a spreadsheet.
const LAST_DAY: f64 = 2_958_466.0;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// The place of a shared text.
    Shared,
    Number,
    /// A number that is shown as a day or a time.
    Time,
    Logical,
}

/// The cell's text.
pub(super) fn text(kind: Kind, raw: &str, book: &Book) -> Result<String, Box<Problem>> {
    Ok(match kind {
        _ if raw.is_empty() => String::new(),
        Kind::Text => raw.to_owned(),
        Kind::Shared => book.shared(raw)?.to_owned(),
        Kind::Logical => if raw.trim() == "0" { "false" } else { "true" }.to_owned(),
        Kind::Number => number(raw.trim()),
        Kind::Time => time(raw.trim(), book.from_1904).unwrap_or_else(|| number(raw.trim())),
    })
}

/// A number as a spreadsheet means it: whole ones as they stand, others to the digits that it keeps.
fn number(raw: &str) -> String {
    let is_whole = raw.bytes().all(|byte| byte.is_ascii_digit());
    let Some(value) = raw.parse::<f64>().ok().filter(|value| value.is_finite() && !is_whole) else {
        return raw.to_owned();
    };
    let kept: f64 = format!("{value:.*e}", KEPT_DIGITS - 1).parse().unwrap_or(value);
    if kept.abs() >= 1e21 || (kept != 0.0 && kept.abs() < 1e-15) {
        format!("{kept:e}")
    } else {
        kept.to_string()
    }
}

/// A count of days as a day, a time of day, or both.
fn time(raw: &str, from_1904: bool) -> Option<String> {
    let days: f64 = raw.parse().ok().filter(|days| (0.0..LAST_DAY).contains(days))?;
    let seconds = (days * DAY_S).round() as i64;
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    if days < 1.0 {
        return Some(clock);
    }
    // Day 60 is 1900-02-29, which never was; before it days count from one day later.
    let start = match (from_1904, day) {
        (true, _) => -24_107,
        (false, ..60) => -25_568,
        (false, _) => -25_569,
    };
    let (year, month, day) = date(day + start);
    let date = format!("{year:04}-{month:02}-{day:02}");
    Some(if second == 0 { date } else { format!("{date}T{clock}") })
}

/// Year, month and day of a count of days since 1970-01-01. See <https://howardhinnant.github.io/date_algorithms.html>.
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_and_show_what_was_rounded() {
        for (raw, text) in [
            ("410102001002003", "410102001002003"),
            ("410102001002003001", "410102001002003001"),
            ("4.1010200100200301E+17", "410102001002003000"),
            ("4.1E+14", "410000000000000"),
            ("113.73500000000001", "113.735"),
            ("-0.5", "-0.5"),
            ("1E+300", "1e300"),
            ("007", "007"),
            ("abc", "abc"),
        ] {
            assert_eq!(number(raw), text, "{raw}");
        }
    }

    #[test]
    fn days_are_counted_as_spreadsheets_count_them() {
        for (raw, from_1904, text) in [
            ("1", false, Some("1900-01-01")),
            ("59", false, Some("1900-02-28")),
            ("61", false, Some("1900-03-01")),
            ("46093", false, Some("2026-03-12")),
            ("46093.354166666664", false, Some("2026-03-12T08:30:00")),
            ("44631", true, Some("2026-03-12")),
            ("0.5", false, Some("12:00:00")),
            ("-1", false, None),
            ("1e9", false, None),
        ] {
            assert_eq!(time(raw, from_1904).as_deref(), text, "{raw}");
        }
    }
}
