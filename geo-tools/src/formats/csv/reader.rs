//! The iterator over a table.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::io::{Cursor, Read};
use std::sync::Arc;

use super::columns::{self, Columns};
use super::damage::looks_damaged_by_spreadsheet;
use super::decode::Decoded;
use super::split::{RawRow, Splitter};
use super::{CsvOptions, Ids, Item, PositionColumns, Positions, Row};
use crate::datum::Datum;
use crate::formats::archive::hold;
use crate::formats::flow::fill;
use crate::formats::unpack::{Unpacked, read_problem};
use crate::formats::xlsx::Sheet;
use crate::formats::{Caps, id_key};
use crate::position::Position;
use crate::problem::{Code, Problem};
use crate::shown;

/// What a workbook begins with.
const ARCHIVE_MAGIC: &[u8] = b"PK\x03\x04";

/// Gives the rows and problems of a table in its order. Made by [`super::read`].
pub struct Reader<R: Read> {
    state: State<R>,
    queue: VecDeque<Item>,
    options: CsvOptions,
    caps: Caps,
    /// The first row with each id.
    ids: HashMap<String, usize>,
    row_count: usize,
    problem_count: usize,
    broke_off: bool,
    header: Option<Arc<[String]>>,
    /// The row that the problems in the queue are about.
    refused: Option<Row>,
}

enum State<R: Read> {
    Unopened(Unpacked<R>),
    Rows { rows: Box<Rows<R>>, header: Arc<[String]>, columns: Columns },
    Done,
}

/// Where rows come from.
enum Rows<R: Read> {
    Text(Splitter<R>),
    Sheet(Sheet),
}

impl<R: Read> Rows<R> {
    fn row(&mut self) -> Result<Option<RawRow>, Box<Problem>> {
        match self {
            Self::Text(rows) => rows.row(),
            Self::Sheet(rows) => rows.row(),
        }
    }

    /// Whether text that could not be decoded comes as U+FFFD.
    fn replaces(&self) -> bool {
        matches!(self, Self::Text(rows) if rows.replaces())
    }
}

impl<R: Read> std::fmt::Debug for Reader<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").field("row_count", &self.row_count).finish_non_exhaustive()
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Some(item);
            }
            let step = match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return None,
                State::Unopened(bytes) => self.open(bytes),
                State::Rows { rows, header, columns } => self.row(rows, header, columns),
            };
            if let Err(problems) = step {
                self.broke_off = matches!(self.state, State::Done);
                problems.into_iter().for_each(|problem| self.tell(problem));
            }
            if self.problem_count > self.caps.max_problems {
                let message = format!("more than {} problems; the rest is not told", self.caps.max_problems);
                self.queue.push_back(Item::Problem(Problem::error(Code::TooLarge, message)));
                self.state = State::Done;
                self.broke_off = true;
            }
        }
    }
}

impl<R: Read> Reader<R> {
    /// Whether reading ended before the table did, so that what follows is not known; said once the last item is given.
    pub fn broke_off(&self) -> bool {
        self.broke_off
    }

    pub(super) fn new(reader: R, options: CsvOptions, caps: Caps) -> Self {
        Self {
            state: State::Unopened(Unpacked::new(reader, caps.max_bytes)),
            queue: VecDeque::new(),
            options,
            caps,
            ids: HashMap::new(),
            row_count: 0,
            problem_count: 0,
            broke_off: false,
            header: None,
            refused: None,
        }
    }

    /// The row that the problem given last is about, with its cells as they were given; `None` where it is about the file.
    pub fn refused(&self) -> Option<&Row> {
        self.refused.as_ref()
    }

