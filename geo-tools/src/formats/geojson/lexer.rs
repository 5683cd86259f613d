//! Words of JSON over a [`Source`]: white space, strings, numbers, and whole values to be passed over.

use std::io::Read;

use super::Stop;
use super::source::Source;
use crate::problem::Code;

/// A value without brackets.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool,
    String(String),
    /// A number with its text, which may be beyond what a double can hold.
    Number {
        value: f64,
        text: String,
    },
    /// `NaN`, `Infinity` and their like, which some programs write although JSON has no such thing.
    NotFinite(String),
    /// Any other run of letters and digits.
    Unknown(String),
}

pub(super) struct Lexer<R: Read> {
    pub(super) source: Source<R>,
    max_depth: usize,
    max_text_bytes: usize,
}

impl<R: Read> Lexer<R> {
    pub(super) fn new(source: Source<R>, max_depth: usize, max_text_bytes: usize) -> Self {
        Self { source, max_depth, max_text_bytes }
    }

    /// A refusal of what stands at the next byte.
    pub(super) fn refuse(&self, code: Code, message: &str) -> Stop {
        Stop::new(code, format!("{message} (byte {})", self.source.offset()), self.source.line())
    }

    pub(super) fn unexpected(&mut self, wanted: &str) -> Stop {
        match self.source.peek() {
            Err(stop) => stop,
            Ok(None) => self.refuse(Code::NotGeojson, &format!("the file ends where {wanted} must stand")),
            Ok(Some(byte)) => {
                let found = byte.escape_ascii();
                self.refuse(
                    Code::NotGeojson,
                    &format!("\u{201c}{found}\u{201d} stands where {wanted} must stand"),
                )
            }
        }
    }

    pub(super) fn check_depth(&self, depth: usize) -> Result<(), Stop> {
        if depth <= self.max_depth {
            return Ok(());
        }
        Err(self.refuse(Code::Depth, &format!("brackets nest more than {} deep", self.max_depth)))
    }

    #[inline]
    pub(super) fn skip_space(&mut self) -> Result<Option<u8>, Stop> {
        loop {
            match self.source.peek()? {
                Some(b'\n') => self.source.count_lines(1),
                Some(b' ' | b'\t' | b'\r') => {}
                other => return Ok(other),
            }
            self.source.advance(1);
        }
    }

    /// Passes a byte that must stand here.
    pub(super) fn expect(&mut self, wanted: u8) -> Result<(), Stop> {
        if self.skip_space()? == Some(wanted) {
            self.source.advance(1);
            return Ok(());
        }
        Err(self.unexpected(&format!("\u{201c}{}\u{201d}", wanted as char)))
    }

    /// Passes a comma or the closing bracket; true where it was the comma.
    pub(super) fn another(&mut self, close: u8) -> Result<bool, Stop> {
        match self.skip_space()? {
            Some(b',') => {
                self.source.advance(1);
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.source.advance(1);
                Ok(false)
            }
            _ => Err(self.unexpected(&format!("a comma or \u{201c}{}\u{201d}", close as char))),
        }
    }

    fn skip_string(&mut self) -> Result<(), Stop> {
        self.source.advance(1);
        loop {
            if self.source.peek()?.is_none() {
                return Err(self.unexpected("the closing quotation mark"));
            }
            let rest = self.source.rest();
            let plain =
                rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
            self.source.advance(plain);
            self.check_marked()?;
            match self.source.peek()? {
                Some(b'"') => {
                    self.source.advance(1);
                    return Ok(());
                }
                Some(b'\\') => {
                    self.source.advance(1);
                    if self.source.peek()?.is_some_and(|byte| byte >= 0x20) {
                        self.source.advance(1);
                    }
                }
                Some(0..0x20) => return Err(self.unexpected("text without control characters")),
                _ => {}
            }
        }
    }

