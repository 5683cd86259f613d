//! What a message shows of a value that was given: whole where it is short, else as much as tells it from others.
//!
//! Invariant: whatever a file holds, a message of this crate does not grow with it.

/// More characters than this of a given text tell a reader nothing.
const MOST_CHARACTERS: usize = 40;
/// Every number that could be a coordinate is written in fewer characters.
const MOST_DIGITS: usize = 24;

/// A text, or its start.
pub fn text(given: &str) -> String {
    if given.chars().count() <= MOST_CHARACTERS {
        return given.to_owned();
    }
    let start: String = given.chars().take(MOST_CHARACTERS).collect();
    format!("{start}…")
}

/// A number, with an exponent where its digits would fill lines.
pub fn number(given: f64) -> String {
    let plain = given.to_string();
    if plain.len() <= MOST_DIGITS { plain } else { format!("{given:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_shown_by_its_start_and_a_huge_number_by_its_exponent() {
        assert_eq!(text("龙湖镇"), "龙湖镇");
        assert_eq!(text(&"龙".repeat(400)), format!("{}…", "龙".repeat(40)));
        assert_eq!(number(113.735_123_456_789), "113.735123456789");
        assert_eq!(number(-1e308), "-1e308");
        assert_eq!(number(1e-300), "1e-300");
        assert_eq!(number(f64::NAN), "NaN");
    }
}
