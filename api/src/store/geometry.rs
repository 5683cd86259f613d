//! Lines and areas as bytes: well-known binary (OGC 06-103r4), little-endian, two dimensions, degrees as doubles.
//!
//! Only what the store writes is read back: a line, a polygon or several. Rings are closed in the bytes and open in
//! [`Polygon`]. A position survives exactly: the double nearest to seven decimals rounds back to the same 1e-7 degree.
//!
//! Invariant: a count that the bytes cannot hold is refused before anything is allocated for it.

use geo_tools::{Bounds, Polygon, Position};

const LITTLE_ENDIAN: u8 = 1;
const LINE_STRING: u32 = 2;
const POLYGON: u32 = 3;
const MULTI_POLYGON: u32 = 6;
const POSITION_BYTES: usize = 16;

/// Why bytes are not a geometry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidWkb {
    /// They end too early for what they promise.
    #[error("the geometry ends after {length_bytes} bytes in the middle of something")]
    Short {
        /// How many there are.
        length_bytes: usize,
    },
    /// Bytes are left over.
    #[error("{left} bytes follow the geometry")]
    Long {
        /// How many.
        left: usize,
    },
    /// Another kind, byte order or dimension.
    #[error("byte order {order} and kind {kind} are not what the store writes")]
    Kind {
        /// The byte order.
        order: u8,
        /// The kind.
        kind: u32,
    },
    /// A coordinate out of range, or not finite.
    #[error("a coordinate is not a position")]
    Position,
    /// A ring of fewer than three positions, or not closed.
    #[error("a ring is not closed, or too short")]
    Ring,
}

/// A line as bytes.
pub fn encode_line(line: &[Position]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(9 + line.len() * POSITION_BYTES);
    put_head(&mut bytes, LINE_STRING, line.len());
    put_positions(&mut bytes, line);
    bytes
}

/// Reads a line.
///
/// # Errors
/// [`InvalidWkb`].
pub fn decode_line(bytes: &[u8]) -> Result<Vec<Position>, InvalidWkb> {
    let mut reader = Reader { bytes, length_bytes: bytes.len() };
    let count = reader.head(LINE_STRING, POSITION_BYTES)?;
    let line = reader.positions(count)?;
    reader.end()?;
    Ok(line)
}

/// Polygons as bytes.
pub fn encode_area(polygons: &[Polygon]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_head(&mut bytes, MULTI_POLYGON, polygons.len());
    for polygon in polygons {
        put_head(&mut bytes, POLYGON, 1 + polygon.holes.len());
        for ring in polygon.rings() {
            bytes.extend_from_slice(&(ring.len() as u32 + 1).to_le_bytes());
            put_positions(&mut bytes, ring);
            put_positions(&mut bytes, ring.get(..1).unwrap_or_default());
        }
    }
    bytes
}

/// Reads polygons.
///
/// # Errors
/// [`InvalidWkb`].
pub fn decode_area(bytes: &[u8]) -> Result<Vec<Polygon>, InvalidWkb> {
    const LEAST_POLYGON_BYTES: usize = 9;
    let mut reader = Reader { bytes, length_bytes: bytes.len() };
    let count = reader.head(MULTI_POLYGON, LEAST_POLYGON_BYTES)?;
    let mut polygons = Vec::with_capacity(count);
    for _ in 0..count {
        let rings = reader.head(POLYGON, 4)?;
        let mut rings = (0..rings).map(|_| reader.ring()).collect::<Result<Vec<_>, _>>()?.into_iter();
        let exterior = rings.next().ok_or(InvalidWkb::Ring)?;
        polygons.push(Polygon { exterior, holes: rings.collect() });
    }
    reader.end()?;
    Ok(polygons)
}

/// West, south, east, north in 1e-7 degree.
pub(super) fn corners_e7(bounds: &Bounds) -> [i32; 4] {
    let (low, high) = (bounds.south_west(), bounds.north_east());
    [low.lon_e7(), low.lat_e7(), high.lon_e7(), high.lat_e7()]
}

fn put_head(bytes: &mut Vec<u8>, kind: u32, count: usize) {
    bytes.push(LITTLE_ENDIAN);
    bytes.extend_from_slice(&kind.to_le_bytes());
    bytes.extend_from_slice(&(count as u32).to_le_bytes());
}

