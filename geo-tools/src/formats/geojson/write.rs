//! GeoJSON out: RFC 7946, feature by feature, at most seven decimals, outer rings anticlockwise. In another datum than
//! WGS 84 it is no longer RFC 7946, and a member `datum` of the collection says so.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::datum::{Coordinates, Datum, InvalidCoordinates};
use crate::geometry::{Geometry, Polygon};
use crate::position::Position;

/// What is written of a feature.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteFeature<'a> {
    /// Its id, if it has one.
    pub id: Option<&'a str>,
    /// Its properties, in their order.
    pub properties: Option<&'a Map<String, Value>>,
    /// Its shape.
    pub geometry: Option<&'a Geometry>,
}

/// Writes a FeatureCollection as its features come.
#[derive(Debug)]
pub struct Writer<W: Write> {
    writer: W,
    feature_count: usize,
    with_bbox: bool,
    datum: Datum,
}

impl<W: Write> Writer<W> {
    /// Begins a collection.
    ///
    /// # Errors
    /// What the writer says.
    pub fn new(mut writer: W) -> io::Result<Self> {
        writer.write_all(br#"{"type":"FeatureCollection","features":["#)?;
        Ok(Self { writer, feature_count: 0, with_bbox: false, datum: Datum::Wgs84 })
    }

    /// Begins a collection in a datum. Where its numbers are not those of WGS 84, a member `datum` names it: RFC 7946
    /// allows that only between those who have agreed on it.
    ///
    /// # Errors
    /// What the writer says.
    pub fn in_datum(mut writer: W, datum: Datum) -> io::Result<Self> {
        if datum.equals_wgs84() {
            return Self::new(writer);
        }
        write!(writer, r#"{{"type":"FeatureCollection","datum":"{datum}","features":["#)?;
        Ok(Self { writer, feature_count: 0, with_bbox: false, datum })
    }

    /// Gives every feature its `bbox`.
    #[must_use]
    pub fn with_bbox(self) -> Self {
        Self { with_bbox: true, ..self }
    }

    /// Writes one feature.
    ///
    /// # Errors
    /// What the writer says, or that a position has no coordinates in the datum; then nothing has been written.
    pub fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<()> {
        let object = object(&feature, self.datum, self.with_bbox)?;
        self.writer.write_all(if self.feature_count == 0 { b"\n" } else { b",\n" })?;
        self.feature_count += 1;
        serde_json::to_writer(&mut self.writer, &object).map_err(io::Error::from)
    }

    /// Ends the collection and gives the writer back.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(mut self) -> io::Result<W> {
        self.writer.write_all(b"\n]}\n")?;
        self.writer.flush()?;
        Ok(self.writer)
    }
}

/// A feature as an object of GeoJSON's form, in a datum.
pub(super) fn object(
    feature: &WriteFeature<'_>,
    datum: Datum,
    with_bbox: bool,
) -> io::Result<Map<String, Value>> {
    let outside = |error: InvalidCoordinates| io::Error::new(io::ErrorKind::InvalidInput, error);
    let geometry = feature.geometry.map(|geometry| geometry_json_in(geometry, datum));
    let geometry = geometry.transpose().map_err(outside)?;
    let bbox = feature.geometry.filter(|_| with_bbox).and_then(|geometry| bbox(geometry, datum));
    let mut object = Map::new();
    object.insert("type".to_owned(), "Feature".into());
    if let Some(id) = feature.id {
        object.insert("id".to_owned(), id.into());
    }
    if let Some(bbox) = bbox {
        object.insert("bbox".to_owned(), bbox);
    }
    let properties = feature.properties.map_or(Value::Null, |properties| Value::Object(properties.clone()));
    object.insert("properties".to_owned(), properties);
    object.insert("geometry".to_owned(), geometry.unwrap_or(Value::Null));
    Ok(object)
}

/// A geometry as a GeoJSON object, in WGS 84. One line or one polygon is written as the single kind.
pub fn geometry_json(geometry: &Geometry) -> Value {
    // The shortest decimal that reads as this double has at most seven places: that is how the double was made.
    shape(geometry, &mut |at| json!([at.lon(), at.lat()]))
}

/// A geometry as an object of GeoJSON's form, in a datum: degrees with seven decimals, or metres with three.
///
/// # Errors
/// [`InvalidCoordinates`] where a position has none in the datum.
pub fn geometry_json_in(geometry: &Geometry, datum: Datum) -> Result<Value, InvalidCoordinates> {
    if datum.equals_wgs84() {
        return Ok(geometry_json(geometry));
    }
    let mut outside = None;
    let shape = shape(geometry, &mut |at| match datum.rounded(at) {
        Ok(Coordinates { x, y }) => json!([x, y]),
        Err(error) => {
            outside.get_or_insert(error);
            Value::Null
        }
    });
    outside.map_or(Ok(shape), Err)
}

/// The corners of the smallest box around the coordinates as they are written.
fn bbox(geometry: &Geometry, datum: Datum) -> Option<Value> {
    let mut all = geometry.positions().filter_map(|at| datum.rounded(at).ok());
    let first = all.next()?;
    let (low, high) = all.fold((first, first), |(low, high), at| {
        let (west, south) = (low.x.min(at.x), low.y.min(at.y));
        let (east, north) = (high.x.max(at.x), high.y.max(at.y));
        (Coordinates { x: west, y: south }, Coordinates { x: east, y: north })
    });
    Some(json!([low.x, low.y, high.x, high.y]))
}

type WritePosition<'a> = &'a mut dyn FnMut(Position) -> Value;

fn shape(geometry: &Geometry, write: WritePosition<'_>) -> Value {
    let (kind, coordinates) = match geometry {
        Geometry::Point(at) => ("Point", write(*at)),
        Geometry::MultiPoint(positions) => ("MultiPoint", line(positions, write)),
        Geometry::MultiLine(lines) => match lines.as_slice() {
            [only] => ("LineString", line(only, write)),
            lines => ("MultiLineString", lines.iter().map(|one| line(one, write)).collect()),
        },
        Geometry::MultiPolygon(polygons) => match polygons.as_slice() {
            [only] => ("Polygon", polygon(only, write)),
            polygons => ("MultiPolygon", polygons.iter().map(|one| polygon(one, write)).collect()),
        },
    };
    json!({"type": kind, "coordinates": coordinates})
}

fn line(positions: &[Position], write: WritePosition<'_>) -> Value {
    positions.iter().map(|at| write(*at)).collect()
}

fn polygon(polygon: &Polygon, write: WritePosition<'_>) -> Value {
    polygon.rings().enumerate().map(|(index, ring)| wound(ring, index == 0, write)).collect()
}

/// A closed ring, anticlockwise where it is the outer one, clockwise where it is a hole.
fn wound(ring: &[Position], outer: bool, write: WritePosition<'_>) -> Value {
    let first = ring.first().copied();
    let closed = ring.iter().copied().chain(first);
    if (doubled_area(ring) > 0) == outer {
        return closed.map(write).collect();
    }
    let reversed: Vec<Position> = closed.collect();
    reversed.into_iter().rev().map(write).collect()
}

/// Twice the signed area in square units: positive where the ring runs anticlockwise. Exact.
fn doubled_area(ring: &[Position]) -> i128 {
    let cross = |a: Position, b: Position| {
        i128::from(a.lon_e7()) * i128::from(b.lat_e7()) - i128::from(b.lon_e7()) * i128::from(a.lat_e7())
    };
    ring.windows(2).map(|pair| cross(pair[0], pair[1])).sum::<i128>()
        + ring.last().zip(ring.first()).map_or(0, |(last, first)| cross(*last, *first))
}
