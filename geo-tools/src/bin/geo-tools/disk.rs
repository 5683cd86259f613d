//! Files on the disk: those beside the one that was asked for, and those that are made.
//!
//! Invariant: a file that is made stands under another name beside its place until [`Disk::keep`]; nobody finds half a
//! file where a whole one is expected, and what was there before stays until then. It may be read and written by whom
//! that could be.

use std::cell::RefCell;
use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Names tried for a draft before giving up.
const MOST_TRIES: u32 = 100;

/// The disk, with what is being made on it.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    drafts: RefCell<Vec<Draft>>,
}

#[derive(Debug)]
struct Draft {
    at: PathBuf,
    place: PathBuf,
    /// What kept some of its bytes from being written, also where nobody asked: when the writer was let go.
    failure: Rc<RefCell<Option<io::Error>>>,
}

/// A file that keeps in mind that a write has failed.
struct DraftFile {
    file: BufWriter<File>,
    failure: Rc<RefCell<Option<io::Error>>>,
}

impl DraftFile {
    fn noted<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        outcome.inspect_err(|error| {
            self.failure.borrow_mut().get_or_insert_with(|| io::Error::new(error.kind(), error.to_string()));
        })
    }
}

impl Write for DraftFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes);
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.file.flush();
        self.noted(flushed)
    }
}

impl Drop for DraftFile {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

impl Disk {
    /// Puts what has been made in its place.
    pub(crate) fn keep(self) -> io::Result<()> {
        for failure in self.drafts.borrow().iter().map(|draft| &draft.failure) {
            failure.borrow_mut().take().map_or(Ok(()), Err)?;
        }
        for draft in self.drafts.borrow_mut().drain(..) {
            fs::rename(&draft.at, &draft.place).inspect_err(|_| drop(fs::remove_file(&draft.at)))?;
        }
        Ok(())
    }

    /// A draft, or standard output for `-`. What is there and is no file, such as a pipe, is written to as it is.
    pub(crate) fn create(&self, path: &str) -> io::Result<Box<dyn Write>> {
        if path == "-" {
            return Ok(Box::new(BufWriter::new(io::stdout())));
        }
        // Through a link to what it leads to.
        let place = fs::canonicalize(path).unwrap_or_else(|_| Path::new(path).to_owned());
        match fs::metadata(&place) {
            Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(metadata) if !metadata.is_file() => {
                Ok(Box::new(BufWriter::new(File::options().write(true).open(&place)?)))
            }
            Ok(replaced) => self.draft(place, Some(replaced.permissions())),
            Err(_) => self.draft(place, None),
        }
    }

    /// A file beside its place, which may be read by whom the one was that it replaces.
    fn draft(&self, place: PathBuf, permissions: Option<Permissions>) -> io::Result<Box<dyn Write>> {
        let name = place.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        for number in 0..MOST_TRIES {
            let at = place.with_file_name(format!(".{name}.{}-{number}.part", std::process::id()));
            match File::create_new(&at) {
                Ok(file) => {
                    let failure = Rc::default();
                    self.drafts.borrow_mut().push(Draft { at, place, failure: Rc::clone(&failure) });
                    // Before anything stands in it.
                    permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions))?;
                    return Ok(Box::new(DraftFile { file: BufWriter::new(file), failure }));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        for draft in self.drafts.borrow().iter() {
            // What cannot be taken away now is no more than a file too many.
            let _ = fs::remove_file(&draft.at);
        }
    }
}

/// A file that may not be there.
pub(crate) fn find(path: &str) -> io::Result<Option<Box<dyn Read>>> {
    match File::open(path) {
        Ok(file) => Ok(Some(Box::new(BufReader::new(file)))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
