//! ZIP archives: the list at the end, and one entry at a time as a stream. Nothing is ever written to a disk.
//!
//! Our own, because an entry has to be a reader that owns what it reads, and four facts of the format suffice.
//!
//! Invariant: an entry gives at most the bytes that the list promises, and fails where its checksum differs.
//! Invariant: all that is read of an archive, a part that is read twice counted twice, is at most so many bytes.
//! Invariant: a name that leads out of a folder refuses the archive.

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::rc::Rc;
use std::sync::Arc;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::flow::{number, too_large};
use super::unpack::{read_problem, too_many_bytes};
use crate::problem::{Code, Problem};
use crate::shown;

const END_BYTES: usize = 22;
const END_MAGIC: &[u8] = b"PK\x05\x06";
const ENTRY_MAGIC: &[u8] = b"PK\x01\x02";
const LOCAL_MAGIC: &[u8] = b"PK\x03\x04";
const ENTRY_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;
/// A shapefile is a handful of files.
const MOST_ENTRIES: usize = 1_000;

/// An archive in memory.
#[derive(Debug)]
pub(super) struct Archive {
    bytes: Arc<[u8]>,
    entries: Vec<Entry>,
    budget: Budget,
}

/// How many unpacked bytes an archive gives, and how many of them are left.
#[derive(Clone, Debug)]
struct Budget {
    max_bytes: u64,
    left: Rc<Cell<u64>>,
}

/// A file in an archive.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its whole name.
    pub(super) name: String,
    deflated: bool,
    sum: u32,
    packed_bytes: usize,
    bytes: u64,
    offset: usize,
}

fn broken(message: impl Into<String>) -> Box<Problem> {
    Box::new(Problem::error(Code::BadFormat, message))
}

/// All bytes of a file that can only be read whole.
pub(super) fn hold(mut reader: impl Read, max_bytes: u64) -> Result<Vec<u8>, Box<Problem>> {
    let mut bytes = Vec::new();
    let read = reader.by_ref().take(max_bytes.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| Box::new(read_problem(&error)))?;
    if bytes.len() as u64 > max_bytes {
        let message =
            format!("the file has more than {max_bytes} bytes, the most that is read of such a file");
        return Err(too_large(message));
    }
    Ok(bytes)
}

