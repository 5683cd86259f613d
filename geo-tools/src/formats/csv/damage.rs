//! Codes that a spreadsheet took for numbers or dates, and spoilt.

/// What a spreadsheet did to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpreadsheetDamage {
    /// `4.1E+14`: the digits are lost.
    #[error("a spreadsheet has turned it into a rounded number")]
    Rounded,
    /// `410102001002003000` where only fifteen digits were kept.
    #[error(
        "it has more than fifteen digits and zeros from the sixteenth on, as when a spreadsheet has cut them off"
    )]
    DigitsZeroed,
    /// `#N/A`, `#####`.
    #[error("a spreadsheet has written an error instead")]
    ErrorValue,
    /// `3月12日`, `12-Mar`.
    #[error("a spreadsheet has turned it into a date")]
    Date,
}

/// How many digits a spreadsheet keeps of a number.
const KEPT_DIGITS: usize = 15;
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Whether a code looks as if a spreadsheet had spoilt it, and how.
///
/// It is a guess: a code of more than fifteen digits may end in zeros by right. Ask before refusing one of those.
/// ```
/// # use geo_tools::formats::csv::{SpreadsheetDamage, looks_damaged_by_spreadsheet};
/// assert_eq!(looks_damaged_by_spreadsheet("4.10102E+14"), Some(SpreadsheetDamage::Rounded));
/// assert_eq!(looks_damaged_by_spreadsheet("410102001002003"), None);
/// ```
pub fn looks_damaged_by_spreadsheet(text: &str) -> Option<SpreadsheetDamage> {
    let text = text.trim();
    if text.starts_with('#') && (text.bytes().all(|byte| byte == b'#') || text.ends_with(['!', '?', 'A'])) {
        return Some(SpreadsheetDamage::ErrorValue);
    }
    if is_rounded(text) {
        return Some(SpreadsheetDamage::Rounded);
    }
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits && text.len() > KEPT_DIGITS && text.bytes().skip(KEPT_DIGITS).all(|byte| byte == b'0') {
        return Some(SpreadsheetDamage::DigitsZeroed);
    }
    is_date(text).then_some(SpreadsheetDamage::Date)
}

/// Digits, a point perhaps, then `E+` and digits.
fn is_rounded(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    exponent.strip_prefix('+').is_some_and(digits) && digits(whole) && digits(fraction)
}

fn is_date(text: &str) -> bool {
    let day = |text: &str| matches!(text.parse(), Ok(1u8..=31));
    let month = |text: &str| MONTHS.contains(&text.to_lowercase().as_str());
    if let Some((first, second)) = text.strip_suffix('日').and_then(|text| text.split_once('月')) {
        return day(first) && day(second);
    }
    text.split_once('-').is_some_and(|(first, second)| {
        (day(first) && month(second)) || (month(first) && second.parse::<u8>().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_a_spreadsheet_spoilt_are_seen_and_sound_ones_are_left_alone() {
        let check = |text, damage| assert_eq!(looks_damaged_by_spreadsheet(text), damage, "{text}");
        check("4.1E+14", Some(SpreadsheetDamage::Rounded));
        check(" 4e+08 ", Some(SpreadsheetDamage::Rounded));
        check("410102001002003000", Some(SpreadsheetDamage::DigitsZeroed));
        check("#N/A", Some(SpreadsheetDamage::ErrorValue));
        check("########", Some(SpreadsheetDamage::ErrorValue));
        check("#REF!", Some(SpreadsheetDamage::ErrorValue));
        check("3月12日", Some(SpreadsheetDamage::Date));
        check("12-Mar", Some(SpreadsheetDamage::Date));
        check("Mar-12", Some(SpreadsheetDamage::Date));
        for sound in
            ["", "410102001002003001", "000000000000", "B0385", "4E14", "E+14", "3-12", "#12", "w25208578"]
        {
            check(sound, None);
        }
    }
}
