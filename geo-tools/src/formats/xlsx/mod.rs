//! Workbooks (XLSX): the rows of one sheet, as the table reader of [`crate::formats::csv`] takes them.
//!
//! Start at [`Sheet::open`]. `xml` reads elements under a cap, `book` finds the sheet and what its styles and shared texts
//! are, `value` makes text of a cell. The sheet itself is streamed; the archive and the shared texts are held.
//!
//! Invariant: a cell is what it holds, not how it was shown: a code that is a number comes with all its digits, and what
//! a spreadsheet has rounded comes as it is, for [`crate::formats::csv::looks_damaged_by_spreadsheet`] to see.
//! Invariant: cells that are not in the file count as cells, so that the work is bounded by their count too.

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
/// A million rows of 200 columns. A cell costs time also where the file has nothing for it: a row of thirty bytes can reach
/// across 16,384 columns.
const MOST_CELLS: u64 = 200_000_000;

/// The rows of a sheet.
pub(super) struct Sheet {
    book: Book,
    xml: Xml<Box<dyn Read>>,
    line: u64,
    /// Columns of the first row, up to its last name; in a later one empty cells at the end may not be there.
    column_count: usize,
    /// Cells of all rows so far, empty ones counted.
    cell_count: u64,
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
        Ok(Self { book, xml, line: 0, column_count: 0, cell_count: 0, max_row_bytes: caps.max_text_bytes })
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
        let (mut row_bytes, mut in_aid) = (0, false);
        loop {
            match self.xml.node()? {
                Node::End => return Err(broken("the sheet ends within a row")),
                Node::Close(name) if name == "row" => return self.whole(row),
                Node::Open { name, attributes } if name == "c" => {
                    open = Some(self.cell(&attributes, row.cells.len())?);
                }
                Node::Open { name, .. } => {
                    in_aid |= name == "rPh";
                    if let Some(cell) = &mut open {
                        cell.in_value = !in_aid && matches!(name.as_str(), "v" | "t");
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
                Node::Close(name) => {
                    in_aid &= name != "rPh";
                    if let Some(cell) = &mut open {
                        cell.in_value = false;
                    }
                }
            }
        }
    }

    /// The row with the cells that the file leaves out. The first one ends with its last name: a format that is laid over
    /// the whole row has cells up to the edge of the sheet. A row without any cell stays so, and is passed over.
    fn whole(&mut self, mut row: RawRow) -> Result<RawRow, Box<Problem>> {
        if self.column_count == 0 {
            let last = row.cells.iter().rposition(|cell| !cell.iter().all(u8::is_ascii_whitespace));
            row.cells.truncate(last.map_or(0, |last| last + 1));
            self.column_count = row.cells.len();
        }
        if !row.cells.is_empty() {
            row.cells.resize(row.cells.len().max(self.column_count), Vec::new());
        }
        self.cell_count += row.cells.len() as u64;
        if self.cell_count > MOST_CELLS {
            let count = self.column_count;
            return Err(too_large(format!(
                "the sheet has more than {MOST_CELLS} cells up to this row, empty ones counted; its first row names {count} \
                 columns, so take out those that are not needed"
            )));
        }
        Ok(row)
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
    fn cells_that_are_not_in_the_file_count_too_and_rows_without_any_do_not() {
        let xml = Xml::new(Box::new(std::io::empty()) as Box<dyn Read>, &Caps::default());
        let mut sheet = Sheet {
            book: Book::default(),
            xml,
            line: 0,
            column_count: 0,
            cell_count: MOST_CELLS - 8,
            max_row_bytes: 100,
        };
        let row = |cells: &[&str]| RawRow {
            cells: cells.iter().map(|cell| cell.as_bytes().to_vec()).collect(),
            ..RawRow::default()
        };
        let mut count = |cells: &[&str]| sheet.whole(row(cells)).map(|row| row.cells.len());
        assert_eq!(count(&["id", "", "lat", " ", ""]), Ok(3), "the first row ends with its last name");
        for _ in 0..1000 {
            assert_eq!(count(&[]), Ok(0));
        }
        assert_eq!(count(&["a"]), Ok(3));
        let problem = count(&["b"]).expect_err("nine cells");
        assert_eq!(problem.code, Code::TooLarge);
        assert!(problem.message.contains("its first row names 3 columns"), "{}", problem.message);
    }

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
