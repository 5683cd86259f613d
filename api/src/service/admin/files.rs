//! Files that a command reads and writes: an import with its report and its bad rows, an export.
//!
//! Invariant: nothing is written over what is read, and no file twice.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use serde_json::Value;

use super::{AdminAnswer, AdminError, done, unusable};
use crate::service::Services;
use crate::service::export::{ExportFormat, ExportKind};
use crate::service::import::{BadRowFile, ImportOptions, ImportOutcome, ImportSource, Progress, ReportFile};

/// Links that are followed from a path to a file that is not there yet; a system follows no more either.
const MOST_LINKS: usize = 40;

/// The files of one import.
#[derive(Debug)]
pub(super) struct ImportFiles {
    pub(super) path: PathBuf,
    pub(super) bad_rows: Option<PathBuf>,
    pub(super) report: Option<PathBuf>,
}

impl Services {
    pub(super) async fn run_import(
        &self,
        district: &str,
        files: &ImportFiles,
        options: ImportOptions,
        progress: &Progress,
    ) -> Result<AdminAnswer, AdminError> {
        let ImportFiles { path, bad_rows, report } = files;
        refuse_clashes(Some(path), &[bad_rows.as_deref(), report.as_deref()])?;
        let source = ImportSource::open(path).map_err(|source| unusable(path, source))?;
        let mut progress = progress.clone();
        if let Some(path) = bad_rows {
            let file = BadRowFile::begin(path).map_err(|source| unusable(path, source))?;
            progress = progress.with_bad_rows(file);
        }
        let mut report_file = None;
        if let Some(path) = report {
            let file = ReportFile::begin(path).map_err(|source| unusable(path, source))?;
            progress = progress.with_report(file.clone());
            report_file = Some((path, file));
        }
        let mut found = self.import_as_operator(district, source, options, &progress).await?;
        found.problems.flush();
        if let Some((path, file)) = report_file {
            file.write(&found).map_err(|source| unusable(path, source))?;
        }
        Ok(match found.outcome {
            ImportOutcome::Refused => {
                AdminAnswer::Refused { message: found.summary(), detail: found.to_json() }
            }
            ImportOutcome::Taken => done(found.summary(), found.to_json()),
        })
    }

    pub(super) async fn run_export(
        &self,
        district: &str,
        kind: ExportKind,
        format: ExportFormat,
        path: PathBuf,
    ) -> Result<AdminAnswer, AdminError> {
        let unwritable = |source| unusable(&path, source);
        let export = self.export_as_operator(district, kind, format).await?;
        let mut file = BufWriter::new(File::create(&path).map_err(unwritable)?);
        let mut pieces = std::pin::pin!(export.pieces());
        let mut row_count = 0;
        while let Some(piece) = pieces.try_next().await? {
            file.write_all(&piece.bytes).map_err(unwritable)?;
            row_count = piece.row_count;
        }
        file.flush().map_err(unwritable)?;
        Ok(done(format!("{row_count} {} exported", kind.as_str()), Value::Null))
    }
}

/// Refuses outputs that lead to the file that is read, or to one another, also by another path or a link.
///
/// # Errors
/// [`AdminError::Command`] with the sentence.
pub fn refuse_clashes(input: Option<&Path>, outputs: &[Option<&Path>]) -> Result<(), AdminError> {
    let read = input.and_then(Place::of);
    let mut written = Vec::new();
    for path in outputs.iter().copied().flatten() {
        let Some(place) = Place::of(path) else { continue };
        let shown = path.display();
        if read.as_ref() == Some(&place) {
            let message = format!("{shown} is the file to be imported; give what is written another name");
            return Err(AdminError::Command(message));
        }
        if written.contains(&place) {
            let message = format!("{shown} would be written twice; give each output a file of its own");
            return Err(AdminError::Command(message));
        }
        written.push(place);
    }
    Ok(())
}

/// Where a path leads.
#[derive(PartialEq)]
enum Place {
    /// A file that is there: its device and its number there.
    There(u64, u64),
    /// A file that is not there yet, by its path without links.
    ToBe(PathBuf),
}

impl Place {
    /// `None` where writing twice harms nothing, as in a pipe or `/dev/null`.
    fn of(path: &Path) -> Option<Self> {
        match std::fs::metadata(path) {
            Ok(file) if !file.is_file() => None,
            Ok(file) => Some(Self::There(file.dev(), file.ino())),
            Err(_) => Some(Self::ToBe(to_be(path).unwrap_or_else(|_| path.to_owned()))),
        }
    }
}

/// Where a file would come to lie that is not there yet.
fn to_be(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::fs::canonicalize(folder.unwrap_or(Path::new(".")))?;
        let Some(name) = path.file_name() else { return Ok(path) };
        path = folder.join(name);
        match std::fs::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => break,
        }
    }
    Ok(path)
}
