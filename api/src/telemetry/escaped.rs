//! What is logged, with nothing in it that a terminal obeys or that begins a line: whatever a caller sent, one event is one line.

use std::fmt::Write as _;
use std::io;

/// A writer of whole lines, each with its control characters written out.
#[derive(Debug)]
pub(super) struct Escaped<W>(pub(super) W);

impl<W: io::Write> io::Write for Escaped<W> {
    /// Takes one event, as the formatter hands it over: whole, with the end of its line.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(escaped(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A line with what JSON would write in their place, so that it is good in both forms.
fn escaped(event: &str) -> String {
    let line = event.strip_suffix('\n');
    let mut text = String::with_capacity(event.len());
    for character in line.unwrap_or(event).chars() {
        match character {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            character if is_obeyed(character) => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            character => text.push(character),
        }
    }
    if line.is_some() {
        text.push('\n');
    }
    text
}

/// Control characters, what ends a line elsewhere, and what turns the direction of writing.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_a_terminal_obeys_is_written_out_and_one_event_is_one_line() {
        let check = |event: &str, expected: &str| {
            let mut written = Vec::new();
            Escaped(&mut written).write_all(event.as_bytes()).expect("a Vec takes everything");
            assert_eq!(String::from_utf8(written).expect("UTF-8"), expected);
        };
        check("Answered\n", "Answered\n");
        check("网格 é\n", "网格 é\n");
        check("a\nERROR forged\r\n", "a\\nERROR forged\\r\n");
        check("\u{1b}[2J\u{7f}\u{0}\u{9b}1m\n", "\\u001b[2J\\u007f\\u0000\\u009b1m\n");
        check("\u{202e}gnp.exe\u{2028}x\n", "\\u202egnp.exe\\u2028x\n");
        check("{\"message\":\"a\\nb\u{7f}\"}\n", "{\"message\":\"a\\nb\\u007f\"}\n");
    }
}
