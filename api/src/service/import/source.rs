//! Where an import's bytes come from, and how they are read beside the thread that answers requests.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use geo_tools::formats::Caps;
use tokio::sync::mpsc;

use super::options::ImportOptions;
use super::problems::BadRowFile;
use super::record::{self, Next};

/// Records that go from the reading thread at once.
const CHUNK_RECORDS: usize = 500;
/// About as many bytes as go at once; the record that reaches it may be larger by itself.
const CHUNK_BYTES: usize = 4 << 20;
/// The longest text, properties or row of an import: far more than anybody writes of one thing, and little to hold.
const MAX_TEXT_BYTES: usize = 256 << 10;
/// Chunks that may wait for the database; more would only hold memory.
const WAITING_CHUNKS: usize = 4;
/// What one file may hold. Problems are counted as they come and not held: there may be as many as there are rows.
fn caps() -> Caps {
    Caps { max_text_bytes: MAX_TEXT_BYTES, max_problems: usize::MAX, ..Caps::default() }
}

/// The bytes of a file.
pub struct ImportSource {
    reader: Box<dyn Read + Send>,
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
        Ok(Self { reader: Box::new(BufReader::new(file)) })
    }

    /// Takes bytes that are in memory.
    pub fn of_bytes(bytes: &'static [u8]) -> Self {
        Self { reader: Box::new(Cursor::new(bytes)) }
    }

    /// Takes bytes as they come.
    pub fn of_reader(reader: impl Read + Send + 'static) -> Self {
        Self { reader: Box::new(reader) }
    }

    /// Everything that the file gives, at once: where all of it must be seen together.
    pub(super) fn records(self, options: &ImportOptions) -> Box<dyn Iterator<Item = Next>> {
        record::records(self.reader, options, &caps())
    }

    /// Everything that the file gives, in chunks, read on a thread of its own. Reading stops when nobody takes them.
    pub(super) fn chunks(self, options: &ImportOptions) -> mpsc::Receiver<Vec<Next>> {
        let (sender, receiver) = mpsc::channel(WAITING_CHUNKS);
        let options = options.clone();
        tokio::task::spawn_blocking(move || {
            let (mut chunk, mut byte_count) = (Vec::new(), 0);
            for next in self.records(&options) {
                byte_count += next.size();
                chunk.push(next);
                if chunk.len() == CHUNK_RECORDS || byte_count >= CHUNK_BYTES {
                    byte_count = 0;
                    if sender.blocking_send(std::mem::take(&mut chunk)).is_err() {
                        return;
                    }
                }
            }
            if !chunk.is_empty() {
                // An error only says that the import was given up.
                drop(sender.blocking_send(chunk));
            }
        });
        receiver
    }
}

/// Hears how many rows an import has read, and takes its bad ones.
#[derive(Clone, Default)]
pub struct Progress {
    rows: Option<Arc<dyn Fn(u64) + Send + Sync>>,
    bad_rows: Option<BadRowFile>,
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.rows.is_some() { "Progress(heard)" } else { "Progress(silent)" })
    }
}

impl Progress {
    /// Tells somebody.
    pub fn new(hear: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self { rows: Some(Arc::new(hear)), bad_rows: None }
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

    /// Says that so many rows were read.
    pub fn reach(&self, row_count: u64) {
        if let Some(hear) = &self.rows {
            hear(row_count);
        }
    }

    pub(super) fn bad_rows(&self) -> Option<&BadRowFile> {
        self.bad_rows.as_ref()
    }
}
