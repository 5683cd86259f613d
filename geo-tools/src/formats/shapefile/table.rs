//! The rows of a `.dbf`: fields of fixed width_bytes, each with the letter of its kind.

use std::collections::{HashMap, HashSet};
use std::io::{Chain, Cursor, Read};

use serde_json::{Map, Number, Value};

use super::text::Letters;
use crate::formats::flow::{Flow, fill, number, too_large};
use crate::formats::unpack::read_problem;
use crate::problem::{Code, Problem};
use crate::shown;

const HEADER_BYTES: usize = 32;
const FIELD_BYTES: usize = 32;
/// The most fields that the format's two-byte header length can hold.
const MOST_FIELDS: usize = 2046;
/// Bytes of rows that are looked at to tell UTF-8 from GBK.
const WINDOW_BYTES: usize = 1 << 16;

/// A stream of rows.
pub(super) struct Table<R> {
    reader: Chain<Cursor<Vec<u8>>, R>,
    fields: Vec<Field>,
    letters: Letters,
    row_bytes: usize,
    row_count: usize,
    given: usize,
}

struct Field {
    name: String,
    kind: Kind,
    start: usize,
    width_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Logical,
    Date,
    Integer,
    Double,
    /// Of a kind that is not read.
    Skipped,
}

fn broken(message: String) -> Box<Problem> {
    Box::new(Problem::error(Code::BadFormat, message))
}

impl<R: Read> Table<R> {
    pub(super) fn open(mut reader: R, cpg: Option<&str>, flow: &mut Flow) -> Result<Self, Box<Problem>> {
        let unread = |error: std::io::Error| Box::new(read_problem(&error));
        let mut header = [0; HEADER_BYTES];
        let got = fill(&mut reader, &mut header).map_err(unread)?;
        if got < HEADER_BYTES {
            return Err(broken(format!("the .dbf has {got} bytes; its header alone has {HEADER_BYTES}")));
        }
        let short = |at| number(&header, at).map_or(0, |bytes| usize::from(u16::from_le_bytes(bytes)));
        let row_count = number(&header, 4).map_or(0, u32::from_le_bytes) as usize;
        let (header_bytes, row_bytes) = (short(8), short(10));
        let mut rest = vec![0; header_bytes.saturating_sub(HEADER_BYTES)];
        let got = fill(&mut reader, &mut rest).map_err(unread)?;
        if got < rest.len() || rest.is_empty() {
            let message =
                format!("the .dbf says that its header has {header_bytes} bytes; it has {}", got + 32);
            return Err(broken(message));
        }
        if row_count > flow.caps.max_features {
            let most = flow.caps.max_features;
            return Err(too_large(format!("the .dbf has {row_count} rows; at most {most} are read")));
        }
        let mut letters = Letters::find(cpg, header[29])?;
        let fields = fields(&rest, row_bytes, &mut letters, flow)?;
        let mut window = Vec::new();
        reader.by_ref().take(WINDOW_BYTES as u64).read_to_end(&mut window).map_err(unread)?;
        for row in window.chunks_exact(row_bytes.max(1)) {
            for field in fields.iter().filter(|field| field.kind == Kind::Text) {
                letters.look(trimmed(&row[field.start..field.start + field.width_bytes]));
            }
        }
        let reader = Cursor::new(window).chain(reader);
        Ok(Self { reader, fields, letters, row_bytes, row_count, given: 0 })
    }

