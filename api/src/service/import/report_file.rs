//! A report on disk, with every problem however many there are.
//!
//! Problems wait in a temporary file, as the JSON that they are in the report; the rest of it is known at the end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use geo_tools::Problem;
use serde_json::Value;

use super::report::ImportReport;
use super::report::problem_json;

/// Where a report is written.
#[derive(Clone)]
pub struct ReportFile(Arc<Mutex<Pending>>);

impl std::fmt::Debug for ReportFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReportFile")
    }
}

struct Pending {
    path: PathBuf,
    problems: BufWriter<File>,
}

impl ReportFile {
    /// Opens the file, which is emptied only when the report is known.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(path: &Path) -> io::Result<Self> {
        File::options().write(true).create(true).truncate(false).open(path)?;
        let problems = BufWriter::new(tempfile::tempfile()?);
        Ok(Self(Arc::new(Mutex::new(Pending { path: path.to_owned(), problems }))))
    }

    pub(super) fn add(&self, problem: &Problem) -> io::Result<()> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_writer(&mut pending.problems, &problem_json(problem))?;
        pending.problems.write_all(b"\n")
    }

    /// Sees to it that every problem so far is on the disk.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).problems.flush()
    }

    /// Writes the report: what [`ImportReport::to_json`] has, with all problems.
    pub(in crate::service) fn write(&self, report: &ImportReport) -> io::Result<()> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.problems.flush()?;
        let mut problems = pending.problems.get_ref();
        problems.rewind()?;
        let mut head = report.head();
        head.insert("unlisted_count".to_owned(), Value::from(0));
        let mut out = BufWriter::new(File::create(&pending.path)?);
        out.write_all(b"{\n")?;
        for (key, value) in head {
            writeln!(out, "  \"{key}\": {value},")?;
        }
        out.write_all(b"  \"problems\": [")?;
        for (at, problem) in BufReader::new(problems).lines().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(out, "{comma}\n    {}", problem?)?;
        }
        out.write_all(b"\n  ]\n}\n")?;
        out.flush()
    }
}
