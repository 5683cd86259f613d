//! Features as nearly all are written, read in one look at the window: known members, flat properties, sound rings.
//!
//! Start at [`Plain::feature`]. Whatever is not plain is left to [`super::object`] and [`super::finish`], which look at it
//! again and say what is wrong.
//!
//! Invariant: what is read here is what these two make of the same bytes, and they would say nothing about it.

use super::Caps;
use super::cursor::Cursor;
use super::shape::{Kind, MAX_STEP_E7};
use super::{flat, pair};
use crate::formats::Properties;
use crate::geometry::{Geometry, Polygon};
use crate::position::Position;

/// Brackets that are open in the deepest position: of the file, its features, a feature, a geometry and its four arrays.
const DEPTH: usize = 8;
/// The longest text that is not cut by a cap: any key or type.
const WORD_BYTES: usize = 32;
/// A whole number of so many digits is an id as it is written.
const MOST_ID_DIGITS: usize = 15;

/// Reads plain features; what it holds is room to work in.
pub(super) struct Plain {
    /// Whether the caps leave room for anything that is plain.
    is_allowed: bool,
    max_text_bytes: usize,
    max_positions: usize,
    positions: Vec<Position>,
    keys: Vec<(u32, u32)>,
    /// Positions, and arrays around them, that may still be read of this feature.
    left: usize,
}

/// A feature as it stands in the bytes.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: Option<String>,
    pub(super) properties: Properties,
    pub(super) geometry: Geometry,
    pub(super) length_bytes: usize,
    pub(super) lines: u64,
}

impl Plain {
    pub(super) fn new(caps: &Caps) -> Self {
        Self {
            is_allowed: caps.max_depth >= DEPTH && caps.max_text_bytes >= WORD_BYTES,
            max_text_bytes: caps.max_text_bytes,
            max_positions: caps.max_feature_positions,
            positions: Vec::new(),
            keys: Vec::new(),
            left: 0,
        }
    }

    /// The feature that starts with these bytes, if it is plain and ends among them.
    pub(super) fn feature(&mut self, bytes: &[u8]) -> Option<Found> {
        if !self.is_allowed {
            return None;
        }
        self.left = self.max_positions;
        let mut cursor = Cursor::new(bytes);
        let (mut has_type, mut id, mut properties, mut geometry) = (false, None, None, None);
        if !cursor.passes(b'{') {
            return None;
        }
        loop {
            let key = key(&mut cursor)?;
            match key {
                b"type" if !has_type && cursor.bare_text()? == b"Feature" => has_type = true,
                b"id" if id.is_none() => id = Some(self.id(&mut cursor)?),
                b"properties" if properties.is_none() => properties = Some(self.properties(&mut cursor)?),
                b"geometry" if geometry.is_none() => geometry = Some(self.geometry(&mut cursor)?),
                _ => return None,
            }
            if !cursor.another(b'}')? {
                break;
            }
        }
        let geometry = geometry.filter(|_| has_type)?;
        let properties = properties.unwrap_or_default();
        Some(Found { id, properties, geometry, length_bytes: cursor.at, lines: cursor.lines })
    }

    fn id(&self, cursor: &mut Cursor<'_>) -> Option<String> {
        let start = cursor.at;
        let text = if cursor.peek()? == b'"' {
            cursor.bare_text()?
        } else {
            let count = cursor.digits();
            let text = &cursor.bytes[start..cursor.at];
            if !(1..=MOST_ID_DIGITS).contains(&count) || (count > 1 && text[0] == b'0') {
                return None;
            }
            text
        };
        if text.len() + 2 > self.max_text_bytes {
            return None;
        }
        std::str::from_utf8(text).ok().map(str::to_owned)
    }

    fn properties(&mut self, cursor: &mut Cursor<'_>) -> Option<Properties> {
        if cursor.bytes[cursor.at..].starts_with(b"null") {
            cursor.at += "null".len();
            return Some(Properties::default());
        }
        let text = flat::object(cursor, &mut self.keys)?;
        (text.len() <= self.max_text_bytes).then(|| Properties::of_object(text))
    }