    /// The header's names, once the first item has been asked for; `None` where the columns could not be found.
    pub fn columns(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// The rows of a workbook, or of text.
    fn rows(&self, mut bytes: Unpacked<R>) -> Result<Rows<R>, Box<Problem>> {
        let mut start = vec![0; ARCHIVE_MAGIC.len()];
        let count = fill(&mut bytes, &mut start)
            .map_err(|error| Box::new(Problem { line: Some(1), ..read_problem(&error) }))?;
        start.truncate(count);
        let is_archive = start == ARCHIVE_MAGIC;
        let bytes = Cursor::new(start).chain(bytes);
        if is_archive {
            let held = hold(bytes, self.caps.max_held_bytes)?;
            return Sheet::open(held, self.options.sheet.as_deref(), &self.caps).map(Rows::Sheet);
        }
        let text = Decoded::new(bytes, self.options.encoding);
        Splitter::new(text, self.options.delimiter, self.caps.max_text_bytes).map(Rows::Text)
    }

    fn open(&mut self, bytes: Unpacked<R>) -> Result<(), Vec<Problem>> {
        let first = |problem: Box<Problem>| vec![Problem { line: problem.line.or(Some(1)), ..*problem }];
        let mut rows = self.rows(bytes).map_err(first)?;
        let Some(raw) = rows.row().map_err(|problem| vec![*problem])? else {
            let problem =
                Problem::error(Code::MissingField, "the file is empty; its first row must name the columns");
            return Err(vec![Problem { line: Some(1), ..problem }]);
        };
        let (header, problems) = texts(&raw, rows.replaces());
        if !problems.is_empty() {
            return Err(problems);
        }
        let header: Arc<[String]> = header.into_iter().map(|name| name.trim().to_owned()).collect();
        let columns = columns::find(&header, &self.options)?;
        self.header = Some(Arc::clone(&header));
        self.state = State::Rows { rows: Box::new(rows), header, columns };
        Ok(())
    }

    fn row(
        &mut self,
        mut rows: Box<Rows<R>>,
        header: Arc<[String]>,
        columns: Columns,
    ) -> Result<(), Vec<Problem>> {
        self.refused = None;
        let Some(raw) = rows.row().map_err(|problem| vec![*problem])? else { return Ok(()) };
        if raw.cells.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace)) {
            self.state = State::Rows { rows, header, columns };
            return Ok(());
        }
        let index = self.row_count;
        self.row_count += 1;
        if self.row_count > self.caps.max_features {
            let message = format!("more than {} rows", self.caps.max_features);
            return Err(vec![Problem { line: Some(raw.line), ..Problem::error(Code::TooLarge, message) }]);
        }
        let (cells, mut problems) = texts(&raw, rows.replaces());
        let line = raw.line;
        let row = row_of(index, line, cells, &header, &columns);
        let checked = if problems.is_empty() { self.checked(row, &columns) } else { row.into() };
        problems.extend(checked.problems);
        for problem in problems.iter_mut() {
            problem.line = Some(line);
            problem.indexes = if problem.indexes.is_empty() { vec![index] } else { problem.indexes.clone() };
        }
        if problems.is_empty() {
            self.queue.push_back(Item::Row(checked.row));
        } else {
            self.refused = Some(checked.row);
        }
        self.state = State::Rows { rows, header, columns };
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Reads the cells that mean something.
    fn checked(&mut self, mut row: Row, columns: &Columns) -> Checked {
        let mut problems = Vec::new();
        let (cells, header) = (&mut row.cells, &row.columns);
        while cells.len() > header.len() && cells.last().is_some_and(|cell| cell.trim().is_empty()) {
            cells.pop();
        }
        if cells.len() != header.len() {
            let message = format!("the row has {} cells, the header {} columns", cells.len(), header.len());
            return Checked { row, problems: vec![Problem::error(Code::BadValue, message)] };
        }
        row.id = columns.id.map(|at| cells[at].trim().to_owned()).filter(|id| !id.is_empty());
        if let (Some(id), Some(at), Ids::Unique) = (&row.id, columns.id, self.options.ids) {
            problems.extend(self.id_problem(id, &header[at], row.index));
        }
        let position = columns.lon_lat.map_or(Ok(None), |(lon, lat)| {
            read_position((&header[lon], &cells[lon]), (&header[lat], &cells[lat]), &self.options)
        });
        row.position = position.unwrap_or_else(|more| {
            problems.extend(more);
            None
        });
        for problem in &mut problems {
            problem.features = row.id.iter().cloned().collect();
        }
        Checked { row, problems }
    }

    fn id_problem(&mut self, id: &str, column: &str, index: usize) -> Option<Problem> {
        let (column, shown) = (shown::text(column), shown::text(id));
        if let Some(damage) = looks_damaged_by_spreadsheet(id) {
            let message = format!(
                "column \u{201c}{column}\u{201d}: \u{201c}{shown}\u{201d} is not a sound id: {damage}"
            );
            return Some(Problem::error(Code::BadValue, message));
        }
        let first = *self.ids.entry(id_key(id)).or_insert(index);
        (first != index).then(|| {
            let message = format!(
                "column \u{201c}{column}\u{201d}: \u{201c}{shown}\u{201d} is also the id of row {}",
                first + 1
            );
            Problem { indexes: vec![first, index], ..Problem::error(Code::DuplicateId, message) }
        })
    }

    fn tell(&mut self, problem: Problem) {
        self.problem_count += 1;
        self.queue.push_back(Item::Problem(problem));
    }
}

/// A row as far as it could be read.
struct Checked {
    row: Row,
    problems: Vec<Problem>,
}

