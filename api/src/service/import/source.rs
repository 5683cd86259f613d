//! Where an import's bytes come from, and how they are read beside the thread that answers requests.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use domain::plan::Plan;
use geo_tools::formats::Caps;
use geo_tools::{Code, Problem};
use tokio::sync::mpsc;

use super::bad_rows::BadRowFile;
use super::next::Next;
use super::options::ImportOptions;
use super::readers;
use super::report_file::ReportFile;
use super::suspicion;
use crate::config::Limits;

/// Records that go from the reading thread at once.
const CHUNK_RECORDS: usize = 4_000;
/// About as many bytes as go at once; the record that reaches it may be larger by itself.
const CHUNK_BYTES: usize = 4 << 20;
/// Chunks that may wait for the database; more would only hold memory.
const WAITING_CHUNKS: usize = 1;

/// The bytes of a file.
pub struct ImportSource {
    reader: Box<dyn Read + Send>,
    caps: Caps,
    /// The grid that the file's datum is measured by, where it was not said.
    measure: Option<Arc<Plan>>,
}

impl std::fmt::Debug for ImportSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ImportSource")
    }
}

impl ImportSource {
    /// Opens a file.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        Ok(Self::of_reader(BufReader::new(file)))
    }

    /// Takes bytes that are in memory.
    pub fn of_bytes(bytes: &'static [u8]) -> Self {
        Self::of_reader(Cursor::new(bytes))
    }

    /// Takes bytes as they come.
    pub fn of_reader(reader: impl Read + Send + 'static) -> Self {
        Self { reader: Box::new(reader), caps: Limits::default().import, measure: None }
    }

    /// The same, read under caps.
    pub(super) fn within(self, caps: &Caps) -> Self {
        Self { caps: caps.clone(), ..self }
    }

    /// The same, held where it looks as if it were in another datum: in that one it would lie in the grid, and else not.
    pub(super) fn measured_by(self, measure: Option<Arc<Plan>>) -> Self {
        Self { measure, ..self }
    }

    /// Everything that the file gives, at once: where all of it must be seen together.
    pub(super) fn records(self, options: &ImportOptions) -> Box<dyn Iterator<Item = Next>> {
        suspicion::held(readers::records(self.reader, options, &self.caps), self.measure)
    }

    /// Everything that the file gives, in chunks, read and prepared on a thread of its own. Reading stops when nobody takes
    /// them.
    pub(super) fn chunks<T: Send + 'static>(
        self,
        options: &ImportOptions,
        prepare: impl Fn(Vec<Next>) -> T + Send + 'static,
    ) -> mpsc::Receiver<T> {
        let (sender, receiver) = mpsc::channel(WAITING_CHUNKS);
        let options = options.clone();
        tokio::task::spawn_blocking(move || {
            let read = AssertUnwindSafe(|| self.send(&options, &prepare, &sender));
            if std::panic::catch_unwind(read).is_err() {
                // What was read so far must not pass for the whole file.
                let message =
                    "the file could not be read to its end, by a fault of this program that its log tells";
                let problem = Problem::error(Code::Unreadable, message);
                drop(sender.blocking_send(prepare(vec![Next::Bad(problem.into()), Next::BrokeOff])));
            }
        });
        receiver
    }

    fn send<T>(self, options: &ImportOptions, prepare: &impl Fn(Vec<Next>) -> T, sender: &mpsc::Sender<T>) {
        let (mut chunk, mut byte_count) = (Vec::new(), 0);
        for next in self.records(options) {
            byte_count += next.size();
            chunk.push(next);
            if chunk.len() == CHUNK_RECORDS || byte_count >= CHUNK_BYTES {
                byte_count = 0;
                if sender.blocking_send(prepare(std::mem::take(&mut chunk))).is_err() {
                    return;
                }
            }
        }
        if !chunk.is_empty() {
            // An error only says that the import was given up.
            drop(sender.blocking_send(prepare(chunk)));
        }
    }
}

/// Hears how many rows an import has read, and takes its bad ones and its problems.
#[derive(Clone, Default)]
pub struct Progress {
    rows: Option<Arc<dyn Fn(u64) + Send + Sync>>,
    bad_rows: Option<BadRowFile>,
    report: Option<ReportFile>,
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.rows.is_some() { "Progress(heard)" } else { "Progress(silent)" })
    }
}

impl Progress {
    /// Tells somebody.
    pub fn new(hear: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self { rows: Some(Arc::new(hear)), ..Self::default() }
    }

    /// Tells nobody.
    pub fn silent() -> Self {
        Self::default()
    }

    /// The same, and bad rows are written there.
    #[must_use]
    pub fn with_bad_rows(self, file: BadRowFile) -> Self {
        Self { bad_rows: Some(file), ..self }
    }

    /// The same, and every problem is written there.
    #[must_use]
    pub fn with_report(self, file: ReportFile) -> Self {
        Self { report: Some(file), ..self }
    }

    /// Says that so many rows were read.
    pub fn reach(&self, row_count: u64) {
        if let Some(hear) = &self.rows {
            hear(row_count);
        }
    }

    pub(super) fn bad_rows(&self) -> Option<&BadRowFile> {
        self.bad_rows.as_ref()
    }

    pub(super) fn report(&self) -> Option<&ReportFile> {
        self.report.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::import::{FileFormat, ImportKind};

    struct Faulty(&'static [u8]);

    impl Read for Faulty {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                panic!("planted");
            }
            self.0.read(buffer)
        }
    }

    #[tokio::test]
    async fn what_a_faulty_reader_gave_is_no_whole_file() {
        let source = ImportSource::of_reader(Faulty(b"id,lon,lat\nh-1,121.005,14.625\n"));
        let mut chunks =
            source.chunks(&ImportOptions::new(ImportKind::Households, FileFormat::Csv), |chunk| chunk);
        let mut given = Vec::new();
        while let Some(chunk) = chunks.recv().await {
            given.extend(chunk);
        }
        assert!(matches!(given.last(), Some(Next::BrokeOff)), "{given:?}");
    }
}