    /// A geometry whose type stands before its coordinates.
    fn geometry(&mut self, cursor: &mut Cursor<'_>) -> Option<Geometry> {
        if !cursor.passes(b'{') || key(cursor)? != b"type" {
            return None;
        }
        let kind = Kind::parse(std::str::from_utf8(cursor.bare_text()?).ok()?)?;
        if !cursor.another(b'}')? || key(cursor)? != b"coordinates" {
            return None;
        }
        let geometry = self.coordinates(cursor, kind)?;
        cursor.passes(b'}').then_some(geometry)
    }

    fn coordinates(&mut self, cursor: &mut Cursor<'_>, kind: Kind) -> Option<Geometry> {
        match kind {
            Kind::Point => {
                self.run(cursor, 1)?;
                Some(Geometry::Point(*self.positions.first()?))
            }
            Kind::LineString => Some(Geometry::MultiLine(vec![self.line(cursor)?])),
            Kind::MultiLineString => Some(Geometry::MultiLine(self.list(cursor, Self::line)?)),
            Kind::Polygon => Some(Geometry::MultiPolygon(vec![self.polygon(cursor)?])),
            Kind::MultiPolygon => Some(Geometry::MultiPolygon(self.list(cursor, Self::polygon)?)),
            Kind::MultiPoint => None,
        }
    }

    /// Reads an array of at least one element.
    fn list<T>(
        &mut self,
        cursor: &mut Cursor<'_>,
        element: fn(&mut Self, &mut Cursor<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.take(1)?;
        if !cursor.passes(b'[') {
            return None;
        }
        let mut list = Vec::new();
        loop {
            list.push(element(self, cursor)?);
            if !cursor.another(b']')? {
                return Some(list);
            }
        }
    }

    fn polygon(&mut self, cursor: &mut Cursor<'_>) -> Option<Polygon> {
        let mut rings = self.list(cursor, Self::ring)?.into_iter();
        Some(Polygon { exterior: rings.next()?, holes: rings.collect() })
    }

    /// A closed ring in which nothing repeats what stands before it.
    fn ring(&mut self, cursor: &mut Cursor<'_>) -> Option<Vec<Position>> {
        self.array(cursor)?;
        let [first, second, rest @ .., last] = self.positions.as_slice() else { return None };
        let has_third = rest.iter().any(|at| at != first && at != second);
        if first != last || !has_third || !steps_are_plain(&self.positions) {
            return None;
        }
        Some(self.positions[..self.positions.len() - 1].to_vec())
    }

    fn line(&mut self, cursor: &mut Cursor<'_>) -> Option<Vec<Position>> {
        self.array(cursor)?;
        (self.positions.len() >= 2 && steps_are_plain(&self.positions)).then(|| self.positions.clone())
    }

    /// Reads an array of positions.
    fn array(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        self.take(1)?;
        if !cursor.passes(b'[') {
            return None;
        }
        self.run(cursor, self.left)?;
        cursor.passes(b']').then_some(())
    }

    fn run(&mut self, cursor: &mut Cursor<'_>, max_count: usize) -> Option<()> {
        self.positions.clear();
        cursor.skip_space();
        let run = pair::positions(&cursor.bytes[cursor.at..], max_count, &mut self.positions);
        cursor.at += run.length_bytes;
        cursor.lines += run.lines;
        self.take(run.count)?;
        (run.count > 0).then_some(())
    }

    fn take(&mut self, count: usize) -> Option<()> {
        self.left = self.left.checked_sub(count)?;
        Some(())
    }
}

/// Passes a key and its colon, and the blanks behind them.
#[inline(always)]
fn key<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let key = cursor.bare_text()?;
    if !cursor.passes(b':') {
        return None;
    }
    cursor.skip_space();
    Some(key)
}

/// Whether each position differs from the one before it, and lies less than half way round the Earth from it.
fn steps_are_plain(positions: &[Position]) -> bool {
    // Without a branch, so that several are looked at at once.
    !positions.windows(2).fold(false, |is_odd, step| {
        is_odd | (step[0] == step[1]) | (step[0].lon_e7().abs_diff(step[1].lon_e7()) > MAX_STEP_E7)
    })
}