fn put_positions(bytes: &mut Vec<u8>, positions: &[Position]) {
    for position in positions {
        bytes.extend_from_slice(&position.lon().to_le_bytes());
        bytes.extend_from_slice(&position.lat().to_le_bytes());
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    length_bytes: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], InvalidWkb> {
        let (head, rest) = self
            .bytes
            .split_first_chunk::<N>()
            .ok_or(InvalidWkb::Short { length_bytes: self.length_bytes })?;
        self.bytes = rest;
        Ok(*head)
    }

    fn count(&mut self, bytes_each: usize) -> Result<usize, InvalidWkb> {
        let count = u32::from_le_bytes(self.take()?) as usize;
        if count > self.bytes.len() / bytes_each {
            Err(InvalidWkb::Short { length_bytes: self.length_bytes })
        } else {
            Ok(count)
        }
    }

    fn head(&mut self, wanted: u32, bytes_each: usize) -> Result<usize, InvalidWkb> {
        let [order] = self.take()?;
        let kind = u32::from_le_bytes(self.take()?);
        if order != LITTLE_ENDIAN || kind != wanted {
            return Err(InvalidWkb::Kind { order, kind });
        }
        self.count(bytes_each)
    }

    fn positions(&mut self, count: usize) -> Result<Vec<Position>, InvalidWkb> {
        let mut positions = Vec::with_capacity(count);
        for _ in 0..count {
            let lon = f64::from_le_bytes(self.take()?);
            let lat = f64::from_le_bytes(self.take()?);
            positions.push(Position::new(lon, lat).map_err(|_| InvalidWkb::Position)?);
        }
        Ok(positions)
    }

    fn ring(&mut self) -> Result<Vec<Position>, InvalidWkb> {
        const LEAST_POSITIONS: usize = 4;
        let count = self.count(POSITION_BYTES)?;
        let mut ring = self.positions(count)?;
        if count < LEAST_POSITIONS || ring.first() != ring.last() {
            return Err(InvalidWkb::Ring);
        }
        ring.pop();
        Ok(ring)
    }

    fn end(&self) -> Result<(), InvalidWkb> {
        if self.bytes.is_empty() { Ok(()) } else { Err(InvalidWkb::Long { left: self.bytes.len() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon_e7: i32, lat_e7: i32) -> Position {
        Position::from_e7(lon_e7, lat_e7).expect("in range")
    }

    fn line() -> Vec<Position> {
        let step = |index: i32| at(1_209_800_001 + index * 7_919, 146_000_003 - index * 104_729);
        (0..5000)
            .map(step)
            .chain([at(1_800_000_000, 900_000_000), at(-1_800_000_000, -900_000_000)])
            .collect()
    }

    fn area() -> Vec<Polygon> {
        let square = |west: i32, side: i32| {
            vec![at(west, 0), at(west + side, 0), at(west + side, side), at(west, side)]
        };
        vec![
            Polygon { exterior: square(1_210_000_000, 300), holes: vec![square(1_210_000_100, 50)] },
            Polygon { exterior: square(1_220_000_000, 7), holes: Vec::new() },
        ]
    }

    #[test]
    fn lines_and_areas_survive_to_the_last_digit() {
        assert_eq!(decode_line(&encode_line(&line())), Ok(line()));
        assert_eq!(decode_area(&encode_area(&area())), Ok(area()));
        assert_eq!(decode_line(&encode_line(&[])), Ok(Vec::new()));
    }

    #[test]
    fn bytes_that_promise_more_than_they_hold_are_refused_before_anything_is_allocated() {
        for hostile in [u32::MAX, u32::MAX / 16, 6000] {
            let mut bytes = encode_line(&line());
            bytes[5..9].copy_from_slice(&hostile.to_le_bytes());
            assert!(matches!(decode_line(&bytes), Err(InvalidWkb::Short { .. })), "{hostile} positions");
            let mut bytes = encode_area(&area());
            bytes[5..9].copy_from_slice(&hostile.to_le_bytes());
            assert!(matches!(decode_area(&bytes), Err(InvalidWkb::Short { .. })), "{hostile} polygons");
        }
    }

    #[test]
    fn every_cut_and_every_foreign_head_is_refused() {
        for whole in [encode_line(&line()[..3]), encode_area(&area())] {
            let read = |bytes: &[u8]| (decode_line(bytes).is_ok(), decode_area(bytes).is_ok());
            assert!((0..whole.len()).all(|length| read(&whole[..length]) == (false, false)));
            assert_eq!(read(&[&whole[..], &[0]].concat()), (false, false), "a byte too many");
            let mut big_endian = whole.clone();
            big_endian[0] = 0;
            assert_eq!(read(&big_endian), (false, false));
        }
        let mut far = encode_line(&line()[..3]);
        far[9..17].copy_from_slice(&181.0_f64.to_le_bytes());
        assert_eq!(decode_line(&far), Err(InvalidWkb::Position));
        far[9..17].copy_from_slice(&f64::NAN.to_le_bytes());
        assert_eq!(decode_line(&far), Err(InvalidWkb::Position));
    }
}
