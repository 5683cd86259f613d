//! Tables of an SQLite file, read from its pages: enough of the format to give the rows of a table in their order.
//!
//! Our own, because the file comes from anywhere: no statement of it is run, and whatever its bytes are, this stays safe
//! code under a budget. See <https://www.sqlite.org/fileformat2.html>.
//!
//! Invariant: no more pages are visited than the file has, those that a long row runs over among them, so a ring of pages
//! ends.

use crate::formats::Caps;
use crate::formats::flow::{number, too_large};
use crate::problem::{Code, Problem};

pub(super) const HEADER_BYTES: usize = 100;
const MAGIC: &[u8] = b"SQLite format 3\0";
/// The most columns that an SQLite table can have.
const MOST_CELLS: usize = 32_767;
/// Deeper trees do not fit into the largest file that the format can hold.
const MOST_DEPTH: usize = 20;

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl Cell {
    /// Bytes of memory that it takes.
    pub(super) fn held_bytes(&self) -> usize {
        let own = match self {
            Self::Text(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
            Self::Null | Self::Integer(_) | Self::Real(_) => 0,
        };
        size_of::<Self>() + own
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }
}

/// A row: its number and its values, fewer than the table has columns where columns were added later.
pub(super) type Row = (i64, Vec<Cell>);

/// An SQLite file in memory.
pub(super) struct Pages {
    bytes: Vec<u8>,
    page_bytes: usize,
    usable_bytes: usize,
    max_value_bytes: usize,
    /// Of rows that are held together.
    pub(super) max_held_bytes: u64,
}

/// Where a reading of a table has come to: pages from the root down, each with the next of its cells.
pub(super) struct Walk {
    stack: Vec<(usize, usize)>,
    visited: usize,
    /// The number of the row before, which the next must exceed.
    last: Option<i64>,
}

fn broken(message: impl Into<String>) -> Box<Problem> {
    Box::new(Problem::error(Code::BadFormat, message))
}

fn ring(at: usize) -> Box<Problem> {
    broken(format!("page {at} closes a ring of pages"))
}

impl Pages {
    /// The bytes of a page, and how many of them are in use, from the first bytes of a file.
    pub(super) fn page_sizes(bytes: &[u8]) -> Result<(usize, usize), Box<Problem>> {
        if !bytes.starts_with(MAGIC) || bytes.len() < HEADER_BYTES {
            return Err(broken("the file is no GeoPackage: it does not start as an SQLite file does"));
        }
        let page_bytes = match number(bytes, 16).map_or(0, u16::from_be_bytes) {
            1 => 65_536,
            given => usize::from(given),
        };
        let usable_bytes = page_bytes.saturating_sub(usize::from(bytes[20]));
        if !page_bytes.is_power_of_two() || page_bytes < 512 || usable_bytes < 480 {
            return Err(broken(format!(
                "the file says that a page has {page_bytes} bytes; 512 to 65536 are possible"
            )));
        }
        Ok((page_bytes, usable_bytes))
    }

    pub(super) fn open(bytes: Vec<u8>, caps: &Caps) -> Result<Self, Box<Problem>> {
        let (page_bytes, usable_bytes) = Self::page_sizes(&bytes)?;
        let page_count = number(&bytes, 28).map_or(0, u32::from_be_bytes) as usize;
        let there = bytes.len() / page_bytes;
        if page_count > there {
            return Err(broken(format!("the file has {there} pages; its header promises {page_count}")));
        }
        if !matches!(number(&bytes, 56).map_or(0, u32::from_be_bytes), 0 | 1) {
            return Err(broken("the file's texts are in UTF-16; UTF-8 is read"));
        }
        let max_value_bytes =
            caps.max_text_bytes.saturating_add(caps.max_feature_positions.saturating_mul(32));
        Ok(Self { bytes, page_bytes, usable_bytes, max_value_bytes, max_held_bytes: caps.max_held_bytes })
    }

    fn page(&self, at: usize) -> Result<&[u8], Box<Problem>> {
        let start = at.checked_sub(1).and_then(|at| at.checked_mul(self.page_bytes));
        let page = start.and_then(|start| self.bytes.get(start..)?.get(..self.page_bytes));
        page.ok_or_else(|| broken(format!("page {at} is not in the file")))
    }

    /// Begins to read the table whose tree starts at a page.
    pub(super) fn walk(root: i64) -> Walk {
        Walk { stack: vec![(usize::try_from(root).unwrap_or(0), 0)], visited: 0, last: None }
    }

    /// The next row in the order of row numbers.
    pub(super) fn next(&self, walk: &mut Walk) -> Result<Option<Row>, Box<Problem>> {
        while let Some((at, cell)) = walk.stack.pop() {
            let page = self.page(at)?;
            if cell == 0 {
                self.visit(walk, at)?;
                if walk.stack.len() > MOST_DEPTH {
                    return Err(ring(at));
                }
            }
            let head = if at == 1 { HEADER_BYTES } else { 0 };
            let count = short(page, head + 3);
            let pointer = |index: usize, head_bytes: usize| short(page, head + head_bytes + index * 2);
            match page.get(head) {
                Some(0x0d) if cell < count => {
                    walk.stack.push((at, cell + 1));
                    let row = self.row(walk, page, (at, pointer(cell, 8)))?;
                    if let Some(last) = walk.last.replace(row.0).filter(|last| *last >= row.0) {
                        let message =
                            format!("row {} on page {at} follows row {last}: the pages are mixed up", row.0);
                        return Err(broken(message));
                    }
                    return Ok(Some(row));
                }
                Some(0x0d) => {}
                Some(0x05) if cell < count => {
                    walk.stack.push((at, cell + 1));
                    let child = long(page, pointer(cell, 12));
                    walk.stack.push((child, 0));
                }
                Some(0x05) if cell == count => walk.stack.push((long(page, head + 8), 0)),
                _ => return Err(broken(format!("page {at} is not one of a table"))),
            }
        }
        Ok(None)
    }

    fn visit(&self, walk: &mut Walk, at: usize) -> Result<(), Box<Problem>> {
        walk.visited += 1;
        if walk.visited > self.bytes.len() / self.page_bytes {
            return Err(ring(at));
        }
        Ok(())
    }

    fn row(&self, walk: &mut Walk, page: &[u8], (at, start): (usize, usize)) -> Result<Row, Box<Problem>> {
        let wrong = || broken(format!("a row on page {at} is broken"));
        let cell = page.get(start..self.usable_bytes).ok_or_else(wrong)?;
        let (length, first) = varint(cell).ok_or_else(wrong)?;
        let (row_id, second) = varint(&cell[first..]).ok_or_else(wrong)?;
        let length = usize::try_from(length).map_err(|_| wrong())?;
        if length > self.max_value_bytes {
            let most = self.max_value_bytes;
            let message = format!("a row on page {at} has {length} bytes; at most {most} are read");
            return Err(too_large(message));
        }
        let local = self.local_bytes(length);
        let mut payload = cell[first + second..].get(..local).ok_or_else(wrong)?.to_vec();
        if local < length {
            let next = long(cell, first + second + local);
            self.overflow(walk, &mut payload, (length, next))?;
        }
        record(&payload).map(|cells| (row_id, cells)).ok_or_else(wrong)
    }

    /// How much of a row is on its own page.
    fn local_bytes(&self, length: usize) -> usize {
        let usable = self.usable_bytes;
        if length <= usable - 35 {
            return length;
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (usable - 4);
        if fitting <= usable - 35 { fitting } else { least }
    }

    fn overflow(
        &self,
        walk: &mut Walk,
        payload: &mut Vec<u8>,
        (length, mut next): (usize, usize),
    ) -> Result<(), Box<Problem>> {
        while payload.len() < length {
            let page = self.page(next)?;
            self.visit(walk, next)?;
            let room = (length - payload.len()).min(self.usable_bytes - 4);
            payload.extend(&page[4..4 + room]);
            next = long(page, 0);
        }
        Ok(())
    }
}

/// The values of a record; `None` where it is broken.
fn record(payload: &[u8]) -> Option<Vec<Cell>> {
    let (head_bytes, mut at) = varint(payload)?;
    let head_bytes = usize::try_from(head_bytes).ok().filter(|bytes| *bytes <= payload.len())?;
    let mut body = payload.get(head_bytes..)?;
    let mut cells = Vec::new();
    while at < head_bytes {
        if cells.len() == MOST_CELLS {
            return None;
        }
        let (kind, used) = varint(&payload[at..head_bytes])?;
        at += used;
        let bytes = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind as usize,
            5 => 6,
            6 | 7 => 8,
            12.. => usize::try_from((kind - 12) / 2).ok()?,
            _ => return None,
        };
        let value = body.get(..bytes)?;
        body = &body[bytes..];
        cells.push(match kind {
            0 => Cell::Null,
            1..=6 => Cell::Integer(integer(value)),
            7 => Cell::Real(f64::from_bits(integer(value) as u64)),
            8 | 9 => Cell::Integer(kind - 8),
            even if even % 2 == 0 => Cell::Blob(value.to_vec()),
            _ => Cell::Text(String::from_utf8_lossy(value).into_owned()),
        });
    }
    Some(cells)
}

/// A signed big-endian number of up to eight bytes.
fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    bytes.iter().fold(if negative { -1 } else { 0 }, |number, byte| (number << 8) | i64::from(*byte))
}

/// A number of one to nine bytes, seven bits each but for the ninth.
fn varint(bytes: &[u8]) -> Option<(i64, usize)> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Some((((number << 8) | u64::from(*byte)) as i64, 9));
        }
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number as i64, at + 1));
        }
    }
    None
}

fn short(bytes: &[u8], at: usize) -> usize {
    number(bytes, at).map_or(0, |bytes| usize::from(u16::from_be_bytes(bytes)))
}

fn long(bytes: &[u8], at: usize) -> usize {
    number(bytes, at).map_or(0, |bytes| u32::from_be_bytes(bytes) as usize)
}
