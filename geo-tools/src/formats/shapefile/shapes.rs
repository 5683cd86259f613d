//! The records of a `.shp`: the header's promises, each record's length, and the numbers in it.

use std::io::Read;

use crate::formats::Caps;
use crate::formats::build::{Positions, Raw};
use crate::formats::flow::{fill, number, too_large};
use crate::formats::rings::{self, Sorted};
use crate::formats::unpack::read_problem;
use crate::position::Position;
use crate::problem::{Code, Problem};

const HEADER_BYTES: usize = 100;
const FILE_CODE: i32 = 9994;

/// What the shapes of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Point,
    Line,
    Polygon,
    MultiPoint,
}

/// A kind with what its positions have beside two numbers.
fn kind_of(code: i32) -> Option<(Kind, bool)> {
    let kind = match code % 10 {
        0 if code == 0 => Kind::Null,
        1 => Kind::Point,
        3 => Kind::Line,
        5 => Kind::Polygon,
        8 => Kind::MultiPoint,
        _ => return None,
    };
    (0..30).contains(&code).then_some((kind, code >= 10))
}

/// A stream of records.
pub(super) struct Shapes<R> {
    reader: R,
    code: i32,
    kind: Kind,
    /// How many bytes the header says there are, and how many have been read.
    end: u64,
    at: u64,
    record_count: usize,
}

fn broken(message: String) -> Box<Problem> {
    Box::new(Problem::error(Code::BadFormat, message))
}

impl<R: Read> Shapes<R> {
    pub(super) fn open(mut reader: R, caps: &Caps) -> Result<Self, Box<Problem>> {
        let mut header = [0; HEADER_BYTES];
        let count = fill(&mut reader, &mut header).map_err(|error| Box::new(read_problem(&error)))?;
        if count < HEADER_BYTES {
            return Err(broken(format!("the .shp has {count} bytes; its header alone has {HEADER_BYTES}")));
        }
        let word = |at| number(&header, at).map_or(0, i32::from_be_bytes);
        if word(0) != FILE_CODE {
            let message = format!("the .shp starts with {}; a shapefile starts with {FILE_CODE}", word(0));
            return Err(broken(message));
        }
        let code = number(&header, 32).map_or(-1, i32::from_le_bytes);
        let end = u64::from(word(24).max(0) as u32) * 2;
        if end < HEADER_BYTES as u64 {
            return Err(broken(format!("the .shp says that it has {end} bytes, less than its header")));
        }
        if end > caps.max_bytes {
            let most = caps.max_bytes;
            return Err(too_large(format!("the .shp has {end} bytes; at most {most} are read")));
        }
        let Some((kind, _)) = kind_of(code) else {
            let what = if code == 31 { "surfaces in space (31)".to_owned() } else { format!("kind {code}") };
            let message = format!("the shapes are {what}; points, lines and polygons are read");
            return Err(Box::new(Problem::error(Code::GeometryType, message)));
        };
        Ok(Self { reader, code, kind, end, at: HEADER_BYTES as u64, record_count: 0 })
    }

    pub(super) fn kind(&self) -> (Kind, i32) {
        (self.kind, self.code)
    }

    pub(super) fn record_count(&self) -> usize {
        self.record_count
    }

    /// The bytes of the next record; `None` at the end that the header names.
    pub(super) fn next_record(&mut self, caps: &Caps) -> Result<Option<Vec<u8>>, Box<Problem>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let record = self.record_count + 1;
        let start = self.at;
        let place = |problem: Box<Problem>| {
            Box::new(Problem { line: Some(record as u64), indexes: vec![record - 1], ..*problem })
        };
        let short = |at: u64, end: u64| {
            let message = format!(
                "the .shp ends at byte {at}, within record {record} from byte {start}; its header promises {end} bytes"
            );
            place(broken(message))
        };
        let mut header = [0; 8];
        let got = fill(&mut self.reader, &mut header).map_err(|error| place(read_problem(&error).into()))?;
        self.at += got as u64;
        if got < header.len() {
            return Err(short(self.at, self.end));
        }
        let words = number(&header, 4).map_or(0, i32::from_be_bytes);
        let length = u64::from(words.max(0) as u32) * 2;
        if length < 4 || self.at + length > self.end {
            let left = self.end - self.at.min(self.end);
            let message = format!(
                "record {record} at byte {start} says that it has {words} words of two bytes; {left} bytes are left"
            );
            return Err(place(broken(message)));
        }
        // Four numbers of eight bytes for a position, and a part for every position.
        let most = (caps.max_feature_positions as u64).saturating_mul(36).saturating_add(128);
        if length > most {
            let message =
                format!("record {record} at byte {start} has {length} bytes; at most {most} are read");
            return Err(place(too_large(message)));
        }
        let mut content = Vec::new();
        let read = self.reader.by_ref().take(length).read_to_end(&mut content);
        read.map_err(|error| place(read_problem(&error).into()))?;
        self.at += content.len() as u64;
        if (content.len() as u64) < length {
            return Err(short(self.at, self.end));
        }
        self.record_count += 1;
        Ok(Some(content))
    }
}