    fn check_marked(&self) -> Result<(), Stop> {
        let allowed = self.max_text_bytes;
        let Some(beyond @ 1..) = self.source.marked_bytes().checked_sub(allowed) else { return Ok(()) };
        // Where the cap is passed, however much of the text the window holds.
        let at = self.source.offset() - beyond as u64;
        let message = format!("more than {allowed} bytes in one text or properties object (byte {at})");
        Err(Stop::new(Code::TooLarge, message, self.source.line()))
    }

    /// Reads the string that starts here.
    pub(super) fn string(&mut self) -> Result<String, Stop> {
        if self.source.peek()? != Some(b'"') {
            return Err(self.unexpected("a text in quotation marks"));
        }
        self.source.set_mark();
        self.skip_string()?;
        let raw = self.source.marked();
        if !raw.contains(&b'\\') {
            return Ok(String::from_utf8_lossy(&raw[1..raw.len() - 1]).into_owned());
        }
        match serde_json::from_slice(raw) {
            Ok(text) => Ok(text),
            Err(error) => {
                Err(self.refuse(Code::NotGeojson, &format!("a text that JSON does not allow: {error}")))
            }
        }
    }

    /// Reads a value that is neither an array nor an object.
    pub(super) fn scalar(&mut self) -> Result<Scalar, Stop> {
        if self.skip_space()? == Some(b'"') {
            return Ok(Scalar::String(self.string()?));
        }
        self.source.set_mark();
        self.skip_word()?;
        let word = String::from_utf8_lossy(self.source.marked()).into_owned();
        Ok(match word.as_str() {
            "null" => Scalar::Null,
            "true" | "false" => Scalar::Bool,
            "NaN" | "nan" | "Infinity" | "-Infinity" | "+Infinity" | "inf" | "-inf" => {
                Scalar::NotFinite(word)
            }
            _ => match number(&word) {
                Some(value) => Scalar::Number { value, text: word },
                None => Scalar::Unknown(word),
            },
        })
    }

    fn skip_word(&mut self) -> Result<(), Stop> {
        let mut length = 0;
        while let Some(byte) = self.source.peek()? {
            if !matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'_') {
                break;
            }
            self.source.advance(1);
            length += 1;
            if length > self.max_text_bytes {
                return Err(self.refuse(Code::TooLarge, "a number or word without end"));
            }
        }
        if length == 0 { Err(self.unexpected("a value")) } else { Ok(()) }
    }

    /// Passes the value that starts here, however large; `depth` brackets are open around it.
    pub(super) fn skip_value(&mut self, depth: usize) -> Result<(), Stop> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            match self.skip_space()? {
                Some(byte @ (b'{' | b'[')) => {
                    open.push(byte + 2); // The closing bracket is two further in ASCII.
                    self.check_depth(depth + open.len())?;
                    self.source.advance(1);
                }
                Some(byte @ (b'}' | b']')) => {
                    if open.pop() != Some(byte) {
                        return Err(self.unexpected("a value"));
                    }
                    self.source.advance(1);
                }
                Some(b'"') => self.skip_string()?,
                Some(b',' | b':') if !open.is_empty() => self.source.advance(1),
                _ => self.skip_word()?,
            }
            self.check_marked()?;
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// The bytes of the value that starts here.
    pub(super) fn raw_value(&mut self, depth: usize) -> Result<&[u8], Stop> {
        self.skip_space()?;
        self.source.set_mark();
        self.skip_value(depth)?;
        Ok(self.source.marked())
    }
}

/// The value of a number as JSON writes numbers; `None` for anything else.
fn number(word: &str) -> Option<f64> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (digits, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = all_digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(all_digits)
        && exponent.is_none_or(all_digits);
    if well_formed { word.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn only_numbers_as_json_writes_them_are_numbers() {
        for good in ["0", "-0", "1.5", "-12.25e-3", "1E+9999", "0.1e1"] {
            assert_eq!(number(good), good.parse().ok(), "{good}");
        }
        for bad in ["", "-", "01", "+1", ".5", "1.", "1e", "1e+", "0x10", "1_000", "--1", "1e5.2", "nan"] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }
}
