//! Tables: rows with the line they start on, and positions read from two columns; text, or a workbook (XLSX) where the
//! bytes are one.
//!
//! Start at [`read`]. `decode` makes UTF-8 of the bytes, `split` rows of the text, `columns` finds the ones that are
//! wanted. The splitter is our own because a row must be bounded, a quotation mark that is never closed must be told,
//! and a row's line must be right after blank lines and line breaks in cells.
//!
//! Invariant: nothing is guessed in a cell: a decimal comma, a swapped pair, a damaged code is a problem, not a repair.

mod columns;
mod damage;
mod decode;
mod reader;
mod split;
mod write;

use std::io::Read;
use std::sync::Arc;

pub use damage::{SpreadsheetDamage, looks_damaged_by_spreadsheet};
pub use reader::Reader;
pub(super) use split::RawRow;
pub use write::Writer;

use super::Caps;
use crate::datum::Datum;
use crate::position::Position;
use crate::problem::Problem;

/// How the bytes of a file stand for text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextEncoding {
    /// UTF-8, with a byte order mark or without.
    Utf8,
    /// GBK, as spreadsheets write it in China; read as its superset GB 18030.
    Gbk,
}

/// Whether rows are expected to have a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Positions {
    /// A row without one is a problem.
    #[default]
    Required,
    /// Columns for it may be missing, and cells empty.
    Optional,
    /// Columns that look like it are text like any other.
    Ignored,
}

/// What is asked of the id column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ids {
    /// No id twice, and none that a spreadsheet spoilt.
    #[default]
    Unique,
    /// Whatever it says is passed on.
    AsGiven,
}

/// How a table is to be read. What is `None` is found out from the header or the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// The column with the longitude in degrees, or the metres east.
    pub lon: Option<String>,
    /// The column with the latitude in degrees, or the metres north.
    pub lat: Option<String>,
    /// What the two refer to.
    pub datum: Datum,
    /// The column with the row's id.
    pub id: Option<String>,
    /// What is asked of that column.
    pub ids: Ids,
    /// The sheet of a workbook with several.
    pub sheet: Option<String>,
    /// Comma, semicolon or tab.
    pub delimiter: Option<u8>,
    /// How bytes stand for text.
    pub encoding: Option<TextEncoding>,
    /// Whether rows are expected to have a position.
    pub positions: Positions,
}

/// One row below the header.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its place in the table, from 0; rows that are problems are counted too.
    pub index: usize,
    /// The line that it starts on, from 1.
    pub line: u64,
    /// The cell of the id column.
    pub id: Option<String>,
    /// What the columns for longitude and latitude say.
    pub position: Option<Position>,
    /// All cells, one for each column.
    pub cells: Vec<String>,
    columns: Arc<[String]>,
    position_columns: Option<PositionColumns>,
}

/// The places of the columns with the position, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionColumns {
    /// That of longitude, or metres east.
    pub lon: usize,
    /// That of latitude, or metres north.
    pub lat: usize,
}

impl Row {
    /// The header's names.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Where the position was read from.
    pub fn position_columns(&self) -> Option<PositionColumns> {
        self.position_columns
    }

    /// The cell of a column by its name, spelt as in the header.
    pub fn cell(&self, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.cells.get(at).map(String::as_str)
    }
}

/// What a reader gives next.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A row that can be used.
    Row(Row),
    /// What is wrong with a row that is left out, or with the file.
    Problem(Problem),
}

/// Reads a table with a header, packed with gzip or not. A workbook (XLSX) is known by its first bytes; the line of a row
/// is its number in the sheet then.
///
/// Every wrong cell is told with its line and column; the row is left out and the others still come.
pub fn read<R: Read>(reader: R, options: &CsvOptions, caps: &Caps) -> Reader<R> {
    Reader::new(reader, options.clone(), caps.clone())
}