    /// The row of the shape with this index; `None` where it is marked as deleted.
    pub(super) fn next_row(
        &mut self,
        index: usize,
        warnings: &mut Vec<Problem>,
    ) -> Result<Option<Map<String, Value>>, Box<Problem>> {
        let place = |problem: Box<Problem>| {
            Box::new(Problem { line: Some(index as u64 + 1), indexes: vec![index], ..*problem })
        };
        if self.given >= self.row_count {
            let message = format!("the .dbf has {} rows, fewer than the .shp has shapes", self.row_count);
            return Err(place(broken(message)));
        }
        let mut row = vec![0; self.row_bytes];
        let got = fill(&mut self.reader, &mut row).map_err(|error| place(read_problem(&error).into()))?;
        if got < row.len() {
            let message = format!(
                "the .dbf ends within row {} of the {} that its header promises",
                self.given + 1,
                self.row_count
            );
            return Err(place(broken(message)));
        }
        self.given += 1;
        if row.first() == Some(&b'*') {
            return Ok(None);
        }
        let mut properties = Map::new();
        for field in self.fields.iter().filter(|field| field.kind != Kind::Skipped) {
            let bytes = &row[field.start..field.start + field.width_bytes];
            let value = value(field, bytes, &mut self.letters).unwrap_or_else(|problem| {
                warnings.push(*problem);
                Value::Null
            });
            if let (Value::String(_), Some(problem)) = (&value, cut(field, bytes, &mut self.letters)) {
                warnings.push(problem);
            }
            properties.insert(field.name.clone(), value);
        }
        Ok(Some(properties))
    }

    /// Refuses rows that no shape belongs to.
    pub(super) fn check_end(&self, shape_count: usize) -> Result<(), Box<Problem>> {
        if self.row_count == shape_count {
            return Ok(());
        }
        let message = format!("the .dbf has {} rows, the .shp {shape_count} shapes", self.row_count);
        Err(broken(message))
    }
}

fn fields(
    bytes: &[u8],
    row_bytes: usize,
    letters: &mut Letters,
    flow: &mut Flow,
) -> Result<Vec<Field>, Box<Problem>> {
    let (mut fields, mut names) = (Vec::new(), Names::default());
    let mut start = 1;
    for (at, field) in bytes.chunks_exact(FIELD_BYTES).enumerate().take(MOST_FIELDS) {
        if field[0] == 0x0d {
            break;
        }
        let letter = field[11];
        // A text's width_bytes may be two bytes, the upper one where a number has its decimals.
        let upper = if letter == b'C' { usize::from(field[17]) << 8 } else { 0 };
        let width_bytes = usize::from(field[16]) + upper;
        let kind = kind(letter, width_bytes);
        let name = field[..11].split(|byte| *byte == 0).next().unwrap_or_default();
        let (name, _) = letters.decode(trimmed(name), trimmed(name).len()).ok_or_else(|| {
            Box::new(Problem::error(Code::Encoding, format!("the name of column {} is not text", at + 1)))
        })?;
        if start + width_bytes > row_bytes {
            let message = format!(
                "the .dbf says that a row has {row_bytes} bytes; its columns up to \u{201c}{}\u{201d} fill {}",
                shown::text(&name),
                start + width_bytes
            );
            return Err(broken(message));
        }
        if kind == Kind::Skipped {
            let (name, letter) = (shown::text(&name), char::from(letter).escape_default());
            let message = format!(
                "column \u{201c}{name}\u{201d} is of kind {letter}, which is not read; it is left out"
            );
            flow.tell(Problem::warning(Code::BadValue, message));
        }
        let name = names.unused(name);
        fields.push(Field { name, kind, start, width_bytes });
        start += width_bytes;
    }
    if row_bytes == 0 {
        return Err(broken("the .dbf says that a row has no bytes; it has at least one".to_owned()));
    }
    Ok(fields)
}

/// Names of columns, each once.
#[derive(Default)]
struct Names {
    taken: HashSet<String>,
    /// The number that comes next behind a name that came again.
    next: HashMap<String, usize>,
}

impl Names {
    /// The name, or the name with a number where an earlier column has it: the format cuts names after ten bytes.
    fn unused(&mut self, name: String) -> String {
        let mut free = name.clone();
        while !self.taken.insert(free.clone()) {
            let number = self.next.entry(name.clone()).or_insert(2);
            free = format!("{name}_{number}");
            *number += 1;
        }
        free
    }
}

