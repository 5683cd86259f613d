//! The rows that stay out of an import, as a table: each as it was given, beside its place and every reason.
//!
//! A person mends the cells of that table and imports it again; what is ours in it is passed over then. Rows are kept in
//! a temporary file until all are known, since only then the columns are: each feature may have others.
//!
//! Invariant: a row stands there once, however much is wrong with it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use geo_tools::Problem;
use serde::{Deserialize, Serialize};

use super::given::Given;

/// So many different columns are told apart; features with more are no table.
const MAX_COLUMNS: usize = 1_000;
/// So many reasons are written of one row.
const MAX_REASONS: usize = 20;
/// What stands before a row's own cells. A name that the file has too gets this before it.
const PREFIX: &str = "bad_";
/// What is ours in every such table; the id besides, where the file has none.
const OWN: [&str; 5] = ["line", "index", "code", "reason", "pointer"];

/// Where the rows are written that stay out.
#[derive(Clone)]
pub struct BadRowFile(Arc<Mutex<Table>>);

impl std::fmt::Debug for BadRowFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BadRowFile")
    }
}

struct Table {
    path: PathBuf,
    rows: BufWriter<File>,
    /// The columns of the rows so far, in the order in which they were met.
    columns: Vec<String>,
    known: HashSet<String>,
    /// Whether the table as it is on the disk has all rows.
    is_written: bool,
}

/// A row that stays out, and why.
#[derive(Debug, Serialize, Deserialize)]
struct BadRow {
    line: Option<u64>,
    index: Option<u64>,
    id: String,
    code: String,
    reason: String,
    pointer: String,
    cells: Vec<(String, String)>,
    /// Cells beyond the header.
    stray: Vec<String>,
}

impl BadRow {
    fn of(problems: &[Problem], given: Option<&Given>) -> Self {
        let first = problems.first();
        let mut codes: Vec<&str> = problems.iter().map(|problem| problem.code.as_str()).collect();
        codes.dedup();
        let reasons = problems.iter().take(MAX_REASONS).map(|problem| problem.message.as_str());
        let (cells, stray) = given.map(Given::cells).unwrap_or_default();
        Self {
            line: first.and_then(|problem| problem.line),
            index: first.and_then(index_of),
            id: first.and_then(|problem| problem.features.first().cloned()).unwrap_or_default(),
            code: codes.join(" "),
            reason: reasons.collect::<Vec<&str>>().join("; "),
            pointer: first.and_then(|problem| problem.pointer.clone()).unwrap_or_default(),
            cells,
            stray,
        }
    }

    /// What is ours, by the names that it has where the file has none of them.
    fn own(&self) -> [(&'static str, String); 6] {
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        [
            ("line", number(self.line)),
            ("index", number(self.index)),
            ("id", self.id.clone()),
            ("code", self.code.clone()),
            ("reason", self.reason.clone()),
            ("pointer", self.pointer.clone()),
        ]
    }
}

/// Whether a column of a table is ours, which then is one of bad rows that comes back.
pub(super) fn is_ours(columns: &[String], name: &str) -> bool {
    let prefixed = |own: &str| format!("{PREFIX}{own}");
    let has = |name: &str| columns.iter().any(|column| column == name);
    let ours = |own: &str| if has(&prefixed(own)) { prefixed(own) } else { own.to_owned() };
    OWN.iter().any(|own| ours(own) == name) && OWN.iter().all(|own| has(&ours(own)))
}

/// The place of the row that a problem is about: of two the later, which is the one that stays out.
pub(super) fn index_of(problem: &Problem) -> Option<u64> {
    problem.indexes.last().map(|index| *index as u64)
}

impl BadRowFile {
    /// Opens the file, which is emptied only when the rows are known.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(path: &Path) -> io::Result<Self> {
        File::options().write(true).create(true).truncate(false).open(path)?;
        let rows = BufWriter::new(tempfile::tempfile()?);
        let (columns, known) = (Vec::new(), HashSet::new());
        let table = Table { path: path.to_owned(), rows, columns, known, is_written: false };
        Ok(Self(Arc::new(Mutex::new(table))))
    }

    pub(super) fn add(&self, problems: &[Problem], given: Option<&Given>) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(&BadRow::of(problems, given))
    }

    /// Writes all rows so far.
    pub(super) fn write(&self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write()
    }
}

impl Table {
    fn add(&mut self, row: &BadRow) -> io::Result<()> {
        self.is_written = false;
        for (column, _) in &row.cells {
            if self.known.insert(column.clone()) {
                self.columns.push(column.clone());
            }
        }
        if self.columns.len() > MAX_COLUMNS {
            return Err(io::Error::other(format!("they have more than {MAX_COLUMNS} different properties")));
        }
        serde_json::to_writer(&mut self.rows, row)?;
        self.rows.write_all(b"\n")
    }

    fn write(&mut self) -> io::Result<()> {
        if self.is_written {
            return Ok(());
        }
        self.rows.flush()?;
        let mut rows = self.rows.get_ref();
        rows.rewind()?;
        let mut table = csv::WriterBuilder::new().flexible(true).from_path(&self.path)?;
        let own = self.own_columns();
        table.write_record(own.iter().flatten().chain(&self.columns))?;
        for line in BufReader::new(rows).lines() {
            let row: BadRow = serde_json::from_str(&line?)?;
            let named: std::collections::HashMap<&str, &str> =
                row.cells.iter().map(|(column, cell)| (column.as_str(), cell.as_str())).collect();
            let cells = self.columns.iter().map(|column| named.get(column.as_str()).copied().unwrap_or(""));
            let ours = row.own();
            let ours = ours.iter().zip(&own).filter(|(_, column)| column.is_some());
            let ours = ours.map(|((_, cell), _)| cell.as_str());
            table.write_record(ours.chain(cells).chain(row.stray.iter().map(String::as_str)))?;
        }
        table.flush()?;
        rows.seek(io::SeekFrom::End(0))?;
        self.is_written = true;
        Ok(())
    }

    /// What our columns are called beside those of the file; an id that the file has itself is not said twice.
    fn own_columns(&self) -> [Option<String>; 6] {
        let has = |name: &str| self.columns.iter().any(|column| column.to_lowercase() == name);
        BadRow::of(&[], None).own().map(|(name, _)| {
            let mut own = name.to_owned();
            while has(&own) {
                own.insert_str(0, PREFIX);
            }
            (name != "id" || own == name).then_some(own)
        })
    }
}