impl From<Row> for Checked {
    fn from(row: Row) -> Self {
        Self { row, problems: Vec::new() }
    }
}

/// A row of which only the cells are known.
fn row_of(index: usize, line: u64, cells: Vec<String>, header: &Arc<[String]>, columns: &Columns) -> Row {
    let position_columns = columns.lon_lat.map(|(lon, lat)| PositionColumns { lon, lat });
    let columns = Arc::clone(header);
    Row { index, line, id: None, position: None, cells, columns, position_columns }
}

/// The cells as text, or what keeps them from being text.
fn texts(raw: &RawRow, replaces: bool) -> (Vec<String>, Vec<Problem>) {
    let mut problems = Vec::new();
    if let Some(cell) = raw.stray_text {
        let message = format!("cell {}: there is text after the closing quotation mark", cell + 1);
        problems.push(Problem { line: Some(raw.line), ..Problem::error(Code::BadValue, message) });
    }
    let mut cells = Vec::with_capacity(raw.cells.len());
    let mut broken = Vec::new();
    for (at, bytes) in raw.cells.iter().enumerate() {
        let text = String::from_utf8_lossy(bytes);
        let replaced = matches!(text, std::borrow::Cow::Owned(_)) || (replaces && text.contains('\u{fffd}'));
        if replaced || text.contains('\0') {
            broken.push(at + 1);
        }
        cells.push(text.into_owned());
    }
    if !broken.is_empty() {
        let message =
            format!("{}: bytes that are neither UTF-8 nor GBK text, or a NUL", cells_named(&broken));
        problems.push(Problem { line: Some(raw.line), ..Problem::error(Code::Encoding, message) });
    }
    (cells, problems)
}

/// Cells of a row by their numbers, the first few of them.
fn cells_named(numbers: &[usize]) -> String {
    const SHOWN: usize = 5;
    let word = if numbers.len() == 1 { "cell" } else { "cells" };
    let shown: Vec<String> = numbers.iter().take(SHOWN).map(usize::to_string).collect();
    match numbers.len().saturating_sub(SHOWN) {
        0 => format!("{word} {}", shown.join(", ")),
        more => format!("{word} {} and {more} more", shown.join(", ")),
    }
}

/// Reads longitude and latitude, each given as column and cell.
fn read_position(
    lon: (&str, &str),
    lat: (&str, &str),
    options: &CsvOptions,
) -> Result<Option<Position>, Vec<Problem>> {
    if options.positions == Positions::Optional && lon.1.trim().is_empty() && lat.1.trim().is_empty() {
        return Ok(None);
    }
    let (lon_column, lat_column) = (shown::text(lon.0), shown::text(lat.0));
    if lon.1.trim().is_empty() && lat.1.trim().is_empty() {
        let message = format!(
            "columns \u{201c}{lon_column}\u{201d} and \u{201c}{lat_column}\u{201d}: no position is given"
        );
        return Err(vec![Problem::error(Code::CoordType, message)]);
    }
    match (coordinate(lon, options.datum), coordinate(lat, options.datum)) {
        (Ok(lon), Ok(lat)) => options.datum.position(lon, lat).map(Some).map_err(|error| {
            let message =
                format!("columns \u{201c}{lon_column}\u{201d} and \u{201c}{lat_column}\u{201d}: {error}");
            vec![Problem::error(Code::CoordRange, message)]
        }),
        (lon, lat) => Err([lon.err(), lat.err()].into_iter().flatten().map(|problem| *problem).collect()),
    }
}

fn coordinate((column, cell): (&str, &str), datum: Datum) -> Result<f64, Box<Problem>> {
    let text = cell.trim();
    let column = shown::text(column);
    let wrong = |code: Code, what: String| {
        Box::new(Problem::error(code, format!("column \u{201c}{column}\u{201d}: {what}")))
    };
    if text.is_empty() {
        return Err(wrong(Code::CoordType, "a number is expected, the cell is empty".to_owned()));
    }
    let shown = shown::text(text);
    // `parse` would also take words such as "inf" and "nan".
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    match text.parse::<f64>() {
        Ok(value) if plain && value.is_finite() => return Ok(value),
        Ok(_) if plain => {
            return Err(wrong(Code::CoordRange, format!("{shown} is too large for a coordinate")));
        }
        _ => {}
    }
    let comma = text.contains(',') && text.replace(',', ".").parse::<f64>().is_ok();
    let hint = if comma { "; a decimal comma must be a point" } else { "" };
    let unit = if datum == Datum::WebMercator { "metres" } else { "degrees" };
    Err(wrong(Code::CoordType, format!("\u{201c}{shown}\u{201d} is not a number in {unit}{hint}")))
}