fn kind(letter: u8, width_bytes: usize) -> Kind {
    match (letter, width_bytes) {
        (b'C', _) => Kind::Text,
        (b'N' | b'F', _) => Kind::Number,
        (b'L', 1) => Kind::Logical,
        (b'D', 8) => Kind::Date,
        (b'I', 4) => Kind::Integer,
        (b'O' | b'B', 8) => Kind::Double,
        _ => Kind::Skipped,
    }
}

/// Without the blanks and NULs that fill the field.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !matches!(byte, b' ' | 0)).map_or(0, |last| last + 1);
    &bytes[..end]
}

fn value(field: &Field, bytes: &[u8], letters: &mut Letters) -> Result<Value, Box<Problem>> {
    let column = shown::text(&field.name);
    let wrong =
        |code, what: &str| Box::new(Problem::error(code, format!("column \u{201c}{column}\u{201d}: {what}")));
    let cell = trimmed(bytes);
    match field.kind {
        Kind::Text if cell.is_empty() => Ok(Value::Null),
        Kind::Text => match letters.decode(cell, field.width_bytes) {
            Some((text, _)) => Ok(text.into()),
            None => Err(wrong(Code::Encoding, "the bytes are not text in the encoding of the file")),
        },
        Kind::Number => {
            let text = String::from_utf8_lossy(cell);
            parse_number(text.trim()).map_err(|()| {
                let shown = shown::text(text.trim());
                wrong(Code::BadValue, &format!("\u{201c}{shown}\u{201d} is not a number"))
            })
        }
        Kind::Logical => match cell {
            [b'T' | b't' | b'Y' | b'y'] => Ok(true.into()),
            [b'F' | b'f' | b'N' | b'n'] => Ok(false.into()),
            [] | [b'?'] => Ok(Value::Null),
            _ => Err(wrong(Code::BadValue, "neither true (T, Y) nor false (F, N) nor unknown (?)")),
        },
        Kind::Date if cell.is_empty() || cell.iter().all(|byte| *byte == b'0') => Ok(Value::Null),
        Kind::Date if cell.len() == 8 && cell.iter().all(u8::is_ascii_digit) => {
            let text = String::from_utf8_lossy(cell);
            Ok(format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]).into())
        }
        Kind::Date => Err(wrong(Code::BadValue, "a date is eight digits: year, month, day")),
        Kind::Integer => Ok(number(bytes, 0).map_or(Value::Null, |bytes| i32::from_le_bytes(bytes).into())),
        Kind::Double => {
            let double = number(bytes, 0).map(f64::from_le_bytes);
            Ok(double.and_then(Number::from_f64).map_or(Value::Null, Value::Number))
        }
        Kind::Skipped => Ok(Value::Null),
    }
}

/// A warning where the field ends within a letter.
fn cut(field: &Field, bytes: &[u8], letters: &mut Letters) -> Option<Problem> {
    let (text, cut) =
        letters.decode(trimmed(bytes), field.width_bytes).filter(|_| field.kind == Kind::Text)?;
    let message = format!(
        "column \u{201c}{}\u{201d}: the field ends within a letter after \u{201c}{}\u{201d}; the letter is dropped",
        shown::text(&field.name),
        shown::text(&text)
    );
    cut.then(|| Problem::warning(Code::Encoding, message))
}

/// A number as the format writes it; blanks and asterisks stand for none.
fn parse_number(text: &str) -> Result<Value, ()> {
    if text.is_empty() || text.bytes().all(|byte| byte == b'*') {
        return Ok(Value::Null);
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(whole.into());
    }
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    let double = text.parse::<f64>().ok().filter(|_| plain).and_then(Number::from_f64);
    double.map(Value::Number).ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_comes_again_gets_the_next_free_number() {
        let mut names = Names::default();
        let given = ["a", "a", "a_2", "a", "a_4", "a", "b"].map(|name| names.unused(name.to_owned()));
        assert_eq!(given, ["a", "a_2", "a_2_2", "a_3", "a_4", "a_5", "b"]);
        for number in 6..=MOST_FIELDS {
            assert_eq!(names.unused("a".to_owned()), format!("a_{number}"));
        }
    }
}