impl Archive {
    /// Reads its list; at most so many bytes come of all its entries.
    pub(super) fn open(bytes: Vec<u8>, max_bytes: u64) -> Result<Self, Box<Problem>> {
        // A comment of at most 65 535 bytes may follow the end record.
        let window = bytes.len().saturating_sub(END_BYTES + usize::from(u16::MAX));
        let tail = &bytes[window..];
        let end = tail.windows(END_MAGIC.len()).rposition(|magic| magic == END_MAGIC);
        let end = end.map(|at| &tail[at..]).filter(|end| end.len() >= END_BYTES);
        let end = end.ok_or_else(|| broken("the file is no ZIP archive, or its end is missing"))?;
        let (count, start) = (short(end, 10), long(end, 16));
        if count == usize::from(u16::MAX) || start == u32::MAX {
            return Err(broken("the archive is in the form for more than 4 GiB (ZIP64), which is not read"));
        }
        if count > MOST_ENTRIES {
            return Err(too_large(format!(
                "the archive has {count} entries; at most {MOST_ENTRIES} are read"
            )));
        }
        let mut entries = Vec::with_capacity(count);
        let mut at = start as usize;
        for index in 0..count {
            let entry =
                bytes.get(at..).filter(|rest| rest.starts_with(ENTRY_MAGIC) && rest.len() >= ENTRY_BYTES);
            let entry = entry
                .ok_or_else(|| broken(format!("entry {} of the archive's list is broken", index + 1)))?;
            entries.push(read_entry(entry)?);
            at += ENTRY_BYTES + short(entry, 28) + short(entry, 30) + short(entry, 32);
        }
        let budget = Budget { max_bytes, left: Rc::new(Cell::new(max_bytes)) };
        Ok(Self { bytes: bytes.into(), entries, budget })
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The bytes of an entry.
    pub(super) fn read(&self, entry: &Entry) -> Result<Box<dyn Read>, Box<Problem>> {
        let name = shown::text(&entry.name);
        let outside = || broken(format!("the bytes of \u{201c}{name}\u{201d} lie outside the archive"));
        let local = self.bytes.get(entry.offset..).filter(|rest| rest.len() >= LOCAL_BYTES);
        let local = local.filter(|rest| rest.starts_with(LOCAL_MAGIC)).ok_or_else(outside)?;
        let start = entry.offset + LOCAL_BYTES + short(local, 26) + short(local, 28);
        let end = start.checked_add(entry.packed_bytes).filter(|end| *end <= self.bytes.len());
        let part = Part { bytes: Arc::clone(&self.bytes), at: start, end: end.ok_or_else(outside)? };
        let inner: Box<dyn Read> =
            if entry.deflated { Box::new(DeflateDecoder::new(part)) } else { Box::new(part) };
        let (budget, left) = (self.budget.clone(), entry.bytes);
        let reader = Checked { inner, budget, left, sum: entry.sum, crc: Crc::new(), name: name.clone() };
        Ok(Box::new(reader))
    }
}

fn read_entry(entry: &[u8]) -> Result<Entry, Box<Problem>> {
    let name = entry.get(ENTRY_BYTES..).and_then(|rest| rest.get(..short(entry, 28)));
    let name = name.ok_or_else(|| broken("the archive's list ends within a name"))?;
    let name = match std::str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(name).0.into_owned(),
    };
    let shown = shown::text(&name);
    let leads_out = name.starts_with(['/', '\\'])
        || name.contains(['\0', ':'])
        || name.split(['/', '\\']).any(|part| part == "..");
    if leads_out {
        return Err(broken(format!(
            "the archive has an entry \u{201c}{shown}\u{201d} that leads out of its folder"
        )));
    }
    let (flags, method) = (short(entry, 8), short(entry, 10));
    if flags & 1 != 0 {
        return Err(broken(format!("\u{201c}{shown}\u{201d} is locked with a password")));
    }
    if !matches!(method, 0 | 8) {
        return Err(broken(format!(
            "\u{201c}{shown}\u{201d} is packed by method {method}; 0 and 8 are read"
        )));
    }
    Ok(Entry {
        name,
        deflated: method == 8,
        sum: long(entry, 16),
        packed_bytes: long(entry, 20) as usize,
        bytes: u64::from(long(entry, 24)),
        offset: long(entry, 42) as usize,
    })
}

fn short(bytes: &[u8], at: usize) -> usize {
    number(bytes, at).map_or(0, |bytes| usize::from(u16::from_le_bytes(bytes)))
}

fn long(bytes: &[u8], at: usize) -> u32 {
    number(bytes, at).map_or(0, u32::from_le_bytes)
}

/// A run of the archive's bytes.
struct Part {
    bytes: Arc<[u8]>,
    at: usize,
    end: usize,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = Cursor::new(&self.bytes[self.at..self.end]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

/// An entry's bytes, compared with what the list says of them.
struct Checked {
    inner: Box<dyn Read>,
    budget: Budget,
    left: u64,
    sum: u32,
    crc: Crc,
    name: String,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.inner.read(buffer)?;
        let budget = self.budget.left.get().checked_sub(count as u64);
        self.budget.left.set(budget.ok_or_else(|| too_many_bytes(self.budget.max_bytes))?);
        self.crc.update(&buffer[..count]);
        let name = &self.name;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::other(format!("\u{201c}{name}\u{201d} unpacks to more bytes than the archive says"))
        })?;
        if count == 0 && (self.left > 0 || self.crc.sum() != self.sum) {
            return Err(io::Error::other(format!("\u{201c}{name}\u{201d} is damaged: its checksum differs")));
        }
        Ok(count)
    }
}
