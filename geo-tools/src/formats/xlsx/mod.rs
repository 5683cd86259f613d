//! Workbooks (XLSX): the rows of one sheet, as the table reader of [`crate::formats::csv`] takes them.
//!
//! Start at [`Sheet::open`]. `xml` reads elements under a cap, `book` finds the sheet and what its styles and shared texts
//! are, `value` makes text of a cell. The sheet itself is streamed; the archive and the shared texts are held.
//!
//! Invariant: a cell is what it holds, not how it was shown: a code that is a number comes with all its digits, and what
//! a spreadsheet has rounded comes as it is, for [`crate::formats::csv::looks_damaged_by_spreadsheet`] to see.

mod book;
mod value;
mod xml;

use std::io::Read;

use super::Caps;
use super::archive::Archive;
use super::csv::RawRow;
use super::flow::too_large;
use crate::problem::{Code, Problem};
use crate::shown;
use book::Book;
use value::Kind;
use xml::{Node, Xml};

/// The most columns of a sheet that a spreadsheet program makes.
const MOST_COLUMNS: usize = 16_384;

/// The rows of a sheet.
pub(super) struct Sheet {
    book: Book,
    xml: Xml<Box<dyn Read>>,
    line: u64,
    /// Columns of the first row; in a later one empty cells at the end may not be there.
    column_count: usize,
    max_row_bytes: usize,
}

/// A cell that is being read.
struct Cell {
    column: usize,
    kind: Kind,
    text: String,
    /// Whether text is within what counts: a value, or an inline text that is no reading aid.
    in_value: bool,
}

pub(super) fn broken(message: impl Into<String>) -> Box<Problem> {
    Box::new(Problem::error(Code::BadFormat, message))
}

impl Sheet {
    /// The sheet of this name, or the only one with anything in it.
    pub(super) fn open(bytes: Vec<u8>, wanted: Option<&str>, caps: &Caps) -> Result<Self, Box<Problem>> {
        let archive = Archive::open(bytes, caps.max_bytes)?;
        let (book, sheets) = Book::open(&archive, caps)?;
        let mut found = Vec::new();
        for (name, path) in &sheets {
            let is_it = match wanted {
                Some(wanted) => name == wanted,
                None => sheets.len() == 1 || has_cells(&archive, path, caps)?,
            };
            if is_it {
                found.push((name, path));
            }
        }
        let names = |sheets: &mut dyn Iterator<Item = &String>| {
            sheets.take(10).map(|name| shown::text(name)).collect::<Vec<_>>().join(", ")
        };
        let [(_, path)] = found.as_slice() else {
            let message = match wanted {
                Some(wanted) => format!(
                    "there is no sheet \u{201c}{}\u{201d}; there are [{}]",
                    shown::text(wanted),
                    names(&mut sheets.iter().map(|(name, _)| name))
                ),
                None if found.is_empty() => "the workbook has nothing in it".to_owned(),
                None => format!(
                    "the workbook has {} sheets [{}]; leave one, or name it",
                    found.len(),
                    names(&mut found.iter().map(|(name, _)| *name))
                ),
            };
            return Err(broken(message));
        };
        let xml = Xml::new(book::entry(&archive, path)?, caps);
        Ok(Self { book, xml, line: 0, column_count: 0, max_row_bytes: caps.max_text_bytes })
    }

    /// The next row that is there; its line is its number in the sheet.
    pub(super) fn row(&mut self) -> Result<Option<RawRow>, Box<Problem>> {
        let place =
            |line: u64| move |problem: Box<Problem>| Box::new(Problem { line: Some(line), ..*problem });
        loop {
            match self.xml.node().map_err(place(self.line.saturating_add(1)))? {
                Node::End => return Ok(None),
                Node::Open { name, attributes } if name == "row" => {
                    let number = attributes.iter().find(|(name, _)| name == "r");
                    let number = number.and_then(|(_, number)| number.parse().ok());
                    self.line =
                        number.filter(|number| *number > self.line).unwrap_or(self.line.saturating_add(1));
                    return self.cells().map(Some).map_err(place(self.line));
                }
                _ => {}
            }
        }
    }

