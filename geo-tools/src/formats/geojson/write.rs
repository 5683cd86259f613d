//! GeoJSON out: RFC 7946, feature by feature, at most seven decimals, outer rings anticlockwise.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

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
}

impl<W: Write> Writer<W> {
    /// Begins a collection.
    ///
    /// # Errors
    /// What the writer says.
    pub fn new(mut writer: W) -> io::Result<Self> {
        writer.write_all(br#"{"type":"FeatureCollection","features":["#)?;
        Ok(Self { writer, feature_count: 0, with_bbox: false })
    }

    /// Gives every feature its `bbox`.
    #[must_use]
    pub fn with_bbox(self) -> Self {
        Self { with_bbox: true, ..self }
    }

    /// Writes one feature.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<()> {
        self.writer.write_all(if self.feature_count == 0 { b"\n" } else { b",\n" })?;
        self.feature_count += 1;
        let mut object = Map::new();
        object.insert("type".to_owned(), "Feature".into());
        if let Some(id) = feature.id {
            object.insert("id".to_owned(), id.into());
        }
        if let Some(bounds) = feature.geometry.filter(|_| self.with_bbox).and_then(Geometry::bounds) {
            let (low, high) = (bounds.south_west(), bounds.north_east());
            object.insert("bbox".to_owned(), json!([low.lon(), low.lat(), high.lon(), high.lat()]));
        }
        let properties =
            feature.properties.map_or(Value::Null, |properties| Value::Object(properties.clone()));
        object.insert("properties".to_owned(), properties);
        object.insert("geometry".to_owned(), feature.geometry.map_or(Value::Null, geometry_json));
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

/// A geometry as a GeoJSON object. One line or one polygon is written as the single kind.
pub fn geometry_json(geometry: &Geometry) -> Value {
    let (kind, coordinates) = match geometry {
        Geometry::Point(at) => ("Point", position(*at)),
        Geometry::MultiPoint(positions) => ("MultiPoint", line(positions)),
        Geometry::MultiLine(lines) => match lines.as_slice() {
            [only] => ("LineString", line(only)),
            lines => ("MultiLineString", lines.iter().map(|one| line(one)).collect()),
        },
        Geometry::MultiPolygon(polygons) => match polygons.as_slice() {
            [only] => ("Polygon", polygon(only)),
            polygons => ("MultiPolygon", polygons.iter().map(polygon).collect()),
        },
    };
    json!({"type": kind, "coordinates": coordinates})
}

fn position(at: Position) -> Value {
    // The shortest decimal that reads as this double has at most seven places: that is how the double was made.
    json!([at.lon(), at.lat()])
}

fn line(positions: &[Position]) -> Value {
    positions.iter().map(|at| position(*at)).collect()
}

fn polygon(polygon: &Polygon) -> Value {
    polygon.rings().enumerate().map(|(index, ring)| wound(ring, index == 0)).collect()
}

/// A closed ring, anticlockwise where it is the outer one, clockwise where it is a hole.
fn wound(ring: &[Position], outer: bool) -> Value {
    let first = ring.first().copied();
    let closed = ring.iter().copied().chain(first);
    if (doubled_area(ring) > 0) == outer {
        return closed.map(position).collect();
    }
    let reversed: Vec<Position> = closed.collect();
    reversed.into_iter().rev().map(position).collect()
}

/// Twice the signed area in square units: positive where the ring runs anticlockwise. Exact.
fn doubled_area(ring: &[Position]) -> i128 {
    let cross = |a: Position, b: Position| {
        i128::from(a.lon_e7()) * i128::from(b.lat_e7()) - i128::from(b.lon_e7()) * i128::from(a.lat_e7())
    };
    ring.windows(2).map(|pair| cross(pair[0], pair[1])).sum::<i128>()
        + ring.last().zip(ring.first()).map_or(0, |(last, first)| cross(*last, *first))
}
