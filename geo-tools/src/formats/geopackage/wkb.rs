//! Geometry in a cell of a GeoPackage: its own header, then well-known binary, in and out.
//!
//! Invariant: no count is trusted beyond the bytes that are left, and nesting follows the four kinds, not the bytes.

use crate::formats::build::{Positions, Raw};
use crate::formats::flow::number;
use crate::formats::frame::Frame;
use crate::formats::rings::{Turn, closed};
use crate::geometry::{Geometry, Polygon};
use crate::position::Position;
use crate::problem::{Code, Problem};

/// What is left to read of a cell.
struct Bytes<'a> {
    rest: &'a [u8],
    length_bytes: usize,
}

fn broken(message: String) -> Box<Problem> {
    Box::new(Problem::error(Code::BadFormat, message))
}

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Box<Problem>> {
        if count > self.rest.len() {
            let at = self.length_bytes - self.rest.len();
            return Err(broken(format!(
                "the geometry ends at byte {} within its byte {at} and on",
                self.length_bytes
            )));
        }
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        Ok(taken)
    }

    fn long(&mut self, little: bool) -> Result<u32, Box<Problem>> {
        let bytes = number(self.take(4)?, 0).unwrap_or_default();
        Ok(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn double(&mut self, little: bool) -> Result<f64, Box<Problem>> {
        let bytes = number(self.take(8)?, 0).unwrap_or_default();
        Ok(if little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    /// A count of things that take at least some bytes each.
    fn count(&mut self, little: bool, least_bytes: usize) -> Result<usize, Box<Problem>> {
        let given = self.long(little)?;
        let room = self.rest.len() / least_bytes;
        usize::try_from(given).ok().filter(|count| *count <= room).ok_or_else(|| {
            broken(format!("the geometry says that {given} parts follow; its bytes hold at most {room}"))
        })
    }
}

/// Reads a cell; `None` where the shape is empty.
pub(super) fn parse(
    cell: &[u8],
    positions: &mut Positions,
    problems: &mut Vec<Problem>,
) -> Result<Option<Raw>, Box<Problem>> {
    let mut bytes = Bytes { rest: cell, length_bytes: cell.len() };
    let head = bytes.take(8)?;
    if !head.starts_with(b"GP") {
        return Err(broken("the geometry does not start with \u{201c}GP\u{201d}".to_owned()));
    }
    let envelope = match (head[3] >> 1) & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        other => return Err(broken(format!("the geometry's envelope is of kind {other}; 0 to 4 are known"))),
    };
    bytes.take(envelope)?;
    let mut reader = Reader { bytes, positions, more: false };
    let raw = reader.geometry()?;
    if reader.more {
        let message = "the positions have more than a longitude and a latitude; the rest is dropped";
        problems.push(Problem::warning(Code::ThirdDimension, message));
    }
    Ok(raw)
}

struct Reader<'a, 'p> {
    bytes: Bytes<'a>,
    positions: &'p mut Positions,
    more: bool,
}

/// How a geometry's numbers are told.
#[derive(Clone, Copy)]
struct Head {
    kind: u32,
    little: bool,
    dimensions: usize,
}

impl Reader<'_, '_> {
    fn head(&mut self) -> Result<Head, Box<Problem>> {
        let little = match self.bytes.take(1)? {
            [0] => false,
            [1] => true,
            other => {
                return Err(broken(format!("the geometry's byte order is {other:?}; 0 and 1 are known")));
            }
        };
        let code = self.bytes.long(little)?;
        // ISO adds thousands for Z and M, an older custom sets the two upper bits.
        let (flags, code) = (code >> 29, code & 0x1fff_ffff);
        let z = flags & 4 != 0 || matches!(code / 1000, 1 | 3);
        let m = flags & 2 != 0 || matches!(code / 1000, 2 | 3);
        if flags & 1 != 0 {
            self.bytes.long(little)?;
        }
        self.more |= z || m;
        Ok(Head { kind: code % 1000, little, dimensions: 2 + usize::from(z) + usize::from(m) })
    }

    /// The head of a member of a collection, which must be of one kind.
    fn member(&mut self, kind: u32) -> Result<Head, Box<Problem>> {
        let head = self.head()?;
        if head.kind == kind {
            return Ok(head);
        }
        Err(broken(format!("a geometry of kind {} stands where one of kind {kind} must", head.kind)))
    }

    fn geometry(&mut self) -> Result<Option<Raw>, Box<Problem>> {
        const MEMBER_BYTES: usize = 9;
        let head = self.head()?;
        Ok(Some(match head.kind {
            1 => match self.point(head)? {
                Some(position) => Raw::Point(position),
                None => return Ok(None),
            },
            2 => Raw::MultiLine(vec![self.line(head)?]),
            3 => Raw::MultiPolygon(vec![self.polygon(head)?]),
            4 => {
                let count = self.bytes.count(head.little, 21)?;
                let mut read = Vec::new();
                for _ in 0..count {
                    let member = self.member(1)?;
                    read.extend(self.point(member)?);
                }
                Raw::MultiPoint(read)
            }
            5 => {
                let count = self.bytes.count(head.little, MEMBER_BYTES)?;
                let mut lines = Vec::new();
                for _ in 0..count {
                    let member = self.member(2)?;
                    lines.push(self.line(member)?);
                }
                Raw::MultiLine(lines)
            }
            6 => {
                let count = self.bytes.count(head.little, MEMBER_BYTES)?;
                let mut polygons = Vec::new();
                for _ in 0..count {
                    let member = self.member(3)?;
                    polygons.push(self.polygon(member)?);
                }
                Raw::MultiPolygon(polygons)
            }
            kind => {
                let message = format!("the geometry is of kind {kind}; points, lines and polygons are read");
                return Err(Box::new(Problem::error(Code::GeometryType, message)));
            }
        }))
    }

    fn pair(&mut self, head: Head) -> Result<(f64, f64), Box<Problem>> {
        let pair = (self.bytes.double(head.little)?, self.bytes.double(head.little)?);
        self.bytes.take((head.dimensions - 2) * 8)?;
        Ok(pair)
    }

    /// A point of which both numbers are NaN is empty.
    fn point(&mut self, head: Head) -> Result<Option<Position>, Box<Problem>> {
        let (x, y) = self.pair(head)?;
        Ok(if x.is_nan() && y.is_nan() { None } else { self.positions.take(x, y) })
    }

    fn line(&mut self, head: Head) -> Result<Vec<Position>, Box<Problem>> {
        let count = self.bytes.count(head.little, head.dimensions * 8)?;
        let mut line = Vec::with_capacity(count);
        for _ in 0..count {
            let (x, y) = self.pair(head)?;
            line.extend(self.positions.take(x, y));
        }
        Ok(line)
    }

    fn polygon(&mut self, head: Head) -> Result<Vec<Vec<Position>>, Box<Problem>> {
        let count = self.bytes.count(head.little, 4)?;
        (0..count).map(|_| self.line(head)).collect()
    }
}

/// A cell with a shape: its system, its box, little-endian; as one of several parts where all of the table are.
pub(super) fn cell(geometry: &Geometry, several: bool, (frame, system): (Frame, i64)) -> Vec<u8> {
    let mut cell = b"GP\0\x03".to_vec();
    cell.extend((system as i32).to_le_bytes());
    if let Some([west, south, east, north]) = frame.bounds([geometry]) {
        for number in [west, east, south, north] {
            cell.extend(number.to_le_bytes());
        }
    } else {
        // No box, and the flag for an empty geometry.
        cell[3] = 0x11;
    }
    match geometry {
        Geometry::Point(at) => {
            if several {
                head(&mut cell, 4, Some(1));
            }
            head(&mut cell, 1, None);
            pair(&mut cell, *at, frame);
        }
        Geometry::MultiPoint(positions) => {
            head(&mut cell, 4, Some(positions.len()));
            for at in positions {
                head(&mut cell, 1, None);
                pair(&mut cell, *at, frame);
            }
        }
        Geometry::MultiLine(lines) => {
            if several || lines.len() != 1 {
                head(&mut cell, 5, Some(lines.len()));
            }
            for line in lines {
                head(&mut cell, 2, None);
                run(&mut cell, line, frame);
            }
        }
        Geometry::MultiPolygon(polygons) => {
            if several || polygons.len() != 1 {
                head(&mut cell, 6, Some(polygons.len()));
            }
            polygons.iter().for_each(|polygon| rings(&mut cell, polygon, frame));
        }
    }
    cell
}

fn head(cell: &mut Vec<u8>, kind: u32, count: Option<usize>) {
    cell.push(1);
    cell.extend(kind.to_le_bytes());
    if let Some(count) = count {
        cell.extend((count as u32).to_le_bytes());
    }
}

fn pair(cell: &mut Vec<u8>, at: Position, frame: Frame) {
    cell.extend(frame.pair(at).map(f64::to_le_bytes).concat());
}

fn run(cell: &mut Vec<u8>, positions: &[Position], frame: Frame) {
    cell.extend((positions.len() as u32).to_le_bytes());
    positions.iter().for_each(|at| pair(cell, *at, frame));
}

/// A polygon: the outer ring anticlockwise, holes clockwise, each closed.
fn rings(cell: &mut Vec<u8>, polygon: &Polygon, frame: Frame) {
    head(cell, 3, Some(1 + polygon.holes.len()));
    for ring in closed(polygon, Turn::Left) {
        run(cell, &ring, frame);
    }
}