    /// The cells up to the end of the row.
    fn cells(&mut self) -> Result<RawRow, Box<Problem>> {
        let mut row = RawRow { line: self.line, ..RawRow::default() };
        let mut open: Option<Cell> = None;
        let mut row_bytes = 0;
        loop {
            match self.xml.node()? {
                Node::End => return Err(broken("the sheet ends within a row")),
                Node::Close(name) if name == "row" => {
                    if self.column_count == 0 {
                        self.column_count = row.cells.len();
                    }
                    row.cells.resize(row.cells.len().max(self.column_count), Vec::new());
                    return Ok(row);
                }
                Node::Open { name, attributes } if name == "c" => {
                    open = Some(self.cell(&attributes, row.cells.len())?);
                }
                Node::Open { name, .. } => {
                    if let Some(cell) = &mut open {
                        cell.in_value = matches!(name.as_str(), "v" | "t");
                    }
                }
                Node::Text(text) => {
                    if let Some(cell) = open.as_mut().filter(|cell| cell.in_value) {
                        cell.text.push_str(&text);
                        // Many short texts can stand in one cell.
                        self.check(row_bytes + cell.text.len())?;
                    }
                }
                Node::Close(name) if name == "c" => {
                    let Some(cell) = open.take() else { continue };
                    let text = value::text(cell.kind, &cell.text, &self.book)?;
                    row_bytes += text.len() + 1;
                    self.check(row_bytes)?;
                    row.cells.resize(cell.column, Vec::new());
                    row.cells.push(text.into_bytes());
                }
                Node::Close(_) => {
                    if let Some(cell) = &mut open {
                        cell.in_value = false;
                    }
                }
            }
        }
    }

    fn check(&self, row_bytes: usize) -> Result<(), Box<Problem>> {
        if row_bytes > self.max_row_bytes {
            return Err(too_large(format!("a row of more than {} bytes", self.max_row_bytes)));
        }
        Ok(())
    }

    fn cell(&self, attributes: &[(String, String)], next: usize) -> Result<Cell, Box<Problem>> {
        let attribute = |wanted: &str| {
            attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
        };
        let column = match attribute("r") {
            None => next,
            Some(place) => column_of(place).filter(|column| *column >= next).ok_or_else(|| {
                broken(format!("\u{201c}{}\u{201d} is not the place of the next cell", shown::text(place)))
            })?,
        };
        if column >= MOST_COLUMNS {
            let message = format!("a cell in column {}; a sheet has at most {MOST_COLUMNS}", column + 1);
            return Err(too_large(message));
        }
        let kind = self.book.kind(attribute("t"), attribute("s"))?;
        Ok(Cell { column, kind, text: String::new(), in_value: false })
    }
}

/// Whether a sheet has a cell with something in it.
fn has_cells(archive: &Archive, path: &str, caps: &Caps) -> Result<bool, Box<Problem>> {
    let mut xml = Xml::new(book::entry(archive, path)?, caps);
    loop {
        match xml.node()? {
            Node::End => return Ok(false),
            Node::Open { name, .. } if matches!(name.as_str(), "v" | "t") => return Ok(true),
            _ => {}
        }
    }
}

/// The column, from 0, of a place such as AB12; `None` where it is none, or far beyond any sheet.
fn column_of(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_uppercase);
    let number = letters.take(8).fold(0_usize, |number, letter| number * 26 + usize::from(letter - b'A') + 1);
    let digits = place.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    let is_place = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    number.checked_sub(1).filter(|_| is_place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_columns_counted_in_letters() {
        for (place, column) in [("A1", 0), ("Z9", 25), ("AA10", 26), ("XFD1048576", 16_383)] {
            assert_eq!(column_of(place), Some(column), "{place}");
        }
        for place in ["", "A", "1", "a1", "A1B", "É1"] {
            assert_eq!(column_of(place), None, "{place}");
        }
    }
}
