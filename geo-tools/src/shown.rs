//! What a message shows of a value that was given: whole where it is short, else as much as tells it from others.
//!
//! Invariant: whatever a file holds, a message of this crate does not grow with it, and stands on one line.

/// More characters than this of a given text tell a reader nothing.
const MOST_CHARACTERS: usize = 40;
/// More of a list than this tell a reader nothing.
const MOST_LISTED: usize = 10;
/// Every number that could be a coordinate is written in fewer characters.
const MOST_DIGITS: usize = 24;

/// A text, or its start.
pub fn text(given: &str) -> String {
    let mut rest = given.chars();
    let start: String = rest.by_ref().take(MOST_CHARACTERS).map(plain).collect();
    if rest.next().is_none() { start } else { format!("{start}…") }
}

/// Several things as they are shown, or the first of them and how many more there are.
pub fn list(shown: impl IntoIterator<Item = String>) -> String {
    let mut rest = shown.into_iter();
    let start: Vec<String> = rest.by_ref().take(MOST_LISTED).collect();
    let (start, more) = (start.join(", "), rest.count());
    if more == 0 { start } else { format!("{start} and {more} more") }
}

/// A whole line of text, which stays one.
pub fn line(given: &str) -> String {
    given.chars().map(plain).collect()
}

/// A character; another in place of one that ends a line, steers a terminal, or turns the direction of what follows.
fn plain(given: char) -> char {
    let turns = matches!(given, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let ends_line = matches!(given, '\u{2028}' | '\u{2029}');
    if given.is_control() || turns || ends_line { char::REPLACEMENT_CHARACTER } else { given }
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
        assert_eq!(text(&"龙".repeat(40)), "龙".repeat(40));
        assert_eq!(number(113.735_123_456_789), "113.735123456789");
        assert_eq!(number(-1e308), "-1e308");
        assert_eq!(number(1e-300), "1e-300");
        assert_eq!(number(f64::NAN), "NaN");
    }

    #[test]
    fn a_long_list_is_shown_by_its_start() {
        let numbers = |count: usize| list((0..count).map(|number| number.to_string()));
        assert_eq!((numbers(0), numbers(2)), (String::new(), "0, 1".to_owned()));
        assert_eq!(numbers(10), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9");
        assert_eq!(numbers(50_000), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 49990 more");
    }

    #[test]
    fn what_would_break_a_line_or_steer_a_reader_is_shown_as_another_character() {
        let obeyed =
            ["\n", "\r", "\t", "\u{1b}", "\u{85}", "\u{61c}", "\u{200e}", "\u{2028}", "\u{202e}", "\u{2066}"];
        for obeyed in obeyed {
            assert_eq!(text(&format!("a{obeyed}b")), "a\u{fffd}b", "{obeyed:?}");
            assert_eq!(line(&format!("{}{obeyed}", "a".repeat(50))), format!("{}\u{fffd}", "a".repeat(50)));
        }
        // Letters of every script, and what joins them, are left as they are.
        assert_eq!(text("é ع 网 \u{200d}"), "é ع 网 \u{200d}");
    }
}