/// The shape of a record; `None` for a null shape, an empty one, or an error that has been noted.
pub(super) fn parse(
    content: &[u8],
    (_, file_code): (Kind, i32),
    positions: &mut Positions,
    problems: &mut Vec<Problem>,
) -> Option<Raw> {
    let code = integer(content, 0).unwrap_or(-1);
    if code == 0 {
        problems.push(Problem::warning(Code::NullGeometry, "the shape is null"));
        return None;
    }
    let Some((kind, more)) = kind_of(code).filter(|_| code == file_code) else {
        let message = format!("the shape is of kind {code}; the file's shapes are of kind {file_code}");
        problems.push(Problem::error(Code::BadFormat, message));
        return None;
    };
    if more {
        let message = "the positions have more than a longitude and a latitude; the rest is dropped";
        problems.push(Problem::warning(Code::ThirdDimension, message));
    }
    let raw = match kind {
        Kind::Null => Ok(None),
        Kind::Point => pairs(content, 4, 1, positions).map(|at| at.first().copied().map(Raw::Point)),
        Kind::MultiPoint => count(content, 36, 40)
            .and_then(|count| pairs(content, 40, count, positions))
            .map(|positions| Some(Raw::MultiPoint(positions))),
        Kind::Line => parts(content, positions).map(|lines| Some(Raw::MultiLine(lines))),
        Kind::Polygon => parts(content, positions).map(|rings| polygons(rings, problems)),
    };
    raw.unwrap_or_else(|message| {
        problems.push(Problem::error(Code::BadFormat, message));
        None
    })
}

fn polygons(rings: Vec<Vec<Position>>, problems: &mut Vec<Problem>) -> Option<Raw> {
    match rings::sort(rings) {
        Sorted::Polygons(polygons) => return Some(Raw::MultiPolygon(polygons)),
        Sorted::StrayHole(ring) => {
            let message = format!(
                "ring {} runs anticlockwise, as a hole does, and lies in no outer ring; outer rings of a shapefile run \
                 clockwise",
                ring + 1
            );
            problems.push(Problem::error(Code::HoleOutside, message));
        }
        Sorted::TooMuchWork => {
            let message = "the shape has too many rings within rings to be sorted";
            problems.push(Problem::error(Code::TooLarge, message));
        }
    }
    None
}

fn integer(content: &[u8], at: usize) -> Option<i32> {
    number(content, at).map(i32::from_le_bytes)
}

/// The count at an offset, if positions from `start` on can be that many.
fn count(content: &[u8], at: usize, start: usize) -> Result<usize, String> {
    let given = integer(content, at).unwrap_or(-1);
    let room = content.len().saturating_sub(start) / 16;
    usize::try_from(given)
        .ok()
        .filter(|count| *count <= room)
        .ok_or_else(|| format!("the shape says that it has {given} positions; its bytes hold {room}"))
}

/// Positions from an offset on.
fn pairs(
    content: &[u8],
    start: usize,
    count: usize,
    positions: &mut Positions,
) -> Result<Vec<Position>, String> {
    let bytes = count.checked_mul(16).and_then(|length| content.get(start..)?.get(..length));
    let bytes = bytes.ok_or_else(|| format!("the shape ends before its {count} positions"))?;
    let double = |at| number(bytes, at).map_or(f64::NAN, f64::from_le_bytes);
    let read = (0..count).filter_map(|index| positions.take(double(index * 16), double(index * 16 + 8)));
    Ok(read.collect())
}

/// The parts of a line or polygon: each a run of its positions.
fn parts(content: &[u8], positions: &mut Positions) -> Result<Vec<Vec<Position>>, String> {
    const STARTS: usize = 44;
    let given = integer(content, 36).unwrap_or(-1);
    let room = content.len().saturating_sub(STARTS) / 4;
    let part_count = usize::try_from(given)
        .ok()
        .filter(|count| *count <= room)
        .ok_or_else(|| format!("the shape says that it has {given} parts; its bytes hold {room}"))?;
    let data = STARTS + part_count * 4;
    let position_count = count(content, 40, data)?;
    let mut starts = Vec::with_capacity(part_count + 1);
    for part in 0..part_count {
        let given = integer(content, STARTS + part * 4).unwrap_or(-1);
        let least = starts.last().copied().unwrap_or(0);
        let start = usize::try_from(given)
            .ok()
            .filter(|start| (least..=position_count).contains(start) && (part > 0 || *start == 0));
        let wrong = || {
            format!("part {} starts at position {given}; {least} to {position_count} is possible", part + 1)
        };
        starts.push(start.ok_or_else(wrong)?);
    }
    starts.push(position_count);
    let runs = starts.windows(2);
    runs.map(|run| pairs(content, data + run[0] * 16, run[1] - run[0], positions)).collect()
}
