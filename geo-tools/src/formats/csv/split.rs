//! Text to rows of cells: quotation marks, line breaks in cells, and the line of each row.

use std::io::{BufRead, BufReader, Chain, Cursor, Read};

use super::decode::{Decoded, read_problem};
use crate::problem::{Code, Problem};

/// A row as it was written.
#[derive(Debug, Default, PartialEq)]
pub(in crate::formats) struct RawRow {
    pub(in crate::formats) line: u64,
    pub(in crate::formats) cells: Vec<Vec<u8>>,
    /// The first cell, counted from 0, with text after its closing quotation mark.
    pub(in crate::formats) stray_text: Option<usize>,
}

pub(super) struct Splitter<R: Read> {
    text: BufReader<Chain<Cursor<Vec<u8>>, Decoded<R>>>,
    delimiter: u8,
    line: u64,
    max_row_bytes: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    CellStart,
    Plain,
    Quoted,
    /// Behind a quotation mark in a quoted cell: the closing one, or the first of two.
    QuoteInQuoted,
}

impl<R: Read> Splitter<R> {
    /// Looks at the first line for the delimiter, where none is given.
    pub(super) fn new(
        mut text: Decoded<R>,
        delimiter: Option<u8>,
        max_row_bytes: usize,
    ) -> Result<Self, Box<Problem>> {
        let mut first = Vec::new();
        let mut byte = [0];
        // One byte at a time, so that not one too many is taken; it is a single line.
        while first.len() < max_row_bytes && !first.ends_with(b"\n") {
            match text.read(&mut byte) {
                Ok(0) => break,
                Ok(_) => first.push(byte[0]),
                Err(error) => return Err(Box::new(Problem { line: Some(1), ..read_problem(&error) })),
            }
        }
        let mut line = 1;
        let declared = first.strip_prefix(b"sep=").and_then(|rest| rest.first().copied());
        let delimiter = delimiter.or(declared).unwrap_or_else(|| likely_delimiter(&first));
        if declared.is_some() {
            first.clear();
            line = 2;
        }
        let text = BufReader::new(Cursor::new(first).chain(text));
        Ok(Self { text, delimiter, line, max_row_bytes })
    }

    /// Whether text that could not be decoded comes as U+FFFD.
    pub(super) fn replaces(&self) -> bool {
        self.text.get_ref().get_ref().1.replaces()
    }

    /// Reads the next row that is not blank.
    pub(super) fn row(&mut self) -> Result<Option<RawRow>, Box<Problem>> {
        let mut row = RawRow { line: self.line, ..RawRow::default() };
        let mut cell = Vec::new();
        let mut place = Place::CellStart;
        let mut row_bytes = 0;
        loop {
            let buffered = match self.text.fill_buf() {
                Ok(buffered) => buffered,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(Box::new(Problem { line: Some(self.line), ..read_problem(&error) }));
                }
            };
            if buffered.is_empty() {
                return self.ended(row, cell, place);
            }
            let mut used = 0;
            let mut blank = 0;
            let mut complete = false;
            for &byte in buffered {
                used += 1;
                if byte == b'\n' {
                    self.line += 1;
                }
                if step(byte, self.delimiter, &mut place, &mut row, &mut cell) {
                    if row.cells.is_empty() && cell.is_empty() && place == Place::CellStart {
                        row.line = self.line;
                        (row_bytes, blank) = (0, used);
                        continue;
                    }
                    complete = true;
                    break;
                }
            }
            self.text.consume(used);
            row_bytes += used - blank;
            if row_bytes > self.max_row_bytes {
                return Err(self.too_long(&row, place));
            }
            if complete {
                row.cells.push(cell);
                return Ok(Some(row));
            }
        }
    }

    fn too_long(&self, row: &RawRow, place: Place) -> Box<Problem> {
        let hint = if place == Place::Quoted { "; is a quotation mark never closed?" } else { "" };
        let message = format!("a row of more than {} bytes{hint}", self.max_row_bytes);
        Box::new(Problem { line: Some(row.line), ..Problem::error(Code::TooLarge, message) })
    }

    fn ended(&self, mut row: RawRow, cell: Vec<u8>, place: Place) -> Result<Option<RawRow>, Box<Problem>> {
        if place == Place::Quoted {
            let message = format!(
                "the quotation mark that opens cell {} of this row is never closed",
                row.cells.len() + 1
            );
            return Err(Box::new(Problem {
                line: Some(row.line),
                ..Problem::error(Code::BadValue, message)
            }));
        }
        if row.cells.is_empty() && cell.is_empty() && place == Place::CellStart {
            return Ok(None);
        }
        row.cells.push(cell);
        Ok(Some(row))
    }
}

/// Takes one byte; true where it ends the row.
fn step(byte: u8, delimiter: u8, place: &mut Place, row: &mut RawRow, cell: &mut Vec<u8>) -> bool {
    match (*place, byte) {
        (Place::Quoted, b'"') => *place = Place::QuoteInQuoted,
        (Place::Quoted, _) => cell.push(byte),
        (Place::QuoteInQuoted, b'"') => {
            cell.push(b'"');
            *place = Place::Quoted;
        }
        (Place::CellStart, b'"') => *place = Place::Quoted,
        (_, b'\n') => {
            if *place == Place::Plain && cell.last() == Some(&b'\r') {
                cell.pop();
            }
            if cell.is_empty() && row.cells.is_empty() && *place == Place::Plain {
                *place = Place::CellStart;
            }
            return true;
        }
        (_, byte) if byte == delimiter => {
            row.cells.push(std::mem::take(cell));
            *place = Place::CellStart;
        }
        (Place::QuoteInQuoted, b'\r' | b' ') => {}
        (Place::QuoteInQuoted, _) => {
            row.stray_text.get_or_insert(row.cells.len());
            cell.push(byte);
        }
        _ => {
            cell.push(byte);
            *place = Place::Plain;
        }
    }
    false
}

/// The delimiter that stands most often in the header outside quotation marks; the comma where none does.
fn likely_delimiter(header: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in header {
        quoted ^= *byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| !quoted && delimiter == byte) {
            *count += 1;
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counts.iter().find(|(_, count)| *count == most).map_or(b',', |(delimiter, _)| *delimiter)
}
